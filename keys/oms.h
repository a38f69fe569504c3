/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSF Model Signing, whole: a bundle and whom to trust become a manifest
 * and who vouches for it; a manifest and a key become a bundle.  Comparing
 * with files is the engine's work.  docs/formats/oms.md.
 */
#ifndef SY_KEYS_OMS_H
#define SY_KEYS_OMS_H

#include "keys/bundle.h"
#include "keys/chain.h"
#include "keys/key.h"
#include "keys/manifest.h"
#include "keys/private_key.h"
#include "keys/reading.h"
#include "verifier/base/out.h"

/* Whom to believe; all borrowed. */
struct sy_oms_trust {
	const struct sy_public_key *const *keys;
	size_t n_keys;
	const struct sy_anchors *anchors;	/* NULL: no certificates are believed */
	/*
	 * Of time-stamps, which are refused then when they do not hold; NULL: they are
	 * not checked.  chain.time_rule GIVEN: the time is that of the earliest one.
	 */
	const struct sy_anchors *authorities;
	struct sy_chain_rules chain;
	uint32_t tolerated;		/* usually sy_oms_tolerated_default() */
};

/* What is not set is refused. */
enum sy_oms_verdict {
	SY_OMS_REFUSED,		/* reading.reason says why */
	SY_OMS_UNDETERMINED,	/* of a kind that is not checked yet; reason says which */
	SY_OMS_UNTRUSTED,	/* nobody to trust was given; the list is consistent */
	SY_OMS_TRUSTED		/* signed by somebody in the trust: manifest is there */
};

struct sy_oms_result {
	struct sy_context *ctx;
	struct sy_arena arena;
	enum sy_oms_verdict verdict;
	struct sy_reading reading;	/* reason, sentence, tolerances used */
	/*
	 * The list; NULL when refused or its digests are undetermined.  With
	 * UNDETERMINED and UNTRUSTED nobody known vouches for it.
	 */
	struct sy_manifest *manifest;

	/* Who signed, or claims to have, as far as it was read. */
	enum sy_bundle_material material;
	bool is_signature_checked;	/* the signature is that of the key below */
	const char *algorithm;		/* "ecdsa-p256"; NULL: not known */
	struct sy_digest key_id;	/* len 0: not known */
	size_t key_index;		/* in trust->keys; SIZE_MAX: none */
	struct sy_span hint;		/* as the bundle says it; empty: it does not */
	struct sy_chain_leaf leaf;	/* of certificates; subject.len 0: none */
	enum sy_chain_time time_rule;
	int64_t timestamp;		/* verified, seconds since 1970; 0: none is */
};

/*
 * SY_OK: *result says what came of it, good or bad.  Anything else is a
 * failure of ours, with *result NULL.  trust NULL: who claims to have signed
 * what, and is the list consistent?
 */
SY_MUST_CHECK enum sy_status sy_oms_verify(struct sy_context *ctx, struct sy_span bundle,
					   const struct sy_oms_trust *trust,
					   struct sy_oms_result **result);
void sy_oms_result_free(struct sy_oms_result **result);

/* "trusted", "refused", "undetermined", "untrusted" */
const char *sy_oms_verdict_name(enum sy_oms_verdict verdict);

/*
 * Appends the signature over `message` to the buffer: for ECDSA DER over the
 * curve's digest of it.
 */
typedef enum sy_status sy_oms_sign_fn(void *user, struct sy_span message,
				      struct sy_buffer *signature);

struct sy_oms_signer {
	const struct sy_private_key *private_key;	/* or NULL and these three: */
	sy_oms_sign_fn *sign;
	void *user;
	const struct sy_public_key *key;	/* that belongs to it */
	/* DER, the signer's own first, the root left out; n 0: by key */
	const struct sy_span *certificates;
	size_t n_certificates;
};

/*
 * Appends the bundle to `out`, or leaves it as it was.  Equal manifests give
 * equal payloads.  is_named: see sy_statement_write.  The signature is verified
 * before it is written.
 */
SY_MUST_CHECK enum sy_status sy_oms_write(const struct sy_manifest *manifest, bool is_named,
					  const struct sy_oms_signer *signer,
					  struct sy_buffer *out);

#endif
