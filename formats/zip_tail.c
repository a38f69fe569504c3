/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would a ZIP reader open this file from its end?  Finds the end-of-directory
 * record (APPNOTE 4.3.16, and 4.3.14 for ZIP64) and believes it only when a
 * directory entry stands where it points, as Python's zipfile and others compute
 * it.  Reads no member.
 */
#include "formats/payload.h"

#include "formats/zip_record.h"
#include "verifier/base/ckd.h"

#define RECORD_BYTES SY_ZIP_END_BYTES
#define RECORD64_BYTES SY_ZIP_END64_BYTES
#define ENTRY_BYTES 46
#define TRIES_MAX 16	/* signatures tried: a hostile tail may be full of them */

/* True when an entry's signature stands at `off`; takes its name. */
static enum sy_status read_entry(struct sy_inspection *in, uint64_t off,
				 struct sy_zip_tail *tail, bool *is_entry)
{
	uint8_t entry[ENTRY_BYTES];
	uint64_t left = in->source->size;
	enum sy_status status;

	*is_entry = false;
	if (ckd_sub(&left, left, off) || left < ENTRY_BYTES)
		return SY_OK;
	status = sy_source_read(in->source, off, entry, sizeof(entry));
	if (status != SY_OK || memcmp(entry, "PK\1\2", 4))
		return status;
	tail->name_len = (size_t)sy_zip_le(entry + 28, 2);
	left -= ENTRY_BYTES;
	if (tail->name_len > left)
		tail->name_len = (size_t)left;
	if (tail->name_len > sizeof(tail->name))
		tail->name_len = sizeof(tail->name);
	*is_entry = true;
	return sy_source_read(in->source, off + ENTRY_BYTES, tail->name, tail->name_len);
}

/* Readers subtract the length from where the record begins, or take the offset. */
static enum sy_status try_place(struct sy_inspection *in, const struct sy_zip_record *says,
				uint64_t record_off, struct sy_zip_tail *tail, bool *is_found)
{
	uint64_t off;
	enum sy_status status = SY_OK;

	*is_found = false;
	tail->n_entries = says->n_entries;
	if (!ckd_sub(&off, record_off, says->dir_len)) {
		tail->dir_off = off;
		status = read_entry(in, off, tail, is_found);
	}
	if (status != SY_OK || *is_found)
		return status;
	tail->dir_off = says->dir_off;
	return read_entry(in, says->dir_off, tail, is_found);
}

/* The ZIP64 record stands right before its locator, which stands before the other. */
static enum sy_status read_end64(struct sy_inspection *in, struct sy_zip_record *says,
				 uint64_t *record_off)
{
	uint8_t bytes[RECORD64_BYTES + SY_ZIP_LOCATOR_BYTES];
	uint64_t off, stated;
	enum sy_status status;

	if (!sy_zip_wants_end64(says) || ckd_sub(&off, *record_off, (uint64_t)sizeof(bytes)))
		return SY_OK;
	status = sy_source_read(in->source, off, bytes, sizeof(bytes));
	if (status == SY_OK && sy_zip_get_locator(bytes + RECORD64_BYTES, &stated) &&
	    sy_zip_get_end64(bytes, says))
		*record_off = off;
	return status;
}

static enum sy_status try_record(struct sy_inspection *in, const uint8_t *record,
				 uint64_t off, struct sy_zip_tail *tail, bool *is_found)
{
	struct sy_zip_record says;
	uint64_t record_off = off;
	enum sy_status status;

	tail->off = off;
	sy_zip_get_end(record, &says);
	status = read_end64(in, &says, &record_off);
	if (status != SY_OK)
		return status;
	if (says.n_entries > 0)
		return try_place(in, &says, record_off, tail, is_found);
	/* An empty archive is one, too, if its comment ends with the file. */
	tail->dir_off = off;
	*is_found = says.dir_len == 0 && off + RECORD_BYTES + says.comment_len == in->source->size;
	return SY_OK;
}

enum sy_status sy_zip_tail_find(struct sy_inspection *in, struct sy_zip_tail *tail,
				bool *is_found)
{
	const size_t max = RECORD_BYTES + SY_ZIP_COMMENT_BYTES_MAX;
	uint64_t size = in->source->size;
	uint64_t start = size < max ? 0 : size - max;
	struct sy_span end;
	unsigned n_tries = 0;
	enum sy_status status = sy_source_view(in->source, start, max, &in->arena, &end);

	*tail = (struct sy_zip_tail){ 0 };
	*is_found = false;
	if (status != SY_OK || end.len < RECORD_BYTES)
		return status;
	for (size_t i = end.len - RECORD_BYTES + 1; i-- > 0 && n_tries < TRIES_MAX;) {
		if (end.data[i] != 'P' || memcmp(end.data + i, "PK\5\6", 4))
			continue;
		n_tries++;
		status = try_record(in, end.data + i, start + i, tail, is_found);
		if (status != SY_OK || *is_found)
			return status;
	}
	return SY_OK;
}

/* One disk, entries, and a directory that holds them and lies before the record. */
static bool is_record(const uint8_t *record, uint64_t off)
{
	struct sy_zip_record says;

	if (memcmp(record, "PK\5\6", 4))
		return false;
	sy_zip_get_end(record, &says);
	return !says.is_split && says.n_entries > 0 &&
	       says.dir_len >= says.n_entries * ENTRY_BYTES && says.dir_len <= off &&
	       says.dir_off <= off - says.dir_len;
}

bool sy_zip_ends(struct sy_span end, uint64_t size, uint64_t *n_entries)
{
	*n_entries = 0;
	if (end.len < RECORD_BYTES || end.len > size)
		return false;
	for (size_t i = end.len - RECORD_BYTES + 1; i-- > 0;) {
		if (!is_record(end.data + i, size - end.len + i))
			continue;
		*n_entries = sy_zip_le(end.data + i + 10, 2);
		return true;
	}
	return false;
}
