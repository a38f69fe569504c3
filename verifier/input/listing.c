/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One directory's names, sorted, and whether two of them would collide on
 * another file system.  Opens nothing.
 */
#include "verifier/input/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "verifier/base/set.h"
#include "verifier/base/text.h"

#define READ_BYTES 32768	/* asked of the system at a time */

void sy_listing_init(struct sy_listing *listing, struct sy_context *ctx)
{
	*listing = (struct sy_listing){ .ctx = ctx };
}

void sy_listing_free(struct sy_listing *listing)
{
	sy_release(listing->ctx, listing->names);
	sy_release(listing->ctx, listing->items);
	sy_listing_init(listing, listing->ctx);
}

/* File systems that do not say what a name is have to be asked. */
static bool is_directory(int dirfd, const struct dirent64 *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return fstatat(dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static enum sy_status add_name(struct sy_listing *listing, int dirfd,
			       const struct dirent64 *d)
{
	size_t len = strlen(d->d_name);
	enum sy_status status;

	if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
		return SY_OK;
	status = sy_grow(listing->ctx, &listing->names, &listing->names_cap,
			 listing->names_len + len + 1, 1);
	if (status == SY_OK)
		status = sy_grow(listing->ctx, &listing->items, &listing->cap,
				 listing->n + 1, sizeof(*listing->items));
	if (status != SY_OK)
		return status;
	memcpy(listing->names + listing->names_len, d->d_name, len + 1);
	listing->items[listing->n++] = (struct sy_listed){
		.off = listing->names_len,
		.len = (uint16_t)len,
		.is_dir = is_directory(dirfd, d),
	};
	listing->names_len += len + 1;
	return SY_OK;
}

/* The records of one getdents64 call. */
static enum sy_status add_names(struct sy_listing *listing, int dirfd,
				const char *block, size_t len)
{
	enum sy_status status = SY_OK;
	const struct dirent64 *d;

	for (size_t at = 0; at < len && status == SY_OK; at += d->d_reclen) {
		/* The kernel's own records, in a buffer aligned for them. */
		d = (const struct dirent64 *)(const void *)(block + at);
		status = add_name(listing, dirfd, d);
	}
	return status;
}

static enum sy_status read_names(struct sy_listing *listing, int dirfd,
				 uint64_t max, char *block, int *sys_errno)
{
	enum sy_status status = SY_OK;

	while (status == SY_OK) {
		ssize_t n = getdents64(dirfd, block, READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			*sys_errno = errno;
		if (n <= 0)
			break;
		if (sy_cancelled(listing->ctx))
			return sy_fail(listing->ctx, SY_CANCELLED, "interrupted");
		status = add_names(listing, dirfd, block, (size_t)n);
		if (status == SY_OK && listing->n > max)
			status = SY_LIMIT;
	}
	return status;
}

/*
 * Compares as if a directory's name ended in '/', as it does in the paths of
 * what it holds: then a walk in this order visits paths byte-wise sorted.
 */
static int compare(const void *a, const void *b, void *names)
{
	const struct sy_listed *x = a, *y = b;
	const char *s = (const char *)names + x->off;
	const char *t = (const char *)names + y->off;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = memcmp(s, t, len);
	int u, v;

	if (order != 0)
		return order;
	u = x->len > len ? (uint8_t)s[len] : x->is_dir ? '/' : 0;
	v = y->len > len ? (uint8_t)t[len] : y->is_dir ? '/' : 0;
	return u - v;
}

enum sy_status sy_listing_read(struct sy_listing *listing, int dirfd,
			       uint64_t max, int *sys_errno)
{
	char *block = sy_alloc(listing->ctx, READ_BYTES);
	enum sy_status status;

	*sys_errno = 0;
	if (!block)
		return sy_memory_status(listing->ctx);
	status = read_names(listing, dirfd, max, block, sys_errno);
	sy_release(listing->ctx, block);
	if (listing->n > 1)
		qsort_r(listing->items, listing->n, sizeof(*listing->items),
			compare, listing->names);
	return status;
}

bool sy_listing_has_dir(const struct sy_listing *listing, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < listing->n; i++)
		if (listing->items[i].is_dir && listing->items[i].len == len &&
		    !memcmp(sy_listing_name(listing, i), name, len))
			return true;
	return false;
}

/* What folding would change: capitals, and anything that is not ASCII. */
static bool is_folded(struct sy_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] >= 0x80 || sy_ascii_lower(name.data[i]) != name.data[i])
			return false;
	return true;
}

static enum sy_status fold_ascii(struct sy_arena *arena, struct sy_span name,
				 struct sy_span *folded)
{
	uint8_t *bytes = sy_arena_alloc(arena, name.len);

	if (!bytes)
		return sy_memory_status(arena->ctx);
	for (size_t i = 0; i < name.len; i++)
		bytes[i] = sy_ascii_lower(name.data[i]);
	*folded = sy_span_of(bytes, name.len);
	return SY_OK;
}

enum sy_status sy_fold(struct sy_arena *arena, struct sy_span name,
		       struct sy_span *folded)
{
	enum sy_status status;
	utf8proc_uint8_t *text = NULL;
	utf8proc_ssize_t len;

	*folded = name;
	if (is_folded(name))
		return SY_OK;
	len = utf8proc_map(name.data, (utf8proc_ssize_t)name.len, &text,
			   UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
	if (len == UTF8PROC_ERROR_NOMEM)
		return sy_fail(arena->ctx, SY_NO_MEMORY, "out of memory");
	if (len < 0)
		return fold_ascii(arena, name, folded);
	status = sy_arena_copy(arena, sy_span_of(text, (size_t)len), folded);
	free(text);
	return status;
}

static enum sy_status find_twins(const struct sy_listing *listing,
				 struct sy_set *set, struct sy_arena *arena,
				 bool *has_twins)
{
	for (size_t i = 0; i < listing->n && !*has_twins; i++) {
		struct sy_span folded;
		enum sy_status status;
		bool is_new = true;
		uint64_t found;

		status = sy_fold(arena, sy_span_of(sy_listing_name(listing, i),
						   listing->items[i].len), &folded);
		if (status == SY_OK)
			status = sy_set_add(set, folded, i, &is_new, &found);
		if (status != SY_OK)
			return status;
		*has_twins = !is_new;
	}
	return SY_OK;
}

enum sy_status sy_listing_has_twins(const struct sy_listing *listing,
				    bool *has_twins)
{
	struct sy_arena arena;
	struct sy_set set;
	enum sy_status status;
	bool may_have = false;

	*has_twins = false;
	for (size_t i = 0; i < listing->n && !may_have; i++)
		may_have = !is_folded(sy_span_of(sy_listing_name(listing, i),
						 listing->items[i].len));
	if (!may_have)
		return SY_OK;
	sy_arena_init(&arena, listing->ctx);
	sy_set_init(&set, listing->ctx);
	status = find_twins(listing, &set, &arena, has_twins);
	sy_set_free(&set);
	sy_arena_free(&arena);
	return status;
}
