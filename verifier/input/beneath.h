/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to verifier/input: opening things below a directory, with the
 * kernel as the judge of what is below (openat2).
 */
#ifndef SY_INPUT_BENEATH_H
#define SY_INPUT_BENEATH_H

#include <linux/openat2.h>

#include "verifier/input/walk.h"

/* Where no link is expected; where one is, that must end below. */
#define SY_BENEATH_PLAIN \
	(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
#define SY_BENEATH_LINK (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)

/*
 * Opens `path` below dirfd: a descriptor, or -1 with errno.  Paths longer than
 * PATH_MAX are opened step by step.  EXDEV: leads out of dirfd.
 */
int sy_beneath_open(struct sy_context *ctx, int dirfd, const char *path,
		    int flags, uint64_t resolve);

/*
 * Opens what the link `rel` below the root leads to, if that is below the root
 * or in blobs/ of the root's repository: else -1 with errno EXDEV.
 */
int sy_beneath_open_link(struct sy_context *ctx, const struct sy_root *root,
			 int root_fd, const char *rel, const char *target,
			 int flags);

/*
 * The root's directory: its kept descriptor (*is_mine false), or one opened
 * again and compared (close it), or -1 with errno; ESTALE: another one by now.
 */
int sy_beneath_root(struct sy_context *ctx, const struct sy_root *root,
		    bool *is_mine);

#endif
