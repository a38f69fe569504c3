/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room for decoded bytes.  Never keeps more than one block in memory where there
 * is a file, and never leaves a name behind.
 */
#include "verifier/input/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "verifier/base/ckd.h"

#define FREE_BYTES (UINT64_C(64) << 20)	/* whatever the size */
#define RATIO_MAX 1100u			/* and so many times the size */
#define BLOCK_BYTES ((size_t)1 << 18)	/* shorter results never touch the file */

void sy_scratch_init(struct sy_scratch *scratch, struct sy_context *ctx, int fd,
		     uint64_t size)
{
	*scratch = (struct sy_scratch){ .ctx = ctx, .fd = fd };
	if (ckd_mul(&scratch->max, size, RATIO_MAX) ||
	    ckd_add(&scratch->max, scratch->max, FREE_BYTES) ||
	    scratch->max > ctx->limits.decoded_bytes)
		scratch->max = ctx->limits.decoded_bytes;
	sy_source_from_memory(&scratch->file, ctx, sy_span_of(NULL, 0));
}

void sy_scratch_begin(struct sy_scratch_writer *writer, struct sy_scratch *scratch)
{
	*writer = (struct sy_scratch_writer){ .scratch = scratch, .start = scratch->used };
}

static enum sy_status charge(struct sy_scratch *scratch, uint64_t len)
{
	if (!ckd_add(&scratch->n_decoded, scratch->n_decoded, len) &&
	    scratch->n_decoded <= scratch->max)
		return SY_OK;
	return sy_fail(scratch->ctx, SY_LIMIT, "what is packed in the file comes to more than "
		       "%" PRIu64 " bytes%s", scratch->max,
		       scratch->max == scratch->ctx->limits.decoded_bytes
		       ? " (limit decoded-bytes)" : ", out of proportion to its size");
}

static enum sy_status flush(struct sy_scratch_writer *writer)
{
	struct sy_scratch *scratch = writer->scratch;
	struct sy_context *ctx = scratch->ctx;
	size_t done = 0;

	while (done < writer->len) {
		ssize_t n = ctx->files.pwrite(ctx->files.user, scratch->fd,
					      writer->block + done, writer->len - done,
					      (off_t)(writer->start + writer->n_flushed + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sy_fail(ctx, SY_LIMIT, "no room for what is packed in the file: "
				       "%s (TMPDIR chooses another place)",
				       n < 0 ? sy_errno_text(errno) : "nothing was written");
		done += (size_t)n;
	}
	writer->n_flushed += writer->len;
	writer->len = 0;
	return SY_OK;
}

/* A block at first; without a file it grows, within the memory that is allowed. */
static enum sy_status make_room(struct sy_scratch_writer *writer)
{
	struct sy_context *ctx = writer->scratch->ctx;

	if (writer->block && writer->scratch->fd >= 0)
		return flush(writer);
	return sy_grow(ctx, &writer->block, &writer->cap,
		       writer->cap ? writer->cap + 1 : BLOCK_BYTES, 1);
}

enum sy_status sy_scratch_write(struct sy_scratch_writer *writer, struct sy_span bytes)
{
	enum sy_status status = charge(writer->scratch, bytes.len);

	while (status == SY_OK && bytes.len > 0) {
		size_t len = writer->cap - writer->len;

		if (len == 0) {
			status = make_room(writer);
			continue;
		}
		if (len > bytes.len)
			len = bytes.len;
		memcpy(writer->block + writer->len, bytes.data, len);
		writer->len += len;
		bytes = sy_span_slice(bytes, len, bytes.len);
	}
	return status;
}

/* Windows are taken of the whole file: they stay right while it grows. */
static enum sy_status end_in_file(struct sy_scratch_writer *writer, struct sy_source *source)
{
	struct sy_scratch *scratch = writer->scratch;
	enum sy_status status = flush(writer);

	if (status != SY_OK)
		return status;
	if (scratch->file.fd < 0)
		status = sy_source_from_fd(&scratch->file, scratch->ctx, scratch->fd, false);
	if (status != SY_OK)
		return status;
	scratch->used = writer->start + writer->n_flushed;
	if (scratch->file.size < scratch->used)
		scratch->file.size = scratch->used;
	sy_source_from_window(source, &scratch->file, writer->start, writer->n_flushed);
	return SY_OK;
}

enum sy_status sy_scratch_end(struct sy_scratch_writer *writer, struct sy_arena *arena,
			      struct sy_source *source)
{
	struct sy_context *ctx = writer->scratch->ctx;
	struct sy_span copy = sy_span_of(NULL, 0);
	enum sy_status status;

	sy_source_from_memory(source, ctx, copy);
	if (writer->n_flushed > 0)
		status = end_in_file(writer, source);
	else
		status = sy_arena_copy(arena, sy_span_of(writer->block, writer->len), &copy);
	if (writer->n_flushed == 0 && status == SY_OK)
		sy_source_from_memory(source, ctx, copy);
	sy_release(ctx, writer->block);
	*writer = (struct sy_scratch_writer){ .scratch = writer->scratch };
	return status;
}

static const char *scratch_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && dir[0] == '/' ? dir : "/tmp";
}

/* Never has a name, so nobody else can open it and nothing is left behind. */
enum sy_status sy_scratch_open(struct sy_context *ctx, int *fd)
{
	const char *dir = scratch_dir();

	*fd = ctx->files.open(ctx->files.user, AT_FDCWD, dir,
			      O_TMPFILE | O_RDWR | O_EXCL, 0);
	if (*fd < 0)
		return sy_fail_errno(ctx, "cannot make a temporary file in %s "
				     "(TMPDIR chooses another place)", dir);
	return SY_OK;
}
