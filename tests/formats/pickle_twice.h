/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pickle machine takes short cuts for plain opcodes (formats/pickle/hot.c).
 * This runs a pickle with them and without and compares all that can be seen.
 */
#ifndef SY_TESTS_FORMATS_PICKLE_TWICE_H
#define SY_TESTS_FORMATS_PICKLE_TWICE_H

#include "formats/pickle/machine.h"

/* Every stream of the bytes, both ways: the same events, values and ends. */
bool pickle_runs_agree(struct sy_context *ctx, struct sy_span bytes);

#endif
