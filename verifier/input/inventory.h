/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to verifier/input: filling the inventory, and what is done to it
 * once everything is found.
 */
#ifndef SY_INPUT_INVENTORY_H
#define SY_INPUT_INVENTORY_H

#include "verifier/input/walk.h"

/*
 * Adds an entry (all defaults) for `path`, whose part from rel_at on is
 * relative to its root.  SY_LIMIT: limits.dir_entries.  *entry is valid until
 * the next call.
 */
SY_MUST_CHECK enum sy_status sy_inventory_add(struct sy_inventory *inventory,
					      size_t root, const char *path,
					      size_t rel_at,
					      struct sy_entry **entry);

/*
 * Sorts, drops what was reached twice, links names of the same file, and, where
 * has_twins says that there are some, names that fold to the same.
 */
SY_MUST_CHECK enum sy_status sy_inventory_finish(struct sy_inventory *inventory,
						 bool has_twins);

#endif
