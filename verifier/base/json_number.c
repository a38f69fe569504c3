/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON numbers: checked digit by digit, integers kept exactly.  Never rounds:
 * what does not fit is not an integer to us, and stays text.
 */
#include "verifier/base/json_parts.h"

#include "verifier/base/ckd.h"
#include "verifier/base/text.h"

/* Digits that any 64-bit number has room for. */
#define DIGITS_SURE 19

/* Behind one digit or more; NULL: there is none at p. */
static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end,
				  struct sy_json_fault *fault)
{
	const uint8_t *first = p;

	while (p < end && sy_is_digit(*p))
		p++;
	if (p != first)
		return p;
	*fault = (struct sy_json_fault){ p, "a digit was expected" };
	return NULL;
}

/* Behind a fraction and an exponent, if any; NULL: one is malformed. */
static const uint8_t *skip_fraction(const uint8_t *p, const uint8_t *end,
				    struct sy_json_fault *fault)
{
	if (p < end && *p == '.') {
		p = skip_digits(p + 1, end, fault);
		if (!p)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = skip_digits(p, end, fault);
	}
	return p;
}

/* Whether the digits [p, end) are more than 64 bits hold. */
static bool is_beyond_u64(const uint8_t *p, const uint8_t *end)
{
	uint64_t v = 0;

	for (; p < end; p++)
		if (ckd_mul(&v, v, 10u) || ckd_add(&v, v, (unsigned)(*p - '0')))
			return true;
	return false;
}

/* Behind the integer part; NULL: it is none. */
static const uint8_t *read_integer(const uint8_t *p, const uint8_t *end,
				   struct sy_json_number *number,
				   struct sy_json_fault *fault)
{
	const uint8_t *first = p;
	uint64_t v = 0;		/* wraps where it is too large */
	bool is_over;

	for (; p < end && sy_is_digit(*p); p++)
		v = v * 10 + (unsigned)(*p - '0');
	is_over = p - first > DIGITS_SURE && is_beyond_u64(first, p);
	number->is_integer = !is_over;
	number->magnitude = is_over ? 0 : v;
	if (p == first) {
		*fault = (struct sy_json_fault){ p, "a digit was expected" };
		return NULL;
	}
	if (*first == '0' && p - first > 1) {
		*fault = (struct sy_json_fault){
			first, "a number must not begin with 0" };
		return NULL;
	}
	return p;
}

const uint8_t *sy_json_number_scan(const uint8_t *at, const uint8_t *end,
				   struct sy_json_number *number,
				   struct sy_json_fault *fault)
{
	const uint8_t *p, *last;

	*number = (struct sy_json_number){ .is_negative = *at == '-' };
	p = read_integer(at + number->is_negative, end, number, fault);
	if (!p || p == end || *p < '.')
		return p;
	last = skip_fraction(p, end, fault);
	if (last != p) {
		number->is_integer = false;
		number->magnitude = 0;
	}
	return last;
}
