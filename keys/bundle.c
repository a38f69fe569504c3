/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle's fields, innermost first; the walk itself is keys/document's. */
#include "keys/bundle.h"

#include "keys/base64.h"
#include "keys/document.h"
#include "keys/layout.h"
#include "keys/timestamp.h"
#include "verifier/base/text.h"

#define HINT_MAX 1024		/* bytes; hints are digests */
#define SIGNATURE_MAX 1024	/* bytes; ECDSA over P-521 needs 139 */
#define KEY_TEXT_MAX 8192

struct state {
	struct sy_bundle *bundle;
	unsigned n_materials;
	bool has_log;		/* tlogEntries is there, if empty */
	uint64_t n_signatures;
};

/* base64 of at most `max` decoded bytes. */
static enum sy_status decode(struct sy_document *d, const struct sy_json_token *value,
			     const char *field, size_t max, struct sy_span *bytes)
{
	size_t cap = SY_BASE64_DECODED_MAX(value->text.len), len;
	uint8_t *out;

	if (cap > max + 8)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD,
				 "%s has %zu characters of base64 in %s, more than any "
				 "content of it needs", d->what, value->text.len, field);
	out = sy_arena_alloc(d->arena, cap);
	if (!out)
		return sy_memory_status(d->ctx);
	if (!sy_base64_decode(value->text, out, cap, &len) &&
	    (!sy_base64_decode_lines(value->text, out, cap, &len) ||
	     !sy_tolerate(d->reading, SY_OMS_TOLERATE_BUNDLE_LAYOUT)))
		return sy_refuse(d->reading, SY_OMS_BUNDLE_BASE64,
				 "%s has a %s at byte %llu that is not canonical base64",
				 d->what, field, (unsigned long long)value->off);
	if (len == 0)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD,
				 "%s has an empty %s at byte %llu", d->what, field,
				 (unsigned long long)value->off);
	*bytes = sy_span_of(out, len);
	return SY_OK;
}

static enum sy_status read_media_type(struct sy_document *d,
				      const struct sy_json_token *value, void *self)
{
	(void)self;
	if (sy_span_is(value->text, SY_BUNDLE_MEDIA_TYPE))
		return SY_OK;
	return sy_refuse_name(d->reading, SY_OMS_BUNDLE_MEDIA_TYPE,
			      "the bundle's media type is ", value->text,
			      ", not '" SY_BUNDLE_MEDIA_TYPE "'");
}

static enum sy_status read_hint(struct sy_document *d,
				const struct sy_json_token *value, void *self)
{
	struct state *s = self;

	if (value->text.len > HINT_MAX)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_HINT_LONG,
				 "the key hint is %zu bytes long, at most %u are read",
				 value->text.len, HINT_MAX);
	return sy_document_copy(d, value, &s->bundle->hint);
}

static enum sy_status read_key_text(struct sy_document *d,
				    const struct sy_json_token *value, void *self)
{
	struct state *s = self;

	if (!sy_tolerate(d->reading, SY_OMS_TOLERATE_KEY_IN_BUNDLE))
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD,
				 "the bundle holds the public key itself");
	return decode(d, value, "publicKey.rawBytes", KEY_TEXT_MAX, &s->bundle->key_text);
}

static enum sy_status read_key_details(struct sy_document *d,
				       const struct sy_json_token *value, void *self)
{
	struct state *s = self;

	if (value->text.len > HINT_MAX)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD, "keyDetails is %zu "
				 "bytes long", value->text.len);
	return sy_document_copy(d, value, &s->bundle->key_details);
}

static enum sy_status read_key(struct sy_document *d, const struct sy_json_token *value,
			       void *self)
{
	static const struct sy_member members[] = {
		{ .name = "hint", .kind = SY_JSON_STRING, .read = read_hint,
		  .is_nullable = true },
		{ .name = "keyDetails", .snake = "key_details", .kind = SY_JSON_STRING,
		  .read = read_key_details, .is_nullable = true },
		{ .name = "rawBytes", .snake = "raw_bytes", .kind = SY_JSON_STRING,
		  .read = read_key_text, .is_nullable = true },
	};
	struct state *s = self;

	(void)value;
	s->n_materials++;
	s->bundle->material = SY_BUNDLE_KEY;
	return sy_document_object(d, "publicKey", members, SY_N_ELEMS(members), s);
}

static enum sy_status read_raw_certificate(struct sy_document *d,
					   const struct sy_json_token *value, void *self)
{
	struct state *s = self;
	struct sy_bundle *bundle = s->bundle;

	if (bundle->n_certificates == SY_BUNDLE_CERTIFICATES_MAX)
		return sy_refuse(d->reading, SY_OMS_CERTIFICATE_COUNT,
				 "the bundle holds more than %u certificates",
				 SY_BUNDLE_CERTIFICATES_MAX);
	return decode(d, value, "certificate", SY_BUNDLE_CERTIFICATE_BYTES_MAX,
		      &bundle->certificates[bundle->n_certificates++]);
}

static enum sy_status read_certificate(struct sy_document *d,
				       const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "rawBytes", .snake = "raw_bytes", .kind = SY_JSON_STRING,
		  .read = read_raw_certificate, .is_required = true },
	};

	if (value->kind != SY_JSON_OBJECT)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD, "the bundle has a "
				 "certificate at byte %llu that is not an object",
				 (unsigned long long)value->off);
	return sy_document_object(d, "a certificate", members, SY_N_ELEMS(members), self);
}

static enum sy_status read_keyless(struct sy_document *d,
				   const struct sy_json_token *value, void *self)
{
	struct state *s = self;

	s->n_materials++;
	s->bundle->material = SY_BUNDLE_KEYLESS;
	return read_certificate(d, value, self);
}

static enum sy_status read_certificates(struct sy_document *d,
					const struct sy_json_token *value, void *self)
{
	(void)value;
	return sy_document_array(d, read_certificate, self);
}

static enum sy_status read_chain(struct sy_document *d,
				 const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "certificates", .kind = SY_JSON_ARRAY,
		  .read = read_certificates, .is_required = true },
	};
	struct state *s = self;
	enum sy_status status;

	(void)value;
	s->n_materials++;
	s->bundle->material = SY_BUNDLE_CHAIN;
	status = sy_document_object(d, "x509CertificateChain", members,
				    SY_N_ELEMS(members), s);
	if (status == SY_OK && s->bundle->n_certificates == 0)
		return sy_refuse(d->reading, SY_OMS_CERTIFICATE_COUNT,
				 "the bundle's certificate chain is empty");
	return status;
}

/* Numbers of 64 bits are text in this JSON; neither of the two can be below 0. */
static enum sy_status read_log_number(struct sy_document *d,
				      const struct sy_json_token *value, void *self)
{
	uint64_t number;

	(void)self;
	if (sy_parse_u64(value->text, &number) && number <= INT64_MAX)
		return SY_OK;
	return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD, "the bundle has a transparency log "
			 "entry with a number at byte %llu that is none",
			 (unsigned long long)value->off);
}

/* Nobody checks what a log says; that it is an entry of one, anybody can see. */
static enum sy_status read_log_entry(struct sy_document *d,
				     const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "canonicalizedBody", .snake = "canonicalized_body",
		  .kind = SY_JSON_STRING, .is_required = true },
		{ .name = "inclusionPromise", .snake = "inclusion_promise",
		  .kind = SY_JSON_OBJECT, .is_nullable = true },
		{ .name = "inclusionProof", .snake = "inclusion_proof",
		  .kind = SY_JSON_OBJECT, .is_nullable = true },
		{ .name = "integratedTime", .snake = "integrated_time",
		  .kind = SY_JSON_STRING, .read = read_log_number, .is_nullable = true },
		{ .name = "kindVersion", .snake = "kind_version", .kind = SY_JSON_OBJECT,
		  .is_required = true },
		{ .name = "logId", .snake = "log_id", .kind = SY_JSON_OBJECT,
		  .is_required = true },
		{ .name = "logIndex", .snake = "log_index", .kind = SY_JSON_STRING,
		  .read = read_log_number, .is_nullable = true },
	};

	if (value->kind != SY_JSON_OBJECT ||
	    !sy_tolerate(d->reading, SY_OMS_TOLERATE_TLOG_UNCHECKED))
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD, "the bundle has a "
				 "transparency log entry at byte %llu, which is not "
				 "checked here", (unsigned long long)value->off);
	return sy_document_object(d, "a transparency log entry", members,
				  SY_N_ELEMS(members), self);
}

static enum sy_status read_log(struct sy_document *d, const struct sy_json_token *value,
			       void *self)
{
	struct state *s = self;

	(void)value;
	s->has_log = true;
	return sy_document_array(d, read_log_entry, s);
}

static enum sy_status read_timestamp_der(struct sy_document *d,
					 const struct sy_json_token *value, void *self)
{
	struct state *s = self;
	struct sy_bundle *bundle = s->bundle;

	if (bundle->n_timestamps == SY_BUNDLE_TIMESTAMPS_MAX)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD,
				 "the bundle holds more than %u time-stamps",
				 SY_BUNDLE_TIMESTAMPS_MAX);
	return decode(d, value, "time-stamp", SY_TIMESTAMP_BYTES_MAX,
		      &bundle->timestamps[bundle->n_timestamps++]);
}

static enum sy_status read_timestamp(struct sy_document *d,
				     const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "signedTimestamp", .snake = "signed_timestamp",
		  .kind = SY_JSON_STRING, .read = read_timestamp_der, .is_required = true },
	};

	if (value->kind != SY_JSON_OBJECT)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD, "the bundle has a "
				 "time-stamp at byte %llu that is not an object",
				 (unsigned long long)value->off);
	return sy_document_object(d, "a time-stamp", members, SY_N_ELEMS(members), self);
}

static enum sy_status read_timestamp_list(struct sy_document *d,
					  const struct sy_json_token *value, void *self)
{
	(void)value;
	return sy_document_array(d, read_timestamp, self);
}

static enum sy_status read_timestamps(struct sy_document *d,
				      const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "rfc3161Timestamps", .snake = "rfc3161_timestamps",
		  .kind = SY_JSON_ARRAY, .read = read_timestamp_list, .is_nullable = true },
	};

	(void)value;
	return sy_document_object(d, "timestampVerificationData", members,
				  SY_N_ELEMS(members), self);
}

static enum sy_status read_material(struct sy_document *d,
				    const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "certificate", .kind = SY_JSON_OBJECT, .read = read_keyless,
		  .is_nullable = true },
		{ .name = "publicKey", .snake = "public_key", .kind = SY_JSON_OBJECT,
		  .read = read_key, .is_nullable = true },
		{ .name = "timestampVerificationData",
		  .snake = "timestamp_verification_data", .kind = SY_JSON_OBJECT,
		  .read = read_timestamps, .is_nullable = true },
		{ .name = "tlogEntries", .snake = "tlog_entries", .kind = SY_JSON_ARRAY,
		  .read = read_log, .is_nullable = true },
		{ .name = "x509CertificateChain", .snake = "x509_certificate_chain",
		  .kind = SY_JSON_OBJECT, .read = read_chain, .is_nullable = true },
	};
	struct state *s = self;
	enum sy_status status;

	(void)value;
	status = sy_document_object(d, "verificationMaterial", members,
				    SY_N_ELEMS(members), s);
	if (status == SY_OK && s->n_materials != 1)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_MATERIAL,
				 "the bundle holds %u kinds of verification material, "
				 "it must be 1", s->n_materials);
	if (status == SY_OK && !s->has_log &&
	    !sy_tolerate(d->reading, SY_OMS_TOLERATE_TLOG_ABSENT))
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD,
				 "the bundle has no tlogEntries in verificationMaterial");
	return status;
}

static enum sy_status read_payload(struct sy_document *d,
				   const struct sy_json_token *value, void *self)
{
	struct state *s = self;

	return decode(d, value, "payload", SIZE_MAX / 2, &s->bundle->payload);
}

static enum sy_status read_payload_type(struct sy_document *d,
					const struct sy_json_token *value, void *self)
{
	struct state *s = self;

	return sy_document_copy(d, value, &s->bundle->payload_type);
}

static enum sy_status read_sig(struct sy_document *d, const struct sy_json_token *value,
			       void *self)
{
	struct state *s = self;

	return decode(d, value, "signature", SIGNATURE_MAX, &s->bundle->signature);
}

static enum sy_status read_keyid(struct sy_document *d,
				 const struct sy_json_token *value, void *self)
{
	struct state *s = self;

	if (value->text.len > HINT_MAX)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_HINT_LONG,
				 "the keyid is %zu bytes long, at most %u are read",
				 value->text.len, HINT_MAX);
	return sy_document_copy(d, value, &s->bundle->keyid);
}

/* The first one is read, the others are only counted. */
static enum sy_status read_signature(struct sy_document *d,
				     const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "keyid", .kind = SY_JSON_STRING, .read = read_keyid,
		  .is_nullable = true },
		{ .name = "sig", .kind = SY_JSON_STRING, .read = read_sig,
		  .is_required = true },
	};
	struct state *s = self;

	if (s->n_signatures++ > 0)
		return sy_document_skip(d, value);
	if (value->kind != SY_JSON_OBJECT)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_FIELD, "the bundle has a "
				 "signature at byte %llu that is not an object",
				 (unsigned long long)value->off);
	return sy_document_object(d, "a signature", members, SY_N_ELEMS(members), s);
}

static enum sy_status read_signatures(struct sy_document *d,
				      const struct sy_json_token *value, void *self)
{
	struct state *s = self;
	enum sy_status status = sy_document_array(d, read_signature, s);

	(void)value;
	if (status == SY_OK && s->n_signatures != 1)
		return sy_refuse(d->reading, SY_OMS_BUNDLE_SIGNATURE_COUNT,
				 "the envelope holds %llu signatures, it must be 1",
				 (unsigned long long)s->n_signatures);
	return status;
}

static enum sy_status read_envelope(struct sy_document *d,
				    const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "payload", .kind = SY_JSON_STRING, .read = read_payload,
		  .is_required = true },
		{ .name = "payloadType", .snake = "payload_type", .kind = SY_JSON_STRING,
		  .read = read_payload_type, .is_required = true },
		{ .name = "signatures", .kind = SY_JSON_ARRAY, .read = read_signatures,
		  .is_required = true },
	};

	(void)value;
	return sy_document_object(d, "dsseEnvelope", members, SY_N_ELEMS(members), self);
}

static enum sy_status read_fields(struct sy_document *d, struct sy_span bytes,
				  struct state *s)
{
	static const struct sy_member members[] = {
		{ .name = "dsseEnvelope", .snake = "dsse_envelope",
		  .kind = SY_JSON_OBJECT, .read = read_envelope, .is_required = true },
		{ .name = "mediaType", .snake = "media_type", .kind = SY_JSON_STRING,
		  .read = read_media_type, .is_required = true },
		{ .name = "verificationMaterial", .snake = "verification_material",
		  .kind = SY_JSON_OBJECT, .read = read_material, .is_required = true },
	};

	return sy_document_read(d, bytes, members, SY_N_ELEMS(members), s);
}

enum sy_status sy_bundle_read(struct sy_context *ctx, struct sy_arena *arena,
			      struct sy_span bytes, struct sy_reading *reading,
			      struct sy_bundle *bundle)
{
	struct sy_document d = {
		.ctx = ctx, .arena = arena, .reading = reading, .what = "the bundle",
		.json_reason = SY_OMS_BUNDLE_JSON_INVALID,
		.field_reason = SY_OMS_BUNDLE_FIELD, .refuses_unknown = true,
	};
	struct state s = { .bundle = bundle };
	enum sy_status status;

	*bundle = (struct sy_bundle){ .material = SY_BUNDLE_KEY };
	if (bytes.len > ctx->limits.bundle_bytes)
		return sy_undetermined(reading, SY_OMS_BUNDLE_LARGE, "the bundle has %zu "
				       "bytes, the limit is %llu (--limit bundle-bytes=N)",
				       bytes.len,
				       (unsigned long long)ctx->limits.bundle_bytes);
	status = sy_layout_check(&d, bytes);
	d.refuses_escapes = true;
	return status == SY_OK ? read_fields(&d, bytes, &s) : status;
}
