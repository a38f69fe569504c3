/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which key a file holds: PEM, or minisign's and signify's two lines.  Half of
 * it finds the sentence for files that hold something else.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "keys/base64.h"
#include "keys/key.h"
#include "keys/lines.h"
#include "keys/pem.h"
#include "keys/scheme.h"
#include "verifier/base/memory.h"
#include "verifier/base/text.h"

#define COMMENT "untrusted comment: "
#define COMMENT_MAX 1023u	/* bytes; minisign's */

/* What is in a line of base64, by its length: minisign 0.12, signify. */
#define NUMBERED_KEY_LEN 42u	/* "Ed", number, point */
#define SIGNATURE_LEN 74u	/* "Ed" or "ED", number, signature */
#define SIGNIFY_SECRET_LEN 104u
#define MINISIGN_SECRET_LEN 158u

static enum sy_status is_private(struct sy_context *ctx)
{
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_IS_PRIVATE,
			  "this is a private key, and a public one is needed: 'steelyard "
			  "key public' writes it");
}

/* OpenSSL names what we do not take; nothing else of its reading is used. */
static enum sy_status refuse_spki(struct sy_context *ctx, struct sy_span spki)
{
	const uint8_t *next = spki.data;
	EVP_PKEY *evp = d2i_PUBKEY(NULL, &next, (long)spki.len);
	const char *type = evp ? EVP_PKEY_get0_type_name(evp) : NULL;
	char group[64] = "";
	enum sy_status status;

	if (evp)
		EVP_PKEY_get_utf8_string_param(evp, OSSL_PKEY_PARAM_GROUP_NAME, group,
					       sizeof(group), NULL);
	if (type)
		status = sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_UNSUPPORTED,
				    "a key of type %s%s%s in this form (of %d bits) is not "
				    "taken: ECDSA on P-256, P-384, P-521 (named curves), "
				    "Ed25519 and RSA of 2048 to 8192 bits are", type,
				    *group ? " " : "", group, EVP_PKEY_get_bits(evp));
	else
		status = sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				    "this is not the DER of a public key");
	EVP_PKEY_free(evp);
	ERR_clear_error();
	return status;
}

static enum sy_status from_spki(struct sy_context *ctx, struct sy_span spki,
				struct sy_public_key **key)
{
	struct sy_span point;
	const struct sy_scheme *scheme = sy_scheme_of_spki(spki, &point);

	if (!scheme)
		return refuse_spki(ctx, spki);
	return sy_public_key_make(ctx, scheme, point, NULL, key);
}

static enum sy_status from_block(struct sy_context *ctx, const struct sy_pem_block *block,
				 struct sy_public_key **key)
{
	const size_t cap = SY_BASE64_DECODED_MAX(block->body.len);
	uint8_t *der = sy_alloc_unset(ctx, cap);
	enum sy_status status;
	size_t len;

	if (!der)
		return sy_memory_status(ctx);
	if (sy_pem_decode(block, der, cap, &len))
		status = from_spki(ctx, sy_span_of(der, len), key);
	else
		status = sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				    "the PEM block of this public key is not canonical "
				    "base64");
	sy_release(ctx, der);
	return status;
}

static enum sy_status refuse_label(struct sy_context *ctx, struct sy_span label)
{
	struct sy_text text;

	if (sy_span_ends(label, "PRIVATE KEY"))
		return is_private(ctx);
	if (sy_span_ends(label, "CERTIFICATE"))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_IS_CERTIFICATE,
				  "this is a certificate, and a public key is needed");
	sy_text_init(&text);
	sy_text_name(&text, label);
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_UNSUPPORTED,
			  "a PEM block %s is not a public key that is taken ('PUBLIC KEY' "
			  "is)", text.data);
}

static enum sy_status read_pem(struct sy_context *ctx, struct sy_span file,
			       struct sy_public_key **key)
{
	struct sy_pem_block block, second;

	if (sy_pem_next(&file, &block) != SY_PEM_BLOCK)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "a PEM block begins and does not end");
	if (!sy_span_is(block.label, "PUBLIC KEY"))
		return refuse_label(ctx, block.label);
	if (sy_pem_next(&file, &second) != SY_PEM_END)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "more than one PEM block, and one public key is needed");
	return from_block(ctx, &block, key);
}

static enum sy_status refuse_line(struct sy_context *ctx, struct sy_span line)
{
	if (line.len == SY_BASE64_ENCODED_LEN(MINISIGN_SECRET_LEN) ||
	    line.len == SY_BASE64_ENCODED_LEN(SIGNIFY_SECRET_LEN))
		return is_private(ctx);
	if (line.len == SY_BASE64_ENCODED_LEN(SIGNATURE_LEN))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_IS_SIGNATURE,
				  "this is a signature, and a public key is needed");
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "the second line is not a minisign or signify public key in base64");
}

/* A comment and "Ed", number, point in base64; nothing after it. */
static enum sy_status read_numbered(struct sy_context *ctx, struct sy_span file,
				    struct sy_public_key **key)
{
	uint8_t blob[NUMBERED_KEY_LEN];
	struct sy_span line, comment;

	if (!sy_line_next(&file, &line) ||
	    !sy_line_comment(line, COMMENT, COMMENT_MAX, &comment))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "the untrusted comment is longer than %u bytes or not "
				  "printable", COMMENT_MAX);
	if (!sy_line_next(&file, &line) ||
	    !sy_base64_decode_exactly(line, blob, sizeof(blob)))
		return refuse_line(ctx, line);
	if (file.len > 0)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "more than two lines in a minisign or signify public key");
	if (memcmp(blob, "Ed", 2))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_UNSUPPORTED,
				  "a minisign or signify key that is not Ed25519");
	return sy_public_key_make(ctx, &sy_scheme_ed25519,
				  sy_span_of(blob + 10, sizeof(blob) - 10), blob + 2, key);
}

enum sy_status sy_public_key_read(struct sy_context *ctx, struct sy_span file,
				  struct sy_public_key **key)
{
	*key = NULL;
	if (sy_span_starts(file, COMMENT))
		return read_numbered(ctx, file, key);
	if (sy_pem_is(file))
		return read_pem(ctx, file, key);
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "this is no public key: neither PEM ('-----BEGIN PUBLIC "
			  "KEY-----') nor a minisign or signify key");
}

enum sy_status sy_public_key_from_evp(struct sy_context *ctx, const EVP_PKEY *spki,
				      struct sy_public_key **key)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(spki, &der);
	enum sy_status status;

	*key = NULL;
	if (len <= 0) {
		ERR_clear_error();
		return sy_fail(ctx, SY_FORMAT, "the certificate's public key has no DER");
	}
	status = from_spki(ctx, sy_span_of(der, (size_t)len), key);
	OPENSSL_free(der);
	return status;
}
