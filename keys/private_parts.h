/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of private keys share; nobody else includes it. */
#ifndef SY_KEYS_PRIVATE_PARTS_H
#define SY_KEYS_PRIVATE_PARTS_H

#include "keys/private_key.h"
#include "keys/scheme.h"

#define SY_SEED_LEN 32u			/* bytes of an Ed25519 private key */
#define SY_ED25519_SECRET_LEN 64u	/* the seed and the point */

struct sy_private_key {
	struct sy_context *ctx;
	struct sy_public_key *public;
	EVP_PKEY *evp;			/* ECDSA only */
	struct sy_secret ed25519;	/* SY_ED25519_SECRET_LEN bytes, or empty */
};

/* minisign's blob, byte by byte (minisign 0.12); signify's public key is its too. */
#define SY_MINISIGN_SECRET_LEN 158u
#define SY_SIGNIFY_SECRET_LEN 104u

/* OpenSSL's heap for secrets, locked; before the first private key of the run. */
void sy_openssl_secure_heap(void);

/* SY_FORMAT, and why. */
SY_MUST_CHECK enum sy_status sy_private_key_refuse_rsa(struct sy_context *ctx);

/* Takes `evp` over, whatever happens: SY_FORMAT when it is no key of ours. */
SY_MUST_CHECK enum sy_status sy_private_key_of_evp(struct sy_context *ctx, EVP_PKEY *evp,
						   struct sy_private_key **key);

/* number may be NULL. */
SY_MUST_CHECK enum sy_status sy_private_key_of_seed(struct sy_context *ctx,
						    const uint8_t *seed,
						    const uint8_t *number,
						    struct sy_private_key **key);

/* DER of PKCS#8 or SEC1, unencrypted; what is wrong is said. */
SY_MUST_CHECK enum sy_status sy_private_key_of_der(struct sy_context *ctx,
						   struct sy_span der,
						   struct sy_private_key **key);

/* The content of cosign's PEM block, which is JSON. */
SY_MUST_CHECK enum sy_status sy_private_key_of_sigstore(struct sy_context *ctx,
							struct sy_span json,
							struct sy_passphrase *passphrase,
							struct sy_private_key **key);

/* A file that begins with an untrusted comment. */
SY_MUST_CHECK enum sy_status sy_private_key_of_minisign(struct sy_context *ctx,
							struct sy_span file,
							struct sy_passphrase *passphrase,
							struct sy_private_key **key);

SY_MUST_CHECK enum sy_status sy_private_key_to_minisign(struct sy_context *ctx,
							const struct sy_private_key *key,
							struct sy_span passphrase,
							struct sy_secret *text);

#endif
