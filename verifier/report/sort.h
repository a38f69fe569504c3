/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a report.  Every order is total, so that the same input gives
 * the same bytes whatever order the work was done in.
 */
#ifndef SY_REPORT_SORT_H
#define SY_REPORT_SORT_H

#include "verifier/report/report.h"

/* Artifacts by path, findings by (offset, rule, symbol), notices by kind. */
SY_MUST_CHECK enum sy_status sy_report_sort(struct sy_report *report);

#endif
