/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of those tensors that have none yet (they come with the file's own, where that
 * is asked for), one file after the other: those whose stored bytes are their data are
 * parts of one weighing job; the others are turned and hashed by themselves.
 */
#include <string.h>

#include "verifier/base/ckd.h"
#include "verifier/digest/hasher.h"
#include "verifier/digest/view.h"
#include "verifier/digest/weigh.h"
#include "verifier/engine/check.h"
#include "verifier/engine/model.h"

#define BLOCK 65536	/* bytes */

/* Tensors may lie on the same bytes; a file that is mostly that costs no more than
 * reading it so many times. */
#define READINGS_MAX 8u

struct weighing {
	struct sy_check *check;
	size_t entry;
	struct sy_artifact *artifact;
	struct sy_weigh_part *parts;	/* tensor i is part i */
	uint64_t n_without;		/* tensors without digests */
	uint64_t n_derived;
	struct sy_text why;		/* of the first of them */
	uint64_t n_read;
};

static void leave_out(struct weighing *w, const struct sy_tensor *tensor, const char *why)
{
	if (w->n_without++ > 0)
		return;
	sy_text_name(&w->why, tensor->name);
	sy_text_add(&w->why, ": ");
	sy_text_add(&w->why, why);
}

static enum sy_status open_file(void *user, size_t id, struct sy_context *ctx,
				struct sy_source *source)
{
	const struct weighing *w = user;

	return sy_entry_open(&w->check->inventory, id, ctx, source);
}

/* What each tensor needs; true: the stored bytes of at least one are hashed. */
static bool plan(struct weighing *w)
{
	uint64_t room, sum = 0;
	bool is_needed = false;

	if (ckd_mul(&room, w->artifact->size, (uint64_t)READINGS_MAX))
		room = UINT64_MAX;
	for (size_t i = 0; i < w->artifact->n_kept_tensors; i++) {
		const struct sy_tensor *tensor = &w->artifact->tensors[i];
		struct sy_view view;

		if (tensor->digests || sy_model_view(tensor, &view))
			continue;
		if (tensor->len > room - sum)
			continue;
		sum += tensor->len;
		w->parts[i].start = tensor->off;
		w->parts[i].len = tensor->len;
		w->parts[i].digest.len = 1;	/* wanted */
		is_needed = true;
	}
	return is_needed;
}

/* Parts that nobody wants are empty, and cost nothing. */
static enum sy_status weigh_parts(struct weighing *w, bool *wanted)
{
	struct sy_weigh_job job = {
		.id = w->entry, .size = w->artifact->size, .parts = w->parts,
		.n_parts = w->artifact->n_kept_tensors, .part_algorithm = SY_SHA256,
	};
	struct sy_weigh weigh = {
		.open = open_file, .user = w, .jobs = &job, .n_jobs = 1,
		.n_threads = w->check->options->jobs,
	};
	enum sy_status status;

	for (size_t i = 0; i < w->artifact->n_kept_tensors; i++) {
		wanted[i] = w->parts[i].digest.len > 0;
		w->parts[i].digest.len = 0;
	}
	status = sy_weigh_run(w->check->ctx, &weigh);
	w->n_read += job.n_read;
	if (status != SY_OK || job.status == SY_OK)
		return status;
	memset(wanted, 0, w->artifact->n_kept_tensors * sizeof(*wanted));
	return sy_check_failed(w->check, w->entry, job.status, job.why);
}

static enum sy_status hash_view(struct weighing *w, const struct sy_view *view,
				struct sy_source *source, uint8_t digest[32])
{
	struct sy_context *ctx = w->check->ctx;
	struct sy_view_reader reader;
	struct sy_hasher *hasher = NULL;
	struct sy_digest value;
	uint8_t buf[BLOCK / 8];
	size_t len = 0;
	enum sy_status status = sy_view_open(&reader, view, source);

	if (status == SY_OK)
		status = sy_hasher_new(ctx, SY_SHA256, 0, &hasher);
	do {
		if (status == SY_OK && sy_cancelled(ctx))
			status = sy_fail(ctx, SY_CANCELLED, "interrupted");
		if (status == SY_OK)
			status = sy_view_read(&reader, buf, sizeof(buf), &len);
		if (status == SY_OK)
			sy_hasher_update(hasher, buf, len);
	} while (status == SY_OK && len > 0);
	sy_view_close(&reader);
	if (status == SY_OK)
		status = sy_hasher_final(hasher, &value);
	if (status == SY_OK)
		memcpy(digest, value.bytes, sizeof(value.bytes) / 2);
	sy_hasher_free(&hasher);
	return status;
}

/* Its data is another order of its stored bytes. */
static enum sy_status turn_tensor(struct weighing *w, const struct sy_view *view,
				  struct sy_tensor_digests *digests)
{
	struct sy_source source;
	enum sy_status status = open_file(w, w->entry, w->check->ctx, &source);

	if (status != SY_OK)
		return status;
	status = hash_view(w, view, &source, digests->data);
	if (status == SY_OK)
		status = sy_source_unchanged(&source);
	sy_source_close(&source);
	return status;
}

static enum sy_status take_part(struct weighing *w, size_t i)
{
	struct sy_tensor *tensor = &w->artifact->tensors[i];
	struct sy_tensor_digests *digests =
		sy_arena_alloc(&w->check->report->arena, sizeof(*digests));
	struct sy_view view;
	const char *why = sy_model_view(tensor, &view);
	enum sy_status status = SY_OK;

	if (!digests)
		return sy_memory_status(w->check->ctx);
	if (why || w->parts[i].digest.len != sizeof(digests->raw))
		return SY_OK;
	/* Bytes between its elements are not its own. */
	digests->has_raw = !view.has_strides || view.len == view.n_data;
	memcpy(digests->raw, w->parts[i].digest.bytes, sizeof(digests->raw));
	memcpy(digests->data, digests->raw, sizeof(digests->data));
	if (!sy_view_is_plain(&view))
		status = turn_tensor(w, &view, digests);
	if (status == SY_OK)
		status = sy_model_tensor(w->check->ctx, tensor, digests);
	if (status == SY_OK)
		tensor->digests = digests;
	return status;
}

/* The worker's word for the data; type and shape are looked at here. */
static enum sy_status take_derived(struct weighing *w, struct sy_tensor *tensor)
{
	struct sy_view view;

	w->n_derived++;
	(void)sy_model_view(tensor, &view);
	if (view.dtype)
		return sy_model_tensor(w->check->ctx, tensor, tensor->digests);
	tensor->digests = NULL;
	return SY_OK;
}

static enum sy_status take_all(struct weighing *w, const bool *wanted)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < w->artifact->n_kept_tensors && status == SY_OK; i++) {
		struct sy_tensor *tensor = &w->artifact->tensors[i];
		struct sy_view view;
		const char *why = sy_model_view(tensor, &view);

		if (tensor->digests && tensor->digests->is_derived)
			status = take_derived(w, tensor);
		else if (wanted[i])
			status = take_part(w, i);
		if (!tensor->digests && status == SY_OK)
			leave_out(w, tensor, why ? why : "its bytes were not read: they "
				  "changed, or too many tensors lie on the same bytes");
	}
	if (status == SY_OK || status == SY_CANCELLED || status == SY_NO_MEMORY ||
	    status == SY_LIMIT)
		return status;
	status = sy_check_failed(w->check, w->entry, status, w->check->ctx->error.text);
	sy_error_clear(w->check->ctx);
	return status;
}

static enum sy_status tell(struct weighing *w)
{
	struct sy_report *report = w->check->report;
	enum sy_status status = SY_OK;

	if (w->n_derived > 0)
		status = sy_report_add_notice(report, "tensors-derived", w->artifact->path,
					      "the digests of %llu tensors rest on what the "
					      "process that unpacked them said",
					      (unsigned long long)w->n_derived);
	if (status != SY_OK || w->n_without == 0)
		return status;
	return sy_report_add_notice(report, "tensors-without-digest", w->artifact->path,
				    "%llu of %zu tensors have no digest; the first is %s",
				    (unsigned long long)w->n_without,
				    w->artifact->n_kept_tensors, w->why.data);
}

static enum sy_status weigh_file(struct weighing *w)
{
	struct sy_context *ctx = w->check->ctx;
	size_t n = w->artifact->n_kept_tensors;
	bool *wanted = sy_alloc_array(ctx, n + 1, sizeof(*wanted));
	enum sy_status status = SY_OK;

	w->parts = sy_alloc_array(ctx, n + 1, sizeof(*w->parts));
	if (!w->parts || !wanted)
		status = sy_memory_status(ctx);
	if (status == SY_OK && plan(w))
		status = weigh_parts(w, wanted);
	if (status == SY_OK)
		status = take_all(w, wanted);
	if (status == SY_OK)
		status = tell(w);
	if (w->artifact->bytes_hashed < w->n_read)
		w->artifact->bytes_hashed = w->n_read < w->artifact->size ? w->n_read
									  : w->artifact->size;
	sy_release(ctx, wanted);
	sy_release(ctx, w->parts);
	return status;
}

enum sy_status sy_check_weigh_tensors(struct sy_check *check)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < check->report->n_artifacts && status == SY_OK; i++) {
		struct weighing w = { .check = check, .entry = i,
				      .artifact = &check->report->artifacts[i] };

		sy_text_init(&w.why);
		if (w.artifact->n_kept_tensors > 0)
			status = weigh_file(&w);
	}
	return status;
}
