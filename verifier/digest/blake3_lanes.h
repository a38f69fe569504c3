/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLAKE3 on LANES inputs at once: word i of lane j is element j of vector i.
 * The one text of all vector variants; a variant is a file that defines
 *
 *	LANES, VEC			how many words a vector has; its type
 *	ADD, XOR, ROT16 ... ROT7	on vectors
 *	SET1(u32)			the same word in every lane
 *	LOAD(p), STORE(p, v)		LANES words at p, unaligned
 *	TRANSPOSE(v)			VEC v[LANES], rows to columns; or all of it:
 *	LOAD_MESSAGE(m, p, stride)	VEC m[16] of the inputs from p on
 *	SY_KERNEL, KERNEL_NAME, KERNEL_FEATURE
 *
 * and includes this.
 */
#include "verifier/digest/blake3_rounds.h"

#ifndef LOAD_MESSAGE
#define LOAD_MESSAGE load_message

/* Sixteen words of message of every lane, whose inputs lie `stride` bytes apart. */
static inline void load_message(VEC m[16], const uint8_t *p, size_t stride)
{
	for (unsigned part = 0; part < 16; part += LANES) {
		for (unsigned lane = 0; lane < LANES; lane++)
			m[part + lane] = LOAD(p + lane * stride + 4 * part);
		TRANSPOSE((m + part));
	}
}
#endif

static inline void compress(VEC h[8], const VEC m[16], VEC low, VEC high,
			    uint32_t flags)
{
	VEC v[16] = {
		h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7],
		SET1(BLAKE3_IV0), SET1(BLAKE3_IV1), SET1(BLAKE3_IV2), SET1(BLAKE3_IV3),
		low, high, SET1(SY_BLAKE3_BLOCK), SET1(flags),
	};

	BLAKE3_ROUNDS(v, m);
	for (unsigned i = 0; i < 8; i++)
		h[i] = XOR(v[i], v[i + 8]);
}

/* A vector of eight or more words holds a whole value of a lane, or two. */
static inline void store_values(const VEC h[8], uint8_t *out)
{
	uint32_t words[8][LANES];

	for (unsigned i = 0; i < 8; i++)
		STORE(words[i], h[i]);
	for (unsigned lane = 0; lane < LANES; lane++) {
		for (unsigned i = 0; i < 8; i++)
			memcpy(out + SY_BLAKE3_LEN * lane + 4 * i, &words[i][lane], 4);
	}
}

static void hash(const struct sy_blake3_inputs *in, uint8_t *out)
{
	size_t stride = in->n_blocks * SY_BLAKE3_BLOCK;
	uint32_t low[LANES], high[LANES];
	VEC h[8] = {
		SET1(BLAKE3_IV0), SET1(BLAKE3_IV1), SET1(BLAKE3_IV2), SET1(BLAKE3_IV3),
		SET1(BLAKE3_IV4), SET1(BLAKE3_IV5), SET1(BLAKE3_IV6), SET1(BLAKE3_IV7),
	};

	for (unsigned lane = 0; lane < LANES; lane++) {
		uint64_t counter = in->counter + (in->counts ? lane : 0);

		low[lane] = (uint32_t)counter;
		high[lane] = (uint32_t)(counter >> 32);
	}
	for (size_t b = 0; b < in->n_blocks; b++) {
		uint32_t flags = in->flags;
		VEC m[16];

		flags |= b == 0 ? in->flags_first : 0u;
		flags |= b + 1 == in->n_blocks ? in->flags_last : 0u;
		LOAD_MESSAGE(m, in->data + b * SY_BLAKE3_BLOCK, stride);
		compress(h, m, LOAD(low), LOAD(high), flags);
	}
	store_values(h, out);
}

const struct sy_blake3_kernel SY_KERNEL = {
	.name = KERNEL_NAME, .feature = KERNEL_FEATURE, .lanes = LANES, .hash = hash,
};
