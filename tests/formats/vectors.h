/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a format over a folder of vectors named <verdict>-<reason>.<ext> and
 * asserts what the verdict promises: accept: nothing above info; warn and
 * undetermined: something, but nothing high; reject: something high.
 */
#ifndef SY_TESTS_FORMATS_VECTORS_H
#define SY_TESTS_FORMATS_VECTORS_H

#include "tests/support/support.h"

/*
 * `area` is a folder below tests/vectors; `base` the file name the format is
 * told; NULL: the vector's own, or what follows its first dot where that is a
 * name with an extension.  Fails when there is no vector.
 */
void test_vector_folder(const char *area, const char *suffix,
			const struct sy_format *format, const char *base);

/*
 * Vectors named <verdict>-<rule>[--<variant>] show that rule, all but those to accept;
 * every rule whose id begins with `rules` has one (NULL: not asked).
 */
void test_vector_rules(const char *area, const char *suffix, const struct sy_format *format,
		       const char *rules);

/* Whichever allocation fails: SY_NO_MEMORY, and nothing is left behind. */
void test_every_allocation(const struct sy_format *format, struct sy_span bytes);

/* The same with members: where only one of them suffers, it is told. */
void test_every_member_allocation(const struct sy_format *format, struct sy_span bytes,
				  const char *base);

/* Every prefix of the bytes must be inspected without an error of ours. */
void test_every_prefix(const struct sy_format *format, struct sy_span bytes,
		       const char *base);

#endif
