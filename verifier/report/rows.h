/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The findings of a report in the order in which people want them: worst
 * first, then by rule, path and offset.  Only findings that count.
 */
#ifndef SY_REPORT_ROWS_H
#define SY_REPORT_ROWS_H

#include "verifier/report/report.h"

struct sy_row {
	const struct sy_artifact *artifact;
	const struct sy_finding *finding;	/* NULL: findings that were only counted */
	unsigned rule;
	enum sy_severity severity;
	uint64_t n;				/* findings it stands for */
	size_t at;				/* keeps (path, offset) order */
};

struct sy_rows {
	struct sy_context *ctx;
	struct sy_row *rows;
	size_t n;
};

SY_MUST_CHECK enum sy_status sy_rows_of(const struct sy_report *report,
					struct sy_rows *rows);
void sy_rows_free(struct sy_rows *rows);

/* Index after the last row of the rule and severity that row `first` has. */
size_t sy_rows_group(const struct sy_rows *rows, size_t first);

#endif
