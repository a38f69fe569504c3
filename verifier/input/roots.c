/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The named paths.  They are the user's words and are followed wherever they
 * lead; still nothing but regular files and directories is opened.
 */
#include "verifier/input/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "verifier/input/hub.h"
#include "verifier/input/inventory.h"

#define N_KEPT_ROOTS 4	/* directories that stay open for the whole run */

bool sy_roots_real_of(int fd, char *real, size_t cap)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, real, cap - 1);
	if (len <= 0 || real[0] != '/' || (size_t)len == cap - 1)
		return false;
	real[len] = '\0';
	return true;
}

/* Byte i of a root's path, where a directory's ends in a slash. */
static int byte_of(const struct sy_root *root, size_t i)
{
	return root->path[i] ? (uint8_t)root->path[i] : root->is_dir ? '/' : 0;
}

/* Two that agree up to an end are the same only if both end there. */
static int compare_roots(const void *a, const void *b)
{
	const struct sy_root *x = a, *y = b;
	size_t i = 0;
	int order;

	while (x->path[i] && x->path[i] == y->path[i])
		i++;
	order = byte_of(x, i) - byte_of(y, i);
	return order ? order : !!x->path[i] - !!y->path[i];
}

/* The path as named; a directory loses the slashes at its end. */
static enum sy_status keep_path(struct sy_inventory *inventory, const char *path,
				bool is_dir, struct sy_root *root)
{
	struct sy_span span = sy_span_str(path);
	enum sy_status status;

	while (is_dir && span.len > 1 && span.data[span.len - 1] == '/')
		span.len--;
	status = sy_arena_copy(&inventory->arena, span, &span);
	root->path = (const char *)span.data;
	return status;
}

/* --- where a named directory stands -------------------------------------------- */

static enum sy_status keep_real(struct sy_inventory *inventory,
				struct sy_root *root, const char *real)
{
	root->real = sy_arena_str(&inventory->arena, strcmp(real, "/") ? real : "");
	return root->real ? SY_OK : sy_memory_status(inventory->ctx);
}

/* The cache repository around the root, as long as it is one on disk as well. */
static enum sy_status keep_repo(struct sy_inventory *inventory,
				struct sy_root *root)
{
	struct sy_hub_spot spot = sy_hub_locate(sy_span_str(root->real));
	enum sy_status status;
	struct sy_span repo;
	struct stat st;

	if (spot.repo_len == 0)
		return SY_OK;
	status = sy_arena_copy(&inventory->arena,
			       sy_span_of(root->real, spot.repo_len), &repo);
	if (status != SY_OK ||
	    fstatat(AT_FDCWD, (const char *)repo.data, &st, 0) != 0)
		return status;
	root->repo = (const char *)repo.data;
	root->repo_dev = st.st_dev;
	root->repo_ino = st.st_ino;
	root->repo_depth = spot.repo_depth;
	return SY_OK;
}

static enum sy_status locate(struct sy_inventory *inventory, struct sy_root *root,
			     const struct stat *st)
{
	char *real = realpath(root->path, NULL);
	enum sy_status status = SY_OK;
	struct stat now;

	if (real && fstatat(AT_FDCWD, real, &now, 0) == 0 &&
	    now.st_dev == st->st_dev && now.st_ino == st->st_ino)
		status = keep_real(inventory, root, real);
	free(real);
	if (status == SY_OK && root->real)
		status = keep_repo(inventory, root);
	return status;
}

static enum sy_status add_directory(struct sy_inventory *inventory,
				    struct sy_root *root, const struct stat *st)
{
	root->is_dir = true;
	root->dev = st->st_dev;
	root->ino = st->st_ino;
	return locate(inventory, root, st);
}

static enum sy_status add_root(struct sy_inventory *inventory, const char *path)
{
	struct sy_root *root = &inventory->roots[inventory->n_roots];
	enum sy_status status;
	struct stat st = { 0 };

	*root = (struct sy_root){ .fd = -1, .is_stdin = !strcmp(path, "-") };
	/* What is not there is no directory; set_named says what it is. */
	if (!root->is_stdin && fstatat(AT_FDCWD, path, &st, 0) != 0)
		st = (struct stat){ 0 };
	status = keep_path(inventory, path, S_ISDIR(st.st_mode), root);
	if (status != SY_OK)
		return status;
	inventory->n_roots++;
	return S_ISDIR(st.st_mode) ? add_directory(inventory, root, &st) : SY_OK;
}

static void drop_repeated(struct sy_inventory *inventory)
{
	size_t n = 0;

	qsort(inventory->roots, inventory->n_roots, sizeof(*inventory->roots),
	      compare_roots);
	for (size_t i = 0; i < inventory->n_roots; i++)
		if (n == 0 || compare_roots(&inventory->roots[n - 1],
					    &inventory->roots[i]) != 0)
			inventory->roots[n++] = inventory->roots[i];
	inventory->n_roots = n;
}

/* --- named files --------------------------------------------------------------- */

/* A named link into blobs/, or a blob named itself. */
static void expect_blob(const struct sy_root *root, struct sy_entry *entry)
{
	char *real = realpath(root->path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;
	struct sy_span dir = sy_span_of(real, slash ? (size_t)(slash - real) : 0);

	if (slash && sy_hub_locate(dir).zone == SY_ZONE_BLOBS_NAMED &&
	    sy_hub_blob_digest(sy_span_str(slash + 1), &entry->expected)) {
		entry->has_expected = true;
		entry->expected_from = "cache blob name";
		if (strcmp(slash + 1, entry->base) != 0)
			entry->place = SY_PLACE_CACHE_SNAPSHOT;
	}
	free(real);
}

/* Beside a file of a --local-dir download lies what was downloaded. */
static void expect_metadata(struct sy_context *ctx, struct sy_entry *entry)
{
	char dir[PATH_MAX], path[PATH_MAX];
	size_t len = (size_t)(entry->base - entry->path);
	int fd, n;

	if (len >= sizeof(dir))
		return;
	memcpy(dir, entry->path, len);
	memcpy(dir + len, len ? "" : ".", len ? 1 : 2);
	n = snprintf(path, sizeof(path), ".cache/huggingface/download/%s.metadata",
		     entry->base);
	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	fd = ctx->files.open(ctx->files.user, AT_FDCWD, dir,
			     O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return;
	if (sy_hub_metadata_read(ctx, fd, path, entry->identity.mtime_ns,
				 &entry->expected)) {
		entry->has_expected = true;
		entry->expected_from = "local-dir metadata";
	}
	ctx->files.close(ctx->files.user, fd);
}

static void expect_of_named(struct sy_context *ctx, const struct sy_root *root,
			    struct sy_entry *entry)
{
	struct sy_span base = sy_span_str(entry->base);
	struct sy_digest digest;
	struct stat st;
	bool is_link;

	is_link = fstatat(AT_FDCWD, root->path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		  S_ISLNK(st.st_mode);
	if (is_link || sy_hub_blob_digest(base, &digest))
		expect_blob(root, entry);
	if (!is_link && !entry->has_expected)
		expect_metadata(ctx, entry);
}

static enum sy_status set_named(struct sy_context *ctx, const struct sy_root *root,
				struct sy_entry *entry)
{
	struct stat st;

	entry->is_named = true;
	if (fstatat(AT_FDCWD, root->path, &st, 0) != 0) {
		entry->kind = errno == ELOOP ? SY_ENTRY_LINK_LOOP :
					       SY_ENTRY_UNREADABLE;
		entry->sys_errno = errno;
		return SY_OK;
	}
	entry->kind = S_ISREG(st.st_mode) ? SY_ENTRY_FILE : SY_ENTRY_SPECIAL;
	if (entry->kind != SY_ENTRY_FILE)
		return SY_OK;
	sy_identity_from_stat(&entry->identity, &st);
	entry->place = sy_hub_place(SY_ZONE_PLAIN, sy_span_str(entry->base),
				    entry->identity.size);
	expect_of_named(ctx, root, entry);
	return SY_OK;
}

static enum sy_status set_stdin(struct sy_context *ctx, struct sy_root *root,
				struct sy_entry *entry)
{
	enum sy_status status = sy_source_spool(&root->spool, ctx, STDIN_FILENO);

	entry->is_named = true;
	entry->kind = SY_ENTRY_FILE;
	entry->identity = root->spool.identity;
	root->spool.name = "standard input";
	return status;
}

static enum sy_status add_named(struct sy_inventory *inventory, size_t index)
{
	struct sy_root *root = &inventory->roots[index];
	struct sy_entry *entry;
	enum sy_status status;

	status = sy_inventory_add(inventory, index, root->path,
				  strlen(root->path), &entry);
	if (status != SY_OK)
		return status;
	return root->is_stdin ? set_stdin(inventory->ctx, root, entry) :
				set_named(inventory->ctx, root, entry);
}

/* The first few stay open; the others are opened again when needed. */
static void keep_open(struct sy_inventory *inventory)
{
	struct sy_context *ctx = inventory->ctx;
	size_t n_kept = 0;

	for (size_t i = 0; i < inventory->n_roots && n_kept < N_KEPT_ROOTS; i++) {
		struct sy_root *root = &inventory->roots[i];

		if (!root->is_dir)
			continue;
		root->fd = ctx->files.open(ctx->files.user, AT_FDCWD, root->path,
					   O_RDONLY | O_DIRECTORY, 0);
		n_kept++;
	}
}

enum sy_status sy_roots_prepare(struct sy_inventory *inventory,
				const struct sy_walk_options *options)
{
	enum sy_status status = SY_OK;

	inventory->roots = sy_alloc_array(inventory->ctx, options->n_paths,
					  sizeof(*inventory->roots));
	if (!inventory->roots)
		return sy_memory_status(inventory->ctx);
	for (size_t i = 0; i < options->n_paths && status == SY_OK; i++)
		status = add_root(inventory, options->paths[i]);
	if (status != SY_OK)
		return status;
	drop_repeated(inventory);
	keep_open(inventory);
	for (size_t i = 0; i < inventory->n_roots && status == SY_OK; i++)
		if (!inventory->roots[i].is_dir)
			status = add_named(inventory, i);
	return status;
}
