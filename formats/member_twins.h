/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in one archive that are the same to some reader or file system: twins in
 * case, slashes or Unicode form, and a file where another name needs a folder.
 */
#ifndef SY_FORMATS_MEMBER_TWINS_H
#define SY_FORMATS_MEMBER_TWINS_H

#include "verifier/base/memory.h"
#include "verifier/base/set.h"

struct sy_member_twin {
	struct sy_span name;		/* as the archive has it */
	struct sy_span folded;
	uint64_t value;			/* the caller's: an index, an offset */
	bool is_folder;
};

struct sy_member_twins {
	struct sy_context *ctx;
	struct sy_arena *arena;
	struct sy_set seen;
	struct sy_member_twin *names;
	size_t n, cap;
};

/* The arena takes folded names, and must outlive the twins, as the names must. */
void sy_member_twins_init(struct sy_member_twins *twins, struct sy_arena *arena);
void sy_member_twins_free(struct sy_member_twins *twins);

/* *other is the value of the first name that is the same, unless this one *is_new. */
SY_MUST_CHECK enum sy_status sy_member_twins_add(struct sy_member_twins *twins,
						 const struct sy_member_twin *name,
						 bool *is_new, uint64_t *other);

/* Sorts the names; to be called once, before sy_member_twins_next. */
void sy_member_twins_sort(struct sy_member_twins *twins);

/*
 * The next file whose name is also the folder of another (`inside`); *at begins at 0.
 * False: there are no more.
 */
bool sy_member_twins_next(const struct sy_member_twins *twins, size_t *at,
			  const struct sy_member_twin **file,
			  const struct sy_member_twin **inside);

#endif
