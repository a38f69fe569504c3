/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of blocks between two threads: one hashes the stream, the other reads ahead
 * for it and, where the job has parts, feeds these from the same blocks.  Then whoever
 * would have to wait for a block reads the next that nobody reads yet.  The second one
 * never says why its reading failed: the ring ends there, and who hashes reads on by
 * itself and finds out.  Internal to verifier/digest.
 */
#ifndef SY_DIGEST_RING_H
#define SY_DIGEST_RING_H

#include <pthread.h>

#include "verifier/digest/passing.h"
#include "verifier/input/source.h"

#define SY_RING_SLOTS 8u

struct sy_ring {
	struct sy_source *source;	/* the hashing lane's, copied by the other */
	size_t block_len;
	uint8_t *blocks;		/* SY_RING_SLOTS of them */
	struct sy_passing *passing;	/* the lane's, lent to the other; NULL: no parts */
	pthread_mutex_t lock;		/* guards all below */
	pthread_cond_t changed;
	uint64_t pos, end;		/* what nobody reads yet */
	size_t lens[SY_RING_SLOTS];	/* 0: being read */
	unsigned n_claimed, n_filled;	/* blocks somebody reads; all before are there */
	unsigned n_taken, n_passed;	/* those hashed; those that fed the parts */
	unsigned n_filling;		/* threads that read one */
	bool is_broken;			/* reading failed: there are no more */
	bool is_followed;		/* the other has it and may still come */
	bool is_closed;			/* nobody will take a block again */
	enum sy_status status;		/* of the parts */
};

/* Blocks from pos to end.  NULL: no memory, and no error is left in ctx. */
SY_MUST_CHECK struct sy_ring *sy_ring_new(struct sy_context *ctx, struct sy_source *source,
					  uint64_t pos, uint64_t end, size_t block_len);

/* Before any other call: bytes before pos, at most a block, that are read already. */
struct sy_span sy_ring_put(struct sy_ring *ring, struct sy_span bytes);

/* The other thread: until the end, a failure, or until the ring is closed. */
void sy_ring_fill(struct sy_ring *ring, struct sy_context *ctx);

/*
 * The next block; it is valid, and comes again, until it is dropped.  Empty: the other
 * has ended, go on reading, and feeding parts, where the last block ended.  Not SY_OK:
 * reading it failed.
 */
SY_MUST_CHECK enum sy_status sy_ring_take(struct sy_ring *ring, struct sy_span *block);
void sy_ring_drop(struct sy_ring *ring);

/* Waits until the other has ended by itself; the status of the parts. */
SY_MUST_CHECK enum sy_status sy_ring_join(struct sy_ring *ring);

/* Lets the other go, waits until it has, and frees. */
void sy_ring_free(struct sy_ring **ring, struct sy_context *ctx);

#endif
