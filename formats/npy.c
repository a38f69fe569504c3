/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NumPy arrays (.npy), alone or in a .npz: a header, and elements or, for objects, a
 * pickle, which is judged like any other.
 */
#include "formats/npy_header.h"
#include "formats/payload.h"
#include "formats/pickle/streams.h"
#include "verifier/base/ckd.h"
#include "verifier/base/utf8.h"

#define PREAMBLE 8			/* magic and version */
#define HEADER_BYTES_MAX 10000		/* NumPy's own limit, in characters */

struct npy {
	struct sy_inspection *in;
	uint8_t major, minor;
	uint64_t text_off, text_len;	/* of the header */
	uint64_t data_off;
	struct sy_npy_header header;
};

static enum sy_status fault(struct npy *n, enum sy_rule rule, uint64_t off, const char *what)
{
	return sy_fact(n->in, rule, off, 0, sy_span_of(NULL, 0), "%s (version %u.%u, a header of "
		       "%llu bytes)", what, n->major, n->minor,
		       (unsigned long long)n->text_len);
}

/* True when header and data can be told apart. */
static bool get_preamble(struct npy *n, enum sy_status *status)
{
	struct sy_span head;
	struct sy_cursor c;
	struct sy_span magic;
	uint16_t short_len = 0;
	uint32_t len = 0;

	*status = sy_source_view(n->in->source, 0, 12, &n->in->arena, &head);
	if (*status != SY_OK)
		return false;
	sy_cursor_init(&c, head, 0);
	if (!sy_get_span(&c, 6, &magic) || memcmp(magic.data, "\x93NUMPY", 6) ||
	    !sy_get_u8(&c, &n->major) || !sy_get_u8(&c, &n->minor)) {
		*status = sy_fact(n->in, SY_RULE_NPY_MAGIC_WRONG, 0, head.len < 6 ? head.len : 6,
				  sy_span_of(NULL, 0), "%llu bytes that do not begin with "
				  "\\x93NUMPY", (unsigned long long)n->in->source->size);
		return false;
	}
	if (n->major < 1 || n->major > 3 || n->minor != 0) {
		*status = fault(n, SY_RULE_NPY_VERSION_UNKNOWN, 6, "no such version");
		return false;
	}
	if (n->major == 1 ? !sy_get_u16(&c, &short_len) : !sy_get_u32(&c, &len)) {
		*status = fault(n, SY_RULE_NPY_HEADER_LARGE, 8, "the file ends in the preamble");
		return false;
	}
	n->text_off = sy_cursor_at(&c);
	n->text_len = n->major == 1 ? short_len : len;
	return true;
}

static bool check_length(struct npy *n, enum sy_status *status)
{
	uint64_t size = n->in->source->size;

	if (n->text_len > size - n->text_off) {
		*status = fault(n, SY_RULE_NPY_HEADER_LARGE, PREAMBLE,
				"the header ends beyond the file");
		return false;
	}
	n->data_off = n->text_off + n->text_len;
	if (n->text_len <= HEADER_BYTES_MAX)
		return true;
	*status = fault(n, SY_RULE_NPY_HEADER_LARGE, PREAMBLE,
			"NumPy reads no header above 10000 characters");
	return false;
}

static bool get_header(struct npy *n, enum sy_status *status)
{
	static const enum sy_rule rules[] = {
		[SY_NPY_NOT_HEADER] = SY_RULE_NPY_HEADER_INVALID,
		[SY_NPY_NOT_DTYPE] = SY_RULE_NPY_DTYPE_UNKNOWN,
		[SY_NPY_NOT_SHAPE] = SY_RULE_NPY_SHAPE_INVALID,
	};
	enum sy_npy_fault wrong;
	struct sy_span text;
	const char *what;
	size_t at;

	*status = sy_source_view(n->in->source, n->text_off, (size_t)n->text_len, &n->in->arena,
				 &text);
	if (*status != SY_OK)
		return false;
	n->in->bytes_parsed += n->data_off;
	if (n->major == 3 && !sy_utf8_valid(text, &at)) {
		*status = fault(n, SY_RULE_NPY_HEADER_INVALID, n->text_off + at,
				"the header is not UTF-8");
		return false;
	}
	wrong = sy_npy_header_parse(text, &n->header, &at, &what);
	if (wrong == SY_NPY_RIGHT && n->header.is_old && n->major == 3) {
		wrong = SY_NPY_NOT_SHAPE;
		what = "a dimension ends in L, which version 3 does not have";
	}
	if (wrong == SY_NPY_RIGHT)
		return true;
	*status = fault(n, rules[wrong], n->text_off + at, what);
	return false;
}

static enum sy_status tell_type(struct npy *n)
{
	const struct sy_npy_header *h = &n->header;
	const struct sy_span none = sy_span_of(NULL, 0);
	struct sy_text type;
	enum sy_status status = SY_OK;

	sy_text_init(&type);
	sy_text_name(&type, h->dtype);
	if (h->is_old)
		status = sy_fact(n->in, SY_RULE_NPY_HEADER_OLD, n->text_off, n->text_len, none,
				 "a dimension ends in L");
	if (status == SY_OK && h->has_object)
		return sy_fact(n->in, SY_RULE_NPY_DTYPE_OBJECT, n->text_off, n->text_len, none,
			       "elements of type %s", type.data);
	if (status == SY_OK && !h->is_plain)
		status = sy_fact(n->in, SY_RULE_NPY_DTYPE_UNUSUAL, n->text_off, n->text_len, none,
				 "elements of type %s", type.data);
	if (status == SY_OK && !h->has_order)
		status = sy_fact(n->in, SY_RULE_NPY_BYTEORDER_UNSTATED, n->text_off, n->text_len,
				 none, "elements of type %s", type.data);
	return status;
}

/* Elements times bytes; false: no file is so large. */
static bool data_bytes(const struct sy_npy_header *h, uint64_t *len)
{
	bool is_empty = false;

	*len = h->item;
	for (uint8_t i = 0; i < h->rank; i++)
		is_empty |= h->shape[i] == 0;
	if (is_empty)
		return *len = 0, true;
	for (uint8_t i = 0; i < h->rank; i++) {
		if (ckd_mul(len, *len, h->shape[i]))
			return false;
	}
	return *len <= INT64_MAX;
}

/* The first index runs fastest. */
static void put_fortran(struct sy_record_tensor *tensor)
{
	uint64_t stride = 1;

	tensor->has_strides = true;
	for (uint8_t i = 0; i < tensor->rank; i++) {
		tensor->strides[i] = stride;
		stride *= tensor->shape[i];	/* the product was checked */
	}
}

static enum sy_status emit_tensor(struct npy *n, uint64_t len)
{
	const struct sy_npy_header *h = &n->header;
	struct sy_record_tensor tensor = {
		.name = n->in->base, .dtype = h->dtype, .rank = h->rank,
		.off = n->data_off, .len = len,
		.is_big_endian = h->dtype.len > 0 && h->dtype.data[0] == '>',
	};

	if (sy_ascii_ends(tensor.name, ".npy"))
		tensor.name.len -= 4;
	memcpy(tensor.shape, h->shape, sizeof(tensor.shape));
	if (h->is_fortran && h->rank > 1 && len > 0)
		put_fortran(&tensor);
	return sy_emit_tensor(n->in, &tensor);
}

/* What follows the elements, or follows a header that could not be read. */
static enum sy_status tell_rest(struct npy *n, uint64_t off)
{
	uint64_t left = n->in->source->size - off;
	enum sy_status status;

	if (left == 0)
		return SY_OK;
	status = sy_emit_extent(n->in, SY_EXTENT_UNKNOWN, off, left);
	if (status == SY_OK)
		status = sy_pickle_search(n->in, off);
	return status == SY_OK ? sy_polyglot_check(n->in, off) : status;
}

static enum sy_status read_numbers(struct npy *n)
{
	uint64_t left = n->in->source->size - n->data_off, len;
	enum sy_status status;

	if (!data_bytes(&n->header, &len)) {
		status = fault(n, SY_RULE_NPY_SHAPE_INVALID, n->text_off,
			       "the shape times the element's size overflows");
		return status == SY_OK ? tell_rest(n, n->data_off) : status;
	}
	if (len > left) {
		status = sy_fact(n->in, SY_RULE_NPY_DATA_TRUNCATED, n->data_off, left,
				 sy_span_of(NULL, 0), "the shape needs %llu bytes, the file has "
				 "%llu", (unsigned long long)len, (unsigned long long)left);
		return status == SY_OK ? tell_rest(n, n->data_off) : status;
	}
	status = emit_tensor(n, len);
	if (status == SY_OK && len > 0)
		status = sy_emit_extent(n->in, SY_EXTENT_DATA, n->data_off, len);
	if (status == SY_OK && len < left)
		status = sy_fact(n->in, SY_RULE_NPY_DATA_TRAILING, n->data_off + len, left - len,
				 sy_span_of(NULL, 0), "%llu bytes behind the array",
				 (unsigned long long)(left - len));
	if (status == SY_OK)
		status = n->header.is_plain && n->header.item > 1
			? sy_payload_check_numbers(n->in, n->in->base, n->data_off, len)
			: sy_payload_check(n->in, n->in->base, n->data_off, len);
	return status == SY_OK ? tell_rest(n, n->data_off + len) : status;
}

/* The whole array is one pickle. */
static enum sy_status read_objects(struct npy *n)
{
	struct sy_pickle_sum sum;
	uint64_t size = n->in->source->size;
	enum sy_status status = sy_pickle_streams(n->in, n->data_off, size, NULL, &sum);

	n->in->bytes_parsed += sum.end - n->data_off;
	if (status == SY_OK && size > n->data_off)
		status = sy_emit_extent(n->in, SY_EXTENT_DATA, n->data_off, size - n->data_off);
	return status == SY_OK ? sy_polyglot_check(n->in, sum.end) : status;
}

static enum sy_status read_data(struct npy *n)
{
	enum sy_status status = sy_emit_extent(n->in, SY_EXTENT_HEADER, 0, n->data_off);

	if (status == SY_OK)
		status = tell_type(n);
	if (status != SY_OK)
		return status;
	return n->header.has_object ? read_objects(n) : read_numbers(n);
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct npy n = { .in = in };
	enum sy_status status;
	bool is_read = get_preamble(&n, &status) && check_length(&n, &status) &&
		       get_header(&n, &status);

	if (status == SY_OK)
		status = is_read ? read_data(&n) : tell_rest(&n, 0);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "npy", is_read && !n.header.has_object,
					  "%u dimensions", n.header.rank);
	return status;
}

static unsigned bid(const struct sy_probe *p)
{
	return p->head.len >= 6 && !memcmp(p->head.data, "\x93NUMPY", 6) ? 48 : 0;
}

static const char *const suffixes[] = { ".npy", NULL };

const struct sy_format sy_format_npy = {
	.name = "npy", .title = "a NumPy array", .spec = "numpy/lib/format.py, NEP 1",
	.class = SY_CLASS_WEIGHTS, .suffixes = suffixes, .bid = bid, .inspect = inspect,
};
