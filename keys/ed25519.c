/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 (RFC 8032) by libsodium, which refuses what OpenSSL takes: points of
 * small order, S that is not reduced.
 */
#include <sodium.h>

#include "keys/scheme.h"

static enum sy_status set_point(struct sy_context *ctx, struct sy_public_key *key,
				struct sy_span point)
{
	if (sodium_init() < 0)
		return sy_fail(ctx, SY_NO_MEMORY, "libsodium could not be started");
	/* Canonical, on the curve, in the group that key generators stay in. */
	if (crypto_core_ed25519_is_valid_point(point.data) != 1)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "this Ed25519 public key is a point that no private key "
				  "has (of small order, or not on the curve): signatures "
				  "for it could be made by anybody");
	memcpy(key->point, point.data, point.len);
	key->point_len = point.len;
	return SY_OK;
}

static enum sy_status verify(struct sy_context *ctx, const struct sy_public_key *key,
			     enum sy_key_hash hash, struct sy_span message,
			     struct sy_span signature, bool *is_valid)
{
	(void)ctx;
	(void)hash;
	*is_valid = signature.len == crypto_sign_BYTES &&
		    crypto_sign_verify_detached(signature.data, message.data, message.len,
						key->point) == 0;
	return SY_OK;
}

const struct sy_scheme sy_scheme_ed25519 = {
	.kind = SY_KEY_ED25519, .name = "ed25519",
	.spki = { { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
		    0x00 }, 12, crypto_sign_PUBLICKEYBYTES },
	.field = 32,
	.set_point = set_point, .verify = verify,
};
