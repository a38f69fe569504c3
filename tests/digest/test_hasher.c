/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashers against published vectors: FIPS 180-4's examples, RFC 7693 appendix A,
 * BLAKE3's, and names that git gives to blobs.  However a stream is cut, and without memory.
 */
#include "verifier/digest/hasher.h"

#include "tests/support/support.h"

#define TWO_BLOCKS "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

static const struct {
	enum sy_algorithm algorithm;
	const char *text;
	unsigned n_times;	/* the text over and over */
	const char *hex;
} vectors[] = {
	{ SY_SHA256, "", 1,
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ SY_SHA256, "abc", 1,
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ SY_SHA256, TWO_BLOCKS, 1,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ SY_SHA256, "aaaaaaaaaa", 100000,
	  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	{ SY_SHA512, "", 1,
	  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	  "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
	{ SY_SHA512, "abc", 1,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ SY_BLAKE2B, "", 1,
	  "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"
	  "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce" },
	{ SY_BLAKE2B, "abc", 1,
	  "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
	  "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923" },
	{ SY_BLAKE3, "", 1,
	  "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" },
	{ SY_GIT_BLOB, "", 1, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" },
	{ SY_GIT_BLOB, "hello\n", 1, "ce013625030ba8dba906f756967f9e9ca394464a" },
};

static void test_vectors_published(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(vectors); i++) {
		size_t len = strlen(vectors[i].text);
		struct sy_hasher *hasher = NULL;
		char hex[2 * SY_DIGEST_MAX + 1];
		struct sy_digest digest;

		assert_int_equal(sy_hasher_new(&ctx, vectors[i].algorithm,
					       len * vectors[i].n_times, &hasher),
				 SY_OK);
		for (unsigned n = 0; n < vectors[i].n_times; n++)
			sy_hasher_update(hasher, vectors[i].text, len);
		assert_int_equal(sy_hasher_final(hasher, &digest), SY_OK);
		sy_hasher_free(&hasher);
		assert_null(hasher);
		sy_digest_hex(&digest, hex);
		assert_string_equal(hex, vectors[i].hex);
		assert_int_equal(digest.algorithm, vectors[i].algorithm);
		if (vectors[i].n_times != 1)
			continue;
		assert_int_equal(sy_hash(&ctx, vectors[i].algorithm,
					 sy_span_str(vectors[i].text), &digest), SY_OK);
		sy_digest_hex(&digest, hex);
		assert_string_equal(hex, vectors[i].hex);
	}
	assert_int_equal(ctx.memory_used, 0);
}

static void hash_in_pieces(struct sy_context *ctx, enum sy_algorithm algorithm,
			   struct sy_span bytes, size_t piece,
			   struct sy_digest *digest)
{
	struct sy_hasher *hasher = NULL;

	assert_int_equal(sy_hasher_new(ctx, algorithm, bytes.len, &hasher), SY_OK);
	for (size_t at = 0; at < bytes.len; at += piece) {
		struct sy_span part = sy_span_slice(bytes, at, piece);

		sy_hasher_update(hasher, part.data, part.len);
		sy_hasher_update(hasher, NULL, 0);
	}
	assert_int_equal(sy_hasher_final(hasher, digest), SY_OK);
	sy_hasher_free(&hasher);
}

/* Around the block sizes of 64 and 128 bytes, and for every length of tail. */
static void test_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 63, 64, 65, 127, 128, 129, 300 };
	struct sy_context ctx;
	uint8_t bytes[521];

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + 7);
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		for (size_t len = 0; len <= sizeof(bytes); len += 13) {
			struct sy_span span = sy_span_of(bytes, len);
			struct sy_digest whole, cut;

			hash_in_pieces(&ctx, (enum sy_algorithm)a, span,
				       sizeof(bytes), &whole);
			assert_int_equal(whole.len,
					 sy_algorithm_len((enum sy_algorithm)a));
			for (size_t i = 0; i < SY_N_ELEMS(pieces); i++) {
				hash_in_pieces(&ctx, (enum sy_algorithm)a, span,
					       pieces[i], &cut);
				assert_true(sy_digest_equal(&whole, &cut));
			}
		}
	}
	assert_int_equal(ctx.memory_used, 0);
}

/* git names a blob by its size first: another size is another name. */
static void test_git_blob_size(void **state)
{
	struct sy_hasher *hasher = NULL;
	struct sy_digest right, wrong;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	hash_in_pieces(&ctx, SY_GIT_BLOB, sy_span_str("hello\n"), 6, &right);
	assert_int_equal(sy_hasher_new(&ctx, SY_GIT_BLOB, 7, &hasher), SY_OK);
	sy_hasher_update(hasher, "hello\n", 6);
	assert_int_equal(sy_hasher_final(hasher, &wrong), SY_OK);
	sy_hasher_free(&hasher);
	assert_false(sy_digest_equal(&right, &wrong));
}

static enum sy_status hash_once(struct sy_context *ctx, enum sy_algorithm algorithm)
{
	struct sy_hasher *hasher = NULL;
	enum sy_status status = sy_hasher_new(ctx, algorithm, 3, &hasher);
	struct sy_digest digest;

	if (status != SY_OK) {
		assert_null(hasher);
		return status;
	}
	sy_hasher_update(hasher, "abc", 3);
	status = sy_hasher_final(hasher, &digest);
	sy_hasher_free(&hasher);
	return status;
}

static void test_no_memory(void **state)
{
	(void)state;
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		enum sy_status status = SY_NO_MEMORY;

		for (uint64_t n = 0; status != SY_OK; n++) {
			struct test_allocator allocator = { .fail_at = n };
			struct sy_context ctx;

			assert_true(n < 8);
			sy_context_init(&ctx);
			test_allocator_use(&ctx, &allocator);
			status = hash_once(&ctx, (enum sy_algorithm)a);
			assert_true(status == SY_OK || status == SY_NO_MEMORY);
			assert_int_equal(allocator.n_live, 0);
			assert_int_equal(ctx.memory_used, 0);
		}
	}
}

/* The budget is not the same as the machine's memory, and the status says so. */
static void test_budget(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.memory = 200;
	assert_int_equal(hash_once(&ctx, SY_BLAKE2B), SY_LIMIT);
	assert_int_equal(ctx.memory_used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_published),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_git_blob_size),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
