/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyTorch's oldest format: all pickles between the raw data are found, and archives
 * that are cut anywhere end well.
 */
#include "tests/formats/vectors.h"

#include <stdio.h>

extern const struct sy_format sy_format_torch_tar;

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("torch_tar", ".pt", &sy_format_torch_tar, NULL);
}

static void vectors_show_their_rule(void **state)
{
	(void)state;
	test_vector_rules("torch_tar", ".pt", &sy_format_torch_tar, "torch-tar-");
}

#define STEP 89		/* bytes: every block is cut in several places */

static void cut_archives_end_well(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;
	struct sy_span bytes;
	char path[4096];

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	(void)snprintf(path, sizeof(path), "%s/torch_tar/warn-torch-tar-found.pt",
		       test_vectors());
	bytes = test_read_file(&arena, path);
	for (size_t len = 0; len < bytes.len; len += STEP) {
		test_sink_init(&sink, &ctx);
		assert_int_equal(test_inspect(&ctx, &sy_format_torch_tar,
					      sy_span_slice(bytes, 0, len), "a.pt", &sink),
				 SY_OK);
		test_sink_free(&sink);
	}
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(vectors_show_their_rule),
		cmocka_unit_test(cut_archives_end_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
