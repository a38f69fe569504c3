/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above
 * U+10FFFF; and what a code point does to a reader who trusts his eyes.
 */
#ifndef SY_BASE_UTF8_H
#define SY_BASE_UTF8_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

/*
 * Decodes the code point at bytes.data[0].  Returns its length in bytes (1-4),
 * or 0 when the bytes there are not valid UTF-8 (or the span is empty).
 */
SY_MUST_CHECK size_t sy_utf8_decode(struct sy_span bytes, uint32_t *code);

/* Writes the UTF-8 form of a scalar value; returns its length (1-4). */
size_t sy_utf8_encode(uint32_t code, uint8_t out[4]);

/* True when all of it is valid; else *bad is the offset of the first bad byte. */
SY_MUST_CHECK bool sy_utf8_valid(struct sy_span bytes, size_t *bad);

/* What stands in a text that a person should be told about. */
enum sy_utf8_trait {
	SY_UTF8_CONTROL = 1 << 0,	/* C0, DEL, C1, also NUL, TAB, LF, CR */
	SY_UTF8_BIDI = 1 << 1,		/* U+202A-202E, 2066-2069, 200E, 200F, 061C */
	SY_UTF8_INVISIBLE = 1 << 2,	/* zero width, soft hyphen, BOM, tags, ... */
	SY_UTF8_NONCHARACTER = 1 << 3,	/* U+FDD0-FDEF, U+xxFFFE, U+xxFFFF */
	SY_UTF8_INVALID = 1 << 4,	/* not UTF-8 */
	SY_UTF8_NOT_ASCII = 1 << 5,	/* any byte >= 0x80 */
	SY_UTF8_SEPARATOR = 1 << 6	/* U+2028, U+2029 */
};

/* Traits of one code point, and the union over a text. */
unsigned sy_utf8_traits_of(uint32_t code);
unsigned sy_utf8_traits(struct sy_span bytes);

#endif
