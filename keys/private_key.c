/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as objects: where their numbers lie, and what they sign. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "keys/private_parts.h"
#include "verifier/base/memory.h"

#define SECURE_HEAP 131072u	/* bytes; a P-521 key takes some hundred */
#define SECURE_MIN 32u

static enum sy_status no_openssl(struct sy_context *ctx, const char *what)
{
	ERR_clear_error();
	return sy_fail(ctx, SY_NO_MEMORY, "OpenSSL could not %s", what);
}

static void free_evp(EVP_PKEY **evp)
{
	EVP_PKEY_free(*evp);
}

static void free_evp_ctx(EVP_PKEY_CTX **evp_ctx)
{
	EVP_PKEY_CTX_free(*evp_ctx);
}

static void free_md_ctx(EVP_MD_CTX **md_ctx)
{
	EVP_MD_CTX_free(*md_ctx);
}

/* OpenSSL keeps one per process; the program that embeds us may have made it. */
void sy_openssl_secure_heap(void)
{
	if (!CRYPTO_secure_malloc_initialized())
		CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_MIN);
}

void sy_private_key_free(struct sy_private_key **key)
{
	if (!*key)
		return;
	EVP_PKEY_free((*key)->evp);
	sy_secret_free(&(*key)->ed25519);
	sy_public_key_free(&(*key)->public);
	sy_release((*key)->ctx, *key);
	*key = NULL;
}

static struct sy_private_key *new_key(struct sy_context *ctx)
{
	struct sy_private_key *key = sy_alloc(ctx, sizeof(*key));

	if (key)
		key->ctx = ctx;
	return key;
}

enum sy_status sy_private_key_of_seed(struct sy_context *ctx, const uint8_t *seed,
				      const uint8_t *number, struct sy_private_key **key)
{
	SY_OWNED(sy_private_key_free) struct sy_private_key *made = new_key(ctx);
	uint8_t point[crypto_sign_PUBLICKEYBYTES];
	enum sy_status status;

	*key = NULL;
	if (!made)
		return sy_memory_status(ctx);
	status = sy_secret_new(ctx, SY_ED25519_SECRET_LEN, &made->ed25519);
	if (status != SY_OK)
		return status;
	crypto_sign_seed_keypair(point, made->ed25519.data, seed);
	made->ed25519.len = SY_ED25519_SECRET_LEN;
	status = sy_public_key_make(ctx, &sy_scheme_ed25519, sy_span_of(point, sizeof(point)),
				    number, &made->public);
	if (status == SY_OK)
		*key = SY_TAKE(made);
	return status;
}

enum sy_status sy_private_key_refuse_rsa(struct sy_context *ctx)
{
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_UNSUPPORTED,
			  "RSA private keys are not taken: what is signed here is signed "
			  "with ECDSA or Ed25519, and RSA signatures are only verified");
}

static enum sy_status of_raw(struct sy_context *ctx, const EVP_PKEY *evp,
			     struct sy_private_key **key)
{
	struct sy_secret seed;
	enum sy_status status = sy_secret_new(ctx, SY_SEED_LEN, &seed);
	size_t len = SY_SEED_LEN;

	if (status != SY_OK)
		return status;
	if (EVP_PKEY_get_raw_private_key(evp, seed.data, &len) == 1 && len == SY_SEED_LEN)
		status = sy_private_key_of_seed(ctx, seed.data, NULL, key);
	else
		status = no_openssl(ctx, "hand over an Ed25519 key");
	sy_secret_free(&seed);
	return status;
}

/* The number in its range, the point on the curve, and the two belong together. */
static enum sy_status check_pair(struct sy_context *ctx, EVP_PKEY *evp)
{
	SY_OWNED(free_evp_ctx) EVP_PKEY_CTX *evp_ctx =
		EVP_PKEY_CTX_new_from_pkey(NULL, evp, NULL);

	if (!evp_ctx)
		return no_openssl(ctx, "check a key");
	if (EVP_PKEY_check(evp_ctx) == 1)
		return SY_OK;
	ERR_clear_error();
	return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_KEY_MALFORMED,
			  "the private and the public half of this key do not belong "
			  "together");
}

static enum sy_status of_ecdsa(struct sy_context *ctx, EVP_PKEY **evp,
			       struct sy_public_key **public, struct sy_private_key **key)
{
	SY_OWNED(sy_private_key_free) struct sy_private_key *made = NULL;
	enum sy_status status = check_pair(ctx, *evp);

	if (status != SY_OK)
		return status;
	made = new_key(ctx);
	if (!made)
		return sy_memory_status(ctx);
	made->evp = SY_TAKE(*evp);
	made->public = SY_TAKE(*public);
	*key = SY_TAKE(made);
	return SY_OK;
}

enum sy_status sy_private_key_of_evp(struct sy_context *ctx, EVP_PKEY *evp,
				     struct sy_private_key **key)
{
	SY_OWNED(free_evp) EVP_PKEY *owned = evp;
	SY_OWNED(sy_public_key_free) struct sy_public_key *public = NULL;
	enum sy_status status;

	*key = NULL;
	if (EVP_PKEY_get_base_id(owned) == EVP_PKEY_RSA)
		return sy_private_key_refuse_rsa(ctx);
	status = sy_public_key_from_evp(ctx, owned, &public);
	if (status != SY_OK)
		return status;
	if (sy_public_key_kind(public) == SY_KEY_ED25519)
		return of_raw(ctx, owned, key);
	return of_ecdsa(ctx, &owned, &public, key);
}

static enum sy_status generate_ed25519(struct sy_context *ctx, struct sy_private_key **key)
{
	struct sy_secret seed;
	enum sy_status status = sy_secret_new(ctx, SY_SEED_LEN, &seed);

	if (status != SY_OK)
		return status;
	ctx->random(ctx->random_user, seed.data, SY_SEED_LEN);
	status = sy_private_key_of_seed(ctx, seed.data, NULL, key);
	sy_secret_free(&seed);
	return status;
}

enum sy_status sy_private_key_generate(struct sy_context *ctx, enum sy_key_kind kind,
				       struct sy_private_key **key)
{
	const char *group = sy_scheme_of(kind)->group;
	EVP_PKEY *evp;

	*key = NULL;
	if (kind == SY_KEY_ED25519)
		return generate_ed25519(ctx, key);
	if (kind == SY_KEY_RSA)
		return sy_fail(ctx, SY_USAGE, "RSA keys are not made: RSA signatures are only "
			       "verified here");
	sy_openssl_secure_heap();
	evp = EVP_EC_gen(group);
	if (!evp)
		return no_openssl(ctx, "make a key");
	return sy_private_key_of_evp(ctx, evp, key);
}

const struct sy_public_key *sy_private_key_public(const struct sy_private_key *key)
{
	return key->public;
}

static enum sy_status sign_ecdsa(struct sy_context *ctx, const struct sy_private_key *key,
				 struct sy_span message, uint8_t *signature, size_t *len)
{
	SY_OWNED(free_md_ctx) EVP_MD_CTX *md_ctx = EVP_MD_CTX_new();

	*len = SY_SIGNATURE_MAX;
	if (!md_ctx ||
	    EVP_DigestSignInit_ex(md_ctx, NULL, key->public->scheme->digest, NULL, NULL,
				  key->evp, NULL) != 1 ||
	    EVP_DigestSign(md_ctx, signature, len, message.data, message.len) != 1)
		return no_openssl(ctx, "sign");
	return SY_OK;
}

static enum sy_status sign_ed25519(struct sy_context *ctx, const struct sy_private_key *key,
				   struct sy_span message, uint8_t *signature, size_t *len)
{
	*len = crypto_sign_BYTES;
	if (crypto_sign_detached(signature, NULL, message.data, message.len,
				 key->ed25519.data) != 0)
		return sy_fail(ctx, SY_NO_MEMORY, "libsodium could not sign");
	return SY_OK;
}

/* A computation that went wrong can give the key away: such a signature stays here. */
static enum sy_status prove(struct sy_context *ctx, const struct sy_private_key *key,
			    struct sy_span message, struct sy_span signature)
{
	bool is_valid;
	enum sy_status status = sy_public_key_verify(ctx, key->public, SY_KEY_HASH_OF_CURVE,
						     message, signature, &is_valid);

	/* unreached: not on a machine that computes rightly */
	if (status == SY_OK && !is_valid)
		status = sy_fail(ctx, SY_IO, "a signature just made does not verify: this "
				 "machine computes wrongly");
	return status;
}

enum sy_status sy_private_key_sign(struct sy_context *ctx, const struct sy_private_key *key,
				   struct sy_span message, uint8_t *signature, size_t *len)
{
	enum sy_status status = key->evp ? sign_ecdsa(ctx, key, message, signature, len)
					 : sign_ed25519(ctx, key, message, signature, len);

	if (status == SY_OK)
		status = prove(ctx, key, message, sy_span_of(signature, *len));
	if (status == SY_OK)
		return SY_OK;
	sodium_memzero(signature, SY_SIGNATURE_MAX);
	*len = 0;
	return status;
}
