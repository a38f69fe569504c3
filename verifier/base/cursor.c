/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor.  All reads go through need(), the one place that decides whether
 * the bytes are there.
 */
#include "verifier/base/cursor.h"

#include <assert.h>

#include "verifier/base/memory.h"

#define SPAN_SLACK 64u	/* a string of limits.string_bytes and its neighbours */

void sy_cursor_init(struct sy_cursor *c, struct sy_span bytes, uint64_t origin)
{
	*c = (struct sy_cursor){
		.data = bytes.data, .len = bytes.len,
		.origin = origin, .end = origin + bytes.len,
	};
}

enum sy_status sy_cursor_open(struct sy_cursor *c, struct sy_context *ctx,
			      sy_fill_fn *fill, void *user, uint64_t start,
			      uint64_t end, size_t window)
{
	assert(start <= end);
	*c = (struct sy_cursor){
		.origin = start, .end = end,
		.ctx = ctx, .fill = fill, .user = user,
	};
	c->buf = sy_alloc(ctx, window);
	if (!c->buf)
		return sy_memory_status(ctx);
	c->cap = window;
	c->data = c->buf;
	return SY_OK;
}

void sy_cursor_close(struct sy_cursor *c)
{
	if (c->ctx)
		sy_release(c->ctx, c->buf);
	*c = (struct sy_cursor){ 0 };
}

/* Makes the window start at the position and hold at least len bytes. */
static bool refill(struct sy_cursor *c, size_t len)
{
	size_t kept = c->len - c->pos;
	uint64_t left;
	size_t want;

	if (len > c->cap) {
		c->status = len > c->ctx->limits.string_bytes + SPAN_SLACK
			? sy_fail(c->ctx, SY_LIMIT, "a string of %zu bytes "
				  "(--limit string-bytes=N)", len)
			: sy_grow(c->ctx, &c->buf, &c->cap, len, 1);
		if (c->status != SY_OK)
			return false;
		c->data = c->buf;
	}
	memmove(c->buf, c->buf + c->pos, kept);
	c->origin += c->pos;
	c->pos = 0;
	c->len = kept;
	left = c->end - (c->origin + kept);
	want = c->cap - kept;
	if (want > left)
		want = (size_t)left;
	c->status = c->fill(c->user, c->origin + kept, c->buf + kept, want);
	if (c->status != SY_OK)
		return false;
	c->len += want;
	return true;
}

static bool need(struct sy_cursor *c, uint64_t len)
{
	if (c->len - c->pos >= len)
		return true;
	if (c->status != SY_OK || len > sy_cursor_left(c) || !c->fill)
		return false;
	return refill(c, (size_t)len);
}

bool sy_peek_span(struct sy_cursor *c, uint64_t len, struct sy_span *span)
{
	*span = sy_span_of(NULL, 0);
	if (!need(c, len))
		return false;
	if (len)
		*span = sy_span_of(c->data + c->pos, (size_t)len);
	return true;
}

bool sy_get_span(struct sy_cursor *c, uint64_t len, struct sy_span *span)
{
	if (!sy_peek_span(c, len, span))
		return false;
	c->pos += (size_t)len;
	return true;
}

bool sy_get_bytes(struct sy_cursor *c, void *buf, size_t len)
{
	struct sy_span span;

	if (!sy_get_span(c, len, &span)) {
		memset(buf, 0, len);
		return false;
	}
	if (len)
		memcpy(buf, span.data, len);
	return true;
}

static bool get_integer(struct sy_cursor *c, size_t len, uint64_t *value)
{
	struct sy_span span;

	*value = 0;
	if (!sy_get_span(c, len, &span))
		return false;
	for (size_t i = 0; i < len; i++) {
		size_t at = c->is_big_endian ? i : len - 1 - i;

		*value = *value << 8 | span.data[at];
	}
	return true;
}

bool sy_get_u8(struct sy_cursor *c, uint8_t *v)
{
	uint64_t value;
	bool ok = get_integer(c, 1, &value);

	*v = (uint8_t)value;
	return ok;
}

bool sy_get_u16(struct sy_cursor *c, uint16_t *v)
{
	uint64_t value;
	bool ok = get_integer(c, 2, &value);

	*v = (uint16_t)value;
	return ok;
}

bool sy_get_u32(struct sy_cursor *c, uint32_t *v)
{
	uint64_t value;
	bool ok = get_integer(c, 4, &value);

	*v = (uint32_t)value;
	return ok;
}

bool sy_get_u64(struct sy_cursor *c, uint64_t *v)
{
	return get_integer(c, 8, v);
}

bool sy_skip(struct sy_cursor *c, uint64_t len)
{
	size_t buffered = c->len - c->pos;

	if (len <= buffered) {
		c->pos += (size_t)len;
		return true;
	}
	if (c->status != SY_OK || len > sy_cursor_left(c))
		return false;
	c->origin = sy_cursor_at(c) + len;
	c->pos = 0;
	c->len = 0;
	return true;
}
