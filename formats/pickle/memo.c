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

static void free_page(struct sy_context *ctx, struct sy_memo_page *page)
{
	if (page->words)
		sy_release(ctx, page->words);
	if (page->wide)
		sy_release(ctx, page->wide);
	if (page->narrow)
		sy_release(ctx, page->narrow);
	*page = (struct sy_memo_page){ 0 };
}

void sy_memo_clear(struct sy_pickle_memo *memo)
{
	for (size_t i = 0; i < memo->n_pages; i++)
		free_page(memo->ctx, &memo->pages[i]);
	if (memo->pages)
		sy_release(memo->ctx, memo->pages);
	sy_word_map_clear(&memo->sparse);
	sy_memo_init(memo, memo->ctx);
}

#define N_KINDS 16
#define WIDE_BITS 27
#define BLOCK 64
#define N_BLOCKS (PAGE / BLOCK)

/*
 * Any values: the kind in 4 bits, whether it is bare, and by how much the payload is
 * above the first of its kind.  0, like an empty place, is kind UNSET.
 */
struct sy_memo_wide {
	uint64_t bases[N_KINDS];
	uint32_t values[PAGE];
};

/* Values of one kind, none of them bare: payloads above the first of their block. */
struct sy_memo_narrow {
	enum sy_value_kind kind;
	uint64_t bases[N_BLOCKS];
	uint16_t values[PAGE];
};

static uint64_t wide_get(const struct sy_memo_wide *wide, size_t i)
{
	uint32_t value = wide->values[i];
	uint64_t bare = value & 16 ? SY_VALUE_BARE : 0;

	if (value == 0)
		return 0;
	return bare | sy_value((enum sy_value_kind)(value & 15),
			       wide->bases[value & 15] + (value >> 5));
}

static uint64_t narrow_get(const struct sy_memo_narrow *narrow, size_t i)
{
	return sy_value(narrow->kind, narrow->bases[i / BLOCK] + narrow->values[i]);
}

static uint64_t page_get(const struct sy_memo_page *page, size_t i)
{
	if (page->words)
		return page->words[i];
	return page->wide ? wide_get(page->wide, i) : narrow_get(page->narrow, i);
}

static bool is_uniform(const uint64_t *words)
{
	uint64_t differ = 0;

	for (size_t i = 0; i < PAGE; i++)
		differ |= (words[i] ^ words[0]) & (SY_VALUE_BARE | 15);
	return differ == 0 && words[0] != 0 && !(words[0] & SY_VALUE_BARE);
}

/* False: in some block payloads fall, or lie too far apart. */
static bool make_narrow(struct sy_memo_narrow *narrow, const uint64_t *words)
{
	uint64_t excess = 0;

	narrow->kind = sy_value_kind(words[0]);
	for (size_t b = 0; b < N_BLOCKS; b++) {
		uint64_t base = sy_value_payload(words[b * BLOCK]);

		narrow->bases[b] = base;
		for (size_t i = b * BLOCK; i < (b + 1) * BLOCK; i++) {
			uint64_t above = sy_value_payload(words[i]) - base;

			narrow->values[i] = (uint16_t)above;
			excess |= above >> 16;
		}
	}
	return excess == 0;
}

/* False: payloads of some kind fall, or lie too far apart. */
static bool make_wide(struct sy_memo_wide *wide, const uint64_t *words)
{
	uint64_t excess = 0;

	memset(wide->bases, 0xff, sizeof(wide->bases));
	for (size_t i = 0; i < PAGE; i++) {
		uint64_t *base = &wide->bases[words[i] & 15];
		uint64_t payload = sy_value_payload(words[i]), above;
		uint32_t bare = (words[i] & SY_VALUE_BARE) != 0;

		if (*base == UINT64_MAX)
			*base = payload;
		above = payload - *base;
		wide->values[i] = (uint32_t)above << 5 | bare << 4 | (uint32_t)(words[i] & 15);
		excess |= above >> WIDE_BITS;
	}
	return excess == 0;
}

/* Packs the page if it can: what it is then in replaces its words. */
static enum sy_status pack(struct sy_context *ctx, struct sy_memo_page *page)
{
	struct sy_memo_page packed = { 0 };
	bool is_packed;

	if (is_uniform(page->words)) {
		packed.narrow = sy_alloc_unset(ctx, sizeof(*packed.narrow));
		if (!packed.narrow)
			return sy_memory_status(ctx);
		is_packed = make_narrow(packed.narrow, page->words);
	} else {
		packed.wide = sy_alloc_unset(ctx, sizeof(*packed.wide));
		if (!packed.wide)
			return sy_memory_status(ctx);
		is_packed = make_wide(packed.wide, page->words);
	}
	free_page(ctx, is_packed ? page : &packed);
	if (is_packed)
		*page = packed;
	return SY_OK;
}

/* Somebody stores in it again: it is not packed a second time. */
static enum sy_status unpack(struct sy_context *ctx, struct sy_memo_page *page)
{
	struct sy_memo_page unpacked = { 0 };

	unpacked.words = sy_alloc_unset(ctx, PAGE * sizeof(*unpacked.words));
	if (!unpacked.words)
		return sy_memory_status(ctx);
	for (size_t i = 0; i < PAGE; i++)
		unpacked.words[i] = page_get(page, i);
	free_page(ctx, page);
	*page = unpacked;
	return SY_OK;
}

/* The first page is never packed: most of what is fetched lies there. */
static enum sy_status add_page(struct sy_pickle_memo *memo)
{
	enum sy_status status = sy_grow(memo->ctx, &memo->pages, &memo->cap_pages,
					memo->n_pages + 1, sizeof(*memo->pages));
	struct sy_memo_page page = { 0 };

	if (status == SY_OK && memo->n_pages > 1 && memo->pages[memo->n_pages - 1].words)
		status = pack(memo->ctx, &memo->pages[memo->n_pages - 1]);
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
		status = unpack(memo->ctx, &memo->pages[page]);
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
	uint64_t page = key >> PAGE_BITS;
	uint64_t value = 0;

	if (page < memo->n_pages)
		value = page_get(&memo->pages[page], key & (PAGE - 1));
	return value || memo->sparse.n_used == 0 ? value : sy_word_map_get(&memo->sparse, key);
}
