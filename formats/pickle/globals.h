/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that the pickles of one file import: each kept once, judged once by
 * the knowledge tables, known by its index.
 */
#ifndef SY_FORMATS_PICKLE_GLOBALS_H
#define SY_FORMATS_PICKLE_GLOBALS_H

#include "formats/pickle/knowledge.h"
#include "verifier/base/memory.h"
#include "verifier/base/set.h"

#define SY_GLOBAL_NAME_MAX 4096	/* bytes of a module or name that are kept */

struct sy_global {
	struct sy_span module;
	struct sy_span name;	/* empty: the module itself */
	struct sy_span symbol;	/* "module.name" */
	struct sy_global_info info;
	bool is_cut;		/* longer than what is kept: unknown */
	uint8_t function;	/* resolve.c: what computes its result; 0: not asked */
	uint16_t checks;	/* judge_args.c: what its arguments need; 0: not asked */
};

struct sy_globals {
	struct sy_context *ctx;
	struct sy_arena arena;
	struct sy_set set;
	struct sy_global *all;
	size_t n, cap;
};

void sy_globals_init(struct sy_globals *globals, struct sy_context *ctx);
void sy_globals_free(struct sy_globals *globals);

/* The index of a name (Python 3 spelling).  SY_LIMIT, SY_NO_MEMORY. */
SY_MUST_CHECK enum sy_status sy_globals_add(struct sy_globals *globals,
					    struct sy_span module, struct sy_span name,
					    uint32_t *index);

#endif
