/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to verifier/input: the state of a walk, shared by walk.c (the
 * stack of directories) and link.c (what a link leads to).
 */
#ifndef SY_INPUT_WALK_STATE_H
#define SY_INPUT_WALK_STATE_H

#include <limits.h>

#include "verifier/base/set.h"
#include "verifier/input/hub.h"
#include "verifier/input/listing.h"
#include "verifier/input/walk.h"

/* A directory that is being visited. */
struct sy_walk_frame {
	struct sy_listing listing;
	size_t next;		/* item to visit */
	size_t path_len;	/* of walk.path while in this directory */
	int fd;			/* -1: closed meanwhile */
	enum sy_hub_zone zone;
	unsigned repo_depth;	/* directories below the cache repository */
	size_t local_base;	/* path_len of the --local-dir it lies in */
	uint64_t dev, ino;
};

struct sy_walk_state {
	struct sy_context *ctx;
	struct sy_inventory *inventory;
	const struct sy_root *root;
	size_t root_index;
	int root_fd;
	size_t rel_at;		/* where the relative path starts in path */
	char *path;		/* current path, as reported */
	size_t path_cap;
	char *scratch;		/* path of a metadata file */
	size_t scratch_cap;
	char target[PATH_MAX];	/* of the link at hand */
	struct sy_walk_frame *frames;
	size_t n_frames, cap_frames;
	uint64_t n_dirs;	/* entered; empty ones leave no entry behind */
	struct sy_set visited;	/* directories, where one can be met twice */
	bool is_visiting;	/* visited is in use */
	bool has_twins;		/* somewhere two names fold to the same */
};

static inline struct sy_walk_frame *sy_walk_top(struct sy_walk_state *w)
{
	return &w->frames[w->n_frames - 1];
}

/* The current path below its root. */
static inline const char *sy_walk_rel(const struct sy_walk_state *w)
{
	return w->path + w->rel_at;
}

/* An entry with the current path. */
SY_MUST_CHECK enum sy_status sy_walk_add(struct sy_walk_state *w,
					 enum sy_entry_kind kind,
					 struct sy_entry **entry);

/* The current path is UNREADABLE; 0: too deep. */
SY_MUST_CHECK enum sy_status sy_walk_add_unreadable(struct sy_walk_state *w,
						    int sys_errno);

/* A call on the current path failed: its fault (UNREADABLE), or ours (SY_IO). */
SY_MUST_CHECK enum sy_status sy_walk_failed(struct sy_walk_state *w, int sys_errno);

/* Fills an entry of kind FILE: identity, place, expected digest. */
SY_MUST_CHECK enum sy_status sy_walk_set_file(struct sy_walk_state *w,
					      struct sy_entry *entry,
					      const struct stat *st);

/* Enters directory `name` of the current one, following no link, or any. */
SY_MUST_CHECK enum sy_status sy_walk_enter(struct sy_walk_state *w,
					   const char *name, uint64_t resolve);

/* Visits the link `name` of the current directory (link.c). */
SY_MUST_CHECK enum sy_status sy_walk_link(struct sy_walk_state *w,
					  const char *name);

#endif
