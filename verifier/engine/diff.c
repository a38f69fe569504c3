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

const char *sy_file_change_name(enum sy_file_change change)
{
	static const char *const names[] = {
		[SY_FILE_REMOVED] = "removed", [SY_FILE_ADDED] = "added",
		[SY_FILE_CHANGED] = "changed", [SY_FILE_REFORMATTED] = "reformatted",
		[SY_FILE_UNKNOWN] = "unknown",
	};

	return names[change];
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
				: sy_span_compare(a->rows[i].name, b->rows[k].name);

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
	return order ? order : sy_span_compare(x->name, y->name);
}

static int compare_rows(const void *a, const void *b)
{
	const struct sy_change_row *x = a, *y = b;
	int order = sy_span_compare(x->name, y->name);

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
	status = sy_diff_metadata(diff);
	if (status == SY_OK)
		status = sy_diff_files(diff);
	if (status == SY_OK)
		status = sy_diff_loading(diff);
	return status == SY_OK ? sy_diff_signers(diff) : status;
}

enum sy_status sy_diff_make(struct sy_diff *diff)
{
	struct sy_context *ctx = diff->a->ctx;
	struct sy_model_rows rows_a, rows_b = { 0 };
	enum sy_status status = sy_model_list(diff->a, &rows_a);

	if (status != SY_OK)
		return status;
	status = sy_model_list(diff->b, &rows_b);
	if (status == SY_OK)
		status = compare(diff, &rows_a, &rows_b);
	sy_release(ctx, rows_a.rows);
	sy_release(ctx, rows_b.rows);
	return status;
}

void sy_diff_free(struct sy_diff *diff)
{
	struct sy_context *ctx;

	if (!diff->a)
		return;
	ctx = diff->a->ctx;
	for (size_t i = 0; i < diff->n_rows; i++)
		sy_release(ctx, diff->rows[i].values);
	sy_release(ctx, diff->rows);
	sy_release(ctx, diff->metas.rows);
	sy_release(ctx, diff->configs.rows);
	sy_release(ctx, diff->files);
	sy_release(ctx, diff->loads);
	*diff = (struct sy_diff){ 0 };
}

/* What one side has and the other has not, or may just not have shown. */
static bool is_seen(const struct sy_diff *diff, bool is_in_a, bool is_in_b)
{
	return (is_in_a && is_in_b) ||
	       (is_in_a ? diff->why_b.len == 0 : diff->why_a.len == 0);
}

bool sy_diff_counts_pair(const struct sy_diff *diff, const struct sy_pair *pair)
{
	return is_seen(diff, pair->a.is_there, pair->b.is_there);
}

bool sy_diff_counts_file(const struct sy_diff *diff, const struct sy_file_row *row)
{
	if (row->is_document || row->change == SY_FILE_REFORMATTED ||
	    row->change == SY_FILE_UNKNOWN)
		return false;
	return is_seen(diff, row->change != SY_FILE_ADDED, row->change != SY_FILE_REMOVED);
}

bool sy_diff_counts_load(const struct sy_diff *diff, const struct sy_load_row *row)
{
	return row->class > SY_STEP_KNOWN && is_seen(diff, !row->is_in_b, row->is_in_b);
}

bool sy_diff_is_other_weights(const struct sy_diff *diff)
{
	for (size_t i = 0; i < diff->n_rows; i++) {
		const struct sy_change_row *row = &diff->rows[i];

		if (row->change != SY_CHANGE_UNKNOWN && is_seen(diff, row->a, row->b))
			return true;
	}
	return false;
}

static uint64_t n_certain(const struct sy_diff *diff)
{
	uint64_t n = sy_diff_is_other_weights(diff);

	for (size_t i = 0; i < diff->metas.n; i++)
		n += sy_diff_counts_pair(diff, &diff->metas.rows[i]);
	for (size_t i = 0; i < diff->configs.n; i++)
		n += sy_diff_counts_pair(diff, &diff->configs.rows[i]);
	for (size_t i = 0; i < diff->n_files; i++)
		n += sy_diff_counts_file(diff, &diff->files[i]);
	for (size_t i = 0; i < diff->n_loads; i++)
		n += sy_diff_counts_load(diff, &diff->loads[i]);
	return n;
}

static bool is_any_unknown(const struct sy_diff *diff)
{
	bool is_unknown = diff->why_loads.len > 0 || diff->why_metas.len > 0 ||
			  diff->is_signer_unknown;

	for (size_t i = 0; i < diff->n_files; i++)
		is_unknown |= diff->files[i].change == SY_FILE_UNKNOWN;
	return is_unknown;
}

bool sy_diff_is_same_weights(const struct sy_diff *diff)
{
	return diff->why_a.len == 0 && diff->why_b.len == 0 && diff->n_rows == 0;
}

int sy_diff_exit_code(const struct sy_diff *diff)
{
	if (n_certain(diff) > 0)
		return 1;
	return sy_diff_is_same_weights(diff) && !is_any_unknown(diff) ? 0 : 2;
}
