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
	uint64_t weight_max;	/* heaviest container so far, or SY_WEIGHT_SMALL */
	uint32_t depth_max;	/* deepest; at least 1 */
};

SY_MUST_CHECK enum sy_status sy_store_open(struct sy_store *store,
					   struct sy_context *ctx);
void sy_store_close(struct sy_store *store);

#define SY_STORE_WORDS (UINT64_C(1) << 16)
#define SY_TUPLE_HEAD 2		/* words before a tuple's items */
#define SY_WEIGHT_SMALL 4	/* of a tuple of 3 items that are no containers */

/* Returns the value, or its position. */
uint64_t sy_store_tuple(struct sy_store *store, const uint64_t *items, size_t n);
uint64_t sy_store_list(struct sy_store *store, enum sy_value_kind kind);

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
