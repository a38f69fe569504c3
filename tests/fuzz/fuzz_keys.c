/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key and signature files of any bytes.  What is read can be written and read
 * back as the same key; what a private key signs, its public half verifies, and
 * not with a bit turned; no other passphrase opens it; a key and a signature that
 * nobody made together do not verify; and nothing is computed beyond the limit.
 * A first byte that no such file has chooses: 0 is a key, a signature and what it
 * is over, the first two behind two bytes of length; 1 is a file of a passphrase, 2 one
 * that cannot be read to its end.
 */
#include <errno.h>
#include <string.h>

#include "keys/minisign.h"
#include "keys/private_key.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/memory.h"
#include "verifier/digest/hasher.h"

/* user: the passphrase, a string. */
static enum sy_status say(struct sy_context *ctx, void *user, struct sy_secret *passphrase)
{
	return sy_secret_copy(ctx, sy_span_str(user), passphrase);
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
	struct sy_public_key *again, *copy;
	size_t len;

	FUZZ_CHECK(sy_public_key_copy(ctx, key, &copy) == SY_OK);
	FUZZ_CHECK(sy_digest_equal(sy_public_key_der_digest(key),
				   sy_public_key_der_digest(copy)));
	sy_public_key_free(&copy);
	FUZZ_CHECK(sy_public_key_write(ctx, key, SY_KEY_FILE_PEM, text, &len) == SY_OK);
	FUZZ_CHECK(len < sizeof(text));
	FUZZ_CHECK(sy_public_key_read(ctx, sy_span_of(text, len), &again) == SY_OK);
	FUZZ_CHECK(sy_digest_equal(sy_public_key_id(key), sy_public_key_id(again)));
	check_zeros(ctx, key, 64);
	check_zeros(ctx, key, (sy_public_key_bits(key) + 7) / 8);
	sy_public_key_free(&again);
}

/* The file again, with a passphrase that is not its own, and with none. */
static void check_locked(struct sy_context *ctx, struct sy_span bytes)
{
	char other[] = "another horse";
	struct sy_passphrase wrong = { .ask = say, .user = other }, none = { .ask = NULL };
	struct sy_private_key *private;

	FUZZ_CHECK(sy_private_key_read(ctx, bytes, &none, &private) == SY_FORMAT);
	FUZZ_CHECK(ctx->error.failure == SY_FAILURE_PASSPHRASE_MISSING && !private);
	sy_error_clear(ctx);
	FUZZ_CHECK(sy_private_key_read(ctx, bytes, &wrong, &private) == SY_FORMAT);
	FUZZ_CHECK(!private);
	sy_error_clear(ctx);
}

static void check_minisign(struct sy_context *ctx, const struct sy_private_key *private)
{
	const struct sy_digest digest = { .algorithm = SY_BLAKE2B, .len = 64 };
	const struct sy_minisign_subject subject = { .digest = &digest };
	enum sy_minisign_result result;
	struct sy_minisign signature;
	struct sy_buffer text;
	struct sy_out out;

	sy_buffer_init(&text, ctx);
	sy_out_init(&out, sy_buffer_write, &text);
	FUZZ_CHECK(sy_minisign_sign(ctx, private, &digest, sy_span_str("c"), &out) == SY_OK);
	FUZZ_CHECK(sy_out_flush(&out) == SY_OK);
	FUZZ_CHECK(sy_minisign_parse(ctx, sy_span_of(text.data, text.len), &signature) ==
		   SY_OK);
	FUZZ_CHECK(sy_minisign_verify(ctx, &signature, sy_private_key_public(private),
				      &subject, &result) == SY_OK);
	FUZZ_CHECK(result == SY_MINISIGN_VALID);
	sy_buffer_free(&text);
}

static void check_signing(struct sy_context *ctx, const struct sy_private_key *private)
{
	const struct sy_public_key *public = sy_private_key_public(private);
	uint8_t signature[SY_SIGNATURE_MAX];
	bool is_valid;
	size_t len;

	FUZZ_CHECK(sy_private_key_sign(ctx, private, sy_span_str("text"), signature, &len) ==
		   SY_OK);
	FUZZ_CHECK(sy_public_key_verify(ctx, public, SY_KEY_HASH_OF_CURVE, sy_span_str("text"),
					sy_span_of(signature, len), &is_valid) == SY_OK);
	FUZZ_CHECK(is_valid);
	signature[len / 2] ^= 1;
	FUZZ_CHECK(sy_public_key_verify(ctx, public, SY_KEY_HASH_OF_CURVE, sy_span_str("text"),
					sy_span_of(signature, len), &is_valid) == SY_OK);
	FUZZ_CHECK(!is_valid);
	if (sy_public_key_kind(public) == SY_KEY_ED25519)
		check_minisign(ctx, private);
}

static enum sy_status say_and_note(struct sy_context *ctx, void *user,
				   struct sy_secret *passphrase)
{
	*(bool *)user = true;
	return sy_secret_copy(ctx, sy_span_str("correct horse"), passphrase);
}

static void check_keys(struct sy_context *ctx, struct sy_span bytes)
{
	bool is_asked = false;
	struct sy_passphrase passphrase = { .ask = say_and_note, .user = &is_asked };
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
		check_signing(ctx, private);
		if (is_asked)
			check_locked(ctx, bytes);
	}
	sy_private_key_free(&private);
	sy_error_clear(ctx);
}

/* Is the parsed signature the key's over the content?  Two answers to one question. */
static enum sy_minisign_result ask_minisign(struct sy_context *ctx,
					    const struct sy_minisign *signature,
					    const struct sy_public_key *key,
					    struct sy_span content)
{
	struct sy_digest digest;
	struct sy_minisign_subject subject = { .content = content, .has_content = true };
	enum sy_minisign_result result;
	enum sy_status status;

	FUZZ_CHECK(sy_hash(ctx, SY_BLAKE2B, content, &digest) == SY_OK);
	FUZZ_CHECK(sy_minisign_verify(ctx, signature, key, &subject, &result) ==
		   (signature->is_hashed ? SY_USAGE : SY_OK));
	sy_error_clear(ctx);
	subject = (struct sy_minisign_subject){ .digest = &digest,
						.has_content = !signature->is_hashed,
						.content = content };
	status = sy_minisign_verify(ctx, signature, key, &subject, &result);
	FUZZ_CHECK(status == SY_OK && sy_minisign_result_text(result)[0]);
	return result;
}

static bool is_minisign(struct sy_context *ctx, struct sy_span file,
			const struct sy_public_key *key, struct sy_span content)
{
	struct sy_minisign signature;
	bool is_parsed = sy_minisign_parse(ctx, file, &signature) == SY_OK ||
			 sy_signify_parse(ctx, file, &signature) == SY_OK;

	sy_error_clear(ctx);
	if (is_parsed)
		FUZZ_CHECK(signature.trusted.len <= SY_MINISIGN_TRUSTED_MAX &&
			   file.len <= SY_MINISIGN_FILE_MAX);
	return is_parsed && ask_minisign(ctx, &signature, key, content) == SY_MINISIGN_VALID;
}

/* A signature file, or a bare signature of any kind. */
static bool is_signed(struct sy_context *ctx, struct sy_span signature,
		      const struct sy_public_key *key, struct sy_span content)
{
	bool is_valid = is_minisign(ctx, signature, key, content);

	for (unsigned hash = 0; hash <= SY_KEY_HASH_SHA256_PSS && !is_valid; hash++)
		FUZZ_CHECK(sy_public_key_verify(ctx, key, (enum sy_key_hash)hash, content,
						signature, &is_valid) == SY_OK);
	return is_valid;
}

/* No other content has the same signature, and no signature is over nothing. */
static void check_signed(struct sy_context *ctx, struct sy_span signature,
			 const struct sy_public_key *key, struct sy_span content)
{
	uint8_t *other = malloc(content.len + 1);

	FUZZ_CHECK(other);
	if (content.len)
		memcpy(other, content.data, content.len);
	other[content.len] = 0;
	if (is_signed(ctx, signature, key, content)) {
		FUZZ_CHECK(!is_signed(ctx, signature, key, sy_span_of(other, content.len + 1)));
		other[content.len / 2] ^= 1;
		FUZZ_CHECK(content.len == 0 ||
			   !is_signed(ctx, signature, key, sy_span_of(other, content.len)));
	}
	free(other);
}

static struct sy_span take(struct sy_span *bytes)
{
	size_t len = bytes->len >= 2 ? (size_t)bytes->data[0] << 8 | bytes->data[1] : 0;
	struct sy_span taken = sy_span_slice(*bytes, 2, len);

	*bytes = sy_span_slice(*bytes, 2 + len, SIZE_MAX);
	return taken;
}

static void check_signature(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_span file = take(&bytes), signature = take(&bytes);
	struct sy_public_key *key;

	if (sy_public_key_read(ctx, file, &key) == SY_OK)
		check_signed(ctx, signature, key, bytes);
	sy_public_key_free(&key);
	sy_error_clear(ctx);
}

/* The point of a key that only its owner can sign with. */
static void check_stranger(struct sy_context *ctx, struct sy_span signature)
{
	static const char text[] = "untrusted comment: x\n"
		"RWT0tnyw86F7FQdpgEu8SKxB7OERe7r9xgd+gB4Ck1iMag/fGZsqq8Ww\n";
	struct sy_public_key *key;

	FUZZ_CHECK(sy_public_key_read(ctx, sy_span_str(text), &key) == SY_OK);
	FUZZ_CHECK(!is_minisign(ctx, signature, key, sy_span_str("")));
	sy_public_key_free(&key);
}

/* A descriptor that reads the bytes, seven at a time, and is interrupted once. */
struct reader {
	struct sy_span rest;
	bool was_interrupted, is_failing;
};

static ssize_t read_some(void *user, int fd, void *to, size_t len)
{
	struct reader *r = user;
	size_t n = len < 7 ? len : 7;

	(void)fd;
	if (!r->was_interrupted) {
		r->was_interrupted = true;
		errno = EINTR;
		return -1;
	}
	n = n < r->rest.len ? n : r->rest.len;
	if (n == 0 && r->is_failing) {
		errno = EIO;
		return -1;
	}
	if (n)
		memcpy(to, r->rest.data, n);
	r->rest = sy_span_slice(r->rest, n, SIZE_MAX);
	return (ssize_t)n;
}

/* A passphrase is a prefix of its file, with a line's end behind it at most. */
static void check_passphrase(struct sy_context *ctx, struct sy_span bytes, bool is_failing)
{
	struct reader reader = { .rest = bytes, .is_failing = is_failing };
	struct sy_secret passphrase;
	enum sy_status status;

	ctx->files.read = read_some;
	ctx->files.user = &reader;
	status = sy_passphrase_read(ctx, 0, &passphrase);
	FUZZ_CHECK(status == SY_LIMIT || (is_failing ? status == SY_IO :
					  status == SY_OK || status == SY_FORMAT));
	FUZZ_CHECK(status == SY_OK || (ctx->error.text[0] && passphrase.len == 0));
	if (status == SY_OK) {
		FUZZ_CHECK(passphrase.len > 0 && passphrase.len + 2 >= bytes.len);
		FUZZ_CHECK(!memcmp(passphrase.data, bytes.data, passphrase.len));
	}
	sy_secret_free(&passphrase);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_span bytes = sy_span_of(data, len);
	struct sy_context ctx;

	fuzz_context(&ctx);
	ctx.limits.key_work = 1 << 20;	/* as quick as a fuzzer wants it */
	if (len > 0 && data[0] == 0) {
		check_signature(&ctx, sy_span_slice(bytes, 1, SIZE_MAX));
	} else if (len > 0 && data[0] <= 2) {
		check_passphrase(&ctx, sy_span_slice(bytes, 1, SIZE_MAX), data[0] == 2);
	} else {
		check_keys(&ctx, bytes);
		check_stranger(&ctx, bytes);
	}
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
