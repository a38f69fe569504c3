/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/jsonw: the exact bytes, and that our own reader takes them. */
#include "tests/support/support.h"
#include "verifier/base/json.h"
#include "verifier/base/jsonw.h"

#include <math.h>
#include "verifier/base/utf8.h"

static void write_sample(struct sy_jsonw *w)
{
	sy_jsonw_object(w);
	sy_jsonw_kstr(w, "name", "a\"b\n");
	sy_jsonw_kstring(w, "raw", sy_span_of("\xff\xc3\xa9", 3));
	sy_jsonw_key(w, "list");
	sy_jsonw_array(w);
	sy_jsonw_u64(w, 0);
	sy_jsonw_u64(w, UINT64_MAX);
	sy_jsonw_object(w);
	sy_jsonw_object_end(w);
	sy_jsonw_array(w);
	sy_jsonw_array_end(w);
	sy_jsonw_hex(w, sy_span_of("\x00\xab", 2));
	sy_jsonw_null(w);
	sy_jsonw_array_end(w);
	sy_jsonw_ku64(w, "n", 7);
	sy_jsonw_kbool(w, "yes\t", true);
	sy_jsonw_key(w, "");
	sy_jsonw_bool(w, false);
	sy_jsonw_object_end(w);
}

static const char pretty[] =
	"{\n"
	"  \"name\": \"a\\\"b\\n\",\n"
	"  \"raw\": \"\xef\xbf\xbd\xc3\xa9\",\n"
	"  \"list\": [\n"
	"    0,\n"
	"    18446744073709551615,\n"
	"    {},\n"
	"    [],\n"
	"    \"00ab\",\n"
	"    null\n"
	"  ],\n"
	"  \"n\": 7,\n"
	"  \"yes\\t\": true,\n"
	"  \"\": false\n"
	"}";

static const char compact[] =
	"{\"name\":\"a\\\"b\\n\",\"raw\":\"\xef\xbf\xbd\xc3\xa9\",\"list\":[0,"
	"18446744073709551615,{},[],\"00ab\",null],\"n\":7,\"yes\\t\":true,"
	"\"\":false}";

static void assert_written(bool is_compact, const char *expected)
{
	struct sy_context ctx;
	struct sy_buffer buffer;
	struct sy_json_error why;
	struct sy_jsonw w;
	struct sy_out out;

	sy_context_init(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	sy_jsonw_init(&w, &out, is_compact);
	write_sample(&w);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_true(sy_span_is(sy_span_of(buffer.data, buffer.len), expected));
	assert_int_equal(sy_json_check(&ctx, sy_span_of(buffer.data, buffer.len),
				       0, &why), SY_OK);
	sy_buffer_free(&buffer);
	assert_int_equal(ctx.memory_used, 0);
}

static void test_pretty(void **state)
{
	(void)state;
	assert_written(false, pretty);
}

static void test_compact(void **state)
{
	(void)state;
	assert_written(true, compact);
}

/* Every code point, and every byte, comes back as it went in (bad: U+FFFD). */
static void test_strings_come_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 61) {
		struct sy_context ctx;
		struct sy_buffer buffer;
		struct sy_json_token t;
		struct sy_json *json;
		struct sy_jsonw w;
		struct sy_out out;
		uint8_t bytes[4];
		size_t len = sy_utf8_encode(code, bytes);

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		sy_context_init(&ctx);
		sy_buffer_init(&buffer, &ctx);
		sy_out_init(&out, sy_buffer_write, &buffer);
		sy_jsonw_init(&w, &out, true);
		sy_jsonw_string(&w, sy_span_of(bytes, len));
		assert_int_equal(sy_out_flush(&out), SY_OK);
		json = sy_json_open(&ctx, sy_span_of(buffer.data, buffer.len), 0, 0);
		assert_int_equal(sy_json_next(json, &t), SY_OK);
		assert_true(sy_span_equal(t.text, sy_span_of(bytes, len)));
		sy_json_free(&json);
		sy_buffer_free(&buffer);
	}
}

static void test_deepest(void **state)
{
	struct sy_context ctx;
	struct sy_buffer buffer;
	struct sy_json_error why;
	struct sy_jsonw w;
	struct sy_out out;

	(void)state;
	sy_context_init(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	sy_jsonw_init(&w, &out, false);
	for (int i = 0; i < SY_JSONW_DEPTH; i++)
		sy_jsonw_array(&w);
	for (int i = 0; i < SY_JSONW_DEPTH; i++)
		sy_jsonw_array_end(&w);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_int_equal(sy_json_check(&ctx, sy_span_of(buffer.data, buffer.len),
				       0, &why), SY_OK);
	sy_buffer_free(&buffer);
}

static void test_numbers(void **state)
{
	struct sy_context ctx;
	struct sy_buffer buffer;
	struct sy_jsonw w;
	struct sy_out out;

	(void)state;
	sy_context_init(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	sy_jsonw_init(&w, &out, true);
	sy_jsonw_array(&w);
	sy_jsonw_number(&w, 0.5);
	sy_jsonw_number(&w, -1e300);
	sy_jsonw_number(&w, (double)NAN);
	sy_jsonw_number(&w, (double)INFINITY);
	sy_jsonw_array_end(&w);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_true(sy_span_is(sy_span_of(buffer.data, buffer.len),
			       "[0.5,-1e+300,null,null]"));
	sy_buffer_free(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_strings_come_back),
		cmocka_unit_test(test_deepest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
