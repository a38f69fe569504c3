/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a passphrase becomes: scrypt (RFC 7914) by libsodium.  The cost stands in
 * the key file, so that it is compared with limits.key_work before anything is
 * computed: 128 N r p bytes are mixed, and at most that much memory is taken.
 */
#ifndef SY_KEYS_KDF_H
#define SY_KEYS_KDF_H

#include "keys/secret.h"

struct sy_scrypt {
	uint64_t n, r, p;
};

/* SY_LIMIT and a sentence: more work than limits.key_work. */
SY_MUST_CHECK enum sy_status sy_kdf_admit(struct sy_context *ctx,
					  const struct sy_scrypt *cost);

/*
 * `len` bytes of key.  SY_LIMIT: too much work; SY_FORMAT: no parameters of
 * scrypt (N is a power of two, r and p are at least 1).
 */
SY_MUST_CHECK enum sy_status sy_kdf_scrypt(struct sy_context *ctx,
					   const struct sy_scrypt *cost,
					   struct sy_span passphrase, struct sy_span salt,
					   size_t len, struct sy_secret *key);

/* The cost as minisign writes it: libsodium's opslimit (4 N r p) and memlimit. */
struct sy_kdf_limits {
	uint64_t ops, memory;		/* memory in bytes */
};

/* The same by limits; `salt` is 32 bytes. */
SY_MUST_CHECK enum sy_status sy_kdf_by_limits(struct sy_context *ctx,
					      const struct sy_kdf_limits *limits,
					      struct sy_span passphrase,
					      const uint8_t *salt, size_t len,
					      struct sy_secret *key);

/* The passphrase of an encrypted file, or SY_FORMAT as SY_FAILURE_PASSPHRASE_MISSING. */
SY_MUST_CHECK enum sy_status sy_passphrase_ask(struct sy_context *ctx,
					       const struct sy_passphrase *source,
					       struct sy_secret *passphrase);

/* SY_FORMAT as SY_FAILURE_PASSPHRASE_WRONG, and the one sentence for it. */
enum sy_status sy_passphrase_is_wrong(struct sy_context *ctx);

#endif
