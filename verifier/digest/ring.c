/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks for two threads.  Who hashes is mostly the slower one: it seldom waits, and
 * it wakes the other only when half of the ring is free, so that it does not pay a
 * system call for each block.
 */
#include "verifier/digest/ring.h"

#include <string.h>

struct sy_ring *sy_ring_new(struct sy_context *ctx, struct sy_source *source, uint64_t pos,
			    uint64_t end, size_t block_len)
{
	struct sy_ring *ring = sy_alloc(ctx, sizeof(*ring));

	if (ring)
		ring->blocks = sy_alloc_unset(ctx, SY_RING_SLOTS * block_len);
	if (!ring || !ring->blocks) {
		sy_release(ctx, ring);
		sy_error_clear(ctx);
		return NULL;
	}
	ring->source = source;
	ring->pos = pos;
	ring->end = end;
	ring->block_len = block_len;
	ring->is_followed = true;
	pthread_mutex_init(&ring->lock, NULL);
	pthread_cond_init(&ring->changed, NULL);
	return ring;
}

static uint8_t *slot(const struct sy_ring *ring, unsigned n)
{
	return ring->blocks + n % SY_RING_SLOTS * ring->block_len;
}

struct sy_span sy_ring_put(struct sy_ring *ring, struct sy_span bytes)
{
	if (bytes.len > 0)
		memcpy(slot(ring, 0), bytes.data, bytes.len);
	ring->lens[0] = bytes.len;
	ring->n_claimed = ring->n_filled = bytes.len > 0;
	return sy_span_of(slot(ring, 0), bytes.len);
}

/* --- both ------------------------------------------------------------------------- */

/* Room for a block that neither still needs; under the lock. */
static bool can_claim(const struct sy_ring *ring)
{
	unsigned n_held = ring->n_claimed - ring->n_taken;
	unsigned n_behind = ring->passing ? ring->n_claimed - ring->n_passed : 0;

	return ring->pos < ring->end && !ring->is_broken && n_held < SY_RING_SLOTS &&
	       n_behind < SY_RING_SLOTS;
}

struct claim {
	unsigned n;			/* block */
	uint64_t pos;
	size_t len;
};

/* Under the lock, when one can. */
static struct claim claim_next(struct sy_ring *ring)
{
	uint64_t left = ring->end - ring->pos;
	struct claim claim = {
		.n = ring->n_claimed++, .pos = ring->pos,
		.len = left < ring->block_len ? (size_t)left : ring->block_len,
	};

	ring->lens[claim.n % SY_RING_SLOTS] = 0;
	ring->pos += claim.len;
	ring->n_filling++;
	return claim;
}

static enum sy_status fill(struct sy_ring *ring, const struct claim *claim,
			   struct sy_source *source)
{
	enum sy_status status = sy_source_read(source, claim->pos, slot(ring, claim->n),
					       claim->len);
	unsigned n_filled;

	pthread_mutex_lock(&ring->lock);
	n_filled = ring->n_filled;
	ring->n_filling--;
	if (status == SY_OK)
		ring->lens[claim->n % SY_RING_SLOTS] = claim->len;
	else
		ring->is_broken = true;
	while (ring->n_filled < ring->n_claimed && ring->lens[ring->n_filled % SY_RING_SLOTS])
		ring->n_filled++;
	/* The other may wait for the block, or for what becomes of it. */
	if (ring->is_broken || n_filled == ring->n_taken ||
	    (ring->passing && n_filled == ring->n_passed))
		pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
	return status;
}

/* --- the one beside --------------------------------------------------------------- */

enum step { LEAVE, PASS, FILL };

/* Once the ring was full, half of it has to be free. */
static bool may_read(const struct sy_ring *ring, bool *was_full)
{
	unsigned n = ring->n_claimed - ring->n_taken;

	*was_full = n == SY_RING_SLOTS || (*was_full && n > SY_RING_SLOTS / 2);
	return !*was_full && can_claim(ring);
}

/* Nothing comes any more. */
static bool has_ended(const struct sy_ring *ring)
{
	return (ring->pos == ring->end || ring->is_broken) && ring->n_filling == 0;
}

static enum step next_step(struct sy_ring *ring, struct claim *claim)
{
	bool was_full = false;
	enum step step = LEAVE;

	pthread_mutex_lock(&ring->lock);
	while (!ring->is_closed) {
		if (ring->passing && ring->n_passed != ring->n_filled)
			step = PASS;
		else if (may_read(ring, &was_full))
			step = FILL;
		if (step != LEAVE || has_ended(ring))
			break;
		pthread_cond_wait(&ring->changed, &ring->lock);
	}
	if (step == FILL)
		*claim = claim_next(ring);
	pthread_mutex_unlock(&ring->lock);
	return step;
}

static void pass_block(struct sy_ring *ring)
{
	unsigned n = ring->n_passed;
	struct sy_span bytes = sy_span_of(slot(ring, n), ring->lens[n % SY_RING_SLOTS]);
	enum sy_status status = sy_passing_feed(ring->passing, bytes, NULL);

	pthread_mutex_lock(&ring->lock);
	ring->status = status;
	ring->n_passed++;
	if (ring->n_claimed - ring->n_passed == SY_RING_SLOTS - 1)
		pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

void sy_ring_fill(struct sy_ring *ring, struct sy_context *ctx)
{
	struct sy_source source = *ring->source;
	struct claim claim = { 0 };
	enum step step = FILL;

	source.ctx = ctx;	/* errors and all are this thread's own */
	source.owns_fd = false;
	while (step != LEAVE && ring->status == SY_OK) {
		step = next_step(ring, &claim);
		if (step == PASS)
			pass_block(ring);
		if (step == FILL && fill(ring, &claim, &source) != SY_OK)
			sy_error_clear(ctx);
	}
	pthread_mutex_lock(&ring->lock);
	ring->is_followed = false;
	pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

/* --- who hashes ------------------------------------------------------------------- */

enum sy_status sy_ring_take(struct sy_ring *ring, struct sy_span *block)
{
	enum sy_status status = SY_OK;

	*block = sy_span_of(NULL, 0);
	pthread_mutex_lock(&ring->lock);
	while (status == SY_OK && ring->n_filled == ring->n_taken && ring->is_followed) {
		/* The other feeds parts: who waits for it may as well read. */
		if (ring->passing && can_claim(ring)) {
			struct claim claim = claim_next(ring);

			pthread_mutex_unlock(&ring->lock);
			status = fill(ring, &claim, ring->source);
			pthread_mutex_lock(&ring->lock);
		} else {
			pthread_cond_wait(&ring->changed, &ring->lock);
		}
	}
	if (status == SY_OK && ring->n_filled != ring->n_taken)
		*block = sy_span_of(slot(ring, ring->n_taken),
				    ring->lens[ring->n_taken % SY_RING_SLOTS]);
	pthread_mutex_unlock(&ring->lock);
	return status;
}

void sy_ring_drop(struct sy_ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	if (ring->n_filled - ++ring->n_taken == SY_RING_SLOTS / 2)
		pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

enum sy_status sy_ring_join(struct sy_ring *ring)
{
	enum sy_status status;

	pthread_mutex_lock(&ring->lock);
	while (ring->is_followed)
		pthread_cond_wait(&ring->changed, &ring->lock);
	status = ring->status;
	pthread_mutex_unlock(&ring->lock);
	return status;
}

void sy_ring_free(struct sy_ring **ring, struct sy_context *ctx)
{
	struct sy_ring *r = *ring;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->is_closed = true;
	pthread_cond_signal(&r->changed);
	while (r->is_followed)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	sy_release(ctx, r->blocks);
	sy_release(ctx, r);
	*ring = NULL;
}
