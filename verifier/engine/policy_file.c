/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy and the key files it names, from disk, and the proof that none of them
 * lies in what is examined: a model that brings its own policy would judge itself.
 * Links are followed, since whoever runs the program named them; what they lead to
 * is looked at as well.
 */
#include "verifier/engine/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "verifier/base/text.h"
#include "verifier/digest/hasher.h"
#include "verifier/engine/small_file.h"
#include "verifier/input/roots.h"

#define KEY_FILE_MAX 65536	/* bytes */
#define CLIMB_MAX 4096		/* directories above a file */

static const char *str(struct sy_span span)
{
	return (const char *)span.data;
}

/* Reading. */

static void free_hasher(struct sy_hasher **hasher)
{
	if (*hasher)
		sy_hasher_free(hasher);
}

static enum sy_status hash(struct sy_context *ctx, struct sy_span bytes,
			   struct sy_digest *digest)
{
	SY_OWNED(free_hasher) struct sy_hasher *hasher = NULL;
	enum sy_status status = sy_hasher_new(ctx, SY_SHA256, bytes.len, &hasher);

	if (status != SY_OK)
		return status;
	if (bytes.len > 0)
		sy_hasher_update(hasher, bytes.data, bytes.len);
	return sy_hasher_final(hasher, digest);
}

static enum sy_status read_key_files(struct sy_policy *policy, struct sy_policy_keys *keys)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < keys->n && status == SY_OK; i++) {
		struct sy_policy_key *key = &keys->items[i];

		if (key->form != SY_POLICY_FILE)
			continue;
		status = sy_small_file_read(policy->ctx, "key file", str(key->path), KEY_FILE_MAX,
				   &policy->arena, &key->text);
		if (status == SY_OK &&
		    sy_span_find(key->text, sy_span_str("PRIVATE KEY-----")) != SIZE_MAX)
			status = sy_fail_as(policy->ctx, SY_FORMAT, SY_FAILURE_KEY_IS_PRIVATE,
					    "the key file %s holds a private key; name the "
					    "public one", str(key->path));
	}
	return status;
}

static enum sy_status read_all_keys(struct sy_policy *policy)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < policy->signers.n && status == SY_OK; i++) {
		status = read_key_files(policy, &policy->signers.items[i].keys);
		if (status == SY_OK)
			status = read_key_files(policy, &policy->signers.items[i].certificates);
	}
	return status == SY_OK ? read_key_files(policy, &policy->timestamp_authorities) : status;
}

enum sy_status sy_policy_read(struct sy_context *ctx, const char *path,
			      struct sy_policy **out)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;
	SY_OWNED(sy_arena_free) struct sy_arena arena;
	struct sy_span document;
	enum sy_status status;

	*out = NULL;
	sy_arena_init(&arena, ctx);
	status = sy_small_file_read(ctx, "policy", path, ctx->limits.config_bytes, &arena,
				    &document);
	if (status == SY_OK)
		status = sy_policy_parse(ctx, document, path, &policy);
	if (status == SY_OK)
		status = hash(ctx, document, &policy->sha256);
	if (status == SY_OK)
		status = read_all_keys(policy);
	if (status == SY_OK)
		*out = SY_TAKE(policy);
	return status;
}

/* Staying outside. */

static bool is_root(const struct sy_inventory *inventory, const struct stat *st)
{
	for (size_t i = 0; i < inventory->n_roots; i++) {
		const struct sy_root *root = &inventory->roots[i];

		if (root->is_dir && root->dev == st->st_dev && root->ino == st->st_ino)
			return true;
	}
	return false;
}

static void close_fd(struct sy_context *ctx, int fd)
{
	if (fd >= 0)
		ctx->files.close(ctx->files.user, fd);
}

/* From a directory upwards: is one of them a root?  What cannot be opened is none. */
static bool is_below_root(struct sy_context *ctx, const struct sy_inventory *inventory,
			  const char *folder)
{
	int fd = ctx->files.open(ctx->files.user, AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0);
	struct stat st, last = { 0 };
	bool is = false;

	for (unsigned i = 0; i < CLIMB_MAX && fd >= 0 && !is; i++) {
		int up;

		if (ctx->files.fstat(ctx->files.user, fd, &st) < 0)
			break;
		if (i > 0 && st.st_dev == last.st_dev && st.st_ino == last.st_ino)
			break;		/* the top is its own parent */
		is = is_root(inventory, &st);
		last = st;
		up = ctx->files.open(ctx->files.user, fd, "..", O_PATH | O_DIRECTORY, 0);
		close_fd(ctx, fd);
		fd = up;
	}
	close_fd(ctx, fd);
	return is;
}

static bool is_beneath(struct sy_context *ctx, const struct sy_inventory *inventory,
		       const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;

	if (len >= sizeof(folder))
		return true;		/* in doubt it is inside */
	memcpy(folder, path, len);
	folder[len] = 0;
	return is_below_root(ctx, inventory, len > 0 ? folder : ".");
}

static bool is_listed(const struct sy_inventory *inventory, const struct stat *st)
{
	for (size_t i = 0; i < inventory->n_entries; i++) {
		const struct sy_entry *e = &inventory->entries[i];

		if (e->kind == SY_ENTRY_FILE && e->identity.dev == st->st_dev &&
		    e->identity.ino == st->st_ino)
			return true;
	}
	return false;
}

/* By its name, by where a link leads, and by what file it is. */
static bool is_inside(struct sy_context *ctx, const struct sy_inventory *inventory,
		      const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	bool is = is_beneath(ctx, inventory, path);
	int fd = ctx->files.open(ctx->files.user, AT_FDCWD, path, O_PATH, 0);

	if (fd < 0)
		return is;		/* a state file that is not there yet */
	if (!is && sy_roots_real_of(fd, real, sizeof(real)))
		is = is_beneath(ctx, inventory, real);
	if (!is && ctx->files.fstat(ctx->files.user, fd, &st) == 0)
		is = is_listed(inventory, &st);
	close_fd(ctx, fd);
	return is;
}

static enum sy_status keep_out(struct sy_context *ctx, const struct sy_inventory *inventory,
			       const char *what, struct sy_span path)
{
	if (path.len == 0 || !is_inside(ctx, inventory, str(path)))
		return SY_OK;
	return sy_fail_as(ctx, SY_USAGE, SY_FAILURE_POLICY_UNTRUSTED,
			  "the %s %s lies in what is examined, and a model may not bring "
			  "its own; keep it elsewhere", what, str(path));
}

static enum sy_status keep_keys_out(struct sy_context *ctx,
				    const struct sy_inventory *inventory,
				    const struct sy_policy_keys *keys)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < keys->n && status == SY_OK; i++)
		status = keep_out(ctx, inventory, "key file", keys->items[i].path);
	return status;
}

enum sy_status sy_policy_stay_outside(struct sy_context *ctx, const struct sy_policy *policy,
				      const struct sy_inventory *inventory)
{
	enum sy_status status = keep_out(ctx, inventory, "policy", policy->path);

	for (size_t i = 0; i < policy->signers.n && status == SY_OK; i++) {
		const struct sy_policy_signer *signer = &policy->signers.items[i];

		status = keep_keys_out(ctx, inventory, &signer->keys);
		if (status == SY_OK)
			status = keep_keys_out(ctx, inventory, &signer->certificates);
	}
	if (status == SY_OK)
		status = keep_keys_out(ctx, inventory, &policy->timestamp_authorities);
	return status == SY_OK ? keep_out(ctx, inventory, "state file", policy->state_path)
			       : status;
}
