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
	lane->part = 0;
	lane->source = (struct sy_source){ .fd = -1 };
	status = weigh->open(weigh->user, unit->job->id, lane->ctx, &lane->source);
	if (status != SY_OK) {
		lane->source = (struct sy_source){ .fd = -1 };
		return status;
	}
	status = set_bounds(lane);
	return status == SY_OK ? start_hashers(lane) : status;
}

bool sy_lane_share(struct sy_lane *lane)
{
	if (lane->source.parent)
		return false;	/* its errors are told through one context */
	lane->ring = sy_ring_new(lane->ctx, &lane->source, lane->pos, lane->end,
				 lane->ring_len);
	return lane->ring != NULL;
}

/* False when the reader gave up: the lane reads on, and learns why. */
static bool read_ring(struct sy_lane *lane)
{
	struct sy_span block;

	if (lane->data != lane->block)
		sy_ring_drop(lane->ring);
	if (!sy_ring_take(lane->ring, &block)) {
		lane->data = lane->block;
		sy_ring_free(&lane->ring, lane->ctx);
		return false;
	}
	lane->data = block.data;
	lane->have = block.len;
	return true;
}

enum sy_status sy_lane_read(struct sy_lane *lane)
{
	uint64_t left = lane->end - lane->pos;
	size_t len = left < lane->block_len ? (size_t)left : lane->block_len;
	enum sy_status status;

	if (sy_cancelled(lane->ctx))
		return sy_fail(lane->ctx, SY_CANCELLED, "interrupted");
	lane->at = lane->have = 0;
	if (!lane->ring || !read_ring(lane)) {
		status = sy_source_read(&lane->source, lane->pos, lane->block, len);
		if (status != SY_OK)
			return status;
		lane->have = len;
	}
	lane->pos += lane->have;
	return SY_OK;
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

static enum sy_status end_part(struct sy_lane *lane)
{
	struct sy_weigh_part *part = &lane->unit->job->parts[lane->part++];
	enum sy_status status = sy_hasher_final(lane->part_hasher, &part->digest);

	sy_hasher_free(&lane->part_hasher);
	return status;
}

/* Parts that begin and end here: empty ones, and what the last bytes ended. */
static enum sy_status pass_parts(struct sy_lane *lane, uint64_t off)
{
	const struct sy_weigh_job *job = lane->unit->job;
	enum sy_status status = SY_OK;

	while (status == SY_OK && lane->part < job->n_parts) {
		const struct sy_weigh_part *part = &job->parts[lane->part];

		if (!lane->part_hasher && part->start <= off)
			status = sy_hasher_new(lane->ctx, job->part_algorithm, part->len,
					       &lane->part_hasher);
		if (status != SY_OK || part->start + part->len > off)
			break;
		status = end_part(lane);
	}
	return status;
}

/* Up to where nothing changes: the beginning or the end of the next part. */
static uint64_t next_edge(const struct sy_lane *lane, uint64_t end)
{
	const struct sy_weigh_job *job = lane->unit->job;
	uint64_t edge;

	if (lane->part == job->n_parts)
		return end;
	edge = job->parts[lane->part].start;
	if (lane->part_hasher)
		edge += job->parts[lane->part].len;
	return edge < end ? edge : end;
}

/* The whole and its part over the same bytes, side by side where that is possible. */
static void feed_both(struct sy_lane *lane, size_t n)
{
	struct sy_span bytes = next_bytes(lane, n);
	enum sy_algorithm algorithm = lane->unit->job->part_algorithm;
	struct sy_hasher *whole = lane->hashers[algorithm];

	if (whole)
		sy_hasher_update_many((struct sy_hasher *[]){ whole, lane->part_hasher },
				      (struct sy_span[]){ bytes, bytes }, 2);
	else
		sy_hasher_update(lane->part_hasher, bytes.data, bytes.len);
	feed_others(lane, n, 1u << algorithm);
}

enum sy_status sy_lane_feed(struct sy_lane *lane, size_t n)
{
	uint64_t off = lane->pos - (lane->have - lane->at), end = off + n;
	enum sy_status status = SY_OK;

	if (!has_passing_parts(lane->unit)) {
		feed_others(lane, n, 0);
		return SY_OK;
	}
	while (off < end) {
		uint64_t edge;

		status = pass_parts(lane, off);
		if (status != SY_OK)
			return status;
		edge = next_edge(lane, end);
		if (lane->part_hasher)
			feed_both(lane, (size_t)(edge - off));
		else
			feed_others(lane, (size_t)(edge - off), 0);
		off = edge;
	}
	return SY_OK;
}

bool sy_lane_has_peers(const struct sy_lane *lane)
{
	return lane->hashers[SY_SHA256] && !has_passing_parts(lane->unit);
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
	for (size_t i = 0; i < n_lanes; i++)
		feed_others(lanes[i], n, 1u << SY_SHA256);
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
	enum sy_status status = sy_source_unchanged(&lane->source);

	if (status == SY_OK && has_passing_parts(lane->unit))
		status = pass_parts(lane, lane->end);
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
	sy_hasher_free(&lane->part_hasher);
	sy_ring_free(&lane->ring, lane->ctx);
	if (lane->source.ctx)
		sy_source_close(&lane->source);
	lane->source = (struct sy_source){ .fd = -1 };
	lane->unit = NULL;
}

uint64_t sy_lane_left(const struct sy_lane *lane)
{
	return lane->end - lane->pos + (lane->have - lane->at);
}
