/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of the machine that this is compiled for.
 */
#include "tests/engine/allowed_calls.h"

#include <asm/unistd.h>

const struct named_call native_calls[] = {
#define CALL(name, how_far) { #name, __NR_##name, how_far },
#include "tests/engine/allowed_calls.def"
#undef CALL
	{ NULL, 0, ALWAYS },
};
