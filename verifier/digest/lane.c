/* SPDX-License-Identifier: Apache-2.0 */
/* One stream of the weigher.  Knows no thread and no other lane but its peers. */
#include "verifier/digest/lane.h"

/* Parts that the whole stream feeds as it passes. */
static bool has_passing_parts(const struct sy_unit *unit)
{
	return !unit->split && unit->job->n_parts > 0;
}

static bool is_piece(const struct sy_unit *unit)
{
	return unit->split && unit->split->values;
}

/* What the lane's own hashers are: a bit mask. */
static unsigned algorithms_of(const struct sy_unit *unit)
{
	if (!unit->split)
		return unit->job->algorithms;
	return is_piece(unit) ? 0 : 1u << unit->job->part_algorithm;
}

static const char *name_of(const struct sy_lane *lane)
{
	return lane->source.name ? lane->source.name : "the file";
}

static enum sy_status check_within(struct sy_lane *lane, uint64_t start, uint64_t len)
{
	if (start <= lane->source.size && len <= lane->source.size - start)
		return SY_OK;
	return sy_fail(lane->ctx, SY_CHANGED, "%s has %llu bytes: %llu at %llu lie "
		       "beyond its end", name_of(lane),
		       (unsigned long long)lane->source.size,
		       (unsigned long long)len, (unsigned long long)start);
}

static enum sy_status start_hashers(struct sy_lane *lane)
{
	unsigned algorithms = algorithms_of(lane->unit);
	enum sy_status status = SY_OK;

	for (unsigned a = 0; a < SY_N_ALGORITHMS && status == SY_OK; a++) {
		if (algorithms & 1u << a)
			status = sy_hasher_new(lane->ctx, (enum sy_algorithm)a,
					       lane->end - lane->pos,
					       &lane->hashers[a]);
	}
	if (is_piece(lane->unit))
		sy_blake3_begin(&lane->tree, sy_blake3_chosen(),
				lane->unit->start / SY_BLAKE3_CHUNK);
	return status;
}

/* A stream passes each byte once: its parts must stand in order. */
static enum sy_status check_passing_parts(struct sy_lane *lane)
{
	const struct sy_weigh_job *job = lane->unit->job;
	enum sy_status status = SY_OK;
	uint64_t end = 0;

	for (size_t i = 0; i < job->n_parts && status == SY_OK; i++) {
		const struct sy_weigh_part *part = &job->parts[i];

		status = check_within(lane, part->start, part->len);
		if (status == SY_OK && part->start < end)
			status = sy_fail(lane->ctx, SY_USAGE, "parts of %s overlap, or "
					 "are not sorted", name_of(lane));
		end = part->start + part->len;
	}
	return status;
}

/* Where the unit begins and ends in the source that is open now. */
static enum sy_status set_bounds(struct sy_lane *lane)
{
	const struct sy_unit *unit = lane->unit;
	enum sy_status status;

	lane->pos = 0;
	lane->end = lane->source.size;
	if (!unit->split)
		return has_passing_parts(unit) ? check_passing_parts(lane) : SY_OK;
	status = check_within(lane, unit->start, unit->len);
	if (status != SY_OK)
		return status;
	lane->pos = unit->start;
	lane->end = unit->start + unit->len;
	return SY_OK;
}

enum sy_status sy_lane_begin(struct sy_lane *lane, const struct sy_weigh *weigh,
			     const struct sy_unit *unit)
{
	enum sy_status status;

	lane->unit = unit;
	lane->data = lane->block;
	lane->at = lane->have = 0;
	lane->source = (struct sy_source){ .fd = -1 };
	status = weigh->open(weigh->user, unit->job->id, lane->ctx, &lane->source);
	if (status != SY_OK) {
		lane->source = (struct sy_source){ .fd = -1 };
		return status;
	}
	status = set_bounds(lane);
	if (status == SY_OK)
		status = start_hashers(lane);
	if (status == SY_OK && has_passing_parts(unit))
		sy_passing_begin(&lane->passing, lane->ctx, unit->job);
	return status;
}

bool sy_lane_share(struct sy_lane *lane)
{
	struct sy_span waiting = sy_span_of(lane->data + lane->at, lane->have - lane->at);

	if (lane->source.parent)
		return false;	/* its errors are told through one context */
	lane->ring = sy_ring_new(lane->ctx, &lane->source, lane->pos, lane->end,
				 lane->ring_len);
	if (!lane->ring)
		return false;
	if (lane->passing.job)
		lane->ring->passing = &lane->passing;
	waiting = sy_ring_put(lane->ring, waiting);
	lane->data = waiting.data;
	lane->at = 0;
	lane->have = waiting.len;
	return true;
}

/* What went wrong with the parts is told as this lane's. */
static enum sy_status check_parts(struct sy_lane *lane, enum sy_status status)
{
	if (status == SY_OK)
		return SY_OK;
	return sy_fail(lane->ctx, status, "%s", lane->passing.ctx.error.text);
}

/* *have 0: who was beside it has ended, and the lane goes on alone. */
static enum sy_status read_ring(struct sy_lane *lane)
{
	struct sy_span block;
	enum sy_status status;

	if (lane->data != lane->block)
		sy_ring_drop(lane->ring);
	lane->data = lane->block;
	status = sy_ring_take(lane->ring, &block);
	lane->have = block.len;
	if (block.len > 0)
		lane->data = block.data;
	if (status != SY_OK || block.len > 0)
		return status;
	status = check_parts(lane, sy_ring_join(lane->ring));
	sy_ring_free(&lane->ring, lane->ctx);
	return status;
}

enum sy_status sy_lane_read(struct sy_lane *lane)
{
	uint64_t left = lane->end - lane->pos;
	size_t len = left < lane->block_len ? (size_t)left : lane->block_len;
	enum sy_status status;

	if (sy_cancelled(lane->ctx))
		return sy_fail(lane->ctx, SY_CANCELLED, "interrupted");
	lane->at = lane->have = 0;
	status = lane->ring ? read_ring(lane) : SY_OK;
	if (status == SY_OK && lane->have == 0) {
		status = sy_source_read(&lane->source, lane->pos, lane->block, len);
		lane->have = status == SY_OK ? len : 0;
	}
	lane->pos += lane->have;
	return status;
}

/* --- feeding ---------------------------------------------------------------------- */

static struct sy_span next_bytes(const struct sy_lane *lane, size_t n)
{
	return sy_span_of(lane->data + lane->at, n);
}

static void advance(struct sy_lane *lane, size_t n)
{
	lane->at += n;
	if (!lane->unit->split)
		lane->unit->job->n_read += n;
}

/* All hashers but those of the mask, which have had these bytes. */
static void feed_others(struct sy_lane *lane, size_t n, unsigned fed)
{
	struct sy_span bytes = next_bytes(lane, n);

	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if (lane->hashers[a] && !(fed & 1u << a))
			sy_hasher_update(lane->hashers[a], bytes.data, bytes.len);
	}
	if (is_piece(lane->unit))
		sy_blake3_add(&lane->tree, bytes.data, bytes.len);
	advance(lane, n);
}

enum sy_status sy_lane_feed(struct sy_lane *lane, size_t n)
{
	enum sy_algorithm algorithm = lane->unit->job->part_algorithm;
	struct sy_hasher *whole = NULL;
	enum sy_status status;

	if (!lane->passing.job || lane->ring) {
		feed_others(lane, n, 0);
		return SY_OK;
	}
	if (algorithm < SY_N_ALGORITHMS)
		whole = lane->hashers[algorithm];
	status = sy_passing_feed(&lane->passing, next_bytes(lane, n), whole);
	feed_others(lane, n, whole ? 1u << algorithm : 0);
	return check_parts(lane, status);
}

bool sy_lane_has_peers(const struct sy_lane *lane)
{
	return lane->hashers[SY_SHA256] &&
	       !(lane->passing.job && sy_passing_has_digests(lane->passing.job));
}

void sy_lane_feed_many(struct sy_lane *const *lanes, size_t n_lanes, size_t n)
{
	struct sy_hasher *hashers[SY_HASHERS_MAX] = { NULL };
	struct sy_span data[SY_HASHERS_MAX] = { { 0 } };

	for (size_t i = 0; i < n_lanes; i++) {
		hashers[i] = lanes[i]->hashers[SY_SHA256];
		data[i] = next_bytes(lanes[i], n);
	}
	sy_hasher_update_many(hashers, data, n_lanes);
	for (size_t i = 0; i < n_lanes; i++) {
		/* Whether that failed is asked at the end. */
		if (lanes[i]->passing.job && !lanes[i]->ring)
			(void)!sy_passing_feed(&lanes[i]->passing, data[i], NULL);
		feed_others(lanes[i], n, 1u << SY_SHA256);
	}
}

/* --- the end ---------------------------------------------------------------------- */

/* Where a digest of the lane's own hashers belongs. */
static struct sy_digest *digest_of(const struct sy_lane *lane, unsigned algorithm)
{
	const struct sy_unit *unit = lane->unit;

	return unit->split ? &unit->job->parts[unit->index].digest
			   : &unit->job->digests[algorithm];
}

enum sy_status sy_lane_end(struct sy_lane *lane)
{
	enum sy_status status = lane->ring ? sy_ring_join(lane->ring) : SY_OK;

	if (status == SY_OK && lane->passing.job)
		status = sy_passing_end(&lane->passing);
	status = check_parts(lane, status);
	if (status == SY_OK)
		status = sy_source_unchanged(&lane->source);
	for (unsigned a = 0; a < SY_N_ALGORITHMS && status == SY_OK; a++) {
		if (lane->hashers[a])
			status = sy_hasher_final(lane->hashers[a], digest_of(lane, a));
	}
	if (is_piece(lane->unit))
		sy_blake3_value(&lane->tree, lane->unit->split->values[lane->unit->index]);
	return status;
}

void sy_lane_close(struct sy_lane *lane)
{
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++)
		sy_hasher_free(&lane->hashers[a]);
	sy_ring_free(&lane->ring, lane->ctx);
	sy_passing_close(&lane->passing);
	if (lane->source.ctx)
		sy_source_close(&lane->source);
	lane->source = (struct sy_source){ .fd = -1 };
	lane->unit = NULL;
}

uint64_t sy_lane_left(const struct sy_lane *lane)
{
	return lane->end - lane->pos + (lane->have - lane->at);
}
