/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The buffered byte sink, and its two ends: memory and descriptor.  Never
 * drops a byte in silence: whatever is lost leaves a status behind.
 */
#include "verifier/base/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "verifier/base/ckd.h"
#include "verifier/base/memory.h"

#define POLL_MS 1000

void sy_out_init(struct sy_out *out, sy_write_fn *write, void *user)
{
	out->write = write;
	out->user = user;
	out->status = SY_OK;
	out->n_written = 0;
	out->len = 0;
}

static void hand_on(struct sy_out *out, struct sy_span bytes)
{
	if (out->status == SY_OK && bytes.len)
		out->status = out->write(out->user, bytes);
}

enum sy_status sy_out_flush(struct sy_out *out)
{
	hand_on(out, sy_span_of(out->buf, out->len));
	out->len = 0;
	return out->status;
}

void sy_out_bytes(struct sy_out *out, const void *data, size_t len)
{
	if (out->status != SY_OK || len == 0)
		return;
	if (len > sizeof(out->buf) - out->len && sy_out_flush(out) != SY_OK)
		return;
	out->n_written += len;
	if (len >= sizeof(out->buf)) {
		hand_on(out, sy_span_of(data, len));
		return;
	}
	memcpy(out->buf + out->len, data, len);
	out->len += len;
}

void sy_out_span(struct sy_out *out, struct sy_span s)
{
	sy_out_bytes(out, s.data, s.len);
}

void sy_out_str(struct sy_out *out, const char *s)
{
	sy_out_bytes(out, s, strlen(s));
}

void sy_out_u64(struct sy_out *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	sy_out_bytes(out, digits + at, sizeof(digits) - at);
}

void sy_out_printf(struct sy_out *out, const char *fmt, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (len >= 0 && (size_t)len < sizeof(line))
		sy_out_bytes(out, line, (size_t)len);
	else if (out->status == SY_OK)
		out->status = SY_USAGE;
}

void sy_buffer_init(struct sy_buffer *buffer, struct sy_context *ctx)
{
	*buffer = (struct sy_buffer){ .ctx = ctx };
}

void sy_buffer_free(struct sy_buffer *buffer)
{
	sy_release(buffer->ctx, buffer->data);
	sy_buffer_init(buffer, buffer->ctx);
}

enum sy_status sy_buffer_write(void *user, struct sy_span bytes)
{
	struct sy_buffer *buffer = user;
	enum sy_status status;
	size_t len;

	if (ckd_add(&len, buffer->len, bytes.len))
		return sy_fail(buffer->ctx, SY_LIMIT, "more than memory can hold");
	status = sy_grow(buffer->ctx, &buffer->data, &buffer->cap, len, 1);
	if (status != SY_OK)
		return status;
	if (bytes.len)
		memcpy(buffer->data + buffer->len, bytes.data, bytes.len);
	buffer->len = len;
	return SY_OK;
}

/* Somebody may have made the descriptor non-blocking: wait for it. */
static enum sy_status wait_writable(const struct sy_fd_sink *sink)
{
	struct pollfd fd = { .fd = sink->fd, .events = POLLOUT };

	if (sy_cancelled(sink->ctx))
		return sy_fail(sink->ctx, SY_CANCELLED, "interrupted while writing");
	if (poll(&fd, 1, POLL_MS) < 0 && errno != EINTR)
		return sy_fail_errno(sink->ctx, "cannot write");
	return SY_OK;
}

static enum sy_status write_failed(const struct sy_fd_sink *sink, ssize_t n)
{
	if (n == 0)
		errno = EIO;
	if (errno == EINTR)
		return SY_OK;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return wait_writable(sink);
	return sy_fail_errno(sink->ctx, "cannot write");
}

enum sy_status sy_fd_sink_write(void *fd_sink, struct sy_span bytes)
{
	const struct sy_fd_sink *sink = fd_sink;
	const struct sy_file_ops *files = &sink->ctx->files;

	while (bytes.len) {
		ssize_t n = files->write(files->user, sink->fd, bytes.data,
					 bytes.len);
		enum sy_status status = n > 0 ? SY_OK : write_failed(sink, n);

		if (status != SY_OK)
			return status;
		if (n > 0)
			bytes = sy_span_of(bytes.data + n, bytes.len - (size_t)n);
	}
	return SY_OK;
}
