/* SPDX-License-Identifier: Apache-2.0 */
/* The mask over the processor's features. */
#include "verifier/digest/cpu.h"

#include <stdio.h>

#include "tests/support/support.h"

#define ALL ((1u << SY_N_CPU_FEATURES) - 1)

static void test_mask(void **state)
{
	(void)state;
	assert_int_equal(sy_cpu_mask(ALL, NULL), ALL);
	assert_int_equal(sy_cpu_mask(ALL, ""), ALL);
	assert_int_equal(sy_cpu_mask(ALL, "all"), 0);
	assert_int_equal(sy_cpu_mask(ALL, "sha"), ALL);
	assert_int_equal(sy_cpu_mask(ALL, "sha-ni,,avx2"),
			 ALL & ~(1u << SY_CPU_SHA_NI | 1u << SY_CPU_AVX2));
	assert_int_equal(sy_cpu_mask(1u << SY_CPU_SSE41, "avx512,"), 1u << SY_CPU_SSE41);
	assert_int_equal(sy_cpu_features() & ~ALL, 0);
}

/* Every name masks its own feature, in any place of the list. */
static void test_names(void **state)
{
	char list[64];

	(void)state;
	for (unsigned i = 0; i < SY_N_CPU_FEATURES; i++) {
		const char *name = sy_cpu_feature_name((enum sy_cpu_feature)i);

		assert_int_equal(sy_cpu_mask(ALL, name), ALL & ~(1u << i));
		snprintf(list, sizeof(list), "other,%s,other", name);
		assert_int_equal(sy_cpu_mask(ALL, list), ALL & ~(1u << i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
