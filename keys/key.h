/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys: read from whatever file people keep them in, and asked whether
 * a signature is theirs.  A key never says whether it is trusted: that is
 * keys/trust.h's.
 */
#ifndef SY_KEYS_KEY_H
#define SY_KEYS_KEY_H

#include <openssl/types.h>

#include "verifier/base/context.h"
#include "verifier/base/digest_value.h"
#include "verifier/base/span.h"

enum sy_key_kind {
	SY_KEY_P256,		/* ECDSA, by OpenSSL */
	SY_KEY_P384,
	SY_KEY_P521,
	SY_KEY_ED25519,		/* by libsodium; minisign's and signify's too */
	SY_KEY_RSA		/* by OpenSSL, 2,048 to 8,192 bits; verifies only */
};

struct sy_public_key;		/* opaque */

/*
 * Reads the one key of a file: PEM (SubjectPublicKeyInfo), minisign or signify
 * public key.  SY_FORMAT and a sentence in ctx->error: no such key; it names
 * a private key given by mistake and a key of a kind that signs nothing here
 * (secp256k1, RSA-PSS), and refuses Ed25519 points of small order and RSA keys
 * outside of 2,048 to 8,192 bits, or whose exponent is even, 1, or above 2^64.
 */
SY_MUST_CHECK enum sy_status sy_public_key_read(struct sy_context *ctx,
						struct sy_span file,
						struct sy_public_key **key);

/* A certificate's key; `spki` stays the caller's. */
SY_MUST_CHECK enum sy_status sy_public_key_from_evp(struct sy_context *ctx,
						    const EVP_PKEY *spki,
						    struct sy_public_key **key);
SY_MUST_CHECK enum sy_status sy_public_key_copy(struct sy_context *ctx,
						const struct sy_public_key *key,
						struct sy_public_key **copy);
void sy_public_key_free(struct sy_public_key **key);

enum sy_key_kind sy_public_key_kind(const struct sy_public_key *key);
const char *sy_key_kind_name(enum sy_key_kind kind);	/* "ecdsa-p256", "ed25519", "rsa" */

/* Bits of the modulus (RSA), of the field (the others). */
unsigned sy_public_key_bits(const struct sy_public_key *key);

/* SHA-256 of the key as PEM text: OMS's hint, and how reports name a key. */
const struct sy_digest *sy_public_key_id(const struct sy_public_key *key);

/* SHA-256 of the key's DER: cosign's hint is its base64. */
const struct sy_digest *sy_public_key_der_digest(const struct sy_public_key *key);

/* Is `hint` one of this key's: hex of the PEM's digest, or base64 of the DER's? */
bool sy_public_key_is_hint(const struct sy_public_key *key, struct sy_span hint);

/* minisign's and signify's 8-byte key number; false: the key has none. */
bool sy_public_key_number(const struct sy_public_key *key, uint8_t number[8]);

enum sy_key_hash {
	/* The digest of the curve (P-384: SHA-384 ...); RSA: PKCS#1 v1.5, SHA-256. */
	SY_KEY_HASH_OF_CURVE,
	SY_KEY_HASH_SHA256,		/* whatever the curve */
	SY_KEY_HASH_SHA256_PSS		/* RSA only: MGF1 by SHA-256, 32 bytes of salt */
};

/*
 * Is `signature` this key's over `message`?  ECDSA: strict DER of (r, s);
 * Ed25519: 64 bytes, over the message itself; RSA: as many bytes as the modulus.
 * False is "no", whatever the reason; it never means that the question could not
 * be asked: then the status is not SY_OK.
 */
SY_MUST_CHECK enum sy_status sy_public_key_verify(struct sy_context *ctx,
						  const struct sy_public_key *key,
						  enum sy_key_hash hash,
						  struct sy_span message,
						  struct sy_span signature,
						  bool *is_valid);

#endif
