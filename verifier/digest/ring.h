/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of blocks between one thread that reads a source and one that hashes:
 * a lone stream then costs the time of hashing alone.  The reader never says why
 * it failed: the ring ends there, and who hashes reads on by itself and finds
 * out.  Internal to verifier/digest.
 */
#ifndef SY_DIGEST_RING_H
#define SY_DIGEST_RING_H

#include <pthread.h>

#include "verifier/input/source.h"

#define SY_RING_SLOTS 8u

struct sy_ring {
	const struct sy_source *source;	/* the hashing lane's, copied by the reader */
	uint64_t pos, end;		/* what the reader still has to read */
	size_t block_len;
	uint8_t *blocks;		/* SY_RING_SLOTS of them */
	pthread_mutex_t lock;		/* guards all below */
	pthread_cond_t changed;
	size_t lens[SY_RING_SLOTS];
	unsigned n_filled, n_taken;	/* blocks so far; filled - taken wait */
	bool is_reading;		/* a reader has it and may still come */
	bool is_closed;			/* nobody will take a block again */
};

/* Blocks from pos to end.  NULL: no memory, and no error is left in ctx. */
SY_MUST_CHECK struct sy_ring *sy_ring_new(struct sy_context *ctx,
					  const struct sy_source *source, uint64_t pos,
					  uint64_t end, size_t block_len);

/* The reader: until the end, a failure, or until the ring is closed. */
void sy_ring_fill(struct sy_ring *ring, struct sy_context *ctx);

/*
 * The next block; it is valid, and comes again, until it is dropped.  False: the
 * reader has ended, go on reading where the last block ended.
 */
SY_MUST_CHECK bool sy_ring_take(struct sy_ring *ring, struct sy_span *block);
void sy_ring_drop(struct sy_ring *ring);

/* Lets the reader go, waits until it has, and frees. */
void sy_ring_free(struct sy_ring **ring, struct sy_context *ctx);

#endif
