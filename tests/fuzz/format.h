/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every reader of files owes, on any bytes: it ends, within its limits, gives back
 * what it took, and what it emits is a valid record of a file of that size; extents
 * tile the file.
 */
#ifndef SY_TESTS_FUZZ_FORMAT_H
#define SY_TESTS_FUZZ_FORMAT_H

#include "formats/format.h"

/* Members are looked at, too, but not unpacked. */
void fuzz_format(const struct sy_format *format, const char *base, struct sy_span bytes);

#endif
