/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/digest/sha256_plain.h"

#include <string.h>

/* The first 32 bits of the fractional parts of the cube roots of 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void schedule(uint32_t w[64], const uint8_t *block)
{
	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (size_t i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/* v: the working variables a to h. */
static void round_of(uint32_t v[8], uint32_t word)
{
	uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
	uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
	uint32_t t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice +
		      word;
	uint32_t t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;

	memmove(v + 1, v, 7 * sizeof(*v));
	v[4] += t1;
	v[0] = t1 + t2;
}

static void take_block(struct sy_sha256_plain *s, const uint8_t *block)
{
	uint32_t w[64], v[8];

	schedule(w, block);
	memcpy(v, s->h, sizeof(v));
	for (size_t i = 0; i < 64; i++)
		round_of(v, w[i] + constants[i]);
	for (size_t i = 0; i < 8; i++)
		s->h[i] += v[i];
}

void sy_sha256_plain_begin(struct sy_sha256_plain *s)
{
	static const uint32_t initial[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	*s = (struct sy_sha256_plain){ 0 };
	memcpy(s->h, initial, sizeof(initial));
}

void sy_sha256_plain_add(struct sy_sha256_plain *s, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		size_t held = (size_t)(s->n_bytes % sizeof(s->block));
		size_t n = sizeof(s->block) - held < len ? sizeof(s->block) - held : len;

		memcpy(s->block + held, at, n);
		s->n_bytes += n;
		at += n;
		len -= n;
		if (s->n_bytes % sizeof(s->block) == 0)
			take_block(s, s->block);
	}
}

void sy_sha256_plain_end(struct sy_sha256_plain *s, uint8_t digest[SY_SHA256_BYTES])
{
	static const uint8_t padding[64] = { 0x80 };
	uint64_t n_bits = s->n_bytes * 8;
	size_t held = (size_t)(s->n_bytes % 64);
	uint8_t length[8];

	for (size_t i = 0; i < 8; i++)
		length[i] = (uint8_t)(n_bits >> (56 - 8 * i));
	sy_sha256_plain_add(s, padding, held < 56 ? 56 - held : 120 - held);
	sy_sha256_plain_add(s, length, sizeof(length));
	for (size_t i = 0; i < SY_SHA256_BYTES; i++)
		digest[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}
