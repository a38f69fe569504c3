/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that the weigher spreads: parts of one source, alone and beside the whole,
 * and pieces of a BLAKE3 tree.  The same digests for any number of threads, any
 * size of block and any piece; one file, or no digest at all.
 */
#include "verifier/digest/weigh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/support.h"
#include "verifier/digest/hasher.h"

#define BYTES 1200000u
#define N_JOBS 7
#define N_PARTS 9

static uint8_t *bytes;

/* Jobs over the first size_of(id) bytes, with their parts. */
struct bench {
	struct sy_weigh_job jobs[N_JOBS];
	struct sy_weigh_part parts[N_JOBS][N_PARTS];
	atomic_bool is_cancelled;
	atomic_uint n_opened;
	unsigned cancel_after;		/* opened units; 0: never */
	unsigned fail_from;		/* the n-th opening on; 0: never */
};

static uint64_t size_of(size_t id)
{
	static const uint64_t sizes[N_JOBS] = { BYTES, 1, 0, 131072, 300001, 65536, 999 };

	return sizes[id];
}

static enum sy_status open_memory(void *user, size_t id, struct sy_context *ctx,
				  struct sy_source *source)
{
	struct bench *bench = user;
	unsigned n = atomic_fetch_add(&bench->n_opened, 1) + 1;

	if (n == bench->cancel_after)
		atomic_store(&bench->is_cancelled, true);
	if (bench->fail_from > 0 && n >= bench->fail_from)
		return sy_fail(ctx, SY_IO, "opening %u fails", n);
	sy_source_from_memory(source, ctx, sy_span_of(bytes, size_of(id)));
	return SY_OK;
}

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

/* In order, without overlap: with gaps, empty ones, and up to the very end. */
static size_t set_parts(struct sy_weigh_part *parts, uint64_t size)
{
	static const unsigned percents[] = { 0, 0, 7, 7, 40, 41, 55, 100, 100, 100 };
	size_t n = 0;

	for (size_t i = 0; i + 1 < SY_N_ELEMS(percents) && n < N_PARTS; i++) {
		uint64_t start = size * percents[i] / 100;
		uint64_t end = size * percents[i + 1] / 100;

		if (i != 4)	/* leaves a gap */
			parts[n++] = (struct sy_weigh_part){ .start = start,
							     .len = end - start };
	}
	return n;
}

static void set_jobs(struct bench *bench, unsigned algorithms, bool has_parts,
		     enum sy_algorithm part_algorithm)
{
	for (size_t i = 0; i < N_JOBS; i++) {
		bench->jobs[i] = (struct sy_weigh_job){
			.id = i, .size = size_of(i), .algorithms = algorithms,
			.parts = bench->parts[i], .part_algorithm = part_algorithm };
		if (has_parts)
			bench->jobs[i].n_parts = set_parts(bench->parts[i], size_of(i));
	}
	atomic_store(&bench->n_opened, 0);
	atomic_store(&bench->is_cancelled, false);
}

static struct sy_weigh weigh_of(struct bench *bench, unsigned n_threads)
{
	return (struct sy_weigh){
		.open = open_memory, .user = bench, .jobs = bench->jobs,
		.n_jobs = N_JOBS, .n_threads = n_threads, .piece_len = 8192,
	};
}

static void expect_digest(struct sy_context *ctx, enum sy_algorithm algorithm,
			  uint64_t start, uint64_t len, const struct sy_digest *have)
{
	struct sy_hasher *hasher = NULL;
	struct sy_digest want;

	assert_int_equal(sy_hasher_new(ctx, algorithm, len, &hasher), SY_OK);
	sy_hasher_update(hasher, bytes + start, len);
	assert_int_equal(sy_hasher_final(hasher, &want), SY_OK);
	sy_hasher_free(&hasher);
	assert_true(sy_digest_equal(have, &want));
}

static void expect_job(struct sy_context *ctx, const struct sy_weigh_job *job)
{
	assert_int_equal(job->status, SY_OK);
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if (job->algorithms & 1u << a)
			expect_digest(ctx, (enum sy_algorithm)a, 0, job->size,
				      &job->digests[a]);
		else
			assert_int_equal(job->digests[a].len, 0);
	}
	for (size_t i = 0; i < job->n_parts; i++)
		expect_digest(ctx, job->part_algorithm, job->parts[i].start,
			      job->parts[i].len, &job->parts[i].digest);
}

static void expect_all(struct sy_context *ctx, struct sy_weigh *weigh)
{
	assert_int_equal(sy_weigh_run(ctx, weigh), SY_OK);
	for (size_t i = 0; i < N_JOBS; i++)
		expect_job(ctx, &weigh->jobs[i]);
	assert_int_equal(ctx->memory_used, 0);
}

/* Masks of the whole: none (parts alone), SHA-256, BLAKE3 (a tree), and all. */
static const unsigned masks[] = { 0, 1u << SY_SHA256, 1u << SY_BLAKE3,
				  (1u << SY_N_ALGORITHMS) - 1 };

static void test_threads(void **state)
{
	static const unsigned n_threads[] = { 1, 2, 8 };
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t t = 0; t < SY_N_ELEMS(n_threads); t++) {
		for (size_t m = 0; m < SY_N_ELEMS(masks); m++) {
			for (unsigned a = 0; a < 2 * SY_N_ALGORITHMS; a++) {
				struct sy_weigh weigh = weigh_of(*state, n_threads[t]);

				set_jobs(*state, masks[m], a % 2,
					 (enum sy_algorithm)(a / 2));
				expect_all(&ctx, &weigh);
			}
		}
	}
}

/* Blocks from one byte to more than all bytes; pieces from a chunk on. */
static void test_blocks(void **state)
{
	static const size_t blocks[] = { 1, 63, 64, 100, 1000, 4096, 65537, 16u << 20 };
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t b = 0; b < SY_N_ELEMS(blocks); b++) {
		for (size_t m = 0; m < SY_N_ELEMS(masks); m++) {
			struct sy_weigh weigh = weigh_of(*state, 2);

			weigh.block_len = blocks[b];
			weigh.piece_len = UINT64_C(1024) << 2 * m;
			set_jobs(*state, masks[m], true, SY_SHA256);
			expect_all(&ctx, &weigh);
			set_jobs(*state, masks[m], false, SY_SHA256);
			expect_all(&ctx, &weigh);
		}
	}
}

static void weigh_parts(struct sy_context *ctx, struct sy_weigh_job *job,
			struct bench *bench, unsigned n_threads, size_t block_len)
{
	struct sy_weigh weigh = { .open = open_memory, .user = bench, .jobs = job,
				  .n_jobs = 1, .n_threads = n_threads,
				  .block_len = block_len };

	assert_int_equal(sy_weigh_run(ctx, &weigh), SY_OK);
	expect_job(ctx, job);
	assert_int_equal(ctx->memory_used, 0);
}

/* Enough bytes that further lanes are set up, in streams of unequal length. */
static void test_lanes(void **state)
{
	static const unsigned n_threads[] = { 1, 2, 3, 8 };
	static const size_t blocks[] = { 0, 63, 1000, 4096, 16u << 20 };
	static struct sy_weigh_part parts[40];
	struct sy_weigh_job job = { .size = BYTES, .parts = parts,
				    .part_algorithm = SY_SHA256 };
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(parts); i++)
		parts[i] = (struct sy_weigh_part){
			.start = i * 1001, .len = BYTES - i * i * 601 - 40040 };
	for (size_t t = 0; t < SY_N_ELEMS(n_threads); t++) {
		job.n_parts = SY_N_ELEMS(parts) - 7 * t;
		for (size_t b = 0; b < SY_N_ELEMS(blocks); b++)
			weigh_parts(&ctx, &job, *state, n_threads[t], blocks[b]);
	}
	job.n_parts = 12;
	weigh_parts(&ctx, &job, *state, 1, 1);
}

static bool has_digests(const struct sy_weigh_job *job)
{
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if (job->digests[a].len > 0)
			return true;
	}
	for (size_t i = 0; i < job->n_parts; i++) {
		if (job->parts[i].digest.len > 0)
			return true;
	}
	return false;
}

static size_t count_failed(const struct bench *bench)
{
	size_t n = 0;

	for (size_t i = 0; i < N_JOBS; i++)
		n += bench->jobs[i].status != SY_OK;
	return n;
}

/* One unit of many fails: the job has no digest, and says why; once. */
static void test_unit_fails(void **state)
{
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (unsigned from = 1; from <= 56; from++) {
		struct sy_weigh weigh = weigh_of(bench, from % 3 + 1);

		set_jobs(bench, from % 2 ? 0 : 1u << SY_BLAKE3, from % 2, SY_SHA256);
		bench->fail_from = from;
		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
		for (size_t i = 0; i < N_JOBS; i++) {
			const struct sy_weigh_job *job = &bench->jobs[i];

			assert_true(job->status == SY_OK || job->status == SY_IO);
			if (job->status == SY_OK)
				expect_job(&ctx, job);
			else
				assert_false(has_digests(job));
			assert_int_equal(job->why[0] != 0, job->status != SY_OK);
		}
		assert_true(count_failed(bench) > 0);
		assert_int_equal(ctx.memory_used, 0);
	}
}

static void test_cancel(void **state)
{
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	ctx.cancelled = &bench->is_cancelled;
	for (unsigned after = 1; after < 40; after += 3) {
		struct sy_weigh weigh = weigh_of(bench, after % 3 + 1);

		set_jobs(bench, after % 2 ? 0 : 1u << SY_BLAKE3, after % 2, SY_SHA256);
		bench->cancel_after = after;
		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_CANCELLED);
		assert_true(count_failed(bench) > 0);
		for (size_t i = 0; i < N_JOBS; i++)
			assert_int_equal(has_digests(&bench->jobs[i]),
					 bench->jobs[i].status == SY_OK);
		assert_int_equal(ctx.memory_used, 0);
	}
}

static void test_no_memory(void **state)
{
	struct bench *bench = *state;

	for (unsigned kind = 0; kind < 3; kind++) {
		bool is_whole = false;

		for (uint64_t n = 0; !is_whole; n++) {
			struct test_allocator allocator = { .fail_at = n };
			struct sy_weigh weigh = weigh_of(bench, 1);
			struct sy_context ctx;

			assert_true(n < 400);
			set_jobs(bench, masks[kind], kind < 2, SY_SHA256);
			sy_context_init(&ctx);
			test_allocator_use(&ctx, &allocator);
			is_whole = sy_weigh_run(&ctx, &weigh) == SY_OK;
			allocator.fail_at = UINT64_MAX;
			for (size_t i = 0; i < N_JOBS; i++) {
				is_whole &= bench->jobs[i].status == SY_OK;
				if (bench->jobs[i].status == SY_OK)
					expect_job(&ctx, &bench->jobs[i]);
				else
					assert_false(has_digests(&bench->jobs[i]));
			}
			assert_int_equal(allocator.n_live, 0);
			assert_int_equal(ctx.memory_used, 0);
		}
	}
}

/* --- what a caller may get wrong, and what a file may do -------------------------- */

static enum sy_status status_of(struct bench *bench, unsigned algorithms,
				struct sy_weigh_part *parts, size_t n_parts)
{
	struct sy_weigh_job job = { .size = BYTES, .algorithms = algorithms,
				    .parts = parts, .n_parts = n_parts,
				    .part_algorithm = SY_SHA256 };
	struct sy_weigh weigh = weigh_of(bench, 2);
	struct sy_context ctx;

	sy_context_init(&ctx);
	weigh.jobs = &job;
	weigh.n_jobs = 1;
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
	assert_int_equal(has_digests(&job), job.status == SY_OK);
	assert_int_equal(job.why[0] != 0, job.status != SY_OK);
	return job.status;
}

static void test_bounds(void **state)
{
	const unsigned whole = 1u << SY_SHA256;
	struct sy_weigh_part beyond[] = { { .start = BYTES - 1, .len = 2 } };
	struct sy_weigh_part far[] = { { .start = UINT64_MAX - 1, .len = 8 } };
	struct sy_weigh_part wide[] = { { .start = 8, .len = UINT64_MAX - 2 } };
	struct sy_weigh_part overlap[] = { { .len = 10 }, { .start = 9, .len = 5 } };
	struct sy_weigh_part last[] = { { .start = BYTES, .len = 0 } };

	for (unsigned alone = 0; alone < 2; alone++) {
		unsigned mask = alone ? 0 : whole;

		assert_int_equal(status_of(*state, mask, beyond, 1), SY_CHANGED);
		assert_int_equal(status_of(*state, mask, far, 1), SY_CHANGED);
		assert_int_equal(status_of(*state, mask, wide, 1), SY_CHANGED);
		assert_int_equal(status_of(*state, mask, last, 1), SY_OK);
		assert_int_equal(status_of(*state, mask, overlap, 2),
				 alone ? SY_OK : SY_USAGE);
	}
}

/* A file that is another one, or has another size, at the second opening. */
struct files {
	const char *dir;
	bool is_grown;
	atomic_uint n_opened;
};

static enum sy_status open_file(void *user, size_t id, struct sy_context *ctx,
				struct sy_source *source)
{
	struct files *files = user;
	unsigned n = atomic_fetch_add(&files->n_opened, 1);
	char path[300];
	int fd;

	(void)id;
	snprintf(path, sizeof(path), "%s/%u", files->dir, n > 0 && !files->is_grown);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	if (n == 1 && files->is_grown)
		assert_int_equal(pwrite(fd, "x", 1, BYTES), 1);
	return sy_source_from_fd(source, ctx, fd, true);
}

static void test_another_file(void **state)
{
	char dir[256], path[300];

	(void)state;
	test_tmpdir(dir, sizeof(dir));
	for (unsigned i = 0; i < 4; i++) {
		struct files files = { .dir = dir, .is_grown = i % 2 };
		struct sy_weigh_part parts[] = { { .len = 1000 }, { .len = 1000 } };
		struct sy_weigh_job job = {
			.size = BYTES, .algorithms = i < 2 ? 1u << SY_BLAKE3 : 0,
			.parts = parts, .n_parts = i < 2 ? 0 : 2,
			.part_algorithm = SY_SHA256 };
		struct sy_weigh weigh = { .open = open_file, .user = &files, .jobs = &job,
					  .n_jobs = 1, .n_threads = 1,
					  .piece_len = 1u << 20 };
		struct sy_context ctx;

		for (unsigned k = 0; k < 2; k++) {
			snprintf(path, sizeof(path), "%s/%u", dir, k);
			test_write_file(path, bytes, BYTES);
		}
		sy_context_init(&ctx);
		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
		assert_int_equal(job.status, SY_CHANGED);
		assert_false(has_digests(&job));
		assert_true(job.why[0] != 0);
	}
	test_rmtree(dir);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_threads),
		CASE(test_blocks),
		CASE(test_lanes),
		CASE(test_unit_fails),
		CASE(test_cancel),
		CASE(test_no_memory),
		CASE(test_bounds),
		CASE(test_another_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
