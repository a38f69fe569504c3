/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: streams of any length around the kernels, and the algorithm. */
#include "verifier/digest/sha256.h"

#include <openssl/evp.h>
#include <string.h>

#include "verifier/base/memory.h"
#include "verifier/digest/algorithm.h"

/* A stream; by libcrypto where evp is set. */
struct sha256 {
	const struct sy_sha256_kernel *kernel;
	EVP_MD_CTX *evp;
	uint64_t n_bytes;		/* so far */
	uint32_t h[8];
	uint8_t tail[SY_SHA256_BLOCK];	/* n_bytes % 64 bytes that wait */
};

/* The first 32 bits of the fractional parts of the square roots of 8 primes. */
const uint32_t sy_sha256_initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* --- a stream by a kernel --------------------------------------------------------- */

static void begin(struct sha256 *s, const struct sy_sha256_kernel *kernel)
{
	*s = (struct sha256){ .kernel = kernel };
	memcpy(s->h, sy_sha256_initial, sizeof(s->h));
}

static size_t waiting(const struct sha256 *s)
{
	return (size_t)(s->n_bytes % SY_SHA256_BLOCK);
}

static void run(struct sha256 *s, const uint8_t *data, size_t n_blocks)
{
	const struct sy_sha256_lane lane = { .h = s->h, .data = data };

	sy_sha256_run(s->kernel, &lane, 1, n_blocks);
}

/* Fills up a block that was begun; returns how many bytes it took. */
static size_t fill_tail(struct sha256 *s, const uint8_t *data, size_t len)
{
	size_t at = waiting(s), n = SY_SHA256_BLOCK - at;

	if (at == 0 || len == 0)
		return 0;
	n = n < len ? n : len;
	memcpy(s->tail + at, data, n);
	s->n_bytes += n;
	if (waiting(s) == 0)
		run(s, s->tail, 1);
	return n;
}

static void keep_tail(struct sha256 *s, const uint8_t *data, size_t len)
{
	if (len > 0)
		memcpy(s->tail, data, len);
	s->n_bytes += len;
}

static void add(struct sha256 *s, const uint8_t *data, size_t len)
{
	size_t n = fill_tail(s, data, len), n_blocks;

	if (len == 0)
		return;		/* an empty span may have no address at all */
	data += n;
	len -= n;
	n_blocks = len / SY_SHA256_BLOCK;
	if (n_blocks > 0) {
		run(s, data, n_blocks);
		s->n_bytes += n_blocks * SY_SHA256_BLOCK;
		data += n_blocks * SY_SHA256_BLOCK;
	}
	keep_tail(s, data, len % SY_SHA256_BLOCK);
}

/* Whole blocks of all side by side, by as few calls of kernels as pay. */
static void run_many(struct sha256 *const *streams, const struct sy_span *data, size_t n,
		     size_t n_blocks)
{
	struct sy_sha256_lane lanes[SY_SHA256_LANES_MAX];

	for (size_t i = 0; i < n; i++) {
		lanes[i] = (struct sy_sha256_lane){ streams[i]->h, data[i].data };
		streams[i]->n_bytes += n_blocks * SY_SHA256_BLOCK;
	}
	for (size_t i = 0; i < n;) {
		const struct sy_sha256_kernel *kernel = sy_sha256_best(n - i);
		size_t n_now = n - i < kernel->lanes ? n - i : kernel->lanes;

		sy_sha256_run(kernel, lanes + i, n_now, n_blocks);
		i += n_now;
	}
}

/* As far as all of them reach, each from its own next block on; then the rest. */
static void add_many(struct sha256 *const *streams, struct sy_span *data, size_t n)
{
	size_t n_blocks = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t len = fill_tail(streams[i], data[i].data, data[i].len);

		data[i] = sy_span_slice(data[i], len, data[i].len - len);
		if (data[i].len / SY_SHA256_BLOCK < n_blocks)
			n_blocks = data[i].len / SY_SHA256_BLOCK;
	}
	if (n_blocks > 0)
		run_many(streams, data, n, n_blocks);
	for (size_t i = 0; i < n; i++) {
		size_t len = n_blocks * SY_SHA256_BLOCK;
		struct sy_span rest = sy_span_slice(data[i], len, data[i].len - len);

		add(streams[i], rest.data, rest.len);
	}
}

static void put_u32be(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits. */
static void end(struct sha256 *s, uint8_t out[SY_SHA256_LEN])
{
	uint8_t padding[2 * SY_SHA256_BLOCK] = { 0x80 };
	uint64_t n_bits = s->n_bytes * 8;
	size_t len = SY_SHA256_BLOCK - 8;

	len = waiting(s) < len ? len - waiting(s) : len + SY_SHA256_BLOCK - waiting(s);
	put_u32be(padding + len, (uint32_t)(n_bits >> 32));
	put_u32be(padding + len + 4, (uint32_t)n_bits);
	add(s, padding, len + 8);
	for (unsigned i = 0; i < 8; i++)
		put_u32be(out + 4 * i, s->h[i]);
}

bool sy_sha256_digest(const struct sy_sha256_kernel *kernel, const uint8_t *data,
		      size_t len, uint8_t out[SY_SHA256_LEN])
{
	struct sha256 s;

	if (!kernel)
		return EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1;
	begin(&s, kernel);
	add(&s, data, len);
	end(&s, out);
	return true;
}

/* --- as an algorithm -------------------------------------------------------------- */

static void free_state(struct sy_context *ctx, void *state)
{
	struct sha256 *s = state;

	EVP_MD_CTX_free(s->evp);
	sy_release(ctx, s);
}

static void *start(struct sy_context *ctx, uint64_t size)
{
	struct sha256 *s = sy_alloc(ctx, sizeof(*s));

	(void)size;
	if (!s)
		return NULL;
	begin(s, sy_sha256_best(1));
	if (s->kernel)
		return s;
	s->evp = EVP_MD_CTX_new();
	if (s->evp && EVP_DigestInit_ex(s->evp, EVP_sha256(), NULL) == 1)
		return s;
	free_state(ctx, s);
	return NULL;
}

static bool update(void *state, const void *data, size_t len)
{
	struct sha256 *s = state;

	if (s->evp)
		return EVP_DigestUpdate(s->evp, data, len) == 1;
	add(s, data, len);
	return true;
}

static bool final(void *state, uint8_t *out, size_t len)
{
	struct sha256 *s = state;

	(void)len;
	if (s->evp)
		return EVP_DigestFinal_ex(s->evp, out, NULL) == 1;
	end(s, out);
	return true;
}

bool sy_sha256_update_many(void *const *states, const struct sy_span *data, size_t n)
{
	struct sha256 *streams[SY_SHA256_LANES_MAX];
	struct sy_span spans[SY_SHA256_LANES_MAX];
	size_t n_streams = 0;
	bool is_done = true;

	for (size_t i = 0; i < n; i++) {
		struct sha256 *s = states[i];

		if (s->evp) {
			is_done &= update(s, data[i].data, data[i].len);
			continue;
		}
		streams[n_streams] = s;
		spans[n_streams++] = data[i];
	}
	if (n_streams > 0)
		add_many(streams, spans, n_streams);
	return is_done;
}

const struct sy_algorithm_ops sy_algorithm_sha256 = {
	.start = start, .update = update, .final = final, .free = free_state,
};
