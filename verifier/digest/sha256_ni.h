/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 with the SHA extensions of x86-64, LANES streams side by side.  The one
 * text of these kernels; each is alone in its translation unit and compiled without
 * AVX: the instructions have no VEX form, and with the upper halves of the registers
 * in use they were measured to run 95 times slower.  A kernel is a file that defines
 *
 *	LANES				how many streams
 *	SY_KERNEL, KERNEL_NAME
 *
 * and includes this.  sha256rnds2 does two rounds on the state split as (a b e f) and
 * (c d g h), and each waits for its own last result: the lanes alternate instruction
 * by instruction, and fill each other's gaps.
 */
#include <immintrin.h>

#include "verifier/digest/cpu.h"
#include "verifier/digest/sha256.h"
#include "verifier/digest/sha256_k.h"

/* Row i of each lane; all of it in registers, as far as they reach. */
struct rows {
	__m128i abef[LANES], cdgh[LANES];	/* the working variables */
	__m128i m0[LANES], m1[LANES], m2[LANES], m3[LANES];	/* of the schedule */
};

#define EACH_LANE _Pragma("GCC unroll 4") for (unsigned l = 0; l < LANES; l++)

static inline __m128i load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* The words of a message are big-endian. */
static inline __m128i load_words(const uint8_t *p)
{
	return _mm_shuffle_epi8(load(p), _mm_set_epi64x(0x0c0d0e0f08090a0b,
							0x0405060700010203));
}

/* The next four words of the schedule, from the last sixteen: a is the oldest. */
static inline __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b),
				    _mm_alignr_epi8(d, c, 4));

	return _mm_sha256msg2_epu32(sum, d);
}

/* Four rounds with the words of m. */
#define ROUNDS(m, i) do {						\
		__m128i w[LANES];					\
									\
		EACH_LANE {						\
			w[l] = _mm_add_epi32(r.m[l], load(k + (i)));	\
			r.cdgh[l] = _mm_sha256rnds2_epu32(r.cdgh[l], r.abef[l], w[l]); \
		}							\
		EACH_LANE {						\
			w[l] = _mm_shuffle_epi32(w[l], 0x0e);		\
			r.abef[l] = _mm_sha256rnds2_epu32(r.abef[l], r.cdgh[l], w[l]); \
		}							\
	} while (0)

/* The schedule moves on: m, the oldest words, become the newest. */
#define SCHEDULE(m, n1, n2, n3) do {					\
		EACH_LANE						\
			r.m[l] = next_words(r.m[l], r.n1[l], r.n2[l], r.n3[l]); \
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

/* Words of four (a b c d), (e f g h), lowest first, to the split state. */
static inline void enter(struct rows *r, unsigned l, const uint32_t h[8])
{
	__m128i badc = _mm_shuffle_epi32(load(h), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(load(h + 4), 0x1b);

	r->abef[l] = _mm_alignr_epi8(badc, hgfe, 8);
	r->cdgh[l] = _mm_blend_epi16(hgfe, badc, 0xf0);
}

static inline void leave(const struct rows *r, unsigned l, uint32_t h[8])
{
	__m128i feba = _mm_shuffle_epi32(r->abef[l], 0x1b);
	__m128i dchg = _mm_shuffle_epi32(r->cdgh[l], 0xb1);

	_mm_storeu_si128((__m128i *)(void *)h, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(h + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static inline void load_blocks(struct rows *r, const struct sy_sha256_lane *lanes,
			       size_t off)
{
	EACH_LANE {
		const uint8_t *p = lanes[l].data + off;

		r->m0[l] = load_words(p);
		r->m1[l] = load_words(p + 16);
		r->m2[l] = load_words(p + 32);
		r->m3[l] = load_words(p + 48);
	}
}

/* Written out: a loop over the rounds cost two lanes a tenth on Zen 5. */
static void hash(const struct sy_sha256_lane *lanes, size_t n_blocks)
{
	struct rows r;

	EACH_LANE
		enter(&r, l, lanes[l].h);
	for (size_t off = 0; off < n_blocks * SY_SHA256_BLOCK; off += SY_SHA256_BLOCK) {
		__m128i abef[LANES], cdgh[LANES];

		EACH_LANE {
			abef[l] = r.abef[l];
			cdgh[l] = r.cdgh[l];
		}
		load_blocks(&r, lanes, off);
		SIXTEEN_ROUNDS(0);
		SIXTEEN_ROUNDS(16);
		SIXTEEN_ROUNDS(32);
		ROUNDS(m0, 48);
		ROUNDS(m1, 52);
		ROUNDS(m2, 56);
		ROUNDS(m3, 60);
		EACH_LANE {
			r.abef[l] = _mm_add_epi32(r.abef[l], abef[l]);
			r.cdgh[l] = _mm_add_epi32(r.cdgh[l], cdgh[l]);
		}
	}
	EACH_LANE
		leave(&r, l, lanes[l].h);
}

const struct sy_sha256_kernel SY_KERNEL = {
	.name = KERNEL_NAME, .feature = SY_CPU_SHA_NI, .lanes = LANES, .hash = hash,
};
