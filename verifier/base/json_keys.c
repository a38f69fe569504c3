/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding duplicate keys in bounded memory.  Keys of open objects stand in one
 * log.  Those of a small object are compared one by one, by a cheap
 * fingerprint; those of a larger one also stand in a hash table of log
 * indices, under a keyed hash that nobody outside can steer.
 *
 * The table probes groups of slots, by a byte of tag for each: a new key costs
 * one look at a dense array, and no branch that depends on what others left in
 * one slot.
 *
 * Objects close in the reverse order of opening, so entries leave the table in
 * the reverse order of entering: probing then needs no tombstones.  A rebuild
 * enters them in log order and keeps that.
 */
#include "verifier/base/json_parts.h"

#include <endian.h>

#include "verifier/base/memory.h"
#include "verifier/base/set.h"

/* Objects with at most this many keys do without the table. */
#define SMALL 8
#define SLOTS_MIN 64
#define KEYS_MAX ((UINT32_C(1) << 24) - 2)

/* Slots that are looked at together. */
#define GROUP 8
#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))
#define HIGH_BITS EACH_BYTE(0x80)

void sy_json_keys_free(struct sy_json_keys *keys)
{
	sy_release(keys->ctx, keys->log);
	sy_release(keys->ctx, keys->firsts);
	sy_release(keys->ctx, keys->slots);
	sy_release(keys->ctx, keys->scratch);
	*keys = (struct sy_json_keys){ .ctx = keys->ctx };
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Need not be good: a small object costs at most SMALL comparisons a key. */
static uint32_t fingerprint(struct sy_span text)
{
	uint32_t v = (uint32_t)text.len;

	if (text.len >= 4)
		return v ^ load32(text.data) * 31u ^
		       load32(text.data + text.len - 4);
	for (size_t i = 0; i < text.len; i++)
		v = v << 8 | text.data[i];
	return v;
}

static uint32_t strong_hash(const struct sy_json_keys *keys, struct sy_span text)
{
	return (uint32_t)sy_siphash(keys->ctx->hash_key, text);
}

static bool is_key(const struct sy_json_keys *keys, const struct sy_json_key *key,
		   uint32_t hash, struct sy_span text)
{
	return key->hash == hash &&
	       sy_json_string_is(keys->doc.data + key->off + 1,
				 keys->doc.data + keys->doc.len, text);
}

static bool find_small(const struct sy_json_keys *keys, size_t first,
		       uint32_t hash, struct sy_span text)
{
	for (size_t i = first; i < keys->n; i++) {
		if (is_key(keys, &keys->log[i], hash, text))
			return true;
	}
	return false;
}

/* A tag is 0 where the slot is free, else seven bits of the hash below a one. */
static uint8_t tag_of(uint32_t hash)
{
	return (uint8_t)(hash >> 24 | 0x80);
}

/* The tags of a group, its first slot in the lowest byte. */
static uint64_t load_tags(const struct sy_json_keys *keys, size_t group)
{
	uint64_t tags;

	memcpy(&tags, keys->tags + group * GROUP, sizeof(tags));
	return le64toh(tags);
}

/* High bits set where a byte of w is zero, and nowhere else. */
static uint64_t zero_bytes(uint64_t w)
{
	return ~(((w & ~HIGH_BITS) + ~HIGH_BITS) | w) & HIGH_BITS;
}

static size_t first_byte(uint64_t high_bits)
{
	return ((size_t)ffsll((long long)high_bits) - 1) / 8;
}

static size_t next_group(const struct sy_json_keys *keys, size_t group)
{
	return (group + 1) & (keys->n_slots / GROUP - 1);
}

static size_t first_group(const struct sy_json_keys *keys, uint32_t hash)
{
	return hash & (keys->n_slots / GROUP - 1);
}

/* Entries of enclosing objects share the table: only those from `first` count. */
static bool find_large(const struct sy_json_keys *keys, size_t first,
		       uint32_t hash, struct sy_span text)
{
	for (size_t group = first_group(keys, hash);; group = next_group(keys, group)) {
		uint64_t tags = load_tags(keys, group);
		uint64_t equal = zero_bytes(tags ^ EACH_BYTE(tag_of(hash)));

		for (; equal; equal &= equal - 1) {
			size_t index = keys->slots[group * GROUP + first_byte(equal)];

			if (index >= first &&
			    is_key(keys, &keys->log[index], hash, text))
				return true;
		}
		if (~tags & HIGH_BITS)
			return false;
	}
}

static void enter(struct sy_json_keys *keys, size_t index)
{
	uint32_t hash = keys->log[index].hash;
	size_t group = first_group(keys, hash), slot;
	uint64_t free = ~load_tags(keys, group) & HIGH_BITS;

	while (!free) {
		group = next_group(keys, group);
		free = ~load_tags(keys, group) & HIGH_BITS;
	}
	slot = group * GROUP + first_byte(free);
	keys->tags[slot] = tag_of(hash);
	keys->slots[slot] = (uint32_t)index;
	keys->n_used++;
}

static void leave(struct sy_json_keys *keys, size_t index)
{
	size_t slot = first_group(keys, keys->log[index].hash) * GROUP;

	while (!keys->tags[slot] || keys->slots[slot] != index)
		slot = (slot + 1) & (keys->n_slots - 1);
	keys->tags[slot] = 0;
	keys->n_used--;
}

static void enter_all(struct sy_json_keys *keys)
{
	keys->n_used = 0;
	for (size_t object = 0; object < keys->n_open; object++) {
		size_t first = keys->firsts[object];
		size_t last = object + 1 < keys->n_open ?
			      keys->firsts[object + 1] : keys->n;

		if (last - first <= SMALL)
			continue;
		for (size_t i = first; i < last; i++)
			enter(keys, i);
	}
}

/* Keeps the table at most seven eighths full with `more` entries to come. */
static enum sy_status make_room(struct sy_json_keys *keys, size_t more)
{
	size_t n_slots = keys->n_slots ? keys->n_slots : SLOTS_MIN;

	while (keys->n_used + more > n_slots - n_slots / 8)
		n_slots *= 2;
	if (n_slots == keys->n_slots)
		return SY_OK;
	/* The log holds all that is needed: the old table can go first. */
	sy_release(keys->ctx, keys->slots);
	keys->slots = sy_alloc_array(keys->ctx, n_slots, sizeof(*keys->slots) + 1);
	keys->n_slots = keys->slots ? n_slots : 0;
	if (!keys->slots)
		return sy_memory_status(keys->ctx);
	keys->tags = (uint8_t *)(keys->slots + n_slots);
	enter_all(keys);
	return SY_OK;
}

/* The key of a log entry, unescaped; what is escaped lands in the scratch. */
static enum sy_status read_key(struct sy_json_keys *keys, uint32_t off,
			       struct sy_span *text)
{
	const uint8_t *at = keys->doc.data + off;
	struct sy_json_fault fault;
	bool is_escaped;
	const uint8_t *next = sy_json_string_scan(at, keys->doc.data +
						  keys->doc.len, &is_escaped,
						  &fault);
	enum sy_status status;

	*text = sy_span_of(at + 1, next ? (size_t)(next - at) - 2 : 0);
	if (!is_escaped)
		return SY_OK;
	status = sy_grow(keys->ctx, &keys->scratch, &keys->scratch_cap,
			 text->len, 1);
	if (status != SY_OK)
		return status;
	text->len = sy_json_string_unescape(*text, keys->scratch);
	text->data = keys->scratch;
	return SY_OK;
}

/* The innermost object has outgrown the log: strong hashes, and the table. */
static enum sy_status promote(struct sy_json_keys *keys, size_t first)
{
	for (size_t i = first; i < keys->n; i++) {
		struct sy_json_key *key = &keys->log[i];
		struct sy_span text;
		enum sy_status status = read_key(keys, key->off, &text);

		if (status != SY_OK)
			return status;
		key->hash = strong_hash(keys, text);
		enter(keys, i);
	}
	return SY_OK;
}

static enum sy_status append(struct sy_json_keys *keys, size_t first,
			     struct sy_json_key key)
{
	size_t count = keys->n - first;
	enum sy_status status = SY_OK;

	if (keys->n >= KEYS_MAX)
		return SY_LIMIT;
	if (count >= SMALL)
		status = make_room(keys, count == SMALL ? SMALL + 1 : 1);
	if (status == SY_OK && keys->n == keys->cap)
		status = sy_grow(keys->ctx, &keys->log, &keys->cap, keys->n + 1,
				 sizeof(*keys->log));
	if (status != SY_OK)
		return status;
	keys->log[keys->n++] = key;
	if (count == SMALL)
		return promote(keys, first);
	if (count > SMALL)
		enter(keys, keys->n - 1);
	return SY_OK;
}

enum sy_status sy_json_keys_add(struct sy_json_keys *keys, uint32_t off,
				struct sy_span text, bool *is_duplicate)
{
	size_t first = keys->firsts[keys->n_open - 1];
	bool is_small = keys->n - first <= SMALL;
	uint32_t hash = is_small ? fingerprint(text) : strong_hash(keys, text);

	*is_duplicate = is_small ? find_small(keys, first, hash, text) :
			find_large(keys, first, hash, text);
	if (*is_duplicate)
		return SY_OK;
	return append(keys, first, (struct sy_json_key){ hash, off });
}

enum sy_status sy_json_keys_open(struct sy_json_keys *keys)
{
	if (keys->n_open == keys->firsts_cap) {
		enum sy_status status = sy_grow(keys->ctx, &keys->firsts,
						&keys->firsts_cap,
						keys->n_open + 1,
						sizeof(*keys->firsts));

		if (status != SY_OK)
			return status;
	}
	keys->firsts[keys->n_open++] = (uint32_t)keys->n;
	return SY_OK;
}

void sy_json_keys_close(struct sy_json_keys *keys)
{
	size_t first = keys->firsts[--keys->n_open];
	size_t count = keys->n - first;

	if (count > SMALL && count == keys->n_used && count > keys->n_slots / 16) {
		memset(keys->tags, 0, keys->n_slots);
		keys->n_used = 0;
	} else if (count > SMALL) {
		for (size_t i = keys->n; i > first; i--)
			leave(keys, i - 1);
	}
	keys->n = first;
}
