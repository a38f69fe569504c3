/* SPDX-License-Identifier: Apache-2.0 */
/* One stream through one algorithm.  Knows no file and no format. */
#include "verifier/digest/hasher.h"

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

bool sy_hasher_is_paired(struct sy_context *ctx, enum sy_algorithm algorithm)
{
	return algorithm == SY_SHA256 && sy_sha256_two_gain(ctx);
}

void sy_hasher_update_pair(struct sy_hasher *a, struct sy_span data_a,
			   struct sy_hasher *b, struct sy_span data_b)
{
	if (a->algorithm == SY_SHA256 && b->algorithm == SY_SHA256) {
		if (!sy_sha256_update_pair(a->state, data_a, b->state, data_b))
			a->is_broken = b->is_broken = true;
		return;
	}
	sy_hasher_update(a, data_a.data, data_a.len);
	sy_hasher_update(b, data_b.data, data_b.len);
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
