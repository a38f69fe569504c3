/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One check: the flow of DESIGN §4 from the walk to the finished report, for
 * check, scan and inspect alike.  Internal to verifier/engine.
 */
#ifndef SY_ENGINE_CHECK_H
#define SY_ENGINE_CHECK_H

#include "formats/format.h"
#include "verifier/engine/allow.h"
#include "verifier/engine/cage.h"
#include "verifier/engine/loader.h"
#include "verifier/engine/policy.h"
#include "verifier/engine/vouch.h"
#include "verifier/input/walk.h"
#include "verifier/report/report.h"

struct sy_check_options {
	const char *command;		/* "check", "scan", "inspect" */
	unsigned asked;			/* bit mask of enum sy_question */
	unsigned wants;			/* enum sy_want, for the report itself */
	bool has_stats;			/* look at the values of tensors, too */
	bool is_weighing_all;		/* SHA-256 of every file, not only what is compared */
	bool is_comparing;		/* name who signed, weigh what has no tensor digests */
	const char *const *paths;
	size_t n_paths;
	const char *const *exclude;
	size_t n_exclude;
	const struct sy_loader *loader;
	enum sy_severity fail_on;	/* SY_N_SEVERITIES: none */
	const char *baseline;		/* path, or NULL */
	const char *worker;		/* path of steelyard-worker, or NULL */
	enum sy_sandbox sandbox;
	unsigned jobs;
	bool allow_empty;
	bool follow_links;
	const char *const *allow_global;	/* patterns, see allow.h */
	size_t n_allow_global;
	struct sy_vouch_options vouch;
	const struct sy_policy *policy;	/* or NULL; else exclude, loader, fail_on,
					 * allow_empty are already what it says */
	void (*progress)(void *user, uint64_t n_done, uint64_t n_total);
	void *progress_user;
};

struct sy_relate;

/* What one check works on; lives in sy_check. */
struct sy_check {
	struct sy_context *ctx;
	const struct sy_check_options *options;
	struct sy_inventory inventory;
	struct sy_report *report;	/* artifact i is entry i until it is finished */
	struct sy_relate *relate;
	struct sy_vouch *vouch;		/* NULL: signatures are not asked about */
	struct sy_allow allow;
};

/*
 * SY_OK: *report is finished, whatever it says.  Else *report is NULL and
 * ctx->error says why: no worker could be started, the baseline is not usable.
 */
SY_MUST_CHECK enum sy_status sy_check(struct sy_context *ctx,
				      const struct sy_check_options *options,
				      struct sy_report **report);

/*
 * What to do with a file, decided from its place, name and first bytes.
 * Sets scope, format and note of artifact `entry` and adds what this alone
 * shows.  *format: what a worker shall run on *source, or NULL (then source
 * is closed and the scope is final).
 */
SY_MUST_CHECK enum sy_status sy_classify(struct sy_check *check, size_t entry,
					 struct sy_source *source,
					 const struct sy_format **format);

/* Adds a finding about a whole artifact; detail is printf. */
SY_PRINTF(4, 5)
SY_MUST_CHECK enum sy_status sy_check_find(struct sy_check *check, size_t artifact,
					   enum sy_rule rule, const char *fmt, ...);

/*
 * An artifact whose reading did not end says why: a finding that leaves it
 * undetermined.  Cancelled: none, the report as a whole is incomplete.
 */
SY_MUST_CHECK enum sy_status sy_check_failed(struct sy_check *check, size_t artifact,
					     enum sy_status why, const char *text);

struct sy_workers;		/* engine/worker.h */

/* examine.c: every entry is read by a worker, or its artifact says why not. */
SY_MUST_CHECK enum sy_status sy_check_examine(struct sy_check *check,
					      struct sy_workers *workers);

/* Instead, where no file is looked into: what is signed counts, the rest is listed. */
SY_MUST_CHECK enum sy_status sy_check_list_signed(struct sy_check *check);

/*
 * Digests of the tensors in the report, read by this process; a tensor that has none
 * is told in a notice.  After the inspection.
 */
SY_MUST_CHECK enum sy_status sy_check_weigh_tensors(struct sy_check *check);

/* The values of the tensors in the report.  After the inspection. */
SY_MUST_CHECK enum sy_status sy_check_stats(struct sy_check *check);

/*
 * Waits a moment when a file was changed just now and there is a signature to compare
 * with; after the walk, before any file is opened.
 */
void sy_check_settle(const struct sy_check *check);

/* Weighs every regular file of the inventory and compares what was promised. */
SY_MUST_CHECK enum sy_status sy_check_weigh(struct sy_check *check);

#endif
