/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content that is told apart by its first bytes and not examined: what is a
 * model here is reported as not examined, what is none is listed.  Compares
 * bytes; never parses.
 */
#include "formats/sniff.h"

/* The bits of a signature that stands at an offset, or 0. */
static unsigned bits_of(const struct sy_probe *p, size_t off, const void *bytes,
			size_t len)
{
	struct sy_span at = sy_span_slice(p->head, off, len);

	return at.len == len && !memcmp(at.data, bytes, len) ? (unsigned)len * 8 : 0;
}

#define magic(p, off, bytes) bits_of(p, off, bytes, sizeof(bytes) - 1)

static unsigned bid_elf(const struct sy_probe *p)
{
	return magic(p, 0, "\x7f" "ELF");
}

static unsigned bid_ggml(const struct sy_probe *p)
{
	return magic(p, 0, "lmgg") | magic(p, 0, "tjgg") | magic(p, 0, "fmgg") |
	       magic(p, 0, "algg");
}

static unsigned bid_macho(const struct sy_probe *p)
{
	return magic(p, 0, "\xfe\xed\xfa\xce") | magic(p, 0, "\xfe\xed\xfa\xcf") |
	       magic(p, 0, "\xce\xfa\xed\xfe") | magic(p, 0, "\xcf\xfa\xed\xfe");
}

static unsigned bid_tiff(const struct sy_probe *p)
{
	return magic(p, 0, "II*\0") | magic(p, 0, "MM\0*");
}

/* One to 255 pictures, whose list entries have a reserved zero. */
static unsigned bid_ico(const struct sy_probe *p)
{
	return p->head.len >= 22 && p->head.data[4] > 0 && p->head.data[5] == 0 &&
	       p->head.data[9] == 0 ? magic(p, 0, "\0\0\1\0") : 0;
}

static unsigned bid_glb(const struct sy_probe *p)
{
	return magic(p, 4, "\2\0\0\0") ? magic(p, 0, "glTF") : 0;
}

static unsigned bid_font(const struct sy_probe *p)
{
	return magic(p, 0, "\0\1\0\0\0") | magic(p, 0, "OTTO") |
	       magic(p, 0, "wOFF") | magic(p, 0, "wOF2");
}

/* The signature may follow a user block of 512, 1024, 2048 bytes. */
static unsigned bid_hdf5(const struct sy_probe *p)
{
	unsigned bits = magic(p, 0, "\x89HDF\r\n\x1a\n");

	for (size_t off = 512; off < SY_PROBE_HEAD; off *= 2)
		bits |= magic(p, off, "\x89HDF\r\n\x1a\n");
	return bits;
}

/* CPython's magic number: two bytes of version, then CR LF, then small flags. */
static unsigned bid_bytecode(const struct sy_probe *p)
{
	return p->head.len >= 16 && magic(p, 2, "\r\n") && p->head.data[1] <= 0x0f &&
	       p->head.data[1] >= 0x0a && sy_ascii_ends(p->base, ".pyc") ? 24 : 0;
}

#define RECOGNISED(ident, its_name, its_title, its_class, bid_expression, ...)  \
	static unsigned bid_of_##ident(const struct sy_probe *p)               \
	{                                                                      \
		return bid_expression;                                         \
	}                                                                      \
	static const char *const suffixes_of_##ident[] = { __VA_ARGS__, NULL }; \
	const struct sy_format sy_format_##ident = {                           \
		.name = its_name, .title = its_title, .spec = "",              \
		.class = SY_CLASS_##its_class,                                 \
		.suffixes = suffixes_of_##ident, .bid = bid_of_##ident,        \
	};
#include "formats/recognised.def"
#undef RECOGNISED
