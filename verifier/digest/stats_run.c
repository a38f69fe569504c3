/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of a variant for the moments of runs, and its self-test. */
#include "verifier/digest/stats_run.h"

#include <pthread.h>
#include <string.h>

#include "verifier/base/attr.h"

#define TEST_LEN 600u	/* numbers */

static bool is_same_run(const struct sy_stats_run *a, const struct sy_stats_run *b)
{
	return a->n_zero == b->n_zero && !memcmp(&a->low, &b->low, sizeof(a->low)) &&
	       !memcmp(&a->high, &b->high, sizeof(a->high)) &&
	       !memcmp(&a->mean, &b->mean, sizeof(a->mean)) &&
	       !memcmp(&a->deviation, &b->deviation, sizeof(a->deviation));
}

static bool is_same(const struct sy_stats_kernel *kernel, enum sy_stats_form form,
		    const uint8_t *data, size_t n)
{
	struct sy_stats_run want, have;
	bool is_finite = sy_stats_portable.measure[form](data, n, &want);

	return kernel->measure[form](data, n, &have) == is_finite &&
	       (!is_finite || is_same_run(&want, &have));
}

/* Every number of 16 bits, most of them in runs of such as have the same exponent. */
static bool is_same_halves(const struct sy_stats_kernel *kernel)
{
	uint8_t data[2 * 256];

	for (unsigned high = 0; high < 256; high++) {
		for (unsigned low = 0; low < 256; low++) {
			data[2 * low] = (uint8_t)low;
			data[2 * low + 1] = (uint8_t)high;
		}
		if (!is_same(kernel, SY_STATS_F16, data, 256) ||
		    !is_same(kernel, SY_STATS_BF16, data, 256))
			return false;
	}
	return true;
}

bool sy_stats_is_right(const struct sy_stats_kernel *kernel)
{
	static const size_t lens[] = { 1, 2, 15, 16, 17, 31, 32, 33, 255, TEST_LEN };
	double f64[TEST_LEN];
	float f32[TEST_LEN];
	uint8_t halves[2 * TEST_LEN];
	uint32_t x = 1;

	for (size_t i = 0; i < TEST_LEN; i++) {
		x = x * 1664525u + 1013904223u;
		f64[i] = x % 13 == 0 ? 0.0 : ((double)x - 2e9) * (i % 7 ? 1e-12 : 1e3);
		f32[i] = (float)f64[i];
		halves[2 * i] = (uint8_t)(x >> 16);
		halves[2 * i + 1] = (uint8_t)(x >> 24 & 0xbf);	/* none is large */
	}
	for (size_t i = 0; i < SY_N_ELEMS(lens); i++) {
		if (!is_same(kernel, SY_STATS_F32, (const uint8_t *)f32, lens[i]) ||
		    !is_same(kernel, SY_STATS_F64, (const uint8_t *)f64, lens[i]) ||
		    !is_same(kernel, SY_STATS_F16, halves, lens[i]) ||
		    !is_same(kernel, SY_STATS_BF16, halves, lens[i]))
			return false;
	}
	return is_same_halves(kernel);
}

void sy_stats_choose(const struct sy_stats_kernel *const *kernels, size_t n,
		     unsigned features, struct sy_stats_choice *choice)
{
	*choice = (struct sy_stats_choice){ .kernel = &sy_stats_portable };
	for (size_t i = 0; i < n; i++) {
		if (!(features & 1u << kernels[i]->feature))
			continue;
		if (!sy_cpu_must_fail((enum sy_cpu_feature)kernels[i]->feature) &&
		    sy_stats_is_right(kernels[i])) {
			choice->kernel = kernels[i];
			return;
		}
		choice->failed = kernels[i]->name;
	}
}

static struct sy_stats_choice chosen = { .kernel = &sy_stats_portable };
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
#ifdef __x86_64__
	static const struct sy_stats_kernel *const kernels[] = {
		&sy_stats_avx512, &sy_stats_avx2,
	};

	sy_stats_choose(kernels, SY_N_ELEMS(kernels), sy_cpu_features(), &chosen);
#endif
}

const struct sy_stats_choice *sy_stats_chosen(void)
{
	pthread_once(&once, choose);
	return &chosen;
}
