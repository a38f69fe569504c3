/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed files of joblib before 0.10: "ZF", the decoded length in hexadecimal
 * digits and spaces (one space more from its oldest writers), and a zlib stream, which
 * is judged by what it is.  Never believes the length.
 */
#include "formats/nest.h"

#define ZFILE_MAGIC "ZF0x"
#define ZFILE_LEN 21u	/* of the header: "ZF" and nineteen characters */

extern const struct sy_format sy_format_zfile;

static const char *const suffixes[] = { ".z", ".joblib", ".pickle", ".pkl", NULL };

/* 16: none. */
static unsigned hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
}

/* What is behind .npy.z are the bytes of an array and nothing else: no .npy file. */
static struct sy_span inner_name(struct sy_span base)
{
	bool is_bare = sy_ascii_ends(base, ".npy.z");

	return sy_ascii_ends(base, ".z") && !is_bare ? sy_span_slice(base, 0, base.len - 2) : base;
}

static size_t zfile_data(struct sy_span head)
{
	return head.len > ZFILE_LEN && head.data[ZFILE_LEN] == ' ' ? ZFILE_LEN + 1 : ZFILE_LEN;
}

/* "0x", digits, spaces. */
static bool zfile_size(struct sy_span head, uint64_t *size)
{
	size_t i = strlen(ZFILE_MAGIC), first = i;

	*size = 0;
	if (head.len < ZFILE_LEN || !sy_span_starts(head, ZFILE_MAGIC))
		return false;
	for (; i < ZFILE_LEN && hex_digit(head.data[i]) < 16; i++) {
		if (*size >> 60)
			return false;
		*size = *size << 4 | hex_digit(head.data[i]);
	}
	if (i == first)
		return false;
	while (i < ZFILE_LEN && head.data[i] == ' ')
		i++;
	return i == ZFILE_LEN;
}

static bool zfile_begins(struct sy_span head)
{
	return sy_span_starts(head, ZFILE_MAGIC) && head.len > ZFILE_LEN + 2 &&
	       sy_codec_begins(SY_CODEC_ZLIB, sy_span_slice(head, zfile_data(head), head.len));
}

static enum sy_status no_length(struct sy_inspection *in)
{
	enum sy_status status = sy_emit_extent(in, SY_EXTENT_UNKNOWN, 0, in->source->size);

	if (status != SY_OK)
		return status;
	return sy_fact(in, SY_RULE_MEMBER_DATA_BROKEN, 0, ZFILE_LEN, sy_span_of(NULL, 0),
		       "a joblib file of before 0.10 without the length that begins it");
}

static enum sy_status add_member(struct sy_inspection *in, struct sy_span head, uint64_t size)
{
	uint64_t off = zfile_data(head);
	struct sy_member member = {
		.name = inner_name(in->base), .codec = SY_CODEC_ZLIB, .off = off,
		.len = in->source->size - off, .size = size,
	};
	enum sy_status status = sy_emit_extent(in, SY_EXTENT_HEADER, 0, off);

	if (status == SY_OK)
		status = sy_emit_extent(in, SY_EXTENT_DATA, off, member.len);
	return status == SY_OK ? sy_nest_add(in, &member) : status;
}

static enum sy_status inspect_zfile(struct sy_inspection *in)
{
	struct sy_span head;
	uint64_t size;
	enum sy_status status = sy_source_view(in->source, 0, ZFILE_LEN + 1, &in->arena, &head);

	if (status == SY_OK)
		status = zfile_size(head, &size) ? add_member(in, head, size) : no_length(in);
	if (status != SY_OK)
		return status;
	return sy_emit_artifact(in, sy_format_zfile.name, 0, "%s", sy_format_zfile.title);
}

static unsigned bid_zfile(const struct sy_probe *p)
{
	return zfile_begins(p->head) ? 48 : 0;
}

const struct sy_format sy_format_zfile = {
	.name = "zfile", .title = "a compressed joblib file (before 0.10)",
	.spec = "joblib 0.9, numpy_pickle.py", .class = SY_CLASS_CONTAINER,
	.suffixes = suffixes, .unpacks = true, .bid = bid_zfile, .inspect = inspect_zfile,
};
