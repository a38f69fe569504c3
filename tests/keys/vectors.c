/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/keys/vectors.h"

#include <stdio.h>

struct sy_span vector(struct sy_arena *arena, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/keys/%s", test_vectors(), name);
	return test_read_file(arena, path);
}

static enum sy_status say(struct sy_context *ctx, void *user, struct sy_secret *passphrase)
{
	struct test_passphrase *known = user;

	known->n_asked++;
	return sy_secret_copy(ctx, sy_span_str(known->text), passphrase);
}

void test_passphrase_init(struct test_passphrase *passphrase, const char *text)
{
	*passphrase = (struct test_passphrase){
		.source = { .ask = text ? say : NULL, .user = passphrase }, .text = text,
	};
}

enum sy_status vector_read(struct sy_context *ctx, const char *name,
			   struct test_passphrase *passphrase, struct sy_private_key **key)
{
	struct sy_context plain;
	enum sy_status status;
	struct sy_arena arena;

	sy_context_init(&plain);	/* reading the file is not what is tested */
	sy_arena_init(&arena, &plain);
	status = sy_private_key_read(ctx, vector(&arena, name), &passphrase->source, key);
	assert_true((status == SY_OK) == (*key != NULL));
	sy_arena_free(&arena);
	return status;
}

struct sy_private_key *vector_private(struct sy_context *ctx, const char *name)
{
	struct test_passphrase passphrase;
	struct sy_private_key *key;

	test_passphrase_init(&passphrase, VECTOR_PASSPHRASE);
	if (vector_read(ctx, name, &passphrase, &key) != SY_OK)
		fail_msg("%s: %s", name, ctx->error.text);
	return key;
}

struct sy_public_key *vector_public(struct sy_context *ctx, const char *name)
{
	struct sy_public_key *key;
	struct sy_arena arena;

	sy_arena_init(&arena, ctx);
	if (sy_public_key_read(ctx, vector(&arena, name), &key) != SY_OK)
		fail_msg("%s: %s", name, ctx->error.text);
	assert_non_null(key);
	sy_arena_free(&arena);
	return key;
}

void assert_same_key(const struct sy_public_key *a, const struct sy_public_key *b)
{
	uint8_t number_a[8], number_b[8];

	assert_true(sy_digest_equal(sy_public_key_id(a), sy_public_key_id(b)));
	assert_int_equal(sy_public_key_number(a, number_a), sy_public_key_number(b, number_b));
	assert_memory_equal(number_a, number_b, 8);
}

void assert_key_signs(struct sy_context *ctx, const struct sy_private_key *key,
		      const struct sy_public_key *public)
{
	struct sy_span message = sy_span_str("a message");
	uint8_t signature[SY_SIGNATURE_MAX];
	bool is_valid;
	size_t len;

	assert_int_equal(sy_private_key_sign(ctx, key, message, signature, &len), SY_OK);
	assert_int_equal(sy_public_key_verify(ctx, public, SY_KEY_HASH_OF_CURVE, message,
					      sy_span_of(signature, len), &is_valid), SY_OK);
	assert_true(is_valid);
}
