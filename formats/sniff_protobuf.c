/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol buffers have no signature: a message is told by its first fields,
 * their wire types, and lengths that stay inside the file.  Looks at the head
 * only; nothing is unpacked.
 */
#include "formats/sniff.h"

#include "verifier/base/cursor.h"

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct field {
	uint64_t number;
	unsigned wire;
	uint64_t value;		/* varint, or the length of the bytes */
	uint64_t off;		/* where the bytes begin */
};

static bool get_varint(struct sy_cursor *c, uint64_t *value)
{
	uint8_t byte = 0x80;

	*value = 0;
	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		if (shift > 63 || !sy_get_u8(c, &byte))
			return false;
		*value |= (uint64_t)(byte & 0x7f) << shift;
	}
	return true;
}

/* The next field; false: the head ends, or this is no message of `size` bytes. */
static bool get_field(struct sy_cursor *c, uint64_t size, struct field *f,
		      bool *is_wrong)
{
	uint64_t tag;

	if (!get_varint(c, &tag))
		return false;
	f->number = tag >> 3;
	f->wire = tag & 7;
	f->value = 0;
	if (f->wire == WIRE_FIXED64)
		return sy_skip(c, 8);
	if (f->wire == WIRE_FIXED32)
		return sy_skip(c, 4);
	if (f->wire != WIRE_VARINT && f->wire != WIRE_BYTES) {
		*is_wrong = true;
		return false;
	}
	if (!get_varint(c, &f->value))
		return false;
	f->off = sy_cursor_at(c);
	if (f->wire == WIRE_VARINT)
		return true;
	*is_wrong = f->value > size - f->off;
	if (*is_wrong)
		return false;
	/* Bytes that go on beyond the head end the walk after this field. */
	return sy_skip(c, f->value < sy_cursor_left(c) ? f->value : sy_cursor_left(c));
}

/* Which wire type a ModelProto field has; 9: there is no such field. */
static unsigned onnx_wire(uint64_t number)
{
	static const uint8_t wires[27] = {
		[0] = 9, [1] = WIRE_VARINT, [2] = WIRE_BYTES, [3] = WIRE_BYTES,
		[4] = WIRE_BYTES, [5] = WIRE_VARINT, [6] = WIRE_BYTES,
		[7] = WIRE_BYTES, [8] = WIRE_BYTES, [9] = 9, [10] = 9, [11] = 9,
		[12] = 9, [13] = 9, [14] = WIRE_BYTES, [15] = 9, [16] = 9,
		[17] = 9, [18] = 9, [19] = 9, [20] = WIRE_BYTES, [21] = 9,
		[22] = 9, [23] = 9, [24] = 9, [25] = WIRE_BYTES, [26] = WIRE_BYTES,
	};

	return number < 27 ? wires[number] : 9;
}

/* A graph (7) or opset (8), and nothing that a ModelProto does not have. */
unsigned sy_bid_onnx(const struct sy_probe *p)
{
	bool has_graph = false, has_version = false, is_wrong = false;
	struct sy_cursor c;
	struct field f;

	sy_cursor_init(&c, p->head, 0);
	while (get_field(&c, p->size, &f, &is_wrong)) {
		if (f.wire != onnx_wire(f.number))
			return 0;
		has_graph |= f.number == 7 || f.number == 8;
		has_version |= f.number == 1 && f.value > 0 && f.value < 64;
		if (f.number == 2 && f.value > 256)
			return 0;	/* a SavedModel's graph, not a producer's name */
	}
	if (is_wrong || !has_graph)
		return 0;
	if (has_version || sy_ascii_ends(p->base, ".onnx"))
		return has_version ? 26 : 20;
	return sy_bid_text(p) ? 0 : 8;		/* ":" and "B" begin such fields */
}

static bool first_is(const struct sy_probe *p, uint64_t number, uint64_t least,
		     uint64_t most, struct field *second)
{
	bool is_wrong = false;
	struct sy_cursor c;
	struct field f;

	sy_cursor_init(&c, p->head, 0);
	return get_field(&c, p->size, &f, &is_wrong) && f.number == number &&
	       f.wire == WIRE_VARINT && f.value >= least && f.value <= most &&
	       get_field(&c, p->size, second, &is_wrong);
}

/* Model: specificationVersion, then its description. */
unsigned sy_bid_coreml(const struct sy_probe *p)
{
	struct field f;

	return sy_ascii_ends(p->base, ".mlmodel") && first_is(p, 1, 1, 64, &f) &&
	       f.wire == WIRE_BYTES && f.number >= 2 ? 27 : 0;
}

/* SavedModel: schema version 1, then a meta graph; a frozen graph: its nodes. */
unsigned sy_bid_tf_graph(const struct sy_probe *p)
{
	bool is_wrong = false;
	struct sy_cursor c;
	struct field f;

	if (first_is(p, 1, 1, 1, &f) && f.number == 2 && f.wire == WIRE_BYTES &&
	    f.value > 256)
		return 22;
	if (!sy_ascii_ends(p->base, ".pb"))
		return 0;
	sy_cursor_init(&c, p->head, 0);
	return get_field(&c, p->size, &f, &is_wrong) && f.number > 0 && f.number < 16
		? 12 : 0;
}

/* The table's footer ends in LevelDB's magic number. */
unsigned sy_bid_tf_bundle(const struct sy_probe *p)
{
	static const uint8_t magic[8] = { 0x57, 0xfb, 0x80, 0x8b,
					  0x24, 0x75, 0x47, 0xdb };

	return p->tail.len >= 48 &&
	       !memcmp(p->tail.data + p->tail.len - 8, magic, 8) ? 64 : 0;
}

/* {piece, score} or {piece, score, type}: the score is a float; then the next. */
static bool is_piece(struct sy_span h, size_t piece_len, size_t len)
{
	return (len == piece_len + 7 || len == piece_len + 9) && len + 2 < h.len &&
	       h.data[4 + piece_len] == 0x15 && h.data[2 + len] == 0x0a;
}

/* ModelProto.pieces: the first is "<unk>" or "<pad>" or so, or any with a score. */
unsigned sy_bid_sentencepiece(const struct sy_probe *p)
{
	struct sy_span h = p->head;

	if (h.len < 16 || h.data[0] != 0x0a || h.data[2] != 0x0a ||
	    h.data[1] < h.data[3] + 2)
		return 0;
	if (h.data[4] == '<' && 3 + (size_t)h.data[3] < h.len &&
	    h.data[3 + h.data[3]] == '>')
		return 40;
	return is_piece(h, h.data[3], h.data[1]) ? 40 : 0;
}

/* A record whose event begins with its time and the log's version. */
unsigned sy_bid_tfevents(const struct sy_probe *p)
{
	struct sy_span version = sy_span_str("brain.Event:");

	return p->head.len >= 40 && p->head.data[12] == 0x09 &&
	       sy_span_find(sy_span_slice(p->head, 0, 64), version) != SIZE_MAX ? 96 : 0;
}
