/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as bytes: what is encoded decodes to the same, nothing else decodes, and
 * what a record may say about a file of a size.
 */
#include "verifier/base/record.h"

#include "tests/support/support.h"
#include "verifier/base/memory.h"

#define S(text) { (const uint8_t *)(text), sizeof(text) - 1 }

/* One of each kind, with spans that are empty, hold NUL, or are not UTF-8. */
static const struct sy_record samples[] = {
	{ SY_RECORD_ARTIFACT, { .artifact = { S("gguf"), S("7 tensors"), 7, 300 } } },
	{ SY_RECORD_TENSOR, { .tensor = { S("a\0b"), S("F32"), 3, { 1, 0, UINT64_MAX },
					  16, 32, false, false, false, { 0 }, { 0 } } } },
	{ SY_RECORD_TENSOR, { .tensor = { S(""), S(""), 0, { 0 }, 0, 0, true, false, false,
					  { 0 }, { 0 } } } },
	{ SY_RECORD_TENSOR, { .tensor = { S("x"), S("I8"), SY_RANK_MAX, { 1 }, 0, 1,
					  false, true, true, { 1 }, { 0 } } } },
	{ SY_RECORD_MEMBER, { .member = { S("m\xff"), S("stored"), S("zip"), 1, 2, 3, 0,
					  { S("") }, 1 } } },
	{ SY_RECORD_EXTENT, { .extent = { SY_EXTENT_UNKNOWN, 0, 1000 } } },
	{ SY_RECORD_META, { .meta = { S("key"), S("u32"), S("12"), 4, 4 } } },
	{ SY_RECORD_REF, { .ref = { SY_REF_DIGEST, S("sha256"), S("00"), 9,
				    SY_OFFSET_NONE } } },
	{ SY_RECORD_FACT, { .fact = { .rule = 5, .off = 1, .len = 2, .symbol = S("s"),
				      .detail = S("tensor 's' ends late") } } },
	{ SY_RECORD_FACT, { .fact = { .rule = 0, .off = SY_OFFSET_NONE } } },
	{ SY_RECORD_FACT, { .fact = { .rule = 1, .off = 3, .len = 1, .n_members = 2,
				      .members = { S("a.zip"), S("b") },
				      .file_off = 77 } } },
	{ SY_RECORD_MORE, { .more = { 3, UINT64_MAX } } },
	{ SY_RECORD_NOTICE, { .notice = { S("limit-reached"), S("") } } },
	{ SY_RECORD_DONE, { .done = { SY_LIMIT, S("too much") } } },
	{ SY_RECORD_DONE, { .done = { SY_OK, S("") } } },
	{ SY_RECORD_STEP, { .step = { SY_STEP_CALL, SY_STEP_DANGEROUS, 2, 71, 1,
				      SY_OFFSET_NONE, SY_OFFSET_NONE, S("REDUCE"),
				      S("os.system"), S("calls os.system('x')"), 0,
				      { S("") }, SY_OFFSET_NONE } } },
	{ SY_RECORD_STEP, { .step = { .kind = SY_STEP_DATA, .value = 7, .n_members = 2,
				      .members = { S("a.zip"), S("b\xff") },
				      .file_off = 77 } } },
	{ SY_RECORD_MEMBER, { .member = { .name = S("m"), .codec = S("xz"), .n_members = 2,
					  .members = { S("a.zip"), S("b\xff") },
					  .file_off = SY_OFFSET_NONE } } },
	{ SY_RECORD_TENSOR, { .tensor = { .name = S("s"), .dtype = S("<f4"), .rank = 2,
					  .shape = { 2, 3 }, .off = 4, .len = 24,
					  .is_big_endian = true, .has_strides = true,
					  .strides = { 1, 2 } } } },
	{ SY_RECORD_TENSOR, { .tensor = { .name = S("d"), .dtype = S("<f4"),
					  .is_absent = true, .data_digest =
					  S("0123456789abcdef0123456789abcdef") } } },
};

static void encode(struct sy_context *ctx, const struct sy_record *record,
		   struct sy_buffer *buffer)
{
	struct sy_out out;

	sy_buffer_init(buffer, ctx);
	sy_out_init(&out, sy_buffer_write, buffer);
	sy_record_encode(&out, record);
	assert_int_equal(sy_out_flush(&out), SY_OK);
}

static void test_round_trip(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(samples); i++) {
		struct sy_buffer once, twice;
		struct sy_record record;
		uint32_t len = 0;

		encode(&ctx, &samples[i], &once);
		for (unsigned b = 4; b-- > 0;)
			len = len << 8 | once.data[b];
		assert_int_equal(len, once.len - 4);
		assert_int_equal(len, sy_record_bytes(&samples[i]));
		assert_int_equal(once.data[4], samples[i].kind);
		assert_true(sy_record_decode(sy_span_of(once.data + 4, len), &record));
		assert_int_equal(record.kind, samples[i].kind);
		encode(&ctx, &record, &twice);
		assert_int_equal(once.len, twice.len);
		assert_memory_equal(once.data, twice.data, once.len);
		sy_buffer_free(&once);
		sy_buffer_free(&twice);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* The fields themselves, of the kinds that judging rests on. */
static void test_fields(void **state)
{
	struct sy_context ctx;
	struct sy_buffer buffer;
	struct sy_record r;

	(void)state;
	sy_context_init(&ctx);
	encode(&ctx, &samples[1], &buffer);
	assert_true(sy_record_decode(sy_span_of(buffer.data + 4, buffer.len - 4), &r));
	assert_true(sy_span_equal(r.u.tensor.name, samples[1].u.tensor.name));
	assert_true(sy_span_is(r.u.tensor.dtype, "F32"));
	assert_int_equal(r.u.tensor.rank, 3);
	assert_true(r.u.tensor.shape[2] == UINT64_MAX);
	assert_int_equal(r.u.tensor.off, 16);
	assert_int_equal(r.u.tensor.len, 32);
	sy_buffer_free(&buffer);
	encode(&ctx, &samples[10], &buffer);
	assert_true(sy_record_decode(sy_span_of(buffer.data + 4, buffer.len - 4), &r));
	assert_int_equal(r.u.fact.n_members, 2);
	assert_true(sy_span_is(r.u.fact.members[0], "a.zip"));
	assert_true(sy_span_is(r.u.fact.members[1], "b"));
	assert_int_equal(r.u.fact.file_off, 77);
	sy_buffer_free(&buffer);
	encode(&ctx, &samples[15], &buffer);
	assert_true(sy_record_decode(sy_span_of(buffer.data + 4, buffer.len - 4), &r));
	assert_int_equal(r.u.step.kind, SY_STEP_CALL);
	assert_int_equal(r.u.step.class, SY_STEP_DANGEROUS);
	assert_int_equal(r.u.step.depth, 2);
	assert_int_equal(r.u.step.off, 71);
	assert_int_equal(r.u.step.len, 1);
	assert_true(r.u.step.inner == SY_OFFSET_NONE && r.u.step.value == SY_OFFSET_NONE);
	assert_true(sy_span_is(r.u.step.opcode, "REDUCE"));
	assert_true(sy_span_is(r.u.step.symbol, "os.system"));
	sy_buffer_free(&buffer);
	encode(&ctx, &samples[16], &buffer);
	assert_true(sy_record_decode(sy_span_of(buffer.data + 4, buffer.len - 4), &r));
	assert_int_equal(r.u.step.value, 7);
	assert_int_equal(r.u.step.n_members, 2);
	assert_true(sy_span_is(r.u.step.members[0], "a.zip"));
	assert_int_equal(r.u.step.file_off, 77);
	sy_buffer_free(&buffer);
	encode(&ctx, &samples[17], &buffer);
	assert_true(sy_record_decode(sy_span_of(buffer.data + 4, buffer.len - 4), &r));
	assert_true(sy_span_is(r.u.member.name, "m") && sy_span_is(r.u.member.codec, "xz"));
	assert_int_equal(r.u.member.n_members, 2);
	assert_true(sy_span_is(r.u.member.members[0], "a.zip"));
	assert_true(r.u.member.file_off == SY_OFFSET_NONE);
	sy_buffer_free(&buffer);
}

/* Every prefix, from a block of its size, and every byte more. */
static void test_cut(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(samples); i++) {
		struct sy_record record;
		struct sy_buffer buffer;

		encode(&ctx, &samples[i], &buffer);
		for (size_t len = 0; len < buffer.len - 4; len++) {
			uint8_t *copy = sy_alloc(&ctx, len);

			assert_non_null(copy);
			memcpy(copy, buffer.data + 4, len);
			assert_false(sy_record_decode(sy_span_of(copy, len), &record));
			sy_release(&ctx, copy);
		}
		assert_int_equal(sy_buffer_write(&buffer, sy_span_of("", 1)), SY_OK);
		assert_false(sy_record_decode(sy_span_of(buffer.data + 4, buffer.len - 4),
					      &record));
		sy_buffer_free(&buffer);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* Byte `at` of the body of a sample, set to a value: does it decode? */
static bool decodes_with(size_t sample, size_t at, uint8_t value)
{
	struct sy_context ctx;
	struct sy_record record;
	struct sy_buffer buffer;
	bool ok;

	sy_context_init(&ctx);
	encode(&ctx, &samples[sample], &buffer);
	buffer.data[4 + at] = value;
	ok = sy_record_decode(sy_span_of(buffer.data + 4, buffer.len - 4), &record);
	sy_buffer_free(&buffer);
	return ok;
}

static void test_refused(void **state)
{
	(void)state;
	/* Kinds, at byte 0. */
	assert_true(decodes_with(5, 0, SY_RECORD_EXTENT));
	assert_false(decodes_with(5, 0, 0));
	assert_false(decodes_with(5, 0, SY_RECORD_STEP + 1));
	assert_false(decodes_with(5, 0, 255));
	/* Enums, at byte 1. */
	assert_true(decodes_with(5, 1, 0));
	assert_false(decodes_with(5, 1, SY_N_EXTENT_KINDS));
	assert_true(decodes_with(7, 1, 0));
	assert_false(decodes_with(7, 1, SY_N_REF_KINDS));
	assert_true(decodes_with(13, 1, SY_OK));
	assert_false(decodes_with(13, 1, SY_N_STATUS));
	assert_true(decodes_with(15, 1, SY_STEP_MORE));
	assert_false(decodes_with(15, 1, SY_N_STEP_KINDS));
	assert_true(decodes_with(15, 2, SY_STEP_PLAIN));
	assert_false(decodes_with(15, 2, SY_N_STEP_CLASSES));
	/* A rank beyond what the record holds; a span beyond the frame. */
	assert_false(decodes_with(2, 1 + 4 + 4, SY_RANK_MAX + 1));
	assert_false(decodes_with(2, 1 + 4 + 4, 255));
	assert_false(decodes_with(0, 1, 255));
	assert_false(decodes_with(0, 4, 255));
	/* Members beyond the depth. */
	assert_false(decodes_with(9, 1 + 4 + 8 + 8 + 4 + 4, SY_MEMBER_DEPTH + 1));
	assert_false(decodes_with(16, 1 + 3 + 4 * 8 + 3 * 4, SY_MEMBER_DEPTH + 1));
	assert_false(decodes_with(17, 1 + 5 + 6 + 4 + 3 * 8, SY_MEMBER_DEPTH + 1));
}

static void test_inside(void **state)
{
	static const struct {
		uint64_t off, len, size;
		bool is_inside;
	} ranges[] = {
		{ 0, 0, 0, true }, { 0, 1, 0, false }, { 1, 0, 0, false },
		{ 0, 10, 10, true }, { 10, 0, 10, true }, { 10, 1, 10, false },
		{ 9, 2, 10, false }, { 11, 0, 10, false },
		{ 1, UINT64_MAX, 10, false }, { UINT64_MAX, 1, 10, false },
		{ 5, UINT64_MAX - 4, UINT64_MAX, false },
		{ 5, UINT64_MAX - 5, UINT64_MAX, true },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(ranges); i++) {
		uint64_t off = ranges[i].off, len = ranges[i].len;
		const struct sy_record records[] = {
			{ SY_RECORD_TENSOR, { .tensor = { .off = off, .len = len } } },
			{ SY_RECORD_MEMBER, { .member = { .off = off, .len = len } } },
			{ SY_RECORD_EXTENT, { .extent = { .off = off, .len = len } } },
		};

		for (size_t k = 0; k < SY_N_ELEMS(records); k++)
			assert_int_equal(sy_record_valid(&records[k], ranges[i].size),
					 ranges[i].is_inside);
	}
}

/* A fact may point nowhere, but then at nothing. */
static void test_places(void **state)
{
	struct sy_record fact = { SY_RECORD_FACT, { .fact = { .off = SY_OFFSET_NONE } } };
	struct sy_record meta = { SY_RECORD_META, { .meta = { .off = SY_OFFSET_NONE } } };
	struct sy_record ref = { SY_RECORD_REF, { .ref = { .off = SY_OFFSET_NONE } } };
	struct sy_record artifact = { SY_RECORD_ARTIFACT, { .artifact = { .bytes_parsed = 10 } } };
	struct sy_record inner = { SY_RECORD_MEMBER, { .member = {
		.off = 100, .len = 50, .n_members = 1, .file_off = SY_OFFSET_NONE } } };

	(void)state;
	/* In a decoded container its place may be any; the file's has an end. */
	assert_true(sy_record_valid(&inner, 10));
	inner.u.member.file_off = 11;
	assert_false(sy_record_valid(&inner, 10));
	assert_true(sy_record_valid(&fact, 0) && sy_record_valid(&meta, 0) &&
		    sy_record_valid(&ref, 0));
	fact.u.fact.len = 1;
	meta.u.meta.len = 1;
	assert_false(sy_record_valid(&fact, 10) || sy_record_valid(&meta, 10));
	fact.u.fact.off = 9;
	meta.u.meta.off = 9;
	ref.u.ref.off = 10;
	assert_true(sy_record_valid(&fact, 10) && sy_record_valid(&meta, 10) &&
		    sy_record_valid(&ref, 10));
	fact.u.fact.off = 10;
	meta.u.meta.off = 10;
	ref.u.ref.off = 11;
	assert_false(sy_record_valid(&fact, 10) || sy_record_valid(&meta, 10) ||
		     sy_record_valid(&ref, 10));
	assert_true(sy_record_valid(&artifact, 10));
	assert_false(sy_record_valid(&artifact, 9));
}

/* A step is where a fact may be; what it counts is not a place. */
static void test_places_of_steps(void **state)
{
	struct sy_record step = { SY_RECORD_STEP, { .step = {
		.off = 9, .len = 1, .inner = UINT64_MAX - 1, .value = UINT64_MAX - 1 } } };

	(void)state;
	assert_true(sy_record_valid(&step, 10));
	assert_false(sy_record_valid(&step, 9));
	step.u.step.len = UINT64_MAX;
	assert_false(sy_record_valid(&step, 10));
	step.u.step.off = SY_OFFSET_NONE;
	assert_false(sy_record_valid(&step, 10));
	step.u.step.len = 0;
	assert_true(sy_record_valid(&step, 0));
	step.u.step.off = 5000;
	step.u.step.n_members = 1;
	step.u.step.file_off = 10;
	assert_true(sy_record_valid(&step, 10));
	assert_false(sy_record_valid(&step, 9));
}

/* In a member, offsets count in what was decoded; the file's own offset is bounded. */
static void test_places_in_members(void **state)
{
	struct sy_record fact = { SY_RECORD_FACT, { .fact = {
		.off = 5000, .len = 1, .n_members = 1, .file_off = 10 } } };

	(void)state;
	assert_true(sy_record_valid(&fact, 10));
	assert_false(sy_record_valid(&fact, 9));
	fact.u.fact.file_off = SY_OFFSET_NONE;
	assert_true(sy_record_valid(&fact, 0));
	fact.u.fact.len = UINT64_MAX - 4000;
	assert_false(sy_record_valid(&fact, 10));
}

/* A sink without memory: its status stays, nothing is left behind. */
static void test_no_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(samples); i++) {
		struct test_allocator allocator = { .fail_at = 0 };
		struct sy_buffer buffer;
		struct sy_context ctx;
		struct sy_out out;

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		sy_buffer_init(&buffer, &ctx);
		sy_out_init(&out, sy_buffer_write, &buffer);
		sy_record_encode(&out, &samples[i]);
		assert_int_equal(sy_out_flush(&out), SY_NO_MEMORY);
		sy_record_encode(&out, &samples[i]);
		assert_int_equal(sy_out_flush(&out), SY_NO_MEMORY);
		assert_int_equal(buffer.len, 0);
		sy_buffer_free(&buffer);
		assert_int_equal(allocator.n_live, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_places_of_steps),
		cmocka_unit_test(test_places_in_members),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
