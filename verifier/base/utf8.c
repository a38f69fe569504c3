/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict UTF-8, and the traits of code points.  Never repairs anything: a
 * sequence is valid or it is not.
 */
#include "verifier/base/utf8.h"

/* High bit of each of eight bytes: set where a byte is not ASCII. */
#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool is_within(uint8_t byte, uint8_t low, uint8_t high)
{
	return byte >= low && byte <= high;
}

static bool is_tail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

static size_t decode2(const uint8_t *p, size_t len, uint32_t *code)
{
	if (len < 2 || p[0] < 0xc2 || !is_tail(p[1]))
		return 0;
	*code = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	return 2;
}

/* The second byte's range keeps overlong forms and surrogates out (RFC 3629 §4). */
static size_t decode3(const uint8_t *p, size_t len, uint32_t *code)
{
	uint8_t low = p[0] == 0xe0 ? 0xa0 : 0x80;
	uint8_t high = p[0] == 0xed ? 0x9f : 0xbf;

	if (len < 3 || !is_within(p[1], low, high) || !is_tail(p[2]))
		return 0;
	*code = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 |
		(p[2] & 0x3f);
	return 3;
}

/* Here it keeps overlong forms and what lies above U+10FFFF out. */
static size_t decode4(const uint8_t *p, size_t len, uint32_t *code)
{
	uint8_t low = p[0] == 0xf0 ? 0x90 : 0x80;
	uint8_t high = p[0] == 0xf4 ? 0x8f : 0xbf;

	if (len < 4 || p[0] > 0xf4 || !is_within(p[1], low, high) ||
	    !is_tail(p[2]) || !is_tail(p[3]))
		return 0;
	*code = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
		(uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
	return 4;
}

size_t sy_utf8_decode(struct sy_span bytes, uint32_t *code)
{
	const uint8_t *p = bytes.data;

	*code = 0;
	if (bytes.len == 0)
		return 0;
	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	if (p[0] < 0xe0)
		return decode2(p, bytes.len, code);
	if (p[0] < 0xf0)
		return decode3(p, bytes.len, code);
	return decode4(p, bytes.len, code);
}

size_t sy_utf8_encode(uint32_t code, uint8_t out[4])
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xc0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (uint8_t)(0xe0 | code >> 12);
		out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | (code >> 18 & 0x07));
	out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (code & 0x3f));
	return 4;
}

/* The offset of the first byte from `at` on that is not ASCII, or the length. */
static size_t skip_ascii(struct sy_span bytes, size_t at)
{
	uint64_t word;

	for (; bytes.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, bytes.data + at, sizeof(word));
		if (word & HIGH_BITS)
			break;
	}
	while (at < bytes.len && bytes.data[at] < 0x80)
		at++;
	return at;
}

bool sy_utf8_valid(struct sy_span bytes, size_t *bad)
{
	size_t at = skip_ascii(bytes, 0);

	while (at < bytes.len) {
		uint32_t code;
		size_t len = sy_utf8_decode(sy_span_of(bytes.data + at,
						       bytes.len - at), &code);

		if (len == 0) {
			*bad = at;
			return false;
		}
		at += len;
		if (at < bytes.len && bytes.data[at] < 0x80)
			at = skip_ascii(bytes, at);
	}
	*bad = bytes.len;
	return true;
}

/* Inclusive, sorted. */
struct range {
	uint32_t first, last;
	unsigned trait;
};

/*
 * Beyond ASCII.  Invisible is what Unicode calls default ignorable, and the
 * annotation marks; U+FE0E and U+FE0F are left out, since every other emoji
 * carries one.
 */
static const struct range ranges[] = {
	{ 0x80, 0x9f, SY_UTF8_CONTROL },
	{ 0xad, 0xad, SY_UTF8_INVISIBLE },
	{ 0x34f, 0x34f, SY_UTF8_INVISIBLE },
	{ 0x61c, 0x61c, SY_UTF8_BIDI },
	{ 0x115f, 0x1160, SY_UTF8_INVISIBLE },
	{ 0x17b4, 0x17b5, SY_UTF8_INVISIBLE },
	{ 0x180b, 0x180f, SY_UTF8_INVISIBLE },
	{ 0x200b, 0x200d, SY_UTF8_INVISIBLE },
	{ 0x200e, 0x200f, SY_UTF8_BIDI },
	{ 0x2028, 0x2029, SY_UTF8_SEPARATOR },
	{ 0x202a, 0x202e, SY_UTF8_BIDI },
	{ 0x2060, 0x2065, SY_UTF8_INVISIBLE },
	{ 0x2066, 0x2069, SY_UTF8_BIDI },
	{ 0x206a, 0x206f, SY_UTF8_INVISIBLE },
	{ 0x3164, 0x3164, SY_UTF8_INVISIBLE },
	{ 0xfdd0, 0xfdef, SY_UTF8_NONCHARACTER },
	{ 0xfe00, 0xfe0d, SY_UTF8_INVISIBLE },
	{ 0xfeff, 0xfeff, SY_UTF8_INVISIBLE },
	{ 0xffa0, 0xffa0, SY_UTF8_INVISIBLE },
	{ 0xfff0, 0xfffb, SY_UTF8_INVISIBLE },
	{ 0x1bca0, 0x1bca3, SY_UTF8_INVISIBLE },
	{ 0x1d173, 0x1d17a, SY_UTF8_INVISIBLE },
	{ 0xe0000, 0xe0fff, SY_UTF8_INVISIBLE },
};

static unsigned trait_in_ranges(uint32_t code)
{
	size_t low = 0, high = SY_N_ELEMS(ranges);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < SY_N_ELEMS(ranges) && code >= ranges[low].first ?
	       ranges[low].trait : 0;
}

unsigned sy_utf8_traits_of(uint32_t code)
{
	if (code < 0x80)
		return code < 0x20 || code == 0x7f ? SY_UTF8_CONTROL : 0;
	if ((code & 0xfffe) == 0xfffe)
		return SY_UTF8_NOT_ASCII | SY_UTF8_NONCHARACTER;
	return SY_UTF8_NOT_ASCII | trait_in_ranges(code);
}

unsigned sy_utf8_traits(struct sy_span bytes)
{
	unsigned traits = 0;

	for (size_t at = 0; at < bytes.len;) {
		uint32_t code;
		size_t len = sy_utf8_decode(sy_span_of(bytes.data + at,
						       bytes.len - at), &code);

		if (len == 0) {
			traits |= SY_UTF8_INVALID | SY_UTF8_NOT_ASCII;
			at++;
			continue;
		}
		traits |= sy_utf8_traits_of(code);
		at += len;
	}
	return traits;
}
