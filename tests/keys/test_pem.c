/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 in one spelling only, PEM's boundaries, lines and their comments. */
#include "keys/base64.h"
#include "keys/lines.h"
#include "keys/pem.h"

#include "tests/support/support.h"

static void test_base64(void **state)
{
	static const struct { const char *text, *bytes; } good[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" },
	};
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm8==", "Zm 9v", "Zm9v\n",
		" Zm9v", "Zm9v=", "Z-9v", "Z_9v", "=", "====", "Zg==Zg==", "Zm9v\r\n",
		"Z\xc3\xa9==",
	};
	uint8_t out[16];
	char text[16];
	size_t len;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(good); i++) {
		struct sy_span bytes = sy_span_str(good[i].bytes);

		assert_true(sy_base64_decode(sy_span_str(good[i].text), out, 16, &len));
		assert_true(sy_span_equal(sy_span_of(out, len), bytes));
		assert_true(sy_base64_decode_exactly(sy_span_str(good[i].text), out, len));
		assert_false(sy_base64_decode_exactly(sy_span_str(good[i].text), out, len + 1));
		assert_true(len == 0 ||
			    !sy_base64_decode(sy_span_str(good[i].text), out, len - 1, &len));
		sy_base64_encode(bytes, text);
		assert_string_equal(text, good[i].text);
	}
	for (size_t i = 0; i < SY_N_ELEMS(bad); i++)
		if (sy_base64_decode(sy_span_str(bad[i]), out, sizeof(out), &len) || len != 0)
			fail_msg("base64 '%s' is taken", bad[i]);
	assert_false(sy_base64_decode(sy_span_of("Zm9v\0", 5), out, sizeof(out), &len));
	assert_false(sy_base64_decode_lines(sy_span_of("Zm\0v", 4), out, sizeof(out), &len));
	assert_true(sy_base64_decode_lines(sy_span_str("Zm\r\n9v\n"), out, sizeof(out), &len));
	assert_int_equal(len, 3);
	assert_false(sy_base64_decode_lines(sy_span_str("Zm 9v\n"), out, sizeof(out), &len));
}

/* Of all characters, exactly the 64 of the alphabet; '=' only where it ends. */
static void test_alphabet(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const bool is_there = c != 0 && strchr(alphabet, (int)c);
		uint8_t text[4] = { 'A', 'A', 'A', 'A' }, out[4];
		size_t len;

		for (size_t at = 0; at < 4; at++) {
			text[at] = (uint8_t)c;
			assert_int_equal(sy_base64_decode(sy_span_of(text, 4), out, 3, &len),
					 is_there || (at == 3 && c == '='));
			assert_int_equal(sy_base64_decode_lines(sy_span_of(text, 4), out, 3,
								&len),
					 is_there || (at == 3 && c == '='));
			text[at] = 'A';
		}
	}
}

static void test_blocks(void **state)
{
	struct sy_span rest = sy_span_str("text before\n-----BEGIN A B-----\nZm9v\n"
					  "-----END A B-----\nbetween\r\n"
					  "-----BEGIN C-----\r\nZg==\r\n-----END C-----");
	struct sy_pem_block block;
	uint8_t out[16];
	size_t len;

	(void)state;
	assert_true(sy_pem_is(rest));
	assert_int_equal(sy_pem_next(&rest, &block), SY_PEM_BLOCK);
	assert_true(sy_span_is(block.label, "A B"));
	assert_true(sy_pem_decode(&block, out, sizeof(out), &len));
	assert_true(sy_span_is(sy_span_of(out, len), "foo"));
	assert_int_equal(sy_pem_next(&rest, &block), SY_PEM_BLOCK);
	assert_true(sy_span_is(block.label, "C"));
	assert_true(sy_pem_decode(&block, out, sizeof(out), &len));
	assert_int_equal(len, 1);
	assert_int_equal(sy_pem_next(&rest, &block), SY_PEM_END);
	assert_int_equal(rest.len, 0);
}

static void test_blocks_broken(void **state)
{
	static const char *const broken[] = {
		"-----BEGIN A-----\n", "-----BEGIN A-----\nZm9v\n",
		"-----BEGIN A-----\nZm9v\n-----END B-----\n",
		"-----BEGIN A-----\nZm9v\n-----END A----\n",
		"-----BEGIN A-----\nZm9v\n-----BEGIN A-----\nZm9v\n-----END A-----\n",
		"-----BEGIN A-----\nZm9v\n-----END A----- \n",
	};
	static const char *const none[] = {
		"", "BEGIN A\n", " -----BEGIN A-----\n", "-----BEGIN -----\n", "-----BEGIN-----\n",
		"-----BEGIN A----\n",
	};
	static const char *const undecoded[] = {
		"-----BEGIN A-----\n-----END A-----\n",
		"-----BEGIN A-----\nName: value\n\nZm9v\n-----END A-----\n",
		"-----BEGIN A-----\nZm9v \n-----END A-----\n",
	};
	struct sy_pem_block block;
	uint8_t out[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(broken); i++) {
		struct sy_span rest = sy_span_str(broken[i]);

		assert_int_equal(sy_pem_next(&rest, &block), SY_PEM_BROKEN);
	}
	for (size_t i = 0; i < SY_N_ELEMS(none); i++) {
		struct sy_span rest = sy_span_str(none[i]);

		assert_false(sy_pem_is(rest));
		assert_int_equal(sy_pem_next(&rest, &block), SY_PEM_END);
	}
	for (size_t i = 0; i < SY_N_ELEMS(undecoded); i++) {
		struct sy_span rest = sy_span_str(undecoded[i]);

		assert_int_equal(sy_pem_next(&rest, &block), SY_PEM_BLOCK);
		assert_false(sy_pem_decode(&block, out, sizeof(out), &len));
	}
}

/* Every length around the lines' 48 bytes comes back as it was. */
static void test_encode(void **state)
{
	uint8_t bytes[150], out[160];
	char text[SY_PEM_TEXT_MAX(sizeof(bytes))];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + 1);
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		size_t n = sy_pem_encode("A KEY", sy_span_of(bytes, len), text, sizeof(text));
		struct sy_span rest = sy_span_of(text, n);
		struct sy_pem_block block;
		size_t decoded;

		assert_int_equal(strlen(text), n);
		assert_int_equal(sy_pem_next(&rest, &block), SY_PEM_BLOCK);
		assert_true(sy_pem_decode(&block, out, sizeof(out), &decoded));
		assert_true(sy_span_equal(sy_span_of(out, decoded), sy_span_of(bytes, len)));
		for (const char *line = text, *end; *line; line = end + 1) {
			end = strchr(line, '\n');
			assert_non_null(end);
			assert_true(end - line <= 64);
		}
	}
}

static void test_lines(void **state)
{
	struct sy_span rest = sy_span_str("one\r\n\ntwo\r\nthree"), line, text;

	(void)state;
	assert_true(sy_line_next(&rest, &line) && sy_span_is(line, "one"));
	assert_true(sy_line_next(&rest, &line) && sy_span_is(line, ""));
	assert_true(sy_line_next(&rest, &line) && sy_span_is(line, "two"));
	assert_true(sy_line_next(&rest, &line) && sy_span_is(line, "three"));
	assert_false(sy_line_next(&rest, &line));
	assert_true(sy_line_comment(sy_span_str("c: a\tb \xc3\xa9"), "c: ", 6, &text));
	assert_true(sy_span_is(text, "a\tb \xc3\xa9"));
	assert_false(sy_line_comment(sy_span_str("c: a\tb \xc3\xa9"), "c: ", 5, &text));
	assert_false(sy_line_comment(sy_span_str("d: a"), "c: ", 9, &text));
	assert_false(sy_line_comment(sy_span_str("c: a\x1b[1m"), "c: ", 9, &text));
	assert_false(sy_line_comment(sy_span_str("c: \xc3"), "c: ", 9, &text));
	assert_false(sy_line_comment(sy_span_str("c: a\r"), "c: ", 9, &text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_alphabet),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_blocks_broken),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
