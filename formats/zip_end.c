/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end records of a ZIP archive (APPNOTE 4.3.14 to 4.3.16): every one that some
 * reader could take for the end is found, and the directory it leads to.
 */
#include "formats/zip.h"

#include "verifier/base/ckd.h"

#define TRIES_MAX 64	/* signatures: a hostile tail may be full of them */

/* A record, and where it stands; the offsets are not checked yet. */
struct found {
	struct sy_zip_record says;
	uint64_t off;
	uint64_t dir_end;		/* where the directory ought to end */
	bool is_zip64;
};

/*
 * The locator stands right before the record; the ZIP64 record where the locator
 * says, or, in an archive with something before it, right before the locator.
 */
static enum sy_status read_zip64(struct sy_zip *zip, struct found *r)
{
	uint8_t locator[SY_ZIP_LOCATOR_BYTES], bytes[SY_ZIP_END64_BYTES];
	struct sy_source *source = zip->in->source;
	uint64_t places[2];
	enum sy_status status;

	if (r->off < sizeof(locator) + sizeof(bytes))
		return SY_OK;
	places[1] = r->off - sizeof(locator) - sizeof(bytes);
	status = sy_source_read(source, r->off - sizeof(locator), locator, sizeof(locator));
	if (status != SY_OK || !sy_zip_get_locator(locator, &places[0]))
		return status;
	for (size_t i = 0; i < SY_N_ELEMS(places); i++) {
		if (places[i] > source->size || source->size - places[i] < sizeof(bytes))
			continue;
		status = sy_source_read(source, places[i], bytes, sizeof(bytes));
		if (status != SY_OK || !sy_zip_get_end64(bytes, &r->says))
			continue;
		r->is_zip64 = true;
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
static enum sy_status place(struct sy_zip *zip, const struct found *r, bool *is_one)
{
	const struct sy_zip_record *says = &r->says;
	struct sy_zip_end end = { .off = r->off, .dir_len = says->dir_len,
				  .n_entries = says->n_entries, .dir_end = r->dir_end,
				  .is_zip64 = r->is_zip64, .is_split = says->is_split };
	uint64_t computed = 0;
	enum sy_status status = SY_OK;

	end.end = r->off + SY_ZIP_END_BYTES + says->comment_len;
	*is_one = says->n_entries == 0 && says->dir_len == 0;
	end.dir_off = r->dir_end;
	if (!*is_one && !ckd_sub(&computed, r->dir_end, says->dir_len)) {
		status = is_directory(zip, computed, is_one);
		end.dir_off = computed;
		end.delta = computed - says->dir_off;	/* may wrap: offsets then are wrong */
	}
	if (status == SY_OK && !*is_one) {
		status = is_directory(zip, says->dir_off, is_one);
		end.dir_off = says->dir_off;
		end.delta = 0;
	}
	if (status == SY_OK && *is_one)
		zip->ends[zip->n_ends++] = end;
	return status;
}

static bool is_same(const struct sy_zip_record *a, const struct sy_zip_record *b)
{
	return a->n_entries == b->n_entries && a->dir_off == b->dir_off &&
	       a->dir_len == b->dir_len;
}

static enum sy_status try_record(struct sy_zip *zip, const uint8_t *bytes, uint64_t off,
				 bool *is_one)
{
	struct found r = { .off = off, .dir_end = off }, short_one;
	bool is_other;
	enum sy_status status;

	*is_one = false;
	sy_zip_get_end(bytes, &r.says);
	short_one = r;
	status = read_zip64(zip, &r);
	if (status == SY_OK)
		status = place(zip, &r, is_one);
	/* Some readers ask for the long record always, others only when told to. */
	if (status != SY_OK || !r.is_zip64 || sy_zip_wants_end64(&short_one.says) ||
	    is_same(&short_one.says, &r.says) || zip->n_ends == SY_ZIP_ENDS_MAX)
		return status;
	return place(zip, &short_one, &is_other);
}

static enum sy_status tell_ends(struct sy_zip *zip)
{
	const struct sy_zip_end *end = &zip->ends[0];
	const struct sy_span none = sy_span_of(NULL, 0);
	uint64_t size = zip->in->source->size, comment = end->end - end->off - SY_ZIP_END_BYTES;
	enum sy_status status = SY_OK;

	if (end->delta != 0)
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
	const size_t max = SY_ZIP_END_BYTES + SY_ZIP_COMMENT_BYTES_MAX;
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
		status = try_record(zip, tail.data + at, start + at, &is_one);
	}
	return status == SY_OK && zip->n_ends > 0 ? tell_ends(zip) : status;
}
