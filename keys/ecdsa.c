/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA over the three NIST curves by OpenSSL, and the form of a signature by
 * us: strict DER before OpenSSL sees it.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "keys/scheme.h"
#include "verifier/base/cursor.h"

static enum sy_status no_memory(struct sy_context *ctx)
{
	ERR_clear_error();
	return sy_fail(ctx, SY_NO_MEMORY, "OpenSSL could not be asked");
}

static void free_evp_ctx(EVP_PKEY_CTX **evp_ctx)
{
	EVP_PKEY_CTX_free(*evp_ctx);
}

static void free_md_ctx(EVP_MD_CTX **md_ctx)
{
	EVP_MD_CTX_free(*md_ctx);
}

/* OpenSSL's key of a point; its constructor refuses one that is not on the curve. */
static enum sy_status import(struct sy_context *ctx, struct sy_public_key *key,
			     struct sy_span point)
{
	SY_OWNED(free_evp_ctx) EVP_PKEY_CTX *evp_ctx =
		EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	char group[8];
	uint8_t copy[SY_POINT_MAX];
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, point.len),
		OSSL_PARAM_END
	};

	if (!evp_ctx || EVP_PKEY_fromdata_init(evp_ctx) != 1)
		return no_memory(ctx);
	memcpy(group, key->scheme->group, strlen(key->scheme->group) + 1);
	params[0].data_size = strlen(group);
	memcpy(copy, point.data, point.len);
	if (EVP_PKEY_fromdata(evp_ctx, &key->evp, EVP_PKEY_PUBLIC_KEY, params) == 1)
		return SY_OK;
	ERR_clear_error();
	return sy_fail(ctx, SY_FORMAT, "the point of this %s public key is not on its curve",
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
		return sy_fail(ctx, SY_FORMAT, "the point of this %s public key begins with "
			       "0x%02x, which is no form of a point", key->scheme->name,
			       point.data[0]);
	status = import(ctx, key, point);
	if (status != SY_OK)
		return status;
	key->point[0] = 4;
	if (!coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, key->point + 1) ||
	    !coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, key->point + 1 + key->scheme->field))
		return no_memory(ctx);
	return SY_OK;
}

/* The length of a DER value: short form, or 81 and one byte that needed it. */
static bool get_length(struct sy_cursor *c, uint64_t *len)
{
	uint8_t byte;

	if (!sy_get_u8(c, &byte))
		return false;
	if (byte == 0x81) {
		if (!sy_get_u8(c, &byte) || byte < 0x80)
			return false;
	} else if (byte >= 0x80) {
		return false;
	}
	*len = byte;
	return true;
}

/* A positive integer in its only spelling, of at most `max` bytes. */
static bool skip_integer(struct sy_cursor *c, size_t max)
{
	struct sy_span value;
	uint64_t len;
	uint8_t tag;

	if (!sy_get_u8(c, &tag) || tag != 0x02 || !get_length(c, &len) || len == 0 ||
	    !sy_get_span(c, len, &value) || value.data[0] >= 0x80)
		return false;
	if (value.data[0] != 0)
		return value.len <= max;
	/* A leading zero only keeps the next byte's top bit from being a sign. */
	return value.len > 1 && value.data[1] >= 0x80 && value.len - 1 <= max;
}

/* SEQUENCE { INTEGER r, INTEGER s } in DER and nothing else. */
static bool is_der(const struct sy_scheme *scheme, struct sy_span signature)
{
	struct sy_cursor c;
	uint64_t len;
	uint8_t tag;

	sy_cursor_init(&c, signature, 0);
	return sy_get_u8(&c, &tag) && tag == 0x30 && get_length(&c, &len) &&
	       len == sy_cursor_left(&c) && skip_integer(&c, scheme->field) &&
	       skip_integer(&c, scheme->field) && sy_cursor_left(&c) == 0;
}

/*
 * OpenSSL also calls it an error when a crafted signature leads to the point at
 * infinity: that is a "no".  Only want of memory leaves the question open.
 */
static bool is_out_of_memory(void)
{
	bool is_memory = false;

	for (unsigned long error; (error = ERR_get_error()) != 0;)
		is_memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return is_memory;
}

static enum sy_status verify(struct sy_context *ctx, const struct sy_public_key *key,
			     enum sy_key_hash hash, struct sy_span message,
			     struct sy_span signature, bool *is_valid)
{
	const char *digest = hash == SY_KEY_HASH_SHA256 ? "SHA256" : key->scheme->digest;
	SY_OWNED(free_md_ctx) EVP_MD_CTX *md_ctx = EVP_MD_CTX_new();
	int said;

	*is_valid = false;
	if (!is_der(key->scheme, signature))
		return SY_OK;
	if (!md_ctx || EVP_DigestVerifyInit_ex(md_ctx, NULL, digest, NULL, NULL, key->evp,
					       NULL) != 1)
		return no_memory(ctx);
	ERR_clear_error();
	said = EVP_DigestVerify(md_ctx, signature.data, signature.len, message.data,
				message.len);
	if (is_out_of_memory())
		return no_memory(ctx);
	*is_valid = said == 1;
	return SY_OK;
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
