/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target needs.  A target is one function that takes any bytes
 * and checks what must hold for all of them; libFuzzer calls it with
 * STEELYARD_FUZZ, driver.c with the seeds everywhere else.
 */
#ifndef SY_TESTS_FUZZ_H
#define SY_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Not assert(): it must hold in every build type. */
#define FUZZ_CHECK(condition)                                           \
	do {                                                            \
		if (!(condition)) {                                     \
			fprintf(stderr, "%s:%d: %s does not hold\n",    \
				__FILE__, __LINE__, #condition);        \
			abort();                                        \
		}                                                       \
	} while (0)

#endif
