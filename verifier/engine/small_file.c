/* SPDX-License-Identifier: Apache-2.0 */
/* Links are followed, since whoever runs the program named them; nothing blocks. */
#include "verifier/engine/small_file.h"

#include <errno.h>
#include <fcntl.h>

#include "verifier/input/source.h"

static enum sy_status open_source(struct sy_context *ctx, const char *what, const char *path,
				  struct sy_source *source)
{
	int fd = ctx->files.open(ctx->files.user, AT_FDCWD, path, O_RDONLY, 0);
	enum sy_status status;

	if (fd < 0 && errno == ENOENT)
		return sy_fail(ctx, SY_NOT_FOUND, "there is no %s %s", what, path);
	if (fd < 0)
		return sy_fail_errno(ctx, "cannot read the %s %s", what, path);
	status = sy_source_from_fd(source, ctx, fd, true);
	if (status == SY_OK)
		return SY_OK;
	ctx->files.close(ctx->files.user, fd);
	sy_error_clear(ctx);
	return sy_fail(ctx, status, "the %s %s is not a regular file", what, path);
}

enum sy_status sy_small_file_read(struct sy_context *ctx, const char *what, const char *path,
				  uint64_t max, struct sy_arena *arena, struct sy_span *bytes)
{
	struct sy_source source;
	enum sy_status status = open_source(ctx, what, path, &source);

	if (status != SY_OK)
		return status;
	if (source.size > max)
		status = sy_fail(ctx, SY_LIMIT, "the %s %s is larger than %llu bytes", what, path,
				 (unsigned long long)max);
	else
		status = sy_source_view(&source, 0, (size_t)source.size, arena, bytes);
	sy_source_close(&source);
	return status;
}
