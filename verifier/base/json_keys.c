/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding duplicate keys in bounded memory.  Keys of open objects stand in one
 * log.  Those of a small object are compared one by one, by a cheap
 * fingerprint.  Writers sort, or count up: while the keys of a larger object
 * rise, none can repeat.  From the first that does not, they also stand in a
 * hash table of log indices, under a keyed hash that nobody outside can steer.
 *
 * Objects close in the reverse order of opening, so entries leave the table in
 * the reverse order of entering: linear probing then needs no tombstones.  A
 * rebuild enters them in log order and keeps that.
 */
#include "verifier/base/json_parts.h"

#include "verifier/base/memory.h"
#include "verifier/base/set.h"

/* Objects with at most this many keys do without the table. */
#define SMALL 8
#define SLOTS_MIN 64

/*
 * A slot is 0 when free, else log index + 1 in the low bits and a part of the
 * hash above: most collisions are told apart without a look at the log.
 */
#define INDEX_BITS 24
#define INDEX_MASK ((UINT32_C(1) << INDEX_BITS) - 1)
#define KEYS_MAX (INDEX_MASK - 1)

/*
 * Orders in which the keys of a large object may rise.  While one of them is
 * left, the mark of a key is its length; after that, its strong hash.  In a
 * small object it is the fingerprint.
 */
enum order {
	ORDER_BYTES = 1,	/* "t10" before "t9" */
	ORDER_LENGTH = 2	/* "t9" before "t10" */
};

void sy_json_keys_free(struct sy_json_keys *keys)
{
	sy_release(keys->ctx, keys->log);
	sy_release(keys->ctx, keys->scopes);
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
	return key->mark == hash &&
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

/* Entries of enclosing objects share the table: only those from `first` count. */
static bool find_large(const struct sy_json_keys *keys, size_t first,
		       uint32_t hash, struct sy_span text)
{
	size_t mask = keys->n_slots - 1;

	for (size_t i = hash & mask; keys->slots[i]; i = (i + 1) & mask) {
		uint32_t slot = keys->slots[i];
		size_t index = (slot & INDEX_MASK) - 1;

		if ((slot ^ hash) >> INDEX_BITS == 0 && index >= first &&
		    is_key(keys, &keys->log[index], hash, text))
			return true;
	}
	return false;
}

static void enter(struct sy_json_keys *keys, size_t index)
{
	size_t mask = keys->n_slots - 1;
	uint32_t hash = keys->log[index].mark;
	size_t i = hash & mask;

	while (keys->slots[i])
		i = (i + 1) & mask;
	keys->slots[i] = (hash & ~INDEX_MASK) | ((uint32_t)index + 1);
	keys->n_used++;
}

static void leave(struct sy_json_keys *keys, size_t index)
{
	size_t mask = keys->n_slots - 1;
	size_t i = keys->log[index].mark & mask;

	while ((keys->slots[i] & INDEX_MASK) != (uint32_t)index + 1)
		i = (i + 1) & mask;
	keys->slots[i] = 0;
	keys->n_used--;
}

static void enter_all(struct sy_json_keys *keys)
{
	keys->n_used = 0;
	for (size_t object = 0; object < keys->n_open; object++) {
		const struct sy_json_scope *scope = &keys->scopes[object];
		size_t last = object + 1 < keys->n_open ? scope[1].first : keys->n;

		if (last - scope->first <= SMALL || scope->orders)
			continue;
		for (size_t i = scope->first; i < last; i++)
			enter(keys, i);
	}
}

/* Keeps the table at most three quarters full with `more` entries to come. */
static enum sy_status make_room(struct sy_json_keys *keys, size_t more)
{
	size_t n_slots = keys->n_slots ? keys->n_slots : SLOTS_MIN;

	while (keys->n_used + more > n_slots - n_slots / 4)
		n_slots *= 2;
	if (n_slots == keys->n_slots)
		return SY_OK;
	/* The log holds all that is needed: the old table can go first. */
	sy_release(keys->ctx, keys->slots);
	keys->slots = sy_alloc_array(keys->ctx, n_slots, sizeof(*keys->slots));
	keys->n_slots = keys->slots ? n_slots : 0;
	if (!keys->slots)
		return sy_memory_status(keys->ctx);
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

/* The orders in which key follows last: none when it is the same. */
static uint32_t orders_of(struct sy_span last, struct sy_span key)
{
	int bytes = sy_span_compare(last, key);
	uint32_t orders = 0;

	if (bytes < 0)
		orders |= ORDER_BYTES;
	if (last.len < key.len || (last.len == key.len && bytes < 0))
		orders |= ORDER_LENGTH;
	return orders;
}

/* Escapes make a key end elsewhere than its length tells: no order then. */
static bool is_as_written(const struct sy_json_keys *keys, uint32_t off,
			  struct sy_span text)
{
	return text.data == keys->doc.data + off + 1;
}

/* The innermost object has outgrown the log: do its keys rise so far? */
static enum sy_status begin_orders(struct sy_json_keys *keys,
				   struct sy_json_scope *scope)
{
	uint32_t orders = ORDER_BYTES | ORDER_LENGTH;
	struct sy_span last = sy_span_of(NULL, 0), text;

	for (size_t i = scope->first; i < keys->n && orders; i++) {
		struct sy_json_key *key = &keys->log[i];
		enum sy_status status = read_key(keys, key->off, &text);

		if (status != SY_OK)
			return status;
		if (!is_as_written(keys, key->off, text))
			return SY_OK;
		if (i > scope->first)
			orders &= orders_of(last, text);
		key->mark = (uint32_t)text.len;
		last = text;
	}
	scope->orders = orders;
	return SY_OK;
}

/* The keys of the innermost object do not rise: strong hashes, and the table. */
static enum sy_status end_orders(struct sy_json_keys *keys,
				 struct sy_json_scope *scope)
{
	/* With room for the next key: a rebuild would pass over SMALL keys. */
	enum sy_status status = make_room(keys, keys->n - scope->first + 1);

	scope->orders = 0;
	for (size_t i = scope->first; i < keys->n && status == SY_OK; i++) {
		struct sy_json_key *key = &keys->log[i];
		struct sy_span text;

		status = read_key(keys, key->off, &text);
		if (status != SY_OK)
			return status;
		key->mark = strong_hash(keys, text);
		enter(keys, i);
	}
	return status;
}

static enum sy_status append(struct sy_json_keys *keys, struct sy_json_key key)
{
	enum sy_status status = SY_OK;

	if (keys->n >= KEYS_MAX)
		return SY_LIMIT;
	if (keys->n == keys->cap)
		status = sy_grow(keys->ctx, &keys->log, &keys->cap, keys->n + 1,
				 sizeof(*keys->log));
	if (status == SY_OK)
		keys->log[keys->n++] = key;
	return status;
}

static enum sy_status add_hashed(struct sy_json_keys *keys, size_t first,
				 uint32_t off, struct sy_span text,
				 bool *is_duplicate)
{
	uint32_t hash = strong_hash(keys, text);
	enum sy_status status;

	*is_duplicate = find_large(keys, first, hash, text);
	if (*is_duplicate)
		return SY_OK;
	status = make_room(keys, 1);
	if (status == SY_OK)
		status = append(keys, (struct sy_json_key){ hash, off });
	if (status == SY_OK)
		enter(keys, keys->n - 1);
	return status;
}

/* The orders of the innermost object that are left with this key. */
static uint32_t orders_left(const struct sy_json_keys *keys, uint32_t orders,
			    uint32_t off, struct sy_span text)
{
	struct sy_json_key last = keys->log[keys->n - 1];

	if (!is_as_written(keys, off, text))
		return 0;
	return orders & orders_of(sy_span_of(keys->doc.data + last.off + 1,
					     last.mark), text);
}

/* The object has SMALL keys or more; with SMALL, the key is known to be new. */
static enum sy_status add_large(struct sy_json_keys *keys,
				struct sy_json_scope *scope, uint32_t off,
				struct sy_span text, bool *is_duplicate)
{
	bool is_new = keys->n - scope->first == SMALL;
	enum sy_status status = is_new ? begin_orders(keys, scope) : SY_OK;
	uint32_t left;

	if (status == SY_OK && scope->orders) {
		left = orders_left(keys, scope->orders, off, text);
		if (left) {
			scope->orders = left;
			return append(keys, (struct sy_json_key){
					(uint32_t)text.len, off });
		}
	}
	if (status == SY_OK && (is_new || scope->orders))
		status = end_orders(keys, scope);
	if (status != SY_OK)
		return status;
	return add_hashed(keys, scope->first, off, text, is_duplicate);
}

enum sy_status sy_json_keys_add(struct sy_json_keys *keys, uint32_t off,
				struct sy_span text, bool *is_duplicate)
{
	struct sy_json_scope *scope = &keys->scopes[keys->n_open - 1];
	size_t count = keys->n - scope->first;
	uint32_t mark;

	*is_duplicate = false;
	if (count > SMALL)
		return add_large(keys, scope, off, text, is_duplicate);
	mark = fingerprint(text);
	*is_duplicate = find_small(keys, scope->first, mark, text);
	if (*is_duplicate)
		return SY_OK;
	if (count == SMALL)
		return add_large(keys, scope, off, text, is_duplicate);
	return append(keys, (struct sy_json_key){ mark, off });
}

enum sy_status sy_json_keys_open(struct sy_json_keys *keys)
{
	if (keys->n_open == keys->scopes_cap) {
		enum sy_status status = sy_grow(keys->ctx, &keys->scopes,
						&keys->scopes_cap,
						keys->n_open + 1,
						sizeof(*keys->scopes));

		if (status != SY_OK)
			return status;
	}
	keys->scopes[keys->n_open++] = (struct sy_json_scope){
		.first = (uint32_t)keys->n };
	return SY_OK;
}

void sy_json_keys_close(struct sy_json_keys *keys)
{
	const struct sy_json_scope *scope = &keys->scopes[--keys->n_open];
	size_t count = keys->n - scope->first;
	bool is_hashed = count > SMALL && !scope->orders;

	if (is_hashed && count == keys->n_used && count > keys->n_slots / 16) {
		memset(keys->slots, 0, keys->n_slots * sizeof(*keys->slots));
		keys->n_used = 0;
	} else if (is_hashed) {
		for (size_t i = keys->n; i > scope->first; i--)
			leave(keys, i - 1);
	}
	keys->n = scope->first;
}
