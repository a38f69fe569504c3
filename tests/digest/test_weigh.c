/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weigher: the same digests whatever the number of threads, each job with its
 * own end, and a pool that says so when it could not do its work.
 */
#include "verifier/digest/weigh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/support.h"
#include "verifier/digest/hasher.h"

#define N_JOBS 61
#define BYTES_MAX 400000u

/* Jobs are stretches of one piece of memory, each as long as `size` says. */
struct bench {
	uint8_t *bytes;
	struct sy_weigh_job jobs[N_JOBS];
	enum sy_status fail_with;	/* job 3 cannot be opened */
	uint64_t n_done;		/* as progress said last */
	unsigned n_reports;
	atomic_bool is_cancelled;
	unsigned cancel_after;		/* opened jobs; 0: never */
	atomic_uint n_opened;
};

static enum sy_status open_memory(void *user, size_t id, struct sy_context *ctx,
				  struct sy_source *source)
{
	struct bench *bench = user;

	if (atomic_fetch_add(&bench->n_opened, 1) + 1 == bench->cancel_after)
		atomic_store(&bench->is_cancelled, true);
	if (id == 3 && bench->fail_with != SY_OK) {
		errno = EACCES;
		return bench->fail_with == SY_IO ? sy_fail_errno(ctx, "job 3")
			: sy_fail(ctx, bench->fail_with, "job 3 is odd");
	}
	sy_source_from_memory(source, ctx, sy_span_of(bench->bytes + id,
						      bench->jobs[id].size));
	return SY_OK;
}

static void count(void *user, uint64_t n_done, uint64_t n_total)
{
	struct bench *bench = user;

	assert_true(n_done >= bench->n_done);
	assert_true(n_done <= n_total);
	bench->n_done = n_done;
	bench->n_reports++;
}

/* Sizes of all kinds: nothing, around a block, several blocks. */
static uint64_t size_of(size_t id)
{
	static const uint64_t sizes[] = { 0, 1, 131071, 131072, 131073, 262144, 7,
					  BYTES_MAX };

	return id < SY_N_ELEMS(sizes) ? sizes[id] : id * id * 97 % 5000;
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bench->bytes = malloc(BYTES_MAX + N_JOBS);
	assert_non_null(bench->bytes);
	for (size_t i = 0; i < BYTES_MAX + N_JOBS; i++)
		bench->bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	for (size_t i = 0; i < N_JOBS; i++)
		bench->jobs[i] = (struct sy_weigh_job){
			.id = i, .size = size_of(i), .algorithms = i % (1u << SY_N_ALGORITHMS) };
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	free(bench->bytes);
	free(bench);
	return 0;
}

static struct sy_weigh weigh_of(struct bench *bench, unsigned n_threads)
{
	return (struct sy_weigh){
		.open = open_memory, .user = bench, .jobs = bench->jobs,
		.n_jobs = N_JOBS, .n_threads = n_threads,
	};
}

static void expect_digests(struct sy_context *ctx, const struct bench *bench,
			   const struct sy_weigh_job *job)
{
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		struct sy_hasher *hasher = NULL;
		struct sy_digest want;

		if (!(job->algorithms & 1u << a)) {
			assert_int_equal(job->digests[a].len, 0);
			continue;
		}
		assert_int_equal(sy_hasher_new(ctx, (enum sy_algorithm)a, job->size,
					       &hasher), SY_OK);
		sy_hasher_update(hasher, bench->bytes + job->id, job->size);
		assert_int_equal(sy_hasher_final(hasher, &want), SY_OK);
		sy_hasher_free(&hasher);
		assert_true(sy_digest_equal(&job->digests[a], &want));
	}
}

static void test_threads(void **state)
{
	static const unsigned n_threads[] = { 0, 1, 2, 8, 1000 };
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t t = 0; t < SY_N_ELEMS(n_threads); t++) {
		struct sy_weigh weigh = weigh_of(bench, n_threads[t]);

		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
		for (size_t i = 0; i < N_JOBS; i++) {
			assert_int_equal(bench->jobs[i].id, i);
			assert_int_equal(bench->jobs[i].status, SY_OK);
			assert_int_equal(bench->jobs[i].n_read, size_of(i));
			assert_int_equal(bench->jobs[i].why[0], 0);
			expect_digests(&ctx, bench, &bench->jobs[i]);
		}
	}
	assert_int_equal(ctx.memory_used, 0);
	assert_int_equal(ctx.error.status, SY_OK);
}

static void test_no_jobs(void **state)
{
	struct sy_weigh weigh = { .open = open_memory, .user = *state };
	struct sy_context ctx;

	sy_context_init(&ctx);
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
	assert_true(sy_cpu_count() >= 1);
}

/* One file that cannot be opened is that file's matter. */
static void test_open_fails(void **state)
{
	static const enum sy_status with[] = { SY_IO, SY_CHANGED, SY_UNSUPPORTED };
	struct bench *bench = *state;
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t k = 0; k < SY_N_ELEMS(with); k++) {
		struct sy_weigh weigh = weigh_of(bench, 2);

		bench->fail_with = with[k];
		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
		for (size_t i = 0; i < N_JOBS; i++)
			assert_int_equal(bench->jobs[i].status,
					 i == 3 ? with[k] : SY_OK);
		assert_int_equal(bench->jobs[3].n_read, 0);
		assert_int_equal(bench->jobs[3].sys_errno,
				 with[k] == SY_IO ? EACCES : 0);
		assert_non_null(strstr(bench->jobs[3].why, "job 3"));
		for (unsigned a = 0; a < SY_N_ALGORITHMS; a++)
			assert_int_equal(bench->jobs[3].digests[a].len, 0);
	}
}

/* What was not weighed to its end never has a digest. */
static void test_cancel(void **state)
{
	struct bench *bench = *state;

	for (unsigned n_threads = 1; n_threads <= 8; n_threads *= 2) {
		struct sy_weigh weigh = weigh_of(bench, n_threads);
		size_t n_cancelled = 0;
		struct sy_context ctx;

		sy_context_init(&ctx);
		ctx.cancelled = &bench->is_cancelled;
		atomic_store(&bench->is_cancelled, false);
		atomic_store(&bench->n_opened, 0);
		bench->cancel_after = 5;
		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_CANCELLED);
		for (size_t i = 0; i < N_JOBS; i++) {
			const struct sy_weigh_job *job = &bench->jobs[i];

			n_cancelled += job->status == SY_CANCELLED;
			assert_true(job->status == SY_OK ||
				    job->status == SY_CANCELLED);
			for (unsigned a = 0; a < SY_N_ALGORITHMS; a++)
				assert_true(job->status == SY_OK ||
					    job->digests[a].len == 0);
		}
		assert_true(n_cancelled > N_JOBS / 2);
		assert_true(atomic_load(&bench->n_opened) < 5 + n_threads);
		assert_int_equal(ctx.memory_used, 0);
	}
}

static void test_cancelled_before(void **state)
{
	struct bench *bench = *state;
	struct sy_weigh weigh = weigh_of(bench, 2);
	struct sy_context ctx;

	sy_context_init(&ctx);
	ctx.cancelled = &bench->is_cancelled;
	atomic_store(&bench->is_cancelled, true);
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_CANCELLED);
	assert_int_equal(atomic_load(&bench->n_opened), 0);
	for (size_t i = 0; i < N_JOBS; i++)
		assert_int_equal(bench->jobs[i].status, SY_CANCELLED);
}

/* A clock on which a second passes at each look, so that progress is said. */
static uint64_t fast_clock(void *user)
{
	uint64_t *now = user;

	return *now += 1000000000u;
}

static void test_progress(void **state)
{
	struct bench *bench = *state;

	for (unsigned n_threads = 1; n_threads <= 8; n_threads *= 2) {
		struct sy_weigh weigh = weigh_of(bench, n_threads);
		uint64_t now = 0, total = 0;
		struct sy_context ctx;

		for (size_t i = 0; i < N_JOBS; i++)
			total += size_of(i);
		sy_context_init(&ctx);
		ctx.clock.monotonic_ns = fast_clock;
		ctx.clock.user = &now;
		weigh.progress = count;
		bench->n_done = 0;
		bench->n_reports = 0;
		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
		assert_int_equal(bench->n_done, total);
		assert_true(bench->n_reports >= N_JOBS / 2);
	}
}

/* --- files that change ------------------------------------------------------------ */

struct changing {
	const char *path;
	bool is_shrinking;
};

static enum sy_status open_changing(void *user, size_t id, struct sy_context *ctx,
				    struct sy_source *source)
{
	const struct changing *changing = user;
	int fd = open(changing->path, O_RDWR | O_CLOEXEC);
	enum sy_status status;

	(void)id;
	assert_true(fd >= 0);
	status = sy_source_from_fd(source, ctx, fd, true);
	assert_int_equal(status, SY_OK);
	if (changing->is_shrinking)
		assert_int_equal(ftruncate(fd, 100000), 0);
	else
		assert_int_equal(pwrite(fd, "x", 1, 200000), 1);
	return status;
}

static void test_changed(void **state)
{
	struct bench *bench = *state;
	char dir[256], path[300];

	test_tmpdir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	for (unsigned shrinking = 0; shrinking < 2; shrinking++) {
		struct changing changing = { path, shrinking != 0 };
		struct sy_weigh_job job = { .algorithms = 1u << SY_SHA256 };
		struct sy_weigh weigh = { .open = open_changing, .user = &changing,
					  .jobs = &job, .n_jobs = 1, .n_threads = 1 };
		struct sy_context ctx;

		sy_context_init(&ctx);
		test_write_file(path, bench->bytes, 150000);
		assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
		assert_int_equal(job.status, SY_CHANGED);
		assert_int_equal(job.digests[SY_SHA256].len, 0);
		assert_int_not_equal(job.why[0], 0);
	}
	test_rmtree(dir);
}

/* --- without memory --------------------------------------------------------------- */

static void test_no_memory(void **state)
{
	struct bench *bench = *state;
	bool is_whole = false;

	for (uint64_t n = 0; !is_whole; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_weigh weigh = weigh_of(bench, 1);
		enum sy_status status;
		struct sy_context ctx;

		assert_true(n < 1000);
		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		status = sy_weigh_run(&ctx, &weigh);
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
		is_whole = status == SY_OK;
		allocator.fail_at = UINT64_MAX;
		for (size_t i = 0; i < N_JOBS; i++) {
			const struct sy_weigh_job *job = &bench->jobs[i];

			is_whole &= job->status == SY_OK;
			if (job->status == SY_OK)
				expect_digests(&ctx, bench, job);
			else
				assert_int_equal(job->status, status == SY_OK
						 ? SY_NO_MEMORY : SY_CANCELLED);
		}
		assert_int_equal(allocator.n_live, 0);
		assert_int_equal(ctx.memory_used, 0);
	}
}

static void test_budget(void **state)
{
	struct sy_weigh weigh = weigh_of(*state, 4);
	struct sy_context ctx;

	sy_context_init(&ctx);
	ctx.limits.memory = 100000;	/* less than a block */
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_LIMIT);
	assert_int_equal(weigh.jobs[0].status, SY_CANCELLED);
	assert_int_equal(ctx.memory_used, 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_threads),
		CASE(test_no_jobs),
		CASE(test_open_fails),
		CASE(test_cancel),
		CASE(test_cancelled_before),
		CASE(test_progress),
		CASE(test_changed),
		CASE(test_no_memory),
		CASE(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
