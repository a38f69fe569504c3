/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream through one algorithm.  The algorithms are a table of const
 * structs; a new one is one file and one line of SY_ALGORITHMS.
 */
#ifndef SY_DIGEST_HASHER_H
#define SY_DIGEST_HASHER_H

#include "verifier/base/context.h"
#include "verifier/base/digest_value.h"

struct sy_hasher;	/* opaque */

/* `size`: bytes that will come (git-blob needs it first; others ignore it). */
SY_MUST_CHECK enum sy_status sy_hasher_new(struct sy_context *ctx,
					   enum sy_algorithm algorithm,
					   uint64_t size,
					   struct sy_hasher **hasher);
void sy_hasher_update(struct sy_hasher *hasher, const void *data, size_t len);

#define SY_HASHERS_MAX 16u

/*
 * Up to SY_HASHERS_MAX different streams, each by its own bytes.  Those of SHA-256
 * run side by side in one core as far as all of them reach, in far less than the
 * time of one after the other; any others one after the other.
 */
void sy_hasher_update_many(struct sy_hasher *const *hashers, const struct sy_span *data,
			   size_t n);

/* How many of n streams of that algorithm run best side by side here; 1: no gain. */
unsigned sy_hasher_width(struct sy_context *ctx, enum sy_algorithm algorithm, size_t n);

/*
 * The variant that failed its self-test on this machine and is not used, or
 * NULL: for a notice, since digests come out slower, not differently.
 */
const char *sy_hasher_failed_variant(enum sy_algorithm algorithm);

/* Ends the stream; the hasher may only be freed afterwards. */
SY_MUST_CHECK enum sy_status sy_hasher_final(struct sy_hasher *hasher,
					     struct sy_digest *digest);
void sy_hasher_free(struct sy_hasher **hasher);

/* All of it in one call. */
SY_MUST_CHECK enum sy_status sy_hash(struct sy_context *ctx, enum sy_algorithm algorithm,
				     struct sy_span bytes, struct sy_digest *digest);

#endif
