/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layouts of huggingface_hub and git, by name.  Never trusts them: a digest
 * that a name promises is a thing to compare, and a folder's name alone takes
 * no file out of the examination (see sy_hub_place).
 */
#include "verifier/input/hub.h"

#include <fcntl.h>

#include "verifier/base/ckd.h"
#include "verifier/base/text.h"
#include "verifier/input/beneath.h"

#define METADATA_MAX 4096	/* bytes; real ones have about 150 */
#define REF_MAX 256		/* bytes; a commit has 40 */
#define NS_PER_S INT64_C(1000000000)

struct step {
	enum sy_hub_zone parent;
	const char *name;
	enum sy_hub_zone zone;
};

/* Directories whose meaning follows from their parent. */
static const struct step steps[] = {
	{ SY_ZONE_DOT_CACHE, "huggingface", SY_ZONE_LOCAL_TOP },
	{ SY_ZONE_LOCAL_TOP, "download", SY_ZONE_LOCAL },
	{ SY_ZONE_LOCAL_TOP, "trees", SY_ZONE_LOCAL },
	{ SY_ZONE_LOCAL_TOP, "upload", SY_ZONE_LOCAL },
	{ SY_ZONE_REPO, ".no_exist", SY_ZONE_NO_EXIST },
	{ SY_ZONE_REPO, "blobs", SY_ZONE_BLOBS },
	{ SY_ZONE_REPO, "refs", SY_ZONE_REFS },
	{ SY_ZONE_REPO, "snapshots", SY_ZONE_SNAPSHOTS },
	{ SY_ZONE_REPO, "trees", SY_ZONE_TREES },
};

static const char *const incomplete_suffixes[] = {
	".aria2", ".crdownload", ".incomplete", ".part", ".partial",
};

static bool is_repo_name(struct sy_span name)
{
	return sy_span_starts(name, "models--") ||
	       sy_span_starts(name, "datasets--") ||
	       sy_span_starts(name, "spaces--");
}

/* Zones that all directories below them share. */
static bool is_deep(enum sy_hub_zone zone)
{
	return zone == SY_ZONE_GIT || zone == SY_ZONE_LOCAL ||
	       zone == SY_ZONE_REFS || zone == SY_ZONE_TREES ||
	       zone == SY_ZONE_NO_EXIST || zone == SY_ZONE_LOCKS;
}

enum sy_hub_zone sy_hub_enter(enum sy_hub_zone parent, struct sy_span name)
{
	if (is_deep(parent))
		return parent;
	if (sy_span_is(name, ".git"))
		return SY_ZONE_GIT;
	if (sy_span_is(name, ".cache"))
		return SY_ZONE_DOT_CACHE;
	if (parent == SY_ZONE_SNAPSHOTS || parent == SY_ZONE_SNAPSHOT)
		return SY_ZONE_SNAPSHOT;
	for (size_t i = 0; i < SY_N_ELEMS(steps); i++)
		if (steps[i].parent == parent && sy_span_is(name, steps[i].name))
			return steps[i].zone;
	if (is_repo_name(name))
		return SY_ZONE_REPO;
	if (sy_span_is(name, ".locks"))
		return SY_ZONE_LOCKS;
	return SY_ZONE_PLAIN;
}

static bool is_incomplete(struct sy_span name)
{
	for (size_t i = 0; i < SY_N_ELEMS(incomplete_suffixes); i++)
		if (sy_span_ends(name, incomplete_suffixes[i]))
			return true;
	return false;
}

static enum sy_place internal_if(bool looks_like_it)
{
	return looks_like_it ? SY_PLACE_CACHE_INTERNAL : SY_PLACE_PLAIN;
}

/* What a download keeps about itself; files of the model have no place there. */
static bool is_bookkeeping(struct sy_span name, uint64_t size)
{
	return sy_span_ends(name, ".json") ||
	       (size <= METADATA_MAX &&
		(sy_span_ends(name, ".metadata") || sy_span_ends(name, ".lock")));
}

enum sy_place sy_hub_place(enum sy_hub_zone zone, struct sy_span name,
			   uint64_t size)
{
	struct sy_digest digest;

	if (zone != SY_ZONE_GIT && is_incomplete(name))
		return SY_PLACE_INCOMPLETE;
	switch (zone) {
	case SY_ZONE_GIT:
		return SY_PLACE_GIT;
	case SY_ZONE_LOCAL:
		return is_bookkeeping(name, size) ? SY_PLACE_LOCAL_METADATA
						  : SY_PLACE_PLAIN;
	case SY_ZONE_LOCAL_TOP:
		return sy_span_is(name, ".gitignore") ||
		       sy_span_is(name, "CACHEDIR.TAG") ?
		       SY_PLACE_LOCAL_METADATA : SY_PLACE_PLAIN;
	case SY_ZONE_SNAPSHOT:
		return SY_PLACE_CACHE_SNAPSHOT;
	case SY_ZONE_BLOBS:
		return internal_if(sy_hub_blob_digest(name, &digest));
	case SY_ZONE_REFS:
		return internal_if(size <= REF_MAX);
	case SY_ZONE_TREES:
		return internal_if(sy_span_ends(name, ".json"));
	case SY_ZONE_NO_EXIST:
	case SY_ZONE_LOCKS:
		return internal_if(size == 0);
	case SY_ZONE_PLAIN:
	case SY_ZONE_DOT_CACHE:
	case SY_ZONE_REPO:
	case SY_ZONE_SNAPSHOTS:
	case SY_ZONE_BLOBS_NAMED:
		return SY_PLACE_PLAIN;
	}
	return SY_PLACE_PLAIN;
}

/* Cuts the component that begins at *at (after its slash); false at the end. */
static bool next_component(struct sy_span path, size_t *at, struct sy_span *name)
{
	size_t start;

	while (*at < path.len && path.data[*at] == '/')
		(*at)++;
	start = *at;
	while (*at < path.len && path.data[*at] != '/')
		(*at)++;
	*name = sy_span_slice(path, start, *at - start);
	return *at > start;
}

/* One component further; only repositories matter outside of the named path. */
static void locate_step(struct sy_hub_spot *spot, struct sy_span name, size_t end)
{
	if (spot->repo_len > 0 && spot->zone != SY_ZONE_PLAIN) {
		spot->zone = sy_hub_enter(spot->zone, name);
		spot->repo_depth++;
	}
	if (is_repo_name(name) && spot->zone != SY_ZONE_SNAPSHOT) {
		spot->zone = SY_ZONE_REPO;
		spot->repo_len = end;
		spot->repo_depth = 0;
	}
}

/*
 * A named path is what the user wants to know about: only being (in) a
 * repository or its snapshots changes what its files are.
 */
struct sy_hub_spot sy_hub_locate(struct sy_span path)
{
	struct sy_hub_spot spot = { .zone = SY_ZONE_PLAIN };
	struct sy_span name;
	size_t at = 0;

	while (next_component(path, &at, &name))
		locate_step(&spot, name, at);
	if (spot.zone == SY_ZONE_REPO || spot.zone == SY_ZONE_SNAPSHOTS ||
	    spot.zone == SY_ZONE_SNAPSHOT)
		return spot;
	if (spot.zone == SY_ZONE_BLOBS)
		return (struct sy_hub_spot){ .zone = SY_ZONE_BLOBS_NAMED };
	return (struct sy_hub_spot){ .zone = SY_ZONE_PLAIN };
}

bool sy_hub_blob_digest(struct sy_span name, struct sy_digest *digest)
{
	*digest = (struct sy_digest){ 0 };
	if (name.len == 2 * sy_algorithm_len(SY_SHA256))
		return sy_digest_parse(name, SY_SHA256, digest);
	if (name.len == 2 * sy_algorithm_len(SY_GIT_BLOB))
		return sy_digest_parse(name, SY_GIT_BLOB, digest);
	return false;
}

bool sy_hub_blob_link(struct sy_span target, size_t depth, struct sy_span *name)
{
	*name = sy_span_of(NULL, 0);
	if (target.len / 3 < depth)
		return false;
	for (size_t i = 0; i < depth; i++)
		if (memcmp(target.data + 3 * i, "../", 3) != 0)
			return false;
	target = sy_span_slice(target, 3 * depth, target.len);
	if (!sy_span_starts(target, "blobs/"))
		return false;
	target = sy_span_slice(target, strlen("blobs/"), target.len);
	if (target.len == 0 || memchr(target.data, '/', target.len) ||
	    sy_span_is(target, ".") || sy_span_is(target, ".."))
		return false;
	*name = target;
	return true;
}

/* Cuts one line (without its end) off *rest. */
static struct sy_span cut_line(struct sy_span *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	struct sy_span line = sy_span_slice(*rest, 0, len);

	*rest = sy_span_slice(*rest, len + 1, rest->len);
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* "1712345678.123456" in nanoseconds; digits below the ninth are dropped. */
static bool parse_time_ns(struct sy_span s, int64_t *ns)
{
	const uint8_t *dot = s.len ? memchr(s.data, '.', s.len) : NULL;
	size_t whole = dot ? (size_t)(dot - s.data) : s.len;
	uint64_t seconds;
	int64_t unit = NS_PER_S;

	if (!sy_parse_u64(sy_span_slice(s, 0, whole), &seconds) ||
	    ckd_mul(ns, seconds, NS_PER_S))
		return false;
	for (size_t i = whole + 1; i < s.len; i++) {
		if (!sy_is_digit(s.data[i]))
			return false;
		unit /= 10;
		if (ckd_add(ns, *ns, (s.data[i] - '0') * unit))
			return false;
	}
	return true;
}

bool sy_hub_metadata_digest(struct sy_span metadata, int64_t mtime_ns,
			    struct sy_digest *digest)
{
	struct sy_span etag, when;
	int64_t saved_ns = 0, written_ns;

	*digest = (struct sy_digest){ 0 };
	(void)cut_line(&metadata);
	etag = cut_line(&metadata);
	when = cut_line(&metadata);
	if (!parse_time_ns(when, &saved_ns))
		return false;
	/* The one second of grace is huggingface_hub's own rule. */
	if (ckd_sub(&written_ns, mtime_ns, NS_PER_S) || written_ns > saved_ns)
		return false;
	return sy_hub_blob_digest(etag, digest);
}

bool sy_hub_metadata_read(struct sy_context *ctx, int dirfd, const char *path,
			  int64_t mtime_ns, struct sy_digest *digest)
{
	uint8_t text[METADATA_MAX];
	struct stat st;
	ssize_t n = -1;
	int fd;

	*digest = (struct sy_digest){ 0 };
	fd = sy_beneath_open(ctx, dirfd, path, O_RDONLY, SY_BENEATH_PLAIN);
	if (fd < 0)
		return false;
	if (ctx->files.fstat(ctx->files.user, fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size <= METADATA_MAX)
		n = ctx->files.pread(ctx->files.user, fd, text, sizeof(text), 0);
	ctx->files.close(ctx->files.user, fd);
	return n > 0 && sy_hub_metadata_digest(sy_span_of(text, (size_t)n),
					       mtime_ns, digest);
}
