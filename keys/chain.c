/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anchors, the path that OpenSSL finds to one of them, and what must hold for
 * it as a whole.
 */
#include "keys/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "keys/base64.h"
#include "keys/certificate.h"
#include "keys/pem.h"
#include "verifier/digest/hasher.h"

#define ANCHORS_MAX 1000
#define AUTH_LEVEL 2		/* OpenSSL's name for 112 bits */

struct sy_anchors {
	struct sy_context *ctx;
	STACK_OF(X509) *certificates;
};

const char *sy_chain_time_name(enum sy_chain_time rule)
{
	static const char *const names[] = {
		[SY_CHAIN_LEAF_NOT_BEFORE] = "leaf-notbefore",
		[SY_CHAIN_NOW] = "now", [SY_CHAIN_GIVEN] = "given",
	};

	return names[rule];
}

static enum sy_status no_memory(struct sy_context *ctx)
{
	ERR_clear_error();
	return sy_fail(ctx, SY_NO_MEMORY, "OpenSSL could not be asked");
}

static void free_stack(STACK_OF(X509) **stack)
{
	sk_X509_pop_free(*stack, X509_free);
	*stack = NULL;
}

static void free_hasher(struct sy_hasher **hasher)
{
	sy_hasher_free(hasher);
}

enum sy_status sy_anchors_new(struct sy_context *ctx, struct sy_anchors **anchors)
{
	SY_OWNED(sy_anchors_free) struct sy_anchors *made = sy_alloc(ctx, sizeof(*made));

	*anchors = NULL;
	if (!made)
		return sy_memory_status(ctx);
	made->ctx = ctx;
	made->certificates = sk_X509_new_null();
	if (!made->certificates)
		return no_memory(ctx);
	*anchors = SY_TAKE(made);
	return SY_OK;
}

void sy_anchors_free(struct sy_anchors **anchors)
{
	if (!*anchors)
		return;
	free_stack(&(*anchors)->certificates);
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
		return sy_fail(ctx, SY_FORMAT, "a private key stands where certificates "
			       "were expected");
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

		if (status == SY_OK && *n == ANCHORS_MAX)
			status = sy_fail(arena->ctx, SY_FORMAT, "more than %u certificates "
					 "in one file", ANCHORS_MAX);
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

	if (status == SY_OK && sk_X509_num(anchors->certificates) >= ANCHORS_MAX)
		return sy_fail(anchors->ctx, SY_FORMAT, "more than %u root certificates",
			       ANCHORS_MAX);
	if (status == SY_OK && sk_X509_push(anchors->certificates, certificate) <= 0)
		return no_memory(anchors->ctx);
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

void sy_chain_leaf_free(struct sy_chain_leaf *leaf)
{
	sy_public_key_free(&leaf->key);
}

static enum sy_status print_name(struct sy_arena *arena, const X509_NAME *name,
				 struct sy_span *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	enum sy_status status = SY_OK;
	char *data = NULL;
	long len;

	if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE &
				       ~ASN1_STRFLGS_ESC_MSB) < 0) {
		BIO_free(bio);
		return no_memory(arena->ctx);
	}
	len = BIO_get_mem_data(bio, &data);
	status = sy_arena_copy(arena, sy_span_of(data, len > 0 ? (size_t)len : 0), text);
	BIO_free(bio);
	return status;
}

static enum sy_status print_serial(struct sy_arena *arena, X509 *certificate,
				   struct sy_span *text)
{
	static const char digits[] = "0123456789abcdef";
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	struct sy_span bytes = sy_span_of(ASN1_STRING_get0_data(serial),
					  (size_t)ASN1_STRING_length(serial));
	uint8_t *out = sy_arena_alloc(arena, 2 * bytes.len);

	if (!out)
		return sy_memory_status(arena->ctx);
	for (size_t i = 0; i < bytes.len; i++) {
		out[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
		out[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 15];
	}
	*text = sy_span_of(out, 2 * bytes.len);
	return SY_OK;
}

static enum sy_status digest_of(struct sy_context *ctx, struct sy_span bytes,
				struct sy_digest *digest)
{
	SY_OWNED(free_hasher) struct sy_hasher *hasher = NULL;
	enum sy_status status = sy_hasher_new(ctx, SY_SHA256, bytes.len, &hasher);

	if (status != SY_OK)
		return status;
	sy_hasher_update(hasher, bytes.data, bytes.len);
	return sy_hasher_final(hasher, digest);
}

/* A key of a kind that signs nothing here leaves NULL. */
static enum sy_status read_key(struct sy_context *ctx, X509 *certificate,
			       struct sy_public_key **key)
{
	const EVP_PKEY *evp = X509_get0_pubkey(certificate);
	enum sy_status status = SY_FORMAT;

	*key = NULL;
	if (evp)
		status = sy_public_key_from_evp(ctx, evp, key);
	ERR_clear_error();
	if (status != SY_FORMAT)
		return status;
	sy_error_clear(ctx);
	return SY_OK;
}

static enum sy_status describe(struct sy_arena *arena, X509 *certificate,
			       struct sy_span der, struct sy_chain_leaf *leaf)
{
	enum sy_status status = digest_of(arena->ctx, der, &leaf->digest);

	if (!sy_x509_time(X509_get0_notBefore(certificate), &leaf->not_before) ||
	    !sy_x509_time(X509_get0_notAfter(certificate), &leaf->not_after))
		return no_memory(arena->ctx);
	leaf->time = leaf->not_before;
	if (status == SY_OK)
		status = print_name(arena, X509_get_subject_name(certificate),
				    &leaf->subject);
	if (status == SY_OK)
		status = print_name(arena, X509_get_issuer_name(certificate),
				    &leaf->issuer);
	if (status == SY_OK)
		status = print_serial(arena, certificate, &leaf->serial);
	if (status == SY_OK)
		status = read_key(arena->ctx, certificate, &leaf->key);
	return status;
}

enum sy_status sy_chain_describe(struct sy_arena *arena, struct sy_span der,
				 struct sy_reading *reading, struct sy_chain_leaf *leaf)
{
	SY_OWNED(sy_x509_free) X509 *certificate = NULL;
	enum sy_status status = sy_x509_read(der, 0, reading, &certificate);

	*leaf = (struct sy_chain_leaf){ .key = NULL };
	return status == SY_OK ? describe(arena, certificate, der, leaf) : status;
}

static enum sy_oms_reason reason_of(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_CERT_REJECTED:
		return SY_OMS_CERTIFICATE_UNTRUSTED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return SY_OMS_CERTIFICATE_TIME;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
		return SY_OMS_CERTIFICATE_SIGNATURE;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return SY_OMS_CERTIFICATE_EXTENSION;
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		return SY_OMS_CERTIFICATE_COUNT;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
		return SY_OMS_CERTIFICATE_KEY_WEAK;
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return SY_OMS_CERTIFICATE_ALGORITHM;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
	case X509_V_ERR_INVALID_POLICY_EXTENSION:
	case X509_V_ERR_NO_EXPLICIT_POLICY:
		return SY_OMS_CERTIFICATE_CONSTRAINT;
	default:
		return SY_OMS_CERTIFICATE_INVALID;
	}
}

/* One verification. */
struct path {
	struct sy_context *ctx;
	const struct sy_anchors *anchors;
	STACK_OF(X509) *bundle;		/* signer's first */
	STACK_OF(X509) *found;		/* signer's first, anchor last; borrowed */
	const struct sy_chain_rules *rules;
	struct sy_reading *reading;
};

static enum sy_status refuse_path(struct path *p, X509_STORE_CTX *x)
{
	int error = X509_STORE_CTX_get_error(x);
	int depth = X509_STORE_CTX_get_error_depth(x);
	X509 *at = X509_STORE_CTX_get_current_cert(x);
	struct sy_text text;

	ERR_clear_error();
	if (error == X509_V_ERR_OUT_OF_MEM)
		return no_memory(p->ctx);
	sy_text_init(&text);
	sy_x509_name(&text, at ? at : sk_X509_value(p->bundle, 0),
		     depth > 0 ? (size_t)depth : 0);
	return sy_refuse(p->reading, reason_of(error), "%s is not good: %s", text.data,
			 X509_verify_cert_error_string(error));
}

/* Our rules on each certificate of the path. */
static enum sy_status check_each(struct path *p)
{
	int n = sk_X509_num(p->found);
	enum sy_status status = SY_OK;

	for (int i = 0; i < n && status == SY_OK; i++)
		status = sy_x509_check(sk_X509_value(p->found, i), (size_t)i,
				       i == n - 1, p->rules->purpose, p->reading);
	return status;
}

/* The place of a certificate in the path above the signer's, or 0. */
static int place_of(struct path *p, const X509 *certificate)
{
	for (int i = 1; i < sk_X509_num(p->found); i++) {
		if (X509_cmp(sk_X509_value(p->found, i), certificate) == 0)
			return i;
	}
	return 0;
}

/* Whatever stands in the bundle must be part of the proof, once. */
static enum sy_status check_all_used(struct path *p)
{
	uint64_t seen = 0;
	int last = sk_X509_num(p->found) - 1;

	for (int i = 1; i < sk_X509_num(p->bundle); i++) {
		int place = place_of(p, sk_X509_value(p->bundle, i));
		bool is_first = place > 0 && !(seen >> place & 1);

		seen |= UINT64_C(1) << place;
		if (is_first && (place < last ||
				 sy_tolerate(p->reading, SY_OMS_TOLERATE_CHAIN_WITH_ROOT)))
			continue;
		if (!is_first &&
		    sy_tolerate(p->reading, SY_OMS_TOLERATE_CERTIFICATE_UNUSED))
			continue;
		return sy_refuse(p->reading, SY_OMS_CERTIFICATE_UNUSED,
				 "certificate %d of the bundle's %d is no part of the "
				 "path to the root", i + 1, sk_X509_num(p->bundle));
	}
	return SY_OK;
}

/* False: out of memory.  Any policy will do, but those that issuers demand must hold. */
static bool set_rules(X509_STORE_CTX *x, struct path *p, int64_t time)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(x);

	X509_STORE_CTX_set0_trusted_stack(x, p->anchors->certificates);
	X509_VERIFY_PARAM_set_time(param, (time_t)time);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, SY_CHAIN_DEPTH_MAX);
	return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_POLICY_CHECK) == 1 &&
	       X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy)) == 1;
}

static enum sy_status verify(struct path *p, int64_t time)
{
	X509_STORE_CTX *x = X509_STORE_CTX_new();
	enum sy_status status = SY_OK;

	if (!x || X509_STORE_CTX_init(x, NULL, sk_X509_value(p->bundle, 0),
				      p->bundle) != 1 || !set_rules(x, p, time)) {
		X509_STORE_CTX_free(x);
		return no_memory(p->ctx);
	}
	if (X509_verify_cert(x) != 1)
		status = refuse_path(p, x);
	p->found = X509_STORE_CTX_get0_chain(x);
	if (status == SY_OK)
		status = check_each(p);
	if (status == SY_OK)
		status = check_all_used(p);
	ERR_clear_error();
	X509_STORE_CTX_free(x);
	return status;
}

/*
 * OpenSSL 3.0 leaks what it reads of such a certificate.  A constraint on
 * policies with no policies under it leaves none valid (RFC 5280, 6.1.4 (i)).
 */
static enum sy_status check_policies(struct path *p, const X509 *certificate, size_t place)
{
	if (X509_get_ext_by_NID(certificate, NID_policy_constraints, -1) < 0 ||
	    X509_get_ext_by_NID(certificate, NID_certificate_policies, -1) >= 0)
		return SY_OK;
	return sy_refuse(p->reading, SY_OMS_CERTIFICATE_CONSTRAINT, "certificate %zu of the "
			 "chain constrains policies and states none", place + 1);
}

static enum sy_status read_all(struct path *p, const struct sy_span *der, size_t n)
{
	p->bundle = sk_X509_new_null();
	if (!p->bundle)
		return no_memory(p->ctx);
	for (size_t i = 0; i < n; i++) {
		SY_OWNED(sy_x509_free) X509 *certificate = NULL;
		enum sy_status status = sy_x509_read(der[i], i, p->reading, &certificate);

		if (status == SY_OK)
			status = check_policies(p, certificate, i);
		if (status == SY_OK && sk_X509_push(p->bundle, certificate) <= 0)
			status = no_memory(p->ctx);
		if (status != SY_OK)
			return status;
		certificate = NULL;
	}
	return SY_OK;
}

static int64_t moment(const struct path *p, const struct sy_chain_leaf *leaf)
{
	switch (p->rules->time_rule) {
	case SY_CHAIN_LEAF_NOT_BEFORE:
		break;
	case SY_CHAIN_NOW:
		return p->ctx->clock.wall_s(p->ctx->clock.user);
	case SY_CHAIN_GIVEN:
		return p->rules->time;
	}
	return leaf->not_before;
}

enum sy_status sy_chain_verify(struct sy_arena *arena, const struct sy_anchors *anchors,
			       const struct sy_span *der, size_t n,
			       const struct sy_chain_rules *rules,
			       struct sy_reading *reading, struct sy_chain_leaf *leaf)
{
	struct path p = { .ctx = arena->ctx, .anchors = anchors, .rules = rules,
			  .reading = reading };
	enum sy_status status = SY_OK;

	*leaf = (struct sy_chain_leaf){ .key = NULL };
	if (n == 0 || n > SY_CHAIN_DEPTH_MAX)
		return sy_refuse(reading, SY_OMS_CERTIFICATE_COUNT, "the chain has %zu "
				 "certificates, it must be 1 to %u", n, SY_CHAIN_DEPTH_MAX);
	status = read_all(&p, der, n);
	if (status == SY_OK)
		status = describe(arena, sk_X509_value(p.bundle, 0), der[0], leaf);
	if (status == SY_OK) {
		leaf->time = moment(&p, leaf);
		status = verify(&p, leaf->time);
	}
	free_stack(&p.bundle);
	return status;
}
