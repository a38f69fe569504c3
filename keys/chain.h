/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate chains.  OpenSSL builds the path and checks RFC 5280; on top
 * come our own rules, because its defaults are not a policy for signing code.
 * Trusted is what the user named, never the system's store.  There is no
 * revocation check: nothing here asks the network.
 */
#ifndef SY_KEYS_CHAIN_H
#define SY_KEYS_CHAIN_H

#include "keys/key.h"
#include "keys/reading.h"
#include "verifier/base/memory.h"

#define SY_CHAIN_DEPTH_MAX 10

struct sy_anchors;		/* opaque: root certificates */

/*
 * Every certificate of PEM files, one after another; text between them is
 * passed over, anything else in PEM (a private key) is refused.  SY_FORMAT and
 * a sentence in ctx->error.
 */
SY_MUST_CHECK enum sy_status sy_anchors_new(struct sy_context *ctx,
					    struct sy_anchors **anchors);
SY_MUST_CHECK enum sy_status sy_anchors_add(struct sy_anchors *anchors, struct sy_span pem);
size_t sy_anchors_count(const struct sy_anchors *anchors);
void sy_anchors_free(struct sy_anchors **anchors);

/* The same file as DER, for signing; spans and array in the arena. */
SY_MUST_CHECK enum sy_status sy_certificates_read(struct sy_arena *arena,
						  struct sy_span pem,
						  struct sy_span **certificates, size_t *n);

/* Which moment the certificates must be valid at. */
enum sy_chain_time {
	SY_CHAIN_LEAF_NOT_BEFORE,	/* when the signer's began; what others use */
	SY_CHAIN_NOW,
	SY_CHAIN_GIVEN			/* a verified time */
};

/* "leaf-notbefore", "now", "timestamp" */
const char *sy_chain_time_name(enum sy_chain_time rule);

enum sy_chain_purpose {
	SY_CHAIN_CODE_SIGNING,
	SY_CHAIN_SERVER, SY_CHAIN_CLIENT, SY_CHAIN_ANY	/* others' test suites */
};

struct sy_chain_rules {
	enum sy_chain_time time_rule;
	int64_t time;			/* GIVEN: seconds since 1970 */
	enum sy_chain_purpose purpose;	/* 0: code signing */
};

/* The signer's certificate, filled as far as it could be read. */
struct sy_chain_leaf {
	struct sy_public_key *key;	/* owned; NULL when of a kind that signs nothing */
	struct sy_span subject, issuer;	/* "CN = x, O = y", escaped; in the arena */
	struct sy_span serial;		/* hexadecimal */
	struct sy_digest digest;	/* SHA-256 of the DER */
	int64_t not_before, not_after;	/* seconds since 1970 */
	int64_t time;			/* the moment that was used */
};
void sy_chain_leaf_free(struct sy_chain_leaf *leaf);

/*
 * Reads der[0] only: who a certificate says that it is.  SY_FORMAT: refused.
 */
SY_MUST_CHECK enum sy_status sy_chain_describe(struct sy_arena *arena, struct sy_span der,
					       struct sy_reading *reading,
					       struct sy_chain_leaf *leaf);

/*
 * Does der[0] lead to an anchor by the other certificates, all of them needed?
 * SY_OK: yes.  SY_FORMAT: no, *reading says why.  Other failures are ours.
 * anchors are not changed but for reference counts: one thread at a time.
 */
SY_MUST_CHECK enum sy_status sy_chain_verify(struct sy_arena *arena,
					     const struct sy_anchors *anchors,
					     const struct sy_span *der, size_t n,
					     const struct sy_chain_rules *rules,
					     struct sy_reading *reading,
					     struct sy_chain_leaf *leaf);

#endif
