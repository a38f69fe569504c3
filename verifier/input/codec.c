/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding by the well-kept libraries of each codec.  Never allocates from a
 * declared size, never goes on beyond a limit.
 */
#include "verifier/input/codec.h"

static const char *const names[SY_N_CODECS] = {
	[SY_CODEC_STORED] = "stored", [SY_CODEC_DEFLATE] = "deflate",
	[SY_CODEC_ZLIB] = "zlib", [SY_CODEC_GZIP] = "gzip", [SY_CODEC_BZIP2] = "bzip2",
	[SY_CODEC_XZ] = "xz", [SY_CODEC_LZMA] = "lzma", [SY_CODEC_LZ4] = "lz4",
	[SY_CODEC_ZSTD] = "zstd",
};

const char *sy_codec_name(enum sy_codec codec)
{
	return names[codec];
}

enum sy_status sy_decode(struct sy_decode *decode, struct sy_scratch *scratch,
			 struct sy_arena *arena, struct sy_source *source)
{
	(void)arena;
	*source = (struct sy_source){ .ctx = scratch->ctx, .fd = -1 };
	if (decode->codec != SY_CODEC_STORED)
		return sy_fail(scratch->ctx, SY_UNSUPPORTED, "this program was built "
			       "without %s", sy_codec_name(decode->codec));
	sy_source_from_window(source, decode->from, decode->off, decode->len);
	decode->end = SY_DECODE_COMPLETE;
	decode->n_read = decode->n_written = decode->len;
	decode->n_streams = 1;
	return SY_OK;
}

enum sy_status sy_source_crc32(struct sy_source *source, uint32_t *crc)
{
	*crc = 0;
	return sy_fail(source->ctx, SY_UNSUPPORTED, "no CRC-32 yet");
}
