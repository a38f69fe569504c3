/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyTorch's old stream: the vectors get their verdict and show their rule, tensors come
 * out by name and place, and every prefix and every failing allocation ends well.
 */
#include "tests/formats/vectors.h"

#include <stdio.h>

extern const struct sy_format sy_format_torch_legacy;

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("torch_legacy", ".pt", &sy_format_torch_legacy, NULL);
}

static void vectors_show_their_rule(void **state)
{
	(void)state;
	test_vector_rules("torch_legacy", ".pt", &sy_format_torch_legacy, NULL);
}

static struct sy_span vector(struct sy_arena *arena, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/torch_legacy/%s.pt", test_vectors(), name);
	return test_read_file(arena, path);
}

static void every_prefix_ends_well(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_every_prefix(&sy_format_torch_legacy, vector(&arena, "accept-plain"), "a.pt");
	sy_arena_free(&arena);
}

static void every_failing_allocation_is_survived(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_every_allocation(&sy_format_torch_legacy, vector(&arena, "accept-named"));
	sy_arena_free(&arena);
}

static const struct sy_record_tensor *find(const struct test_sink *sink, const char *name)
{
	size_t n = test_n_records(sink, SY_RECORD_TENSOR);

	for (size_t i = 0; i < n; i++) {
		const struct sy_record_tensor *t =
			&test_record(sink, SY_RECORD_TENSOR, i)->u.tensor;

		if (sy_span_is(t->name, name))
			return t;
	}
	fail_msg("no tensor is called %s", name);
	return NULL;
}

/* Keys of dicts, numbers of lists and tuples; modules as their state_dict has them. */
static void tensors_have_the_names_of_their_keys(void **state)
{
	static const char *const names[] = {
		"half", "list.0", "list.2", "net.inner.mean", "net.weight",
		"optimizer.state.0.exp_avg", "pair.0", "spread", "state_dict.layer.0.bias",
		"state_dict.layer.0.weight", "turned",
	};
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_torch_legacy,
				      vector(&arena, "accept-named"), "a.pt", &sink), SY_OK);
	assert_int_equal(test_n_records(&sink, SY_RECORD_TENSOR), SY_N_ELEMS(names));
	assert_int_equal(test_record(&sink, SY_RECORD_ARTIFACT, 0)->u.artifact.n_tensors,
			 SY_N_ELEMS(names));
	for (size_t i = 0; i < SY_N_ELEMS(names); i++)
		(void)find(&sink, names[i]);
	/* Transposed or repeated, it says how its elements lie. */
	assert_int_equal(find(&sink, "turned")->len, 24);
	assert_true(find(&sink, "turned")->has_strides);
	assert_true(find(&sink, "spread")->has_strides);
	assert_false(find(&sink, "half")->has_strides);
	assert_int_equal(find(&sink, "half")->len, 4);
	assert_true(sy_span_is(find(&sink, "half")->dtype, "bfloat16"));
	assert_true(sy_span_is(find(&sink, "net.weight")->dtype, "float32"));
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

/* The file's last piece is the second of two storages: "0", put behind "1". */
static void storages_lie_in_the_order_of_the_keys(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;
	struct sy_span bytes;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_sink_init(&sink, &ctx);
	bytes = vector(&arena, "accept-another-order");
	assert_int_equal(test_inspect(&ctx, &sy_format_torch_legacy, bytes, "a.pt", &sink), SY_OK);
	assert_int_equal(find(&sink, "a")->off, bytes.len - 4);
	assert_int_equal(find(&sink, "b")->off, bytes.len - 4 - 8 - 12);
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

static void limits_are_kept(void **state)
{
	struct sy_context ctx, own;
	struct sy_arena arena;
	struct test_sink sink;

	(void)state;
	sy_context_init(&own);
	sy_arena_init(&arena, &own);
	sy_context_init(&ctx);
	ctx.limits.tensors = 50;
	test_sink_init(&sink, &own);
	assert_int_equal(test_inspect(&ctx, &sy_format_torch_legacy,
				      vector(&arena, "accept-many-storages"), "a.pt", &sink),
			 SY_LIMIT);
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(vectors_show_their_rule),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(every_failing_allocation_is_survived),
		cmocka_unit_test(tensors_have_the_names_of_their_keys),
		cmocka_unit_test(storages_lie_in_the_order_of_the_keys),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
