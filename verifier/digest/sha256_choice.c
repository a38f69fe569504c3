/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: which kernels this machine has, that they are right, and what they gain. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "verifier/base/attr.h"
#include "verifier/digest/cpu.h"
#include "verifier/digest/sha256.h"

void sy_sha256_run(const struct sy_sha256_kernel *kernel,
		   const struct sy_sha256_lane *lanes, size_t n, size_t n_blocks)
{
	struct sy_sha256_lane all[SY_SHA256_LANES_MAX];
	uint32_t nobody[8] = { 0 };

	if (n == kernel->lanes) {
		kernel->hash(lanes, n_blocks);
		return;
	}
	memcpy(all, lanes, n * sizeof(*lanes));
	for (size_t i = n; i < kernel->lanes; i++)
		all[i] = (struct sy_sha256_lane){ .h = nobody, .data = lanes[0].data };
	kernel->hash(all, n_blocks);
}

/* --- the self-test ---------------------------------------------------------------- */

#define TEST_LEN_MAX 577u
#define TEST_BLOCKS_MAX ((TEST_LEN_MAX + 8) / SY_SHA256_BLOCK + 1)

struct trial {
	uint8_t message[TEST_BLOCKS_MAX * SY_SHA256_BLOCK];	/* and its padding */
	uint8_t want[SY_SHA256_LEN];
	uint32_t h[8];
};

static uint32_t u32be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Padded as FIPS 180-4, 5.1.1 says; returns how many blocks that makes. */
static size_t pad(uint8_t *message, size_t len)
{
	size_t n_blocks = (len + 8) / SY_SHA256_BLOCK + 1;
	uint8_t *end = message + n_blocks * SY_SHA256_BLOCK;

	memset(message + len, 0, n_blocks * SY_SHA256_BLOCK - len);
	message[len] = 0x80;
	end[-2] = (uint8_t)(len >> 5);
	end[-1] = (uint8_t)(len << 3);
	return n_blocks;
}

static bool has_digest(const struct trial *trial)
{
	for (unsigned i = 0; i < 8; i++) {
		if (trial->h[i] != u32be(trial->want + 4 * i))
			return false;
	}
	return true;
}

/* Another message of that length in every lane. */
static bool is_right_at(const struct sy_sha256_kernel *kernel, const uint8_t *bytes,
			size_t len)
{
	struct trial trials[SY_SHA256_LANES_MAX];
	struct sy_sha256_lane lanes[SY_SHA256_LANES_MAX];
	bool is_right = true;
	size_t n_blocks = 0;

	for (size_t i = 0; i < kernel->lanes; i++) {
		struct trial *t = &trials[i];

		if (!sy_sha256_digest(NULL, bytes + 31 * i, len, t->want))
			return false;
		memcpy(t->message, bytes + 31 * i, len);
		n_blocks = pad(t->message, len);
		memcpy(t->h, sy_sha256_initial, sizeof(t->h));
		lanes[i] = (struct sy_sha256_lane){ .h = t->h, .data = t->message };
	}
	kernel->hash(lanes, n_blocks);
	for (size_t i = 0; i < kernel->lanes; i++)
		is_right &= has_digest(&trials[i]);
	return is_right;
}

bool sy_sha256_is_right(const struct sy_sha256_kernel *kernel)
{
	static const size_t lens[] = { 0, 64, TEST_LEN_MAX };	/* 1, 2 and 10 blocks */
	uint8_t bytes[31 * SY_SHA256_LANES_MAX + TEST_LEN_MAX];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(x >> 24);
	}
	for (size_t i = 0; i < SY_N_ELEMS(lens); i++) {
		if (!is_right_at(kernel, bytes, lens[i]))
			return false;
	}
	return true;
}

/* --- the choice ------------------------------------------------------------------- */

void sy_sha256_choose(const struct sy_sha256_kernel *const *kernels, size_t n,
		      unsigned features, struct sy_sha256_choice *choice)
{
	*choice = (struct sy_sha256_choice){ 0 };
	for (size_t i = 0; i < n; i++) {
		const struct sy_sha256_kernel *kernel = kernels[i];

		if (!(features & 1u << kernel->feature))
			continue;
		if (!sy_cpu_must_fail((enum sy_cpu_feature)kernel->feature) &&
		    sy_sha256_is_right(kernel))
			choice->kernels[choice->n++] = kernel;
		else if (!choice->failed)
			choice->failed = kernel->name;
	}
	if (choice->n > 0 && choice->kernels[0]->lanes > 1)
		choice->n = 0;
}

static struct sy_sha256_choice chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
#ifdef __x86_64__
	static const struct sy_sha256_kernel *const kernels[] = {
		&sy_sha256_ni, &sy_sha256_ni_x2, &sy_sha256_ni_x4, &sy_sha256_avx512,
	};

	sy_sha256_choose(kernels, SY_N_ELEMS(kernels), sy_cpu_features(), &chosen);
#endif
}

const struct sy_sha256_choice *sy_sha256_chosen(void)
{
	pthread_once(&once, choose);
	return &chosen;
}

/* --- what pays -------------------------------------------------------------------- */

#define TRIAL_BLOCKS 64u
#define N_TRIALS 8u

/* ns of each chosen kernel for TRIAL_BLOCKS of every lane; 0: not measured. */
static atomic_uint_fast64_t costs[SY_SHA256_KERNELS_MAX];

/* The least of several trials: others may disturb, none speeds up. */
static uint64_t measure(struct sy_context *ctx, const struct sy_sha256_kernel *kernel)
{
	static const uint8_t data[TRIAL_BLOCKS * SY_SHA256_BLOCK];
	uint32_t states[SY_SHA256_LANES_MAX][8] = { 0 };
	struct sy_sha256_lane lanes[SY_SHA256_LANES_MAX];
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < kernel->lanes; i++)
		lanes[i] = (struct sy_sha256_lane){ .h = states[i], .data = data };
	for (unsigned i = 0; i < N_TRIALS; i++) {
		uint64_t begin = ctx->clock.monotonic_ns(ctx->clock.user), n;

		kernel->hash(lanes, TRIAL_BLOCKS);
		n = ctx->clock.monotonic_ns(ctx->clock.user) - begin;
		least = n < least ? n : least;
	}
	return least > 0 ? least : 1;
}

static size_t served(const struct sy_sha256_kernel *kernel, size_t n)
{
	return n < kernel->lanes ? n : kernel->lanes;
}

/*
 * Whether kernel j of the choice gets more of n streams done in a while than kernel
 * i: at least a tenth, or it is not worth the buffers.
 */
static bool is_better(const struct sy_sha256_choice *choice, size_t i, size_t j, size_t n)
{
	uint64_t cost_i = atomic_load(&costs[i]), cost_j = atomic_load(&costs[j]);

	if (cost_i == 0 || cost_j == 0)
		return choice->kernels[j]->lanes <= n;
	return served(choice->kernels[j], n) * cost_i * 10 >=
	       served(choice->kernels[i], n) * cost_j * 11;
}

const struct sy_sha256_kernel *sy_sha256_best(size_t n)
{
	const struct sy_sha256_choice *choice = sy_sha256_chosen();
	size_t best = 0;

	for (size_t i = 1; i < choice->n && n > 1; i++) {
		if (is_better(choice, best, i, n))
			best = i;
	}
	return choice->n > 0 ? choice->kernels[best] : NULL;
}

unsigned sy_sha256_width(struct sy_context *ctx, size_t n)
{
	const struct sy_sha256_choice *choice = sy_sha256_chosen();

	if (choice->n == 0 || n < 2)
		return 1;
	for (size_t i = 0; i < choice->n; i++) {
		if (atomic_load(&costs[i]) == 0)	/* who races finds the same */
			atomic_store(&costs[i], measure(ctx, choice->kernels[i]));
	}
	return (unsigned)served(sy_sha256_best(n), n);
}
