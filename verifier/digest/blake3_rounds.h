/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seven rounds of BLAKE3's compression, on any kind of word: whoever
 * includes this has defined ADD, XOR and ROT16, ROT12, ROT8, ROT7 (rotations to
 * the right) for it.  V names sixteen words of state, M sixteen of message.
 */
#ifndef SY_DIGEST_BLAKE3_ROUNDS_H
#define SY_DIGEST_BLAKE3_ROUNDS_H

/* The quarter-round (specification, section 2.2). */
#define BLAKE3_G(v, a, b, c, d, x, y) do {				\
		v[a] = ADD(ADD(v[a], x), v[b]);				\
		v[d] = ROT16(XOR(v[d], v[a]));				\
		v[c] = ADD(v[c], v[d]);					\
		v[b] = ROT12(XOR(v[b], v[c]));				\
		v[a] = ADD(ADD(v[a], y), v[b]);				\
		v[d] = ROT8(XOR(v[d], v[a]));				\
		v[c] = ADD(v[c], v[d]);					\
		v[b] = ROT7(XOR(v[b], v[c]));				\
	} while (0)

/* Columns, then diagonals, with the message words in this order. */
#define BLAKE3_ROUND(v, m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q) do { \
		BLAKE3_G(v, 0, 4, 8, 12, m[a], m[b]);			\
		BLAKE3_G(v, 1, 5, 9, 13, m[c], m[d]);			\
		BLAKE3_G(v, 2, 6, 10, 14, m[e], m[f]);			\
		BLAKE3_G(v, 3, 7, 11, 15, m[g], m[h]);			\
		BLAKE3_G(v, 0, 5, 10, 15, m[i], m[j]);			\
		BLAKE3_G(v, 1, 6, 11, 12, m[k], m[l]);			\
		BLAKE3_G(v, 2, 7, 8, 13, m[n], m[o]);			\
		BLAKE3_G(v, 3, 4, 9, 14, m[p], m[q]);			\
	} while (0)

/* Each line is the line before, permuted by table 2 of the specification. */
#define BLAKE3_ROUNDS(v, m) do {					\
		BLAKE3_ROUND(v, m, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);	\
		BLAKE3_ROUND(v, m, 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);	\
		BLAKE3_ROUND(v, m, 3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);	\
		BLAKE3_ROUND(v, m, 10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);	\
		BLAKE3_ROUND(v, m, 12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);	\
		BLAKE3_ROUND(v, m, 9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);	\
		BLAKE3_ROUND(v, m, 11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);	\
	} while (0)

#define BLAKE3_IV0 0x6a09e667u
#define BLAKE3_IV1 0xbb67ae85u
#define BLAKE3_IV2 0x3c6ef372u
#define BLAKE3_IV3 0xa54ff53au
#define BLAKE3_IV4 0x510e527fu
#define BLAKE3_IV5 0x9b05688cu
#define BLAKE3_IV6 0x1f83d9abu
#define BLAKE3_IV7 0x5be0cd19u

#endif
