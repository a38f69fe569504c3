/* SPDX-License-Identifier: Apache-2.0 */
/* How jobs are cut: whole, by their parts, or into pieces of a BLAKE3 tree. */
#include "verifier/digest/units.h"

#include <stdlib.h>

#include "verifier/base/ckd.h"

/* Small enough that the cores end together, large enough to be worth an open. */
#define PIECE_BYTES (UINT64_C(8) << 20)
#define PIECES_MAX 65536u	/* of a job; beyond, pieces grow */

static uint64_t piece_len(const struct sy_weigh *weigh, uint64_t size)
{
	uint64_t len = weigh->piece_len ? weigh->piece_len : PIECE_BYTES;

	while (size / len >= PIECES_MAX)
		len *= 2;
	return len;
}

static bool is_tree(const struct sy_weigh *weigh, const struct sy_weigh_job *job)
{
	return job->algorithms == 1u << SY_BLAKE3 && job->n_parts == 0 &&
	       job->size > piece_len(weigh, job->size);
}

static bool is_split(const struct sy_weigh *weigh, const struct sy_weigh_job *job)
{
	return is_tree(weigh, job) || (job->algorithms == 0 && job->n_parts > 0);
}

static size_t count_units(const struct sy_weigh *weigh, const struct sy_weigh_job *job)
{
	uint64_t len;

	if (!is_split(weigh, job))
		return 1;
	if (job->n_parts > 0)
		return job->n_parts;
	len = piece_len(weigh, job->size);
	return (size_t)(job->size / len + (job->size % len > 0));
}

static enum sy_status count_all(struct sy_units *units, const struct sy_weigh *weigh,
				size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < weigh->n_jobs; i++) {
		if (ckd_add(n, *n, count_units(weigh, &weigh->jobs[i])))
			return sy_fail(units->ctx, SY_LIMIT, "too many parts to weigh");
		units->n_splits += is_split(weigh, &weigh->jobs[i]);
	}
	return SY_OK;
}

static void add_unit(struct sy_units *units, const struct sy_unit *unit)
{
	units->items[units->n++] = *unit;
}

static void add_parts(struct sy_units *units, struct sy_weigh_job *job,
		      struct sy_split *split)
{
	for (size_t i = 0; i < job->n_parts; i++)
		add_unit(units, &(struct sy_unit){
				.job = job, .split = split, .index = i,
				.start = job->parts[i].start, .len = job->parts[i].len });
}

static enum sy_status add_pieces(struct sy_units *units, struct sy_weigh_job *job,
				 struct sy_split *split, uint64_t len)
{
	split->values = sy_alloc_array(units->ctx, split->n_left, SY_BLAKE3_LEN);
	if (!split->values)
		return sy_memory_status(units->ctx);
	for (size_t i = 0; i < split->n_left; i++) {
		uint64_t left = job->size - i * len;

		add_unit(units, &(struct sy_unit){
				.job = job, .split = split, .index = i,
				.start = i * len, .len = left < len ? left : len });
	}
	return SY_OK;
}

static enum sy_status add_job(struct sy_units *units, const struct sy_weigh *weigh,
			      struct sy_weigh_job *job)
{
	struct sy_split *split;

	if (!is_split(weigh, job)) {
		add_unit(units, &(struct sy_unit){ .job = job, .len = job->size });
		return SY_OK;
	}
	split = &units->splits[units->n_splits++];
	split->n_units = split->n_left = count_units(weigh, job);
	if (is_tree(weigh, job))
		return add_pieces(units, job, split, piece_len(weigh, job->size));
	add_parts(units, job, split);
	return SY_OK;
}

/* Longest first; of one length in the order of jobs and of offsets. */
static int compare_units(const void *a, const void *b)
{
	const struct sy_unit *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? 1 : -1;
	if (x->job != y->job)
		return x->job > y->job ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

enum sy_status sy_units_make(struct sy_units *units, struct sy_context *ctx,
			     const struct sy_weigh *weigh)
{
	enum sy_status status;
	size_t n;

	*units = (struct sy_units){ .ctx = ctx };
	status = count_all(units, weigh, &n);
	if (status != SY_OK)
		return status;
	units->items = sy_alloc_array(ctx, n, sizeof(*units->items));
	units->splits = sy_alloc_array(ctx, units->n_splits, sizeof(*units->splits));
	units->n_splits = 0;
	if (!units->items || !units->splits)
		status = sy_memory_status(ctx);
	for (size_t i = 0; i < weigh->n_jobs && status == SY_OK; i++)
		status = add_job(units, weigh, &weigh->jobs[i]);
	if (status != SY_OK) {
		sy_units_free(units);
		return status;
	}
	qsort(units->items, units->n, sizeof(*units->items), compare_units);
	return SY_OK;
}

void sy_units_free(struct sy_units *units)
{
	for (size_t i = 0; i < units->n_splits; i++)
		sy_release(units->ctx, units->splits[i].values);
	sy_release(units->ctx, units->splits);
	sy_release(units->ctx, units->items);
	*units = (struct sy_units){ .ctx = units->ctx };
}

void sy_units_join(const struct sy_unit *unit)
{
	const struct sy_split *split = unit->split;
	struct sy_digest *digest = &unit->job->digests[SY_BLAKE3];

	if (!split->values)
		return;		/* parts have their digests */
	*digest = (struct sy_digest){ .algorithm = SY_BLAKE3, .len = SY_BLAKE3_LEN };
	sy_blake3_join((const uint8_t (*)[SY_BLAKE3_LEN])split->values, split->n_units,
		       digest->bytes);
}
