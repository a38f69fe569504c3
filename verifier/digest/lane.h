/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane: one stream of bytes that a thread of the weigher reads and hashes.  A
 * thread with several runs them side by side.  Internal to verifier/digest.
 */
#ifndef SY_DIGEST_LANE_H
#define SY_DIGEST_LANE_H

#include "verifier/digest/blake3.h"
#include "verifier/digest/hasher.h"
#include "verifier/digest/passing.h"
#include "verifier/digest/ring.h"
#include "verifier/digest/weigh.h"

/* A job whose units are spread; guarded by the pool's lock. */
struct sy_split {
	size_t n_units, n_left;		/* left: not at their end */
	bool is_open;			/* identity and size are known */
	struct sy_identity identity;
	uint64_t size;			/* bytes, of the source */
	enum sy_status status;		/* of the first unit that failed */
	uint8_t (*values)[SY_BLAKE3_LEN];	/* of pieces; NULL: parts */
};

/* Bytes [start, start + len) of a job that one lane works on. */
struct sy_unit {
	struct sy_weigh_job *job;
	struct sy_split *split;		/* NULL: the whole job */
	size_t index;			/* of the part or piece */
	uint64_t start, len;		/* len: expected, when it is the whole */
};

struct sy_lane {
	struct sy_context *ctx;		/* the thread's */
	const struct sy_unit *unit;	/* NULL: idle */
	struct sy_source source;
	uint8_t *block;
	size_t block_len, ring_len;	/* of a block; of one of a ring's */
	const uint8_t *data;		/* the block, or one of the ring's */
	size_t at, have;		/* data[at..have) waits to be hashed */
	uint64_t pos, end;		/* offset of data[have]; of the unit's end */
	struct sy_ring *ring;		/* blocks for two threads, or NULL */
	struct sy_hasher *hashers[SY_N_ALGORITHMS];
	struct sy_passing passing;	/* the parts beside the whole, if there are */
	struct sy_blake3 tree;		/* of a piece */
};

/* Opens the unit's source and starts its digests; only then it has a unit. */
SY_MUST_CHECK enum sy_status sy_lane_begin(struct sy_lane *lane,
					   const struct sy_weigh *weigh,
					   const struct sy_unit *unit);

/* Reads the next block; the last one was hashed to its end. */
SY_MUST_CHECK enum sy_status sy_lane_read(struct sy_lane *lane);

/* Hashes the next n bytes of the block. */
SY_MUST_CHECK enum sy_status sy_lane_feed(struct sy_lane *lane, size_t n);

/* Whether it hashes SHA-256 only once over its bytes: then it may run beside others. */
bool sy_lane_has_peers(const struct sy_lane *lane);

/* The same for up to SY_HASHERS_MAX of these, side by side; nothing in it can fail. */
void sy_lane_feed_many(struct sy_lane *const *lanes, size_t n_lanes, size_t n);

/*
 * Hands the reading from here on, and the parts, to whoever fills lane->ring, which it
 * makes; false when there is no memory, or the source cannot be read by two.
 */
SY_MUST_CHECK bool sy_lane_share(struct sy_lane *lane);

/* After the last byte: the digests go to the job, the part or the split. */
SY_MUST_CHECK enum sy_status sy_lane_end(struct sy_lane *lane);

/* Lets go of everything but the block; the lane is idle. */
void sy_lane_close(struct sy_lane *lane);

/* Bytes of the unit that are not hashed yet. */
uint64_t sy_lane_left(const struct sy_lane *lane);

#endif
