/* SPDX-License-Identifier: Apache-2.0 */
/* Names and metadata texts: what is said about which, and what is not. */
#include "tests/support/support.h"

#include "formats/names.h"

#define S(literal) sy_span_of(literal, sizeof(literal) - 1)

struct bench {
	struct sy_context ctx;
	struct test_sink sink;
	struct sy_source source;
	struct sy_inspection in;
	uint8_t bytes[16];
};

static void bench_init(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	sy_context_init(&b->ctx);
	test_sink_init(&b->sink, &b->ctx);
	sy_source_from_memory(&b->source, &b->ctx, sy_span_of(b->bytes, sizeof(b->bytes)));
	b->in = (struct sy_inspection){
		.ctx = &b->ctx, .source = &b->source, .sink = &b->sink.sink };
	sy_arena_init(&b->in.arena, &b->ctx);
}

static void bench_free(struct bench *b)
{
	sy_arena_free(&b->in.arena);
	test_sink_free(&b->sink);
	sy_source_close(&b->source);
	assert_int_equal(b->ctx.memory_used, 0);
}

static void ordinary_names_say_nothing(void **state)
{
	static const char *const names[] = {
		"model.layers.0.self_attn.q_proj.weight", "transformer/h/0", "a|b:0",
		"a..b", "...", "x y", "lora_unet-up(1)[2]{3}", "\xe6\xa8\xa1\xe5\x9e\x8b",
		"\xd0\xb2\xd0\xb5\xd1\x81", "w\xc3\xa9ight", "\xce\xb1.weight", "~a!b#c%d&e*",
	};
	struct bench b;

	(void)state;
	bench_init(&b);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++)
		assert_int_equal(sy_tensor_name_check(&b.in, sy_span_str(names[i]), 0),
				 SY_OK);
	test_print_facts(&b.sink);
	assert_int_equal(b.sink.n, 0);
	bench_free(&b);
}

static void each_trait_has_its_rule(void **state)
{
	const struct { struct sy_span name; enum sy_rule rule; } rows[] = {
		{ S(""), SY_RULE_TENSOR_NAME_EMPTY },
		{ S("a\0b"), SY_RULE_TENSOR_NAME_CONTROL },
		{ S("a\tb"), SY_RULE_TENSOR_NAME_CONTROL },
		{ S("a\x7f"), SY_RULE_TENSOR_NAME_CONTROL },
		{ S("a\xc2\x85"), SY_RULE_TENSOR_NAME_CONTROL },
		{ S("a\xe2\x80\xae" "b"), SY_RULE_TENSOR_NAME_BIDI },
		{ S("a\xd8\x9c"), SY_RULE_TENSOR_NAME_BIDI },
		{ S("a\xe2\x80\x8b"), SY_RULE_TENSOR_NAME_INVISIBLE },
		{ S("a\xef\xbb\xbf"), SY_RULE_TENSOR_NAME_INVISIBLE },
		{ S("a\xf3\xa0\x80\xa0"), SY_RULE_TENSOR_NAME_INVISIBLE },
		{ S("a\xef\xbf\xbe"), SY_RULE_TENSOR_NAME_NONCHARACTER },
		{ S("a\xff"), SY_RULE_TENSOR_NAME_INVALID },
		{ S("../x"), SY_RULE_TENSOR_NAME_PATH },
		{ S("x/.."), SY_RULE_TENSOR_NAME_PATH },
		{ S("x/../y"), SY_RULE_TENSOR_NAME_PATH },
		{ S(".."), SY_RULE_TENSOR_NAME_PATH },
		{ S("/x"), SY_RULE_TENSOR_NAME_PATH },
		{ S("c:/x"), SY_RULE_TENSOR_NAME_PATH },
		{ S("x\\y"), SY_RULE_TENSOR_NAME_PATH },
		{ S("<b"), SY_RULE_TENSOR_NAME_CHARSET },
		{ S("$x"), SY_RULE_TENSOR_NAME_CHARSET },
		{ S("`x"), SY_RULE_TENSOR_NAME_CHARSET },
		{ S("it's"), SY_RULE_TENSOR_NAME_CHARSET },
		{ S("w\xd0\xb5ight"), SY_RULE_TENSOR_NAME_CONFUSABLE },
		{ S("\xef\xbc\xa1" "b"), SY_RULE_TENSOR_NAME_CONFUSABLE },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(rows); i++) {
		struct bench b;

		bench_init(&b);
		assert_int_equal(sy_tensor_name_check(&b.in, rows[i].name, 5), SY_OK);
		if (b.sink.n != 1 || test_n_facts(&b.sink, rows[i].rule) != 1)
			fail_msg("row %zu: %zu facts", i, b.sink.n);
		assert_int_equal(test_fact(&b.sink, rows[i].rule, 0)->off, 5);
		bench_free(&b);
	}
}

static void a_long_name_is_cut_in_the_sentence_only(void **state)
{
	static char name[1025];
	struct bench b;

	(void)state;
	memset(name, 'n', sizeof(name));
	bench_init(&b);
	assert_int_equal(sy_tensor_name_check(&b.in, sy_span_of(name, 1024), 0), SY_OK);
	assert_int_equal(b.sink.n, 0);
	assert_int_equal(sy_tensor_name_check(&b.in, sy_span_of(name, 1025), 0), SY_OK);
	assert_int_equal(test_fact(&b.sink, SY_RULE_TENSOR_NAME_LENGTH, 0)->symbol.len,
			 1025);
	bench_free(&b);
}

static void twins_are_equal_texts_in_other_bytes(void **state)
{
	struct sy_twins *twins;
	struct bench b;

	(void)state;
	bench_init(&b);
	assert_int_equal(sy_twins_new(&b.in, &twins), SY_OK);
	assert_int_equal(sy_twins_add(twins, sy_span_str("e"), 1), SY_OK);
	assert_int_equal(sy_twins_add(twins, sy_span_str("\xc3\xa9"), 2), SY_OK);
	assert_int_equal(sy_twins_add(twins, sy_span_str("\xc3\xa9"), 3), SY_OK);
	assert_int_equal(sy_twins_add(twins, sy_span_str("\xc3\xaa"), 4), SY_OK);
	assert_int_equal(sy_twins_add(twins, sy_span_str("\xff"), 5), SY_OK);
	assert_int_equal(b.sink.n, 0);
	assert_int_equal(sy_twins_add(twins, sy_span_str("e\xcc\x81"), 6), SY_OK);
	assert_int_equal(test_fact(&b.sink, SY_RULE_TENSOR_NAME_TWIN, 0)->off, 6);
	sy_twins_free(&twins);
	assert_null(twins);
	sy_twins_free(&twins);
	bench_free(&b);
}

/* Names of combining marks cost the square of their length: it is bounded. */
static void twins_give_up_loudly(void **state)
{
	static uint8_t name[1024];
	struct sy_twins *twins;
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(name); i += 2)
		memcpy(name + i, i % 4 ? "\xcc\xa3" : "\xcc\x81", 2);
	bench_init(&b);
	assert_int_equal(sy_twins_new(&b.in, &twins), SY_OK);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(sy_twins_add(twins, sy_span_of(name, sizeof(name)), 0),
				 SY_OK);
	assert_int_equal(test_n_records(&b.sink, SY_RECORD_NOTICE), 1);
	sy_twins_free(&twins);
	bench_free(&b);
}

static const struct sy_text_rules rules = {
	.control = SY_RULE_SAFETENSORS_METADATA_CONTROL,
	.bidi = SY_RULE_SAFETENSORS_METADATA_BIDI,
	.invalid = SY_RULE_TENSOR_NAME_INVALID,	/* any rule of its own will do */
	.suspicious = SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS,
};

static void ordinary_texts_say_nothing(void **state)
{
	static const char *const texts[] = {
		"", "pt", "line\r\n\tline", "model.eval() and retrieval(x), executive(y)",
		"/usr/bin/shop", "a |shape| b, (x|shift)", "070701", "costs $(5)",
		"code\nmodel\nbla", "#!", "MZ: a code", "PK",
		"\xe6\xa8\xa1\xe5\x9e\x8b \xf0\x9f\x98\x80",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"gAAAAABhZ0123456789abcdefghijklmnop", "The quick brown fox (2024).",
		"data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJ",
	};
	struct bench b;

	(void)state;
	bench_init(&b);
	for (size_t i = 0; i < SY_N_ELEMS(texts); i++)
		assert_int_equal(sy_text_check(&b.in, &rules, sy_span_str("k"),
					       sy_span_str(texts[i]), 0), SY_OK);
	test_print_facts(&b.sink);
	assert_int_equal(b.sink.n, 0);
	bench_free(&b);
}

static void texts_that_act_are_said(void **state)
{
	const struct { struct sy_span text; enum sy_rule rule; } rows[] = {
		{ S("\x1b[0m"), SY_RULE_SAFETENSORS_METADATA_CONTROL },
		{ S("a\0"), SY_RULE_SAFETENSORS_METADATA_CONTROL },
		{ S("\xc2\x9b"), SY_RULE_SAFETENSORS_METADATA_CONTROL },
		{ S("\xe2\x81\xa6"), SY_RULE_SAFETENSORS_METADATA_BIDI },
		{ S("\xc0\x80"), SY_RULE_TENSOR_NAME_INVALID },
		{ S("a __import__('x')"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("EVAL(x)"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S(";exec(x)"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("</p><Script>"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("run /bin/sh -c x"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("get x | bash"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("$(curl x)"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("#!/usr/x"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("cbuiltins\nlen\n(tR."), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("see /bin/sh"), SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("x=f0VMRgIBAQAAAAAAAAAAAAIAPgAB"),
		  SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("UEsDBBQAAAAIAAAAIQAAAAAAAAAAAA=="),
		  SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
		{ S("gASVGgAAAAAAAACMBWJ1aWx0lIwDbGVulJOUjAJpZJSFlFKULg=="),
		  SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(rows); i++) {
		struct bench b;

		bench_init(&b);
		assert_int_equal(sy_text_check(&b.in, &rules, S("k"), rows[i].text, 7),
				 SY_OK);
		if (b.sink.n != 1 || test_n_facts(&b.sink, rows[i].rule) != 1)
			fail_msg("row %zu: %zu facts", i, b.sink.n);
		bench_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_names_say_nothing),
		cmocka_unit_test(each_trait_has_its_rule),
		cmocka_unit_test(a_long_name_is_cut_in_the_sentence_only),
		cmocka_unit_test(twins_are_equal_texts_in_other_bytes),
		cmocka_unit_test(twins_give_up_loudly),
		cmocka_unit_test(ordinary_texts_say_nothing),
		cmocka_unit_test(texts_that_act_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
