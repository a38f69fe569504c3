/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: positioned, all-or-nothing reads from a file, memory, a window of
 * another source, or a spooled stream.  Never maps a file (it may shrink under
 * us), never blocks on anything but a stream it was asked to spool, and never
 * hands out bytes beyond the size seen at opening.
 */
#include "verifier/input/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

#include "verifier/base/ckd.h"
#include "verifier/base/out.h"
#include "verifier/input/scratch.h"

#define CURSOR_WINDOW 65536	/* bytes */
#define SPOOL_BLOCK 65536	/* bytes */
#define POLL_MS 100		/* how soon a cancelled run leaves a silent stream */

static const char *name_of(const struct sy_source *source)
{
	return source->name ? source->name : "the file";
}

static int64_t time_ns(const struct timespec *t)
{
	int64_t ns = 0;

	/* Times a file system cannot mean (beyond year 2262) all look alike. */
	if (ckd_mul(&ns, (int64_t)t->tv_sec, INT64_C(1000000000)) ||
	    ckd_add(&ns, ns, (int64_t)t->tv_nsec))
		return INT64_MAX;
	return ns;
}

void sy_identity_from_stat(struct sy_identity *identity, const struct stat *st)
{
	*identity = (struct sy_identity){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size < 0 ? 0 : (uint64_t)st->st_size,
		.mtime_ns = time_ns(&st->st_mtim),
		.ctime_ns = time_ns(&st->st_ctim),
		.n_links = (uint32_t)st->st_nlink,
	};
}

enum sy_status sy_identity_of(struct sy_context *ctx, int fd,
			      struct sy_identity *identity)
{
	struct stat st;

	*identity = (struct sy_identity){ 0 };
	if (ctx->files.fstat(ctx->files.user, fd, &st) != 0)
		return sy_fail_errno(ctx, "cannot look at an open file");
	sy_identity_from_stat(identity, &st);
	return SY_OK;
}

enum sy_status sy_identity_compare(struct sy_context *ctx, const char *name,
				   const struct sy_identity *then,
				   const struct sy_identity *now)
{
	if (then->dev != now->dev || then->ino != now->ino)
		return sy_fail(ctx, SY_CHANGED,
			       "%s was replaced by another file while it was read",
			       name);
	if (then->size != now->size)
		return sy_fail(ctx, SY_CHANGED,
			       "%s %s from %" PRIu64 " to %" PRIu64
			       " bytes while it was read", name,
			       now->size > then->size ? "grew" : "shrank",
			       then->size, now->size);
	if (then->mtime_ns != now->mtime_ns)
		return sy_fail(ctx, SY_CHANGED,
			       "%s was written to while it was read (its size "
			       "stayed, its modification time did not)", name);
	if (then->ctime_ns != now->ctime_ns)
		return sy_fail(ctx, SY_CHANGED,
			       "%s was changed while it was read (its contents, "
			       "links or permissions)", name);
	return SY_OK;
}

/* Short by the size fstat promised: somebody cut the file. */
static enum sy_status ended_early(struct sy_source *source, uint64_t at)
{
	return sy_fail(source->ctx, SY_CHANGED,
		       "%s shrank while it was read: it had %" PRIu64
		       " bytes and ended at %" PRIu64,
		       name_of(source), source->size, at);
}

static enum sy_status read_file(struct sy_source *source, uint64_t off,
				void *buf, size_t len)
{
	struct sy_context *ctx = source->ctx;
	uint8_t *next = buf;

	while (len > 0) {
		ssize_t n;

		if (sy_cancelled(ctx))
			return sy_fail(ctx, SY_CANCELLED, "interrupted");
		n = ctx->files.pread(ctx->files.user, source->fd, next, len,
				     (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sy_fail_errno(ctx, "cannot read %s at offset %"
					     PRIu64, name_of(source), off);
		if (n == 0)
			return ended_early(source, off);
		next += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return SY_OK;
}

static enum sy_status read_memory(struct sy_source *source, uint64_t off,
				  void *buf, size_t len)
{
	if (len > 0)
		memcpy(buf, source->memory + off, len);
	return SY_OK;
}

static enum sy_status read_window(struct sy_source *source, uint64_t off,
				  void *buf, size_t len)
{
	uint64_t at;

	if (ckd_add(&at, source->start, off))
		return SY_FORMAT;
	return sy_source_read(source->parent, at, buf, len);
}

enum sy_status sy_source_from_fd(struct sy_source *source,
				 struct sy_context *ctx, int fd, bool owns)
{
	struct stat st;

	*source = (struct sy_source){ .ctx = ctx, .read = read_file, .fd = -1 };
	if (ctx->files.fstat(ctx->files.user, fd, &st) != 0)
		return sy_fail_errno(ctx, "cannot look at an open file");
	if (!S_ISREG(st.st_mode))
		return sy_fail(ctx, SY_UNSUPPORTED, "not a regular file");
	sy_identity_from_stat(&source->identity, &st);
	source->size = source->identity.size;
	source->fd = fd;
	source->owns_fd = owns;
	return SY_OK;
}

void sy_source_from_memory(struct sy_source *source, struct sy_context *ctx,
			   struct sy_span bytes)
{
	*source = (struct sy_source){
		.ctx = ctx,
		.read = read_memory,
		.size = bytes.len,
		.fd = -1,
		.memory = bytes.data,
	};
}

void sy_source_from_window(struct sy_source *source, struct sy_source *parent,
			   uint64_t start, uint64_t len)
{
	*source = (struct sy_source){
		.ctx = parent->ctx,
		.read = read_window,
		.size = len,
		.fd = -1,
		.parent = parent,
		.start = start,
		.name = parent->name,
		.window = parent->window,
	};
}

/* Waits until a non-blocking stream has something to say. */
static enum sy_status wait_readable(struct sy_context *ctx, int stream)
{
	struct pollfd p = { .fd = stream, .events = POLLIN };

	if (poll(&p, 1, POLL_MS) < 0 && errno != EINTR)
		return sy_fail_errno(ctx, "cannot wait for the input stream");
	return SY_OK;
}

/* *n is 0 at the end of the stream. */
static enum sy_status read_stream(struct sy_context *ctx, int stream,
				  uint8_t *block, size_t *n)
{
	*n = 0;
	for (;;) {
		ssize_t got;

		if (sy_cancelled(ctx))
			return sy_fail(ctx, SY_CANCELLED, "interrupted");
		got = ctx->files.read(ctx->files.user, stream, block, SPOOL_BLOCK);
		if (got >= 0) {
			*n = (size_t)got;
			return SY_OK;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return sy_fail_errno(ctx, "cannot read the input stream");
		if (wait_readable(ctx, stream) != SY_OK)
			return SY_IO;
	}
}

static enum sy_status copy_stream(struct sy_context *ctx, int stream, int file,
				  uint8_t *block)
{
	struct sy_fd_sink sink = { .ctx = ctx, .fd = file };
	uint64_t total = 0;

	for (;;) {
		enum sy_status status;
		size_t n;

		status = read_stream(ctx, stream, block, &n);
		if (status != SY_OK || n == 0)
			return status;
		if (ckd_add(&total, total, n) || total > ctx->limits.spool_bytes)
			return sy_fail(ctx, SY_LIMIT,
				       "the input stream is longer than the %" PRIu64
				       " bytes that are kept (limit spool-bytes)",
				       ctx->limits.spool_bytes);
		status = sy_fd_sink_write(&sink, sy_span_of(block, n));
		if (status != SY_OK)
			return status;
	}
}

static enum sy_status spool_into(struct sy_source *source,
				 struct sy_context *ctx, int stream, int file)
{
	uint8_t *block = sy_alloc(ctx, SPOOL_BLOCK);
	enum sy_status status;

	if (!block)
		return sy_memory_status(ctx);
	status = copy_stream(ctx, stream, file, block);
	sy_release(ctx, block);
	if (status != SY_OK)
		return status;
	return sy_source_from_fd(source, ctx, file, true);
}

enum sy_status sy_source_spool(struct sy_source *source, struct sy_context *ctx,
			       int stream)
{
	enum sy_status status;
	struct stat st;
	int file;

	*source = (struct sy_source){ .ctx = ctx, .read = read_file, .fd = -1 };
	if (ctx->files.fstat(ctx->files.user, stream, &st) != 0)
		return sy_fail_errno(ctx, "cannot read the input stream");
	if (S_ISREG(st.st_mode))
		return sy_source_from_fd(source, ctx, stream, false);
	status = sy_scratch_open(ctx, &file);
	if (status != SY_OK)
		return status;
	status = spool_into(source, ctx, stream, file);
	if (status != SY_OK)
		ctx->files.close(ctx->files.user, file);
	return status;
}

void sy_source_close(struct sy_source *source)
{
	if (source->owns_fd && source->fd >= 0)
		source->ctx->files.close(source->ctx->files.user, source->fd);
	*source = (struct sy_source){ .ctx = source->ctx, .fd = -1 };
}

enum sy_status sy_source_read(struct sy_source *source, uint64_t off, void *buf,
			      size_t len)
{
	if (off > source->size || len > source->size - off)
		return SY_FORMAT;
	return source->read(source, off, buf, len);
}

enum sy_status sy_source_view(struct sy_source *source, uint64_t off, size_t len,
			      struct sy_arena *arena, struct sy_span *view)
{
	enum sy_status status;
	void *bytes;

	*view = sy_span_of(NULL, 0);
	if (off >= source->size || len == 0)
		return SY_OK;
	if (len > source->size - off)
		len = (size_t)(source->size - off);
	bytes = sy_arena_alloc(arena, len);
	if (!bytes)
		return sy_memory_status(arena->ctx);
	status = sy_source_read(source, off, bytes, len);
	if (status == SY_OK)
		*view = sy_span_of(bytes, len);
	return status;
}

enum sy_status sy_source_fill(void *source, uint64_t off, void *buf, size_t len)
{
	return sy_source_read(source, off, buf, len);
}

enum sy_status sy_source_cursor(struct sy_source *source, uint64_t start,
				uint64_t end, struct sy_cursor *cursor)
{
	if (end > source->size)
		end = source->size;
	if (start > end)
		start = end;
	return sy_cursor_open(cursor, source->ctx, sy_source_fill, source, start, end,
			      source->window ? source->window : CURSOR_WINDOW);
}

enum sy_status sy_source_unchanged(struct sy_source *source)
{
	struct sy_identity now;
	enum sy_status status;

	if (source->parent)
		return sy_source_unchanged(source->parent);
	if (source->fd < 0)
		return SY_OK;
	status = sy_identity_of(source->ctx, source->fd, &now);
	if (status != SY_OK)
		return status;
	return sy_identity_compare(source->ctx, name_of(source),
				   &source->identity, &now);
}
