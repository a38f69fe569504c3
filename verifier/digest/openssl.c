/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-512 and git's blob SHA-1 through libcrypto. */
#include <openssl/evp.h>
#include <stdio.h>

#include "verifier/digest/algorithm.h"

static void *start(const EVP_MD *md)
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();

	if (state && EVP_DigestInit_ex(state, md, NULL) == 1)
		return state;
	EVP_MD_CTX_free(state);
	return NULL;
}

static void *start_sha512(struct sy_context *ctx, uint64_t size)
{
	(void)ctx;
	(void)size;
	return start(EVP_sha512());
}

static bool update(void *state, const void *data, size_t len)
{
	return EVP_DigestUpdate(state, data, len) == 1;
}

static bool final(void *state, uint8_t *out, size_t len)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(state, digest, &n) != 1 || n != len)
		return false;
	memcpy(out, digest, len);
	return true;
}

static void free_state(struct sy_context *ctx, void *state)
{
	(void)ctx;
	EVP_MD_CTX_free(state);
}

/* A git object's name is the SHA-1 of "blob <size>\0" and the content. */
static void *start_git_blob(struct sy_context *ctx, uint64_t size)
{
	char header[32];
	void *state = start(EVP_sha1());
	int len = snprintf(header, sizeof(header), "blob %llu",
			   (unsigned long long)size);

	if (state && !update(state, header, (size_t)len + 1)) {
		free_state(ctx, state);
		return NULL;
	}
	return state;
}

const struct sy_algorithm_ops sy_algorithm_git_blob = {
	.start = start_git_blob, .update = update, .final = final,
	.free = free_state,
};

const struct sy_algorithm_ops sy_algorithm_sha512 = {
	.start = start_sha512, .update = update, .final = final,
	.free = free_state,
};
