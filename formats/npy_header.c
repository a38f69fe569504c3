/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict parser of the few forms that NumPy writes.  Python's reader takes any
 * literal: comments, escapes, joined strings, numbers in other bases, keys twice; none
 * of that is written by NumPy, and readers differ about it.
 */
#include "formats/npy_header.h"

#include "verifier/base/ckd.h"
#include "verifier/base/text.h"

#define DEPTH_MAX 16	/* records inside records */

struct parser {
	struct sy_span text;
	size_t at;
	struct sy_npy_header *header;
	enum sy_npy_fault fault;
	const char *what;
};

static bool fail(struct parser *p, enum sy_npy_fault fault, const char *what)
{
	if (p->fault == SY_NPY_RIGHT) {
		p->fault = fault;
		p->what = what;
	}
	return false;
}

static void skip_spaces(struct parser *p)
{
	while (p->at < p->text.len && p->text.data[p->at] == ' ')
		p->at++;
}

/* Takes a token if it is the next thing. */
static bool take(struct parser *p, const char *token)
{
	skip_spaces(p);
	if (!sy_span_starts(sy_span_slice(p->text, p->at, p->text.len), token))
		return false;
	p->at += strlen(token);
	return true;
}

static bool need(struct parser *p, const char *token, const char *what)
{
	return take(p, token) || fail(p, SY_NPY_NOT_HEADER, what);
}

/* 'text' or "text", without an escape: NumPy's own strings have none. */
static bool get_string(struct parser *p, struct sy_span *text)
{
	uint8_t quote;
	size_t start;

	skip_spaces(p);
	if (p->at >= p->text.len ||
	    (p->text.data[p->at] != '\'' && p->text.data[p->at] != '"'))
		return fail(p, SY_NPY_NOT_HEADER, "a string is missing");
	quote = p->text.data[p->at++];
	start = p->at;
	while (p->at < p->text.len && p->text.data[p->at] != quote) {
		if (p->text.data[p->at] == '\\' || p->text.data[p->at] < ' ')
			return fail(p, SY_NPY_NOT_HEADER, "an escape stands in a string");
		p->at++;
	}
	if (p->at >= p->text.len)
		return fail(p, SY_NPY_NOT_HEADER, "a string does not end");
	*text = sy_span_slice(p->text, start, p->at - start);
	p->at++;
	return true;
}

static bool get_dimension(struct parser *p, uint64_t *n)
{
	size_t start;

	skip_spaces(p);
	start = p->at;
	while (p->at < p->text.len && sy_is_digit(p->text.data[p->at]))
		p->at++;
	if (!sy_parse_u64(sy_span_slice(p->text, start, p->at - start), n) || *n > INT64_MAX)
		return fail(p, SY_NPY_NOT_SHAPE, "a dimension is no natural number");
	if (p->at < p->text.len && p->text.data[p->at] == 'L') {
		p->header->is_old = true;
		p->at++;
	}
	return true;
}

/* (), (3,), (3, 4), (3, 4,) */
static bool get_shape(struct parser *p, uint64_t *shape, uint8_t *rank)
{
	*rank = 0;
	if (!take(p, "("))
		return fail(p, SY_NPY_NOT_SHAPE, "the shape is no tuple");
	while (!take(p, ")")) {
		if (*rank == SY_RANK_MAX)
			return fail(p, SY_NPY_NOT_SHAPE, "there are too many dimensions");
		if (!get_dimension(p, &shape[*rank]))
			return false;
		(*rank)++;
		if (take(p, ","))
			continue;
		if (*rank == 1 || !take(p, ")"))
			return fail(p, SY_NPY_NOT_SHAPE, "a comma is missing in the shape");
		return true;
	}
	return true;
}

/* Sizes that exist, by kind. */
static bool is_size(uint8_t kind, uint64_t n)
{
	switch (kind) {
	case 'b':
		return n == 1;
	case 'i':
	case 'u':
		return n == 1 || n == 2 || n == 4 || n == 8;
	case 'f':
		return n == 2 || n == 4 || n == 8 || n == 12 || n == 16;
	case 'c':
		return n == 8 || n == 16 || n == 24 || n == 32;
	case 'm':
	case 'M':
		return n == 8;
	case 'S':
	case 'a':
	case 'U':
	case 'V':
		return n <= INT32_MAX;
	}
	return false;
}

/* "<M8[ns]": a unit in brackets follows times, and nothing else. */
static bool is_unit(struct sy_span rest, uint8_t kind)
{
	if (rest.len == 0)
		return true;
	return (kind == 'm' || kind == 'M') && rest.len >= 3 && rest.data[0] == '[' &&
	       rest.data[rest.len - 1] == ']';
}

/* "<f4", "|b1", "<U10", "|O" */
static bool get_type(struct parser *p, uint64_t *item)
{
	struct sy_npy_header *h = p->header;
	struct sy_span text;
	size_t i = 0, digits;
	bool has_order;
	uint8_t kind;

	*item = 0;
	if (!get_string(p, &text))
		return false;
	has_order = text.len > 0 && memchr("<>|=", text.data[0], 4);
	i += has_order;
	if (i >= text.len)
		return fail(p, SY_NPY_NOT_DTYPE, "the element type is empty");
	kind = text.data[i++];
	digits = i;
	while (i < text.len && sy_is_digit(text.data[i]))
		i++;
	if (kind == 'O' && i == text.len) {
		h->has_object = true;
		*item = 8;
		return true;
	}
	if (!sy_parse_u64(sy_span_slice(text, digits, i - digits), item) ||
	    !is_size(kind, *item) || !is_unit(sy_span_slice(text, i, text.len), kind))
		return fail(p, SY_NPY_NOT_DTYPE, "the element type is none of NumPy's");
	h->is_plain &= memchr("biufc", kind, 5) != NULL;
	h->has_order &= (has_order && text.data[0] != '=') || *item == 1;
	if (kind == 'U')
		*item *= 4;
	return true;
}

/* The name of a field, or a title and a name. */
static bool get_field_name(struct parser *p)
{
	struct sy_span name;

	if (!take(p, "("))
		return get_string(p, &name);
	return get_string(p, &name) && need(p, ",", "a title without a name") &&
	       get_string(p, &name) && need(p, ")", "a title and a name do not end");
}

/* The rest of a field behind its type: maybe a shape; *item becomes its size. */
static bool end_field(struct parser *p, uint64_t *item)
{
	uint64_t shape[SY_RANK_MAX];
	uint8_t rank = 0;

	if (take(p, ",") && !take(p, ")")) {
		if (!get_shape(p, shape, &rank) || !need(p, ")", "a field does not end"))
			return false;
	} else if (p->text.data[p->at - 1] != ')' && !need(p, ")", "a field does not end")) {
		return false;
	}
	for (uint8_t i = 0; i < rank; i++) {
		if (ckd_mul(item, *item, shape[i]))
			return fail(p, SY_NPY_NOT_SHAPE, "a field is too large");
	}
	return true;
}

/* A type, or a list of fields, whose types may be such lists again. */
static bool get_descr(struct parser *p, uint64_t *item)
{
	uint64_t sums[DEPTH_MAX];
	size_t depth = 0;

	for (;;) {
		if (take(p, "[")) {
			p->header->is_plain = false;
			if (depth == DEPTH_MAX)
				return fail(p, SY_NPY_NOT_DTYPE, "records are nested too deep");
			sums[depth++] = 0;
			if (!need(p, "(", "a field is missing") || !get_field_name(p) ||
			    !need(p, ",", "a field without a type"))
				return false;
			continue;
		}
		if (!get_type(p, item))
			return false;
		while (depth > 0) {
			if (!end_field(p, item))
				return false;
			if (ckd_add(&sums[depth - 1], sums[depth - 1], *item))
				return fail(p, SY_NPY_NOT_SHAPE, "a record is too large");
			if (take(p, ",") && !take(p, "]"))
				break;
			if (p->text.data[p->at - 1] != ']' && !need(p, "]", "a list does not end"))
				return false;
			*item = sums[--depth];
		}
		if (depth == 0)
			return true;
		if (!need(p, "(", "a field is missing") || !get_field_name(p) ||
		    !need(p, ",", "a field without a type"))
			return false;
	}
}

static bool get_bool(struct parser *p, bool *value)
{
	*value = take(p, "True");
	return *value || take(p, "False") ||
	       fail(p, SY_NPY_NOT_HEADER, "fortran_order is neither True nor False");
}

static bool get_pair(struct parser *p, unsigned *seen)
{
	static const char *const keys[] = { "descr", "fortran_order", "shape" };
	struct sy_npy_header *h = p->header;
	struct sy_span key;
	unsigned which = 0;
	size_t start;

	if (!get_string(p, &key))
		return false;
	while (which < 3 && !sy_span_is(key, keys[which]))
		which++;
	if (which == 3 || (*seen & 1u << which))
		return fail(p, SY_NPY_NOT_HEADER, which == 3 ? "there is another key"
							     : "a key is there twice");
	*seen |= 1u << which;
	if (!need(p, ":", "a key without a value"))
		return false;
	skip_spaces(p);
	start = p->at;
	if (which == 1)
		return get_bool(p, &h->is_fortran);
	if (which == 2)
		return get_shape(p, h->shape, &h->rank);
	if (!get_descr(p, &h->item))
		return false;
	h->dtype = sy_span_slice(p->text, start, p->at - start);
	if (h->dtype.len >= 2 && (h->dtype.data[0] == '\'' || h->dtype.data[0] == '"'))
		h->dtype = sy_span_slice(h->dtype, 1, h->dtype.len - 2);
	return true;
}

static bool get_header(struct parser *p)
{
	unsigned seen = 0;

	if (!need(p, "{", "it is no dictionary"))
		return false;
	while (!take(p, "}")) {
		if (!get_pair(p, &seen))
			return false;
		if (take(p, ","))
			continue;
		if (!need(p, "}", "a comma is missing"))
			return false;
		break;
	}
	if (seen != 7)
		return fail(p, SY_NPY_NOT_HEADER, "a key is missing");
	skip_spaces(p);
	if (p->at < p->text.len && p->text.data[p->at] == '\n')
		p->at++;
	return p->at == p->text.len || fail(p, SY_NPY_NOT_HEADER, "something follows it");
}

enum sy_npy_fault sy_npy_header_parse(struct sy_span text, struct sy_npy_header *header,
				      size_t *at, const char **what)
{
	struct parser p = { .text = text, .header = header, .what = "" };

	*header = (struct sy_npy_header){ .is_plain = true, .has_order = true };
	(void)get_header(&p);
	*at = p.at;
	*what = p.what;
	return p.fault;
}
