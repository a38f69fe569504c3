/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening below a directory.  Every decision about "inside" is the kernel's,
 * taken while it resolves the path (RESOLVE_BENEATH), never ours on a name
 * that may be swapped a moment later.  Records no errors: errno only.
 */
#include "verifier/input/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/input/hub.h"

#define N_RETRIES 64	/* of a resolution that raced with a rename */

/*
 * O_PATH reaches no file operation and accepts no other flags, so it does not
 * go through the context's open, which adds some.
 */
static int open_path_only(int dirfd, const char *path, int flags,
			  uint64_t resolve)
{
	const struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = resolve,
	};

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

/* EAGAIN: the kernel could not rule out that a ".." raced with a rename. */
static int open_once(struct sy_context *ctx, int dirfd, const char *path,
		     int flags, uint64_t resolve)
{
	int fd = -1;

	for (int i = 0; i < N_RETRIES; i++) {
		fd = flags & O_PATH ?
		     open_path_only(dirfd, path, flags, resolve) :
		     ctx->files.open(ctx->files.user, dirfd, path, flags, resolve);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

static void close_quietly(struct sy_context *ctx, int fd)
{
	int sys_errno = errno;

	ctx->files.close(ctx->files.user, fd);
	errno = sys_errno;
}

/* Length of the longest leading directory that one system call can take. */
static size_t first_leg(const char *path)
{
	size_t len = PATH_MAX - 1;

	while (len > 0 && path[len] != '/')
		len--;
	return len;
}

static int open_leg(struct sy_context *ctx, int dirfd, const char *path,
		    size_t len, uint64_t resolve)
{
	char leg[PATH_MAX];

	memcpy(leg, path, len);
	leg[len] = '\0';
	return open_once(ctx, dirfd, leg, O_PATH | O_DIRECTORY,
			 resolve & RESOLVE_BENEATH ? SY_BENEATH_PLAIN : resolve);
}

int sy_beneath_open(struct sy_context *ctx, int dirfd, const char *path,
		    int flags, uint64_t resolve)
{
	int at = dirfd, fd = -1;
	size_t len;

	while (strlen(path) >= PATH_MAX) {
		len = first_leg(path);
		if (len == 0)
			errno = ENAMETOOLONG;
		fd = len == 0 ? -1 : open_leg(ctx, at, path, len, resolve);
		if (at != dirfd)
			close_quietly(ctx, at);
		if (fd < 0)
			return -1;
		at = fd;
		path += len + 1;
	}
	fd = open_once(ctx, at, path, flags, resolve);
	if (at != dirfd)
		close_quietly(ctx, at);
	return fd;
}

static bool is_same_directory(struct sy_context *ctx, int fd, uint64_t dev,
			      uint64_t ino)
{
	struct stat st;

	return ctx->files.fstat(ctx->files.user, fd, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

static int reopen_directory(struct sy_context *ctx, const char *path,
			    uint64_t dev, uint64_t ino)
{
	int fd = open_once(ctx, AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return -1;
	if (is_same_directory(ctx, fd, dev, ino))
		return fd;
	close_quietly(ctx, fd);
	errno = ESTALE;
	return -1;
}

int sy_beneath_root(struct sy_context *ctx, const struct sy_root *root,
		    bool *is_mine)
{
	*is_mine = root->fd < 0;
	if (root->fd >= 0)
		return root->fd;
	return reopen_directory(ctx, root->path, root->dev, root->ino);
}

/* A link spelt with the absolute path of the root it stands in. */
static int open_absolute(struct sy_context *ctx, const struct sy_root *root,
			 int root_fd, const char *target, int flags)
{
	size_t len = root->real ? strlen(root->real) : 0;

	errno = EXDEV;
	if (!root->real || strncmp(target, root->real, len) != 0 ||
	    (target[len] != '/' && target[len] != '\0'))
		return -1;
	target += len;
	while (*target == '/')
		target++;
	return sy_beneath_open(ctx, root_fd, *target ? target : ".", flags,
			       SY_BENEATH_LINK);
}

static size_t count_slashes(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* ../../blobs/ETAG of a snapshot that is, or holds, the named path. */
static int open_blob(struct sy_context *ctx, const struct sy_root *root,
		     const char *rel, const char *target, int flags)
{
	struct sy_span name;
	int repo, fd;

	errno = EXDEV;
	if (!root->repo ||
	    !sy_hub_blob_link(sy_span_str(target),
			      root->repo_depth + count_slashes(rel), &name))
		return -1;
	repo = reopen_directory(ctx, root->repo, root->repo_dev, root->repo_ino);
	if (repo < 0)
		return -1;
	/* The tail of target, "blobs/NAME", is the path below the repository. */
	fd = sy_beneath_open(ctx, repo,
			     (const char *)name.data - strlen("blobs/"), flags,
			     SY_BENEATH_PLAIN);
	close_quietly(ctx, repo);
	return fd;
}

int sy_beneath_open_link(struct sy_context *ctx, const struct sy_root *root,
			 int root_fd, const char *rel, const char *target,
			 int flags)
{
	int fd = sy_beneath_open(ctx, root_fd, rel, flags, SY_BENEATH_LINK);

	if (fd < 0 && errno == EXDEV && target[0] == '/')
		fd = open_absolute(ctx, root, root_fd, target, flags);
	if (fd < 0 && errno == EXDEV)
		fd = open_blob(ctx, root, rel, target, flags);
	return fd;
}
