/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the SARIF writer, for writer_sarif.c: each writes members of the object
 * that is open.  A failure stays in `out` until the writer flushes it.
 */
#ifndef SY_REPORT_SARIF_H
#define SY_REPORT_SARIF_H

#include "verifier/base/jsonw.h"
#include "verifier/report/rows.h"

struct sy_sarif {
	const struct sy_report *report;
	struct sy_out *out;
	struct sy_jsonw w;
	struct sy_rows rows;
	bool occurs[SY_N_RULES];
	uint64_t index[SY_N_RULES];	/* of a rule that occurs */
	uint64_t n_results, n_dropped;
	uint64_t n_notifications;
};

/* "error", "warning", "note" */
const char *sy_sarif_level(enum sy_severity severity);

/* An object under a key. */
void sy_sarif_open(struct sy_sarif *s, const char *key);
void sy_sarif_close(struct sy_sarif *s);

void sy_sarif_message(struct sy_sarif *s, const char *key, struct sy_span text);

/* Nothing at all beyond what every reader keeps exactly. */
void sy_sarif_exact(struct sy_sarif *s, const char *key, uint64_t n);

/* A file by its address. */
void sy_sarif_file(struct sy_sarif *s, const char *key, struct sy_span path);

/* The place of a finding: line 1, for models have none, and its bytes. */
void sy_sarif_region(struct sy_sarif *s, const struct sy_finding *f);
/* Only for what lies inside containers. */
void sy_sarif_logical(struct sy_sarif *s, const struct sy_artifact *a,
		      const struct sy_finding *f);

void sy_sarif_results(struct sy_sarif *s);

/* After the results: it counts those that found no room. */
void sy_sarif_invocation(struct sy_sarif *s);

#endif
