/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLAKE3 in thirty-two lanes: AVX-512, two vectors side by side.  Each step waits for
 * the last one's result; the second vector fills the gaps, and the states of both just
 * fill the registers (the message stays in memory).
 */
#include <immintrin.h>
#include <string.h>

#include "verifier/base/attr.h"
#include "verifier/digest/avx512_transpose.h"
#include "verifier/digest/blake3.h"
#include "verifier/digest/cpu.h"

struct pair {
	__m512i a, b;		/* lanes 0 to 15, 16 to 31 */
};

#define SY_KERNEL sy_blake3_avx512_x2
#define KERNEL_NAME "avx512-x2"
#define KERNEL_FEATURE SY_CPU_AVX512
#define LANES 32
#define VEC struct pair
#define ADD(x, y) add(x, y)
#define XOR(x, y) xor(x, y)
#define SET1(x) pair_of(_mm512_set1_epi32((int)(x)), _mm512_set1_epi32((int)(x)))
#define LOAD(p) pair_of(_mm512_loadu_si512(p), _mm512_loadu_si512((p) + 16))
#define STORE(p, v) (_mm512_storeu_si512(p, (v).a), _mm512_storeu_si512((p) + 16, (v).b))
#define ROT16(v) rot16(v)
#define ROT12(v) rot12(v)
#define ROT8(v) rot8(v)
#define ROT7(v) rot7(v)
#define LOAD_MESSAGE(m, p, stride) load_pairs(m, p, stride)

static inline struct pair pair_of(__m512i a, __m512i b)
{
	return (struct pair){ a, b };
}

static inline struct pair add(struct pair x, struct pair y)
{
	return pair_of(_mm512_add_epi32(x.a, y.a), _mm512_add_epi32(x.b, y.b));
}

static inline struct pair xor(struct pair x, struct pair y)
{
	return pair_of(_mm512_xor_si512(x.a, y.a), _mm512_xor_si512(x.b, y.b));
}

#define ROTATION(name, n)						\
	static inline struct pair name(struct pair v)			\
	{								\
		return pair_of(_mm512_ror_epi32(v.a, n), _mm512_ror_epi32(v.b, n)); \
	}

ROTATION(rot16, 16)
ROTATION(rot12, 12)
ROTATION(rot8, 8)
ROTATION(rot7, 7)

/* It must stay in memory: were it in registers, the states would move to and fro. */
static inline void load_half(__m512i m[16], const uint8_t *p, size_t stride)
{
	__m512i v[16];

	for (unsigned i = 0; i < 16; i++)
		v[i] = _mm512_loadu_si512(p + i * stride);
	transpose(v);
	for (unsigned i = 0; i < 16; i++)
		m[i] = v[i];
}

static inline void load_pairs(struct pair m[16], const uint8_t *p, size_t stride)
{
	__m512i a[16], b[16];

	load_half(a, p, stride);
	SY_IN_MEMORY(a);
	load_half(b, p + 16 * stride, stride);
	SY_IN_MEMORY(b);
	for (unsigned i = 0; i < 16; i++)
		m[i] = pair_of(a[i], b[i]);
}

#include "verifier/digest/blake3_lanes.h"
