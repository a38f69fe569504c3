/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves jobs, forks, reaps.  Keeps a worker's number for as long as its process
 * is not reaped, so that a kill never meets a stranger.  Never opens or reads a
 * file, and never reads from a worker.
 */
#include "verifier/engine/zygote.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/engine/cage.h"
#include "verifier/engine/child.h"
#include "verifier/engine/wire.h"
#include "verifier/engine/worker.h"

#define EXIT_USAGE 4

struct child {
	uint32_t ticket;
	pid_t pid;
};

struct zygote {
	int socket;
	const struct sy_format *const *formats;
	pid_t pid;
	uint8_t *buffer;		/* of SY_WIRE_BYTES_MAX bytes */
	bool is_over;			/* the main process is gone */
	size_t n_children;
	struct child children[SY_WIRE_JOBS_MAX];
};

static void tell(struct zygote *z, const struct sy_wire_message *message)
{
	if (!sy_wire_send(z->socket, message, 0))
		z->is_over = true;
}

static void tell_ended(struct zygote *z, uint32_t ticket, enum sy_wire_end end,
		       int code)
{
	tell(z, &(struct sy_wire_message){ .kind = SY_WIRE_ENDED, .ticket = ticket,
					   .end = end, .code = code });
}

/* The group first: the number may not be the group's leader yet, or any more. */
static void kill_child(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
}

static void start(struct zygote *z, const struct sy_wire_job *job)
{
	pid_t pid = -1;
	int error = EAGAIN;

	if (z->n_children < SY_WIRE_JOBS_MAX) {
		pid = fork();
		error = errno;
	}
	if (pid == 0)
		sy_child_run(job, z->formats, z->pid);
	(void)close(job->source_fd);
	(void)close(job->pipe_fd);
	if (job->scratch_fd >= 0)
		(void)close(job->scratch_fd);
	if (pid < 0) {
		tell_ended(z, job->ticket, SY_WIRE_NOT_STARTED, error);
		return;
	}
	z->children[z->n_children++] = (struct child){ job->ticket, pid };
}

static void end(struct zygote *z, uint32_t ticket)
{
	for (size_t i = 0; i < z->n_children; i++)
		if (z->children[i].ticket == ticket)
			kill_child(z->children[i].pid);
}

/* The pid of an ended child that is not reaped yet; 0: none. */
static pid_t ended_child(siginfo_t *info)
{
	info->si_pid = 0;
	if (waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT))
		return 0;
	return info->si_pid;
}

/* While it is a zombie its group's number is taken: what it left can be killed. */
static void reap(struct zygote *z)
{
	siginfo_t info;
	pid_t pid;

	while ((pid = ended_child(&info)) > 0) {
		bool is_exit = info.si_code == CLD_EXITED;

		(void)kill(-pid, SIGKILL);
		(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG);
		for (size_t i = 0; i < z->n_children; i++) {
			if (z->children[i].pid != pid)
				continue;
			tell_ended(z, z->children[i].ticket,
				   is_exit ? SY_WIRE_EXITED : SY_WIRE_SIGNALLED,
				   info.si_status);
			z->children[i] = z->children[--z->n_children];
			break;
		}
	}
}

static void listen_once(struct zygote *z)
{
	struct sy_wire_message message;

	switch (sy_wire_receive(z->socket, MSG_DONTWAIT, z->buffer,
				SY_WIRE_BYTES_MAX, &message)) {
	case SY_WIRE_NOTHING:
		return;
	case SY_WIRE_CLOSED:
		z->is_over = true;
		return;
	case SY_WIRE_GOT:
		break;
	}
	if (message.kind == SY_WIRE_JOB)
		start(z, &message.job);
	if (message.kind == SY_WIRE_KILL)
		end(z, message.ticket);
}

static void woken(int signal_number)
{
	(void)signal_number;
}

/* SIGCHLD arrives during ppoll only: nothing is ever missed between two turns. */
static bool prepare_signals(sigset_t *waiting)
{
	struct sigaction wake = { .sa_handler = woken, .sa_flags = SA_NOCLDSTOP };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	return !sigprocmask(SIG_BLOCK, &child, waiting) &&
	       !sigdelset(waiting, SIGCHLD) && !sigaction(SIGCHLD, &wake, NULL) &&
	       signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

/* It must not outlive the main process, nor be looked into by its workers. */
static bool settle(void)
{
	return !prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) &&
	       !prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) &&
	       !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void serve(struct zygote *z, const sigset_t *waiting)
{
	tell(z, &(struct sy_wire_message){ .kind = SY_WIRE_HELLO,
					   .code = (int)sy_cage_available(),
					   .fingerprint = sy_wire_fingerprint() });
	while (!z->is_over) {
		struct pollfd p = { .fd = z->socket, .events = POLLIN };

		reap(z);
		if (ppoll(&p, 1, NULL, waiting) > 0)
			listen_once(z);
	}
	for (size_t i = 0; i < z->n_children; i++)
		kill_child(z->children[i].pid);
}

static bool is_packet_socket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
	       type == SOCK_SEQPACKET;
}

int sy_zygote_serve(int socket, const struct sy_format *const *formats)
{
	struct zygote z = { .socket = socket, .formats = formats, .pid = getpid() };
	struct sy_context ctx;
	sigset_t waiting;

	if (!is_packet_socket(socket) || !prepare_signals(&waiting) || !settle())
		return EXIT_USAGE;
	sy_context_init(&ctx);
	sy_cage_warm();
	z.buffer = sy_alloc(&ctx, SY_WIRE_BYTES_MAX);
	if (z.buffer)
		serve(&z, &waiting);
	sy_release(&ctx, z.buffer);
	return 0;
}

int sy_zygote_main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return EXIT_USAGE;
	return sy_zygote_serve(SY_WIRE_SOCKET, sy_formats);
}
