/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed files: one member, which is judged by what it is.  joblib, pandas and
 * others unpack them before they load, and do not ask what the file is called.
 */
#include "formats/nest.h"
#include "formats/sniff.h"

/* joblib compresses what it dumps under any of these names, and says so nowhere. */
#define JOBLIB_NAMES ".joblib", ".pickle", ".pkl"

/* What is compressed goes by the file's name without the suffix that says so. */
static struct sy_span inner_name(struct sy_span base, const char *const *suffixes)
{
	static const char *const kept[] = { JOBLIB_NAMES };

	for (size_t i = 0; i < SY_N_ELEMS(kept); i++) {
		if (sy_ascii_ends(base, kept[i]))
			return base;
	}
	for (; *suffixes; suffixes++) {
		if (base.len > strlen(*suffixes) && sy_ascii_ends(base, *suffixes))
			return sy_span_slice(base, 0, base.len - strlen(*suffixes));
	}
	return base;
}

static enum sy_status inspect(struct sy_inspection *in, const struct sy_format *format,
			      enum sy_codec codec)
{
	struct sy_span name = inner_name(in->base, format->suffixes);
	struct sy_member member = {
		.name = name, .codec = codec, .len = in->source->size, .size = SY_OFFSET_NONE,
		/* joblib also writes "model.gz", which leaves no suffix to go by. */
		.is_unnamed = name.len > 0 && !memchr(name.data, '.', name.len),
	};
	enum sy_status status = sy_emit_extent(in, SY_EXTENT_DATA, 0, in->source->size);

	if (status == SY_OK)
		status = sy_nest_add(in, &member);
	if (status == SY_OK)
		status = sy_emit_artifact(in, format->name, 0, "%s", format->title);
	return status;
}

static bool begins(const struct sy_probe *p, enum sy_codec codec)
{
	return sy_codec_begins(codec, p->head);
}

/* Weak without the name, but for what all programs write: lc 3, lp 0, pb 2. */
static unsigned bid_lzma(const struct sy_probe *p)
{
	bool is_usual = p->head.len > 0 && p->head.data[0] == 0x5d;

	return begins(p, SY_CODEC_LZMA) && (is_usual || sy_ascii_ends(p->base, ".lzma")) ? 36 : 0;
}

/* What begins with frames to skip and shows no other is rather zstd's than lz4's. */
#define COMPRESSED(ident, its_name, its_title, its_spec, its_codec, its_bid, ...)	\
	static unsigned bid_of_##ident(const struct sy_probe *p)			\
	{										\
		return its_bid;								\
	}										\
	static const char *const suffixes_of_##ident[] = { __VA_ARGS__, NULL };		\
	static enum sy_status inspect_##ident(struct sy_inspection *in)			\
	{										\
		return inspect(in, &sy_format_##ident, its_codec);			\
	}										\
	const struct sy_format sy_format_##ident = {					\
		.name = its_name, .title = its_title, .spec = its_spec,			\
		.class = SY_CLASS_CONTAINER, .suffixes = suffixes_of_##ident,		\
		.unpacks = true, .bid = bid_of_##ident, .inspect = inspect_##ident,	\
	};

extern const struct sy_format sy_format_bzip2, sy_format_gzip, sy_format_lz4,
	sy_format_lzma, sy_format_xz, sy_format_zlib, sy_format_zstd;

COMPRESSED(bzip2, "bzip2", "bzip2-compressed data", "bzip2 1.0.8", SY_CODEC_BZIP2,
	   begins(p, SY_CODEC_BZIP2) ? 80 : 0, ".bz2", JOBLIB_NAMES)
COMPRESSED(gzip, "gzip", "gzip-compressed data", "RFC 1952", SY_CODEC_GZIP,
	   begins(p, SY_CODEC_GZIP) ? 24 : 0, ".gz", ".gzip", ".tgz", JOBLIB_NAMES)
COMPRESSED(lz4, "lz4", "lz4-compressed data", "LZ4 frame format 1.6", SY_CODEC_LZ4,
	   begins(p, SY_CODEC_LZ4) ? 31 : 0, ".lz4", JOBLIB_NAMES)
COMPRESSED(lzma, "lzma", "lzma-compressed data", "LZMA SDK, lzma.txt", SY_CODEC_LZMA,
	   bid_lzma(p), ".lzma", JOBLIB_NAMES)
COMPRESSED(xz, "xz", "xz-compressed data", "The .xz File Format 1.2", SY_CODEC_XZ,
	   begins(p, SY_CODEC_XZ) ? 48 : 0, ".xz", JOBLIB_NAMES)
COMPRESSED(zlib, "zlib", "zlib-compressed data", "RFC 1950", SY_CODEC_ZLIB,
	   sy_bid_zlib(p), ".z", ".zlib", JOBLIB_NAMES)
COMPRESSED(zstd, "zstd", "zstd-compressed data", "RFC 8878", SY_CODEC_ZSTD,
	   begins(p, SY_CODEC_ZSTD) ? 32 : 0, ".zst", ".zstd")
