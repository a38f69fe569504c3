/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/engine/diff.h"

#include <stdlib.h>
#include <string.h>

#define LEN 32u		/* bytes of a digest */

const char *sy_change_name(enum sy_change change)
{
	static const char *const names[] = {
		[SY_CHANGE_REMOVED] = "removed", [SY_CHANGE_ADDED] = "added",
		[SY_CHANGE_RENAMED] = "renamed", [SY_CHANGE_RETYPED] = "retyped",
		[SY_CHANGE_RESHAPED] = "reshaped", [SY_CHANGE_VALUES] = "changed",
		[SY_CHANGE_UNKNOWN] = "unknown",
	};

	return names[change];
}

static int compare_spans(struct sy_span a, struct sy_span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static enum sy_status add(struct sy_diff *diff, const struct sy_change_row *row)
{
	enum sy_status status = sy_grow(diff->a->ctx, &diff->rows, &diff->cap_rows,
					diff->n_rows + 1, sizeof(*diff->rows));

	if (status == SY_OK)
		diff->rows[diff->n_rows++] = *row;
	return status;
}

static bool is_same_shape(const struct sy_tensor *a, const struct sy_tensor *b)
{
	return a->rank == b->rank &&
	       (a->rank == 0 || !memcmp(a->shape, b->shape, a->rank * sizeof(*a->shape)));
}

static bool is_same_type(const struct sy_tensor *a, const struct sy_tensor *b)
{
	const struct sy_dtype *x = sy_dtype_find(a->dtype), *y = sy_dtype_find(b->dtype);

	return x && y ? !strcmp(x->canonical, y->canonical) : sy_span_equal(a->dtype, b->dtype);
}

static enum sy_change change_of(const struct sy_tensor *a, const struct sy_tensor *b)
{
	if (!is_same_type(a, b))
		return SY_CHANGE_RETYPED;
	if (!is_same_shape(a, b))
		return SY_CHANGE_RESHAPED;
	return a->digests && b->digests ? SY_CHANGE_VALUES : SY_CHANGE_UNKNOWN;
}

/* One name, in both. */
static enum sy_status take_pair(struct sy_diff *diff, const struct sy_model_row *a,
				const struct sy_model_row *b)
{
	struct sy_change_row row = {
		.name = a->name, .a = a->tensor, .b = b->tensor,
		.artifact_a = a->artifact, .artifact_b = b->artifact,
	};
	const struct sy_tensor_digests *x = a->tensor->digests, *y = b->tensor->digests;
	enum sy_status status = SY_OK;

	if (x && y && !memcmp(x->tensor, y->tensor, LEN)) {
		diff->n_same++;
		return SY_OK;
	}
	row.change = change_of(a->tensor, b->tensor);
	row.is_same_data = x && y && !memcmp(x->data, y->data, LEN);
	if (row.change == SY_CHANGE_VALUES)
		status = sy_diff_values(diff, &row);
	if (status == SY_OK)
		status = add(diff, &row);
	if (status != SY_OK)
		sy_release(diff->a->ctx, row.values);
	return status;
}

static enum sy_status take_one(struct sy_diff *diff, const struct sy_model_row *row, bool is_a)
{
	const struct sy_change_row made = {
		.change = is_a ? SY_CHANGE_REMOVED : SY_CHANGE_ADDED, .name = row->name,
		.a = is_a ? row->tensor : NULL, .b = is_a ? NULL : row->tensor,
		.artifact_a = row->artifact, .artifact_b = row->artifact,
	};

	return add(diff, &made);
}

static enum sy_status merge(struct sy_diff *diff, const struct sy_model_rows *a,
			    const struct sy_model_rows *b)
{
	enum sy_status status = SY_OK;
	size_t i = 0, k = 0;

	while ((i < a->n || k < b->n) && status == SY_OK) {
		int order = i == a->n ? 1 : k == b->n ? -1
				: compare_spans(a->rows[i].name, b->rows[k].name);

		if (order == 0)
			status = take_pair(diff, &a->rows[i++], &b->rows[k++]);
		else if (order < 0)
			status = take_one(diff, &a->rows[i++], true);
		else
			status = take_one(diff, &b->rows[k++], false);
	}
	return status;
}

static const struct sy_tensor *tensor_of(const struct sy_change_row *row)
{
	return row->a ? row->a : row->b;
}

static bool is_lone(const struct sy_change_row *row)
{
	return (row->change == SY_CHANGE_REMOVED || row->change == SY_CHANGE_ADDED) &&
	       tensor_of(row)->digests;
}

/* Lone ones by digest, removed before added, then by name; the others behind. */
static int compare_lone(const void *a, const void *b)
{
	const struct sy_change_row *x = a, *y = b;
	int order = is_lone(y) - is_lone(x);

	if (!order && is_lone(x))
		order = memcmp(tensor_of(x)->digests->tensor, tensor_of(y)->digests->tensor,
			       LEN);
	if (!order)
		order = (int)x->change - (int)y->change;
	return order ? order : compare_spans(x->name, y->name);
}

static int compare_rows(const void *a, const void *b)
{
	const struct sy_change_row *x = a, *y = b;
	int order = compare_spans(x->name, y->name);

	return order ? order : (int)x->change - (int)y->change;
}

/* The first removed and the first added of one digest are one tensor, and so on. */
static void pair_group(struct sy_change_row *rows, size_t n)
{
	size_t n_removed = 0;

	while (n_removed < n && rows[n_removed].change == SY_CHANGE_REMOVED)
		n_removed++;
	for (size_t i = 0; i < n_removed && n_removed + i < n; i++) {
		struct sy_change_row *from = &rows[i], *to = &rows[n_removed + i];

		from->change = SY_CHANGE_RENAMED;
		from->other = to->name;
		from->b = to->b;
		from->artifact_b = to->artifact_b;
		to->change = SY_N_CHANGES;	/* told with the other */
	}
}

static void find_renamed(struct sy_diff *diff)
{
	struct sy_change_row *rows = diff->rows;
	size_t n = 0;

	if (diff->n_rows == 0)
		return;
	qsort(rows, diff->n_rows, sizeof(*rows), compare_lone);
	for (size_t i = 0; i < diff->n_rows && is_lone(&rows[i]);) {
		const uint8_t *digest = tensor_of(&rows[i])->digests->tensor;
		size_t end = i + 1;

		while (end < diff->n_rows && is_lone(&rows[end]) &&
		       !memcmp(tensor_of(&rows[end])->digests->tensor, digest, LEN))
			end++;
		pair_group(rows + i, end - i);
		i = end;
	}
	for (size_t i = 0; i < diff->n_rows; i++) {
		if (rows[i].change != SY_N_CHANGES)
			rows[n++] = rows[i];
	}
	diff->n_rows = n;
	qsort(rows, n, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < n; i++)
		diff->counts[rows[i].change]++;
}

/* --- metadata --------------------------------------------------------------------- */

/* The one format of all files with tensors; empty: several, or none. */
static struct sy_span format_of(const struct sy_report *report)
{
	struct sy_span format = sy_span_of(NULL, 0);

	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_artifact *a = &report->artifacts[i];

		if (a->n_kept_tensors == 0)
			continue;
		if (format.len > 0 && !sy_span_equal(format, a->format))
			return sy_span_of(NULL, 0);
		format = a->format;
	}
	return format;
}

static int compare_metas(const void *a, const void *b)
{
	const struct sy_meta_row *x = a, *y = b;
	int order = compare_spans(x->key, y->key);

	if (!order)
		order = (int)y->has_a - (int)x->has_a;
	if (!order)
		order = compare_spans(x->a, y->a);
	return order ? order : compare_spans(x->b, y->b);
}

static enum sy_status add_metas(struct sy_diff *diff, const struct sy_report *report, bool is_a)
{
	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_artifact *artifact = &report->artifacts[i];

		for (size_t k = 0; k < artifact->n_metas && artifact->n_kept_tensors; k++) {
			const struct sy_meta *meta = &artifact->metas[k];
			enum sy_status status = sy_grow(diff->a->ctx, &diff->metas,
							&diff->cap_metas, diff->n_metas + 1,
							sizeof(*diff->metas));

			if (status != SY_OK)
				return status;
			diff->metas[diff->n_metas++] = (struct sy_meta_row){
				.key = meta->key, .has_a = is_a, .has_b = !is_a,
				.a = is_a ? meta->value : sy_span_of(NULL, 0),
				.b = is_a ? sy_span_of(NULL, 0) : meta->value,
			};
		}
	}
	return SY_OK;
}

/* What a split set says about itself is no property of the model. */
static bool is_about_files(struct sy_span key)
{
	return sy_span_is(key, "split.no") || sy_span_is(key, "split.count") ||
	       sy_span_is(key, "split.tensors.count");
}

static bool is_same_meta(const struct sy_meta_row *x, const struct sy_meta_row *y)
{
	return x->has_a == y->has_a && sy_span_equal(x->key, y->key) &&
	       sy_span_equal(x->a, y->a) && sy_span_equal(x->b, y->b);
}

/* Shards repeat what they say. */
static void drop_repeated(struct sy_diff *diff)
{
	size_t n = 0;

	for (size_t i = 0; i < diff->n_metas; i++) {
		if ((n == 0 || !is_same_meta(&diff->metas[n - 1], &diff->metas[i])) &&
		    !is_about_files(diff->metas[i].key))
			diff->metas[n++] = diff->metas[i];
	}
	diff->n_metas = n;
}

/* One value on each side is a pair; equal pairs go. */
static void join_metas(struct sy_diff *diff)
{
	size_t n = 0;

	for (size_t i = 0; i < diff->n_metas; i++) {
		struct sy_meta_row row = diff->metas[i];
		bool has_next = i + 1 < diff->n_metas &&
				sy_span_equal(row.key, diff->metas[i + 1].key);

		if (row.has_a && has_next && diff->metas[i + 1].has_b) {
			row.has_b = true;
			row.b = diff->metas[++i].b;
			if (sy_span_equal(row.a, row.b))
				continue;
		}
		diff->metas[n++] = row;
	}
	diff->n_metas = n;
}

static enum sy_status compare_metadata(struct sy_diff *diff)
{
	struct sy_span format = format_of(diff->a);
	enum sy_status status;

	diff->is_meta_compared = format.len > 0 && sy_span_equal(format, format_of(diff->b));
	if (!diff->is_meta_compared)
		return SY_OK;
	status = add_metas(diff, diff->a, true);
	if (status == SY_OK)
		status = add_metas(diff, diff->b, false);
	if (status != SY_OK || diff->n_metas == 0)
		return status;
	qsort(diff->metas, diff->n_metas, sizeof(*diff->metas), compare_metas);
	drop_repeated(diff);
	join_metas(diff);
	return SY_OK;
}

static enum sy_status compare(struct sy_diff *diff, const struct sy_model_rows *a,
			      const struct sy_model_rows *b)
{
	enum sy_status status;

	diff->n_a = a->n;
	diff->n_b = b->n;
	diff->why_a = a->why;
	diff->why_b = b->why;
	status = merge(diff, a, b);
	if (status != SY_OK)
		return status;
	find_renamed(diff);
	return compare_metadata(diff);
}

enum sy_status sy_diff_make(struct sy_context *ctx, struct sy_report *a, struct sy_report *b,
			    struct sy_diff *diff)
{
	struct sy_model_rows rows_a, rows_b = { 0 };
	enum sy_status status;

	*diff = (struct sy_diff){ .a = a, .b = b };
	status = sy_model_list(a, &rows_a);
	if (status != SY_OK)
		return status;
	status = sy_model_list(b, &rows_b);
	if (status == SY_OK)
		status = compare(diff, &rows_a, &rows_b);
	sy_release(ctx, rows_a.rows);
	sy_release(ctx, rows_b.rows);
	return status;
}

void sy_diff_free(struct sy_diff *diff)
{
	if (!diff->a)
		return;
	for (size_t i = 0; i < diff->n_rows; i++)
		sy_release(diff->a->ctx, diff->rows[i].values);
	sy_release(diff->a->ctx, diff->rows);
	sy_release(diff->a->ctx, diff->metas);
	*diff = (struct sy_diff){ 0 };
}

static bool is_whole(const struct sy_diff *diff)
{
	return diff->why_a.len == 0 && diff->why_b.len == 0;
}

bool sy_diff_is_same_weights(const struct sy_diff *diff)
{
	return is_whole(diff) && diff->n_rows == 0;
}

/* What is missing in a model that is not whole may just not have been seen. */
static uint64_t n_certain(const struct sy_diff *diff)
{
	uint64_t n = diff->n_rows - diff->counts[SY_CHANGE_UNKNOWN];

	if (is_whole(diff))
		return n;
	return n - diff->counts[SY_CHANGE_REMOVED] - diff->counts[SY_CHANGE_ADDED];
}

int sy_diff_exit_code(const struct sy_diff *diff)
{
	if (n_certain(diff) > 0 || diff->n_metas > 0)
		return 1;
	return sy_diff_is_same_weights(diff) ? 0 : 2;
}
