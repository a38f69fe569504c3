/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/json: grammar, tokens, duplicate keys, limits, faults. */
#include "tests/support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "verifier/base/json.h"
#include "verifier/base/memory.h"

static const char sample[] =
	"{\"a\": [1, -2.5e+3, true, false, null, \"x\\u00e9\\n\", {}, []],\n"
	" \"b\\/\": {\"\": \"\\ud83d\\ude00\", \"\xc3\xa9\": 0}}\n";

static enum sy_status check(const char *text, size_t len, unsigned flags,
			    struct sy_json_error *why)
{
	struct sy_context ctx;
	enum sy_status status;
	/* Of exactly this size, so that a sanitizer sees a byte too far. */
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	sy_context_init(&ctx);
	status = sy_json_check(&ctx, sy_span_of(copy, len), flags, why);
	assert_int_equal(ctx.memory_used, 0);
	assert_int_equal(ctx.error.status, SY_OK);
	free(copy);
	return status;
}

static void assert_good(const char *text)
{
	struct sy_json_error why;

	if (check(text, strlen(text), 0, &why) != SY_OK)
		fail_msg("%s: %s at %llu", text, why.what,
			 (unsigned long long)why.off);
}

static void assert_bad(const char *text, uint64_t off, const char *what)
{
	struct sy_json_error why;

	if (check(text, strlen(text), 0, &why) != SY_FORMAT)
		fail_msg("%s was accepted", text);
	if (why.off != off || strcmp(why.what, what))
		fail_msg("%s: %s at %llu", text, why.what,
			 (unsigned long long)why.off);
}

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
	assert_good(sample);
	for (size_t i = 0; i < SY_N_ELEMS(good); i++)
		assert_good(good[i]);
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
	assert_bad("", 0, missing);
	assert_bad("  ", 2, missing);
	assert_bad("\xef\xbb\xbf{}", 0,
		   "a byte order mark stands before the document");
	assert_bad("{}x", 2, after);
	assert_bad("1 2", 2, after);
	assert_bad("[1,]", 3, value);
	assert_bad("[,1]", 1, value);
	assert_bad("[1 2]", 3, "a comma or ] was expected");
	assert_bad("[1}", 2, "a comma or ] was expected");
	assert_bad("[", 1, missing);
	assert_bad("[1", 2, "the document ends inside an array");
	assert_bad("{\"a\":1]", 6, "a comma or } was expected");
	assert_bad("{\"a\":1", 6, "the document ends inside an object");
	assert_bad("{\"a\" 1}", 5, "a colon was expected");
	assert_bad("{\"a\"", 4, "the document ends inside an object");
	assert_bad("{\"a\":}", 5, value);
	assert_bad("{\"a\":", 5, missing);
	assert_bad("{a:1}", 1, "a key in quotes was expected");
	assert_bad("{\"a\":1,}", 7, "a key in quotes was expected");
	assert_bad("{", 1, "the document ends inside an object");
	assert_bad("01", 0, zero);
	assert_bad("-01", 1, zero);
	assert_bad("-", 1, digit);
	assert_bad("1.", 2, digit);
	assert_bad("1.e1", 2, digit);
	assert_bad("1e", 2, digit);
	assert_bad("1e+", 3, digit);
	assert_bad(".5", 0, value);
	assert_bad("+1", 0, value);
	assert_bad("1a", 1, after);
	assert_bad("tru", 0, value);
	assert_bad("truex", 4, after);
	assert_bad("NaN", 0, "a value was expected (JSON has no NaN or Infinity)");
	assert_bad("-Infinity", 0,
		   "a value was expected (JSON has no NaN or Infinity)");
	assert_bad("\"abc", 4, "the document ends inside a string");
	assert_bad("\"a\nb\"", 2, "a control character in a string must be escaped");
	assert_bad("\"\\x\"", 1, "an unknown escape in a string");
	assert_bad("\"\\", 1, "an unknown escape in a string");
	assert_bad("\"\\u12g4\"", 1, hex);
	assert_bad("\"\\u12", 1, hex);
	assert_bad("\"\\ud800\"", 1, half);
	assert_bad("\"\\ud800\\u0041\"", 1, half);
	assert_bad("\"\\ud800\\ud800\"", 1, half);
	assert_bad("\"\\ud800\\udbff\"", 1, half);
	assert_bad("\"\\ud800\\ue000\"", 1, half);
	assert_bad("\"\\ud800x\"", 1, half);
	assert_bad("\"\\udc00\"", 1, half);
	assert_bad("\"\\udfff\\ud800\"", 1, half);
	assert_bad("\"a\xff\"", 2, bytes);
	assert_bad("\"\xed\xa0\x80\"", 1, bytes);
	assert_bad("\"\xc0\xaf\"", 1, bytes);
	assert_bad("\"\xe2\x82", 1, bytes);
	assert_bad("\xa0""1", 0, value);
	assert_bad("/**/1", 0, value);
}

/* Zero bytes, which C strings cannot show. */
static void test_zero_bytes(void **state)
{
	struct sy_json_error why;

	(void)state;
	assert_int_equal(check("\0", 1, 0, &why), SY_FORMAT);
	assert_int_equal(check("[]\0", 3, 0, &why), SY_FORMAT);
	assert_int_equal(why.off, 2);
	assert_int_equal(check("[1\0]", 4, 0, &why), SY_FORMAT);
	assert_int_equal(check("\"\0\"", 3, 0, &why), SY_FORMAT);
	assert_int_equal(check("\"\\\0\"", 4, 0, &why), SY_FORMAT);
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
		assert_int_equal(check(sample, len, 0, &why), SY_FORMAT);
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
			status = check(text, strlen(sample), 0, &why);
			assert_true(status == SY_OK || status == SY_FORMAT);
			assert_true(status == SY_OK ||
				    why.off <= strlen(sample));
		}
	}
}

static void test_duplicates(void **state)
{
	static const char again[] = "the object has this key already";

	(void)state;
	assert_bad("{\"a\":1,\"a\":2}", 7, again);
	assert_bad("{\"\":1,\"\":2}", 6, again);
	assert_bad("{\"a\":1,\"\\u0061\":2}", 7, again);
	assert_bad("{\"\\u0061\":1,\"a\":2}", 12, again);
	assert_bad("{\"\\/\":1,\"\\u002f\":2}", 8, again);
	assert_bad("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", 18, again);
	assert_bad("{\"a\":{\"a\":[]},\"a\":2}", 14, again);
	assert_bad("[{\"x\":{\"k\":0,\"k\":0}}]", 13, again);
	assert_good("{\"a\":1,\"A\":2,\"aa\":3,\"\\u0000\":4,\"\":5,\"\\u0000a\":6}");
	assert_good("{\"abcdXefgh\":1,\"abcdYefgh\":2}");
	/* Normal forms are different names: nothing is folded. */
	assert_good("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}");
}

/* n keys "k0".."kN", then `extra` before the end. */
static struct sy_span many_keys(struct sy_arena *arena, unsigned n,
				const char *nested, const char *extra)
{
	size_t cap = (size_t)n * (16 + strlen(nested)) + strlen(extra) + 8;
	char *text = sy_arena_alloc(arena, cap);
	size_t len = 0;

	assert_non_null(text);
	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, cap - len, "%s\"k%u\":%s",
					i ? "," : "{", i, nested);
	len += (size_t)snprintf(text + len, cap - len, "%s}", extra);
	return sy_span_of(text, len);
}

static void assert_keys(unsigned n, const char *nested, const char *extra,
			enum sy_status expected)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_json_error why;
	struct sy_span text;

	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	text = many_keys(&arena, n, nested, extra);
	assert_int_equal(sy_json_check(&ctx, text, 0, &why), expected);
	if (expected != SY_OK)
		assert_int_equal(why.off, text.len - strlen(extra));
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

static void assert_repeated(unsigned n, unsigned k)
{
	char extra[32];

	snprintf(extra, sizeof(extra), ",\"k%u\":0", k);
	assert_keys(n, "0", extra, SY_FORMAT);
	snprintf(extra, sizeof(extra), ",\"\\u006b%u\":0", k);
	assert_keys(n, "{\"k0\":1}", extra, SY_FORMAT);
}

static void test_many_keys(void **state)
{
	static const unsigned counts[] = { 1, 7, 8, 9, 10, 48, 49, 96, 97, 1000,
					   100000 };
	static const char twelve[] =
		"{\"k0\":0,\"k1\":0,\"k2\":0,\"k3\":0,\"k4\":0,\"k5\":0,"
		"\"k6\":0,\"k7\":0,\"k8\":0,\"k9\":0,\"\\u006b10\":0,\"x\":{}}";

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(counts); i++) {
		unsigned n = counts[i];

		assert_keys(n, "0", "", SY_OK);
		assert_keys(n, twelve, "", SY_OK);
		for (unsigned k = 0; k < n; k += n / 5 + 1)
			assert_repeated(n, k);
	}
}

/* A random document of nested objects, and where its first duplicate is. */
struct maze {
	char text[16384];
	size_t len;
	bool used[8][64];
	unsigned depth;
	uint32_t random;
	uint64_t duplicate;	/* UINT64_MAX: none */
};

static unsigned roll(struct maze *m, unsigned n)
{
	m->random = m->random * 1664525u + 1013904223u;
	return (m->random >> 8) % n;
}

static void add_text(struct maze *m, const char *s)
{
	size_t len = strlen(s);

	assert_true(m->len + len <= sizeof(m->text));
	memcpy(m->text + m->len, s, len);
	m->len += len;
}

static void add_key(struct maze *m, unsigned n_names)
{
	bool *used = m->used[m->depth - 1];
	unsigned name = roll(m, n_names);
	char key[32];

	if (used[name] && roll(m, 400))		/* mostly look for a free one */
		for (unsigned i = 0; i < n_names && used[name]; i++)
			name = (name + 1) % n_names;
	if (m->text[m->len - 1] != '{')
		add_text(m, ",");
	if (used[name] && m->duplicate == UINT64_MAX)
		m->duplicate = m->len;
	used[name] = true;
	snprintf(key, sizeof(key), roll(m, 4) ? "\"key%02u\":" : "\"\\u006bey%02u\":",
		 name);
	add_text(m, key);
}

static void open_object(struct maze *m)
{
	add_text(m, "{");
	memset(m->used[m->depth++], 0, sizeof(m->used[0]));
}

static void build_maze(struct maze *m, uint32_t seed)
{
	unsigned n_names = 1 + seed % 64;

	*m = (struct maze){ .random = seed, .duplicate = UINT64_MAX };
	open_object(m);
	for (int i = 0; i < 400; i++) {
		unsigned choice = roll(m, 10);

		if (choice == 0 && m->depth > 1) {
			m->depth--;
			add_text(m, "}");
			continue;
		}
		add_key(m, n_names);
		if (choice == 1 && m->depth < 8)
			open_object(m);
		else
			add_text(m, "0");
	}
	while (m->depth--)
		add_text(m, "}");
}

static void test_duplicates_against_oracle(void **state)
{
	static struct maze m;
	unsigned n_bad = 0;

	(void)state;
	for (uint32_t seed = 0; seed < 2000; seed++) {
		struct sy_json_error why;
		enum sy_status status;

		build_maze(&m, seed);
		status = check(m.text, m.len, 0, &why);
		assert_int_equal(status, m.duplicate == UINT64_MAX ? SY_OK :
				 SY_FORMAT);
		if (status != SY_OK)
			assert_int_equal(why.off, m.duplicate);
		n_bad += status != SY_OK;
	}
	assert_true(n_bad > 200 && n_bad < 1999);
}

static void test_marked_duplicates(void **state)
{
	struct sy_context ctx;
	struct sy_json *json;
	struct sy_json_token t;
	char text[4096] = "{";
	unsigned n_marked = 0, n_keys = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), 64, "\"k%d\":{\"x\":0,\"x\":1},",
			 i % 20);
	strcpy(text + strlen(text) - 1, "}");
	sy_context_init(&ctx);
	json = sy_json_open(&ctx, sy_span_str(text), 0, SY_JSON_MARK_DUPLICATES);
	do {
		assert_int_equal(sy_json_next(json, &t), SY_OK);
		n_keys += t.kind == SY_JSON_KEY;
		n_marked += t.is_duplicate;
	} while (t.kind != SY_JSON_END);
	assert_int_equal(n_keys, 120);
	assert_int_equal(n_marked, 20 + 40);
	sy_json_free(&json);
	assert_int_equal(ctx.memory_used, 0);
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

/* n opening brackets, in turn [ and {"":, and the closing ones. */
static struct sy_span nested(struct sy_arena *arena, size_t n)
{
	char *text = sy_arena_alloc(arena, n * 6 + 1);
	size_t len = 0;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		memcpy(text + len, i % 2 ? "{\"\":" : "[", i % 2 ? 4 : 1);
		len += i % 2 ? 4 : 1;
	}
	text[len++] = '0';
	for (size_t i = n; i > 0; i--)
		text[len++] = (i - 1) % 2 ? '}' : ']';
	return sy_span_of(text, len);
}

static enum sy_status read_all(struct sy_context *ctx, struct sy_span text,
			       unsigned max_depth)
{
	struct sy_json *json = sy_json_open(ctx, text, max_depth, 0);
	struct sy_json_token t = { .kind = SY_JSON_NULL };
	enum sy_status status = SY_OK;

	if (!json)
		return sy_memory_status(ctx);
	while (status == SY_OK && t.kind != SY_JSON_END)
		status = sy_json_next(json, &t);
	sy_json_free(&json);
	return status;
}

static void test_depth(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_json_error why;
	struct sy_span deep;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	deep = nested(&arena, 1000000);
	assert_int_equal(read_all(&ctx, deep, 1000000), SY_OK);
	assert_int_equal(read_all(&ctx, deep, 999999), SY_LIMIT);
	assert_int_equal(sy_json_check(&ctx, deep, 0, &why), SY_LIMIT);
	assert_string_equal(why.what, "arrays and objects are nested too deeply");
	/* 127 levels: 64 "[" and 63 of the longer ones stand before it. */
	assert_int_equal(why.off, 64 + 63 * 4);
	assert_int_equal(read_all(&ctx, nested(&arena, 127), 0), SY_OK);
	assert_int_equal(read_all(&ctx, nested(&arena, 128), 0), SY_LIMIT);
	assert_int_equal(read_all(&ctx, sy_span_str("[[]]"), 2), SY_OK);
	assert_int_equal(read_all(&ctx, sy_span_str("[[[]]]"), 2), SY_LIMIT);
	sy_arena_free(&arena);
}

static void test_string_limit(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.string_bytes = 4;
	assert_int_equal(read_all(&ctx, sy_span_str("[\"abcd\"]"), 0), SY_OK);
	assert_int_equal(read_all(&ctx, sy_span_str("[\"abcde\"]"), 0), SY_LIMIT);
	assert_int_equal(read_all(&ctx, sy_span_str("{\"abcde\":0}"), 0),
			 SY_LIMIT);
	assert_int_equal(ctx.error.status, SY_OK);
}

static void test_cancelled(void **state)
{
	atomic_bool cancelled = false;
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_json *json;
	struct sy_json_token t;
	enum sy_status status = SY_OK;
	unsigned n = 0;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	ctx.cancelled = &cancelled;
	json = sy_json_open(&ctx, many_keys(&arena, 10000, "0", ""), 0, 0);
	next_is(json, SY_JSON_OBJECT, &t);
	atomic_store(&cancelled, true);
	while (status == SY_OK && n++ < 5000)
		status = sy_json_next(json, &t);
	assert_int_equal(status, SY_CANCELLED);
	sy_json_free(&json);
	sy_arena_free(&arena);
}

static enum sy_status read_with_failure(struct sy_span text, uint64_t fail_at,
					struct test_allocator *allocator)
{
	struct sy_context ctx;
	enum sy_status status;

	*allocator = (struct test_allocator){ .fail_at = fail_at };
	sy_context_init(&ctx);
	test_allocator_use(&ctx, allocator);
	status = read_all(&ctx, text, 1000);
	assert_int_equal(allocator->n_live, 0);
	assert_int_equal(ctx.error.status, status);
	return status;
}

static void test_failing_allocations(void **state)
{
	struct test_allocator allocator;
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span text;
	uint64_t n_calls;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	/* Escaped keys that grow into the table, and nesting. */
	text = many_keys(&arena, 300, "[{\"\\u0041\":[\"\\n\"]}]", ",\"\\t\":0");
	assert_int_equal(read_with_failure(text, UINT64_MAX, &allocator), SY_OK);
	n_calls = allocator.n_calls;
	assert_true(n_calls > 8);
	for (uint64_t n = 0; n < n_calls; n++)
		assert_int_equal(read_with_failure(text, n, &allocator),
				 SY_NO_MEMORY);
	ctx.limits.memory = ctx.memory_used + 2000;
	assert_int_equal(read_all(&ctx, text, 0), SY_LIMIT);
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

/* What a document costs beyond its bytes: by what is open, not what is read. */
static void test_memory_is_bounded(void **state)
{
	struct test_allocator allocator = { .fail_at = UINT64_MAX };
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span text;
	struct sy_context reader;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	text = many_keys(&arena, 100000, "{\"dtype\":0,\"shape\":[1,2]}", "");
	sy_context_init(&reader);
	reader.limits.memory = 100000 * 24;	/* the large object's keys only */
	test_allocator_use(&reader, &allocator);
	assert_int_equal(read_all(&reader, text, 0), SY_OK);
	assert_true(allocator.n_calls < 100);
	sy_arena_free(&arena);
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
	status = check((const char *)text.data, text.len, SY_JSON_MARK_DUPLICATES,
		       &why);
	if ((status == SY_OK) != is_good)
		fail_msg("%s: %s", name, why.what);
	status = check((const char *)text.data, text.len, 0, &why);
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
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_duplicates_against_oracle),
		cmocka_unit_test(test_marked_duplicates),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_skip_fails_once_and_for_all),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_string_limit),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_failing_allocations),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
