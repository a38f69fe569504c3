/* SPDX-License-Identifier: Apache-2.0 */
/* Fresh keys of every kind, written in every format and read back. */
#include "keys/private_key.h"

#include "tests/keys/vectors.h"

static const enum sy_key_kind kinds[] = {
	SY_KEY_P256, SY_KEY_P384, SY_KEY_P521, SY_KEY_ED25519,
};

static void write_and_read(struct sy_context *ctx, const struct sy_private_key *key,
			   enum sy_key_file format, const char *words)
{
	struct test_passphrase passphrase;
	struct sy_public_key *public;
	struct sy_private_key *back;
	char text[SY_PUBLIC_KEY_TEXT_MAX];
	struct sy_secret file;
	uint8_t number[8];
	size_t len;

	assert_int_equal(sy_private_key_write(ctx, key, format, sy_span_str(words), &file),
			 SY_OK);
	test_passphrase_init(&passphrase, words);
	if (sy_private_key_read(ctx, sy_secret_span(&file), &passphrase.source, &back) != SY_OK)
		fail_msg("%.*s: %s", (int)file.len, (char *)file.data, ctx->error.text);
	assert_int_equal(passphrase.n_asked, *words != 0);
	assert_key_signs(ctx, back, sy_private_key_public(key));
	sy_secret_free(&file);

	assert_int_equal(sy_public_key_write(ctx, sy_private_key_public(key), format, text,
					     &len), SY_OK);
	assert_int_equal(strlen(text), len);
	assert_int_equal(sy_public_key_read(ctx, sy_span_of(text, len), &public), SY_OK);
	/* Both halves bear the same number, or both have none. */
	assert_same_key(sy_private_key_public(back), public);
	assert_int_equal(sy_public_key_number(public, number), format == SY_KEY_FILE_MINISIGN);
	assert_true(sy_digest_equal(sy_public_key_id(public),
				    sy_public_key_id(sy_private_key_public(key))));
	sy_public_key_free(&public);
	sy_private_key_free(&back);
}

static void test_generate(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(kinds); i++) {
		struct sy_private_key *key, *other;
		struct sy_secret file;

		assert_int_equal(sy_private_key_generate(&ctx, kinds[i], &key), SY_OK);
		assert_int_equal(sy_private_key_generate(&ctx, kinds[i], &other), SY_OK);
		assert_int_equal(sy_public_key_kind(sy_private_key_public(key)), kinds[i]);
		assert_false(sy_digest_equal(sy_public_key_id(sy_private_key_public(key)),
					     sy_public_key_id(sy_private_key_public(other))));
		write_and_read(&ctx, key, SY_KEY_FILE_PEM, "");
		write_and_read(&ctx, key, SY_KEY_FILE_PEM, "some \xc3\xa9words");
		if (kinds[i] == SY_KEY_ED25519) {
			write_and_read(&ctx, key, SY_KEY_FILE_MINISIGN, "");
			write_and_read(&ctx, key, SY_KEY_FILE_MINISIGN, "words");
		} else {
			assert_int_equal(sy_private_key_write(&ctx, key, SY_KEY_FILE_MINISIGN,
							      sy_span_str("w"), &file),
					 SY_USAGE);
			assert_null(file.data);
			sy_error_clear(&ctx);
		}
		sy_private_key_free(&key);
		sy_private_key_free(&other);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* Two encrypted files of one key have nothing in common: salts are fresh. */
static void test_salt(void **state)
{
	struct sy_context ctx;
	struct sy_private_key *key;

	(void)state;
	sy_context_init(&ctx);
	key = vector_private(&ctx, "accept-minisign.key");
	for (unsigned format = SY_KEY_FILE_PEM; format <= SY_KEY_FILE_MINISIGN; format++) {
		struct sy_secret one, two;

		assert_int_equal(sy_private_key_write(&ctx, key, format, sy_span_str("w"), &one),
				 SY_OK);
		assert_int_equal(sy_private_key_write(&ctx, key, format, sy_span_str("w"), &two),
				 SY_OK);
		assert_false(sy_span_equal(sy_secret_span(&one), sy_secret_span(&two)));
		sy_secret_free(&one);
		sy_secret_free(&two);
	}
	sy_private_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_salt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
