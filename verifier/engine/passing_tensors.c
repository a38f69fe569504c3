/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors as parts: which of them pass, in what order, and what came of it. */
#include "verifier/engine/passing_tensors.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/digest/stats.h"
#include "verifier/engine/model.h"

static bool has_digests(const struct sy_check *check)
{
	return check->options->wants & SY_WANT_DIGESTS;
}

/* Its type, where its values are asked for and known. */
static const struct sy_dtype *type_of(const struct sy_check *check,
				      const struct sy_view *view)
{
	return check->options->has_stats && sy_stats_knows(view->dtype) ? view->dtype : NULL;
}

/* By where they begin, empty ones first: the order in which bytes pass. */
static int compare_places(const void *a, const void *b)
{
	const struct sy_tensor *const *x = a, *const *y = b;

	if ((*x)->off != (*y)->off)
		return (*x)->off < (*y)->off ? -1 : 1;
	if ((*x)->len != (*y)->len)
		return (*x)->len < (*y)->len ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

static size_t collect(const struct sy_check *check, const struct sy_artifact *artifact,
		      struct sy_tensor **tensors)
{
	size_t n = 0;

	for (size_t i = 0; i < artifact->n_kept_tensors; i++) {
		struct sy_tensor *tensor = &artifact->tensors[i];
		struct sy_view view;

		if (tensor->digests || sy_model_view(tensor, &view) ||
		    !sy_view_is_plain(&view))
			continue;
		if (has_digests(check) || type_of(check, &view))
			tensors[n++] = tensor;
	}
	qsort(tensors, n, sizeof(*tensors), compare_places);
	return n;
}

/* A file that is shorter than its header says has nothing to pass beyond its end. */
static void set_parts(const struct sy_check *check, struct sy_passing_tensors *passing,
		      size_t n, uint64_t size)
{
	uint64_t end = 0;

	for (size_t i = 0; i < n; i++) {
		struct sy_tensor *tensor = passing->tensors[i];
		struct sy_view view;

		if (tensor->off < end || tensor->off > size || tensor->len > size - tensor->off)
			continue;
		(void)sy_model_view(tensor, &view);
		passing->parts[passing->n] = (struct sy_weigh_part){
			.start = tensor->off, .len = tensor->len,
			.dtype = type_of(check, &view),
		};
		passing->tensors[passing->n++] = tensor;
		end = tensor->off + tensor->len;
	}
}

/* They live in the report, where those of a failed job are never looked at. */
static enum sy_status make_room_for_values(struct sy_check *check,
					   struct sy_passing_tensors *passing)
{
	struct sy_report *report = check->report;

	for (size_t i = 0; i < passing->n; i++) {
		struct sy_weigh_part *part = &passing->parts[i];

		if (!part->dtype)
			continue;
		part->values = sy_arena_alloc(&report->arena, sizeof(*part->values));
		if (!part->values)
			return sy_memory_status(report->ctx);
	}
	return SY_OK;
}

enum sy_status sy_passing_tensors_plan(struct sy_check *check, struct sy_weigh_job *job,
				       struct sy_passing_tensors *passing)
{
	struct sy_artifact *artifact = &check->report->artifacts[job->id];
	size_t n = artifact->n_kept_tensors;
	enum sy_status status;

	*passing = (struct sy_passing_tensors){ 0 };
	if (n == 0 || job->algorithms == 0 ||
	    (!has_digests(check) && !check->options->has_stats))
		return SY_OK;
	passing->parts = sy_alloc_array(check->ctx, n, sizeof(*passing->parts));
	passing->tensors = sy_alloc_array(check->ctx, n, sizeof(struct sy_tensor *));
	if (!passing->parts || !passing->tensors)
		return sy_memory_status(check->ctx);
	n = collect(check, artifact, passing->tensors);
	set_parts(check, passing, n, job->size);
	status = make_room_for_values(check, passing);
	if (status != SY_OK)
		return status;
	job->parts = passing->parts;
	job->n_parts = passing->n;
	job->part_algorithm = has_digests(check) ? SY_SHA256 : SY_N_ALGORITHMS;
	return SY_OK;
}

static enum sy_status take_digest(struct sy_check *check, const struct sy_weigh_part *part,
				  struct sy_tensor *tensor)
{
	struct sy_tensor_digests *digests = sy_arena_alloc(&check->report->arena,
							   sizeof(*digests));
	enum sy_status status;

	if (!digests)
		return sy_memory_status(check->ctx);
	digests->has_raw = true;
	memcpy(digests->raw, part->digest.bytes, sizeof(digests->raw));
	memcpy(digests->data, digests->raw, sizeof(digests->data));
	status = sy_model_tensor(check->ctx, tensor, digests);
	if (status == SY_OK)
		tensor->digests = digests;
	return status;
}

enum sy_status sy_passing_tensors_take(struct sy_check *check, const struct sy_weigh_job *job,
				       struct sy_passing_tensors *passing)
{
	enum sy_status status = SY_OK;

	if (job->status != SY_OK)
		return SY_OK;
	for (size_t i = 0; i < passing->n && status == SY_OK; i++) {
		const struct sy_weigh_part *part = &passing->parts[i];

		if (part->dtype)
			passing->tensors[i]->values = part->values;
		if (part->digest.len > 0)
			status = take_digest(check, part, passing->tensors[i]);
	}
	return status;
}

void sy_passing_tensors_free(struct sy_context *ctx, struct sy_passing_tensors *passing)
{
	sy_release(ctx, passing->parts);
	sy_release(ctx, passing->tensors);
	*passing = (struct sy_passing_tensors){ 0 };
}
