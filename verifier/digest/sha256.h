/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) with the processor's own instructions, one stream or several
 * side by side: one stream waits for the latency of its rounds, others fill the gaps,
 * and sixteen fill vectors.  Where there are no such instructions for one stream, or
 * they fail their test against libcrypto, libcrypto does the work.  Internal to
 * verifier/digest.
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
#define SY_SHA256_LANES_MAX 16u

/* The state before the first block. */
extern const uint32_t sy_sha256_initial[8];

/* One of the streams of a call: its state, and where its blocks lie. */
struct sy_sha256_lane {
	uint32_t *h;		/* eight words */
	const uint8_t *data;
};

struct sy_sha256_kernel {
	const char *name;
	unsigned feature;	/* enum sy_cpu_feature that it needs */
	unsigned lanes;		/* at most SY_SHA256_LANES_MAX */
	/* As many whole blocks of every lane through the state of that lane. */
	void (*hash)(const struct sy_sha256_lane *lanes, size_t n_blocks);
};

#ifdef __x86_64__
extern const struct sy_sha256_kernel sy_sha256_ni, sy_sha256_ni_x2, sy_sha256_ni_x4,
				     sy_sha256_avx512;
#endif

#define SY_SHA256_KERNELS_MAX 4u

/* What is used: the first has one lane, the next ones more; none: libcrypto. */
struct sy_sha256_choice {
	const struct sy_sha256_kernel *kernels[SY_SHA256_KERNELS_MAX];
	size_t n;
	const char *failed;	/* a kernel that failed its self-test, or NULL */
};

/*
 * Those of the list, narrowest first, that the features allow and the test passes;
 * none without one for a single stream.
 */
void sy_sha256_choose(const struct sy_sha256_kernel *const *kernels, size_t n,
		      unsigned features, struct sy_sha256_choice *choice);

/* This machine's choice, made once. */
const struct sy_sha256_choice *sy_sha256_chosen(void);

/* Equal to libcrypto in every lane, for one block and for several. */
bool sy_sha256_is_right(const struct sy_sha256_kernel *kernel);

/*
 * How many of n streams are best run side by side in one thread; 1: there is no
 * gain.  Measured, the first time that it is asked (a third of a millisecond).
 */
unsigned sy_sha256_width(struct sy_context *ctx, size_t n);

/* The chosen kernel for the next of n >= 1 streams; NULL: libcrypto. */
const struct sy_sha256_kernel *sy_sha256_best(size_t n);

/* n streams by one kernel, n at most its lanes: those left over hash for nobody. */
void sy_sha256_run(const struct sy_sha256_kernel *kernel,
		   const struct sy_sha256_lane *lanes, size_t n, size_t n_blocks);

/* A message as one piece, by that kernel (NULL: libcrypto); for tests. */
bool sy_sha256_digest(const struct sy_sha256_kernel *kernel, const uint8_t *data,
		      size_t len, uint8_t out[SY_SHA256_LEN]);

/*
 * Advances n hasher states of sy_algorithm_sha256, all different, at most
 * SY_SHA256_LANES_MAX: side by side where that is possible; each by bytes of its
 * own.  False: libcrypto failed.
 */
bool sy_sha256_update_many(void *const *states, const struct sy_span *data, size_t n);

#endif
