/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying: bundle, then who signed, then the signature, then the list.  The
 * list of a bundle whose signature is not good is never looked at.
 */
#include "keys/oms.h"

#include <assert.h>

#include "keys/dsse.h"
#include "keys/statement.h"
#include "keys/timestamp.h"
#include "verifier/base/text.h"
#include "verifier/digest/hasher.h"

struct check {
	struct sy_context *ctx;
	const struct sy_oms_trust *trust;	/* NULL: none */
	struct sy_bundle bundle;
	struct sy_oms_result *result;
	struct sy_reading *reading;
	bool is_v02;		/* signed as 0.2.0 did */
};

const char *sy_oms_verdict_name(enum sy_oms_verdict verdict)
{
	static const char *const names[] = {
		[SY_OMS_TRUSTED] = "trusted", [SY_OMS_REFUSED] = "refused",
		[SY_OMS_UNDETERMINED] = "undetermined", [SY_OMS_UNTRUSTED] = "untrusted",
	};

	return names[verdict];
}

void sy_oms_result_free(struct sy_oms_result **result)
{
	struct sy_context *ctx;

	if (!*result)
		return;
	ctx = (*result)->ctx;
	sy_chain_leaf_free(&(*result)->leaf);
	sy_manifest_free(ctx, &(*result)->manifest);
	sy_arena_free(&(*result)->arena);
	sy_release(ctx, *result);
	*result = NULL;
}

static void name_key(struct check *c, const struct sy_public_key *key)
{
	c->result->algorithm = sy_key_kind_name(sy_public_key_kind(key));
	c->result->key_id = *sy_public_key_id(key);
}

static enum sy_status check_payload_type(struct check *c)
{
	if (sy_span_is(c->bundle.payload_type, SY_STATEMENT_PAYLOAD_TYPE))
		return SY_OK;
	return sy_refuse_name(c->reading, SY_OMS_PAYLOAD_TYPE, "the payload's type is ",
			      c->bundle.payload_type,
			      ", not '" SY_STATEMENT_PAYLOAD_TYPE "'");
}

/* The encoding of 0.2.0 goes with its predicate and nothing else. */
static bool may_be_v02(const struct check *c)
{
	return c->reading->granted & SY_OMS_BIT(SY_OMS_TOLERATE_PAE_V02) &&
	       sy_span_find(c->bundle.payload,
			    sy_span_str(SY_STATEMENT_PREDICATE_V01)) != SIZE_MAX;
}

static enum sy_status ask_key(struct check *c, const struct sy_public_key *key,
			      bool *is_valid)
{
	struct sy_dsse dsse = {
		.type = c->bundle.payload_type, .payload = c->bundle.payload,
		.signature = c->bundle.signature, .hash = SY_KEY_HASH_OF_CURVE,
	};
	enum sy_status status = sy_dsse_verify(c->ctx, key, &dsse, is_valid);

	if (status != SY_OK || *is_valid || !may_be_v02(c))
		return status;
	dsse.is_v02 = true;
	if (c->bundle.material == SY_BUNDLE_CHAIN)
		dsse.hash = SY_KEY_HASH_SHA256;
	status = sy_dsse_verify(c->ctx, key, &dsse, is_valid);
	c->is_v02 = status == SY_OK && *is_valid &&
		    sy_tolerate(c->reading, SY_OMS_TOLERATE_PAE_V02);
	return status;
}

static bool signs_models(enum sy_key_kind kind)
{
	return kind != SY_KEY_ED25519;
}

/* A keyid that is there must be a name of the key: nobody signed it. */
static enum sy_status check_keyid(struct check *c, const struct sy_public_key *key)
{
	struct sy_span keyid = c->bundle.keyid;

	if (keyid.len == 0 || sy_public_key_is_hint(key, keyid) ||
	    sy_tolerate(c->reading, SY_OMS_TOLERATE_KEYID_UNKNOWN))
		return SY_OK;
	return sy_refuse_name(c->reading, SY_OMS_KEYID_UNKNOWN, "the keyid ", keyid,
			      " is no name of the key that signed");
}

static enum sy_status check_signature(struct check *c, const struct sy_public_key *key,
				      bool *is_valid)
{
	enum sy_status status = ask_key(c, key, is_valid);

	if (status != SY_OK || !*is_valid)
		return status;
	c->result->is_signature_checked = true;
	name_key(c, key);
	return check_keyid(c, key);
}

/* sigstore's names of keys (protobuf-specs, PublicKeyDetails). */
static const struct {
	const char *details;
	enum sy_key_kind kind;
	unsigned bits;		/* 0: as the kind has */
} details_names[] = {
	{ "PKIX_ECDSA_P256_SHA_256", SY_KEY_P256, 0 },
	{ "PKIX_ECDSA_P384_SHA_384", SY_KEY_P384, 0 },
	{ "PKIX_ECDSA_P521_SHA_512", SY_KEY_P521, 0 },
	{ "PKIX_ED25519", SY_KEY_ED25519, 0 },
	{ "PKIX_RSA_PKCS1V15_2048_SHA256", SY_KEY_RSA, 2048 },
	{ "PKIX_RSA_PKCS1V15_3072_SHA256", SY_KEY_RSA, 3072 },
	{ "PKIX_RSA_PKCS1V15_4096_SHA256", SY_KEY_RSA, 4096 },
};

static bool fits_details(const struct sy_public_key *key, struct sy_span details)
{
	for (size_t i = 0; i < SY_N_ELEMS(details_names); i++) {
		unsigned bits = details_names[i].bits;

		if (sy_span_is(details, details_names[i].details))
			return details_names[i].kind == sy_public_key_kind(key) &&
			       (bits == 0 || bits == sy_public_key_bits(key));
	}
	return details.len == 0;
}

/* Does all that the bundle says about its key fit this one? */
static bool fits(const struct check *c, const struct sy_public_key *key,
		 const struct sy_digest *in_bundle)
{
	const struct sy_bundle *b = &c->bundle;

	return (b->hint.len == 0 || sy_public_key_is_hint(key, b->hint)) &&
	       (b->key_text.len == 0 ||
		sy_digest_equal(in_bundle, sy_public_key_id(key))) &&
	       fits_details(key, b->key_details);
}

/* What to say when the bundle is by none of the keys. */
static enum sy_status refuse_keys(struct check *c, size_t n_fitting, size_t n_asked)
{
	if (n_asked > 0)
		return sy_refuse(c->reading, SY_OMS_SIGNATURE_INVALID,
				 "the signature is not one of the key over this payload "
				 "of %zu bytes", c->bundle.payload.len);
	if (n_fitting > 0)
		return sy_refuse(c->reading, SY_OMS_ALGORITHM_UNSUPPORTED,
				 "the key is ed25519; bundles are signed with ECDSA or "
				 "RSA");
	return sy_refuse_name(c->reading, SY_OMS_KEY_MISMATCH,
			      "the bundle names another key than those given: ",
			      c->bundle.hint, "");
}

static enum sy_status ask_keys(struct check *c, const struct sy_digest *in_bundle)
{
	size_t n_fitting = 0, n_asked = 0;

	for (size_t i = 0; i < c->trust->n_keys; i++) {
		const struct sy_public_key *key = c->trust->keys[i];
		bool is_valid = false;
		enum sy_status status;

		if (!fits(c, key, in_bundle))
			continue;
		n_fitting++;
		if (!signs_models(sy_public_key_kind(key)))
			continue;
		n_asked++;
		status = check_signature(c, key, &is_valid);
		if (is_valid)
			c->result->key_index = i;
		if (status != SY_OK || is_valid)
			return status;
	}
	return refuse_keys(c, n_fitting, n_asked);
}

static enum sy_status check_by_key(struct check *c)
{
	struct sy_digest in_bundle = { .len = 0 };
	enum sy_status status = SY_OK;

	if (c->bundle.hint.len == 0 && c->bundle.key_text.len == 0 &&
	    !sy_tolerate(c->reading, SY_OMS_TOLERATE_HINT_ABSENT))
		return sy_refuse(c->reading, SY_OMS_BUNDLE_FIELD,
				 "the bundle does not say which key signed");
	/* The key that older writers put here is the text that ids digest. */
	if (c->bundle.key_text.len > 0)
		status = sy_hash(c->ctx, SY_SHA256, c->bundle.key_text, &in_bundle);
	if (status != SY_OK)
		return status;
	if (in_bundle.len > 0)
		c->result->key_id = in_bundle;
	if (!c->trust)
		return SY_OK;
	if (c->trust->n_keys == 0)
		return sy_refuse(c->reading, SY_OMS_SIGNER_KIND, "the bundle is signed by "
				 "a key; no key was given to check it with");
	return ask_keys(c, &in_bundle);
}

/* With or without trust: the certificate's own key must have signed. */
static enum sy_status check_leaf_signature(struct check *c)
{
	const struct sy_public_key *key = c->result->leaf.key;
	bool is_valid = false;
	enum sy_status status;

	if (!key || !signs_models(sy_public_key_kind(key)))
		return sy_refuse(c->reading, SY_OMS_ALGORITHM_UNSUPPORTED,
				 "the signer's certificate has a key that does not sign "
				 "bundles; P-256, P-384, P-521 and RSA of 2048 to 8192 "
				 "bits do");
	status = check_signature(c, key, &is_valid);
	if (status != SY_OK || is_valid)
		return status;
	return sy_refuse(c->reading, SY_OMS_SIGNATURE_INVALID,
			 "the signature is not one of the certificate's key over this "
			 "payload of %zu bytes", c->bundle.payload.len);
}

static enum sy_status check_by_chain(struct check *c)
{
	struct sy_oms_result *r = c->result;
	struct sy_chain_rules rules;
	enum sy_status status;

	if (!c->trust) {
		status = sy_chain_describe(&r->arena, c->bundle.certificates[0],
					   c->reading, &r->leaf);
		return status == SY_OK ? check_leaf_signature(c) : status;
	}
	if (!c->trust->anchors)
		return sy_refuse(c->reading, SY_OMS_SIGNER_KIND, "the bundle is signed by "
				 "a certificate; no root certificate was given");
	rules = c->trust->chain;
	r->time_rule = rules.time_rule;
	if (rules.time_rule == SY_CHAIN_GIVEN && r->timestamp != 0)
		rules.time = r->timestamp;
	status = sy_chain_verify(&r->arena, c->trust->anchors, c->bundle.certificates,
				 c->bundle.n_certificates, &rules, c->reading, &r->leaf);
	return status == SY_OK ? check_leaf_signature(c) : status;
}

/* All that are there must hold: nobody signed how many there are. */
static enum sy_status check_timestamps(struct check *c)
{
	const struct sy_anchors *authorities = c->trust ? c->trust->authorities : NULL;
	struct sy_oms_result *r = c->result;

	if (!authorities)
		return c->bundle.n_timestamps == 0 ||
		       sy_tolerate(c->reading, SY_OMS_TOLERATE_TIMESTAMP_UNCHECKED) ? SY_OK :
		       sy_refuse(c->reading, SY_OMS_BUNDLE_FIELD, "the bundle has time-stamps, "
				 "which are not checked here");
	if (c->bundle.n_timestamps == 0 && c->trust->chain.time_rule == SY_CHAIN_GIVEN &&
	    c->bundle.material == SY_BUNDLE_CHAIN)
		return sy_refuse(c->reading, SY_OMS_TIMESTAMP_ABSENT, "the bundle has no "
				 "time-stamp, and certificates are to hold at its time");
	for (size_t i = 0; i < c->bundle.n_timestamps; i++) {
		int64_t time;
		enum sy_status status = sy_timestamp_verify(authorities, c->bundle.timestamps[i],
							    c->bundle.signature, c->reading,
							    &time);

		if (status != SY_OK)
			return status;
		if (i == 0 || time < r->timestamp)
			r->timestamp = time;
	}
	return SY_OK;
}

static enum sy_status check_signer(struct check *c)
{
	switch (c->bundle.material) {
	case SY_BUNDLE_KEY:
		return check_by_key(c);
	case SY_BUNDLE_CHAIN:
		return check_by_chain(c);
	case SY_BUNDLE_KEYLESS:
		break;
	}
	return sy_chain_describe(&c->result->arena, c->bundle.certificates[0], c->reading,
				 &c->result->leaf);
}

static enum sy_status read_list(struct check *c)
{
	enum sy_status status = sy_statement_read(c->ctx, c->bundle.payload, c->reading,
						  &c->result->manifest);

	if (status == SY_OK && c->is_v02 &&
	    !(c->reading->used & SY_OMS_BIT(SY_OMS_TOLERATE_PREDICATE_V01))) {
		sy_manifest_free(c->ctx, &c->result->manifest);
		return sy_refuse(c->reading, SY_OMS_SIGNATURE_INVALID, "the signature is "
				 "laid out as 0.2.0 did, the statement is not");
	}
	return status;
}

static enum sy_status check_all(struct check *c, struct sy_span bytes)
{
	struct sy_oms_result *r = c->result;
	enum sy_status status = sy_bundle_read(c->ctx, &r->arena, bytes, c->reading,
					       &c->bundle);

	if (status != SY_OK)
		return status;
	r->material = c->bundle.material;
	r->hint = c->bundle.hint;
	status = check_payload_type(c);
	if (status == SY_OK)
		status = check_timestamps(c);
	if (status == SY_OK)
		status = check_signer(c);
	if (status == SY_OK)
		status = read_list(c);
	if (status == SY_OK && c->trust && c->bundle.material == SY_BUNDLE_KEYLESS)
		return sy_undetermined(c->reading, SY_OMS_BUNDLE_KEYLESS,
				       "the signature is a Sigstore keyless one, which is "
				       "not checked here yet");
	return status;
}

/* What a status about the bundle means; others are ours. */
static enum sy_status settle(struct check *c, enum sy_status status)
{
	bool is_about_it = status == SY_FORMAT || status == SY_UNSUPPORTED;

	assert(status != SY_OK || c->reading->reason == SY_OMS_NONE);
	assert(!is_about_it || c->reading->reason != SY_OMS_NONE);
	if (is_about_it)
		c->result->verdict = status == SY_FORMAT ? SY_OMS_REFUSED :
				     SY_OMS_UNDETERMINED;
	else
		c->result->verdict = c->trust ? SY_OMS_TRUSTED : SY_OMS_UNTRUSTED;
	return is_about_it ? SY_OK : status;
}

enum sy_status sy_oms_verify(struct sy_context *ctx, struct sy_span bundle,
			     const struct sy_oms_trust *trust, struct sy_oms_result **result)
{
	SY_OWNED(sy_oms_result_free) struct sy_oms_result *r = sy_alloc(ctx, sizeof(*r));
	struct check c = { .ctx = ctx, .trust = trust, .result = r };
	enum sy_status status;

	*result = NULL;
	if (!r)
		return sy_memory_status(ctx);
	r->ctx = ctx;
	r->key_index = SIZE_MAX;
	c.reading = &r->reading;
	sy_arena_init(&r->arena, ctx);
	sy_reading_init(c.reading, trust ? trust->tolerated : sy_oms_tolerated_default());
	status = settle(&c, check_all(&c, bundle));
	if (status == SY_OK)
		*result = SY_TAKE(r);
	return status;
}
