/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads ZIP archives: each directory that some reader could take for the right one,
 * and each entry that one of them names.
 */
#include "formats/zip.h"

#include "verifier/base/ckd.h"

/* Checking a sum means reading: what is stored is weights, and read when weighed. */
#define CRC_BYTES_MAX (UINT64_C(1) << 20)	/* of one entry */
#define CRC_BYTES_ALL (UINT64_C(16) << 20)	/* of the archive */
#define WORK_BYTES_SPARE (UINT64_C(64) << 20)

static enum sy_status take_header(struct sy_zip *zip, const struct sy_zip_end *end,
				  uint64_t at, const struct sy_zip_header *h)
{
	struct sy_zip_entry *entry;
	enum sy_status status;

	if (zip->n >= zip->in->ctx->limits.zip_entries)
		return sy_fail(zip->in->ctx, SY_LIMIT, "more than %llu entries in a ZIP archive "
			       "(limit zip-entries)",
			       (unsigned long long)zip->in->ctx->limits.zip_entries);
	status = sy_grow(zip->in->ctx, &zip->entries, &zip->cap, zip->n + 1,
			 sizeof(*zip->entries));
	if (status != SY_OK)
		return status;
	entry = &zip->entries[zip->n];
	*entry = (struct sy_zip_entry){
		.at = at, .header_off = h->off + end->delta, .len = h->len, .size = h->size,
		.crc32 = h->crc32, .attributes = h->attributes, .flags = h->flags,
		.method = h->method, .is_readable = true,
	};
	status = sy_arena_copy(&zip->in->arena, h->name, &entry->name);
	if (status != SY_OK)
		return status;
	zip->n++;
	if (ckd_add(&zip->size_sum, zip->size_sum, h->size))
		zip->size_sum = UINT64_MAX;
	return sy_zip_check_extra(zip, entry, h->extra);
}

static enum sy_status tell_directory(struct sy_zip *zip, const struct sy_zip_end *end,
				     uint64_t at, uint64_t n)
{
	uint64_t dir_end = end->dir_off + end->dir_len;

	if (at != dir_end)
		return sy_fact(zip->in, SY_RULE_ZIP_DIRECTORY_BROKEN, at, 0, sy_span_of(NULL, 0),
			       "the directory of %llu bytes at %llu cannot be read beyond %llu, "
			       "after %llu entries", (unsigned long long)end->dir_len,
			       (unsigned long long)end->dir_off, (unsigned long long)at,
			       (unsigned long long)n);
	if (n == end->n_entries)
		return SY_OK;
	return sy_fact(zip->in, SY_RULE_ZIP_COUNT_WRONG, end->off, SY_ZIP_END_BYTES,
		       sy_span_of(NULL, 0), "the directory has %llu entries, the end record "
		       "says %llu", (unsigned long long)n, (unsigned long long)end->n_entries);
}

static enum sy_status read_directory(struct sy_zip *zip, const struct sy_zip_end *end)
{
	uint64_t n = 0, at = end->dir_off, dir_end;
	struct sy_cursor c;
	enum sy_status status;

	if (ckd_add(&dir_end, end->dir_off, end->dir_len) || dir_end > end->off)
		dir_end = end->off;
	status = sy_source_cursor(zip->in->source, end->dir_off, dir_end, &c);
	while (status == SY_OK && at < dir_end) {
		struct sy_zip_header header;

		if (!sy_zip_get_central(&c, &header)) {
			status = c.status;
			break;
		}
		status = take_header(zip, end, at, &header);
		at = sy_cursor_at(&c);
		n++;
	}
	sy_cursor_close(&c);
	return status == SY_OK ? tell_directory(zip, end, at, n) : status;
}

static enum sy_status read_entries(struct sy_zip *zip, size_t first)
{
	enum sy_status status = SY_OK;

	for (size_t i = first; i < zip->n && status == SY_OK; i++)
		status = sy_zip_check_entry(zip, &zip->entries[i]);
	return status;
}

static enum sy_status take_hidden(struct sy_zip *zip, const struct sy_zip_header *header,
				  uint64_t end)
{
	static const struct sy_zip_end nothing;
	struct sy_zip_entry *entry;
	enum sy_status status = take_header(zip, &nothing, header->off, header);

	if (status != SY_OK)
		return status;
	entry = &zip->entries[zip->n - 1];
	entry->is_hidden = entry->is_there = true;
	entry->data_off = header->off + header->bytes;
	if (entry->len > end - entry->data_off || (entry->flags & SY_ZIP_FLAG_DESCRIPTOR))
		entry->len = end - entry->data_off;
	entry->end_off = entry->data_off + entry->len;
	entry->is_readable = sy_zip_find_codec(entry->method, &entry->codec) &&
			     !(entry->flags & SY_ZIP_FLAG_ENCRYPTED);
	return sy_zip_tell(zip, entry, SY_RULE_ZIP_ENTRY_HIDDEN, "%s, %llu bytes packed, at %llu",
			   sy_zip_name_of(entry).data, (unsigned long long)entry->len,
			   (unsigned long long)header->off);
}

enum sy_status sy_zip_add_hidden(struct sy_zip *zip, uint64_t off, uint64_t end)
{
	struct sy_zip_local local;
	enum sy_status status = sy_zip_open_local(zip, off, &local);

	local.header.off = off;
	if (status == SY_OK && local.is_header && local.header.bytes <= end - off)
		status = take_hidden(zip, &local.header, end);
	sy_release(zip->in->ctx, local.longer);
	return status;
}

static bool wants_crc(const struct sy_zip_entry *entry, uint64_t n_left)
{
	bool is_small = entry->len <= CRC_BYTES_MAX && entry->len <= n_left;

	return !entry->is_hidden && !entry->is_encrypted &&
	       (entry->codec != SY_CODEC_STORED || is_small ||
		sy_ascii_ends(entry->name, ".pkl"));
}

/* Only entries that share their bytes come to more than the file has. */
static enum sy_status plan(struct sy_zip *zip)
{
	uint64_t n_crc = CRC_BYTES_ALL, n_work = zip->in->source->size + WORK_BYTES_SPARE;
	size_t n_left_out = 0;

	for (size_t i = 0; i < zip->n; i++) {
		struct sy_zip_entry *entry = &zip->entries[i];

		if (!entry->is_there)
			continue;
		entry->has_crc = wants_crc(entry, n_crc);
		if (entry->has_crc && entry->codec == SY_CODEC_STORED)
			n_crc -= entry->len < n_crc ? entry->len : n_crc;
		if (entry->len > n_work) {
			entry->is_there = false;
			n_left_out++;
		} else {
			n_work -= entry->len;
		}
	}
	if (n_left_out == 0)
		return SY_OK;
	return sy_fact(zip->in, SY_RULE_WORKER_LIMIT_REACHED, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "the entries share bytes and come to far more than the "
		       "file has: %zu of %zu were not examined", n_left_out, zip->n);
}

/* An archive that is stored in this one has an end record, which is nobody else's. */
static bool is_inside(const struct sy_zip *zip, size_t n, const struct sy_zip_end *end)
{
	for (size_t i = 0; i < n; i++) {
		const struct sy_zip_entry *entry = &zip->entries[i];

		if (entry->is_there && end->off >= entry->data_off &&
		    end->off - entry->data_off < entry->len)
			return true;
	}
	return false;
}

static enum sy_status tell_other_end(struct sy_zip *zip, const struct sy_zip_end *end)
{
	return sy_fact(zip->in, SY_RULE_ZIP_END_AMBIGUOUS, end->off, SY_ZIP_END_BYTES,
		       sy_span_of(NULL, 0), "another end record stands at %llu, the last one at "
		       "%llu", (unsigned long long)end->off,
		       (unsigned long long)zip->ends[0].off);
}

/* The last end record's directory, and that of each other one outside its entries. */
static enum sy_status read_ends(struct sy_zip *zip)
{
	size_t n_ends = zip->n_ends, n_first = 0;
	enum sy_status status = SY_OK;

	zip->n_ends = 0;
	for (size_t i = 0; i < n_ends && status == SY_OK; i++) {
		const struct sy_zip_end end = zip->ends[i];
		size_t n = zip->n;

		if (i > 0 && is_inside(zip, n_first, &end))
			continue;
		zip->ends[zip->n_ends++] = end;
		if (i > 0)
			status = tell_other_end(zip, &end);
		if (status == SY_OK)
			status = read_directory(zip, &end);
		if (status == SY_OK)
			status = read_entries(zip, n);
		if (i == 0)
			n_first = zip->n;
	}
	return status;
}

static enum sy_status read_all(struct sy_zip *zip)
{
	enum sy_status status = read_ends(zip);

	if (status == SY_OK)
		status = sy_zip_check_layout(zip);
	if (status == SY_OK)
		status = sy_zip_check_names(zip);
	return status == SY_OK ? plan(zip) : status;
}

/* Nothing leads into it from behind; from the front there may be entries. */
static enum sy_status without_end(struct sy_zip *zip)
{
	enum sy_status status = sy_fact(zip->in, SY_RULE_ZIP_DIRECTORY_BROKEN, 0, 0,
					sy_span_of(NULL, 0), "%llu bytes, and no end record that "
					"leads to a directory",
					(unsigned long long)zip->in->source->size);

	return status == SY_OK ? read_all(zip) : status;
}

enum sy_status sy_zip_read(struct sy_zip *zip, struct sy_inspection *in)
{
	enum sy_status status;

	*zip = (struct sy_zip){ .in = in };
	status = sy_zip_find_ends(zip);
	if (status != SY_OK)
		return status;
	return zip->n_ends > 0 ? read_all(zip) : without_end(zip);
}

void sy_zip_free(struct sy_zip *zip)
{
	sy_release(zip->in->ctx, zip->entries);
	zip->entries = NULL;
	zip->n = zip->cap = 0;
}

struct sy_member sy_zip_member(const struct sy_zip_entry *entry)
{
	return (struct sy_member){
		.name = entry->name, .codec = entry->codec, .off = entry->data_off,
		.len = entry->len, .size = entry->is_hidden ? SY_OFFSET_NONE : entry->size,
		.crc32 = entry->crc32, .has_crc = entry->has_crc,
		.is_encrypted = entry->is_encrypted,
	};
}
