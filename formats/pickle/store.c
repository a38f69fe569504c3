/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rings.  Positions and numbers only grow, so a stale one is recognised by
 * its distance from the head.  Nothing is read before it is written, so a small
 * pickle does not pay for clearing 2 MB.
 */
#include "formats/pickle/store.h"

#define WORDS SY_STORE_WORDS
#define LISTS (UINT64_C(1) << 9)
#define BYTES (UINT64_C(1) << 20)
#define TUPLE_HEAD SY_TUPLE_HEAD
#define DEPTH_MAX UINT64_C(0x7fffffff)

enum sy_status sy_store_open(struct sy_store *store, struct sy_context *ctx)
{
	*store = (struct sy_store){
		.ctx = ctx, .words_at = 1, .bytes_at = 1,
		.weight_max = SY_WEIGHT_SMALL, .depth_max = 1,
	};
	store->words = sy_alloc_unset(ctx, WORDS * sizeof(*store->words));
	store->lists = sy_alloc_unset(ctx, LISTS * sizeof(*store->lists));
	store->bytes = sy_alloc_unset(ctx, BYTES);
	if (!store->words || !store->lists || !store->bytes)
		return sy_memory_status(ctx);
	for (size_t i = 0; i < LISTS; i++)
		store->lists[i].number = 0;
	return SY_OK;
}

void sy_store_close(struct sy_store *store)
{
	if (store->words)
		sy_release(store->ctx, store->words);
	if (store->lists)
		sy_release(store->ctx, store->lists);
	if (store->bytes)
		sy_release(store->ctx, store->bytes);
	*store = (struct sy_store){ 0 };
}

/* Runs of words and bytes never wrap: what does not fit before the end skips it. */
static uint64_t place(uint64_t at, uint64_t n, uint64_t size)
{
	return at % size + n > size ? (at / size + 1) * size : at;
}

/* Whether a tuple's place in the ring has not been taken by others. */
static inline bool is_kept(const struct sy_store *store, uint64_t at)
{
	return at != 0 && at < store->words_at && store->words_at - at <= WORDS;
}

bool sy_store_get_tuple(const struct sy_store *store, uint64_t at, struct sy_tuple *tuple)
{
	const uint64_t *head = &store->words[at % WORDS];

	*tuple = (struct sy_tuple){ 0 };
	if (!is_kept(store, at))
		return false;
	tuple->n_items = head[0] & UINT32_MAX;
	tuple->depth = (uint32_t)(head[0] >> 32);
	tuple->weight = head[1];
	tuple->n_kept = tuple->n_items < SY_TUPLE_KEPT ? (uint32_t)tuple->n_items
						      : SY_TUPLE_KEPT;
	tuple->items = head + TUPLE_HEAD;
	return true;
}

const struct sy_list *sy_store_get_list(const struct sy_store *store, uint64_t value)
{
	uint64_t number = sy_value_payload(value);
	const struct sy_list *list = &store->lists[number % LISTS];

	if (sy_value_kind(value) < SY_VALUE_LIST || sy_value_kind(value) > SY_VALUE_SET)
		return NULL;
	return list->number == number ? list : NULL;
}

static inline void weigh_container(const struct sy_store *store, uint64_t item,
				   uint64_t *weight, uint64_t *depth)
{
	uint64_t payload = sy_value_payload(item), item_weight = 1, item_depth = 0;
	const struct sy_list *list = &store->lists[payload % LISTS];

	if (sy_value_kind(item) == SY_VALUE_TUPLE) {
		const uint64_t *head = &store->words[payload % WORDS];

		if (is_kept(store, payload)) {
			item_weight = head[1];
			item_depth = head[0] >> 32;
		}
	} else if (list->number == payload) {
		item_weight = list->weight;
		item_depth = list->depth;
	}
	*weight = *weight > UINT64_MAX - item_weight ? UINT64_MAX : *weight + item_weight;
	if (item_depth >= *depth && *depth < DEPTH_MAX)
		*depth = item_depth + 1;
}

/* Adds what an item weighs and how deep it goes to its container. */
static inline void weigh(const struct sy_store *store, uint64_t item, uint64_t *weight,
			 uint64_t *depth)
{
	if (SY_LIKELY(!sy_value_is_container(item)))
		*weight += *weight < UINT64_MAX;
	else
		weigh_container(store, item, weight, depth);
}

static void note(struct sy_store *store, uint64_t weight, uint64_t depth)
{
	if (weight > store->weight_max)
		store->weight_max = weight;
	if (depth > store->depth_max)
		store->depth_max = (uint32_t)depth;
}

uint64_t sy_store_tuple(struct sy_store *store, const uint64_t *items, size_t n)
{
	size_t n_kept = n < SY_TUPLE_KEPT ? n : SY_TUPLE_KEPT;
	uint64_t weight = 1, depth = 1;
	uint64_t at = place(store->words_at, TUPLE_HEAD + n_kept, WORDS);
	uint64_t *head = &store->words[at % WORDS];

	for (size_t i = 0; i < n; i++)
		weigh(store, items[i], &weight, &depth);
	store->words_at = at + TUPLE_HEAD + n_kept;
	head[0] = depth << 32 | (n < UINT32_MAX ? n : UINT32_MAX);
	head[1] = weight;
	for (size_t i = 0; i < n_kept; i++)
		head[TUPLE_HEAD + i] = items[i];
	note(store, weight, depth);
	return at;
}

uint64_t sy_store_list(struct sy_store *store, enum sy_value_kind kind)
{
	uint64_t number = ++store->n_lists;
	struct sy_list *list = &store->lists[number % LISTS];

	list->number = number;
	list->n_items = 0;
	list->n_kept = 0;
	list->weight = 1;
	list->depth = 1;
	return sy_value(kind, number);
}

void sy_store_extend(struct sy_store *store, uint64_t value, const uint64_t *items,
		     size_t n)
{
	uint64_t number = sy_value_payload(value);
	struct sy_list *list = &store->lists[number % LISTS];
	uint64_t weight = list->weight, depth = list->depth;
	size_t n_new = SY_LIST_KEPT - list->n_kept;

	if (list->number != number)
		return;
	if (n_new > n)
		n_new = n;
	if (n_new > 0)
		memmove(&list->items[list->n_kept], items, n_new * sizeof(*items));
	list->n_kept += (uint32_t)n_new;
	for (size_t i = 0; i < n; i++)
		weigh(store, items[i], &weight, &depth);
	list->n_items += n;
	list->weight = weight;
	list->depth = (uint32_t)depth;
	note(store, weight, depth);
}

uint64_t sy_store_string(struct sy_store *store, struct sy_span s, bool is_bytes)
{
	uint32_t len = (uint32_t)s.len;
	uint64_t at;

	if (s.len > SY_STRING_KEPT)
		return 0;
	at = place(store->bytes_at, sizeof(len) + s.len, BYTES);
	store->bytes_at = at + sizeof(len) + s.len;
	memcpy(&store->bytes[at % BYTES], &len, sizeof(len));
	if (s.len)
		memmove(&store->bytes[at % BYTES + sizeof(len)], s.data, s.len);
	return sy_value_string(at, is_bytes);
}

bool sy_store_get_string(const struct sy_store *store, uint64_t value, struct sy_span *s)
{
	uint64_t at = sy_value_payload(value) >> 1;
	uint32_t len;

	*s = sy_span_of(NULL, 0);
	if (sy_value_kind(value) != SY_VALUE_STRING || at >= store->bytes_at ||
	    store->bytes_at - at > BYTES)
		return false;
	memcpy(&len, &store->bytes[at % BYTES], sizeof(len));
	*s = sy_span_of(&store->bytes[at % BYTES + sizeof(len)], len);
	return true;
}
