/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tensor of a safetensors header: its three fields, and what they say about
 * each other.  Looks at no other tensor and at no data.
 */
#include "formats/safetensors.h"

#include "verifier/base/ckd.h"

#define P SY_SAFETENSORS_PREFIX
#define RANK_USUAL 8
#define DIM_MAX (UINT64_C(1) << 48)

/* The order of the reference: writers sort by it, ascending alignment. */
const struct sy_safetensors_dtype sy_safetensors_dtypes[SY_SAFETENSORS_N_DTYPES] = {
	{ "BOOL", 8, true },	    { "F4", 4, false },
	{ "F6_E2M3", 6, false },    { "F6_E3M2", 6, false },
	{ "U8", 8, true },	    { "I8", 8, true },
	{ "F8_E5M2", 8, false },    { "F8_E4M3", 8, false },
	{ "F8_E8M0", 8, false },    { "F8_E4M3FNUZ", 8, false },
	{ "F8_E5M2FNUZ", 8, false }, { "I16", 16, false },
	{ "U16", 16, false },	    { "F16", 16, false },
	{ "BF16", 16, false },	    { "I32", 32, false },
	{ "U32", 32, false },	    { "F32", 32, false },
	{ "C64", 64, false },	    { "F64", 64, false },
	{ "I64", 64, false },	    { "U64", 64, false },
};

enum field { FIELD_DTYPE, FIELD_SHAPE, FIELD_OFFSETS, N_FIELDS };

static const char *const field_names[N_FIELDS] = { "dtype", "shape", "data_offsets" };

/* One tensor while it is read. */
struct reading {
	uint64_t off, len;		/* of its key, in the file */
	struct sy_safetensors_entry entry;
	bool is_seen[N_FIELDS];		/* the field stood there */
	bool is_good[N_FIELDS];		/* and could be used */
	uint64_t n_elements;
	uint64_t nonzero;		/* product of the dimensions that are not 0 */
	uint64_t rank;
	uint64_t largest;		/* dimension */
	bool is_overflow;		/* of n_elements, from left to right */
	bool is_excess;			/* of nonzero */
};

/* Numbers of a shape or of offsets, one by one. */
typedef void take_fn(struct reading *r, uint64_t i, uint64_t value);

static struct sy_span name_of(const struct sy_safetensors *st, const struct reading *r)
{
	return sy_safetensors_name(st, &r->entry);
}

/* The name stays in the header; what had escapes is kept decoded. */
static enum sy_status keep_name(struct sy_safetensors *st,
				const struct sy_json_token *key, struct reading *r)
{
	r->off = P + key->off;
	r->len = key->len;
	r->entry.name_len = (uint32_t)key->text.len;
	r->entry.is_decoded = key->is_escaped;
	if (!key->is_escaped) {
		r->entry.name_off = (uint32_t)key->off + 1;
		return SY_OK;
	}
	r->entry.name_off = (uint32_t)st->names.len;
	return sy_buffer_write(&st->names, key->text);
}

static enum sy_status wrong_type(struct sy_safetensors *st, const struct reading *r,
				 enum field field, const struct sy_json_token *token,
				 const char *wanted)
{
	unsigned long long at = P + token->off;

	return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_FIELD_TYPE, at, token->len,
				   name_of(st, r), "has %s as %s at byte %llu, not %s",
				   sy_safetensors_kind(token->kind), field_names[field],
				   at, wanted);
}

/* Most tensors have the type of the one before, in `last`. */
static bool find_dtype(struct sy_span name, uint8_t *last, uint8_t *dtype)
{
	bool is_found = sy_span_is(name, sy_safetensors_dtypes[*last].name);

	for (uint8_t i = 0; i < SY_SAFETENSORS_N_DTYPES && !is_found; i++) {
		is_found = sy_span_is(name, sy_safetensors_dtypes[i].name);
		if (is_found)
			*last = i;
	}
	*dtype = is_found ? *last : 0;
	return is_found;
}

static enum sy_status read_dtype(struct sy_safetensors *st, struct reading *r,
				 bool *is_over)
{
	struct sy_json_token token;
	enum sy_status status = sy_safetensors_next(st, &token, is_over);
	struct sy_text text;

	if (status != SY_OK || *is_over)
		return status;
	if (token.kind != SY_JSON_STRING) {
		status = wrong_type(st, r, FIELD_DTYPE, &token, "a string");
		return status != SY_OK ? status
				       : sy_safetensors_skip(st, &token, is_over);
	}
	if (find_dtype(token.text, &st->last_dtype, &r->entry.dtype)) {
		r->is_good[FIELD_DTYPE] = true;
		return SY_OK;
	}
	sy_text_init(&text);
	sy_text_name(&text, token.text);
	return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_DTYPE_UNKNOWN, P + token.off,
				   token.len, name_of(st, r), "has the dtype %s at byte "
				   "%llu, which the format does not have", text.data,
				   (unsigned long long)(P + token.off));
}

static void take_dim(struct reading *r, uint64_t i, uint64_t value)
{
	r->rank = i + 1;
	if (ckd_mul(&r->n_elements, r->n_elements, value))
		r->is_overflow = true;
	if (value > r->largest)
		r->largest = value;
	if (value != 0 && ckd_mul(&r->nonzero, r->nonzero, value))
		r->is_excess = true;
}

static void take_offset(struct reading *r, uint64_t i, uint64_t value)
{
	if (i == 0)
		r->entry.start = value;
	if (i == 1)
		r->entry.end = value;
}

/* One element that is no plain number: said, and read over. */
static enum sy_status bad_number(struct sy_safetensors *st, const struct reading *r,
				 enum field field, const struct sy_json_token *token,
				 bool *is_over)
{
	unsigned long long at = P + token->off;
	struct sy_text text;
	enum sy_status status;

	sy_text_init(&text);
	sy_text_add(&text, sy_safetensors_kind(token->kind));
	if (token->kind == SY_JSON_NUMBER) {
		sy_text_init(&text);
		sy_text_add_span(&text, sy_span_slice(token->text, 0, 40));
	}
	status = sy_safetensors_fact(st, SY_RULE_SAFETENSORS_FIELD_TYPE, at, token->len,
				     name_of(st, r), "has %s in %s at byte %llu, not an "
				     "unsigned 64-bit integer", text.data,
				     field_names[field], at);
	return status != SY_OK ? status : sy_safetensors_skip(st, token, is_over);
}

/* An array of plain numbers; *n counts its elements, *is_good says all were. */
static enum sy_status read_numbers(struct sy_safetensors *st, struct reading *r,
				   enum field field, take_fn *take, uint64_t *n,
				   bool *is_over)
{
	struct sy_json_token token;
	enum sy_status status = sy_safetensors_next(st, &token, is_over);
	bool is_good = true;

	*n = 0;
	if (status != SY_OK || *is_over)
		return status;
	if (token.kind != SY_JSON_ARRAY) {
		status = wrong_type(st, r, field, &token, "an array of integers");
		return status != SY_OK ? status
				       : sy_safetensors_skip(st, &token, is_over);
	}
	if (field == FIELD_SHAPE)
		r->entry.shape_off = (uint32_t)token.off;
	for (;; (*n)++) {
		status = sy_safetensors_next(st, &token, is_over);
		if (status != SY_OK || *is_over)
			return status;
		if (token.kind == SY_JSON_ARRAY_END)
			break;
		if (token.kind == SY_JSON_NUMBER && token.is_integer &&
		    !token.is_negative) {
			take(r, *n, token.magnitude);
			continue;
		}
		is_good = false;
		status = bad_number(st, r, field, &token, is_over);
		if (status != SY_OK || *is_over)
			return status;
	}
	r->is_good[field] = is_good;
	return SY_OK;
}

static enum sy_status read_offsets(struct sy_safetensors *st, struct reading *r,
				   bool *is_over)
{
	uint64_t n;
	enum sy_status status =
		read_numbers(st, r, FIELD_OFFSETS, take_offset, &n, is_over);

	if (status != SY_OK || *is_over || !r->is_good[FIELD_OFFSETS] || n == 2)
		return status;
	r->is_good[FIELD_OFFSETS] = false;
	return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_FIELD_TYPE, r->off, r->len,
				   name_of(st, r), "has %llu numbers in data_offsets, "
				   "not two", (unsigned long long)n);
}

static enum sy_status read_field(struct sy_safetensors *st, struct reading *r,
				 enum field field, bool *is_over)
{
	uint64_t n;

	r->is_seen[field] = true;
	switch (field) {
	case FIELD_DTYPE:
		return read_dtype(st, r, is_over);
	case FIELD_SHAPE:
		return read_numbers(st, r, FIELD_SHAPE, take_dim, &n, is_over);
	case FIELD_OFFSETS:
		return read_offsets(st, r, is_over);
	case N_FIELDS:
		break;
	}
	return SY_OK;
}

static enum sy_status read_unknown(struct sy_safetensors *st, const struct reading *r,
				   const struct sy_json_token *key, bool *is_over)
{
	unsigned long long at = P + key->off;
	struct sy_json_token value;
	struct sy_text text;
	enum sy_status status;

	sy_text_init(&text);
	sy_text_name(&text, key->text);
	status = sy_safetensors_fact(st, SY_RULE_SAFETENSORS_FIELD_UNKNOWN, at, key->len,
				     name_of(st, r), "has the unknown field %s at byte "
				     "%llu", text.data, at);
	if (status == SY_OK)
		status = sy_safetensors_next(st, &value, is_over);
	if (status != SY_OK || *is_over)
		return status;
	return sy_safetensors_skip(st, &value, is_over);
}

static enum field field_of(struct sy_span key)
{
	static const size_t lens[N_FIELDS] = { 5, 5, 12 };
	unsigned field = 0;

	while (field < N_FIELDS && (key.len != lens[field] ||
				    memcmp(key.data, field_names[field], key.len)))
		field++;
	return (enum field)field;
}

/* The first of two equal fields counts; the second is said, and read over. */
static enum sy_status read_key(struct sy_safetensors *st, struct reading *r,
			       const struct sy_json_token *key, bool *is_over)
{
	enum field field = field_of(key->text);
	struct sy_json_token value;
	enum sy_status status;

	if (!key->is_duplicate && field == N_FIELDS)
		return read_unknown(st, r, key, is_over);
	if (!key->is_duplicate)
		return read_field(st, r, field, is_over);
	status = sy_safetensors_duplicate(st, key);
	if (status == SY_OK)
		status = sy_safetensors_next(st, &value, is_over);
	if (status != SY_OK || *is_over)
		return status;
	return sy_safetensors_skip(st, &value, is_over);
}

static enum sy_status read_fields(struct sy_safetensors *st, struct reading *r,
				  bool *is_over)
{
	struct sy_json_token token;

	for (;;) {
		enum sy_status status = sy_safetensors_next(st, &token, is_over);

		if (status != SY_OK || *is_over || token.kind == SY_JSON_OBJECT_END)
			return status;
		status = read_key(st, r, &token, is_over);
		if (status != SY_OK || *is_over)
			return status;
	}
}

static enum sy_status check_missing(struct sy_safetensors *st, const struct reading *r)
{
	struct sy_text missing;

	sy_text_init(&missing);
	for (int i = 0; i < N_FIELDS; i++) {
		if (!r->is_seen[i])
			sy_text_addf(&missing, "%s%s", missing.len ? ", no " : "",
				     field_names[i]);
	}
	if (missing.len == 0)
		return SY_OK;
	return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_FIELD_MISSING, r->off, r->len,
				   name_of(st, r), "has no %s", missing.data);
}

static enum sy_status check_shape(struct sy_safetensors *st, const struct reading *r)
{
	enum sy_status status = SY_OK;

	if (!r->is_good[FIELD_SHAPE])
		return SY_OK;
	if (r->rank > RANK_USUAL)
		status = sy_safetensors_fact(st, SY_RULE_TENSOR_RANK_EXCESS, r->off,
					     r->len, name_of(st, r),
					     "has %llu dimensions",
					     (unsigned long long)r->rank);
	if (status == SY_OK && r->largest > DIM_MAX)
		return sy_safetensors_fact(st, SY_RULE_TENSOR_DIM_EXCESS, r->off, r->len,
					   name_of(st, r), "has a dimension of %llu, more "
					   "than 2^48", (unsigned long long)r->largest);
	/* A product that overflows as it is read is the graver size-overflow. */
	if (status != SY_OK || !r->is_excess || r->is_overflow)
		return status;
	return sy_safetensors_fact(st, SY_RULE_TENSOR_DIM_EXCESS, r->off, r->len,
				   name_of(st, r), "is empty, but the product of its other "
				   "dimensions exceeds 64 bits (largest %llu)",
				   (unsigned long long)r->largest);
}

/* Bytes that shape and dtype ask for; false: said what is wrong, or unknown. */
static enum sy_status needed_bytes(struct sy_safetensors *st, const struct reading *r,
				   uint64_t *n_bytes, bool *is_known)
{
	const struct sy_safetensors_dtype *dtype = &sy_safetensors_dtypes[r->entry.dtype];
	uint64_t n_bits;

	*is_known = false;
	*n_bytes = 0;
	if (!r->is_good[FIELD_SHAPE] || !r->is_good[FIELD_DTYPE])
		return SY_OK;
	if (r->is_overflow || ckd_mul(&n_bits, r->n_elements, (uint64_t)dtype->bits))
		return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_SIZE_OVERFLOW, r->off,
					   r->len, name_of(st, r), "of dtype %s has a "
					   "shape whose size in bits exceeds 2^64 "
					   "(largest dimension %llu)", dtype->name,
					   (unsigned long long)r->largest);
	if (n_bits % 8 != 0)
		return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_SIZE_SUBBYTE, r->off,
					   r->len, name_of(st, r), "has %llu elements of "
					   "%s, %llu bits: not a whole number of bytes",
					   (unsigned long long)r->n_elements, dtype->name,
					   (unsigned long long)n_bits);
	*is_known = true;
	*n_bytes = n_bits / 8;
	return SY_OK;
}

static enum sy_status check_size(struct sy_safetensors *st, const struct reading *r)
{
	const struct sy_safetensors_entry *e = &r->entry;
	uint64_t n_bytes;
	bool is_known;
	enum sy_status status = needed_bytes(st, r, &n_bytes, &is_known);

	if (status != SY_OK || !is_known)
		return status;
	st->dtype_used |= UINT32_C(1) << e->dtype;
	if (ckd_add(&st->dtype_bytes[e->dtype], st->dtype_bytes[e->dtype], n_bytes))
		st->dtype_bytes[e->dtype] = UINT64_MAX;
	if (!r->is_good[FIELD_OFFSETS] || e->start > e->end ||
	    e->end - e->start == n_bytes)
		return SY_OK;
	return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_SIZE_MISMATCH, r->off, r->len,
				   name_of(st, r), "needs %llu bytes (%llu elements of %s), "
				   "its data_offsets [%llu, %llu] span %llu",
				   (unsigned long long)n_bytes,
				   (unsigned long long)r->n_elements,
				   sy_safetensors_dtypes[e->dtype].name,
				   (unsigned long long)e->start,
				   (unsigned long long)e->end,
				   (unsigned long long)(e->end - e->start));
}

static enum sy_status check_place(struct sy_safetensors *st, const struct reading *r)
{
	const struct sy_safetensors_entry *e = &r->entry;
	unsigned size = sy_safetensors_dtypes[e->dtype].bits / 8;

	if (!r->is_good[FIELD_OFFSETS])
		return SY_OK;
	if (e->start > e->end)
		return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_OFFSET_REVERSED,
					   r->off, r->len, name_of(st, r), "begins at "
					   "%llu of the data and ends before that, at %llu",
					   (unsigned long long)e->start,
					   (unsigned long long)e->end);
	if (!r->is_good[FIELD_DTYPE] || size < 2 || e->start % size == 0)
		return SY_OK;
	return sy_safetensors_fact(st, SY_RULE_SAFETENSORS_TENSOR_MISALIGNED, r->off,
				   r->len, name_of(st, r), "begins at %llu of the data, "
				   "not a multiple of the %u bytes of %s",
				   (unsigned long long)e->start, size,
				   sy_safetensors_dtypes[e->dtype].name);
}

static enum sy_status keep(struct sy_safetensors *st, struct reading *r)
{
	uint64_t max = st->in->ctx->limits.tensors;
	enum sy_status status;

	if (!r->is_good[FIELD_OFFSETS] || r->entry.start > r->entry.end) {
		st->n_unplaced++;
		return SY_OK;
	}
	if (st->n_entries >= max)
		return sy_fail(st->in->ctx, SY_LIMIT, "more than %llu tensors (limit "
			       "tensors)", (unsigned long long)max);
	status = sy_grow(st->in->ctx, &st->entries, &st->cap_entries, st->n_entries + 1,
			 sizeof(*st->entries));
	if (status != SY_OK)
		return status;
	r->entry.is_complete = r->is_good[FIELD_DTYPE] && r->is_good[FIELD_SHAPE];
	r->entry.rank = r->rank > SY_RANK_MAX ? SY_RANK_MAX + 1 : (uint8_t)r->rank;
	st->entries[st->n_entries++] = r->entry;
	return SY_OK;
}

static enum sy_status check_and_keep(struct sy_safetensors *st, struct reading *r)
{
	enum sy_status status = check_missing(st, r);

	if (status == SY_OK)
		status = check_shape(st, r);
	if (status == SY_OK)
		status = check_size(st, r);
	if (status == SY_OK)
		status = check_place(st, r);
	if (status == SY_OK)
		status = keep(st, r);
	return status;
}

static enum sy_status not_object(struct sy_safetensors *st, const struct reading *r,
				 const struct sy_json_token *token, bool *is_over)
{
	enum sy_status status =
		sy_safetensors_fact(st, SY_RULE_SAFETENSORS_TENSOR_TYPE, r->off, r->len,
				    name_of(st, r), "is %s at byte %llu, not an object",
				    sy_safetensors_kind(token->kind),
				    (unsigned long long)(P + token->off));

	st->n_unplaced++;
	return status != SY_OK ? status : sy_safetensors_skip(st, token, is_over);
}

enum sy_status sy_safetensors_tensor(struct sy_safetensors *st,
				     const struct sy_json_token *key, bool *is_over)
{
	struct reading r = { .n_elements = 1, .nonzero = 1 };
	struct sy_json_token token;
	enum sy_status status = keep_name(st, key, &r);

	*is_over = false;
	if (status == SY_OK)
		status = sy_tensor_name_check(st->in, key->text, r.off);
	if (status == SY_OK && !key->is_duplicate)
		status = sy_twins_add(st->twins, key->text, r.off);
	if (status == SY_OK)
		status = sy_safetensors_next(st, &token, is_over);
	if (status != SY_OK || *is_over)
		return status;
	if (token.kind != SY_JSON_OBJECT)
		return not_object(st, &r, &token, is_over);
	status = read_fields(st, &r, is_over);
	if (status != SY_OK || *is_over)
		return status;
	return check_and_keep(st, &r);
}
