/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation charged against the budget, and the arena.  Each block carries its
 * size in front, so that freeing gives the budget back.
 */
#include "verifier/base/memory.h"

#include <stdalign.h>
#include <string.h>

#include "verifier/base/ckd.h"

/* In front of every block; keeps the block aligned for any type. */
struct block {
	alignas(16) size_t len;		/* bytes, this header included */
};

#define ARENA_CHUNK 65536u
#define ARENA_ALIGN 16u

struct sy_arena_chunk {
	alignas(16) struct sy_arena_chunk *older;
};

static struct block *resize(struct sy_context *ctx, struct block *old, size_t len)
{
	uint64_t freed = old ? old->len : 0;
	uint64_t used = ctx->memory_used - freed;
	struct block *block;

	if (len > ctx->limits.memory || used > ctx->limits.memory - len) {
		sy_fail(ctx, SY_LIMIT, "more than %llu bytes of memory needed "
			"(--limit memory=N)",
			(unsigned long long)ctx->limits.memory);
		return NULL;
	}
	block = ctx->allocator.realloc(ctx->allocator.user, old, len);
	if (!block) {
		sy_fail(ctx, SY_NO_MEMORY, "out of memory");
		return NULL;
	}
	block->len = len;
	ctx->memory_used = used + len;
	return block;
}

static struct block *block_of(void *p)
{
	return p ? (struct block *)p - 1 : NULL;
}

void *sy_alloc_unset(struct sy_context *ctx, size_t len)
{
	struct block *block;
	size_t total;

	if (ckd_add(&total, len, sizeof(struct block))) {
		sy_fail(ctx, SY_LIMIT, "an allocation of %zu bytes was asked for", len);
		return NULL;
	}
	block = resize(ctx, NULL, total);
	return block ? block + 1 : NULL;
}

void *sy_alloc(struct sy_context *ctx, size_t len)
{
	void *p = sy_alloc_unset(ctx, len);

	if (p)
		memset(p, 0, len);
	return p;
}

void *sy_alloc_array(struct sy_context *ctx, size_t n, size_t size)
{
	size_t len;

	if (ckd_mul(&len, n, size)) {
		sy_fail(ctx, SY_LIMIT, "%zu elements of %zu bytes were asked for",
			n, size);
		return NULL;
	}
	return sy_alloc(ctx, len);
}

void sy_release(struct sy_context *ctx, void *p)
{
	struct block *block = block_of(p);

	if (!block)
		return;
	ctx->memory_used -= block->len;
	ctx->allocator.realloc(ctx->allocator.user, block, 0);
}

enum sy_status sy_grow(struct sy_context *ctx, void *array, size_t *cap,
		       size_t need, size_t size)
{
	struct block *block;
	void *old;
	size_t n = *cap ? *cap : 16;
	size_t total;

	if (need <= *cap)
		return SY_OK;
	if (n < need && ckd_add(&n, n, n / 2))
		n = need;
	if (n < need)
		n = need;
	if (ckd_mul(&total, n, size) ||
	    ckd_add(&total, total, sizeof(struct block)))
		return sy_fail(ctx, SY_LIMIT, "%zu elements of %zu bytes were asked for",
			       need, size);
	memcpy(&old, array, sizeof(old));
	block = resize(ctx, block_of(old), total);
	if (!block)
		return sy_memory_status(ctx);
	old = block + 1;
	memset((uint8_t *)old + *cap * size, 0, (n - *cap) * size);
	memcpy(array, &old, sizeof(old));
	*cap = n;
	return SY_OK;
}

enum sy_status sy_memory_status(const struct sy_context *ctx)
{
	return ctx->error.status == SY_LIMIT ? SY_LIMIT : SY_NO_MEMORY;
}

void sy_arena_init(struct sy_arena *arena, struct sy_context *ctx)
{
	*arena = (struct sy_arena){ .ctx = ctx };
}

void sy_arena_free(struct sy_arena *arena)
{
	struct sy_arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct sy_arena_chunk *older = chunk->older;

		sy_release(arena->ctx, chunk);
		chunk = older;
	}
	sy_arena_init(arena, arena->ctx);
}

/* A large request gets a chunk of its own, behind the one in use. */
static void *alloc_alone(struct sy_arena *arena, size_t len)
{
	struct sy_arena_chunk *chunk;
	size_t total;

	if (ckd_add(&total, len, sizeof(*chunk))) {
		sy_fail(arena->ctx, SY_LIMIT,
			"an allocation of %zu bytes was asked for", len);
		return NULL;
	}
	chunk = sy_alloc(arena->ctx, total);
	if (!chunk)
		return NULL;
	if (arena->chunks) {
		chunk->older = arena->chunks->older;
		arena->chunks->older = chunk;
	} else {
		arena->chunks = chunk;
	}
	return chunk + 1;
}

static bool add_chunk(struct sy_arena *arena)
{
	struct sy_arena_chunk *chunk = sy_alloc(arena->ctx, ARENA_CHUNK);

	if (!chunk)
		return false;
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	arena->next = (uint8_t *)(chunk + 1);
	arena->left = ARENA_CHUNK - sizeof(*chunk);
	return true;
}

static void *take(struct sy_arena *arena, size_t len, size_t align)
{
	size_t pad = (size_t)-(uintptr_t)arena->next & (align - 1);
	uint8_t *p;

	if (len > ARENA_CHUNK / 4)
		return alloc_alone(arena, len);
	if (!arena->next || arena->left < len + pad) {
		if (!add_chunk(arena))
			return NULL;
		pad = 0;
	}
	p = arena->next + pad;
	arena->next = p + len;
	arena->left -= len + pad;
	return p;
}

void *sy_arena_alloc(struct sy_arena *arena, size_t len)
{
	return take(arena, len, ARENA_ALIGN);
}

enum sy_status sy_arena_copy(struct sy_arena *arena, struct sy_span bytes,
			     struct sy_span *copy)
{
	uint8_t *p = NULL;
	size_t len;

	*copy = sy_span_of(NULL, 0);
	if (!ckd_add(&len, bytes.len, 1u))
		p = take(arena, len, 1);
	if (!p)
		return sy_memory_status(arena->ctx);
	if (bytes.len)
		memcpy(p, bytes.data, bytes.len);
	p[bytes.len] = 0;
	*copy = sy_span_of(p, bytes.len);
	return SY_OK;
}

char *sy_arena_str(struct sy_arena *arena, const char *s)
{
	size_t len = strlen(s) + 1;
	char *copy = take(arena, len, 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}
