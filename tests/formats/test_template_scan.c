/* SPDX-License-Identifier: Apache-2.0 */
/* The template scanner: its vectors, where facts point, and its limits. */
#include "tests/formats/vectors.h"

#include <time.h>

#include "formats/template_scan.h"

extern const struct sy_format sy_format_jinja;

static void run(const char *text, struct test_sink *sink, struct sy_context *ctx)
{
	sy_context_init(ctx);
	test_sink_init(sink, ctx);
	assert_int_equal(test_inspect(ctx, &sy_format_jinja, sy_span_str(text),
				      "chat_template.jinja", sink), SY_OK);
}

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("template", ".jinja", &sy_format_jinja, NULL);
}

static void a_fact_points_at_the_attribute(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;
	const struct sy_record_fact *fact;

	(void)state;
	run("{{ ''.__class__ }}", &sink, &ctx);
	fact = test_fact(&sink, SY_RULE_TEMPLATE_ACCESS_CODE, 0);
	assert_int_equal(fact->off, 6);
	assert_int_equal(fact->len, 9);
	assert_true(sy_span_is(fact->symbol, "chat_template.jinja"));
	test_sink_free(&sink);
}

static void every_prefix_of_a_walk_ends_well(void **state)
{
	(void)state;
	test_every_prefix(&sy_format_jinja,
			  sy_span_str("{#c#}{% raw %}{{{% endraw %}{{ {'a': ['\\x5f', "
				      "\"b\"]}['__cl' ~ 'ass__']|attr('x') -}}"),
			  "x.jinja");
}

static void brackets_nested_too_deep_are_said_once(void **state)
{
	static char text[5000];
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	memset(text, '[', sizeof(text) - 1);
	memcpy(text, "{{", 2);
	run(text, &sink, &ctx);
	assert_int_equal(test_n_facts(&sink, SY_RULE_TEMPLATE_SYNTAX_BROKEN), 1);
	test_sink_free(&sink);
}

/* Repeats a piece to 4 MiB; a quadratic scanner would take minutes. */
static void scans_in_bounded_time(const char *piece)
{
	const size_t size = (size_t)4 << 20;
	size_t piece_len = strlen(piece);
	struct sy_context ctx;
	struct test_sink sink;
	clock_t start = clock();
	char *text;

	sy_context_init(&ctx);
	test_sink_init(&sink, &ctx);
	text = sy_alloc(&ctx, size);
	assert_non_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = i < 2 ? '{' : piece[i % piece_len];
	assert_int_equal(test_inspect(&ctx, &sy_format_jinja, sy_span_of(text, size),
				      "x.jinja", &sink), SY_OK);
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
	test_sink_free(&sink);
	sy_release(&ctx, text);
}

static void hostile_repetition_stays_linear(void **state)
{
	(void)state;
	scans_in_bounded_time("'a'+");
	scans_in_bounded_time("a__");
	scans_in_bounded_time("'\\'");
	scans_in_bounded_time("}}{% raw %} ");
	scans_in_bounded_time("{%   ");
	scans_in_bounded_time("'__class__'.__class__ ");
	scans_in_bounded_time("}}{# ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(a_fact_points_at_the_attribute),
		cmocka_unit_test(every_prefix_of_a_walk_ends_well),
		cmocka_unit_test(brackets_nested_too_deep_are_said_once),
		cmocka_unit_test(hostile_repetition_stays_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
