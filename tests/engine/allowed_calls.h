/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of allowed_calls.def with their numbers, as two headers of the kernel
 * give them; each in a file of its own, for they define the same names.
 */
#ifndef SY_TESTS_ALLOWED_CALLS_H
#define SY_TESTS_ALLOWED_CALLS_H

#include <stddef.h>
#include <stdint.h>

enum how_far { ALWAYS, SOME, ABSENT };

struct named_call {
	const char *name;
	uint32_t number;
	enum how_far how_far;
};

/* Of asm-generic/unistd.h, which is aarch64's; ended by a NULL name. */
extern const struct named_call generic_calls[];

/* Of asm/unistd.h: this machine's. */
extern const struct named_call native_calls[];

#endif
