/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed files: the vectors get their verdict, prefixes and bombs end well. */
#include "tests/formats/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

extern const struct sy_format sy_format_bzip2, sy_format_gzip, sy_format_lz4,
	sy_format_lzma, sy_format_xz, sy_format_zlib, sy_format_zstd;

static const struct {
	const char *suffix;
	const struct sy_format *format;
} cases[] = {
	{ ".bz2", &sy_format_bzip2 }, { ".gz", &sy_format_gzip }, { ".lz4", &sy_format_lz4 },
	{ ".lzma", &sy_format_lzma }, { ".xz", &sy_format_xz }, { ".z", &sy_format_zlib },
	{ ".zst", &sy_format_zstd },
};

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++)
		test_vector_folder("compressed", cases[i].suffix, cases[i].format, NULL);
}

/* What joblib compresses it calls by no other name. */
static void names_may_say_nothing(void **state)
{
	static const struct { const char *name; bool is_evil; } names[] = {
		{ "accept-joblib.joblib", false }, { "reject-evil-as-joblib.joblib", true },
		{ "reject-evil-as-weights.bin", true },
	};
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		struct test_sink sink;
		struct sy_span bytes;
		struct sy_probe probe;
		unsigned bits;
		char path[4096];

		(void)snprintf(path, sizeof(path), "%s/compressed/%s", test_vectors(),
			       names[i].name);
		bytes = test_read_file(&arena, path);
		probe = test_probe(bytes, names[i].name);
		test_sink_init(&sink, &ctx);
		assert_int_equal(test_inspect(&ctx, sy_format_bid(&probe, &bits), bytes,
					      names[i].name, &sink), SY_OK);
		assert_int_equal(test_n_facts(&sink, SY_RULE_PICKLE_IMPORT_DANGEROUS),
				 names[i].is_evil);
		test_sink_free(&sink);
	}
	sy_arena_free(&arena);
}

static void every_prefix_ends_well(void **state)
{
	static const char *const names[] = { "reject-twice-mixed.a.pkl.xz.gz",
					     "reject-evil-behind.a.pkl.gz" };
	struct sy_context ctx;
	struct sy_arena arena;
	char path[4096];

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/compressed/%s", test_vectors(), names[i]);
		test_every_prefix(&sy_format_gzip, test_read_file(&arena, path), names[i]);
	}
	sy_arena_free(&arena);
}

static void every_failing_allocation_ends_it_cleanly(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	char path[4096];

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		(void)snprintf(path, sizeof(path), "%s/compressed/reject-evil-second.a.pkl%s",
			       test_vectors(), cases[i].suffix);
		test_every_member_allocation(cases[i].format, test_read_file(&arena, path),
					     "a.pkl.x");
	}
	sy_arena_free(&arena);
}

/* Zeros packed by deflate, and those packed again: more than any honest file. */
static size_t pack(int level, uint8_t *out, size_t cap, uint64_t n_zeros)
{
	static uint8_t zeros[1 << 16];
	z_stream z = { .next_out = out, .avail_out = (uInt)cap };

	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	while (n_zeros > 0) {
		uInt len = n_zeros < sizeof(zeros) ? (uInt)n_zeros : (uInt)sizeof(zeros);

		z.next_in = zeros;
		z.avail_in = len;
		assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
		n_zeros -= len;
	}
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return z.total_out;
}

static void what_is_out_of_proportion_is_a_limit(void **state)
{
	static uint8_t once[1 << 20], twice[1 << 16];
	uLongf len = sizeof(twice) - 2;
	struct sy_context ctx;
	struct test_sink sink;
	size_t n = pack(9, once, sizeof(once), UINT64_C(300) << 20);

	(void)state;
	assert_int_equal(compress2(twice, &len, once, n, 9), Z_OK);
	assert_true(len < 4096);
	sy_context_init(&ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_zlib, sy_span_of(twice, len), "a.pkl",
				      &sink), SY_OK);
	assert_int_equal(test_n_facts(&sink, SY_RULE_WORKER_LIMIT_REACHED), 1);
	test_sink_free(&sink);
}

static void inspect_cut(const char *begin, size_t begin_len, struct sy_context *ctx,
			struct test_sink *sink)
{
	static uint8_t plain[100000], packed[2000];
	uLongf len = sizeof(packed);

	memset(plain, 'N', sizeof(plain));
	memcpy(plain, begin, begin_len);
	assert_int_equal(compress2(packed, &len, plain, sizeof(plain), 9), Z_OK);
	sy_context_init(ctx);
	ctx->limits.decoded_bytes = sizeof(plain) - 1;
	test_sink_init(sink, ctx);
	assert_int_equal(test_inspect(ctx, &sy_format_zlib, sy_span_of(packed, len), "a.pkl",
				      sink), SY_OK);
	assert_int_equal(test_n_facts(sink, SY_RULE_WORKER_LIMIT_REACHED), 1);
}

/* A loader acts before it comes to where we stop; that we stop says nothing of the file. */
static void what_comes_before_the_limit_is_judged(void **state)
{
	static const char evil[] = "cos\nsystem\n(S'echo'\ntR.", good[] = "\x80\x04";
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	inspect_cut(evil, sizeof(evil) - 1, &ctx, &sink);
	assert_int_equal(test_n_facts(&sink, SY_RULE_PICKLE_IMPORT_DANGEROUS), 1);
	test_sink_free(&sink);
	inspect_cut(good, sizeof(good) - 1, &ctx, &sink);
	assert_int_equal(test_n_facts_from(&sink, SY_HIGH), 0);
	test_sink_free(&sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(names_may_say_nothing),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(every_failing_allocation_ends_it_cleanly),
		cmocka_unit_test(what_comes_before_the_limit_is_judged),
		cmocka_unit_test(what_is_out_of_proportion_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
