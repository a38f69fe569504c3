/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 in sixteen streams with AVX-512: word i of lane j is element j of vector i.
 * Alone in its file, as the kernels with SHA-NI are: they must never see its vectors.
 *
 * A vector instruction of Zen 5 takes two cycles, and four of them run at once: what
 * counts are the few that each round adds to the chain through e.  The order of the
 * additions is therefore meant as it is written; compilers that put them in an order
 * of their own are told not to (see CMakeLists.txt).
 */
#include <immintrin.h>

#include "verifier/digest/avx512_transpose.h"
#include "verifier/digest/cpu.h"
#include "verifier/digest/sha256.h"
#include "verifier/digest/sha256_k.h"

#define LANES 16
#define ADD _mm512_add_epi32
#define ROR _mm512_ror_epi32
/* Functions of three bits by their tables: exclusive or, choice and majority. */
#define XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define CH(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define MAJ(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)

/* FIPS 180-4, 4.1.2: the capital sigmas, then the small ones. */
#define SUM0(x) XOR3(ROR(x, 2), ROR(x, 13), ROR(x, 22))
#define SUM1(x) XOR3(ROR(x, 6), ROR(x, 11), ROR(x, 25))
#define MIX0(x) XOR3(ROR(x, 7), ROR(x, 18), _mm512_srli_epi32(x, 3))
#define MIX1(x) XOR3(ROR(x, 17), ROR(x, 19), _mm512_srli_epi32(x, 10))

/* The names of the working variables turn, their values stay where they are. */
#define ROUND(a, b, c, d, e, f, g, h, i, j) do {			\
		__m512i kw = ADD(w[j], _mm512_set1_epi32((int)k[(i) + (j)])); \
		__m512i t = ADD(ADD(ADD(h, kw), CH(e, f, g)), SUM1(e));	\
									\
		d = ADD(d, t);						\
		h = ADD(ADD(t, MAJ(a, b, c)), SUM0(a));			\
	} while (0)

/* The schedule moves on by a word, in its place. */
#define NEXT(j)								\
	(w[j] = ADD(ADD(w[j], MIX0(w[((j) + 1) % 16])),			\
		    ADD(w[((j) + 9) % 16], MIX1(w[((j) + 14) % 16]))))
#define LAST(j) ((void)0)

#define EIGHT_ROUNDS(i, j, THEN) do {					\
		ROUND(a, b, c, d, e, f, g, h, i, j);			\
		THEN(j);						\
		ROUND(h, a, b, c, d, e, f, g, i, j + 1);		\
		THEN(j + 1);						\
		ROUND(g, h, a, b, c, d, e, f, i, j + 2);		\
		THEN(j + 2);						\
		ROUND(f, g, h, a, b, c, d, e, i, j + 3);		\
		THEN(j + 3);						\
		ROUND(e, f, g, h, a, b, c, d, i, j + 4);		\
		THEN(j + 4);						\
		ROUND(d, e, f, g, h, a, b, c, i, j + 5);		\
		THEN(j + 5);						\
		ROUND(c, d, e, f, g, h, a, b, i, j + 6);		\
		THEN(j + 6);						\
		ROUND(b, c, d, e, f, g, h, a, i, j + 7);		\
		THEN(j + 7);						\
	} while (0)

#define SIXTEEN_ROUNDS(i, THEN) do {					\
		EIGHT_ROUNDS(i, 0, THEN);				\
		EIGHT_ROUNDS(i, 8, THEN);				\
	} while (0)

/* The next block of each lane; the words of a message are big-endian. */
static inline void load_blocks(__m512i w[LANES], const struct sy_sha256_lane *lanes,
			       size_t off)
{
	const __m512i order = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607,
						0x00010203);

	for (unsigned i = 0; i < LANES; i++)
		w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(lanes[i].data + off), order);
	transpose(w);
}

static inline void compress(__m512i s[8], __m512i w[LANES])
{
	__m512i a = s[0], b = s[1], c = s[2], d = s[3];
	__m512i e = s[4], f = s[5], g = s[6], h = s[7];

	SIXTEEN_ROUNDS(0, NEXT);
	SIXTEEN_ROUNDS(16, NEXT);
	SIXTEEN_ROUNDS(32, NEXT);
	SIXTEEN_ROUNDS(48, LAST);
	s[0] = ADD(s[0], a);
	s[1] = ADD(s[1], b);
	s[2] = ADD(s[2], c);
	s[3] = ADD(s[3], d);
	s[4] = ADD(s[4], e);
	s[5] = ADD(s[5], f);
	s[6] = ADD(s[6], g);
	s[7] = ADD(s[7], h);
}

static void hash(const struct sy_sha256_lane *lanes, size_t n_blocks)
{
	uint32_t words[8][LANES];
	__m512i s[8], w[LANES];

	for (unsigned i = 0; i < 8; i++) {
		for (unsigned l = 0; l < LANES; l++)
			words[i][l] = lanes[l].h[i];
		s[i] = _mm512_loadu_si512(words[i]);
	}
	for (size_t n = 0; n < n_blocks; n++) {
		load_blocks(w, lanes, n * SY_SHA256_BLOCK);
		compress(s, w);
	}
	for (unsigned i = 0; i < 8; i++) {
		_mm512_storeu_si512(words[i], s[i]);
		for (unsigned l = 0; l < LANES; l++)
			lanes[l].h[i] = words[i][l];
	}
	/* Whoever runs SHA-NI next must find the upper halves unused. */
	_mm256_zeroupper();
}

const struct sy_sha256_kernel sy_sha256_avx512 = {
	.name = "avx512-x16", .feature = SY_CPU_AVX512, .lanes = LANES, .hash = hash,
};
