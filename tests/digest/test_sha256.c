/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by each kernel of this machine, in every lane, against libcrypto and the
 * examples of FIPS 180-4; and what happens when a kernel is wrong.
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

#ifdef __x86_64__
static const struct sy_sha256_kernel *const all[] = {
	&sy_sha256_ni, &sy_sha256_ni_x2, &sy_sha256_ni_x4, &sy_sha256_avx512,
};
static const size_t n_all = SY_N_ELEMS(all);
#else
static const struct sy_sha256_kernel *const *const all = NULL;
static const size_t n_all = 0;
#endif

/* Those that this machine runs; without any, a test says so and is skipped. */
static size_t kernels_here(const struct sy_sha256_kernel **kernels)
{
	size_t n = 0;

	for (size_t i = 0; i < n_all; i++) {
		if (sy_cpu_features() & 1u << all[i]->feature)
			kernels[n++] = all[i];
	}
	if (n == 0) {
		print_message("no SHA-256 kernel of ours for this processor\n");
		skip();
	}
	return n;
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
	const struct sy_sha256_kernel *kernels[SY_SHA256_KERNELS_MAX];
	size_t n = kernels_here(kernels);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t len = 0; len <= 1100; len++)
			expect_same(kernels[i], len % 17, len);
		for (size_t len = 65536 - 70; len <= 65536 + 70; len++)
			expect_same(kernels[i], 3, len);
	}
}

/* FIPS 180-4's examples, as NIST publishes them ("SHA256.pdf", and a million a's). */
static void test_examples(void **state)
{
	static const struct {
		const char *text;
		unsigned n_times;
		const char *digest;
	} vectors[] = {
		{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 1,
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 25000,
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	};
	const struct sy_sha256_kernel *kernels[SY_SHA256_KERNELS_MAX];
	size_t n = kernels_here(kernels);

	(void)state;
	for (size_t v = 0; v < SY_N_ELEMS(vectors); v++) {
		size_t len = strlen(vectors[v].text);
		uint8_t *message = malloc(len * vectors[v].n_times + 1);

		assert_non_null(message);
		for (size_t i = 0; i < vectors[v].n_times; i++)
			memcpy(message + i * len, vectors[v].text, len);
		for (size_t i = 0; i <= n; i++) {	/* the last: libcrypto */
			uint8_t out[SY_SHA256_LEN];
			char hex[2 * SY_SHA256_LEN + 1];

			assert_true(sy_sha256_digest(i < n ? kernels[i] : NULL, message,
						     len * vectors[v].n_times, out));
			for (size_t k = 0; k < SY_SHA256_LEN; k++)
				snprintf(hex + 2 * k, 3, "%02x", out[k]);
			assert_string_equal(hex, vectors[v].digest);
		}
		free(message);
	}
}

/* Blocks of every lane at an alignment of its own, for any number of streams. */
static void lanes_at(const struct sy_sha256_kernel *kernel, size_t n, size_t n_blocks)
{
	uint32_t h[SY_SHA256_LANES_MAX][8], want[8];
	struct sy_sha256_lane lanes[SY_SHA256_LANES_MAX];

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < 8; k++)
			h[i][k] = (uint32_t)(0x9e3779b9u * (i * 8 + k));
		lanes[i] = (struct sy_sha256_lane){
			.h = h[i], .data = bytes + 1021 * i + 64 * (n - i) };
	}
	sy_sha256_run(kernel, lanes, n, n_blocks);
	for (size_t i = 0; i < n; i++) {
		struct sy_sha256_lane lane = { .h = want, .data = lanes[i].data };

		for (size_t k = 0; k < 8; k++)
			want[k] = (uint32_t)(0x9e3779b9u * (i * 8 + k));
		sy_sha256_run(all[0], &lane, 1, n_blocks);
		assert_memory_equal(h[i], want, sizeof(want));
	}
}

static void test_lanes(void **state)
{
	const struct sy_sha256_kernel *kernels[SY_SHA256_KERNELS_MAX];
	size_t n = kernels_here(kernels);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 1; k <= kernels[i]->lanes; k++) {
			for (size_t n_blocks = 1; n_blocks <= 20; n_blocks++)
				lanes_at(kernels[i], k, n_blocks);
			lanes_at(kernels[i], k, 700);
		}
	}
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

/* A step of stream i: nothing, from nowhere, now and then (UBSan would see it read). */
static struct sy_span step(size_t *at, unsigned i, bool is_odd)
{
	size_t len = (size_t)rand() % (i % 2 ? 130 : 1300);

	if (rand() % 8 == 0)
		return sy_span_of(NULL, 0);
	if (!is_odd)
		len -= len % 64;
	*at += len;
	return sy_span_of(bytes + *at - len, len);
}

/* n streams whose steps are random, together and alone. */
static void streams_at_random(struct sy_context *ctx, unsigned seed, size_t n)
{
	struct sy_hasher *hashers[SY_HASHERS_MAX] = { NULL };
	size_t at[SY_HASHERS_MAX];
	struct sy_digest have, want;

	srand(seed);
	for (size_t i = 0; i < n; i++) {
		at[i] = 1000 * i;
		assert_int_equal(sy_hasher_new(ctx, SY_SHA256, 0, &hashers[i]), SY_OK);
	}
	for (unsigned i = 0; i < 20; i++) {
		size_t alone = (size_t)rand() % n;
		struct sy_span spans[SY_HASHERS_MAX];

		for (size_t k = 0; k < n; k++)
			spans[k] = step(&at[k], i, seed % 2);
		sy_hasher_update_many(hashers, spans, n);
		spans[0] = step(&at[alone], i, seed % 2);
		sy_hasher_update(hashers[alone], spans[0].data, spans[0].len);
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(sy_hasher_final(hashers[i], &have), SY_OK);
		hash(ctx, bytes + 1000 * i, at[i] - 1000 * i, &want);
		assert_true(sy_digest_equal(&have, &want));
		sy_hasher_free(&hashers[i]);
	}
}

/* Before it is known what pays, and after. */
static void test_streams(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (unsigned seed = 0; seed < 640; seed++) {
		streams_at_random(&ctx, seed, seed / 2 % SY_HASHERS_MAX + 1);
		if (seed == 320)
			assert_true(sy_hasher_width(&ctx, SY_SHA256, SY_HASHERS_MAX) > 0);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* Streams of different algorithms side by side are streams like any others. */
static void test_mixed(void **state)
{
	struct sy_hasher *hashers[2 * SY_N_ALGORITHMS] = { NULL };
	struct sy_span spans[2 * SY_N_ALGORITHMS];
	struct sy_digest have, want;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (unsigned i = 0; i < 2 * SY_N_ALGORITHMS; i++) {
		spans[i] = sy_span_of(bytes + i, 1000 + i);
		assert_int_equal(sy_hasher_new(&ctx, i % SY_N_ALGORITHMS, 1000 + i,
					       &hashers[i]), SY_OK);
	}
	sy_hasher_update_many(hashers, spans, 2 * SY_N_ALGORITHMS);
	for (unsigned i = 0; i < 2 * SY_N_ALGORITHMS; i++) {
		assert_int_equal(sy_hasher_final(hashers[i], &have), SY_OK);
		assert_int_equal(sy_hash(&ctx, i % SY_N_ALGORITHMS, spans[i], &want), SY_OK);
		assert_true(sy_digest_equal(&have, &want));
		sy_hasher_free(&hashers[i]);
	}
	assert_int_equal(sy_hasher_width(&ctx, SY_SHA512, 16), 1);
	assert_int_equal(sy_hasher_width(&ctx, SY_SHA256, 1), 1);
}

/* --- kernels that are wrong ------------------------------------------------------- */

static void wrong_one(const struct sy_sha256_lane *lanes, size_t n_blocks)
{
	lanes[0].h[0] += lanes[0].data[0] + (uint32_t)n_blocks;
}

#ifdef __x86_64__
static unsigned wrong_lane;
static const struct sy_sha256_kernel *wrapped;

static void wrong_in_a_lane(const struct sy_sha256_lane *lanes, size_t n_blocks)
{
	wrapped->hash(lanes, n_blocks);
	lanes[wrong_lane].h[7] ^= 1;
}

static void test_lane_wrong(void **state)
{
	const struct sy_sha256_kernel *kernels[SY_SHA256_KERNELS_MAX];
	size_t n = kernels_here(kernels);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct sy_sha256_kernel kernel = *kernels[i];

		wrapped = kernels[i];
		kernel.hash = wrong_in_a_lane;
		assert_true(sy_sha256_is_right(kernels[i]));
		for (wrong_lane = 0; wrong_lane < kernel.lanes; wrong_lane++)
			assert_false(sy_sha256_is_right(&kernel));
	}
}

/* A wide kernel that is wrong is left out alone; no single lane, no kernel at all. */
static void test_some_wrong(void **state)
{
	const struct sy_sha256_kernel *kernels[SY_SHA256_KERNELS_MAX];
	struct sy_sha256_kernel wrong = sy_sha256_ni_x2;
	const struct sy_sha256_kernel *const list[] = { &sy_sha256_ni, &wrong,
							&sy_sha256_ni_x4 };
	const struct sy_sha256_kernel *const wide[] = { &sy_sha256_ni_x2 };
	struct sy_sha256_choice choice;

	(void)state;
	(void)kernels_here(kernels);
	wrong.hash = wrong_one;
	wrong.name = "wrong";
	sy_sha256_choose(list, SY_N_ELEMS(list), 1u << SY_CPU_SHA_NI, &choice);
	assert_int_equal(choice.n, 2);
	assert_ptr_equal(choice.kernels[0], &sy_sha256_ni);
	assert_ptr_equal(choice.kernels[1], &sy_sha256_ni_x4);
	assert_string_equal(choice.failed, "wrong");
	sy_sha256_choose(wide, 1, 1u << SY_CPU_SHA_NI, &choice);
	assert_int_equal(choice.n, 0);
	assert_null(choice.failed);
}
#endif

static void test_self_test_fails(void **state)
{
	static const struct sy_sha256_kernel wrong = {
		.name = "wrong", .feature = SY_CPU_AVX2, .lanes = 1, .hash = wrong_one };
	static const struct sy_sha256_kernel *const list[] = { &wrong };
	struct sy_sha256_choice choice;

	(void)state;
	sy_sha256_choose(list, 1, 1u << SY_CPU_AVX2, &choice);
	assert_int_equal(choice.n, 0);
	assert_string_equal(choice.failed, "wrong");
	sy_sha256_choose(list, 1, 0, &choice);	/* not even tried */
	assert_int_equal(choice.n, 0);
	assert_null(choice.failed);
}

/* The mask of this process's environment is obeyed (ctest runs us with one). */
static void test_mask_obeyed(void **state)
{
	const char *disabled = getenv("STEELYARD_DISABLE_CPU");
	const struct sy_sha256_choice *choice = sy_sha256_chosen();

	(void)state;
	assert_null(choice->failed);
	assert_null(sy_hasher_failed_variant(SY_SHA256));
	assert_null(sy_hasher_failed_variant(SY_BLAKE3));
	assert_null(sy_hasher_failed_variant(SY_SHA512));
	if (disabled && !strcmp(disabled, "all")) {
		assert_int_equal(choice->n, 0);
		assert_null(sy_sha256_best(16));
	} else {
		const struct sy_sha256_kernel *kernels[SY_SHA256_KERNELS_MAX];
		size_t n = kernels_here(kernels);

		assert_int_equal(choice->n, n);
		assert_memory_equal(choice->kernels, kernels, n * sizeof(*kernels));
	}
}

/* However fast the kernels are: never more than there are, never none. */
static void test_width(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t n = 1; n <= SY_SHA256_LANES_MAX; n++) {
		unsigned width = sy_hasher_width(&ctx, SY_SHA256, n);
		const struct sy_sha256_kernel *best = sy_sha256_best(n);

		assert_in_range(width, 1, n);
		assert_int_equal(width, sy_hasher_width(&ctx, SY_SHA256, n));
		if (!best)
			assert_int_equal(width, 1);
		else	/* as many as it has lanes, or all there are */
			assert_int_equal(width, n < best->lanes ? n : best->lanes);
	}
	assert_int_equal(ctx.memory_used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_mixed),
#ifdef __x86_64__
		cmocka_unit_test(test_lane_wrong),
		cmocka_unit_test(test_some_wrong),
#endif
		cmocka_unit_test(test_self_test_fails),
		cmocka_unit_test(test_mask_obeyed),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
