/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts steelyard-worker with one socket and an almost empty environment: no
 * token or key that the user's variables hold reaches a process that reads
 * hostile files.  Never goes through a shell or PATH.
 */
#include "verifier/engine/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/base/text.h"
#include "verifier/engine/wire.h"

#define PROGRAM "steelyard-worker"

static bool is_program(const char *path, struct sy_text *looked)
{
	if (looked->len)
		sy_text_add(looked, ", ");
	sy_text_name(looked, sy_span_str(path));
	return !access(path, X_OK);
}

/*
 * `name`, counted from the folder of the running program (links to it resolved);
 * false: /proc does not say where that is.
 */
static bool beside(const char *name, char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (len <= 0)
		return false;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + strlen(name) >= PATH_MAX)
		return false;
	memcpy(slash + 1, name, strlen(name) + 1);
	return true;
}

/* Beside (a build tree), in the libexec folder of this tree, in the configured one. */
static bool find_unnamed(char path[PATH_MAX], struct sy_text *looked)
{
	static const char installed[] = SY_LIBEXEC_DIR "/" PROGRAM;

	if (beside(PROGRAM, path) && is_program(path, looked))
		return true;
	if (beside(SY_LIBEXEC_FROM_BIN "/" PROGRAM, path) && is_program(path, looked))
		return true;
	memcpy(path, installed, sizeof(installed));
	return is_program(path, looked);
}

/* A place that was named is the only one: another program would be a surprise. */
static enum sy_status find(struct sy_context *ctx, const char *named,
			   char path[PATH_MAX])
{
	struct sy_text looked;

	sy_text_init(&looked);
	if (!named)
		named = secure_getenv("STEELYARD_WORKER");
	if (named && strlen(named) < PATH_MAX) {
		memcpy(path, named, strlen(named) + 1);
		if (is_program(path, &looked))
			return SY_OK;
	}
	if (!named && find_unnamed(path, &looked))
		return SY_OK;
	return sy_fail(ctx, SY_NOT_FOUND,
		       "the program " PROGRAM " was not found; looked at %s",
		       looked.len ? looked.data : "a path that is too long");
}

/* Variables that the loader and the sanitizers need; nothing else is passed on. */
static void choose_environment(char *kept[8])
{
	static const char *const names[] = {
		"ASAN_OPTIONS=", "LD_LIBRARY_PATH=", "LSAN_OPTIONS=",
		"TSAN_OPTIONS=", "UBSAN_OPTIONS=",
	};
	size_t n = 0;

	for (char **e = environ; e && *e; e++)
		for (size_t i = 0; i < SY_N_ELEMS(names) && n < 7; i++)
			if (sy_span_starts(sy_span_str(*e), names[i]))
				kept[n++] = *e;
	kept[n] = NULL;
}

/* The socket moves first: it may itself lie on a number that is replaced next. */
static int plan_files(posix_spawn_file_actions_t *files, int socket)
{
	int error = posix_spawn_file_actions_adddup2(files, socket, SY_WIRE_SOCKET);

	for (int fd = 0; fd < SY_WIRE_SOCKET && !error; fd++)
		error = posix_spawn_file_actions_addopen(files, fd, "/dev/null",
							 fd ? O_WRONLY : O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(files,
								 SY_WIRE_SOCKET + 1);
	return error;
}

/* A group of its own: Ctrl-C is for the main process, which ends the run. */
static int plan_signals(posix_spawnattr_t *attr)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setpgroup(attr, 0);
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
					      POSIX_SPAWN_SETSIGMASK |
					      POSIX_SPAWN_SETPGROUP);
}

static int spawn_program(const char *path, int socket, pid_t *pid)
{
	char name[] = PROGRAM;
	char *argv[] = { name, NULL };
	char *environment[8];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error;

	choose_environment(environment);
	error = posix_spawn_file_actions_init(&files);
	if (error)
		return error;
	error = posix_spawnattr_init(&attr);
	if (!error) {
		error = plan_files(&files, socket);
		if (!error)
			error = plan_signals(&attr);
		if (!error)
			error = posix_spawn(pid, path, &files, &attr, argv,
					    environment);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	return error;
}

enum sy_status sy_spawn_zygote(struct sy_context *ctx, const char *program,
			       struct sy_spawn *spawn)
{
	char path[PATH_MAX];
	int ends[2];
	int error;

	*spawn = (struct sy_spawn){ .socket = -1 };
	if (find(ctx, program, path) != SY_OK)
		return SY_NOT_FOUND;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return sy_fail_errno(ctx, "cannot make a socket for the worker");
	error = spawn_program(path, ends[1], &spawn->pid);
	(void)close(ends[1]);
	if (error) {
		(void)close(ends[0]);
		spawn->pid = 0;
		errno = error;
		return sy_fail_errno(ctx, "cannot start %s", path);
	}
	spawn->socket = ends[0];
	return SY_OK;
}

/*
 * Its workers die with it: each asked the kernel for that.  The number is only
 * used while waitpid says that it still belongs to our child.
 */
void sy_spawn_end(struct sy_spawn *spawn)
{
	if (spawn->socket >= 0)
		(void)close(spawn->socket);
	if (spawn->pid > 0 && waitpid(spawn->pid, NULL, WNOHANG) == 0) {
		(void)kill(spawn->pid, SIGKILL);
		while (waitpid(spawn->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*spawn = (struct sy_spawn){ .socket = -1 };
}
