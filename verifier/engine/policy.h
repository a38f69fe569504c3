/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trust policy, steelyard-policy/1 (docs/policy.md): who may vouch for which
 * files, what is revoked, which formats and globals are allowed, what fails.  Read
 * with the strict reader into a struct that nobody changes afterwards; trust is
 * handed to keys/, allowances to the judge.  It is never read from inside what is
 * examined, and it checks no signature itself.
 */
#ifndef SY_ENGINE_POLICY_H
#define SY_ENGINE_POLICY_H

#include "verifier/engine/allow.h"
#include "verifier/engine/loader.h"
#include "verifier/input/walk.h"
#include "verifier/report/report.h"

#define SY_POLICY_SCHEMA "steelyard-policy/1"

/* A moment of UTC; `text` as written, empty: not given (and `at` never decides). */
struct sy_policy_moment {
	struct sy_span text;
	int64_t at;			/* seconds since 1970 */
	uint64_t off;			/* in the document, for sentences */
};

/* From the first moment on, until just before the second. */
struct sy_policy_window {
	struct sy_policy_moment from, until;
};

struct sy_policy_texts {
	struct sy_span *items;		/* each followed by a NUL; no two are equal */
	size_t n;
};

/* A key or a certificate, as text for keys/key.h or OpenSSL. */
enum sy_policy_form { SY_POLICY_FILE, SY_POLICY_PEM, SY_POLICY_MINISIGN, SY_POLICY_N_FORMS };

struct sy_policy_key {
	enum sy_policy_form form;
	struct sy_span text;		/* FILE: what the file holds, once it was read */
	struct sy_span file;		/* FILE: as written; else empty */
	struct sy_span path;		/* FILE: to open, relative to the policy's folder */
};

struct sy_policy_keys {
	struct sy_policy_key *items;
	size_t n;
};

/* Who a certificate of a public authority names (kept for keyless signing). */
struct sy_policy_identity {
	struct sy_span identity, issuer;
};

struct sy_policy_identities {
	struct sy_policy_identity *items;
	size_t n;
};

struct sy_policy_signer {
	struct sy_span name;
	struct sy_policy_keys keys;
	struct sy_policy_keys certificates;	/* anchors: PEM, FILE; never MINISIGN */
	struct sy_policy_identities identities;
	struct sy_policy_window valid;	/* of what the signer signs */
	uint64_t off;			/* in the document, for sentences */
};

struct sy_policy_signers {
	struct sy_policy_signer *items;
	size_t n;
};

/* The name of a signer, and which it is. */
struct sy_policy_ref {
	struct sy_span name;
	uint64_t off;			/* in the document, for sentences */
	size_t signer;
};

struct sy_policy_refs {
	struct sy_policy_ref *items;
	size_t n;
};

/*
 * `threshold` different signers of the list, each with a key that none of the
 * others used, vouch for the files that match.  The first rule that matches a file
 * decides about it; a file that none matches has nobody who may vouch for it.
 */
struct sy_policy_rule {
	struct sy_policy_texts paths;	/* globs on the path below the named one */
	struct sy_policy_refs signers;
	uint64_t threshold;		/* 1 to signers.n */
	uint64_t off;			/* in the document */
};

struct sy_policy_rules {
	struct sy_policy_rule *items;
	size_t n;
};

struct sy_policy_digests {
	struct sy_digest *items;
	size_t n;
};

/* A finding that is known and accepted for a while. */
struct sy_policy_suppression {
	struct sy_span fingerprint, reason;
	struct sy_policy_moment expires;
	uint64_t off;			/* in the document */
};

struct sy_policy_suppressions {
	struct sy_policy_suppression *items;
	size_t n;
};

enum sy_remote_code { SY_REMOTE_CONDITIONAL, SY_REMOTE_REFUSE, SY_REMOTE_N };

struct sy_policy {
	struct sy_context *ctx;
	struct sy_arena arena;		/* holds everything below */
	struct sy_span path;		/* as named, for reports */
	struct sy_digest sha256;	/* of the file */
	struct sy_span name;		/* may be empty */
	struct sy_policy_window valid;	/* of the policy itself */
	/* For the judge. */
	unsigned required;		/* bit mask of enum sy_question */
	enum sy_severity fail_on;	/* SY_N_SEVERITIES: none */
	enum sy_remote_code remote_code;
	const struct sy_loader *loader;
	bool allow_empty;
	struct sy_policy_texts formats;	/* n 0: every format */
	struct sy_policy_texts allow_globals;	/* patterns of allow.h */
	struct sy_policy_texts exclude;	/* globs */
	struct sy_policy_suppressions suppress;
	/* For whoever checks signatures. */
	struct sy_policy_signers signers;
	struct sy_policy_rules rules;
	struct sy_policy_digests revoked_keys;	/* SHA-256: sy_public_key_id */
	struct sy_policy_digests revoked_digests;	/* of files or manifest roots */
	struct sy_policy_keys timestamp_authorities;	/* anchors, as a signer's */
	uint64_t max_age_days;		/* of a signature with a time; 0: any age */
	struct sy_span state;		/* as written: the rollback state file, or empty */
	struct sy_span state_path;	/* to open, relative to the policy's folder */
};

/*
 * Reads a document.  `path` is for the sentences and is where relative file names
 * begin; nothing is opened and no key has its text from a file yet.  SY_FORMAT: not
 * a policy, ctx->error says which line and byte, what is wrong and what to do.
 * SY_LIMIT, SY_NO_MEMORY.  *policy is NULL on failure.
 */
SY_MUST_CHECK enum sy_status sy_policy_parse(struct sy_context *ctx, struct sy_span document,
					     const char *path, struct sy_policy **policy);

/*
 * The same from a regular file of at most limits.config_bytes, with its digest and
 * the text of every key file (64 KiB each).  SY_IO, SY_NOT_FOUND.
 */
SY_MUST_CHECK enum sy_status sy_policy_read(struct sy_context *ctx, const char *path,
					    struct sy_policy **policy);
void sy_policy_free(struct sy_policy **policy);

/* SY_USAGE by ctx->clock: the policy is not valid yet, or no longer. */
SY_MUST_CHECK enum sy_status sy_policy_is_in_force(struct sy_context *ctx,
						   const struct sy_policy *policy);

/*
 * SY_USAGE when the policy, a key file of it or its state file lies in a directory
 * that is examined or is one of the files: what is examined must not judge itself.
 */
SY_MUST_CHECK enum sy_status sy_policy_stay_outside(struct sy_context *ctx,
						    const struct sy_policy *policy,
						    const struct sy_inventory *inventory);

/* Does the moment lie in the window? */
bool sy_policy_window_holds(const struct sy_policy_window *window, int64_t at);

/*
 * The rule for a file of that path below the named one (its own name where a file was
 * named); NULL: nobody may vouch for it.
 */
const struct sy_policy_rule *sy_policy_rule_for(const struct sy_policy *policy,
						struct sy_span rel);

/*
 * Have enough signers of the rule signed?  has_signed is by signer, as in
 * policy->signers; whoever fills it gives each signature to one signer, and sees to it
 * that no two signers were told by one key (by its id: texts may differ).
 */
bool sy_policy_rule_is_met(const struct sy_policy_rule *rule, const bool *has_signed);

/* Is a signature of that time older than the policy wants?  Never: no max_age_days. */
bool sy_policy_is_too_old(const struct sy_policy *policy, int64_t signed_at, int64_t now);

/* Is the key (by its id, see keys/key.h) or the content revoked? */
bool sy_policy_revokes_key(const struct sy_policy *policy, const struct sy_digest *id);
bool sy_policy_revokes_digest(const struct sy_policy *policy,
			      const struct sy_digest *digest);

/* What the run did before the policy judges it. */
struct sy_policy_run {
	bool has_digests;		/* contents were hashed (check, not scan) */
	bool has_signature;		/* a file that looks like one, which nobody checked */
};

/*
 * Judges a filled report, before sy_report_finish: formats, revoked digests, remote
 * code, suppressions, and the required answers.  A required `authentic` or `intact`
 * that nobody answered becomes `no` or `undetermined`, never stays unasked; whoever
 * checks signatures answers (sy_artifact_answer) before.
 */
SY_MUST_CHECK enum sy_status sy_policy_apply(const struct sy_policy *policy,
					     struct sy_report *report,
					     const struct sy_policy_run *run);

/* Begins the allowances of the policy, for sy_allow_apply. */
SY_MUST_CHECK enum sy_status sy_policy_allow(const struct sy_policy *policy,
					     struct sy_context *ctx, struct sy_allow *allow);

/* The policy as a document, every member that says something, in fixed order. */
SY_MUST_CHECK enum sy_status sy_policy_write(const struct sy_policy *policy,
					     struct sy_out *out);

/* What it would do, in sentences, one a line. */
SY_MUST_CHECK enum sy_status sy_policy_explain(const struct sy_policy *policy,
					       struct sy_out *out);

/*
 * Fills an empty report from a report document, so that a policy can be applied to
 * it: paths, formats, digests, answers and findings; earlier suppressions are
 * forgotten.  SY_FORMAT: it is none.
 */
SY_MUST_CHECK enum sy_status sy_policy_recall(struct sy_context *ctx,
					      struct sy_span document,
					      struct sy_report *report);

/* What the policy did to each file of a finished report, one line a fact. */
SY_MUST_CHECK enum sy_status sy_policy_tell(const struct sy_report *report,
					    struct sy_out *out);

struct sy_policy_preset {
	const char *name;
	const char *what;		/* one sentence */
	const char *document;
};

/* "default", "permissive", "strict"; ends with name NULL. */
extern const struct sy_policy_preset sy_policy_presets[];

const char *sy_policy_form_name(enum sy_policy_form form);	/* "file", "pem", ... */
const char *sy_remote_code_name(enum sy_remote_code remote);	/* "conditional" */

#endif
