/* SPDX-License-Identifier: Apache-2.0 */
/* Stdout never loses a failure: what could not be written raises the exit code. */
#include "verifier/cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
