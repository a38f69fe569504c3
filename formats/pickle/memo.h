/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memo of one load: values by number.  Numbers that follow each other lie in
 * pages of an array; scattered ones in a keyed hash table, so that no choice of
 * numbers costs more memory or time than it has bytes in the file, by a small
 * factor.  Pages between the first and the last are packed to a half or a quarter
 * of their size where their values stand close together, as a pickler's do.
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

/* One of three. */
struct sy_memo_page {
	uint64_t *words;	/* SY_MEMO_PAGE values */
	struct sy_memo_wide *wide;
	struct sy_memo_narrow *narrow;
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
 * The place of a number in a page that is there and not packed, when no number is
 * scattered; NULL: not so simple, use the functions above.  Who fills an empty place
 * counts it in n_filled.
 */
static inline uint64_t *sy_memo_slot(const struct sy_pickle_memo *memo, uint64_t key)
{
	uint64_t page = key >> SY_MEMO_PAGE_BITS;

	if (page >= memo->n_pages || !memo->pages[page].words || memo->sparse.n_used)
		return NULL;
	return &memo->pages[page].words[key & (SY_MEMO_PAGE - 1)];
}

#endif
