/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question, asked of many files, with every allocation of the context failing in
 * turn and the run cancelled at every point.  Used by tests only.
 */
#ifndef SY_TESTS_SWEEP_H
#define SY_TESTS_SWEEP_H

#include "tests/faults/injector.h"
#include "tests/support/support.h"
#include "verifier/base/memory.h"

/* How one run ended; is_good says yes to whatever was asked. */
struct sweep_outcome {
	enum sy_status status;
	int is_good;
};

typedef void sweep_fn(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out);

/* Fails the test when anything is not given back. */
void sweep_run(sweep_fn *fn, struct sy_span file, struct injector *injector,
	       struct sweep_outcome *out);

/* Fails the test with a sentence. */
void sweep_wrong(const char *path, enum fault fault, uint64_t at,
		 const struct sweep_outcome *out);

typedef uint64_t sweep_try_fn(sweep_fn *fn, const char *path, struct sy_span file);

/* The answer must be the one without the fault, or none; returns the faults. */
uint64_t sweep_faults(sweep_fn *fn, const char *path, struct sy_span file);

/* `try` for each file of a pattern below tests/; the sum of what it returns. */
uint64_t sweep_over(const char *pattern, sweep_fn *fn, sweep_try_fn *try);

#endif
