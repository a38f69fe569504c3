/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE3 in eight lanes: AVX2. */
#include <immintrin.h>
#include <string.h>

#include "verifier/digest/blake3.h"
#include "verifier/digest/cpu.h"

#define SY_KERNEL sy_blake3_avx2
#define KERNEL_NAME "avx2"
#define KERNEL_FEATURE SY_CPU_AVX2
#define LANES 8
#define VEC __m256i
#define ADD _mm256_add_epi32
#define XOR _mm256_xor_si256
#define SET1(x) _mm256_set1_epi32((int)(x))
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define BOTH(high, low) _mm256_set_epi64x(high, low, high, low)
#define ROT16(v) _mm256_shuffle_epi8(v, BOTH(0x0d0c0f0e09080b0a, 0x0504070601000302))
#define ROT8(v) _mm256_shuffle_epi8(v, BOTH(0x0c0f0e0d080b0a09, 0x0407060500030201))
#define ROT12(v) rotate(v, 12)
#define ROT7(v) rotate(v, 7)
#define TRANSPOSE(v) transpose(v)

static inline __m256i rotate(__m256i v, const int n)
{
	return _mm256_or_si256(_mm256_srli_epi32(v, n), _mm256_slli_epi32(v, 32 - n));
}

/* Pairs of words, then pairs of pairs, then halves of vectors. */
static inline void transpose(__m256i v[8])
{
	__m256i a[8], b[8];

	for (unsigned i = 0; i < 8; i += 2) {
		a[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
		a[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
	}
	for (unsigned i = 0; i < 8; i += 4) {
		b[i] = _mm256_unpacklo_epi64(a[i], a[i + 2]);
		b[i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 2]);
		b[i + 2] = _mm256_unpacklo_epi64(a[i + 1], a[i + 3]);
		b[i + 3] = _mm256_unpackhi_epi64(a[i + 1], a[i + 3]);
	}
	for (unsigned i = 0; i < 4; i++) {
		v[i] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x20);
		v[i + 4] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x31);
	}
}

#include "verifier/digest/blake3_lanes.h"
