/* SPDX-License-Identifier: Apache-2.0 */
/* Values of tensors: counts and moments, the same however the data is cut. */
#include "verifier/digest/stats.h"

#include <math.h>
#include <string.h>

#include "tests/support/support.h"

static struct sy_value_stats stats_of(const char *dtype, const void *data, size_t len,
				      size_t piece)
{
	struct sy_value_stats values;
	struct sy_stats *stats;
	struct sy_context ctx;
	const uint8_t *at = data;

	sy_context_init(&ctx);
	assert_int_equal(sy_stats_new(&ctx, sy_dtype_find(sy_span_str(dtype)), &stats), SY_OK);
	for (size_t i = 0; i < len; i += piece)
		sy_stats_add(stats, at + i, len - i < piece ? len - i : piece);
	sy_stats_end(stats, &values);
	sy_stats_free(&stats);
	assert_int_equal(ctx.memory_used, 0);
	return values;
}

static bool is_near(double got, double want)
{
	return fabs(got - want) <= 1e-12 * fabs(want);
}

static void test_large_numbers(void **state)
{
	static float data[10000];
	struct sy_value_stats v, whole;

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		data[i] = (float)i - 2000.0f;
	whole = stats_of("F32", data, sizeof(data), sizeof(data));
	for (size_t piece = 4; piece < 40000; piece = piece * 3 + 4) {
		v = stats_of("F32", data, sizeof(data), piece);
		assert_memory_equal(&v, &whole, sizeof(v));
	}
	assert_int_equal(v.n, 10000);
	assert_int_equal(v.n_finite, 10000);
	assert_int_equal(v.n_zero, 1);
	assert_true(is_near(v.min, -2000) && is_near(v.max, 7999));
	assert_true(is_near(v.mean, 2999.5));
	assert_true(is_near(v.variance, (10000.0 * 10000.0 - 1) / 12));
	assert_false(v.is_all_zero);
}

static void test_small_numbers(void **state)
{
	static const uint16_t data[] = { 0x3c00, 0xc000, 0x7c00, 0xfc00, 0x7e01, 0x8000, 0 };
	static const int8_t bytes[] = { -128, 127, 0, 1 };
	struct sy_value_stats v = stats_of("F16", data, sizeof(data), 2);

	(void)state;
	assert_int_equal(v.n, 7);
	assert_int_equal(v.n_nan, 1);
	assert_int_equal(v.n_inf, 2);
	assert_int_equal(v.n_zero, 2);
	assert_int_equal(v.n_finite, 4);
	assert_true(is_near(v.min, -2) && is_near(v.max, 1) && is_near(v.mean, -0.25));
	assert_true(is_near(v.variance, 1.1875));
	v = stats_of("I8", bytes, sizeof(bytes), 3);
	assert_true(is_near(v.min, -128) && is_near(v.max, 127) && v.mean == 0);
}

static void test_odd(void **state)
{
	static const uint8_t bools[] = { 0, 1, 2, 255 }, zeros[64] = { 0 };
	struct sy_value_stats v = stats_of("BOOL", bools, sizeof(bools), 1);
	uint8_t blocks[36] = { 0 };

	(void)state;
	assert_int_equal(v.n_not_bool, 2);
	assert_true(stats_of("F64", zeros, 64, 8).is_all_zero);
	assert_true(stats_of("BF16", zeros, 64, 2).is_all_zero);
	assert_false(stats_of("F64", zeros, 0, 8).is_all_zero);
	blocks[19] = 0x7e;			/* the scale of the second block is NaN */
	v = stats_of("Q4_0", blocks, 36, 18);
	assert_true(v.is_scales && !v.is_all_zero);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.n_nan, 1);
	assert_false(sy_stats_knows(sy_dtype_find(sy_span_str("F4"))));
	assert_true(sy_stats_knows(sy_dtype_find(sy_span_str("Q6_K"))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_numbers),
		cmocka_unit_test(test_small_numbers),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
