/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joblib writes the data of an array raw into the stream, behind the BUILD of its
 * wrapper (joblib/numpy_pickle.py).  This finds out how many bytes that are, so
 * that the opcodes behind it are not missed; objects follow as a stream of their
 * own.
 */
#include "formats/pickle/facts.h"
#include "verifier/base/ckd.h"

/* "f8", "<U5", "O8": bytes of an item; 0: not understood. */
static uint64_t item_size(struct sy_pickle *m, uint64_t name, bool *is_object)
{
	uint8_t buf[32];
	struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };
	uint64_t size;
	size_t i = 0;

	*is_object = false;
	if (!sy_value_is_text(name) || !sy_pickle_content(m, name, &out) || out.is_cut)
		return 0;
	if (i < out.len && (buf[i] == '<' || buf[i] == '>' || buf[i] == '|' || buf[i] == '='))
		i++;
	if (i >= out.len)
		return 0;
	*is_object = buf[i] == 'O';
	if (*is_object)
		return 8;
	if (!sy_parse_u64(sy_span_of(buf + i + 1, out.len - i - 1), &size) || size > UINT32_MAX)
		return 0;
	return buf[i] == 'U' ? 4 * size : size;
}

/* shape times size; false: not understood. */
static bool array_size(struct sy_pickle *m, uint64_t shape, uint64_t item, uint64_t *size)
{
	struct sy_tuple tuple;

	*size = item;
	if (sy_value_kind(shape) != SY_VALUE_TUPLE || !sy_pickle_items(m, shape, &tuple) ||
	    tuple.n_kept != tuple.n_items)
		return false;
	for (size_t i = 0; i < tuple.n_kept; i++) {
		if (sy_value_kind(tuple.items[i]) != SY_VALUE_INT ||
		    sy_value_get_int(tuple.items[i]) < 0 ||
		    ckd_mul(size, *size, (uint64_t)sy_value_get_int(tuple.items[i])))
			return false;
	}
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

enum sy_status sy_joblib_array(struct sy_pickle *m, const struct sy_pickle_call *call)
{
	uint64_t shape, dtype, size, before;
	bool is_object;
	enum sy_status status;

	if (!sy_span_is(sy_pickle_global(m, call->callee)->symbol,
			"joblib.numpy_pickle.NumpyArrayWrapper"))
		return SY_OK;
	shape = sy_pickle_entry(m, call->extra, "shape");
	dtype = sy_pickle_entry(m, call->extra, "dtype");
	size = item_size(m, sy_pickle_item(m, dtype, 0), &is_object);
	if (is_object) {
		sy_pickle_suspend(m);
		return SY_OK;
	}
	if (size == 0 || !array_size(m, shape, size, &size))
		return SY_OK;
	status = padding(m, call->extra, &before);
	if (status == SY_OK && !ckd_add(&size, size, before))
		sy_pickle_skip(m, size);
	return status;
}
