/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of the weigher.  A lane reads its unit once from front to back; when it
 * ends, the lane takes the next one, so that unequal sizes cost nothing.
 */
#include "verifier/digest/worker.h"

#include <stdio.h>

#include "verifier/digest/sha256.h"

/* Flat optimum between 64 and 256 KiB: larger buffers fall out of the L2. */
#define BLOCK_BYTES 131072u
#define LANES_BYTES (2 * BLOCK_BYTES)	/* of a thread's blocks, unless they get so small: */
#define BLOCK_BYTES_MIN 32768u		/* with 16 KiB, sixteen lanes lost a tenth */
#define PROGRESS_NS 200000000u

/* What one thread works with. */
struct worker {
	struct sy_pool *pool;
	struct sy_context ctx;		/* its own: error and memory are not shared */
	struct sy_lane lanes[SY_HASHERS_MAX];
	unsigned n_lanes, n_active;	/* active: with a unit */
	uint64_t n_held, longest;	/* bytes left of all units; of the longest */
	bool is_busy;
};

static void count_progress(struct sy_pool *pool, uint64_t n)
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

/* --- taking units ----------------------------------------------------------------- */

/* What this worker has still to do: for itself, and for the pool. */
static void look_at_lanes(struct worker *w)
{
	uint64_t n_held = 0;

	w->n_active = 0;
	w->longest = 0;
	for (unsigned i = 0; i < w->n_lanes; i++) {
		uint64_t left;

		if (!w->lanes[i].unit)
			continue;
		left = sy_lane_left(&w->lanes[i]);
		n_held += left;
		w->longest = left > w->longest ? left : w->longest;
		w->n_active++;
	}
	atomic_fetch_add(&w->pool->n_held, n_held - w->n_held);
	w->n_held = n_held;
}

static bool have_peers(const struct worker *w)
{
	for (unsigned i = 0; i < w->n_lanes; i++) {
		if (w->lanes[i].unit && !sy_lane_has_peers(&w->lanes[i]))
			return false;
	}
	return true;
}

/*
 * Another unit beside those that run slows each of them down.  It is worth it when
 * every free thread finds something else, when this thread does not get more than its
 * part of all that is left, and when the longest stream is not so long that it would
 * be the last to end.
 */
static bool may_join(struct worker *w)
{
	struct sy_pool *pool = w->pool;
	unsigned n_free = pool->n_threads - pool->n_busy;
	uint64_t part = (pool->n_queued + atomic_load(&pool->n_held)) / pool->n_threads;

	if (pool->units.n - pool->next <= n_free || !have_peers(w))
		return false;
	if (pool->n_threads == 1)
		return true;
	return w->n_held + pool->units.items[pool->next].len / 2 <= part &&
	       w->longest <= part / (w->n_active + 1) * 3 / 2;
}

/* Under the lock.  A unit of a job that has failed is only counted off. */
static const struct sy_unit *next_unit(struct sy_pool *pool)
{
	while (pool->next < pool->units.n) {
		const struct sy_unit *unit = &pool->units.items[pool->next++];

		pool->n_queued -= unit->len;
		if (!unit->split || unit->split->status == SY_OK)
			return unit;
		unit->split->n_left--;
	}
	return NULL;
}

/* None when it was cancelled: those left are not even opened. */
static const struct sy_unit *take_unit(struct worker *w)
{
	struct sy_pool *pool = w->pool;
	const struct sy_unit *unit = NULL;

	look_at_lanes(w);
	pthread_mutex_lock(&pool->lock);
	if (!sy_cancelled(pool->ctx) && (w->n_active == 0 || may_join(w)))
		unit = next_unit(pool);
	if (w->n_active == 0 && w->is_busy != (unit != NULL)) {
		w->is_busy = unit != NULL;
		pool->n_busy += w->is_busy ? 1u : -1u;
		if (pool->n_busy == 0)
			pthread_cond_broadcast(&pool->changed);
	}
	pthread_mutex_unlock(&pool->lock);
	return unit;
}

/* --- the end of a unit ------------------------------------------------------------ */

static void end_job(struct sy_weigh_job *job, enum sy_status status,
		    const struct sy_context *ctx)
{
	job->status = status;
	if (status == SY_OK)
		return;
	job->sys_errno = ctx->error.sys_errno;
	snprintf(job->why, sizeof(job->why), "%.*s", (int)sizeof(job->why) - 1,
		 ctx->error.text);
}

/* The first failure is the job's; else its last unit is its end. */
static void end_split(struct sy_pool *pool, const struct sy_unit *unit,
		      enum sy_status status, const struct sy_context *ctx)
{
	struct sy_split *split = unit->split;

	pthread_mutex_lock(&pool->lock);
	split->n_left--;
	if (status == SY_OK)
		unit->job->n_read += unit->len;
	if (status != SY_OK && split->status == SY_OK) {
		split->status = status;
		end_job(unit->job, status, ctx);
	}
	if (split->n_left == 0 && split->status == SY_OK) {
		sy_units_join(unit);
		end_job(unit->job, SY_OK, ctx);
	}
	pthread_mutex_unlock(&pool->lock);
}

static void end_unit(struct worker *w, struct sy_lane *lane, enum sy_status status)
{
	const struct sy_unit *unit = lane->unit;

	if (unit->split)
		end_split(w->pool, unit, status, &w->ctx);
	else
		end_job(unit->job, status, &w->ctx);
	sy_lane_close(lane);
	sy_error_clear(&w->ctx);
}

/* --- a lane at work --------------------------------------------------------------- */

/* Each opening of a job that is spread must find the same file. */
static enum sy_status check_same(struct worker *w, const struct sy_lane *lane)
{
	struct sy_split *split = lane->unit->split;
	const struct sy_source *source = &lane->source;
	enum sy_status status = SY_OK;

	if (!split)
		return SY_OK;
	pthread_mutex_lock(&w->pool->lock);
	if (!split->is_open) {
		split->is_open = true;
		split->identity = source->identity;
		split->size = source->size;
	}
	status = sy_identity_compare(&w->ctx, source->name ? source->name : "the file",
				     &split->identity, &source->identity);
	if (status == SY_OK && (split->size != source->size ||
				(split->values && split->size != lane->unit->job->size)))
		status = sy_fail(&w->ctx, SY_CHANGED, "%s has another size than when "
				 "it was looked at first",
				 source->name ? source->name : "the file");
	pthread_mutex_unlock(&w->pool->lock);
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

static bool begin_unit(struct worker *w, struct sy_lane *lane)
{
	const struct sy_unit *unit = take_unit(w);
	enum sy_status status;

	if (!unit)
		return false;
	status = sy_lane_begin(lane, w->pool->weigh, unit);
	if (status == SY_OK)
		status = check_same(w, lane);
	if (status == SY_OK)
		status = check_size(w, &lane->source);
	if (status != SY_OK)
		end_unit(w, lane, status);
	return true;
}

/* Until bytes of a unit wait in the lane; false: there is none for it now. */
static bool make_ready(struct worker *w, struct sy_lane *lane)
{
	for (;;) {
		enum sy_status status;

		if (!lane->unit && !begin_unit(w, lane))
			return false;
		if (!lane->unit)
			continue;	/* it failed: the next one */
		if (lane->at < lane->have)
			return true;
		if (lane->pos == lane->end) {
			end_unit(w, lane, sy_lane_end(lane));
			continue;
		}
		status = sy_lane_read(lane);
		if (status != SY_OK)
			end_unit(w, lane, status);
	}
}

static void hash_one(struct worker *w, struct sy_lane *lane, size_t n)
{
	enum sy_status status = sy_lane_feed(lane, n);

	if (status != SY_OK)
		end_unit(w, lane, status);
	count_progress(w->pool, n);
}

/* As far as all reach, in whole blocks; what cannot go beside others goes alone. */
static void hash_many(struct worker *w, struct sy_lane *const *ready, unsigned n)
{
	struct sy_lane *peers[SY_HASHERS_MAX];
	unsigned n_peers = 0;
	size_t len = SIZE_MAX;

	for (unsigned i = 0; i < n; i++) {
		size_t left = ready[i]->have - ready[i]->at;

		if (left < SY_SHA256_BLOCK || !sy_lane_has_peers(ready[i])) {
			hash_one(w, ready[i], left);
			continue;
		}
		peers[n_peers++] = ready[i];
		len = left < len ? left : len;
	}
	if (n_peers == 0)
		return;
	len -= len % SY_SHA256_BLOCK;
	sy_lane_feed_many(peers, n_peers, len);
	count_progress(w->pool, n_peers * len);
}

/* --- reading for another thread --------------------------------------------------- */

/* A lone stream with a long way to go, while a thread has nothing to do. */
static void offer_ring(struct worker *w, struct sy_lane *lane)
{
	struct sy_pool *pool = w->pool;

	if (lane->ring || sy_lane_left(lane) < SY_SHARING_BYTES)
		return;
	pthread_mutex_lock(&pool->lock);
	if (pool->n_idle > 0 && !pool->offer && sy_lane_share(lane)) {
		pool->offer = lane->ring;
		pthread_cond_signal(&pool->changed);
	}
	pthread_mutex_unlock(&pool->lock);
}

/* NULL when there will be none: no thread is busy any more. */
static struct sy_ring *wait_for_offer(struct sy_pool *pool)
{
	struct sy_ring *ring;

	pthread_mutex_lock(&pool->lock);
	pool->n_idle++;
	while (!pool->offer && pool->n_busy > 0)
		pthread_cond_wait(&pool->changed, &pool->lock);
	ring = pool->offer;
	pool->offer = NULL;
	pool->n_idle--;
	pthread_mutex_unlock(&pool->lock);
	return ring;
}

static void read_for_others(struct worker *w)
{
	struct sy_ring *ring;

	while ((ring = wait_for_offer(w->pool)) != NULL)
		sy_ring_fill(ring, &w->ctx);
}

/* Lanes with bytes to hash; once one finds no unit, the next ones do not ask. */
static unsigned find_ready(struct worker *w, struct sy_lane **ready)
{
	bool may_ask = true;
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_lanes; i++) {
		struct sy_lane *lane = &w->lanes[i];

		if (!lane->unit && !may_ask)
			continue;
		if (make_ready(w, lane))
			ready[n++] = lane;
		else
			may_ask = false;
	}
	return n;
}

static void run_lanes(struct worker *w)
{
	struct sy_lane *ready[SY_HASHERS_MAX] = { NULL };
	unsigned n;

	while ((n = find_ready(w, ready)) > 0) {
		if (n == 1) {
			offer_ring(w, ready[0]);
			hash_one(w, ready[0], ready[0]->have - ready[0]->at);
		} else {
			hash_many(w, ready, n);
		}
		look_at_lanes(w);
	}
}

/* Many lanes share the room of two. */
static size_t block_len(const struct sy_pool *pool, unsigned n_lanes)
{
	size_t len = LANES_BYTES / n_lanes;

	if (pool->weigh->block_len)
		return pool->weigh->block_len;
	len = len < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : len;
	return len < BLOCK_BYTES ? len : BLOCK_BYTES;
}

/* All but the first are only a gain: without memory there are fewer. */
static enum sy_status begin_lanes(struct worker *w)
{
	while (w->n_lanes < w->pool->n_lanes) {
		struct sy_lane *lane = &w->lanes[w->n_lanes];

		lane->ctx = &w->ctx;
		lane->block_len = block_len(w->pool, w->pool->n_lanes);
		lane->ring_len = block_len(w->pool, 1);
		lane->block = sy_alloc_unset(&w->ctx, lane->block_len);
		if (!lane->block && w->n_lanes == 0)
			return sy_memory_status(&w->ctx);
		if (!lane->block)
			break;
		w->n_lanes++;
	}
	sy_error_clear(&w->ctx);
	return SY_OK;
}

void *sy_worker_run(void *user)
{
	struct worker w = { .pool = user };
	enum sy_status status;

	sy_context_copy(&w.ctx, w.pool->ctx);
	status = begin_lanes(&w);
	if (status == SY_OK) {
		run_lanes(&w);
		read_for_others(&w);
	}
	for (unsigned i = 0; i < w.n_lanes; i++)
		sy_release(&w.ctx, w.lanes[i].block);
	if (status == SY_OK)
		return NULL;
	pthread_mutex_lock(&w.pool->lock);
	w.pool->status = status;
	w.pool->n_threads--;
	pthread_mutex_unlock(&w.pool->lock);
	return NULL;
}
