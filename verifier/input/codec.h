/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed bytes become a source.  Decoding stops at a limit, at an error or at
 * the end, and what was decoded until then can be read in each case.
 */
#ifndef SY_INPUT_CODEC_H
#define SY_INPUT_CODEC_H

#include "verifier/input/scratch.h"

enum sy_codec {
	SY_CODEC_STORED,
	SY_CODEC_DEFLATE,	/* raw: as in ZIP */
	SY_CODEC_ZLIB,
	SY_CODEC_GZIP,
	SY_CODEC_BZIP2,
	SY_CODEC_XZ,
	SY_CODEC_LZMA,		/* the old .lzma, "alone" */
	SY_CODEC_LZ4,		/* frames */
	SY_CODEC_ZSTD,
	SY_N_CODECS
};

enum sy_decode_end {
	SY_DECODE_COMPLETE,	/* the codec's own end, its checksum right */
	SY_DECODE_TRUNCATED,	/* the input ends first */
	SY_DECODE_CORRUPT,	/* not what the codec writes, or a wrong checksum */
	SY_DECODE_LONGER	/* there is more than `max` bytes */
};

struct sy_decode {
	/* asked */
	enum sy_codec codec;
	struct sy_source *from;
	uint64_t off, len;	/* compressed bytes, in from */
	uint64_t max;		/* decoded bytes that are wanted at most */
	/* told */
	enum sy_decode_end end;
	uint64_t n_read;	/* compressed bytes that were understood */
	uint64_t n_written;	/* decoded bytes */
	uint64_t n_streams;	/* that followed each other (gzip members, frames) */
	uint32_t crc32;		/* of the decoded bytes */
	const char *what;	/* CORRUPT: a part of a sentence */
};

/*
 * Decodes into the arena (small results) or the scratch file and opens the result
 * as *source (valid as long as both; close it like any).  STORED: a window of
 * from, nothing is read.  SY_LIMIT: limits.decoded_bytes, told in ctx->error; what
 * was decoded can be read all the same.  SY_UNSUPPORTED: built without the codec.
 */
SY_MUST_CHECK enum sy_status sy_decode(struct sy_decode *decode,
				       struct sy_scratch *scratch,
				       struct sy_arena *arena,
				       struct sy_source *source);

/* CRC-32 (IEEE 802.3) of all bytes of a source. */
SY_MUST_CHECK enum sy_status sy_source_crc32(struct sy_source *source, uint32_t *crc);

const char *sy_codec_name(enum sy_codec codec);	/* "deflate" */

/*
 * Whether a stream of the codec may begin so; also true of codecs that are not built
 * in.  Frames that decoders skip may come first (lz4, zstd), as far as head shows.
 */
SY_MUST_CHECK bool sy_codec_begins(enum sy_codec codec, struct sy_span head);

#endif
