/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE3 in four lanes: SSE4.1. */
#include <immintrin.h>
#include <string.h>

#include "verifier/digest/blake3.h"
#include "verifier/digest/cpu.h"

#define SY_KERNEL sy_blake3_sse41
#define KERNEL_NAME "sse4.1"
#define KERNEL_FEATURE SY_CPU_SSE41
#define LANES 4
#define VEC __m128i
#define ADD _mm_add_epi32
#define XOR _mm_xor_si128
#define SET1(x) _mm_set1_epi32((int)(x))
#define LOAD(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
#define ROT16(v) _mm_shuffle_epi8(v, _mm_set_epi64x(0x0d0c0f0e09080b0a, 0x0504070601000302))
#define ROT8(v) _mm_shuffle_epi8(v, _mm_set_epi64x(0x0c0f0e0d080b0a09, 0x0407060500030201))
#define ROT12(v) rotate(v, 12)
#define ROT7(v) rotate(v, 7)
#define TRANSPOSE(v) transpose(v)

static inline __m128i rotate(__m128i v, const int n)
{
	return _mm_or_si128(_mm_srli_epi32(v, n), _mm_slli_epi32(v, 32 - n));
}

static inline void transpose(__m128i v[4])
{
	__m128i ab_low = _mm_unpacklo_epi32(v[0], v[1]);
	__m128i ab_high = _mm_unpackhi_epi32(v[0], v[1]);
	__m128i cd_low = _mm_unpacklo_epi32(v[2], v[3]);
	__m128i cd_high = _mm_unpackhi_epi32(v[2], v[3]);

	v[0] = _mm_unpacklo_epi64(ab_low, cd_low);
	v[1] = _mm_unpackhi_epi64(ab_low, cd_low);
	v[2] = _mm_unpacklo_epi64(ab_high, cd_high);
	v[3] = _mm_unpackhi_epi64(ab_high, cd_high);
}

#include "verifier/digest/blake3_lanes.h"
