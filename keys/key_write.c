/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as files: PKCS#8 by OpenSSL, minisign's by private_minisign.c. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "keys/base64.h"
#include "keys/pem.h"
#include "keys/private_parts.h"

/*
 * OWASP's scrypt for 16 MiB.  OpenSSL opens no key that wants more than 32 MiB,
 * and what we write must be readable there.
 */
#define SCRYPT_N 16384u
#define SCRYPT_R 8u
#define SCRYPT_P 5u

static void free_info(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
}

static void free_sealed(X509_SIG **sealed)
{
	X509_SIG_free(*sealed);
}

static enum sy_status no_openssl(struct sy_context *ctx)
{
	ERR_clear_error();
	return sy_fail(ctx, SY_NO_MEMORY, "OpenSSL could not write a key");
}

static PKCS8_PRIV_KEY_INFO *info_of(const struct sy_private_key *key)
{
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *evp;

	if (key->evp)
		return EVP_PKEY2PKCS8(key->evp);
	evp = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->ed25519.data,
					   SY_SEED_LEN);
	info = evp ? EVP_PKEY2PKCS8(evp) : NULL;
	EVP_PKEY_free(evp);
	return info;
}

static X509_SIG *seal(PKCS8_PRIV_KEY_INFO *info, struct sy_span passphrase)
{
	X509_ALGOR *algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL,
						      SCRYPT_N, SCRYPT_R, SCRYPT_P);
	X509_SIG *sealed = algorithm ? PKCS8_set0_pbe((const char *)passphrase.data,
						      (int)passphrase.len, info, algorithm)
				     : NULL;

	if (!sealed)
		X509_ALGOR_free(algorithm);
	return sealed;
}

/* `der` is OpenSSL's and goes; the text is in locked memory. */
static enum sy_status as_pem(struct sy_context *ctx, const char *label, uint8_t *der, int len,
			     struct sy_secret *text)
{
	struct sy_span bytes = sy_span_of(der, len > 0 ? (size_t)len : 0);
	enum sy_status status;

	if (bytes.len == 0)
		return no_openssl(ctx);
	status = sy_secret_new(ctx, SY_PEM_TEXT_MAX(bytes.len), text);
	if (status == SY_OK)
		text->len = sy_pem_encode(label, bytes, (char *)text->data, text->cap);
	OPENSSL_clear_free(der, bytes.len);
	return status;
}

static enum sy_status to_pkcs8(struct sy_context *ctx, const struct sy_private_key *key,
			       struct sy_span passphrase, struct sy_secret *text)
{
	SY_OWNED(free_info) PKCS8_PRIV_KEY_INFO *info = NULL;
	SY_OWNED(free_sealed) X509_SIG *sealed = NULL;
	uint8_t *der = NULL;
	int len;

	sy_openssl_secure_heap();
	info = info_of(key);
	if (!info)
		return no_openssl(ctx);
	if (passphrase.len == 0) {
		len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
		return as_pem(ctx, "PRIVATE KEY", der, len, text);
	}
	sealed = seal(info, passphrase);
	if (!sealed)
		return no_openssl(ctx);
	len = i2d_X509_SIG(sealed, &der);
	return as_pem(ctx, "ENCRYPTED PRIVATE KEY", der, len, text);
}

static enum sy_status needs_ed25519(struct sy_context *ctx, const struct sy_public_key *key)
{
	if (sy_public_key_kind(key) == SY_KEY_ED25519)
		return SY_OK;
	return sy_fail(ctx, SY_USAGE, "minisign's files hold Ed25519 keys only, and this one is "
		       "%s", sy_key_kind_name(sy_public_key_kind(key)));
}

enum sy_status sy_private_key_write(struct sy_context *ctx, const struct sy_private_key *key,
				    enum sy_key_file format, struct sy_span passphrase,
				    struct sy_secret *text)
{
	enum sy_status status;

	*text = (struct sy_secret){ 0 };
	if (format == SY_KEY_FILE_PEM)
		return to_pkcs8(ctx, key, passphrase, text);
	status = needs_ed25519(ctx, key->public);
	if (status == SY_OK)
		status = sy_private_key_to_minisign(ctx, key, passphrase, text);
	return status;
}

_Static_assert(SY_PEM_TEXT_MAX(SY_SPKI_MAX) <= SY_PUBLIC_KEY_TEXT_MAX, "any key fits");

static size_t to_spki(const struct sy_public_key *key, char *text)
{
	uint8_t der[SY_SPKI_MAX];

	return sy_pem_encode("PUBLIC KEY", sy_public_key_spki(key, der), text,
			     SY_PUBLIC_KEY_TEXT_MAX);
}

/* The number is shown as minisign shows it: one number, its last byte first. */
static size_t to_minisign(const struct sy_public_key *key, char *text)
{
	uint8_t blob[42] = { 'E', 'd' };
	size_t at;

	sy_public_key_minisign_number(key, blob + 2);
	memcpy(blob + 10, key->point, 32);
	at = (size_t)snprintf(text, SY_PUBLIC_KEY_TEXT_MAX,
			      "untrusted comment: minisign public key ");
	for (unsigned i = 8; i-- > 0;)
		at += (size_t)snprintf(text + at, 3, "%02X", blob[2 + i]);
	text[at++] = '\n';
	sy_base64_encode(sy_span_of(blob, sizeof(blob)), text + at);
	at += SY_BASE64_ENCODED_LEN(sizeof(blob));
	text[at++] = '\n';
	text[at] = 0;
	return at;
}

enum sy_status sy_public_key_write(struct sy_context *ctx, const struct sy_public_key *key,
				   enum sy_key_file format,
				   char text[SY_PUBLIC_KEY_TEXT_MAX], size_t *len)
{
	enum sy_status status;

	*len = 0;
	text[0] = 0;
	if (format == SY_KEY_FILE_PEM) {
		*len = to_spki(key, text);
		return SY_OK;
	}
	status = needs_ed25519(ctx, key);
	if (status != SY_OK)
		return status;
	*len = to_minisign(key, text);
	return SY_OK;
}
