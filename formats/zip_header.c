/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two headers of an entry (APPNOTE 4.3.7 and 4.3.12), field by field.  Decides
 * nothing.
 */
#include "formats/zip.h"

/* The value of an extra field, in [id][length][value] order; empty: not there. */
static struct sy_span extra_field(struct sy_span extra, uint16_t wanted)
{
	struct sy_cursor c;
	struct sy_span value;
	uint16_t id, len;

	sy_cursor_init(&c, extra, 0);
	while (sy_get_u16(&c, &id) && sy_get_u16(&c, &len) && sy_get_span(&c, len, &value))
		if (id == wanted)
			return value;
	return sy_span_of(NULL, 0);
}

/* ZIP64 (4.5.3): only what does not fit its field stands there, in this order. */
static bool resolve_zip64(struct sy_zip_header *h)
{
	struct sy_span field = extra_field(h->extra, 1);
	struct sy_cursor c;

	sy_cursor_init(&c, field, 0);
	return (h->size != UINT32_MAX || field.len == 0 || sy_get_u64(&c, &h->size)) &&
	       (h->len != UINT32_MAX || field.len == 0 || sy_get_u64(&c, &h->len)) &&
	       (h->off != UINT32_MAX || field.len == 0 || sy_get_u64(&c, &h->off));
}

bool sy_zip_get_central(struct sy_cursor *c, struct sy_zip_header *h)
{
	uint16_t made_by, needed, time, date, name_len, extra_len, comment_len, disk, internal;
	uint32_t signature, len, size, off;
	struct sy_span comment;

	if (!sy_get_u32(c, &signature) || signature != 0x02014b50 ||
	    !sy_get_u16(c, &made_by) || !sy_get_u16(c, &needed) ||
	    !sy_get_u16(c, &h->flags) || !sy_get_u16(c, &h->method) ||
	    !sy_get_u16(c, &time) || !sy_get_u16(c, &date) || !sy_get_u32(c, &h->crc32) ||
	    !sy_get_u32(c, &len) || !sy_get_u32(c, &size) || !sy_get_u16(c, &name_len) ||
	    !sy_get_u16(c, &extra_len) || !sy_get_u16(c, &comment_len) ||
	    !sy_get_u16(c, &disk) || !sy_get_u16(c, &internal) ||
	    !sy_get_u32(c, &h->attributes) || !sy_get_u32(c, &off))
		return false;
	/* One span, so that all of it stays valid together. */
	if (!sy_get_span(c, (uint64_t)name_len + extra_len + comment_len, &comment))
		return false;
	h->name = sy_span_slice(comment, 0, name_len);
	h->extra = sy_span_slice(comment, name_len, extra_len);
	h->len = len;
	h->size = size;
	h->off = off;
	h->bytes = 46 + (uint64_t)comment.len;
	return resolve_zip64(h);
}

bool sy_zip_get_local(struct sy_cursor *c, struct sy_zip_header *h)
{
	uint16_t needed, time, date, name_len, extra_len;
	uint32_t signature, len, size;
	struct sy_span rest;

	if (!sy_get_u32(c, &signature) || signature != 0x04034b50 ||
	    !sy_get_u16(c, &needed) || !sy_get_u16(c, &h->flags) ||
	    !sy_get_u16(c, &h->method) || !sy_get_u16(c, &time) || !sy_get_u16(c, &date) ||
	    !sy_get_u32(c, &h->crc32) || !sy_get_u32(c, &len) || !sy_get_u32(c, &size) ||
	    !sy_get_u16(c, &name_len) || !sy_get_u16(c, &extra_len) ||
	    !sy_get_span(c, (uint64_t)name_len + extra_len, &rest))
		return false;
	h->name = sy_span_slice(rest, 0, name_len);
	h->extra = sy_span_slice(rest, name_len, extra_len);
	h->len = len;
	h->size = size;
	h->off = 0;
	h->bytes = SY_ZIP_LOCAL_BYTES + (uint64_t)rest.len;
	return resolve_zip64(h);
}
