/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b-512 (RFC 7693, unkeyed) through libsodium. */
#include <sodium.h>

#include "verifier/base/memory.h"
#include "verifier/digest/algorithm.h"

/* The state wants more alignment than our allocator promises. */
struct blake2b {
	uint8_t room[sizeof(crypto_generichash_state) + 64];
};

static crypto_generichash_state *state_of(void *room)
{
	uintptr_t address = (uintptr_t)room;

	return (crypto_generichash_state *)(void *)
		((uint8_t *)room + (-address & 63));
}

static void *start(struct sy_context *ctx, uint64_t size)
{
	struct blake2b *state;

	(void)size;
	if (sodium_init() < 0)
		return NULL;
	state = sy_alloc(ctx, sizeof(*state));
	if (state)
		crypto_generichash_init(state_of(state), NULL, 0, 64);
	return state;
}

static bool update(void *state, const void *data, size_t len)
{
	return crypto_generichash_update(state_of(state), data, len) == 0;
}

static bool final(void *state, uint8_t *out, size_t len)
{
	return crypto_generichash_final(state_of(state), out, len) == 0;
}

static void free_state(struct sy_context *ctx, void *state)
{
	sy_release(ctx, state);
}

const struct sy_algorithm_ops sy_algorithm_blake2b = {
	.start = start, .update = update, .final = final, .free = free_state,
};
