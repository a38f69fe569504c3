/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How streams of the codecs begin.  Nothing is decoded here: what begins rightly may
 * still be anything.
 */
#include "verifier/input/codec.h"

#include "verifier/base/cursor.h"

#define LZMA_PROPERTIES_MAX 224		/* (4 * 5 + 4) * 9 + 8: lzma.txt */
#define LZMA_SIZE_MAX (UINT64_C(1) << 38)	/* liblzma believes no more */
#define SKIPPABLE 0x184d2a50u		/* to ...5f: LZ4 frame format, RFC 8878 3.1.2 */
#define LZ4_MAGIC 0x184d2204u
#define ZSTD_MAGIC 0xfd2fb528u

static bool is_at(struct sy_span head, const char *magic, size_t len)
{
	return head.len >= len && !memcmp(head.data, magic, len);
}

static bool zlib_begins(struct sy_span h)
{
	return h.len >= 2 && (h.data[0] & 0x0f) == 8 && h.data[0] >> 4 <= 7 &&
	       !(h.data[1] & 0x20) && (h.data[0] * 256u + h.data[1]) % 31 == 0;
}

/* The first block, or what ends a stream without any. */
static bool bzip2_begins(struct sy_span h)
{
	struct sy_span block = sy_span_slice(h, h.len < 4 ? h.len : 4, h.len);

	return is_at(h, "BZh", 3) && h.len > 3 && h.data[3] >= '1' && h.data[3] <= '9' &&
	       (is_at(block, "1AY&SY", 6) || is_at(block, "\x17\x72\x45\x38\x50\x90", 6));
}

/* 2^n or 2^n + 2^(n-1), or all ones. */
static bool is_dictionary(uint32_t size)
{
	uint32_t odd = size;

	while (odd > 3 && odd % 2 == 0)
		odd /= 2;
	return size == UINT32_MAX || (size > 0 && odd <= 3);
}

/* No signature: properties, a dictionary, and a length that is unknown or plausible. */
static bool lzma_begins(struct sy_span head)
{
	struct sy_cursor c;
	uint8_t properties, first;
	uint32_t dictionary;
	uint64_t size;

	sy_cursor_init(&c, head, 0);
	if (!sy_get_u8(&c, &properties) || !sy_get_u32(&c, &dictionary) ||
	    !sy_get_u64(&c, &size) || !sy_get_u8(&c, &first))
		return false;
	return properties <= LZMA_PROPERTIES_MAX && properties % 9 + properties / 9 % 5 <= 4 &&
	       is_dictionary(dictionary) && (size == UINT64_MAX || size < LZMA_SIZE_MAX) &&
	       first == 0;
}

/* The magic number of the first frame that is not skipped; SKIPPABLE: none is seen. */
static uint32_t first_frame(struct sy_span head)
{
	uint32_t magic = 0, next = 0, len;
	struct sy_cursor c;

	sy_cursor_init(&c, head, 0);
	while (sy_get_u32(&c, &next)) {
		magic = next & ~0xfu;
		if (magic != SKIPPABLE)
			return next;
		if (!sy_get_u32(&c, &len) || !sy_skip(&c, len))
			break;
	}
	return magic;
}

/* Frames to skip may also be all that there is. */
static bool frames_begin(struct sy_span head, uint32_t own)
{
	uint32_t magic = first_frame(head);

	return magic == own || magic == SKIPPABLE;
}

bool sy_codec_begins(enum sy_codec codec, struct sy_span head)
{
	switch (codec) {
	case SY_CODEC_ZLIB:
		return zlib_begins(head);
	case SY_CODEC_GZIP:
		return is_at(head, "\x1f\x8b\x08", 3);
	case SY_CODEC_BZIP2:
		return bzip2_begins(head);
	case SY_CODEC_XZ:
		return is_at(head, "\xfd" "7zXZ\0", 6);
	case SY_CODEC_LZMA:
		return lzma_begins(head);
	case SY_CODEC_LZ4:
		return frames_begin(head, LZ4_MAGIC);
	case SY_CODEC_ZSTD:
		return frames_begin(head, ZSTD_MAGIC);
	case SY_CODEC_STORED:
	case SY_CODEC_DEFLATE:
	case SY_N_CODECS:
		break;
	}
	return false;
}
