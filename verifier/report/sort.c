/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorting a report.  Compares bytes and numbers, never the locale's idea of
 * order, and never an address.
 */
#include "verifier/report/sort.h"

#include <stdlib.h>

typedef int order_fn(const void *left, const void *right);

static int order_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int order_artifacts(const void *left, const void *right)
{
	const struct sy_artifact *a = left, *b = right;
	int order = sy_span_compare(a->path, b->path);

	return order ? order : order_u64(a->size, b->size);
}

static int order_findings(const void *left, const void *right)
{
	const struct sy_finding *a = *(const struct sy_finding *const *)left;
	const struct sy_finding *b = *(const struct sy_finding *const *)right;
	int order = order_u64(a->off, b->off);

	if (!order)
		order = order_u64(a->rule, b->rule);
	if (!order)
		order = sy_span_compare(a->symbol, b->symbol);
	if (!order)
		order = order_u64(a->len, b->len);
	return order ? order : sy_span_compare(a->detail, b->detail);
}

static int order_more(const void *left, const void *right)
{
	const struct sy_more *a = *(const struct sy_more *const *)left;
	const struct sy_more *b = *(const struct sy_more *const *)right;

	return order_u64(a->rule, b->rule);
}

static int order_notices(const void *left, const void *right)
{
	const struct sy_notice *a = *(const struct sy_notice *const *)left;
	const struct sy_notice *b = *(const struct sy_notice *const *)right;
	int order = sy_span_compare(a->kind, b->kind);

	if (!order)
		order = sy_span_compare(a->path, b->path);
	return order ? order : sy_span_compare(a->detail, b->detail);
}

/* By container, then by where it stands in that. */
static int order_members(const void *left, const void *right)
{
	const struct sy_member_row *a = left, *b = right;
	int order = 0;

	for (size_t i = 0; !order && i < a->n_members && i < b->n_members; i++)
		order = sy_span_compare(a->members[i], b->members[i]);
	if (!order)
		order = order_u64(a->n_members, b->n_members);
	if (!order)
		order = order_u64(a->off, b->off);
	if (!order)
		order = sy_span_compare(a->name, b->name);
	if (!order)
		order = sy_span_compare(a->format, b->format);
	return order ? order : order_u64(a->len, b->len);
}

/* The `next` of a row; rows of all lists differ only in where it stands. */
static void *next_of(const void *row, size_t next_off)
{
	void *next;

	memcpy(&next, (const uint8_t *)row + next_off, sizeof(next));
	return next;
}

static void link_to(void *row, size_t next_off, void *next)
{
	memcpy((uint8_t *)row + next_off, &next, sizeof(next));
}

/* Sorts a linked list through an array of its rows; *head is the new first. */
static enum sy_status sort_list(struct sy_context *ctx, void *head_of,
				size_t next_off, order_fn *order)
{
	void *head = next_of(head_of, 0);
	size_t n = 0;

	for (void *row = head; row; row = next_of(row, next_off))
		n++;
	if (n < 2)
		return SY_OK;

	void **rows = sy_alloc_array(ctx, n, sizeof(*rows));

	if (!rows)
		return sy_memory_status(ctx);
	n = 0;
	for (void *row = head; row; row = next_of(row, next_off))
		rows[n++] = row;
	qsort(rows, n, sizeof(*rows), order);
	for (size_t i = 0; i < n; i++)
		link_to(rows[i], next_off, i + 1 < n ? rows[i + 1] : NULL);
	link_to(head_of, 0, rows[0]);
	sy_release(ctx, rows);
	return SY_OK;
}

static enum sy_status sort_artifact(struct sy_context *ctx, struct sy_artifact *a)
{
	enum sy_status status = sort_list(ctx, &a->findings,
					  offsetof(struct sy_finding, next),
					  order_findings);

	if (status == SY_OK)
		status = sort_list(ctx, &a->more, offsetof(struct sy_more, next),
				   order_more);
	if (a->n_kept_members > 1)
		qsort(a->members, a->n_kept_members, sizeof(*a->members), order_members);
	return status;
}

/* The inventory is sorted already; moving a million structs is not free. */
static bool is_sorted(const struct sy_report *report)
{
	for (size_t i = 1; i < report->n_artifacts; i++) {
		if (order_artifacts(&report->artifacts[i - 1],
				    &report->artifacts[i]) > 0)
			return false;
	}
	return true;
}

enum sy_status sy_report_sort(struct sy_report *report)
{
	enum sy_status status = SY_OK;

	if (!is_sorted(report))
		qsort(report->artifacts, report->n_artifacts,
		      sizeof(*report->artifacts), order_artifacts);
	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++)
		status = sort_artifact(report->ctx, &report->artifacts[i]);
	if (status == SY_OK)
		status = sort_list(report->ctx, &report->notices,
				   offsetof(struct sy_notice, next),
				   order_notices);
	return status;
}
