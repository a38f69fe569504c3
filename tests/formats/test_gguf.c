/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GGUF: the vectors get their verdict and their rule, facts say where and how
 * much, tensors and metadata come out as the file has them in both byte orders,
 * and every prefix, every failing allocation and every low limit ends well.
 */
#include "tests/formats/vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>

extern const struct sy_format sy_format_gguf;

/* A file under construction, little-endian version 3. */
struct file {
	uint8_t *buf;
	size_t len, cap;
};

static void put(struct file *f, const void *data, size_t len)
{
	assert_true(len <= f->cap - f->len);
	if (len)
		memcpy(f->buf + f->len, data, len);
	f->len += len;
}

static void put_u(struct file *f, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));

		put(f, &byte, 1);
	}
}

static void put_str(struct file *f, const char *s)
{
	put_u(f, strlen(s), 8);
	put(f, s, strlen(s));
}

static void put_head(struct file *f, uint64_t n_tensors, uint64_t n_kv)
{
	put(f, "GGUF", 4);
	put_u(f, 3, 4);
	put_u(f, n_tensors, 8);
	put_u(f, n_kv, 8);
}

static void put_architecture(struct file *f)
{
	put_str(f, "general.architecture");
	put_u(f, 8, 4);
	put_str(f, "llama");
}

static void put_tensor(struct file *f, const char *name, uint64_t n, uint64_t off)
{
	put_str(f, name);
	put_u(f, 1, 4);
	put_u(f, n, 8);
	put_u(f, 0, 4);
	put_u(f, off, 8);
}

static void pad(struct file *f)
{
	while (f->len % 32)
		put_u(f, 0, 1);
}

static struct sy_span bytes_of(const struct file *f)
{
	return sy_span_of(f->buf, f->len);
}

static void run(struct sy_span bytes, struct sy_context *ctx, struct test_sink *sink)
{
	sy_context_init(ctx);
	test_sink_init(sink, ctx);
	assert_int_equal(test_inspect(ctx, &sy_format_gguf, bytes, "model.gguf", sink),
			 SY_OK);
}

static struct sy_span read_vector(struct sy_arena *arena, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/gguf/%s", test_vectors(), name);
	return test_read_file(arena, path);
}

/* Runs one vector; the caller frees the sink, which keeps copies. */
static void run_vector(const char *name, struct sy_context *ctx, struct test_sink *sink)
{
	struct sy_context file_ctx;
	struct sy_arena arena;

	sy_context_init(&file_ctx);
	sy_arena_init(&arena, &file_ctx);
	run(read_vector(&arena, name), ctx, sink);
	sy_arena_free(&arena);
}

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("gguf", ".gguf", &sy_format_gguf, NULL);
}

/* "reject-RULE--variant.gguf": the rule, or false. */
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
	struct test_sink sink;

	run_vector(name, &ctx, &sink);
	if (test_n_facts(&sink, (enum sy_rule)rule) == 0)
		fail_msg("%s does not show its rule", name);
	test_sink_free(&sink);
}

static bool is_made_below(unsigned rule)
{
	return rule == SY_RULE_GGUF_KEY_LENGTH || rule == SY_RULE_GGUF_TOKEN_LENGTH;
}

static void vectors_show_their_rule(void **state)
{
	bool is_seen[SY_N_RULES] = { false };
	char folder[2048];
	struct dirent *entry;
	DIR *dir;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/gguf", test_vectors());
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		unsigned rule;

		if (!sy_span_ends(sy_span_str(entry->d_name), ".gguf"))
			continue;
		if (!rule_of(entry->d_name, &rule)) {
			assert_true(sy_span_starts(sy_span_str(entry->d_name), "accept-"));
			continue;
		}
		is_seen[rule] = true;
		check_rule(entry->d_name, rule);
	}
	assert_int_equal(closedir(dir), 0);
	for (unsigned rule = 0; rule < SY_N_RULES; rule++) {
		const char *id = sy_rule_info(rule)->id;

		if (sy_span_starts(sy_span_str(id), "gguf-") && !is_seen[rule] &&
		    !is_made_below(rule))
			fail_msg("no vector shows %s", id);
	}
}

static void every_prefix_ends_well(void **state)
{
	static const char *const names[] = {
		"accept-vocabulary.gguf", "accept-quantised.gguf",
		"warn-gguf-array-nested.gguf", "warn-gguf-byte-order-big.gguf",
		"warn-gguf-version-old.gguf",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		struct sy_context ctx;
		struct sy_arena arena;

		sy_context_init(&ctx);
		sy_arena_init(&arena, &ctx);
		test_every_prefix(&sy_format_gguf, read_vector(&arena, names[i]), "m.gguf");
		sy_arena_free(&arena);
	}
}

/* Cut anywhere before its data is complete, a file is never accepted. */
static void no_prefix_is_accepted(void **state)
{
	struct sy_context ctx, file_ctx;
	struct sy_arena arena;
	struct test_sink sink;
	struct sy_span whole;

	(void)state;
	sy_context_init(&file_ctx);
	sy_arena_init(&arena, &file_ctx);
	whole = read_vector(&arena, "accept-one.gguf");
	for (size_t len = 0; len < whole.len; len++) {
		run(sy_span_slice(whole, 0, len), &ctx, &sink);
		assert_true(test_n_facts_from(&sink, SY_HIGH) > 0);
		test_sink_free(&sink);
	}
	sy_arena_free(&arena);
}

static void check_a_2_by_8(const char *vector, uint64_t off)
{
	const struct sy_record_tensor *t;
	struct sy_context ctx;
	struct test_sink sink;

	run_vector(vector, &ctx, &sink);
	assert_int_equal(test_n_records(&sink, SY_RECORD_TENSOR), 1);
	t = &test_record(&sink, SY_RECORD_TENSOR, 0)->u.tensor;
	assert_true(sy_span_is(t->dtype, "F32"));
	assert_int_equal(t->rank, 2);
	assert_int_equal(t->shape[0], 2);
	assert_int_equal(t->shape[1], 8);
	assert_int_equal(t->off, off);
	assert_int_equal(t->len, 64);
	test_sink_free(&sink);
}

static void shapes_are_slowest_first_in_every_layout(void **state)
{
	(void)state;
	check_a_2_by_8("accept-one.gguf", 128);
	check_a_2_by_8("warn-gguf-byte-order-big.gguf", 160);
	check_a_2_by_8("warn-gguf-version-old.gguf", 128);
}

static const struct sy_record_meta *meta_of(const struct test_sink *sink, const char *key)
{
	for (size_t i = 0; i < sink->n; i++) {
		const struct sy_record *r = &sink->records[i];

		if (r->kind == SY_RECORD_META && sy_span_is(r->u.meta.key, key))
			return &r->u.meta;
	}
	fail_msg("no metadata %s", key);
	return NULL;
}

static void check_meta(const struct test_sink *sink, const char *key, const char *type,
		       const char *value)
{
	const struct sy_record_meta *meta = meta_of(sink, key);

	assert_true(sy_span_is(meta->type, type));
	if (!sy_span_is(meta->value, value))
		fail_msg("%s is %.*s", key, (int)meta->value.len,
			 (const char *)meta->value.data);
}

static void values_come_out_as_text(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	run_vector("accept-all-values.gguf", &ctx, &sink);
	check_meta(&sink, "general.architecture", "string", "llama");
	check_meta(&sink, "a.s0", "u8", "200");
	check_meta(&sink, "a.s1", "i8", "-3");
	check_meta(&sink, "a.s3", "i16", "-3");
	check_meta(&sink, "a.s5", "i32", "-3");
	check_meta(&sink, "a.s6", "f32", "0.5");
	check_meta(&sink, "a.s7", "bool", "true");
	check_meta(&sink, "a.s10", "u64", "9223372036854775808");
	check_meta(&sink, "a.s11", "i64", "-4611686018427387904");
	check_meta(&sink, "a.s12", "f64", "-1e+300");
	check_meta(&sink, "a.a1", "array of i8",
		   "[9 values] -3, -3, -3, -3, -3, -3, -3, -3, ...");
	check_meta(&sink, "a.e12", "array of f64", "[0 values]");
	test_sink_free(&sink);
}

static void a_split_file_says_its_place(void **state)
{
	const struct sy_record_ref *ref;
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	run_vector("accept-split-second.gguf", &ctx, &sink);
	assert_int_equal(test_n_records(&sink, SY_RECORD_REF), 2);
	ref = &test_record(&sink, SY_RECORD_REF, 0)->u.ref;
	assert_int_equal(ref->kind, SY_REF_SPLIT);
	assert_true(ref->value == (UINT64_C(1) << 32 | 2));
	ref = &test_record(&sink, SY_RECORD_REF, 1)->u.ref;
	assert_int_equal(ref->kind, SY_REF_SPLIT_TENSORS);
	assert_int_equal(ref->value, 3);
	test_sink_free(&sink);
}

static void a_summary_names_what_matters(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	run_vector("accept-quantised.gguf", &ctx, &sink);
	assert_true(sy_span_is(test_record(&sink, SY_RECORD_ARTIFACT, 0)->u.artifact.summary,
			       "v3, llama, 4 tensors, Q4_K_M, 343 bytes"));
	test_sink_free(&sink);
}

static void a_truncated_tensor_names_both_ends(void **state)
{
	const struct sy_record_fact *fact;
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	run_vector("reject-gguf-data-truncated--by-one.gguf", &ctx, &sink);
	fact = test_fact(&sink, SY_RULE_GGUF_DATA_TRUNCATED, 0);
	assert_true(sy_span_is(fact->symbol, "a"));
	assert_true(sy_span_is(fact->detail, "tensor 0 'a' has 32 bytes at offset 0 of the "
					     "data, which begins at byte 128; the file ends "
					     "at 159"));
	assert_int_equal(test_n_records(&sink, SY_RECORD_TENSOR), 0);
	test_sink_free(&sink);
}

static void long_keys_and_tokens_are_said(void **state)
{
	static uint8_t buf[200000];
	static char text[70000];
	struct file f = { .buf = buf, .cap = sizeof(buf) };
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	memset(text, 'a', 65536);
	put_head(&f, 0, 3);
	put_architecture(&f);
	put_str(&f, text);
	put_u(&f, 0, 5);
	put_str(&f, "tokenizer.ggml.tokens");
	put_u(&f, 9, 4);
	put_u(&f, 8, 4);
	put_u(&f, 1, 8);
	put_str(&f, text);
	run(bytes_of(&f), &ctx, &sink);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_KEY_LENGTH), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_TOKEN_LENGTH), 1);
	assert_int_equal(test_n_facts_from(&sink, SY_LOW), 2);
	test_sink_free(&sink);
}

static void all_findings_are_said_not_only_the_first(void **state)
{
	uint8_t buf[1024];
	struct file f = { .buf = buf, .cap = sizeof(buf) };
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	put_head(&f, 3, 2);
	put_str(&f, "A");
	put_u(&f, 7, 4);
	put_u(&f, 2, 1);
	put_str(&f, "A");
	put_u(&f, 0, 5);
	put_tensor(&f, "../a", 8, 32);
	put_tensor(&f, "b", UINT64_MAX, 0);
	put_tensor(&f, "b", 8, 7);
	pad(&f);
	run(bytes_of(&f), &ctx, &sink);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_KEY_CHARSET), 2);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_BOOL_INVALID), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_KEY_DUPLICATE), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_ARCHITECTURE_MISSING), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_TENSOR_NAME_PATH), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_DIM_INVALID), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_NAME_DUPLICATE), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_OFFSET_UNALIGNED), 1);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_DATA_TRUNCATED), 2);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_DATA_ORDER), 1);
	test_sink_free(&sink);
}

static void many_tensors_are_linear(void **state)
{
	const size_t n = 50000;
	struct sy_context ctx, file_ctx;
	struct test_sink sink;
	struct file f = { .cap = n * 100 };
	clock_t start;

	(void)state;
	sy_context_init(&file_ctx);
	f.buf = sy_alloc(&file_ctx, f.cap);
	assert_non_null(f.buf);
	put_head(&f, n, 1);
	put_architecture(&f);
	for (size_t i = 0; i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "blk.%zu.weight", i);
		put_tensor(&f, name, 8, 32 * (n - 1 - i));
	}
	pad(&f);
	for (size_t i = 0; i < 4 * n; i++)
		put_u(&f, 0x3f, 8);
	start = clock();
	run(bytes_of(&f), &ctx, &sink);
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
	assert_int_equal(test_n_records(&sink, SY_RECORD_TENSOR), n);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_DATA_ORDER), 20);
	assert_int_equal(test_n_facts(&sink, SY_RULE_GGUF_DATA_OVERLAP), 0);
	test_sink_free(&sink);
	sy_release(&file_ctx, f.buf);
}

static enum sy_status run_limited(struct sy_context *ctx, const char *vector)
{
	struct sy_context file_ctx;
	struct sy_arena arena;
	struct test_sink sink;
	enum sy_status status;

	sy_context_init(&file_ctx);
	sy_arena_init(&arena, &file_ctx);
	test_sink_init(&sink, ctx);
	status = test_inspect(ctx, &sy_format_gguf, read_vector(&arena, vector), "m", &sink);
	test_sink_free(&sink);
	sy_arena_free(&arena);
	return status;
}

static void a_limit_reached_is_no_finding_and_not_clean(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.gguf_keys = 2;
	assert_int_equal(run_limited(&ctx, "accept-vocabulary.gguf"), SY_LIMIT);
	sy_context_init(&ctx);
	ctx.limits.gguf_array_items = 3;
	assert_int_equal(run_limited(&ctx, "accept-vocabulary.gguf"), SY_LIMIT);
	sy_context_init(&ctx);
	ctx.limits.tensors = 3;
	assert_int_equal(run_limited(&ctx, "accept-quantised.gguf"), SY_LIMIT);
}

static void cancelling_ends_it(void **state)
{
	const atomic_bool cancelled = true;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	ctx.cancelled = &cancelled;
	assert_int_equal(run_limited(&ctx, "accept-vocabulary.gguf"), SY_CANCELLED);
}

static enum sy_status run_failing(struct sy_span bytes, uint64_t at)
{
	struct sy_context ctx, sink_ctx;
	struct test_allocator allocator = { .fail_at = at };
	struct test_sink sink;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source, .wants = 7 };
	enum sy_status status;

	sy_context_init(&ctx);
	sy_context_init(&sink_ctx);
	test_sink_init(&sink, &sink_ctx);
	test_allocator_use(&ctx, &allocator);
	sy_source_from_memory(&source, &ctx, bytes);
	sy_arena_init(&in.arena, &ctx);
	in.sink = &sink.sink;
	status = sy_format_gguf.inspect(&in);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	assert_int_equal(allocator.n_live, 0);
	assert_int_equal(ctx.memory_used, 0);
	test_sink_free(&sink);
	return status;
}

static void every_failing_allocation_is_survived(void **state)
{
	static const char *const names[] = { "accept-vocabulary.gguf",
					     "accept-quantised.gguf",
					     "reject-gguf-name-length--long.gguf" };

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		enum sy_status status = SY_NO_MEMORY;
		struct sy_context ctx;
		struct sy_arena arena;
		struct sy_span bytes;

		sy_context_init(&ctx);
		sy_arena_init(&arena, &ctx);
		bytes = read_vector(&arena, names[i]);
		for (uint64_t at = 0; status == SY_NO_MEMORY; at++) {
			assert_true(at < 1000);
			status = run_failing(bytes, at);
		}
		assert_int_equal(status, SY_OK);
		sy_arena_free(&arena);
	}
}

static unsigned bid(const void *bytes, size_t len)
{
	struct sy_probe probe = test_probe(sy_span_of(bytes, len), "x");

	return sy_format_gguf.bid(&probe);
}

static void bids_rest_on_content(void **state)
{
	(void)state;
	assert_true(bid("GGUF\3\0\0\0", 8) > 32);
	assert_true(bid("GGUF\0\0\0\3", 8) > 32);
	assert_int_equal(bid("GGUF\7\0\0\0", 8), 32);
	assert_int_equal(bid("GGUF", 4), 32);
	assert_int_equal(bid("GGU", 3), 0);
	assert_int_equal(bid("gguf\3\0\0\0", 8), 0);
	assert_int_equal(bid("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(vectors_show_their_rule),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(no_prefix_is_accepted),
		cmocka_unit_test(shapes_are_slowest_first_in_every_layout),
		cmocka_unit_test(values_come_out_as_text),
		cmocka_unit_test(a_split_file_says_its_place),
		cmocka_unit_test(a_summary_names_what_matters),
		cmocka_unit_test(a_truncated_tensor_names_both_ends),
		cmocka_unit_test(long_keys_and_tokens_are_said),
		cmocka_unit_test(all_findings_are_said_not_only_the_first),
		cmocka_unit_test(many_tensors_are_linear),
		cmocka_unit_test(a_limit_reached_is_no_finding_and_not_clean),
		cmocka_unit_test(cancelling_ends_it),
		cmocka_unit_test(every_failing_allocation_is_survived),
		cmocka_unit_test(bids_rest_on_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
