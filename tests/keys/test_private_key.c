/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys: from the files of openssl, minisign, signify and cosign, what is
 * refused before anybody types a passphrase.
 */
#include "keys/private_key.h"

#include <stdio.h>

#include "tests/keys/vectors.h"

static const struct {
	const char *file, *public;
	bool is_encrypted;
} accepted[] = {
	{ "accept-p256.key", "accept-p256.pub", false },
	{ "accept-p256-sec1.key", "accept-p256.pub", false },
	{ "accept-p256-params-sec1.key", NULL, false },
	{ "accept-p256-pbkdf2.key", "accept-p256.pub", true },
	{ "accept-p256-scrypt.key", "accept-p256.pub", true },
	{ "accept-p256-quick.key", "accept-p256.pub", true },
	{ "accept-p256-cosign-quick.key", "accept-p256.pub", true },
	{ "accept-minisign-quick.key", "accept-minisign.pub", true },
	{ "accept-p256-sigstore.key", "accept-p256.pub", true },
	{ "accept-p256-cosign.key", "accept-p256.pub", true },
	{ "accept-p256-cosign-sec1.key", "accept-p256.pub", true },
	{ "accept-p384.key", "accept-p384.pub", false },
	{ "accept-p384-sec1.key", "accept-p384.pub", false },
	{ "accept-p384-scrypt.key", "accept-p384.pub", true },
	{ "accept-p521.key", "accept-p521.pub", false },
	{ "accept-p521-sec1.key", "accept-p521.pub", false },
	{ "accept-p521-scrypt.key", "accept-p521.pub", true },
	{ "accept-ed25519.key", "accept-ed25519.pub", false },
	{ "accept-ed25519-scrypt.key", "accept-ed25519.pub", true },
	{ "accept-minisign-plain.key", "accept-minisign.pub", false },
	{ "accept-minisign.key", "accept-minisign.pub", true },
	{ "accept-signify.sec", "accept-signify.pub", false },
};

static void test_accepted(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(accepted); i++) {
		struct test_passphrase passphrase;
		struct sy_private_key *key;
		struct sy_public_key *public;

		test_passphrase_init(&passphrase, VECTOR_PASSPHRASE);
		if (vector_read(&ctx, accepted[i].file, &passphrase, &key) != SY_OK)
			fail_msg("%s: %s", accepted[i].file, ctx.error.text);
		assert_int_equal(passphrase.n_asked, accepted[i].is_encrypted);
		if (accepted[i].public) {
			public = vector_public(&ctx, accepted[i].public);
			assert_same_key(public, sy_private_key_public(key));
			assert_key_signs(&ctx, key, public);
			sy_public_key_free(&public);
		}
		sy_private_key_free(&key);
		assert_null(key);
	}
	assert_int_equal(ctx.memory_used, 0);
}

static void test_passphrases(void **state)
{
	static const char *const wrong[] = { "correct horsf", "x", "correct horse " };
	struct test_passphrase passphrase;
	struct sy_private_key *key;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(accepted); i++) {
		if (!accepted[i].is_encrypted)
			continue;
		for (size_t w = 0; w < SY_N_ELEMS(wrong); w++) {
			sy_error_clear(&ctx);
			test_passphrase_init(&passphrase, wrong[w]);
			assert_int_equal(vector_read(&ctx, accepted[i].file, &passphrase, &key),
					 SY_FORMAT);
			/* Once in 256, CBC's padding fits, and what is inside does not. */
			if (!strstr(ctx.error.text, "this PKCS#8 private key is malformed")) {
				assert_int_equal(ctx.error.failure,
						 SY_FAILURE_PASSPHRASE_WRONG);
				assert_string_equal(ctx.error.text, "the passphrase does not "
						    "open this private key");
			}
		}
		sy_error_clear(&ctx);
		test_passphrase_init(&passphrase, NULL);
		assert_int_equal(vector_read(&ctx, accepted[i].file, &passphrase, &key),
				 SY_FORMAT);
		assert_int_equal(ctx.error.failure, SY_FAILURE_PASSPHRASE_MISSING);
		assert_non_null(strstr(ctx.error.text, "no passphrase was given"));
		test_passphrase_init(&passphrase, "");
		assert_int_equal(vector_read(&ctx, accepted[i].file, &passphrase, &key),
				 SY_FORMAT);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* None of them is worth a passphrase: nobody is asked. */
static const struct {
	const char *file;
	enum sy_status status;
	const char *says;
} refused[] = {
	{ "accept-p256.pub", SY_FORMAT, "this is a public key" },
	{ "accept-minisign.pub", SY_FORMAT, "this is a public key" },
	{ "reject-certificate.pub", SY_FORMAT, "certificate" },
	{ "message", SY_FORMAT, "no private key" },
	{ "accept-hashed.minisig", SY_FORMAT, "two lines" },
	{ "reject-rsa.key", SY_FORMAT, "RSA private keys are not taken" },
	{ "reject-rsa-pkcs1.key", SY_FORMAT, "RSA private keys are not taken" },
	{ "reject-secp256k1.key", SY_FORMAT, "secp256k1" },
	{ "reject-old-encryption.key", SY_UNSUPPORTED, "old way" },
	{ "reject-pbes1.key", SY_UNSUPPORTED, "PBES2" },
	{ "reject-other-half.key", SY_FORMAT, "belong together" },
	{ "reject-minisign-damaged.key", SY_FORMAT, "belong together" },
	{ "reject-signify-bcrypt.sec", SY_UNSUPPORTED, "bcrypt" },
	{ "reject-pbkdf2-work.key", SY_LIMIT, "key-work" },
	{ "reject-scrypt-work.key", SY_LIMIT, "key-work" },
	{ "reject-minisign-work.key", SY_LIMIT, "key-work" },
	{ "reject-cosign-work.key", SY_LIMIT, "key-work" },
	{ "reject-cosign-member.key", SY_FORMAT, "cosign" },
	{ "reject-cosign-duplicate.key", SY_FORMAT, "cosign" },
	{ "reject-cosign-missing.key", SY_FORMAT, "cosign" },
};

static void test_refused(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(refused); i++) {
		struct test_passphrase passphrase;
		struct sy_private_key *key;

		sy_error_clear(&ctx);
		test_passphrase_init(&passphrase, VECTOR_PASSPHRASE);
		if (vector_read(&ctx, refused[i].file, &passphrase, &key) != refused[i].status ||
		    !strstr(ctx.error.text, refused[i].says))
			fail_msg("%s: %s", refused[i].file, ctx.error.text);
		assert_int_equal(passphrase.n_asked, 0);
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* The limit is a limit, not a constant. */
static void test_work(void **state)
{
	static const char *const files[] = {
		"accept-p256-scrypt.key", "accept-p256-cosign.key", "accept-minisign.key",
	};
	/* 128 N r p of each. */
	static const uint64_t work[] = { 4194304, 4194304, 16777216 };
	struct test_passphrase passphrase;
	struct sy_private_key *key;
	struct sy_context ctx;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(files); i++) {
		sy_context_init(&ctx);
		ctx.limits.key_work = work[i] - 1;
		test_passphrase_init(&passphrase, VECTOR_PASSPHRASE);
		assert_int_equal(vector_read(&ctx, files[i], &passphrase, &key), SY_LIMIT);
		assert_int_equal(passphrase.n_asked, 0);
		sy_error_clear(&ctx);
		ctx.limits.key_work = work[i];
		assert_int_equal(vector_read(&ctx, files[i], &passphrase, &key), SY_OK);
		sy_private_key_free(&key);
	}
	sy_context_init(&ctx);
	test_passphrase_init(&passphrase, VECTOR_PASSPHRASE);
	assert_int_equal(vector_read(&ctx, "reject-scrypt-memory.key", &passphrase, &key),
			 SY_UNSUPPORTED);
	assert_int_equal(ctx.error.failure, SY_FAILURE_NONE);
	sy_error_clear(&ctx);
	assert_int_equal(vector_read(&ctx, "reject-cosign-parameters.key", &passphrase, &key),
			 SY_FORMAT);
	assert_int_equal(ctx.error.failure, SY_FAILURE_KEY_MALFORMED);
}

static void test_no_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(accepted); i++) {
		enum sy_status status = SY_NO_MEMORY;

		for (uint64_t n = 0; status != SY_OK; n++) {
			struct test_allocator allocator = { .fail_at = n };
			struct test_passphrase passphrase;
			struct sy_private_key *key;
			struct sy_context ctx;

			assert_true(n < 64);
			sy_context_init(&ctx);
			test_allocator_use(&ctx, &allocator);
			test_passphrase_init(&passphrase, VECTOR_PASSPHRASE);
			status = vector_read(&ctx, accepted[i].file, &passphrase, &key);
			assert_true(status == SY_OK || status == SY_NO_MEMORY);
			sy_private_key_free(&key);
			assert_int_equal(allocator.n_live, 0);
		}
	}
}

/* cosign's own test keys, whose passphrase is "hello", and its plain ones. */
static void test_cosign_corpus(void **state)
{
	static const struct { const char *name; const char *says; } files[] = {
		{ "pemcosignkey.pem", NULL }, { "pemcosigneckey.pem", NULL },
		{ "pemsigstorekey.pem", NULL }, { "ed25519key.pem", NULL },
		{ "validecp256.pem", NULL }, { "validecp384.pem", NULL },
		{ "validecp521.pem", NULL }, { "validecpkcs8.pem", NULL },
		{ "validrsa.pem", "RSA" }, { "validrsapkcs1.pem", "RSA" },
		{ "validrsapkcs8.pem", "RSA" }, { "invalidecp224.pem", "secp224r1" },
		{ "invalidecunsupported.pem", "secp256k1" }, { "invalidkey.pem", "PGP" },
		{ "invalidrsawithpubkey.pem", "public key" },
	};
	struct sy_context ctx;
	struct sy_arena arena;
	unsigned n = 0;

	(void)state;
	if (!test_corpus()) {
		printf("SKIPPED: cosign's keys (STEELYARD_CORPUS is not set)\n");
		skip();
	}
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(files); i++) {
		struct test_passphrase passphrase;
		struct sy_private_key *key;
		char path[1024];
		enum sy_status status;

		sy_error_clear(&ctx);
		snprintf(path, sizeof(path), "%s/oms/cosign/extracted-from-pkg-cosign-keys_test.go"
			 "/%s", test_corpus(), files[i].name);
		test_passphrase_init(&passphrase, "hello");
		status = sy_private_key_read(&ctx, test_read_file(&arena, path),
					     &passphrase.source, &key);
		if ((status == SY_OK) != !files[i].says ||
		    (files[i].says && !strstr(ctx.error.text, files[i].says)))
			fail_msg("%s: %s", files[i].name, ctx.error.text);
		sy_private_key_free(&key);
		n++;
	}
	printf("corpus: cosign-keys %u cases\n", n);
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_passphrases),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_cosign_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
