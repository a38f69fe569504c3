/* SPDX-License-Identifier: Apache-2.0 */
/* Parts as their bytes pass.  They are sorted and do not overlap. */
#include "verifier/digest/passing.h"

void sy_passing_begin(struct sy_passing *p, const struct sy_context *ctx,
		      struct sy_weigh_job *job)
{
	*p = (struct sy_passing){ .job = job };
	sy_context_copy(&p->ctx, ctx);
}

bool sy_passing_has_digests(const struct sy_weigh_job *job)
{
	return job->n_parts > 0 && job->part_algorithm < SY_N_ALGORITHMS;
}

static enum sy_status begin_part(struct sy_passing *p, const struct sy_weigh_part *part)
{
	enum sy_status status = SY_OK;

	if (part->dtype && !p->stats)
		status = sy_stats_new(&p->ctx, &p->stats);
	if (status == SY_OK && sy_passing_has_digests(p->job))
		status = sy_hasher_new(&p->ctx, p->job->part_algorithm, part->len,
				       &p->hasher);
	if (status == SY_OK && part->dtype)
		sy_stats_begin(p->stats, part->dtype);
	p->is_inside = status == SY_OK;
	return status;
}

static enum sy_status end_part(struct sy_passing *p, struct sy_weigh_part *part)
{
	enum sy_status status = SY_OK;

	if (p->hasher)
		status = sy_hasher_final(p->hasher, &part->digest);
	sy_hasher_free(&p->hasher);
	if (part->dtype)
		sy_stats_end(p->stats, part->values);
	p->is_inside = false;
	p->part++;
	return status;
}

/* Parts that begin and end here: empty ones, and what the last bytes ended. */
static enum sy_status turn_parts(struct sy_passing *p)
{
	enum sy_status status = SY_OK;

	while (status == SY_OK && p->part < p->job->n_parts) {
		struct sy_weigh_part *part = &p->job->parts[p->part];

		if (!p->is_inside && part->start <= p->off)
			status = begin_part(p, part);
		if (status != SY_OK || part->start + part->len > p->off)
			break;
		status = end_part(p, part);
	}
	return status;
}

/* Up to where nothing changes: the beginning or the end of the next part. */
static uint64_t next_edge(const struct sy_passing *p, uint64_t end)
{
	uint64_t edge;

	if (p->part == p->job->n_parts)
		return end;
	edge = p->job->parts[p->part].start;
	if (p->is_inside)
		edge += p->job->parts[p->part].len;
	return edge < end ? edge : end;
}

static void feed(struct sy_passing *p, struct sy_span bytes, struct sy_hasher *whole)
{
	if (p->is_inside && p->job->parts[p->part].dtype)
		sy_stats_add(p->stats, bytes.data, bytes.len);
	if (whole && p->hasher)
		sy_hasher_update_many((struct sy_hasher *[]){ whole, p->hasher },
				      (struct sy_span[]){ bytes, bytes }, 2);
	else if (whole || p->hasher)
		sy_hasher_update(whole ? whole : p->hasher, bytes.data, bytes.len);
	p->off += bytes.len;
}

enum sy_status sy_passing_feed(struct sy_passing *p, struct sy_span bytes,
			       struct sy_hasher *whole)
{
	uint64_t start = p->off, end = start + bytes.len;

	while (p->off < end && p->status == SY_OK) {
		size_t at = (size_t)(p->off - start);

		p->status = turn_parts(p);
		if (p->status != SY_OK)
			break;
		feed(p, sy_span_slice(bytes, at, (size_t)(next_edge(p, end) - p->off)),
		     whole);
	}
	return p->status;
}

enum sy_status sy_passing_end(struct sy_passing *p)
{
	if (p->status == SY_OK)
		p->status = turn_parts(p);
	return p->status;
}

void sy_passing_close(struct sy_passing *p)
{
	sy_hasher_free(&p->hasher);
	sy_stats_free(&p->stats);
	p->job = NULL;
}
