/* SPDX-License-Identifier: Apache-2.0 */
/* Every single change to a private key's file: refused, or the same key. */
#include "keys/private_key.h"

#include "tests/keys/vectors.h"

/* Each bit of an unencrypted file turned, each byte gone: never another key. */
static void test_mutants(void **state)
{
	static const char *const files[] = {
		"accept-p256.key", "accept-ed25519.key", "accept-minisign-plain.key",
		"accept-signify.sec",
	};
	struct test_passphrase none;
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_passphrase_init(&none, NULL);
	for (size_t i = 0; i < SY_N_ELEMS(files); i++) {
		struct sy_span file = vector(&arena, files[i]);
		struct sy_private_key *key = vector_private(&ctx, files[i]), *other;
		uint8_t *copy = sy_arena_alloc(&arena, file.len);
		size_t n_other = 0;

		memcpy(copy, file.data, file.len);
		for (size_t bit = 0; bit < 8 * file.len; bit++) {
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (sy_private_key_read(&ctx, sy_span_of(copy, file.len), &none.source,
						&other) == SY_OK) {
				n_other += !sy_digest_equal(
					sy_public_key_id(sy_private_key_public(key)),
					sy_public_key_id(sy_private_key_public(other)));
				sy_private_key_free(&other);
			}
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		/* PKCS#8 has no second half of an Ed25519 key to compare the first with. */
		if (strcmp(files[i], "accept-ed25519.key"))
			assert_int_equal(n_other, 0);
		for (size_t len = 0; len + 2 < file.len; len++) {
			assert_int_not_equal(sy_private_key_read(&ctx,
								 sy_span_of(file.data, len),
								 &none.source, &other), SY_OK);
			assert_null(other);
		}
		sy_private_key_free(&key);
	}
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

/* Does a changed file open as another key?  The same one: its comment changed. */
static void try_encrypted(struct sy_context *ctx, struct sy_span file,
			  const struct sy_private_key *key)
{
	struct test_passphrase passphrase;
	struct sy_private_key *other;

	sy_error_clear(ctx);
	test_passphrase_init(&passphrase, VECTOR_PASSPHRASE);
	if (sy_private_key_read(ctx, file, &passphrase.source, &other) == SY_OK)
		assert_same_key(sy_private_key_public(key), sy_private_key_public(other));
	sy_private_key_free(&other);
}

/* Encrypted files with the right passphrase: each bit, each byte gone, each cut. */
static void test_mutants_encrypted(void **state)
{
	static const char *const files[] = {
		"accept-p256-quick.key", "accept-p256-cosign-quick.key",
		"accept-minisign-quick.key",
	};
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	ctx.limits.key_work = 2 << 20;
	for (size_t i = 0; i < SY_N_ELEMS(files); i++) {
		struct sy_span file = vector(&arena, files[i]);
		struct sy_private_key *key = vector_private(&ctx, files[i]);
		uint8_t *copy = sy_arena_alloc(&arena, file.len);

		memcpy(copy, file.data, file.len);
		for (size_t bit = 0; bit < 8 * file.len; bit++) {
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			try_encrypted(&ctx, sy_span_of(copy, file.len), key);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t at = 0; at < file.len; at++) {
			try_encrypted(&ctx, sy_span_of(copy, at), key);
			memcpy(copy, file.data, at);
			memcpy(copy + at, file.data + at + 1, file.len - at - 1);
			try_encrypted(&ctx, sy_span_of(copy, file.len - 1), key);
			memcpy(copy, file.data, file.len);
		}
		sy_private_key_free(&key);
	}
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_mutants_encrypted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
