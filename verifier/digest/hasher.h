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

/* Ends the stream; the hasher may only be freed afterwards. */
SY_MUST_CHECK enum sy_status sy_hasher_final(struct sy_hasher *hasher,
					     struct sy_digest *digest);
void sy_hasher_free(struct sy_hasher **hasher);

/* All of it in one call. */
SY_MUST_CHECK enum sy_status sy_hash(struct sy_context *ctx, enum sy_algorithm algorithm,
				     struct sy_span bytes, struct sy_digest *digest);

#endif
