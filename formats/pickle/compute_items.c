/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single characters and sequences of constants: an item, a character by its
 * number, bytes from a list of numbers, a sequence backwards.
 */
#include "formats/pickle/resolve.h"

/* s[i] of ASCII text, items of tuples and lists; negative indexes count back. */
uint64_t sy_compute_item(struct sy_pickle *m, uint64_t self, uint64_t index)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	const struct sy_list *list = sy_store_get_list(&m->store, self);
	struct sy_tuple tuple;
	int64_t i;

	if (sy_value_kind(index) != SY_VALUE_INT)
		return 0;
	i = sy_value_get_int(index);
	if (list && sy_value_kind(self) == SY_VALUE_LIST) {
		i += i < 0 ? (int64_t)list->n_items : 0;
		return i >= 0 && i < (int64_t)list->n_kept ? list->items[i] : 0;
	}
	if (sy_value_kind(self) == SY_VALUE_TUPLE && sy_pickle_items(m, self, &tuple)) {
		i += i < 0 ? (int64_t)tuple.n_items : 0;
		return i >= 0 && i < (int64_t)tuple.n_kept ? tuple.items[i] : 0;
	}
	if (!sy_value_is_text(self) || !sy_pickle_content(m, self, &out) || out.is_cut)
		return 0;
	for (size_t k = 0; k < out.len; k++) {
		if (out.data[k] >= 0x80)
			return 0;
	}
	i += i < 0 ? (int64_t)out.len : 0;
	if (i < 0 || i >= (int64_t)out.len)
		return 0;
	return sy_store_string(&m->store, sy_span_of(&out.data[i], 1), false);
}

/* bytes([1, 2, ...]), bytes("text", "encoding"), bytes(b"..."). */
uint64_t sy_compute_bytes(struct sy_pickle *m, const struct sy_tuple *args)
{
	uint8_t buf[SY_TUPLE_KEPT];
	const struct sy_list *list;
	const uint64_t *items;
	struct sy_tuple tuple;
	size_t n;

	if (args->n_kept == 0 || sy_value_is_bytes(args->items[0]))
		return args->n_kept == 1 ? args->items[0] : 0;
	list = sy_store_get_list(&m->store, args->items[0]);
	if (list && list->n_items == list->n_kept) {
		items = list->items;
		n = list->n_kept;
	} else if (sy_value_kind(args->items[0]) == SY_VALUE_TUPLE &&
		   sy_pickle_items(m, args->items[0], &tuple) && tuple.n_items == tuple.n_kept) {
		items = tuple.items;
		n = tuple.n_kept;
	} else {
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		int64_t byte = sy_value_get_int(items[i]);

		if (sy_value_kind(items[i]) != SY_VALUE_INT || byte < 0 || byte > 255)
			return 0;
		buf[i] = (uint8_t)byte;
	}
	return sy_store_string(&m->store, sy_span_of(buf, n), true);
}

uint64_t sy_compute_chr(struct sy_pickle *m, uint64_t number)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	int64_t code = sy_value_get_int(number);

	if (sy_value_kind(number) != SY_VALUE_INT || code < 0 || code > 0x10ffff)
		return 0;
	sy_decoded_code(&out, (uint32_t)code);
	return sy_store_string(&m->store, sy_span_of(out.data, out.len), false);
}

/* As a string: whoever joins it gets the same. */
uint64_t sy_compute_reversed(struct sy_pickle *m, uint64_t value)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };

	if (!sy_value_is_text(value) || !sy_pickle_content(m, value, &out) || out.is_cut)
		return 0;
	for (size_t i = 0; i < out.len; i++) {
		if (out.data[i] >= 0x80)
			return 0;
	}
	for (size_t i = 0; i < out.len / 2; i++) {
		uint8_t c = out.data[i];

		out.data[i] = out.data[out.len - 1 - i];
		out.data[out.len - 1 - i] = c;
	}
	return sy_store_string(&m->store, sy_span_of(out.data, out.len), false);
}
