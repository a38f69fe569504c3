/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata of the files with tensors.  What inspect shows of a long value is only its
 * beginning: such values are compared by the digest of their bytes.
 */
#include <string.h>

#include "verifier/base/ckd.h"
#include "verifier/digest/hasher.h"
#include "verifier/engine/diff.h"

#define BLOCK 65536u	/* bytes */
#define SHOWN 65000u	/* a value below is whole */

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

/* Numbers of the other byte order are not the same bytes. */
static bool is_big_endian(const struct sy_report *report)
{
	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_artifact *a = &report->artifacts[i];

		for (size_t k = 0; k < a->n_kept_tensors; k++) {
			if (a->tensors[k].is_big_endian)
				return true;
		}
	}
	return false;
}

static bool is_cut(const struct sy_meta *meta)
{
	return sy_span_starts(meta->type, "array") || meta->value.len >= SHOWN;
}

/* What a split set says about itself is no property of the model. */
static bool is_about_files(struct sy_span key)
{
	return sy_span_is(key, "split.no") || sy_span_is(key, "split.count") ||
	       sy_span_is(key, "split.tensors.count");
}

static enum sy_status hash_range(struct sy_context *ctx, struct sy_source *source, uint64_t off,
				 uint64_t len, struct sy_hasher *hasher)
{
	enum sy_status status = SY_OK;
	uint8_t *buf = sy_alloc_unset(ctx, BLOCK);

	if (!buf)
		return sy_memory_status(ctx);
	while (len > 0 && status == SY_OK) {
		size_t n = len < BLOCK ? (size_t)len : BLOCK;

		status = sy_source_read(source, off, buf, n);
		if (status == SY_OK)
			sy_hasher_update(hasher, buf, n);
		off += n;
		len -= n;
	}
	sy_release(ctx, buf);
	return status;
}

static enum sy_status sum_of(struct sy_report *report, struct sy_source *source,
			     const struct sy_meta *meta, const uint8_t **sum)
{
	struct sy_hasher *hasher = NULL;
	struct sy_digest digest;
	struct sy_span copy;
	uint64_t end;
	enum sy_status status = sy_hasher_new(report->ctx, SY_SHA256, 0, &hasher);

	if (status == SY_OK && (ckd_add(&end, meta->off, meta->len) || end > source->size))
		status = sy_fail(report->ctx, SY_CHANGED, "the file is shorter now");
	if (status == SY_OK)
		status = hash_range(report->ctx, source, meta->off, meta->len, hasher);
	if (status == SY_OK)
		status = sy_hasher_final(hasher, &digest);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, sy_span_of(digest.bytes, 32), &copy);
	sy_hasher_free(&hasher);
	*sum = status == SY_OK ? copy.data : NULL;
	return status;
}

static enum sy_status add_meta(struct sy_diff *diff, const struct sy_meta *meta,
			       const uint8_t *sum, bool is_a)
{
	const struct sy_pair_side side = {
		.is_there = true, .type = meta->type, .value = meta->value, .sum = sum,
	};
	struct sy_pair pair = { .key = meta->key };

	if (is_a)
		pair.a = side;
	else
		pair.b = side;
	return sy_pairs_add(diff->a->ctx, &diff->metas, &pair);
}

static bool has_cut(const struct sy_artifact *a)
{
	for (size_t i = 0; i < a->n_metas; i++) {
		if (is_cut(&a->metas[i]))
			return true;
	}
	return false;
}

/* One of the two models, while its metadata are taken. */
struct taking {
	struct sy_diff *diff;
	struct sy_report *report;
	bool is_a;
	bool is_hashed;		/* long values are compared by digest */
};

/* `source`: NULL, where nothing is compared by digest. */
static enum sy_status add_artifact(const struct taking *t, const struct sy_artifact *a,
				   struct sy_source *source)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < a->n_metas && status == SY_OK; i++) {
		const struct sy_meta *meta = &a->metas[i];
		const uint8_t *sum = NULL;

		if (is_about_files(meta->key))
			continue;
		if (source && is_cut(meta))
			status = sum_of(t->report, source, meta, &sum);
		if (status == SY_OK)
			status = add_meta(t->diff, meta, sum, t->is_a);
	}
	return status;
}

/* A file that cannot be read again leaves its long values undetermined. */
static enum sy_status say_why(struct sy_diff *diff, enum sy_status status,
			      const struct sy_artifact *a)
{
	struct sy_context *ctx = diff->a->ctx;

	if (status == SY_OK || status == SY_CANCELLED || status == SY_NO_MEMORY)
		return status;
	if (diff->why_metas.len == 0) {
		sy_text_name(&diff->why_metas, a->path);
		sy_text_addf(&diff->why_metas, ": %s", ctx->error.text);
	}
	sy_error_clear(ctx);
	return SY_OK;
}

static enum sy_status add_hashed(const struct taking *t, const struct sy_artifact *a)
{
	struct sy_source source;
	enum sy_status status = sy_diff_open(t->report->ctx, a, &source);

	if (status == SY_OK) {
		status = add_artifact(t, a, &source);
		sy_source_close(&source);
	}
	return say_why(t->diff, status, a);
}

static enum sy_status add_report(const struct taking *t)
{
	struct sy_text *why = &t->diff->why_metas;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < t->report->n_artifacts && status == SY_OK; i++) {
		const struct sy_artifact *a = &t->report->artifacts[i];

		if (a->n_kept_tensors == 0)
			continue;
		if (has_cut(a) && t->is_hashed)
			status = add_hashed(t, a);
		else
			status = add_artifact(t, a, NULL);
		if (has_cut(a) && !t->is_hashed && why->len == 0)
			sy_text_add(why, "long values in another byte order");
	}
	return status;
}

static enum sy_status add_both(struct sy_diff *diff, bool is_hashed)
{
	const struct taking a = { diff, diff->a, true, is_hashed };
	const struct taking b = { diff, diff->b, false, is_hashed };
	enum sy_status status = add_report(&a);

	return status == SY_OK ? add_report(&b) : status;
}

enum sy_status sy_diff_metadata(struct sy_diff *diff)
{
	struct sy_span format = format_of(diff->a);
	bool is_hashed = is_big_endian(diff->a) == is_big_endian(diff->b);
	enum sy_status status;

	sy_text_init(&diff->why_metas);
	diff->is_meta_compared = format.len > 0 && sy_span_equal(format, format_of(diff->b));
	if (!diff->is_meta_compared)
		return SY_OK;
	status = add_both(diff, is_hashed);
	/* One could not be read again: what is shown is all there is. */
	if (status == SY_OK && is_hashed && diff->why_metas.len > 0) {
		diff->metas.n = 0;
		status = add_both(diff, false);
	}
	sy_pairs_join(&diff->metas);
	return status;
}
