/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker program whose one format does what its job's name says, from
 * forbidden.def, and reports how that ended; test_cage runs it.  Never installed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "verifier/engine/wire.h"
#include "verifier/engine/zygote.h"

#define SOURCE_FD 3
#define PIPE_FD 4

static pid_t zygote;
static _Alignas(4096) char page[4096];

static long try_clone(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid((pid_t)pid, NULL, 0);
	return pid;
}

/* The way around a forbidden path: a program that never had one. */
static long try_execveat(void)
{
	int fd = memfd_create("x", 0);

	return fd < 0 ? fd : syscall(SYS_execveat, fd, "", NULL, NULL, AT_EMPTY_PATH);
}

static long try_mmap(int protection)
{
	void *p = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

#ifdef __x86_64__
/* The convention of 32-bit programs, where numbers mean other calls: its getpid. */
static long try_int_0x80(void)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10",
			 "r11");
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}
#endif

/* What is on no list: the job itself is wrong. */
#define NO_SUCH_CALL (-2)

static long attempt(struct sy_span name)
{
#define TRY(word, expression)                   \
	if (sy_span_is(name, word))             \
		return (long)(expression);
#include "tests/engine/forbidden.def"
#undef TRY
	return NO_SUCH_CALL;
}

static enum sy_status tries(struct sy_inspection *in)
{
	struct sy_text text;
	long result;

	errno = 0;
	result = attempt(in->base);
	if (result == NO_SUCH_CALL)
		return sy_fail(in->ctx, SY_FORMAT, "no such call");
	sy_text_init(&text);
	if (result < 0)
		sy_text_addf(&text, "<errno %d>", errno);
	else
		sy_text_add(&text, "<done>");
	return sy_emit_meta(in, sy_span_str("outcome"), "text", sy_text_span(&text), 0, 0);
}

static enum sy_status is_good(struct sy_inspection *in)
{
	return sy_emit_artifact(in, "good", 0, "all is well");
}

static const struct sy_format *const formats[] = {
	&(const struct sy_format){ .name = "try", .inspect = tries },
	&(const struct sy_format){ .name = "good", .inspect = is_good },
	NULL
};

int main(void)
{
	zygote = getpid();
	return sy_zygote_serve(SY_WIRE_SOCKET, formats);
}
