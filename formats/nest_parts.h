/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver of nested inspections consists of; only for nest*.c. */
#ifndef SY_FORMATS_NEST_PARTS_H
#define SY_FORMATS_NEST_PARTS_H

#include "formats/nest.h"

struct sy_nest_level {
	struct sy_inspection *in;	/* of the container */
	struct sy_inspection own;	/* what `in` points at, below the file itself */
	struct sy_source source;
	struct sy_member *members;
	size_t n, cap, next;
	uint64_t scratch_used;		/* before this level */
	uint64_t n_hashed;		/* bytes of tensors in a decoded source */
	uint64_t n_own, n_below;	/* tensors, as it says itself, and as its members do */
};

/* Stands before the caller's sink: what only the file itself may say stops here. */
struct sy_nest_filter {
	struct sy_sink sink;
	struct sy_nest *nest;
};

struct sy_nest {
	struct sy_context *ctx;
	struct sy_sink *outer;
	struct sy_nest_filter filter;
	struct sy_scratch scratch;
	struct sy_arena arena;
	struct sy_record artifact;	/* of the file, kept until all was read */
	bool has_artifact;
	uint64_t bytes_parsed;		/* of members */
	uint64_t n_work;		/* bytes of all members that were opened */
	size_t depth;			/* index of the deepest level */
	struct sy_nest_level levels[SY_MEMBER_DEPTH + 1];
};

/*
 * The sink of every level: what only the file itself may say stops there, what a
 * member says goes on with its place in the file.
 */
SY_MUST_CHECK enum sy_status sy_nest_pass(struct sy_sink *sink, const struct sy_record *record);

/* How many tensors a level has: what it says itself, or what its members come to. */
uint64_t sy_nest_n_tensors(const struct sy_nest_level *level);

/* Opens a member as the deepest level's source, and says what is wrong with its bytes. */
SY_MUST_CHECK enum sy_status sy_nest_open_member(struct sy_nest *nest,
						 struct sy_nest_level *level,
						 const struct sy_member *member);

#endif
