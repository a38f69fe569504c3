/* SPDX-License-Identifier: Apache-2.0 */
/* ZIP archives of every kind: vectors, cut files, failing allocations, bounded work. */
#include "tests/formats/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const struct sy_format sy_format_dduf;
extern const struct sy_format sy_format_keras_zip;
extern const struct sy_format sy_format_npz;
extern const struct sy_format sy_format_torch_zip;
extern const struct sy_format sy_format_zip;

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("zip", ".zip", &sy_format_zip, NULL);
	test_vector_folder("torch_zip", ".pt", &sy_format_torch_zip, NULL);
	test_vector_folder("npz", ".npz", &sy_format_npz, NULL);
}

static struct sy_span vector(struct sy_arena *arena, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", test_vectors(), name);
	return test_read_file(arena, path);
}

static void every_prefix_ends_well(void **state)
{
	static const char *const names[] = {
		"zip/accept-zip64.zip", "zip/reject-zip-entry-hidden.zip",
		"zip/reject-zip-end-ambiguous--comment.zip", "torch_zip/accept-tensor.pt",
	};
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++)
		test_every_prefix(&sy_format_zip, vector(&arena, names[i]), "model.pt");
	sy_arena_free(&arena);
}

/* A file that was cut off anywhere is never called clean. */
static void no_prefix_is_clean(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span whole;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	whole = vector(&arena, "torch_zip/reject-evil.pt");
	for (size_t len = 0; len < whole.len; len++) {
		struct test_sink sink;

		test_sink_init(&sink, &ctx);
		assert_int_equal(test_inspect(&ctx, &sy_format_torch_zip,
					      sy_span_slice(whole, 0, len), "model.pt", &sink),
				 SY_OK);
		assert_true(test_n_facts_from(&sink, SY_HIGH) > 0);
		test_sink_free(&sink);
	}
	sy_arena_free(&arena);
}

static void every_failing_allocation_ends_it_cleanly(void **state)
{
	struct sy_context plain;
	struct sy_arena arena;
	struct sy_span bytes;

	(void)state;
	sy_context_init(&plain);
	sy_arena_init(&arena, &plain);
	bytes = vector(&arena, "torch_zip/reject-evil-hidden.pt");
	for (uint64_t n = 0;; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx;
		struct test_sink sink;
		enum sy_status status;
		bool is_told;

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		test_sink_init(&sink, &plain);
		status = test_inspect(&ctx, &sy_format_torch_zip, bytes, "model.pt", &sink);
		is_told = test_n_facts(&sink, SY_RULE_WORKER_LIMIT_REACHED) > 0;
		test_sink_free(&sink);
		assert_int_equal(allocator.n_live, 0);
		if (allocator.n_calls <= n)
			break;
		assert_true(status == SY_NO_MEMORY || (status == SY_OK && is_told));
	}
	sy_arena_free(&arena);
}

/* The directory's entries of a file, many times over: all share one header. */
static void shared_bytes_are_not_read_for_each(void **state)
{
	enum { N = 40000, CENTRAL = 46 + 1, DATA = 1 << 16 };
	const uint32_t body = 30 + 1 + DATA, dir_len = N * CENTRAL, all = body + dir_len + 22;
	uint8_t *bytes = calloc(1, all), *at = bytes;
	struct sy_context ctx;
	struct test_sink sink;
	clock_t start = clock();

	(void)state;
	assert_non_null(bytes);
	memcpy(at, "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\1\0\0\0n", 31);
	for (at += body; at < bytes + body + dir_len; at += CENTRAL) {
		memcpy(at, "PK\1\2\36\3\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\1\0", 30);
		at[46] = 'n';
	}
	memcpy(at, "PK\5\6\0\0\0\0", 8);
	at[8] = at[10] = (uint8_t)(N & 0xff);
	at[9] = at[11] = (uint8_t)(N >> 8);
	for (unsigned i = 0; i < 4; i++) {
		at[12 + i] = (uint8_t)(dir_len >> (8 * i));
		at[16 + i] = (uint8_t)(body >> (8 * i));
	}
	sy_context_init(&ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_zip, sy_span_of(bytes, all), "x.zip",
				      &sink), SY_OK);
	assert_true(test_n_facts(&sink, SY_RULE_ZIP_ENTRY_OVERLAP) > 0);
	assert_true(test_n_facts(&sink, SY_RULE_WORKER_LIMIT_REACHED) > 0);
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
	test_sink_free(&sink);
	free(bytes);
}

static void entries_beyond_the_limit_are_a_limit(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.zip_entries = 1;
	sy_arena_init(&arena, &ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_zip,
				      vector(&arena, "zip/accept-stored.zip"), "x.zip", &sink),
			 SY_LIMIT);
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

/* Keras and diffusers read by the file's name whatever such an archive holds. */
static void a_name_alone_leaves_it_unexamined(void **state)
{
	static const struct { const struct sy_format *format; size_t n; } cases[] = {
		{ &sy_format_zip, 0 }, { &sy_format_keras_zip, 1 }, { &sy_format_dduf, 1 },
	};
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		struct test_sink sink;

		test_sink_init(&sink, &ctx);
		assert_int_equal(test_inspect(&ctx, cases[i].format,
					      vector(&arena, "zip/accept-stored.zip"), "x",
					      &sink), SY_OK);
		assert_int_equal(test_n_facts(&sink, SY_RULE_FORMAT_MODEL_UNEXAMINED),
				 cases[i].n);
		test_sink_free(&sink);
	}
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(no_prefix_is_clean),
		cmocka_unit_test(every_failing_allocation_ends_it_cleanly),
		cmocka_unit_test(shared_bytes_are_not_read_for_each),
		cmocka_unit_test(entries_beyond_the_limit_are_a_limit),
		cmocka_unit_test(a_name_alone_leaves_it_unexamined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
