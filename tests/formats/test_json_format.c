/* SPDX-License-Identifier: Apache-2.0 */
/* Other JSON and Python source: vectors, bids, and a large tokenizer. */
#include "tests/formats/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const struct sy_format sy_format_json;

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("json", ".json", &sy_format_json, NULL);
}

static void bids_go_by_name(void **state)
{
	struct sy_probe probe = test_probe(sy_span_str(" {}"), "x.JSON");

	(void)state;
	assert_true(sy_format_json.bid(&probe) > 0);
	probe = test_probe(sy_span_str("{}"), "x.txt");
	assert_int_equal(sy_format_json.bid(&probe), 0);
	probe = test_probe(sy_span_of("{\0", 2), "x.json");
	assert_int_equal(sy_format_json.bid(&probe), 0);
}

static void every_prefix_ends_well(void **state)
{
	(void)state;
	test_every_prefix(&sy_format_json,
			  sy_span_str("{\"model\": {\"vocab\": {\"a\": 0}, "
				      "\"merges\": [\"a b\"]}}"),
			  "tokenizer.json");
}

/* A tokenizer.json of 16 MiB is ordinary and takes a moment only. */
static void a_large_tokenizer_is_quick(void **state)
{
	const size_t n = 700000;
	char *text = malloc(n * 24 + 64);
	struct sy_context ctx;
	struct test_sink sink;
	clock_t start = clock();
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	len += (size_t)sprintf(text, "{\"model\": {\"vocab\": {");
	for (size_t i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, "%s\"token%zu\":%zu", i ? ",\n" : "", i, i);
	len += (size_t)sprintf(text + len, "}}}");
	sy_context_init(&ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_json, sy_span_of(text, len),
				      "tokenizer.json", &sink), SY_OK);
	assert_int_equal(test_n_facts_from(&sink, SY_LOW), 0);
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
	test_sink_free(&sink);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(bids_go_by_name),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(a_large_tokenizer_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
