/* SPDX-License-Identifier: Apache-2.0 */
/* One stream through one algorithm.  Knows no file and no format. */
#include "verifier/digest/hasher.h"

#include <assert.h>

#include "verifier/base/memory.h"
#include "verifier/digest/algorithm.h"
#include "verifier/digest/blake3.h"
#include "verifier/digest/sha256.h"

static const struct sy_algorithm_ops *const algorithms[SY_N_ALGORITHMS] = {
	[SY_BLAKE2B] = &sy_algorithm_blake2b,
	[SY_BLAKE3] = &sy_algorithm_blake3,
	[SY_GIT_BLOB] = &sy_algorithm_git_blob,
	[SY_SHA256] = &sy_algorithm_sha256,
	[SY_SHA512] = &sy_algorithm_sha512,
};

struct sy_hasher {
	struct sy_context *ctx;
	enum sy_algorithm algorithm;
	const struct sy_algorithm_ops *ops;
	void *state;
	bool is_broken;		/* an update failed: final says so */
};

enum sy_status sy_hasher_new(struct sy_context *ctx, enum sy_algorithm algorithm,
			     uint64_t size, struct sy_hasher **out)
{
	struct sy_hasher *hasher = sy_alloc(ctx, sizeof(*hasher));

	*out = NULL;
	if (!hasher)
		return sy_memory_status(ctx);
	hasher->ctx = ctx;
	hasher->algorithm = algorithm;
	hasher->ops = algorithms[algorithm];
	hasher->state = hasher->ops->start(ctx, size);
	if (!hasher->state) {
		sy_release(ctx, hasher);
		sy_fail(ctx, SY_NO_MEMORY, "%s could not be started",
			sy_algorithm_name(algorithm));
		return sy_memory_status(ctx);
	}
	*out = hasher;
	return SY_OK;
}

void sy_hasher_update(struct sy_hasher *hasher, const void *data, size_t len)
{
	if (len > 0 && !hasher->ops->update(hasher->state, data, len))
		hasher->is_broken = true;
}

unsigned sy_hasher_width(struct sy_context *ctx, enum sy_algorithm algorithm, size_t n)
{
	return algorithm == SY_SHA256 ? sy_sha256_width(ctx, n) : 1;
}

static_assert(SY_HASHERS_MAX <= SY_SHA256_LANES_MAX, "they go side by side");

void sy_hasher_update_many(struct sy_hasher *const *hashers, const struct sy_span *data,
			   size_t n)
{
	void *states[SY_HASHERS_MAX] = { NULL };
	struct sy_span spans[SY_HASHERS_MAX] = { { 0 } };
	size_t n_states = 0;

	for (size_t i = 0; i < n; i++) {
		if (hashers[i]->algorithm != SY_SHA256) {
			sy_hasher_update(hashers[i], data[i].data, data[i].len);
			continue;
		}
		states[n_states] = hashers[i]->state;
		spans[n_states++] = data[i];
	}
	if (sy_sha256_update_many(states, spans, n_states))
		return;
	for (size_t i = 0; i < n; i++)
		hashers[i]->is_broken |= hashers[i]->algorithm == SY_SHA256;
}

const char *sy_hasher_failed_variant(enum sy_algorithm algorithm)
{
	if (algorithm == SY_SHA256)
		return sy_sha256_chosen()->failed;
	if (algorithm == SY_BLAKE3)
		return sy_blake3_chosen()->failed;
	return NULL;
}

enum sy_status sy_hasher_final(struct sy_hasher *hasher, struct sy_digest *digest)
{
	size_t len = sy_algorithm_len(hasher->algorithm);

	*digest = (struct sy_digest){ .algorithm = hasher->algorithm };
	if (hasher->is_broken ||
	    !hasher->ops->final(hasher->state, digest->bytes, len))
		return sy_fail(hasher->ctx, SY_NO_MEMORY, "%s could not be computed",
			       sy_algorithm_name(hasher->algorithm));
	digest->len = (uint8_t)len;
	return SY_OK;
}

void sy_hasher_free(struct sy_hasher **hasher)
{
	if (!*hasher)
		return;
	(*hasher)->ops->free((*hasher)->ctx, (*hasher)->state);
	sy_release((*hasher)->ctx, *hasher);
	*hasher = NULL;
}

enum sy_status sy_hash(struct sy_context *ctx, enum sy_algorithm algorithm,
		       struct sy_span bytes, struct sy_digest *digest)
{
	SY_OWNED(sy_hasher_free) struct sy_hasher *hasher = NULL;
	enum sy_status status = sy_hasher_new(ctx, algorithm, bytes.len, &hasher);

	if (status != SY_OK)
		return status;
	sy_hasher_update(hasher, bytes.data, bytes.len);
	return sy_hasher_final(hasher, digest);
}
