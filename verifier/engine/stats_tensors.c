/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check --stats: what the values of every tensor tell.  They came when the files were
 * weighed, but for tensors in another order, or on the bytes of others: these are read
 * once more.  Only facts become findings; what the numbers mean is for people.
 */
#include "verifier/base/ckd.h"
#include "verifier/digest/stats.h"
#include "verifier/engine/check.h"
#include "verifier/engine/model.h"

#define BLOCK 65536u		/* bytes */
#define READINGS_MAX 8u		/* of a file: tensors may lie on the same bytes */

struct scan {
	struct sy_check *check;
	size_t entry;
	struct sy_artifact *artifact;
	struct sy_source source;
	uint8_t *buf;
	uint64_t left;			/* bytes that may still be read */
	uint64_t n_without;
	struct sy_text why;		/* of the first of them */
};

static void leave_out(struct scan *scan, const struct sy_tensor *tensor, const char *why)
{
	if (scan->n_without++ > 0)
		return;
	sy_text_name(&scan->why, tensor->name);
	sy_text_add(&scan->why, ": ");
	sy_text_add(&scan->why, why);
}

static enum sy_status read_values(struct scan *scan, const struct sy_view *view,
				  struct sy_value_stats *values)
{
	struct sy_context *ctx = scan->check->ctx;
	struct sy_stats *stats = NULL;
	struct sy_view_reader reader;
	enum sy_status status = sy_view_open(&reader, view, &scan->source);
	size_t len = 0;

	if (status == SY_OK)
		status = sy_stats_new(ctx, &stats);
	if (status == SY_OK)
		sy_stats_begin(stats, view->dtype);
	do {
		if (status == SY_OK && sy_cancelled(ctx))
			status = sy_fail(ctx, SY_CANCELLED, "interrupted");
		if (status == SY_OK)
			status = sy_view_read(&reader, scan->buf, BLOCK, &len);
		if (status == SY_OK)
			sy_stats_add(stats, scan->buf, len);
	} while (status == SY_OK && len > 0);
	sy_view_close(&reader);
	if (status == SY_OK)
		sy_stats_end(stats, values);
	sy_stats_free(&stats);
	return status;
}

static enum sy_status find(struct scan *scan, const struct sy_tensor *tensor,
			   enum sy_rule rule, const struct sy_text *text)
{
	const struct sy_record_fact fact = {
		.rule = rule, .off = tensor->off, .len = tensor->len,
		.symbol = tensor->name, .detail = sy_text_span(text),
		.file_off = tensor->off,
	};

	return sy_report_add_finding(scan->check->report, scan->entry, &fact);
}

static enum sy_status tell(struct scan *scan, const struct sy_tensor *tensor,
			   const struct sy_value_stats *v)
{
	const char *what = v->is_scales ? "scales of blocks" : "numbers";
	enum sy_status status = SY_OK;
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, tensor->name);
	if (v->n_nan + v->n_inf > 0) {
		sy_text_addf(&text, ": %llu NaN and %llu infinite of %llu %s",
			     (unsigned long long)v->n_nan, (unsigned long long)v->n_inf,
			     (unsigned long long)v->n, what);
		status = find(scan, tensor, SY_RULE_TENSOR_VALUE_NONFINITE, &text);
	} else if (v->n_not_bool > 0) {
		sy_text_addf(&text, ": %llu of %llu booleans are neither 0 nor 1",
			     (unsigned long long)v->n_not_bool, (unsigned long long)v->n);
		status = find(scan, tensor, SY_RULE_TENSOR_VALUE_BOOL, &text);
	} else if (v->is_all_zero) {
		sy_text_addf(&text, ": all of its %llu bytes are 0",
			     (unsigned long long)tensor->len);
		status = find(scan, tensor, SY_RULE_TENSOR_VALUE_ZERO, &text);
	}
	return status;
}

static enum sy_status scan_tensor(struct scan *scan, struct sy_tensor *tensor)
{
	struct sy_report *report = scan->check->report;
	struct sy_view view;
	const char *why = sy_model_view(tensor, &view);
	struct sy_value_stats *values;
	enum sy_status status;

	/* Asked of the worker only so that it lists them. */
	if (tensor->digests && !(scan->check->options->wants & SY_WANT_DIGESTS))
		tensor->digests = NULL;
	if (tensor->values)
		return tell(scan, tensor, tensor->values);
	if (!why && !sy_stats_knows(view.dtype))
		why = "nothing is known about values of its type";
	if (!why && view.n_data > scan->left)
		why = "too many tensors lie on the same bytes";
	if (why) {
		leave_out(scan, tensor, why);
		return SY_OK;
	}
	scan->left -= view.n_data;
	values = sy_arena_alloc(&report->arena, sizeof(*values));
	if (!values)
		return sy_memory_status(report->ctx);
	status = read_values(scan, &view, values);
	if (status != SY_OK)
		return status;
	tensor->values = values;
	return tell(scan, tensor, values);
}

static enum sy_status scan_all(struct scan *scan)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < scan->artifact->n_kept_tensors && status == SY_OK; i++)
		status = scan_tensor(scan, &scan->artifact->tensors[i]);
	return status == SY_OK ? sy_source_unchanged(&scan->source) : status;
}

static enum sy_status note(struct scan *scan)
{
	if (scan->n_without == 0)
		return SY_OK;
	return sy_report_add_notice(scan->check->report, "tensors-without-stats",
				    scan->artifact->path, "the values of %llu of %zu tensors "
				    "were not looked at; the first is %s",
				    (unsigned long long)scan->n_without,
				    scan->artifact->n_kept_tensors, scan->why.data);
}

static enum sy_status scan_file(struct scan *scan)
{
	struct sy_check *check = scan->check;
	enum sy_status status = sy_entry_open(&check->inventory, scan->entry, check->ctx,
					      &scan->source);

	if (ckd_mul(&scan->left, scan->artifact->size, (uint64_t)READINGS_MAX))
		scan->left = UINT64_MAX;
	if (status == SY_OK) {
		status = scan_all(scan);
		sy_source_close(&scan->source);
	}
	if (status == SY_OK)
		return note(scan);
	if (status == SY_CANCELLED || status == SY_NO_MEMORY || status == SY_LIMIT)
		return status;
	status = sy_check_failed(check, scan->entry, status, check->ctx->error.text);
	sy_error_clear(check->ctx);
	return status;
}

enum sy_status sy_check_stats(struct sy_check *check)
{
	uint8_t *buf = sy_alloc_unset(check->ctx, BLOCK);
	enum sy_status status = SY_OK;

	if (!buf)
		return sy_memory_status(check->ctx);
	for (size_t i = 0; i < check->report->n_artifacts && status == SY_OK; i++) {
		struct scan scan = { .check = check, .entry = i, .buf = buf,
				     .artifact = &check->report->artifacts[i] };

		sy_text_init(&scan.why);
		if (scan.artifact->n_kept_tensors > 0)
			status = scan_file(&scan);
	}
	sy_release(check->ctx, buf);
	return status;
}
