/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk of one root after the other: depth first, in the byte-wise order of
 * paths, on an explicit stack.  A few directories of the current branch stay
 * open; those above are opened again, beneath the root, and compared.  Opens
 * directories only: what a file holds is nobody's business here.
 */
#include "verifier/input/walk_state.h"

#include <errno.h>
#include <fcntl.h>

#include "verifier/input/beneath.h"
#include "verifier/input/inventory.h"
#include "verifier/input/roots.h"

#define N_OPEN_LEVELS 4		/* directories of the branch that stay open */
#define CANCEL_MASK 255u	/* names between two looks at the cancel flag */
#define NO_BASE SIZE_MAX

static enum sy_status set_path(struct sy_walk_state *w, size_t dir_len,
			       const char *name, size_t name_len)
{
	enum sy_status status;

	status = sy_grow(w->ctx, &w->path, &w->path_cap, dir_len + name_len + 2, 1);
	if (status != SY_OK)
		return status;
	w->path[dir_len] = '/';
	memcpy(w->path + dir_len + 1, name, name_len);
	w->path[dir_len + 1 + name_len] = '\0';
	return SY_OK;
}

enum sy_status sy_walk_add(struct sy_walk_state *w, enum sy_entry_kind kind,
			   struct sy_entry **entry)
{
	enum sy_status status;

	status = sy_inventory_add(w->inventory, w->root_index, w->path, w->rel_at,
				  entry);
	if (status != SY_OK)
		return status;
	(*entry)->kind = kind;
	if (w->n_frames > 0)
		(*entry)->place = sy_hub_place(sy_walk_top(w)->zone,
					       sy_span_str((*entry)->base),
					       UINT64_MAX);
	return SY_OK;
}

enum sy_status sy_walk_add_unreadable(struct sy_walk_state *w, int sys_errno)
{
	struct sy_entry *entry;
	enum sy_status status = sy_walk_add(w, SY_ENTRY_UNREADABLE, &entry);

	if (status == SY_OK)
		entry->sys_errno = sys_errno;
	return status;
}

/* Failures that are about us, not about the directory. */
static bool is_ours(int sys_errno)
{
	return sys_errno == EMFILE || sys_errno == ENFILE || sys_errno == ENOMEM;
}

enum sy_status sy_walk_failed(struct sy_walk_state *w, int sys_errno)
{
	if (!is_ours(sys_errno))
		return sy_walk_add_unreadable(w, sys_errno);
	errno = sys_errno;
	return sy_fail_errno(w->ctx, "cannot open %s", w->path);
}

static uint64_t dir_resolve(const struct sy_walk_state *w)
{
	return w->inventory->follow_links ? RESOLVE_NO_MAGICLINKS :
					    SY_BENEATH_PLAIN;
}

/* --- what downloads promise ------------------------------------------------ */

static enum sy_status metadata_path(struct sy_walk_state *w, size_t base)
{
	static const char folder[] = ".cache/huggingface/download/";
	static const char suffix[] = ".metadata";
	size_t base_len = base > w->rel_at ? base + 1 - w->rel_at : 0;
	const char *below = sy_walk_rel(w) + base_len;
	size_t len = strlen(below);
	size_t need = base_len + sizeof(folder) + len + sizeof(suffix);
	enum sy_status status;
	char *next;

	status = sy_grow(w->ctx, &w->scratch, &w->scratch_cap, need, 1);
	if (status != SY_OK)
		return status;
	next = w->scratch;
	memcpy(next, sy_walk_rel(w), base_len);
	next += base_len;
	memcpy(next, folder, sizeof(folder) - 1);
	next += sizeof(folder) - 1;
	memcpy(next, below, len);
	memcpy(next + len, suffix, sizeof(suffix));
	return SY_OK;
}

static enum sy_status expect_from_metadata(struct sy_walk_state *w,
					   struct sy_entry *entry)
{
	enum sy_status status;

	if (sy_walk_top(w)->local_base == NO_BASE || entry->place != SY_PLACE_PLAIN)
		return SY_OK;
	status = metadata_path(w, sy_walk_top(w)->local_base);
	if (status != SY_OK)
		return status;
	if (sy_hub_metadata_read(w->ctx, w->root_fd, w->scratch,
				 entry->identity.mtime_ns, &entry->expected)) {
		entry->has_expected = true;
		entry->expected_from = "local-dir metadata";
	}
	return SY_OK;
}

static void expect_from_name(struct sy_entry *entry, struct sy_span blob)
{
	if (sy_hub_blob_digest(blob, &entry->expected)) {
		entry->has_expected = true;
		entry->expected_from = "cache blob name";
	}
}

enum sy_status sy_walk_set_file(struct sy_walk_state *w, struct sy_entry *entry,
				const struct stat *st)
{
	const struct sy_walk_frame *f = sy_walk_top(w);
	struct sy_span blob;

	sy_identity_from_stat(&entry->identity, st);
	entry->place = sy_hub_place(f->zone, sy_span_str(entry->base),
				    entry->identity.size);
	if (f->zone == SY_ZONE_BLOBS || f->zone == SY_ZONE_BLOBS_NAMED)
		expect_from_name(entry, sy_span_str(entry->base));
	else if (entry->is_link && f->zone == SY_ZONE_SNAPSHOT &&
		 sy_hub_blob_link(sy_span_str(entry->link_target), f->repo_depth,
				  &blob))
		expect_from_name(entry, blob);
	if (entry->has_expected)
		return SY_OK;
	return expect_from_metadata(w, entry);
}

/* --- directories ------------------------------------------------------------- */

/* False through *is_new when another root (or link) led here before. */
static enum sy_status visit(struct sy_walk_state *w, const struct stat *st, bool *is_new)
{
	uint64_t id[2] = { st->st_dev, st->st_ino };
	struct sy_span key;
	uint64_t found;
	enum sy_status status;

	*is_new = true;
	if (!w->is_visiting)
		return SY_OK;
	status = sy_arena_copy(&w->inventory->arena, sy_span_of(id, sizeof(id)),
			       &key);
	if (status != SY_OK)
		return status;
	return sy_set_add(&w->visited, key, 0, is_new, &found);
}

/* The root's descriptor is the root's. */
static void close_frame_fd(struct sy_walk_state *w, struct sy_walk_frame *f)
{
	if (f->fd < 0 || f->fd == w->root_fd)
		return;
	w->ctx->files.close(w->ctx->files.user, f->fd);
	f->fd = -1;
}

static void pop(struct sy_walk_state *w)
{
	struct sy_walk_frame *f = sy_walk_top(w);

	close_frame_fd(w, f);
	sy_listing_free(&f->listing);
	w->n_frames--;
}

/* A folder that a download with --local-dir filled keeps its own books. */
static bool is_local_dir(const struct sy_walk_state *w, const struct sy_walk_frame *f)
{
	int fd;

	if (!sy_listing_has_dir(&f->listing, ".cache"))
		return false;
	fd = sy_beneath_open(w->ctx, f->fd, ".cache/huggingface/download",
			     O_PATH | O_DIRECTORY, SY_BENEATH_PLAIN);
	if (fd >= 0)
		w->ctx->files.close(w->ctx->files.user, fd);
	return fd >= 0;
}

static enum sy_status too_many(struct sy_walk_state *w)
{
	return sy_fail(w->ctx, SY_LIMIT,
		       "more than %llu files or directories below %s (limit "
		       "dir-entries)",
		       (unsigned long long)w->ctx->limits.dir_entries,
		       w->root->path);
}

static enum sy_status list(struct sy_walk_state *w, struct sy_walk_frame *f)
{
	uint64_t left = w->ctx->limits.dir_entries - w->inventory->n_entries;
	enum sy_status status;
	bool has_twins = false;
	int sys_errno;

	if (++w->n_dirs > w->ctx->limits.dir_entries)
		return too_many(w);
	status = sy_listing_read(&f->listing, f->fd, left, &sys_errno);
	if (status == SY_LIMIT && w->ctx->error.status == SY_OK)
		return too_many(w);
	if (status == SY_OK && sys_errno != 0)
		status = sy_walk_add_unreadable(w, sys_errno);
	if (status == SY_OK && !w->has_twins)
		status = sy_listing_has_twins(&f->listing, &has_twins);
	w->has_twins = w->has_twins || has_twins;
	if (is_local_dir(w, f))
		f->local_base = f->path_len;
	return status;
}

/* Goes into the open directory `fd`, whose path is the current one; owns fd. */
static enum sy_status push(struct sy_walk_state *w, int fd, const struct stat *st,
			   enum sy_hub_zone zone, unsigned repo_depth)
{
	enum sy_status status;
	struct sy_walk_frame *f;

	status = sy_grow(w->ctx, &w->frames, &w->cap_frames, w->n_frames + 1,
			 sizeof(*w->frames));
	if (status != SY_OK) {
		if (fd != w->root_fd)
			w->ctx->files.close(w->ctx->files.user, fd);
		return status;
	}
	f = &w->frames[w->n_frames++];
	*f = (struct sy_walk_frame){
		.path_len = strlen(w->path),
		.fd = fd,
		.zone = zone,
		.repo_depth = repo_depth,
		.local_base = w->n_frames > 1 ? f[-1].local_base : NO_BASE,
		.dev = st->st_dev,
		.ino = st->st_ino,
	};
	sy_listing_init(&f->listing, w->ctx);
	if (w->n_frames > N_OPEN_LEVELS)
		close_frame_fd(w, f - N_OPEN_LEVELS);
	return list(w, f);
}

static unsigned depth_below(const struct sy_walk_frame *f, enum sy_hub_zone zone)
{
	return zone == SY_ZONE_REPO ? 0 : f->repo_depth + 1;
}

/* Enters `fd`, a directory called `name` in the current one; owns fd. */
static enum sy_status descend(struct sy_walk_state *w, int fd, const char *name)
{
	const struct sy_walk_frame *f = sy_walk_top(w);
	enum sy_hub_zone zone = sy_hub_enter(f->zone, sy_span_str(name));
	enum sy_status status;
	struct stat st;
	bool is_new;

	if (w->ctx->files.fstat(w->ctx->files.user, fd, &st) != 0) {
		status = sy_walk_add_unreadable(w, errno);
		w->ctx->files.close(w->ctx->files.user, fd);
		return status;
	}
	status = visit(w, &st, &is_new);
	if (status != SY_OK || !is_new) {
		w->ctx->files.close(w->ctx->files.user, fd);
		return status;
	}
	return push(w, fd, &st, zone, depth_below(f, zone));
}

enum sy_status sy_walk_enter(struct sy_walk_state *w, const char *name,
			     uint64_t resolve)
{
	int fd;

	if (w->n_frames > w->ctx->limits.dir_depth)
		return sy_walk_add_unreadable(w, 0);
	fd = sy_beneath_open(w->ctx, sy_walk_top(w)->fd, name,
			     O_RDONLY | O_DIRECTORY, resolve);
	if (fd < 0)
		return sy_walk_failed(w, errno);
	return descend(w, fd, name);
}

/* --- the walk ---------------------------------------------------------------- */

static enum sy_status visit_item(struct sy_walk_state *w, const char *name)
{
	struct sy_entry *entry;
	enum sy_status status;
	struct stat st;

	if (fstatat(sy_walk_top(w)->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return sy_walk_failed(w, errno);
	if (S_ISDIR(st.st_mode))
		return sy_walk_enter(w, name, SY_BENEATH_PLAIN);
	if (S_ISLNK(st.st_mode))
		return sy_walk_link(w, name);
	status = sy_walk_add(w, S_ISREG(st.st_mode) ? SY_ENTRY_FILE :
						    SY_ENTRY_SPECIAL, &entry);
	if (status != SY_OK || !S_ISREG(st.st_mode))
		return status;
	return sy_walk_set_file(w, entry, &st);
}

/* Opens the directory of a frame again after its branch was left. */
static int reopen(struct sy_walk_state *w, const struct sy_walk_frame *f)
{
	struct stat st;
	int fd;

	w->path[f->path_len] = '\0';
	fd = sy_beneath_open(w->ctx, w->root_fd,
			     f->path_len > w->rel_at ? sy_walk_rel(w) : ".",
			     O_RDONLY | O_DIRECTORY, dir_resolve(w));
	if (fd < 0)
		return -1;
	if (w->ctx->files.fstat(w->ctx->files.user, fd, &st) == 0 &&
	    st.st_dev == f->dev && st.st_ino == f->ino)
		return fd;
	w->ctx->files.close(w->ctx->files.user, fd);
	errno = ESTALE;
	return -1;
}

/* One item of the deepest directory, or one step up. */
static enum sy_status step(struct sy_walk_state *w)
{
	struct sy_walk_frame *f = sy_walk_top(w);
	const char *name;
	enum sy_status status;

	if (f->next == f->listing.n) {
		pop(w);
		return SY_OK;
	}
	if (f->fd < 0) {
		f->fd = reopen(w, f);
		if (f->fd < 0) {
			status = sy_walk_failed(w, errno);
			pop(w);
			return status;
		}
	}
	name = sy_listing_name(&f->listing, f->next);
	status = set_path(w, f->path_len, name, f->listing.items[f->next].len);
	f->next++;
	return status == SY_OK ? visit_item(w, name) : status;
}

/* Ends with an empty stack, whatever happens. */
static enum sy_status walk_all(struct sy_walk_state *w, enum sy_status status)
{
	for (unsigned n = 0; w->n_frames > 0 && status == SY_OK; n++) {
		if ((n & CANCEL_MASK) == 0 && sy_cancelled(w->ctx))
			status = sy_fail(w->ctx, SY_CANCELLED, "interrupted");
		else
			status = step(w);
	}
	while (w->n_frames > 0)
		pop(w);
	return status;
}

/* The path of "/" is its own slash: nothing stands before it. */
static enum sy_status start_path(struct sy_walk_state *w)
{
	size_t len = strlen(w->root->path);
	enum sy_status status;

	status = sy_grow(w->ctx, &w->path, &w->path_cap, len + 2, 1);
	if (status != SY_OK)
		return status;
	memcpy(w->path, w->root->path, len + 1);
	if (len == 1 && w->path[0] == '/')
		w->path[--len] = '\0';
	w->rel_at = len + 1;
	return SY_OK;
}

static enum sy_status walk_open_root(struct sy_walk_state *w)
{
	struct sy_hub_spot spot = { .zone = SY_ZONE_PLAIN };
	enum sy_status status;
	struct stat st;
	bool is_new;

	if (w->root->real)
		spot = sy_hub_locate(sy_span_str(w->root->real));
	if (w->ctx->files.fstat(w->ctx->files.user, w->root_fd, &st) != 0)
		return sy_walk_failed(w, errno);
	if (st.st_dev != w->root->dev || st.st_ino != w->root->ino)
		return sy_walk_failed(w, ESTALE);
	status = visit(w, &st, &is_new);
	if (status != SY_OK || !is_new)
		return status;
	status = push(w, w->root_fd, &st, spot.zone, spot.repo_depth);
	return walk_all(w, status);
}

static enum sy_status walk_root(struct sy_walk_state *w, size_t index)
{
	enum sy_status status;

	w->root = &w->inventory->roots[index];
	w->root_index = index;
	w->root_fd = w->root->fd;
	status = start_path(w);
	if (status != SY_OK)
		return status;
	if (w->root_fd < 0)
		w->root_fd = w->ctx->files.open(w->ctx->files.user, AT_FDCWD,
						w->root->path,
						O_RDONLY | O_DIRECTORY, 0);
	if (w->root_fd < 0)
		return sy_walk_failed(w, errno);
	status = walk_open_root(w);
	if (w->root->fd < 0)
		w->ctx->files.close(w->ctx->files.user, w->root_fd);
	return status;
}

static enum sy_status walk_roots(struct sy_walk_state *w)
{
	enum sy_status status = SY_OK;

	w->is_visiting = w->inventory->n_roots > 1 || w->inventory->follow_links;
	sy_set_init(&w->visited, w->ctx);
	for (size_t i = 0; i < w->inventory->n_roots && status == SY_OK; i++)
		if (w->inventory->roots[i].is_dir)
			status = walk_root(w, i);
	sy_set_free(&w->visited);
	sy_release(w->ctx, w->path);
	sy_release(w->ctx, w->scratch);
	sy_release(w->ctx, w->frames);
	if (status != SY_OK)
		return status;
	return sy_inventory_finish(w->inventory, w->has_twins);
}

/* Two named files may be twins as well; the walk sees directories only. */
static bool has_named_files(const struct sy_inventory *inventory)
{
	return inventory->n_roots > 1 && inventory->n_entries > 1;
}

enum sy_status sy_walk(struct sy_inventory *inventory, struct sy_context *ctx,
		       const struct sy_walk_options *options)
{
	struct sy_walk_state *w;
	enum sy_status status;

	*inventory = (struct sy_inventory){
		.ctx = ctx,
		.follow_links = options->follow_links,
	};
	sy_arena_init(&inventory->arena, ctx);
	status = sy_roots_prepare(inventory, options);
	if (status != SY_OK)
		return status;
	w = sy_alloc(ctx, sizeof(*w));
	if (!w)
		return sy_memory_status(ctx);
	*w = (struct sy_walk_state){
		.ctx = ctx,
		.inventory = inventory,
		.has_twins = has_named_files(inventory),
	};
	status = walk_roots(w);
	sy_release(ctx, w);
	return status;
}
