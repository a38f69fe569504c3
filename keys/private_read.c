/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which private key a file holds, and PKCS#8's encryption (RFC 8018), whose
 * costs are judged before OpenSSL pays them.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "keys/base64.h"
#include "keys/kdf.h"
#include "keys/lines.h"
#include "keys/pem.h"
#include "keys/private_parts.h"
#include "verifier/base/text.h"

#define COMMENT "untrusted comment: "

static void free_sealed(X509_SIG **sealed)
{
	X509_SIG_free(*sealed);
}

static void free_info(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
}

static enum sy_status take_info(struct sy_context *ctx, const PKCS8_PRIV_KEY_INFO *info,
				struct sy_private_key **key)
{
	EVP_PKEY *evp = EVP_PKCS82PKEY(info);

	ERR_clear_error();
	if (!evp)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "this PKCS#8 private key is malformed, or of a kind that "
				  "is not taken");
	return sy_private_key_of_evp(ctx, evp, key);
}

enum sy_status sy_private_key_of_der(struct sy_context *ctx, struct sy_span der,
				     struct sy_private_key **key)
{
	SY_OWNED(free_info) PKCS8_PRIV_KEY_INFO *info = NULL;
	const uint8_t *next = der.data, *end = der.data + der.len;
	EVP_PKEY *evp;

	*key = NULL;
	sy_openssl_secure_heap();
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &next, (long)der.len);
	if (info && next == end)
		return take_info(ctx, info, key);
	next = der.data;
	evp = d2i_PrivateKey(EVP_PKEY_EC, NULL, &next, (long)der.len);
	ERR_clear_error();
	if (evp && next == end)
		return sy_private_key_of_evp(ctx, evp, key);
	EVP_PKEY_free(evp);
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "this is not the DER of a private key");
}

/* The cost of a key derivation; false: of a kind that is not known here. */
static bool cost_of(const X509_ALGOR *function, struct sy_scrypt *cost)
{
	PBKDF2PARAM *pbkdf2 = NULL;
	SCRYPT_PARAMS *scrypt = NULL;
	const ASN1_OBJECT *object;
	const void *value;
	bool is_known = false;
	int type;

	X509_ALGOR_get0(&object, &type, &value, function);
	*cost = (struct sy_scrypt){ .r = 1, .p = 1 };
	if (type != V_ASN1_SEQUENCE)
		return false;
	switch (OBJ_obj2nid(object)) {
	case NID_id_pbkdf2:	/* a round hashes two blocks of 64 bytes */
		pbkdf2 = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBKDF2PARAM));
		is_known = pbkdf2 && ASN1_INTEGER_get_uint64(&cost->n, pbkdf2->iter) == 1;
		PBKDF2PARAM_free(pbkdf2);
		break;
	case NID_id_scrypt:
		scrypt = ASN1_item_unpack(value, ASN1_ITEM_rptr(SCRYPT_PARAMS));
		is_known = scrypt &&
			   ASN1_INTEGER_get_uint64(&cost->n, scrypt->costParameter) == 1 &&
			   ASN1_INTEGER_get_uint64(&cost->r, scrypt->blockSize) == 1 &&
			   ASN1_INTEGER_get_uint64(&cost->p,
						   scrypt->parallelizationParameter) == 1;
		SCRYPT_PARAMS_free(scrypt);
		break;
	default:
		break;
	}
	return is_known;
}

static enum sy_status admit(struct sy_context *ctx, const X509_SIG *sealed)
{
	const X509_ALGOR *algorithm;
	const ASN1_OCTET_STRING *octets;
	const ASN1_OBJECT *object;
	PBE2PARAM *pbe = NULL;
	struct sy_scrypt cost;
	const void *value;
	bool is_known;
	int type;

	X509_SIG_get0(sealed, &algorithm, &octets);
	X509_ALGOR_get0(&object, &type, &value, algorithm);
	if (OBJ_obj2nid(object) == NID_pbes2 && type == V_ASN1_SEQUENCE)
		pbe = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBE2PARAM));
	is_known = pbe && cost_of(pbe->keyfunc, &cost);
	PBE2PARAM_free(pbe);
	ERR_clear_error();
	if (!is_known)
		return sy_fail_as(ctx, SY_UNSUPPORTED, SY_FAILURE_KEY_UNSUPPORTED,
				  "this private key is encrypted in a way that is not "
				  "taken: PBES2 with scrypt or PBKDF2 is ('openssl pkcs8 "
				  "-topk8' writes it)");
	return sy_kdf_admit(ctx, &cost);
}

/* Did OpenSSL refuse scrypt's parameters?  It takes 32 MiB of memory at most. */
static bool is_refused(void)
{
	bool is_one = false;

	for (unsigned long error; (error = ERR_get_error()) != 0;)
		is_one |= ERR_GET_LIB(error) == ERR_LIB_EVP &&
			  (ERR_GET_REASON(error) == EVP_R_MEMORY_LIMIT_EXCEEDED ||
			   ERR_GET_REASON(error) == EVP_R_ILLEGAL_SCRYPT_PARAMETERS);
	return is_one;
}

static enum sy_status unseal(struct sy_context *ctx, const X509_SIG *sealed,
			     struct sy_passphrase *source, struct sy_private_key **key)
{
	SY_OWNED(free_info) PKCS8_PRIV_KEY_INFO *info = NULL;
	struct sy_secret passphrase;
	enum sy_status status = sy_passphrase_ask(ctx, source, &passphrase);

	if (status != SY_OK)
		return status;
	ERR_clear_error();
	info = PKCS8_decrypt(sealed, (const char *)passphrase.data, (int)passphrase.len);
	sy_secret_free(&passphrase);
	if (info)
		return take_info(ctx, info, key);
	if (is_refused())
		return sy_fail(ctx, SY_UNSUPPORTED, "this private key asks for more memory than "
			       "OpenSSL's scrypt takes (32 MiB)");
	return sy_passphrase_is_wrong(ctx);
}

static enum sy_status of_sealed(struct sy_context *ctx, struct sy_span der,
				struct sy_passphrase *passphrase, struct sy_private_key **key)
{
	SY_OWNED(free_sealed) X509_SIG *sealed = NULL;
	const uint8_t *next = der.data;
	enum sy_status status;

	sy_openssl_secure_heap();
	sealed = d2i_X509_SIG(NULL, &next, (long)der.len);
	ERR_clear_error();
	if (!sealed || next != der.data + der.len)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "this is not the DER of an encrypted private key");
	status = admit(ctx, sealed);
	return status == SY_OK ? unseal(ctx, sealed, passphrase, key) : status;
}

static enum sy_status of_content(struct sy_context *ctx, struct sy_span label,
				 struct sy_span content, struct sy_passphrase *passphrase,
				 struct sy_private_key **key)
{
	if (sy_span_is(label, "PRIVATE KEY") || sy_span_is(label, "EC PRIVATE KEY"))
		return sy_private_key_of_der(ctx, content, key);
	if (sy_span_is(label, "ENCRYPTED PRIVATE KEY"))
		return of_sealed(ctx, content, passphrase, key);
	return sy_private_key_of_sigstore(ctx, content, passphrase, key);
}

static enum sy_status refuse_body(struct sy_context *ctx, struct sy_span body)
{
	if (sy_span_starts(body, "Proc-Type:"))
		return sy_fail_as(ctx, SY_UNSUPPORTED, SY_FAILURE_KEY_UNSUPPORTED,
				  "this private key is encrypted in OpenSSL's old way, "
				  "which is not taken: 'openssl pkcs8 -topk8' converts it");
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "the PEM block of this private key is not canonical base64");
}

static enum sy_status of_block(struct sy_context *ctx, const struct sy_pem_block *block,
			       struct sy_passphrase *passphrase, struct sy_private_key **key)
{
	struct sy_secret content;
	enum sy_status status = sy_secret_new(ctx, SY_BASE64_DECODED_MAX(block->body.len),
					      &content);

	if (status != SY_OK)
		return status;
	if (sy_pem_decode(block, content.data, content.cap, &content.len))
		status = of_content(ctx, block->label, sy_secret_span(&content), passphrase,
				    key);
	else
		status = refuse_body(ctx, block->body);
	sy_secret_free(&content);
	return status;
}

static bool is_taken(struct sy_span label)
{
	static const char *const labels[] = {
		"PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
		"ENCRYPTED COSIGN PRIVATE KEY", "ENCRYPTED SIGSTORE PRIVATE KEY",
	};

	for (size_t i = 0; i < SY_N_ELEMS(labels); i++)
		if (sy_span_is(label, labels[i]))
			return true;
	return false;
}

static enum sy_status refuse_label(struct sy_context *ctx, struct sy_span label)
{
	struct sy_text text;

	if (sy_span_ends(label, "PUBLIC KEY"))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_IS_PUBLIC,
				  "this is a public key, and a private one is needed");
	if (sy_span_ends(label, "CERTIFICATE"))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_IS_CERTIFICATE,
				  "this is a certificate, and a private key is needed");
	if (sy_span_is(label, "RSA PRIVATE KEY"))
		return sy_private_key_refuse_rsa(ctx);
	sy_text_init(&text);
	sy_text_name(&text, label);
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_UNSUPPORTED,
			  "a PEM block %s is not a private key that is taken", text.data);
}

/* 'openssl ecparam -genkey' writes the curve's name in a block in front. */
static enum sy_pem_result next_key(struct sy_span *rest, struct sy_pem_block *block)
{
	enum sy_pem_result result = sy_pem_next(rest, block);

	if (result == SY_PEM_BLOCK && sy_span_is(block->label, "EC PARAMETERS"))
		result = sy_pem_next(rest, block);
	return result;
}

static enum sy_status read_pem(struct sy_context *ctx, struct sy_span file,
			       struct sy_passphrase *passphrase, struct sy_private_key **key)
{
	struct sy_pem_block block, second;

	if (next_key(&file, &block) != SY_PEM_BLOCK)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "a PEM block begins and does not end, or none of them is "
				  "a key");
	if (!is_taken(block.label))
		return refuse_label(ctx, block.label);
	if (sy_pem_next(&file, &second) != SY_PEM_END)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "more than one PEM block, and one private key is needed");
	return of_block(ctx, &block, passphrase, key);
}

bool sy_private_key_is(struct sy_span file)
{
	struct sy_pem_block block;
	struct sy_span line;

	if (sy_span_starts(file, COMMENT))
		return sy_line_next(&file, &line) && sy_line_next(&file, &line) &&
		       (line.len == SY_BASE64_ENCODED_LEN(SY_MINISIGN_SECRET_LEN) ||
			line.len == SY_BASE64_ENCODED_LEN(SY_SIGNIFY_SECRET_LEN));
	return next_key(&file, &block) != SY_PEM_END &&
	       sy_span_ends(block.label, "PRIVATE KEY");
}

enum sy_status sy_private_key_read(struct sy_context *ctx, struct sy_span file,
				   struct sy_passphrase *passphrase,
				   struct sy_private_key **key)
{
	*key = NULL;
	if (file.len > SY_KEY_FILE_MAX)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "more than %u bytes, which no private key has",
				  SY_KEY_FILE_MAX);
	if (sy_span_starts(file, COMMENT))
		return sy_private_key_of_minisign(ctx, file, passphrase, key);
	if (sy_pem_is(file))
		return read_pem(ctx, file, passphrase, key);
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "this is no private key: neither PEM ('-----BEGIN ... PRIVATE "
			  "KEY-----') nor a minisign or signify key");
}
