/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of one file, minisign's and signify's: they hold no digest to compare
 * with, so they are verified once the file was weighed.
 */
#include "verifier/engine/vouch_parts.h"

#define CONTENT_MAX (UINT64_C(1) << 30)	/* of a file under the older form */

/* The whole file, for the older form that signs it as it is. */
static enum sy_status read_content(struct sy_vouch *vouch, struct sy_vouch_signature *s,
				   struct sy_arena *arena,
				   struct sy_minisign_subject *subject)
{
	struct sy_source source;
	enum sy_status status = sy_entry_open(&vouch->check->inventory, s->target, vouch->ctx,
					      &source);

	if (status != SY_OK)
		return status;
	if (source.size > CONTENT_MAX)
		status = sy_fail(vouch->ctx, SY_UNSUPPORTED, "the older form of signature, over a "
				 "file of more than %llu bytes",
				 (unsigned long long)CONTENT_MAX);
	else
		status = sy_source_view(&source, 0, (size_t)source.size, arena,
					&subject->content);
	if (status == SY_OK)
		status = sy_source_unchanged(&source);
	sy_source_close(&source);
	subject->has_content = status == SY_OK;
	return status;
}

static enum sy_status doubt(struct sy_vouch *vouch, struct sy_vouch_signature *s,
			    const char *reason, const char *sentence)
{
	s->state = SY_VOUCH_UNCHECKED;
	s->reason = sy_span_str(reason);
	sy_text_init(&s->sentence);
	sy_text_add(&s->sentence, sentence);
	sy_error_clear(vouch->ctx);
	return SY_OK;
}

static void refuse(struct sy_vouch_signature *s, const char *reason, const char *sentence)
{
	s->state = SY_VOUCH_REFUSED;
	s->reason = sy_span_str(reason);
	sy_text_init(&s->sentence);
	sy_text_add(&s->sentence, sentence);
}

static void refuse_result(struct sy_vouch_signature *s, enum sy_minisign_result result)
{
	static const char *const reasons[] = {
		[SY_MINISIGN_VALID] = "", [SY_MINISIGN_OTHER_KEY] = "key-mismatch",
		[SY_MINISIGN_BAD_SIGNATURE] = "signature-invalid",
		[SY_MINISIGN_BAD_COMMENT] = "comment-invalid",
		[SY_MINISIGN_AMBIGUOUS] = "signature-ambiguous",
	};

	refuse(s, reasons[result], "");
	sy_text_addf(&s->sentence, "the signature %s", sy_minisign_result_text(result));
}

static enum sy_status name_signer(struct sy_vouch *vouch, struct sy_vouch_signature *s,
				  const struct sy_public_key *key)
{
	const struct sy_voucher *voucher = &vouch->trust.vouchers[s->voucher];
	struct sy_text text;

	sy_text_init(&text);
	if (key && voucher->name.len > 0) {
		sy_text_add_span(&text, voucher->name);
		sy_text_add(&text, ", ");
	}
	sy_text_add(&text, "key ");
	for (size_t i = sizeof(s->minisign.number); i-- > 0;)
		sy_text_addf(&text, "%02X", s->minisign.number[i]);
	if (s->minisign.has_trusted && key) {
		sy_text_add(&text, ", ");
		sy_text_name(&text, s->minisign.trusted);
	}
	return sy_arena_copy(&vouch->arena, sy_text_span(&text), &s->signer);
}

static enum sy_status try_key(struct sy_vouch *vouch, struct sy_vouch_signature *s,
			      const struct sy_public_key *key,
			      const struct sy_minisign_subject *subject)
{
	enum sy_minisign_result result;
	enum sy_status status = sy_minisign_verify(vouch->ctx, &s->minisign, key, subject,
						   &result);

	if (status != SY_OK)
		return status;
	/* The sharpest reason stays: by that key, but not over this file. */
	if (result == SY_MINISIGN_VALID)
		s->state = SY_VOUCH_VALID;
	else if (result != SY_MINISIGN_OTHER_KEY || s->reason.len == 0)
		refuse_result(s, result);
	if (result != SY_MINISIGN_VALID)
		return SY_OK;
	s->reason = sy_span_of(NULL, 0);
	s->key_id = *sy_public_key_id(key);
	vouch->entries[s->target].matched |= 1u << (s - vouch->signatures);
	return name_signer(vouch, s, key);
}

static enum sy_status try_all(struct sy_vouch *vouch, struct sy_vouch_signature *s,
			      const struct sy_minisign_subject *subject)
{
	enum sy_status status = SY_OK;

	refuse(s, "", "no minisign key is trusted");
	for (size_t i = 0; i < vouch->trust.n_vouchers; i++) {
		const struct sy_voucher *voucher = &vouch->trust.vouchers[i];

		s->voucher = i;
		for (size_t k = 0; k < voucher->n_keys; k++) {
			if (sy_public_key_kind(voucher->keys[k]) != SY_KEY_ED25519)
				continue;
			status = try_key(vouch, s, voucher->keys[k], subject);
			if (status != SY_OK || s->state == SY_VOUCH_VALID)
				return status;
		}
	}
	if (s->reason.len == 0)
		s->reason = sy_span_str("key-mismatch");
	return status;
}

enum sy_status sy_vouch_check_file(struct sy_vouch *vouch, size_t i)
{
	struct sy_vouch_signature *s = &vouch->signatures[i];
	SY_OWNED(sy_arena_free) struct sy_arena arena;
	struct sy_minisign_subject subject = { 0 };
	enum sy_status status = SY_OK;

	sy_arena_init(&arena, vouch->ctx);
	s->algorithm = sy_span_str("ed25519");
	if (s->target == SIZE_MAX) {
		refuse(s, "signature-for-file", "it is the signature of a single file; name that "
		       "file instead of the directory");
		return SY_OK;
	}
	if (!vouch->trust.is_configured) {
		s->state = SY_VOUCH_UNTRUSTED;
		return name_signer(vouch, s, NULL);
	}
	subject.digest = vouch->check->report->artifacts[s->target].digests[SY_BLAKE2B];
	if (!s->minisign.is_hashed)
		status = read_content(vouch, s, &arena, &subject);
	if (status == SY_NO_MEMORY || status == SY_CANCELLED)
		return status;
	if (status != SY_OK)
		return doubt(vouch, s, "file-unreadable", vouch->ctx->error.text);
	if (s->minisign.is_hashed && !subject.digest)
		return doubt(vouch, s, "file-unreadable", "the file was not read to its end");
	return try_all(vouch, s, &subject);
}
