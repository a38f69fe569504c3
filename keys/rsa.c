/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA, for verifying only: PKCS#1 v1.5 and PSS (RFC 8017, 8.2 and 8.1) over
 * SHA-256 by OpenSSL, which builds the encoding that it expects and compares all
 * of it.  What a key may be is decided here, before OpenSSL sees it.
 */
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "keys/der.h"
#include "keys/evp.h"
#include "keys/scheme.h"

#define BITS_MIN 2048u
#define BITS_MAX 8192u		/* RSA of 16,384 bits takes a hundred times as long */
#define EXPONENT_MAX 8u		/* bytes; OpenSSL takes no more for a large modulus */
#define PSS_SALT 32		/* bytes; as long as the digest */

struct rsa {
	struct sy_span modulus, exponent;	/* no leading zeros */
};

static unsigned bits_of(struct sy_span number)
{
	unsigned bits = (unsigned)number.len * 8;

	for (uint8_t top = number.data[0]; top < 0x80; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static bool is_odd(struct sy_span number)
{
	return number.data[number.len - 1] & 1;
}

/* SEQUENCE { INTEGER modulus, INTEGER publicExponent } in DER and nothing else. */
static bool get_rsa(struct sy_span point, struct rsa *rsa)
{
	struct sy_span content;
	struct sy_cursor c;

	sy_cursor_init(&c, point, 0);
	if (!sy_der_get(&c, SY_DER_SEQUENCE, &content) || sy_cursor_left(&c) > 0)
		return false;
	sy_cursor_init(&c, content, 0);
	return sy_der_get_positive(&c, &rsa->modulus) &&
	       sy_der_get_positive(&c, &rsa->exponent) && sy_cursor_left(&c) == 0;
}

static enum sy_status check_numbers(struct sy_context *ctx, const struct rsa *rsa)
{
	unsigned bits = bits_of(rsa->modulus);

	if (bits < BITS_MIN || bits > BITS_MAX)
		return sy_fail(ctx, SY_FORMAT, "an RSA key of %u bits is not taken: %u to %u "
			       "bits are", bits, BITS_MIN, BITS_MAX);
	if (!is_odd(rsa->modulus))
		return sy_fail(ctx, SY_FORMAT, "the modulus of this RSA key is even, which no "
			       "product of two large primes is");
	/* Exponent 1 makes every message its own signature; even ones have no inverse. */
	if (!is_odd(rsa->exponent) || bits_of(rsa->exponent) < 2)
		return sy_fail(ctx, SY_FORMAT, "the public exponent of this RSA key is even or "
			       "1: it signs nothing");
	if (rsa->exponent.len > EXPONENT_MAX)
		return sy_fail(ctx, SY_FORMAT, "the public exponent of this RSA key has %u bits; "
			       "%u are the most", bits_of(rsa->exponent), 8 * EXPONENT_MAX);
	return SY_OK;
}

static enum sy_status set_point(struct sy_context *ctx, struct sy_public_key *key,
				struct sy_span point)
{
	const uint8_t *next = point.data;
	enum sy_status status;
	struct rsa rsa;

	if (!get_rsa(point, &rsa))
		return sy_fail(ctx, SY_FORMAT, "this RSA public key is not a modulus and an "
			       "exponent in DER");
	status = check_numbers(ctx, &rsa);
	if (status != SY_OK)
		return status;
	key->evp = d2i_PublicKey(EVP_PKEY_RSA, NULL, &next, (long)point.len);
	if (!key->evp)
		return sy_evp_no_memory(ctx);
	memcpy(key->point, point.data, point.len);
	key->point_len = point.len;
	return SY_OK;
}

static bool set_padding(EVP_PKEY_CTX *pkey_ctx, enum sy_key_hash hash)
{
	if (hash != SY_KEY_HASH_SHA256_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md_name(pkey_ctx, "SHA256", NULL) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, PSS_SALT) == 1;
}

static enum sy_status verify(struct sy_context *ctx, const struct sy_public_key *key,
			     enum sy_key_hash hash, struct sy_span message,
			     struct sy_span signature, bool *is_valid)
{
	SY_OWNED(sy_evp_free_md_ctx) EVP_MD_CTX *md_ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx;		/* md_ctx's own */

	*is_valid = false;
	if (signature.len != (size_t)EVP_PKEY_get_size(key->evp))
		return SY_OK;
	if (!md_ctx ||
	    EVP_DigestVerifyInit_ex(md_ctx, &pkey_ctx, key->scheme->digest, NULL, NULL,
				    key->evp, NULL) != 1 ||
	    !set_padding(pkey_ctx, hash))
		return sy_evp_no_memory(ctx);
	return sy_evp_verify(ctx, md_ctx, message, signature, is_valid);
}

/* rsaEncryption with NULL (RFC 3279, 2.3.1); two lengths are put in. */
const struct sy_scheme sy_scheme_rsa = {
	.kind = SY_KEY_RSA, .name = "rsa", .digest = "SHA256",
	.spki = { { 0x30, 0x82, 0, 0, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
		    0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0, 0, 0x00 },
		  24, SY_POINT_SIZED },
	.set_point = set_point, .verify = verify,
};
