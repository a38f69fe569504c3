/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a job beside its whole: one stream of bytes passes, and what lies in a
 * part feeds its digest and its values.  Whoever holds it may be another thread than
 * before: it has a context of its own.  Internal to verifier/digest.
 */
#ifndef SY_DIGEST_PASSING_H
#define SY_DIGEST_PASSING_H

#include "verifier/digest/hasher.h"
#include "verifier/digest/stats.h"
#include "verifier/digest/weigh.h"

struct sy_passing {
	struct sy_context ctx;
	struct sy_weigh_job *job;	/* NULL: there are no parts */
	size_t part;			/* the next that is not at its end */
	uint64_t off;			/* of the next byte */
	bool is_inside;			/* the part has begun */
	enum sy_status status;		/* what once failed stays so */
	struct sy_hasher *hasher;	/* of its digest, if it gets one */
	struct sy_stats *stats;		/* made for the first part whose values are asked */
};

/* Whether the parts get digests: then they want the processor beside the whole. */
bool sy_passing_has_digests(const struct sy_weigh_job *job);

void sy_passing_begin(struct sy_passing *passing, const struct sy_context *ctx,
		      struct sy_weigh_job *job);

/*
 * The next bytes.  `whole` (or NULL): a hasher of the parts' algorithm that is fed
 * with all of them, too, side by side where that is possible.
 */
SY_MUST_CHECK enum sy_status sy_passing_feed(struct sy_passing *passing,
					     struct sy_span bytes, struct sy_hasher *whole);

/* After the last byte: ends the parts that end there.  Errors are in passing->ctx. */
SY_MUST_CHECK enum sy_status sy_passing_end(struct sy_passing *passing);

void sy_passing_close(struct sy_passing *passing);

#endif
