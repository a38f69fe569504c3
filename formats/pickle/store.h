/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the latest values of a run consist of: items of tuples, lists and dicts,
 * strings computed on the way.  Each in a ring of fixed size, where new things
 * displace old ones: what was displaced is opaque, never wrong.
 */
#ifndef SY_FORMATS_PICKLE_STORE_H
#define SY_FORMATS_PICKLE_STORE_H

#include "formats/pickle/value.h"
#include "verifier/base/memory.h"

#define SY_TUPLE_KEPT 256	/* items kept of one tuple */
#define SY_LIST_KEPT 64		/* items kept of one list, dict or set */

/* A list, dict (keys and values in turn) or set. */
struct sy_list {
	uint64_t number;
	uint64_t n_items;	/* all of them, kept or not */
	uint64_t weight;	/* values it expands to when walked; saturates */
	uint32_t depth;		/* containers in it, one inside the other */
	uint32_t n_kept;
	uint64_t items[SY_LIST_KEPT];
};

struct sy_tuple {
	uint64_t n_items;
	uint64_t weight;
	uint32_t depth;
	uint32_t n_kept;
	const uint64_t *items;	/* valid until the next tuple is made */
};

struct sy_store {
	struct sy_context *ctx;
	uint64_t *words;	/* tuples: head, weight, items */
	uint64_t words_at;	/* position of the next tuple; counts on forever */
	struct sy_list *lists;
	uint64_t n_lists;	/* made so far */
	uint8_t *bytes;		/* computed strings: length, bytes */
	uint64_t bytes_at;
	uint64_t weight_max;	/* heaviest container so far */
	uint32_t depth_max;	/* deepest */
};

SY_MUST_CHECK enum sy_status sy_store_open(struct sy_store *store,
					   struct sy_context *ctx);
void sy_store_close(struct sy_store *store);

#define SY_STORE_WORDS (UINT64_C(1) << 16)
#define SY_TUPLE_HEAD 2		/* words before a tuple's items */

/* Returns the value, or its position. */
uint64_t sy_store_tuple(struct sy_store *store, const uint64_t *items, size_t n);
uint64_t sy_store_list(struct sy_store *store, enum sy_value_kind kind);

/*
 * The same for at most 3 items none of which is a container, while the ring does
 * not wrap; 0: not so simple.
 */
static inline uint64_t sy_store_small_tuple(struct sy_store *store, const uint64_t *items,
					    size_t n)
{
	uint64_t at = store->words_at;
	uint64_t *head = &store->words[at % SY_STORE_WORDS];

	if (at % SY_STORE_WORDS + SY_TUPLE_HEAD + 3 > SY_STORE_WORDS ||
	    store->weight_max < 4 || store->depth_max < 1)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (sy_value_is_container(items[i]))
			return 0;
		head[SY_TUPLE_HEAD + i] = items[i];
	}
	head[0] = UINT64_C(1) << 32 | n;
	head[1] = 1 + n;
	store->words_at = at + SY_TUPLE_HEAD + n;
	return at;
}

/* Adds items to a LIST, DICT or SET. */
void sy_store_extend(struct sy_store *store, uint64_t list, const uint64_t *items,
		     size_t n);

/* False: displaced, or not of that kind. */
SY_MUST_CHECK bool sy_store_get_tuple(const struct sy_store *store, uint64_t at,
				      struct sy_tuple *tuple);
const struct sy_list *sy_store_get_list(const struct sy_store *store, uint64_t value);

/* A STRING; 0 when it is too long to be kept. */
uint64_t sy_store_string(struct sy_store *store, struct sy_span s, bool is_bytes);
SY_MUST_CHECK bool sy_store_get_string(const struct sy_store *store, uint64_t value,
				       struct sy_span *s);

#define SY_STRING_KEPT 65536u	/* bytes of one computed string */

#endif
