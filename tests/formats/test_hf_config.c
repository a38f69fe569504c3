/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: vectors, the code they refer to, names, limits. */
#include "tests/formats/vectors.h"

extern const struct sy_format sy_format_hf_config;

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("hf_config", ".json", &sy_format_hf_config, NULL);
}

static void inspect(struct sy_context *ctx, const char *text, const char *name,
		    struct test_sink *sink)
{
	sy_context_init(ctx);
	test_sink_init(sink, ctx);
	assert_int_equal(test_inspect(ctx, &sy_format_hf_config, sy_span_str(text), name,
				      sink), SY_OK);
}

static void expect_ref(const char *text, const char *file, enum sy_ref_kind kind,
		       const char *name, const char *target)
{
	struct sy_context ctx;
	struct test_sink sink;
	const struct sy_record_ref *ref;

	inspect(&ctx, text, file, &sink);
	assert_int_equal(test_n_records(&sink, SY_RECORD_REF), 1);
	ref = &test_record(&sink, SY_RECORD_REF, 0)->u.ref;
	assert_int_equal(ref->kind, kind);
	assert_true(sy_span_is(ref->name, name));
	assert_true(sy_span_is(ref->target, target));
	test_sink_free(&sink);
}

static void code_becomes_references(void **state)
{
	(void)state;
	expect_ref("{\"auto_map\": {\"AutoModel\": \"modeling_x.X\"}}", "config.json",
		   SY_REF_CODE, "AutoModel", "modeling_x.py");
	expect_ref("{\"auto_map\": {\"AutoTokenizer\": [\"tok.T\", null]}}",
		   "tokenizer_config.json", SY_REF_CODE, "AutoTokenizer", "tok.py");
	expect_ref("{\"auto_map\": {\"AutoModel\": \"a/b--modeling_x.X\"}}", "config.json",
		   SY_REF_CODE_REMOTE, "AutoModel", "a/b");
	expect_ref("{\"custom_pipelines\": {\"p\": {\"impl\": \"pipe.P\", \"pt\": [\"M\"]}}}",
		   "config.json", SY_REF_CODE, "impl", "pipe.py");
}

static void models_become_references(void **state)
{
	(void)state;
	expect_ref("{\"base_model_name_or_path\": \"a/b\"}", "adapter_config.json",
		   SY_REF_BASE_MODEL, "base_model_name_or_path", "a/b");
	expect_ref("{\"unet\": [\"diffusers\", \"UNet\"]}", "model_index.json",
		   SY_REF_COMPONENT, "UNet", "unet");
}

static void a_broken_file_says_where(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	inspect(&ctx, "{\"a\": 1,}", "config.json", &sink);
	assert_int_equal(test_fact(&sink, SY_RULE_CONFIG_SYNTAX_BROKEN, 0)->off, 8);
	test_sink_free(&sink);
}

static unsigned bid(const char *text, const char *name)
{
	struct sy_probe probe = test_probe(sy_span_str(text), name);

	return sy_format_hf_config.bid(&probe);
}

static void bids_go_by_name(void **state)
{
	(void)state;
	assert_true(bid("{}", "config.json") > 0);
	assert_true(bid("not JSON", "tokenizer_config.json") > 0);
	assert_true(bid("{}", "bert_config.json") > 0);
	assert_true(bid("", "Config.JSON") > 0);
	assert_true(bid("", "config.json") > 64);
	assert_int_equal(bid("{}", "tsconfig.json"), 0);
	assert_ptr_equal(sy_format_claimed(sy_span_str("config.json")), &sy_format_hf_config);
	assert_int_equal(bid("{}", "tokenizer.json"), 0);
}

static void every_prefix_ends_well(void **state)
{
	(void)state;
	test_every_prefix(&sy_format_hf_config,
			  sy_span_str("{\"auto_map\": {\"A\": [\"x.Y\", null]}, \"x\": [[1], "
				      "Infinity], \"chat_template\": [{\"name\": \"d\", "
				      "\"template\": \"{{ ''.__class__ }}\"}]}"),
			  "tokenizer_config.json");
}

static void too_large_is_a_limit(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.config_bytes = 1;
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_hf_config, sy_span_str("{}"),
				      "config.json", &sink), SY_LIMIT);
	test_sink_free(&sink);
}

static void deep_nesting_is_a_limit(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;
	char text[4096];

	(void)state;
	memset(text, '[', sizeof(text));
	sy_context_init(&ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_hf_config,
				      sy_span_of(text, sizeof(text)), "config.json",
				      &sink), SY_LIMIT);
	test_sink_free(&sink);
}

static enum sy_status inspect_with(struct sy_context *ctx, struct sy_sink *sink)
{
	static const char text[] = "{\"a\": [{\"b\": \"c\"}], \"chat_template\": \"{{ x }}\"}";
	struct sy_source source;
	struct sy_inspection in = {
		.ctx = ctx, .source = &source, .base = sy_span_str("config.json"),
		.path = sy_span_str("config.json"), .sink = sink,
	};
	enum sy_status status;

	sy_source_from_memory(&source, ctx, sy_span_of(text, sizeof(text) - 1));
	sy_arena_init(&in.arena, ctx);
	status = sy_format_hf_config.inspect(&in);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	return status;
}

static void failing_allocations_are_survived(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 40; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx, plain;
		struct test_sink sink;
		enum sy_status status;

		sy_context_init(&plain);
		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		test_sink_init(&sink, &plain);
		status = inspect_with(&ctx, &sink.sink);
		assert_true(status == (allocator.n_calls > n ? SY_NO_MEMORY : SY_OK));
		assert_int_equal(allocator.n_live, 0);
		test_sink_free(&sink);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(code_becomes_references),
		cmocka_unit_test(models_become_references),
		cmocka_unit_test(a_broken_file_says_where),
		cmocka_unit_test(bids_go_by_name),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(too_large_is_a_limit),
		cmocka_unit_test(deep_nesting_is_a_limit),
		cmocka_unit_test(failing_allocations_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
