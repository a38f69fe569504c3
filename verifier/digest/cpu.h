/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processor can do, asked once.  A build with tests leaves out what
 * STEELYARD_DISABLE_CPU names ("sha-ni,avx512", or "all"), and lets the self-test
 * of code for what STEELYARD_FAIL_CPU names fail; any other build does not look at
 * the environment.
 */
#ifndef SY_DIGEST_CPU_H
#define SY_DIGEST_CPU_H

#include <stdbool.h>

/* FEATURE(ENUM, "name") */
#define SY_CPU_FEATURES(FEATURE)	\
	FEATURE(AVX2, "avx2")		\
	FEATURE(AVX512, "avx512")	\
	FEATURE(SHA_NI, "sha-ni")	\
	FEATURE(SSE41, "sse4.1")

enum sy_cpu_feature {
#define SY_CPU_ENUM_(name, text) SY_CPU_##name,
	SY_CPU_FEATURES(SY_CPU_ENUM_)
#undef SY_CPU_ENUM_
	SY_N_CPU_FEATURES
};

/* Bits 1u << enum sy_cpu_feature: there, and not masked. */
unsigned sy_cpu_features(void);

/* Whether the self-test of code for this feature is to fail: a test's wish. */
bool sy_cpu_must_fail(enum sy_cpu_feature feature);

/* The features that stay of `features` when `disabled` (may be NULL) is masked. */
unsigned sy_cpu_mask(unsigned features, const char *disabled);

const char *sy_cpu_feature_name(enum sy_cpu_feature feature);

#endif
