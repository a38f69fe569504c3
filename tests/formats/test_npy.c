/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NumPy arrays: the vectors get their verdict and show their rule, the tensor comes
 * out as the header has it, and every prefix and every failing allocation ends well.
 */
#include "tests/formats/vectors.h"

#include <stdio.h>

extern const struct sy_format sy_format_npy;

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("npy", ".npy", &sy_format_npy, NULL);
}

static void vectors_show_their_rule(void **state)
{
	(void)state;
	test_vector_rules("npy", ".npy", &sy_format_npy, "npy-");
}

static struct sy_span vector(struct sy_arena *arena, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/npy/%s.npy", test_vectors(), name);
	return test_read_file(arena, path);
}

static void every_prefix_ends_well(void **state)
{
	static const char *const names[] = {
		"accept-version-3", "warn-npy-dtype-unusual--nested", "warn-npy-dtype-object",
		"reject-pickle-import-dangerous--second",
	};
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++)
		test_every_prefix(&sy_format_npy, vector(&arena, names[i]), "a.npy");
	sy_arena_free(&arena);
}

static void every_failing_allocation_is_survived(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_every_allocation(&sy_format_npy, vector(&arena, "warn-npy-dtype-object"));
	test_every_allocation(&sy_format_npy, vector(&arena, "warn-npy-dtype-unusual--nested"));
	sy_arena_free(&arena);
}

static void the_tensor_is_as_the_header_says(void **state)
{
	const struct sy_record_tensor *t;
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_npy, vector(&arena, "accept-fortran"),
				      "layer.0.npy", &sink), SY_OK);
	assert_int_equal(test_n_records(&sink, SY_RECORD_TENSOR), 1);
	t = &test_record(&sink, SY_RECORD_TENSOR, 0)->u.tensor;
	assert_true(sy_span_is(t->name, "layer.0"));
	assert_true(sy_span_is(t->dtype, "<f4"));
	assert_int_equal(t->rank, 2);
	assert_int_equal(t->shape[0], 1);
	assert_int_equal(t->shape[1], 2);
	assert_int_equal(t->off, 128);
	assert_int_equal(t->len, 8);
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

static void the_name_alone_does_not_make_an_array(void **state)
{
	struct sy_probe probe = test_probe(sy_span_str("not an array"), "a.npy");

	(void)state;
	assert_int_equal(sy_format_npy.bid(&probe), 0);
	probe = test_probe(sy_span_str("\x93NUMPY\x01"), "a.bin");
	assert_true(sy_format_npy.bid(&probe) > 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(vectors_show_their_rule),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(every_failing_allocation_is_survived),
		cmocka_unit_test(the_tensor_is_as_the_header_says),
		cmocka_unit_test(the_name_alone_does_not_make_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
