/* SPDX-License-Identifier: Apache-2.0 */
/* Moments of runs with AVX-512: eight doubles at once. */
#include <immintrin.h>
#include <stddef.h>

#define SY_KERNEL sy_stats_avx512
#define KERNEL_NAME "avx512"
#define KERNEL_FEATURE SY_CPU_AVX512
#define WIDTH 8u
#define VEC __m512d
#define SET1(x) _mm512_set1_pd(x)
#define ADD _mm512_add_pd
#define SUB _mm512_sub_pd
#define MUL _mm512_mul_pd
#define MIN _mm512_min_pd
#define MAX _mm512_max_pd
#define STORE(p, v) _mm512_storeu_pd(p, v)
#define LOAD_F64(p) _mm512_loadu_pd(p)
#define LOAD_F32(p) _mm512_cvtps_pd(_mm256_loadu_ps((const void *)(p)))
#define LOAD_F16(p) _mm512_cvtps_pd(_mm256_cvtph_ps(_mm_loadu_si128((const void *)(p))))
#define LOAD_BF16(p) load_bf16(p)
#define COUNT __m512i
#define NO_COUNT _mm512_setzero_si512()
#define COUNT_ZEROS(c, v) count_zeros(c, v)
#define COUNTED(c) ((size_t)_mm512_reduce_add_epi64(c))

static inline __m512d load_bf16(const void *p)
{
	__m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(p));

	return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)));
}

static inline __m512i count_zeros(__m512i c, __m512d v)
{
	__mmask8 is_zero = _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_EQ_OQ);

	return _mm512_mask_add_epi64(c, is_zero, c, _mm512_set1_epi64(1));
}

#include "verifier/digest/stats_lanes.h"
