/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weigher: a pool of threads, each with one small buffer, takes the largest
 * job left and reads it once from front to back.  Knows nothing of formats.
 */
#include "verifier/digest/weigh.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "verifier/digest/hasher.h"

/* Flat optimum between 64 and 256 KiB: larger buffers fall out of the L2. */
#define BLOCK_BYTES 131072u
#define THREADS_MAX 256u
#define PROGRESS_NS 200000000u

struct pool {
	struct sy_context *ctx;
	struct sy_weigh *weigh;
	struct sy_weigh_job **order;	/* largest first */
	pthread_mutex_t lock;		/* guards all below */
	size_t next;
	uint64_t n_done, n_total;	/* bytes */
	uint64_t reported_ns;
	enum sy_status status;		/* why a thread could not begin */
};

/* What one thread works with. */
struct worker {
	struct pool *pool;
	struct sy_context ctx;		/* its own: error and memory are not shared */
	uint8_t *block;			/* BLOCK_BYTES */
	struct sy_hasher *hashers[SY_N_ALGORITHMS];	/* of the job at hand */
};

unsigned sy_cpu_count(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return CPU_COUNT(&set) > 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* None when it was cancelled: those left are not even opened. */
static struct sy_weigh_job *take_job(struct pool *pool)
{
	struct sy_weigh_job *job = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->next < pool->weigh->n_jobs && !sy_cancelled(pool->ctx))
		job = pool->order[pool->next++];
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void count_progress(struct pool *pool, uint64_t n)
{
	struct sy_weigh *weigh = pool->weigh;
	uint64_t now;

	if (!weigh->progress)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->n_done += n;
	now = pool->ctx->clock.monotonic_ns(pool->ctx->clock.user);
	if (now - pool->reported_ns >= PROGRESS_NS) {
		pool->reported_ns = now;
		weigh->progress(weigh->user, pool->n_done, pool->n_total);
	}
	pthread_mutex_unlock(&pool->lock);
}

static void feed(struct worker *w, size_t len)
{
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if (w->hashers[a])
			sy_hasher_update(w->hashers[a], w->block, len);
	}
}

static enum sy_status read_all(struct worker *w, struct sy_source *source,
			       uint64_t *n_read)
{
	while (*n_read < source->size) {
		uint64_t left = source->size - *n_read;
		size_t len = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
		enum sy_status status;

		if (sy_cancelled(&w->ctx))
			return sy_fail(&w->ctx, SY_CANCELLED, "interrupted");
		status = sy_source_read(source, *n_read, w->block, len);
		if (status != SY_OK)
			return status;
		feed(w, len);
		*n_read += len;
		count_progress(w->pool, len);
	}
	return sy_source_unchanged(source);
}

static enum sy_status start_hashers(struct worker *w, unsigned algorithms,
				    uint64_t size)
{
	enum sy_status status = SY_OK;

	for (unsigned a = 0; a < SY_N_ALGORITHMS && status == SY_OK; a++) {
		if (algorithms & 1u << a)
			status = sy_hasher_new(&w->ctx, (enum sy_algorithm)a, size,
					       &w->hashers[a]);
	}
	return status;
}

static enum sy_status end_hashers(struct worker *w,
				  struct sy_digest digests[SY_N_ALGORITHMS])
{
	enum sy_status status = SY_OK;

	for (unsigned a = 0; a < SY_N_ALGORITHMS && status == SY_OK; a++) {
		if (w->hashers[a])
			status = sy_hasher_final(w->hashers[a], &digests[a]);
	}
	return status;
}

/* A sparse file claims any size and takes no room; reading it takes days. */
static enum sy_status check_size(struct worker *w, const struct sy_source *source)
{
	uint64_t max = w->ctx.limits.file_bytes;

	if (source->size <= max)
		return SY_OK;
	return sy_fail(&w->ctx, SY_LIMIT, "it has %llu bytes, more than the %llu that are "
		       "read (limit file-bytes)", (unsigned long long)source->size,
		       (unsigned long long)max);
}

static enum sy_status hash_source(struct worker *w, struct sy_source *source,
				  struct sy_weigh_job *job)
{
	enum sy_status status = check_size(w, source);

	if (status == SY_OK)
		status = start_hashers(w, job->algorithms, source->size);
	if (status == SY_OK)
		status = read_all(w, source, &job->n_read);
	if (status == SY_OK)
		status = end_hashers(w, job->digests);
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++)
		sy_hasher_free(&w->hashers[a]);
	return status;
}

static void weigh_job(struct worker *w, struct sy_weigh_job *job)
{
	const struct sy_weigh *weigh = w->pool->weigh;
	struct sy_source source = { .fd = -1 };

	sy_error_clear(&w->ctx);
	job->status = weigh->open(weigh->user, job->id, &w->ctx, &source);
	if (job->status == SY_OK) {
		job->status = hash_source(w, &source, job);
		sy_source_close(&source);
	}
	if (job->status == SY_OK)
		return;
	memset(job->digests, 0, sizeof(job->digests));
	job->sys_errno = w->ctx.error.sys_errno;
	snprintf(job->why, sizeof(job->why), "%.*s", (int)sizeof(job->why) - 1,
		 w->ctx.error.text);
}

static void *work(void *user)
{
	struct worker w = { .pool = user };
	struct sy_weigh_job *job;

	sy_context_copy(&w.ctx, w.pool->ctx);
	w.block = sy_alloc(&w.ctx, BLOCK_BYTES);
	if (!w.block) {
		pthread_mutex_lock(&w.pool->lock);
		w.pool->status = sy_memory_status(&w.ctx);
		pthread_mutex_unlock(&w.pool->lock);
		return NULL;
	}
	while ((job = take_job(w.pool)))
		weigh_job(&w, job);
	sy_release(&w.ctx, w.block);
	return NULL;
}

static int compare_jobs(const void *a, const void *b)
{
	const struct sy_weigh_job *x = *(struct sy_weigh_job *const *)a;
	const struct sy_weigh_job *y = *(struct sy_weigh_job *const *)b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Whoever does not get to a job has not weighed it. */
static void reset(struct sy_weigh_job *job)
{
	*job = (struct sy_weigh_job){
		.id = job->id, .size = job->size, .algorithms = job->algorithms,
		.status = SY_CANCELLED,
	};
}

static enum sy_status prepare(struct pool *pool)
{
	struct sy_weigh *weigh = pool->weigh;

	for (size_t i = 0; i < weigh->n_jobs; i++)
		reset(&weigh->jobs[i]);
	pool->order = sy_alloc_array(pool->ctx, weigh->n_jobs,
				     sizeof(struct sy_weigh_job *));
	if (!pool->order)
		return sy_memory_status(pool->ctx);
	for (size_t i = 0; i < weigh->n_jobs; i++) {
		pool->order[i] = &weigh->jobs[i];
		pool->n_total += weigh->jobs[i].size;
	}
	qsort(pool->order, weigh->n_jobs, sizeof(struct sy_weigh_job *),
	      compare_jobs);
	pool->reported_ns = pool->ctx->clock.monotonic_ns(pool->ctx->clock.user);
	return SY_OK;
}

/* The calling thread works too, so a pool of one starts no thread at all. */
static void run_pool(struct pool *pool, unsigned n_threads)
{
	pthread_t threads[THREADS_MAX];
	unsigned n_started = 0;

	while (n_started + 1 < n_threads &&
	       pthread_create(&threads[n_started], NULL, work, pool) == 0)
		n_started++;
	work(pool);
	for (unsigned i = 0; i < n_started; i++)
		pthread_join(threads[i], NULL);
}

enum sy_status sy_weigh_run(struct sy_context *ctx, struct sy_weigh *weigh)
{
	struct pool pool = { .ctx = ctx, .weigh = weigh };
	unsigned n_threads = weigh->n_threads ? weigh->n_threads : sy_cpu_count();
	enum sy_status status = prepare(&pool);

	if (status != SY_OK)
		return status;
	if (n_threads > weigh->n_jobs)
		n_threads = (unsigned)weigh->n_jobs;
	if (n_threads > THREADS_MAX)
		n_threads = THREADS_MAX;
	pthread_mutex_init(&pool.lock, NULL);
	run_pool(&pool, n_threads);
	pthread_mutex_destroy(&pool.lock);
	sy_release(ctx, pool.order);
	if (sy_cancelled(ctx))
		return sy_fail(ctx, SY_CANCELLED, "interrupted");
	return pool.next < weigh->n_jobs
		? sy_fail(ctx, pool.status, "no memory to read files with") : SY_OK;
}
