/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links met on a walk: what they lead to, decided by the kernel (beneath.h).
 * Never reads a target that is neither below the root nor a blob of the root's
 * own cache repository, unless the user asked for it (--follow-links).
 */
#include "verifier/input/walk_state.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "verifier/input/beneath.h"
#include "verifier/input/roots.h"

static bool is_above(const struct sy_walk_state *w, const struct stat *st)
{
	for (size_t i = 0; i < w->n_frames; i++)
		if (w->frames[i].dev == st->st_dev && w->frames[i].ino == st->st_ino)
			return true;
	return false;
}

static enum sy_entry_kind kind_of_failure(int sys_errno)
{
	switch (sys_errno) {
	case EXDEV:
		return SY_ENTRY_LINK_OUT;
	case ENOENT:
	case ENOTDIR:
		return SY_ENTRY_LINK_DANGLING;
	case ELOOP:
		return SY_ENTRY_LINK_LOOP;
	default:
		return SY_ENTRY_UNREADABLE;
	}
}

static enum sy_status add_link(struct sy_walk_state *w, enum sy_entry_kind kind,
			       struct sy_entry **entry)
{
	enum sy_status status = sy_walk_add(w, kind, entry);

	if (status != SY_OK)
		return status;
	(*entry)->is_link = true;
	(*entry)->link_target = sy_arena_str(&w->inventory->arena, w->target);
	if (!(*entry)->link_target)
		return sy_memory_status(w->ctx);
	return SY_OK;
}

/*
 * The zone of the directory that `fd` really is, below the root.  Where the
 * system does not tell: one whose files are not examined.
 */
static enum sy_hub_zone real_zone(const struct sy_walk_state *w, int fd)
{
	size_t len = w->root->real ? strlen(w->root->real) : 0;
	enum sy_hub_zone zone = w->frames[0].zone;
	char real[PATH_MAX];
	char *name, *rest;

	if (!w->root->real || !sy_roots_real_of(fd, real, sizeof(real)) ||
	    strncmp(real, w->root->real, len) != 0 || real[len] != '/')
		return SY_ZONE_GIT;
	for (name = strtok_r(real + len, "/", &rest); name;
	     name = strtok_r(NULL, "/", &rest))
		zone = sy_hub_enter(zone, sy_span_str(name));
	return zone;
}

/*
 * A directory below the root is listed where it is; but where its files would
 * not be examined, a second door to it must not go unmentioned.
 */
static enum sy_status add_dir_link(struct sy_walk_state *w, int fd, const struct stat *st)
{
	enum sy_hub_zone zone;
	struct sy_entry *entry;

	if (is_above(w, st))
		return add_link(w, SY_ENTRY_LINK_LOOP, &entry);
	zone = real_zone(w, fd);
	if (zone == SY_ZONE_GIT || zone == SY_ZONE_LOCAL)
		return add_link(w, SY_ENTRY_LINK_OUT, &entry);
	return SY_OK;
}

static enum sy_status add_target(struct sy_walk_state *w, const struct stat *st)
{
	struct sy_entry *entry;
	enum sy_status status;

	status = add_link(w, S_ISREG(st->st_mode) ? SY_ENTRY_FILE :
						    SY_ENTRY_SPECIAL, &entry);
	if (status != SY_OK || !S_ISREG(st->st_mode))
		return status;
	return sy_walk_set_file(w, entry, st);
}

static enum sy_status link_failed(struct sy_walk_state *w, int sys_errno)
{
	struct sy_entry *entry;

	if (kind_of_failure(sys_errno) == SY_ENTRY_UNREADABLE)
		return sy_walk_failed(w, sys_errno);
	return add_link(w, kind_of_failure(sys_errno), &entry);
}

/* --follow-links: a directory outside of the root. */
static enum sy_status follow_dir(struct sy_walk_state *w, const char *name,
				 const struct stat *st)
{
	struct sy_entry *entry;

	if (is_above(w, st))
		return add_link(w, SY_ENTRY_LINK_LOOP, &entry);
	return sy_walk_enter(w, name, RESOLVE_NO_MAGICLINKS);
}

static enum sy_status add_resolved(struct sy_walk_state *w, const char *name, int fd,
				   bool is_outside)
{
	struct stat st;

	if (w->ctx->files.fstat(w->ctx->files.user, fd, &st) != 0)
		return link_failed(w, errno);
	if (!S_ISDIR(st.st_mode))
		return add_target(w, &st);
	return is_outside ? follow_dir(w, name, &st) : add_dir_link(w, fd, &st);
}

enum sy_status sy_walk_link(struct sy_walk_state *w, const char *name)
{
	ssize_t len = readlinkat(sy_walk_top(w)->fd, name, w->target, sizeof(w->target) - 1);
	bool is_outside = false;
	enum sy_status status;
	int fd;

	w->target[len < 0 ? 0 : len] = '\0';
	if (len < 0)
		return sy_walk_add_unreadable(w, errno);
	fd = sy_beneath_open_link(w->ctx, w->root, w->root_fd, sy_walk_rel(w),
				  w->target, O_PATH);
	if (fd < 0 && errno == EXDEV && w->inventory->follow_links) {
		is_outside = true;
		fd = sy_beneath_open(w->ctx, sy_walk_top(w)->fd, name, O_PATH,
				     RESOLVE_NO_MAGICLINKS);
	}
	if (fd < 0)
		return link_failed(w, errno);
	status = add_resolved(w, name, fd, is_outside);
	w->ctx->files.close(w->ctx->files.user, fd);
	return status;
}

