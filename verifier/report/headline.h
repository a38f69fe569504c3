/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thing to say about a report, for writers that have a line for it.
 */
#ifndef SY_REPORT_HEADLINE_H
#define SY_REPORT_HEADLINE_H

#include "verifier/report/rows.h"

enum sy_headline_kind {
	SY_HEADLINE_CLEAN,
	SY_HEADLINE_EMPTY_ALLOWED,	/* nothing that counts, and that is fine */
	SY_HEADLINE_EMPTY,		/* nothing that counts */
	SY_HEADLINE_UNDETERMINED,
	SY_HEADLINE_FLAGGED,		/* a severe finding, and no answer is no */
	SY_HEADLINE_MALFORMED,
	SY_HEADLINE_UNVOUCHED,
	SY_HEADLINE_ALTERED,
	SY_HEADLINE_DANGEROUS,
	SY_N_HEADLINES
};

struct sy_headline {
	enum sy_headline_kind kind;
	const struct sy_row *lead;		/* the finding behind it; may be NULL */
	const struct sy_artifact *artifact;	/* the file behind it; may be NULL */
};

struct sy_headline sy_headline_of(const struct sy_report *report,
				  const struct sy_rows *rows);

/* "DANGEROUS", ...; NULL where the headline is a plain sentence. */
const char *sy_headline_word(enum sy_headline_kind kind);

#endif
