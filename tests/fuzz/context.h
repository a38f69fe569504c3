/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context of a fuzz target: 64 MiB, the same hash key every time, so that a
 * finding comes again, and large blocks that are used again.
 */
#ifndef SY_TESTS_FUZZ_CONTEXT_H
#define SY_TESTS_FUZZ_CONTEXT_H

#include "verifier/base/context.h"

void fuzz_context(struct sy_context *ctx);

#endif
