/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by each kernel of this machine, in one lane and in two, against
 * libcrypto; and what happens when a kernel is wrong.
 */
#include "verifier/digest/sha256.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"
#include "verifier/digest/cpu.h"
#include "verifier/digest/hasher.h"

#define BYTES 70000u

static uint8_t bytes[BYTES];

static int setup(void **state)
{
	uint32_t x = 12345;

	(void)state;
	for (size_t i = 0; i < BYTES; i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(x >> 24);
	}
	return 0;
}

/* NULL when this machine has none: then a test says so and is skipped. */
static const struct sy_sha256_kernel *kernel_here(void)
{
#ifdef __x86_64__
	if (sy_cpu_features() & 1u << sy_sha256_ni.feature)
		return &sy_sha256_ni;
#endif
	print_message("no SHA-256 kernel of ours for this processor\n");
	skip();
	return NULL;
}

static void expect_same(const struct sy_sha256_kernel *kernel, size_t off, size_t len)
{
	uint8_t want[SY_SHA256_LEN], have[SY_SHA256_LEN];

	assert_true(sy_sha256_digest(NULL, bytes + off, len, want));
	assert_true(sy_sha256_digest(kernel, bytes + off, len, have));
	assert_memory_equal(have, want, sizeof(want));
}

static void test_every_length(void **state)
{
	const struct sy_sha256_kernel *kernel = kernel_here();

	(void)state;
	for (size_t len = 0; len <= 1100; len++)
		expect_same(kernel, len % 17, len);
	for (size_t len = 65536 - 70; len <= 65536 + 70; len++)
		expect_same(kernel, 3, len);
}

static void hash(struct sy_context *ctx, const uint8_t *data, size_t len,
		 struct sy_digest *digest)
{
	struct sy_hasher *hasher = NULL;

	assert_int_equal(sy_hasher_new(ctx, SY_SHA256, len, &hasher), SY_OK);
	sy_hasher_update(hasher, data, len);
	assert_int_equal(sy_hasher_final(hasher, digest), SY_OK);
	sy_hasher_free(&hasher);
}

/* Two streams whose steps are random, together and alone. */
static void pair_at_random(struct sy_context *ctx, unsigned seed)
{
	struct sy_hasher *a = NULL, *b = NULL;
	struct sy_digest have, want;
	size_t at_a = 0, at_b = 5000;

	srand(seed);
	assert_int_equal(sy_hasher_new(ctx, SY_SHA256, 0, &a), SY_OK);
	assert_int_equal(sy_hasher_new(ctx, SY_SHA256, 0, &b), SY_OK);
	for (unsigned i = 0; i < 20; i++) {
		size_t len = (size_t)rand() % (i % 2 ? 130 : 1300);

		if (seed % 2)
			len -= len % 64;
		sy_hasher_update_pair(a, sy_span_of(bytes + at_a, len + i), b,
				      sy_span_of(bytes + at_b, len));
		at_a += len + i;
		at_b += len;
		len = (size_t)rand() % 3 ? 0 : seed % 2 ? 64 : 70;
		sy_hasher_update(a, bytes + at_a, len);
		at_a += len;
		/* Nothing, from nowhere: UndefinedBehaviorSanitizer would see it read. */
		sy_hasher_update_pair(a, sy_span_of(NULL, 0), b, sy_span_of(NULL, 0));
		sy_hasher_update(a, NULL, 0);
	}
	assert_int_equal(sy_hasher_final(a, &have), SY_OK);
	hash(ctx, bytes, at_a, &want);
	assert_true(sy_digest_equal(&have, &want));
	assert_int_equal(sy_hasher_final(b, &have), SY_OK);
	hash(ctx, bytes + 5000, at_b - 5000, &want);
	assert_true(sy_digest_equal(&have, &want));
	sy_hasher_free(&a);
	sy_hasher_free(&b);
}

static void test_pairs(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (unsigned seed = 0; seed < 400; seed++)
		pair_at_random(&ctx, seed);
	assert_int_equal(ctx.memory_used, 0);
}

/* A pair of different algorithms is two streams like any others. */
static void test_pair_mixed(void **state)
{
	struct sy_hasher *a = NULL, *b = NULL;
	struct sy_digest have, want;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	assert_int_equal(sy_hasher_new(&ctx, SY_SHA256, 0, &a), SY_OK);
	assert_int_equal(sy_hasher_new(&ctx, SY_SHA512, 0, &b), SY_OK);
	sy_hasher_update_pair(a, sy_span_of(bytes, 1000), b, sy_span_of(bytes + 1, 1000));
	assert_int_equal(sy_hasher_final(a, &have), SY_OK);
	hash(&ctx, bytes, 1000, &want);
	assert_true(sy_digest_equal(&have, &want));
	assert_int_equal(sy_hasher_final(b, &have), SY_OK);
	assert_int_equal(have.len, 64);
	sy_hasher_free(&a);
	sy_hasher_free(&b);
	assert_false(sy_hasher_is_paired(&ctx, SY_SHA512));
}

/* --- kernels that are wrong ------------------------------------------------------- */

static void wrong_one(uint32_t h[8], const uint8_t *data, size_t n_blocks)
{
	h[0] += data[0] + (uint32_t)n_blocks;
}

static void wrong_two(uint32_t a[8], const uint8_t *p, uint32_t b[8],
		      const uint8_t *q, size_t n_blocks)
{
	wrong_one(a, p, n_blocks);
	wrong_one(b, q, n_blocks);
}

#ifdef __x86_64__
/* Right in one lane, and in the first of two. */
static void half_right(uint32_t a[8], const uint8_t *p, uint32_t b[8],
		       const uint8_t *q, size_t n_blocks)
{
	sy_sha256_ni.one(a, p, n_blocks);
	sy_sha256_ni.one(b, q, n_blocks);
	b[7] ^= 1;
}

static void test_second_lane_wrong(void **state)
{
	struct sy_sha256_kernel kernel = sy_sha256_ni;

	(void)state;
	(void)kernel_here();
	kernel.two = half_right;
	assert_true(sy_sha256_is_right(&sy_sha256_ni));
	assert_false(sy_sha256_is_right(&kernel));
}
#endif

static void test_self_test_fails(void **state)
{
	static const struct sy_sha256_kernel wrong = {
		.name = "wrong", .feature = SY_CPU_AVX2, .one = wrong_one,
		.two = wrong_two };
	static const struct sy_sha256_kernel *const list[] = { &wrong };
	struct sy_sha256_choice choice;

	(void)state;
	sy_sha256_choose(list, 1, 1u << SY_CPU_AVX2, &choice);
	assert_null(choice.kernel);
	assert_string_equal(choice.failed, "wrong");
	sy_sha256_choose(list, 1, 0, &choice);	/* not even tried */
	assert_null(choice.kernel);
	assert_null(choice.failed);
}

/* The mask of this process's environment is obeyed (ctest runs us with one). */
static void test_mask_obeyed(void **state)
{
	const char *disabled = getenv("STEELYARD_DISABLE_CPU");
	struct sy_context ctx;

	(void)state;
	assert_null(sy_sha256_chosen()->failed);
	if (disabled && !strcmp(disabled, "all"))
		assert_null(sy_sha256_chosen()->kernel);
	else
		assert_ptr_equal(sy_sha256_chosen()->kernel, kernel_here());
	assert_null(sy_hasher_failed_variant(SY_SHA256));
	assert_null(sy_hasher_failed_variant(SY_BLAKE3));
	assert_null(sy_hasher_failed_variant(SY_SHA512));
	sy_context_init(&ctx);
	if (!sy_sha256_chosen()->kernel)
		assert_false(sy_hasher_is_paired(&ctx, SY_SHA256));
	else	/* measured once, then known */
		assert_int_equal(sy_hasher_is_paired(&ctx, SY_SHA256),
				 sy_hasher_is_paired(&ctx, SY_SHA256));
	assert_int_equal(ctx.memory_used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_pair_mixed),
#ifdef __x86_64__
		cmocka_unit_test(test_second_lane_wrong),
#endif
		cmocka_unit_test(test_self_test_fails),
		cmocka_unit_test(test_mask_obeyed),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
