/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings: checking, unescaping, comparing.  Works on whole words where
 * nothing needs a look.  Never accepts bytes that are not UTF-8, nor escapes
 * that are not scalar values.
 */
#include "verifier/base/json_parts.h"

#include "verifier/base/text.h"
#include "verifier/base/utf8.h"

/* Four hexadecimal digits; false: not there. */
static bool read_hex4(const uint8_t *p, const uint8_t *end, uint32_t *unit)
{
	*unit = 0;
	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		uint8_t c = sy_ascii_lower(p[i]);
		bool is_letter = c >= 'a' && c <= 'f';

		if (!is_letter && !sy_is_digit(c))
			return false;
		*unit = *unit << 4 | (uint32_t)(is_letter ? c - 'a' + 10 : c - '0');
	}
	return true;
}

/* A \u escape, or the two of a surrogate pair; returns its length, 0: wrong. */
static size_t read_unicode(const uint8_t *p, const uint8_t *end, uint32_t *code,
			   const char **what)
{
	uint32_t low;

	*what = "four hexadecimal digits were expected after \\u";
	if (!read_hex4(p + 2, end, code))
		return 0;
	if (*code < 0xd800 || *code > 0xdfff)
		return 6;
	*what = "a surrogate escape without its other half";
	if (*code > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u' ||
	    !read_hex4(p + 8, end, &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

/* The escape whose backslash is at p; returns its length, 0: wrong, see *what. */
static size_t read_escape(const uint8_t *p, const uint8_t *end, uint32_t *code,
			  const char **what)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	*code = 0;
	*what = "an unknown escape in a string";
	if (end - p < 2)
		return 0;
	if (p[1] == 'u')
		return read_unicode(p, end, code, what);
	letter = p[1] ? strchr(letters, p[1]) : NULL;
	if (!letter)
		return 0;
	*code = (uint32_t)meanings[letter - letters];
	return 2;
}

/* Length of the escape or of the character beyond ASCII at p, 0: wrong. */
static size_t check_special(const uint8_t *p, const uint8_t *end,
			    struct sy_json_fault *fault)
{
	uint32_t code;

	fault->at = p;
	if (*p == '\\')
		return read_escape(p, end, &code, &fault->what);
	if (*p < 0x20) {
		fault->what = "a control character in a string must be escaped";
		return 0;
	}
	fault->what = "a string holds bytes that are not UTF-8";
	return sy_utf8_decode(sy_span_of(p, (size_t)(end - p)), &code);
}

const uint8_t *sy_json_string_scan(const uint8_t *at, const uint8_t *end,
				   bool *is_escaped, struct sy_json_fault *fault)
{
	const uint8_t *p = at + 1;

	*is_escaped = false;
	for (;;) {
		size_t len;

		p = sy_json_skip_plain(p, end);
		if (p == end) {
			*fault = (struct sy_json_fault){
				end, "the document ends inside a string" };
			return NULL;
		}
		if (*p == '"')
			return p + 1;
		*is_escaped |= *p == '\\';
		len = check_special(p, end, fault);
		if (len == 0)
			return NULL;
		p += len;
	}
}

size_t sy_json_string_unescape(struct sy_span raw, uint8_t *out)
{
	const uint8_t *p = raw.data, *end = raw.data + raw.len;
	uint8_t *to = out;

	while (p < end) {
		const uint8_t *escape = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((escape ? escape : end) - p);
		const char *what;
		uint32_t code;

		memcpy(to, p, plain);
		to += plain;
		p += plain;
		if (!escape)
			break;
		p += read_escape(p, end, &code, &what);
		to += sy_utf8_encode(code, to);
	}
	return (size_t)(to - out);
}

bool sy_json_string_is(const uint8_t *at, const uint8_t *end, struct sy_span text)
{
	size_t n = 0;		/* bytes of text matched */

	while (*at != '"') {
		uint8_t bytes[4] = { *at };
		size_t len = 1, step = 1;

		if (*at == '\\') {
			const char *what;
			uint32_t code;

			step = read_escape(at, end, &code, &what);
			len = sy_utf8_encode(code, bytes);
		}
		if (text.len - n < len || memcmp(text.data + n, bytes, len))
			return false;
		n += len;
		at += step;
	}
	return n == text.len;
}
