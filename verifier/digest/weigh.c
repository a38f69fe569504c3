/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weigher: a pool of threads, each with one lane or several, over the units that
 * the jobs are cut into.  Knows no format.
 */
#include "verifier/digest/weigh.h"

#include <pthread.h>
#include <sched.h>

#include "verifier/digest/worker.h"

#define THREADS_MAX 256u

/* Less than this is done before further lanes are set up. */
#define LANING_BYTES (UINT64_C(8) << 20)

unsigned sy_cpu_count(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return CPU_COUNT(&set) > 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static void reset(struct sy_weigh_job *job)
{
	job->status = SY_CANCELLED;
	job->sys_errno = 0;
	job->why[0] = 0;
	job->n_read = 0;
}

/* What was not weighed to its end has no digest. */
static void forget_digests(struct sy_weigh_job *job)
{
	memset(job->digests, 0, sizeof(job->digests));
	for (size_t i = 0; i < job->n_parts; i++)
		job->parts[i].digest = (struct sy_digest){ 0 };
}

/* Says so when a variant of the processor's was found wrong. */
static void note_variants(struct sy_context *ctx, unsigned algorithms)
{
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		const char *failed = NULL;

		if (algorithms & 1u << a)
			failed = sy_hasher_failed_variant((enum sy_algorithm)a);
		if (failed)
			sy_message(ctx, SY_MESSAGE_NOTICE, "the %s code for %s failed "
				   "its self-test and is not used", failed,
				   sy_algorithm_name((enum sy_algorithm)a));
	}
}

static unsigned count_threads(const struct sy_pool *pool)
{
	unsigned n = pool->weigh->n_threads ? pool->weigh->n_threads : sy_cpu_count();
	size_t of_use = pool->units.n;

	/* A stream may use two: one reads, one hashes. */
	if (pool->n_total >= SY_SHARING_BYTES)
		of_use *= 2;
	if (n > of_use)
		n = (unsigned)of_use;
	return n < THREADS_MAX ? n : THREADS_MAX;
}

/* As many as gain when the units are dealt out to all threads. */
static unsigned count_lanes(const struct sy_pool *pool, unsigned algorithms)
{
	size_t n_each;

	if (!(algorithms & 1u << SY_SHA256) || pool->n_total < LANING_BYTES)
		return 1;
	n_each = (pool->units.n + pool->n_threads - 1) / pool->n_threads;
	return sy_hasher_width(pool->ctx, SY_SHA256,
			       n_each < SY_HASHERS_MAX ? n_each : SY_HASHERS_MAX);
}

static enum sy_status prepare(struct sy_pool *pool)
{
	struct sy_weigh *weigh = pool->weigh;
	unsigned algorithms = 0;
	enum sy_status status;

	for (size_t i = 0; i < weigh->n_jobs; i++) {
		struct sy_weigh_job *job = &weigh->jobs[i];

		reset(job);
		forget_digests(job);
		algorithms |= job->algorithms;
		algorithms |= job->n_parts > 0 ? 1u << job->part_algorithm : 0;
	}
	status = sy_units_make(&pool->units, pool->ctx, weigh);
	if (status != SY_OK)
		return status;
	for (size_t i = 0; i < pool->units.n; i++)
		pool->n_total += pool->units.items[i].len;
	pool->n_queued = pool->n_total;
	note_variants(pool->ctx, algorithms);
	pool->n_threads = count_threads(pool);
	pool->n_lanes = count_lanes(pool, algorithms);
	pool->reported_ns = pool->ctx->clock.monotonic_ns(pool->ctx->clock.user);
	return SY_OK;
}

/* The calling thread works too, so a pool of one starts no thread at all. */
static void run_pool(struct sy_pool *pool)
{
	unsigned n_threads = pool->n_threads, n_started = 0;
	pthread_t threads[THREADS_MAX];

	while (n_started + 1 < n_threads &&
	       pthread_create(&threads[n_started], NULL, sy_worker_run, pool) == 0)
		n_started++;
	pthread_mutex_lock(&pool->lock);
	pool->n_threads -= n_threads > 0 ? n_threads - 1 - n_started : 0;
	pthread_mutex_unlock(&pool->lock);
	sy_worker_run(pool);
	for (unsigned i = 0; i < n_started; i++)
		pthread_join(threads[i], NULL);
}

enum sy_status sy_weigh_run(struct sy_context *ctx, struct sy_weigh *weigh)
{
	struct sy_pool pool = { .ctx = ctx, .weigh = weigh };
	enum sy_status status = prepare(&pool);
	bool is_whole;

	if (status != SY_OK)
		return status;
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.changed, NULL);
	run_pool(&pool);
	pthread_cond_destroy(&pool.changed);
	pthread_mutex_destroy(&pool.lock);
	is_whole = pool.next == pool.units.n;
	sy_units_free(&pool.units);
	for (size_t i = 0; i < weigh->n_jobs; i++) {
		if (weigh->jobs[i].status != SY_OK)
			forget_digests(&weigh->jobs[i]);
	}
	if (sy_cancelled(ctx))
		return sy_fail(ctx, SY_CANCELLED, "interrupted");
	return is_whole ? SY_OK : sy_fail(ctx, pool.status, "no memory to read files with");
}
