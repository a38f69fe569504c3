/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings put together from constants, as a pickle does to hide a name: joined,
 * added, formatted, replaced, reversed, decoded.  Bounded in length; what is not
 * exactly understood stays unknown.
 */
#include "formats/pickle/resolve.h"

static bool content(struct sy_pickle *m, uint64_t value, unsigned scratch, struct sy_span *s)
{
	struct sy_decoded out = { .data = m->scratch[scratch], .cap = SY_STRING_KEPT };

	*s = sy_span_of(NULL, 0);
	if (!sy_value_is_text(value) && !sy_value_is_bytes(value))
		return false;
	if (!sy_pickle_content(m, value, &out) || out.is_cut)
		return false;
	*s = sy_span_of(out.data, out.len);
	return true;
}

static uint64_t keep(struct sy_pickle *m, const struct sy_decoded *out, bool is_bytes)
{
	return out->is_cut ? 0 : sy_store_string(&m->store, sy_span_of(out->data, out->len),
						 is_bytes);
}

/* Appends a string constant, or an integer as str() writes it. */
static bool add_value(struct sy_pickle *m, struct sy_decoded *out, uint64_t value)
{
	struct sy_span s;
	struct sy_text text;

	if (sy_value_kind(value) == SY_VALUE_INT) {
		sy_text_init(&text);
		sy_text_addf(&text, "%lld", (long long)sy_value_get_int(value));
		sy_decoded_add(out, sy_text_span(&text));
		return true;
	}
	if (!content(m, value, 1, &s))
		return false;
	sy_decoded_add(out, s);
	return true;
}

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

		if (!content(m, self, 0, &s) || s.len > 0)
			return 0;
		return sy_value_is_text(parts) ? parts : 0;
	}
	for (size_t i = 0; i < n; i++) {
		if ((i > 0 && !add_value(m, &out, self)) || !add_value(m, &out, items[i]))
			return 0;
	}
	return keep(m, &out, sy_value_is_bytes(self));
}

static uint64_t concat(struct sy_pickle *m, uint64_t a, uint64_t b)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	bool is_bytes = sy_value_is_bytes(a);

	if (is_bytes != sy_value_is_bytes(b) || sy_value_kind(a) == SY_VALUE_INT ||
	    sy_value_kind(b) == SY_VALUE_INT || !add_value(m, &out, a) || !add_value(m, &out, b))
		return 0;
	return keep(m, &out, is_bytes);
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

	if (!content(m, format, 1, &s) || s.len > sizeof(copy))
		return 0;
	memcpy(copy, s.data ? s.data : copy, s.len);
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = i + 1 < s.len ? copy[i + 1] : 0;

		if (copy[i] != '%') {
			sy_decoded_add(&out, sy_span_of(&copy[i], 1));
			continue;
		}
		i++;
		if (c == '%')
			sy_decoded_add(&out, sy_span_of(&copy[i], 1));
		else if ((c != 's' && c != 'd') || !add_value(m, &out, format_item(m, args, n++)))
			return 0;
	}
	return keep(m, &out, sy_value_is_bytes(format));
}

/* {} and {0} only. */
static uint64_t braces(struct sy_pickle *m, uint64_t format, const struct sy_tuple *args)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	uint8_t copy[1024];
	struct sy_span s;
	size_t next = 0;

	if (!content(m, format, 1, &s) || s.len > sizeof(copy))
		return 0;
	memcpy(copy, s.data ? s.data : copy, s.len);
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
		if (item >= args->n_kept || !add_value(m, &out, args->items[item]))
			return 0;
	}
	return keep(m, &out, false);
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
	    !content(m, self, 1, &s))
		return 0;
	for (size_t i = 0; i < s.len;) {
		if (s.len - i >= old.len && !memcmp(s.data + i, from, old.len)) {
			sy_decoded_add(&out, sy_span_of(with, new.len));
			i += old.len;
		} else {
			sy_decoded_add(&out, sy_span_of(s.data + i++, 1));
		}
	}
	return keep(m, &out, sy_value_is_bytes(self));
}

static uint64_t map_case(struct sy_pickle *m, uint64_t self, bool is_upper)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };

	if (!add_value(m, &out, self))
		return 0;
	for (size_t i = 0; i < out.len; i++) {
		if (out.data[i] >= 0x80)
			return 0;
		if (!is_upper)
			out.data[i] = sy_ascii_lower(out.data[i]);
		else if (out.data[i] >= 'a' && out.data[i] <= 'z')
			out.data[i] = (uint8_t)(out.data[i] - 32);
	}
	return keep(m, &out, sy_value_is_bytes(self));
}

static unsigned base64_digit(uint8_t c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (unsigned)(p - digits) : 64;
}

/* Other characters are skipped, as binascii does. */
static uint64_t from_base64(struct sy_pickle *m, uint64_t value)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	unsigned bits = 0, n = 0;
	struct sy_span s;

	if (!content(m, value, 1, &s))
		return 0;
	for (size_t i = 0; i < s.len && s.data[i] != '='; i++) {
		unsigned digit = base64_digit(s.data[i]);
		uint8_t byte;

		if (digit == 64)
			continue;
		bits = (bits << 6 | digit) & 0xffff;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		byte = (uint8_t)(bits >> n);
		sy_decoded_add(&out, sy_span_of(&byte, 1));
	}
	return keep(m, &out, true);
}

static uint64_t from_hex(struct sy_pickle *m, uint64_t value)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	unsigned n = 0, bits = 0;
	struct sy_span s;

	if (!content(m, value, 1, &s))
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = sy_ascii_lower(s.data[i]), byte;
		unsigned digit = sy_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'a' + 10;

		if (c == ' ')
			continue;
		if (digit > 15)
			return 0;
		bits = bits << 4 | digit;
		if (++n % 2 != 0)
			continue;
		byte = (uint8_t)bits;
		sy_decoded_add(&out, sy_span_of(&byte, 1));
	}
	return n % 2 == 0 ? keep(m, &out, true) : 0;
}

static uint64_t rot13(struct sy_pickle *m, uint64_t value)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };

	if (!add_value(m, &out, value))
		return 0;
	for (size_t i = 0; i < out.len; i++) {
		uint8_t lower = sy_ascii_lower(out.data[i]);

		if (lower >= 'a' && lower <= 'm')
			out.data[i] = (uint8_t)(out.data[i] + 13);
		else if (lower >= 'n' && lower <= 'z')
			out.data[i] = (uint8_t)(out.data[i] - 13);
	}
	return keep(m, &out, sy_value_is_bytes(value));
}

/* Text as bytes or bytes as text; UTF-8 inside, Latin-1 only below U+0100. */
static uint64_t recode(struct sy_pickle *m, uint64_t value, bool to_bytes, bool is_latin1)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	struct sy_span s;

	if (!content(m, value, 1, &s))
		return 0;
	if (!is_latin1) {
		sy_decoded_add(&out, s);
	} else if (!to_bytes) {
		sy_decoded_latin1(s, &out);
	} else {
		for (size_t i = 0; i < s.len; i++) {
			uint8_t byte = s.data[i];

			if (byte >= 0xc2 && byte <= 0xc3 && i + 1 < s.len)
				byte = (uint8_t)((byte & 3) << 6 | (s.data[++i] & 0x3f));
			else if (byte >= 0x80)
				return 0;
			sy_decoded_add(&out, sy_span_of(&byte, 1));
		}
	}
	return keep(m, &out, to_bytes);
}

enum codec { CODEC_UNKNOWN, CODEC_UTF8, CODEC_LATIN1, CODEC_ROT13, CODEC_HEX, CODEC_BASE64 };

static enum codec codec_of(struct sy_pickle *m, const struct sy_tuple *args, size_t i)
{
	static const struct { const char *name; enum codec codec; } codecs[] = {
		{ "ascii", CODEC_UTF8 }, { "base64", CODEC_BASE64 },
		{ "base64_codec", CODEC_BASE64 }, { "base_64", CODEC_BASE64 },
		{ "hex", CODEC_HEX }, { "hex_codec", CODEC_HEX },
		{ "iso-8859-1", CODEC_LATIN1 }, { "latin-1", CODEC_LATIN1 },
		{ "latin1", CODEC_LATIN1 }, { "rot-13", CODEC_ROT13 },
		{ "rot13", CODEC_ROT13 }, { "rot_13", CODEC_ROT13 },
		{ "us-ascii", CODEC_UTF8 }, { "utf-8", CODEC_UTF8 },
		{ "utf8", CODEC_UTF8 }, { "utf_8", CODEC_UTF8 },
	};

	if (args->n_kept <= i)
		return CODEC_UTF8;
	for (size_t k = 0; k < SY_N_ELEMS(codecs); k++) {
		if (sy_pickle_is_text(m, args->items[i], codecs[k].name))
			return codecs[k].codec;
	}
	return CODEC_UNKNOWN;
}

static uint64_t transcode(struct sy_pickle *m, uint64_t value, enum codec codec, bool encode)
{
	switch (codec) {
	case CODEC_UNKNOWN:
		return 0;
	case CODEC_UTF8:
		return recode(m, value, encode, false);
	case CODEC_LATIN1:
		return recode(m, value, encode, true);
	case CODEC_ROT13:
		return rot13(m, value);
	case CODEC_HEX:
		return encode ? 0 : from_hex(m, value);
	case CODEC_BASE64:
		return encode ? 0 : from_base64(m, value);
	}
	return 0;
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
		*result = transcode(m, self, codec_of(m, args, 0), sy_span_is(name, "encode"));
	else if (sy_span_is(name, "fromhex"))
		*result = from_hex(m, first);
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
		*result = transcode(m, first, codec_of(m, args, 1),
				    function == SY_FN_CODEC_ENCODE);
		break;
	case SY_FN_STR:
		if (args->n_kept == 1 && sy_value_is_text(first))
			*result = first;
		else if (args->n_kept >= 2)
			*result = transcode(m, first, codec_of(m, args, 1), false);
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
		*result = from_base64(m, first);
		break;
	case SY_FN_UNHEX:
		*result = from_hex(m, first);
		break;
	default:
		break;
	}
	return m->status == SY_OK;
}
