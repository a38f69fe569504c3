/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate on speed, by processor time and against libcrypto in the same run: the
 * SHA-NI code must not lose to it, nor with AVX code run right before it (mixed
 * with upper halves in use it was once measured 95 times slower).  The bounds are
 * far from what a quiet machine shows, and still far from any such accident.
 */
#include "verifier/digest/sha256.h"

#include <stdio.h>
#include <time.h>

#include "tests/support/support.h"
#include "verifier/digest/blake3.h"

#define LEN 65536u
#define N_TRIALS 60u

static uint8_t data[2 * LEN];

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct times {
	uint64_t evp, one, two;		/* ns, the least of all trials */
};

static void keep_least(uint64_t *least, uint64_t n)
{
	if (*least == 0 || n < *least)
		*least = n;
}

/* Leaves the vector registers as the widest kernel leaves them. */
static void use_vectors(void)
{
	struct sy_blake3 tree;
	uint8_t out[SY_BLAKE3_LEN];

	sy_blake3_begin(&tree, sy_blake3_chosen(), 0);
	sy_blake3_add(&tree, data, 32768);
	sy_blake3_digest(&tree, out);
}

static void trial(const struct sy_sha256_kernel *kernel, struct times *times)
{
	uint32_t a[8] = { 0 }, b[8] = { 0 };
	uint8_t out[SY_SHA256_LEN];
	uint64_t t = cpu_ns();

	assert_true(sy_sha256_digest(NULL, data, LEN, out));
	keep_least(&times->evp, cpu_ns() - t);
	use_vectors();
	t = cpu_ns();
	kernel->one(a, data, LEN / SY_SHA256_BLOCK);
	keep_least(&times->one, cpu_ns() - t);
	use_vectors();
	t = cpu_ns();
	kernel->two(a, data, b, data + LEN, LEN / SY_SHA256_BLOCK);
	keep_least(&times->two, cpu_ns() - t);
}

static void test_sha256(void **state)
{
	const struct sy_sha256_kernel *kernel = sy_sha256_chosen()->kernel;
	struct times times = { 0 };

	(void)state;
	if (!kernel) {
		print_message("no SHA-256 kernel of ours for this processor\n");
		skip();
	}
	for (unsigned i = 0; i < N_TRIALS; i++)
		trial(kernel, &times);
	print_message("64 KiB: libcrypto %llu ns, one lane %llu, two %llu for both\n",
		      (unsigned long long)times.evp, (unsigned long long)times.one,
		      (unsigned long long)times.two);
	assert_true(times.one * 10 <= times.evp * 15);
	assert_true(times.two * 10 <= times.evp * 2 * 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sha256) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
