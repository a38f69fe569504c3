/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AddressSanitizer maps and unmaps every large block, which costs a reader of small
 * files far more than reading them does.  With it large blocks are kept and handed
 * out again for the same size: poisoned in between, so that a use after the release
 * is seen as ever.  What a block held before is not cleared.
 */
#include "tests/fuzz/context.h"

#include <stdlib.h>
#include <string.h>

#define LARGE 4096
#define N_KEPT 64

/* Clang's alone: GCC has no header that asks for the size of a block, and no fuzzer. */
#if defined(__clang__) && defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
#include <sanitizer/allocator_interface.h>
#include <sanitizer/asan_interface.h>

static struct kept {
	void *p;
	size_t len;
} kept[N_KEPT];
static unsigned oldest;

static void *take(size_t len)
{
	for (size_t i = 0; len >= LARGE && i < N_KEPT; i++) {
		void *p = kept[i].p;

		if (!p || kept[i].len != len)
			continue;
		kept[i] = (struct kept){ 0 };
		__asan_unpoison_memory_region(p, len);
		return p;
	}
	return malloc(len);
}

static void give(void *p)
{
	size_t len = p ? __sanitizer_get_allocated_size(p) : 0;
	struct kept *place = &kept[oldest % N_KEPT];

	for (size_t i = 0; i < N_KEPT; i++) {
		if (!kept[i].p)
			place = &kept[i];
	}
	if (len < LARGE) {
		free(p);
		return;
	}
	if (place->p) {
		__asan_unpoison_memory_region(place->p, place->len);
		free(place->p);
		oldest++;
	}
	__asan_poison_memory_region(p, len);
	*place = (struct kept){ p, len };
}

static void *again(void *user, void *p, size_t len)
{
	size_t old = p ? __sanitizer_get_allocated_size(p) : 0;
	void *moved;

	(void)user;
	if (len == 0) {
		give(p);
		return NULL;
	}
	if (p && old < LARGE && len < LARGE)
		return realloc(p, len);
	moved = take(len);
	if (!moved || !p)
		return moved;
	memcpy(moved, p, old < len ? old : len);
	give(p);
	return moved;
}
#endif

void fuzz_context(struct sy_context *ctx)
{
	sy_context_init(ctx);
	ctx->limits.memory = 64 << 20;
	memset(ctx->hash_key, 0x5a, sizeof(ctx->hash_key));
#ifdef HAS_ASAN
	ctx->allocator.realloc = again;
#endif
}
