/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames in, validated records out.  Reads nothing itself and never looks
 * beyond the bytes it was given.
 */
#include "verifier/engine/stream.h"

#include <stdio.h>

#include "verifier/base/ckd.h"
#include "verifier/base/memory.h"
#include "verifier/report/rules.h"

#define PREFIX 4			/* u32le length of a frame's body */
#define FIRST_CAP ((size_t)1 << 17)
#define LAST_CAP ((size_t)SY_RECORD_BYTES_MAX + PREFIX)

void sy_stream_init(struct sy_stream *stream, struct sy_context *ctx)
{
	*stream = (struct sy_stream){ .ctx = ctx };
}

void sy_stream_free(struct sy_stream *stream)
{
	sy_release(stream->ctx, stream->buf);
	*stream = (struct sy_stream){ .ctx = stream->ctx };
}

void sy_stream_reset(struct sy_stream *stream, struct sy_sink *sink, uint64_t size)
{
	*stream = (struct sy_stream){
		.ctx = stream->ctx, .buf = stream->buf, .cap = stream->cap,
		.sink = sink, .size = size,
	};
}

enum sy_status sy_stream_room(struct sy_stream *stream, uint8_t **room, size_t *len)
{
	size_t need = stream->cap == 0 ? FIRST_CAP : LAST_CAP;

	*room = NULL;
	*len = 0;
	if (stream->len == stream->cap) {
		enum sy_status status = sy_grow(stream->ctx, &stream->buf,
						&stream->cap, need, 1);
		if (status != SY_OK)
			return status;
	}
	*room = stream->buf + stream->len;
	*len = stream->cap - stream->len;
	return SY_OK;
}

static enum sy_status lied(struct sy_stream *stream, const char *how)
{
	snprintf(stream->text, sizeof(stream->text),
		 "the process examining it broke the rules of its pipe: %s", how);
	return SY_WORKER;
}

static enum sy_status take_done(struct sy_stream *stream,
				const struct sy_record_done *done)
{
	struct sy_span text = sy_span_slice(done->text, 0, sizeof(stream->text) - 1);

	if (done->status == SY_CANCELLED || done->status == SY_USAGE ||
	    done->status == SY_NOT_FOUND)
		return lied(stream, "it claims an end that it cannot have had");
	if (text.len)
		memcpy(stream->text, text.data, text.len);
	stream->text[text.len] = '\0';
	stream->done_status = done->status;
	stream->is_done = true;
	return SY_OK;
}

/* What sy_record_valid cannot know: rules, and sums over the whole stream. */
static const char *what_is_wrong(struct sy_stream *stream,
				 const struct sy_record *r)
{
	if (r->kind != SY_RECORD_DONE &&
	    ++stream->n_records > stream->ctx->limits.records)
		return "more records than the limit";
	if (r->kind == SY_RECORD_FACT && r->u.fact.rule >= SY_N_RULES)
		return "a fact of a rule that does not exist";
	if (r->kind == SY_RECORD_MORE && r->u.more.rule >= SY_N_RULES)
		return "a count of a rule that does not exist";
	if (r->kind == SY_RECORD_ARTIFACT && stream->has_artifact)
		return "a second description of the file";
	if (r->kind == SY_RECORD_EXTENT &&
	    (ckd_add(&stream->extent_bytes, stream->extent_bytes,
		     r->u.extent.len) || stream->extent_bytes > stream->size))
		return "extents that add up to more than the file";
	stream->has_artifact |= r->kind == SY_RECORD_ARTIFACT;
	return NULL;
}

static enum sy_status take_frame(struct sy_stream *stream, struct sy_span body)
{
	struct sy_record record;
	const char *wrong;

	if (stream->is_done)
		return lied(stream, "a record after the last one");
	if (!sy_record_decode(body, &record))
		return lied(stream, "bytes that are not a record");
	if (!sy_record_valid(&record, stream->size))
		return lied(stream, "a place that is outside the file");
	wrong = what_is_wrong(stream, &record);
	if (wrong)
		return lied(stream, wrong);
	if (record.kind == SY_RECORD_DONE)
		return take_done(stream, &record.u.done);
	return sy_emit(stream->sink, &record);
}

static uint32_t body_len(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

enum sy_status sy_stream_take(struct sy_stream *stream, size_t len)
{
	enum sy_status status = SY_OK;
	size_t at = 0;

	stream->len += len;
	while (status == SY_OK && stream->len - at >= PREFIX) {
		size_t body = body_len(stream->buf + at);

		if (body == 0 || body > SY_RECORD_BYTES_MAX)
			return lied(stream, "a record of an impossible length");
		if (stream->len - at - PREFIX < body)
			break;
		status = take_frame(stream, sy_span_of(stream->buf + at + PREFIX,
						       body));
		at += PREFIX + body;
	}
	if (status == SY_OK && stream->is_done && at != stream->len)
		return lied(stream, "bytes after the last record");
	stream->len -= at;
	memmove(stream->buf, stream->buf + at, stream->len);
	return status;
}
