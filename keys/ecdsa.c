/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA over the three NIST curves by OpenSSL, and the form of a signature by
 * us: strict DER before OpenSSL sees it.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "keys/der.h"
#include "keys/evp.h"
#include "keys/scheme.h"

/* OpenSSL's key of a point; its constructor refuses one that is not on the curve. */
static enum sy_status import(struct sy_context *ctx, struct sy_public_key *key,
			     struct sy_span point)
{
	SY_OWNED(sy_evp_free_pkey_ctx) EVP_PKEY_CTX *evp_ctx =
		EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	char group[8];
	uint8_t copy[SY_POINT_MAX];
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, point.len),
		OSSL_PARAM_END
	};

	if (!evp_ctx || EVP_PKEY_fromdata_init(evp_ctx) != 1)
		return sy_evp_no_memory(ctx);
	memcpy(group, key->scheme->group, strlen(key->scheme->group) + 1);
	params[0].data_size = strlen(group);
	memcpy(copy, point.data, point.len);
	if (EVP_PKEY_fromdata(evp_ctx, &key->evp, EVP_PKEY_PUBLIC_KEY, params) == 1)
		return SY_OK;
	ERR_clear_error();
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "the point of this %s public key is not on its curve",
			  key->scheme->name);
}

static bool coordinate(const struct sy_public_key *key, const char *name, uint8_t *out)
{
	BIGNUM *value = NULL;
	bool is_there = EVP_PKEY_get_bn_param(key->evp, name, &value) == 1 &&
			BN_bn2binpad(value, out, (int)key->scheme->field) >= 0;

	BN_free(value);
	return is_there;
}

static enum sy_status set_point(struct sy_context *ctx, struct sy_public_key *key,
				struct sy_span point)
{
	const bool is_whole = point.len == key->scheme->spki.point_len;
	enum sy_status status;

	/* 06 and 07 ("hybrid") say the same point in a third way: refused. */
	if (is_whole ? point.data[0] != 4 : point.data[0] != 2 && point.data[0] != 3)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "the point of this %s public key begins with 0x%02x, "
				  "which is no form of a point", key->scheme->name,
				  point.data[0]);
	status = import(ctx, key, point);
	if (status != SY_OK)
		return status;
	key->point[0] = 4;
	key->point_len = key->scheme->spki.point_len;
	if (!coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, key->point + 1) ||
	    !coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, key->point + 1 + key->scheme->field))
		return sy_evp_no_memory(ctx);
	return SY_OK;
}

/* SEQUENCE { INTEGER r, INTEGER s } in DER and nothing else. */
static bool is_der(const struct sy_scheme *scheme, struct sy_span signature)
{
	struct sy_span content, r, s;
	struct sy_cursor c;

	sy_cursor_init(&c, signature, 0);
	if (!sy_der_get(&c, SY_DER_SEQUENCE, &content) || sy_cursor_left(&c) > 0)
		return false;
	sy_cursor_init(&c, content, 0);
	return sy_der_get_positive(&c, &r) && r.len <= scheme->field &&
	       sy_der_get_positive(&c, &s) && s.len <= scheme->field &&
	       sy_cursor_left(&c) == 0;
}

static enum sy_status verify(struct sy_context *ctx, const struct sy_public_key *key,
			     enum sy_key_hash hash, struct sy_span message,
			     struct sy_span signature, bool *is_valid)
{
	const char *digest = hash == SY_KEY_HASH_SHA256 ? "SHA256" : key->scheme->digest;
	SY_OWNED(sy_evp_free_md_ctx) EVP_MD_CTX *md_ctx = EVP_MD_CTX_new();

	*is_valid = false;
	if (!is_der(key->scheme, signature))
		return SY_OK;
	if (!md_ctx || EVP_DigestVerifyInit_ex(md_ctx, NULL, digest, NULL, NULL, key->evp,
					       NULL) != 1)
		return sy_evp_no_memory(ctx);
	return sy_evp_verify(ctx, md_ctx, message, signature, is_valid);
}

/* id-ecPublicKey; then the curve's own OID, in an AlgorithmIdentifier. */
#define EC_PUBLIC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
#define P256 0x30, 0x13, EC_PUBLIC_KEY, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07
#define P384 0x30, 0x10, EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22
#define P521 0x30, 0x10, EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23

const struct sy_scheme sy_scheme_p256 = {
	.kind = SY_KEY_P256, .name = "ecdsa-p256", .group = "P-256", .digest = "SHA256",
	.field = 32,
	.spki = { { 0x30, 0x59, P256, 0x03, 0x42, 0x00 }, 26, 65 },
	.compressed = { { 0x30, 0x39, P256, 0x03, 0x22, 0x00 }, 26, 33 },
	.set_point = set_point, .verify = verify,
};

const struct sy_scheme sy_scheme_p384 = {
	.kind = SY_KEY_P384, .name = "ecdsa-p384", .group = "P-384", .digest = "SHA384",
	.field = 48,
	.spki = { { 0x30, 0x76, P384, 0x03, 0x62, 0x00 }, 23, 97 },
	.compressed = { { 0x30, 0x46, P384, 0x03, 0x32, 0x00 }, 23, 49 },
	.set_point = set_point, .verify = verify,
};

const struct sy_scheme sy_scheme_p521 = {
	.kind = SY_KEY_P521, .name = "ecdsa-p521", .group = "P-521", .digest = "SHA512",
	.field = 66,
	.spki = { { 0x30, 0x81, 0x9b, P521, 0x03, 0x81, 0x86, 0x00 }, 25, 133 },
	.compressed = { { 0x30, 0x58, P521, 0x03, 0x44, 0x00 }, 23, 67 },
	.set_point = set_point, .verify = verify,
};
