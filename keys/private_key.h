/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys: made, read, written, and asked for signatures.  Their numbers
 * lie in locked memory (keys/secret.h for ours, OpenSSL's secure heap for its
 * own) and leave it only encrypted, or plainly where the caller said so.
 */
#ifndef SY_KEYS_PRIVATE_KEY_H
#define SY_KEYS_PRIVATE_KEY_H

#include "keys/key.h"
#include "keys/secret.h"

#define SY_SIGNATURE_MAX 144u	/* bytes; P-521 in DER takes 139 */

struct sy_private_key;		/* opaque */

/*
 * A fresh key, without a number: minisign's files give it the one that follows
 * from it.  SY_USAGE: RSA, which is verified only.
 */
SY_MUST_CHECK enum sy_status sy_private_key_generate(struct sy_context *ctx,
						     enum sy_key_kind kind,
						     struct sy_private_key **key);

/*
 * Reads the one private key of a file: PEM (PKCS#8 plain or encrypted, SEC1,
 * cosign's and sigstore's), minisign's secret key (encrypted or not), signify's
 * without a passphrase.  `passphrase` is asked at most once, and only when the
 * file is encrypted.  SY_FORMAT, a sentence and what it is about (SY_FAILURE_KEY_*,
 * SY_FAILURE_PASSPHRASE_*): no such key, or passphrase; SY_LIMIT: the file wants
 * more work than limits.key_work; SY_UNSUPPORTED: signify's encryption.
 */
SY_MUST_CHECK enum sy_status sy_private_key_read(struct sy_context *ctx,
						 struct sy_span file,
						 struct sy_passphrase *passphrase,
						 struct sy_private_key **key);

/* Does the file look like a private key's (by its first lines only)? */
bool sy_private_key_is(struct sy_span file);

void sy_private_key_free(struct sy_private_key **key);

/* Its public half, which the private key owns. */
const struct sy_public_key *sy_private_key_public(const struct sy_private_key *key);

/*
 * Signs the message (ECDSA: with the hash of its curve, in DER; Ed25519: itself)
 * into signature[SY_SIGNATURE_MAX].  What does not verify does not leave.
 */
SY_MUST_CHECK enum sy_status sy_private_key_sign(struct sy_context *ctx,
						 const struct sy_private_key *key,
						 struct sy_span message,
						 uint8_t *signature, size_t *len);

enum sy_key_file {
	SY_KEY_FILE_PEM,	/* PKCS#8 (scrypt, AES-256-CBC); SubjectPublicKeyInfo */
	SY_KEY_FILE_MINISIGN	/* Ed25519 only: SY_USAGE for others */
};

/*
 * The text of a key file.  An empty passphrase writes it unencrypted: let the
 * caller be sure that this was asked for.
 */
SY_MUST_CHECK enum sy_status sy_private_key_write(struct sy_context *ctx,
						  const struct sy_private_key *key,
						  enum sy_key_file format,
						  struct sy_span passphrase,
						  struct sy_secret *text);

/* The text of the public key's file with a NUL; *len without it. */
#define SY_PUBLIC_KEY_TEXT_MAX 2048u
SY_MUST_CHECK enum sy_status sy_public_key_write(struct sy_context *ctx,
						 const struct sy_public_key *key,
						 enum sy_key_file format,
						 char text[SY_PUBLIC_KEY_TEXT_MAX],
						 size_t *len);

#endif
