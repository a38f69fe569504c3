/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that the user allows pickles to import although they are on no list.  An
 * allowance suppresses the finding that a name is unknown, visibly; it never reaches
 * a name that can be read as a dangerous one, whatever the worker said about it.
 */
#ifndef SY_ENGINE_ALLOW_H
#define SY_ENGINE_ALLOW_H

#include "verifier/report/report.h"

struct sy_allow_pattern {
	struct sy_span text;	/* as given: "module.name" or "module.*" */
	struct sy_span stem;	/* what a symbol equals; or begins with, its dot included */
	bool is_prefix;
	uint64_t n_matched;	/* findings */
	uint64_t n_refused;	/* findings that it covers and that are dangerous */
};

struct sy_allow {
	struct sy_context *ctx;
	const char *source;	/* where they come from: "--allow-global" */
	struct sy_allow_pattern *patterns;
	size_t n, cap;
	bool is_standing;	/* a policy's, for many models: unused ones are no news */
};

/* `source` as in the sentences; it and all patterns are borrowed. */
void sy_allow_init(struct sy_allow *allow, struct sy_context *ctx, const char *source);
void sy_allow_free(struct sy_allow *allow);

/* Adds a pattern (borrowed).  SY_USAGE: it is none, ctx->error says why. */
SY_MUST_CHECK enum sy_status sy_allow_add(struct sy_allow *allow, const char *pattern);

/*
 * Suppresses the findings of pickle-import-unknown that a pattern covers, and adds a
 * notice for each pattern that covered none or only dangerous names.  Before
 * sy_report_finish.
 */
SY_MUST_CHECK enum sy_status sy_allow_apply(struct sy_allow *allow,
					    struct sy_report *report);

/* Is it a pattern: "module.name" or "module.*"? */
bool sy_allow_is_pattern(const char *text);

/* Can the symbol "module.name" be read, at any of its dots, as a dangerous name? */
bool sy_allow_is_dangerous(struct sy_span symbol);

#endif
