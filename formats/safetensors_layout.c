/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the tensors of a safetensors file lie: sorted by place, they must tile
 * the data without gap, overlap or rest.  Reads at most the first bytes of
 * tensors, never the weights.
 */
#include "formats/safetensors.h"

#include "formats/payload.h"
#include "verifier/base/ckd.h"

#define PAYLOADS_MAX 65536	/* heads of byte tensors looked at in one file */
#define PAYLOAD_BYTES_MIN 4
#define GAP_HEAD_BYTES 64

static bool is_before(const struct sy_safetensors_entry *a,
		      const struct sy_safetensors_entry *b)
{
	return a->start < b->start || (a->start == b->start && a->end < b->end);
}

/* Merges sorted [lo, mid) and [mid, hi) of `from` into `to`; equals keep order. */
static void merge(const struct sy_safetensors_entry *from,
		  struct sy_safetensors_entry *to, size_t lo, size_t mid, size_t hi)
{
	size_t left = lo, right = mid;

	for (size_t i = lo; i < hi; i++) {
		bool is_right = left >= mid ||
				(right < hi && is_before(&from[right], &from[left]));

		to[i] = is_right ? from[right++] : from[left++];
	}
}

static bool is_sorted(const struct sy_safetensors *st)
{
	for (size_t i = 1; i < st->n_entries; i++) {
		if (is_before(&st->entries[i], &st->entries[i - 1]))
			return false;
	}
	return true;
}

/*
 * Bottom-up merge sort: n log n whatever the order, and stable.  Writers sort,
 * so that ordinary files need neither the time nor the second table.
 */
static enum sy_status sort(struct sy_safetensors *st)
{
	struct sy_safetensors_entry *from = st->entries, *to;
	size_t n = st->n_entries;

	if (is_sorted(st))
		return SY_OK;
	to = sy_alloc_array(st->in->ctx, n, sizeof(*to));
	if (!to)
		return sy_memory_status(st->in->ctx);
	for (size_t width = 1; width < n; width *= 2) {
		struct sy_safetensors_entry *swap = from;

		for (size_t lo = 0; lo < n; lo += 2 * width) {
			size_t mid = lo + width < n ? lo + width : n;
			size_t hi = mid + width < n ? mid + width : n;

			merge(from, to, lo, mid, hi);
		}
		from = to;
		to = swap;
	}
	st->entries = from;
	st->cap_entries = n;
	sy_release(st->in->ctx, to);
	return SY_OK;
}

/* An offset of the data as one of the file, at most 2^64-1. */
static uint64_t in_file(const struct sy_safetensors *st, uint64_t off)
{
	return ckd_add(&off, off, st->data_off) ? UINT64_MAX : off;
}

/* Adds ", which look like ..." when bytes [off, off+len) look like something. */
static enum sy_status add_look(struct sy_safetensors *st, uint64_t off,
			       struct sy_text *text)
{
	const char *look;
	struct sy_span head;
	enum sy_status status;

	if (off >= st->in->source->size)
		return SY_OK;
	status = sy_source_view(st->in->source, off, GAP_HEAD_BYTES, &st->in->arena,
				&head);
	if (status != SY_OK)
		return status;
	look = sy_looks_like(head);
	if (look)
		sy_text_addf(text, "; they look like %s", look);
	return SY_OK;
}

static enum sy_status hole(struct sy_safetensors *st, uint64_t pos,
			   const struct sy_safetensors_entry *next)
{
	struct sy_span name = sy_safetensors_name(st, next);
	struct sy_text text;
	enum sy_status status = SY_OK;

	sy_text_init(&text);
	if (sy_fact_is_wanted(st->in, SY_RULE_SAFETENSORS_OFFSET_HOLE)) {
		sy_text_addf(&text, "%llu bytes before tensor ",
			     (unsigned long long)(next->start - pos));
		sy_text_name(&text, name);
		sy_text_addf(&text, ", from byte %llu, belong to no tensor",
			     (unsigned long long)in_file(st, pos));
		status = add_look(st, in_file(st, pos), &text);
	}
	if (status != SY_OK)
		return status;
	return sy_fact_text(st->in, SY_RULE_SAFETENSORS_OFFSET_HOLE, in_file(st, pos),
			    next->start - pos, name, &text);
}

static enum sy_status overlap(struct sy_safetensors *st,
			      const struct sy_safetensors_entry *reaching,
			      const struct sy_safetensors_entry *next)
{
	uint64_t end = next->end < reaching->end ? next->end : reaching->end;
	struct sy_span name = sy_safetensors_name(st, next);
	struct sy_text text;

	sy_text_init(&text);
	if (sy_fact_is_wanted(st->in, SY_RULE_SAFETENSORS_OFFSET_OVERLAP)) {
		sy_text_add(&text, "tensor ");
		sy_text_name(&text, name);
		sy_text_addf(&text, " begins at byte %llu, inside tensor ",
			     (unsigned long long)in_file(st, next->start));
		sy_text_name(&text, sy_safetensors_name(st, reaching));
		sy_text_addf(&text, ", which ends at %llu",
			     (unsigned long long)in_file(st, reaching->end));
	}
	return sy_fact_text(st->in, SY_RULE_SAFETENSORS_OFFSET_OVERLAP,
			    in_file(st, next->start), end - next->start, name, &text);
}

static enum sy_status truncated(struct sy_safetensors *st,
				const struct sy_safetensors_entry *e)
{
	return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_DATA_TRUNCATED,
				   st->in->source->size, 0, sy_safetensors_name(st, e),
				   "ends at %llu, the file at %llu",
				   (unsigned long long)in_file(st, e->end),
				   (unsigned long long)st->in->source->size);
}

static enum sy_status trailing(struct sy_safetensors *st, uint64_t pos)
{
	uint64_t len = st->data_len - pos;
	struct sy_text text;
	enum sy_status status;

	sy_text_init(&text);
	sy_text_addf(&text, "%llu bytes follow the last tensor, from byte %llu to the end "
		     "of the file at %llu", (unsigned long long)len,
		     (unsigned long long)in_file(st, pos),
		     (unsigned long long)st->in->source->size);
	status = add_look(st, in_file(st, pos), &text);
	if (status != SY_OK)
		return status;
	return sy_fact_text(st->in, SY_RULE_SAFETENSORS_DATA_TRAILING, in_file(st, pos),
			    len, sy_span_str(""), &text);
}

/*
 * `pos` runs along the data; where an entry is missing from the table (n_unplaced)
 * its bytes are not called a hole: that it is missing was said already.
 */
static enum sy_status tile(struct sy_safetensors *st)
{
	const struct sy_safetensors_entry *reaching = NULL;
	enum sy_status status = SY_OK;
	uint64_t pos = 0;

	for (size_t i = 0; i < st->n_entries && status == SY_OK; i++) {
		const struct sy_safetensors_entry *e = &st->entries[i];

		if (e->start > pos && st->n_unplaced == 0)
			status = hole(st, pos, e);
		if (status == SY_OK && e->start < pos && reaching)
			status = overlap(st, reaching, e);
		if (status == SY_OK && e->end > st->data_len)
			status = truncated(st, e);
		if (ckd_add(&st->n_bytes, st->n_bytes, e->end - e->start))
			st->n_bytes = UINT64_MAX;
		if (e->end < pos)
			continue;
		pos = e->end;
		reaching = e;
	}
	st->n_tiled = pos < st->data_len ? pos : st->data_len;
	if (status != SY_OK || pos >= st->data_len || st->n_unplaced > 0)
		return status;
	return trailing(st, pos);
}

/* The dimensions, once more from the header, where they were found good. */
static void read_shape(const struct sy_safetensors *st,
		       const struct sy_safetensors_entry *e, uint64_t *shape)
{
	const uint8_t *at = st->header.data + e->shape_off + 1;

	for (unsigned i = 0; i < e->rank; i++) {
		uint64_t dim = 0;

		while (!sy_is_digit(*at))
			at++;
		for (; sy_is_digit(*at); at++)
			dim = dim * 10 + (uint64_t)(*at - '0');
		shape[i] = dim;
	}
}

static bool is_in_file(const struct sy_safetensors *st,
		       const struct sy_safetensors_entry *e)
{
	return e->end <= st->data_len;
}

static enum sy_status emit_one(struct sy_safetensors *st,
			       const struct sy_safetensors_entry *e)
{
	struct sy_record_tensor tensor = {
		.name = sy_safetensors_name(st, e),
		.dtype = sy_span_str(sy_safetensors_dtypes[e->dtype].name),
		.rank = e->rank,
		.off = in_file(st, e->start),
		.len = e->end - e->start,
	};

	read_shape(st, e, tensor.shape);
	return sy_emit_tensor(st->in, &tensor);
}

/* A tensor without a usable place, type or shape is a finding, not a tensor. */
static enum sy_status emit_tensors(struct sy_safetensors *st)
{
	uint64_t n_left_out = 0;

	if (!(st->in->wants & SY_WANT_TENSORS))
		return SY_OK;
	for (size_t i = 0; i < st->n_entries; i++) {
		const struct sy_safetensors_entry *e = &st->entries[i];
		enum sy_status status;

		if (!e->is_complete || e->rank > SY_RANK_MAX || !is_in_file(st, e)) {
			n_left_out++;
			continue;
		}
		status = emit_one(st, e);
		if (status != SY_OK)
			return status;
	}
	n_left_out += st->n_unplaced;
	if (n_left_out == 0)
		return SY_OK;
	return sy_emit_notice(st->in, "tensors-not-listed",
			      "%llu tensors are not listed: they have no usable place, "
			      "type or shape, or more than %d dimensions",
			      (unsigned long long)n_left_out, SY_RANK_MAX);
}

static bool is_payload(const struct sy_safetensors *st,
		       const struct sy_safetensors_entry *e)
{
	return e->is_complete && sy_safetensors_dtypes[e->dtype].is_bytes &&
	       is_in_file(st, e) && e->end - e->start >= PAYLOAD_BYTES_MIN;
}

/* The first tensors of other types, by place: what hides is rarely one of many. */
static enum sy_status check_numbers(struct sy_safetensors *st)
{
	unsigned n_seen = 0;

	for (size_t i = 0; i < st->n_entries && n_seen < SY_PAYLOAD_NUMBERS_MAX; i++) {
		const struct sy_safetensors_entry *e = &st->entries[i];
		enum sy_status status;

		if (!e->is_complete || sy_safetensors_dtypes[e->dtype].is_bytes ||
		    !is_in_file(st, e) || e->end - e->start < SY_PAYLOAD_NUMBERS_BYTES)
			continue;
		n_seen++;
		status = sy_payload_check_numbers(st->in, sy_safetensors_name(st, e),
						  in_file(st, e->start),
						  e->end - e->start);
		if (status != SY_OK)
			return status;
	}
	return SY_OK;
}

static enum sy_status check_payloads(struct sy_safetensors *st)
{
	uint64_t n_seen = 0;

	for (size_t i = 0; i < st->n_entries; i++) {
		const struct sy_safetensors_entry *e = &st->entries[i];
		enum sy_status status;

		if (!is_payload(st, e) || n_seen++ >= PAYLOADS_MAX)
			continue;
		status = sy_payload_check(st->in, sy_safetensors_name(st, e),
					  in_file(st, e->start), e->end - e->start);
		if (status != SY_OK)
			return status;
	}
	if (n_seen <= PAYLOADS_MAX)
		return SY_OK;
	return sy_emit_notice(st->in, "limit-reached",
			      "the first bytes of %d byte tensors were looked at, those "
			      "of %llu more were not", PAYLOADS_MAX,
			      (unsigned long long)(n_seen - PAYLOADS_MAX));
}

static enum sy_status check_total(struct sy_safetensors *st)
{
	if (!st->has_total || st->n_unplaced > 0 ||
	    (st->is_total_number && st->total == st->n_bytes))
		return SY_OK;
	if (!st->is_total_number)
		return sy_fact(st->in, SY_RULE_SAFETENSORS_TOTAL_SIZE, st->total_off, 0,
			       sy_span_str("total_size"), "total_size in the metadata is "
			       "no whole number, the tensors have %llu bytes",
			       (unsigned long long)st->n_bytes);
	return sy_fact(st->in, SY_RULE_SAFETENSORS_TOTAL_SIZE, st->total_off, 0,
		       sy_span_str("total_size"), "total_size in the metadata is %llu, the "
		       "tensors have %llu bytes", (unsigned long long)st->total,
		       (unsigned long long)st->n_bytes);
}

enum sy_status sy_safetensors_layout(struct sy_safetensors *st)
{
	enum sy_status status = sort(st);

	if (status == SY_OK)
		status = tile(st);
	if (status == SY_OK)
		status = check_total(st);
	if (status == SY_OK)
		status = check_payloads(st);
	if (status == SY_OK)
		status = check_numbers(st);
	if (status == SY_OK)
		status = emit_tensors(st);
	return status;
}
