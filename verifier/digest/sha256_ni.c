/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 with the SHA extensions of x86-64.  Alone in its translation unit, and
 * compiled without AVX: these instructions have no VEX form, and with the upper
 * halves of the registers in use they were measured to run 95 times slower.
 *
 * sha256rnds2 does two rounds on the state split as (a b e f) and (c d g h).
 */
#include "verifier/digest/sha256.h"

#include <immintrin.h>

#include "verifier/digest/cpu.h"

/* The first 32 bits of the fractional parts of the cube roots of 64 primes. */
static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

struct lane {
	__m128i abef, cdgh;		/* the working variables */
	__m128i m0, m1, m2, m3;		/* sixteen words of the schedule */
};

static inline __m128i load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* The words of a message are big-endian. */
static inline void load_block(struct lane *l, const uint8_t *p)
{
	const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	l->m0 = _mm_shuffle_epi8(load(p), order);
	l->m1 = _mm_shuffle_epi8(load(p + 16), order);
	l->m2 = _mm_shuffle_epi8(load(p + 32), order);
	l->m3 = _mm_shuffle_epi8(load(p + 48), order);
}

/* The next four words of the schedule, from the last sixteen: a is the oldest. */
static inline __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b),
				    _mm_alignr_epi8(d, c, 4));

	return _mm_sha256msg2_epu32(sum, d);
}

/*
 * Four rounds with the words of m, per lane; the lanes alternate instruction by
 * instruction, since each waits for its own last result.
 */
#define ROUNDS(m, i) do {						\
		__m128i wa = _mm_add_epi32(a.m, load(k + (i))), wb;	\
		a.cdgh = _mm_sha256rnds2_epu32(a.cdgh, a.abef, wa);	\
		if (n_lanes > 1) {					\
			wb = _mm_add_epi32(b.m, load(k + (i)));		\
			b.cdgh = _mm_sha256rnds2_epu32(b.cdgh, b.abef, wb); \
		}							\
		wa = _mm_shuffle_epi32(wa, 0x0e);			\
		a.abef = _mm_sha256rnds2_epu32(a.abef, a.cdgh, wa);	\
		if (n_lanes > 1) {					\
			wb = _mm_shuffle_epi32(wb, 0x0e);		\
			b.abef = _mm_sha256rnds2_epu32(b.abef, b.cdgh, wb); \
		}							\
	} while (0)

/* The schedule moves on: m, the oldest words, become the newest. */
#define SCHEDULE(m, m1, m2, m3) do {					\
		a.m = next_words(a.m, a.m1, a.m2, a.m3);		\
		if (n_lanes > 1)					\
			b.m = next_words(b.m, b.m1, b.m2, b.m3);	\
	} while (0)

#define SIXTEEN_ROUNDS(i) do {						\
		ROUNDS(m0, (i));					\
		SCHEDULE(m0, m1, m2, m3);				\
		ROUNDS(m1, (i) + 4);					\
		SCHEDULE(m1, m2, m3, m0);				\
		ROUNDS(m2, (i) + 8);					\
		SCHEDULE(m2, m3, m0, m1);				\
		ROUNDS(m3, (i) + 12);					\
		SCHEDULE(m3, m0, m1, m2);				\
	} while (0)

/* Rows of four words (a b c d), (e f g h), lowest first, to the split state. */
static inline void enter(struct lane *l, const uint32_t state[8])
{
	__m128i badc = _mm_shuffle_epi32(load(state), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(load(state + 4), 0x1b);

	l->abef = _mm_alignr_epi8(badc, hgfe, 8);
	l->cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
}

static inline void leave(const struct lane *l, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(l->abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(l->cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static inline void add(struct lane *l, __m128i abef, __m128i cdgh)
{
	l->abef = _mm_add_epi32(l->abef, abef);
	l->cdgh = _mm_add_epi32(l->cdgh, cdgh);
}

/* One text for both kernels: n_lanes is a constant wherever it is inlined. */
static inline void compress(struct lane *lane_a, const uint8_t *p, struct lane *lane_b,
			    const uint8_t *q, size_t n_blocks, const unsigned n_lanes)
{
	struct lane a = *lane_a, b = *lane_b;

	for (; n_blocks > 0; n_blocks--) {
		const __m128i a0 = a.abef, a1 = a.cdgh, b0 = b.abef, b1 = b.cdgh;

		load_block(&a, p);
		p += SY_SHA256_BLOCK;
		if (n_lanes > 1) {
			load_block(&b, q);
			q += SY_SHA256_BLOCK;
		}
		/* Written out: a loop cost two lanes a tenth on Zen 5. */
		SIXTEEN_ROUNDS(0);
		SIXTEEN_ROUNDS(16);
		SIXTEEN_ROUNDS(32);
		ROUNDS(m0, 48);
		ROUNDS(m1, 52);
		ROUNDS(m2, 56);
		ROUNDS(m3, 60);
		add(&a, a0, a1);
		if (n_lanes > 1)
			add(&b, b0, b1);
	}
	*lane_a = a;
	*lane_b = b;
}

static void one(uint32_t state[8], const uint8_t *data, size_t n_blocks)
{
	struct lane a = { 0 }, unused = { 0 };

	enter(&a, state);
	compress(&a, data, &unused, NULL, n_blocks, 1);
	leave(&a, state);
}

static void two(uint32_t state_a[8], const uint8_t *data_a,
		uint32_t state_b[8], const uint8_t *data_b, size_t n_blocks)
{
	struct lane a = { 0 }, b = { 0 };

	enter(&a, state_a);
	enter(&b, state_b);
	compress(&a, data_a, &b, data_b, n_blocks, 2);
	leave(&a, state_a);
	leave(&b, state_b);
}

const struct sy_sha256_kernel sy_sha256_ni = {
	.name = "sha-ni", .feature = SY_CPU_SHA_NI, .one = one, .two = two,
};
