/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets the n-th allocation or file operation of a context go wrong, in one way,
 * and counts both.  Threads share the counters.  Used by tests only.
 */
#ifndef SY_TESTS_INJECTOR_H
#define SY_TESTS_INJECTOR_H

#include "verifier/base/context.h"

enum fault {
	FAULT_NONE,
	FAULT_MEMORY,		/* no allocation succeeds from the n-th on */
	FAULT_MEMORY_ONCE,	/* the n-th allocation fails, later ones do not */
	FAULT_CALL,		/* the n-th file operation fails: EIO */
	FAULT_FULL,		/* the n-th fails: ENOSPC */
	FAULT_DESCRIPTORS,	/* the n-th fails: EMFILE */
	FAULT_INTERRUPTED,	/* the n-th is interrupted, once: EINTR */
	FAULT_SHORT,		/* the n-th reads or writes one byte only */
	FAULT_END,		/* the n-th read is at the end of its file */
	FAULT_CANCEL,		/* the run is cancelled at the n-th of either */
	N_FAULTS
};

struct injector {
	enum fault fault;
	uint64_t at;			/* from 0 */
	atomic_bool *cancelled;
	struct sy_file_ops real;
	struct sy_allocator allocator;
	atomic_uint_least64_t n_allocations, n_calls, n_injected;
	atomic_int_least64_t n_live;	/* blocks not given back */
};

const char *fault_name(enum fault fault);

/* Points at which this fault can strike, after a run that counted them. */
uint64_t injector_points(const struct injector *injector, enum fault fault);

/* Everything of the context goes through the injector from now on. */
void injector_use(struct injector *injector, struct sy_context *ctx);

#endif
