/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wycheproof (C2SP) through sy_public_key_read and sy_public_key_verify: every
 * verdict is theirs, for the 2,673 vectors of the algorithms that models are
 * signed with somewhere and for some thousand more.  What they call "acceptable"
 * (an RSA digest info without its NULL) is refused.
 */
#include <stdio.h>
#include <stdlib.h>

#include "keys/key.h"
#include "tests/support/support.h"
#include "verifier/base/json.h"

enum treatment {
	AS_IT_IS,
	RAW,		/* r || s: refused, and put into DER for the verdict */
	OTHER,		/* of another hash or padding: the valid ones are none */
	KEY_REFUSED
};

struct file {
	const char *name;		/* below .../testvectors_v1 */
	unsigned n;			/* vectors in it */
	enum treatment treatment;
	enum sy_key_hash hash;
	const char *says;		/* why the key is refused */
};

/* The 2,673; what stands below them goes beyond. */
static const struct file counted[] = {
	{ "ecdsa_secp256r1_sha256_test.json", 484, AS_IT_IS, SY_KEY_HASH_OF_CURVE, NULL },
	{ "ecdsa_secp384r1_sha384_test.json", 504, AS_IT_IS, SY_KEY_HASH_OF_CURVE, NULL },
	{ "ecdsa_secp521r1_sha512_test.json", 542, AS_IT_IS, SY_KEY_HASH_OF_CURVE, NULL },
	{ "ed25519_test.json", 151, AS_IT_IS, SY_KEY_HASH_OF_CURVE, NULL },
	{ "rsa_signature_2048_sha256_test.json", 259, AS_IT_IS, SY_KEY_HASH_OF_CURVE, NULL },
	{ "rsa_signature_3072_sha256_test.json", 259, AS_IT_IS, SY_KEY_HASH_OF_CURVE, NULL },
	{ "rsa_signature_4096_sha256_test.json", 258, AS_IT_IS, SY_KEY_HASH_OF_CURVE, NULL },
	{ "rsa_pss_2048_sha256_mgf1_32_test.json", 108, AS_IT_IS, SY_KEY_HASH_SHA256_PSS, NULL },
	{ "rsa_pss_3072_sha256_mgf1_32_test.json", 108, AS_IT_IS, SY_KEY_HASH_SHA256_PSS, NULL },
};

static const struct file beyond[] = {
	{ "ecdsa_secp256k1_sha256_test.json", 476, KEY_REFUSED, 0, "secp256k1" },
	{ "ecdsa_secp256k1_sha256_p1363_test.json", 252, KEY_REFUSED, 0, "secp256k1" },
	{ "ed448_test.json", 87, KEY_REFUSED, 0, "ED448" },
	{ "ecdsa_secp256r1_sha256_p1363_test.json", 262, RAW, SY_KEY_HASH_OF_CURVE, NULL },
	{ "ecdsa_secp384r1_sha384_p1363_test.json", 280, RAW, SY_KEY_HASH_OF_CURVE, NULL },
	{ "ecdsa_secp521r1_sha512_p1363_test.json", 318, RAW, SY_KEY_HASH_OF_CURVE, NULL },
	{ "rsa_pss_4096_sha256_mgf1_32_test.json", 108, AS_IT_IS, SY_KEY_HASH_SHA256_PSS, NULL },
	{ "rsa_pss_2048_sha256_mgf1_32_params_test.json", 108, KEY_REFUSED, 0, "RSA-PSS" },
	{ "rsa_pss_2048_sha256_mgf1_32_test.json", 108, OTHER, SY_KEY_HASH_OF_CURVE, NULL },
	{ "rsa_pss_2048_sha384_mgf1_48_test.json", 141, OTHER, SY_KEY_HASH_SHA256_PSS, NULL },
	{ "rsa_pss_4096_sha512_mgf1_32_test.json", 177, OTHER, SY_KEY_HASH_SHA256_PSS, NULL },
	{ "rsa_signature_2048_sha256_test.json", 259, OTHER, SY_KEY_HASH_SHA256_PSS, NULL },
	{ "rsa_signature_2048_sha384_test.json", 258, OTHER, SY_KEY_HASH_OF_CURVE, NULL },
	{ "rsa_signature_2048_sha512_test.json", 259, OTHER, SY_KEY_HASH_OF_CURVE, NULL },
};

static const struct file in_oms[] = {
	{ "ecdsa_secp384r1_sha256_test.json", 472, AS_IT_IS, SY_KEY_HASH_SHA256, NULL },
};

struct run {
	struct sy_context *ctx;
	const struct file *file;
	struct sy_public_key *key;	/* of the group, or NULL */
	struct sy_span msg, sig;	/* of the vector, decoded */
	uint8_t msg_room[65536], sig_room[65536];
	bool is_valid, has_verdict;
	unsigned n, n_valid, n_acceptable;
};

static struct sy_span from_hex(struct sy_span hex, uint8_t *room, size_t cap)
{
	assert_true(hex.len % 2 == 0 && hex.len / 2 <= cap);
	for (size_t i = 0; i < hex.len / 2; i++) {
		char byte[3] = { (char)hex.data[2 * i], (char)hex.data[2 * i + 1], 0 };

		room[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return sy_span_of(room, hex.len / 2);
}

static void take_key(struct run *run, struct sy_span pem)
{
	enum sy_status status;

	sy_public_key_free(&run->key);
	sy_error_clear(run->ctx);
	status = sy_public_key_read(run->ctx, pem, &run->key);
	if (run->file->treatment != KEY_REFUSED) {
		if (status != SY_OK)
			fail_msg("%s: %s", run->file->name, run->ctx->error.text);
		return;
	}
	assert_int_equal(status, SY_FORMAT);
	if (!strstr(run->ctx->error.text, run->file->says))
		fail_msg("%s: %s", run->file->name, run->ctx->error.text);
}

/* r || s as DER; what has no half of the curve's length stays as it is. */
static size_t put_integer(uint8_t *out, struct sy_span value)
{
	size_t zeros = 0, lead;

	while (zeros + 1 < value.len && value.data[zeros] == 0)
		zeros++;
	value = sy_span_slice(value, zeros, value.len);
	lead = value.data[0] >= 0x80;
	out[0] = 2;
	out[1] = (uint8_t)(value.len + lead);
	out[2] = 0;
	memcpy(out + 2 + lead, value.data, value.len);
	return 2 + lead + value.len;
}

static struct sy_span from_raw(struct sy_span raw, enum sy_key_kind kind, uint8_t out[160])
{
	const size_t half = kind == SY_KEY_P256 ? 32 : kind == SY_KEY_P384 ? 48 : 66;
	uint8_t body[150];
	size_t len, head = 2;

	if (raw.len != 2 * half)
		return raw;
	len = put_integer(body, sy_span_slice(raw, 0, half));
	len += put_integer(body + len, sy_span_slice(raw, half, half));
	out[0] = 0x30;
	out[1] = (uint8_t)len;
	if (len >= 0x80) {
		out[1] = 0x81;
		out[2] = (uint8_t)len;
		head = 3;
	}
	memcpy(out + head, body, len);
	return sy_span_of(out, head + len);
}

static bool ask(struct run *run, struct sy_span sig)
{
	bool is_valid;

	if (sy_public_key_verify(run->ctx, run->key, run->file->hash, run->msg, sig,
				 &is_valid) != SY_OK)
		fail_msg("%s: could not be asked: %s", run->file->name, run->ctx->error.text);
	return is_valid;
}

static void run_vector(struct run *run)
{
	struct sy_span sig = run->sig;
	uint8_t der[160];

	assert_true(run->has_verdict);
	run->has_verdict = false;
	run->n++;
	run->n_valid += run->is_valid;
	if (run->file->treatment == KEY_REFUSED) {
		assert_null(run->key);
		return;
	}
	if (run->file->treatment == RAW) {
		assert_false(ask(run, sig));
		sig = from_raw(sig, sy_public_key_kind(run->key), der);
	}
	if (run->file->treatment == OTHER) {
		/* Some of its invalid ones are just what is asked for. */
		if (run->is_valid && ask(run, sig))
			fail_msg("%s: vector %u is taken", run->file->name, run->n);
		return;
	}
	if (ask(run, sig) != run->is_valid)
		fail_msg("%s: vector %u of %s", run->file->name, run->n,
			 run->is_valid ? "valid ones is refused" : "invalid ones is taken");
}

/* Members of a group (depth 3) and of a vector (depth 5). */
static void take_member(struct run *run, unsigned depth, const char *key, struct sy_span value)
{
	if (depth == 3 && !strcmp(key, "publicKeyPem"))
		take_key(run, value);
	if (depth == 5 && !strcmp(key, "msg"))
		run->msg = from_hex(value, run->msg_room, sizeof(run->msg_room));
	if (depth == 5 && !strcmp(key, "sig"))
		run->sig = from_hex(value, run->sig_room, sizeof(run->sig_room));
	if (depth == 5 && !strcmp(key, "result")) {
		run->is_valid = sy_span_is(value, "valid");
		run->has_verdict = true;
		run->n_acceptable += sy_span_is(value, "acceptable");
		assert_true(run->is_valid || sy_span_is(value, "invalid") ||
			    sy_span_is(value, "acceptable"));
	}
}

static void run_file(struct sy_context *ctx, const char *folder, const struct file *file)
{
	static struct run run;
	struct sy_json_token token;
	struct sy_arena arena;
	struct sy_json *json;
	char path[1024], key[32] = "";

	run = (struct run){ .ctx = ctx, .file = file };
	sy_arena_init(&arena, ctx);
	snprintf(path, sizeof(path), "%s/%s/wycheproof/testvectors_v1/%s", test_corpus(),
		 folder, file->name);
	json = sy_json_open(ctx, test_read_file(&arena, path), 0, 0);
	assert_non_null(json);
	do {
		assert_int_equal(sy_json_next(json, &token), SY_OK);
		if (token.kind == SY_JSON_KEY)
			snprintf(key, sizeof(key), "%.*s", (int)token.text.len,
				 (const char *)token.text.data);
		else if (token.kind == SY_JSON_STRING)
			take_member(&run, token.depth, key, token.text);
		else if (token.kind == SY_JSON_OBJECT_END && run.has_verdict)
			run_vector(&run);
	} while (token.kind != SY_JSON_END);
	sy_json_free(&json);
	sy_public_key_free(&run.key);
	sy_arena_free(&arena);
	if (run.n != file->n)
		fail_msg("%s: %u vectors, not %u", file->name, run.n, file->n);
	assert_true(run.n_valid > 0 && run.n_valid < run.n);
	/* One in each file of RSA's first padding: the NULL is missing. */
	assert_int_equal(run.n_acceptable, !strncmp(file->name, "rsa_signature", 13));
}

static void need_corpus(void)
{
	if (test_corpus())
		return;
	printf("SKIPPED: Wycheproof (STEELYARD_CORPUS is not set)\n");
	skip();
}

static void test_counted(void **state)
{
	unsigned n = 0;
	struct sy_context ctx;

	(void)state;
	need_corpus();
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(counted); i++) {
		run_file(&ctx, "hostile", &counted[i]);
		assert_int_equal(counted[i].treatment, AS_IT_IS);
		n += counted[i].n;
	}
	printf("corpus: wycheproof %u cases, %u of 2673 as Wycheproof says\n", n, n);
	assert_int_equal(n, 2673);
	assert_int_equal(ctx.memory_used, 0);
}

static void test_beyond(void **state)
{
	struct sy_context ctx;
	unsigned n = 0;

	(void)state;
	need_corpus();
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(beyond); i++) {
		run_file(&ctx, "hostile", &beyond[i]);
		n += beyond[i].n;
	}
	for (size_t i = 0; i < SY_N_ELEMS(in_oms); i++) {
		run_file(&ctx, "oms", &in_oms[i]);
		n += in_oms[i].n;
	}
	printf("corpus: wycheproof-beyond %u cases\n", n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
