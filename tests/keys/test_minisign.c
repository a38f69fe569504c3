/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minisign's and signify's signatures: theirs are accepted, ours are accepted,
 * and every single change to a signature, a key or a file is refused, all bits
 * and bytes of them.
 */
#include "keys/minisign.h"

#include <stdio.h>

#include "tests/keys/vectors.h"
#include "verifier/digest/hasher.h"

#define UNTRUSTED_LEN 19u	/* "untrusted comment: " */

struct rig {
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_public_key *key;
	struct sy_span content;
	struct sy_digest digest;
};

static void hash(struct sy_context *ctx, struct sy_span bytes, struct sy_digest *digest)
{
	struct sy_hasher *hasher;

	assert_int_equal(sy_hasher_new(ctx, SY_BLAKE2B, bytes.len, &hasher), SY_OK);
	sy_hasher_update(hasher, bytes.data, bytes.len);
	assert_int_equal(sy_hasher_final(hasher, digest), SY_OK);
	sy_hasher_free(&hasher);
}

static void rig_init(struct rig *rig, const char *key)
{
	sy_context_init(&rig->ctx);
	sy_arena_init(&rig->arena, &rig->ctx);
	rig->key = vector_public(&rig->ctx, key);
	rig->content = vector(&rig->arena, "message");
	hash(&rig->ctx, rig->content, &rig->digest);
}

static void rig_free(struct rig *rig)
{
	sy_public_key_free(&rig->key);
	sy_arena_free(&rig->arena);
	assert_int_equal(rig->ctx.memory_used, 0);
}

enum said { MALFORMED = 100 };

typedef enum sy_status parse_fn(struct sy_context *ctx, struct sy_span file,
				struct sy_minisign *signature);

/* The whole way: parse, verify.  MALFORMED, or the result. */
static unsigned judge(struct rig *rig, parse_fn *parse, struct sy_span file)
{
	const struct sy_minisign_subject subject = {
		.digest = &rig->digest, .has_content = true, .content = rig->content,
	};
	enum sy_minisign_result result;
	struct sy_minisign signature;
	enum sy_status status;

	sy_error_clear(&rig->ctx);
	status = parse(&rig->ctx, file, &signature);
	if (status != SY_OK) {
		assert_int_equal(status, SY_FORMAT);
		return MALFORMED;
	}
	assert_int_equal(sy_minisign_verify(&rig->ctx, &signature, rig->key, &subject, &result),
			 SY_OK);
	return result;
}

static const struct { const char *key, *file; parse_fn *parse; bool is_hashed; } theirs[] = {
	{ "accept-minisign.pub", "accept-hashed.minisig", sy_minisign_parse, true },
	{ "accept-minisign.pub", "accept-legacy.minisig", sy_minisign_parse, false },
	{ "accept-signify.pub", "accept-signify.sig", sy_signify_parse, false },
};

static void test_theirs(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(theirs); i++) {
		struct sy_minisign signature;
		struct sy_span file;
		struct rig rig;

		rig_init(&rig, theirs[i].key);
		file = vector(&rig.arena, theirs[i].file);
		assert_int_equal(theirs[i].parse(&rig.ctx, file, &signature), SY_OK);
		assert_int_equal(signature.is_hashed, theirs[i].is_hashed);
		assert_int_equal(signature.has_trusted, theirs[i].parse == sy_minisign_parse);
		assert_false(signature.has_crlf);
		if (signature.has_trusted)
			assert_true(sy_span_is(signature.trusted, "a comment, trusted"));
		assert_int_equal(judge(&rig, theirs[i].parse, file), SY_MINISIGN_VALID);
		rig_free(&rig);
	}
}

/* Do they differ in the text of the untrusted comment only, which nobody signs or shows? */
static bool is_comment_only(struct sy_span file, struct sy_span changed)
{
	const uint8_t *end = memchr(file.data, '\n', file.len);
	const uint8_t *other = memchr(changed.data, '\n', changed.len);

	return other && changed.len > UNTRUSTED_LEN &&
	       !memcmp(file.data, changed.data, UNTRUSTED_LEN) &&
	       sy_span_equal(sy_span_of(end, file.len - (size_t)(end - file.data)),
			     sy_span_of(other, changed.len - (size_t)(other - changed.data)));
}

struct tally {
	struct rig *rig;
	parse_fn *parse;
	struct sy_span file;
	size_t n, n_comment;
};

static void try(struct tally *t, struct sy_span changed, const char *how, size_t at)
{
	t->n++;
	if (judge(t->rig, t->parse, changed) != SY_MINISIGN_VALID ||
	    sy_span_equal(changed, t->file))
		return;
	if (!is_comment_only(t->file, changed))
		fail_msg("%s %zu", how, at);
	t->n_comment++;
}

static void mutate(struct tally *t)
{
	struct sy_span file = t->file;
	uint8_t *copy = sy_arena_alloc(&t->rig->arena, file.len + 1);

	memcpy(copy, file.data, file.len);
	for (size_t bit = 0; bit < 8 * file.len; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		try(t, sy_span_of(copy, file.len), "bit", bit);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < file.len; len++)
		try(t, sy_span_of(copy, len), "cut at", len);
	for (size_t at = 0; at < file.len; at++) {
		memcpy(copy, file.data, at);
		memcpy(copy + at, file.data + at + 1, file.len - at - 1);
		try(t, sy_span_of(copy, file.len - 1), "without byte", at);
	}
	for (size_t at = 0; at <= file.len; at++) {
		memcpy(copy, file.data, at);
		memcpy(copy + at + 1, file.data + at, file.len - at);
		for (unsigned byte = 0; byte < 256; byte++) {
			copy[at] = (uint8_t)byte;
			try(t, sy_span_of(copy, file.len + 1), "one more byte at", at);
		}
	}
}

static void test_mutants(void **state)
{
	struct tally t = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(theirs); i++) {
		struct rig rig;

		rig_init(&rig, theirs[i].key);
		t.rig = &rig;
		t.parse = theirs[i].parse;
		t.file = vector(&rig.arena, theirs[i].file);
		mutate(&t);
		rig_free(&rig);
	}
	printf("%zu changes of signature files: %zu in the untrusted comment, all others refused\n",
	       t.n, t.n_comment);
	assert_true(t.n > 100000);
}

/* The file and the key likewise; the key's comment is not what makes it a key. */
static void test_mutants_of_file_and_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(theirs); i++) {
		struct sy_span file, key;
		uint8_t *copy;
		struct rig rig;

		rig_init(&rig, theirs[i].key);
		file = vector(&rig.arena, theirs[i].file);
		copy = sy_arena_alloc(&rig.arena, 512);
		memcpy(copy, rig.content.data, rig.content.len);
		rig.content.data = copy;
		for (size_t bit = 0; bit < 8 * rig.content.len; bit++) {
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			hash(&rig.ctx, rig.content, &rig.digest);
			assert_int_equal(judge(&rig, theirs[i].parse, file),
					 SY_MINISIGN_BAD_SIGNATURE);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		hash(&rig.ctx, rig.content, &rig.digest);
		assert_int_equal(judge(&rig, theirs[i].parse, file), SY_MINISIGN_VALID);

		key = vector(&rig.arena, theirs[i].key);
		copy = sy_arena_alloc(&rig.arena, key.len);
		memcpy(copy, key.data, key.len);
		for (size_t bit = 0; bit < 8 * key.len; bit++) {
			sy_public_key_free(&rig.key);
			sy_error_clear(&rig.ctx);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (sy_public_key_read(&rig.ctx, sy_span_of(copy, key.len),
					       &rig.key) == SY_OK &&
			    judge(&rig, theirs[i].parse, file) == SY_MINISIGN_VALID)
				assert_true(is_comment_only(key, sy_span_of(copy, key.len)));
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		rig_free(&rig);
	}
}

static void test_parse(void **state)
{
	static const char blob[] =
		"RUT0tnyw86F7FW9Ix9fJc11+Icb+cNLKwZmzAT0sll3TAf1XhupG356cSDnzykPF"
				   "HulhWy3y9F2ifet7stAymHcp1nk3RN9q3Qc=";
	static const char global[] = "EJJOlJ1Alhlva4zSahNUfklecG0PxHSk1HJIvE6jVYeWHlLiRDhKgl5C/HOs"
				     "ts8CJkkwKPqJZlaO0NpH3iweAg==";
	static const struct { const char *format; bool is_good; } cases[] = {
		{ "untrusted comment: x\n%s\ntrusted comment: t\n%s\n", true },
		{ "untrusted comment: \n%s\ntrusted comment: \n%s\n", true },
		{ "untrusted comment: x\r\n%s\r\ntrusted comment: t\r\n%s\r\n", true },
		{ "untrusted comment: x\n%s\r\ntrusted comment: t\n%s\n", false },
		{ "untrusted comment: x\r\n%s\ntrusted comment: t\n%s\n", false },
		{ "untrusted comment: x\r\n%s\r\ntrusted comment: t\r\n%s\n", false },
		{ "untrusted comment: x\n%s\ntrusted comment: t\n%s", false },
		{ "untrusted comment: x\n%s\ntrusted comment: t\n%s\n\n", false },
		{ "untrusted comment: x\n%s\ntrusted comment: t\n%s\nmore", false },
		{ "untrusted comment:x\n%s\ntrusted comment: t\n%s\n", false },
		{ "Untrusted comment: x\n%s\ntrusted comment: t\n%s\n", false },
		{ "untrusted comment: x\n%s\ntrusted comment:\n%s\n", false },
		{ "untrusted comment: x\n%s \ntrusted comment: t\n%s\n", false },
		{ "untrusted comment: \x1b[31m\n%s\ntrusted comment: t\n%s\n", false },
		{ "untrusted comment: x\n%s\ntrusted comment: \x07\n%s\n", false },
		{ "untrusted comment: x\n%s\ntrusted comment: \xff\n%s\n", false },
		{ "untrusted comment: x\n%s\ntrusted comment: \xc2\x85\n%s\n", false },
		{ "\nuntrusted comment: x\n%s\ntrusted comment: t\n%s\n", false },
		{ "\xef\xbb\xbfuntrusted comment: x\n%s\ntrusted comment: t\n%s\n", false },
	};
	struct sy_minisign signature;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		const char *at = strstr(cases[i].format, "%s"), *second = strstr(at + 2, "%s");
		char file[1024];

		snprintf(file, sizeof(file), "%.*s%s%.*s%s%s", (int)(at - cases[i].format),
			 cases[i].format, blob, (int)(second - at - 2), at + 2, global,
			 second + 2);
		if ((sy_minisign_parse(&ctx, sy_span_str(file), &signature) == SY_OK) !=
		    cases[i].is_good)
			fail_msg("case %zu: %s", i, file);
	}
}

static void test_comment_lengths(void **state)
{
	struct sy_digest digest = { .algorithm = SY_BLAKE2B, .len = 64 };
	char comment[SY_MINISIGN_TRUSTED_MAX + 1];
	struct sy_private_key *key;
	struct sy_minisign signature;
	struct sy_buffer buffer;
	struct sy_context ctx;
	struct sy_out out;

	(void)state;
	sy_context_init(&ctx);
	key = vector_private(&ctx, "accept-minisign.key");
	memset(comment, 'x', sizeof(comment));
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	assert_int_equal(sy_minisign_sign(&ctx, key, &digest, sy_span_of(comment, sizeof(comment)),
					  &out), SY_USAGE);
	sy_error_clear(&ctx);
	assert_int_equal(sy_minisign_sign(&ctx, key, &digest, sy_span_str("a\nb"), &out),
			 SY_USAGE);
	sy_error_clear(&ctx);
	assert_int_equal(sy_minisign_sign(&ctx, key, &digest,
					  sy_span_of(comment, sizeof(comment) - 1), &out), SY_OK);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_true(buffer.len <= SY_MINISIGN_FILE_MAX);
	assert_int_equal(sy_minisign_parse(&ctx, sy_span_of(buffer.data, buffer.len), &signature),
			 SY_OK);
	assert_int_equal(signature.trusted.len, SY_MINISIGN_TRUSTED_MAX);
	sy_buffer_free(&buffer);
	sy_private_key_free(&key);
}

/* Twice the same bytes, which verify with every form of the public key. */
static void test_sign(void **state)
{
	struct sy_private_key *key;
	struct sy_buffer one, two;
	struct sy_out out;
	struct rig rig;

	(void)state;
	rig_init(&rig, "accept-minisign.pub");
	key = vector_private(&rig.ctx, "accept-minisign.key");
	sy_buffer_init(&one, &rig.ctx);
	sy_buffer_init(&two, &rig.ctx);
	sy_out_init(&out, sy_buffer_write, &one);
	assert_int_equal(sy_minisign_sign(&rig.ctx, key, &rig.digest,
					  sy_span_str("t\xc3\xa9xt\tand tab"), &out), SY_OK);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	sy_out_init(&out, sy_buffer_write, &two);
	assert_int_equal(sy_minisign_sign(&rig.ctx, key, &rig.digest,
					  sy_span_str("t\xc3\xa9xt\tand tab"), &out), SY_OK);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_true(sy_span_equal(sy_span_of(one.data, one.len), sy_span_of(two.data, two.len)));
	assert_int_equal(judge(&rig, sy_minisign_parse, sy_span_of(one.data, one.len)),
			 SY_MINISIGN_VALID);
	sy_private_key_free(&key);
	sy_buffer_free(&one);
	sy_buffer_free(&two);
	rig_free(&rig);
}

/* A PEM key has no number; what it signs bears one that follows from the key. */
static void test_sign_with_pem(void **state)
{
	char text[SY_PUBLIC_KEY_TEXT_MAX];
	struct sy_private_key *key;
	struct sy_buffer buffer;
	struct sy_out out;
	struct rig rig;
	size_t len;

	(void)state;
	rig_init(&rig, "accept-ed25519.pub");
	key = vector_private(&rig.ctx, "accept-ed25519.key");
	sy_buffer_init(&buffer, &rig.ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	assert_int_equal(sy_minisign_sign(&rig.ctx, key, &rig.digest, sy_span_str(""), &out),
			 SY_OK);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_int_equal(judge(&rig, sy_minisign_parse, sy_span_of(buffer.data, buffer.len)),
			 SY_MINISIGN_VALID);
	assert_int_equal(sy_public_key_write(&rig.ctx, rig.key, SY_KEY_FILE_MINISIGN, text, &len),
			 SY_OK);
	sy_public_key_free(&rig.key);
	assert_int_equal(sy_public_key_read(&rig.ctx, sy_span_of(text, len), &rig.key), SY_OK);
	assert_int_equal(judge(&rig, sy_minisign_parse, sy_span_of(buffer.data, buffer.len)),
			 SY_MINISIGN_VALID);
	sy_buffer_free(&buffer);
	sy_private_key_free(&key);

	key = vector_private(&rig.ctx, "accept-p256.key");
	sy_out_init(&out, sy_buffer_write, &buffer);
	assert_int_equal(sy_minisign_sign(&rig.ctx, key, &rig.digest, sy_span_str(""), &out),
			 SY_USAGE);
	sy_private_key_free(&key);
	rig_free(&rig);
}

static void test_results(void **state)
{
	struct sy_minisign_subject subject = { 0 };
	enum sy_minisign_result result;
	struct sy_minisign signature;
	struct sy_span file;
	struct rig rig;

	(void)state;
	rig_init(&rig, "accept-signify.pub");
	file = vector(&rig.arena, "accept-hashed.minisig");
	assert_int_equal(judge(&rig, sy_minisign_parse, file), SY_MINISIGN_OTHER_KEY);
	sy_public_key_free(&rig.key);
	rig.key = vector_public(&rig.ctx, "accept-p256.pub");
	assert_int_equal(judge(&rig, sy_minisign_parse, file), SY_MINISIGN_OTHER_KEY);
	sy_public_key_free(&rig.key);
	rig.key = vector_public(&rig.ctx, "accept-ed25519.pub");	/* no number to compare */
	assert_int_equal(judge(&rig, sy_minisign_parse, file), SY_MINISIGN_BAD_SIGNATURE);

	/* Each kind needs its own subject. */
	assert_int_equal(sy_minisign_parse(&rig.ctx, file, &signature), SY_OK);
	subject.has_content = true;
	subject.content = rig.content;
	assert_int_equal(sy_minisign_verify(&rig.ctx, &signature, rig.key, &subject, &result),
			 SY_USAGE);
	assert_int_not_equal(result, SY_MINISIGN_VALID);
	assert_int_equal(sy_minisign_parse(&rig.ctx, vector(&rig.arena, "accept-legacy.minisig"),
					   &signature), SY_OK);
	subject = (struct sy_minisign_subject){ .digest = &rig.digest };
	assert_int_equal(sy_minisign_verify(&rig.ctx, &signature, rig.key, &subject, &result),
			 SY_USAGE);
	assert_int_not_equal(result, SY_MINISIGN_VALID);
	rig_free(&rig);
}

/* A hashed signature, called a legacy one, over the file that is the digest. */
static void test_digest_as_file(void **state)
{
	static const char as_legacy[] = "RW";	/* base64 of "Ed" begins so, of "ED" with RU */
	struct sy_span file;
	uint8_t *copy;
	struct rig rig;

	(void)state;
	rig_init(&rig, "accept-minisign.pub");
	file = vector(&rig.arena, "accept-hashed.minisig");
	copy = sy_arena_alloc(&rig.arena, file.len);
	memcpy(copy, file.data, file.len);
	memcpy(strstr((char *)copy, "\nRU") + 1, as_legacy, 2);
	rig.content = sy_span_of(rig.digest.bytes, rig.digest.len);
	assert_int_equal(judge(&rig, sy_minisign_parse, sy_span_of(copy, file.len)),
			 SY_MINISIGN_AMBIGUOUS);
	rig_free(&rig);
}

/* The files that the reference notes were made with. */
static void test_corpus_files(void **state)
{
	static const struct { const char *file, *key, *content; unsigned said; } files[] = {
		{ "pre.minisig", "plain.pub", "w.bin", SY_MINISIGN_VALID },
		{ "legacy.minisig", "plain.pub", "w.bin", SY_MINISIGN_VALID },
		{ "crlf.minisig", "plain.pub", "w.bin", SY_MINISIGN_VALID },
		{ "enc.minisig", "enc.pub", "w.bin", SY_MINISIGN_VALID },
		{ "empty.minisig", "plain.pub", "empty.bin", SY_MINISIGN_VALID },
		{ "pre.minisig", "enc.pub", "w.bin", SY_MINISIGN_OTHER_KEY },
		{ "pre.minisig", "plain.pub", "empty.bin", SY_MINISIGN_BAD_SIGNATURE },
		{ "bad-alg-swap.minisig", "plain.pub", "w.bin", SY_MINISIGN_BAD_SIGNATURE },
		{ "bad-comment-prefix.minisig", "plain.pub", "w.bin", MALFORMED },
		{ "bad-keynum.minisig", "plain.pub", "w.bin", SY_MINISIGN_OTHER_KEY },
		{ "bad-sig.minisig", "plain.pub", "w.bin", SY_MINISIGN_BAD_SIGNATURE },
		{ "bad-trusted-comment.minisig", "plain.pub", "w.bin", SY_MINISIGN_BAD_COMMENT },
		{ "no-trusted.minisig", "plain.pub", "w.bin", MALFORMED },
	};
	struct rig rig;
	char path[1024];
	unsigned n = 0;

	(void)state;
	if (!test_corpus()) {
		printf("SKIPPED: minisign's corpus (STEELYARD_CORPUS is not set)\n");
		skip();
	}
	rig_init(&rig, "accept-minisign.pub");
	for (size_t i = 0; i < SY_N_ELEMS(files); i++, n++) {
		const char *names[] = { files[i].key, files[i].content, files[i].file };
		struct sy_span bytes[3];

		for (size_t k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), "%s/oms/_generated/minisign/%s",
				 test_corpus(), names[k]);
			bytes[k] = test_read_file(&rig.arena, path);
		}
		sy_public_key_free(&rig.key);
		assert_int_equal(sy_public_key_read(&rig.ctx, bytes[0], &rig.key), SY_OK);
		rig.content = bytes[1];
		hash(&rig.ctx, bytes[1], &rig.digest);
		if (judge(&rig, sy_minisign_parse, bytes[2]) != files[i].said)
			fail_msg("%s with %s", files[i].file, files[i].key);
	}
	printf("corpus: minisign %u cases\n", n);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_theirs),
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_mutants_of_file_and_key),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_comment_lengths),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_sign_with_pem),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_digest_as_file),
		cmocka_unit_test(test_corpus_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
