/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for people on stderr, and what is known of their terminal.  Everything
 * is escaped on its way out; nothing here decides an exit code.
 */
#include "verifier/cli/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define CLEAR_LINE "\r\033[K"

/* A progress line stands on the terminal and must go before other text. */
static bool is_line_open;

bool terminal_is_stdout(void)
{
	return isatty(STDOUT_FILENO);
}

bool terminal_color(const char *choice)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (choice && !strcmp(choice, "always"))
		return true;
	if (choice && !strcmp(choice, "never"))
		return false;
	if (no_color && *no_color)
		return false;
	return terminal_is_stdout() && term && *term && strcmp(term, "dumb") != 0;
}

unsigned terminal_columns(void)
{
	struct winsize size = { 0 };

	if (!terminal_is_stdout() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

void terminal_clear_line(void)
{
	if (is_line_open)
		fputs(CLEAR_LINE, stderr);
	is_line_open = false;
}

static void say_line(const char *text)
{
	char shown[4096];

	terminal_clear_line();
	fprintf(stderr, "steelyard: %s\n", steelyard_escape(text, shown, sizeof(shown)));
}

void say(const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say_line(text);
}

void terminal_message(void *user, enum steelyard_level level, const char *text)
{
	const bool *is_quiet = user;

	if (level == STEELYARD_NOTICE && !*is_quiet)
		say_line(text);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return 0;
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void progress_start(struct progress *progress, bool is_quiet)
{
	const char *term = getenv("TERM");

	progress->is_on = !is_quiet && isatty(STDERR_FILENO) && term &&
			  strcmp(term, "dumb") != 0;
	progress->start_ns = progress->shown_ns = now_ns();
}

const char *bytes_text(uint64_t n, char *buf, size_t cap)
{
	static const char units[][4] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t tenths = n, unit = 0;

	if (n < 10240) {
		if (n < 1000)
			snprintf(buf, cap, "%u bytes", (unsigned)n);
		else
			snprintf(buf, cap, "%u,%03u bytes", (unsigned)(n / 1000),
				 (unsigned)(n % 1000));
		return buf;
	}
	while (tenths >= UINT64_C(1024) * 1024) {
		tenths /= 1024;
		unit++;
	}
	tenths = tenths * 10 / 1024;
	snprintf(buf, cap, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
		 units[unit]);
	return buf;
}

static void time_text(uint64_t seconds, char *buf, size_t cap)
{
	unsigned s = (unsigned)(seconds > 359999 ? 359999 : seconds);

	if (s >= 3600)
		snprintf(buf, cap, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(buf, cap, "%u:%02u", s / 60, s % 60);
}

void progress_update(void *user, uint64_t n_done, uint64_t n_total)
{
	struct progress *progress = user;
	uint64_t now = now_ns(), ms = (now - progress->start_ns) / 1000000;
	char done[32], total[32], rate[32], left[32];
	uint64_t per_ms;

	/* Nothing in the first second, then five lines a second at most. */
	if (!progress->is_on || ms < 1000 || now - progress->shown_ns < SECOND / 5)
		return;
	progress->shown_ns = now;
	per_ms = n_done / ms;
	if (!per_ms || n_done > n_total)
		return;
	time_text((n_total - n_done) / per_ms / 1000, left, sizeof(left));
	fprintf(stderr, CLEAR_LINE "%s of %s, %s/s, %s left",
		bytes_text(n_done, done, sizeof(done)),
		bytes_text(n_total, total, sizeof(total)),
		bytes_text(per_ms * 1000, rate, sizeof(rate)), left);
	is_line_open = true;
}

void progress_end(struct progress *progress)
{
	progress->is_on = false;
	terminal_clear_line();
}

/* Length of the longest piece of text that fits, ending at a space if it can. */
static size_t piece_len(const char *text, size_t room)
{
	size_t len = strcspn(text, "\n"), cut;

	if (len <= room)
		return len;
	cut = room;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut ? cut : strcspn(text, " \n");
}

const char *wrap_text(const char *text, unsigned indent, unsigned columns, char *buf,
		      size_t cap)
{
	size_t width = columns > 20 && columns < 100 ? columns : 79, at = 0;

	buf[0] = 0;
	while (*text) {
		size_t len = piece_len(text, width - indent);

		if (at + indent + len + 2 > cap)
			break;
		memset(buf + at, ' ', indent);
		memcpy(buf + at + indent, text, len);
		at += indent + len;
		buf[at++] = '\n';
		buf[at] = 0;
		text += len;
		if (*text == '\n' && at + 2 <= cap) {
			buf[at++] = '\n';
			buf[at] = 0;
		}
		text += *text == ' ' || *text == '\n';
	}
	return buf;
}
