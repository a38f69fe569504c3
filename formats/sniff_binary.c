/* SPDX-License-Identifier: Apache-2.0 */
/* Binary content that takes more than one comparison to tell.  Parses nothing. */
#include "formats/sniff.h"

#include "formats/payload.h"
#include "verifier/base/cursor.h"
#include "verifier/input/codec.h"

static bool has(struct sy_span head, size_t off, const char *bytes, size_t len)
{
	struct sy_span at = sy_span_slice(head, off, len);

	return at.len == len && !memcmp(at.data, bytes, len);
}

unsigned sy_bid_bmp(const struct sy_probe *p)
{
	uint32_t size = 0;
	struct sy_cursor c;

	sy_cursor_init(&c, p->head, 0);
	return has(p->head, 0, "BM", 2) && sy_skip(&c, 2) && sy_get_u32(&c, &size) &&
	       size == p->size ? 48 : 0;
}

/* A frame's eleven bits of ones, in a name that says what it is. */
unsigned sy_bid_mpeg_audio(const struct sy_probe *p)
{
	struct sy_span h = p->head;

	return h.len >= 4 && h.data[0] == 0xff && (h.data[1] & 0xe0) == 0xe0 &&
	       h.data[2] != 0xff &&
	       (sy_ascii_ends(p->base, ".mp3") || sy_ascii_ends(p->base, ".aac")) ? 13 : 0;
}

/* A map whose first key is a printable string: how Flax writes its tree. */
unsigned sy_bid_msgpack(const struct sy_probe *p)
{
	struct sy_span h = p->head;
	size_t key = 1;
	size_t len;

	if (h.len < 8)
		return 0;
	if (h.data[0] == 0xde)
		key = 3;
	else if (h.data[0] == 0xdf)
		key = 5;
	else if (h.data[0] < 0x81 || h.data[0] > 0x8f)
		return 0;
	if (h.data[key] < 0xa1 || h.data[key] > 0xbf)
		return 0;
	len = h.data[key] & 31;
	for (size_t i = key + 1; i <= key + len; i++) {
		if (i >= h.len || h.data[i] < 0x20 || h.data[i] > 0x7e)
			return 0;
	}
	return (unsigned)(11 + 2 * len);
}

/* MZ alone is 16 bits, and begins texts; with the PE header where it points, certain. */
unsigned sy_bid_pe(const struct sy_probe *p)
{
	struct sy_cursor c;
	uint32_t at = 0;

	if (!has(p->head, 0, "MZ", 2))
		return 0;
	sy_cursor_init(&c, p->head, 0);
	if (sy_skip(&c, 0x3c) && sy_get_u32(&c, &at) && at < SY_PROBE_HEAD &&
	    has(p->head, at, "PE\0\0", 4))
		return 48;
	if (has(p->head, 2, "qFpD", 4))
		return 48;
	return sy_bid_text(p) ? 0 : 14;
}

/* PyTorch's magic number, a pickled long, opens its old stream. */
unsigned sy_bid_torch_legacy(const struct sy_probe *p)
{
	static const char magic[] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

	/* A preview of the next format, which PyTorch refuses and never wrote since. */
	if (has(p->head, 0, "PYTORCH1", 8))
		return 64;
	return has(p->head, 0, "\x80\x02", 2) && has(p->head, 2, magic, 12) ? 112 : 0;
}

/*
 * The header's checksum: the sum of its bytes with the field itself as spaces.  Old
 * programs summed signed bytes: 256 less for each beyond ASCII.
 */
static bool has_tar_sum(struct sy_span head)
{
	uint64_t sum = 0, want = 0, n_high = 0;
	size_t i = 148;

	if (head.len < 512)
		return false;
	for (size_t at = 0; at < 512; at++) {
		uint8_t c = at >= 148 && at < 156 ? ' ' : head.data[at];

		sum += c;
		n_high += c >= 0x80;
	}
	while (i < 156 && head.data[i] == ' ')
		i++;
	for (; i < 156 && head.data[i] >= '0' && head.data[i] <= '7'; i++)
		want = want * 8 + (uint64_t)(head.data[i] - '0');
	return (want == sum || want == sum - 256 * n_high) && sum > 8 * ' ';
}

unsigned sy_bid_tar(const struct sy_probe *p)
{
	if (!has_tar_sum(p->head))
		return 0;
	return has(p->head, 257, "ustar", 5) ? 56 : 30;
}

unsigned sy_bid_torch_tar(const struct sy_probe *p)
{
	bool is_torch = has(p->head, 0, "sys_info\0", 9) ||
			has(p->head, 0, "pickle\0", 7) ||
			has(p->head, 0, "storages\0", 9) ||
			has(p->head, 0, "tensors\0", 8);

	return is_torch ? sy_bid_tar(p) * 2 : 0;
}

static bool is_zlib_header(struct sy_span h)
{
	return h.len >= 6 && h.data[0] == 0x78 && !(h.data[1] & 0x20) &&
	       (h.data[0] * 256u + h.data[1]) % 31 == 0;
}

/* Two bytes are weak: believed where the name says so, whatever window they state. */
unsigned sy_bid_zlib(const struct sy_probe *p)
{
	bool is_named = sy_ascii_ends(p->base, ".z") || sy_ascii_ends(p->base, ".zlib");

	if (is_named && sy_codec_begins(SY_CODEC_ZLIB, p->head))
		return 24;
	if (!is_zlib_header(p->head))
		return 0;
	return sy_bid_text(p) ? 0 : 9;		/* "x^" is one of them */
}

static const char *zip_kind(struct sy_span name)
{
	if (sy_span_ends(name, "/data.pkl") || sy_span_ends(name, "/version") ||
	    sy_span_ends(name, "/byteorder") ||
	    sy_span_ends(name, "/.format_version") || sy_span_is(name, "data.pkl") ||
	    sy_span_ends(name, "/constants.pkl") ||
	    sy_span_ends(name, "/bytecode.pkl") || sy_span_ends(name, "/.data/version") ||
	    sy_span_find(name, sy_span_str("/code/")) != SIZE_MAX ||
	    sy_span_find(name, sy_span_str("/data/")) != SIZE_MAX ||
	    sy_span_find(name, sy_span_str("/extra/")) != SIZE_MAX)
		return "torch";
	if (sy_span_ends(name, ".npy"))
		return "npz";
	return "zip";
}

/* Whatever stands in it: the libraries that read these go by the file's name. */
static const char *zip_kind_named(struct sy_span name, struct sy_span base)
{
	const char *kind = zip_kind(name);

	if (!strcmp(kind, "zip") && sy_ascii_ends(base, ".keras"))
		return "keras";
	return !strcmp(kind, "zip") && sy_ascii_ends(base, ".dduf") ? "dduf" : kind;
}

/* Something else in front, which nobody claims with more: the end tells. */
static unsigned bid_by_end(const struct sy_probe *p, const char *kind)
{
	uint64_t n_entries;

	return !strcmp(kind, "zip") && sy_zip_ends(p->tail, p->size, &n_entries) ? 20 : 0;
}

unsigned sy_bid_zip(const struct sy_probe *p, const char *kind)
{
	struct sy_cursor c;
	struct sy_span name;
	uint16_t name_len;

	if (has(p->head, 0, "PK\5\6", 4))
		return strcmp(kind, "zip") ? 0 : 32;
	if (!has(p->head, 0, "PK\3\4", 4))
		return bid_by_end(p, kind);
	sy_cursor_init(&c, p->head, 0);
	if (!sy_skip(&c, 26) || !sy_get_u16(&c, &name_len) || !sy_skip(&c, 2) ||
	    !sy_get_span(&c, name_len, &name))
		name = sy_span_of(NULL, 0);
	return strcmp(kind, zip_kind_named(name, p->base)) ? 0 : 40;
}
