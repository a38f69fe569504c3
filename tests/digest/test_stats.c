/* SPDX-License-Identifier: Apache-2.0 */
/* Values of tensors: counts and moments, the same however the data is cut. */
#include "verifier/digest/stats.h"

#include <math.h>
#include <string.h>

#include "tests/support/support.h"
#include "verifier/digest/stats_run.h"

static struct sy_value_stats stats_of(const char *dtype, const void *data, size_t len,
				      size_t piece)
{
	struct sy_value_stats values;
	struct sy_stats *stats;
	struct sy_context ctx;
	const uint8_t *at = data;

	sy_context_init(&ctx);
	assert_int_equal(sy_stats_new(&ctx, &stats), SY_OK);
	sy_stats_begin(stats, sy_dtype_find(sy_span_str(dtype)));
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

/* Bytes of every kind: also numbers that are not finite, and long runs without. */
static void fill(uint8_t *data, size_t len)
{
	uint32_t x = 7;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = (uint8_t)(x >> 24);
	}
	for (size_t i = 0; i < len / 3; i += 4)
		memcpy(data + i, &(float){ (float)i * 0.37f - 100 }, 4);
}

static void test_any_cut(void **state)
{
	static const char *const types[] = { "F64", "F32", "F16", "BF16", "F8_E4M3", "BOOL",
					     "I64", "I32", "U16", "C64", "Q4_0", "Q6_K" };
	static const size_t pieces[] = { 1, 3, 7, 17, 4095, 4096, 8193, 65535 };
	static uint8_t data[210 * 1000];

	(void)state;
	fill(data, sizeof(data));
	for (size_t t = 0; t < SY_N_ELEMS(types); t++) {
		size_t item = sy_dtype_find(sy_span_str(types[t]))->item;
		size_t len = sizeof(data) - sizeof(data) % item;
		struct sy_value_stats whole = stats_of(types[t], data, len, len);

		assert_true(whole.n > 900 && whole.n_finite > 0);
		for (size_t i = 0; i < SY_N_ELEMS(pieces); i++) {
			struct sy_value_stats v = stats_of(types[t], data, len, pieces[i]);

			assert_memory_equal(&v, &whole, sizeof(v));
		}
	}
}

/* The order of docs/formats/tensor-digests.md, written down again. */
static void test_order_of_sums(void **state)
{
	static const size_t lens[] = { 1, 5, 16, 17, 100, 2047, 2048, 2049, 5000 };
	static float data[5000];

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		data[i] = (float)(i * 2654435761u % 1000003) * 1e-3f - 300;
	for (size_t l = 0; l < SY_N_ELEMS(lens); l++) {
		double mean = 0, deviation = 0;
		struct sy_value_stats v = stats_of("F32", data, 4 * lens[l], 4 * lens[l]);

		for (size_t at = 0; at < lens[l]; at += SY_STATS_RUN) {
			size_t n = lens[l] - at < SY_STATS_RUN ? lens[l] - at : SY_STATS_RUN;
			double sums[16] = { 0 }, squares[16] = { 0 };
			double all = (double)(at + n), mid, gap;

			for (size_t i = 0; i < n; i++)
				sums[i % 16] += (double)data[at + i];
			for (size_t w = 8; w > 0; w /= 2) {
				for (size_t j = 0; j < w; j++)
					sums[j] += sums[j + w];
			}
			mid = sums[0] / (double)n;
			for (size_t i = 0; i < n; i++) {
				volatile double square = ((double)data[at + i] - mid) *
							 ((double)data[at + i] - mid);

				squares[i % 16] += square;
			}
			for (size_t w = 8; w > 0; w /= 2) {
				for (size_t j = 0; j < w; j++)
					squares[j] += squares[j + w];
			}
			gap = mid - mean;
			deviation += squares[0] + gap * gap * ((double)at * (double)n / all);
			mean += gap * ((double)n / all);
		}
		assert_true(v.mean == mean && v.variance == deviation / (double)lens[l]);
	}
}

static const struct sy_stats_kernel *const kernels[] = {
	&sy_stats_portable,
#ifdef __x86_64__
	&sy_stats_avx2, &sy_stats_avx512,
#endif
};

static bool can_run(const struct sy_stats_kernel *kernel)
{
	return kernel->feature == SY_N_CPU_FEATURES ||
	       sy_cpu_features() & 1u << kernel->feature;
}

/* Bit for bit, for every length of a run and at odd addresses. */
static void test_variants(void **state)
{
	static uint8_t data[8 * SY_STATS_RUN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13 & 0x3f);
	for (size_t k = 0; k < SY_N_ELEMS(kernels); k++) {
		if (!can_run(kernels[k]))
			continue;
		assert_true(sy_stats_is_right(kernels[k]));
		for (size_t n = 1; n <= SY_STATS_RUN; n += n < 70 ? 1 : 83) {
			for (unsigned form = 0; form < SY_N_STATS_FORMS; form++) {
				struct sy_stats_run a = { 0 }, b = { 0 };

				assert_true(sy_stats_portable.measure[form](data + 1, n, &a));
				assert_true(kernels[k]->measure[form](data + 1, n, &b));
				assert_memory_equal(&a, &b, sizeof(a));
			}
		}
	}
}

/* One number that is not finite, anywhere, is seen by every variant. */
static void test_not_finite(void **state)
{
	static float data[100];

	(void)state;
	for (size_t k = 0; k < SY_N_ELEMS(kernels); k++) {
		for (size_t i = 0; i < 100 && can_run(kernels[k]); i++) {
			struct sy_stats_run run;

			data[i] = i % 2 ? NAN : -INFINITY;
			assert_false(kernels[k]->measure[SY_STATS_F32]((uint8_t *)data, 100,
								       &run));
			data[i] = 0;
		}
	}
	for (size_t i = 0; i < 100; i++)
		data[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : (float)i;
	assert_int_equal(stats_of("F32", data, 400, 400).n_nan, 34);
	assert_int_equal(stats_of("F32", data, 400, 400).n_inf, 33);
	assert_true(is_near(stats_of("F32", data, 400, 400).mean, 50));
}

/* Every byte that is a number, by way of half floats or not. */
static void test_eight_bits(void **state)
{
	static const char *const types[] = { "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ",
					     "F8_E5M2FNUZ", "I8", "U8" };

	(void)state;
	for (size_t t = 0; t < SY_N_ELEMS(types); t++) {
		const struct sy_dtype *dtype = sy_dtype_find(sy_span_str(types[t]));
		double low = INFINITY, high = -INFINITY, sum = 0, squares = 0;
		struct sy_value_stats v, all;
		uint8_t data[256];
		size_t n = 0, n_zero = 0;

		for (unsigned b = 0; b < 256; b++) {
			double value = sy_dtype_value(dtype, &(uint8_t){ (uint8_t)b });

			if (!isfinite(value))
				continue;
			data[n++] = (uint8_t)b;
			n_zero += value == 0;
			low = value < low ? value : low;
			high = value > high ? value : high;
			sum += value;
			squares += value * value;
			v = stats_of(types[t], &data[n - 1], 1, 1);
			assert_true(v.n == 1 && v.mean == value && v.min == value &&
				    v.max == value && v.variance == 0);
		}
		v = stats_of(types[t], data, n, n);
		assert_true(v.n_finite == n && v.n_zero == n_zero && v.min == low &&
			    v.max == high);
		assert_true(fabs(v.mean - sum / (double)n) < 1e-9);
		assert_true(is_near(v.variance + v.mean * v.mean, squares / (double)n));
		for (unsigned b = 0; b < 256; b++)
			data[b] = (uint8_t)b;
		all = stats_of(types[t], data, 256, 256);
		assert_int_equal(all.n_nan + all.n_inf, 256 - n);
		assert_true(all.mean == v.mean && all.variance == v.variance);
	}
}

static void test_zeros_and_giants(void **state)
{
	const double zeros[] = { -0.0, 0.0, -0.0 }, giants[] = { 1e308, 1e308, -1e300 };
	struct sy_value_stats v = stats_of("F64", zeros, sizeof(zeros), 8);

	(void)state;
	assert_int_equal(v.n_zero, 3);
	assert_false(signbit(v.min) || signbit(v.max) || signbit(v.mean));
	assert_false(v.is_all_zero);	/* the sign is a bit */
	v = stats_of("F64", giants, sizeof(giants), 8);
	assert_int_equal(v.n_finite, 3);
	assert_true(is_near(v.max, 1e308) && is_near(v.min, -1e300));
	assert_true(isinf(v.mean) != 0);
}

/* A variant that computes something else is not used. */
static bool wrong(const uint8_t *data, size_t n, struct sy_stats_run *run)
{
	bool is_finite = sy_stats_portable.measure[SY_STATS_BF16](data, n, run);

	run->deviation += n == 17;
	return is_finite;
}

static void test_choice(void **state)
{
	struct sy_stats_kernel broken = sy_stats_portable;
	const struct sy_stats_kernel *const list[] = { &broken };
	struct sy_stats_choice choice;

	(void)state;
	broken.name = "broken";
	broken.feature = SY_CPU_AVX2;
	sy_stats_choose(list, 1, 1u << SY_CPU_AVX2, &choice);
	assert_ptr_equal(choice.kernel, &broken);
	assert_null(choice.failed);
	sy_stats_choose(list, 1, 0, &choice);
	assert_ptr_equal(choice.kernel, &sy_stats_portable);
	broken.measure[SY_STATS_BF16] = wrong;
	sy_stats_choose(list, 1, 1u << SY_CPU_AVX2, &choice);
	assert_ptr_equal(choice.kernel, &sy_stats_portable);
	assert_string_equal(choice.failed, "broken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_numbers),
		cmocka_unit_test(test_small_numbers),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_order_of_sums),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_not_finite),
		cmocka_unit_test(test_eight_bits),
		cmocka_unit_test(test_zeros_and_giants),
		cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
