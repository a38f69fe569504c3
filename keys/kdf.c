/* SPDX-License-Identifier: Apache-2.0 */
/* scrypt with its costs judged first. */
#include "keys/kdf.h"

#include <errno.h>
#include <sodium.h>

#include "verifier/base/ckd.h"

static enum sy_status too_much(struct sy_context *ctx)
{
	return sy_fail(ctx, SY_LIMIT, "this private key asks for more work than %llu bytes "
		       "mixed with the passphrase (--limit key-work=N)",
		       (unsigned long long)ctx->limits.key_work);
}

enum sy_status sy_kdf_admit(struct sy_context *ctx, const struct sy_scrypt *cost)
{
	uint64_t work;

	if (ckd_mul(&work, cost->n, cost->r) || ckd_mul(&work, work, cost->p) ||
	    ckd_mul(&work, work, 128u) || work > ctx->limits.key_work)
		return too_much(ctx);
	return SY_OK;
}

/* What libsodium left in errno, once the key is of no use. */
static enum sy_status failed(struct sy_context *ctx, struct sy_secret *key)
{
	const bool is_invalid = errno == EINVAL || errno == EFBIG;

	sy_secret_free(key);
	if (is_invalid)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "the parameters of this private key are none of scrypt's");
	return sy_fail(ctx, SY_NO_MEMORY, "no memory for scrypt as this private key wants it");
}

enum sy_status sy_kdf_scrypt(struct sy_context *ctx, const struct sy_scrypt *cost,
			     struct sy_span passphrase, struct sy_span salt, size_t len,
			     struct sy_secret *key)
{
	enum sy_status status;

	*key = (struct sy_secret){ 0 };
	status = sy_kdf_admit(ctx, cost);
	if (status == SY_OK && (cost->r > UINT32_MAX || cost->p > UINT32_MAX))
		status = too_much(ctx);
	if (status == SY_OK)
		status = sy_secret_new(ctx, len, key);
	if (status != SY_OK)
		return status;
	key->len = len;
	if (crypto_pwhash_scryptsalsa208sha256_ll(passphrase.data, passphrase.len, salt.data,
						  salt.len, cost->n, (uint32_t)cost->r,
						  (uint32_t)cost->p, key->data, len) != 0)
		return failed(ctx, key);
	return SY_OK;
}

enum sy_status sy_kdf_by_limits(struct sy_context *ctx, const struct sy_kdf_limits *limits,
				struct sy_span passphrase, const uint8_t *salt, size_t len,
				struct sy_secret *key)
{
	/* 128 N r p is 32 times the operations; memory is never more than that. */
	enum sy_status status;

	*key = (struct sy_secret){ 0 };
	if (limits->ops > ctx->limits.key_work / 32)
		return too_much(ctx);
	status = sy_secret_new(ctx, len, key);
	if (status != SY_OK)
		return status;
	key->len = len;
	if (crypto_pwhash_scryptsalsa208sha256(key->data, len, (const char *)passphrase.data,
					       passphrase.len, salt, limits->ops,
					       limits->memory) != 0)
		return failed(ctx, key);
	return SY_OK;
}

enum sy_status sy_passphrase_ask(struct sy_context *ctx, const struct sy_passphrase *source,
				 struct sy_secret *passphrase)
{
	enum sy_status status;

	*passphrase = (struct sy_secret){ 0 };
	if (!source->ask)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_PASSPHRASE_MISSING,
				  "this private key is encrypted, and no passphrase was "
				  "given");
	status = source->ask(ctx, source->user, passphrase);
	if (status == SY_OK)
		status = sy_passphrase_admit(ctx, sy_secret_span(passphrase));
	if (status != SY_OK)
		sy_secret_free(passphrase);
	return status;
}

enum sy_status sy_passphrase_is_wrong(struct sy_context *ctx)
{
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_PASSPHRASE_WRONG,
			  "the passphrase does not open this private key");
}
