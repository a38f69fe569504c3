/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests as values: which algorithm, which bytes.  Computing them is
 * verifier/digest's work.
 */
#ifndef SY_BASE_DIGEST_VALUE_H
#define SY_BASE_DIGEST_VALUE_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

/* ALGORITHM(ENUM, "name", digest bytes); names as in sha256sum --tag, lower case. */
#define SY_ALGORITHMS(ALGORITHM)		\
	ALGORITHM(BLAKE2B, "blake2b", 64)	\
	ALGORITHM(BLAKE3, "blake3", 32)		\
	ALGORITHM(GIT_BLOB, "git-blob", 20)	\
	ALGORITHM(SHA256, "sha256", 32)		\
	ALGORITHM(SHA512, "sha512", 64)

enum sy_algorithm {
#define SY_ALGORITHM_ENUM_(name, text, len) SY_##name,
	SY_ALGORITHMS(SY_ALGORITHM_ENUM_)
#undef SY_ALGORITHM_ENUM_
	SY_N_ALGORITHMS
};

#define SY_DIGEST_MAX 64

struct sy_digest {
	enum sy_algorithm algorithm;
	uint8_t len;				/* bytes */
	uint8_t bytes[SY_DIGEST_MAX];
};

const char *sy_algorithm_name(enum sy_algorithm algorithm);
size_t sy_algorithm_len(enum sy_algorithm algorithm);	/* bytes */

/* By exact lower-case name; SY_N_ALGORITHMS when there is none. */
SY_MUST_CHECK bool sy_algorithm_find(struct sy_span name,
				     enum sy_algorithm *algorithm);

/* Same algorithm and bytes, in time that does not depend on the bytes. */
SY_MUST_CHECK bool sy_digest_equal(const struct sy_digest *a,
				   const struct sy_digest *b);

/* Exactly 2 * len hexadecimal digits (either case) of that algorithm. */
SY_MUST_CHECK bool sy_digest_parse(struct sy_span hex, enum sy_algorithm algorithm,
				   struct sy_digest *digest);

/* Lower-case hex with a NUL. */
void sy_digest_hex(const struct sy_digest *digest, char out[2 * SY_DIGEST_MAX + 1]);

#endif
