/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors: the vectors get their verdict and their rule, facts say where and
 * how much, tensors come out as the header has them, and every prefix, every
 * failing allocation and every low limit ends well.
 */
#include "tests/formats/vectors.h"

#include <dirent.h>
#include <stdio.h>

extern const struct sy_format sy_format_safetensors;

static const char one_header[] =
	"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}  ";

/* N, header, data in `buf`; returns all of it. */
static struct sy_span build(uint8_t *buf, const char *header, size_t n_data)
{
	size_t n = strlen(header);

	for (int i = 0; i < 8; i++)
		buf[i] = (uint8_t)((uint64_t)n >> (8 * i));
	memcpy(buf + 8, header, n);
	memset(buf + 8 + n, 0x3f, n_data);
	return sy_span_of(buf, 8 + n + n_data);
}

static void run(struct sy_span bytes, struct sy_context *ctx, struct test_sink *sink)
{
	sy_context_init(ctx);
	test_sink_init(sink, ctx);
	assert_int_equal(test_inspect(ctx, &sy_format_safetensors, bytes,
				      "model.safetensors", sink), SY_OK);
}

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("safetensors", ".safetensors", &sy_format_safetensors, NULL);
}

/* "reject-RULE--variant.safetensors": the rule, or false. */
static bool rule_of(const char *name, unsigned *rule)
{
	const char *start = strchr(name, '-') + 1;
	const char *end = strstr(start, "--");

	if (!end)
		end = strrchr(start, '.');
	return sy_rule_find(sy_span_of(start, (size_t)(end - start)), rule);
}

static void check_rule(const char *name, unsigned rule)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/safetensors/%s", test_vectors(), name);
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	run(test_read_file(&arena, path), &ctx, &sink);
	if (test_n_facts(&sink, (enum sy_rule)rule) == 0)
		fail_msg("%s does not show its rule", name);
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

static void vectors_show_their_rule(void **state)
{
	char folder[2048];
	struct dirent *entry;
	bool is_seen[SY_N_RULES] = { false };
	DIR *dir;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/safetensors", test_vectors());
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		unsigned rule;

		if (!sy_span_ends(sy_span_str(entry->d_name), ".safetensors") ||
		    sy_span_starts(sy_span_str(entry->d_name), "accept-"))
			continue;
		assert_true(rule_of(entry->d_name, &rule));
		is_seen[rule] = true;
		check_rule(entry->d_name, rule);
	}
	assert_int_equal(closedir(dir), 0);
	for (unsigned rule = 0; rule < SY_N_RULES; rule++) {
		const char *id = sy_rule_info(rule)->id;

		if (!sy_span_starts(sy_span_str(id), "safetensors-") || is_seen[rule] ||
		    rule == SY_RULE_SAFETENSORS_HEADER_LARGE)	/* made below */
			continue;
		fail_msg("no vector shows %s", id);
	}
}

static void every_prefix_ends_well(void **state)
{
	uint8_t buf[256];

	(void)state;
	test_every_prefix(&sy_format_safetensors, build(buf, one_header, 8),
			  "model.safetensors");
}

static void a_tensor_is_as_the_header_says(void **state)
{
	const struct sy_record_tensor *t;
	struct sy_context ctx;
	struct test_sink sink;
	uint8_t buf[256];

	(void)state;
	run(build(buf, "{\"b\":{\"shape\":[ 1 ,\t2],\"data_offsets\":[4,8],\"dtype\":\"F16\"},"
		       "\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
		  8), &ctx, &sink);
	assert_int_equal(test_n_records(&sink, SY_RECORD_TENSOR), 2);
	t = &test_record(&sink, SY_RECORD_TENSOR, 0)->u.tensor;
	assert_true(sy_span_is(t->name, "a"));
	assert_true(sy_span_is(t->dtype, "F32"));
	assert_int_equal(t->rank, 0);
	t = &test_record(&sink, SY_RECORD_TENSOR, 1)->u.tensor;
	assert_true(sy_span_is(t->name, "b"));
	assert_int_equal(t->rank, 2);
	assert_int_equal(t->shape[0], 1);
	assert_int_equal(t->shape[1], 2);
	assert_int_equal(t->len, 4);
	test_sink_free(&sink);
}

static void a_truncated_tensor_names_both_ends(void **state)
{
	const struct sy_record_fact *fact;
	struct sy_context ctx;
	struct test_sink sink;
	uint8_t buf[256];

	(void)state;
	run(build(buf, one_header, 7), &ctx, &sink);
	fact = test_fact(&sink, SY_RULE_SAFETENSORS_DATA_TRUNCATED, 0);
	assert_true(sy_span_is(fact->detail, "tensor 't' ends at 72, the file at 71"));
	assert_true(sy_span_is(fact->symbol, "t"));
	assert_int_equal(test_n_records(&sink, SY_RECORD_TENSOR), 0);
	test_sink_free(&sink);
}

static void all_findings_are_said_not_only_the_first(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;
	uint8_t buf[512];

	(void)state;
	run(build(buf, "{\"a\":{\"dtype\":\"F33\",\"shape\":[1.5],\"data_offsets\":[1,2]},"
		       "\"\\n\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[9,4]},"
		       "\"../c\":7,\"d\":{\"dtype\":\"U8\",\"shape\":[1],"
		       "\"data_offsets\":[1,3],\"x\":0}}", 3), &ctx, &sink);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_DTYPE_UNKNOWN), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_FIELD_TYPE), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_TENSOR_NAME_CONTROL), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_SIZE_SUBBYTE), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_OFFSET_REVERSED), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_TENSOR_NAME_PATH), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_TENSOR_TYPE), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_FIELD_UNKNOWN), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_SIZE_MISMATCH), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_OFFSET_OVERLAP), 1);
	test_sink_free(&sink);
}

static void facts_beyond_the_cap_are_counted(void **state)
{
	const struct sy_record_more *more;
	struct sy_context ctx;
	struct test_sink sink;
	char header[4096] = "{";
	uint8_t buf[4096];

	(void)state;
	for (int i = 0; i < 50; i++)
		(void)snprintf(header + strlen(header), sizeof(header) - strlen(header),
			       "%s\"%d\":0", i ? "," : "", i);
	(void)snprintf(header + strlen(header), sizeof(header) - strlen(header), "}");
	run(build(buf, header, 0), &ctx, &sink);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_TENSOR_TYPE), 20);
	more = &test_record(&sink, SY_RECORD_MORE, 0)->u.more;
	assert_int_equal(more->rule, SY_RULE_SAFETENSORS_TENSOR_TYPE);
	assert_int_equal(more->n, 30);
	test_sink_free(&sink);
}

static void a_large_header_is_said(void **state)
{
	const size_t n = 25000001;
	struct sy_context ctx;
	struct test_sink sink;
	uint8_t *buf;

	(void)state;
	sy_context_init(&ctx);
	buf = sy_alloc(&ctx, n + 8);
	assert_non_null(buf);
	for (int i = 0; i < 8; i++)
		buf[i] = (uint8_t)((uint64_t)n >> (8 * i));
	memset(buf + 8, ' ', n);
	memcpy(buf + 8, "{}", 2);
	run(sy_span_of(buf, n + 8), &ctx, &sink);
	assert_int_equal(test_n_facts(&sink, SY_RULE_SAFETENSORS_HEADER_LARGE), 1);
	assert_int_equal(test_n_facts_from(&sink, SY_HIGH), 0);
	test_sink_free(&sink);
	sy_release(&ctx, buf);
}

static enum sy_status run_limited(struct sy_context *ctx, const char *header)
{
	struct test_sink sink;
	uint8_t buf[512];
	enum sy_status status;

	test_sink_init(&sink, ctx);
	status = test_inspect(ctx, &sy_format_safetensors, build(buf, header, 8), "m",
			      &sink);
	test_sink_free(&sink);
	return status;
}

static void a_limit_reached_is_no_finding_and_not_clean(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.header_bytes = 16;
	assert_int_equal(run_limited(&ctx, one_header), SY_LIMIT);
	sy_context_init(&ctx);
	ctx.limits.json_depth = 2;
	assert_int_equal(run_limited(&ctx, one_header), SY_LIMIT);
	sy_context_init(&ctx);
	ctx.limits.tensors = 1;
	assert_int_equal(run_limited(&ctx,
		"{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
		"\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}"), SY_LIMIT);
}

static void every_failing_allocation_is_survived(void **state)
{
	static const char header[] =
		"{\"__metadata__\":{\"\\u0061\":\"b\"},"
		"\"\\u00e9\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]},"
		"\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
	struct test_allocator allocator = { .fail_at = 0 };
	enum sy_status status = SY_NO_MEMORY;

	(void)state;
	for (uint64_t at = 0; status == SY_NO_MEMORY; at++) {
		struct sy_context ctx, sink_ctx;
		struct test_sink sink;
		struct sy_source source;
		struct sy_inspection in = { .ctx = &ctx, .source = &source, .wants = 7 };
		uint8_t buf[512];

		sy_context_init(&ctx);
		sy_context_init(&sink_ctx);
		test_sink_init(&sink, &sink_ctx);
		allocator = (struct test_allocator){ .fail_at = at };
		test_allocator_use(&ctx, &allocator);
		sy_source_from_memory(&source, &ctx, build(buf, header, 8));
		sy_arena_init(&in.arena, &ctx);
		in.sink = &sink.sink;
		status = sy_format_safetensors.inspect(&in);
		sy_arena_free(&in.arena);
		sy_source_close(&source);
		assert_int_equal(allocator.n_live, 0);
		assert_int_equal(ctx.memory_used, 0);
		test_sink_free(&sink);
		assert_true(at < 1000);
	}
	assert_int_equal(status, SY_OK);
}

static unsigned bid(struct sy_span bytes)
{
	struct sy_probe probe = test_probe(bytes, "x");

	return sy_format_safetensors.bid(&probe);
}

static void bids_rest_on_content(void **state)
{
	uint8_t buf[512];
	struct sy_span bytes = build(buf, one_header, 8);
	unsigned bits = bid(bytes);

	(void)state;
	assert_true(bits > 32);
	assert_true(bid(sy_span_slice(bytes, 0, bytes.len - 20)) > 0);
	buf[7] = 1;	/* N is damaged, the keys are there */
	assert_in_range(bid(bytes), 1, bits - 1);
	assert_true(bid(build(buf, "{}", 0)) > 0);
	assert_int_equal(bid(sy_span_str("")), 0);
	assert_int_equal(bid(sy_span_str("{\"a\": 1, \"dtype\": 2}")), 0);
	assert_int_equal(bid(sy_span_str("plain text, nothing else")), 0);
	assert_int_equal(bid(build(buf, "[1]", 0)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(vectors_show_their_rule),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(a_tensor_is_as_the_header_says),
		cmocka_unit_test(a_truncated_tensor_names_both_ends),
		cmocka_unit_test(all_findings_are_said_not_only_the_first),
		cmocka_unit_test(facts_beyond_the_cap_are_counted),
		cmocka_unit_test(a_large_header_is_said),
		cmocka_unit_test(a_limit_reached_is_no_finding_and_not_clean),
		cmocka_unit_test(every_failing_allocation_is_survived),
		cmocka_unit_test(bids_rest_on_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
