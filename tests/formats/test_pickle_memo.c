/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memo beside a plain array: in order, out of order, written again after its
 * page was packed, with values that lie close and values that do not.
 */
#include "tests/support/support.h"

#include "formats/pickle/memo.h"

#define N (5 * SY_MEMO_PAGE + 17)

static uint64_t expected[N];

static void open_memo(struct sy_context *ctx, struct sy_pickle_memo *memo)
{
	memset(expected, 0, sizeof(expected));
	sy_context_init(ctx);
	sy_memo_init(memo, ctx);
}

static void put(struct sy_pickle_memo *memo, uint64_t key, uint64_t value)
{
	assert_int_equal(sy_memo_put(memo, key, value), SY_OK);
	expected[key] = value;
}

static void assert_all(const struct sy_pickle_memo *memo)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < N; i++) {
		assert_int_equal(sy_memo_get(memo, i), expected[i]);
		n += expected[i] != 0;
	}
	assert_int_equal(memo->n_filled, n);
	assert_int_equal(sy_memo_get(memo, UINT64_MAX), 0);
}

static void close_memo(struct sy_context *ctx, struct sy_pickle_memo *memo)
{
	assert_all(memo);
	sy_memo_clear(memo);
	assert_int_equal(ctx->memory_used, 0);
}

struct forms {
	size_t n_words, n_wide, n_narrow;
};

static struct forms forms(const struct sy_pickle_memo *memo)
{
	struct forms n = { 0 };

	for (size_t i = 0; i < memo->n_pages; i++) {
		n.n_words += memo->pages[i].words != NULL;
		n.n_wide += memo->pages[i].wide != NULL;
		n.n_narrow += memo->pages[i].narrow != NULL;
	}
	assert_int_equal(n.n_words + n.n_wide + n.n_narrow, memo->n_pages);
	return n;
}

/* Texts that follow each other in the file, some of them special names. */
static uint64_t text_at(uint64_t i)
{
	return sy_value_text(1000000 + 12 * i, i % 7 == 0);
}

static void close_values_of_a_kind_take_a_quarter(void **state)
{
	struct sy_context ctx;
	struct sy_pickle_memo memo;

	(void)state;
	open_memo(&ctx, &memo);
	for (uint64_t i = 0; i < N; i++)
		put(&memo, i, text_at(i));
	assert_int_equal(forms(&memo).n_narrow, 4);
	close_memo(&ctx, &memo);
}

static void other_close_values_take_a_half(void **state)
{
	struct sy_context ctx;
	struct sy_pickle_memo memo;

	(void)state;
	open_memo(&ctx, &memo);
	for (uint64_t i = 0; i < N; i++)
		put(&memo, i, sy_value((enum sy_value_kind)(1 + i % 15), 5 + i) |
				      (i % 3 ? 0 : SY_VALUE_BARE));
	assert_int_equal(forms(&memo).n_wide, 4);
	close_memo(&ctx, &memo);
}

static void distant_values_are_not(void **state)
{
	struct sy_context ctx;
	struct sy_pickle_memo memo;

	(void)state;
	open_memo(&ctx, &memo);
	for (uint64_t i = 0; i < N; i++)
		put(&memo, i, sy_value_text(i << 30, false));
	assert_int_equal(forms(&memo).n_words, 6);
	close_memo(&ctx, &memo);
}

/* Two more pages, the first with one value by `above` higher, and another one. */
static void put_outlier(struct sy_pickle_memo *memo, uint64_t above, uint64_t other)
{
	for (uint64_t i = 0; i < 2 * SY_MEMO_PAGE; i++)
		put(memo, i, sy_value(SY_VALUE_BYTES, 9));
	put(memo, 2 * SY_MEMO_PAGE - 1, sy_value(SY_VALUE_BYTES, 9 + above));
	put(memo, 2 * SY_MEMO_PAGE - 2, other);
	for (uint64_t i = 0; i <= SY_MEMO_PAGE; i++)
		put(memo, 2 * SY_MEMO_PAGE + i, sy_value(SY_VALUE_BYTES, 9));
}

static void the_last_distance_that_fits(void **state)
{
	const uint64_t same = sy_value(SY_VALUE_BYTES, 9), none = sy_value(SY_VALUE_NONE, 0);
	const struct { uint64_t above, other; size_t n_wide, n_narrow; } cases[] = {
		{ 0xffff, same, 0, 2 }, { 0x10000, same, 0, 1 },
		{ 0x7ffffff, none, 1, 1 }, { 0x8000000, none, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		struct sy_context ctx;
		struct sy_pickle_memo memo;

		open_memo(&ctx, &memo);
		put_outlier(&memo, cases[i].above, cases[i].other);
		assert_int_equal(forms(&memo).n_narrow, cases[i].n_narrow);
		assert_int_equal(forms(&memo).n_wide, cases[i].n_wide);
		close_memo(&ctx, &memo);
	}
}

static void a_packed_page_is_written_again(void **state)
{
	struct sy_context ctx;
	struct sy_pickle_memo memo;

	(void)state;
	open_memo(&ctx, &memo);
	for (uint64_t i = 0; i < N; i++) {
		put(&memo, i, text_at(i));
		if (i % 1000 == 999)
			put(&memo, i / 2, sy_value_text(7, false));
	}
	assert_true(forms(&memo).n_words > 2);
	close_memo(&ctx, &memo);
}

static void any_order_and_holes(void **state)
{
	struct sy_context ctx;
	struct sy_pickle_memo memo;
	uint64_t x = 12345;

	(void)state;
	open_memo(&ctx, &memo);
	for (uint64_t i = 0; i < 4 * N; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		put(&memo, (x >> 33) % N, text_at((x >> 20) % 100000));
	}
	close_memo(&ctx, &memo);
}

static void every_failing_allocation_is_told(void **state)
{
	enum sy_status status = SY_NO_MEMORY;

	(void)state;
	for (uint64_t n = 0; status != SY_OK; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx;
		struct sy_pickle_memo memo;

		open_memo(&ctx, &memo);
		test_allocator_use(&ctx, &allocator);
		status = SY_OK;
		for (uint64_t i = 0; i < N && status == SY_OK; i++)
			status = sy_memo_put(&memo, i, text_at(i));
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
		sy_memo_clear(&memo);
		assert_int_equal(allocator.n_live, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_values_of_a_kind_take_a_quarter),
		cmocka_unit_test(other_close_values_take_a_half),
		cmocka_unit_test(distant_values_are_not),
		cmocka_unit_test(the_last_distance_that_fits),
		cmocka_unit_test(a_packed_page_is_written_again),
		cmocka_unit_test(any_order_and_holes),
		cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
