/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE3 in sixteen lanes: AVX-512. */
#include <immintrin.h>
#include <string.h>

#include "verifier/digest/blake3.h"
#include "verifier/digest/cpu.h"

#define SY_KERNEL sy_blake3_avx512
#define KERNEL_NAME "avx512"
#define KERNEL_FEATURE SY_CPU_AVX512
#define LANES 16
#define VEC __m512i
#define ADD _mm512_add_epi32
#define XOR _mm512_xor_si512
#define SET1(x) _mm512_set1_epi32((int)(x))
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define ROT16(v) _mm512_ror_epi32(v, 16)
#define ROT12(v) _mm512_ror_epi32(v, 12)
#define ROT8(v) _mm512_ror_epi32(v, 8)
#define ROT7(v) _mm512_ror_epi32(v, 7)
#define TRANSPOSE(v) transpose(v)

/* Pairs of words, pairs of pairs, then quarters of vectors twice. */
static inline void transpose(__m512i v[16])
{
	__m512i a[16], b[16];

	for (unsigned i = 0; i < 16; i += 2) {
		a[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
		a[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
	}
	for (unsigned i = 0; i < 16; i += 4) {
		b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
		b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
		b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
		b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
	}
	/* b[4 i + j]: words j, j+4, j+8, j+12 of rows 4 i to 4 i + 3. */
	for (unsigned j = 0; j < 4; j++) {
		a[j] = _mm512_shuffle_i32x4(b[j], b[j + 4], 0x88);
		a[j + 4] = _mm512_shuffle_i32x4(b[j], b[j + 4], 0xdd);
		a[j + 8] = _mm512_shuffle_i32x4(b[j + 8], b[j + 12], 0x88);
		a[j + 12] = _mm512_shuffle_i32x4(b[j + 8], b[j + 12], 0xdd);
	}
	for (unsigned j = 0; j < 4; j++) {
		v[j] = _mm512_shuffle_i32x4(a[j], a[j + 8], 0x88);
		v[j + 8] = _mm512_shuffle_i32x4(a[j], a[j + 8], 0xdd);
		v[j + 4] = _mm512_shuffle_i32x4(a[j + 4], a[j + 12], 0x88);
		v[j + 12] = _mm512_shuffle_i32x4(a[j + 4], a[j + 12], 0xdd);
	}
}

#include "verifier/digest/blake3_lanes.h"
