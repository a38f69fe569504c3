/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: the choice of a kernel, its self-test, and the streams around it. */
#include "verifier/digest/sha256.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "verifier/base/attr.h"
#include "verifier/base/memory.h"
#include "verifier/digest/algorithm.h"
#include "verifier/digest/cpu.h"

/* A stream; by libcrypto where evp is set. */
struct sha256 {
	const struct sy_sha256_kernel *kernel;
	EVP_MD_CTX *evp;
	uint64_t n_bytes;		/* so far */
	uint32_t h[8];
	uint8_t tail[SY_SHA256_BLOCK];	/* n_bytes % 64 bytes that wait */
};

/* The first 32 bits of the fractional parts of the square roots of 8 primes. */
static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* --- a stream by a kernel --------------------------------------------------------- */

static void begin(struct sha256 *s, const struct sy_sha256_kernel *kernel)
{
	*s = (struct sha256){ .kernel = kernel };
	memcpy(s->h, initial, sizeof(s->h));
}

static size_t waiting(const struct sha256 *s)
{
	return (size_t)(s->n_bytes % SY_SHA256_BLOCK);
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
		s->kernel->one(s->h, s->tail, 1);
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
		s->kernel->one(s->h, data, n_blocks);
		s->n_bytes += n_blocks * SY_SHA256_BLOCK;
		data += n_blocks * SY_SHA256_BLOCK;
	}
	keep_tail(s, data, len % SY_SHA256_BLOCK);
}

/* Whole blocks of both side by side, each from its own next block on. */
static void add_pair(struct sha256 *a, struct sy_span p, struct sha256 *b,
		     struct sy_span q)
{
	size_t n = fill_tail(a, p.data, p.len), n_blocks;

	p = sy_span_slice(p, n, p.len - n);
	n = fill_tail(b, q.data, q.len);
	q = sy_span_slice(q, n, q.len - n);
	n_blocks = (p.len < q.len ? p.len : q.len) / SY_SHA256_BLOCK;
	n = n_blocks * SY_SHA256_BLOCK;
	if (n_blocks > 0) {
		a->kernel->two(a->h, p.data, b->h, q.data, n_blocks);
		a->n_bytes += n;
		b->n_bytes += n;
	}
	p = sy_span_slice(p, n, p.len - n);
	q = sy_span_slice(q, n, q.len - n);
	add(a, p.data, p.len);
	add(b, q.data, q.len);
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

/* --- the self-test, and the choice ------------------------------------------------ */

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

/* One lane, and both lanes with different messages. */
static bool is_right_at(const struct sy_sha256_kernel *kernel, const uint8_t *a,
			const uint8_t *b, size_t len)
{
	uint8_t want_a[SY_SHA256_LEN], want_b[SY_SHA256_LEN], out[SY_SHA256_LEN];
	struct sha256 s, t;

	if (!sy_sha256_digest(NULL, a, len, want_a) ||
	    !sy_sha256_digest(NULL, b, len, want_b) ||
	    !sy_sha256_digest(kernel, a, len, out) || memcmp(out, want_a, sizeof(out)))
		return false;
	begin(&s, kernel);
	begin(&t, kernel);
	add_pair(&s, sy_span_of(a, len), &t, sy_span_of(b, len));
	end(&s, out);
	if (memcmp(out, want_a, sizeof(out)) != 0)
		return false;
	end(&t, out);
	return memcmp(out, want_b, sizeof(out)) == 0;
}

bool sy_sha256_is_right(const struct sy_sha256_kernel *kernel)
{
	static const size_t lens[] = { 0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 577 };
	uint8_t bytes[1024];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(x >> 24);
	}
	for (size_t i = 0; i < SY_N_ELEMS(lens); i++) {
		if (!is_right_at(kernel, bytes, bytes + 401, lens[i]))
			return false;
	}
	return true;
}

void sy_sha256_choose(const struct sy_sha256_kernel *const *kernels, size_t n,
		      unsigned features, struct sy_sha256_choice *choice)
{
	*choice = (struct sy_sha256_choice){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (!(features & 1u << kernels[i]->feature))
			continue;
		if (!sy_cpu_must_fail((enum sy_cpu_feature)kernels[i]->feature) &&
		    sy_sha256_is_right(kernels[i])) {
			choice->kernel = kernels[i];
			return;
		}
		choice->failed = kernels[i]->name;
	}
}

static struct sy_sha256_choice chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
#ifdef __x86_64__
	static const struct sy_sha256_kernel *const kernels[] = { &sy_sha256_ni };

	sy_sha256_choose(kernels, SY_N_ELEMS(kernels), sy_cpu_features(), &chosen);
#endif
}

const struct sy_sha256_choice *sy_sha256_chosen(void)
{
	pthread_once(&once, choose);
	return &chosen;
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
	begin(s, sy_sha256_chosen()->kernel);
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

bool sy_sha256_update_pair(void *state_a, struct sy_span data_a, void *state_b,
			   struct sy_span data_b)
{
	struct sha256 *a = state_a, *b = state_b;

	if (a->evp || b->evp) {
		bool is_done = update(a, data_a.data, data_a.len);

		return update(b, data_b.data, data_b.len) && is_done;
	}
	add_pair(a, data_a, b, data_b);
	return true;
}

/* --- whether two lanes pay -------------------------------------------------------- */

#define TRIAL_BLOCKS 256u
#define N_TRIALS 8u

enum gain { GAIN_UNKNOWN, GAIN_YES, GAIN_NO };

static uint64_t now(struct sy_context *ctx)
{
	return ctx->clock.monotonic_ns(ctx->clock.user);
}

/* The least of several trials: others may disturb, none speeds up. */
static enum gain measure(struct sy_context *ctx, const struct sy_sha256_kernel *kernel,
			 const uint8_t *data)
{
	const uint8_t *second = data + TRIAL_BLOCKS * SY_SHA256_BLOCK;
	uint64_t one = UINT64_MAX, two = UINT64_MAX;
	uint32_t a[8] = { 0 }, b[8] = { 0 };

	for (unsigned i = 0; i < N_TRIALS; i++) {
		uint64_t t = now(ctx), n;

		kernel->one(a, data, TRIAL_BLOCKS);
		n = now(ctx) - t;
		one = n < one ? n : one;
		t = now(ctx);
		kernel->two(a, data, b, second, TRIAL_BLOCKS);
		n = now(ctx) - t;
		two = n < two ? n : two;
	}
	/* At least a tenth, or the second buffer is not worth its place. */
	return two * 10 <= one * 18 ? GAIN_YES : GAIN_NO;
}

bool sy_sha256_two_gain(struct sy_context *ctx)
{
	static atomic_int known;	/* threads that race find the same */
	const struct sy_sha256_kernel *kernel = sy_sha256_chosen()->kernel;
	int gain = atomic_load(&known);
	uint8_t *data;

	if (!kernel || gain != GAIN_UNKNOWN)
		return gain == GAIN_YES;
	data = sy_alloc(ctx, 2 * TRIAL_BLOCKS * SY_SHA256_BLOCK);
	if (!data) {
		sy_error_clear(ctx);	/* the next one may have memory */
		return false;
	}
	gain = (int)measure(ctx, kernel, data);
	sy_release(ctx, data);
	atomic_store(&known, gain);
	return gain == GAIN_YES;
}

const struct sy_algorithm_ops sy_algorithm_sha256 = {
	.start = start, .update = update, .final = final, .free = free_state,
};
