/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an algorithm is to the hasher: a const struct, one file a library.
 * Internal to verifier/digest.
 */
#ifndef SY_DIGEST_ALGORITHM_H
#define SY_DIGEST_ALGORITHM_H

#include "verifier/digest/hasher.h"

struct sy_algorithm_ops {
	/* A new state for a stream of `size` bytes; NULL: out of memory. */
	void *(*start)(struct sy_context *ctx, uint64_t size);
	/* False: the library failed (out of memory). */
	bool (*update)(void *state, const void *data, size_t len);
	bool (*final)(void *state, uint8_t *out, size_t len);
	void (*free)(struct sy_context *ctx, void *state);
};

extern const struct sy_algorithm_ops sy_algorithm_blake2b;
extern const struct sy_algorithm_ops sy_algorithm_blake3;
extern const struct sy_algorithm_ops sy_algorithm_git_blob;
extern const struct sy_algorithm_ops sy_algorithm_sha256;
extern const struct sy_algorithm_ops sy_algorithm_sha512;

#endif
