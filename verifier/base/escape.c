/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The escapers: untrusted bytes made inert for the place they are written to.
 * Runs of harmless text are copied as they are; nothing is ever left out.
 */
#include "verifier/base/text.h"

#include <stdio.h>

#include "verifier/base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */
#define STAND_IN_MAX 16

/*
 * Writes what is shown in place of a code point, or of one bad byte (is_valid
 * false), and returns its length; 0: it stays as it is.
 */
typedef size_t stand_in_fn(char out[STAND_IN_MAX], uint32_t code, bool is_valid);

/* Needs no stand-in in any place. */
static bool is_plain(uint8_t c)
{
	uint8_t lower = c | 0x20;

	return (lower >= 'a' && lower <= 'z') || sy_is_digit(c) || c == ' ' ||
	       c == '_' || c == '-' || c == '.' || c == '/';
}

static void escape(struct sy_out *out, struct sy_span s, stand_in_fn *stand_in)
{
	size_t run = 0;		/* start of what is not yet written */

	for (size_t at = 0; at < s.len;) {
		char shown[STAND_IN_MAX];
		uint32_t code;
		size_t len, n;

		if (is_plain(s.data[at])) {
			at++;
			continue;
		}
		len = sy_utf8_decode(sy_span_slice(s, at, 4), &code);
		n = stand_in(shown, len ? code : s.data[at], len != 0);
		len += !len;
		if (n) {
			sy_out_bytes(out, s.data + run, at - run);
			sy_out_bytes(out, shown, n);
			run = at + len;
		}
		at += len;
	}
	if (run < s.len)
		sy_out_bytes(out, s.data + run, s.len - run);
}

static size_t show(char out[STAND_IN_MAX], const char *s)
{
	size_t len = strlen(s);

	memcpy(out, s, len);
	return len;
}

SY_PRINTF(2, 3)
static size_t showf(char out[STAND_IN_MAX], const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(out, STAND_IN_MAX, fmt, args);
	va_end(args);
	return (size_t)len;
}

/* Something that a reader would not see, or would see otherwise than it is. */
static bool is_unfit(uint32_t code)
{
	return sy_utf8_traits_of(code) & ~(unsigned)SY_UTF8_NOT_ASCII;
}

static size_t terminal(char out[STAND_IN_MAX], uint32_t code, bool is_valid)
{
	if (is_valid && !is_unfit(code))
		return 0;
	return showf(out, is_valid && code >= 0x80 ? "\\u{%04x}" : "\\x%02x",
		     (unsigned)code);
}

void sy_escape_terminal(struct sy_out *out, struct sy_span s)
{
	escape(out, s, terminal);
}

static size_t json_unfit(char out[STAND_IN_MAX], uint32_t code)
{
	if (code < 0x10000)
		return showf(out, "\\u%04x", (unsigned)code);
	code -= 0x10000;
	return showf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + (code >> 10)),
		     (unsigned)(0xdc00 + (code & 0x3ff)));
}

/* Beyond what JSON asks: a report is also looked at with eyes. */
static size_t json(char out[STAND_IN_MAX], uint32_t code, bool is_valid)
{
	if (!is_valid)
		return show(out, REPLACEMENT);
	switch (code) {
	case '"':
		return show(out, "\\\"");
	case '\\':
		return show(out, "\\\\");
	case '\n':
		return show(out, "\\n");
	case '\r':
		return show(out, "\\r");
	case '\t':
		return show(out, "\\t");
	default:
		return is_unfit(code) ? json_unfit(out, code) : 0;
	}
}

void sy_escape_json(struct sy_out *out, struct sy_span s)
{
	escape(out, s, json);
}

/* XML 1.0 §2.2: the characters that no reference can bring in either. */
static bool is_outside_xml(uint32_t code)
{
	return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
	       code == 0xfffe || code == 0xffff;
}

static size_t xml(char out[STAND_IN_MAX], uint32_t code, bool is_valid)
{
	if (!is_valid || is_outside_xml(code))
		return show(out, REPLACEMENT);
	switch (code) {
	case '&':
		return show(out, "&amp;");
	case '<':
		return show(out, "&lt;");
	case '>':
		return show(out, "&gt;");
	case '"':
		return show(out, "&quot;");
	case '\'':
		return show(out, "&#39;");
	default:	/* white space as well: attributes would fold it */
		return is_unfit(code) ? showf(out, "&#x%x;", (unsigned)code) : 0;
	}
}

void sy_escape_xml(struct sy_out *out, struct sy_span s)
{
	escape(out, s, xml);
}

static size_t github_message(char out[STAND_IN_MAX], uint32_t code, bool is_valid)
{
	if (is_valid && (code == '%' || code == '\r' || code == '\n'))
		return showf(out, "%%%02X", (unsigned)code);
	return terminal(out, code, is_valid);
}

static size_t github_property(char out[STAND_IN_MAX], uint32_t code, bool is_valid)
{
	if (is_valid && (code == ':' || code == ','))
		return showf(out, "%%%02X", (unsigned)code);
	return github_message(out, code, is_valid);
}

void sy_escape_github(struct sy_out *out, struct sy_span s, bool is_property)
{
	escape(out, s, is_property ? github_property : github_message);
}

void sy_out_hex(struct sy_out *out, struct sy_span s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		char pair[2] = { digits[s.data[i] >> 4], digits[s.data[i] & 15] };

		sy_out_bytes(out, pair, sizeof(pair));
	}
}
