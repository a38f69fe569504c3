/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing: the payload, its encoding, the signature, and the bundle with its
 * members in the order in which model_signing writes them.
 */
#include "keys/base64.h"
#include "keys/dsse.h"
#include "keys/oms.h"
#include "keys/statement.h"
#include "keys/statement_write.h"
#include "verifier/base/jsonw.h"

static const struct sy_public_key *key_of(const struct sy_oms_signer *signer)
{
	return signer->private_key ? sy_private_key_public(signer->private_key) : signer->key;
}

static enum sy_status check_signer(struct sy_context *ctx,
				   const struct sy_oms_signer *signer)
{
	const enum sy_key_kind kind = sy_public_key_kind(key_of(signer));

	if (kind == SY_KEY_ED25519 || kind == SY_KEY_RSA)
		return sy_fail(ctx, SY_USAGE, "bundles are signed with ECDSA keys (P-256, "
			       "P-384, P-521); the key is %s", sy_key_kind_name(kind));
	if (signer->n_certificates > SY_BUNDLE_CERTIFICATES_MAX)
		return sy_fail(ctx, SY_USAGE, "%zu certificates were given, a bundle holds "
			       "at most %u", signer->n_certificates,
			       SY_BUNDLE_CERTIFICATES_MAX);
	return SY_OK;
}

/* The first certificate must be that of the key. */
static enum sy_status check_certificate(struct sy_context *ctx,
					const struct sy_oms_signer *signer)
{
	SY_OWNED(sy_arena_free) struct sy_arena arena = { 0 };
	struct sy_chain_leaf leaf = { .key = NULL };
	struct sy_reading reading;
	enum sy_status status;

	if (signer->n_certificates == 0)
		return SY_OK;
	sy_arena_init(&arena, ctx);
	sy_reading_init(&reading, SY_OMS_TOLERATED_STRICT);
	status = sy_chain_describe(&arena, signer->certificates[0], &reading, &leaf);
	if (status == SY_FORMAT)
		status = sy_fail(ctx, SY_USAGE, "%s", reading.sentence.data);
	if (status == SY_OK &&
	    (!leaf.key || !sy_digest_equal(sy_public_key_id(leaf.key),
					   sy_public_key_id(key_of(signer)))))
		status = sy_fail(ctx, SY_USAGE,
				 "the first certificate is not that of the private key");
	sy_chain_leaf_free(&leaf);
	return status;
}

static enum sy_status ask_signer(struct sy_context *ctx, const struct sy_oms_signer *signer,
				 struct sy_span message, struct sy_buffer *signature)
{
	uint8_t bytes[SY_SIGNATURE_MAX];
	enum sy_status status;
	size_t len;

	if (!signer->private_key)
		return signer->sign(signer->user, message, signature);
	status = sy_private_key_sign(ctx, signer->private_key, message, bytes, &len);
	return status == SY_OK ? sy_buffer_write(signature, sy_span_of(bytes, len)) : status;
}

static enum sy_status sign(struct sy_context *ctx, const struct sy_oms_signer *signer,
			   struct sy_span payload, struct sy_buffer *signature)
{
	SY_OWNED(sy_buffer_free) struct sy_buffer message;
	struct sy_dsse dsse = { .type = sy_span_str(SY_STATEMENT_PAYLOAD_TYPE),
				.payload = payload, .hash = SY_KEY_HASH_OF_CURVE };
	bool is_valid = false;
	enum sy_status status;

	sy_buffer_init(&message, ctx);
	status = sy_dsse_encode(&message, dsse.type, payload);
	if (status == SY_OK)
		status = ask_signer(ctx, signer, sy_span_of(message.data, message.len),
				    signature);
	if (status != SY_OK)
		return status;
	dsse.signature = sy_span_of(signature->data, signature->len);
	status = sy_dsse_verify(ctx, key_of(signer), &dsse, &is_valid);
	if (status == SY_OK && !is_valid)
		return sy_fail(ctx, SY_USAGE, "the signature that was made is not one of "
			       "the public key: the two do not belong together");
	return status;
}

static enum sy_status write_base64(struct sy_jsonw *json, struct sy_context *ctx,
				   const char *key, struct sy_span bytes)
{
	char *text = sy_alloc(ctx, SY_BASE64_ENCODED_LEN(bytes.len) + 1);

	if (!text)
		return sy_memory_status(ctx);
	sy_base64_encode(bytes, text);
	sy_jsonw_kstring(json, key, sy_span_of(text, SY_BASE64_ENCODED_LEN(bytes.len)));
	sy_release(ctx, text);
	return SY_OK;
}

static enum sy_status write_certificates(struct sy_jsonw *json, struct sy_context *ctx,
					 const struct sy_oms_signer *signer)
{
	enum sy_status status = SY_OK;

	sy_jsonw_key(json, "x509CertificateChain");
	sy_jsonw_object(json);
	sy_jsonw_key(json, "certificates");
	sy_jsonw_array(json);
	for (size_t i = 0; i < signer->n_certificates && status == SY_OK; i++) {
		sy_jsonw_object(json);
		status = write_base64(json, ctx, "rawBytes", signer->certificates[i]);
		sy_jsonw_object_end(json);
	}
	sy_jsonw_array_end(json);
	sy_jsonw_object_end(json);
	return status;
}

static void write_key(struct sy_jsonw *json, const struct sy_oms_signer *signer)
{
	char hint[2 * SY_DIGEST_MAX + 1];

	sy_digest_hex(sy_public_key_id(key_of(signer)), hint);
	sy_jsonw_key(json, "publicKey");
	sy_jsonw_object(json);
	sy_jsonw_kstr(json, "hint", hint);
	sy_jsonw_object_end(json);
}

static enum sy_status write_material(struct sy_jsonw *json, struct sy_context *ctx,
				     const struct sy_oms_signer *signer)
{
	enum sy_status status = SY_OK;

	sy_jsonw_key(json, "verificationMaterial");
	sy_jsonw_object(json);
	if (signer->n_certificates > 0)
		status = write_certificates(json, ctx, signer);
	else
		write_key(json, signer);
	sy_jsonw_key(json, "tlogEntries");
	sy_jsonw_array(json);
	sy_jsonw_array_end(json);
	sy_jsonw_object_end(json);
	return status;
}

static enum sy_status write_envelope(struct sy_jsonw *json, struct sy_context *ctx,
				     struct sy_span payload, struct sy_span signature)
{
	enum sy_status status;

	sy_jsonw_key(json, "dsseEnvelope");
	sy_jsonw_object(json);
	status = write_base64(json, ctx, "payload", payload);
	sy_jsonw_kstr(json, "payloadType", SY_STATEMENT_PAYLOAD_TYPE);
	sy_jsonw_key(json, "signatures");
	sy_jsonw_array(json);
	sy_jsonw_object(json);
	if (status == SY_OK)
		status = write_base64(json, ctx, "sig", signature);
	sy_jsonw_kstr(json, "keyid", "");
	sy_jsonw_object_end(json);
	sy_jsonw_array_end(json);
	sy_jsonw_object_end(json);
	return status;
}

static enum sy_status write_bundle(const struct sy_oms_signer *signer,
				   struct sy_span payload, struct sy_span signature,
				   struct sy_buffer *buffer)
{
	struct sy_jsonw json;
	struct sy_out out;
	enum sy_status status;

	sy_out_init(&out, sy_buffer_write, buffer);
	sy_jsonw_init(&json, &out, true);
	sy_jsonw_object(&json);
	sy_jsonw_kstr(&json, "mediaType", SY_BUNDLE_MEDIA_TYPE);
	status = write_material(&json, buffer->ctx, signer);
	if (status == SY_OK)
		status = write_envelope(&json, buffer->ctx, payload, signature);
	if (status != SY_OK)
		return status;
	sy_jsonw_object_end(&json);
	return sy_out_flush(&out);
}

enum sy_status sy_oms_write(const struct sy_manifest *manifest, bool is_named,
			    const struct sy_oms_signer *signer, struct sy_buffer *out)
{
	SY_OWNED(sy_buffer_free) struct sy_buffer payload;
	SY_OWNED(sy_buffer_free) struct sy_buffer signature;
	struct sy_context *ctx = out->ctx;
	size_t before = out->len;
	enum sy_status status;

	sy_buffer_init(&payload, ctx);
	sy_buffer_init(&signature, ctx);
	status = check_signer(ctx, signer);
	if (status == SY_OK)
		status = check_certificate(ctx, signer);
	if (status == SY_OK)
		status = sy_statement_write(&payload, manifest, is_named);
	if (status == SY_OK)
		status = sign(ctx, signer, sy_span_of(payload.data, payload.len), &signature);
	if (status == SY_OK)
		status = write_bundle(signer, sy_span_of(payload.data, payload.len),
				      sy_span_of(signature.data, signature.len), out);
	if (status != SY_OK)
		out->len = before;
	return status;
}
