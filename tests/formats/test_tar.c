/* SPDX-License-Identifier: Apache-2.0 */
/* tar archives: vectors, every prefix, headers field by field. */
#include "tests/formats/vectors.h"

#include <stdio.h>

#include "formats/tar_header.h"

extern const struct sy_format sy_format_tar;

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("tar", ".tar", &sy_format_tar, NULL);
}

static void every_prefix_ends_well(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	char path[4096];

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	(void)snprintf(path, sizeof(path), "%s/tar/accept-pax-path.tar", test_vectors());
	test_every_prefix(&sy_format_tar, test_read_file(&arena, path), "a.tar");
	test_every_member_allocation(&sy_format_tar, test_read_file(&arena, path), "a.tar");
	sy_arena_free(&arena);
}

/* Zeros behind the end are one piece, however many. */
static void zeros_are_one_extent(void **state)
{
	static uint8_t bytes[1 << 20];
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;
	struct sy_span one;
	size_t n = 0;
	char path[4096];

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	(void)snprintf(path, sizeof(path), "%s/tar/accept-plain.tar", test_vectors());
	one = test_read_file(&arena, path);
	memcpy(bytes, one.data, one.len);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_tar, sy_span_of(bytes, sizeof(bytes)),
				      "a.tar", &sink), SY_OK);
	for (size_t i = 0; i < sink.n; i++)
		n += sink.records[i].kind == SY_RECORD_EXTENT;
	assert_true(n > 0 && n < 10);
	assert_int_equal(test_n_facts(&sink, SY_RULE_TAR_DATA_TRAILING), 0);
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

static void pax_records_are_cut_one_by_one(void **state)
{
	struct sy_span text = sy_span_str("11 path=ab\n17 size=00000012\n");
	struct sy_span key, value;

	(void)state;
	assert_true(sy_tar_pax_next(&text, &key, &value));
	assert_true(sy_span_is(key, "path") && sy_span_is(value, "ab"));
	assert_true(sy_tar_pax_next(&text, &key, &value));
	assert_true(sy_span_is(key, "size") && sy_span_is(value, "00000012"));
	assert_false(sy_tar_pax_next(&text, &key, &value));
}

static void records_that_are_none_are_refused(void **state)
{
	static const char *const wrong[] = {
		"", "path=ab\n", "11path=ab\n", "12 path=ab\n", "10 path=ab\n", "11 path=abc",
		"11 pathabc\n", "3 \n", "99999999999999999999 a=b\n", " 11 path=ab\n",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(wrong); i++) {
		struct sy_span text = sy_span_str(wrong[i]), key, value;

		assert_false(sy_tar_pax_next(&text, &key, &value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(zeros_are_one_extent),
		cmocka_unit_test(pax_records_are_cut_one_by_one),
		cmocka_unit_test(records_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
