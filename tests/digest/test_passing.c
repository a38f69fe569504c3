/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole with the digests and the values of its parts: the same by one thread, and by
 * two that look at the same blocks; and an end of either at any time.
 */
#include "verifier/digest/passing.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

#define BYTES (36u << 20)
#define N_LARGE 5u
#define N_PARTS 3000u

static uint8_t *bytes;
static struct sy_weigh_part parts[N_PARTS], want[N_PARTS];
static struct sy_value_stats values[N_PARTS], want_values[N_PARTS];

/* A source over bytes that fails from an offset on. */
static uint64_t fails_at;
static _Atomic uint64_t n_read;

static enum sy_status read_bytes(struct sy_source *source, uint64_t off, void *buf, size_t len)
{
	if (off + len > fails_at)
		return sy_fail(source->ctx, SY_IO, "broken");
	n_read += len;
	memcpy(buf, bytes + off, len);
	return SY_OK;
}

static enum sy_status open_bytes(void *user, size_t id, struct sy_context *ctx,
				 struct sy_source *source)
{
	(void)user;
	(void)id;
	sy_source_from_memory(source, ctx, sy_span_of(bytes, BYTES));
	source->read = read_bytes;
	return SY_OK;
}

/* Large ones at odd places with a gap, an empty one, then many small ones. */
static void set_parts(void)
{
	static const char *const types[] = { "F32", "F16", "Q4_0", "BOOL", "F64" };
	uint64_t at = 1003;

	memset(values, 0, sizeof(values));
	for (size_t i = 0; i < N_PARTS; i++) {
		const struct sy_dtype *dtype = sy_dtype_find(sy_span_str(types[i % 5]));
		uint64_t n_blocks = (i < N_LARGE ? 6000000 : i % 700) / dtype->item;

		parts[i] = (struct sy_weigh_part){
			.start = at, .len = i == 3 ? 0 : n_blocks * dtype->item,
			.dtype = i % 7 == 6 ? NULL : dtype, .values = &values[i],
		};
		at += parts[i].len + (i % 2 ? 13 : 0);
	}
	assert_true(at < BYTES);
}

/* By one call for each. */
static int setup(void **state)
{
	struct sy_stats *stats;
	struct sy_context ctx;
	uint32_t x = 3;

	(void)state;
	bytes = malloc(BYTES);
	assert_non_null(bytes);
	for (size_t i = 0; i < BYTES; i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(x >> 25 & 0x3f);
	}
	set_parts();
	sy_context_init(&ctx);
	assert_int_equal(sy_stats_new(&ctx, &stats), SY_OK);
	for (size_t i = 0; i < N_PARTS; i++) {
		struct sy_span span = sy_span_of(bytes + parts[i].start, parts[i].len);

		assert_int_equal(sy_hash(&ctx, SY_SHA256, span, &want[i].digest), SY_OK);
		if (!parts[i].dtype)
			continue;
		sy_stats_begin(stats, parts[i].dtype);
		sy_stats_add(stats, span.data, span.len);
		sy_stats_end(stats, &want_values[i]);
	}
	sy_stats_free(&stats);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(bytes);
	return 0;
}

static struct sy_weigh_job job_of(unsigned algorithms, enum sy_algorithm part_algorithm)
{
	set_parts();
	fails_at = UINT64_MAX;
	n_read = 0;
	return (struct sy_weigh_job){
		.size = BYTES, .algorithms = algorithms, .parts = parts, .n_parts = N_PARTS,
		.part_algorithm = part_algorithm,
	};
}

static void run(struct sy_weigh_job *job, unsigned n_threads, size_t block_len,
		enum sy_status want_status)
{
	struct sy_weigh weigh = { .open = open_bytes, .jobs = job, .n_jobs = 1,
				  .n_threads = n_threads, .block_len = block_len };
	struct sy_context ctx;

	sy_context_init(&ctx);
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
	assert_int_equal(job->status, want_status);
	assert_int_equal(ctx.memory_used, 0);
}

static void expect_all(const struct sy_weigh_job *job, unsigned algorithms)
{
	struct sy_digest whole;
	struct sy_context ctx;

	assert_int_equal(n_read, BYTES);	/* each of them once */
	sy_context_init(&ctx);
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if (!(algorithms & 1u << a))
			continue;
		assert_int_equal(sy_hash(&ctx, (enum sy_algorithm)a,
					 sy_span_of(bytes, BYTES), &whole), SY_OK);
		assert_true(sy_digest_equal(&job->digests[a], &whole));
	}
	for (size_t i = 0; i < N_PARTS; i++) {
		if (job->part_algorithm < SY_N_ALGORITHMS)
			assert_true(sy_digest_equal(&parts[i].digest, &want[i].digest));
		else
			assert_int_equal(parts[i].digest.len, 0);
		assert_memory_equal(&values[i], &want_values[i], sizeof(values[i]));
	}
}

static void test_threads_and_blocks(void **state)
{
	static const unsigned n_threads[] = { 1, 2, 8 };
	static const size_t blocks[] = { 0, 3000, 65536, 3u << 20 };

	(void)state;
	for (size_t t = 0; t < SY_N_ELEMS(n_threads); t++) {
		for (size_t b = 0; b < SY_N_ELEMS(blocks); b++) {
			struct sy_weigh_job job = job_of(1u << SY_SHA256, SY_SHA256);

			run(&job, n_threads[t], blocks[b], SY_OK);
			expect_all(&job, job.algorithms);
		}
	}
}

static void test_algorithms(void **state)
{
	static const unsigned masks[] = { 1u << SY_BLAKE3, 1u << SY_SHA256 | 1u << SY_BLAKE3 };

	(void)state;
	for (unsigned n_threads = 1; n_threads < 3; n_threads++) {
		for (size_t m = 0; m < SY_N_ELEMS(masks); m++) {
			struct sy_weigh_job job = job_of(masks[m], SY_SHA256);

			run(&job, n_threads, 0, SY_OK);
			expect_all(&job, masks[m]);
			job = job_of(masks[m], SY_N_ALGORITHMS);
			run(&job, n_threads, 0, SY_OK);
			expect_all(&job, masks[m]);
		}
	}
}

/* Several files in one thread: their wholes side by side, each with its parts. */
static void run_several(unsigned n_threads, enum sy_algorithm part_algorithm)
{
	static struct sy_weigh_part all_parts[3][N_PARTS];
	static struct sy_value_stats all_values[3][N_PARTS];
	struct sy_weigh_job jobs[3];
	struct sy_weigh weigh = { .open = open_bytes, .jobs = jobs, .n_jobs = 3,
				  .n_threads = n_threads };
	struct sy_context ctx;

	for (size_t j = 0; j < 3; j++) {
		jobs[j] = job_of(1u << SY_SHA256, part_algorithm);
		memcpy(all_parts[j], parts, sizeof(parts));
		for (size_t i = 0; i < N_PARTS; i++)
			all_parts[j][i].values = &all_values[j][i];
		jobs[j].parts = all_parts[j];
	}
	memset(all_values, 0, sizeof(all_values));
	sy_context_init(&ctx);
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
	assert_int_equal(n_read, 3 * BYTES);
	n_read = BYTES;
	for (size_t j = 0; j < 3; j++) {
		assert_int_equal(jobs[j].status, SY_OK);
		memcpy(parts, all_parts[j], sizeof(parts));
		memcpy(values, all_values[j], sizeof(values));
		expect_all(&jobs[j], 1u << SY_SHA256);
	}
	assert_int_equal(ctx.memory_used, 0);
}

static void test_several(void **state)
{
	(void)state;
	for (unsigned n_threads = 1; n_threads < 4; n_threads++) {
		run_several(n_threads, SY_N_ALGORITHMS);
		run_several(n_threads, SY_SHA256);
	}
}

/* What cannot be said of the values of one is that one's failure. */
static void test_several_without_memory(void **state)
{
	struct sy_weigh_job jobs[2];
	struct sy_weigh weigh = { .open = open_bytes, .jobs = jobs, .n_jobs = 2,
				  .n_threads = 1, .block_len = 1000 };
	struct sy_context ctx;

	(void)state;
	jobs[0] = jobs[1] = job_of(1u << SY_SHA256, SY_N_ALGORITHMS);
	jobs[1].n_parts = 0;
	sy_context_init(&ctx);
	ctx.limits.memory = 20000;
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
	assert_int_equal(jobs[0].status, SY_LIMIT);
	assert_int_not_equal(jobs[0].why[0], 0);
	assert_int_equal(jobs[0].digests[SY_SHA256].len, 0);
	assert_int_equal(jobs[1].status, SY_OK);
	assert_int_equal(ctx.memory_used, 0);
}

/* Early, late, in the thread beside, or in the one that hashes. */
static void test_reading_fails(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 24; i++) {
		struct sy_weigh_job job = job_of(1u << SY_SHA256, SY_SHA256);

		fails_at = i * (BYTES / 24) + 1;
		run(&job, i % 3 + 1, 0, SY_IO);
		assert_string_equal(job.why, "broken");
		assert_true(job.n_read < fails_at);
		for (size_t p = 0; p < N_PARTS; p++)
			assert_int_equal(parts[p].digest.len, 0);
	}
}

/* What the values need is asked for when the first such part comes. */
static void test_parts_without_memory(void **state)
{
	(void)state;
	for (unsigned n_threads = 1; n_threads < 4; n_threads++) {
		for (size_t first = 0; first < N_LARGE; first++) {
			struct sy_weigh_job job = job_of(1u << SY_SHA256, SY_SHA256);
			struct sy_weigh weigh = {
				.open = open_bytes, .jobs = &job, .n_jobs = 1,
				.n_threads = n_threads, .block_len = 1000,
			};
			struct sy_context ctx;

			for (size_t i = 0; i < first; i++)
				parts[i].dtype = NULL;
			sy_context_init(&ctx);
			ctx.limits.memory = 20000;
			assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
			assert_int_equal(job.status, SY_LIMIT);
			assert_int_not_equal(job.why[0], 0);
			assert_int_equal(job.digests[SY_SHA256].len, 0);
			assert_int_equal(parts[0].digest.len, 0);
			assert_int_equal(ctx.memory_used, 0);
		}
	}
}

static void test_allocations_fail(void **state)
{
	bool is_whole = false;

	(void)state;
	for (uint64_t n = 0; !is_whole; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_weigh_job job = job_of(1u << SY_SHA256, SY_SHA256);
		struct sy_weigh weigh = { .open = open_bytes, .jobs = &job, .n_jobs = 1,
					  .n_threads = 1 };
		struct sy_context ctx;

		assert_true(n < 60);
		job.n_parts = 7;
		job.size = 100000;
		for (size_t i = 0; i < 7; i++)
			parts[i].start = 10000 * i, parts[i].len = 9000;
		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		is_whole = sy_weigh_run(&ctx, &weigh) == SY_OK && job.status == SY_OK;
		assert_int_equal(parts[0].digest.len > 0, is_whole);
		assert_int_equal(allocator.n_live, 0);
	}
}

/* A later part may begin only where the one before it has ended. */
static void test_order(void **state)
{
	struct sy_weigh_job job = job_of(1u << SY_SHA256, SY_N_ALGORITHMS);

	(void)state;
	parts[1].start--;
	run(&job, 2, 0, SY_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_and_blocks),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_several_without_memory),
		cmocka_unit_test(test_reading_fails),
		cmocka_unit_test(test_parts_without_memory),
		cmocka_unit_test(test_allocations_fail),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
