/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation through the context, charged against limits.memory.  NULL means
 * the failure stands in ctx->error: SY_NO_MEMORY or SY_LIMIT
 * (sy_memory_status tells which).  Blocks remember their size, so the same
 * context (or a copy with the same allocator) must free them.
 */
#ifndef SY_BASE_MEMORY_H
#define SY_BASE_MEMORY_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

/* len bytes, zeroed, aligned for any type.  len 0 gives a valid block. */
SY_MUST_CHECK void *sy_alloc(struct sy_context *ctx, size_t len);

/* The same without zeroing, for a buffer that is filled at once. */
SY_MUST_CHECK void *sy_alloc_unset(struct sy_context *ctx, size_t len);

/* n * size with the product checked. */
SY_MUST_CHECK void *sy_alloc_array(struct sy_context *ctx, size_t n, size_t size);

/* Frees; NULL is fine. */
void sy_release(struct sy_context *ctx, void *p);

/*
 * Makes room for at least `need` elements of `size` bytes in *array (NULL at
 * first), growing geometrically; new elements are zero.  On failure *array and
 * *cap are untouched.
 */
SY_MUST_CHECK enum sy_status sy_grow(struct sy_context *ctx, void *array,
				     size_t *cap, size_t need, size_t size);

/* The status behind a NULL: SY_LIMIT when the budget ended, else SY_NO_MEMORY. */
enum sy_status sy_memory_status(const struct sy_context *ctx);

/*
 * An arena: many small things freed together.  Not for threads.  Zero-initialise
 * with sy_arena_init; sy_arena_free accepts a zeroed arena and leaves it usable.
 */
struct sy_arena {
	struct sy_context *ctx;
	struct sy_arena_chunk *chunks;	/* newest first */
	size_t left;			/* bytes left in the newest chunk */
	uint8_t *next;
};

void sy_arena_init(struct sy_arena *arena, struct sy_context *ctx);
void sy_arena_free(struct sy_arena *arena);

/* len zeroed bytes, aligned to 16; len 0 gives an address of nothing. */
SY_MUST_CHECK void *sy_arena_alloc(struct sy_arena *arena, size_t len);

/* A copy of the bytes (unaligned, packed) followed by a NUL that is not in len. */
SY_MUST_CHECK enum sy_status sy_arena_copy(struct sy_arena *arena,
					   struct sy_span bytes,
					   struct sy_span *copy);

/* A copied C string; NULL on failure. */
SY_MUST_CHECK char *sy_arena_str(struct sy_arena *arena, const char *s);

#endif
