/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) with the processor's own instructions, one stream or two
 * side by side: one stream waits for the latency of its rounds, a second one
 * fills the gaps.  Where there are none, or they fail their test against
 * libcrypto, libcrypto does the work.  Internal to verifier/digest.
 */
#ifndef SY_DIGEST_SHA256_H
#define SY_DIGEST_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/base/context.h"
#include "verifier/base/span.h"

#define SY_SHA256_BLOCK 64u	/* bytes */
#define SY_SHA256_LEN 32u	/* bytes */

struct sy_sha256_kernel {
	const char *name;
	unsigned feature;	/* enum sy_cpu_feature that it needs */
	/* Whole blocks through the eight words of the state. */
	void (*one)(uint32_t state[8], const uint8_t *data, size_t n_blocks);
	/* The same for two streams that advance by as many blocks. */
	void (*two)(uint32_t state_a[8], const uint8_t *a,
		    uint32_t state_b[8], const uint8_t *b, size_t n_blocks);
};

#ifdef __x86_64__
extern const struct sy_sha256_kernel sy_sha256_ni;
#endif

/* What is used: name says it in words; kernel NULL: libcrypto. */
struct sy_sha256_choice {
	const struct sy_sha256_kernel *kernel;
	const char *failed;	/* the kernel that failed its self-test, or NULL */
};

/* The first kernel of the list that the features allow and the test passes. */
void sy_sha256_choose(const struct sy_sha256_kernel *const *kernels, size_t n,
		      unsigned features, struct sy_sha256_choice *choice);

/* This machine's choice, made once. */
const struct sy_sha256_choice *sy_sha256_chosen(void);

/* Equal to libcrypto for every tail length, in one lane and in two. */
bool sy_sha256_is_right(const struct sy_sha256_kernel *kernel);

/* A message as one piece, by that kernel (NULL: libcrypto); for tests. */
bool sy_sha256_digest(const struct sy_sha256_kernel *kernel, const uint8_t *data,
		      size_t len, uint8_t out[SY_SHA256_LEN]);

/*
 * Advances two hasher states of sy_algorithm_sha256, side by side where that is
 * possible; each by bytes of its own.  False: libcrypto failed.
 */
bool sy_sha256_update_pair(void *a, struct sy_span data_a, void *b,
			   struct sy_span data_b);

/*
 * Whether two lanes of the chosen kernel are faster than one here: measured, the
 * first time that it is asked (a third of a millisecond).
 */
bool sy_sha256_two_gain(struct sy_context *ctx);

#endif
