/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and strings written as text.  Follows Modules/_pickle.c,
 * Objects/longobject.c (PyLong_FromString), Objects/bytesobject.c
 * (PyBytes_DecodeEscape) and Objects/unicodeobject.c of CPython 3.13; nothing
 * depends on the locale.
 */
#include "formats/pickle/literal.h"

#include "verifier/base/ckd.h"
#include "verifier/base/text.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* 0 to 35; 36: no digit. */
static unsigned digit_of(uint8_t c)
{
	uint8_t lower = sy_ascii_lower(c);

	if (sy_is_digit(c))
		return c - (unsigned)'0';
	return lower >= 'a' && lower <= 'z' ? lower - (unsigned)'a' + 10 : 36;
}

/* What C's functions see of it. */
static struct sy_span until_nul(struct sy_span s)
{
	const uint8_t *nul = s.len ? memchr(s.data, 0, s.len) : NULL;

	return nul ? sy_span_of(s.data, (size_t)(nul - s.data)) : s;
}

static uint8_t at(struct sy_span s, size_t i)
{
	return i < s.len ? s.data[i] : 0;
}

struct scan {
	struct sy_span s;
	size_t i;
	bool is_negative;
	bool is_zero;		/* all digits were 0 */
	size_t n_digits;
	struct sy_number *number;
};

static void scan_sign(struct scan *c)
{
	while (is_space(at(c->s, c->i)))
		c->i++;
	c->is_negative = at(c->s, c->i) == '-';
	if (at(c->s, c->i) == '-' || at(c->s, c->i) == '+')
		c->i++;
}

/* Digits; single underscores between them where int() allows them. */
static bool scan_digits(struct scan *c, unsigned base, bool has_underscores)
{
	bool was_underscore = false;

	c->is_zero = true;
	c->number->fits = true;
	c->number->value = 0;
	for (; c->i < c->s.len; c->i++) {
		unsigned digit = digit_of(c->s.data[c->i]);

		if (c->s.data[c->i] == '_' && has_underscores && !was_underscore) {
			was_underscore = true;
			continue;
		}
		if (digit >= base)
			break;
		was_underscore = false;
		c->n_digits++;
		c->is_zero = c->is_zero && digit == 0;
		if (ckd_mul(&c->number->value, c->number->value, (int64_t)base) ||
		    (c->is_negative ? ckd_sub(&c->number->value, c->number->value, (int64_t)digit)
				    : ckd_add(&c->number->value, c->number->value, (int64_t)digit)))
			c->number->fits = false;
	}
	return c->n_digits > 0 && !was_underscore;
}

static unsigned prefix_base(uint8_t c)
{
	uint8_t lower = sy_ascii_lower(c);

	return lower == 'x' ? 16 : lower == 'o' ? 8 : lower == 'b' ? 2 : 0;
}

/* int(s, base) of Python, base 0 or 10. */
static bool python_int(struct sy_span s, unsigned base, struct sy_number *number)
{
	struct scan c = { .s = s, .number = number };
	bool is_old_octal = false;

	scan_sign(&c);
	if (base == 0 && at(s, c.i) == '0') {
		base = prefix_base(at(s, c.i + 1));
		if (base) {
			c.i += 2;
			c.i += at(s, c.i) == '_';
		}
		is_old_octal = base == 0;
	}
	if (at(s, c.i) == '_' || !scan_digits(&c, base ? base : 10, true))
		return false;
	while (is_space(at(s, c.i)))
		c.i++;
	return c.i == s.len && !(is_old_octal && !c.is_zero);
}

/* strtol(s, &end, 0) that reaches the end and fits. */
static bool c_int(struct sy_span s, struct sy_number *number)
{
	struct scan c = { .s = s, .number = number };
	unsigned base = 10;

	scan_sign(&c);
	if (at(s, c.i) == '0')
		base = 8;
	if (base == 8 && sy_ascii_lower(at(s, c.i + 1)) == 'x' && digit_of(at(s, c.i + 2)) < 16) {
		base = 16;
		c.i += 2;
	}
	return scan_digits(&c, base, false) && c.i == s.len && number->fits;
}

bool sy_literal_int(struct sy_span line, struct sy_number *number)
{
	struct sy_span s = until_nul(line);

	*number = (struct sy_number){ 0 };
	if (line.len == 0)
		return false;
	number->fits = true;
	if (s.len == 0)		/* a NUL comes first: strtol() stops at it, and so at the end */
		return true;
	if (!c_int(s, number)) {
		*number = (struct sy_number){ 0 };
		return python_int(s, 0, number);
	}
	number->is_bool = line.len == 2 && (number->value == 0 || number->value == 1);
	return true;
}

bool sy_literal_long(struct sy_span line, struct sy_number *number)
{
	*number = (struct sy_number){ 0 };
	if (line.len == 0)
		return false;
	if (line.data[line.len - 1] == 'L')
		line.len--;
	return python_int(until_nul(line), 0, number);
}

bool sy_literal_index(struct sy_span line, struct sy_number *number)
{
	*number = (struct sy_number){ 0 };
	return line.len > 0 && python_int(until_nul(line), 10, number);
}

static size_t n_digits(struct sy_span s, size_t i)
{
	size_t n = 0;

	while (sy_is_digit(at(s, i + n)))
		n++;
	return n;
}

bool sy_literal_float(struct sy_span line)
{
	struct sy_span s = until_nul(line);
	size_t i = at(s, 0) == '-' || at(s, 0) == '+' ? 1 : 0;
	struct sy_span word = sy_span_slice(s, i, SIZE_MAX);
	size_t whole, fraction = 0;

	if (sy_ascii_equal(word, "inf") || sy_ascii_equal(word, "infinity") ||
	    sy_ascii_equal(word, "nan"))
		return true;
	whole = n_digits(s, i);
	i += whole;
	if (at(s, i) == '.') {
		fraction = n_digits(s, i + 1);
		i += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (sy_ascii_lower(at(s, i)) == 'e') {
		size_t sign = at(s, i + 1) == '-' || at(s, i + 1) == '+' ? 1 : 0;
		size_t n = n_digits(s, i + 1 + sign);

		i += n ? 1 + sign + n : 0;
	}
	return i == s.len;
}

void sy_decoded_add(struct sy_decoded *out, struct sy_span bytes)
{
	size_t n = bytes.len < out->cap - out->len ? bytes.len : out->cap - out->len;

	if (n)
		memcpy(out->data + out->len, bytes.data, n);
	out->len += n;
	out->is_cut = out->is_cut || n < bytes.len;
}

void sy_decoded_code(struct sy_decoded *out, uint32_t code)
{
	uint8_t b[4];
	size_t n = 1;

	b[0] = (uint8_t)code;
	if (code >= 0x80) {
		n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		for (size_t i = n - 1; i > 0; i--, code >>= 6)
			b[i] = (uint8_t)(0x80 | (code & 0x3f));
		b[0] = (uint8_t)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | code);
	}
	sy_decoded_add(out, sy_span_of(b, n));
}

void sy_decoded_latin1(struct sy_span bytes, struct sy_decoded *out)
{
	for (size_t i = 0; i < bytes.len; i++)
		sy_decoded_code(out, bytes.data[i]);
}

/* n hexadecimal digits at i; false: fewer. */
static bool hex(struct sy_span s, size_t i, size_t n, uint32_t *value)
{
	*value = 0;
	for (size_t k = 0; k < n; k++) {
		unsigned digit = digit_of(at(s, i + k));

		if (i + k >= s.len || digit >= 16)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* What the letter after a backslash stands for; -1: no such escape. */
static int escape_of(uint8_t c)
{
	static const char letters[] = "\\'\"bftnrva";
	static const char values[] = "\\'\"\b\f\t\n\r\v\a";
	const char *p = c ? strchr(letters, c) : NULL;

	return p ? (unsigned char)values[p - letters] : -1;
}

/* One escape behind the backslash at i; returns what follows it, 0: refused. */
static size_t unescape(struct sy_span s, size_t i, struct sy_decoded *out)
{
	uint8_t c = at(s, i + 1), byte;
	uint32_t value = 0;
	size_t n = 0;

	if (i + 1 >= s.len)
		return 0;
	if (c == 'x') {
		if (!hex(s, i + 2, 2, &value))
			return 0;
		byte = (uint8_t)value;
		sy_decoded_add(out, sy_span_of(&byte, 1));
		return i + 4;
	}
	while (n < 3 && at(s, i + 1 + n) >= '0' && at(s, i + 1 + n) <= '7')
		value = value * 8 + at(s, i + 1 + n++) - '0';
	if (n > 0) {
		byte = (uint8_t)value;
		sy_decoded_add(out, sy_span_of(&byte, 1));
		return i + 1 + n;
	}
	if (escape_of(c) < 0) {
		sy_decoded_add(out, sy_span_slice(s, i, 2));
		return i + 2;
	}
	byte = (uint8_t)escape_of(c);
	sy_decoded_add(out, sy_span_of(&byte, 1));
	return i + 2;
}

bool sy_literal_string(struct sy_span line, struct sy_decoded *out)
{
	struct sy_span s = sy_span_slice(line, 1, line.len >= 2 ? line.len - 2 : 0);
	size_t i = 0;

	if (line.len < 2 || line.data[0] != line.data[line.len - 1] ||
	    (line.data[0] != '\'' && line.data[0] != '"'))
		return false;
	while (i < s.len) {
		if (s.data[i] != '\\') {
			sy_decoded_add(out, sy_span_of(&s.data[i++], 1));
			continue;
		}
		i = unescape(s, i, out);
		if (i == 0)
			return false;
	}
	return true;
}

bool sy_literal_unicode(struct sy_span line, struct sy_decoded *out)
{
	size_t i = 0;

	while (i < line.len) {
		uint8_t c = at(line, i + 1);
		size_t n = c == 'u' ? 4 : c == 'U' ? 8 : 0;
		uint32_t code;

		if (line.data[i] != '\\' || i + 1 >= line.len) {
			sy_decoded_code(out, line.data[i++]);
			continue;
		}
		if (n == 0) {
			sy_decoded_code(out, '\\');
			sy_decoded_code(out, c);
			i += 2;
			continue;
		}
		if (!hex(line, i + 2, n, &code) || code > 0x10ffff)
			return false;
		sy_decoded_code(out, code);
		i += 2 + n;
	}
	return true;
}
