/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key and signature files of any bytes.  What is read can be written and read
 * back as the same key; a key and a signature that nobody made together do not
 * verify; and nothing is computed beyond the limit.
 */
#include "keys/minisign.h"
#include "keys/private_key.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"

static enum sy_status say(struct sy_context *ctx, void *user, struct sy_secret *passphrase)
{
	(void)user;
	return sy_secret_copy(ctx, sy_span_str("correct horse"), passphrase);
}

/* Nobody signs with zeros, as long as a signature of the key's kind may be. */
static void check_zeros(struct sy_context *ctx, const struct sy_public_key *key, size_t len)
{
	static const uint8_t zero[1024];
	bool is_valid;

	FUZZ_CHECK(len <= sizeof(zero));
	for (unsigned hash = 0; hash <= SY_KEY_HASH_SHA256_PSS; hash++) {
		FUZZ_CHECK(sy_public_key_verify(ctx, key, (enum sy_key_hash)hash,
						sy_span_str("text"), sy_span_of(zero, len),
						&is_valid) == SY_OK);
		FUZZ_CHECK(!is_valid);
	}
}

static void check_public(struct sy_context *ctx, const struct sy_public_key *key)
{
	char text[SY_PUBLIC_KEY_TEXT_MAX];
	struct sy_public_key *again;
	size_t len;

	FUZZ_CHECK(sy_public_key_write(ctx, key, SY_KEY_FILE_PEM, text, &len) == SY_OK);
	FUZZ_CHECK(len < sizeof(text));
	FUZZ_CHECK(sy_public_key_read(ctx, sy_span_of(text, len), &again) == SY_OK);
	FUZZ_CHECK(sy_digest_equal(sy_public_key_id(key), sy_public_key_id(again)));
	check_zeros(ctx, key, 64);
	check_zeros(ctx, key, (sy_public_key_bits(key) + 7) / 8);
	sy_public_key_free(&again);
}

static void check_keys(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_passphrase passphrase = { .ask = say };
	struct sy_public_key *public;
	struct sy_private_key *private;
	enum sy_status status = sy_public_key_read(ctx, bytes, &public);

	FUZZ_CHECK(status == SY_OK || status == SY_FORMAT);
	if (status == SY_OK) {
		FUZZ_CHECK(!sy_private_key_is(bytes));
		check_public(ctx, public);
	}
	sy_public_key_free(&public);
	sy_error_clear(ctx);
	status = sy_private_key_read(ctx, bytes, &passphrase, &private);
	FUZZ_CHECK((status == SY_OK) == (private != NULL));
	if (private) {
		FUZZ_CHECK(sy_private_key_is(bytes));
		check_public(ctx, sy_private_key_public(private));
	}
	sy_private_key_free(&private);
	sy_error_clear(ctx);
}

static void check_signature(struct sy_context *ctx, struct sy_span bytes)
{
	/* The point of a key that only its owner can sign with. */
	static const char key_text[] =
		"untrusted comment: x\n"
		"RWT0tnyw86F7FQdpgEu8SKxB7OERe7r9xgd+gB4Ck1iMag/fGZsqq8Ww\n";
	const struct sy_digest digest = { .algorithm = SY_BLAKE2B, .len = 64 };
	const struct sy_minisign_subject subject = { .digest = &digest, .has_content = true };
	enum sy_minisign_result result;
	struct sy_minisign signature;
	struct sy_public_key *key;

	if (sy_minisign_parse(ctx, bytes, &signature) != SY_OK &&
	    sy_signify_parse(ctx, bytes, &signature) != SY_OK)
		return;
	FUZZ_CHECK(bytes.len <= SY_MINISIGN_FILE_MAX);
	FUZZ_CHECK(signature.trusted.len <= SY_MINISIGN_TRUSTED_MAX);
	sy_error_clear(ctx);
	FUZZ_CHECK(sy_public_key_read(ctx, sy_span_str(key_text), &key) == SY_OK);
	FUZZ_CHECK(sy_minisign_verify(ctx, &signature, key, &subject, &result) == SY_OK);
	FUZZ_CHECK(result != SY_MINISIGN_VALID);
	sy_public_key_free(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_span bytes = sy_span_of(data, len);
	struct sy_context ctx;

	fuzz_context(&ctx);
	ctx.limits.key_work = 1 << 20;	/* as quick as a fuzzer wants it */
	check_keys(&ctx, bytes);
	check_signature(&ctx, bytes);
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
