/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one thread of the weigher does: it takes units of the pool, the largest left
 * first, into its lanes, and runs these side by side; with nothing left it reads for a
 * thread that hashes alone.  Internal to verifier/digest.
 */
#ifndef SY_DIGEST_WORKER_H
#define SY_DIGEST_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "verifier/digest/units.h"

/* A stream with less left than this is read by its own thread. */
#define SY_SHARING_BYTES (UINT64_C(16) << 20)

struct sy_pool {
	struct sy_context *ctx;
	struct sy_weigh *weigh;
	struct sy_units units;		/* largest first */
	unsigned n_lanes;		/* of a thread: streams of SHA-256 that gain */
	atomic_uint_fast64_t n_held;	/* bytes that wait in lanes, of late */
	pthread_mutex_t lock;		/* guards all below, and every split */
	size_t next;			/* unit */
	uint64_t n_queued;		/* bytes of the units from next on */
	unsigned n_threads, n_busy;	/* busy: with a unit in a lane */
	unsigned n_idle;		/* wait for a ring to fill */
	struct sy_ring *offer;		/* a ring that nobody fills yet */
	pthread_cond_t changed;		/* an offer, or nobody is busy */
	uint64_t n_done, n_total;	/* bytes */
	uint64_t reported_ns;
	enum sy_status status;		/* why a thread could not begin */
};

/* A thread of the pool, from its first unit to the end of all; the pool is `user`. */
void *sy_worker_run(void *user);

#endif
