/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-2-4 and an open-addressing map on top of it: linear probing, at most
 * three quarters full, never deletes.
 */
#include "verifier/base/set.h"

#include <endian.h>

#include "verifier/base/memory.h"

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline uint64_t rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

/* By value, so that the state stays in registers: names are hashed by the million. */
static inline struct sip sip_round(struct sip s)
{
	s.v0 += s.v1;
	s.v1 = rotate(s.v1, 13) ^ s.v0;
	s.v0 = rotate(s.v0, 32);
	s.v2 += s.v3;
	s.v3 = rotate(s.v3, 16) ^ s.v2;
	s.v0 += s.v3;
	s.v3 = rotate(s.v3, 21) ^ s.v0;
	s.v2 += s.v1;
	s.v1 = rotate(s.v1, 17) ^ s.v2;
	s.v2 = rotate(s.v2, 32);
	return s;
}

static inline struct sip sip_word(struct sip s, uint64_t word)
{
	s.v3 ^= word;
	s = sip_round(sip_round(s));
	s.v0 ^= word;
	return s;
}

uint64_t sy_siphash(const uint8_t key[16], struct sy_span bytes)
{
	uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
	struct sip s = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
			 k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };
	uint64_t last = (uint64_t)bytes.len << 56;
	size_t i = 0, rest = bytes.len % 8;

	for (; bytes.len - i >= 8; i += 8)
		s = sip_word(s, load_le64(bytes.data + i));
	/* The last bytes in one load, with some that were taken already. */
	if (rest > 0 && bytes.len > 8)
		last |= load_le64(bytes.data + bytes.len - 8) >> (64 - 8 * rest);
	else
		for (unsigned shift = 0; i < bytes.len; i++, shift += 8)
			last |= (uint64_t)bytes.data[i] << shift;
	s = sip_word(s, last);
	s.v2 ^= 0xff;
	s = sip_round(sip_round(sip_round(sip_round(s))));
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static bool is_free(const struct sy_set_entry *slot)
{
	return !slot->key.data;
}

void sy_set_init(struct sy_set *set, struct sy_context *ctx)
{
	*set = (struct sy_set){ .ctx = ctx };
}

void sy_set_free(struct sy_set *set)
{
	sy_release(set->ctx, set->slots);
	sy_set_init(set, set->ctx);
}

/* The slot that holds the key, or the free slot where it belongs. */
static struct sy_set_entry *find_slot(const struct sy_set *set, uint64_t hash,
				      struct sy_span key)
{
	size_t mask = set->n_slots - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct sy_set_entry *slot = &set->slots[i];

		if (is_free(slot) ||
		    (slot->hash == hash && sy_span_equal(slot->key, key)))
			return slot;
	}
}

static enum sy_status make_room(struct sy_set *set)
{
	struct sy_set larger = { .ctx = set->ctx };

	if (set->n_used < set->n_slots - set->n_slots / 4)
		return SY_OK;
	larger.n_slots = set->n_slots ? set->n_slots * 2 : 64;
	larger.n_used = set->n_used;
	larger.slots = sy_alloc_array(set->ctx, larger.n_slots,
				      sizeof(*larger.slots));
	if (!larger.slots)
		return sy_memory_status(set->ctx);
	for (size_t i = 0; i < set->n_slots; i++) {
		const struct sy_set_entry *slot = &set->slots[i];

		if (!is_free(slot))
			*find_slot(&larger, slot->hash, slot->key) = *slot;
	}
	sy_release(set->ctx, set->slots);
	*set = larger;
	return SY_OK;
}

/* The empty key needs an address too: a free slot is one without. */
static struct sy_span keyed(struct sy_span key)
{
	return key.data ? key : sy_span_of("", 0);
}

enum sy_status sy_set_add(struct sy_set *set, struct sy_span key, uint64_t value,
			  bool *is_new, uint64_t *found)
{
	uint64_t hash = sy_siphash(set->ctx->hash_key, key);
	struct sy_set_entry *slot;
	enum sy_status status = make_room(set);

	*is_new = false;
	*found = 0;
	if (status != SY_OK)
		return status;
	slot = find_slot(set, hash, key);
	*is_new = is_free(slot);
	if (*is_new) {
		*slot = (struct sy_set_entry){ .hash = hash, .key = keyed(key),
					       .value = value };
		set->n_used++;
	}
	*found = slot->value;
	return SY_OK;
}

bool sy_set_has(const struct sy_set *set, struct sy_span key, uint64_t *value)
{
	const struct sy_set_entry *slot;

	if (set->n_slots == 0)
		return false;
	slot = find_slot(set, sy_siphash(set->ctx->hash_key, key), key);
	if (is_free(slot))
		return false;
	if (value)
		*value = slot->value;
	return true;
}
