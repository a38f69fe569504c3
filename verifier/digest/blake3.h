/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLAKE3, from its specification (O'Connor, Aumasson, Neves, Wilcox-O'Hearn,
 * "BLAKE3: one function, fast everywhere", 2021): the hash mode with 32 bytes of
 * output.  A message is a binary tree over chunks of 1024 bytes: chunks, and
 * parents, are independent, so several of them run in the lanes of a vector,
 * and several subtrees of one file in several threads.
 * Internal to verifier/digest.
 */
#ifndef SY_DIGEST_BLAKE3_H
#define SY_DIGEST_BLAKE3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SY_BLAKE3_BLOCK 64u	/* bytes */
#define SY_BLAKE3_CHUNK 1024u	/* bytes */
#define SY_BLAKE3_LEN 32u	/* bytes, of a digest and of a chaining value */
#define SY_BLAKE3_DEPTH 56u	/* 2^64 bytes are 2^54 chunks, and two to spare */

/* Flags of a compression (specification, table 3). */
enum sy_blake3_flag {
	SY_BLAKE3_CHUNK_START = 1,
	SY_BLAKE3_CHUNK_END = 2,
	SY_BLAKE3_PARENT = 4,
	SY_BLAKE3_ROOT = 8,
};

/* Inputs of one size, one behind the other: whole chunks, or pairs of parents. */
struct sy_blake3_inputs {
	const uint8_t *data;
	size_t n_blocks;	/* of each: 16 for a chunk, 1 for a parent */
	uint64_t counter;	/* of the first input; */
	bool counts;		/* the next ones count on (chunks) or not */
	uint8_t flags, flags_first, flags_last;
};

/*
 * A variant: `lanes` inputs to as many chaining values, one behind the other.
 * Each is an instance of blake3_lanes.h; the portable one has a single lane.
 */
struct sy_blake3_kernel {
	const char *name;
	int feature;		/* enum sy_cpu_feature; -1: none needed */
	unsigned lanes;
	void (*hash)(const struct sy_blake3_inputs *inputs, uint8_t *out);
};

extern const struct sy_blake3_kernel sy_blake3_portable;
#ifdef __x86_64__
extern const struct sy_blake3_kernel sy_blake3_sse41, sy_blake3_avx2,
				      sy_blake3_avx512, sy_blake3_avx512_x2;
#endif

/* The portable compression of one block, and the words around it. */
void sy_blake3_start(uint32_t h[8]);
void sy_blake3_compress(uint32_t h[8], const uint8_t *block, uint32_t len,
			uint64_t counter, uint32_t flags);
void sy_blake3_store(const uint32_t h[8], uint8_t out[SY_BLAKE3_LEN]);

#define SY_BLAKE3_KERNELS_MAX 5
#define SY_BLAKE3_LANES_MAX 32u

/* What is used: the widest first, the portable one last. */
struct sy_blake3_choice {
	const struct sy_blake3_kernel *kernels[SY_BLAKE3_KERNELS_MAX];
	size_t n;
	const char *failed;	/* a kernel that failed its self-test, or NULL */
};

/* Those of the list that the features allow and the test passes. */
void sy_blake3_choose(const struct sy_blake3_kernel *const *kernels, size_t n,
		      unsigned features, struct sy_blake3_choice *choice);
const struct sy_blake3_choice *sy_blake3_chosen(void);

/* Equal to the portable kernel, for chunks and parents. */
bool sy_blake3_is_right(const struct sy_blake3_kernel *kernel);

/*
 * A tree under construction: chaining values of complete subtrees, the largest
 * first, and the chunk that is being filled.  A subtree of a larger tree begins
 * at a chunk that is a multiple of its own number of chunks.
 */
struct sy_blake3 {
	const struct sy_blake3_choice *choice;
	uint64_t first_chunk;		/* of the subtree; 0: the whole tree */
	uint64_t n_chunks;		/* added so far, the one in `chunk` aside */
	size_t n_stack, n_chunk;	/* values; bytes of the chunk */
	uint8_t stack[SY_BLAKE3_DEPTH][SY_BLAKE3_LEN];
	uint8_t chunk[SY_BLAKE3_CHUNK];
};

void sy_blake3_begin(struct sy_blake3 *tree, const struct sy_blake3_choice *choice,
		     uint64_t first_chunk);
void sy_blake3_add(struct sy_blake3 *tree, const uint8_t *data, size_t len);
void sy_blake3_digest(struct sy_blake3 *tree, uint8_t out[SY_BLAKE3_LEN]);

/* The chaining value of a subtree that is not the whole tree. */
void sy_blake3_value(struct sy_blake3 *tree, uint8_t out[SY_BLAKE3_LEN]);

/*
 * The digest of a tree from the values of its pieces, left to right: at least
 * two, all but the last complete and of the same power of two of chunks.
 */
void sy_blake3_join(const uint8_t (*values)[SY_BLAKE3_LEN], size_t n,
		    uint8_t out[SY_BLAKE3_LEN]);

#endif
