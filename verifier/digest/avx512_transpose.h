/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen words of sixteen lanes, rows to columns; for the files that use AVX-512. */
#ifndef SY_DIGEST_AVX512_TRANSPOSE_H
#define SY_DIGEST_AVX512_TRANSPOSE_H

#include <immintrin.h>

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

#endif
