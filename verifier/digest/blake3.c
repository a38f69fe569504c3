/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLAKE3: the tree, the choice of kernels, and the algorithm.  Subtrees are
 * merged late: as long as nothing follows, a value may be a child of the root,
 * and the root is compressed with a flag of its own.
 */
#include "verifier/digest/blake3.h"

#include <pthread.h>
#include <string.h>

#include "verifier/base/attr.h"
#include "verifier/base/memory.h"
#include "verifier/digest/algorithm.h"
#include "verifier/digest/cpu.h"

#define CHUNK_BLOCKS (SY_BLAKE3_CHUNK / SY_BLAKE3_BLOCK)
#define SUBTREE_CHUNKS 128u	/* at once: a block of the weigher */

/* n inputs to n values, by the widest kernel that the rest fills. */
static void hash_many(const struct sy_blake3_choice *choice,
		      struct sy_blake3_inputs in, size_t n, uint8_t *out)
{
	const size_t len = in.n_blocks * SY_BLAKE3_BLOCK;

	for (size_t k = 0; k < choice->n; k++) {
		const struct sy_blake3_kernel *kernel = choice->kernels[k];

		for (; n >= kernel->lanes; n -= kernel->lanes) {
			kernel->hash(&in, out);
			in.data += kernel->lanes * len;
			in.counter += in.counts ? kernel->lanes : 0;
			out += (size_t)kernel->lanes * SY_BLAKE3_LEN;
		}
	}
}

static void hash_chunks(const struct sy_blake3_choice *choice, const uint8_t *data,
			size_t n, uint64_t counter, uint8_t *out)
{
	const struct sy_blake3_inputs in = {
		.data = data, .n_blocks = CHUNK_BLOCKS, .counter = counter,
		.counts = true, .flags_first = SY_BLAKE3_CHUNK_START,
		.flags_last = SY_BLAKE3_CHUNK_END,
	};

	hash_many(choice, in, n, out);
}

/* Pairs of values to their parents; out may be where the values are. */
static void hash_parents(const struct sy_blake3_choice *choice, uint8_t *values,
			 size_t n)
{
	const struct sy_blake3_inputs in = {
		.data = values, .n_blocks = 1, .flags = SY_BLAKE3_PARENT,
	};

	hash_many(choice, in, n, values);
}

static void hash_parent(const uint8_t *pair, uint32_t flags, uint8_t *out)
{
	uint32_t h[8];

	sy_blake3_start(h);
	sy_blake3_compress(h, pair, SY_BLAKE3_BLOCK, 0, SY_BLAKE3_PARENT | flags);
	sy_blake3_store(h, out);
}

/* --- the stack -------------------------------------------------------------------- */

static unsigned n_ones(uint64_t v)
{
	unsigned n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

/* Merges the last values as long as `n_chunks` before them are complete trees. */
static void merge(struct sy_blake3 *tree)
{
	while (tree->n_stack > n_ones(tree->n_chunks)) {
		uint8_t *left = tree->stack[tree->n_stack - 2];

		hash_parent(left, 0, left);
		tree->n_stack--;
	}
}

/* Room for a value of `n_chunks` more: what stands to its left is merged first. */
static uint8_t *push(struct sy_blake3 *tree)
{
	return tree->stack[tree->n_stack++];
}

static void add_chunk(struct sy_blake3 *tree, const uint8_t *data)
{
	merge(tree);
	hash_chunks(tree->choice, data, 1, tree->first_chunk + tree->n_chunks,
		    push(tree));
	tree->n_chunks++;
}

/* 2 to SUBTREE_CHUNKS chunks, a power of two: down to the two below its top. */
static void add_subtree(struct sy_blake3 *tree, const uint8_t *data, size_t n)
{
	uint8_t values[SUBTREE_CHUNKS * SY_BLAKE3_LEN];

	merge(tree);
	hash_chunks(tree->choice, data, n, tree->first_chunk + tree->n_chunks, values);
	tree->n_chunks += n;
	for (; n > 2; n /= 2)
		hash_parents(tree->choice, values, n / 2);
	memcpy(push(tree), values, SY_BLAKE3_LEN);
	memcpy(push(tree), values + SY_BLAKE3_LEN, SY_BLAKE3_LEN);
}

/* The largest power of two of whole chunks that may stand at this place. */
static size_t subtree_size(const struct sy_blake3 *tree, size_t len)
{
	size_t n = SUBTREE_CHUNKS;

	while (n > len / SY_BLAKE3_CHUNK || tree->n_chunks % n != 0)
		n /= 2;
	return n;
}

static size_t fill_chunk(struct sy_blake3 *tree, const uint8_t *data, size_t len)
{
	size_t n = SY_BLAKE3_CHUNK - tree->n_chunk;

	n = n < len ? n : len;
	memcpy(tree->chunk + tree->n_chunk, data, n);
	tree->n_chunk += n;
	return n;
}

void sy_blake3_begin(struct sy_blake3 *tree, const struct sy_blake3_choice *choice,
		     uint64_t first_chunk)
{
	tree->choice = choice;
	tree->first_chunk = first_chunk;
	tree->n_chunks = 0;
	tree->n_stack = tree->n_chunk = 0;
}

void sy_blake3_add(struct sy_blake3 *tree, const uint8_t *data, size_t len)
{
	if (tree->n_chunk > 0) {
		size_t n = fill_chunk(tree, data, len);

		data += n;
		len -= n;
		if (len == 0)
			return;
		add_chunk(tree, tree->chunk);
		tree->n_chunk = 0;
	}
	while (len > SY_BLAKE3_CHUNK) {
		size_t n = subtree_size(tree, len);

		if (n == 1)
			add_chunk(tree, data);
		else
			add_subtree(tree, data, n);
		data += n * SY_BLAKE3_CHUNK;
		len -= n * SY_BLAKE3_CHUNK;
	}
	if (len > 0)
		fill_chunk(tree, data, len);
}

/* The last chunk, which may be short, or empty when it is all there is. */
static void end_chunk(struct sy_blake3 *tree, uint32_t flags, uint8_t *out)
{
	uint64_t counter = tree->first_chunk + tree->n_chunks;
	uint32_t start = SY_BLAKE3_CHUNK_START, h[8];
	size_t at = 0;

	sy_blake3_start(h);
	for (; tree->n_chunk - at > SY_BLAKE3_BLOCK; at += SY_BLAKE3_BLOCK) {
		sy_blake3_compress(h, tree->chunk + at, SY_BLAKE3_BLOCK, counter, start);
		start = 0;
	}
	memset(tree->chunk + tree->n_chunk, 0, -tree->n_chunk % SY_BLAKE3_BLOCK);
	if (tree->n_chunk == 0)
		memset(tree->chunk, 0, SY_BLAKE3_BLOCK);
	sy_blake3_compress(h, tree->chunk + at, (uint32_t)(tree->n_chunk - at), counter,
			   start | SY_BLAKE3_CHUNK_END | flags);
	sy_blake3_store(h, out);
}

/* Everything on the stack to one value; the last parent carries the flags. */
static void fold(struct sy_blake3 *tree, uint32_t flags, uint8_t *out)
{
	for (; tree->n_stack > 1; tree->n_stack--) {
		uint8_t *left = tree->stack[tree->n_stack - 2];

		hash_parent(left, tree->n_stack == 2 ? flags : 0, left);
	}
	memcpy(out, tree->stack[0], SY_BLAKE3_LEN);
}

static void end(struct sy_blake3 *tree, uint32_t flags, uint8_t *out)
{
	if (tree->n_chunk == 0 && tree->n_chunks > 0) {
		fold(tree, flags, out);
		return;
	}
	merge(tree);
	if (tree->n_stack == 0) {
		end_chunk(tree, flags, out);
		return;
	}
	end_chunk(tree, 0, push(tree));
	fold(tree, flags, out);
}

void sy_blake3_digest(struct sy_blake3 *tree, uint8_t out[SY_BLAKE3_LEN])
{
	end(tree, SY_BLAKE3_ROOT, out);
}

void sy_blake3_value(struct sy_blake3 *tree, uint8_t out[SY_BLAKE3_LEN])
{
	end(tree, 0, out);
}

void sy_blake3_join(const uint8_t (*values)[SY_BLAKE3_LEN], size_t n,
		    uint8_t out[SY_BLAKE3_LEN])
{
	struct sy_blake3 tree;

	sy_blake3_begin(&tree, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		merge(&tree);
		memcpy(push(&tree), values[i], SY_BLAKE3_LEN);
		tree.n_chunks++;	/* counts pieces: the same tree, higher up */
	}
	fold(&tree, SY_BLAKE3_ROOT, out);
}

/* --- the self-test, and the choice ------------------------------------------------ */

static bool agrees(const struct sy_blake3_kernel *kernel,
		   const struct sy_blake3_inputs *in)
{
	uint8_t have[SY_BLAKE3_LANES_MAX * SY_BLAKE3_LEN];
	uint8_t want[SY_BLAKE3_LANES_MAX * SY_BLAKE3_LEN];
	struct sy_blake3_inputs one = *in;

	kernel->hash(in, have);
	for (size_t i = 0; i < kernel->lanes; i++) {
		sy_blake3_portable.hash(&one, want + i * SY_BLAKE3_LEN);
		one.data += in->n_blocks * SY_BLAKE3_BLOCK;
		one.counter += in->counts ? 1 : 0;
	}
	return memcmp(have, want, (size_t)kernel->lanes * SY_BLAKE3_LEN) == 0;
}

bool sy_blake3_is_right(const struct sy_blake3_kernel *kernel)
{
	uint8_t bytes[SY_BLAKE3_LANES_MAX * 2 * SY_BLAKE3_BLOCK];
	const struct sy_blake3_inputs chunks = {
		.data = bytes, .n_blocks = 2, .counter = 0xfffffffa, .counts = true,
		.flags_first = SY_BLAKE3_CHUNK_START, .flags_last = SY_BLAKE3_CHUNK_END,
	};
	const struct sy_blake3_inputs parents = {
		.data = bytes, .n_blocks = 1, .flags = SY_BLAKE3_PARENT,
	};
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(x >> 24);
	}
	return kernel->lanes <= SY_BLAKE3_LANES_MAX && agrees(kernel, &chunks) &&
	       agrees(kernel, &parents);
}

static bool must_fail(const struct sy_blake3_kernel *kernel)
{
	return kernel->feature >= 0 &&
	       sy_cpu_must_fail((enum sy_cpu_feature)kernel->feature);
}

void sy_blake3_choose(const struct sy_blake3_kernel *const *kernels, size_t n,
		      unsigned features, struct sy_blake3_choice *choice)
{
	*choice = (struct sy_blake3_choice){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (kernels[i]->feature >= 0 && !(features & 1u << kernels[i]->feature))
			continue;
		if (!must_fail(kernels[i]) && sy_blake3_is_right(kernels[i]))
			choice->kernels[choice->n++] = kernels[i];
		else
			choice->failed = kernels[i]->name;
	}
}

static struct sy_blake3_choice chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
	static const struct sy_blake3_kernel *const kernels[] = {
#ifdef __x86_64__
		&sy_blake3_avx512_x2, &sy_blake3_avx512, &sy_blake3_avx2, &sy_blake3_sse41,
#endif
		&sy_blake3_portable,
	};

	sy_blake3_choose(kernels, SY_N_ELEMS(kernels), sy_cpu_features(), &chosen);
}

const struct sy_blake3_choice *sy_blake3_chosen(void)
{
	pthread_once(&once, choose);
	return &chosen;
}

/* --- as an algorithm -------------------------------------------------------------- */

static void *start(struct sy_context *ctx, uint64_t size)
{
	struct sy_blake3 *tree = sy_alloc_unset(ctx, sizeof(*tree));

	(void)size;
	if (tree)
		sy_blake3_begin(tree, sy_blake3_chosen(), 0);
	return tree;
}

static bool update(void *state, const void *data, size_t len)
{
	sy_blake3_add(state, data, len);
	return true;
}

static bool final(void *state, uint8_t *out, size_t len)
{
	(void)len;
	sy_blake3_digest(state, out);
	return true;
}

static void free_state(struct sy_context *ctx, void *state)
{
	sy_release(ctx, state);
}

const struct sy_algorithm_ops sy_algorithm_blake3 = {
	.start = start, .update = update, .final = final, .free = free_state,
};
