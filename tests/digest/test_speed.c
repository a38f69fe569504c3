/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate on speed, by processor time and against libcrypto in the same run: none of
 * our kernels must lose to it, nor with any kernel that uses AVX run right before it
 * (mixed with upper halves in use SHA-NI was once measured 95 times slower).  The
 * bounds are far from what a quiet machine shows, and still far from any such
 * accident.
 */
#include "verifier/digest/sha256.h"

#include <stdio.h>
#include <time.h>

#include "tests/support/support.h"
#include "verifier/digest/blake3.h"

#define LEN 65536u
#define N_TRIALS 60u

static uint8_t data[SY_SHA256_LANES_MAX][LEN];

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct times {			/* ns, the least of all trials */
	uint64_t evp, kernels[SY_SHA256_KERNELS_MAX];
};

static void keep_least(uint64_t *least, uint64_t n)
{
	if (*least == 0 || n < *least)
		*least = n;
}

static void run(const struct sy_sha256_kernel *kernel, size_t len)
{
	uint32_t h[SY_SHA256_LANES_MAX][8] = { 0 };
	struct sy_sha256_lane lanes[SY_SHA256_LANES_MAX];

	for (size_t i = 0; i < kernel->lanes; i++)
		lanes[i] = (struct sy_sha256_lane){ .h = h[i], .data = data[i] };
	kernel->hash(lanes, len / SY_SHA256_BLOCK);
}

/* Leaves the vector registers as a kernel of the widest vectors leaves them. */
static void use_vectors(unsigned trial)
{
	const struct sy_sha256_choice *choice = sy_sha256_chosen();
	struct sy_blake3 tree;
	uint8_t out[SY_BLAKE3_LEN];

	if (trial % 2) {
		run(choice->kernels[choice->n - 1], SY_SHA256_BLOCK);
		return;
	}
	sy_blake3_begin(&tree, sy_blake3_chosen(), 0);
	sy_blake3_add(&tree, data[0], 32768);
	sy_blake3_digest(&tree, out);
}

static void trial(unsigned n, struct times *times)
{
	const struct sy_sha256_choice *choice = sy_sha256_chosen();
	uint8_t out[SY_SHA256_LEN];
	uint64_t t = cpu_ns();

	assert_true(sy_sha256_digest(NULL, data[0], LEN, out));
	keep_least(&times->evp, cpu_ns() - t);
	for (size_t i = 0; i < choice->n; i++) {
		use_vectors(n);
		t = cpu_ns();
		run(choice->kernels[i], LEN);
		keep_least(&times->kernels[i], cpu_ns() - t);
	}
}

static void test_sha256(void **state)
{
	const struct sy_sha256_choice *choice = sy_sha256_chosen();
	struct times times[2] = { { 0 } };

	(void)state;
	if (choice->n == 0) {
		print_message("no SHA-256 kernel of ours for this processor\n");
		skip();
	}
	for (unsigned i = 0; i < N_TRIALS; i++)
		trial(i, &times[i % 2]);
	for (unsigned after = 0; after < 2; after++) {
		uint64_t evp = times[after].evp;

		print_message("64 KiB by libcrypto: %llu ns\n", (unsigned long long)evp);
		for (size_t i = 0; i < choice->n; i++) {
			uint64_t ns = times[after].kernels[i];
			unsigned lanes = choice->kernels[i]->lanes;

			print_message("  %s, %u times that: %llu ns\n",
				      choice->kernels[i]->name, lanes,
				      (unsigned long long)ns);
			assert_true(ns * 10 <= evp * lanes * (lanes > 1 ? 12 : 15));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sha256) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
