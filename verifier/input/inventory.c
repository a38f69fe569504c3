/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: order, duplicates, twins, hard links; finding a neighbour and
 * opening an entry.  A name that comes from a file is compared with what was
 * listed, and never given to the system.
 */
#include "verifier/input/inventory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "verifier/base/set.h"
#include "verifier/input/beneath.h"
#include "verifier/input/listing.h"

/* dev and ino, side by side: the key of a file. */
static_assert(offsetof(struct sy_identity, ino) == sizeof(uint64_t),
	      "ino follows dev");

enum sy_status sy_inventory_add(struct sy_inventory *inventory, size_t root,
				const char *path, size_t rel_at,
				struct sy_entry **entry)
{
	struct sy_context *ctx = inventory->ctx;
	size_t len = strlen(path);
	const char *kept, *slash;
	struct sy_span copy;
	enum sy_status status;

	*entry = NULL;
	if (inventory->n_entries >= ctx->limits.dir_entries)
		return sy_fail(ctx, SY_LIMIT, "more than %llu files (limit "
			       "dir-entries)",
			       (unsigned long long)ctx->limits.dir_entries);
	status = sy_grow(ctx, &inventory->entries, &inventory->cap_entries,
			 inventory->n_entries + 1, sizeof(**entry));
	if (status == SY_OK)
		status = sy_arena_copy(&inventory->arena, sy_span_of(path, len),
				       &copy);
	if (status != SY_OK)
		return status;
	kept = (const char *)copy.data;
	slash = strrchr(kept, '/');
	*entry = &inventory->entries[inventory->n_entries++];
	**entry = (struct sy_entry){
		.path = kept,
		.rel = kept + (rel_at < len ? rel_at : len),
		.base = slash && slash[1] ? slash + 1 : kept,
		.root = root,
		.twin = SIZE_MAX,
		.hard_link = SIZE_MAX,
	};
	return SY_OK;
}

/* --- order and duplicates ------------------------------------------------------ */

static int compare_entries(const void *a, const void *b)
{
	const struct sy_entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->root > y->root) - (x->root < y->root);
}

/* A walk delivers its entries in order; several roots may overlap. */
static void sort(struct sy_inventory *inventory)
{
	for (size_t i = 1; i < inventory->n_entries; i++) {
		if (compare_entries(&inventory->entries[i - 1],
				    &inventory->entries[i]) > 0) {
			qsort(inventory->entries, inventory->n_entries,
			      sizeof(*inventory->entries), compare_entries);
			return;
		}
	}
}

static void drop(struct sy_entry *entry)
{
	entry->path = NULL;
}

static bool is_dropped(const struct sy_entry *entry)
{
	return !entry->path;
}

static bool is_file(const struct sy_entry *entry)
{
	return !is_dropped(entry) && entry->kind == SY_ENTRY_FILE;
}

/* The same path by two roots: what was named itself was followed, so it wins. */
static void drop_repeated_paths(struct sy_inventory *inventory)
{
	struct sy_entry *kept = NULL;

	for (size_t i = 0; i < inventory->n_entries; i++) {
		struct sy_entry *entry = &inventory->entries[i];

		if (!kept || strcmp(kept->path, entry->path) != 0) {
			kept = entry;
		} else if (kept->kind != SY_ENTRY_FILE &&
			   entry->kind == SY_ENTRY_FILE) {
			drop(kept);
			kept = entry;
		} else {
			drop(entry);
		}
	}
}

static struct sy_span id_of(const struct sy_entry *entry)
{
	return sy_span_of(&entry->identity.dev, 2 * sizeof(uint64_t));
}

/* One name on disk, found by two roots that are spelt differently. */
static enum sy_status drop_repeated_files(struct sy_inventory *inventory)
{
	enum sy_status status = SY_OK;
	struct sy_set seen;

	sy_set_init(&seen, inventory->ctx);
	for (size_t i = 0; i < inventory->n_entries && status == SY_OK; i++) {
		struct sy_entry *entry = &inventory->entries[i];
		bool is_new = true;
		uint64_t found;

		if (!is_file(entry) || entry->is_link ||
		    entry->identity.n_links != 1)
			continue;
		status = sy_set_add(&seen, id_of(entry), i, &is_new, &found);
		if (!is_new)
			drop(entry);
	}
	sy_set_free(&seen);
	return status;
}

static bool is_snapshot_link(const struct sy_entry *entry)
{
	return is_file(entry) && entry->is_link &&
	       entry->place == SY_PLACE_CACHE_SNAPSHOT;
}

static bool is_blob(const struct sy_entry *entry)
{
	return is_file(entry) && !entry->is_link && entry->has_expected &&
	       entry->place == SY_PLACE_CACHE_INTERNAL;
}

/* A blob that a listed snapshot shows under its real name. */
static enum sy_status drop_shown_blobs(struct sy_inventory *inventory)
{
	enum sy_status status = SY_OK;
	struct sy_set shown;
	bool is_new;
	uint64_t found;

	sy_set_init(&shown, inventory->ctx);
	for (size_t i = 0; i < inventory->n_entries && status == SY_OK; i++)
		if (is_snapshot_link(&inventory->entries[i]))
			status = sy_set_add(&shown, id_of(&inventory->entries[i]),
					    i, &is_new, &found);
	for (size_t i = 0; i < inventory->n_entries && status == SY_OK; i++)
		if (is_blob(&inventory->entries[i]) &&
		    sy_set_has(&shown, id_of(&inventory->entries[i]), NULL))
			drop(&inventory->entries[i]);
	sy_set_free(&shown);
	return status;
}

static void compact(struct sy_inventory *inventory)
{
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_entries; i++) {
		if (is_dropped(&inventory->entries[i]))
			continue;
		if (n != i)
			inventory->entries[n] = inventory->entries[i];
		n++;
	}
	inventory->n_entries = n;
}

/* --- names of the same file, names that collide -------------------------------- */

/* Files that may have another name in the list: few, as a rule. */
static enum sy_status collect_shared(struct sy_inventory *inventory,
				     struct sy_set *shared)
{
	enum sy_status status = SY_OK;
	bool is_new;
	uint64_t found;

	for (size_t i = 0; i < inventory->n_entries && status == SY_OK; i++) {
		const struct sy_entry *entry = &inventory->entries[i];

		if (is_file(entry) &&
		    (entry->is_link || entry->identity.n_links > 1))
			status = sy_set_add(shared, id_of(entry), i, &is_new,
					    &found);
	}
	return status;
}

static enum sy_status link_shared(struct sy_inventory *inventory,
				  const struct sy_set *shared)
{
	enum sy_status status = SY_OK;
	struct sy_set first;

	sy_set_init(&first, inventory->ctx);
	for (size_t i = 0; i < inventory->n_entries && status == SY_OK; i++) {
		struct sy_entry *entry = &inventory->entries[i];
		bool is_new = true;
		uint64_t found;

		if (!is_file(entry) || !sy_set_has(shared, id_of(entry), NULL))
			continue;
		status = sy_set_add(&first, id_of(entry), i, &is_new, &found);
		if (!is_new)
			entry->hard_link = (size_t)found;
	}
	sy_set_free(&first);
	return status;
}

static enum sy_status find_hard_links(struct sy_inventory *inventory)
{
	struct sy_set shared;
	enum sy_status status;

	sy_set_init(&shared, inventory->ctx);
	status = collect_shared(inventory, &shared);
	if (status == SY_OK && shared.n_used > 0)
		status = link_shared(inventory, &shared);
	sy_set_free(&shared);
	return status;
}

static enum sy_status link_twins(struct sy_inventory *inventory,
				 struct sy_set *set, struct sy_arena *arena)
{
	for (size_t i = 0; i < inventory->n_entries; i++) {
		struct sy_entry *entry = &inventory->entries[i];
		struct sy_span folded;
		enum sy_status status;
		bool is_new = true;
		uint64_t found;

		status = sy_fold(arena, sy_span_str(entry->path), &folded);
		if (status == SY_OK)
			status = sy_set_add(set, folded, i, &is_new, &found);
		if (status != SY_OK)
			return status;
		if (!is_new)
			entry->twin = (size_t)found;
	}
	return SY_OK;
}

static enum sy_status find_twins(struct sy_inventory *inventory)
{
	struct sy_arena arena;
	enum sy_status status;
	struct sy_set set;

	sy_arena_init(&arena, inventory->ctx);
	sy_set_init(&set, inventory->ctx);
	status = link_twins(inventory, &set, &arena);
	sy_set_free(&set);
	sy_arena_free(&arena);
	return status;
}

enum sy_status sy_inventory_finish(struct sy_inventory *inventory, bool has_twins)
{
	enum sy_status status = SY_OK;

	sort(inventory);
	if (inventory->n_roots > 1) {
		drop_repeated_paths(inventory);
		status = drop_repeated_files(inventory);
	}
	if (status == SY_OK)
		status = drop_shown_blobs(inventory);
	compact(inventory);
	if (status == SY_OK)
		status = find_hard_links(inventory);
	if (status == SY_OK && has_twins)
		status = find_twins(inventory);
	return status;
}

void sy_inventory_free(struct sy_inventory *inventory)
{
	struct sy_context *ctx = inventory->ctx;

	if (!ctx)
		return;
	for (size_t i = 0; i < inventory->n_roots; i++) {
		if (inventory->roots[i].fd >= 0)
			ctx->files.close(ctx->files.user, inventory->roots[i].fd);
		if (inventory->roots[i].is_stdin)
			sy_source_close(&inventory->roots[i].spool);
	}
	sy_release(ctx, inventory->roots);
	sy_release(ctx, inventory->entries);
	sy_arena_free(&inventory->arena);
	*inventory = (struct sy_inventory){ 0 };
}

/* --- finding and opening ------------------------------------------------------- */

/* Order of a path and (dir + name). */
static int compare_path(const char *path, struct sy_span dir, struct sy_span name)
{
	struct sy_span whole = sy_span_str(path);
	int order = sy_span_compare(sy_span_slice(whole, 0, dir.len), dir);

	if (order != 0)
		return order;
	return sy_span_compare(sy_span_slice(whole, dir.len, whole.len), name);
}

size_t sy_inventory_sibling(const struct sy_inventory *inventory, size_t entry,
			    struct sy_span name)
{
	const struct sy_entry *from = &inventory->entries[entry];
	struct sy_span dir = sy_span_of(from->path,
					(size_t)(from->base - from->path));
	size_t lo = 0, hi = inventory->n_entries;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = compare_path(inventory->entries[mid].path, dir, name);

		if (order == 0)
			return name.len > 0 ? mid : SIZE_MAX;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return SIZE_MAX;
}

static uint64_t resolve_of(const struct sy_inventory *inventory)
{
	return inventory->follow_links ? RESOLVE_NO_MAGICLINKS : SY_BENEATH_PLAIN;
}

static int open_below(const struct sy_inventory *inventory,
		      const struct sy_entry *entry, struct sy_context *ctx,
		      const struct sy_root *root)
{
	bool is_mine;
	int dir = sy_beneath_root(ctx, root, &is_mine);
	int fd, sys_errno;

	if (dir < 0)
		return -1;
	if (entry->is_link && !inventory->follow_links)
		fd = sy_beneath_open_link(ctx, root, dir, entry->rel,
					  entry->link_target, O_RDONLY);
	else
		fd = sy_beneath_open(ctx, dir, entry->rel, O_RDONLY,
				     resolve_of(inventory));
	sys_errno = errno;
	if (is_mine)
		ctx->files.close(ctx->files.user, dir);
	errno = sys_errno;
	return fd;
}

static enum sy_status open_failed(struct sy_context *ctx, const char *path)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return sy_fail(ctx, SY_CHANGED, "%s was removed after it was listed",
			       path);
	case ELOOP:
	case EXDEV:
	case ESTALE:
	case ENXIO:
		return sy_fail(ctx, SY_CHANGED,
			       "%s is not the file any more that was listed", path);
	default:
		return sy_fail_errno(ctx, "cannot open %s", path);
	}
}

/* Owns fd. */
static enum sy_status take(const struct sy_entry *entry, struct sy_context *ctx,
			   int fd, struct sy_source *source)
{
	enum sy_status status = sy_source_from_fd(source, ctx, fd, true);

	if (status != SY_OK) {
		ctx->files.close(ctx->files.user, fd);
		if (status == SY_UNSUPPORTED) {
			sy_error_clear(ctx);
			errno = ESTALE;
			return open_failed(ctx, entry->path);
		}
		return status;
	}
	source->name = entry->path;
	status = sy_identity_compare(ctx, entry->path, &entry->identity,
				     &source->identity);
	if (status != SY_OK)
		sy_source_close(source);
	return status;
}

static enum sy_status open_spool(const struct sy_root *root, struct sy_context *ctx,
				 struct sy_source *source)
{
	enum sy_status status = sy_source_from_fd(source, ctx, root->spool.fd, false);

	source->name = "standard input";
	return status;
}

enum sy_status sy_entry_open(const struct sy_inventory *inventory, size_t index,
			     struct sy_context *ctx, struct sy_source *source)
{
	const struct sy_entry *entry = &inventory->entries[index];
	const struct sy_root *root = &inventory->roots[entry->root];
	int fd;

	*source = (struct sy_source){ .ctx = ctx, .fd = -1 };
	if (entry->kind != SY_ENTRY_FILE)
		return sy_fail(ctx, SY_UNSUPPORTED, "%s is not a regular file",
			       entry->path);
	if (root->is_stdin)
		return open_spool(root, ctx, source);
	fd = root->is_dir ?
	     open_below(inventory, entry, ctx, root) :
	     ctx->files.open(ctx->files.user, AT_FDCWD, root->path, O_RDONLY, 0);
	if (fd < 0)
		return open_failed(ctx, entry->path);
	return take(entry, ctx, fd, source);
}
