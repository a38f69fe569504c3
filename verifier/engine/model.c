/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats/tensor-digests.md is the specification of all this. */
#include "verifier/engine/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/digest/hasher.h"

#define LEN 32u		/* bytes of a digest */

static enum sy_status finish(struct sy_hasher **hasher, uint8_t out[LEN])
{
	struct sy_digest digest;
	enum sy_status status = sy_hasher_final(*hasher, &digest);

	if (status == SY_OK)
		memcpy(out, digest.bytes, LEN);
	sy_hasher_free(hasher);
	return status;
}

static void add_text(struct sy_hasher *hasher, const char *text)
{
	sy_hasher_update(hasher, text, strlen(text));
}

static void add_shape(struct sy_hasher *hasher, const struct sy_tensor *tensor,
		      bool is_squeezed)
{
	bool is_first = true;

	for (uint8_t i = 0; i < tensor->rank; i++) {
		char text[24];

		if (is_squeezed && tensor->shape[i] == 1)
			continue;
		snprintf(text, sizeof(text), "%s%" PRIu64, is_first ? "" : ",",
			 tensor->shape[i]);
		add_text(hasher, text);
		is_first = false;
	}
}

static enum sy_status hash_tensor(struct sy_context *ctx, const struct sy_tensor *tensor,
				  const uint8_t *data, bool is_squeezed, uint8_t out[LEN])
{
	struct sy_digest digest = { .algorithm = SY_SHA256, .len = LEN };
	char hex[2 * SY_DIGEST_MAX + 1];
	struct sy_hasher *hasher;
	enum sy_status status = sy_hasher_new(ctx, SY_SHA256, 0, &hasher);

	if (status != SY_OK)
		return status;
	memcpy(digest.bytes, data, LEN);
	sy_digest_hex(&digest, hex);
	add_text(hasher, "steelyard-tensor-1\n");
	add_text(hasher, sy_dtype_find(tensor->dtype)->canonical);
	add_text(hasher, "\n");
	add_shape(hasher, tensor, is_squeezed);
	add_text(hasher, "\n");
	add_text(hasher, hex);
	add_text(hasher, "\n");
	return finish(&hasher, out);
}

const char *sy_model_view(const struct sy_tensor *tensor, struct sy_view *view)
{
	struct sy_record_tensor record = {
		.name = tensor->name, .dtype = tensor->dtype, .rank = tensor->rank,
		.off = tensor->off, .len = tensor->len, .is_absent = tensor->is_absent,
		.is_big_endian = tensor->is_big_endian, .has_strides = tensor->strides != NULL,
	};

	memcpy(record.shape, tensor->shape, tensor->rank * sizeof(*record.shape));
	if (tensor->strides)
		memcpy(record.strides, tensor->strides,
		       tensor->rank * sizeof(*record.strides));
	return sy_view_of(&record, view);
}

enum sy_status sy_model_tensor(struct sy_context *ctx, const struct sy_tensor *tensor,
			       struct sy_tensor_digests *digests)
{
	enum sy_status status = hash_tensor(ctx, tensor, digests->data, false, digests->tensor);

	if (status != SY_OK)
		return status;
	return hash_tensor(ctx, tensor, digests->data, true, digests->squeezed);
}

static int compare_spans(struct sy_span a, struct sy_span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_rows(const void *a, const void *b)
{
	const struct sy_model_row *x = a, *y = b;
	int order = compare_spans(x->name, y->name);

	return order ? order : (x->artifact > y->artifact) - (x->artifact < y->artifact);
}

static void say_why(struct sy_model_rows *rows, const char *what, struct sy_span name)
{
	if (rows->why.len > 0)
		return;
	sy_text_add(&rows->why, what);
	sy_text_name(&rows->why, name);
}

/* What a file without all its tensors means for the model. */
static void check_artifact(struct sy_model_rows *rows, const struct sy_artifact *a)
{
	if (a->scope == SY_SCOPE_NOT_EXAMINED)
		say_why(rows, "a file was not examined: ", a->path);
	if (a->scope == SY_SCOPE_EXAMINED && a->n_kept_tensors < a->n_tensors)
		say_why(rows, "not all tensors of a file could be listed: ", a->path);
	/* An index that names a missing shard is such a file, too. */
	if (a->scope == SY_SCOPE_EXAMINED && a->answers[SY_WELL_FORMED] != SY_YES)
		say_why(rows, "a file is not well formed: ", a->path);
}

static enum sy_status name_of(struct sy_report *report, const struct sy_artifact *a,
			      const struct sy_tensor *tensor, struct sy_span *name)
{
	size_t len = a->folder.len + 1 + tensor->name.len;
	uint8_t *joined;

	*name = tensor->name;
	if (a->folder.len == 0)
		return SY_OK;
	joined = sy_arena_alloc(&report->arena, len + 1);
	if (!joined)
		return sy_memory_status(report->ctx);
	memcpy(joined, a->folder.data, a->folder.len);
	joined[a->folder.len] = '/';
	if (tensor->name.len > 0)
		memcpy(joined + a->folder.len + 1, tensor->name.data, tensor->name.len);
	*name = sy_span_of(joined, len);
	return SY_OK;
}

static enum sy_status add_artifact(struct sy_report *report, size_t at,
				   struct sy_model_rows *rows)
{
	const struct sy_artifact *a = &report->artifacts[at];
	enum sy_status status = SY_OK;

	check_artifact(rows, a);
	for (size_t i = 0; i < a->n_kept_tensors && status == SY_OK; i++) {
		struct sy_model_row *row = &rows->rows[rows->n];

		row->tensor = &a->tensors[i];
		row->artifact = at;
		status = name_of(report, a, row->tensor, &row->name);
		rows->n += status == SY_OK;
		if (!row->tensor->digests)
			say_why(rows, "a tensor has no digest: ", row->tensor->name);
	}
	return status;
}

static bool is_same(const struct sy_tensor *a, const struct sy_tensor *b)
{
	return a->digests && b->digests &&
	       !memcmp(a->digests->tensor, b->digests->tensor, LEN);
}

/* Two files may say the same; what they say differently is no model. */
static void drop_twins(struct sy_model_rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct sy_model_row *last = n > 0 ? &rows->rows[n - 1] : NULL;

		if (!last || !sy_span_equal(last->name, rows->rows[i].name)) {
			rows->rows[n++] = rows->rows[i];
			continue;
		}
		if (!is_same(last->tensor, rows->rows[i].tensor))
			say_why(rows, "a name stands for two different tensors: ",
				last->name);
	}
	rows->n = n;
}

enum sy_status sy_model_list(struct sy_report *report, struct sy_model_rows *rows)
{
	enum sy_status status = SY_OK;
	size_t n = 0;

	*rows = (struct sy_model_rows){ 0 };
	sy_text_init(&rows->why);
	for (size_t i = 0; i < report->n_artifacts; i++)
		n += report->artifacts[i].n_kept_tensors;
	rows->rows = sy_alloc_array(report->ctx, n + 1, sizeof(*rows->rows));
	if (!rows->rows)
		return sy_memory_status(report->ctx);
	if (!report->is_complete)
		sy_text_add(&rows->why, "the examination was not ended");
	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++)
		status = add_artifact(report, i, rows);
	if (status != SY_OK) {
		sy_release(report->ctx, rows->rows);
		rows->rows = NULL;
		return status;
	}
	qsort(rows->rows, rows->n, sizeof(*rows->rows), compare_rows);
	drop_twins(rows);
	if (rows->n == 0 && rows->why.len == 0)
		sy_text_add(&rows->why, "there are no tensors");
	return SY_OK;
}

static enum sy_status sum_names(struct sy_context *ctx, const struct sy_model_rows *rows,
				uint8_t out[LEN])
{
	struct sy_hasher *hasher;
	enum sy_status status = sy_hasher_new(ctx, SY_SHA256, 0, &hasher);

	if (status != SY_OK)
		return status;
	add_text(hasher, "steelyard-model-1\n");
	for (size_t i = 0; i < rows->n; i++) {
		const struct sy_model_row *row = &rows->rows[i];
		uint8_t len[4];

		for (unsigned k = 0; k < 4; k++)
			len[k] = (uint8_t)(row->name.len >> 8 * k);
		sy_hasher_update(hasher, len, sizeof(len));
		sy_hasher_update(hasher, row->name.data, row->name.len);
		sy_hasher_update(hasher, row->tensor->digests->tensor, LEN);
	}
	return finish(&hasher, out);
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, LEN);
}

static enum sy_status sum_values(struct sy_context *ctx, const struct sy_model_rows *rows,
				 uint8_t out[LEN])
{
	uint8_t (*all)[LEN] = sy_alloc_array(ctx, rows->n + 1, LEN);
	struct sy_hasher *hasher = NULL;
	enum sy_status status;

	if (!all)
		return sy_memory_status(ctx);
	for (size_t i = 0; i < rows->n; i++)
		memcpy(all[i], rows->rows[i].tensor->digests->squeezed, LEN);
	qsort(all, rows->n, LEN, compare_digests);
	status = sy_hasher_new(ctx, SY_SHA256, 0, &hasher);
	if (status == SY_OK)
		add_text(hasher, "steelyard-nameless-1\n");
	for (size_t i = 0; i < rows->n && status == SY_OK; i++) {
		if (i == 0 || memcmp(all[i], all[i - 1], LEN) != 0)
			sy_hasher_update(hasher, all[i], LEN);
	}
	sy_release(ctx, all);
	return status == SY_OK ? finish(&hasher, out) : status;
}

enum sy_status sy_model_sum(struct sy_report *report)
{
	struct sy_model *model = &report->model;
	struct sy_model_rows rows;
	enum sy_status status = sy_model_list(report, &rows);

	if (status != SY_OK)
		return status;
	model->is_asked = true;
	model->n_tensors = rows.n;
	model->is_whole = rows.why.len == 0;
	if (!model->is_whole)
		status = sy_arena_copy(&report->arena, sy_text_span(&rows.why), &model->why);
	if (status == SY_OK && model->is_whole)
		status = sum_names(report->ctx, &rows, model->digest);
	if (status == SY_OK && model->is_whole)
		status = sum_values(report->ctx, &rows, model->nameless);
	sy_release(report->ctx, rows.rows);
	return status;
}
