/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weigher: every payload byte is read once, by a pool of threads with
 * small private buffers, and feeds all digests asked for.  Longest job first.
 *
 * A job is one file (or whatever `open` opens).  How it is spread:
 *
 *	algorithms			one stream from front to back; a thread runs
 *					several of SHA-256 side by side
 *	algorithms and parts		the same stream feeds the part at hand as well:
 *					its digest, and what is said of its values
 *	parts alone			each part is a stream of its own, in any lane of
 *					any thread: shards of one file fill the machine
 *	only BLAKE3, no parts		a large file is cut into subtrees of its tree
 *
 * A whole and its parts in one job read each byte once.  A thread with nothing else to
 * do takes over the parts of a long stream: both look at the same blocks, and the one
 * that is ahead reads the next.
 *
 * The digests do not depend on the number of threads, on the size of blocks or on
 * the variants of the processor.
 */
#ifndef SY_DIGEST_WEIGH_H
#define SY_DIGEST_WEIGH_H

#include "verifier/base/digest_value.h"
#include "verifier/base/value_stats.h"
#include "verifier/digest/dtype.h"
#include "verifier/input/source.h"

/* Bytes [start, start + len) of a source, with a digest of their own. */
struct sy_weigh_part {
	uint64_t start, len;
	struct sy_digest digest;	/* result; len 0 unless the job is SY_OK */
	/*
	 * Beside `algorithms` only: what its values are, when they are of this type (one
	 * that sy_stats_knows); NULL: nobody asks.  *values: result, when the job is SY_OK.
	 */
	const struct sy_dtype *dtype;
	struct sy_value_stats *values;
};

struct sy_weigh_job {
	size_t id;			/* the caller's: passed to open */
	uint64_t size;			/* bytes expected; orders the work */
	unsigned algorithms;		/* bit mask: 1u << enum sy_algorithm */
	/*
	 * Parts of the source (the caller's array; any number, also empty ones);
	 * beside `algorithms` they must be sorted and must not overlap.  A part that
	 * ends beyond the source: SY_CHANGED, since the caller knew its size.
	 */
	struct sy_weigh_part *parts;
	size_t n_parts;
	enum sy_algorithm part_algorithm;	/* SY_N_ALGORITHMS: no digests of them */
	/* results */
	enum sy_status status;		/* SY_CHANGED: differed before and after */
	int sys_errno;			/* behind the status, or 0 */
	char why[160];			/* when not SY_OK: a sentence, maybe cut */
	uint64_t n_read;		/* bytes hashed */
	struct sy_digest digests[SY_N_ALGORITHMS];	/* by algorithm, where asked */
};

struct sy_weigh {
	/*
	 * Opens job `id` for a thread; called from the pool's threads, and for a job
	 * that is spread several times, also at once.  All of them must be the same
	 * file: another identity than the first one's is SY_CHANGED.
	 */
	enum sy_status (*open)(void *user, size_t id, struct sy_context *ctx,
			       struct sy_source *source);
	void *user;
	struct sy_weigh_job *jobs;
	size_t n_jobs;
	unsigned n_threads;		/* 0: as many as CPUs we may use */
	size_t block_len;		/* bytes read at once; 0: 128 KiB */
	uint64_t piece_len;		/* of a BLAKE3 tree; 0: chosen; else 2^n KiB */
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
