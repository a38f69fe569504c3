/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joblib's arrays inside pickles: what lies behind one is found, whatever the array is
 * made of; and an array of unknown length is told.
 */
#include "tests/formats/vectors.h"

#include <stdio.h>

#include "formats/pickle/streams.h"

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("joblib", ".joblib", &sy_format_pickle, NULL);
}

static void vectors_show_their_rule(void **state)
{
	(void)state;
	test_vector_rules("joblib", ".joblib", &sy_format_pickle, "pickle-array-");
}

static void every_prefix_and_allocation_ends_well(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span bytes;
	char path[4096];

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	(void)snprintf(path, sizeof(path), "%s/joblib/accept-types.joblib", test_vectors());
	bytes = test_read_file(&arena, path);
	test_every_prefix(&sy_format_pickle, bytes, "a.joblib");
	test_every_allocation(&sy_format_pickle, bytes);
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(vectors_show_their_rule),
		cmocka_unit_test(every_prefix_and_allocation_ends_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
