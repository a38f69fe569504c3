/* SPDX-License-Identifier: Apache-2.0 */
/* Moments of runs with AVX2: four doubles at once. */
#include <immintrin.h>
#include <stddef.h>

#define SY_KERNEL sy_stats_avx2
#define KERNEL_NAME "avx2"
#define KERNEL_FEATURE SY_CPU_AVX2
#define WIDTH 4u
#define VEC __m256d
#define SET1(x) _mm256_set1_pd(x)
#define ADD _mm256_add_pd
#define SUB _mm256_sub_pd
#define MUL _mm256_mul_pd
#define MIN _mm256_min_pd
#define MAX _mm256_max_pd
#define STORE(p, v) _mm256_storeu_pd(p, v)
#define LOAD_F64(p) _mm256_loadu_pd((const void *)(p))
#define LOAD_F32(p) _mm256_cvtps_pd(_mm_loadu_ps((const void *)(p)))
#define LOAD_F16(p) _mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64((const void *)(p))))
#define LOAD_BF16(p) load_bf16(p)
#define COUNT __m256i
#define NO_COUNT _mm256_setzero_si256()
#define COUNT_ZEROS(c, v) count_zeros(c, v)
#define COUNTED(c) counted(c)

static inline __m256d load_bf16(const void *p)
{
	__m128i bits = _mm_cvtepu16_epi32(_mm_loadl_epi64(p));

	return _mm256_cvtps_pd(_mm_castsi128_ps(_mm_slli_epi32(bits, 16)));
}

/* A comparison that holds is -1. */
static inline __m256i count_zeros(__m256i c, __m256d v)
{
	__m256d is_zero = _mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_EQ_OQ);

	return _mm256_sub_epi64(c, _mm256_castpd_si256(is_zero));
}

static inline size_t counted(__m256i c)
{
	long long n[4];

	_mm256_storeu_si256((void *)n, c);
	return (size_t)(n[0] + n[1] + n[2] + n[3]);
}

#include "verifier/digest/stats_lanes.h"
