/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences of bounded length, and small readings of text.  Never allocates;
 * what does not fit is cut, and says so.
 */
#include "verifier/base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "verifier/base/ckd.h"
#include "verifier/base/utf8.h"

#define NAME_MAX_BYTES 128
#define ELLIPSIS "..."

void sy_text_init(struct sy_text *text)
{
	text->len = 0;
	text->is_cut = false;
	text->data[0] = '\0';
}

/* Ends the text in an ellipsis, without halving a code point. */
static void cut(struct sy_text *text)
{
	size_t len = sizeof(text->data) - sizeof(ELLIPSIS);

	while (len > 0 && ((uint8_t)text->data[len] & 0xc0) == 0x80)
		len--;
	memcpy(text->data + len, ELLIPSIS, sizeof(ELLIPSIS));
	text->len = len + sizeof(ELLIPSIS) - 1;
	text->is_cut = true;
}

void sy_text_add_span(struct sy_text *text, struct sy_span s)
{
	size_t room = sizeof(text->data) - 1 - text->len;
	size_t len = s.len < room ? s.len : room;

	if (text->is_cut || s.len == 0)
		return;
	memcpy(text->data + text->len, s.data, len);
	text->len += len;
	text->data[text->len] = '\0';
	if (len < s.len)
		cut(text);
}

void sy_text_add(struct sy_text *text, const char *s)
{
	sy_text_add_span(text, sy_span_str(s));
}

void sy_text_vaddf(struct sy_text *text, const char *fmt, va_list args)
{
	char part[SY_TEXT_MAX + 8];	/* longer than any room: overlong is seen */
	int len = vsnprintf(part, sizeof(part), fmt, args);

	if (len < 0)
		return;
	if ((size_t)len >= sizeof(part))
		len = (int)sizeof(part) - 1;
	sy_text_add_span(text, sy_span_of(part, (size_t)len));
}

void sy_text_addf(struct sy_text *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	sy_text_vaddf(text, fmt, args);
	va_end(args);
}

void sy_text_add_utc(struct sy_text *text, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&time, &tm) && tm.tm_year < 10000 - 1900 && tm.tm_year >= -1900)
		sy_text_addf(text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
			     tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	else
		sy_text_addf(text, "%lld", (long long)seconds);
}

/* The short escape of an ASCII character inside quotes, or NULL. */
static const char *short_escape(uint32_t code)
{
	switch (code) {
	case '\\':
		return "\\\\";
	case '\'':
		return "\\'";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

/* Adds the code point that begins `rest`; returns the bytes used up. */
static size_t add_name_char(struct sy_text *text, struct sy_span rest)
{
	uint32_t code;
	size_t len = sy_utf8_decode(rest, &code);
	const char *escape = len ? short_escape(code) : NULL;

	if (len == 0) {
		sy_text_addf(text, "\\x%02x", (unsigned)rest.data[0]);
		return 1;
	}
	if (escape)
		sy_text_add(text, escape);
	else if (!(sy_utf8_traits_of(code) & ~(unsigned)SY_UTF8_NOT_ASCII))
		sy_text_add_span(text, sy_span_of(rest.data, len));
	else
		sy_text_addf(text, code < 0x80 ? "\\x%02x" : "\\u{%04x}",
			     (unsigned)code);
	return len;
}

void sy_text_name(struct sy_text *text, struct sy_span name)
{
	size_t at = 0;

	sy_text_add(text, "'");
	while (at < name.len && at < NAME_MAX_BYTES)
		at += add_name_char(text, sy_span_of(name.data + at,
						     name.len - at));
	sy_text_add(text, "'");
	if (at < name.len)
		sy_text_add(text, ELLIPSIS);
}

void sy_text_count(struct sy_text *text, uint64_t n)
{
	char digits[27];	/* 20 digits, 6 commas, NUL */
	size_t at = sizeof(digits);
	unsigned n_digits = 0;

	digits[--at] = '\0';
	do {
		if (n_digits && n_digits % 3 == 0)
			digits[--at] = ',';
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
		n_digits++;
	} while (n);
	sy_text_add(text, digits + at);
}

#define N_DIGITS 6		/* significant ones of a number */

/* value = digits * 10^(exponent - 5), 100000 <= digits <= 999999; value > 0. */
static uint64_t to_digits(double value, int *exponent)
{
	long double v = (long double)value;
	uint64_t digits;

	*exponent = 0;
	for (; v >= 10; ++*exponent)
		v /= 10;
	for (; v < 1; --*exponent)
		v *= 10;
	digits = (uint64_t)(v * 100000 + 0.5L);
	if (digits < 1000000)
		return digits;
	++*exponent;
	return digits / 10;
}

/* `point` digits stand before the point; zeros at the end are left out. */
static void add_digits(struct sy_text *text, const char *digits, int point)
{
	int last = N_DIGITS;

	while (last > point && last > 1 && digits[last - 1] == '0')
		last--;
	if (point <= 0)
		sy_text_add(text, "0.");
	for (int i = point; i < 0; i++)
		sy_text_add(text, "0");
	for (int i = 0; i < last; i++) {
		if (i == point && i > 0)
			sy_text_add(text, ".");
		sy_text_add_span(text, sy_span_of(digits + i, 1));
	}
}

static void add_positive(struct sy_text *text, double value)
{
	char digits[N_DIGITS];
	int exponent;
	uint64_t n = to_digits(value, &exponent);

	for (int i = N_DIGITS; i-- > 0; n /= 10)
		digits[i] = (char)('0' + n % 10);
	if (exponent >= -5 && exponent < N_DIGITS) {
		add_digits(text, digits, exponent + 1);
		return;
	}
	add_digits(text, digits, 1);
	sy_text_addf(text, "e%c%02d", exponent < 0 ? '-' : '+', exponent < 0 ? -exponent
									      : exponent);
}

void sy_text_number(struct sy_text *text, double value)
{
	if (value != value) {
		sy_text_add(text, "nan");
		return;
	}
	if (signbit(value)) {
		sy_text_add(text, "-");
		value = -value;
	}
	if (value > DBL_MAX)
		sy_text_add(text, "inf");
	else if (value > 0)
		add_positive(text, value);
	else
		sy_text_add(text, "0");
}

void sy_text_bytes(struct sy_text *text, uint64_t n)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB",
					     "EiB" };
	unsigned unit = 0;
	uint64_t whole = n >> 10, tenths;

	if (n < 10240) {
		sy_text_count(text, n);
		sy_text_add(text, n == 1 ? " byte" : " bytes");
		return;
	}
	while (whole >= 1024 && unit + 1 < SY_N_ELEMS(units)) {
		n >>= 10;
		whole >>= 10;
		unit++;
	}
	tenths = (n & 1023) * 10 >> 10;		/* cut, never rounded up */
	sy_text_addf(text, "%llu.%llu %s", (unsigned long long)whole,
		     (unsigned long long)tenths, units[unit]);
}

bool sy_parse_u64(struct sy_span s, uint64_t *value)
{
	uint64_t v = 0;

	*value = 0;
	if (s.len == 0 || (s.len > 1 && s.data[0] == '0'))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!sy_is_digit(s.data[i]) || ckd_mul(&v, v, 10u) ||
		    ckd_add(&v, v, (unsigned)(s.data[i] - '0')))
			return false;
	}
	*value = v;
	return true;
}

bool sy_ascii_equal(struct sy_span a, const char *b)
{
	size_t len = strlen(b);

	if (a.len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (sy_ascii_lower(a.data[i]) != sy_ascii_lower((uint8_t)b[i]))
			return false;
	}
	return true;
}

bool sy_ascii_starts(struct sy_span a, const char *prefix)
{
	size_t len = strlen(prefix);

	return a.len >= len && sy_ascii_equal(sy_span_slice(a, 0, len), prefix);
}

bool sy_ascii_ends(struct sy_span a, const char *suffix)
{
	size_t len = strlen(suffix);

	return a.len >= len &&
	       sy_ascii_equal(sy_span_slice(a, a.len - len, len), suffix);
}

size_t sy_span_find(struct sy_span hay, struct sy_span needle)
{
	const uint8_t *found;

	if (needle.len == 0)
		return 0;
	if (hay.len < needle.len)
		return SIZE_MAX;
	found = memmem(hay.data, hay.len, needle.data, needle.len);
	return found ? (size_t)(found - hay.data) : SIZE_MAX;
}
