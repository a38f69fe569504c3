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

	return sy_fail_again(ctx, status, "%s: %s", path, error.text);
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
		status = sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_PASSPHRASE_INVALID,
				    "the passphrase is longer than %u bytes",
				    SY_PASSPHRASE_MAX);
	else if (len < 0 && sy_cancelled(ctx))
		status = sy_fail(ctx, SY_CANCELLED, "interrupted");
	else if (len < 0)
		status = sy_fail_as(ctx, SY_USAGE, SY_FAILURE_PASSPHRASE_MISSING,
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
		return sy_fail_as(ctx, SY_USAGE, SY_FAILURE_PASSPHRASE_MISSING,
				  "a new key needs a passphrase");
	status = get(ctx, user, STEELYARD_PASSPHRASE_NEW, passphrase);
	if (status == SY_OK)
		status = sy_passphrase_admit(ctx, sy_secret_span(passphrase));
	if (status == SY_OK && !user->given->file && !user->given->fd) {
		status = get(ctx, user, STEELYARD_PASSPHRASE_AGAIN, &again);
		if (status == SY_OK && !sy_secret_equal(passphrase, &again))
			status = sy_fail_as(ctx, SY_USAGE, SY_FAILURE_PASSPHRASE_INVALID,
					    "the two passphrases differ");
		sy_secret_free(&again);
	}
	if (status != SY_OK)
		sy_secret_free(passphrase);
	return status;
}
