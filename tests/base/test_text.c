/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/text: sentences, escapers, small readings, globs. */
#include "tests/support/support.h"
#include "verifier/base/memory.h"
#include "verifier/base/set.h"
#include "verifier/base/text.h"

#include <math.h>
#include "verifier/base/utf8.h"

#define RLO "\xe2\x80\xae"	/* U+202E, right-to-left override */
#define BAD "\xef\xbf\xbd"	/* U+FFFD */

static void assert_name(const char *bytes, size_t len, const char *expected)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, sy_span_of(bytes, len));
	assert_string_equal(text.data, expected);
	assert_int_equal(text.len, strlen(expected));
}

static void test_names(void **state)
{
	(void)state;
	assert_name("a.weight", 8, "'a.weight'");
	assert_name("", 0, "''");
	assert_name("it's\\", 5, "'it\\'s\\\\'");
	assert_name("\r\n\t\0\x1b", 5, "'\\r\\n\\t\\x00\\x1b'");
	assert_name("\xff\xc3\xa9", 3, "'\\xff\xc3\xa9'");
	assert_name("\xc2\x85", 2, "'\\u{0085}'");
	assert_name("a" RLO "b", 5, "'a\\u{202e}b'");
	assert_name("\xf3\xa0\x80\x81", 4, "'\\u{e0001}'");
}

static void test_long_name_is_cut(void **state)
{
	char name[200];
	struct sy_text text;

	(void)state;
	memset(name, 'x', sizeof(name));
	sy_text_init(&text);
	sy_text_name(&text, sy_span_of(name, 128));
	assert_int_equal(text.len, 130);
	sy_text_init(&text);
	sy_text_name(&text, sy_span_of(name, 129));
	assert_int_equal(text.len, 133);
	assert_string_equal(text.data + 128, "x'...");
}

/* Two different names never look the same: checked over all short ones. */
static void test_names_are_unambiguous(void **state)
{
	static const char bytes[] = { '\\', '\'', 'x', 'n', '\n', '0',
				      'a', '\xc2', '\x8a', 'u', '{', '}' };
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_set set;
	size_t n = sizeof(bytes), n_new = 0;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	sy_set_init(&set, &ctx);
	for (size_t i = 0; i < n * n * n * n; i++) {
		char name[4] = { bytes[i % n], bytes[i / n % n],
				 bytes[i / n / n % n], bytes[i / n / n / n] };
		struct sy_text text;
		struct sy_span copy;
		uint64_t found;
		bool is_new;

		sy_text_init(&text);
		sy_text_name(&text, sy_span_of(name, 4));
		assert_int_equal(sy_arena_copy(&arena, sy_text_span(&text),
					       &copy), SY_OK);
		assert_int_equal(sy_set_add(&set, copy, i, &is_new, &found),
				 SY_OK);
		n_new += is_new;
	}
	assert_int_equal(n_new, n * n * n * n);
	sy_set_free(&set);
	sy_arena_free(&arena);
}

static void test_sentence_is_cut(void **state)
{
	struct sy_text text;
	size_t bad;

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		sy_text_init(&text);
		for (size_t i = 0; i < shift; i++)
			sy_text_add(&text, "a");
		while (!text.is_cut)
			sy_text_add(&text, "\xe2\x82\xac");
		assert_true(text.len < SY_TEXT_MAX);
		assert_int_equal(text.len, strlen(text.data));
		assert_true(sy_span_ends(sy_text_span(&text), "..."));
		assert_true(sy_utf8_valid(sy_text_span(&text), &bad));
		bad = text.len;
		sy_text_addf(&text, "%d", 7);
		assert_int_equal(text.len, bad);
	}
}

static void test_sentence_fits_exactly(void **state)
{
	char part[SY_TEXT_MAX];
	struct sy_text text;

	(void)state;
	memset(part, 'y', sizeof(part));
	sy_text_init(&text);
	sy_text_add_span(&text, sy_span_of(part, SY_TEXT_MAX - 1));
	assert_false(text.is_cut);
	assert_int_equal(text.len, SY_TEXT_MAX - 1);
	sy_text_add(&text, "");
	assert_false(text.is_cut);
	sy_text_add(&text, "z");
	assert_true(text.is_cut);
	sy_text_init(&text);
	sy_text_addf(&text, "%5000d", 1);
	assert_true(text.is_cut);
	assert_int_equal(text.len, SY_TEXT_MAX - 1);
}

static void assert_bytes(uint64_t n, const char *expected)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_bytes(&text, n);
	assert_string_equal(text.data, expected);
}

static void test_quantities(void **state)
{
	struct sy_text text;

	(void)state;
	assert_bytes(0, "0 bytes");
	assert_bytes(1, "1 byte");
	assert_bytes(1234, "1,234 bytes");
	assert_bytes(10239, "10,239 bytes");
	assert_bytes(10240, "10.0 KiB");
	assert_bytes(1048575, "1023.9 KiB");
	assert_bytes(1048576, "1.0 MiB");
	assert_bytes(UINT64_C(4) << 30, "4.0 GiB");
	assert_bytes(UINT64_MAX, "15.9 EiB");
	sy_text_init(&text);
	sy_text_count(&text, 887990);
	sy_text_add(&text, " ");
	sy_text_count(&text, UINT64_MAX);
	sy_text_add(&text, " ");
	sy_text_count(&text, 100);
	assert_string_equal(text.data, "887,990 18,446,744,073,709,551,615 100");
}

typedef void escaper_fn(struct sy_out *out, struct sy_span s);

static void message(struct sy_out *out, struct sy_span s)
{
	sy_escape_github(out, s, false);
}

static void property(struct sy_out *out, struct sy_span s)
{
	sy_escape_github(out, s, true);
}

static void assert_escaped(escaper_fn *escaper, const char *bytes, size_t len,
			   const char *expected)
{
	struct sy_context ctx;
	struct sy_buffer buffer;
	struct sy_out out;

	sy_context_init(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	escaper(&out, sy_span_of(bytes, len));
	sy_out_bytes(&out, "", 1);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_string_equal((char *)buffer.data, expected);
	sy_buffer_free(&buffer);
	assert_int_equal(ctx.memory_used, 0);
}

static void test_escape_terminal(void **state)
{
	struct sy_text text;

	(void)state;
	assert_escaped(sy_escape_terminal, "a\\b'c\"", 6, "a\\b'c\"");
	assert_escaped(sy_escape_terminal, "\x1b[31m\n\x7f", 7,
		       "\\x1b[31m\\x0a\\x7f");
	assert_escaped(sy_escape_terminal, "\xff" RLO "\xc3\xa9", 6,
		       "\\xff\\u{202e}\xc3\xa9");
	assert_escaped(sy_escape_terminal, "\xc2\x9b", 2, "\\u{009b}");
	assert_escaped(sy_escape_terminal, "", 0, "");
	sy_text_init(&text);
	sy_text_name(&text, sy_span_of("\x1b\xff\\'" RLO, 7));
	assert_escaped(sy_escape_terminal, text.data, text.len, text.data);
}

static void test_escape_json(void **state)
{
	(void)state;
	assert_escaped(sy_escape_json, "a\"\\/\n\r\t\b\0", 9,
		       "a\\\"\\\\/\\n\\r\\t\\u0008\\u0000");
	assert_escaped(sy_escape_json, "\xc3\xa9\xff\xe2\x82", 5,
		       "\xc3\xa9" BAD BAD BAD);
	assert_escaped(sy_escape_json, RLO "\xf3\xa0\x80\x81\x7f", 8,
		       "\\u202e\\udb40\\udc01\\u007f");
	assert_escaped(sy_escape_json, "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80");
}

static void test_escape_xml(void **state)
{
	(void)state;
	assert_escaped(sy_escape_xml, "<a b='c'>&\"", 11,
		       "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
	assert_escaped(sy_escape_xml, "\t\n\r\x1b\0", 5, "&#x9;&#xa;&#xd;" BAD BAD);
	assert_escaped(sy_escape_xml, "\xef\xbf\xbf\xff\xc3\xa9", 6,
		       BAD BAD "\xc3\xa9");
}

static void test_escape_github(void **state)
{
	(void)state;
	assert_escaped(message, "50% a:b,c\r\n::error::", 20,
		       "50%25 a:b,c%0D%0A::error::");
	assert_escaped(property, "a:b,c%\n", 7, "a%3Ab%2Cc%25%0A");
	assert_escaped(message, "\x1b\xff", 2, "\\x1b\\xff");
	assert_escaped(sy_out_hex, "\x00\xfe\x9a", 3, "00fe9a");
}

/* Whatever goes in, no escaper lets out a control, a bad byte or a line end. */
static void test_escapers_are_inert(void **state)
{
	static escaper_fn *const escapers[] = {
		sy_escape_terminal, sy_escape_json, sy_escape_xml, message,
		property };
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct sy_context ctx;
		struct sy_buffer buffer;
		struct sy_out out;
		uint8_t bytes[16];

		for (size_t i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525u + 1013904223u;
			bytes[i] = (uint8_t)(random >> 24);
		}
		sy_context_init(&ctx);
		sy_buffer_init(&buffer, &ctx);
		sy_out_init(&out, sy_buffer_write, &buffer);
		escapers[round % 5](&out, sy_span_of(bytes, sizeof(bytes)));
		assert_int_equal(sy_out_flush(&out), SY_OK);
		assert_int_equal(sy_utf8_traits(sy_span_of(buffer.data,
							   buffer.len)) &
				 ~(unsigned)SY_UTF8_NOT_ASCII, 0);
		sy_buffer_free(&buffer);
	}
}

static void test_parse_u64(void **state)
{
	static const char *const bad[] = { "", "00", "01", "+1", "-1", " 1", "1 ",
					   "0x1", "18446744073709551616",
					   "99999999999999999999", "1.0" };
	uint64_t v;

	(void)state;
	assert_true(sy_parse_u64(sy_span_str("0"), &v) && v == 0);
	assert_true(sy_parse_u64(sy_span_str("18446744073709551615"), &v));
	assert_int_equal(v, UINT64_MAX);
	for (size_t i = 0; i < SY_N_ELEMS(bad); i++) {
		assert_false(sy_parse_u64(sy_span_str(bad[i]), &v));
		assert_int_equal(v, 0);
	}
}

static void test_ascii(void **state)
{
	struct sy_span name = sy_span_str("Model.SafeTensors");

	(void)state;
	assert_true(sy_ascii_equal(name, "model.safetensors"));
	assert_false(sy_ascii_equal(name, "model.safetensor"));
	assert_true(sy_ascii_starts(name, "MODEL"));
	assert_true(sy_ascii_ends(name, ".safetensors"));
	assert_false(sy_ascii_ends(sy_span_str("s"), "xs"));
	assert_false(sy_ascii_equal(sy_span_str("[a"), "{a"));
	assert_int_equal(sy_span_find(name, sy_span_str("Safe")), 6);
	assert_int_equal(sy_span_find(name, sy_span_str("safe")), SIZE_MAX);
	assert_int_equal(sy_span_find(name, sy_span_str("")), 0);
	assert_int_equal(sy_span_find(sy_span_str(""), sy_span_str("a")), SIZE_MAX);
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false },
		{ "*", "", true }, { "*", "abc", true }, { "*", "a/b", false },
		{ "**", "a/b/c", true }, { "**", "", true },
		{ "*.bin", "x.bin", true }, { "*.bin", "d/x.bin", false },
		{ "**/*.bin", "x.bin", true }, { "**/*.bin", "a/b/x.bin", true },
		{ "**/*.bin", "a/b/x.bim", false },
		{ "a/**", "a/b/c", true }, { "a/**", "b/c", false },
		{ "a/**/z", "a/z", true }, { "a/**/z", "a/b/c/z", true },
		{ "a/**/z", "a/bz", false }, { "**/b/*", "a/b/c", true },
		{ "**b", "a/ab", true }, { "a**z", "a/b/z", true },
		{ "a*b*c", "aXbXbXc", true }, { "a*b*c", "aXbX", false },
		{ "*a*b", "xa/yab", false }, { "**a*b", "xa/yab", true },
		{ "**/x*y/**/z", "a/x1/xy/q/z", true },
		{ "?", "a", true }, { "?", "/", false }, { "?", "ab", false },
		{ "?", "\xc3\xa9", true }, { "?", "\xff", true },
		{ "[abc]", "b", true }, { "[a-c]x", "bx", true },
		{ "[!a-c]", "b", false }, { "[^a-c]", "d", true },
		{ "[!a]", "/", false }, { "[]]", "]", true },
		{ "[a", "[a", true }, { "[a-]", "-", true },
		{ "[\xc3\xa0-\xc3\xb0]", "\xc3\xa9", true },
		{ "\\*", "*", true }, { "\\*", "a", false }, { "a\\", "a\\", true },
		{ "[0-9][0-9]", "42", true }, { "[0-9][0-9]", "4", false },
		{ "*[0-9].json", "part7.json", true },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		if (sy_glob_match(cases[i].pattern, sy_span_str(cases[i].path)) !=
		    cases[i].matches)
			fail_msg("%s against %s", cases[i].pattern, cases[i].path);
	}
}

/* A slow and simple matcher of * and ** on {a, /}: the oracle of the fast one. */
static bool slow_match(const char *p, const char *s)
{
	if (p[0] == '*' && p[1] == '*')
		return slow_match(p + 2, s) || (*s && slow_match(p, s + 1));
	if (p[0] == '*')
		return slow_match(p + 1, s) ||
		       (*s && *s != '/' && slow_match(p, s + 1));
	if (*p == '\0' || *s == '\0')
		return *p == *s;
	return *p == *s && slow_match(p + 1, s + 1);
}

static void spell(char *out, size_t len, unsigned n, const char *letters)
{
	unsigned base = (unsigned)strlen(letters);

	for (size_t i = 0; i < len; i++, n /= base)
		out[i] = letters[n % base];
	out[len] = '\0';
}

static void test_glob_against_oracle(void **state)
{
	char pattern[8], path[8];

	(void)state;
	for (unsigned p = 0; p < 4096; p++) {
		spell(pattern, 6, p, "*a/b");
		/* Star runs of three and a whole-folder ** mean more. */
		if (strstr(pattern, "***") || strstr(pattern, "/**/") ||
		    !strncmp(pattern, "**/", 3))
			continue;
		for (unsigned s = 0; s < 243; s++) {
			spell(path, 5, s, "a/b");
			if (sy_glob_match(pattern, sy_span_str(path)) !=
			    slow_match(pattern, path))
				fail_msg("%s against %s", pattern, path);
		}
	}
}

static void test_glob_fault(void **state)
{
	static const char *const good[] = {
		"a", "*", "**", "a/**", "**/b", "[]a]", "[!]a]x", "a[b-d]", "\\[a", ".git/**",
		"...", "a.b/..c", "*?", "\xff", "a\\\\",
	};
	static const struct {
		const char *pattern, *says;
	} bad[] = {
		{ "", "is empty" }, { "[", "has a '['" }, { "a[b", "has a '['" },
		{ "[]", "has a '['" }, { "[!]", "has a '['" }, { "a\\", "ends in a backslash" },
		{ "a\\\\\\", "ends in a backslash" }, { "***", "three stars" },
		{ "a/b***c", "three stars" }, { "/", "begins with a slash" },
		{ "/a", "begins with a slash" }, { "a//b", "has an empty part" },
		{ "a/", "has an empty part" }, { ".", "has an empty part" },
		{ "..", "has an empty part" }, { "a/../b", "has an empty part" },
		{ "./a", "has an empty part" }, { "a/.", "has an empty part" },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(good); i++) {
		if (sy_glob_fault(good[i]))
			fail_msg("%s %s", good[i], sy_glob_fault(good[i]));
	}
	for (size_t i = 0; i < SY_N_ELEMS(bad); i++) {
		if (!sy_glob_fault(bad[i].pattern) ||
		    !strstr(sy_glob_fault(bad[i].pattern), bad[i].says))
			fail_msg("'%s' %s", bad[i].pattern, bad[i].says);
	}
}

static bool is_number(double value, const char *want)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_number(&text, value);
	if (strcmp(text.data, want) != 0)
		print_error("%s, not %s\n", text.data, want);
	return !strcmp(text.data, want);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_true(is_number(0, "0"));
	assert_true(is_number(-0.0, "-0"));
	assert_true(is_number(0.5, "0.5"));
	assert_true(is_number(-12, "-12"));
	assert_true(is_number(100, "100"));
	assert_true(is_number(123456.4, "123456"));
	assert_true(is_number(999999.5, "1e+06"));
	assert_true(is_number(1234567, "1.23457e+06"));
	assert_true(is_number(0.00012345678, "0.000123457"));
	assert_true(is_number(0.0000123, "0.0000123"));
	assert_true(is_number(0.000000125, "1.25e-07"));
	assert_true(is_number(1.0 / 3, "0.333333"));
	assert_true(is_number(0x1p-1074, "4.94066e-324"));
	assert_true(is_number(1.7976931348623157e308, "1.79769e+308"));
	assert_true(is_number((double)INFINITY, "inf"));
	assert_true(is_number(-(double)INFINITY, "-inf"));
	assert_true(is_number((double)NAN, "nan"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_long_name_is_cut),
		cmocka_unit_test(test_names_are_unambiguous),
		cmocka_unit_test(test_sentence_is_cut),
		cmocka_unit_test(test_sentence_fits_exactly),
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_escape_terminal),
		cmocka_unit_test(test_escape_json),
		cmocka_unit_test(test_escape_xml),
		cmocka_unit_test(test_escape_github),
		cmocka_unit_test(test_escapers_are_inert),
		cmocka_unit_test(test_parse_u64),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_glob_against_oracle),
		cmocka_unit_test(test_glob_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
