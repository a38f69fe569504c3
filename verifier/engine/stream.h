/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of one worker, as they arrive: cut into frames, decoded in place,
 * validated, passed on.  The worker is not trusted; whatever it could not have
 * written honestly ends the stream with SY_WORKER.
 */
#ifndef SY_ENGINE_STREAM_H
#define SY_ENGINE_STREAM_H

#include "verifier/base/context.h"
#include "verifier/base/record.h"

struct sy_stream {
	struct sy_context *ctx;
	struct sy_sink *sink;
	uint64_t size;			/* of the file, bytes */
	uint8_t *buf;			/* kept from one job to the next */
	size_t len, cap;		/* bytes */
	uint64_t n_records;
	uint64_t extent_bytes;		/* sum over all extents */
	bool has_artifact;
	bool is_done;
	enum sy_status done_status;	/* what DONE said */
	char text[512];			/* what DONE said, or what is wrong */
};

void sy_stream_init(struct sy_stream *stream, struct sy_context *ctx);
void sy_stream_free(struct sy_stream *stream);

/* Begins a new job on a file of `size` bytes. */
void sy_stream_reset(struct sy_stream *stream, struct sy_sink *sink, uint64_t size);

/* Room for more bytes, at least one; grows up to the largest frame. */
SY_MUST_CHECK enum sy_status sy_stream_room(struct sy_stream *stream,
					    uint8_t **room, size_t *len);

/*
 * `len` bytes were put into the room: passes every complete record on.
 * SY_WORKER: the worker lied (text says how); else the sink's own status.
 */
SY_MUST_CHECK enum sy_status sy_stream_take(struct sy_stream *stream, size_t len);

#endif
