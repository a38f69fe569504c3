/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation against the budget, growing arrays, arenas: what is charged, what fails. */
#include "verifier/base/memory.h"

#include "tests/support/support.h"

struct fixture {
	struct sy_context ctx;
	struct test_allocator allocator;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	f->allocator.fail_at = UINT64_MAX;
	sy_context_init(&f->ctx);
	test_allocator_use(&f->ctx, &f->allocator);
	*state = f;
	return 0;
}

/* Nothing is left, and the budget knows it. */
static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->allocator.n_live, 0);
	assert_int_equal(f->ctx.memory_used, 0);
	test_free(f);
	return 0;
}

static void test_alloc(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 4096, 100000 };
	struct fixture *f = *state;

	for (size_t i = 0; i < SY_N_ELEMS(lens); i++) {
		uint8_t *p = sy_alloc(&f->ctx, lens[i]);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t at = 0; at < lens[i]; at++)
			assert_int_equal(p[at], 0);
		memset(p, 0xff, lens[i]);
		assert_true(f->ctx.memory_used >= lens[i]);
		sy_release(&f->ctx, p);
		assert_int_equal(f->ctx.memory_used, 0);
	}
	sy_release(&f->ctx, NULL);
}

static void test_budget(void **state)
{
	struct fixture *f = *state;
	void *p;

	f->ctx.limits.memory = 1000;
	assert_null(sy_alloc(&f->ctx, 1000));	/* its own header does not fit */
	assert_int_equal(f->ctx.error.status, SY_LIMIT);
	assert_int_equal(sy_memory_status(&f->ctx), SY_LIMIT);
	assert_int_equal(f->allocator.n_calls, 0);
	p = sy_alloc(&f->ctx, 984);
	assert_non_null(p);
	assert_int_equal(f->ctx.memory_used, 1000);
	assert_null(sy_alloc(&f->ctx, 0));
	sy_release(&f->ctx, p);
	p = sy_alloc(&f->ctx, 984);
	assert_non_null(p);
	sy_release(&f->ctx, p);
}

static void test_absurd_sizes(void **state)
{
	static const struct { size_t n, size; } sizes[] = {
		{ SIZE_MAX, 1 }, { SIZE_MAX / 2 + 1, 2 }, { (size_t)1 << 33, (size_t)1 << 33 },
		{ SIZE_MAX - 15, 1 }, { SIZE_MAX / 16, 16 },
	};
	struct fixture *f = *state;
	struct sy_arena arena;
	size_t cap = 0;
	void *array = NULL;

	f->ctx.limits.memory = UINT64_MAX;
	for (size_t i = 0; i < SY_N_ELEMS(sizes); i++) {
		sy_error_clear(&f->ctx);
		f->allocator.fail_at = 0;
		assert_null(sy_alloc_array(&f->ctx, sizes[i].n, sizes[i].size));
		assert_int_not_equal(sy_grow(&f->ctx, &array, &cap, sizes[i].n,
					     sizes[i].size), SY_OK);
		assert_null(array);
		assert_int_equal(cap, 0);
	}
	sy_arena_init(&arena, &f->ctx);
	assert_null(sy_arena_alloc(&arena, SIZE_MAX));
	assert_null(sy_arena_alloc(&arena, SIZE_MAX - 40));
	sy_arena_free(&arena);
}

static void test_no_memory(void **state)
{
	struct fixture *f = *state;

	f->allocator.fail_at = 0;
	assert_null(sy_alloc(&f->ctx, 8));
	assert_int_equal(f->ctx.error.status, SY_NO_MEMORY);
	assert_int_equal(sy_memory_status(&f->ctx), SY_NO_MEMORY);
}

static void test_grow(void **state)
{
	struct fixture *f = *state;
	uint32_t *array = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < 10000; i++) {
		assert_int_equal(sy_grow(&f->ctx, &array, &cap, i + 1, sizeof(*array)),
				 SY_OK);
		assert_true(cap > i);
		assert_int_equal(array[i], 0);
		array[i] = i;
	}
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(array[i], i);
	for (size_t i = 10000; i < cap; i++)
		assert_int_equal(array[i], 0);
	assert_true(f->allocator.n_calls < 30);
	assert_int_equal(sy_grow(&f->ctx, &array, &cap, 0, sizeof(*array)), SY_OK);
	sy_release(&f->ctx, array);
}

/* All at once: exactly as many as are needed. */
static void test_grow_at_once(void **state)
{
	struct fixture *f = *state;
	uint64_t *array = NULL;
	size_t cap = 0;

	assert_int_equal(sy_grow(&f->ctx, &array, &cap, 5000, sizeof(*array)), SY_OK);
	assert_int_equal(cap, 5000);
	sy_release(&f->ctx, array);
}

static void test_grow_fails(void **state)
{
	struct fixture *f = *state;
	uint8_t *array = NULL, *before;
	size_t cap = 0;

	assert_int_equal(sy_grow(&f->ctx, &array, &cap, 100, 1), SY_OK);
	memset(array, 'x', 100);
	before = array;
	f->allocator.fail_at = 0;
	assert_int_equal(sy_grow(&f->ctx, &array, &cap, 1000, 1), SY_NO_MEMORY);
	assert_ptr_equal(array, before);
	assert_int_equal(cap, 100);
	assert_int_equal(array[99], 'x');
	f->allocator.fail_at = UINT64_MAX;
	sy_error_clear(&f->ctx);
	f->ctx.limits.memory = f->ctx.memory_used;
	assert_int_equal(sy_grow(&f->ctx, &array, &cap, 101, 1), SY_LIMIT);
	assert_ptr_equal(array, before);
	sy_release(&f->ctx, array);
}

static void test_arena(void **state)
{
	struct fixture *f = *state;
	uint8_t *blocks[600];
	struct sy_arena arena;

	sy_arena_init(&arena, &f->ctx);
	for (size_t i = 0; i < SY_N_ELEMS(blocks); i++) {
		size_t len = i % 50 == 7 ? 40000 + i : i;

		blocks[i] = sy_arena_alloc(&arena, len);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % 16, 0);
		for (size_t at = 0; at < len; at++)
			assert_int_equal(blocks[i][at], 0);
		memset(blocks[i], (int)(i & 255), len);
	}
	for (size_t i = 1; i < SY_N_ELEMS(blocks); i++)
		assert_int_equal(blocks[i][0], i & 255);
	sy_arena_free(&arena);
	assert_int_equal(f->ctx.memory_used, 0);
	assert_non_null(sy_arena_alloc(&arena, 1));	/* usable again */
	sy_arena_free(&arena);
	sy_arena_free(&arena);
}

/* The first thing may be empty, or larger than a chunk. */
static void test_arena_first(void **state)
{
	static const size_t lens[] = { 0, 1, 16384, 16385, 65536, 1000000 };
	struct fixture *f = *state;

	for (size_t i = 0; i < SY_N_ELEMS(lens); i++) {
		struct sy_arena arena;
		uint8_t *first, *second;

		sy_arena_init(&arena, &f->ctx);
		first = sy_arena_alloc(&arena, lens[i]);
		second = sy_arena_alloc(&arena, 32);
		assert_non_null(first);
		assert_non_null(second);
		memset(second, 'x', 32);
		for (size_t at = 0; at < lens[i]; at++)
			assert_int_equal(first[at], 0);
		sy_arena_free(&arena);
	}
}

static void test_arena_copies(void **state)
{
	struct fixture *f = *state;
	struct sy_arena arena;
	struct sy_span copy;
	uint8_t *aligned;
	char *s;

	sy_arena_init(&arena, &f->ctx);
	assert_int_equal(sy_arena_copy(&arena, sy_span_of("a\0b", 3), &copy), SY_OK);
	assert_int_equal(copy.len, 3);
	assert_memory_equal(copy.data, "a\0b", 4);
	assert_int_equal(sy_arena_copy(&arena, sy_span_of(NULL, 0), &copy), SY_OK);
	assert_int_equal(copy.len, 0);
	assert_non_null(copy.data);
	assert_int_equal(copy.data[0], 0);
	s = sy_arena_str(&arena, "text");
	assert_string_equal(s, "text");
	aligned = sy_arena_alloc(&arena, 1);	/* after packed bytes */
	assert_int_equal((uintptr_t)aligned % 16, 0);
	sy_arena_free(&arena);
}

static void test_arena_no_memory(void **state)
{
	struct fixture *f = *state;
	struct sy_arena arena;
	struct sy_span copy;

	for (uint64_t n = 0; n < 3; n++) {
		f->allocator.n_calls = 0;
		f->allocator.fail_at = n;
		sy_error_clear(&f->ctx);
		sy_arena_init(&arena, &f->ctx);
		assert_true((sy_arena_alloc(&arena, 40000) != NULL) == (n > 0));
		assert_int_equal(sy_arena_copy(&arena, sy_span_str("x"), &copy),
				 n > 1 ? SY_OK : SY_NO_MEMORY);
		assert_true((copy.data != NULL) == (n > 1));
		assert_true((sy_arena_str(&arena, "y") != NULL) == (n > 1));
		sy_arena_free(&arena);
	}
	f->ctx.limits.memory = 60000;
	f->allocator.fail_at = UINT64_MAX;
	sy_error_clear(&f->ctx);
	assert_int_equal(sy_arena_copy(&arena, sy_span_str("x"), &copy), SY_LIMIT);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_alloc),
		CASE(test_budget),
		CASE(test_absurd_sizes),
		CASE(test_no_memory),
		CASE(test_grow),
		CASE(test_grow_at_once),
		CASE(test_grow_fails),
		CASE(test_arena),
		CASE(test_arena_first),
		CASE(test_arena_copies),
		CASE(test_arena_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
