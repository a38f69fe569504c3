/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates from the user's PEM files: roots to believe, or chains to sign with. */
#include "keys/base64.h"
#include "keys/certificate.h"
#include "keys/pem.h"

#define CERTIFICATES_MAX 1000	/* of one file, and of one set of roots */

enum sy_status sy_anchors_new(struct sy_context *ctx, struct sy_anchors **anchors)
{
	SY_OWNED(sy_anchors_free) struct sy_anchors *made = sy_alloc(ctx, sizeof(*made));

	*anchors = NULL;
	if (!made)
		return sy_memory_status(ctx);
	made->ctx = ctx;
	made->certificates = sk_X509_new_null();
	if (!made->certificates)
		return sy_x509_no_memory(ctx);
	*anchors = SY_TAKE(made);
	return SY_OK;
}

void sy_anchors_free(struct sy_anchors **anchors)
{
	if (!*anchors)
		return;
	sk_X509_pop_free((*anchors)->certificates, X509_free);
	sy_release((*anchors)->ctx, *anchors);
	*anchors = NULL;
}

size_t sy_anchors_count(const struct sy_anchors *anchors)
{
	return (size_t)sk_X509_num(anchors->certificates);
}

/* The DER of a PEM block that must be a certificate. */
static enum sy_status decode_block(struct sy_arena *arena, const struct sy_pem_block *block,
				   size_t place, struct sy_span *der)
{
	size_t cap = SY_BASE64_DECODED_MAX(block->body.len), len;
	struct sy_context *ctx = arena->ctx;
	uint8_t *out;

	if (sy_span_ends(block->label, "PRIVATE KEY"))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_IS_PRIVATE,
				  "a private key stands where certificates were expected");
	if (!sy_span_is(block->label, "CERTIFICATE"))
		return sy_fail(ctx, SY_FORMAT, "block %zu of the PEM file is '%.*s', not "
			       "CERTIFICATE", place + 1,
			       (int)(block->label.len < 64 ? block->label.len : 64),
			       (const char *)block->label.data);
	out = sy_arena_alloc(arena, cap);
	if (!out)
		return sy_memory_status(ctx);
	if (!sy_pem_decode(block, out, cap, &len))
		return sy_fail(ctx, SY_FORMAT, "certificate %zu of the PEM file is not "
			       "canonical base64", place + 1);
	*der = sy_span_of(out, len);
	return SY_OK;
}

/* Is it a certificate at all?  The sentence goes to ctx->error. */
static enum sy_status check_der(struct sy_context *ctx, struct sy_span der, size_t place,
				X509 **certificate)
{
	struct sy_reading reading;
	enum sy_status status;

	sy_reading_init(&reading, SY_OMS_TOLERATED_STRICT);
	status = sy_x509_read(der, place, &reading, certificate);
	if (status == SY_FORMAT)
		return sy_fail(ctx, SY_FORMAT, "%s", reading.sentence.data);
	return status;
}

static enum sy_status add_der(struct sy_arena *arena, struct sy_span der, size_t n,
			      struct sy_span **certificates, size_t *cap)
{
	struct sy_span *grown;

	if (n == *cap) {
		grown = sy_arena_alloc(arena, (n + 1) * 2 * sizeof(*grown));
		if (!grown)
			return sy_memory_status(arena->ctx);
		if (n > 0)
			memcpy(grown, *certificates, n * sizeof(*grown));
		*certificates = grown;
		*cap = (n + 1) * 2;
	}
	(*certificates)[n] = der;
	return SY_OK;
}

enum sy_status sy_certificates_read(struct sy_arena *arena, struct sy_span pem,
				    struct sy_span **certificates, size_t *n)
{
	enum sy_pem_result result = SY_PEM_BLOCK;
	struct sy_pem_block block;
	size_t cap = 0;

	*certificates = NULL;
	*n = 0;
	while ((result = sy_pem_next(&pem, &block)) == SY_PEM_BLOCK) {
		SY_OWNED(sy_x509_free) X509 *certificate = NULL;
		struct sy_span der;
		enum sy_status status = decode_block(arena, &block, *n, &der);

		if (status == SY_OK && *n == CERTIFICATES_MAX)
			status = sy_fail(arena->ctx, SY_FORMAT, "more than %u certificates "
					 "in one file", CERTIFICATES_MAX);
		if (status == SY_OK)
			status = check_der(arena->ctx, der, *n, &certificate);
		if (status == SY_OK)
			status = add_der(arena, der, *n, certificates, &cap);
		if (status != SY_OK)
			return status;
		(*n)++;
	}
	if (result == SY_PEM_BROKEN)
		return sy_fail(arena->ctx, SY_FORMAT, "block %zu of the PEM file does not "
			       "end as it should", *n + 1);
	return *n ? SY_OK : sy_fail(arena->ctx, SY_FORMAT,
				    "there is no certificate in the file");
}

static enum sy_status add_anchor(struct sy_anchors *anchors, struct sy_span der, size_t i)
{
	SY_OWNED(sy_x509_free) X509 *certificate = NULL;
	enum sy_status status = check_der(anchors->ctx, der, i, &certificate);

	if (status == SY_OK && sk_X509_num(anchors->certificates) >= CERTIFICATES_MAX)
		return sy_fail(anchors->ctx, SY_FORMAT, "more than %u root certificates",
			       CERTIFICATES_MAX);
	if (status == SY_OK && sk_X509_push(anchors->certificates, certificate) <= 0)
		return sy_x509_no_memory(anchors->ctx);
	if (status == SY_OK)
		certificate = NULL;
	return status;
}

enum sy_status sy_anchors_add(struct sy_anchors *anchors, struct sy_span pem)
{
	SY_OWNED(sy_arena_free) struct sy_arena arena = { 0 };
	struct sy_span *certificates;
	enum sy_status status;
	size_t n;

	sy_arena_init(&arena, anchors->ctx);
	status = sy_certificates_read(&arena, pem, &certificates, &n);
	for (size_t i = 0; i < n && status == SY_OK; i++)
		status = add_anchor(anchors, certificates[i], i);
	return status;
}
