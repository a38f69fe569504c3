/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/json_keys: duplicate keys, in small, large and nested objects. */
#include "tests/base/json_support.h"

#include <stdio.h>

#include "verifier/base/memory.h"

static void test_duplicates(void **state)
{
	static const char again[] = "the object has this key already";

	(void)state;
	json_assert_bad("{\"a\":1,\"a\":2}", 7, again);
	json_assert_bad("{\"\":1,\"\":2}", 6, again);
	json_assert_bad("{\"a\":1,\"\\u0061\":2}", 7, again);
	json_assert_bad("{\"\\u0061\":1,\"a\":2}", 12, again);
	json_assert_bad("{\"\\/\":1,\"\\u002f\":2}", 8, again);
	json_assert_bad("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", 18, again);
	json_assert_bad("{\"a\":{\"a\":[]},\"a\":2}", 14, again);
	json_assert_bad("[{\"x\":{\"k\":0,\"k\":0}}]", 13, again);
	json_assert_good("{\"a\":1,\"A\":2,\"aa\":3,\"\\u0000\":4,\"\":5,\"\\u0000a\":6}");
	json_assert_good("{\"abcdXefgh\":1,\"abcdYefgh\":2}");
	/* Normal forms are different names: nothing is folded. */
	json_assert_good("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}");
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
	text = json_many_keys(&arena, n, nested, extra);
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
	bool is_rising;		/* mostly */
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

	if (m->is_rising && roll(m, 60))
		name = 0;
	if (used[name] && roll(m, 400))		/* mostly look for a free one */
		for (unsigned i = 0; i < n_names && used[name]; i++)
			name = (name + 1) % n_names;
	if (m->text[m->len - 1] != '{')
		add_text(m, ",");
	if (used[name] && m->duplicate == UINT64_MAX)
		m->duplicate = m->len;
	used[name] = true;
	snprintf(key, sizeof(key), "\"%s%02u\":",
		 roll(m, m->is_rising ? 60 : 4) ? "key" : "\\u006bey", name);
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

	*m = (struct maze){ .random = seed, .is_rising = seed % 2,
			     .duplicate = UINT64_MAX };
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
		status = json_check(m.text, m.len, 0, &why);
		assert_int_equal(status, m.duplicate == UINT64_MAX ? SY_OK :
				 SY_FORMAT);
		if (status != SY_OK)
			assert_int_equal(why.off, m.duplicate);
		n_bad += status != SY_OK;
	}
	assert_true(n_bad > 200 && n_bad < 1999);
}

/* An object of `n` keys that count up from 5 with so many digits, and `last`. */
static size_t add_rising(char *out, const char *prefix, int digits, unsigned n,
			 const char *last)
{
	size_t len = 0;

	out[len++] = '{';
	for (unsigned i = 0; i < n; i++)
		len += (size_t)sprintf(out + len, "\"%s%0*u\":0,", prefix, digits,
				       5 + i);
	return len + (size_t)sprintf(out + len, "%s}", last);
}

static void assert_rising(const char *prefix, int digits, const char *last,
			  enum sy_status expected)
{
	for (unsigned n = 6; n < 140; n += n < 12 ? 1 : 60) {
		char inner[4096], key[4200], text[8192];
		struct sy_json_error why;
		size_t len;

		/* Alone, then around another one, which must not matter. */
		len = add_rising(text, prefix, digits, n, last);
		assert_int_equal(json_check(text, len, 0, &why), expected);
		add_rising(inner, prefix, digits, n, "\"z\":0");
		snprintf(key, sizeof(key), "\"y\":%s,%s", inner, last);
		len = add_rising(text, prefix, digits, n, key);
		assert_int_equal(json_check(text, len, 0, &why), expected);
	}
}

/* Keys that rise, in one order or both, until the last one does not. */
static void test_rising_keys(void **state)
{
	(void)state;
	assert_rising("k", 1, "\"k1\":0", SY_OK);
	assert_rising("k", 1, "\"k5\":0", SY_FORMAT);
	assert_rising("k", 1, "\"\\u006b6\":0", SY_FORMAT);
	assert_rising("k", 1, "\"k9999\":0,\"k9999\":0", SY_FORMAT);
	assert_rising("k", 1, "\"\\u006b9999\":0,\"k9999\":0", SY_FORMAT);
	assert_rising("k", 3, "\"k7777\":0,\"k8\":0,\"k9\":0", SY_OK);
	assert_rising("k", 3, "\"k8\":0,\"k007\":0", SY_FORMAT);
	assert_rising("\\u006b", 3, "\"k001\":0", SY_OK);
	assert_rising("\\u006b", 3, "\"k006\":0", SY_FORMAT);
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
	text = json_many_keys(&arena, 100000, "{\"dtype\":0,\"shape\":[1,2]}", "");
	sy_context_init(&reader);
	reader.limits.memory = 100000 * 24;	/* the large object's keys only */
	test_allocator_use(&reader, &allocator);
	assert_int_equal(json_read_all(&reader, text, 0), SY_OK);
	assert_true(allocator.n_calls < 100);
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_duplicates_against_oracle),
		cmocka_unit_test(test_rising_keys),
		cmocka_unit_test(test_marked_duplicates),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
