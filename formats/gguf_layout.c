/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the tensors of a GGUF file lie: one behind the other in the order of
 * the list, each padded with zeros, up to the end of the file.  Accounts for
 * every byte; of the data itself it reads only what a payload would begin with.
 */
#include <stdlib.h>

#include "formats/gguf.h"
#include "formats/payload.h"

#define HEAD_BYTES 512u	/* of what trails: a tar header */
#define PIECE 4096u	/* bytes of padding read together */

/* "tensor 7 'name' <what>" */
static bool tensor_fact(struct sy_gguf *g, enum sy_rule rule,
			const struct sy_gguf_tensor *t, const char *what)
{
	struct sy_span name = sy_gguf_tensor_name(t);
	uint64_t off, size = g->in->source->size;
	struct sy_text text;

	if (ckd_add(&off, g->data_off, t->off) || off > size)
		off = size;
	sy_text_init(&text);
	if (sy_fact_is_wanted(g->in, rule)) {
		sy_text_addf(&text, "tensor %u ", t->index);
		sy_text_name(&text, name);
		sy_text_add(&text, what);
	}
	return sy_gguf_ok(g, sy_fact_text(g->in, rule, off, t->is_sized ? t->len : 0, name,
					  &text));
}

/* Each on its own: aligned, and inside the file. */
static bool check_place(struct sy_gguf *g, const struct sy_gguf_tensor *t)
{
	uint64_t size = g->in->source->size, room = size - g->data_off;
	struct sy_text what;

	sy_text_init(&what);
	if (t->off % g->alignment != 0) {
		sy_text_addf(&what, " is at offset %llu, not a multiple of %llu",
			     (unsigned long long)t->off,
			     (unsigned long long)g->alignment);
		if (!tensor_fact(g, SY_RULE_GGUF_OFFSET_UNALIGNED, t, what.data))
			return false;
	}
	if (!t->is_sized || (t->off <= room && t->len <= room - t->off))
		return true;
	sy_text_init(&what);
	sy_text_addf(&what, " has %llu bytes at offset %llu of the data, which begins at "
		     "byte %llu; the file ends at %llu", (unsigned long long)t->len,
		     (unsigned long long)t->off, (unsigned long long)g->data_off,
		     (unsigned long long)size);
	return tensor_fact(g, SY_RULE_GGUF_DATA_TRUNCATED, t, what.data);
}

static int compare(const void *a, const void *b)
{
	const struct sy_gguf_tensor *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/*
 * Offsets must be the running sum of padded sizes, in the order of the list.
 * True in *is_regular; a sum beyond 64 bits is stated here.
 */
static bool check_sum(struct sy_gguf *g, bool *is_regular)
{
	uint64_t expected = 0, end;

	*is_regular = true;
	for (size_t i = 0; i < g->n_listed; i++) {
		const struct sy_gguf_tensor *t = &g->tensors[i];

		if (!t->is_sized || t->off != expected) {
			*is_regular = false;
			return true;
		}
		if (ckd_add(&end, t->off, t->len) ||
		    !sy_gguf_align(end, g->alignment, &expected)) {
			*is_regular = false;
			return tensor_fact(g, SY_RULE_GGUF_SIZE_OVERFLOW, t,
					   " ends beyond what 64 bits can count");
		}
	}
	return true;
}

static bool pair_fact(struct sy_gguf *g, enum sy_rule rule,
		      const struct sy_gguf_tensor *before, const struct sy_gguf_tensor *t,
		      const char *relation)
{
	struct sy_text what;

	sy_text_init(&what);
	sy_text_addf(&what, " is at offset %llu, %s tensor %u, which has %llu bytes at %llu",
		     (unsigned long long)t->off, relation, before->index,
		     (unsigned long long)before->len, (unsigned long long)before->off);
	return tensor_fact(g, rule, t, what.data);
}

/* The list as it stands: does any tensor lie before its predecessor? */
static bool check_order(struct sy_gguf *g)
{
	for (size_t i = 1; i < g->n_listed; i++) {
		const struct sy_gguf_tensor *t = &g->tensors[i];

		if (t->off < t[-1].off &&
		    !pair_fact(g, SY_RULE_GGUF_DATA_ORDER, &t[-1], t, "before"))
			return false;
	}
	return true;
}

/* Sorted by offset: does any begin inside or too far behind the one before? */
static bool check_neighbours(struct sy_gguf *g)
{
	const struct sy_gguf_tensor first = { .is_sized = true }, *last = &first;
	uint64_t end = 0, padded;

	for (size_t i = 0; i < g->n_listed; i++) {
		const struct sy_gguf_tensor *t = &g->tensors[i];

		if (!t->is_sized)
			return true;	/* said; what follows cannot be judged */
		if (!sy_gguf_align(end, g->alignment, &padded))
			return true;	/* beyond the file: said */
		if (t->off < end && t->len > 0 &&
		    !pair_fact(g, SY_RULE_GGUF_DATA_OVERLAP, last, t, "inside"))
			return false;
		if (t->off > padded && i > 0 &&
		    !pair_fact(g, SY_RULE_GGUF_DATA_GAP, last, t, "not right behind"))
			return false;
		if (t->off > padded && i == 0 &&
		    !tensor_fact(g, SY_RULE_GGUF_DATA_GAP, t,
				 " is the first, but does not begin at offset 0"))
			return false;
		if (t->off + t->len < t->off)
			return true;	/* beyond the file: said */
		if (t->off + t->len >= end) {
			end = t->off + t->len;
			last = t;
		}
	}
	return true;
}

static bool check_layout(struct sy_gguf *g)
{
	bool is_regular;

	for (size_t i = 0; i < g->n_listed; i++) {
		if (!check_place(g, &g->tensors[i]))
			return false;
	}
	if (!check_sum(g, &is_regular))
		return false;
	if (is_regular)
		return true;
	if (!check_order(g))
		return false;
	qsort(g->tensors, g->n_listed, sizeof(*g->tensors), compare);
	return check_neighbours(g);
}

/* Extents in ascending order; neighbours of one kind become one. */
struct tiling {
	struct sy_gguf *g;
	struct sy_cursor c;		/* for the padding */
	enum sy_extent_kind kind;
	uint64_t off, at;		/* of the extent being built; its end */
};

static bool flush(struct tiling *tiling)
{
	uint64_t len = tiling->at - tiling->off;

	return len == 0 || sy_gguf_ok(tiling->g, sy_emit_extent(tiling->g->in, tiling->kind,
								tiling->off, len));
}

static bool extend(struct tiling *tiling, enum sy_extent_kind kind, uint64_t end)
{
	if (end <= tiling->at)
		return true;
	if (kind != tiling->kind) {
		if (!flush(tiling))
			return false;
		tiling->kind = kind;
		tiling->off = tiling->at;
	}
	tiling->at = end;
	return true;
}

/* Padding up to `end`, which must be zero. */
static bool pad(struct tiling *tiling, uint64_t end)
{
	struct sy_gguf *g = tiling->g;
	uint64_t start = tiling->at, at = start;

	if (!sy_skip(&tiling->c, start - sy_cursor_at(&tiling->c)))
		return sy_gguf_stop(g, tiling->c.status);
	while (at < end) {
		uint64_t take = end - at < PIECE ? end - at : PIECE;
		struct sy_span bytes;
		size_t i = 0;

		if (!sy_get_span(&tiling->c, take, &bytes))
			return sy_gguf_stop(g, tiling->c.status);
		while (i < bytes.len && bytes.data[i] == 0)
			i++;
		if (i < bytes.len) {
			if (!sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_PADDING_NONZERO,
						   start, end - start, sy_span_str(""),
						   "the %llu bytes of padding at byte %llu "
						   "are not zero: byte %llu is 0x%02x",
						   (unsigned long long)(end - start),
						   (unsigned long long)start,
						   (unsigned long long)(at + i),
						   bytes.data[i])))
				return false;
			break;
		}
		at += take;
	}
	g->in->bytes_parsed += end - start;
	return extend(tiling, SY_EXTENT_PADDING, end);
}

/* Up to `start`: padding when that is all it can be, else unknown bytes. */
static bool fill(struct tiling *tiling, uint64_t start)
{
	const struct sy_gguf *g = tiling->g;
	uint64_t padded;

	if (start <= tiling->at)
		return true;
	if (!sy_gguf_align(tiling->at - g->data_off, g->alignment, &padded) ||
	    padded > start - g->data_off)
		padded = start - g->data_off;
	return (padded == tiling->at - g->data_off || pad(tiling, g->data_off + padded)) &&
	       extend(tiling, SY_EXTENT_UNKNOWN, start);
}

static bool tile_tensors(struct tiling *tiling)
{
	struct sy_gguf *g = tiling->g;
	uint64_t room = g->in->source->size - g->data_off;

	for (size_t i = 0; i < g->n_listed; i++) {
		const struct sy_gguf_tensor *t = &g->tensors[i];

		if (!t->is_sized || t->off >= room || t->len > room - t->off ||
		    t->len == 0)
			continue;
		if (!fill(tiling, g->data_off + t->off) ||
		    !extend(tiling, SY_EXTENT_DATA, g->data_off + t->off + t->len))
			return false;
		g->data_end = tiling->at;
	}
	return true;
}

/* A ZIP archive is found from the end of the file, by sy_polyglot_check. */
static bool is_other_file(struct sy_span head, uint64_t len)
{
	return sy_pickle_begins(head, len) ||
	       sy_span_starts(sy_span_slice(head, 257, 5), "ustar");
}

static bool trailing(struct sy_gguf *g, uint64_t at, uint64_t len)
{
	enum sy_rule rule = SY_RULE_GGUF_DATA_TRAILING;
	struct sy_span head;
	struct sy_text text;
	const char *look;

	if (!sy_gguf_ok(g, sy_source_view(g->in->source, at, HEAD_BYTES, &g->in->arena,
					  &head)))
		return false;
	if (is_other_file(head, len))
		rule = SY_RULE_GGUF_TAIL_HIDDEN;
	look = sy_looks_like(head);
	sy_text_init(&text);
	sy_text_addf(&text, "%llu bytes at byte %llu belong to no tensor",
		     (unsigned long long)len, (unsigned long long)at);
	if (look)
		sy_text_addf(&text, "; they look like %s", look);
	return sy_gguf_ok(g, sy_fact_text(g->in, rule, at, len, sy_span_str(""), &text));
}

/* A tensor of unknown size, or one that is cut, owns the rest: it was said. */
static bool owns_rest(const struct sy_gguf *g)
{
	if (g->in->n_facts[SY_RULE_GGUF_DATA_TRUNCATED] > 0)
		return true;
	for (size_t i = 0; i < g->n_listed; i++) {
		if (!g->tensors[i].is_sized)
			return true;
	}
	return false;
}

static bool tile_end(struct tiling *tiling)
{
	struct sy_gguf *g = tiling->g;
	uint64_t size = g->in->source->size, padded;

	if (!sy_gguf_align(tiling->at - g->data_off, g->alignment, &padded) ||
	    padded > size - g->data_off) {
		/* A file without tensors need not be padded. */
		if (g->n_listed > 0 && g->in->n_facts[SY_RULE_GGUF_DATA_TRUNCATED] == 0 &&
		    !sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_PADDING_MISSING, tiling->at,
					   size - tiling->at, sy_span_str(""),
					   "the last tensor ends at byte %llu, the file at "
					   "%llu, before the next multiple of %llu",
					   (unsigned long long)tiling->at,
					   (unsigned long long)size,
					   (unsigned long long)g->alignment)))
			return false;
		padded = size - g->data_off;
	}
	if (!pad(tiling, g->data_off + padded))
		return false;
	g->data_end = tiling->at;
	if (size > tiling->at && !owns_rest(g) &&
	    !trailing(g, tiling->at, size - tiling->at))
		return false;
	return extend(tiling, SY_EXTENT_UNKNOWN, size) && flush(tiling);
}

static bool tile(struct tiling *tiling, uint64_t header_end)
{
	struct sy_gguf *g = tiling->g;

	return extend(tiling, SY_EXTENT_HEADER, header_end) && pad(tiling, g->data_off) &&
	       tile_tensors(tiling) && tile_end(tiling);
}

/* The data section begins at the next aligned byte, if the file gets there. */
static bool find_data(struct sy_gguf *g, uint64_t header_end)
{
	uint64_t size = g->in->source->size;

	if (sy_gguf_align(header_end, g->alignment, &g->data_off) && g->data_off <= size)
		return true;
	g->data_off = header_end;
	if (g->n_tensors == 0) {
		g->data_off = size;
		return true;
	}
	return sy_gguf_stop(g, sy_fact(g->in, SY_RULE_GGUF_DATA_TRUNCATED, header_end,
				       size - header_end, sy_span_str(""), "the list of "
				       "tensors ends at byte %llu, the file at %llu, before "
				       "the next multiple of %llu, where the data begins",
				       (unsigned long long)header_end,
				       (unsigned long long)size,
				       (unsigned long long)g->alignment));
}

bool sy_gguf_layout(struct sy_gguf *g)
{
	uint64_t header_end = sy_cursor_at(&g->c);
	struct tiling tiling = { .g = g, .kind = SY_EXTENT_HEADER };
	bool ok;

	if (!find_data(g, header_end) || !sy_gguf_emit_tensors(g) || !check_layout(g))
		return false;
	if (!sy_gguf_ok(g, sy_cursor_open(&tiling.c, g->in->ctx, sy_source_fill,
					  g->in->source, header_end, g->in->source->size,
					  PIECE)))
		return false;
	ok = tile(&tiling, header_end);
	sy_cursor_close(&tiling.c);
	return ok;
}

static bool emit_one(struct sy_gguf *g, const struct sy_gguf_tensor *t, uint64_t off)
{
	struct sy_record_tensor record = {
		.name = sy_gguf_tensor_name(t),
		.dtype = sy_span_str(sy_gguf_types[t->type].name),
		.rank = t->rank, .off = off, .len = t->len,
		.is_big_endian = g->c.is_big_endian,
	};

	for (unsigned i = 0; i < t->rank; i++)
		record.shape[i] = t->ne[t->rank - 1 - i];
	return sy_gguf_ok(g, sy_emit_tensor(g->in, &record));
}

/* Every tensor of bytes, and the first ones of other types. */
static bool check_payload(struct sy_gguf *g, const struct sy_gguf_tensor *t, uint64_t off,
			  unsigned *n_numbers)
{
	struct sy_span name = sy_gguf_tensor_name(t);

	if (sy_gguf_types[t->type].id == SY_GGUF_TYPE_I8)
		return sy_gguf_ok(g, sy_payload_check(g->in, name, off, t->len));
	if (*n_numbers == SY_PAYLOAD_NUMBERS_MAX || t->len < SY_PAYLOAD_NUMBERS_BYTES)
		return true;
	++*n_numbers;
	return sy_gguf_ok(g, sy_payload_check_numbers(g->in, name, off, t->len));
}

/* Only those that are in the file; about the others there are facts. */
bool sy_gguf_emit_tensors(struct sy_gguf *g)
{
	uint64_t room = g->in->source->size - g->data_off;
	unsigned n_numbers = 0;

	for (size_t i = 0; i < g->n_listed; i++) {
		const struct sy_gguf_tensor *t = &g->tensors[i];
		uint64_t off;

		if (!t->is_sized || t->off > room || t->len > room - t->off)
			continue;
		off = g->data_off + t->off;
		g->n_bytes += t->len;
		if (!emit_one(g, t, off))
			return false;
		if (!check_payload(g, t, off, &n_numbers))
			return false;
	}
	return true;
}
