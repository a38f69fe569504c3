/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of a pickle: each step says where, what and how it is judged; wanting
 * it changes no fact; and it ends well on every vector, cut anywhere and without
 * memory.
 */
#include "tests/formats/vectors.h"

#include <dirent.h>
#include <stdio.h>

#define BYTES(literal) sy_span_of(literal, sizeof(literal) - 1)

extern const struct sy_format sy_format_pickle;

static const unsigned all_wants[] = {
	0, SY_WANT_FLOWS, SY_WANT_STEPS, SY_WANT_STEPS | SY_WANT_OPCODES,
};

static void trace(struct sy_context *ctx, struct sy_span bytes, unsigned wants,
		  struct test_sink *sink)
{
	test_sink_init(sink, ctx);
	assert_int_equal(test_inspect_for(ctx, &sy_format_pickle, bytes, "model.pkl", sink,
					  wants), SY_OK);
}

static const struct sy_record_step *step_of(const struct test_sink *sink, size_t i)
{
	const struct sy_record *record = test_record(sink, SY_RECORD_STEP, i);

	assert_non_null(record);
	return &record->u.step;
}

static void assert_step(const struct test_sink *sink, size_t i, enum sy_step_kind kind,
			enum sy_step_class class, uint64_t off, const char *text)
{
	const struct sy_record_step *step = step_of(sink, i);

	if (!sy_span_is(step->text, text))
		fail_msg("step %zu says '%.*s', not '%s'", i, (int)step->text.len,
			 (const char *)step->text.data, text);
	assert_int_equal(step->kind, kind);
	assert_int_equal(step->class, class);
	assert_int_equal(step->off, off);
}

static void a_call_is_told(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	trace(&ctx, BYTES("\x80\4\x8c\2os\x8c\6system\x93\x8c\7echo hi\x85R."), SY_WANT_STEPS,
	      &sink);
	assert_step(&sink, 0, SY_STEP_BEGIN, SY_STEP_PLAIN, 0, "a pickle begins, protocol 4");
	assert_int_equal(step_of(&sink, 0)->value, 4);
	assert_step(&sink, 1, SY_STEP_DATA, SY_STEP_PLAIN, 0, "build plain data: text");
	assert_int_equal(step_of(&sink, 1)->value, 3);
	assert_step(&sink, 2, SY_STEP_IMPORT, SY_STEP_DANGEROUS, 14,
		    "imports os.system (shell: runs a command line)");
	assert_true(sy_span_is(step_of(&sink, 2)->opcode, "STACK_GLOBAL"));
	assert_true(sy_span_is(step_of(&sink, 2)->symbol, "os.system"));
	assert_step(&sink, 4, SY_STEP_CALL, SY_STEP_DANGEROUS, 25,
		    "calls os.system('echo hi') (shell: runs a command line)");
	assert_step(&sink, 5, SY_STEP_END, SY_STEP_PLAIN, 26,
		    "ends and returns os.system('echo hi')");
	assert_int_equal(step_of(&sink, 5)->value, 8);
	test_sink_free(&sink);
}

static void classes_differ(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	trace(&ctx, BYTES("cacme\nNet\n)R0ccollections\nOrderedDict\n)R."), SY_WANT_STEPS,
	      &sink);
	assert_step(&sink, 0, SY_STEP_BEGIN, SY_STEP_PLAIN, 0,
		    "a pickle begins, protocol 0 or 1");
	assert_step(&sink, 1, SY_STEP_IMPORT, SY_STEP_UNKNOWN, 0, "imports acme.Net");
	assert_step(&sink, 3, SY_STEP_CALL, SY_STEP_UNKNOWN, 11, "calls acme.Net()");
	assert_step(&sink, 4, SY_STEP_IMPORT, SY_STEP_KNOWN, 13,
		    "imports collections.OrderedDict");
	assert_step(&sink, 6, SY_STEP_CALL, SY_STEP_KNOWN, 39,
		    "calls collections.OrderedDict()");
	test_sink_free(&sink);
	trace(&ctx, BYTES("N\x82\1."), SY_WANT_STEPS, &sink);
	assert_int_equal(step_of(&sink, 2)->kind, SY_STEP_ODD);
	assert_int_equal(step_of(&sink, 2)->class, SY_STEP_UNUSUAL);
	test_sink_free(&sink);
}

static void failures_are_told(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	trace(&ctx, BYTES("N0h\0."), SY_WANT_STEPS, &sink);
	assert_step(&sink, 2, SY_STEP_END, SY_STEP_UNUSUAL, 2,
		    "loading fails here: a memo number that nothing was stored under");
	test_sink_free(&sink);
	/* Where the input ends there is no opcode to name. */
	trace(&ctx, BYTES("K\1"), SY_WANT_STEPS, &sink);
	assert_int_equal(step_of(&sink, 2)->off, 2);
	assert_int_equal(step_of(&sink, 2)->opcode.len, 0);
	test_sink_free(&sink);
	/* What follows the end and is no pickle is one line. */
	trace(&ctx, BYTES("N.!!!!"), SY_WANT_STEPS, &sink);
	assert_step(&sink, 3, SY_STEP_ODD, SY_STEP_UNUSUAL, 2,
		    "4 bytes follow that do not begin a pickle");
	assert_int_equal(test_n_records(&sink, SY_RECORD_STEP), 4);
	test_sink_free(&sink);
}

/* Known names are told once each; the rest is a number. */
static void repeats_are_summed_up(void **state)
{
	static const char bytes[] = "ccollections\nOrderedDict\nq\0)Rh\0)Rh\0)R.";
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	trace(&ctx, BYTES(bytes), SY_WANT_STEPS, &sink);
	assert_step(&sink, 4, SY_STEP_DATA, SY_STEP_KNOWN, 29,
		    "build plain data: tuples; among them 2 more uses of known names, as before");
	assert_int_equal(step_of(&sink, 4)->value, 6);
	test_sink_free(&sink);
}

static void opcodes_are_listed(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	trace(&ctx, BYTES("(K\7\x8c\3abcC\5\0\0\0\0\0t."), SY_WANT_STEPS | SY_WANT_OPCODES,
	      &sink);
	assert_step(&sink, 1, SY_STEP_OPCODE, SY_STEP_PLAIN, 0, "");
	assert_true(sy_span_is(step_of(&sink, 1)->opcode, "MARK"));
	assert_step(&sink, 2, SY_STEP_OPCODE, SY_STEP_PLAIN, 1, "7");
	assert_step(&sink, 3, SY_STEP_OPCODE, SY_STEP_PLAIN, 3, "'abc'");
	assert_int_equal(step_of(&sink, 3)->len, 5);
	assert_step(&sink, 4, SY_STEP_OPCODE, SY_STEP_PLAIN, 8, "5 bytes");
	assert_int_equal(step_of(&sink, 6)->kind, SY_STEP_END);
	test_sink_free(&sink);
}

/* Flows are the steps that findings rest on, and no others. */
static void flows_are_few(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	trace(&ctx, BYTES("ccollections\nOrderedDict\n)R0cos\nsystem\n(S'x'\ntR."),
	      SY_WANT_FLOWS, &sink);
	assert_int_equal(test_n_records(&sink, SY_RECORD_STEP), 2);
	assert_int_equal(step_of(&sink, 0)->kind, SY_STEP_IMPORT);
	assert_int_equal(step_of(&sink, 1)->kind, SY_STEP_CALL);
	test_sink_free(&sink);
}

static void beyond_the_limit_they_are_counted(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.trace_steps = 2;
	trace(&ctx, BYTES("NNNNcos\nsystem\n)R."), SY_WANT_STEPS | SY_WANT_OPCODES, &sink);
	/* What is dangerous has a limit of its own. */
	assert_int_equal(step_of(&sink, 2)->class, SY_STEP_DANGEROUS);
	assert_int_equal(step_of(&sink, 3)->class, SY_STEP_DANGEROUS);
	assert_int_equal(step_of(&sink, 4)->kind, SY_STEP_MORE);
	assert_int_equal(step_of(&sink, 4)->class, SY_STEP_PLAIN);
	assert_int_equal(step_of(&sink, 4)->value, 5);
	assert_int_equal(test_n_records(&sink, SY_RECORD_STEP), 5);
	test_sink_free(&sink);
}

/* A pickle for a loader, decoded on the way: its offsets are its own. */
static void decoded_pickles_have_inner_offsets(void **state)
{
	static const char bytes[] = "cpickle\nloads\n(cbinascii\nunhexlify\n(S'4e2e'\ntRtR.";
	struct sy_context ctx;
	struct test_sink sink;
	size_t n;

	(void)state;
	sy_context_init(&ctx);
	trace(&ctx, BYTES(bytes), SY_WANT_STEPS, &sink);
	n = test_n_records(&sink, SY_RECORD_STEP);
	assert_int_equal(step_of(&sink, n - 1)->kind, SY_STEP_END);
	assert_int_equal(step_of(&sink, n - 1)->depth, 1);
	assert_int_equal(step_of(&sink, n - 1)->inner, 1);
	assert_int_equal(step_of(&sink, n - 1)->len, 0);
	assert_true(step_of(&sink, 1)->inner == SY_OFFSET_NONE);
	test_sink_free(&sink);
}

static void each_vector(void (*fn)(struct sy_span bytes))
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
		(void)snprintf(path, sizeof(path), "%s/pickle/%s", test_vectors(),
			       entry->d_name);
		fn(test_read_file(&arena, path));
		n++;
	}
	(void)closedir(dir);
	assert_true(n > 50);
	sy_arena_free(&arena);
}

static void has_the_same_facts(struct sy_span bytes)
{
	size_t n_facts = 0;

	for (size_t i = 0; i < SY_N_ELEMS(all_wants); i++) {
		struct sy_context ctx;
		struct test_sink sink;
		size_t n;

		sy_context_init(&ctx);
		trace(&ctx, bytes, all_wants[i], &sink);
		n = test_n_records(&sink, SY_RECORD_FACT);
		if (i == 0)
			n_facts = n;
		assert_int_equal(n, n_facts);
		assert_int_equal(test_n_records(&sink, SY_RECORD_STEP) > 0,
				 i >= 2 || (i == 1 && test_n_records(&sink, SY_RECORD_STEP)));
		test_sink_free(&sink);
	}
}

static void steps_change_no_fact(void **state)
{
	(void)state;
	each_vector(has_the_same_facts);
}

static void ends_at_every_prefix(struct sy_span bytes)
{
	for (size_t len = 0; len < bytes.len && bytes.len < 1024; len++) {
		struct sy_context ctx;
		struct test_sink sink;

		sy_context_init(&ctx);
		trace(&ctx, sy_span_slice(bytes, 0, len), SY_WANT_STEPS | SY_WANT_OPCODES,
		      &sink);
		test_sink_free(&sink);
	}
}

static void every_prefix_ends_well(void **state)
{
	(void)state;
	each_vector(ends_at_every_prefix);
}

static void survives_failing_memory(struct sy_span bytes)
{
	for (uint64_t n = 0; n < 48; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx, sink_ctx;
		struct test_sink sink;
		struct sy_source source;
		struct sy_inspection in = { .ctx = &ctx, .source = &source,
					    .wants = SY_WANT_STEPS };
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
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_told),
		cmocka_unit_test(classes_differ),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(repeats_are_summed_up),
		cmocka_unit_test(opcodes_are_listed),
		cmocka_unit_test(flows_are_few),
		cmocka_unit_test(beyond_the_limit_they_are_counted),
		cmocka_unit_test(decoded_pickles_have_inner_offsets),
		cmocka_unit_test(steps_change_no_fact),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(every_failing_allocation_ends_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
