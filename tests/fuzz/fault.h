/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something going wrong while a target runs: the n-th allocation, file operation or
 * record, a cancellation, or one limit set low.  driver.c tries each of them over each
 * seed, so that seeds reach what happens then, too.  A fuzzer runs plainly.
 */
#ifndef SY_TESTS_FUZZ_FAULT_H
#define SY_TESTS_FUZZ_FAULT_H

#include "verifier/base/context.h"
#include "verifier/input/source.h"

enum fuzz_mode {
	FUZZ_PLAIN,		/* as a fuzzer runs it */
	FUZZ_WHOLE,		/* the same, but for what a target looks at besides */
	FUZZ_COUNTED,		/* nothing goes wrong, but all that could is counted */
	FUZZ_INJECTED,		/* see tests/faults/injector.h */
	FUZZ_REFUSED,		/* the sink takes no record from the n-th on */
	FUZZ_LIMITED		/* a limit is set low */
};

enum fuzz_mode fuzz_mode(void);

/* Something went wrong, or may have: what came before decides no more. */
bool fuzz_is_disturbed(void);

/* A failure that only the fault explains. */
bool fuzz_is_fault_of(enum sy_status status);

/* fuzz_context, and in it what is going wrong. */
void fuzz_faulty_context(struct sy_context *ctx);

/*
 * Bytes as a source: memory, but where file operations may go wrong a file, of which
 * cursors see a few bytes at once.
 */
void fuzz_source_init(struct sy_source *source, struct sy_context *ctx,
		      struct sy_span bytes);

/* What a target's sink returns once it has looked at a record. */
enum sy_status fuzz_took_record(void);

/* Runs the target again with each fault in turn, if it can live with them; for driver.c. */
void fuzz_run_faults(const uint8_t *data, size_t len);

#endif
