/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings put together from constants, as a pickle does to hide a name: joined,
 * added, formatted, replaced, reversed, decoded.  Bounded in length; what is not
 * exactly understood stays unknown.
 */
#include "formats/pickle/resolve.h"

/* The items of a list or tuple constant, when all of them are kept. */
static bool sequence(const struct sy_pickle *m, uint64_t value, const uint64_t **items,
		     size_t *n)
{
	const struct sy_list *list = sy_store_get_list(&m->store, value);
	struct sy_tuple tuple;

	*items = NULL;
	*n = 0;
	if (list && sy_value_kind(value) == SY_VALUE_LIST && list->n_items == list->n_kept) {
		*items = list->items;
		*n = list->n_kept;
		return true;
	}
	if (sy_value_kind(value) != SY_VALUE_TUPLE || !sy_pickle_items(m, value, &tuple) ||
	    tuple.n_items != tuple.n_kept)
		return false;
	*items = tuple.items;
	*n = tuple.n_kept;
	return true;
}

/* self.join(sequence); a string is a sequence of its characters. */
static uint64_t join(struct sy_pickle *m, uint64_t self, uint64_t parts)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	const uint64_t *items;
	size_t n;

	if (!sequence(m, parts, &items, &n)) {
		struct sy_span s;

		if (!sy_compute_content(m, self, 0, &s) || s.len > 0)
			return 0;
		return sy_value_is_text(parts) ? parts : 0;
	}
	for (size_t i = 0; i < n; i++) {
		if ((i > 0 && !sy_compute_add(m, &out, self)) || !sy_compute_add(m, &out, items[i]))
			return 0;
	}
	return sy_compute_keep(m, &out, sy_value_is_bytes(self));
}

static uint64_t concat(struct sy_pickle *m, uint64_t a, uint64_t b)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	bool is_bytes = sy_value_is_bytes(a);

	if (is_bytes != sy_value_is_bytes(b) || sy_value_kind(a) == SY_VALUE_INT ||
	    sy_value_kind(b) == SY_VALUE_INT || !sy_compute_add(m, &out, a) ||
	    !sy_compute_add(m, &out, b))
		return 0;
	return sy_compute_keep(m, &out, is_bytes);
}

/* The arguments of % or format: a tuple's items, or one value. */
static uint64_t format_item(const struct sy_pickle *m, uint64_t args, size_t i)
{
	if (sy_value_kind(args) != SY_VALUE_TUPLE)
		return i == 0 ? args : 0;
	return sy_pickle_item(m, args, i);
}

/* %s and %d only. */
static uint64_t percent(struct sy_pickle *m, uint64_t format, uint64_t args)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	uint8_t copy[1024];
	struct sy_span s;
	size_t n = 0;

	if (!sy_compute_content(m, format, 1, &s) || s.len > sizeof(copy))
		return 0;
	memcpy(copy, s.data, s.len);
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = i + 1 < s.len ? copy[i + 1] : 0;

		if (copy[i] != '%') {
			sy_decoded_add(&out, sy_span_of(&copy[i], 1));
			continue;
		}
		i++;
		if (c == '%')
			sy_decoded_add(&out, sy_span_of(&copy[i], 1));
		else if ((c != 's' && c != 'd') ||
			 !sy_compute_add(m, &out, format_item(m, args, n++)))
			return 0;
	}
	return sy_compute_keep(m, &out, sy_value_is_bytes(format));
}

/* {} and {0} only. */
static uint64_t braces(struct sy_pickle *m, uint64_t format, const struct sy_tuple *args)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	uint8_t copy[1024];
	struct sy_span s;
	size_t next = 0;

	if (!sy_compute_content(m, format, 1, &s) || s.len > sizeof(copy))
		return 0;
	memcpy(copy, s.data, s.len);
	for (size_t i = 0; i < s.len; i++) {
		size_t item;

		if (copy[i] != '{' && copy[i] != '}') {
			sy_decoded_add(&out, sy_span_of(&copy[i], 1));
			continue;
		}
		if (i + 1 < s.len && copy[i] == '{' && copy[i + 1] == '}') {
			item = next++;
			i++;
		} else if (i + 2 < s.len && copy[i] == '{' && sy_is_digit(copy[i + 1]) &&
			   copy[i + 2] == '}') {
			item = copy[i + 1] - (size_t)'0';
			i += 2;
		} else {
			return 0;
		}
		if (item >= args->n_kept || !sy_compute_add(m, &out, args->items[item]))
			return 0;
	}
	return sy_compute_keep(m, &out, false);
}

static uint64_t replace(struct sy_pickle *m, uint64_t self, const struct sy_tuple *args)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	uint8_t from[256];
	struct sy_decoded old = { .data = from, .cap = sizeof(from) };
	uint8_t with[256];
	struct sy_decoded new = { .data = with, .cap = sizeof(with) };
	struct sy_span s;

	if (args->n_kept != 2 || !sy_pickle_content(m, args->items[0], &old) || old.is_cut ||
	    !sy_pickle_content(m, args->items[1], &new) || new.is_cut || old.len == 0 ||
	    !sy_compute_content(m, self, 1, &s))
		return 0;
	for (size_t i = 0; i < s.len;) {
		if (s.len - i >= old.len && !memcmp(s.data + i, from, old.len)) {
			sy_decoded_add(&out, sy_span_of(with, new.len));
			i += old.len;
		} else {
			sy_decoded_add(&out, sy_span_of(s.data + i++, 1));
		}
	}
	return sy_compute_keep(m, &out, sy_value_is_bytes(self));
}

static uint64_t map_case(struct sy_pickle *m, uint64_t self, bool is_upper)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };

	if (!sy_compute_add(m, &out, self))
		return 0;
	for (size_t i = 0; i < out.len; i++) {
		if (out.data[i] >= 0x80)
			return 0;
		if (!is_upper)
			out.data[i] = sy_ascii_lower(out.data[i]);
		else if (out.data[i] >= 'a' && out.data[i] <= 'z')
			out.data[i] = (uint8_t)(out.data[i] - 32);
	}
	return sy_compute_keep(m, &out, sy_value_is_bytes(self));
}

bool sy_compute_method(struct sy_pickle *m, uint64_t self, struct sy_span name,
		       const struct sy_tuple *args, uint64_t *result)
{
	uint64_t first = args->n_kept > 0 ? args->items[0] : 0;

	*result = 0;
	if (!sy_value_is_text(self) && !sy_value_is_bytes(self))
		return true;
	if (sy_span_is(name, "join"))
		*result = join(m, self, first);
	else if (sy_span_is(name, "__add__"))
		*result = concat(m, self, first);
	else if (sy_span_is(name, "__mod__"))
		*result = percent(m, self, first);
	else if (sy_span_is(name, "format"))
		*result = braces(m, self, args);
	else if (sy_span_is(name, "replace"))
		*result = replace(m, self, args);
	else if (sy_span_is(name, "lower"))
		*result = map_case(m, self, false);
	else if (sy_span_is(name, "upper"))
		*result = map_case(m, self, true);
	else if (sy_span_is(name, "decode") || sy_span_is(name, "encode"))
		*result = sy_compute_codec(m, self, args, 0, sy_span_is(name, "encode"));
	else if (sy_span_is(name, "fromhex"))
		*result = sy_compute_hex(m, first);
	return m->status == SY_OK;
}

bool sy_compute(struct sy_pickle *m, enum sy_function function, const struct sy_tuple *args,
		uint64_t *result)
{
	uint64_t first = args->n_kept > 0 ? args->items[0] : 0;
	uint64_t second = args->n_kept > 1 ? args->items[1] : 0;

	*result = 0;
	switch ((unsigned)function) {
	case SY_FN_ADD:
		*result = concat(m, first, second);
		break;
	case SY_FN_MOD:
		*result = percent(m, first, second);
		break;
	case SY_FN_GETITEM:
		*result = sy_compute_item(m, first, second);
		break;
	case SY_FN_CODEC_DECODE:
	case SY_FN_CODEC_ENCODE:
		*result = sy_compute_codec(m, first, args, 1,
					   function == SY_FN_CODEC_ENCODE);
		break;
	case SY_FN_STR:
		if (args->n_kept == 1 && sy_value_is_text(first))
			*result = first;
		else if (args->n_kept >= 2)
			*result = sy_compute_codec(m, first, args, 1, false);
		break;
	case SY_FN_BYTES:
		*result = sy_compute_bytes(m, args);
		break;
	case SY_FN_CHR:
		*result = sy_compute_chr(m, first);
		break;
	case SY_FN_REVERSED:
		*result = sy_compute_reversed(m, first);
		break;
	case SY_FN_BASE64:
		*result = sy_compute_base64(m, first);
		break;
	case SY_FN_UNHEX:
		*result = sy_compute_hex(m, first);
		break;
	default:
		break;
	}
	return m->status == SY_OK;
}
