/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks at the terminal of the session, whatever stdin and stdout are, and never
 * shows what is typed.  The typed bytes go straight into the library's locked
 * memory.
 */
#include "verifier/cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/names.h"
#include "verifier/cli/terminal.h"

static void put(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

static void put_question(int fd, enum steelyard_passphrase_for what, const char *path)
{
	char name[4096], shown[4096];

	switch (what) {
	case STEELYARD_PASSPHRASE_OPEN: put(fd, "Passphrase of "); break;
	case STEELYARD_PASSPHRASE_NEW: put(fd, "New passphrase for "); break;
	case STEELYARD_PASSPHRASE_AGAIN: put(fd, "Again, for "); break;
	}
	name_quoted(path, name, sizeof(name));
	put(fd, steelyard_escape(name, shown, sizeof(shown)));
	put(fd, ": ");
}

/* Waits with the signals of `mask` let in: none can slip in before the wait. */
static bool wait_for(int fd, const sigset_t *mask)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return !cli_is_interrupted() && ppoll(&poll_fd, 1, NULL, mask) > 0;
}

/* One line.  Beyond cap it is read and only counted; -1: the end, or a signal. */
static long read_line(int fd, const sigset_t *mask, char *buf, size_t cap)
{
	size_t len = 0;

	for (;;) {
		char c = 0;

		if (!wait_for(fd, mask) || read(fd, &c, 1) <= 0)
			return -1;
		if (c == '\n')
			return (long)len;
		if (len < cap)
			buf[len] = c;
		len++;
	}
}

/* Not shown; and no key ends or stops the program while it is so. */
static struct termios hide(const struct termios *shown)
{
	struct termios hidden = *shown;

	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_lflag |= ICANON | ISIG;
	hidden.c_cc[VQUIT] = _POSIX_VDISABLE;
	hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
	return hidden;
}

static long ask_at(int fd, enum steelyard_passphrase_for what, const char *path, char *buf,
		   size_t cap)
{
	struct termios shown, hidden;
	sigset_t held, mask;
	long len;

	if (tcgetattr(fd, &shown)) {
		say("the terminal cannot hide what is typed: %s", strerror(errno));
		return -1;
	}
	hidden = hide(&shown);
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, &mask);
	/* What was typed before the question is not its answer. */
	if (tcsetattr(fd, TCSAFLUSH, &hidden)) {
		say("the terminal cannot hide what is typed: %s", strerror(errno));
		len = -1;
	} else {
		put_question(fd, what, path);
		len = read_line(fd, &mask, buf, cap);
		tcsetattr(fd, TCSAFLUSH, &shown);
		put(fd, "\n");
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return len;
}

static long ask(void *user, enum steelyard_passphrase_for what, const char *path, void *buf,
		size_t cap)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	long len;

	(void)user;
	if (fd < 0) {
		say("there is no terminal to ask for the passphrase at: --passphrase-file and "
		    "--passphrase-fd name another place");
		return -1;
	}
	len = ask_at(fd, what, path, buf, cap);
	close(fd);
	return len;
}

static bool parse_fd(const char *text, int *fd)
{
	*fd = 0;
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9' || c - text >= 6)
			return false;
		*fd = *fd * 10 + (*c - '0');
	}
	return fcntl(*fd, F_GETFD) >= 0;
}

bool passphrase_source(const struct options *options, const struct command_info *command,
		       struct passphrase_source *source)
{
	const struct rlimit no_core = { 0 };

	(void)setrlimit(RLIMIT_CORE, &no_core);
	*source = (struct passphrase_source){ .fd = -1 };
	if (options->passphrase_file) {
		source->given.file = options->passphrase_file;
	} else if (options->passphrase_fd) {
		if (!parse_fd(options->passphrase_fd, &source->fd)) {
			usage_error(command, "--passphrase-fd takes the number of an open "
				    "descriptor, not '%s'", options->passphrase_fd);
			return false;
		}
		source->given.fd = &source->fd;
	} else {
		source->given.ask = ask;
	}
	return true;
}
