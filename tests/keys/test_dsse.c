/* SPDX-License-Identifier: Apache-2.0 */
/* keys/dsse: the bytes that signatures are over, and asking a key about them. */
#include "keys/dsse.h"

#include "tests/keys/vectors.h"

typedef enum sy_status encode_fn(struct sy_buffer *buffer, struct sy_span type,
				 struct sy_span payload);

static void assert_encodes(encode_fn *encode, const char *type, struct sy_span payload,
			   const char *expected)
{
	struct sy_context ctx;
	struct sy_buffer buffer;

	sy_context_init(&ctx);
	sy_buffer_init(&buffer, &ctx);
	assert_int_equal(encode(&buffer, sy_span_str(type), payload), SY_OK);
	if (!sy_span_is(sy_span_of(buffer.data, buffer.len), expected))
		fail_msg("%.*s, not %s", (int)buffer.len, (const char *)buffer.data, expected);
	sy_buffer_free(&buffer);
	assert_int_equal(ctx.memory_used, 0);
}

/* The first one is protocol.md's example. */
static void test_encode(void **state)
{
	(void)state;
	assert_encodes(sy_dsse_encode, "http://example.com/HelloWorld",
		       sy_span_str("hello world"),
		       "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
	assert_encodes(sy_dsse_encode, "", sy_span_str(""), "DSSEv1 0  0 ");
	assert_encodes(sy_dsse_encode, "t", sy_span_str("\xc3\xa9"), "DSSEv1 1 t 2 \xc3\xa9");
}

/* As repr() of Python prints the payload. */
static void test_encode_v02(void **state)
{
	(void)state;
	assert_encodes(sy_dsse_encode_v02, "t", sy_span_str("{\"a\": 1}"),
		       "DSSEV1 1 t 8 b'{\"a\": 1}'");
	assert_encodes(sy_dsse_encode_v02, "t", sy_span_str("\\ \t\n\r\x7f\x1f\xff~"),
		       "DSSEV1 1 t 9 b'\\\\ \\t\\n\\r\\x7f\\x1f\\xff~'");
	assert_encodes(sy_dsse_encode_v02, "t", sy_span_of("\0", 1), "DSSEV1 1 t 1 b'\\x00'");
	assert_encodes(sy_dsse_encode_v02, "t", sy_span_str("'"), "DSSEV1 1 t 1 b\"'\"");
	assert_encodes(sy_dsse_encode_v02, "t", sy_span_str("'\""), "DSSEV1 1 t 2 b'\\'\"'");
}

static bool verifies(struct sy_context *ctx, const struct sy_public_key *key,
		     struct sy_dsse dsse)
{
	bool is_valid = true;

	assert_int_equal(sy_dsse_verify(ctx, key, &dsse, &is_valid), SY_OK);
	return is_valid;
}

/* A signature counts for its type, its payload and its encoding only. */
static void test_verify(void **state)
{
	uint8_t signature[SY_SIGNATURE_MAX];
	struct sy_private_key *private;
	struct sy_buffer message;
	struct sy_context ctx;
	struct sy_dsse dsse = { .type = sy_span_str("ab"), .payload = sy_span_str("cd") };
	struct sy_dsse other;
	size_t len;

	(void)state;
	sy_context_init(&ctx);
	private = vector_private(&ctx, "accept-p384.key");
	sy_buffer_init(&message, &ctx);
	assert_int_equal(sy_dsse_encode(&message, dsse.type, dsse.payload), SY_OK);
	assert_int_equal(sy_private_key_sign(&ctx, private, sy_span_of(message.data, message.len),
					     signature, &len), SY_OK);
	dsse.signature = sy_span_of(signature, len);
	assert_true(verifies(&ctx, sy_private_key_public(private), dsse));
	other = dsse;
	other.type = sy_span_str("ac");
	assert_false(verifies(&ctx, sy_private_key_public(private), other));
	other = dsse;
	other.payload = sy_span_str("cd ");
	assert_false(verifies(&ctx, sy_private_key_public(private), other));
	other = dsse;
	other.is_v02 = true;
	assert_false(verifies(&ctx, sy_private_key_public(private), other));
	other = dsse;
	other.hash = SY_KEY_HASH_SHA256;
	assert_false(verifies(&ctx, sy_private_key_public(private), other));
	sy_buffer_free(&message);
	sy_private_key_free(&private);
	assert_int_equal(ctx.memory_used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_encode_v02),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
