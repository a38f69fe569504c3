/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of a ZIP archive: what the directory says of it is compared, field by
 * field, with the header before its data.  Never decides which of them is right: what
 * a reader of the other would see is looked at, too.
 */
#include "formats/zip.h"

#include "verifier/base/ckd.h"

#define FLAGS_USUAL 0x080eu		/* deflate's options, descriptor, UTF-8 */
#define LOCAL_BYTES_MAX (SY_ZIP_LOCAL_BYTES + (size_t)2 * 65535)
#define FLAGS_FREE FLAGS_USUAL	/* the two headers need not agree on them */
#define EXTRA_PATH 0x7075	/* Info-ZIP: the name again, in UTF-8 */

static const struct { uint16_t method; enum sy_codec codec; } methods[] = {
	{ SY_ZIP_METHOD_STORED, SY_CODEC_STORED }, { SY_ZIP_METHOD_DEFLATED, SY_CODEC_DEFLATE },
	{ 12, SY_CODEC_BZIP2 }, { 20, SY_CODEC_ZSTD }, { 93, SY_CODEC_ZSTD }, { 95, SY_CODEC_XZ },
};

enum sy_status sy_zip_tell(struct sy_zip *zip, const struct sy_zip_entry *entry,
			   enum sy_rule rule, const char *fmt, ...)
{
	struct sy_text text;
	va_list args;

	sy_text_init(&text);
	va_start(args, fmt);
	sy_text_vaddf(&text, fmt, args);
	va_end(args);
	return sy_fact_text(zip->in, rule, entry->at, 0, entry->name, &text);
}

bool sy_zip_find_codec(uint16_t method, enum sy_codec *codec)
{
	for (size_t i = 0; i < SY_N_ELEMS(methods); i++) {
		*codec = methods[i].codec;
		if (methods[i].method == method)
			return true;
	}
	return false;
}

/* The entry's name, quoted, for the beginning of a sentence. */
struct sy_text sy_zip_name_of(const struct sy_zip_entry *entry)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, entry->name);
	return text;
}

/* Both headers must say the same; the sizes may stand behind the data instead. */
static enum sy_status compare_headers(struct sy_zip *zip, struct sy_zip_entry *entry,
				      const struct sy_zip_header *local)
{
	bool has_descriptor = local->flags & SY_ZIP_FLAG_DESCRIPTOR;
	struct sy_text name = sy_zip_name_of(entry), other;
	enum sy_status status = SY_OK;

	entry->is_disputed = !sy_span_equal(local->name, entry->name);
	if (entry->is_disputed) {
		sy_text_init(&other);
		sy_text_name(&other, local->name);
		status = sy_zip_tell(zip, entry, SY_RULE_ZIP_HEADERS_DIFFER,
				     "%s is called %s before its data", name.data, other.data);
	}
	if (status == SY_OK && (local->method != entry->method ||
				((local->flags ^ entry->flags) & ~FLAGS_FREE)))
		status = sy_zip_tell(zip, entry, SY_RULE_ZIP_HEADERS_DIFFER,
				     "%s: method %u and flags 0x%x in the directory, %u and 0x%x "
				     "before its data", name.data, entry->method, entry->flags,
				     local->method, local->flags);
	if (has_descriptor && local->crc32 == 0 && local->len == 0 && local->size == 0)
		return status;
	/* PyTorch and others leave sizes of ZIP64 unset where a descriptor follows. */
	if (has_descriptor && local->len == UINT32_MAX && local->size == UINT32_MAX)
		return status;
	if (status == SY_OK && (local->len != entry->len || local->size != entry->size ||
				local->crc32 != entry->crc32))
		status = sy_zip_tell(zip, entry, SY_RULE_ZIP_HEADERS_DIFFER,
				     "%s: %llu bytes packed, %llu unpacked, CRC 0x%08x in the "
				     "directory; %llu, %llu, 0x%08x before its data", name.data,
				     (unsigned long long)entry->len,
				     (unsigned long long)entry->size, entry->crc32,
				     (unsigned long long)local->len,
				     (unsigned long long)local->size, local->crc32);
	return status;
}

/* Its signature is optional, its sizes are of 4 or 8 bytes: what fits is it. */
static uint64_t descriptor_bytes(struct sy_span bytes, const struct sy_zip_entry *entry)
{
	for (unsigned form = 0; form < 4; form++) {
		bool has_signature = form & 1, is_long = form & 2;
		struct sy_cursor c;
		uint32_t signature, crc, len32 = 0, size32 = 0;
		uint64_t len, size;

		sy_cursor_init(&c, bytes, 0);
		if (has_signature && (!sy_get_u32(&c, &signature) || signature != 0x08074b50))
			continue;
		if (!sy_get_u32(&c, &crc) || crc != entry->crc32)
			continue;
		if (is_long ? !sy_get_u64(&c, &len) || !sy_get_u64(&c, &size)
			    : !sy_get_u32(&c, &len32) || !sy_get_u32(&c, &size32))
			continue;
		if (!is_long) {
			len = len32;
			size = size32;
		}
		if (len == entry->len && size == entry->size)
			return sy_cursor_at(&c);
	}
	return 0;
}

static enum sy_status read_descriptor(struct sy_zip *zip, struct sy_zip_entry *entry)
{
	struct sy_span bytes;
	uint64_t len;
	enum sy_status status = sy_source_view(zip->in->source, entry->end_off, 24,
					       &zip->in->arena, &bytes);

	if (status != SY_OK)
		return status;
	len = descriptor_bytes(bytes, entry);
	entry->end_off += len;
	if (len > 0)
		return SY_OK;
	return sy_zip_tell(zip, entry, SY_RULE_ZIP_HEADERS_DIFFER, "%s: no descriptor with the "
			   "directory's sizes stands behind its data, at %llu",
			   sy_zip_name_of(entry).data, (unsigned long long)entry->end_off);
}

static enum sy_status is_outside(struct sy_zip *zip, struct sy_zip_entry *entry)
{
	entry->is_there = false;
	return sy_zip_tell(zip, entry, SY_RULE_ZIP_OFFSET_WRONG,
			   "%s: no header stands at %llu, or its %llu bytes of data reach beyond "
			   "the end of the file", sy_zip_name_of(entry).data,
			   (unsigned long long)entry->header_off,
			   (unsigned long long)entry->len);
}

enum sy_status sy_zip_open_local(struct sy_zip *zip, uint64_t off, struct sy_zip_local *local)
{
	struct sy_source *source = zip->in->source;
	uint64_t left = off < source->size ? source->size - off : 0;
	size_t len = left < sizeof(local->buf) ? (size_t)left : sizeof(local->buf);
	struct sy_cursor c;
	enum sy_status status = sy_source_read(source, left ? off : 0, local->buf, len);

	local->longer = NULL;
	sy_cursor_init(&c, sy_span_of(local->buf, len), off);
	local->is_header = status == SY_OK && sy_zip_get_local(&c, &local->header);
	if (status != SY_OK || local->is_header || len < sizeof(local->buf) ||
	    memcmp(local->buf, "PK\3\4", 4))
		return status;
	len = left < LOCAL_BYTES_MAX ? (size_t)left : LOCAL_BYTES_MAX;
	local->longer = sy_alloc_unset(zip->in->ctx, len);
	if (!local->longer)
		return sy_memory_status(zip->in->ctx);
	status = sy_source_read(source, off, local->longer, len);
	sy_cursor_init(&c, sy_span_of(local->longer, len), off);
	local->is_header = status == SY_OK && sy_zip_get_local(&c, &local->header);
	return status;
}

/*
 * What a reader sees that goes by the header before the data, where that is something
 * else: another name, method or length.
 */
static enum sy_status add_other_reading(struct sy_zip *zip, const struct sy_zip_entry *entry,
					const struct sy_zip_header *local)
{
	uint64_t left = zip->in->source->size - entry->data_off;
	struct sy_member member = { .off = entry->data_off, .len = local->len,
				    .size = SY_OFFSET_NONE };
	bool is_other = local->method != entry->method || entry->is_disputed ||
			(local->len != entry->len && local->len > 0 && local->len <= left);
	enum sy_status status;

	if (!is_other || !sy_zip_find_codec(local->method, &member.codec))
		return SY_OK;
	if (member.len == 0 || member.len > left)
		member.len = entry->is_there ? entry->len : left;
	status = sy_arena_copy(&zip->in->arena, local->name, &member.name);
	return status == SY_OK ? sy_nest_add(zip->in, &member) : status;
}

/* The extra field of an id, counted; false: the fields do not add up. */
static bool find_extra(struct sy_span extra, uint16_t wanted, struct sy_span *value, unsigned *n)
{
	struct sy_cursor c;
	struct sy_span field;
	uint16_t id, len;

	*n = 0;
	*value = sy_span_of(NULL, 0);
	sy_cursor_init(&c, extra, 0);
	while (sy_get_u16(&c, &id) && sy_get_u16(&c, &len)) {
		if (!sy_get_span(&c, len, &field))
			return false;
		if (id == wanted && (*n)++ == 0)
			*value = field;
	}
	return true;
}

static bool is_ascii(struct sy_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] >= 0x80)
			return false;
	}
	return true;
}

/* Writers use that field for letters which the old character sets do not have. */
static bool is_same_name(struct sy_span path, struct sy_span name)
{
	return sy_span_equal(path, name) || (!is_ascii(path) && !is_ascii(name));
}

enum sy_status sy_zip_check_extra(struct sy_zip *zip, const struct sy_zip_entry *entry,
				  struct sy_span extra)
{
	struct sy_span path, long_sizes;
	unsigned n_paths, n_long;
	bool is_whole = find_extra(extra, 1, &long_sizes, &n_long);
	struct sy_text name = sy_zip_name_of(entry), other;

	if (!is_whole || n_long > 1)
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_EXTRA_WRONG, "%s: %s", name.data,
				   is_whole ? "its sizes stand there twice" :
				   "an extra field is longer than all of them");
	(void)find_extra(extra, EXTRA_PATH, &path, &n_paths);
	path = sy_span_slice(path, 5, path.len);
	if (n_paths == 0 || (n_paths == 1 && is_same_name(path, entry->name)))
		return SY_OK;
	sy_text_init(&other);
	sy_text_name(&other, path);
	return sy_zip_tell(zip, entry, SY_RULE_ZIP_HEADERS_DIFFER, "%s is called %s in an extra "
			   "field, which some readers take", name.data, other.data);
}

/* Places the data behind its header, and compares. */
static enum sy_status read_local(struct sy_zip *zip, struct sy_zip_entry *entry)
{
	uint64_t size = zip->in->source->size;
	struct sy_zip_local local;
	enum sy_status status = sy_zip_open_local(zip, entry->header_off, &local);

	if (status == SY_OK && local.is_header) {
		entry->data_off = entry->header_off + local.header.bytes;
		entry->is_there = entry->data_off <= size &&
				  entry->len <= size - entry->data_off;
		entry->end_off = entry->data_off + entry->len;
		status = compare_headers(zip, entry, &local.header);
		if (status == SY_OK)
			status = sy_zip_check_extra(zip, entry, local.header.extra);
		if (status == SY_OK && entry->data_off <= size)
			status = add_other_reading(zip, entry, &local.header);
	}
	sy_release(zip->in->ctx, local.longer);
	if (status != SY_OK)
		return status;
	if (!entry->is_there)
		return is_outside(zip, entry);
	return local.header.flags & SY_ZIP_FLAG_DESCRIPTOR ? read_descriptor(zip, entry) : SY_OK;
}

static enum sy_status check_flags(struct sy_zip *zip, struct sy_zip_entry *entry)
{
	struct sy_text name = sy_zip_name_of(entry);

	if (entry->flags & SY_ZIP_FLAG_ENCRYPTED) {
		entry->is_encrypted = true;
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_ENTRY_ENCRYPTED,
				   "%s is encrypted (flags 0x%x)", name.data, entry->flags);
	}
	if (entry->flags & ~FLAGS_USUAL)
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_FLAG_UNUSUAL, "%s has flags 0x%x",
				   name.data, entry->flags);
	return SY_OK;
}

static enum sy_status check_method(struct sy_zip *zip, struct sy_zip_entry *entry)
{
	if (!sy_zip_find_codec(entry->method, &entry->codec)) {
		entry->is_readable = false;
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_METHOD_UNKNOWN, "%s: method %u",
				   sy_zip_name_of(entry).data, entry->method);
	}
	if (entry->method == SY_ZIP_METHOD_STORED && entry->len != entry->size)
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_HEADERS_DIFFER,
				   "%s is stored, and has %llu bytes packed but %llu unpacked",
				   sy_zip_name_of(entry).data, (unsigned long long)entry->len,
				   (unsigned long long)entry->size);
	return SY_OK;
}

/*
 * A file mode of Unix that is neither a file nor a folder, nor unset.  Whoever wrote
 * it: some readers look at the mode alone.
 */
static enum sy_status check_attributes(struct sy_zip *zip, const struct sy_zip_entry *entry)
{
	unsigned type = entry->attributes >> 28;
	bool is_folder = sy_span_ends(entry->name, "/");

	if (type != 0 && type != 8 && type != 4)
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_ENTRY_SPECIAL,
				   "%s is a %s (mode 0%o)", sy_zip_name_of(entry).data,
				   type == 10 ? "symbolic link" : "device, FIFO or socket",
				   entry->attributes >> 16);
	if (is_folder && entry->size > 0)
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_ENTRY_SPECIAL,
				   "%s is called a folder, and has %llu bytes of data",
				   sy_zip_name_of(entry).data, (unsigned long long)entry->size);
	return SY_OK;
}

enum sy_status sy_zip_check_entry(struct sy_zip *zip, struct sy_zip_entry *entry)
{
	enum sy_status status = check_flags(zip, entry);

	if (status == SY_OK)
		status = check_method(zip, entry);
	if (status == SY_OK)
		status = check_attributes(zip, entry);
	return status == SY_OK ? read_local(zip, entry) : status;
}
