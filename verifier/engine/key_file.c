/* SPDX-License-Identifier: Apache-2.0 */
/* Key files read and made, and where a passphrase comes from. */
#include "verifier/engine/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum sy_status sy_key_file_blame(struct sy_context *ctx, const char *path,
				 enum sy_status status)
{
	const struct sy_error error = ctx->error;

	sy_error_clear(ctx);
	sy_fail(ctx, status, "%s: %s", path, error.text);
	ctx->error.sys_errno = error.sys_errno;
	return status;
}

static enum sy_status open_file(struct sy_context *ctx, const char *path, int *fd)
{
	*fd = ctx->files.open(ctx->files.user, AT_FDCWD, path, O_RDONLY, 0);
	return *fd < 0 ? sy_fail_errno(ctx, "%s", path) : SY_OK;
}

static void warn_of_mode(struct sy_context *ctx, int fd, const char *path,
			 const struct sy_secret *file)
{
	struct stat st;

	if (sy_private_key_is(sy_secret_span(file)) &&
	    !ctx->files.fstat(ctx->files.user, fd, &st) && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077))
		sy_message(ctx, SY_MESSAGE_NOTICE, "%s: others may read this private key "
			   "(mode %04o); chmod 600 keeps it to its owner", path,
			   (unsigned)(st.st_mode & 07777));
}

enum sy_status sy_key_file_read(struct sy_context *ctx, const char *path,
				struct sy_secret *file)
{
	enum sy_status status;
	int fd;

	*file = (struct sy_secret){ 0 };
	status = open_file(ctx, path, &fd);
	if (status != SY_OK)
		return status;
	status = sy_secret_read(ctx, fd, SY_KEY_FILE_MAX, file);
	if (status == SY_OK)
		warn_of_mode(ctx, fd, path, file);
	else
		sy_key_file_blame(ctx, path, status);
	ctx->files.close(ctx->files.user, fd);
	return status;
}

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

static bool create_temp(struct sy_context *ctx, struct fresh *fresh, mode_t mode)
{
	for (unsigned i = 0; i < 16; i++) {
		uint64_t random;

		ctx->random(ctx->random_user, &random, sizeof(random));
		snprintf(fresh->temp, sizeof(fresh->temp), ".steelyard-%016llx.tmp",
			 (unsigned long long)random);
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

/* A name is given only where there is none: a link cannot be one's way around it. */
static bool give_name(const struct fresh *fresh)
{
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
		return sy_fail(ctx, SY_USAGE, "%s is there already, and no key is written over "
			       "anything: choose another name, or remove it", path);
	return sy_fail_errno(ctx, "%s cannot be written", path);
}

enum sy_status sy_key_file_is_free(struct sy_context *ctx, const char *path)
{
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return SY_OK;	/* if anything is wrong, writing will say it */
	errno = EEXIST;
	return failed(ctx, path);
}

static enum sy_status fill(struct sy_context *ctx, struct fresh *fresh, const char *path,
			   struct sy_span bytes)
{
	bool is_done = write_all(ctx, fresh->fd, bytes) && fsync(fresh->fd) == 0;
	enum sy_status status = SY_OK;

	if (!is_done)
		status = failed(ctx, path);
	if (close(fresh->fd) != 0 && is_done)
		status = failed(ctx, path);
	if (status == SY_OK && !give_name(fresh))
		status = failed(ctx, path);
	if (status == SY_OK)
		(void)!fsync(fresh->dir);	/* the content is on the disk */
	else
		(void)unlinkat(fresh->dir, fresh->temp, 0);
	return status;
}

enum sy_status sy_key_file_create(struct sy_context *ctx, const char *path,
				  enum sy_new_file kind, struct sy_span bytes)
{
	const mode_t mode = kind == SY_NEW_FILE_SECRET ? 0600 : 0666;
	struct fresh fresh = { .dir = -1, .fd = -1 };
	enum sy_status status;

	fresh.dir = open_folder(path, &fresh.name);
	if (fresh.dir < 0)
		return sy_fail_errno(ctx, "%s cannot be written", path);
	errno = EISDIR;
	if (!*fresh.name || !create_temp(ctx, &fresh, mode))
		status = failed(ctx, path);
	else
		status = fill(ctx, &fresh, path, bytes);
	close(fresh.dir);
	return status;
}

void sy_key_file_remove(const char *path)
{
	(void)unlink(path);
}

static enum sy_status read_passphrase_file(struct sy_context *ctx, const char *path,
					   struct sy_secret *passphrase)
{
	enum sy_status status;
	int fd;

	status = open_file(ctx, path, &fd);
	if (status != SY_OK)
		return status;
	status = sy_passphrase_read(ctx, fd, passphrase);
	if (status != SY_OK)
		sy_key_file_blame(ctx, path, status);
	ctx->files.close(ctx->files.user, fd);
	return status;
}

static enum sy_status ask_person(struct sy_context *ctx, const struct sy_passphrase_user *user,
				 enum steelyard_passphrase_for what,
				 struct sy_secret *passphrase)
{
	enum sy_status status = sy_secret_new(ctx, SY_PASSPHRASE_MAX, passphrase);
	long len;

	if (status != SY_OK)
		return status;
	len = user->given->ask(user->given->user, what, user->path, passphrase->data,
			       passphrase->cap);
	if (len > (long)passphrase->cap)
		status = sy_fail(ctx, SY_FORMAT, "the passphrase is longer than %u bytes",
				 SY_PASSPHRASE_MAX);
	else if (len < 0)
		status = sy_fail(ctx, sy_cancelled(ctx) ? SY_CANCELLED : SY_USAGE,
				 "no passphrase was given");
	else
		passphrase->len = (size_t)len;
	if (status != SY_OK)
		sy_secret_free(passphrase);
	return status;
}

static enum sy_status get(struct sy_context *ctx, const struct sy_passphrase_user *user,
			  enum steelyard_passphrase_for what, struct sy_secret *passphrase)
{
	const struct steelyard_passphrase *given = user->given;

	*passphrase = (struct sy_secret){ 0 };
	if (given->file)
		return read_passphrase_file(ctx, given->file, passphrase);
	if (given->fd)
		return sy_passphrase_read(ctx, *given->fd, passphrase);
	return ask_person(ctx, user, what, passphrase);
}

static enum sy_status ask_to_open(struct sy_context *ctx, void *user,
				  struct sy_secret *passphrase)
{
	return get(ctx, user, STEELYARD_PASSPHRASE_OPEN, passphrase);
}

static bool has_passphrase(const struct steelyard_passphrase *given)
{
	return given->file || given->fd || given->ask;
}

void sy_passphrase_from(struct sy_passphrase *source, struct sy_passphrase_user *user)
{
	*source = (struct sy_passphrase){
		.ask = has_passphrase(user->given) ? ask_to_open : NULL, .user = user,
	};
}

enum sy_status sy_passphrase_new(struct sy_context *ctx, const struct sy_passphrase_user *user,
				 struct sy_secret *passphrase)
{
	struct sy_secret again = { 0 };
	enum sy_status status;

	*passphrase = (struct sy_secret){ 0 };
	if (!has_passphrase(user->given))
		return sy_fail(ctx, SY_USAGE, "a new key needs a passphrase");
	status = get(ctx, user, STEELYARD_PASSPHRASE_NEW, passphrase);
	if (status == SY_OK)
		status = sy_passphrase_admit(ctx, sy_secret_span(passphrase));
	if (status == SY_OK && !user->given->file && !user->given->fd) {
		status = get(ctx, user, STEELYARD_PASSPHRASE_AGAIN, &again);
		if (status == SY_OK && !sy_secret_equal(passphrase, &again))
			status = sy_fail(ctx, SY_USAGE, "the two passphrases differ");
		sy_secret_free(&again);
	}
	if (status != SY_OK)
		sy_secret_free(passphrase);
	return status;
}
