/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minisign's secret keys, read and written, and signify's that have no
 * passphrase.  A blob of fixed size in one line of base64 (minisign 0.12):
 *
 *   0 "Ed"   2 "Sc" or 00 00   4 "B2"   6 salt[32]   38 opslimit   46 memlimit
 *   54 number[8]   62 seed[32]   94 point[32]   126 BLAKE2b-256 of "Ed", 54..126
 *
 * 54..158 are XORed with scrypt's output.  minisign -W leaves the sum zero.
 */
#include <sodium.h>
#include <stdio.h>

#include "keys/base64.h"
#include "keys/kdf.h"
#include "keys/lines.h"
#include "keys/private_parts.h"

#define COMMENT "untrusted comment: "
#define COMMENT_MAX 1023u
#define SALT 6u
#define OPS 38u
#define MEMORY 46u
#define NUMBER 54u
#define SEED 62u
#define POINT 94u
#define SUM 126u
#define SUM_LEN 32u
#define SEALED_LEN (SY_MINISIGN_SECRET_LEN - NUMBER)

/* What we write: N 2^17, r 8, p 1, which takes 128 MiB and some tenths of a second. */
#define OUR_OPS UINT64_C(4194304)
#define OUR_MEMORY UINT64_C(134217728)

static uint64_t get_u64le(const uint8_t *at)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

static void put_u64le(uint8_t *at, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void sum_of(const uint8_t *blob, uint8_t sum[SUM_LEN])
{
	uint8_t room[sizeof(crypto_generichash_state) + 64];
	crypto_generichash_state *state = (crypto_generichash_state *)(void *)
		(room + (-(uintptr_t)room & 63));

	crypto_generichash_init(state, NULL, 0, SUM_LEN);
	crypto_generichash_update(state, blob, 2);
	crypto_generichash_update(state, blob + NUMBER, SUM - NUMBER);
	crypto_generichash_final(state, sum, SUM_LEN);
	sodium_memzero(room, sizeof(room));
}

static bool has_sum(const uint8_t *blob)
{
	uint8_t sum[SUM_LEN];

	sum_of(blob, sum);
	return sodium_memcmp(sum, blob + SUM, SUM_LEN) == 0;
}

static void exclusive_or(uint8_t *blob, const struct sy_secret *stream)
{
	for (size_t i = 0; i < SEALED_LEN; i++)
		blob[NUMBER + i] ^= stream->data[i];
}

/* Turns sealed into open and back. */
static enum sy_status mask(struct sy_context *ctx, struct sy_span passphrase, uint8_t *blob)
{
	const struct sy_kdf_limits limits = { .ops = get_u64le(blob + OPS),
					      .memory = get_u64le(blob + MEMORY) };
	struct sy_secret stream;
	enum sy_status status = sy_kdf_by_limits(ctx, &limits, passphrase, blob + SALT,
						 SEALED_LEN, &stream);

	if (status != SY_OK)
		return status;
	exclusive_or(blob, &stream);
	sy_secret_free(&stream);
	return SY_OK;
}

/* The point is there a second time, behind the seed that it follows from. */
static enum sy_status take_seed(struct sy_context *ctx, const uint8_t *secret,
				const uint8_t *number, struct sy_private_key **key)
{
	enum sy_status status = sy_private_key_of_seed(ctx, secret, number, key);

	if (status != SY_OK)
		return status;
	if (!memcmp((*key)->public->point, secret + SY_SEED_LEN, POINT - SEED))
		return SY_OK;
	sy_private_key_free(key);
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "the private and the public half of this key do not belong "
			  "together");
}

static enum sy_status open_blob(struct sy_context *ctx, uint8_t *blob,
				struct sy_passphrase *source)
{
	struct sy_secret passphrase;
	enum sy_status status;

	if (get_u64le(blob + OPS) > ctx->limits.key_work / 32)	/* before anybody types */
		return sy_kdf_admit(ctx, &(struct sy_scrypt){ .n = UINT64_MAX, .r = 1, .p = 1 });
	status = sy_passphrase_ask(ctx, source, &passphrase);
	if (status != SY_OK)
		return status;
	status = mask(ctx, sy_secret_span(&passphrase), blob);
	sy_secret_free(&passphrase);
	if (status == SY_OK && !has_sum(blob))
		status = sy_passphrase_is_wrong(ctx);
	return status;
}

static enum sy_status of_minisign(struct sy_context *ctx, uint8_t *blob,
				  struct sy_passphrase *passphrase,
				  struct sy_private_key **key)
{
	enum sy_status status = SY_OK;

	if (memcmp(blob, "Ed", 2) || memcmp(blob + 4, "B2", 2))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_UNSUPPORTED,
				  "this minisign secret key is of a kind that minisign 0.12 "
				  "does not write");
	if (!memcmp(blob + 2, "Sc", 2))
		status = open_blob(ctx, blob, passphrase);
	else if (!sodium_is_zero(blob + 2, 2) || !sodium_is_zero(blob + SALT, NUMBER - SALT) ||
		 (!sodium_is_zero(blob + SUM, SUM_LEN) && !has_sum(blob)))
		status = sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				    "this minisign secret key is damaged");
	if (status == SY_OK)
		status = take_seed(ctx, blob + SEED, blob + NUMBER, key);
	return status;
}

/* "Ed" "BK" rounds[4] salt[16] sum[8] number[8] seed[32] point[32] */
static enum sy_status of_signify(struct sy_context *ctx, const uint8_t *blob,
				 struct sy_private_key **key)
{
	uint8_t sum[crypto_hash_sha512_BYTES];

	if (memcmp(blob, "EdBK", 4))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_UNSUPPORTED,
				  "this signify secret key is of a kind that signify does "
				  "not write");
	if (!sodium_is_zero(blob + 4, 4))
		return sy_fail_as(ctx, SY_UNSUPPORTED, SY_FAILURE_KEY_UNSUPPORTED,
				  "this signify secret key is encrypted with bcrypt, which "
				  "is not taken: minisign's are");
	crypto_hash_sha512(sum, blob + 40, SY_ED25519_SECRET_LEN);
	if (memcmp(sum, blob + 24, 8))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "this signify secret key is damaged");
	return take_seed(ctx, blob + 40, blob + 32, key);
}

static enum sy_status of_line(struct sy_context *ctx, struct sy_span line, uint8_t *blob,
			      struct sy_passphrase *passphrase, struct sy_private_key **key)
{
	if (sy_base64_decode_exactly(line, blob, SY_MINISIGN_SECRET_LEN))
		return of_minisign(ctx, blob, passphrase, key);
	if (sy_base64_decode_exactly(line, blob, SY_SIGNIFY_SECRET_LEN))
		return of_signify(ctx, blob, key);
	if (line.len == SY_BASE64_ENCODED_LEN(42u))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_IS_PUBLIC,
				  "this is a public key, and a private one is needed");
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "the second line is not a minisign or signify secret key in base64");
}

enum sy_status sy_private_key_of_minisign(struct sy_context *ctx, struct sy_span file,
					  struct sy_passphrase *passphrase,
					  struct sy_private_key **key)
{
	struct sy_span line, comment;
	struct sy_secret blob;
	enum sy_status status;

	*key = NULL;
	if (!sy_line_next(&file, &line) ||
	    !sy_line_comment(line, COMMENT, COMMENT_MAX, &comment))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "the untrusted comment is longer than %u bytes or not "
				  "printable", COMMENT_MAX);
	if (!sy_line_next(&file, &line) || file.len > 0)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
				  "a minisign or signify secret key has two lines");
	status = sy_secret_new(ctx, SY_MINISIGN_SECRET_LEN, &blob);
	if (status != SY_OK)
		return status;
	status = of_line(ctx, line, blob.data, passphrase, key);
	sy_secret_free(&blob);
	return status;
}

static enum sy_status fill_blob(struct sy_context *ctx, const struct sy_private_key *key,
				struct sy_span passphrase, uint8_t *blob)
{
	memset(blob, 0, SY_MINISIGN_SECRET_LEN);
	memcpy(blob, "Ed\0\0B2", 6);
	sy_public_key_minisign_number(key->public, blob + NUMBER);
	memcpy(blob + SEED, key->ed25519.data, SY_ED25519_SECRET_LEN);
	sum_of(blob, blob + SUM);
	if (passphrase.len == 0)
		return SY_OK;
	memcpy(blob + 2, "Sc", 2);
	ctx->random(ctx->random_user, blob + SALT, OPS - SALT);
	put_u64le(blob + OPS, OUR_OPS);
	put_u64le(blob + MEMORY, OUR_MEMORY);
	return mask(ctx, passphrase, blob);
}

enum sy_status sy_private_key_to_minisign(struct sy_context *ctx,
					  const struct sy_private_key *key,
					  struct sy_span passphrase, struct sy_secret *text)
{
	const char *comment = passphrase.len ? COMMENT "steelyard encrypted secret key\n"
					     : COMMENT "steelyard unencrypted secret key\n";
	const size_t cap = strlen(comment) + SY_BASE64_ENCODED_LEN(SY_MINISIGN_SECRET_LEN) + 2;
	struct sy_secret blob;
	enum sy_status status = sy_secret_new(ctx, SY_MINISIGN_SECRET_LEN, &blob);

	*text = (struct sy_secret){ 0 };
	if (status != SY_OK)
		return status;
	status = fill_blob(ctx, key, passphrase, blob.data);
	if (status == SY_OK)
		status = sy_secret_new(ctx, cap, text);
	if (status == SY_OK) {
		char *at = (char *)text->data + strlen(comment);

		memcpy(text->data, comment, strlen(comment));
		sy_base64_encode(sy_span_of(blob.data, SY_MINISIGN_SECRET_LEN), at);
		text->len = cap - 1;
		text->data[text->len - 1] = '\n';
	}
	sy_secret_free(&blob);
	return status;
}
