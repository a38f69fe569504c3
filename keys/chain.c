/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path that OpenSSL finds to an anchor, and what must hold for it as a
 * whole.
 */
#include "keys/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "keys/certificate.h"
#include "verifier/digest/hasher.h"

#define AUTH_LEVEL 2		/* OpenSSL's name for 112 bits */

const char *sy_chain_time_name(enum sy_chain_time rule)
{
	static const char *const names[] = {
		[SY_CHAIN_LEAF_NOT_BEFORE] = "leaf-notbefore",
		[SY_CHAIN_NOW] = "now", [SY_CHAIN_GIVEN] = "timestamp",
	};

	return names[rule];
}

static void free_stack(STACK_OF(X509) **stack)
{
	sk_X509_pop_free(*stack, X509_free);
	*stack = NULL;
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
		return sy_x509_no_memory(arena->ctx);
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
	enum sy_status status = sy_hash(arena->ctx, SY_SHA256, der, &leaf->digest);

	/* unreached: sy_x509_read has read both times before */
	if (!sy_x509_time(X509_get0_notBefore(certificate), &leaf->not_before) ||
	    !sy_x509_time(X509_get0_notAfter(certificate), &leaf->not_after))
		return sy_x509_no_memory(arena->ctx);
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

/* What OpenSSL's words mean here; all others are the chain's own fault as well. */
static const struct {
	int error;
	enum sy_oms_reason reason;
} reasons[] = {
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, SY_OMS_CERTIFICATE_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, SY_OMS_CERTIFICATE_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, SY_OMS_CERTIFICATE_UNTRUSTED },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, SY_OMS_CERTIFICATE_UNTRUSTED },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, SY_OMS_CERTIFICATE_UNTRUSTED },
	{ X509_V_ERR_CERT_UNTRUSTED, SY_OMS_CERTIFICATE_UNTRUSTED },
	{ X509_V_ERR_CERT_REJECTED, SY_OMS_CERTIFICATE_UNTRUSTED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, SY_OMS_CERTIFICATE_TIME },
	{ X509_V_ERR_CERT_HAS_EXPIRED, SY_OMS_CERTIFICATE_TIME },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, SY_OMS_CERTIFICATE_SIGNATURE },
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, SY_OMS_CERTIFICATE_SIGNATURE },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, SY_OMS_CERTIFICATE_EXTENSION },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, SY_OMS_CERTIFICATE_COUNT },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, SY_OMS_CERTIFICATE_KEY_WEAK },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, SY_OMS_CERTIFICATE_KEY_WEAK },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, SY_OMS_CERTIFICATE_KEY_WEAK },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, SY_OMS_CERTIFICATE_KEY_WEAK },
	{ X509_V_ERR_CA_MD_TOO_WEAK, SY_OMS_CERTIFICATE_ALGORITHM },
	{ X509_V_ERR_INVALID_CA, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_PERMITTED_VIOLATION, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_EXCLUDED_VIOLATION, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_SUBTREE_MINMAX, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_INVALID_POLICY_EXTENSION, SY_OMS_CERTIFICATE_CONSTRAINT },
	{ X509_V_ERR_NO_EXPLICIT_POLICY, SY_OMS_CERTIFICATE_CONSTRAINT },
};

static enum sy_oms_reason reason_of(int error)
{
	for (size_t i = 0; i < SY_N_ELEMS(reasons); i++) {
		if (reasons[i].error == error)
			return reasons[i].reason;
	}
	return SY_OMS_CERTIFICATE_INVALID;
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
		return sy_x509_no_memory(p->ctx);
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
		return sy_x509_no_memory(p->ctx);
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
		return sy_x509_no_memory(p->ctx);
	for (size_t i = 0; i < n; i++) {
		SY_OWNED(sy_x509_free) X509 *certificate = NULL;
		enum sy_status status = sy_x509_read(der[i], i, p->reading, &certificate);

		if (status == SY_OK)
			status = check_policies(p, certificate, i);
		if (status == SY_OK && sk_X509_push(p->bundle, certificate) <= 0)
			status = sy_x509_no_memory(p->ctx);
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
