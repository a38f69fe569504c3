/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would a ZIP reader open this file from its end?  Finds the end-of-directory
 * record (APPNOTE 4.3.16, and 4.3.14 for ZIP64) and believes it only when a
 * directory entry stands where it points, as Python's zipfile and others compute
 * it.  Reads no member.
 */
#include "formats/payload.h"

#include "verifier/base/ckd.h"

#define RECORD_BYTES 22
#define COMMENT_BYTES_MAX 65535
#define RECORD64_BYTES 56
#define LOCATOR_BYTES 20
#define ENTRY_BYTES 46
#define TRIES_MAX 16	/* signatures tried: a hostile tail may be full of them */

/* Where a record says its directory lies. */
struct place {
	uint64_t record_off;	/* the directory ends where the record begins */
	uint64_t dir_len, dir_off, n_entries;
};

static uint64_t get_le(const uint8_t *p, unsigned len)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

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
	tail->name_len = (size_t)get_le(entry + 28, 2);
	left -= ENTRY_BYTES;
	if (tail->name_len > left)
		tail->name_len = (size_t)left;
	if (tail->name_len > sizeof(tail->name))
		tail->name_len = sizeof(tail->name);
	*is_entry = true;
	return sy_source_read(in->source, off + ENTRY_BYTES, tail->name, tail->name_len);
}

/* Readers subtract the length from the record's place, or take the offset. */
static enum sy_status try_place(struct sy_inspection *in, const struct place *place,
				struct sy_zip_tail *tail, bool *is_found)
{
	uint64_t off;
	enum sy_status status = SY_OK;

	*is_found = false;
	tail->n_entries = place->n_entries;
	if (!ckd_sub(&off, place->record_off, place->dir_len)) {
		tail->dir_off = off;
		status = read_entry(in, off, tail, is_found);
	}
	if (status != SY_OK || *is_found)
		return status;
	tail->dir_off = place->dir_off;
	return read_entry(in, place->dir_off, tail, is_found);
}

/* The ZIP64 record stands right before its locator, which stands before `off`. */
static enum sy_status read_place64(struct sy_inspection *in, uint64_t off,
				   struct place *place)
{
	uint8_t bytes[RECORD64_BYTES + LOCATOR_BYTES];
	enum sy_status status;

	if (off < sizeof(bytes))
		return SY_OK;
	status = sy_source_read(in->source, off - sizeof(bytes), bytes, sizeof(bytes));
	if (status != SY_OK || memcmp(bytes, "PK\6\6", 4) ||
	    memcmp(bytes + RECORD64_BYTES, "PK\6\7", 4))
		return status;
	place->record_off = off - sizeof(bytes);
	place->n_entries = get_le(bytes + 32, 8);
	place->dir_len = get_le(bytes + 40, 8);
	place->dir_off = get_le(bytes + 48, 8);
	return SY_OK;
}

static enum sy_status try_record(struct sy_inspection *in, const uint8_t *record,
				 uint64_t off, struct sy_zip_tail *tail, bool *is_found)
{
	struct place place = {
		.record_off = off,
		.n_entries = get_le(record + 10, 2),
		.dir_len = get_le(record + 12, 4),
		.dir_off = get_le(record + 16, 4),
	};
	enum sy_status status = SY_OK;

	tail->off = off;
	if (place.n_entries == UINT16_MAX || place.dir_len == UINT32_MAX ||
	    place.dir_off == UINT32_MAX)
		status = read_place64(in, off, &place);
	if (status != SY_OK || place.n_entries > 0)
		return status != SY_OK ? status : try_place(in, &place, tail, is_found);
	/* An empty archive is one, too, if its comment ends with the file. */
	tail->dir_off = off;
	*is_found = place.dir_len == 0 &&
		    off + RECORD_BYTES + get_le(record + 20, 2) == in->source->size;
	return SY_OK;
}

enum sy_status sy_zip_tail_find(struct sy_inspection *in, struct sy_zip_tail *tail,
				bool *is_found)
{
	const size_t max = RECORD_BYTES + COMMENT_BYTES_MAX;
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
	uint64_t n_entries = get_le(record + 10, 2), dir_len = get_le(record + 12, 4);

	return !memcmp(record, "PK\5\6\0\0\0\0", 8) && n_entries > 0 &&
	       get_le(record + 8, 2) == n_entries &&
	       dir_len >= n_entries * ENTRY_BYTES && dir_len <= off &&
	       get_le(record + 16, 4) <= off - dir_len;
}

bool sy_zip_ends(struct sy_span end, uint64_t size, uint64_t *n_entries)
{
	*n_entries = 0;
	if (end.len < RECORD_BYTES || end.len > size)
		return false;
	for (size_t i = end.len - RECORD_BYTES + 1; i-- > 0;) {
		if (!is_record(end.data + i, size - end.len + i))
			continue;
		*n_entries = get_le(end.data + i + 10, 2);
		return true;
	}
	return false;
}
