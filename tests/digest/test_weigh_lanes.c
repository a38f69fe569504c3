/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams side by side in one thread: as many as gain, fewer without memory for more,
 * the next one in the place of each that ends, and none that is wrong because another
 * failed or was shorter.
 */
#include "verifier/digest/weigh.h"

#include <stdlib.h>

#include "tests/support/support.h"
#include "verifier/digest/hasher.h"
#include "verifier/digest/sha256.h"

#define BYTES 1500000u
#define N_JOBS_MAX 40u

static uint8_t *bytes;

struct bench {
	struct sy_weigh_job jobs[N_JOBS_MAX];
	size_t n_jobs;
	size_t n_opened, n_most;	/* most: open at the same time */
	size_t failing;			/* this one cannot be opened; N_JOBS_MAX: none */
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bytes = malloc(BYTES);
	assert_non_null(bytes);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	free(bytes);
	free(*state);
	return 0;
}

/* For one thread only: counts what is open now. */
static enum sy_status open_job(void *user, size_t id, struct sy_context *ctx,
			       struct sy_source *source)
{
	struct bench *bench = user;
	size_t n_open = ++bench->n_opened;

	for (size_t i = 0; i < bench->n_jobs; i++)
		n_open -= bench->jobs[i].status != SY_CANCELLED;
	bench->n_most = n_open > bench->n_most ? n_open : bench->n_most;
	if (id == bench->failing)
		return sy_fail(ctx, SY_IO, "it is gone");
	sy_source_from_memory(source, ctx, sy_span_of(bytes + id, bench->jobs[id].size));
	return SY_OK;
}

/* Lengths that differ by `step` bytes, all of them of SHA-256. */
static void set_jobs(struct bench *bench, size_t n, uint64_t len, uint64_t step)
{
	*bench = (struct bench){ .n_jobs = n, .failing = N_JOBS_MAX };
	for (size_t i = 0; i < n; i++)
		bench->jobs[i] = (struct sy_weigh_job){ .id = i, .size = len - i * step,
							.algorithms = 1u << SY_SHA256 };
}

static enum sy_status run(struct sy_context *ctx, struct bench *bench)
{
	struct sy_weigh weigh = { .open = open_job, .user = bench, .jobs = bench->jobs,
				  .n_jobs = bench->n_jobs, .n_threads = 1 };

	return sy_weigh_run(ctx, &weigh);
}

static void expect_digest(const struct sy_weigh_job *job)
{
	uint8_t want[SY_SHA256_LEN];

	assert_true(sy_sha256_digest(NULL, bytes + job->id, job->size, want));
	assert_int_equal(job->digests[SY_SHA256].len, sizeof(want));
	assert_memory_equal(job->digests[SY_SHA256].bytes, want, sizeof(want));
}

static void expect_digests(const struct bench *bench)
{
	for (size_t i = 0; i < bench->n_jobs; i++) {
		const struct sy_weigh_job *job = &bench->jobs[i];

		assert_int_equal(job->status, i == bench->failing ? SY_IO : SY_OK);
		if (i == bench->failing)
			assert_int_equal(job->digests[SY_SHA256].len, 0);
		else
			expect_digest(job);
	}
}

/* As many side by side as the kernels say, whatever the number of jobs. */
static void test_as_many_as_gain(void **state)
{
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t n = 6; n <= N_JOBS_MAX; n += n < 20 ? 1 : 7) {
		size_t n_lanes = n < SY_HASHERS_MAX ? n : SY_HASHERS_MAX;

		set_jobs(bench, n, BYTES - N_JOBS_MAX, 0);
		assert_int_equal(run(&ctx, bench), SY_OK);
		expect_digests(bench);
		assert_int_equal(bench->n_opened, n);
		assert_int_equal(bench->n_most,
				 sy_hasher_width(&ctx, SY_SHA256, n_lanes));
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* Little is done before lanes are set up for it; a lone stream has no use for any. */
static void test_one_lane(void **state)
{
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	set_jobs(bench, 30, 100000, 7);
	assert_int_equal(run(&ctx, bench), SY_OK);
	expect_digests(bench);
	assert_int_equal(bench->n_most, 1);
}

/* Lanes whose streams end at different times, around whole blocks and far from them. */
static void test_unequal(void **state)
{
	static const uint64_t steps[] = { 1, 63, 64, 65, 1000, 32768, 33333 };
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(steps); i++) {
		set_jobs(bench, N_JOBS_MAX, BYTES - N_JOBS_MAX, steps[i]);
		if (i % 2)
			bench->failing = 3 * i;
		assert_int_equal(run(&ctx, bench), SY_OK);
		expect_digests(bench);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* Streams that cannot run beside others take turns with those that can. */
static void test_mixed(void **state)
{
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	set_jobs(bench, N_JOBS_MAX, BYTES - N_JOBS_MAX, 4321);
	for (size_t i = 0; i < N_JOBS_MAX; i += 3) {
		bench->jobs[i].algorithms |= 1u << SY_BLAKE3;
		bench->jobs[(i + 1) % N_JOBS_MAX].algorithms = 1u << SY_SHA512;
	}
	assert_int_equal(run(&ctx, bench), SY_OK);
	for (size_t i = 0; i < N_JOBS_MAX; i++) {
		struct sy_weigh_job *job = &bench->jobs[i];

		for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
			struct sy_digest want = { 0 };

			if (job->algorithms & 1u << a)
				assert_int_equal(sy_hash(&ctx, a, sy_span_of(bytes + i,
								 job->size), &want), SY_OK);
			assert_int_equal(job->digests[a].len, want.len);
			assert_memory_equal(job->digests[a].bytes, want.bytes, want.len);
		}
	}
}

struct allocator {
	uint64_t n_calls, fail_at;	/* one of them fails, not those after it */
	int64_t n_live;
};

static void *fail_once(void *user, void *p, size_t len)
{
	struct allocator *allocator = user;

	if (len == 0) {
		allocator->n_live -= p != NULL;
		free(p);
		return NULL;
	}
	if (allocator->n_calls++ == allocator->fail_at)
		return NULL;
	allocator->n_live += p == NULL;
	return realloc(p, len);
}

/* One allocation fails: each digest is right or is not there. */
static size_t lanes_without(struct bench *bench, uint64_t fail_at, uint64_t *n_calls)
{
	struct allocator allocator = { .fail_at = fail_at };
	enum sy_status status;
	struct sy_context ctx;
	bool is_whole;

	set_jobs(bench, 7, BYTES - N_JOBS_MAX, 12345);
	sy_context_init(&ctx);
	ctx.allocator.realloc = fail_once;
	ctx.allocator.user = &allocator;
	status = run(&ctx, bench);
	is_whole = status == SY_OK;
	for (size_t i = 0; i < bench->n_jobs; i++) {
		is_whole &= bench->jobs[i].status == SY_OK;
		if (bench->jobs[i].status == SY_OK)
			expect_digest(&bench->jobs[i]);
		else
			assert_int_equal(bench->jobs[i].digests[SY_SHA256].len, 0);
	}
	assert_int_equal(allocator.n_live, 0);
	assert_int_equal(ctx.memory_used, 0);
	*n_calls = allocator.n_calls;
	return is_whole ? bench->n_most : 0;
}

/* Without a block for one lane, the lanes before it do it all. */
static void test_no_memory(void **state)
{
	unsigned n_whole[SY_HASHERS_MAX + 1] = { 0 };
	uint64_t n_calls, n_all;
	size_t n_lanes = lanes_without(*state, UINT64_MAX, &n_all);

	assert_in_range(n_lanes, 1, SY_HASHERS_MAX);
	for (uint64_t n = 0; n < n_all; n++)
		n_whole[lanes_without(*state, n, &n_calls)]++;
	assert_true(n_whole[0] > 0);
	for (size_t i = 1; i < n_lanes; i++)
		assert_true(n_whole[i] > 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_as_many_as_gain),
		CASE(test_one_lane),
		CASE(test_unequal),
		CASE(test_mixed),
		CASE(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
