/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to verifier/input: the names in one directory, in the order their
 * paths have in the inventory.
 */
#ifndef SY_INPUT_LISTING_H
#define SY_INPUT_LISTING_H

#include "verifier/base/memory.h"

struct sy_listed {
	size_t off;		/* of the NUL-terminated name in listing.names */
	uint16_t len;		/* bytes */
	bool is_dir;
};

struct sy_listing {
	struct sy_context *ctx;
	char *names;
	size_t names_len, names_cap;
	struct sy_listed *items;
	size_t n, cap;
};

void sy_listing_init(struct sy_listing *listing, struct sy_context *ctx);
void sy_listing_free(struct sy_listing *listing);

static inline const char *sy_listing_name(const struct sy_listing *listing,
					  size_t i)
{
	return listing->names + listing->items[i].off;
}

/*
 * Reads and sorts the directory.  *sys_errno is not 0 when the system stopped
 * early (what was read stays).  SY_LIMIT: more than `max` names.
 */
SY_MUST_CHECK enum sy_status sy_listing_read(struct sy_listing *listing, int dirfd,
					     uint64_t max, int *sys_errno);

/* Is a directory of this name in it? */
bool sy_listing_has_dir(const struct sy_listing *listing, const char *name);

/*
 * The name as a case-insensitive, normalising file system sees it: case folded
 * and in NFC; ASCII case only where it is not UTF-8.  *folded borrows `name`
 * where nothing changes, else it lies in the arena.
 */
SY_MUST_CHECK enum sy_status sy_fold(struct sy_arena *arena, struct sy_span name,
				     struct sy_span *folded);

/* Are two of the names equal after folding? */
SY_MUST_CHECK enum sy_status sy_listing_has_twins(const struct sy_listing *listing,
						  bool *has_twins);

#endif
