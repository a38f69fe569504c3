/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joblib writes the data of an array raw into the stream, behind the BUILD of its
 * wrapper.  This finds out how many bytes that are, so that the opcodes behind it
 * are not missed; objects follow as a stream of their own.  Where the length cannot
 * be told, what follows may be anything, and a fact says so.  Plain unpicklers know
 * nothing of this: data that is a pickle itself is judged as they would run it.
 */
#include "formats/payload.h"
#include "formats/pickle/facts.h"
#include "verifier/base/ckd.h"

#define HEAD_BYTES 4096
#define STEPS_MAX 64		/* opcodes that may stand before the pickle in the data */
#define ITEM_MAX (UINT64_C(1) << 31)

/* A type in a word of the map: flags below its size. */
#define TYPE_KNOWN 1u
#define TYPE_OBJECT 2u
#define TYPE_FLEXIBLE 4u	/* text and raw bytes: a state may change the size */
#define TYPE_SHIFT 3

void sy_joblib_init(struct sy_joblib *joblib, struct sy_context *ctx)
{
	*joblib = (struct sy_joblib){ 0 };
	sy_word_map_init(&joblib->types, ctx);
}

void sy_joblib_free(struct sy_joblib *joblib)
{
	if (joblib->types.ctx)
		sy_word_map_clear(&joblib->types);
	*joblib = (struct sy_joblib){ 0 };
}

/* Positions of the stream inside an array and around it are not the same. */
static uint64_t key_of(struct sy_joblib *joblib, const struct sy_pickle *m, uint64_t at)
{
	return at << 1 | (m != joblib->m);
}

/* "f8", "<U5", "M8[ns]", "O8"; 0: not understood. */
static uint64_t parse_type(struct sy_span s)
{
	uint64_t size;
	uint8_t kind;
	size_t n = 0;

	if (s.len > 0 && (s.data[0] == '<' || s.data[0] == '>' || s.data[0] == '|' ||
			  s.data[0] == '='))
		s = sy_span_slice(s, 1, s.len);
	if (s.len == 0)
		return 0;
	kind = s.data[0];
	s = sy_span_slice(s, 1, s.len);
	while (n < s.len && sy_is_digit(s.data[n]))
		n++;
	if (kind == 'O')
		return 8u << TYPE_SHIFT | TYPE_OBJECT | TYPE_KNOWN;
	if ((n < s.len && kind != 'M' && kind != 'm') ||
	    !sy_parse_u64(sy_span_slice(s, 0, n), &size) || size > ITEM_MAX)
		return 0;
	switch (kind) {
	case 'U':
		return 4 * size << TYPE_SHIFT | TYPE_FLEXIBLE | TYPE_KNOWN;
	case 'S':
	case 'a':
	case 'V':
		return size << TYPE_SHIFT | TYPE_FLEXIBLE | TYPE_KNOWN;
	case 'b':
	case 'i':
	case 'u':
	case 'f':
	case 'c':
	case 'M':
	case 'm':
		return size << TYPE_SHIFT | TYPE_KNOWN;
	default:
		return 0;
	}
}

/* numpy.dtype("f8", False, True) */
static enum sy_status make_type(struct sy_joblib *joblib, struct sy_pickle *m,
				const struct sy_pickle_call *call)
{
	uint64_t name = sy_pickle_item(m, call->args, 0), type;
	uint8_t buf[32];
	struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };
	bool is_new;

	if (sy_value_kind(call->args) != SY_VALUE_TUPLE ||
	    (!sy_value_is_text(name) && !sy_value_is_bytes(name)) ||
	    !sy_pickle_content(m, name, &out) || out.is_cut)
		return m->status;
	type = parse_type(sy_span_of(buf, out.len));
	if (!type)
		return SY_OK;
	return sy_word_map_put(&joblib->types, key_of(joblib, m, sy_value_at(call->args)), type,
			       &is_new);
}

/* A field of the state as a natural number; false: it is none. */
static bool get_number(const struct sy_tuple *state, size_t i, int64_t *n)
{
	*n = 0;
	if (i >= state->n_kept || sy_value_kind(state->items[i]) != SY_VALUE_INT)
		return false;
	*n = sy_value_get_int(state->items[i]);
	return true;
}

/*
 * (version, order, subarray, names, fields, itemsize, alignment, flags, ...): NumPy
 * takes the size of flexible types from here, and whether objects are in them.
 */
static uint64_t change_type(struct sy_pickle *m, uint64_t type, uint64_t value)
{
	struct sy_tuple state;
	int64_t version, size, flags;

	if (sy_value_kind(value) != SY_VALUE_TUPLE || !sy_pickle_items(m, value, &state) ||
	    !get_number(&state, 0, &version) || version < 3 || state.n_kept < 8 ||
	    !get_number(&state, 5, &size) || !get_number(&state, 7, &flags) ||
	    sy_value_kind(state.items[2]) != SY_VALUE_NONE)
		return 0;
	if (!(type & TYPE_FLEXIBLE))
		return type;
	if (size < 0 || (uint64_t)size > ITEM_MAX)
		return size == -1 ? type : 0;
	type = (uint64_t)size << TYPE_SHIFT | (type & (TYPE_FLEXIBLE | TYPE_KNOWN));
	return flags & 1 ? type | TYPE_OBJECT : type;
}

static enum sy_status set_state(struct sy_joblib *joblib, struct sy_pickle *m,
				const struct sy_pickle_call *call)
{
	uint64_t key = key_of(joblib, m, sy_value_at(call->callee));
	uint64_t type = sy_word_map_get(&joblib->types, key);
	bool is_new;

	if (!type)
		return SY_OK;
	type = change_type(m, type, call->extra);
	/* The word 0 would free the slot: a type that is not known has no flag. */
	return sy_word_map_put(&joblib->types, key, type ? type : 1u << TYPE_SHIFT, &is_new);
}

/* shape times size; false: not understood. */
static bool array_size(struct sy_pickle *m, uint64_t shape, uint64_t item, uint64_t *size)
{
	struct sy_tuple tuple;
	bool is_empty = false;

	*size = item;
	if (sy_value_kind(shape) != SY_VALUE_TUPLE || !sy_pickle_items(m, shape, &tuple) ||
	    tuple.n_kept != tuple.n_items)
		return false;
	for (size_t i = 0; i < tuple.n_kept; i++) {
		if (sy_value_kind(tuple.items[i]) != SY_VALUE_INT ||
		    sy_value_get_int(tuple.items[i]) < 0)
			return false;
		is_empty |= sy_value_get_int(tuple.items[i]) == 0;
	}
	for (size_t i = 0; i < tuple.n_kept && !is_empty; i++) {
		if (ckd_mul(size, *size, (uint64_t)sy_value_get_int(tuple.items[i])) ||
		    *size > INT64_MAX)
			return false;
	}
	if (is_empty)
		*size = 0;
	return true;
}

/* The length of the padding stands in the byte before it, in newer versions. */
static enum sy_status padding(struct sy_pickle *m, uint64_t state, uint64_t *len)
{
	uint64_t alignment = sy_pickle_entry(m, state, "numpy_array_alignment_bytes");
	uint64_t at = sy_reader_at(&m->reader);
	uint8_t byte = 0;
	enum sy_status status;

	*len = 0;
	if (alignment == 0 || sy_value_kind(alignment) == SY_VALUE_NONE ||
	    at >= m->reader.cursor.end)
		return SY_OK;
	status = sy_source_read(m->source, at, &byte, 1);
	*len = 1 + (uint64_t)byte;
	return status;
}

static enum sy_status tell_unknown(struct sy_pickle_facts *facts,
				   const struct sy_pickle_call *call)
{
	return sy_fact(facts->in, SY_RULE_PICKLE_ARRAY_UNKNOWN,
		       sy_pickle_facts_off(facts, call->off), 1, sy_span_of(NULL, 0),
		       "an array of joblib's follows offset %llu, and how long it is cannot be "
		       "told from its shape and type", (unsigned long long)call->off);
}

/*
 * Bytes of an opcode that neither imports nor calls, which an unpickler that is in the
 * middle of its work takes in its stride; 0: another one.
 */
static size_t harmless(struct sy_span s)
{
	static const char single[] = "(012NabdeltosuQ)]}\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x94";
	uint64_t len = 0;
	size_t n_len;

	if (s.len == 0)
		return 0;
	if (memchr(single, s.data[0], sizeof(single) - 1))
		return 1;
	switch (s.data[0]) {
	case 'K':
	case 'q':
	case 'h':
	case 0x80:
		return 2;
	case 'M':
		return 3;
	case 'J':
	case 'r':
	case 'j':
		return 5;
	case 'G':
	case 0x95:
		return 9;
	case 'U':
	case 'C':
	case 0x8a:
	case 0x8c:
		n_len = 1;
		break;
	case 'T':
	case 'X':
	case 'B':
		n_len = 4;
		break;
	default:
		return 0;
	}
	if (s.len <= n_len)
		return 0;
	for (size_t i = 0; i < n_len; i++)
		len |= (uint64_t)s.data[1 + i] << 8 * i;
	return len < s.len ? 1 + n_len + (size_t)len : 0;
}

/* Where in the data a pickle begins, as an unpickler comes there; false: nowhere. */
static bool find_pickle(struct sy_span head, uint64_t left, size_t *at)
{
	*at = 0;
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		struct sy_span rest = sy_span_slice(head, *at, head.len);
		size_t n;

		if (rest.len == 0)
			return false;
		if (sy_pickle_begins(rest, left - *at))
			return true;
		n = harmless(rest);
		if (n == 0)
			return false;
		*at += n;
	}
	return false;
}

/* A plain unpickler takes the data for opcodes. */
static enum sy_status probe_data(struct sy_pickle_facts *facts, struct sy_pickle *m)
{
	struct sy_pickle_job job = facts->job;
	uint64_t at = sy_reader_at(&m->reader), left;
	uint8_t head[HEAD_BYTES];
	size_t len, skipped;
	enum sy_status status;

	if (at >= m->reader.cursor.end)
		return SY_OK;
	left = m->reader.cursor.end - at;
	len = left < sizeof(head) ? (size_t)left : sizeof(head);
	status = sy_source_read(m->source, at, head, len);
	if (status != SY_OK || !find_pickle(sy_span_of(head, len), left, &skipped))
		return status;
	job.start = at + skipped;
	job.is_probe = true;
	job.depth++;
	return sy_pickle_facts_job(facts, &job);
}

/* Behind the BUILD of a wrapper: {subclass, shape, order, dtype, allow_mmap, ...} */
static enum sy_status take_array(struct sy_pickle_facts *facts, struct sy_pickle *m,
				 const struct sy_pickle_call *call)
{
	uint64_t shape = sy_pickle_entry(m, call->extra, "shape");
	uint64_t dtype = sy_pickle_entry(m, call->extra, "dtype");
	uint64_t type = 0, size, before;
	enum sy_status status;

	if (sy_value_kind(dtype) == SY_VALUE_CALL)
		type = sy_word_map_get(&facts->joblib.types,
				       key_of(&facts->joblib, m, sy_value_at(dtype)));
	if (!(type & TYPE_KNOWN))
		return tell_unknown(facts, call);
	if (type & TYPE_OBJECT) {
		sy_pickle_suspend(m);
		return SY_OK;
	}
	if (!array_size(m, shape, type >> TYPE_SHIFT, &size))
		return tell_unknown(facts, call);
	status = padding(m, call->extra, &before);
	if (status != SY_OK)
		return status;
	if (ckd_add(&size, size, before))
		return tell_unknown(facts, call);
	status = probe_data(facts, m);
	sy_pickle_skip(m, size);
	return status;
}

/* Before 0.10: the array is a file beside, of that name. */
static enum sy_status take_outside(struct sy_pickle_facts *facts, struct sy_pickle *m,
				   const struct sy_pickle_call *call)
{
	uint64_t value = sy_pickle_entry(m, call->extra, "filename");
	uint8_t buf[256];
	struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };
	struct sy_span name = sy_span_of(NULL, 0);
	struct sy_text text;
	bool is_plain;

	if (value && sy_pickle_content(m, value, &out) && !out.is_cut)
		name = sy_span_of(buf, out.len);
	if (m->status != SY_OK)
		return m->status;
	is_plain = name.len > 0 && name.data[0] != '.' && !memchr(name.data, '/', name.len) &&
		   !memchr(name.data, '\\', name.len) && !memchr(name.data, ':', name.len);
	sy_text_init(&text);
	sy_text_add(&text, "the array lies in ");
	if (name.len)
		sy_text_name(&text, name);
	else
		sy_text_add(&text, "a file whose name cannot be told");
	return sy_fact_text(facts->in, is_plain ? SY_RULE_PICKLE_ARRAY_BESIDE
						: SY_RULE_PICKLE_ARRAY_ELSEWHERE,
			    sy_pickle_facts_off(facts, call->off), 1, name, &text);
}

static bool is_ours(const struct sy_global *global, const char *class)
{
	return global && (sy_span_starts(global->symbol, "joblib.") ||
			  sy_span_starts(global->symbol, "sklearn.externals.joblib.")) &&
	       sy_span_ends(global->symbol, class);
}

static bool is_dtype(const struct sy_global *global)
{
	return global && sy_span_is(global->symbol, "numpy.dtype");
}

enum sy_status sy_joblib_call(struct sy_pickle_facts *facts, struct sy_pickle *m,
			      const struct sy_pickle_call *call)
{
	struct sy_joblib *joblib = &facts->joblib;
	const struct sy_global *class = sy_pickle_global(m, call->callee);

	if (!joblib->m)
		joblib->m = m;
	if (sy_value_kind(call->callee) == SY_VALUE_GLOBAL)
		return call->how != SY_HOW_ITEMS && is_dtype(class)
			? make_type(joblib, m, call) : SY_OK;
	if (call->how != SY_HOW_BUILD || sy_value_kind(call->callee) != SY_VALUE_CALL)
		return SY_OK;
	if (is_dtype(class))
		return set_state(joblib, m, call);
	if (is_ours(class, ".NumpyArrayWrapper")) {
		enum sy_status status = sy_pickle_facts_plain(facts);

		return status == SY_OK ? take_array(facts, m, call) : status;
	}
	return is_ours(class, "NDArrayWrapper") ? take_outside(facts, m, call) : SY_OK;
}
