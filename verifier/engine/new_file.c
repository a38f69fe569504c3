/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside the final name first, then synced, then renamed: old or new, never half.
 * Where the file system can, the new file has no name until it is whole, so that a
 * run that is killed leaves nothing behind but between two calls.
 */
#include "verifier/engine/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file on its way to its name. */
struct fresh {
	int dir, fd;
	const char *name;	/* of the final file, within dir */
	char temp[64];
	const char *why;	/* the name cannot be given; NULL: errno says it */
};

static int open_folder(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	size_t len = slash ? (size_t)(slash - path) : 0;

	*name = slash ? slash + 1 : path;
	if (len >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash)
		memcpy(folder, len ? path : "/", len ? len : 1);
	if (len)
		folder[len] = 0;
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void choose_temp(struct sy_context *ctx, struct fresh *fresh)
{
	uint64_t random;

	ctx->random(ctx->random_user, &random, sizeof(random));
	snprintf(fresh->temp, sizeof(fresh->temp), ".steelyard-%016llx.tmp",
		 (unsigned long long)random);
}

static bool create_temp(struct sy_context *ctx, struct fresh *fresh, mode_t mode)
{
	for (unsigned i = 0; i < 16; i++) {
		choose_temp(ctx, fresh);
		fresh->fd = openat(fresh->dir, fresh->temp, O_WRONLY | O_CREAT | O_EXCL |
				   O_NOFOLLOW | O_CLOEXEC, mode);
		if (fresh->fd >= 0 || errno != EEXIST)
			break;
	}
	return fresh->fd >= 0;
}

int sy_new_file_put(void *user, const void *data, size_t len)
{
	struct sy_new_file_sink *sink = user;
	struct sy_span bytes = sy_span_of(data, len);

	while (bytes.len > 0) {
		ssize_t n = sink->ctx->files.write(sink->ctx->files.user, sink->fd, bytes.data,
						   bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			sink->error = n < 0 ? errno : EIO;
			return -1;
		}
		bytes = sy_span_slice(bytes, (size_t)n, bytes.len);
	}
	return 0;
}

/* The content, down to the disk; false: errno says why, 0 when no file is to blame. */
static bool write_all(struct sy_context *ctx, int fd, sy_new_file_content_fn *content,
		      void *user)
{
	struct sy_new_file_sink sink = { .ctx = ctx, .fd = fd };

	if (content(user, &sink) == 0)
		return fsync(fd) == 0;
	errno = sink.error;
	return false;
}

/* Only a regular file, or nothing, may be replaced. */
static bool may_replace(struct fresh *fresh)
{
	struct stat st;

	if (fstatat(fresh->dir, fresh->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	fresh->why = S_ISLNK(st.st_mode) ? "a link stands there, and links are not followed" :
		     S_ISREG(st.st_mode) ? NULL : "what stands there is not a regular file";
	return !fresh->why;
}

static bool is_replacing(enum sy_new_file kind)
{
	return kind == SY_NEW_FILE_REPLACING || kind == SY_NEW_FILE_OWN;
}

/* A name is given only where there is none: a link cannot be one's way around it. */
static bool give_name(struct fresh *fresh, enum sy_new_file kind)
{
	if (is_replacing(kind))
		return may_replace(fresh) &&
		       renameat(fresh->dir, fresh->temp, fresh->dir, fresh->name) == 0;
	if (renameat2(fresh->dir, fresh->temp, fresh->dir, fresh->name, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	/* A file system that cannot: a second name, then the first goes. */
	if (linkat(fresh->dir, fresh->temp, fresh->dir, fresh->name, 0) != 0)
		return false;
	(void)unlinkat(fresh->dir, fresh->temp, 0);
	return true;
}

static enum sy_status exists(struct sy_context *ctx, const char *path)
{
	return sy_fail_as(ctx, SY_USAGE, SY_FAILURE_FILE_EXISTS, "%s is there already, and is "
			  "not written over: choose another name, or remove it", path);
}

static enum sy_status failed(struct sy_context *ctx, const struct fresh *fresh, const char *path)
{
	if (fresh->why)
		return sy_fail(ctx, SY_IO, "%s cannot be written: %s", path, fresh->why);
	if (errno == EEXIST)
		return exists(ctx, path);
	if (errno == 0)
		return sy_fail(ctx, SY_NO_MEMORY, "%s cannot be written: its content could not "
			       "be made", path);
	return sy_fail_errno(ctx, "%s cannot be written", path);
}

enum sy_status sy_new_file_is_free(struct sy_context *ctx, const char *path)
{
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return SY_OK;	/* if anything is wrong, writing will say it */
	return exists(ctx, path);
}

/* A first name for a file that has none. */
static bool link_temp(struct sy_context *ctx, struct fresh *fresh)
{
	char path[64];

	choose_temp(ctx, fresh);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fresh->fd);
	return linkat(AT_FDCWD, path, fresh->dir, fresh->temp, AT_SYMLINK_FOLLOW) == 0;
}

/* False: there are no files without a name here; nothing is left of the attempt. */
static bool fill_nameless(struct sy_context *ctx, struct fresh *fresh, mode_t mode,
			  sy_new_file_content_fn *content, void *user, bool *is_filled)
{
	fresh->fd = openat(fresh->dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	if (fresh->fd < 0)
		return false;
	*is_filled = write_all(ctx, fresh->fd, content, user);
	if (!*is_filled || link_temp(ctx, fresh))
		return true;
	close(fresh->fd);
	return false;
}

/* Gives the filled file its name; the first name is gone in any case. */
static enum sy_status finish(struct sy_context *ctx, struct fresh *fresh, const char *path,
			     enum sy_new_file kind, bool is_filled)
{
	enum sy_status status = SY_OK;

	if (!is_filled || !give_name(fresh, kind))
		status = failed(ctx, fresh, path);
	if (close(fresh->fd) != 0 && status == SY_OK)
		status = failed(ctx, fresh, path);
	if (status == SY_OK)
		(void)!fsync(fresh->dir);	/* the content is on the disk */
	else if (fresh->temp[0])
		(void)unlinkat(fresh->dir, fresh->temp, 0);
	return status;
}

static enum sy_status write_in_folder(struct sy_context *ctx, struct fresh *fresh,
				      const char *path, enum sy_new_file kind,
				      sy_new_file_content_fn *content, void *user)
{
	static const mode_t modes[] = {
		[SY_NEW_FILE_SECRET] = 0600, [SY_NEW_FILE_PUBLIC] = 0666,
		[SY_NEW_FILE_REPLACING] = 0666, [SY_NEW_FILE_OWN] = 0644,
	};
	bool is_filled;

	if (!*fresh->name) {
		errno = EISDIR;
		return failed(ctx, fresh, path);
	}
	/* Asked again when the name is given; here before anything is made for nothing. */
	if (is_replacing(kind) && !may_replace(fresh))
		return failed(ctx, fresh, path);
	if (!fill_nameless(ctx, fresh, modes[kind], content, user, &is_filled)) {
		if (!create_temp(ctx, fresh, modes[kind]))
			return failed(ctx, fresh, path);
		is_filled = write_all(ctx, fresh->fd, content, user);
	}
	return finish(ctx, fresh, path, kind, is_filled);
}

enum sy_status sy_new_file_fill(struct sy_context *ctx, const char *path,
				enum sy_new_file kind, sy_new_file_content_fn *content,
				void *user)
{
	struct fresh fresh = { .dir = -1, .fd = -1 };
	enum sy_status status;

	fresh.dir = open_folder(path, &fresh.name);
	if (fresh.dir < 0)
		return failed(ctx, &fresh, path);
	status = write_in_folder(ctx, &fresh, path, kind, content, user);
	close(fresh.dir);
	return status;
}

static int put_bytes(void *user, struct sy_new_file_sink *sink)
{
	const struct sy_span *bytes = user;

	return sy_new_file_put(sink, bytes->data, bytes->len);
}

enum sy_status sy_new_file_write(struct sy_context *ctx, const char *path,
				 enum sy_new_file kind, struct sy_span bytes)
{
	return sy_new_file_fill(ctx, path, kind, put_bytes, &bytes);
}

void sy_new_file_remove(const char *path)
{
	(void)unlink(path);
}
