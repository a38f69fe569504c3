/* SPDX-License-Identifier: Apache-2.0 */
/* The hash map, and SipHash-2-4 against the vectors of its authors. */
#include "verifier/base/set.h"

#include <stdio.h>

#include "tests/support/support.h"

/*
 * Appendix A of the paper (15 bytes), and the first of the authors' reference
 * vectors: key 00..0f, input 00..n-1.
 */
static void test_siphash(void **state)
{
	static const struct { size_t len; uint64_t hash; } vectors[] = {
		{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },
		{ 2, 0x0d6c8009d9a94f5a }, { 3, 0x85676696d7fb7e2d },
		{ 7, 0xab0200f58b01d137 }, { 8, 0x93f5f5799a932462 },
		{ 9, 0x9e0082df0ba9e4b0 }, { 15, 0xa129ca6149be45e5 },
	};
	uint8_t key[16], input[64];

	(void)state;
	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = i;
	for (uint8_t i = 0; i < sizeof(input); i++)
		input[i] = i;
	for (size_t i = 0; i < SY_N_ELEMS(vectors); i++)
		assert_true(sy_siphash(key, sy_span_of(input, vectors[i].len)) ==
			    vectors[i].hash);
	assert_true(sy_siphash(key, sy_span_of(NULL, 0)) == vectors[0].hash);
	key[3] ^= 1;
	assert_true(sy_siphash(key, sy_span_of(input, 15)) != 0xa129ca6149be45e5);
}

static void expect_found(const struct sy_set *set, struct sy_span key, uint64_t want)
{
	uint64_t value = ~want;

	assert_true(sy_set_has(set, key, &value));
	assert_true(value == want);
	assert_true(sy_set_has(set, key, NULL));
}

static void test_first_value_stays(void **state)
{
	struct sy_context ctx;
	struct sy_set set;
	uint64_t found;
	bool is_new;

	(void)state;
	sy_context_init(&ctx);
	sy_set_init(&set, &ctx);
	assert_false(sy_set_has(&set, sy_span_str("a"), NULL));
	assert_int_equal(sy_set_add(&set, sy_span_str("a"), 1, &is_new, &found), SY_OK);
	assert_true(is_new && found == 1);
	assert_int_equal(sy_set_add(&set, sy_span_str("a"), 2, &is_new, &found), SY_OK);
	assert_true(!is_new && found == 1);
	expect_found(&set, sy_span_str("a"), 1);
	assert_false(sy_set_has(&set, sy_span_str("b"), &found));
	sy_set_free(&set);
	assert_false(sy_set_has(&set, sy_span_str("a"), NULL));
	assert_int_equal(ctx.memory_used, 0);
}

/* Keys are bytes: empty, with NUL, prefixes of each other. */
static void test_keys(void **state)
{
	const struct sy_span keys[] = {
		sy_span_of(NULL, 0), sy_span_of("\0", 1), sy_span_of("\0\0", 2),
		sy_span_of("a", 1), sy_span_of("a\0", 2), sy_span_of("ab", 2),
	};
	struct sy_context ctx;
	struct sy_set set;
	uint64_t found;
	bool is_new;

	(void)state;
	sy_context_init(&ctx);
	sy_set_init(&set, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(keys); i++) {
		assert_int_equal(sy_set_add(&set, keys[i], i, &is_new, &found), SY_OK);
		assert_true(is_new);
	}
	for (size_t i = 0; i < SY_N_ELEMS(keys); i++)
		expect_found(&set, keys[i], i);
	assert_int_equal(sy_set_add(&set, sy_span_of("x", 0), 9, &is_new, &found), SY_OK);
	assert_true(!is_new && found == 0);
	assert_int_equal(set.n_used, SY_N_ELEMS(keys));
	sy_set_free(&set);
}

#define N_MANY 20000u

static void test_many(void **state)
{
	static char names[N_MANY][12];
	struct sy_context ctx;
	struct sy_set set;
	uint64_t found;
	bool is_new;

	(void)state;
	sy_context_init(&ctx);
	sy_set_init(&set, &ctx);
	for (unsigned i = 0; i < N_MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "t.%u", i);
		assert_int_equal(sy_set_add(&set, sy_span_str(names[i]), i, &is_new,
					    &found), SY_OK);
		assert_true(is_new);
		assert_true(set.n_used <= set.n_slots - set.n_slots / 4);
	}
	for (unsigned i = 0; i < N_MANY; i++)
		expect_found(&set, sy_span_str(names[i]), i);
	assert_false(sy_set_has(&set, sy_span_str("t."), NULL));
	sy_set_free(&set);
	assert_int_equal(ctx.memory_used, 0);
}

/* A failure to grow leaves everything that was there. */
static void test_no_memory(void **state)
{
	static char names[200][12];

	(void)state;
	for (uint64_t n = 0; n < 4; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx;
		struct sy_set set;
		unsigned added = 0;

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		sy_set_init(&set, &ctx);
		for (; added < SY_N_ELEMS(names); added++) {
			uint64_t found = 1;
			bool is_new = true;

			snprintf(names[added], sizeof(names[added]), "%u", added);
			if (sy_set_add(&set, sy_span_str(names[added]), added, &is_new,
				       &found) == SY_OK)
				continue;
			assert_int_equal(ctx.error.status, SY_NO_MEMORY);
			assert_false(is_new);
			break;
		}
		assert_int_equal(added, n == 0 ? 0 : n == 1 ? 48 : n == 2 ? 96 : 192);
		for (unsigned i = 0; i < added; i++)
			expect_found(&set, sy_span_str(names[i]), i);
		sy_set_free(&set);
		assert_int_equal(allocator.n_live, 0);
		assert_int_equal(ctx.memory_used, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_first_value_stays),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
