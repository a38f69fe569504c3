/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moments of a run of numbers, in variants for what the processor can do.  All of
 * them are equal to the bit: number i is added in lane i % 16, each lane in order, the
 * lanes are added as a tree, and no multiplication is fused with an addition.
 * docs/formats/tensor-digests.md specifies it.  Internal to verifier/digest.
 */
#ifndef SY_DIGEST_STATS_RUN_H
#define SY_DIGEST_STATS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/digest/cpu.h"

#define SY_STATS_RUN 2048u	/* numbers */
#define SY_STATS_LANES 16u	/* of doubles that are summed up */

struct sy_stats_run {
	size_t n_zero;
	double low, high, mean;		/* never the negative zero */
	double deviation;		/* sum of the squares of differences from the mean */
};

/* Numbers as the machine keeps them. */
enum sy_stats_form { SY_STATS_F64, SY_STATS_F32, SY_STATS_F16, SY_STATS_BF16, SY_N_STATS_FORMS };

struct sy_stats_kernel {
	const char *name;
	unsigned feature;	/* enum sy_cpu_feature that it needs */
	/*
	 * Of 1 to SY_STATS_RUN numbers, at any address.  False: they add up to no finite
	 * number, and only n_zero, low and high may mean something: one of them is not
	 * finite, or (F64) they are very large.
	 */
	bool (*measure[SY_N_STATS_FORMS])(const uint8_t *data, size_t n,
					  struct sy_stats_run *run);
};

extern const struct sy_stats_kernel sy_stats_portable;
#ifdef __x86_64__
extern const struct sy_stats_kernel sy_stats_avx2, sy_stats_avx512;
#endif

struct sy_stats_choice {
	const struct sy_stats_kernel *kernel;
	const char *failed;	/* a variant that failed its self-test, or NULL */
};

/* The first of the list that the features allow and the test passes, or the portable. */
void sy_stats_choose(const struct sy_stats_kernel *const *kernels, size_t n,
		     unsigned features, struct sy_stats_choice *choice);

/* This machine's choice, made once. */
const struct sy_stats_choice *sy_stats_chosen(void);

/* Equal to the portable one, to the bit, for runs of several lengths. */
bool sy_stats_is_right(const struct sy_stats_kernel *kernel);

#endif
