/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors as data: every order of the same elements gives the same bytes, what does
 * not fit its own claim is refused, plain SHA-256 is SHA-256, and numbers have their
 * values.
 */
#include "verifier/digest/view.h"

#include <math.h>
#include <string.h>

#include "tests/support/support.h"
#include "verifier/digest/hasher.h"

/* Elements 0 .. 5 of a 2x3 tensor of u16, as files store them. */
static const uint8_t in_c[12] = { 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0 };
static const uint8_t in_c_big[12] = { 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5 };
static const uint8_t in_fortran[12] = { 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5, 0 };
static const uint8_t in_fortran_big[12] = { 0, 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5 };
static const uint8_t with_gaps[22] = { 0, 0, 9, 9, 1, 0, 9, 9, 2, 0, 9, 9,
				       3, 0, 9, 9, 4, 0, 9, 9, 5, 0 };

static struct sy_record_tensor tensor_of(const char *dtype, uint64_t len)
{
	struct sy_record_tensor t = {
		.dtype = sy_span_str(dtype), .rank = 2, .shape = { 2, 3 }, .len = len,
	};

	return t;
}

static void read_all(struct sy_context *ctx, const struct sy_record_tensor *t,
		     struct sy_span bytes, size_t cap, struct sy_span want)
{
	uint8_t got[64], digest[SY_SHA256_BYTES];
	struct sy_view_reader reader;
	struct sy_digest expected;
	struct sy_source source;
	struct sy_view view;
	size_t n = 0, len;

	sy_source_from_memory(&source, ctx, bytes);
	assert_null(sy_view_of(t, &view));
	assert_int_equal(sy_view_open(&reader, &view, &source), SY_OK);
	do {
		assert_int_equal(sy_view_read(&reader, got + n, cap, &len), SY_OK);
		n += len;
	} while (len > 0);
	sy_view_close(&reader);
	assert_int_equal(n, want.len);
	assert_memory_equal(got, want.data, want.len);
	assert_int_equal(sy_view_digest(&view, &source, digest), SY_OK);
	assert_int_equal(sy_hash(ctx, SY_SHA256, want, &expected), SY_OK);
	assert_memory_equal(digest, expected.bytes, sizeof(digest));
	assert_int_equal(ctx->memory_used, 0);
}

static void test_orders(void **state)
{
	const struct sy_span want = sy_span_of(in_c, sizeof(in_c));
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t cap = 2; cap < 16; cap++) {
		struct sy_record_tensor t = tensor_of("U16", 12);

		read_all(&ctx, &t, want, cap, want);
		t.is_big_endian = true;
		read_all(&ctx, &t, sy_span_of(in_c_big, 12), cap, want);
		t.has_strides = true;
		t.strides[0] = 1;
		t.strides[1] = 2;
		read_all(&ctx, &t, sy_span_of(in_fortran_big, 12), cap, want);
		t.is_big_endian = false;
		read_all(&ctx, &t, sy_span_of(in_fortran, 12), cap, want);
		t.strides[0] = 6;
		t.strides[1] = 2;
		t.len = 22;
		read_all(&ctx, &t, sy_span_of(with_gaps, 22), cap, want);
	}
}

/* A complex number is turned part by part; a stride of 0 repeats. */
static void test_parts(void **state)
{
	static const uint8_t stored[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t turned[8] = { 4, 3, 2, 1, 8, 7, 6, 5 };
	static const uint8_t repeated[6] = { 7, 7, 7, 8, 8, 8 }, pair[2] = { 7, 8 };
	struct sy_record_tensor t = tensor_of(">c8", 8);
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	t.rank = 0;
	t.is_big_endian = true;
	read_all(&ctx, &t, sy_span_of(stored, 8), 8, sy_span_of(turned, 8));
	t = tensor_of("uint8", 2);
	t.has_strides = true;
	t.strides[0] = 1;
	read_all(&ctx, &t, sy_span_of(pair, 2), 5, sy_span_of(repeated, 6));
}

static void test_refused(void **state)
{
	struct sy_record_tensor t = tensor_of("U16", 12);
	struct sy_view view;

	(void)state;
	assert_null(sy_view_of(&t, &view));
	t.len = 11;
	assert_non_null(sy_view_of(&t, &view));
	t.len = 12;
	t.shape[0] = UINT64_MAX / 2;
	assert_non_null(sy_view_of(&t, &view));
	t = tensor_of("U16", 12);
	t.has_strides = true;
	t.strides[0] = UINT64_MAX;
	t.strides[1] = UINT64_MAX;
	assert_non_null(sy_view_of(&t, &view));
	t.strides[0] = 1;			/* reaches further than its bytes */
	t.strides[1] = 3;
	assert_non_null(sy_view_of(&t, &view));
	t = tensor_of("uint8", 1);		/* one byte, a million times */
	t.has_strides = true;
	t.shape[0] = 1000000;
	assert_non_null(sy_view_of(&t, &view));
	t = tensor_of("Q4_0", 18);
	t.rank = 1;
	t.shape[0] = 32;
	assert_null(sy_view_of(&t, &view));
	t.is_big_endian = true;
	assert_non_null(sy_view_of(&t, &view));
	t.is_big_endian = false;
	t.shape[0] = 31;
	assert_non_null(sy_view_of(&t, &view));
	t = tensor_of("<U3", 72);
	assert_non_null(sy_view_of(&t, &view));
	t = tensor_of("U16", 12);
	t.is_absent = true;
	assert_non_null(sy_view_of(&t, &view));
}

/* Every length around the blocks, in every cut. */
static void test_plain_sha256(void **state)
{
	struct sy_context ctx;
	uint8_t data[200];

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct sy_digest want;
		struct sy_sha256_plain s;
		uint8_t got[SY_SHA256_BYTES];

		assert_int_equal(sy_hash(&ctx, SY_SHA256, sy_span_of(data, len), &want), SY_OK);
		sy_sha256_plain_begin(&s);
		sy_sha256_plain_add(&s, data, len / 3);
		sy_sha256_plain_add(&s, data + len / 3, len - len / 3);
		sy_sha256_plain_end(&s, got);
		assert_memory_equal(got, want.bytes, sizeof(got));
	}
}

static double value(const char *dtype, uint64_t bits)
{
	const struct sy_dtype *found = sy_dtype_find(sy_span_str(dtype));
	uint8_t bytes[8];

	assert_non_null(found);
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(bits >> 8 * i);
	return sy_dtype_value(found, bytes);
}

static bool is_value(const char *dtype, uint64_t bits, double want)
{
	double got = value(dtype, bits);

	return !memcmp(&got, &want, sizeof(got));
}

static void test_values(void **state)
{
	(void)state;
	assert_true(is_value("I8", 0x80, -128.0));
	assert_true(is_value("I64", UINT64_MAX, -1.0));
	assert_true(is_value("U32", 0xffffffff, 4294967295.0));
	assert_true(is_value("F16", 0x3c00, 1.0));
	assert_true(is_value("F16", 0x0001, 0x1p-24));
	assert_true(is_value("F16", 0x8000, -0.0));
	assert_true(isinf(value("F16", 0xfc00)) && value("F16", 0xfc00) < 0);
	assert_true(isnan(value("F16", 0x7c01)));
	assert_true(is_value("BF16", 0xbf80, -1.0));
	assert_true(is_value("F32", 0x40490fdb, 0x1.921fb6p+1));
	assert_true(is_value("F64", 0x3ff8000000000000, 1.5));
	assert_true(is_value("F8_E4M3", 0x7e, 448.0));
	assert_true(isnan(value("F8_E4M3", 0xff)));
	assert_true(is_value("F8_E5M2", 0x7b, 57344.0));
	assert_true(isinf(value("F8_E5M2", 0x7c)));
	assert_true(is_value("F8_E4M3FNUZ", 0x7f, 240.0));
	assert_true(isnan(value("F8_E4M3FNUZ", 0x80)));
	assert_true(is_value("F8_E5M2FNUZ", 0x7f, 57344.0));
	assert_string_equal(sy_dtype_find(sy_span_str(">f4"))->canonical, "f32");
	assert_null(sy_dtype_find(sy_span_str("")));
	assert_null(sy_dtype_find(sy_span_str("<")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_plain_sha256),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
