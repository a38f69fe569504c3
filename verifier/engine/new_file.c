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

static bool write_all(struct sy_context *ctx, int fd, struct sy_span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = ctx->files.write(ctx->files.user, fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : EIO;
			return false;
		}
		bytes = sy_span_slice(bytes, (size_t)n, bytes.len);
	}
	return true;
}

/* Only a regular file, or nothing, may be replaced. */
static bool may_replace(const struct fresh *fresh)
{
	struct stat st;

	if (fstatat(fresh->dir, fresh->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	errno = S_ISLNK(st.st_mode) ? ELOOP : EINVAL;
	return S_ISREG(st.st_mode);
}

/* A name is given only where there is none: a link cannot be one's way around it. */
static bool give_name(const struct fresh *fresh, enum sy_new_file kind)
{
	if (kind == SY_NEW_FILE_REPLACING || kind == SY_NEW_FILE_OWN)
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

static enum sy_status failed(struct sy_context *ctx, const char *path)
{
	if (errno == EEXIST)
		return sy_fail_as(ctx, SY_USAGE, SY_FAILURE_FILE_EXISTS,
				  "%s is there already, and is not written over: choose "
				  "another name, or remove it", path);
	return sy_fail_errno(ctx, "%s cannot be written", path);
}

enum sy_status sy_new_file_is_free(struct sy_context *ctx, const char *path)
{
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return SY_OK;	/* if anything is wrong, writing will say it */
	errno = EEXIST;
	return failed(ctx, path);
}

static enum sy_status fill(struct sy_context *ctx, struct fresh *fresh, const char *path,
			   enum sy_new_file kind, struct sy_span bytes)
{
	bool is_done = write_all(ctx, fresh->fd, bytes) && fsync(fresh->fd) == 0;
	enum sy_status status = SY_OK;

	if (!is_done)
		status = failed(ctx, path);
	if (close(fresh->fd) != 0 && is_done)
		status = failed(ctx, path);
	if (status == SY_OK && !give_name(fresh, kind))
		status = failed(ctx, path);
	if (status == SY_OK)
		(void)!fsync(fresh->dir);	/* the content is on the disk */
	else
		(void)unlinkat(fresh->dir, fresh->temp, 0);
	return status;
}

/* A first name for a file that has none. */
static bool link_temp(struct sy_context *ctx, struct fresh *fresh)
{
	char path[64];

	choose_temp(ctx, fresh);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fresh->fd);
	return linkat(AT_FDCWD, path, fresh->dir, fresh->temp, AT_SYMLINK_FOLLOW) == 0;
}

/*
 * False: the file system does not know files without a name, or something went wrong;
 * nothing is left of it, and the other way will say what it was.
 */
static bool write_nameless(struct sy_context *ctx, struct fresh *fresh, enum sy_new_file kind,
			   mode_t mode, struct sy_span bytes)
{
	bool is_done;

	fresh->fd = openat(fresh->dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	if (fresh->fd < 0)
		return false;
	is_done = write_all(ctx, fresh->fd, bytes) && fsync(fresh->fd) == 0 &&
		  link_temp(ctx, fresh);
	if (is_done && !give_name(fresh, kind)) {
		(void)unlinkat(fresh->dir, fresh->temp, 0);
		is_done = false;
	}
	close(fresh->fd);
	if (is_done)
		(void)!fsync(fresh->dir);	/* the content is on the disk */
	return is_done;
}

static enum sy_status write_named(struct sy_context *ctx, struct fresh *fresh, const char *path,
				  enum sy_new_file kind, mode_t mode, struct sy_span bytes)
{
	return create_temp(ctx, fresh, mode) ? fill(ctx, fresh, path, kind, bytes)
					     : failed(ctx, path);
}

enum sy_status sy_new_file_write(struct sy_context *ctx, const char *path,
				 enum sy_new_file kind, struct sy_span bytes)
{
	static const mode_t modes[] = {
		[SY_NEW_FILE_SECRET] = 0600, [SY_NEW_FILE_PUBLIC] = 0666,
		[SY_NEW_FILE_REPLACING] = 0666, [SY_NEW_FILE_OWN] = 0644,
	};
	struct fresh fresh = { .dir = -1, .fd = -1 };
	enum sy_status status = SY_OK;

	fresh.dir = open_folder(path, &fresh.name);
	if (fresh.dir < 0)
		return sy_fail_errno(ctx, "%s cannot be written", path);
	errno = EISDIR;
	if (!*fresh.name)
		status = failed(ctx, path);
	else if (!write_nameless(ctx, &fresh, kind, modes[kind], bytes))
		status = write_named(ctx, &fresh, path, kind, modes[kind], bytes);
	close(fresh.dir);
	return status;
}

void sy_new_file_remove(const char *path)
{
	(void)unlink(path);
}
