/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cosign's private keys: JSON in PEM, scrypt and NaCl's secretbox (as
 * secure-systems-lab/go-securesystemslib writes them).
 */
#include <sodium.h>
#include <stdio.h>

#include "keys/base64.h"
#include "keys/kdf.h"
#include "keys/private_parts.h"
#include "verifier/base/json.h"

#define SALT_MAX 64u
#define N_MEMBERS 8u
#define NAME_MAX_LEN 16u
#define DEPTH_MAX 3u

struct sealed {
	struct sy_scrypt cost;
	uint8_t salt[SALT_MAX], nonce[crypto_secretbox_NONCEBYTES];
	size_t salt_len;
	struct sy_secret box;
	unsigned n_members;
	char names[DEPTH_MAX][NAME_MAX_LEN];	/* keys on the way to the value */
};

static enum sy_status malformed(struct sy_context *ctx)
{
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "this cosign private key is malformed: it is JSON of kdf (scrypt: "
			  "N, r, p, salt), cipher (nacl/secretbox: nonce) and ciphertext, "
			  "and of nothing else");
}

static bool take_box(struct sealed *s, struct sy_span text)
{
	return SY_BASE64_DECODED_MAX(text.len) <= s->box.cap &&
	       sy_base64_decode(text, s->box.data, s->box.cap, &s->box.len) &&
	       s->box.len > crypto_secretbox_MACBYTES;
}

static bool take_string(struct sealed *s, const char *path, struct sy_span text)
{
	if (!strcmp(path, "kdf.name."))
		return sy_span_is(text, "scrypt");
	if (!strcmp(path, "cipher.name."))
		return sy_span_is(text, "nacl/secretbox");
	if (!strcmp(path, "kdf.salt."))
		return sy_base64_decode(text, s->salt, sizeof(s->salt), &s->salt_len);
	if (!strcmp(path, "cipher.nonce."))
		return sy_base64_decode_exactly(text, s->nonce, sizeof(s->nonce));
	return !strcmp(path, "ciphertext.") && take_box(s, text);
}

static bool take_number(struct sealed *s, const char *path, const struct sy_json_token *token)
{
	uint64_t *number = !strcmp(path, "kdf.params.N.") ? &s->cost.n
			 : !strcmp(path, "kdf.params.r.") ? &s->cost.r
			 : !strcmp(path, "kdf.params.p.") ? &s->cost.p : NULL;

	if (!number || !token->is_integer || token->is_negative)
		return false;
	*number = token->magnitude;
	return true;
}

static bool take_value(struct sealed *s, const struct sy_json_token *token)
{
	char path[DEPTH_MAX * NAME_MAX_LEN + 1] = "";

	for (unsigned i = 0; i < token->depth; i++)
		strncat(path, s->names[i], NAME_MAX_LEN);
	s->n_members++;
	if (token->kind == SY_JSON_NUMBER)
		return take_number(s, path, token);
	return take_string(s, path, token->text);
}

/* False: something that does not belong there. */
static bool take_token(struct sealed *s, const struct sy_json_token *token)
{
	switch (token->kind) {
	case SY_JSON_KEY:
		if (token->depth > DEPTH_MAX || token->text.len > NAME_MAX_LEN - 2)
			return false;
		snprintf(s->names[token->depth - 1], NAME_MAX_LEN, "%.*s.",
			 (int)token->text.len, (const char *)token->text.data);
		return true;
	case SY_JSON_OBJECT:
		return token->depth < DEPTH_MAX;
	case SY_JSON_STRING:
	case SY_JSON_NUMBER:
		return token->depth > 0 && token->depth <= DEPTH_MAX && take_value(s, token);
	case SY_JSON_OBJECT_END:
	case SY_JSON_END:
		return true;
	case SY_JSON_ARRAY:
	case SY_JSON_ARRAY_END:
	case SY_JSON_TRUE:
	case SY_JSON_FALSE:
	case SY_JSON_NULL:
		break;
	}
	return false;
}

static enum sy_status read_sealed(struct sy_context *ctx, struct sy_span json,
				  struct sealed *s)
{
	SY_OWNED(sy_json_free) struct sy_json *reader = sy_json_open(ctx, json, DEPTH_MAX, 0);
	struct sy_json_token token;
	enum sy_status status;

	if (!reader)
		return ctx->error.status;
	do {
		status = sy_json_next(reader, &token);
		if (status == SY_NO_MEMORY || status == SY_CANCELLED)
			return status;
		if (status != SY_OK || !take_token(s, &token))
			return malformed(ctx);
	} while (token.kind != SY_JSON_END);
	/* Names are not repeated, and each value was one of the eight. */
	return s->n_members == N_MEMBERS ? SY_OK : malformed(ctx);
}

static enum sy_status open_box(struct sy_context *ctx, const struct sealed *s,
			       const struct sy_secret *unlock, struct sy_private_key **key)
{
	struct sy_secret der;
	enum sy_status status = sy_secret_new(ctx, s->box.len, &der);

	if (status != SY_OK)
		return status;
	der.len = s->box.len - crypto_secretbox_MACBYTES;
	if (crypto_secretbox_open_easy(der.data, s->box.data, s->box.len, s->nonce,
				       unlock->data) == 0)
		status = sy_private_key_of_der(ctx, sy_secret_span(&der), key);
	else
		status = sy_passphrase_is_wrong(ctx);
	sy_secret_free(&der);
	return status;
}

static enum sy_status unseal(struct sy_context *ctx, const struct sealed *s,
			     struct sy_passphrase *source, struct sy_private_key **key)
{
	struct sy_secret passphrase, unlock;
	enum sy_status status = sy_kdf_admit(ctx, &s->cost);

	if (status == SY_OK)
		status = sy_passphrase_ask(ctx, source, &passphrase);
	if (status != SY_OK)
		return status;
	status = sy_kdf_scrypt(ctx, &s->cost, sy_secret_span(&passphrase),
			       sy_span_of(s->salt, s->salt_len), crypto_secretbox_KEYBYTES,
			       &unlock);
	sy_secret_free(&passphrase);
	if (status != SY_OK)
		return status;
	status = open_box(ctx, s, &unlock, key);
	sy_secret_free(&unlock);
	return status;
}

enum sy_status sy_private_key_of_sigstore(struct sy_context *ctx, struct sy_span json,
					  struct sy_passphrase *passphrase,
					  struct sy_private_key **key)
{
	struct sealed s = { .n_members = 0 };
	enum sy_status status = sy_secret_new(ctx, SY_BASE64_DECODED_MAX(json.len), &s.box);

	*key = NULL;
	if (status == SY_OK)
		status = read_sealed(ctx, json, &s);
	if (status == SY_OK)
		status = unseal(ctx, &s, passphrase, key);
	sy_secret_free(&s.box);
	return status;
}
