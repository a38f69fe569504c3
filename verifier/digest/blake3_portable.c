/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE3's compression in plain C: one input at a time, the reference. */
#include "verifier/digest/blake3.h"

#include "verifier/digest/blake3_rounds.h"

static uint32_t get_u32le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static void put_u32le(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

#define ADD(a, b) ((a) + (b))
#define XOR(a, b) ((a) ^ (b))
#define ROT(a, n) ((a) >> (n) | (a) << (32 - (n)))
#define ROT16(a) rotate(a, 16)
#define ROT12(a) rotate(a, 12)
#define ROT8(a) rotate(a, 8)
#define ROT7(a) rotate(a, 7)

static inline uint32_t rotate(uint32_t a, unsigned n)
{
	return ROT(a, n);
}

void sy_blake3_compress(uint32_t h[8], const uint8_t *block, uint32_t len,
			uint64_t counter, uint32_t flags)
{
	uint32_t v[16] = {
		h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7],
		BLAKE3_IV0, BLAKE3_IV1, BLAKE3_IV2, BLAKE3_IV3,
		(uint32_t)counter, (uint32_t)(counter >> 32), len, flags,
	};
	uint32_t m[16];

	for (unsigned i = 0; i < 16; i++)
		m[i] = get_u32le(block + 4 * i);
	BLAKE3_ROUNDS(v, m);
	for (unsigned i = 0; i < 8; i++)
		h[i] = v[i] ^ v[i + 8];
}

void sy_blake3_start(uint32_t h[8])
{
	static const uint32_t iv[8] = {
		BLAKE3_IV0, BLAKE3_IV1, BLAKE3_IV2, BLAKE3_IV3,
		BLAKE3_IV4, BLAKE3_IV5, BLAKE3_IV6, BLAKE3_IV7,
	};

	for (unsigned i = 0; i < 8; i++)
		h[i] = iv[i];
}

void sy_blake3_store(const uint32_t h[8], uint8_t out[SY_BLAKE3_LEN])
{
	for (unsigned i = 0; i < 8; i++)
		put_u32le(out + 4 * i, h[i]);
}

static void hash(const struct sy_blake3_inputs *in, uint8_t *out)
{
	uint32_t h[8];

	sy_blake3_start(h);
	for (size_t b = 0; b < in->n_blocks; b++) {
		uint32_t flags = in->flags;

		flags |= b == 0 ? in->flags_first : 0u;
		flags |= b + 1 == in->n_blocks ? in->flags_last : 0u;
		sy_blake3_compress(h, in->data + b * SY_BLAKE3_BLOCK, SY_BLAKE3_BLOCK,
				   in->counter, flags);
	}
	sy_blake3_store(h, out);
}

const struct sy_blake3_kernel sy_blake3_portable = {
	.name = "portable", .feature = -1, .lanes = 1, .hash = hash,
};
