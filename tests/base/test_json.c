/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/json: grammar, tokens, numbers, skipping, JSONTestSuite. */
#include "tests/base/json_support.h"

#include <dirent.h>
#include <stdio.h>

#include "verifier/base/memory.h"

static const char sample[] =
	"{\"a\": [1, -2.5e+3, true, false, null, \"x\\u00e9\\n\", {}, []],\n"
	" \"b\\/\": {\"\": \"\\ud83d\\ude00\", \"\xc3\xa9\": 0}}\n";

static void test_accepted(void **state)
{
	static const char *const good[] = {
		"{}", "[]", "0", "-0", "1e5", "1E+5", "0.5", "\"\"", "null",
		" \t\r\n[ 1 , 2 ] ", "{\"a\":{\"a\":1},\"b\":{\"a\":2}}",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"", "\"\x7f\"",
		"\"\\uD834\\uDd1e\"", "\"\\uffff\"", "[1e400, 1e-400]",
		"123456789012345678901234567890",
	};

	(void)state;
	json_assert_good(sample);
	for (size_t i = 0; i < SY_N_ELEMS(good); i++)
		json_assert_good(good[i]);
}

static void test_refused(void **state)
{
	static const char after[] = "something follows the end of the document";
	static const char value[] = "a value was expected";
	static const char digit[] = "a digit was expected";
	static const char zero[] = "a number must not begin with 0";
	static const char half[] = "a surrogate escape without its other half";
	static const char hex[] =
		"four hexadecimal digits were expected after \\u";
	static const char bytes[] = "a string holds bytes that are not UTF-8";
	static const char missing[] =
		"the document ends where a value was expected";

	(void)state;
	json_assert_bad("", 0, missing);
	json_assert_bad("  ", 2, missing);
	json_assert_bad("\xef\xbb\xbf{}", 0,
		   "a byte order mark stands before the document");
	json_assert_bad("{}x", 2, after);
	json_assert_bad("1 2", 2, after);
	json_assert_bad("[1,]", 3, value);
	json_assert_bad("[,1]", 1, value);
	json_assert_bad("[1 2]", 3, "a comma or ] was expected");
	json_assert_bad("[1}", 2, "a comma or ] was expected");
	json_assert_bad("[", 1, missing);
	json_assert_bad("[1", 2, "the document ends inside an array");
	json_assert_bad("{\"a\":1]", 6, "a comma or } was expected");
	json_assert_bad("{\"a\":1", 6, "the document ends inside an object");
	json_assert_bad("{\"a\" 1}", 5, "a colon was expected");
	json_assert_bad("{\"a\"", 4, "the document ends inside an object");
	json_assert_bad("{\"a\":}", 5, value);
	json_assert_bad("{\"a\":", 5, missing);
	json_assert_bad("{a:1}", 1, "a key in quotes was expected");
	json_assert_bad("{\"a\":1,}", 7, "a key in quotes was expected");
	json_assert_bad("{", 1, "the document ends inside an object");
	json_assert_bad("01", 0, zero);
	json_assert_bad("-01", 1, zero);
	json_assert_bad("-", 1, digit);
	json_assert_bad("1.", 2, digit);
	json_assert_bad("1.e1", 2, digit);
	json_assert_bad("1e", 2, digit);
	json_assert_bad("1e+", 3, digit);
	json_assert_bad(".5", 0, value);
	json_assert_bad("+1", 0, value);
	json_assert_bad("1a", 1, after);
	json_assert_bad("tru", 0, value);
	json_assert_bad("truex", 4, after);
	json_assert_bad("NaN", 0, "a value was expected (JSON has no NaN or Infinity)");
	json_assert_bad("-Infinity", 0,
		   "a value was expected (JSON has no NaN or Infinity)");
	json_assert_bad("\"abc", 4, "the document ends inside a string");
	json_assert_bad("\"a\nb\"", 2, "a control character in a string must be escaped");
	json_assert_bad("\"\\x\"", 1, "an unknown escape in a string");
	json_assert_bad("\"\\", 1, "an unknown escape in a string");
	json_assert_bad("\"\\u12g4\"", 1, hex);
	json_assert_bad("\"\\u12", 1, hex);
	json_assert_bad("\"\\ud800\"", 1, half);
	json_assert_bad("\"\\ud800\\u0041\"", 1, half);
	json_assert_bad("\"\\ud800\\ud800\"", 1, half);
	json_assert_bad("\"\\ud800\\udbff\"", 1, half);
	json_assert_bad("\"\\ud800\\ue000\"", 1, half);
	json_assert_bad("\"\\ud800x\"", 1, half);
	json_assert_bad("\"\\udc00\"", 1, half);
	json_assert_bad("\"\\udfff\\ud800\"", 1, half);
	json_assert_bad("\"a\xff\"", 2, bytes);
	json_assert_bad("\"\xed\xa0\x80\"", 1, bytes);
	json_assert_bad("\"\xc0\xaf\"", 1, bytes);
	json_assert_bad("\"\xe2\x82", 1, bytes);
	json_assert_bad("\xa0""1", 0, value);
	json_assert_bad("/**/1", 0, value);
}

/* Zero bytes, which C strings cannot show. */
static void test_zero_bytes(void **state)
{
	struct sy_json_error why;

	(void)state;
	assert_int_equal(json_check("\0", 1, 0, &why), SY_FORMAT);
	assert_int_equal(json_check("[]\0", 3, 0, &why), SY_FORMAT);
	assert_int_equal(why.off, 2);
	assert_int_equal(json_check("[1\0]", 4, 0, &why), SY_FORMAT);
	assert_int_equal(json_check("\"\0\"", 3, 0, &why), SY_FORMAT);
	assert_int_equal(json_check("\"\\\0\"", 4, 0, &why), SY_FORMAT);
	assert_int_equal(why.off, 1);
}

static void test_tokens(void **state)
{
	static const struct {
		enum sy_json_kind kind;
		uint64_t off, len;
		const char *text;
		unsigned depth;
	} expected[] = {
		{ SY_JSON_OBJECT, 0, 1, "", 0 },
		{ SY_JSON_KEY, 1, 3, "a", 1 },
		{ SY_JSON_ARRAY, 6, 1, "", 1 },
		{ SY_JSON_NUMBER, 7, 1, "1", 2 },
		{ SY_JSON_NUMBER, 10, 7, "-2.5e+3", 2 },
		{ SY_JSON_TRUE, 19, 4, "", 2 },
		{ SY_JSON_FALSE, 25, 5, "", 2 },
		{ SY_JSON_NULL, 32, 4, "", 2 },
		{ SY_JSON_STRING, 38, 11, "x\xc3\xa9\n", 2 },
		{ SY_JSON_OBJECT, 51, 1, "", 2 },
		{ SY_JSON_OBJECT_END, 52, 1, "", 2 },
		{ SY_JSON_ARRAY, 55, 1, "", 2 },
		{ SY_JSON_ARRAY_END, 56, 1, "", 2 },
		{ SY_JSON_ARRAY_END, 57, 1, "", 1 },
		{ SY_JSON_KEY, 61, 5, "b/", 1 },
		{ SY_JSON_OBJECT, 68, 1, "", 1 },
		{ SY_JSON_KEY, 69, 2, "", 2 },
		{ SY_JSON_STRING, 73, 14, "\xf0\x9f\x98\x80", 2 },
		{ SY_JSON_KEY, 89, 4, "\xc3\xa9", 2 },
		{ SY_JSON_NUMBER, 95, 1, "0", 2 },
		{ SY_JSON_OBJECT_END, 96, 1, "", 1 },
		{ SY_JSON_OBJECT_END, 97, 1, "", 0 },
		{ SY_JSON_END, 99, 0, "", 0 },
		{ SY_JSON_END, 99, 0, "", 0 },
	};
	struct sy_context ctx;
	struct sy_json *json;
	struct sy_json_token t;

	(void)state;
	sy_context_init(&ctx);
	json = sy_json_open(&ctx, sy_span_str(sample), 0, 0);
	assert_non_null(json);
	for (size_t i = 0; i < SY_N_ELEMS(expected); i++) {
		assert_int_equal(sy_json_next(json, &t), SY_OK);
		assert_int_equal(t.kind, expected[i].kind);
		assert_int_equal(t.off, expected[i].off);
		assert_int_equal(t.len, expected[i].len);
		assert_int_equal(t.depth, expected[i].depth);
		assert_true(sy_span_is(t.text, expected[i].text));
		assert_int_equal(t.is_escaped, memchr(sample + t.off, '\\',
						      t.len) != NULL);
	}
	sy_json_free(&json);
	assert_null(json);
	assert_int_equal(ctx.memory_used, 0);
}

static struct sy_json_token only(const char *text, unsigned flags)
{
	struct sy_context ctx;
	struct sy_json_token token;
	struct sy_json *json;

	sy_context_init(&ctx);
	json = sy_json_open(&ctx, sy_span_str(text), 0, flags);
	assert_non_null(json);
	assert_int_equal(sy_json_next(json, &token), SY_OK);
	assert_int_equal(token.kind, SY_JSON_NUMBER);
	assert_true(sy_span_is(token.text, text));
	sy_json_free(&json);
	return token;
}

static void assert_integer(const char *text, uint64_t magnitude, bool is_negative)
{
	struct sy_json_token t = only(text, 0);

	assert_true(t.is_integer);
	assert_int_equal(t.magnitude, magnitude);
	assert_int_equal(t.is_negative, is_negative);
}

static void test_numbers(void **state)
{
	static const char *const others[] = {
		"18446744073709551616", "-18446744073709551616",
		"18446744073709551620", "99999999999999999999999", "1.0", "1e0",
		"1E2", "0.0", "184467440737095516150",
	};

	(void)state;
	assert_integer("0", 0, false);
	assert_integer("-0", 0, true);
	assert_integer("9007199254740993", UINT64_C(9007199254740993), false);
	assert_integer("9223372036854775807", INT64_MAX, false);
	assert_integer("9223372036854775808", UINT64_C(1) << 63, false);
	assert_integer("-9223372036854775808", UINT64_C(1) << 63, true);
	assert_integer("-9223372036854775809", (UINT64_C(1) << 63) + 1, true);
	assert_integer("18446744073709551615", UINT64_MAX, false);
	for (size_t i = 0; i < SY_N_ELEMS(others); i++) {
		struct sy_json_token t = only(others[i], 0);

		assert_false(t.is_integer);
		assert_int_equal(t.magnitude, 0);
	}
	assert_true(only("NaN", SY_JSON_PYTHON_NUMBERS).is_nonfinite);
	assert_true(only("Infinity", SY_JSON_PYTHON_NUMBERS).is_nonfinite);
	assert_true(only("-Infinity", SY_JSON_PYTHON_NUMBERS).is_negative);
	assert_false(only("-1", SY_JSON_PYTHON_NUMBERS).is_nonfinite);
}

/* A prefix of a document that is not a number is never a document. */
static void test_prefixes(void **state)
{
	struct sy_json_error why;

	(void)state;
	for (size_t len = 0; len < strlen(sample) - 1; len++) {
		assert_int_equal(json_check(sample, len, 0, &why), SY_FORMAT);
		assert_true(why.off <= len);
		assert_string_not_equal(why.what, "");
	}
}

/* Any byte, changed to any other: an answer, and a position inside. */
static void test_mutations(void **state)
{
	char text[sizeof(sample)];
	struct sy_json_error why;

	(void)state;
	for (size_t at = 0; at < sizeof(sample) - 1; at++) {
		memcpy(text, sample, sizeof(sample));
		for (int byte = 0; byte < 256; byte++) {
			enum sy_status status;

			text[at] = (char)byte;
			status = json_check(text, strlen(sample), 0, &why);
			assert_true(status == SY_OK || status == SY_FORMAT);
			assert_true(status == SY_OK ||
				    why.off <= strlen(sample));
		}
	}
}

static void next_is(struct sy_json *json, enum sy_json_kind kind,
		    struct sy_json_token *t)
{
	assert_int_equal(sy_json_next(json, t), SY_OK);
	assert_int_equal(t->kind, kind);
}

static void test_skip(void **state)
{
	struct sy_context ctx;
	struct sy_json *json;
	struct sy_json_token t;

	(void)state;
	sy_context_init(&ctx);
	json = sy_json_open(&ctx, sy_span_str(
		"{\"a\":[{},[[1]],{\"x\":[]}],\"b\":[1,{\"y\":2}],\"c\":5}"), 0, 0);
	next_is(json, SY_JSON_OBJECT, &t);
	next_is(json, SY_JSON_KEY, &t);
	assert_int_equal(sy_json_skip(json, &t), SY_OK);
	next_is(json, SY_JSON_KEY, &t);
	assert_true(sy_span_is(t.text, "b"));
	next_is(json, SY_JSON_ARRAY, &t);
	next_is(json, SY_JSON_NUMBER, &t);
	assert_int_equal(sy_json_skip(json, &t), SY_OK);
	next_is(json, SY_JSON_OBJECT, &t);
	assert_int_equal(sy_json_skip(json, &t), SY_OK);
	next_is(json, SY_JSON_ARRAY_END, &t);
	next_is(json, SY_JSON_KEY, &t);
	assert_int_equal(sy_json_skip(json, &t), SY_OK);
	next_is(json, SY_JSON_OBJECT_END, &t);
	next_is(json, SY_JSON_END, &t);
	sy_json_free(&json);
}

static void test_skip_fails_once_and_for_all(void **state)
{
	struct sy_context ctx;
	struct sy_json *json;
	struct sy_json_token t;

	(void)state;
	sy_context_init(&ctx);
	json = sy_json_open(&ctx, sy_span_str("[[1,[2,x]]]"), 0, 0);
	next_is(json, SY_JSON_ARRAY, &t);
	assert_int_equal(sy_json_skip(json, &t), SY_FORMAT);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sy_json_next(json, &t), SY_FORMAT);
		assert_int_equal(t.kind, SY_JSON_END);
		assert_int_equal(sy_json_why(json).off, 7);
	}
	sy_json_free(&json);
}

/* What JSONTestSuite leaves open and we accept; the rest of it we refuse. */
static const char *const open_and_accepted[] = {
	"i_number_double_huge_neg_exp.json",
	"i_number_huge_exp.json",
	"i_number_neg_int_huge_exp.json",
	"i_number_pos_double_huge_exp.json",
	"i_number_real_neg_overflow.json",
	"i_number_real_pos_overflow.json",
	"i_number_real_underflow.json",
	"i_number_too_big_neg_int.json",
	"i_number_too_big_pos_int.json",
	"i_number_very_big_negative_int.json",
};

/* Valid JSON that we refuse unless duplicates are asked to be marked. */
static const char *const with_duplicates[] = {
	"y_object_duplicated_key.json",
	"y_object_duplicated_key_and_value.json",
};

static bool is_listed(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i], name))
			return true;
	}
	return false;
}

static void run_suite_file(struct sy_arena *arena, const char *folder,
			   const char *name)
{
	bool is_good = *name == 'y' ||
		       is_listed(open_and_accepted,
				 SY_N_ELEMS(open_and_accepted), name);
	bool is_strict = !is_listed(with_duplicates,
				    SY_N_ELEMS(with_duplicates), name);
	struct sy_json_error why;
	struct sy_span text;
	char path[4096];
	enum sy_status status;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	text = test_read_file(arena, path);
	status = json_check((const char *)text.data, text.len, SY_JSON_MARK_DUPLICATES,
		       &why);
	if ((status == SY_OK) != is_good)
		fail_msg("%s: %s", name, why.what);
	status = json_check((const char *)text.data, text.len, 0, &why);
	if ((status == SY_OK) != (is_good && is_strict))
		fail_msg("%s: %s", name, why.what);
}

static void test_suite(void **state)
{
	unsigned n_y = 0, n_n = 0, n_i = 0;
	struct sy_context ctx;
	struct sy_arena arena;
	struct dirent *entry;
	char folder[2048];
	DIR *dir;

	(void)state;
	if (!test_corpus()) {
		printf("SKIPPED: JSONTestSuite (STEELYARD_CORPUS is not set)\n");
		skip();
	}
	snprintf(folder, sizeof(folder), "%s/hostile/JSONTestSuite/test_parsing",
		 test_corpus());
	dir = opendir(folder);
	if (!dir) {
		printf("SKIPPED: JSONTestSuite (no %s)\n", folder);
		skip();
	}
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		run_suite_file(&arena, folder, entry->d_name);
		n_y += *entry->d_name == 'y';
		n_n += *entry->d_name == 'n';
		n_i += *entry->d_name == 'i';
	}
	closedir(dir);
	sy_arena_free(&arena);
	printf("JSONTestSuite: %u accepted, %u refused, %u pinned\n", n_y, n_n, n_i);
	assert_int_equal(n_y, 95);
	assert_int_equal(n_n, 188);
	assert_int_equal(n_i, 35);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_zero_bytes),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_skip_fails_once_and_for_all),
		cmocka_unit_test(test_suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
