/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memo.  A page is added only next to the last one and only while the pages
 * are well filled; every other number goes to the hash table.
 */
#include "formats/pickle/memo.h"

#include "verifier/base/set.h"

#define PAGE_BITS SY_MEMO_PAGE_BITS
#define PAGE SY_MEMO_PAGE
#define SLOTS_MIN 64
#define SPARSE_MAX (1u << 18)	/* scattered numbers: no pickler writes any */

void sy_word_map_init(struct sy_word_map *map, struct sy_context *ctx)
{
	*map = (struct sy_word_map){ .ctx = ctx };
}

void sy_word_map_clear(struct sy_word_map *map)
{
	if (map->slots)
		sy_release(map->ctx, map->slots);
	sy_word_map_init(map, map->ctx);
}

/* The slot of key, or the free slot where it belongs. */
static uint64_t *slot_of(const struct sy_word_map *map, uint64_t key)
{
	size_t mask = map->n_slots - 1;
	size_t i = (size_t)sy_siphash(map->ctx->hash_key, sy_span_of(&key, sizeof(key))) & mask;

	while (map->slots[2 * i + 1] != 0 && map->slots[2 * i] != key)
		i = (i + 1) & mask;
	return &map->slots[2 * i];
}

uint64_t sy_word_map_get(const struct sy_word_map *map, uint64_t key)
{
	return map->n_used ? slot_of(map, key)[1] : 0;
}

static enum sy_status grow_map(struct sy_word_map *map)
{
	struct sy_word_map larger = {
		.ctx = map->ctx,
		.n_slots = map->n_slots ? 2 * map->n_slots : SLOTS_MIN,
		.n_used = map->n_used,
	};

	larger.slots = sy_alloc_array(map->ctx, larger.n_slots, 2 * sizeof(uint64_t));
	if (!larger.slots)
		return sy_memory_status(map->ctx);
	for (size_t i = 0; i < map->n_slots; i++) {
		uint64_t *slot;

		if (map->slots[2 * i + 1] == 0)
			continue;
		slot = slot_of(&larger, map->slots[2 * i]);
		slot[0] = map->slots[2 * i];
		slot[1] = map->slots[2 * i + 1];
	}
	if (map->slots)
		sy_release(map->ctx, map->slots);
	*map = larger;
	return SY_OK;
}

enum sy_status sy_word_map_put(struct sy_word_map *map, uint64_t key, uint64_t value,
			       bool *is_new)
{
	uint64_t *slot;

	*is_new = false;
	if (map->n_used >= map->n_slots - map->n_slots / 4) {
		enum sy_status status = grow_map(map);

		if (status != SY_OK)
			return status;
	}
	slot = slot_of(map, key);
	*is_new = slot[1] == 0;
	map->n_used += *is_new;
	slot[0] = key;
	slot[1] = value;
	return SY_OK;
}

void sy_memo_init(struct sy_pickle_memo *memo, struct sy_context *ctx)
{
	*memo = (struct sy_pickle_memo){ .ctx = ctx };
	sy_word_map_init(&memo->sparse, ctx);
}

void sy_memo_clear(struct sy_pickle_memo *memo)
{
	for (size_t i = 0; i < memo->n_pages; i++) {
		if (memo->pages[i].words)
			sy_release(memo->ctx, memo->pages[i].words);
		if (memo->pages[i].packed)
			sy_release(memo->ctx, memo->pages[i].packed);
	}
	if (memo->pages)
		sy_release(memo->ctx, memo->pages);
	sy_word_map_clear(&memo->sparse);
	sy_memo_init(memo, memo->ctx);
}

#define PACKED_BITS 27	/* of a payload, above the page's base */

static uint32_t pack_value(uint64_t value, uint64_t base)
{
	uint32_t bare = (value & SY_VALUE_BARE) != 0;

	if (value == 0)
		return 0;
	return (uint32_t)(sy_value_payload(value) - base) << 5 | bare << 4 |
	       (uint32_t)sy_value_kind(value);
}

/* Whether the payloads of a page lie close enough; *base: the smallest. */
static bool is_close(const uint64_t *words, uint64_t *base)
{
	uint64_t highest = 0;

	*base = UINT64_MAX;
	for (size_t i = 0; i < PAGE; i++) {
		uint64_t payload = sy_value_payload(words[i]);

		if (words[i] == 0)
			continue;
		*base = payload < *base ? payload : *base;
		highest = payload > highest ? payload : highest;
	}
	return highest >= *base && highest - *base < UINT64_C(1) << PACKED_BITS;
}

static enum sy_status pack(struct sy_pickle_memo *memo, struct sy_memo_page *page)
{
	if (!page->words || !is_close(page->words, &page->base))
		return SY_OK;
	page->packed = sy_alloc_array(memo->ctx, PAGE, sizeof(*page->packed));
	if (!page->packed)
		return sy_memory_status(memo->ctx);
	for (size_t i = 0; i < PAGE; i++)
		page->packed[i] = pack_value(page->words[i], page->base);
	sy_release(memo->ctx, page->words);
	page->words = NULL;
	return SY_OK;
}

/* Somebody stores in it again: it is not packed a second time. */
static enum sy_status unpack(struct sy_pickle_memo *memo, struct sy_memo_page *page)
{
	page->words = sy_alloc_array(memo->ctx, PAGE, sizeof(*page->words));
	if (!page->words)
		return sy_memory_status(memo->ctx);
	for (size_t i = 0; i < PAGE; i++)
		page->words[i] = sy_memo_unpack(page->packed[i], page->base);
	sy_release(memo->ctx, page->packed);
	page->packed = NULL;
	return SY_OK;
}

static enum sy_status add_page(struct sy_pickle_memo *memo)
{
	enum sy_status status = sy_grow(memo->ctx, &memo->pages, &memo->cap_pages,
					memo->n_pages + 1, sizeof(*memo->pages));
	struct sy_memo_page page = { 0 };

	if (status == SY_OK && memo->n_pages > 0)
		status = pack(memo, &memo->pages[memo->n_pages - 1]);
	if (status != SY_OK)
		return status;
	page.words = sy_alloc_array(memo->ctx, PAGE, sizeof(*page.words));
	if (!page.words)
		return sy_memory_status(memo->ctx);
	memo->pages[memo->n_pages++] = page;
	return SY_OK;
}

static enum sy_status put_sparse(struct sy_pickle_memo *memo, uint64_t key, uint64_t value)
{
	bool is_new;
	enum sy_status status;

	if (memo->sparse.n_used >= SPARSE_MAX)
		return sy_fail(memo->ctx, SY_LIMIT, "a pickle memo with more than %u scattered "
			       "numbers", SPARSE_MAX);
	status = sy_word_map_put(&memo->sparse, key, value, &is_new);
	memo->n_filled += is_new;
	return status;
}

enum sy_status sy_memo_put(struct sy_pickle_memo *memo, uint64_t key, uint64_t value)
{
	uint64_t page = key >> PAGE_BITS;
	uint64_t *slot;
	enum sy_status status;

	if (SY_UNLIKELY(memo->n_filled >= memo->ctx->limits.pickle_memo))
		return sy_fail(memo->ctx, SY_LIMIT, "a pickle memo of more than %llu values "
			       "(--limit pickle-memo=N)",
			       (unsigned long long)memo->ctx->limits.pickle_memo);
	if (SY_UNLIKELY(page >= memo->n_pages)) {
		if (page > memo->n_pages || memo->n_filled < memo->n_pages * (PAGE / 4))
			return put_sparse(memo, key, value);
		status = add_page(memo);
		if (status != SY_OK)
			return status;
	}
	if (!memo->pages[page].words) {
		status = unpack(memo, &memo->pages[page]);
		if (status != SY_OK)
			return status;
	}
	slot = &memo->pages[page].words[key & (PAGE - 1)];
	if (*slot == 0 && (memo->sparse.n_used == 0 || !sy_word_map_get(&memo->sparse, key)))
		memo->n_filled++;
	*slot = value;
	return SY_OK;
}

uint64_t sy_memo_get(const struct sy_pickle_memo *memo, uint64_t key)
{
	uint64_t value = sy_memo_page_get(memo, key);

	return value || memo->sparse.n_used == 0 ? value : sy_word_map_get(&memo->sparse, key);
}
