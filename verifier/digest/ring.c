/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks from a reader to a hasher.  The hasher is the slower one: it seldom
 * waits, and it wakes the reader only when half of the ring is free, so that it
 * does not pay a system call for each block.
 */
#include "verifier/digest/ring.h"

struct sy_ring *sy_ring_new(struct sy_context *ctx, const struct sy_source *source,
			    uint64_t pos, uint64_t end, size_t block_len)
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
	ring->is_reading = true;
	pthread_mutex_init(&ring->lock, NULL);
	pthread_cond_init(&ring->changed, NULL);
	return ring;
}

/* Waits for half a ring of room once it is full; false: it was closed. */
static bool wait_for_room(struct sy_ring *ring)
{
	bool is_open;

	pthread_mutex_lock(&ring->lock);
	if (ring->n_filled - ring->n_taken == SY_RING_SLOTS) {
		while (!ring->is_closed &&
		       ring->n_filled - ring->n_taken > SY_RING_SLOTS / 2)
			pthread_cond_wait(&ring->changed, &ring->lock);
	}
	is_open = !ring->is_closed;
	pthread_mutex_unlock(&ring->lock);
	return is_open;
}

static void say_filled(struct sy_ring *ring, size_t len)
{
	pthread_mutex_lock(&ring->lock);
	ring->lens[ring->n_filled % SY_RING_SLOTS] = len;
	if (ring->n_filled++ == ring->n_taken)
		pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

void sy_ring_fill(struct sy_ring *ring, struct sy_context *ctx)
{
	struct sy_source source = *ring->source;

	source.ctx = ctx;	/* errors and all are the reader's own */
	source.owns_fd = false;
	while (ring->pos < ring->end && wait_for_room(ring)) {
		uint64_t left = ring->end - ring->pos;
		size_t len = left < ring->block_len ? (size_t)left : ring->block_len;
		size_t slot = ring->n_filled % SY_RING_SLOTS;

		if (sy_source_read(&source, ring->pos,
				   ring->blocks + slot * ring->block_len, len) != SY_OK)
			break;
		ring->pos += len;
		say_filled(ring, len);
	}
	sy_error_clear(ctx);
	pthread_mutex_lock(&ring->lock);
	ring->is_reading = false;
	pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

bool sy_ring_take(struct sy_ring *ring, struct sy_span *block)
{
	bool is_there;
	size_t slot;

	pthread_mutex_lock(&ring->lock);
	while (ring->n_filled == ring->n_taken && ring->is_reading)
		pthread_cond_wait(&ring->changed, &ring->lock);
	is_there = ring->n_filled != ring->n_taken;
	slot = ring->n_taken % SY_RING_SLOTS;
	*block = is_there ? sy_span_of(ring->blocks + slot * ring->block_len,
				       ring->lens[slot])
			  : sy_span_of(NULL, 0);
	pthread_mutex_unlock(&ring->lock);
	return is_there;
}

void sy_ring_drop(struct sy_ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	if (ring->n_filled - ++ring->n_taken == SY_RING_SLOTS / 2)
		pthread_cond_signal(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

void sy_ring_free(struct sy_ring **ring, struct sy_context *ctx)
{
	struct sy_ring *r = *ring;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->is_closed = true;
	pthread_cond_signal(&r->changed);
	while (r->is_reading)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	sy_release(ctx, r->blocks);
	sy_release(ctx, r);
	*ring = NULL;
}
