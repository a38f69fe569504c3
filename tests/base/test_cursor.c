/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor: all-or-nothing reads on memory and through windows of every size,
 * at their edges, at the end, and when the source or the memory fails.
 */
#include "verifier/base/cursor.h"

#include "tests/support/support.h"
#include "verifier/base/memory.h"

#define N_BYTES 300u

/* A source of counted bytes that may fail at an offset, and asserts its contract. */
struct tape {
	uint64_t size;			/* bytes */
	uint64_t fail_at;		/* reading this byte fails */
	unsigned n_fills;
};

static uint8_t byte_at(uint64_t off)
{
	return (uint8_t)(off * 7 + 3);
}

static enum sy_status fill(void *user, uint64_t off, void *buf, size_t len)
{
	struct tape *tape = user;
	uint8_t *bytes = buf;

	tape->n_fills++;
	assert_true(off <= tape->size && len <= tape->size - off);
	if (tape->fail_at >= off && tape->fail_at - off < len)
		return SY_IO;
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(off + i);
	return SY_OK;
}

static void expect_span(struct sy_span span, uint64_t off, size_t len)
{
	assert_int_equal(span.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(span.data[i], byte_at(off + i));
}

/* --- memory ----------------------------------------------------------------------- */

static void test_integers(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct sy_cursor c;
	uint8_t u8 = 0;
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;

	(void)state;
	sy_cursor_init(&c, sy_span_of(bytes, sizeof(bytes)), 100);
	assert_true(sy_get_u8(&c, &u8) && sy_get_u16(&c, &u16) && sy_get_u32(&c, &u32) &&
		    sy_get_u64(&c, &u64));
	assert_int_equal(u8, 1);
	assert_int_equal(u16, 0x0302);
	assert_int_equal(u32, 0x07060504);
	assert_true(u64 == 0x0f0e0d0c0b0a0908);
	assert_int_equal(sy_cursor_at(&c), 115);
	assert_int_equal(sy_cursor_left(&c), 0);
	sy_cursor_init(&c, sy_span_of(bytes, sizeof(bytes)), 0);
	c.is_big_endian = true;
	assert_true(sy_get_u8(&c, &u8) && sy_get_u16(&c, &u16) && sy_get_u32(&c, &u32) &&
		    sy_get_u64(&c, &u64));
	assert_int_equal(u16, 0x0203);
	assert_int_equal(u32, 0x04050607);
	assert_true(u64 == 0x08090a0b0c0d0e0f);
}

/* A failed read gives zero and moves nowhere: a shorter one still works. */
static void test_short(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct sy_cursor c;
	uint8_t buf[8] = { 9, 9, 9, 9, 9, 9, 9, 9 };
	uint64_t u64 = 1;
	uint32_t u32 = 1;
	struct sy_span span = sy_span_str("x");

	(void)state;
	sy_cursor_init(&c, sy_span_of(bytes, sizeof(bytes)), 0);
	assert_false(sy_get_u64(&c, &u64));
	assert_int_equal(u64, 0);
	assert_false(sy_get_bytes(&c, buf, 8));
	assert_memory_equal(buf, "\0\0\0\0\0\0\0\0", 8);
	assert_false(sy_get_span(&c, 8, &span));
	assert_int_equal(span.len, 0);
	assert_false(sy_get_span(&c, UINT64_MAX, &span));
	assert_false(sy_skip(&c, 8));
	assert_false(sy_skip(&c, UINT64_MAX));
	assert_int_equal(sy_cursor_at(&c), 0);
	assert_int_equal(c.status, SY_OK);
	assert_true(sy_skip(&c, 3));
	assert_true(sy_peek_span(&c, 4, &span));
	assert_int_equal(sy_cursor_at(&c), 3);
	assert_true(sy_get_u32(&c, &u32));
	assert_int_equal(u32, 0x07060504);
	assert_false(sy_get_u8(&c, buf));
	assert_true(sy_get_span(&c, 0, &span));
	assert_true(sy_skip(&c, 0));
	assert_true(sy_get_bytes(&c, buf, 0));
}

static void test_empty(void **state)
{
	struct sy_cursor c;
	struct sy_span span;
	uint8_t u8 = 1;

	(void)state;
	sy_cursor_init(&c, sy_span_of(NULL, 0), 7);
	assert_false(sy_get_u8(&c, &u8));
	assert_int_equal(u8, 0);
	assert_true(sy_peek_span(&c, 0, &span));
	assert_true(sy_skip(&c, 0));
	assert_int_equal(sy_cursor_at(&c), 7);
	assert_int_equal(sy_cursor_left(&c), 0);
	sy_cursor_close(&c);
}

/* --- windows ---------------------------------------------------------------------- */

/* Spans of 0, 1, 2 ... bytes, so that each window meets each edge. */
static void test_every_window(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t window = 0; window < N_BYTES + 10; window++) {
		struct tape tape = { .size = N_BYTES, .fail_at = UINT64_MAX };
		uint64_t at = 5;
		struct sy_cursor c;
		struct sy_span span;

		assert_int_equal(sy_cursor_open(&c, &ctx, fill, &tape, at, N_BYTES,
						window), SY_OK);
		for (size_t len = 0; len <= N_BYTES - at; len++) {
			assert_int_equal(sy_cursor_at(&c), at);
			assert_int_equal(sy_cursor_left(&c), N_BYTES - at);
			assert_true(sy_peek_span(&c, len, &span));
			expect_span(span, at, len);
			assert_true(sy_get_span(&c, len, &span));
			expect_span(span, at, len);
			at += len;
		}
		assert_false(sy_get_span(&c, N_BYTES - at + 1, &span));
		assert_int_equal(c.status, SY_OK);
		sy_cursor_close(&c);
	}
	assert_int_equal(ctx.memory_used, 0);
}

static void test_integers_across_edges(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t window = 1; window < 20; window++) {
		struct tape tape = { .size = N_BYTES, .fail_at = UINT64_MAX };
		struct sy_cursor c;
		uint64_t u64;
		uint8_t u8;

		assert_int_equal(sy_cursor_open(&c, &ctx, fill, &tape, 0, N_BYTES,
						window), SY_OK);
		for (uint64_t at = 0; at + 9 <= N_BYTES; at += 9) {
			uint64_t want = 0;

			for (unsigned i = 8; i-- > 0;)
				want = want << 8 | byte_at(at + i);
			assert_true(sy_get_u64(&c, &u64) && u64 == want);
			assert_true(sy_get_u8(&c, &u8) && u8 == byte_at(at + 8));
		}
		sy_cursor_close(&c);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* Skipping reads nothing: neither the bytes skipped nor, at the end, any. */
static void test_skip(void **state)
{
	struct tape tape = { .size = 1000000, .fail_at = 500 };
	struct sy_context ctx;
	struct sy_cursor c;
	struct sy_span span;

	(void)state;
	sy_context_init(&ctx);
	assert_int_equal(sy_cursor_open(&c, &ctx, fill, &tape, 0, tape.size, 64), SY_OK);
	assert_true(sy_get_span(&c, 10, &span));
	assert_true(sy_skip(&c, 20));
	assert_true(sy_get_span(&c, 34, &span));
	expect_span(span, 30, 34);
	assert_int_equal(tape.n_fills, 1);
	assert_true(sy_skip(&c, 900000));
	assert_int_equal(tape.n_fills, 1);
	assert_true(sy_get_span(&c, 3, &span));
	expect_span(span, 900064, 3);
	assert_false(sy_skip(&c, 99934));
	assert_int_equal(sy_cursor_at(&c), 900067);
	assert_true(sy_skip(&c, 99933));
	assert_int_equal(sy_cursor_left(&c), 0);
	assert_int_equal(tape.n_fills, 2);
	sy_cursor_close(&c);
}

/* The window ends where the cursor's part of the input ends. */
static void test_end_within(void **state)
{
	struct tape tape = { .size = N_BYTES, .fail_at = 100 };
	struct sy_context ctx;
	struct sy_cursor c;
	struct sy_span span;

	(void)state;
	sy_context_init(&ctx);
	assert_int_equal(sy_cursor_open(&c, &ctx, fill, &tape, 90, 100, 64), SY_OK);
	assert_false(sy_get_span(&c, 11, &span));
	assert_true(sy_get_span(&c, 10, &span));
	expect_span(span, 90, 10);
	sy_cursor_close(&c);
	assert_int_equal(sy_cursor_open(&c, &ctx, fill, &tape, 100, 100, 64), SY_OK);
	assert_true(sy_get_span(&c, 0, &span));
	assert_false(sy_get_span(&c, 1, &span));
	assert_int_equal(c.status, SY_OK);
	sy_cursor_close(&c);
}

/* A source that fails is not an input that ends, and it stays failed. */
static void test_source_fails(void **state)
{
	struct tape tape = { .size = N_BYTES, .fail_at = 40 };
	struct sy_context ctx;
	struct sy_cursor c;
	struct sy_span span;

	(void)state;
	sy_context_init(&ctx);
	assert_int_equal(sy_cursor_open(&c, &ctx, fill, &tape, 0, N_BYTES, 32), SY_OK);
	assert_true(sy_get_span(&c, 30, &span));
	assert_false(sy_get_span(&c, 8, &span));
	assert_int_equal(span.len, 0);
	assert_int_equal(c.status, SY_IO);
	assert_int_equal(sy_cursor_at(&c), 30);
	assert_true(sy_get_span(&c, 2, &span));		/* what the window holds */
	expect_span(span, 30, 2);
	tape.fail_at = UINT64_MAX;
	assert_false(sy_get_span(&c, 1, &span));
	assert_false(sy_skip(&c, 1));
	assert_int_equal(c.status, SY_IO);
	sy_cursor_close(&c);
	assert_int_equal(ctx.memory_used, 0);
}

/* --- limits and memory ------------------------------------------------------------ */

static void test_string_limit(void **state)
{
	struct tape tape = { .size = 100000, .fail_at = UINT64_MAX };
	struct sy_context ctx;
	struct sy_cursor c;
	struct sy_span span;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.string_bytes = 1000;
	assert_int_equal(sy_cursor_open(&c, &ctx, fill, &tape, 0, tape.size, 16), SY_OK);
	assert_true(sy_get_span(&c, 1064, &span));
	expect_span(span, 0, 1064);
	/* Beyond the end is a fact, whatever its length; there, it is the limit. */
	assert_false(sy_get_span(&c, 200000, &span));
	assert_int_equal(c.status, SY_OK);
	assert_false(sy_get_span(&c, 90000, &span));
	assert_int_equal(c.status, SY_LIMIT);
	assert_int_equal(ctx.error.status, SY_LIMIT);
	sy_cursor_close(&c);
	assert_int_equal(ctx.memory_used, 0);
}

static void test_no_memory(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 3; n++) {
		struct tape tape = { .size = 1000, .fail_at = UINT64_MAX };
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx;
		struct sy_cursor c;
		struct sy_span span;
		enum sy_status status;

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		status = sy_cursor_open(&c, &ctx, fill, &tape, 0, tape.size, 16);
		assert_int_equal(status, n > 0 ? SY_OK : SY_NO_MEMORY);
		if (status == SY_OK) {
			assert_true(sy_get_span(&c, 16, &span));
			assert_true(sy_get_span(&c, 17, &span) == (n > 1));
			assert_int_equal(c.status, n > 1 ? SY_OK : SY_NO_MEMORY);
			assert_int_equal(sy_cursor_at(&c), n > 1 ? 33 : 16);
		}
		sy_cursor_close(&c);
		assert_int_equal(allocator.n_live, 0);
		assert_int_equal(ctx.memory_used, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_every_window),
		cmocka_unit_test(test_integers_across_edges),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_end_within),
		cmocka_unit_test(test_source_fails),
		cmocka_unit_test(test_string_limit),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
