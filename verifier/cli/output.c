/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stdout and report files.  Neither ever loses a failure: what could not be
 * written raises the exit code.  Existing links and devices are never replaced.
 */
#include "verifier/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/terminal.h"

/* errno of the first write to stdout that failed. */
static int stdout_errno;

static bool is_stdout_begun;

static void note_failure(bool ok)
{
	if (!ok && !stdout_errno)
		stdout_errno = errno ? errno : EIO;
}

void stdout_bytes(const void *data, size_t len)
{
	terminal_clear_line();
	is_stdout_begun = true;
	if (!stdout_errno && len)
		note_failure(fwrite(data, 1, len, stdout) == len);
}

void stdout_text(const char *text)
{
	stdout_bytes(text, strlen(text));
}

void stdout_printf(const char *fmt, ...)
{
	va_list args;

	terminal_clear_line();
	is_stdout_begun = true;
	if (stdout_errno)
		return;
	va_start(args, fmt);
	note_failure(vprintf(fmt, args) >= 0);
	va_end(args);
}

int stdout_write(void *user, const void *data, size_t len)
{
	(void)user;
	stdout_bytes(data, len);
	return stdout_errno;
}

bool stdout_is_begun(void)
{
	return is_stdout_begun;
}

int stdout_finish(int code)
{
	if (!stdout_errno)
		note_failure(fflush(stdout) == 0);
	if (!stdout_errno)
		return code;
	say("cannot write to standard output: %s", strerror(stdout_errno));
	return exit_worse(code, STEELYARD_UNDETERMINED);
}

/* A file being written beside the one that it will replace. */
struct fresh_file {
	int dir, fd, error;
	const char *name;	/* of the final file, within dir */
	char temp[64];
};

static int open_folder(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	size_t len = slash ? (size_t)(slash - path) : 0;

	*name = slash ? slash + 1 : path;
	if (len >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, path, len);
	folder[len] = 0;
	if (!len)
		memcpy(folder, slash ? "/" : ".", 2);
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Only a regular file, or nothing, may be replaced. */
static const char *why_not_replace(const struct fresh_file *file)
{
	struct stat st;

	if (!*file->name)
		return "it names a directory";
	if (fstatat(file->dir, file->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? NULL : strerror(errno);
	if (S_ISLNK(st.st_mode))
		return "a link stands there, and links are not followed";
	return S_ISREG(st.st_mode) ? NULL : "what stands there is not a regular file";
}

static bool create_temp(struct fresh_file *file)
{
	for (unsigned i = 0; i < 100; i++) {
		snprintf(file->temp, sizeof(file->temp), ".steelyard-%ld-%u.tmp",
			 (long)getpid(), i);
		file->fd = openat(file->dir, file->temp,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				  0666);
		if (file->fd >= 0 || errno != EEXIST)
			break;
	}
	return file->fd >= 0;
}

static int file_write(void *user, const void *data, size_t len)
{
	struct fresh_file *file = user;
	const char *at = data;

	while (len) {
		ssize_t n = write(file->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			file->error = n < 0 ? errno : EIO;
			return -1;
		}
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Makes the written file durable and visible; on failure removes it. */
static const char *publish(struct fresh_file *file, bool is_written)
{
	int error = is_written ? 0 : file->error ? file->error : EIO;

	if (!error && fsync(file->fd))
		error = errno;
	if (close(file->fd) && !error)
		error = errno;
	if (!error && renameat(file->dir, file->temp, file->dir, file->name))
		error = errno;
	if (error) {
		unlinkat(file->dir, file->temp, 0);
		return strerror(error);
	}
	/* The data is safe; a folder that cannot be synced is no failure. */
	(void)!fsync(file->dir);
	return NULL;
}

static const char *write_in_folder(struct fresh_file *file,
				   const struct steelyard_report *report,
				   const char *format)
{
	const struct steelyard_write_options options = { .size = sizeof(options) };
	const char *why = why_not_replace(file);

	if (why)
		return why;
	if (!create_temp(file))
		return strerror(errno);
	return publish(file, steelyard_report_write(report, format, &options,
						    file_write, file) == 0);
}

bool report_to_file(const struct steelyard_report *report, const char *format,
		    const char *path)
{
	struct fresh_file file = { .fd = -1 };
	const char *why;

	file.dir = open_folder(path, &file.name);
	if (file.dir < 0) {
		say("cannot write the report %s: %s", path, strerror(errno));
		return false;
	}
	why = write_in_folder(&file, report, format);
	close(file.dir);
	if (why)
		say("cannot write the report %s: %s", path, why);
	return !why;
}
