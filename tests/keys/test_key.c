/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys from the files of openssl, minisign and signify, what is refused
 * and in which words, and signatures that other programs made.
 */
#include "keys/key.h"

#include <openssl/pem.h>
#include <stdio.h>

#include "keys/lines.h"
#include "tests/keys/vectors.h"
#include "verifier/base/text.h"

static const struct {
	const char *key;
	enum sy_key_kind kind;
	const char *kind_name, *signature;
	bool has_number;
} accepted[] = {
	{ "accept-p256.pub", SY_KEY_P256, "ecdsa-p256", "accept-p256.sig", false },
	{ "accept-p256-crlf.pub", SY_KEY_P256, "ecdsa-p256", "accept-p256.sig", false },
	{ "accept-p256-compressed.pub", SY_KEY_P256, "ecdsa-p256", "accept-p256.sig", false },
	{ "accept-p256-text.pub", SY_KEY_P256, "ecdsa-p256", "accept-p256.sig", false },
	{ "accept-p384.pub", SY_KEY_P384, "ecdsa-p384", "accept-p384.sig", false },
	{ "accept-p521.pub", SY_KEY_P521, "ecdsa-p521", "accept-p521.sig", false },
	{ "accept-ed25519.pub", SY_KEY_ED25519, "ed25519", "accept-ed25519.sig", false },
	{ "accept-minisign.pub", SY_KEY_ED25519, "ed25519", NULL, true },
	{ "accept-minisign-crlf.pub", SY_KEY_ED25519, "ed25519", NULL, true },
	{ "accept-signify.pub", SY_KEY_ED25519, "ed25519", NULL, true },
	{ "accept-rsa-2048.pub", SY_KEY_RSA, "rsa", "accept-rsa-2048.sig", false },
	{ "accept-rsa-3072.pub", SY_KEY_RSA, "rsa", "accept-rsa-3072.sig", false },
	{ "accept-rsa-4096.pub", SY_KEY_RSA, "rsa", "accept-rsa-4096.sig", false },
	{ "accept-rsa-8192.pub", SY_KEY_RSA, "rsa", "accept-rsa-8192.sig", false },
	{ "accept-rsa-exponent-64-bits.pub", SY_KEY_RSA, "rsa", NULL, false },
};

/* Bits from one turned to the next: all of them, but in what large RSA keys make. */
static size_t step(size_t len, size_t large)
{
	return len > large ? 7 : 1;
}

/* A signature fails with each of its bits turned, for every other message, and cut. */
static void assert_signs(struct sy_context *ctx, const struct sy_public_key *key,
			 struct sy_span message, struct sy_span signature)
{
	uint8_t copy[1025];
	bool is_valid;

	assert_int_equal(sy_public_key_verify(ctx, key, SY_KEY_HASH_OF_CURVE, message,
					      signature, &is_valid), SY_OK);
	assert_true(is_valid);
	assert_true(signature.len < sizeof(copy));
	memcpy(copy, signature.data, signature.len);
	for (size_t bit = 0; bit < 8 * signature.len;
	     bit += step(signature.len, 256)) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(sy_public_key_verify(ctx, key, SY_KEY_HASH_OF_CURVE, message,
						      sy_span_of(copy, signature.len),
						      &is_valid), SY_OK);
		assert_false(is_valid);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < signature.len; len++) {
		assert_int_equal(sy_public_key_verify(ctx, key, SY_KEY_HASH_OF_CURVE, message,
						      sy_span_of(copy, len), &is_valid), SY_OK);
		assert_false(is_valid);
	}
	copy[signature.len] = 0;
	assert_int_equal(sy_public_key_verify(ctx, key, SY_KEY_HASH_OF_CURVE, message,
					      sy_span_of(copy, signature.len + 1), &is_valid),
			 SY_OK);
	assert_false(is_valid);
	message.len--;
	assert_int_equal(sy_public_key_verify(ctx, key, SY_KEY_HASH_OF_CURVE, message,
					      signature, &is_valid), SY_OK);
	assert_false(is_valid);
}

static void test_accepted(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(accepted); i++) {
		struct sy_public_key *key = vector_public(&ctx, accepted[i].key);
		uint8_t number[8];

		assert_int_equal(sy_public_key_kind(key), accepted[i].kind);
		assert_string_equal(sy_key_kind_name(accepted[i].kind),
				    accepted[i].kind_name);
		assert_int_equal(sy_public_key_number(key, number), accepted[i].has_number);
		if (accepted[i].signature)
			assert_signs(&ctx, key, vector(&arena, "message"),
				     vector(&arena, accepted[i].signature));
		sy_public_key_free(&key);
		assert_null(key);
	}
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

/* The id is the digest of the file as openssl wrote it, however it was kept. */
static void test_id(void **state)
{
	static const char *const same[] = {
		"accept-p256.pub", "accept-p256-crlf.pub", "accept-p256-compressed.pub",
		"accept-p256-text.pub",
	};
	struct sy_span names, id, hint;
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	names = vector(&arena, "accept-p256.id");
	assert_true(sy_line_next(&names, &id) && sy_line_next(&names, &hint));
	for (size_t i = 0; i < SY_N_ELEMS(same); i++) {
		struct sy_public_key *key = vector_public(&ctx, same[i]);
		char hex[2 * SY_DIGEST_MAX + 1];

		sy_digest_hex(sy_public_key_id(key), hex);
		assert_true(sy_span_is(id, hex));
		assert_true(sy_public_key_is_hint(key, id));
		assert_true(sy_public_key_is_hint(key, hint));
		assert_false(sy_public_key_is_hint(key, sy_span_str("")));
		hex[63] ^= 1;
		assert_false(sy_public_key_is_hint(key, sy_span_str(hex)));
		assert_false(sy_public_key_is_hint(key, sy_span_slice(id, 0, 63)));
		sy_public_key_free(&key);
	}
	sy_arena_free(&arena);
}

static void test_number(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_public_key *key;
	uint8_t number[8];
	char text[17];

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	key = vector_public(&ctx, "accept-minisign.pub");
	assert_true(sy_public_key_number(key, number));
	/* minisign prints it as one little-endian number, 0.11 without zeros in front. */
	for (size_t i = 0; i < 8; i++)
		snprintf(text + 2 * i, 3, "%02X", number[7 - i]);
	assert_int_not_equal(sy_span_find(vector(&arena, "accept-minisign.pub"),
					  sy_span_str(text + strspn(text, "0"))), SIZE_MAX);
	sy_public_key_free(&key);
	sy_arena_free(&arena);
}

static const struct { const char *key, *says; } refused[] = {
	{ "accept-p256.key", "private key" },
	{ "accept-p256-sec1.key", "private key" },
	{ "accept-p256-scrypt.key", "private key" },
	{ "accept-ed25519.key", "private key" },
	{ "accept-minisign.key", "private key" },
	{ "accept-minisign-plain.key", "private key" },
	{ "accept-signify.sec", "private key" },
	{ "accept-hashed.minisig", "signature" },
	{ "accept-signify.sig", "signature" },
	{ "message", "no public key" },
	{ "accept-p256.sig", "no public key" },
	{ "reject-bytes-after-key.pub", "EC" },
	{ "reject-certificate.pub", "certificate" },
	{ "reject-comment-control.pub", "comment" },
	{ "reject-explicit-curve.pub", "named curves" },
	{ "reject-hybrid-point.pub", "0x0" },
	{ "reject-long-length.pub", "type EC prime256v1 in this form (of 256 bits)" },
	{ "reject-not-a-point.pub", "not on the curve" },
	{ "reject-not-ed.pub", "not Ed25519" },
	{ "reject-off-curve.pub", "not on its curve" },
	{ "reject-rsa-bits-1024.pub", "type RSA in this form (of 1024 bits)" },
	{ "reject-rsa-bits-2047.pub", "an RSA key of 2047 bits is not taken" },
	{ "reject-rsa-bits-8193.pub", "8193 bits" },
	{ "reject-rsa-bits-8200.pub", "8200 bits" },
	{ "reject-rsa-bytes-after.pub", "RSA" },
	{ "reject-rsa-bytes-in-bits.pub", "in DER" },
	{ "reject-rsa-exponent-0.pub", "in DER" },
	{ "reject-rsa-exponent-1.pub", "even or 1" },
	{ "reject-rsa-exponent-65-bits.pub", "has 65 bits; 64" },
	{ "reject-rsa-exponent-even.pub", "even or 1" },
	{ "reject-rsa-exponent-padded.pub", "in DER" },
	{ "reject-rsa-long-exponent-length.pub", "in DER" },
	{ "reject-rsa-modulus-even.pub", "modulus of this RSA key is even" },
	{ "reject-rsa-modulus-negative.pub", "in DER" },
	{ "reject-rsa-modulus-padded.pub", "in DER" },
	{ "reject-rsa-no-exponent.pub", "in DER" },
	{ "reject-rsa-no-null.pub", "RSA" },
	{ "reject-rsa-pkcs1.key", "private key" },
	{ "reject-rsa-pkcs1.pub", "'RSA PUBLIC KEY'" },
	{ "reject-rsa-pss.pub", "RSA-PSS" },
	{ "reject-rsa-third-number.pub", "in DER" },
	{ "reject-rsa-unused-bits.pub", "in this form" },
	{ "reject-rsa.key", "private key" },
	{ "reject-secp256k1.pub", "secp256k1" },
	{ "reject-small-order.pub", "small order" },
	{ "reject-small-order-minisign.pub", "small order" },
	{ "reject-third-line.pub", "more than two lines" },
	{ "reject-two-keys.pub", "more than one PEM block" },
};

static void test_refused(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(refused); i++) {
		struct sy_public_key *key;

		sy_error_clear(&ctx);
		if (sy_public_key_read(&ctx, vector(&arena, refused[i].key), &key) != SY_FORMAT)
			fail_msg("%s is taken", refused[i].key);
		assert_null(key);
		if (!strstr(ctx.error.text, refused[i].says))
			fail_msg("%s: %s", refused[i].key, ctx.error.text);
	}
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

/* Points of orders 1, 2, 4 and 8; and the base point plus one of order 2. */
static void test_small_order(void **state)
{
	static const char *const points[] = {
		"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"7P///////////////////////////////////////38=",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"x2aWSlmbODSdRo+NyAbHTsDR27vDDB+fP3n8VbSkfQM=",
		"lZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZk=",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(points); i++) {
		struct sy_context ctx;
		struct sy_public_key *key;
		char file[256];
		int len;

		sy_context_init(&ctx);
		/* MCowBQYDK2VwAyEA: the header of an Ed25519 key. */
		len = snprintf(file, sizeof(file), "-----BEGIN PUBLIC KEY-----\n"
			       "MCowBQYDK2VwAyEA%s\n-----END PUBLIC KEY-----\n", points[i]);
		assert_int_equal(sy_public_key_read(&ctx, sy_span_of(file, (size_t)len), &key),
				 SY_FORMAT);
		assert_null(key);
	}
}

/* Whatever is cut off a key file or turned in it: refused, or another key. */
static void test_mutants(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(accepted); i++) {
		struct sy_span file = vector(&arena, accepted[i].key);
		struct sy_public_key *key = vector_public(&ctx, accepted[i].key), *other;
		uint8_t *copy = sy_arena_alloc(&arena, file.len);

		/* The last byte may be the newline, whose absence says nothing. */
		for (size_t len = 0; len + 2 < file.len; len++) {
			assert_int_not_equal(
				sy_public_key_read(&ctx, sy_span_of(file.data, len), &other),
				SY_OK);
			assert_null(other);
		}
		memcpy(copy, file.data, file.len);
		for (size_t bit = 0; bit < 8 * file.len; bit += step(file.len, 512)) {
			uint8_t mine[8], its[8];

			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (sy_public_key_read(&ctx, sy_span_of(copy, file.len), &other) == SY_OK) {
				bool is_same = sy_digest_equal(sy_public_key_id(key),
							       sy_public_key_id(other));

				/* A key with the same point: the comment, or the number. */
				if (is_same && sy_public_key_number(other, its) &&
				    sy_public_key_number(key, mine) && !memcmp(mine, its, 8))
					assert_true(bit / 8 < file.len - 57);
				sy_public_key_free(&other);
			}
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		sy_public_key_free(&key);
	}
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

static bool ask(struct sy_context *ctx, const struct sy_public_key *key, enum sy_key_hash hash,
		struct sy_span message, struct sy_span signature)
{
	bool is_valid;

	assert_int_equal(sy_public_key_verify(ctx, key, hash, message, signature, &is_valid),
			 SY_OK);
	return is_valid;
}

/* One way to pad is no other, and a key that is not RSA's has none. */
static void test_pss(void **state)
{
	struct sy_public_key *rsa, *ecdsa, *ed25519;
	struct sy_span message, pss, pkcs1;
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	rsa = vector_public(&ctx, "accept-rsa-2048.pub");
	ecdsa = vector_public(&ctx, "accept-p256.pub");
	ed25519 = vector_public(&ctx, "accept-ed25519.pub");
	message = vector(&arena, "message");
	pss = vector(&arena, "accept-rsa-2048-pss.sig");
	pkcs1 = vector(&arena, "accept-rsa-2048.sig");
	assert_true(ask(&ctx, rsa, SY_KEY_HASH_SHA256_PSS, message, pss));
	assert_false(ask(&ctx, rsa, SY_KEY_HASH_SHA256_PSS, message, pkcs1));
	assert_false(ask(&ctx, rsa, SY_KEY_HASH_OF_CURVE, message, pss));
	assert_true(ask(&ctx, rsa, SY_KEY_HASH_OF_CURVE, message, pkcs1));
	assert_true(ask(&ctx, rsa, SY_KEY_HASH_SHA256, message, pkcs1));
	assert_false(ask(&ctx, ecdsa, SY_KEY_HASH_SHA256_PSS, message,
			 vector(&arena, "accept-p256.sig")));
	assert_false(ask(&ctx, ed25519, SY_KEY_HASH_SHA256_PSS, message,
			 vector(&arena, "accept-ed25519.sig")));
	sy_public_key_free(&rsa);
	sy_public_key_free(&ecdsa);
	sy_public_key_free(&ed25519);
	sy_arena_free(&arena);
}

static void test_bits(void **state)
{
	static const struct { const char *key; unsigned bits; } sizes[] = {
		{ "accept-p256.pub", 256 }, { "accept-p384.pub", 384 },
		{ "accept-p521.pub", 521 }, { "accept-ed25519.pub", 256 },
		{ "accept-rsa-2048.pub", 2048 }, { "accept-rsa-8192.pub", 8192 },
	};
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(sizes); i++) {
		struct sy_public_key *key = vector_public(&ctx, sizes[i].key);

		assert_int_equal(sy_public_key_bits(key), sizes[i].bits);
		sy_public_key_free(&key);
	}
}

/* A file that is written is the file as openssl wrote it, and a copy the same key. */
static void test_rsa_text(void **state)
{
	static const char *const names[] = {
		"accept-rsa-2048.pub", "accept-rsa-3072.pub", "accept-rsa-8192.pub",
	};
	struct sy_context ctx;
	struct sy_arena arena;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		struct sy_public_key *key = vector_public(&ctx, names[i]), *copy;
		char text[SY_PUBLIC_KEY_TEXT_MAX];
		size_t len;

		assert_int_equal(sy_public_key_write(&ctx, key, SY_KEY_FILE_PEM, text, &len),
				 SY_OK);
		assert_true(sy_span_equal(sy_span_of(text, len), vector(&arena, names[i])));
		assert_int_equal(sy_public_key_copy(&ctx, key, &copy), SY_OK);
		assert_same_key(key, copy);
		assert_int_equal(sy_public_key_write(&ctx, key, SY_KEY_FILE_MINISIGN, text,
						     &len), SY_USAGE);
		sy_error_clear(&ctx);
		sy_public_key_free(&copy);
		sy_public_key_free(&key);
	}
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

static void test_from_evp(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_public_key *key, *same;
	struct sy_span pem;
	EVP_PKEY *evp;
	BIO *bio;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(accepted); i++) {
		if (accepted[i].has_number)
			continue;
		pem = vector(&arena, accepted[i].key);
		bio = BIO_new_mem_buf(pem.data, (int)pem.len);
		evp = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
		assert_non_null(evp);
		key = vector_public(&ctx, accepted[i].key);
		assert_int_equal(sy_public_key_from_evp(&ctx, evp, &same), SY_OK);
		assert_true(sy_digest_equal(sy_public_key_id(key), sy_public_key_id(same)));
		EVP_PKEY_free(evp);
		BIO_free(bio);
		sy_public_key_free(&key);
		sy_public_key_free(&same);
	}
	pem = vector(&arena, "reject-secp256k1.pub");
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	evp = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	assert_int_equal(sy_public_key_from_evp(&ctx, evp, &same), SY_FORMAT);
	assert_null(same);
	EVP_PKEY_free(evp);
	BIO_free(bio);
	sy_arena_free(&arena);
}

static void test_no_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(accepted); i++) {
		enum sy_status status = SY_NO_MEMORY;
		struct sy_context plain;
		struct sy_arena arena;
		struct sy_span file;

		sy_context_init(&plain);
		sy_arena_init(&arena, &plain);
		file = vector(&arena, accepted[i].key);
		for (uint64_t n = 0; status != SY_OK; n++) {
			struct test_allocator allocator = { .fail_at = n };
			struct sy_public_key *key;
			struct sy_context ctx;

			assert_true(n < 16);
			sy_context_init(&ctx);
			test_allocator_use(&ctx, &allocator);
			status = sy_public_key_read(&ctx, file, &key);
			assert_true(status == SY_OK || status == SY_NO_MEMORY);
			assert_true((status == SY_OK) == (key != NULL));
			sy_public_key_free(&key);
			assert_int_equal(allocator.n_live, 0);
		}
		sy_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_small_order),
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_pss),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_rsa_text),
		cmocka_unit_test(test_from_evp),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
