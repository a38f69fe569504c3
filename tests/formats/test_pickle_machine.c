/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain pickles: the vectors get their verdict and their rule, sentences say what
 * happens where, and every prefix, every failing allocation and every low limit
 * ends well.
 */
#include "tests/formats/vectors.h"

#include <dirent.h>
#include <stdio.h>

#include "formats/pickle/machine.h"

extern const struct sy_format sy_format_pickle;

static enum sy_status run(struct sy_context *ctx, struct sy_span bytes, struct test_sink *sink)
{
	test_sink_init(sink, ctx);
	return test_inspect(ctx, &sy_format_pickle, bytes, "model.pkl", sink);
}

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("pickle", ".pkl", &sy_format_pickle, NULL);
}

/* Calls fn for each vector of the folder. */
static void each_vector(void (*fn)(const char *name, struct sy_span bytes))
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct dirent *entry;
	char path[4096];
	DIR *dir;
	int n = 0;

	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	(void)snprintf(path, sizeof(path), "%s/pickle", test_vectors());
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!sy_span_ends(sy_span_str(entry->d_name), ".pkl"))
			continue;
		(void)snprintf(path, sizeof(path), "%s/pickle/%s", test_vectors(), entry->d_name);
		fn(entry->d_name, test_read_file(&arena, path));
		n++;
	}
	(void)closedir(dir);
	assert_true(n > 50);
	sy_arena_free(&arena);
}

/* "reject-RULE--variant.pkl" */
static void shows_its_rule(const char *name, struct sy_span bytes)
{
	const char *start = strchr(name, '-') + 1;
	const char *end = strstr(start, "--");
	struct sy_context ctx;
	struct test_sink sink;
	unsigned rule;

	if (sy_span_starts(sy_span_str(name), "accept-"))
		return;
	if (!end)
		end = strrchr(start, '.');
	assert_true(sy_rule_find(sy_span_of(start, (size_t)(end - start)), &rule));
	sy_context_init(&ctx);
	assert_int_equal(run(&ctx, bytes, &sink), SY_OK);
	if (test_n_facts(&sink, (enum sy_rule)rule) == 0)
		fail_msg("%s does not show its rule", name);
	test_sink_free(&sink);
}

static void vectors_show_their_rule(void **state)
{
	(void)state;
	each_vector(shows_its_rule);
}

static void ends_at_every_prefix(const char *name, struct sy_span bytes)
{
	(void)name;
	if (bytes.len < 4096)
		test_every_prefix(&sy_format_pickle, bytes, "model.pkl");
}

static void every_prefix_ends_well(void **state)
{
	(void)state;
	each_vector(ends_at_every_prefix);
}

static void survives_failing_memory(const char *name, struct sy_span bytes)
{
	for (uint64_t n = 0; n < 40; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx;
		struct test_sink sink;
		struct sy_context sink_ctx;
		struct sy_source source;
		struct sy_inspection in = { .ctx = &ctx, .source = &source };
		enum sy_status status;

		sy_context_init(&ctx);
		sy_context_init(&sink_ctx);
		test_allocator_use(&ctx, &allocator);
		test_sink_init(&sink, &sink_ctx);
		sy_source_from_memory(&source, &ctx, bytes);
		sy_arena_init(&in.arena, &ctx);
		in.sink = &sink.sink;
		status = sy_format_pickle.inspect(&in);
		sy_arena_free(&in.arena);
		sy_source_close(&source);
		test_sink_free(&sink);
		if (status != SY_OK && status != SY_NO_MEMORY)
			fail_msg("%s: status %d", name, status);
		assert_int_equal(allocator.n_live, 0);
		if (status == SY_OK)
			return;
	}
}

static void every_failing_allocation_ends_well(void **state)
{
	(void)state;
	each_vector(survives_failing_memory);
}

static void assert_detail(struct sy_span bytes, enum sy_rule rule, const char *part,
			  const char *symbol, uint64_t off)
{
	const struct sy_record_fact *fact;
	struct sy_context ctx;
	struct test_sink sink;

	sy_context_init(&ctx);
	assert_int_equal(run(&ctx, bytes, &sink), SY_OK);
	fact = test_fact(&sink, rule, 0);
	if (sy_span_find(fact->detail, sy_span_str(part)) == SIZE_MAX)
		fail_msg("'%.*s' lacks '%s'", (int)fact->detail.len,
			 (const char *)fact->detail.data, part);
	assert_true(sy_span_is(fact->symbol, symbol));
	assert_int_equal(fact->off, off);
	test_sink_free(&sink);
}

#define BYTES(literal) sy_span_of(literal, sizeof(literal) - 1)

static void sentences_say_what_and_where(void **state)
{
	(void)state;
	assert_detail(BYTES("cos\nsystem\n(S'echo hi'\ntR."), SY_RULE_PICKLE_IMPORT_DANGEROUS,
		      "calls os.system('echo hi') at offset 24", "os.system", 24);
	assert_detail(BYTES("cacme\nNet\n."), SY_RULE_PICKLE_IMPORT_UNKNOWN,
		      "allow-global 'acme.Net'", "acme.Net", 0);
	assert_detail(BYTES("\x80\4\x8c\2os\x94\x8c\6system\x94\x93."),
		      SY_RULE_PICKLE_IMPORT_DANGEROUS, "imports 'os.system' at offset 16",
		      "os.system", 16);
	assert_detail(BYTES("N0h\0."), SY_RULE_PICKLE_STREAM_BROKEN, "BINGET at offset 2", "", 2);
}

/* A listener sees values, not facts. */
struct seen {
	unsigned n_imports, n_calls;
	char args[SY_TEXT_MAX];
};

static enum sy_status see_import(void *user, struct sy_pickle *m,
				 const struct sy_pickle_import *import)
{
	struct seen *seen = user;

	seen->n_imports++;
	assert_true(import->global < m->globals->n);
	return SY_OK;
}

static enum sy_status see_call(void *user, struct sy_pickle *m,
			       const struct sy_pickle_call *call)
{
	struct seen *seen = user;
	struct sy_text text;

	seen->n_calls++;
	sy_text_init(&text);
	sy_pickle_render(m, call->callee, 80, &text);
	sy_pickle_render(m, call->args, 80, &text);
	(void)snprintf(seen->args, sizeof(seen->args), "%s", text.data);
	return SY_OK;
}

/* Every member of the events may be NULL, and each opcode has something to tell. */
static void nobody_need_listen(void **state)
{
	static const char bytes[] = "\x80\5cos\nsystem\nK\1\x85R0K\1Q0(ios\nx\n0\x82\1"
				    "0\x97" "0U\1\xe9" "0}K\1K\2s]K\1a.";
	struct sy_pickle_events events = { .user = NULL };
	struct sy_globals globals;
	struct sy_context ctx;
	struct sy_source source;
	struct sy_pickle m;
	struct sy_pickle_end end;

	(void)state;
	sy_context_init(&ctx);
	sy_globals_init(&globals, &ctx);
	sy_source_from_memory(&source, &ctx, BYTES(bytes));
	assert_int_equal(sy_pickle_open(&m, &ctx, &globals, &events), SY_OK);
	m.hears_items = true;
	assert_int_equal(sy_pickle_load(&m, &source, 0, source.size), SY_OK);
	assert_int_equal(sy_pickle_run(&m, &end), SY_OK);
	assert_int_equal(end.ending, SY_END_STOP);
	assert_int_equal(globals.n, 2);
	sy_pickle_close(&m);
	sy_globals_free(&globals);
	assert_int_equal(ctx.memory_used, 0);
}

static void listeners_can_render(void **state)
{
	static const char bytes[] = "\x80\4(\x8c\1a\x8c\1bK\7\x88N](K\1K\2et\x94"
				    "ccollections\nOrderedDict\nh\0\x85R.";
	struct seen seen = { 0 };
	struct sy_pickle_events events = { .user = &seen, .import = see_import, .call = see_call };
	struct sy_globals globals;
	struct sy_context ctx;
	struct sy_source source;
	struct sy_pickle m;
	struct sy_pickle_end end;

	(void)state;
	sy_context_init(&ctx);
	sy_globals_init(&globals, &ctx);
	sy_source_from_memory(&source, &ctx, BYTES(bytes));
	assert_int_equal(sy_pickle_open(&m, &ctx, &globals, &events), SY_OK);
	assert_int_equal(sy_pickle_load(&m, &source, 0, source.size), SY_OK);
	assert_int_equal(sy_pickle_run(&m, &end), SY_OK);
	assert_int_equal(end.ending, SY_END_STOP);
	assert_int_equal(seen.n_imports, 1);
	assert_int_equal(seen.n_calls, 1);
	assert_string_equal(seen.args,
			    "collections.OrderedDict(('a', 'b', 7, True, None, [1, 2]),)");
	sy_pickle_close(&m);
	sy_globals_free(&globals);
	assert_int_equal(ctx.memory_used, 0);
}

static void limits_end_in_undetermined(void **state)
{
	static const char marks[] = "((((((((((((((((.";
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.pickle_stack = 8;
	assert_int_equal(run(&ctx, BYTES(marks), &sink), SY_LIMIT);
	test_sink_free(&sink);
	sy_context_init(&ctx);
	ctx.limits.pickle_memo = 2;
	assert_int_equal(run(&ctx, BYTES("cos\nsystem\nNq\0q\1q\2."), &sink), SY_LIMIT);
	/* What was seen before is still said. */
	assert_int_equal(test_n_facts(&sink, SY_RULE_PICKLE_IMPORT_DANGEROUS), 1);
	test_sink_free(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(vectors_show_their_rule),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(every_failing_allocation_ends_well),
		cmocka_unit_test(sentences_say_what_and_where),
		cmocka_unit_test(nobody_need_listen),
		cmocka_unit_test(listeners_can_render),
		cmocka_unit_test(limits_end_in_undetermined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
