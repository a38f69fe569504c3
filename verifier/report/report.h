/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report: what was asked, what was examined, what was found.  Filled by
 * the engine, sorted once, read by the writers.  It holds no policy.
 */
#ifndef SY_REPORT_REPORT_H
#define SY_REPORT_REPORT_H

#include "verifier/base/digest_value.h"
#include "verifier/base/memory.h"
#include "verifier/base/record.h"
#include "verifier/base/value_stats.h"
#include "verifier/report/rules.h"

/* NOTHING_EXAMINED is for artifacts that do not count; a report never has it. */
enum sy_verdict { SY_CLEAN, SY_FLAGGED, SY_UNDETERMINED_VERDICT, SY_NOTHING_EXAMINED };

/*
 * Does a file count towards the answers, and if not, why not.  Findings count
 * in the first three: a pickle called README is listed *and* a finding.
 */
enum sy_scope {
	SY_SCOPE_EXAMINED,	/* read by a format of ours; counts */
	SY_SCOPE_NOT_EXAMINED,	/* should have been and was not: undetermined */
	SY_SCOPE_LISTED,	/* no loader executes or parses it: does not count */
	SY_SCOPE_OTHER_LOADER,	/* outside the chosen loader's scope */
	SY_SCOPE_EXCLUDED,	/* --exclude */
	SY_N_SCOPES
};

struct sy_finding {
	unsigned rule;
	enum sy_severity severity;	/* after policy */
	uint64_t off, len;		/* in the innermost member; SY_OFFSET_NONE: no place */
	uint64_t file_off;		/* in the artifact; SY_OFFSET_NONE: no place */
	struct sy_span symbol;		/* raw bytes */
	struct sy_span detail;		/* one sentence */
	struct sy_span *members;	/* path inside containers; may be NULL */
	size_t n_members;
	char fingerprint[3 + 64 + 1];	/* "v1:" + hex; set by sy_report_finish */
	bool is_suppressed;		/* by a baseline or policy; stays in the report */
	struct sy_span reason;		/* of the suppression */
	struct sy_span expiry;		/* when it ends, as written; may be empty */
	struct sy_finding *next;
};

/* SHA-256, see docs/formats/tensor-digests.md. */
struct sy_tensor_digests {
	uint8_t raw[32];		/* of the stored bytes; only with has_raw */
	uint8_t data[32];		/* of the data in canonical order */
	uint8_t tensor[32];		/* of type, shape and data */
	uint8_t squeezed[32];		/* the same without dimensions of 1 */
	bool has_raw;
	bool is_derived;		/* by the process that decoded the bytes */
};

struct sy_tensor {
	struct sy_span name, dtype;
	uint8_t rank;
	bool is_absent, is_big_endian;	/* as in struct sy_record_tensor */
	uint64_t *shape;
	uint64_t *strides;		/* NULL: C order */
	uint64_t off, len;
	struct sy_tensor_digests *digests;	/* NULL: not asked for, or there are none */
	const struct sy_value_stats *values;	/* the same */
};

/* What the tensors of all files are together. */
struct sy_model {
	bool is_asked;
	bool is_whole;			/* the digests are those of all tensors */
	uint64_t n_tensors;		/* names */
	uint8_t digest[32], nameless[32];
	struct sy_span why;		/* not whole: the reason, a sentence */
};

/* One member of a container; see struct sy_record_member. */
struct sy_member_row {
	struct sy_span name, codec, format;
	uint64_t off, len, size, file_off;
	struct sy_span *members;	/* its containers; may be NULL */
	size_t n_members;
};

struct sy_meta {
	struct sy_span key, type, value;
	uint64_t off, len;
};

/* One step of what loading would do; see struct sy_record_step. */
struct sy_step {
	enum sy_step_kind kind;
	enum sy_step_class class;
	bool is_allowed;		/* UNKNOWN, and the user allowed the name */
	uint8_t depth;
	uint64_t off, len, inner, value, file_off;
	struct sy_span opcode, symbol, text;
	struct sy_span *members;	/* may be NULL */
	size_t n_members;
};

struct sy_more {
	unsigned rule;
	enum sy_severity severity;	/* after policy */
	uint64_t n;			/* beyond those kept; 0: none were dropped */
	uint64_t n_kept;
	char fingerprint[3 + 64 + 1];	/* set only where a digest binds the content */
	bool is_suppressed;
	struct sy_span reason, expiry;
	struct sy_more *next;
};

struct sy_artifact {
	struct sy_span path;		/* bytes; may not be UTF-8 */
	struct sy_span folder;		/* below what was named, "" at its top; with tensor
					 * digests only */
	struct sy_span format;		/* "safetensors", ..., "unknown" */
	struct sy_span summary;		/* one line for people; may be empty */
	struct sy_span note;		/* why it is listed, excluded, ...; may be empty */
	uint64_t size;			/* bytes */
	enum sy_scope scope;		/* NOT_EXAMINED at first */
	bool is_beside;			/* a signature, or a download's or git's own */
	enum sy_answer raised[SY_N_QUESTIONS];	/* by sy_artifact_answer */
	enum sy_answer answers[SY_N_QUESTIONS];	/* set by sy_report_finish */
	enum sy_verdict verdict;
	/* In the report's arena; NULL: not computed. */
	const struct sy_digest *digests[SY_N_ALGORITHMS];
	uint64_t n_tensors, bytes_parsed, bytes_hashed;
	struct sy_tensor *tensors;	/* only when asked for */
	size_t n_kept_tensors, cap_tensors;
	struct sy_member_row *members;	/* sorted at the end; only when asked for */
	size_t n_kept_members, cap_members;
	uint64_t n_members;		/* those beyond limits.members, too */
	struct sy_meta *metas;		/* only when asked for */
	size_t n_metas, cap_metas;
	struct sy_step *steps;		/* in their order; only when asked for */
	size_t n_steps, cap_steps;
	struct sy_finding *findings;	/* sorted by (off, rule, symbol) at the end */
	size_t n_findings;
	struct sy_more *more;		/* sorted by rule at the end */
	uint64_t n_suppressed;		/* findings; set by sy_report_finish */
};

struct sy_notice {
	struct sy_span kind;		/* ours: "signature-absent", "limit-reached", ... */
	struct sy_span path;		/* may be empty */
	struct sy_span detail;
	struct sy_notice *next;
};

struct sy_signature_row {
	struct sy_span file, kind, signer, algorithm, status, reason;
};

struct sy_report {
	struct sy_context *ctx;
	struct sy_arena arena;
	const char *command;		/* "check", "scan", "inspect" */
	const char *loader;		/* "any", ... */
	enum sy_severity fail_on;	/* SY_N_SEVERITIES: none */
	bool is_complete;		/* false: interrupted or out of memory */
	bool is_allow_empty;
	bool has_steps;			/* all steps, not only those of findings */
	unsigned asked;			/* bit mask of enum sy_question */
	unsigned required;		/* of those, what a policy wants a yes to */
	struct sy_span policy;		/* path of the policy that was applied, or empty */
	const struct sy_digest *policy_digest;	/* of its file; NULL: no policy */
	struct sy_artifact *artifacts;	/* sorted by path when finished */
	size_t n_artifacts, cap_artifacts;
	struct sy_notice *notices;	/* sorted by (kind, path, detail) at the end */
	size_t n_notices;
	struct sy_signature_row *signatures;
	size_t n_signatures, cap_signatures;
	/* set by sy_report_finish */
	enum sy_answer answers[SY_N_QUESTIONS];
	enum sy_verdict verdict;
	int exit_code;
	uint64_t counts[SY_N_SEVERITIES];	/* findings, "and N more" included,
						 * suppressed ones not */
	uint64_t n_suppressed;
	uint64_t n_examined, n_counting;	/* "7 of 7 files examined" */
	uint64_t n_scope[SY_N_SCOPES];		/* artifacts by scope */
	uint64_t bytes_total, bytes_parsed, bytes_hashed;
	const char **reasons;		/* sorted, unique reason words */
	size_t n_reasons, cap_reasons;
	struct sy_span condition;	/* "trust_remote_code=False" or empty */
	struct sy_model model;
};

/* An empty, complete report: check, any loader, all questions, fail on high. */
SY_MUST_CHECK enum sy_status sy_report_new(struct sy_context *ctx,
					   struct sy_report **report);
void sy_report_free(struct sy_report **report);

/*
 * Adds an artifact (path copied) and returns its index, good until
 * sy_report_finish sorts.  It counts as not examined until somebody says more.
 */
SY_MUST_CHECK enum sy_status sy_report_add_artifact(struct sy_report *report,
						    struct sy_span path,
						    uint64_t size, size_t *index);

/*
 * Adds a finding with the rule's default severity, copying symbol and detail.
 * Beyond limits.findings_per_rule of one rule in one artifact it is only
 * counted.  The rule's effect on the answers is applied at the end, so that a
 * suppressed finding has none.  SY_WORKER: there is no such rule.
 */
SY_MUST_CHECK enum sy_status sy_report_add_finding(struct sy_report *report,
						   size_t artifact,
						   const struct sy_record_fact *fact);

/* Counts facts beyond the worker's own cap; the effect applies as well. */
SY_MUST_CHECK enum sy_status sy_report_add_more(struct sy_report *report,
						size_t artifact, unsigned rule,
						uint64_t n);

SY_MUST_CHECK enum sy_status sy_report_add_tensor(struct sy_report *report,
						  size_t artifact,
						  const struct sy_record_tensor *t);
/* Beyond limits.members of one artifact they are only counted. */
SY_MUST_CHECK enum sy_status sy_report_add_member(struct sy_report *report,
						  size_t artifact,
						  const struct sy_record_member *m);
SY_MUST_CHECK enum sy_status sy_report_add_meta(struct sy_report *report,
						size_t artifact,
						const struct sy_record_meta *m);
SY_MUST_CHECK enum sy_status sy_report_add_step(struct sy_report *report,
						size_t artifact,
						const struct sy_record_step *step);

/* Keeps a copy of a digest of the whole artifact. */
SY_MUST_CHECK enum sy_status sy_report_add_digest(struct sy_report *report,
						  size_t artifact,
						  const struct sy_digest *digest);

/* kind is ours; path may be empty; detail is one sentence (printf). */
SY_PRINTF(4, 5)
SY_MUST_CHECK enum sy_status sy_report_add_notice(struct sy_report *report,
						  const char *kind,
						  struct sy_span path,
						  const char *fmt, ...);

/* A copy of the row; file, kind and status are never empty. */
SY_MUST_CHECK enum sy_status sy_report_add_signature(struct sy_report *report,
						     const struct sy_signature_row *row);

/* Adds a word to `reasons` (io, limit, worker-died, ...). */
SY_MUST_CHECK enum sy_status sy_report_add_reason(struct sy_report *report,
						  const char *word);

/* Raises one answer of an artifact to at least `answer` (see enum sy_answer). */
void sy_artifact_answer(struct sy_artifact *artifact, enum sy_question question,
			enum sy_answer answer);

/*
 * The examination of an artifact ended: its scope becomes EXAMINED and its
 * well_formed and inert are at least yes.  An artifact that counts and of which
 * nobody said this stays undetermined.
 */
void sy_artifact_examined(struct sy_artifact *artifact);

/*
 * Computes the fingerprints that are missing: after the digests, before a
 * baseline is applied.  sy_report_finish calls it as well.
 */
SY_MUST_CHECK enum sy_status sy_report_fingerprint(struct sy_report *report);

/*
 * Sorts everything, computes fingerprints, answers, verdicts, counts, reasons
 * and the exit code by the fixed rules of docs/report.md.  Call once.
 */
SY_MUST_CHECK enum sy_status sy_report_finish(struct sy_report *report);

/* Do its findings count: is it in scope and not excluded. */
bool sy_artifact_is_judged(const struct sy_artifact *artifact);

/* "import", "call", ...; "plain", "known", "allowed", ... */
const char *sy_step_kind_name(enum sy_step_kind kind);
const char *sy_step_class_name(const struct sy_step *step);

/* "clean", "flagged", "undetermined", "not-examined"; "examined", ... */
const char *sy_verdict_name(enum sy_verdict verdict);
const char *sy_scope_name(enum sy_scope scope);

#endif
