/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memo of one load: values by number.  Numbers that follow each other lie in
 * pages of an array; scattered ones in a keyed hash table, so that no choice of
 * numbers costs more memory or time than it has bytes in the file, by a small
 * factor.  A page behind the last is packed to half its size where its values
 * stand close together, as a pickler's do.
 */
#ifndef SY_FORMATS_PICKLE_MEMO_H
#define SY_FORMATS_PICKLE_MEMO_H

#include "formats/pickle/value.h"
#include "verifier/base/memory.h"

/* Numbers to words that are not zero. */
struct sy_word_map {
	struct sy_context *ctx;
	uint64_t *slots;	/* key, value; value 0: free */
	size_t n_slots;		/* 0 or a power of two */
	size_t n_used;
};

void sy_word_map_init(struct sy_word_map *map, struct sy_context *ctx);
void sy_word_map_clear(struct sy_word_map *map);
uint64_t sy_word_map_get(const struct sy_word_map *map, uint64_t key);
SY_MUST_CHECK enum sy_status sy_word_map_put(struct sy_word_map *map, uint64_t key,
					     uint64_t value, bool *is_new);

#define SY_MEMO_PAGE_BITS 12
#define SY_MEMO_PAGE (UINT64_C(1) << SY_MEMO_PAGE_BITS)

struct sy_memo_page {
	uint64_t *words;	/* SY_MEMO_PAGE values; NULL: packed */
	uint32_t *packed;
	uint64_t base;		/* smallest payload of a packed page */
};

struct sy_pickle_memo {
	struct sy_context *ctx;
	struct sy_memo_page *pages;
	size_t n_pages, cap_pages;
	uint64_t n_filled;	/* MEMOIZE stores at this number */
	struct sy_word_map sparse;
};

void sy_memo_init(struct sy_pickle_memo *memo, struct sy_context *ctx);
void sy_memo_clear(struct sy_pickle_memo *memo);	/* and frees */

/* SY_LIMIT beyond limits.pickle_memo values, SY_NO_MEMORY. */
SY_MUST_CHECK enum sy_status sy_memo_put(struct sy_pickle_memo *memo, uint64_t key,
					 uint64_t value);

/* 0: nothing there. */
uint64_t sy_memo_get(const struct sy_pickle_memo *memo, uint64_t key);

/*
 * A packed value: its kind in 4 bits, whether it is bare, and by how much its
 * payload is above the page's base.  0, like an empty place, is kind UNSET.
 */
static inline uint64_t sy_memo_unpack(uint32_t packed, uint64_t base)
{
	uint64_t bare = packed & 16 ? SY_VALUE_BARE : 0;

	if (packed == 0)
		return 0;
	return sy_value((enum sy_value_kind)(packed & 15), base + (packed >> 5)) | bare;
}

/* The value under a number of a page that is there; 0: none, or scattered. */
static inline uint64_t sy_memo_page_get(const struct sy_pickle_memo *memo, uint64_t key)
{
	uint64_t page = key >> SY_MEMO_PAGE_BITS, i = key & (SY_MEMO_PAGE - 1);

	if (page >= memo->n_pages)
		return 0;
	if (memo->pages[page].words)
		return memo->pages[page].words[i];
	return sy_memo_unpack(memo->pages[page].packed[i], memo->pages[page].base);
}

/*
 * The place of a number in a page that is there and not packed, when no number is
 * scattered; NULL: not so simple, use sy_memo_put.  Who fills an empty place counts
 * it in n_filled.
 */
static inline uint64_t *sy_memo_slot(const struct sy_pickle_memo *memo, uint64_t key)
{
	uint64_t page = key >> SY_MEMO_PAGE_BITS;

	if (page >= memo->n_pages || !memo->pages[page].words || memo->sparse.n_used)
		return NULL;
	return &memo->pages[page].words[key & (SY_MEMO_PAGE - 1)];
}

#endif
