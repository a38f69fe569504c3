/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one cursor for hostile bytes.  Every read is all-or-nothing: it succeeds
 * and advances, or returns false, zeroes the output and does not move.  Works
 * on memory, or on a window that is refilled from a source.
 *
 * A false return has two meanings: the input ends (status is SY_OK: a fact
 * about the file), or the source failed (status is not SY_OK: an error of ours).
 */
#ifndef SY_BASE_CURSOR_H
#define SY_BASE_CURSOR_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

/* Reads exactly len bytes at off (bytes from the start of the input). */
typedef enum sy_status sy_fill_fn(void *user, uint64_t off, void *buf, size_t len);

struct sy_cursor {
	const uint8_t *data;	/* the window */
	size_t len;		/* bytes in the window */
	size_t pos;		/* position in the window */
	uint64_t origin;	/* offset of data[0] in the input */
	uint64_t end;		/* offset where the input ends */
	bool is_big_endian;	/* order of sy_get_u16/u32/u64; default little */
	enum sy_status status;	/* why the source failed; SY_OK on memory */
	struct sy_context *ctx;	/* NULL on memory, like all below */
	sy_fill_fn *fill;
	void *user;
	uint8_t *buf;
	size_t cap;		/* bytes of buf */
};

/* Over bytes in memory; origin is the offset that positions start from. */
void sy_cursor_init(struct sy_cursor *c, struct sy_span bytes, uint64_t origin);

/*
 * Over bytes [start, end) of a source, through a buffer of `window` bytes
 * (grown on demand by sy_get_span up to limits.string_bytes + 64).
 */
SY_MUST_CHECK enum sy_status sy_cursor_open(struct sy_cursor *c,
					    struct sy_context *ctx,
					    sy_fill_fn *fill, void *user,
					    uint64_t start, uint64_t end,
					    size_t window);
void sy_cursor_close(struct sy_cursor *c);

/* Offset of the next byte, and bytes left to the end, of the whole input. */
static inline uint64_t sy_cursor_at(const struct sy_cursor *c)
{
	return c->origin + c->pos;
}

static inline uint64_t sy_cursor_left(const struct sy_cursor *c)
{
	return c->end - sy_cursor_at(c);
}

SY_MUST_CHECK bool sy_get_u8(struct sy_cursor *c, uint8_t *v);
SY_MUST_CHECK bool sy_get_u16(struct sy_cursor *c, uint16_t *v);
SY_MUST_CHECK bool sy_get_u32(struct sy_cursor *c, uint32_t *v);
SY_MUST_CHECK bool sy_get_u64(struct sy_cursor *c, uint64_t *v);
SY_MUST_CHECK bool sy_get_bytes(struct sy_cursor *c, void *buf, size_t len);

/* Borrows len bytes, valid until the next call on this cursor. */
SY_MUST_CHECK bool sy_get_span(struct sy_cursor *c, uint64_t len,
			       struct sy_span *span);

/* Like sy_get_span, without moving. */
SY_MUST_CHECK bool sy_peek_span(struct sy_cursor *c, uint64_t len,
				struct sy_span *span);

/* Moves on by len bytes without looking at them. */
SY_MUST_CHECK bool sy_skip(struct sy_cursor *c, uint64_t len);

#endif
