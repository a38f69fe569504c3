/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the parts of a ZIP archive lie: entries may not share bytes, and what belongs
 * to nobody is looked through for entries that no directory names, and looked at as a
 * member like any other: readers that stream, repair or go by the first bytes see it.
 */
#include "formats/zip.h"

#include <stdlib.h>

#define END_BYTES SY_ZIP_END_BYTES
#define END64_BYTES 56
#define SEARCH_BYTES_MAX (UINT64_C(64) << 20)	/* looked through in one archive */
#define HIDDEN_MAX 256		/* hidden entries that are opened */
#define WINDOW_BYTES 65536
#define MARKER_BYTES 4		/* of an archive that was to be split, and was not */

struct part {
	uint64_t off, data_off, data_end, end;
	struct sy_span name;		/* empty: of the archive itself */
};

struct cover {
	struct sy_zip *zip;
	struct part *parts;
	size_t n;
	uint64_t size;		/* of the source */
	uint64_t at;		/* covered until here */
	uint64_t end_off;	/* of the last end record; the size without one */
	unsigned n_hidden;
	uint64_t n_searched;
	uint8_t *window;
};

static int by_offset(const void *a, const void *b)
{
	const struct part *p = a, *q = b;

	if (p->off != q->off)
		return p->off < q->off ? -1 : 1;
	return (p->end > q->end) - (p->end < q->end);
}

static void add_part(struct cover *cover, uint64_t off, uint64_t len)
{
	struct part *part = &cover->parts[cover->n];

	if (off >= cover->size || len == 0)
		return;
	if (len > cover->size - off)
		len = cover->size - off;
	*part = (struct part){ .off = off, .data_off = off + len, .data_end = off + len,
			       .end = off + len };
	/* Several end records may lead to one directory. */
	for (size_t i = 0; i < cover->n; i++) {
		if (cover->parts[i].name.data == NULL && cover->parts[i].off == off &&
		    cover->parts[i].end == part->end)
			return;
	}
	cover->n++;
}

static void collect_end(struct cover *cover, const struct sy_zip_end *end)
{
	uint64_t dir_max = end->dir_end > end->dir_off ? end->dir_end - end->dir_off : 0;

	add_part(cover, end->dir_off, end->dir_len < dir_max ? end->dir_len : dir_max);
	if (end->is_zip64) {
		add_part(cover, end->dir_end, END64_BYTES);
		add_part(cover, end->off - SY_ZIP_LOCATOR_BYTES, SY_ZIP_LOCATOR_BYTES);
	}
	add_part(cover, end->off, END_BYTES);
}

static void collect(struct cover *cover)
{
	const struct sy_zip *zip = cover->zip;

	for (size_t i = 0; i < zip->n_ends; i++)
		collect_end(cover, &zip->ends[i]);
	for (size_t i = 0; i < zip->n; i++) {
		const struct sy_zip_entry *entry = &zip->entries[i];

		if (entry->is_there)
			cover->parts[cover->n++] = (struct part){
				.off = entry->header_off, .data_off = entry->data_off,
				.data_end = entry->data_off + entry->len,
				.end = entry->end_off,
				.name = entry->name.len ? entry->name : sy_span_str("''") };
	}
}

/* The first "PK" and two more bytes in [off, end), or `end`. */
static enum sy_status search(struct cover *cover, uint64_t off, uint64_t end,
			     const char *signature, uint64_t *found)
{
	struct sy_source *source = cover->zip->in->source;

	*found = end;
	while (off + 4 <= end) {
		size_t len = end - off < WINDOW_BYTES ? (size_t)(end - off) : WINDOW_BYTES;
		enum sy_status status = sy_source_read(source, off, cover->window, len);
		size_t at;

		if (status != SY_OK)
			return status;
		cover->n_searched += len;
		at = sy_span_find(sy_span_of(cover->window, len), sy_span_of(signature, 4));
		if (at != SIZE_MAX) {
			*found = off + at;
			return SY_OK;
		}
		if (cover->n_searched > SEARCH_BYTES_MAX)
			return sy_fact(cover->zip->in, SY_RULE_WORKER_LIMIT_REACHED, off,
				       end - off, sy_span_of(NULL, 0), "%llu bytes that no "
				       "entry holds were looked through, %llu more were not",
				       (unsigned long long)cover->n_searched,
				       (unsigned long long)(end - off - len));
		off += len - 3;
	}
	return SY_OK;
}

static enum sy_status is_zero(struct cover *cover, uint64_t off, uint64_t end, bool *is)
{
	*is = true;
	for (; off < end && *is; off += WINDOW_BYTES) {
		size_t len = end - off < WINDOW_BYTES ? (size_t)(end - off) : WINDOW_BYTES;
		enum sy_status status = sy_source_read(cover->zip->in->source, off,
						       cover->window, len);

		if (status != SY_OK)
			return status;
		for (size_t i = 0; i < len && *is; i++)
			*is = cover->window[i] == 0;
	}
	return SY_OK;
}

/* A name of ours for bytes without one, with their place. */
static enum sy_status name_bytes(struct sy_zip *zip, const char *what, uint64_t off,
				 uint64_t end, struct sy_span *name)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_addf(&text, "(%s, bytes %llu-%llu)", what, (unsigned long long)off,
		     (unsigned long long)end);
	return sy_arena_copy(&zip->in->arena, sy_text_span(&text), name);
}

static enum sy_status add_bytes(struct sy_zip *zip, const char *what, uint64_t off,
				uint64_t end)
{
	struct sy_member member = { .off = off, .len = end - off, .size = end - off };
	enum sy_status status;

	if (off >= end)
		return SY_OK;
	status = name_bytes(zip, what, off, end, &member.name);
	return status != SY_OK ? status : sy_nest_add(zip->in, &member);
}

/* Data of a known length is passed over: it is looked at as that entry's. */
static uint64_t behind(const struct sy_zip *zip, size_t n_before, uint64_t off, uint64_t end)
{
	const struct sy_zip_entry *entry = zip->n > n_before ? &zip->entries[n_before] : NULL;

	return entry && entry->end_off > off && entry->end_off <= end ? entry->end_off : off + 4;
}

static enum sy_status add_all_hidden(struct cover *cover, uint64_t off, uint64_t end)
{
	enum sy_status status = SY_OK;

	while (status == SY_OK && off < end && cover->n_hidden < HIDDEN_MAX) {
		size_t n = cover->zip->n;

		cover->n_hidden++;
		status = sy_zip_add_hidden(cover->zip, off, end);
		if (status == SY_OK)
			status = search(cover, behind(cover->zip, n, off, end), end, "PK\3\4",
					&off);
	}
	if (status != SY_OK || off >= end)
		return status;
	return sy_fact(cover->zip->in, SY_RULE_WORKER_LIMIT_REACHED, off, end - off,
		       sy_span_of(NULL, 0), "%d hidden entries were opened, more were not",
		       HIDDEN_MAX);
}

struct place {
	enum sy_rule rule;
	const char *what;
};

static struct place place_of(const struct cover *cover, uint64_t off, uint64_t end)
{
	if (cover->zip->n_ends > 0 && off >= cover->end_off)
		return (struct place){ SY_RULE_ZIP_SUFFIX_FOUND, "behind the archive" };
	if (off == 0 && end <= cover->end_off)
		return (struct place){ SY_RULE_ZIP_PREFIX_FOUND, "before the archive" };
	return (struct place){ SY_RULE_ZIP_DATA_UNLISTED, "between entries" };
}

static enum sy_status tell_gap(struct cover *cover, uint64_t off, uint64_t end, bool is_zero_bytes,
			       bool has_head)
{
	struct sy_zip *zip = cover->zip;
	struct place place = place_of(cover, off, end);
	bool is_marker = off == 0 && end == MARKER_BYTES && has_head;

	if (is_zero_bytes || is_marker)
		place.rule = SY_RULE_ZIP_PADDING_FOUND;
	else if (zip->n_ends == 0 && has_head)
		return SY_OK;	/* said already: there is no end record */
	return sy_fact(zip->in, place.rule, off, end - off, sy_span_of(NULL, 0),
		       "%llu bytes %s, from byte %llu to %llu%s",
		       (unsigned long long)(end - off), place.what, (unsigned long long)off,
		       (unsigned long long)end, is_zero_bytes ? ", all zero" : "");
}

static enum sy_status check_ends(struct cover *cover, uint64_t off, uint64_t end)
{
	uint64_t found;
	enum sy_status status = search(cover, off, end, "PK\5\6", &found);

	if (status != SY_OK || found + END_BYTES > end)
		return status;
	return sy_fact(cover->zip->in, SY_RULE_ZIP_END_AMBIGUOUS, found, END_BYTES,
		       sy_span_of(NULL, 0), "what reads like an end record stands at %llu, outside "
		       "of all entries", (unsigned long long)found);
}

/* "PK00" or the descriptor's signature: an archive that one disk was enough for. */
static enum sy_status is_marker(struct cover *cover, uint64_t off, uint64_t end, bool *is)
{
	*is = off == 0 && end == MARKER_BYTES;
	if (!*is)
		return SY_OK;
	*is = !memcmp(cover->window, "PK00", 4) || !memcmp(cover->window, "PK\7\10", 4);
	return SY_OK;
}

static enum sy_status examine(struct cover *cover, uint64_t off, uint64_t end)
{
	const char *what = place_of(cover, off, end).what;
	uint64_t hidden;
	bool is_empty, is_known;
	enum sy_status status = is_zero(cover, off, end, &is_empty);

	if (status == SY_OK)
		status = is_marker(cover, off, end, &is_known);
	if (status == SY_OK)
		status = tell_gap(cover, off, end, is_empty,
				  is_known || (cover->zip->n_ends == 0 && off == 0));
	if (status != SY_OK || is_empty || is_known)
		return status;
	status = search(cover, off, end, "PK\3\4", &hidden);
	if (status == SY_OK)
		status = check_ends(cover, off, end);
	if (status == SY_OK)
		status = add_bytes(cover->zip, what, off, hidden);
	return status != SY_OK ? status : add_all_hidden(cover, hidden, end);
}

/* A comment that is a text is one; every tool that shows archives shows it. */
static enum sy_status comment(struct cover *cover, uint64_t off, uint64_t end)
{
	struct sy_zip *zip = cover->zip;
	uint64_t hidden;
	enum sy_status status = search(cover, off, end, "PK\3\4", &hidden);

	if (status == SY_OK)
		status = check_ends(cover, off, end);
	if (status == SY_OK)
		status = add_bytes(zip, "the comment", off, end);
	return status != SY_OK ? status : add_all_hidden(cover, hidden, end);
}

static enum sy_status gap(struct cover *cover, uint64_t end)
{
	uint64_t off = cover->at, comment_end = off;
	enum sy_status status = SY_OK;

	if (off >= end)
		return SY_OK;
	for (size_t i = 0; i < cover->zip->n_ends; i++) {
		const struct sy_zip_end *record = &cover->zip->ends[i];

		if (off == record->off + END_BYTES)
			comment_end = record->end < end ? record->end : end;
	}
	if (comment_end > off)
		status = comment(cover, off, comment_end);
	if (status == SY_OK && comment_end < end)
		status = examine(cover, comment_end, end);
	if (status == SY_OK)
		status = sy_emit_extent(cover->zip->in, SY_EXTENT_UNKNOWN, off, end - off);
	cover->at = end;
	return status;
}

static enum sy_status extent(struct cover *cover, enum sy_extent_kind kind, uint64_t end)
{
	uint64_t off = cover->at;

	if (end <= off)
		return SY_OK;
	cover->at = end;
	return sy_emit_extent(cover->zip->in, kind, off, end - off);
}

static enum sy_status overlap(struct cover *cover, const struct part *part)
{
	struct sy_text text;

	if (part->off >= cover->at)
		return SY_OK;
	sy_text_init(&text);
	if (part->name.data)
		sy_text_name(&text, part->name);
	else
		sy_text_add(&text, "the directory");
	sy_text_addf(&text, " begins at %llu, inside of what ends at %llu",
		     (unsigned long long)part->off, (unsigned long long)cover->at);
	return sy_fact_text(cover->zip->in, SY_RULE_ZIP_ENTRY_OVERLAP, part->off, 0, part->name,
			    &text);
}

static enum sy_status walk(struct cover *cover)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < cover->n && status == SY_OK; i++) {
		const struct part *part = &cover->parts[i];

		status = gap(cover, part->off);
		if (status == SY_OK)
			status = overlap(cover, part);
		if (status == SY_OK)
			status = extent(cover, SY_EXTENT_HEADER, part->data_off);
		if (status == SY_OK)
			status = extent(cover, SY_EXTENT_DATA, part->data_end);
		if (status == SY_OK)
			status = extent(cover, SY_EXTENT_HEADER, part->end);
	}
	return status == SY_OK ? gap(cover, cover->size) : status;
}

/* Hidden entries are added while this runs; the parts are those from before. */
enum sy_status sy_zip_check_layout(struct sy_zip *zip)
{
	struct sy_context *ctx = zip->in->ctx;
	uint64_t size = zip->in->source->size;
	struct cover cover = { .zip = zip, .size = size,
			       .end_off = zip->n_ends > 0 ? zip->ends[0].off : size };
	enum sy_status status = SY_OK;

	cover.parts = sy_alloc_array(ctx, zip->n + 4 * SY_ZIP_ENDS_MAX, sizeof(*cover.parts));
	cover.window = sy_alloc_unset(ctx, WINDOW_BYTES);
	if (!cover.parts || !cover.window)
		status = sy_memory_status(ctx);
	if (status == SY_OK) {
		collect(&cover);
		qsort(cover.parts, cover.n, sizeof(*cover.parts), by_offset);
		status = walk(&cover);
	}
	sy_release(ctx, cover.window);
	sy_release(ctx, cover.parts);
	return status;
}
