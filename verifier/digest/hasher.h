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

/*
 * Both streams by len bytes each.  Two of SHA-256 that stand at the beginning of
 * a block (64 bytes) run side by side in one core, in far less than twice the
 * time of one; any others one after the other.
 */
void sy_hasher_update_pair(struct sy_hasher *a, const void *data_a,
			   struct sy_hasher *b, const void *data_b, size_t len);

/* Whether two streams of that algorithm gain by running side by side here. */
bool sy_hasher_is_paired(enum sy_algorithm algorithm);

/* Ends the stream; the hasher may only be freed afterwards. */
SY_MUST_CHECK enum sy_status sy_hasher_final(struct sy_hasher *hasher,
					     struct sy_digest *digest);
void sy_hasher_free(struct sy_hasher **hasher);

#endif
