/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as bytes.  One pair of functions per kind of record, in the order of
 * the struct's fields; the decoder refuses everything the encoder cannot write.
 */
#include "verifier/base/record.h"

#include <assert.h>

#include "verifier/base/attr.h"
#include "verifier/base/cursor.h"

static void put_integer(struct sy_out *out, uint64_t value, size_t len)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	sy_out_bytes(out, bytes, len);
}

static void put_span(struct sy_out *out, struct sy_span s)
{
	put_integer(out, s.len, 4);
	sy_out_span(out, s);
}

static bool get_string(struct sy_cursor *c, struct sy_span *s)
{
	uint32_t len;

	*s = sy_span_of(NULL, 0);
	return sy_get_u32(c, &len) && sy_get_span(c, len, s);
}

static bool get_enum(struct sy_cursor *c, unsigned n, unsigned *value)
{
	uint8_t byte;
	bool ok = sy_get_u8(c, &byte) && byte < n;

	*value = ok ? byte : 0;
	return ok;
}

static void put_artifact(struct sy_out *out, const struct sy_record *r)
{
	put_span(out, r->u.artifact.format);
	put_span(out, r->u.artifact.summary);
	put_integer(out, r->u.artifact.n_tensors, 8);
	put_integer(out, r->u.artifact.bytes_parsed, 8);
}

static bool get_artifact(struct sy_cursor *c, struct sy_record *r)
{
	return get_string(c, &r->u.artifact.format) &&
	       get_string(c, &r->u.artifact.summary) &&
	       sy_get_u64(c, &r->u.artifact.n_tensors) &&
	       sy_get_u64(c, &r->u.artifact.bytes_parsed);
}

enum { TENSOR_ABSENT = 1, TENSOR_BIG_ENDIAN = 2, TENSOR_STRIDES = 4 };

static uint64_t tensor_flags(const struct sy_record_tensor *t)
{
	return (t->is_absent ? TENSOR_ABSENT : 0u) |
	       (t->is_big_endian ? TENSOR_BIG_ENDIAN : 0u) |
	       (t->has_strides ? TENSOR_STRIDES : 0u);
}

static void put_tensor(struct sy_out *out, const struct sy_record *r)
{
	const struct sy_record_tensor *t = &r->u.tensor;

	assert(t->rank <= SY_RANK_MAX);
	put_span(out, t->name);
	put_span(out, t->dtype);
	put_integer(out, t->rank, 1);
	for (size_t i = 0; i < t->rank; i++)
		put_integer(out, t->shape[i], 8);
	put_integer(out, t->off, 8);
	put_integer(out, t->len, 8);
	put_integer(out, tensor_flags(t), 1);
	for (size_t i = 0; i < t->rank && t->has_strides; i++)
		put_integer(out, t->strides[i], 8);
	put_span(out, t->data_digest);
}

static bool get_layout(struct sy_cursor *c, struct sy_record_tensor *t)
{
	uint8_t flags;

	if (!sy_get_u8(c, &flags) || flags > 7)
		return false;
	t->is_absent = flags & TENSOR_ABSENT;
	t->is_big_endian = flags & TENSOR_BIG_ENDIAN;
	t->has_strides = flags & TENSOR_STRIDES;
	for (size_t i = 0; i < t->rank && t->has_strides; i++) {
		if (!sy_get_u64(c, &t->strides[i]))
			return false;
	}
	return get_string(c, &t->data_digest) &&
	       (t->data_digest.len == 0 || (t->is_absent && t->data_digest.len == 32));
}

static bool get_tensor(struct sy_cursor *c, struct sy_record *r)
{
	struct sy_record_tensor *t = &r->u.tensor;

	if (!get_string(c, &t->name) || !get_string(c, &t->dtype) ||
	    !sy_get_u8(c, &t->rank) || t->rank > SY_RANK_MAX)
		return false;
	for (size_t i = 0; i < t->rank; i++) {
		if (!sy_get_u64(c, &t->shape[i]))
			return false;
	}
	return sy_get_u64(c, &t->off) && sy_get_u64(c, &t->len) && get_layout(c, t);
}

static void put_member(struct sy_out *out, const struct sy_record *r)
{
	const struct sy_record_member *m = &r->u.member;

	put_span(out, m->name);
	put_span(out, m->codec);
	put_span(out, m->format);
	put_integer(out, m->off, 8);
	put_integer(out, m->len, 8);
	put_integer(out, m->size, 8);
	put_integer(out, m->n_members, 1);
	for (size_t i = 0; i < m->n_members; i++)
		put_span(out, m->members[i]);
	put_integer(out, m->file_off, 8);
}

static bool get_member(struct sy_cursor *c, struct sy_record *r)
{
	struct sy_record_member *m = &r->u.member;

	if (!get_string(c, &m->name) || !get_string(c, &m->codec) ||
	    !get_string(c, &m->format) || !sy_get_u64(c, &m->off) ||
	    !sy_get_u64(c, &m->len) || !sy_get_u64(c, &m->size) ||
	    !sy_get_u8(c, &m->n_members) || m->n_members > SY_MEMBER_DEPTH)
		return false;
	for (size_t i = 0; i < m->n_members; i++) {
		if (!get_string(c, &m->members[i]))
			return false;
	}
	return sy_get_u64(c, &m->file_off);
}

static void put_extent(struct sy_out *out, const struct sy_record *r)
{
	put_integer(out, r->u.extent.kind, 1);
	put_integer(out, r->u.extent.off, 8);
	put_integer(out, r->u.extent.len, 8);
}

static bool get_extent(struct sy_cursor *c, struct sy_record *r)
{
	unsigned kind;

	if (!get_enum(c, SY_N_EXTENT_KINDS, &kind))
		return false;
	r->u.extent.kind = (enum sy_extent_kind)kind;
	return sy_get_u64(c, &r->u.extent.off) && sy_get_u64(c, &r->u.extent.len);
}

static void put_meta(struct sy_out *out, const struct sy_record *r)
{
	put_span(out, r->u.meta.key);
	put_span(out, r->u.meta.type);
	put_span(out, r->u.meta.value);
	put_integer(out, r->u.meta.off, 8);
	put_integer(out, r->u.meta.len, 8);
}

static bool get_meta(struct sy_cursor *c, struct sy_record *r)
{
	return get_string(c, &r->u.meta.key) && get_string(c, &r->u.meta.type) &&
	       get_string(c, &r->u.meta.value) &&
	       sy_get_u64(c, &r->u.meta.off) && sy_get_u64(c, &r->u.meta.len);
}

static void put_ref(struct sy_out *out, const struct sy_record *r)
{
	put_integer(out, r->u.ref.kind, 1);
	put_span(out, r->u.ref.name);
	put_span(out, r->u.ref.target);
	put_integer(out, r->u.ref.value, 8);
	put_integer(out, r->u.ref.off, 8);
}

static bool get_ref(struct sy_cursor *c, struct sy_record *r)
{
	unsigned kind;

	if (!get_enum(c, SY_N_REF_KINDS, &kind))
		return false;
	r->u.ref.kind = (enum sy_ref_kind)kind;
	return get_string(c, &r->u.ref.name) && get_string(c, &r->u.ref.target) &&
	       sy_get_u64(c, &r->u.ref.value) && sy_get_u64(c, &r->u.ref.off);
}

static void put_fact(struct sy_out *out, const struct sy_record *r)
{
	put_integer(out, r->u.fact.rule, 4);
	put_integer(out, r->u.fact.off, 8);
	put_integer(out, r->u.fact.len, 8);
	put_span(out, r->u.fact.symbol);
	put_span(out, r->u.fact.detail);
	put_integer(out, r->u.fact.n_members, 1);
	for (size_t i = 0; i < r->u.fact.n_members; i++)
		put_span(out, r->u.fact.members[i]);
	put_integer(out, r->u.fact.file_off, 8);
}

static bool get_fact(struct sy_cursor *c, struct sy_record *r)
{
	struct sy_record_fact *f = &r->u.fact;

	if (!sy_get_u32(c, &f->rule) || !sy_get_u64(c, &f->off) ||
	    !sy_get_u64(c, &f->len) || !get_string(c, &f->symbol) ||
	    !get_string(c, &f->detail) || !sy_get_u8(c, &f->n_members) ||
	    f->n_members > SY_MEMBER_DEPTH)
		return false;
	for (size_t i = 0; i < f->n_members; i++) {
		if (!get_string(c, &f->members[i]))
			return false;
	}
	return sy_get_u64(c, &f->file_off);
}

static void put_step(struct sy_out *out, const struct sy_record *r)
{
	const struct sy_record_step *s = &r->u.step;

	put_integer(out, s->kind, 1);
	put_integer(out, s->class, 1);
	put_integer(out, s->depth, 1);
	put_integer(out, s->off, 8);
	put_integer(out, s->len, 8);
	put_integer(out, s->inner, 8);
	put_integer(out, s->value, 8);
	put_span(out, s->opcode);
	put_span(out, s->symbol);
	put_span(out, s->text);
	put_integer(out, s->n_members, 1);
	for (size_t i = 0; i < s->n_members; i++)
		put_span(out, s->members[i]);
	put_integer(out, s->file_off, 8);
}

static bool get_step(struct sy_cursor *c, struct sy_record *r)
{
	struct sy_record_step *s = &r->u.step;
	unsigned kind, class;

	if (!get_enum(c, SY_N_STEP_KINDS, &kind) ||
	    !get_enum(c, SY_N_STEP_CLASSES, &class) ||
	    !sy_get_u8(c, &s->depth) ||
	    !sy_get_u64(c, &s->off) || !sy_get_u64(c, &s->len) ||
	    !sy_get_u64(c, &s->inner) || !sy_get_u64(c, &s->value) ||
	    !get_string(c, &s->opcode) || !get_string(c, &s->symbol) ||
	    !get_string(c, &s->text) || !sy_get_u8(c, &s->n_members) ||
	    s->n_members > SY_MEMBER_DEPTH)
		return false;
	s->kind = (enum sy_step_kind)kind;
	s->class = (enum sy_step_class)class;
	for (size_t i = 0; i < s->n_members; i++) {
		if (!get_string(c, &s->members[i]))
			return false;
	}
	return sy_get_u64(c, &s->file_off);
}

static void put_more(struct sy_out *out, const struct sy_record *r)
{
	put_integer(out, r->u.more.rule, 4);
	put_integer(out, r->u.more.n, 8);
}

static bool get_more(struct sy_cursor *c, struct sy_record *r)
{
	return sy_get_u32(c, &r->u.more.rule) && sy_get_u64(c, &r->u.more.n);
}

static void put_notice(struct sy_out *out, const struct sy_record *r)
{
	put_span(out, r->u.notice.kind);
	put_span(out, r->u.notice.detail);
}

static bool get_notice(struct sy_cursor *c, struct sy_record *r)
{
	return get_string(c, &r->u.notice.kind) &&
	       get_string(c, &r->u.notice.detail);
}

static void put_done(struct sy_out *out, const struct sy_record *r)
{
	put_integer(out, r->u.done.status, 1);
	put_span(out, r->u.done.text);
}

static bool get_done(struct sy_cursor *c, struct sy_record *r)
{
	unsigned status;

	if (!get_enum(c, SY_N_STATUS, &status))
		return false;
	r->u.done.status = (enum sy_status)status;
	return get_string(c, &r->u.done.text);
}

/* fixed: bytes of the integers, lengths of spans included. */
static const struct {
	void (*put)(struct sy_out *out, const struct sy_record *r);
	bool (*get)(struct sy_cursor *c, struct sy_record *r);
	uint64_t fixed;
} codecs[] = {
	[SY_RECORD_ARTIFACT] = { put_artifact, get_artifact, 24 },
	[SY_RECORD_TENSOR] = { put_tensor, get_tensor, 30 },
	[SY_RECORD_MEMBER] = { put_member, get_member, 45 },
	[SY_RECORD_EXTENT] = { put_extent, get_extent, 17 },
	[SY_RECORD_META] = { put_meta, get_meta, 28 },
	[SY_RECORD_REF] = { put_ref, get_ref, 25 },
	[SY_RECORD_FACT] = { put_fact, get_fact, 37 },
	[SY_RECORD_MORE] = { put_more, get_more, 12 },
	[SY_RECORD_NOTICE] = { put_notice, get_notice, 8 },
	[SY_RECORD_DONE] = { put_done, get_done, 5 },
	[SY_RECORD_STEP] = { put_step, get_step, 56 },
};

static uint64_t members_bytes(const struct sy_span *members, size_t n)
{
	uint64_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += 4 + (uint64_t)members[i].len;
	return len;
}

static uint64_t fact_bytes(const struct sy_record_fact *f)
{
	return (uint64_t)f->symbol.len + f->detail.len +
	       members_bytes(f->members, f->n_members);
}

static uint64_t step_bytes(const struct sy_record_step *s)
{
	return (uint64_t)s->opcode.len + s->symbol.len + s->text.len +
	       members_bytes(s->members, s->n_members);
}

static uint64_t member_bytes(const struct sy_record_member *m)
{
	return (uint64_t)m->name.len + m->codec.len + m->format.len +
	       members_bytes(m->members, m->n_members);
}

/* Bytes of all spans of a record, and of a tensor's shape. */
static uint64_t variable_bytes(const struct sy_record *r)
{
	switch (r->kind) {
	case SY_RECORD_ARTIFACT:
		return (uint64_t)r->u.artifact.format.len +
		       r->u.artifact.summary.len;
	case SY_RECORD_TENSOR:
		return (uint64_t)r->u.tensor.name.len + r->u.tensor.dtype.len +
		       (uint64_t)r->u.tensor.rank * (r->u.tensor.has_strides ? 16 : 8) +
		       r->u.tensor.data_digest.len;
	case SY_RECORD_MEMBER:
		return member_bytes(&r->u.member);
	case SY_RECORD_META:
		return (uint64_t)r->u.meta.key.len + r->u.meta.type.len +
		       r->u.meta.value.len;
	case SY_RECORD_REF:
		return (uint64_t)r->u.ref.name.len + r->u.ref.target.len;
	case SY_RECORD_FACT:
		return fact_bytes(&r->u.fact);
	case SY_RECORD_NOTICE:
		return (uint64_t)r->u.notice.kind.len + r->u.notice.detail.len;
	case SY_RECORD_DONE:
		return r->u.done.text.len;
	case SY_RECORD_STEP:
		return step_bytes(&r->u.step);
	case SY_RECORD_EXTENT:
	case SY_RECORD_MORE:
		break;
	}
	return 0;
}

uint64_t sy_record_bytes(const struct sy_record *record)
{
	return 1 + codecs[record->kind].fixed + variable_bytes(record);
}

void sy_record_encode(struct sy_out *out, const struct sy_record *record)
{
	uint64_t len = sy_record_bytes(record), start;

	put_integer(out, len, 4);
	start = out->n_written;
	put_integer(out, record->kind, 1);
	codecs[record->kind].put(out, record);
	assert(out->status != SY_OK || out->n_written - start == len);
}

bool sy_record_decode(struct sy_span frame, struct sy_record *record)
{
	struct sy_cursor c;
	uint8_t kind;

	record->kind = SY_RECORD_DONE;
	sy_cursor_init(&c, frame, 0);
	if (!sy_get_u8(&c, &kind) || kind == 0 || kind >= SY_N_ELEMS(codecs))
		return false;
	record->kind = (enum sy_record_kind)kind;
	return codecs[kind].get(&c, record) && sy_cursor_left(&c) == 0;
}

static bool is_inside(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

/* A place that a finding points at: nowhere, or inside the file. */
static bool is_place(uint64_t off, uint64_t len, uint64_t size)
{
	return off == SY_OFFSET_NONE ? len == 0 : is_inside(off, len, size);
}

/* In a decoded member any offset may be, as long as it can be an offset. */
static bool is_fact_place(const struct sy_record_fact *f, uint64_t size)
{
	if (f->n_members == 0)
		return is_place(f->off, f->len, size);
	return is_place(f->off, f->len, UINT64_MAX - 1) &&
	       (f->file_off == SY_OFFSET_NONE || f->file_off <= size);
}

static bool is_step_place(const struct sy_record_step *s, uint64_t size)
{
	if (s->n_members == 0)
		return is_place(s->off, s->len, size);
	return is_place(s->off, s->len, UINT64_MAX - 1) &&
	       (s->file_off == SY_OFFSET_NONE || s->file_off <= size);
}

static bool is_member_place(const struct sy_record_member *m, uint64_t size)
{
	if (m->n_members == 0)
		return is_inside(m->off, m->len, size);
	return is_inside(m->off, m->len, UINT64_MAX - 1) &&
	       (m->file_off == SY_OFFSET_NONE || m->file_off <= size);
}

bool sy_record_valid(const struct sy_record *record, uint64_t size)
{
	switch (record->kind) {
	case SY_RECORD_ARTIFACT:
		return record->u.artifact.bytes_parsed <= size;
	case SY_RECORD_TENSOR:
		return is_inside(record->u.tensor.off, record->u.tensor.len, size);
	case SY_RECORD_MEMBER:
		return is_member_place(&record->u.member, size);
	case SY_RECORD_EXTENT:
		return is_inside(record->u.extent.off, record->u.extent.len, size);
	case SY_RECORD_META:
		return is_place(record->u.meta.off, record->u.meta.len, size);
	case SY_RECORD_REF:
		return is_place(record->u.ref.off, 0, size);
	case SY_RECORD_FACT:
		return is_fact_place(&record->u.fact, size);
	case SY_RECORD_STEP:
		return is_step_place(&record->u.step, size);
	case SY_RECORD_MORE:
	case SY_RECORD_NOTICE:
	case SY_RECORD_DONE:
		return true;
	}
	return false;
}
