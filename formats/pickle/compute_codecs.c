/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constants through codecs: text to bytes and back, rot13, base64, hexadecimal.
 */
#include "formats/pickle/resolve.h"

bool sy_compute_content(struct sy_pickle *m, uint64_t value, unsigned scratch, struct sy_span *s)
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

uint64_t sy_compute_keep(struct sy_pickle *m, const struct sy_decoded *out, bool is_bytes)
{
	return out->is_cut ? 0 : sy_store_string(&m->store, sy_span_of(out->data, out->len),
						 is_bytes);
}

bool sy_compute_add(struct sy_pickle *m, struct sy_decoded *out, uint64_t value)
{
	struct sy_span s;
	struct sy_text text;

	if (sy_value_kind(value) == SY_VALUE_INT) {
		sy_text_init(&text);
		sy_text_addf(&text, "%lld", (long long)sy_value_get_int(value));
		sy_decoded_add(out, sy_text_span(&text));
		return true;
	}
	if (!sy_compute_content(m, value, 1, &s))
		return false;
	sy_decoded_add(out, s);
	return true;
}

static unsigned base64_digit(uint8_t c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (unsigned)(p - digits) : 64;
}

/* Other characters are skipped, as binascii does. */
uint64_t sy_compute_base64(struct sy_pickle *m, uint64_t value)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	unsigned bits = 0, n = 0;
	struct sy_span s;

	if (!sy_compute_content(m, value, 1, &s))
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
	return sy_compute_keep(m, &out, true);
}

uint64_t sy_compute_hex(struct sy_pickle *m, uint64_t value)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	unsigned n = 0, bits = 0;
	struct sy_span s;

	if (!sy_compute_content(m, value, 1, &s))
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
	return n % 2 == 0 ? sy_compute_keep(m, &out, true) : 0;
}

static uint64_t rot13(struct sy_pickle *m, uint64_t value)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };

	if (!sy_compute_add(m, &out, value))
		return 0;
	for (size_t i = 0; i < out.len; i++) {
		uint8_t lower = sy_ascii_lower(out.data[i]);

		if (lower >= 'a' && lower <= 'm')
			out.data[i] = (uint8_t)(out.data[i] + 13);
		else if (lower >= 'n' && lower <= 'z')
			out.data[i] = (uint8_t)(out.data[i] - 13);
	}
	return sy_compute_keep(m, &out, sy_value_is_bytes(value));
}

/* Text as bytes or bytes as text; UTF-8 inside, Latin-1 only below U+0100. */
static uint64_t recode(struct sy_pickle *m, uint64_t value, bool to_bytes, bool is_latin1)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };
	struct sy_span s;

	if (!sy_compute_content(m, value, 1, &s))
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
	return sy_compute_keep(m, &out, to_bytes);
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

uint64_t sy_compute_codec(struct sy_pickle *m, uint64_t value, const struct sy_tuple *args,
			  size_t i, bool encode)
{
	switch (codec_of(m, args, i)) {
	case CODEC_UTF8:
		return recode(m, value, encode, false);
	case CODEC_LATIN1:
		return recode(m, value, encode, true);
	case CODEC_ROT13:
		return rot13(m, value);
	case CODEC_HEX:
		return encode ? 0 : sy_compute_hex(m, value);
	case CODEC_BASE64:
		return encode ? 0 : sy_compute_base64(m, value);
	case CODEC_UNKNOWN:
		break;
	}
	return 0;
}
