/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weigher: every payload byte is read once, by a pool of threads with
 * small private buffers, and feeds all digests asked for.  Longest job first.
 */
#ifndef SY_DIGEST_WEIGH_H
#define SY_DIGEST_WEIGH_H

#include "verifier/base/digest_value.h"
#include "verifier/input/source.h"

struct sy_weigh_job {
	size_t id;			/* the caller's: passed to open */
	uint64_t size;			/* bytes expected; orders the work */
	unsigned algorithms;		/* bit mask: 1u << enum sy_algorithm */
	/* results */
	enum sy_status status;		/* SY_CHANGED: differed before and after */
	int sys_errno;			/* behind the status, or 0 */
	char why[160];			/* when not SY_OK: a sentence, maybe cut */
	uint64_t n_read;		/* bytes hashed */
	struct sy_digest digests[SY_N_ALGORITHMS];	/* by algorithm, where asked */
};

struct sy_weigh {
	/* Opens job `id` for a thread; called from the pool's threads. */
	enum sy_status (*open)(void *user, size_t id, struct sy_context *ctx,
			       struct sy_source *source);
	void *user;
	struct sy_weigh_job *jobs;
	size_t n_jobs;
	unsigned n_threads;		/* 0: as many as CPUs we may use */
	/* Called now and then from one thread at a time; may be NULL. */
	void (*progress)(void *user, uint64_t n_done, uint64_t n_total);
};

/*
 * Runs all jobs.  The status is about the pool: SY_OK, each job was tried, and
 * its own status stands in the job; else (SY_NO_MEMORY, SY_LIMIT, SY_CANCELLED)
 * the jobs not reached, or not to their end, say SY_CANCELLED.
 */
SY_MUST_CHECK enum sy_status sy_weigh_run(struct sy_context *ctx,
					  struct sy_weigh *weigh);

/* CPUs this process may use (affinity; at least 1). */
unsigned sy_cpu_count(void);

#endif
