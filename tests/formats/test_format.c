/* SPDX-License-Identifier: Apache-2.0 */
/* The registry and the short forms of records. */
#include "tests/support/support.h"

/* An inspection of `size` zero bytes that collects in a sink. */
struct bench {
	struct sy_context ctx;
	struct test_sink sink;
	struct sy_source source;
	struct sy_inspection in;
	uint8_t bytes[100];
};

static void bench_init(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	sy_context_init(&b->ctx);
	test_sink_init(&b->sink, &b->ctx);
	sy_source_from_memory(&b->source, &b->ctx, sy_span_of(b->bytes, sizeof(b->bytes)));
	b->in = (struct sy_inspection){
		.ctx = &b->ctx, .source = &b->source, .sink = &b->sink.sink };
	sy_arena_init(&b->in.arena, &b->ctx);
}

static void bench_free(struct bench *b)
{
	sy_arena_free(&b->in.arena);
	test_sink_free(&b->sink);
	sy_source_close(&b->source);
	assert_int_equal(b->ctx.memory_used, 0);
}

static void names_are_unique_and_found(void **state)
{
	(void)state;
	for (size_t i = 0; sy_formats[i]; i++) {
		assert_ptr_equal(sy_format_find(sy_span_str(sy_formats[i]->name)),
				 sy_formats[i]);
		assert_non_null(sy_formats[i]->title);
		assert_non_null(sy_formats[i]->spec);
	}
	assert_null(sy_format_find(sy_span_str("no such format")));
}

static void suffixes_are_lower_case_and_claim_in_any_case(void **state)
{
	const struct sy_format *claimed;

	(void)state;
	for (size_t i = 0; sy_formats[i]; i++) {
		const char *const *suffix = sy_formats[i]->suffixes;

		for (; suffix && *suffix; suffix++) {
			for (const char *c = *suffix; *c; c++)
				assert_int_equal(*c, sy_ascii_lower((uint8_t)*c));
		}
	}
	claimed = sy_format_claimed(sy_span_str("Model.SafeTensors"));
	assert_non_null(claimed);
	assert_string_equal(claimed->name, "safetensors");
	assert_null(sy_format_claimed(sy_span_str("safetensors.")));
	assert_null(sy_format_claimed(sy_span_str("")));
}

static void no_winner_means_no_bits(void **state)
{
	struct sy_probe probe = test_probe(sy_span_str("\x01\x02\x03"), "x");
	const struct sy_format *best;
	unsigned bits = 7;

	(void)state;
	best = sy_format_bid(&probe, &bits);
	assert_int_equal(best == NULL, bits == 0);
}

static void the_highest_bid_wins(void **state)
{
	static const char bytes[] = "\x02\0\0\0\0\0\0\0{}";
	struct sy_probe probe = test_probe(sy_span_of(bytes, 10), "x");
	const struct sy_format *best;
	unsigned bits;

	(void)state;
	best = sy_format_bid(&probe, &bits);
	assert_non_null(best);
	assert_string_equal(best->name, "safetensors");
	for (size_t i = 0; sy_formats[i]; i++)
		assert_true(!sy_formats[i]->bid || sy_formats[i]->bid(&probe) <= bits);
}

static void facts_are_capped_and_counted(void **state)
{
	struct bench b;
	const struct sy_record_more *more;

	(void)state;
	bench_init(&b);
	b.ctx.limits.findings_per_rule = 2;
	for (int i = 0; i < 5; i++)
		assert_int_equal(sy_fact(&b.in, SY_RULE_TENSOR_NAME_EMPTY, 0, 0,
					 sy_span_str(""), "number %d", i), SY_OK);
	assert_false(sy_fact_is_wanted(&b.in, SY_RULE_TENSOR_NAME_EMPTY));
	assert_true(sy_fact_is_wanted(&b.in, SY_RULE_TENSOR_NAME_PATH));
	assert_int_equal(sy_facts_end(&b.in), SY_OK);
	assert_int_equal(test_n_facts(&b.sink, SY_RULE_TENSOR_NAME_EMPTY), 2);
	assert_int_equal(test_n_records(&b.sink, SY_RECORD_MORE), 1);
	more = &test_record(&b.sink, SY_RECORD_MORE, 0)->u.more;
	assert_int_equal(more->n, 3);
	bench_free(&b);
}

static void places_are_clipped_to_the_file(void **state)
{
	static const struct { uint64_t off, len, want_off, want_len; } rows[] = {
		{ 10, 20, 10, 20 },	{ 90, 20, 90, 10 },
		{ 100, 5, 100, 0 },	{ 101, 5, SY_OFFSET_NONE, 0 },
		{ 1, UINT64_MAX, 1, 99 }, { SY_OFFSET_NONE, 5, SY_OFFSET_NONE, 0 },
	};
	struct bench b;

	(void)state;
	bench_init(&b);
	for (size_t i = 0; i < SY_N_ELEMS(rows); i++) {
		const struct sy_record_fact *fact;

		assert_int_equal(sy_fact(&b.in, SY_RULE_TENSOR_NAME_EMPTY, rows[i].off,
					 rows[i].len, sy_span_str("s"), "x"), SY_OK);
		fact = test_fact(&b.sink, SY_RULE_TENSOR_NAME_EMPTY, i);
		assert_int_equal(fact->off, rows[i].want_off);
		assert_int_equal(fact->len, rows[i].want_len);
	}
	bench_free(&b);
}

static void long_texts_are_cut_between_code_points(void **state)
{
	const struct sy_record_fact *fact;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.ctx.limits.name_bytes = 2;
	b.ctx.limits.detail_bytes = 4;
	assert_int_equal(sy_fact(&b.in, SY_RULE_TENSOR_NAME_EMPTY, 0, 0,
				 sy_span_str("a\xc3\xa9"), "1234567"), SY_OK);
	fact = test_fact(&b.sink, SY_RULE_TENSOR_NAME_EMPTY, 0);
	assert_true(sy_span_is(fact->symbol, "a"));
	assert_true(sy_span_is(fact->detail, "1234"));
	bench_free(&b);
}

static void only_what_is_wanted_is_emitted(void **state)
{
	struct sy_record_tensor tensor = { .rank = 0 };
	struct sy_span s = sy_span_str("x");
	struct bench b;

	(void)state;
	bench_init(&b);
	assert_int_equal(sy_emit_tensor(&b.in, &tensor), SY_OK);
	assert_int_equal(sy_emit_meta(&b.in, s, "string", s, 0, 1), SY_OK);
	assert_int_equal(sy_emit_ref(&b.in, SY_REF_CODE, s, s, 0, 0), SY_OK);
	assert_int_equal(b.sink.n, 0);
	b.in.wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS;
	assert_int_equal(sy_emit_tensor(&b.in, &tensor), SY_OK);
	assert_int_equal(sy_emit_meta(&b.in, s, "string", s, 0, 1), SY_OK);
	assert_int_equal(sy_emit_ref(&b.in, SY_REF_CODE, s, s, 0, 0), SY_OK);
	assert_int_equal(b.sink.n, 3);
	bench_free(&b);
}

static void the_artifact_carries_what_was_read(void **state)
{
	const struct sy_record_artifact *artifact;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.in.bytes_parsed = 42;
	assert_int_equal(sy_emit_artifact(&b.in, "x", 3, "%d tensors", 3), SY_OK);
	assert_int_equal(sy_emit_extent(&b.in, SY_EXTENT_DATA, 0, 100), SY_OK);
	assert_int_equal(sy_emit_notice(&b.in, "kind", "because of %s", "this"), SY_OK);
	artifact = &test_record(&b.sink, SY_RECORD_ARTIFACT, 0)->u.artifact;
	assert_int_equal(artifact->bytes_parsed, 42);
	assert_true(sy_span_is(artifact->summary, "3 tensors"));
	assert_true(sy_span_is(test_record(&b.sink, SY_RECORD_NOTICE, 0)->u.notice.detail,
			       "because of this"));
	bench_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_found),
		cmocka_unit_test(suffixes_are_lower_case_and_claim_in_any_case),
		cmocka_unit_test(no_winner_means_no_bits),
		cmocka_unit_test(the_highest_bid_wins),
		cmocka_unit_test(facts_are_capped_and_counted),
		cmocka_unit_test(places_are_clipped_to_the_file),
		cmocka_unit_test(long_texts_are_cut_between_code_points),
		cmocka_unit_test(only_what_is_wanted_is_emitted),
		cmocka_unit_test(the_artifact_carries_what_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
