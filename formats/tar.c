/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar archives: every entry up to the end of the file, also behind the blocks of
 * zeros that end the archive for some readers.  Unpacks nothing.
 */
#include "formats/tar.h"

#include "formats/archive_kind.h"
#include "formats/member_names.h"
#include "formats/member_twins.h"
#include "formats/payload.h"
#include "formats/sniff.h"
#include "formats/tar_header.h"
#include "verifier/base/ckd.h"

#define LONG_BYTES_MAX ((uint64_t)1 << 20)	/* of a name or pax header that is read */
#define OCTAL_SIZE_MAX (((uint64_t)1 << 33) - 1)	/* eleven digits */
#define ZERO_BLOCKS 32				/* looked at in one go */

/* What earlier headers say of the next entry. */
struct next {
	struct sy_span name;		/* data NULL: nothing */
	struct sy_span link;
	uint64_t size;
	bool has_size, is_sparse;
};

struct tar {
	struct sy_inspection *in;
	const struct sy_tar_use *use;
	struct next next;
	struct sy_member_twins twins;
	struct sy_archive_kind kind;
	uint64_t at, n_entries, n_zero;	/* n_zero: blocks of zeros in a row */
	uint64_t data_off;		/* behind all headers of the entry */
	bool has_ended;
};

static struct sy_text quoted(struct sy_span name)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, name);
	return text;
}

static uint64_t padded(uint64_t len)
{
	uint64_t blocks = len / SY_TAR_BLOCK + (len % SY_TAR_BLOCK != 0);

	return blocks * SY_TAR_BLOCK;
}

/* The data of a header that describes the next one: a name, or pax records. */
static enum sy_status read_text(struct tar *t, uint64_t len, struct sy_span *text)
{
	if (len > LONG_BYTES_MAX)
		return sy_fail(t->in->ctx, SY_LIMIT, "a name or header of %llu bytes in a tar "
			       "archive", (unsigned long long)len);
	return sy_source_view(t->in->source, t->data_off, (size_t)len, &t->in->arena,
			      text);
}

static struct sy_span until_nul(struct sy_span text)
{
	const uint8_t *end = text.len > 0 ? memchr(text.data, 0, text.len) : NULL;

	return end ? sy_span_slice(text, 0, (size_t)(end - text.data)) : text;
}

static enum sy_status take_pax_size(struct tar *t, struct sy_span value)
{
	t->next.has_size = sy_parse_u64(value, &t->next.size);
	if (t->next.has_size)
		return SY_OK;
	return sy_fact(t->in, SY_RULE_TAR_HEADER_BROKEN, t->at, SY_TAR_BLOCK,
		       sy_span_of(NULL, 0), "a pax header with the size %s, which is no number",
		       quoted(value).data);
}

static enum sy_status take_pax(struct tar *t, uint64_t len)
{
	struct sy_span records, key, value;
	enum sy_status status = read_text(t, len, &records);

	if (status != SY_OK)
		return status;
	records = until_nul(records);
	while (status == SY_OK && sy_tar_pax_next(&records, &key, &value)) {
		if (sy_span_is(key, "path") || sy_span_is(key, "GNU.sparse.name"))
			t->next.name = value;
		else if (sy_span_is(key, "linkpath"))
			t->next.link = value;
		else if (sy_span_is(key, "size"))
			status = take_pax_size(t, value);
		t->next.is_sparse |= sy_span_starts(key, "GNU.sparse.");
	}
	if (status != SY_OK || records.len == 0)
		return status;
	return sy_fact(t->in, SY_RULE_TAR_HEADER_BROKEN, t->at, SY_TAR_BLOCK,
		       sy_span_of(NULL, 0), "a pax header with %zu bytes that are no record",
		       records.len);
}

static enum sy_status full_name(struct tar *t, const struct sy_tar_header *h,
				struct sy_span *name)
{
	struct sy_text joined;

	if (t->next.name.data)
		return sy_arena_copy(&t->in->arena, t->next.name, name);
	if (h->prefix.len == 0)
		return sy_arena_copy(&t->in->arena, h->name, name);
	sy_text_init(&joined);
	sy_text_add_span(&joined, h->prefix);
	sy_text_add(&joined, "/");
	sy_text_add_span(&joined, h->name);
	return sy_arena_copy(&t->in->arena, sy_text_span(&joined), name);
}

/* Without the "./" that some writers put before every name. */
static struct sy_span plain_name(struct sy_span name)
{
	return sy_span_starts(name, "./") ? sy_span_slice(name, 2, name.len) : name;
}

static enum sy_status check_twin(struct tar *t, const struct sy_member_twin *twin)
{
	uint64_t other;
	bool is_new;
	enum sy_status status = sy_member_twins_add(&t->twins, twin, &is_new, &other);

	if (status != SY_OK || is_new)
		return status;
	return sy_fact(t->in, SY_RULE_TAR_ENTRY_DUPLICATE, t->at, SY_TAR_BLOCK, twin->name,
		       "%s, or what is the same name to readers that ignore case or Unicode "
		       "forms, is there at %llu and at %llu", quoted(twin->name).data,
		       (unsigned long long)other, (unsigned long long)t->at);
}

static enum sy_status check_folders(struct tar *t)
{
	const struct sy_member_twin *file, *inside;
	size_t at = 0;
	enum sy_status status = SY_OK;

	sy_member_twins_sort(&t->twins);
	while (status == SY_OK && sy_member_twins_next(&t->twins, &at, &file, &inside))
		status = sy_fact(t->in, SY_RULE_TAR_ENTRY_DUPLICATE, file->value, SY_TAR_BLOCK,
				 file->name, "%s is a file, and the folder of %s",
				 quoted(file->name).data, quoted(inside->name).data);
	return status;
}

static enum sy_status check_name(struct tar *t, struct sy_span name, bool is_folder)
{
	struct sy_span plain = plain_name(name);
	const struct sy_member_twin twin = { .name = plain, .value = t->at,
					     .is_folder = is_folder };
	const char *why = plain.len > 0 ? sy_member_name_escape(plain) : NULL;
	const char *odd = sy_member_name_odd(name);
	enum sy_status status = sy_archive_kind_see(&t->kind, plain);

	if (status == SY_OK && why)
		status = sy_fact(t->in, SY_RULE_TAR_NAME_ESCAPING, t->at, SY_TAR_BLOCK, name,
				 "%s %s", quoted(name).data, why);
	if (status == SY_OK && odd && !why)
		status = sy_fact(t->in, SY_RULE_TAR_NAME_INVALID, t->at, SY_TAR_BLOCK, name,
				 "%s %s", quoted(name).data, odd);
	return status == SY_OK ? check_twin(t, &twin) : status;
}

static enum sy_status take_file(struct tar *t, struct sy_span name, uint64_t size)
{
	struct sy_member member = { .name = name, .off = t->data_off, .len = size,
				    .size = size };

	if (size == 0)
		return sy_nest_list(t->in, &member, "empty");
	return t->use->take(t->use->user, t->in, &member);
}

/* What has no data to look at. */
static enum sy_status list_entry(struct tar *t, struct sy_span name, const char *format)
{
	const struct sy_member member = { .name = name, .off = t->data_off };

	return sy_nest_list(t->in, &member, format);
}

static enum sy_status take_link(struct tar *t, const struct sy_tar_header *h,
				struct sy_span name)
{
	struct sy_span to = t->next.link.data ? t->next.link : h->link;
	bool leaves = sy_member_name_escape(to) != NULL;
	enum sy_status status = list_entry(t, name, "link");

	if (status != SY_OK)
		return status;
	return sy_fact(t->in, leaves ? SY_RULE_TAR_ENTRY_SPECIAL : SY_RULE_TAR_ENTRY_LINK,
		       t->at, SY_TAR_BLOCK, name, "%s is a %s link to %s", quoted(name).data,
		       h->type == '1' ? "hard" : "symbolic", quoted(to).data);
}

/* What is stored of it is looked at, but not as the file that it is a part of. */
static enum sy_status take_sparse(struct tar *t, struct sy_span name, uint64_t size)
{
	struct sy_text text;
	struct sy_span part;
	enum sy_status status = sy_fact(t->in, SY_RULE_TAR_TYPE_UNKNOWN, t->at, SY_TAR_BLOCK,
					name, "%s is sparse", quoted(name).data);

	sy_text_init(&text);
	sy_text_add_span(&text, name);
	sy_text_add(&text, " (stored parts)");
	if (status == SY_OK)
		status = sy_arena_copy(&t->in->arena, sy_text_span(&text), &part);
	return status == SY_OK ? take_file(t, part, size) : status;
}

static enum sy_status take_entry(struct tar *t, const struct sy_tar_header *h, uint64_t size)
{
	struct sy_span name;
	enum sy_status status = full_name(t, h, &name);

	if (status == SY_OK)
		status = check_name(t, name, h->type == '5' || sy_span_ends(name, "/"));
	if (status != SY_OK)
		return status;
	t->n_entries++;
	if (t->next.is_sparse || h->type == 'S')
		return take_sparse(t, name, size);
	switch (h->type) {
	case '5':
		return list_entry(t, name, "folder");
	case '1':
	case '2':
		return take_link(t, h, name);
	case '3':
	case '4':
	case '6':
		status = list_entry(t, name, "device");
		if (status != SY_OK)
			return status;
		return sy_fact(t->in, SY_RULE_TAR_ENTRY_SPECIAL, t->at, SY_TAR_BLOCK, name,
			       "%s is a device or FIFO", quoted(name).data);
	case 0:
	case '0':
	case '7':
		return take_file(t, name, size);
	}
	status = sy_fact(t->in, SY_RULE_TAR_TYPE_UNKNOWN, t->at, SY_TAR_BLOCK, name,
			 "%s is of type 0x%02x", quoted(name).data, h->type);
	return status == SY_OK ? take_file(t, name, size) : status;
}

/*
 * Links, devices and folders have no data, says POSIX; some readers step over as many
 * bytes as their size says, others read those bytes as entries.  Hard links alone are
 * read alike everywhere.
 */
static bool has_data(const struct sy_tar_header *h)
{
	bool is_old_folder = h->type == 0 && sy_span_ends(h->name, "/");

	return !(h->type >= '1' && h->type <= '6') && !is_old_folder;
}

/* A pax size stands beside the header's own, which must be the same where it fits. */
static enum sy_status size_of(struct tar *t, const struct sy_tar_header *h, uint64_t *size)
{
	uint64_t stated = t->next.has_size ? t->next.size : h->size;
	bool is_too_big = stated > OCTAL_SIZE_MAX && h->size == 0;

	*size = has_data(h) ? stated : 0;
	if (h->type == '1' || (*size == h->size && stated == h->size) ||
	    (is_too_big && *size == stated))
		return SY_OK;
	return sy_fact(t->in, SY_RULE_TAR_SIZE_AMBIGUOUS, t->at, SY_TAR_BLOCK,
		       sy_span_of(NULL, 0), "an entry of %llu bytes, which %s are %llu",
		       (unsigned long long)h->size,
		       has_data(h) ? "a pax header says" : "by its type, for some readers,",
		       (unsigned long long)*size);
}

static enum sy_status take_header(struct tar *t, const struct sy_tar_header *h, uint64_t size)
{
	enum sy_status status;

	switch (h->type) {
	case 'x':
	case 'g':
		return take_pax(t, size);
	case 'L':
	case 'K': {
		struct sy_span *text = h->type == 'L' ? &t->next.name : &t->next.link;

		status = read_text(t, size, text);
		*text = until_nul(*text);
		return status;
	}
	}
	status = take_entry(t, h, size);
	t->next = (struct next){ .has_size = false };
	return status;
}

static enum sy_status broken(struct tar *t, const char *why, uint64_t size)
{
	uint64_t left = t->in->source->size - t->at;
	enum sy_status status = sy_emit_extent(t->in, SY_EXTENT_UNKNOWN, t->at, left);

	if (status == SY_OK)
		status = sy_fact(t->in, SY_RULE_TAR_HEADER_BROKEN, t->at,
				 left < SY_TAR_BLOCK ? left : SY_TAR_BLOCK, sy_span_of(NULL, 0),
				 "after %llu entries, at %llu: %s%.0llu",
				 (unsigned long long)t->n_entries, (unsigned long long)t->at, why,
				 (unsigned long long)size);
	t->at = t->in->source->size;
	return status;
}

/* GNU's sparse files may have more headers, which their size does not count. */
static enum sy_status skip_headers(struct tar *t, const struct sy_tar_header *h)
{
	uint8_t block[SY_TAR_BLOCK];
	bool goes_on = h->is_extended;
	enum sy_status status = SY_OK;

	t->data_off = t->at + SY_TAR_BLOCK;
	while (goes_on && t->in->source->size - t->data_off >= SY_TAR_BLOCK) {
		status = sy_source_read(t->in->source, t->data_off, block, sizeof(block));
		if (status != SY_OK)
			return status;
		goes_on = sy_tar_sparse_goes_on(block);
		t->data_off += SY_TAR_BLOCK;
	}
	return status;
}

static enum sy_status tell_more(struct tar *t)
{
	if (!t->has_ended && t->n_zero == 0)
		return SY_OK;
	return sy_fact(t->in, SY_RULE_TAR_DATA_TRAILING, t->at, SY_TAR_BLOCK,
		       sy_span_of(NULL, 0), "another entry at %llu, behind %llu blocks of zeros",
		       (unsigned long long)t->at, (unsigned long long)t->n_zero);
}

static enum sy_status emit_extents(struct tar *t, uint64_t len)
{
	enum sy_status status = sy_emit_extent(t->in, SY_EXTENT_HEADER, t->at,
					       t->data_off - t->at);

	if (status != SY_OK || len == 0)
		return status;
	return sy_emit_extent(t->in, SY_EXTENT_DATA, t->data_off, len);
}

static enum sy_status read_entry(struct tar *t, const uint8_t block[SY_TAR_BLOCK])
{
	struct sy_tar_header h;
	uint64_t size, left;
	enum sy_status status;

	if (!sy_tar_header_get(block, &h))
		return broken(t, "no header with a right checksum", 0);
	status = tell_more(t);
	t->n_zero = 0;
	if (status == SY_OK)
		status = skip_headers(t, &h);
	if (status == SY_OK)
		status = size_of(t, &h, &size);
	if (status != SY_OK)
		return status;
	left = t->in->source->size - t->data_off;
	if (size > left)
		return broken(t, "an entry with more bytes than the file: ", size);
	status = take_header(t, &h, size);
	size = padded(size) > left ? left : padded(size);
	if (status == SY_OK)
		status = emit_extents(t, size);
	t->at = t->data_off + size;
	return status;
}

static bool is_zero(const uint8_t block[SY_TAR_BLOCK])
{
	for (size_t i = 0; i < SY_TAR_BLOCK; i++) {
		if (block[i] != 0)
			return false;
	}
	return true;
}

/* Any number of them is one piece of padding. */
static enum sy_status skip_zeros(struct tar *t)
{
	uint8_t blocks[ZERO_BLOCKS * SY_TAR_BLOCK];
	uint64_t start = t->at, size = t->in->source->size;
	size_t n = 0, at = 0;

	while (at == n && size - t->at >= SY_TAR_BLOCK && !sy_cancelled(t->in->ctx)) {
		uint64_t left = (size - t->at) / SY_TAR_BLOCK;
		enum sy_status status;

		n = left < ZERO_BLOCKS ? (size_t)left : ZERO_BLOCKS;
		status = sy_source_read(t->in->source, t->at, blocks, n * SY_TAR_BLOCK);
		if (status != SY_OK)
			return status;
		for (at = 0; at < n && is_zero(blocks + at * SY_TAR_BLOCK); at++)
			t->at += SY_TAR_BLOCK;
	}
	t->n_zero += (t->at - start) / SY_TAR_BLOCK;
	t->has_ended |= t->n_zero >= 2;
	return sy_emit_extent(t->in, SY_EXTENT_PADDING, start, t->at - start);
}

static enum sy_status read_block(struct tar *t)
{
	uint8_t block[SY_TAR_BLOCK];
	enum sy_status status = sy_source_read(t->in->source, t->at, block, sizeof(block));

	if (status != SY_OK)
		return status;
	if (sy_cancelled(t->in->ctx))
		return sy_fail(t->in->ctx, SY_CANCELLED, "interrupted");
	return is_zero(block) ? skip_zeros(t) : read_entry(t, block);
}

/* The first entry's name begins the file, and may be a program for the unpickler. */
static enum sy_status check_pickle(struct sy_inspection *in)
{
	struct sy_span head;
	enum sy_status status = sy_source_view(in->source, 0, SY_PROBE_HEAD, &in->arena, &head);

	if (status != SY_OK || !sy_pickle_begins(head, in->source->size))
		return status;
	return sy_fact(in, SY_RULE_CONTENT_POLYGLOT_FOUND, 0, SY_TAR_BLOCK,
		       sy_span_str("pickle"), "a tar archive that begins as a pickle does");
}

static enum sy_status tell_end(struct tar *t)
{
	uint64_t left = t->in->source->size - t->at;
	enum sy_status status = SY_OK;

	if (left > 0)
		status = broken(t, "a part of a block, bytes: ", left);
	else if (!t->has_ended && t->n_zero == 0)
		status = sy_fact(t->in, SY_RULE_TAR_HEADER_BROKEN, SY_OFFSET_NONE, 0,
				 sy_span_of(NULL, 0), "after %llu entries the file ends without "
				 "the blocks of zeros that end an archive",
				 (unsigned long long)t->n_entries);
	if (status == SY_OK)
		status = check_folders(t);
	return status == SY_OK ? sy_archive_kind_tell(&t->kind, t->in) : status;
}

enum sy_status sy_tar_read(struct sy_inspection *in, const struct sy_tar_use *use)
{
	struct tar t = { .in = in, .use = use };
	uint64_t n_tensors = 0;
	enum sy_status status = check_pickle(in);

	sy_member_twins_init(&t.twins, &in->arena);
	sy_archive_kind_init(&t.kind, in->ctx);
	while (status == SY_OK && in->source->size - t.at >= SY_TAR_BLOCK)
		status = read_block(&t);
	if (status == SY_OK)
		status = tell_end(&t);
	sy_archive_kind_free(&t.kind);
	sy_member_twins_free(&t.twins);
	in->bytes_parsed += t.n_entries * SY_TAR_BLOCK;
	if (status == SY_OK && use->end)
		status = use->end(use->user, &n_tensors);
	if (status == SY_OK)
		status = sy_emit_artifact(in, use->format, n_tensors, "%llu entries",
					  (unsigned long long)t.n_entries);
	return status;
}

static enum sy_status take_any(void *user, struct sy_inspection *in,
			       const struct sy_member *member)
{
	(void)user;
	return sy_nest_add(in, member);
}

static enum sy_status inspect(struct sy_inspection *in)
{
	static const struct sy_tar_use use = { .format = "tar", .take = take_any };

	return sy_tar_read(in, &use);
}

static const char *const suffixes[] = { ".nemo", ".tar", NULL };

const struct sy_format sy_format_tar = {
	.name = "tar", .title = "a tar archive", .spec = "POSIX.1-2017 pax; GNU tar 1.35",
	.class = SY_CLASS_CONTAINER, .suffixes = suffixes, .unpacks = true,
	.bid = sy_bid_tar, .inspect = inspect,
};
