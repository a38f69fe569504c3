/* SPDX-License-Identifier: Apache-2.0 */
/* The processor's abilities.  On other machines than x86-64 there are none. */
#include "verifier/digest/cpu.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/base/attr.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

static const char *const names[SY_N_CPU_FEATURES] = {
#define NAME(id, text) [SY_CPU_##id] = text,
	SY_CPU_FEATURES(NAME)
#undef NAME
};

#ifdef __x86_64__
#define LEAF7_EBX_SHA (1u << 29)
#define LEAF1_ECX_F16C (1u << 29)

/* Compilers of our day have no name for it. */
static bool has_sha_ni(void)
{
	unsigned eax, ebx = 0, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
	       (ebx & LEAF7_EBX_SHA) != 0;
}

/* No processor has AVX2 without it; a hypervisor may pretend that one has. */
static bool has_f16c(void)
{
	unsigned eax, ebx, ecx = 0, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & LEAF1_ECX_F16C) != 0;
}

static unsigned detect(void)
{
	unsigned features = 0;

	if (SY_CPU_SUPPORTS("sse4.1"))
		features |= 1u << SY_CPU_SSE41;
	if (SY_CPU_SUPPORTS("sse4.1") && has_sha_ni())
		features |= 1u << SY_CPU_SHA_NI;
	if (SY_CPU_SUPPORTS("avx2") && has_f16c())
		features |= 1u << SY_CPU_AVX2;
	if (SY_CPU_SUPPORTS("avx512f") && SY_CPU_SUPPORTS("avx512bw") && has_f16c())
		features |= 1u << SY_CPU_AVX512;
	return features;
}
#else
static unsigned detect(void)
{
	return 0;
}
#endif

const char *sy_cpu_feature_name(enum sy_cpu_feature feature)
{
	return names[feature];
}

static unsigned named(const char *word, size_t len)
{
	if (len == 3 && !memcmp(word, "all", 3))
		return ~0u;
	for (unsigned i = 0; i < SY_N_CPU_FEATURES; i++) {
		if (strlen(names[i]) == len && !memcmp(word, names[i], len))
			return 1u << i;
	}
	return 0;
}

unsigned sy_cpu_mask(unsigned features, const char *disabled)
{
	while (disabled && *disabled) {
		size_t len = strcspn(disabled, ",");

		features &= ~named(disabled, len);
		disabled += len + (disabled[len] == ',');
	}
	return features;
}

static unsigned cached, failing;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void ask(void)
{
	const char *disabled = NULL, *fails = NULL;

#ifdef STEELYARD_TEST_BUILD
	disabled = getenv("STEELYARD_DISABLE_CPU");
	fails = getenv("STEELYARD_FAIL_CPU");
#endif
	cached = sy_cpu_mask(detect(), disabled);
	failing = ~sy_cpu_mask(~0u, fails);
}

unsigned sy_cpu_features(void)
{
	pthread_once(&once, ask);
	return cached;
}

bool sy_cpu_must_fail(enum sy_cpu_feature feature)
{
	pthread_once(&once, ask);
	return (failing & 1u << feature) != 0;
}
