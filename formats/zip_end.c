/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end records of a ZIP archive (APPNOTE 4.3.14 to 4.3.16): every one that some
 * reader could take for the end is found, and the directory it leads to.
 */
#include "formats/zip.h"

#include "verifier/base/ckd.h"

#define COMMENT_BYTES_MAX 65535
#define END64_BYTES 56
#define LOCATOR_BYTES 20
#define TRIES_MAX 64	/* signatures: a hostile tail may be full of them */

/* What a record says; the offsets are not checked yet. */
struct record {
	uint64_t off, dir_len, dir_off, n_entries;
	uint64_t dir_end;		/* where the directory ought to end */
	uint16_t comment_len;
	bool is_zip64, is_split;
};

static bool get_end(struct sy_cursor *c, struct record *r)
{
	uint32_t signature, dir_len, dir_off;
	uint16_t disk, dir_disk, n_here, n;

	if (!sy_get_u32(c, &signature) || !sy_get_u16(c, &disk) ||
	    !sy_get_u16(c, &dir_disk) || !sy_get_u16(c, &n_here) || !sy_get_u16(c, &n) ||
	    !sy_get_u32(c, &dir_len) || !sy_get_u32(c, &dir_off) ||
	    !sy_get_u16(c, &r->comment_len))
		return false;
	r->dir_len = dir_len;
	r->dir_off = dir_off;
	r->n_entries = n;
	r->is_split = disk != 0 || dir_disk != 0 || n_here != n;
	return true;
}

static bool wants_zip64(const struct record *r)
{
	return r->n_entries == UINT16_MAX || r->dir_len == UINT32_MAX ||
	       r->dir_off == UINT32_MAX;
}

static bool get_end64(struct sy_cursor *c, struct record *r)
{
	uint32_t signature, disk, dir_disk;
	uint64_t size, n_here;
	uint16_t made_by, needed;

	if (!sy_get_u32(c, &signature) || signature != 0x06064b50 || !sy_get_u64(c, &size) ||
	    !sy_get_u16(c, &made_by) || !sy_get_u16(c, &needed) || !sy_get_u32(c, &disk) ||
	    !sy_get_u32(c, &dir_disk) || !sy_get_u64(c, &n_here) ||
	    !sy_get_u64(c, &r->n_entries) || !sy_get_u64(c, &r->dir_len) ||
	    !sy_get_u64(c, &r->dir_off))
		return false;
	r->is_zip64 = true;
	r->is_split = disk != 0 || dir_disk != 0 || n_here != r->n_entries;
	return true;
}

/*
 * The locator stands right before the record; the ZIP64 record where the locator
 * says, or, in an archive with something before it, right before the locator.
 */
static enum sy_status read_zip64(struct sy_zip *zip, struct record *r)
{
	uint8_t locator[LOCATOR_BYTES], bytes[END64_BYTES];
	struct sy_source *source = zip->in->source;
	struct sy_cursor c;
	uint64_t places[2];
	uint32_t signature, disk;
	enum sy_status status;

	if (r->off < LOCATOR_BYTES + END64_BYTES)
		return SY_OK;
	status = sy_source_read(source, r->off - LOCATOR_BYTES, locator, sizeof(locator));
	sy_cursor_init(&c, sy_span_of(locator, sizeof(locator)), 0);
	if (status != SY_OK || !sy_get_u32(&c, &signature) || signature != 0x07064b50 ||
	    !sy_get_u32(&c, &disk) || !sy_get_u64(&c, &places[0]))
		return status;
	places[1] = r->off - LOCATOR_BYTES - END64_BYTES;
	for (size_t i = 0; i < SY_N_ELEMS(places); i++) {
		struct record found = *r;

		if (places[i] > source->size || source->size - places[i] < sizeof(bytes))
			continue;
		status = sy_source_read(source, places[i], bytes, sizeof(bytes));
		sy_cursor_init(&c, sy_span_of(bytes, sizeof(bytes)), 0);
		if (status != SY_OK || !get_end64(&c, &found))
			continue;
		*r = found;
		r->dir_end = places[i];
		break;
	}
	return status;
}

static enum sy_status is_directory(struct sy_zip *zip, uint64_t off, bool *is_one)
{
	uint8_t signature[4];
	enum sy_status status;

	*is_one = false;
	if (off > zip->in->source->size || zip->in->source->size - off < sizeof(signature))
		return SY_OK;
	status = sy_source_read(zip->in->source, off, signature, sizeof(signature));
	*is_one = status == SY_OK && !memcmp(signature, "PK\1\2", 4);
	return status;
}

/* Where the directory lies: before the record, as most readers compute, or as stated. */
static enum sy_status place(struct sy_zip *zip, const struct record *r, bool *is_one)
{
	struct sy_zip_end end = { .off = r->off, .dir_len = r->dir_len,
				  .n_entries = r->n_entries, .dir_end = r->dir_end,
				  .is_zip64 = r->is_zip64, .is_split = r->is_split };
	uint64_t computed = 0;
	enum sy_status status = SY_OK;

	end.end = r->off + SY_ZIP_END_BYTES + r->comment_len;
	*is_one = r->n_entries == 0 && r->dir_len == 0;
	end.dir_off = r->dir_end;
	if (!*is_one && !ckd_sub(&computed, r->dir_end, r->dir_len)) {
		status = is_directory(zip, computed, is_one);
		end.dir_off = computed;
		end.delta = computed - r->dir_off;	/* may wrap: offsets then are wrong */
	}
	if (status == SY_OK && !*is_one) {
		status = is_directory(zip, r->dir_off, is_one);
		end.dir_off = r->dir_off;
		end.delta = 0;
	}
	if (status == SY_OK && *is_one)
		zip->ends[zip->n_ends++] = end;
	return status;
}

static enum sy_status try_record(struct sy_zip *zip, struct sy_span tail, size_t at,
				 uint64_t off, bool *is_one)
{
	struct record r = { .off = off, .dir_end = off }, short_one;
	struct sy_cursor c;
	bool is_other;
	enum sy_status status = SY_OK;

	*is_one = false;
	sy_cursor_init(&c, sy_span_slice(tail, at, SY_ZIP_END_BYTES), off);
	if (!get_end(&c, &r))
		return SY_OK;
	short_one = r;
	status = read_zip64(zip, &r);
	if (status == SY_OK)
		status = place(zip, &r, is_one);
	/* Some readers ask for the long record always, others only when told to. */
	if (status != SY_OK || !r.is_zip64 || wants_zip64(&short_one) ||
	    (short_one.n_entries == r.n_entries && short_one.dir_off == r.dir_off &&
	     short_one.dir_len == r.dir_len) || zip->n_ends == SY_ZIP_ENDS_MAX)
		return status;
	return place(zip, &short_one, &is_other);
}

static enum sy_status tell_ends(struct sy_zip *zip)
{
	const struct sy_zip_end *end = &zip->ends[0];
	const struct sy_span none = sy_span_of(NULL, 0);
	uint64_t size = zip->in->source->size, comment = end->end - end->off - SY_ZIP_END_BYTES;
	enum sy_status status = SY_OK;

	if (status == SY_OK && end->delta != 0)
		status = sy_fact(zip->in, SY_RULE_ZIP_OFFSET_WRONG, end->off, SY_ZIP_END_BYTES,
				 none, "the directory begins at %llu, the archive says %llu",
				 (unsigned long long)end->dir_off,
				 (unsigned long long)(end->dir_off - end->delta));
	if (status == SY_OK && end->is_split)
		status = sy_fact(zip->in, SY_RULE_ZIP_COUNT_WRONG, end->off, SY_ZIP_END_BYTES, none,
				 "the end record speaks of an archive in several files");
	if (status == SY_OK && end->end > size)
		status = sy_fact(zip->in, SY_RULE_ZIP_DIRECTORY_BROKEN, end->off,
				 SY_ZIP_END_BYTES, none, "the archive ends at %llu, the file at "
				 "%llu", (unsigned long long)end->end, (unsigned long long)size);
	if (status == SY_OK && end->delta == 0 && end->dir_len > 0 &&
	    end->dir_off + end->dir_len != end->dir_end)
		status = sy_fact(zip->in, SY_RULE_ZIP_OFFSET_WRONG, end->off, SY_ZIP_END_BYTES,
				 none, "the directory ends at %llu, the end record follows at %llu",
				 (unsigned long long)(end->dir_off + end->dir_len),
				 (unsigned long long)end->dir_end);
	if (status == SY_OK && comment > 0)
		status = sy_fact(zip->in, SY_RULE_ZIP_COMMENT_FOUND,
				 end->off + SY_ZIP_END_BYTES, comment, none,
				 "%llu bytes%s", (unsigned long long)comment,
				 end->end > size ? ", more than the file has" : "");
	return status;
}

/* From behind, as readers look. */
enum sy_status sy_zip_find_ends(struct sy_zip *zip)
{
	const size_t max = SY_ZIP_END_BYTES + COMMENT_BYTES_MAX;
	uint64_t size = zip->in->source->size, start = size < max ? 0 : size - max;
	unsigned n_tries = 0;
	struct sy_span tail;
	enum sy_status status = sy_source_view(zip->in->source, start, max, &zip->in->arena,
					       &tail);

	for (size_t at = tail.len; status == SY_OK && at-- > 0;) {
		bool is_one;

		if (tail.data[at] != 'P' || tail.len - at < SY_ZIP_END_BYTES ||
		    memcmp(tail.data + at, "PK\5\6", 4))
			continue;
		if (zip->n_ends == SY_ZIP_ENDS_MAX || ++n_tries > TRIES_MAX)
			break;
		status = try_record(zip, tail, at, start + at, &is_one);
	}
	return status == SY_OK && zip->n_ends > 0 ? tell_ends(zip) : status;
}
