/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding: blocks of the source go through a codec into scratch.  Never allocates
 * from a declared size and never goes on beyond a limit; what came before an error
 * stays readable, since a loader would have acted on it.
 */
#include "verifier/input/codec.h"

#include <zlib.h>

#include "verifier/input/decoder.h"

#define BLOCK_BYTES ((size_t)65536)
#define HEADER_BYTES ((size_t)64)	/* what shows that another stream begins */

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

/* One decoding under way. */
struct run {
	struct sy_decode *decode;
	const struct sy_decoder_kind *kind;
	struct sy_decoder decoder;
	struct sy_scratch_writer writer;
	uint8_t *in, *out;		/* BLOCK_BYTES each */
	uint64_t n_loaded;		/* compressed bytes that were read */
	bool is_open;			/* a stream was begun */
};

static void begin_nothing(struct sy_decode *decode, struct sy_context *ctx,
			  struct sy_source *source)
{
	decode->end = SY_DECODE_CORRUPT;
	decode->n_read = decode->n_written = decode->n_streams = 0;
	decode->crc32 = 0;
	decode->what = "was not decoded";
	sy_source_from_memory(source, ctx, sy_span_of(NULL, 0));
}

static enum sy_status begin_stream(struct run *run)
{
	run->is_open = run->kind->begin(&run->decoder);
	return run->is_open ? SY_OK : sy_memory_status(run->decoder.ctx);
}

static void end_stream(struct run *run)
{
	if (run->is_open)
		run->kind->end(&run->decoder);
	run->is_open = false;
}

/* What is left of the block moves to its front, and the rest is filled up. */
static enum sy_status load(struct run *run)
{
	struct sy_decoder *d = &run->decoder;
	uint64_t left = run->decode->len - run->n_loaded;
	size_t room = BLOCK_BYTES - d->in_len;
	enum sy_status status;

	if (d->in_len > 0)
		memmove(run->in, d->in, d->in_len);
	d->in = run->in;
	if (left < room)
		room = (size_t)left;
	status = sy_source_read(run->decode->from, run->decode->off + run->n_loaded,
				run->in + d->in_len, room);
	if (status != SY_OK)
		return status;
	run->n_loaded += room;
	d->in_len += room;
	return SY_OK;
}

/* Passes on what a step gave, up to what is wanted. */
static enum sy_status take(struct run *run, size_t len)
{
	struct sy_decode *decode = run->decode;
	uint64_t left = decode->max - decode->n_written;

	if (len > left) {
		len = (size_t)left;
		decode->end = SY_DECODE_LONGER;
	}
	decode->n_written += len;
	decode->crc32 = (uint32_t)crc32(decode->crc32, run->out, (unsigned)len);
	return sy_scratch_write(&run->writer, sy_span_of(run->out, len));
}

/* Loads until a header would be seen, or the input ends. */
static enum sy_status look_ahead(struct run *run)
{
	if (run->decoder.in_len >= HEADER_BYTES || run->n_loaded == run->decode->len)
		return SY_OK;
	return load(run);
}

static bool is_padding(const struct sy_decoder *d, size_t unit)
{
	for (size_t i = 0; i < unit && i < d->in_len; i++) {
		if (d->in[i] != 0)
			return false;
	}
	return unit > 0 && d->in_len >= unit;
}

static enum sy_status skip_padding(struct run *run)
{
	struct sy_decoder *d = &run->decoder;
	enum sy_status status = look_ahead(run);

	while (status == SY_OK && is_padding(d, run->kind->pad_len)) {
		d->in += run->kind->pad_len;
		d->in_len -= run->kind->pad_len;
		if (d->in_len < HEADER_BYTES && sy_cancelled(d->ctx))
			return sy_fail(d->ctx, SY_CANCELLED, "interrupted");
		status = look_ahead(run);
	}
	return status;
}

/* A stream ended; true when another one goes on where it did. */
static bool goes_on(struct run *run, enum sy_status *status)
{
	struct sy_decoder *d = &run->decoder;

	run->decode->n_streams++;
	run->decode->end = SY_DECODE_COMPLETE;
	end_stream(run);
	*status = skip_padding(run);
	run->decode->n_read = run->n_loaded - d->in_len;
	/* Few bytes of it: frames to skip behind each other are looked over each time. */
	if (*status != SY_OK || run->kind->is_single ||
	    !sy_codec_begins(run->decode->codec,
			     sy_span_slice(sy_span_of(d->in, d->in_len), 0, HEADER_BYTES)))
		return false;
	run->decode->end = SY_DECODE_TRUNCATED;
	*status = begin_stream(run);
	return *status == SY_OK;
}

static enum sy_status gave_up(struct run *run, enum sy_step result)
{
	struct sy_context *ctx = run->decoder.ctx;

	if (result == SY_STEP_WINDOW)
		return sy_fail(ctx, SY_LIMIT, "%s data that takes more memory to decode than is "
			       "allowed", sy_codec_name(run->decode->codec));
	if (result == SY_STEP_NO_MEMORY && ctx->error.status == SY_OK)
		return sy_fail(ctx, SY_NO_MEMORY, "out of memory while decoding");
	if (result == SY_STEP_NO_MEMORY)
		return sy_memory_status(ctx);
	run->decode->end = SY_DECODE_CORRUPT;
	run->decode->what = run->decoder.what;
	return SY_OK;
}

/* True while there is more to do. */
static bool step(struct run *run, enum sy_status *status)
{
	struct sy_decoder *d = &run->decoder;
	size_t in_before = d->in_len;
	enum sy_step result;

	if (sy_cancelled(d->ctx)) {
		*status = sy_fail(d->ctx, SY_CANCELLED, "interrupted");
		return false;
	}
	if (d->in_len == 0 && run->n_loaded < run->decode->len)
		*status = load(run);
	if (*status != SY_OK)
		return false;
	in_before = d->in_len;
	d->out = run->out;
	d->out_len = BLOCK_BYTES;
	result = run->kind->step(d);
	*status = take(run, BLOCK_BYTES - d->out_len);
	run->decode->n_read = run->n_loaded - d->in_len;
	if (*status != SY_OK || run->decode->end == SY_DECODE_LONGER)
		return false;
	if (result == SY_STEP_END)
		return goes_on(run, status);
	if (result != SY_STEP_MORE) {
		*status = gave_up(run, result);
		return false;
	}
	/* Nothing taken and nothing given: it waits for input that is not there. */
	return d->in_len != in_before || d->out_len != BLOCK_BYTES ||
	       run->n_loaded < run->decode->len;
}

static enum sy_status decode_all(struct run *run)
{
	enum sy_status status = begin_stream(run);

	run->decode->end = SY_DECODE_TRUNCATED;
	while (status == SY_OK && step(run, &status))
		continue;
	if (status == SY_LIMIT)
		run->decode->end = SY_DECODE_LONGER;
	end_stream(run);
	return status;
}

static enum sy_status run_blocks(struct run *run, struct sy_context *ctx)
{
	enum sy_status status;

	run->in = sy_alloc_unset(ctx, 2 * BLOCK_BYTES);
	if (!run->in)
		return sy_memory_status(ctx);
	run->out = run->in + BLOCK_BYTES;
	run->decoder = (struct sy_decoder){ .ctx = ctx, .in = run->in };
	status = decode_all(run);
	sy_release(ctx, run->in);
	return status;
}

enum sy_status sy_decode(struct sy_decode *decode, struct sy_scratch *scratch,
			 struct sy_arena *arena, struct sy_source *source)
{
	struct sy_context *ctx = scratch->ctx;
	struct run run = { .decode = decode, .kind = sy_decoders[decode->codec] };
	enum sy_status status, ended;

	begin_nothing(decode, ctx, source);
	if (decode->codec == SY_CODEC_STORED) {
		sy_source_from_window(source, decode->from, decode->off, decode->len);
		decode->end = SY_DECODE_COMPLETE;
		decode->n_read = decode->n_written = decode->len;
		decode->n_streams = 1;
		return SY_OK;
	}
	if (!run.kind)
		return sy_fail(ctx, SY_UNSUPPORTED, "this program was built without %s",
			       sy_codec_name(decode->codec));
	sy_scratch_begin(&run.writer, scratch);
	status = run_blocks(&run, ctx);
	ended = sy_scratch_end(&run.writer, arena, source);
	decode->n_written = source->size;
	return status == SY_OK ? ended : status;
}

enum sy_status sy_source_crc32(struct sy_source *source, uint32_t *crc)
{
	uint8_t *block = sy_alloc_unset(source->ctx, BLOCK_BYTES);
	enum sy_status status = block ? SY_OK : sy_memory_status(source->ctx);
	unsigned long sum = 0;

	for (uint64_t off = 0; status == SY_OK && off < source->size;) {
		size_t len = source->size - off < BLOCK_BYTES
			? (size_t)(source->size - off) : BLOCK_BYTES;

		status = sy_source_read(source, off, block, len);
		if (status == SY_OK)
			sum = crc32(sum, block, (unsigned)len);
		off += len;
	}
	sy_release(source->ctx, block);
	*crc = (uint32_t)sum;
	return status;
}
