/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) in plain C, for the processes that read hostile files and
 * therefore hold no crypto library.  What it gives is a statement of such a process,
 * never a proof; verifier/digest/sha256.h is for that.
 */
#ifndef SY_DIGEST_SHA256_PLAIN_H
#define SY_DIGEST_SHA256_PLAIN_H

#include <stddef.h>
#include <stdint.h>

#define SY_SHA256_BYTES 32	/* of a digest */

struct sy_sha256_plain {
	uint32_t h[8];
	uint64_t n_bytes;	/* so far */
	uint8_t block[64];	/* its first n_bytes % 64 bytes wait */
};

void sy_sha256_plain_begin(struct sy_sha256_plain *s);
void sy_sha256_plain_add(struct sy_sha256_plain *s, const void *data, size_t len);
void sy_sha256_plain_end(struct sy_sha256_plain *s, uint8_t digest[SY_SHA256_BYTES]);

#endif
