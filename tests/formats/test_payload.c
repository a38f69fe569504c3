/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden content: signatures, plausible pickles, and second readings. */
#include "tests/support/support.h"

#include "formats/payload.h"

#define S(literal) sy_span_of(literal, sizeof(literal) - 1)

struct bench {
	struct sy_context ctx;
	struct test_sink sink;
	struct sy_source source;
	struct sy_inspection in;
};

static void bench_init(struct bench *b, struct sy_span bytes)
{
	memset(b, 0, sizeof(*b));
	sy_context_init(&b->ctx);
	test_sink_init(&b->sink, &b->ctx);
	sy_source_from_memory(&b->source, &b->ctx, bytes);
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

static void payloads_have_their_rule(void **state)
{
	const struct { struct sy_span bytes; enum sy_rule rule; } rows[] = {
		{ S("PK\3\4\x14\0\0\0"), SY_RULE_TENSOR_PAYLOAD_ARCHIVE },
		{ S("\x1f\x8b\x08\0rest"), SY_RULE_TENSOR_PAYLOAD_ARCHIVE },
		{ S("BZh91AY&SY"), SY_RULE_TENSOR_PAYLOAD_ARCHIVE },
		{ S("\xfd" "7zXZ\0rest"), SY_RULE_TENSOR_PAYLOAD_ARCHIVE },
		{ S("7z\xbc\xaf\x27\x1c"), SY_RULE_TENSOR_PAYLOAD_ARCHIVE },
		{ S("\x7f" "ELF\2\1\1\0\0"), SY_RULE_TENSOR_PAYLOAD_EXECUTABLE },
		{ S("MZ\x90\0\3\0\0\0\4\0"), SY_RULE_TENSOR_PAYLOAD_EXECUTABLE },
		{ S("\xca\xfe\xba\xbe\0\0\0\2"), SY_RULE_TENSOR_PAYLOAD_EXECUTABLE },
		{ S("#!/bin/true\n"), SY_RULE_TENSOR_PAYLOAD_SCRIPT },
		{ S("#! /bin/true\n"), SY_RULE_TENSOR_PAYLOAD_SCRIPT },
		{ S("<?php echo 1;"), SY_RULE_TENSOR_PAYLOAD_SCRIPT },
		{ S("<!DocType HTML>"), SY_RULE_TENSOR_PAYLOAD_SCRIPT },
		{ S("\x80\4\x95\5\0\0\0\0\0\0\0]\x94K\1."), SY_RULE_TENSOR_PAYLOAD_PICKLE },
		{ S("\x80\2]q\0K\1a."), SY_RULE_TENSOR_PAYLOAD_PICKLE },
		{ S("cbuiltins\nlen\n(tR."), SY_RULE_TENSOR_PAYLOAD_PICKLE },
		{ S("(cbuiltins\nlen\n)R."), SY_RULE_TENSOR_PAYLOAD_PICKLE },
		{ S("cbuiltins\nlen\n(tR.\nand any text"), SY_RULE_TENSOR_PAYLOAD_PICKLE },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(rows); i++) {
		struct bench b;

		bench_init(&b, rows[i].bytes);
		assert_int_equal(sy_payload_check(&b.in, S("t"), 0, rows[i].bytes.len),
				 SY_OK);
		if (b.sink.n != 1 || test_n_facts(&b.sink, rows[i].rule) != 1)
			fail_msg("row %zu: %zu facts", i, b.sink.n);
		bench_free(&b);
	}
}

/* xorshift: weights as a quantiser leaves them, the same in every run. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void random_weights_are_nothing(void **state)
{
	static uint8_t bytes[8 * 512];
	uint64_t seed = 88172645463325252u;
	struct bench b;

	(void)state;
	bench_init(&b, sy_span_of(bytes, sizeof(bytes)));
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(next_random(&seed) >> 56);
		for (uint64_t k = 0; k < 8; k++) {
			bytes[k * 512] = 0x80;	/* the odds are against us */
			bytes[k * 512 + 1] = (uint8_t)(2 + k % 4);
			assert_int_equal(sy_payload_check(&b.in, S("t"), k * 512, 512),
					 SY_OK);
		}
	}
	test_print_facts(&b.sink);
	assert_int_equal(b.sink.n, 0);
	bench_free(&b);
}

static void pickles_may_not_lead_beyond_their_end(void **state)
{
	(void)state;
	assert_true(sy_pickle_begins(S("\x80\4\x95\5\0\0\0\0\0\0\0]\x94K\1."), 16));
	assert_true(sy_pickle_begins(S("\x80\4\x95\6\0\0\0\0\0\0\0]\x94K\1."), 16));
	assert_false(sy_pickle_begins(S("\x80\4\x95\5\0\0\0\1\0\0\0]\x94K\1."), 16));
	assert_false(sy_pickle_begins(S("\x80\2X\xff\xff\xff\x7f" "abc"), 64));
	assert_false(sy_pickle_begins(S("\x80\6K\1K\1K\1K\1K\1K\1K\1K\1K\1."), 21));
	assert_false(sy_pickle_begins(S("class\nfoo bar\nx"), 15));
	assert_false(sy_pickle_begins(S("cat\ndog\nable.\nelse\nrest\n"), 24));
	assert_false(sy_pickle_begins(S("(cbuiltins\nlen\nR."), 18));
	assert_false(sy_pickle_begins(S("\x80\2"), 2));
	assert_true(sy_pickle_begins(S("Vos\nVsystem\n\x93(Vx\ntR."), 22));
	assert_true(sy_pickle_begins(S("g0\nVsystem\n\x93(Vx\ntR."), 21));
	assert_false(sy_pickle_begins(S("g0\ng1\n\x93(Vx\ntR."), 16));
	assert_false(sy_pickle_begins(S("Ios\n0cos\nsystem\n)R."), 20));
	assert_false(sy_pickle_begins(S("Sos\n0cos\nsystem\n)R."), 20));
	assert_true(sy_pickle_begins(S("cos\nsystem\n(S'xxx"), 999));
	assert_false(sy_pickle_begins(S("cos\nsystem\n(Sxxx"), 999));
	assert_true(sy_pickle_may_begin(S("Very long line"), 999));
	assert_false(sy_pickle_may_begin(S("Very long line"), 14));
	assert_false(sy_pickle_may_begin(S("Very\nlong line"), 999));
	assert_false(sy_pickle_begins(S(""), 0));
}

static void looks_are_words(void **state)
{
	(void)state;
	assert_string_equal(sy_looks_like(S("GGUF\3\0\0\0")), "a GGUF file");
	assert_string_equal(sy_looks_like(S("just words\n")), "plain text");
	assert_string_equal(sy_looks_like(S("\0\0\0")), "zero bytes");
	assert_null(sy_looks_like(S("")));
	assert_null(sy_looks_like(S("\x01\x02\xff")));
	assert_null(sy_looks_hidden(S("just words\n"), 11));
}

/* An archive of one empty member 'a' with `dir_off` and `dir_len` as stated. */
static size_t put_zip(uint8_t *buf, uint32_t dir_off, uint32_t dir_len)
{
	static const uint8_t local[31] = { 'P', 'K', 3, 4, 20, [26] = 1, [30] = 'a' };
	static const uint8_t entry[47] = { 'P', 'K', 1, 2, 20, 0, 20, [28] = 1,
					   [46] = 'a' };
	uint8_t end[22] = { 'P', 'K', 5, 6, [8] = 1, [10] = 1 };

	for (int i = 0; i < 4; i++) {
		end[12 + i] = (uint8_t)(dir_len >> (8 * i));
		end[16 + i] = (uint8_t)(dir_off >> (8 * i));
	}
	memcpy(buf, local, sizeof(local));
	memcpy(buf + 31, entry, sizeof(entry));
	memcpy(buf + 78, end, sizeof(end));
	return 100;
}

static void a_zip_counts_only_where_its_directory_is(void **state)
{
	static const struct { uint32_t dir_off, dir_len; bool is_found; } rows[] = {
		{ 31, 47, true },	/* as computed from the end */
		{ 31 + 50, 1, true },	/* as an absolute offset */
		{ 31, 46, false },	{ 0, 0, false },
		{ UINT32_MAX, UINT32_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(rows); i++) {
		uint8_t buf[200] = { 0 };
		size_t len = 50 + put_zip(buf + 50, rows[i].dir_off, rows[i].dir_len);
		struct sy_zip_tail tail;
		struct bench b;
		bool is_found;

		bench_init(&b, sy_span_of(buf, len));
		assert_int_equal(sy_zip_tail_find(&b.in, &tail, &is_found), SY_OK);
		assert_int_equal(is_found, rows[i].is_found);
		if (is_found) {
			assert_int_equal(tail.dir_off, 81);
			assert_int_equal(tail.off, 128);
			assert_true(sy_span_is(sy_span_of(tail.name, tail.name_len), "a"));
		}
		bench_free(&b);
	}
}

static void a_zip64_directory_is_found(void **state)
{
	uint8_t buf[300] = { 0 };
	struct sy_zip_tail tail;
	struct bench b;
	bool is_found;

	(void)state;
	(void)put_zip(buf, UINT32_MAX, UINT32_MAX);
	memmove(buf + 78 + 76, buf + 78, 22);
	memset(buf + 78, 0, 76);
	memcpy(buf + 78, "PK\6\6", 4);
	buf[78 + 32] = 1;
	buf[78 + 40] = 47;
	buf[78 + 48] = 31;
	memcpy(buf + 134, "PK\6\7", 4);
	bench_init(&b, sy_span_of(buf, 78 + 76 + 22));
	assert_int_equal(sy_zip_tail_find(&b.in, &tail, &is_found), SY_OK);
	assert_true(is_found);
	assert_int_equal(tail.dir_off, 31);
	bench_free(&b);
}

static void a_second_reading_is_graver_behind_the_data(void **state)
{
	uint8_t buf[200] = { 0 };
	size_t len = 50 + put_zip(buf + 50, 31, 47);
	struct bench b;

	(void)state;
	bench_init(&b, sy_span_of(buf, len));
	assert_int_equal(sy_polyglot_check(&b.in, 50), SY_OK);
	assert_int_equal(test_n_facts(&b.sink, SY_RULE_CONTENT_POLYGLOT_FOUND), 1);
	assert_int_equal(sy_polyglot_check(&b.in, len), SY_OK);
	assert_int_equal(test_n_facts(&b.sink, SY_RULE_CONTENT_POLYGLOT_POSSIBLE), 1);
	bench_free(&b);
}

/* A tail full of signatures costs a bounded number of reads. */
static void many_signatures_end_soon(void **state)
{
	static uint8_t buf[65536];
	struct sy_zip_tail tail;
	struct bench b;
	bool is_found;

	(void)state;
	for (size_t i = 0; i < sizeof(buf); i += 4)
		memcpy(buf + i, "PK\5\6", 4);
	bench_init(&b, sy_span_of(buf, sizeof(buf)));
	assert_int_equal(sy_zip_tail_find(&b.in, &tail, &is_found), SY_OK);
	assert_false(is_found);
	bench_free(&b);
}

static void tiny_files_are_no_polyglots(void **state)
{
	static const uint8_t buf[30] = { 'P', 'K', 1, 2 };

	(void)state;
	for (size_t len = 0; len <= sizeof(buf); len++) {
		struct bench b;

		bench_init(&b, sy_span_of(buf, len));
		assert_int_equal(sy_polyglot_check(&b.in, len), SY_OK);
		assert_int_equal(b.sink.n, 0);
		bench_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads_have_their_rule),
		cmocka_unit_test(random_weights_are_nothing),
		cmocka_unit_test(pickles_may_not_lead_beyond_their_end),
		cmocka_unit_test(looks_are_words),
		cmocka_unit_test(a_zip_counts_only_where_its_directory_is),
		cmocka_unit_test(a_zip64_directory_is_found),
		cmocka_unit_test(a_second_reading_is_graver_behind_the_data),
		cmocka_unit_test(many_signatures_end_soon),
		cmocka_unit_test(tiny_files_are_no_polyglots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
