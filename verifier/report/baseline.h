/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A baseline: an earlier report whose findings are known and accepted.  A
 * finding of today that has the fingerprint of one of them is suppressed; it
 * stays in the report.  Only fingerprints are taken from the earlier report,
 * nothing else in it is believed.
 */
#ifndef SY_REPORT_BASELINE_H
#define SY_REPORT_BASELINE_H

#include "verifier/report/report.h"

struct sy_baseline;

/*
 * Reads a steelyard-report/1 document.  SY_FORMAT: it is not one, or a
 * fingerprint in it is malformed (the sentence is in ctx->error);
 * SY_NO_MEMORY, SY_LIMIT.  *baseline is NULL on failure.
 */
SY_MUST_CHECK enum sy_status sy_baseline_parse(struct sy_context *ctx,
					       struct sy_span document,
					       struct sy_baseline **baseline);

/*
 * The same from a regular file of at most limits.config_bytes; besides SY_IO,
 * SY_NOT_FOUND when there is none.
 */
SY_MUST_CHECK enum sy_status sy_baseline_read(struct sy_context *ctx,
					      const char *path,
					      struct sy_baseline **baseline);
void sy_baseline_free(struct sy_baseline **baseline);

/*
 * Suppresses what the baseline knows: after the digests were added, before
 * sy_report_finish.
 */
SY_MUST_CHECK enum sy_status sy_baseline_apply(const struct sy_baseline *baseline,
					       struct sy_report *report);

#endif
