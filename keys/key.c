/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys as objects: made by a reader (key_read.c), named by the digest of
 * their one canonical PEM text, asked through their scheme.
 */
#include "keys/key.h"

#include <openssl/evp.h>
#include <sodium.h>

#include "keys/base64.h"
#include "keys/pem.h"
#include "keys/scheme.h"
#include "verifier/base/memory.h"
#include "verifier/digest/hasher.h"

void sy_public_key_free(struct sy_public_key **key)
{
	if (!*key)
		return;
	EVP_PKEY_free((*key)->evp);
	sy_release((*key)->ctx, *key);
	*key = NULL;
}

struct sy_span sy_public_key_spki(const struct sy_public_key *key, uint8_t *der)
{
	const struct sy_spki_form *form = &key->scheme->spki;

	sy_spki_header(form, key->point_len, der);
	memcpy(der + form->header_len, key->point, key->point_len);
	return sy_span_of(der, form->header_len + key->point_len);
}

static enum sy_status name_key(struct sy_context *ctx, struct sy_public_key *key)
{
	char pem[SY_PEM_TEXT_MAX(SY_SPKI_MAX)];
	uint8_t der[SY_SPKI_MAX];
	struct sy_span spki = sy_public_key_spki(key, der);
	enum sy_status status = sy_hash(ctx, SY_SHA256, spki, &key->der_digest);

	if (status != SY_OK)
		return status;
	return sy_hash(ctx, SY_SHA256,
		       sy_span_of(pem, sy_pem_encode("PUBLIC KEY", spki, pem, sizeof(pem))),
		       &key->id);
}

enum sy_status sy_public_key_make(struct sy_context *ctx, const struct sy_scheme *scheme,
				  struct sy_span point, const uint8_t *number,
				  struct sy_public_key **key)
{
	SY_OWNED(sy_public_key_free) struct sy_public_key *made = NULL;
	enum sy_status status;

	*key = NULL;
	made = sy_alloc(ctx, sizeof(*made));
	if (!made)
		return sy_memory_status(ctx);
	made->ctx = ctx;
	made->scheme = scheme;
	if (number) {
		made->has_number = true;
		memcpy(made->number, number, sizeof(made->number));
	}
	status = scheme->set_point(ctx, made, point);
	if (status == SY_OK)
		status = name_key(ctx, made);
	if (status == SY_OK)
		*key = SY_TAKE(made);
	return status;
}

enum sy_status sy_public_key_copy(struct sy_context *ctx, const struct sy_public_key *key,
				  struct sy_public_key **copy)
{
	return sy_public_key_make(ctx, key->scheme, sy_span_of(key->point, key->point_len),
				  key->has_number ? key->number : NULL, copy);
}

enum sy_key_kind sy_public_key_kind(const struct sy_public_key *key)
{
	return key->scheme->kind;
}

const char *sy_key_kind_name(enum sy_key_kind kind)
{
	return sy_scheme_of(kind)->name;
}

unsigned sy_public_key_bits(const struct sy_public_key *key)
{
	return key->evp ? (unsigned)EVP_PKEY_get_bits(key->evp) : 8 * (unsigned)key->point_len;
}

const struct sy_digest *sy_public_key_id(const struct sy_public_key *key)
{
	return &key->id;
}

const struct sy_digest *sy_public_key_der_digest(const struct sy_public_key *key)
{
	return &key->der_digest;
}

bool sy_public_key_is_hint(const struct sy_public_key *key, struct sy_span hint)
{
	char base64[SY_BASE64_ENCODED_LEN(SY_DIGEST_MAX) + 1];
	char hex[2 * SY_DIGEST_MAX + 1];

	sy_digest_hex(&key->id, hex);
	sy_base64_encode(sy_span_of(key->der_digest.bytes, key->der_digest.len), base64);
	return sy_span_is(hint, hex) || sy_span_is(hint, base64);
}

bool sy_public_key_number(const struct sy_public_key *key, uint8_t number[8])
{
	memcpy(number, key->number, sizeof(key->number));
	return key->has_number;
}

void sy_public_key_minisign_number(const struct sy_public_key *key, uint8_t number[8])
{
	memcpy(number, key->has_number ? key->number : key->der_digest.bytes, 8);
}

enum sy_status sy_public_key_verify(struct sy_context *ctx, const struct sy_public_key *key,
				    enum sy_key_hash hash, struct sy_span message,
				    struct sy_span signature, bool *is_valid)
{
	*is_valid = false;
	if (hash == SY_KEY_HASH_SHA256_PSS && key->scheme->kind != SY_KEY_RSA)
		return SY_OK;
	return key->scheme->verify(ctx, key, hash, message, signature, is_valid);
}
