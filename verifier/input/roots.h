/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The named paths, before anything below them is looked at.  Internal to
 * verifier/input, but for where an open file really lies.
 */
#ifndef SY_INPUT_ROOTS_H
#define SY_INPUT_ROOTS_H

#include "verifier/input/walk.h"

/*
 * Fills inventory.roots: each named path once, in the order in which their
 * entries sort; adds the entries of those that are not directories (also of
 * those that do not exist), and spools standard input.
 */
SY_MUST_CHECK enum sy_status sy_roots_prepare(struct sy_inventory *inventory,
					      const struct sy_walk_options *options);

/* The physical path of an open file; false: the system does not tell. */
SY_MUST_CHECK bool sy_roots_real_of(int fd, char *real, size_t cap);

#endif
