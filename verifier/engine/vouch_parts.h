/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of vouch only: vouch_trust.c reads keys, vouch_find.c finds
 * signatures, vouch_compare.c compares manifests, vouch_file.c single files,
 * vouch_age.c asks what the policy asks, vouch_state.c remembers, vouch.c answers.
 */
#ifndef SY_ENGINE_VOUCH_PARTS_H
#define SY_ENGINE_VOUCH_PARTS_H

#include "keys/minisign.h"
#include "keys/oms.h"
#include "verifier/engine/check.h"
#include "verifier/engine/vouch.h"

#define SY_VOUCH_SIGNATURES_MAX 32u	/* of one run: a bit each */

/* One who is trusted: a signer of the policy, or all that the command line named. */
struct sy_voucher {
	struct sy_span name;		/* empty: of the command line */
	struct sy_public_key **keys;
	struct sy_span *key_names;	/* file, or "pem", "minisign": for sentences */
	size_t n_keys;
	struct sy_anchors *anchors;	/* NULL: none */
	const struct sy_policy_window *valid;	/* of what it signs; NULL: always */
};

struct sy_vouch_trust {
	struct sy_voucher *vouchers;
	size_t n_vouchers;
	struct sy_anchors *authorities;	/* of time-stamps; NULL: none */
	enum sy_chain_time time_rule;
	bool is_configured;
};

enum sy_vouch_kind {
	SY_VOUCH_OMS,
	SY_VOUCH_MINISIGN,
	SY_VOUCH_SIGNIFY,
	SY_VOUCH_UNKNOWN
};

enum sy_vouch_state {
	SY_VOUCH_VALID,		/* by somebody trusted */
	SY_VOUCH_REFUSED,
	SY_VOUCH_UNCHECKED,	/* of a kind that cannot be checked yet */
	SY_VOUCH_UNTRUSTED,	/* nobody to trust was given */
	SY_VOUCH_PENDING	/* the file's digest is needed first */
};

/* How the files differ from a list, the worst last. */
enum sy_vouch_mismatch {
	SY_VOUCH_MATCHES,
	SY_VOUCH_FILES_UNLISTED,
	SY_VOUCH_FILES_MISSING,
	SY_VOUCH_BYTES_DIFFER,
};

struct sy_vouch_signature {
	struct sy_span path;		/* as shown */
	size_t root;			/* of the inventory */
	size_t entry;			/* the signature itself; SIZE_MAX: not in the inventory */
	size_t target;			/* the one file it is for; SIZE_MAX: the whole root */
	enum sy_vouch_kind kind;
	enum sy_vouch_state state;
	struct sy_oms_result *oms;	/* OMS; NULL: none */
	struct sy_minisign minisign;	/* MINISIGN, SIGNIFY */
	size_t voucher;			/* VALID: in the trust */
	bool is_stale;			/* VALID, but the policy does not take it any more */
	struct sy_digest key_id;	/* len 0: not known */
	struct sy_span signer;		/* for the report: who, or which key */
	struct sy_span algorithm;	/* of the signature; may be empty */
	enum sy_vouch_mismatch mismatch;
	struct sy_span reason;		/* a word; empty: none, or that of the mismatch */
	struct sy_text sentence;	/* why it is not VALID */
};

/* Bits of signatures: which list the entry, and which of those its bytes match. */
struct sy_vouch_entry {
	uint32_t listed, matched;
	uint16_t algorithms;
	bool is_ignored;
	bool is_told;			/* that a list does not have it */
};

/* Entries [first, end). */
struct sy_vouch_span {
	size_t first, end;
};

struct sy_vouch_memory;		/* opaque: what was accepted so far */

struct sy_vouch {
	struct sy_check *check;
	struct sy_context *ctx;
	struct sy_arena arena;
	const struct sy_vouch_options *options;
	const struct sy_policy *policy;	/* NULL: none */
	struct sy_vouch_trust trust;
	struct sy_vouch_signature *signatures;
	size_t n_signatures;
	size_t n_beyond;		/* found, and not looked at: too many */
	size_t first_beyond;		/* entry of the first of them */
	struct sy_vouch_entry *entries;	/* as in the inventory */
	struct sy_vouch_memory *state;	/* NULL: the policy names none */
	struct sy_vouch_span *roots;	/* as in the inventory: which entries are theirs */
};

SY_MUST_CHECK enum sy_status sy_vouch_read_trust(struct sy_vouch *vouch);
void sy_vouch_free_trust(struct sy_vouch *vouch);

SY_MUST_CHECK enum sy_status sy_vouch_find(struct sy_vouch *vouch);

/* The manifest of an OMS signature; NULL: it has none. */
const struct sy_manifest *sy_vouch_manifest(const struct sy_vouch_signature *signature);

/* The entry of that path below a root, or SIZE_MAX. */
size_t sy_vouch_lookup(const struct sy_vouch *vouch, size_t root, struct sy_span rel);

/* Is the entry one of --ignore-path, or below one? */
bool sy_vouch_is_excused(const struct sy_vouch *vouch, size_t entry);

/* Marks what each manifest lists and ignores; before anything is weighed. */
SY_MUST_CHECK enum sy_status sy_vouch_mark(struct sy_vouch *vouch);

/* Compares signature i's list with the weighed files; findings for what differs. */
SY_MUST_CHECK enum sy_status sy_vouch_compare(struct sy_vouch *vouch, size_t i);

/* Verifies a minisign or signify signature of one file, now that it is weighed. */
SY_MUST_CHECK enum sy_status sy_vouch_check_file(struct sy_vouch *vouch, size_t i);

/* Marks VALID signatures that the policy does not take any more, and says why. */
SY_MUST_CHECK enum sy_status sy_vouch_age(struct sy_vouch *vouch);

/* vouch_answer.c: authentic and intact of every entry, once all was compared. */
SY_MUST_CHECK enum sy_status sy_vouch_answer(struct sy_vouch *vouch);

/* The state file of the policy: vouch_state.c.  SY_FORMAT: it is none. */
SY_MUST_CHECK enum sy_status sy_vouch_read_state(struct sy_vouch *vouch);
void sy_vouch_memory_free(struct sy_vouch_memory **memory);

/* Was a newer list of the same model by the same signer accepted before? */
bool sy_vouch_is_rollback(const struct sy_vouch *vouch, const struct sy_vouch_signature *s);

/* Adds a finding about an entry of the inventory, or a path without one. */
SY_PRINTF(4, 5)
SY_MUST_CHECK enum sy_status sy_vouch_tell(struct sy_vouch *vouch, size_t artifact,
					   enum sy_rule rule, const char *fmt, ...);

#endif
