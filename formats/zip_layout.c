/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the parts of a ZIP archive lie: entries may not share bytes, and what no
 * entry covers is told, and looked at for what another reader would find there.
 */
#include "formats/payload.h"
#include "formats/zip.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)65536)
#define PADDING_BYTES 4096	/* zeros to align an entry */

/* The walk over the file from its start. */
struct layout {
	struct sy_zip *zip;
	uint64_t at;		/* told up to here */
	uint64_t max_end;	/* of the entries so far */
	uint32_t *order;	/* indices of entries, by header */
};

static const struct sy_zip_entry *entry_of(const struct layout *l, size_t i)
{
	return &l->zip->entries[l->order[i]];
}

static int compare(const void *a, const void *b, void *user)
{
	const struct sy_zip *zip = user;
	uint64_t x = zip->entries[*(const uint32_t *)a].header_off;
	uint64_t y = zip->entries[*(const uint32_t *)b].header_off;

	if (x != y)
		return x < y ? -1 : 1;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static enum sy_status sort(struct layout *l)
{
	struct sy_zip *zip = l->zip;

	l->order = sy_alloc_array(zip->in->ctx, zip->n, sizeof(*l->order));
	if (!l->order)
		return sy_memory_status(zip->in->ctx);
	for (size_t i = 0; i < zip->n; i++)
		l->order[i] = (uint32_t)i;
	qsort_r(l->order, zip->n, sizeof(*l->order), compare, zip);
	return SY_OK;
}

/* Tells [l->at, end) as one extent and goes on there. */
static enum sy_status extend(struct layout *l, enum sy_extent_kind kind, uint64_t end)
{
	uint64_t at = l->at;

	if (end <= at)
		return SY_OK;
	l->at = end;
	return sy_emit_extent(l->zip->in, kind, at, end - at);
}

/* What another reader may find in bytes that belong to nobody. */
struct gap {
	uint64_t off, end;
	bool is_zero;
	struct sy_span head;	/* first bytes, in the arena */
};

static enum sy_status look_at_block(struct layout *l, const struct gap *gap, uint64_t off,
				    struct sy_span block)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i + SY_ZIP_LOCAL_BYTES <= block.len && status == SY_OK; i++) {
		if (block.data[i] == 'P' && !memcmp(block.data + i, "PK\3\4", 4))
			status = sy_zip_add_hidden(l->zip, off + i, gap->end);
	}
	return status;
}

static bool all_zero(struct sy_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] != 0)
			return false;
	}
	return true;
}

/* Every byte of it, in blocks that overlap by a header. */
static enum sy_status look_at_gap(struct layout *l, struct gap *gap)
{
	struct sy_inspection *in = l->zip->in;
	uint8_t *block = sy_alloc_unset(in->ctx, BLOCK_BYTES);
	enum sy_status status = block ? SY_OK : sy_memory_status(in->ctx);

	gap->is_zero = true;
	for (uint64_t off = gap->off; off < gap->end && status == SY_OK;) {
		size_t len = gap->end - off < BLOCK_BYTES ? (size_t)(gap->end - off)
							  : BLOCK_BYTES;

		status = sy_source_read(in->source, off, block, len);
		if (status != SY_OK)
			break;
		gap->is_zero = gap->is_zero && all_zero(sy_span_of(block, len));
		status = look_at_block(l, gap, off, sy_span_of(block, len));
		if (off + len == gap->end)
			break;
		off += len - SY_ZIP_LOCAL_BYTES + 1;
	}
	sy_release(in->ctx, block);
	if (status != SY_OK)
		return status;
	return sy_source_view(in->source, gap->off,
			      gap->end - gap->off < 512 ? (size_t)(gap->end - gap->off) : 512,
			      &in->arena, &gap->head);
}

/* The gap itself becomes a member where it looks like something that loads. */
static enum sy_status add_gap(struct layout *l, const struct gap *gap)
{
	struct sy_inspection *in = l->zip->in;
	struct sy_member member = { .off = gap->off, .len = gap->end - gap->off,
				    .size = gap->end - gap->off };
	struct sy_text name;
	enum sy_status status;

	if (!sy_looks_hidden(gap->head, member.len))
		return SY_OK;
	sy_text_init(&name);
	sy_text_addf(&name, "bytes %llu to %llu", (unsigned long long)gap->off,
		     (unsigned long long)gap->end);
	status = sy_arena_copy(&in->arena, sy_text_span(&name), &member.name);
	return status == SY_OK ? sy_nest_add(in, &member) : status;
}

static enum sy_status tell_gap(struct layout *l, enum sy_rule rule, uint64_t end,
			       const char *where)
{
	struct sy_inspection *in = l->zip->in;
	struct gap gap = { .off = l->at, .end = end };
	const char *looks;
	enum sy_status status;

	if (end <= l->at)
		return SY_OK;
	status = look_at_gap(l, &gap);
	if (status == SY_OK)
		status = extend(l, gap.is_zero ? SY_EXTENT_PADDING : SY_EXTENT_UNKNOWN, end);
	if (status != SY_OK || (gap.is_zero && rule == SY_RULE_ZIP_DATA_UNLISTED &&
				end - gap.off <= PADDING_BYTES))
		return status;
	looks = gap.is_zero ? "zeros" : sy_looks_like(gap.head);
	status = sy_fact(in, rule, gap.off, end - gap.off, sy_span_of(NULL, 0),
			 "%llu bytes %s%s%s", (unsigned long long)(end - gap.off), where,
			 looks ? ": " : "", looks ? looks : "");
	return status == SY_OK ? add_gap(l, &gap) : status;
}

static enum sy_status tell_overlap(struct layout *l, size_t i)
{
	struct sy_zip_entry *entry = &l->zip->entries[l->order[i]];
	struct sy_text text;

	entry->is_overlapping = true;
	sy_text_init(&text);
	sy_text_name(&text, entry->name);
	return sy_zip_tell(l->zip, entry, SY_RULE_ZIP_ENTRY_OVERLAP,
			   "%s begins at %llu, inside an entry that ends at %llu", text.data,
			   (unsigned long long)entry->header_off,
			   (unsigned long long)l->max_end);
}

static enum sy_status lay_entry(struct layout *l, size_t i)
{
	const struct sy_zip_entry *entry = entry_of(l, i);
	enum sy_status status = SY_OK;

	if (!entry->is_there)
		return SY_OK;
	if (entry->header_off < l->max_end)
		status = tell_overlap(l, i);
	else
		status = tell_gap(l, l->at == 0 ? SY_RULE_ZIP_PREFIX_FOUND
						: SY_RULE_ZIP_DATA_UNLISTED,
				  entry->header_off,
				  l->at == 0 ? "before the archive" : "between entries");
	if (entry->end_off > l->max_end)
		l->max_end = entry->end_off;
	if (status == SY_OK)
		status = extend(l, SY_EXTENT_HEADER, entry->data_off);
	if (status == SY_OK)
		status = extend(l, SY_EXTENT_DATA, entry->data_off + entry->len);
	if (status == SY_OK)
		status = extend(l, SY_EXTENT_HEADER, entry->end_off);
	return status;
}

/* The directories and ends, and what lies between and behind them. */
static enum sy_status lay_end(struct layout *l)
{
	const struct sy_zip_end *end = &l->zip->ends[0];
	uint64_t size = l->zip->in->source->size;
	uint64_t last = end->end < size ? end->end : size;
	enum sy_status status;

	status = tell_gap(l, l->at == 0 ? SY_RULE_ZIP_PREFIX_FOUND : SY_RULE_ZIP_DATA_UNLISTED,
			  end->dir_off, l->at == 0 ? "before the archive"
						   : "before the directory");
	if (status == SY_OK)
		status = extend(l, SY_EXTENT_HEADER, last);
	if (status == SY_OK)
		status = tell_gap(l, SY_RULE_ZIP_SUFFIX_FOUND, size, "behind the archive");
	return status;
}

/* Hidden entries are added while this runs; they lie in gaps, which it has passed. */
enum sy_status sy_zip_check_layout(struct sy_zip *zip)
{
	struct layout l = { .zip = zip };
	size_t n = zip->n;
	enum sy_status status = sort(&l);

	for (size_t i = 0; i < n && status == SY_OK; i++)
		status = lay_entry(&l, i);
	if (status == SY_OK)
		status = lay_end(&l);
	sy_release(zip->in->ctx, l.order);
	return status;
}
