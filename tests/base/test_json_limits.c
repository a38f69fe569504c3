/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/json: depth, long strings, cancelling, memory that runs out. */
#include "tests/base/json_support.h"

#include "verifier/base/memory.h"

/* n opening brackets, in turn [ and {"":, and the closing ones. */
static struct sy_span nested(struct sy_arena *arena, size_t n)
{
	char *text = sy_arena_alloc(arena, n * 6 + 1);
	size_t len = 0;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		memcpy(text + len, i % 2 ? "{\"\":" : "[", i % 2 ? 4 : 1);
		len += i % 2 ? 4 : 1;
	}
	text[len++] = '0';
	for (size_t i = n; i > 0; i--)
		text[len++] = (i - 1) % 2 ? '}' : ']';
	return sy_span_of(text, len);
}

static void test_depth(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_json_error why;
	struct sy_span deep;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	deep = nested(&arena, 1000000);
	assert_int_equal(json_read_all(&ctx, deep, 1000000), SY_OK);
	assert_int_equal(json_read_all(&ctx, deep, 999999), SY_LIMIT);
	assert_int_equal(sy_json_check(&ctx, deep, 0, &why), SY_LIMIT);
	assert_string_equal(why.what, "arrays and objects are nested too deeply");
	/* 127 levels: 64 "[" and 63 of the longer ones stand before it. */
	assert_int_equal(why.off, 64 + 63 * 4);
	assert_int_equal(json_read_all(&ctx, nested(&arena, 127), 0), SY_OK);
	assert_int_equal(json_read_all(&ctx, nested(&arena, 128), 0), SY_LIMIT);
	assert_int_equal(json_read_all(&ctx, sy_span_str("[[]]"), 2), SY_OK);
	assert_int_equal(json_read_all(&ctx, sy_span_str("[[[]]]"), 2), SY_LIMIT);
	sy_arena_free(&arena);
}

static void test_string_limit(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.string_bytes = 4;
	assert_int_equal(json_read_all(&ctx, sy_span_str("[\"abcd\"]"), 0), SY_OK);
	assert_int_equal(json_read_all(&ctx, sy_span_str("[\"abcde\"]"), 0), SY_LIMIT);
	assert_int_equal(json_read_all(&ctx, sy_span_str("{\"abcde\":0}"), 0),
			 SY_LIMIT);
	assert_int_equal(ctx.error.status, SY_OK);
}

static void test_cancelled(void **state)
{
	atomic_bool cancelled = false;
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_json *json;
	struct sy_json_token t;
	enum sy_status status = SY_OK;
	unsigned n = 0;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	ctx.cancelled = &cancelled;
	json = sy_json_open(&ctx, json_many_keys(&arena, 10000, "0", ""), 0, 0);
	assert_int_equal(sy_json_next(json, &t), SY_OK);
	atomic_store(&cancelled, true);
	while (status == SY_OK && n++ < 5000)
		status = sy_json_next(json, &t);
	assert_int_equal(status, SY_CANCELLED);
	sy_json_free(&json);
	sy_arena_free(&arena);
}

static enum sy_status read_with_failure(struct sy_span text, uint64_t fail_at,
					struct test_allocator *allocator)
{
	struct sy_context ctx;
	enum sy_status status;

	*allocator = (struct test_allocator){ .fail_at = fail_at };
	sy_context_init(&ctx);
	test_allocator_use(&ctx, allocator);
	status = json_read_all(&ctx, text, 1000);
	assert_int_equal(allocator->n_live, 0);
	assert_int_equal(ctx.error.status, status);
	return status;
}

static void test_failing_allocations(void **state)
{
	struct test_allocator allocator;
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span text;
	uint64_t n_calls;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	/* Escaped keys that grow into the table, and nesting. */
	text = json_many_keys(&arena, 300, "[{\"\\u0041\":[\"\\n\"]}]", ",\"\\t\":0");
	assert_int_equal(read_with_failure(text, UINT64_MAX, &allocator), SY_OK);
	n_calls = allocator.n_calls;
	assert_true(n_calls > 8);
	for (uint64_t n = 0; n < n_calls; n++)
		assert_int_equal(read_with_failure(text, n, &allocator),
				 SY_NO_MEMORY);
	ctx.limits.memory = ctx.memory_used + 2000;
	assert_int_equal(json_read_all(&ctx, text, 0), SY_LIMIT);
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_string_limit),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_failing_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
