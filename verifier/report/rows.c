/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings, worst first.  Borrows everything from the report and changes
 * nothing in it.
 */
#include "verifier/report/rows.h"

#include <stdlib.h>

static int order_rows(const void *left, const void *right)
{
	const struct sy_row *a = left, *b = right;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

static void add(struct sy_rows *rows, struct sy_row row)
{
	row.at = rows->n;
	rows->rows[rows->n++] = row;
}

static void add_artifact(struct sy_rows *rows, const struct sy_artifact *a)
{
	for (const struct sy_finding *f = a->findings; f; f = f->next) {
		if (!f->is_suppressed)
			add(rows, (struct sy_row){ .artifact = a, .finding = f,
				.rule = f->rule, .severity = f->severity, .n = 1 });
	}
	for (const struct sy_more *m = a->more; m; m = m->next) {
		if (m->n > 0 && !m->is_suppressed)
			add(rows, (struct sy_row){ .artifact = a, .rule = m->rule,
				.severity = m->severity, .n = m->n });
	}
}

static size_t count(const struct sy_artifact *a)
{
	size_t n = a->n_findings;

	for (const struct sy_more *m = a->more; m; m = m->next)
		n++;
	return n;
}

enum sy_status sy_rows_of(const struct sy_report *report, struct sy_rows *rows)
{
	size_t n = 0;

	*rows = (struct sy_rows){ .ctx = report->ctx };
	for (size_t i = 0; i < report->n_artifacts; i++)
		n += count(&report->artifacts[i]);
	rows->rows = sy_alloc_array(report->ctx, n, sizeof(*rows->rows));
	if (!rows->rows)
		return sy_memory_status(report->ctx);
	for (size_t i = 0; i < report->n_artifacts; i++) {
		if (sy_artifact_is_judged(&report->artifacts[i]))
			add_artifact(rows, &report->artifacts[i]);
	}
	if (rows->n > 1)
		qsort(rows->rows, rows->n, sizeof(*rows->rows), order_rows);
	return SY_OK;
}

void sy_rows_free(struct sy_rows *rows)
{
	if (rows->ctx)
		sy_release(rows->ctx, rows->rows);
	*rows = (struct sy_rows){ 0 };
}

size_t sy_rows_group(const struct sy_rows *rows, size_t first)
{
	size_t i = first;

	while (i < rows->n && rows->rows[i].rule == rows->rows[first].rule &&
	       rows->rows[i].severity == rows->rows[first].severity)
		i++;
	return i;
}
