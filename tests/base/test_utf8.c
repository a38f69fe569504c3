/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/utf8: every scalar value, and everything that is none. */
#include "tests/support/support.h"
#include "verifier/base/utf8.h"

static size_t decode(const char *bytes, size_t len, uint32_t *code)
{
	return sy_utf8_decode(sy_span_of(bytes, len), code);
}

static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		uint8_t bytes[4];
		uint32_t back;
		size_t len, bad;

		len = sy_utf8_encode(code, bytes);
		if (code >= 0xd800 && code <= 0xdfff) {
			assert_int_equal(sy_utf8_decode(sy_span_of(bytes, len),
							&back), 0);
			continue;
		}
		assert_int_equal(sy_utf8_decode(sy_span_of(bytes, len), &back),
				 len);
		assert_int_equal(back, code);
		assert_true(sy_utf8_valid(sy_span_of(bytes, len), &bad));
		assert_int_equal(bad, len);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(sy_utf8_decode(sy_span_of(bytes, cut),
							&back), 0);
	}
}

/* Exactly one way to write each scalar value: count the valid ones. */
static void test_no_second_form(void **state)
{
	size_t n[5] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 0x1000000; i++) {
		uint8_t bytes[3] = { (uint8_t)(i >> 16), (uint8_t)(i >> 8),
				     (uint8_t)i };
		uint32_t code;
		size_t len = sy_utf8_decode(sy_span_of(bytes, 3), &code);

		/* Count a form once: what follows it is zero. */
		if (len && (len == 3 || !(i & (0xffffffu >> 8 * len))))
			n[len]++;
	}
	assert_int_equal(n[1], 0x80);
	assert_int_equal(n[2], 0x800 - 0x80);
	assert_int_equal(n[3], 0x10000 - 0x800 - 0x800);
	assert_int_equal(n[4], 0);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xef\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xfe", "\xff",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(bad); i++) {
		uint32_t code = 1;

		assert_int_equal(decode(bad[i], strlen(bad[i]), &code), 0);
		assert_int_equal(code, 0);
	}
}

static void test_first_bad_byte(void **state)
{
	uint8_t text[64];
	size_t bad;

	(void)state;
	assert_true(sy_utf8_valid(sy_span_of(NULL, 0), &bad));
	for (size_t len = 1; len <= sizeof(text); len++) {
		for (size_t at = 0; at < len; at++) {
			memset(text, 'a', sizeof(text));
			text[at] = 0xff;
			assert_false(sy_utf8_valid(sy_span_of(text, len), &bad));
			assert_int_equal(bad, at);
		}
	}
}

static void test_traits_of(void **state)
{
	static const struct {
		uint32_t first, last;
		unsigned trait;
	} expected[] = {
		{ 0x00, 0x1f, SY_UTF8_CONTROL },
		{ 0x20, 0x7e, 0 },
		{ 0x7f, 0x7f, SY_UTF8_CONTROL },
		{ 0x80, 0x9f, SY_UTF8_CONTROL },
		{ 0xa0, 0xac, 0 },
		{ 0xad, 0xad, SY_UTF8_INVISIBLE },
		{ 0x61c, 0x61c, SY_UTF8_BIDI },
		{ 0x200b, 0x200d, SY_UTF8_INVISIBLE },
		{ 0x200e, 0x200f, SY_UTF8_BIDI },
		{ 0x2028, 0x2029, SY_UTF8_SEPARATOR },
		{ 0x202a, 0x202e, SY_UTF8_BIDI },
		{ 0x202f, 0x202f, 0 },
		{ 0x2060, 0x2064, SY_UTF8_INVISIBLE },
		{ 0x2066, 0x2069, SY_UTF8_BIDI },
		{ 0x4e00, 0x9fff, 0 },
		{ 0xfdd0, 0xfdef, SY_UTF8_NONCHARACTER },
		{ 0xfeff, 0xfeff, SY_UTF8_INVISIBLE },
		{ 0xfe0e, 0xfe0f, 0 },
		{ 0xfffd, 0xfffd, 0 },
		{ 0xfffe, 0xffff, SY_UTF8_NONCHARACTER },
		{ 0x1f600, 0x1f64f, 0 },
		{ 0xe0001, 0xe0001, SY_UTF8_INVISIBLE },
		{ 0xe0020, 0xe007f, SY_UTF8_INVISIBLE },
		{ 0x10fffe, 0x10ffff, SY_UTF8_NONCHARACTER },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(expected); i++) {
		for (uint32_t c = expected[i].first; c <= expected[i].last; c++)
			assert_int_equal(sy_utf8_traits_of(c) &
					 ~(unsigned)SY_UTF8_NOT_ASCII,
					 expected[i].trait);
	}
}

static void test_traits(void **state)
{
	(void)state;
	assert_int_equal(sy_utf8_traits(sy_span_str("plain text")), 0);
	assert_int_equal(sy_utf8_traits(sy_span_str("na\xc3\xafve")),
			 SY_UTF8_NOT_ASCII);
	assert_int_equal(sy_utf8_traits(sy_span_str("a\xff\n")),
			 SY_UTF8_NOT_ASCII | SY_UTF8_INVALID | SY_UTF8_CONTROL);
	assert_int_equal(sy_utf8_traits(sy_span_str("\xe2\x80\xae")),
			 SY_UTF8_NOT_ASCII | SY_UTF8_BIDI);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_no_second_form),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_first_bad_byte),
		cmocka_unit_test(test_traits_of),
		cmocka_unit_test(test_traits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
