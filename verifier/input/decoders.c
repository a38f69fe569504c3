/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codecs, each as its library offers it.  What a library may take for itself
 * (windows, tables) is limited here, since its size comes from the input.
 */
#include "verifier/input/decoder.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>
#ifdef SY_HAS_BZIP2
#include <bzlib.h>
#endif
#ifdef SY_HAS_LZMA
#include <lzma.h>
#endif

#include "verifier/base/ckd.h"

#define ZSTD_WINDOW_LOG_MAX 27			/* as the zstd program without --long */
#define ZSTD_HEADER_LEN_MIN 5			/* RFC 8878, 3.1.1: what tells the rest */
#define LZ4_HEADER_LEN_MIN 7
#define LZ4_NO_MEMORY 9				/* LZ4F_ERROR_allocation_failed */
#define LZMA_MEMORY_MAX (UINT64_C(256) << 20)	/* xz -9 takes 65 MiB */

/* As malloc: bzip2 asks for megabytes for each stream, which may have 14 bytes. */
void *sy_decoder_alloc(struct sy_decoder *d, size_t n, size_t size)
{
	size_t len;

	return ckd_mul(&len, n, size) ? NULL : sy_alloc_unset(d->ctx, len);
}

static bool no_memory(struct sy_decoder *d)
{
	if (d->ctx->error.status == SY_OK)
		(void)sy_fail(d->ctx, SY_NO_MEMORY, "out of memory while decoding");
	return false;
}

/* zlib: raw, with its own header, or gzip's. */

static void *zlib_alloc(void *d, unsigned n, unsigned size)
{
	return sy_decoder_alloc(d, n, size);
}

static void zlib_free(void *d, void *p)
{
	sy_release(((struct sy_decoder *)d)->ctx, p);
}

static bool inflate_begin(struct sy_decoder *d, int window_bits)
{
	z_stream *z = sy_alloc(d->ctx, sizeof(*z));

	if (!z)
		return false;
	z->zalloc = zlib_alloc;
	z->zfree = zlib_free;
	z->opaque = d;
	d->state = z;
	if (inflateInit2(z, window_bits) == Z_OK)
		return true;
	sy_release(d->ctx, z);
	d->state = NULL;
	return no_memory(d);
}

static bool deflate_begin(struct sy_decoder *d)
{
	return inflate_begin(d, -15);
}

static bool zlib_begin(struct sy_decoder *d)
{
	return inflate_begin(d, 15);
}

static bool gzip_begin(struct sy_decoder *d)
{
	return inflate_begin(d, 15 + 16);
}

/* zlib reads through a pointer without const, and does not write there. */
static uint8_t *zlib_in(const uint8_t *in)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} p = { .in = in };

	return p.out;
}

static unsigned at_most(size_t len)
{
	return len < UINT32_MAX ? (unsigned)len : UINT32_MAX;
}

static enum sy_step inflate_step(struct sy_decoder *d)
{
	z_stream *z = d->state;
	unsigned in_len = at_most(d->in_len), out_len = at_most(d->out_len);
	int result;

	z->next_in = zlib_in(d->in);
	z->avail_in = in_len;
	z->next_out = d->out;
	z->avail_out = out_len;
	result = inflate(z, Z_NO_FLUSH);
	d->in += in_len - z->avail_in;
	d->in_len -= in_len - z->avail_in;
	d->out += out_len - z->avail_out;
	d->out_len -= out_len - z->avail_out;
	if (result == Z_STREAM_END)
		return SY_STEP_END;
	if (result == Z_OK || result == Z_BUF_ERROR)
		return SY_STEP_MORE;
	if (result == Z_MEM_ERROR)
		return SY_STEP_NO_MEMORY;
	d->what = result == Z_NEED_DICT ? "needs a dictionary that is not in the file"
					: "is no valid data";
	return SY_STEP_BAD;
}

static void inflate_end(struct sy_decoder *d)
{
	(void)inflateEnd(d->state);
	sy_release(d->ctx, d->state);
}

static const struct sy_decoder_kind deflate_kind = {
	.begin = deflate_begin, .step = inflate_step, .end = inflate_end,
	.is_single = true,
};

static const struct sy_decoder_kind zlib_kind = {
	.begin = zlib_begin, .step = inflate_step, .end = inflate_end,
};

static const struct sy_decoder_kind gzip_kind = {
	.begin = gzip_begin, .step = inflate_step, .end = inflate_end,
	.pad_len = 1,		/* of tapes; gzip and Python pass over them */
};

#ifdef SY_HAS_BZIP2
static void *bzip2_alloc(void *d, int n, int size)
{
	return sy_decoder_alloc(d, (size_t)n, (size_t)size);
}

static bool bzip2_begin(struct sy_decoder *d)
{
	bz_stream *bz = sy_alloc(d->ctx, sizeof(*bz));

	if (!bz)
		return false;
	bz->bzalloc = bzip2_alloc;
	bz->bzfree = zlib_free;
	bz->opaque = d;
	d->state = bz;
	if (BZ2_bzDecompressInit(bz, 0, 0) == BZ_OK)
		return true;
	sy_release(d->ctx, bz);
	d->state = NULL;
	return no_memory(d);
}

static enum sy_step bzip2_step(struct sy_decoder *d)
{
	bz_stream *bz = d->state;
	unsigned in_len = at_most(d->in_len), out_len = at_most(d->out_len);
	int result;

	bz->next_in = (char *)zlib_in(d->in);
	bz->avail_in = in_len;
	bz->next_out = (char *)d->out;
	bz->avail_out = out_len;
	result = BZ2_bzDecompress(bz);
	d->in += in_len - bz->avail_in;
	d->in_len -= in_len - bz->avail_in;
	d->out += out_len - bz->avail_out;
	d->out_len -= out_len - bz->avail_out;
	if (result == BZ_STREAM_END)
		return SY_STEP_END;
	if (result == BZ_OK)
		return SY_STEP_MORE;
	if (result == BZ_MEM_ERROR)
		return SY_STEP_NO_MEMORY;
	d->what = "is no valid data";
	return SY_STEP_BAD;
}

static void bzip2_end(struct sy_decoder *d)
{
	(void)BZ2_bzDecompressEnd(d->state);
	sy_release(d->ctx, d->state);
}

static const struct sy_decoder_kind bzip2_kind = {
	.begin = bzip2_begin, .step = bzip2_step, .end = bzip2_end,
};
#endif

#ifdef SY_HAS_LZMA
struct lzma_state {
	lzma_stream stream;
	lzma_allocator allocator;
};

static void *lzma_alloc_in(void *d, size_t n, size_t size)
{
	return sy_decoder_alloc(d, n, size);
}

static bool lzma_begin(struct sy_decoder *d, bool is_alone)
{
	struct lzma_state *s = sy_alloc(d->ctx, sizeof(*s));
	lzma_ret result;

	if (!s)
		return false;
	s->stream = (lzma_stream)LZMA_STREAM_INIT;
	s->allocator = (lzma_allocator){ .alloc = lzma_alloc_in, .free = zlib_free,
					 .opaque = d };
	s->stream.allocator = &s->allocator;
	d->state = s;
	result = is_alone ? lzma_alone_decoder(&s->stream, LZMA_MEMORY_MAX)
			  : lzma_stream_decoder(&s->stream, LZMA_MEMORY_MAX, 0);
	if (result == LZMA_OK)
		return true;
	sy_release(d->ctx, s);
	d->state = NULL;
	return no_memory(d);
}

static bool xz_begin(struct sy_decoder *d)
{
	return lzma_begin(d, false);
}

static bool alone_begin(struct sy_decoder *d)
{
	return lzma_begin(d, true);
}

static enum sy_step lzma_step(struct sy_decoder *d)
{
	lzma_stream *stream = &((struct lzma_state *)d->state)->stream;
	lzma_ret result;

	stream->next_in = d->in;
	stream->avail_in = d->in_len;
	stream->next_out = d->out;
	stream->avail_out = d->out_len;
	result = lzma_code(stream, LZMA_RUN);
	d->in = stream->next_in;
	d->in_len = stream->avail_in;
	d->out = stream->next_out;
	d->out_len = stream->avail_out;
	if (result == LZMA_STREAM_END)
		return SY_STEP_END;
	if (result == LZMA_OK || result == LZMA_BUF_ERROR)
		return SY_STEP_MORE;
	if (result == LZMA_MEMLIMIT_ERROR)
		return SY_STEP_WINDOW;
	if (result == LZMA_MEM_ERROR)
		return SY_STEP_NO_MEMORY;
	d->what = "is no valid data";
	return SY_STEP_BAD;
}

static void lzma_finish(struct sy_decoder *d)
{
	lzma_end(&((struct lzma_state *)d->state)->stream);
	sy_release(d->ctx, d->state);
}

static const struct sy_decoder_kind xz_kind = {
	.begin = xz_begin, .step = lzma_step, .end = lzma_finish,
	.pad_len = 4,		/* The .xz File Format 1.2, 2.2 */
};

static const struct sy_decoder_kind lzma_kind = {
	.begin = alone_begin, .step = lzma_step, .end = lzma_finish,
};
#endif

/*
 * lz4 and zstd allocate by themselves: windows are at most 4 and 128 MiB.  A step that
 * fails gives nothing, so steps are as short as they ask for: a block, then its sum.
 */

static size_t step_len(const struct sy_decoder *d)
{
	return d->hint > 0 && d->hint < d->in_len ? d->hint : d->in_len;
}

static bool lz4_begin(struct sy_decoder *d)
{
	LZ4F_dctx *state = NULL;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&state, LZ4F_VERSION)))
		return no_memory(d);
	d->state = state;
	d->hint = LZ4_HEADER_LEN_MIN;
	return true;
}

static enum sy_step lz4_step(struct sy_decoder *d)
{
	size_t in_len = step_len(d), out_len = d->out_len;
	size_t left = LZ4F_decompress(d->state, d->out, &out_len, d->in, &in_len, NULL);

	if (LZ4F_isError(left)) {
		if (left == (size_t)-LZ4_NO_MEMORY)
			return SY_STEP_NO_MEMORY;
		d->what = "is no valid data";
		return SY_STEP_BAD;
	}
	d->in += in_len;
	d->in_len -= in_len;
	d->out += out_len;
	d->out_len -= out_len;
	d->hint = left;
	return left == 0 ? SY_STEP_END : SY_STEP_MORE;
}

static void lz4_end(struct sy_decoder *d)
{
	(void)LZ4F_freeDecompressionContext(d->state);
}

static const struct sy_decoder_kind lz4_kind = {
	.begin = lz4_begin, .step = lz4_step, .end = lz4_end,
};

static bool zstd_begin(struct sy_decoder *d)
{
	ZSTD_DCtx *state = ZSTD_createDCtx();

	d->state = state;
	d->hint = ZSTD_HEADER_LEN_MIN;
	if (state && !ZSTD_isError(ZSTD_DCtx_setParameter(state, ZSTD_d_windowLogMax,
							  ZSTD_WINDOW_LOG_MAX)))
		return true;
	(void)ZSTD_freeDCtx(state);
	d->state = NULL;
	return no_memory(d);
}

static enum sy_step zstd_step(struct sy_decoder *d)
{
	ZSTD_inBuffer in = { .src = d->in, .size = step_len(d) };
	ZSTD_outBuffer out = { .dst = d->out, .size = d->out_len };
	size_t left = ZSTD_decompressStream(d->state, &out, &in);

	if (ZSTD_isError(left)) {
		if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
			return SY_STEP_NO_MEMORY;
		if (ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge)
			return SY_STEP_WINDOW;
		d->what = ZSTD_getErrorName(left);
		return SY_STEP_BAD;
	}
	d->in += in.pos;
	d->in_len -= in.pos;
	d->out += out.pos;
	d->out_len -= out.pos;
	d->hint = left;
	return left == 0 ? SY_STEP_END : SY_STEP_MORE;
}

static void zstd_end(struct sy_decoder *d)
{
	(void)ZSTD_freeDCtx(d->state);
}

static const struct sy_decoder_kind zstd_kind = {
	.begin = zstd_begin, .step = zstd_step, .end = zstd_end,
};

const struct sy_decoder_kind *const sy_decoders[SY_N_CODECS] = {
	[SY_CODEC_DEFLATE] = &deflate_kind,
	[SY_CODEC_ZLIB] = &zlib_kind,
	[SY_CODEC_GZIP] = &gzip_kind,
#ifdef SY_HAS_BZIP2
	[SY_CODEC_BZIP2] = &bzip2_kind,
#endif
#ifdef SY_HAS_LZMA
	[SY_CODEC_XZ] = &xz_kind,
	[SY_CODEC_LZMA] = &lzma_kind,
#endif
	[SY_CODEC_LZ4] = &lz4_kind,
	[SY_CODEC_ZSTD] = &zstd_kind,
};
