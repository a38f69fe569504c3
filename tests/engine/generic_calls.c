/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of the kernel's generic table, whatever machine this is compiled on.
 */
#include "tests/engine/allowed_calls.h"

/* What arch/arm64/include/uapi/asm/unistd.h asks of the table. */
#define __ARCH_WANT_NEW_STAT
#define __ARCH_WANT_SYS_CLONE3
#include <asm-generic/unistd.h>

const struct named_call generic_calls[] = {
#define CALL(name, how_far) { #name, __NR_##name, how_far },
#include "tests/engine/allowed_calls.def"
#undef CALL
	{ NULL, 0, ALWAYS },
};
