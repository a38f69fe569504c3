/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: a table of the calls that a parser needs, and the filter program made
 * from it.  What is not in the table kills the process, which the main process
 * sees and reports; nothing is denied in silence.  Whatever names a path, makes a
 * descriptor or a process, or touches another one is not in the table.
 */
#include "verifier/engine/cage_calls.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SY_CAGE_ARCH

enum test {
	ANY,		/* whatever its arguments */
	NONE_OF,	/* no bit of `value` is set in the argument */
	SELF,		/* the argument is this process */
	ABSENT		/* as if the kernel did not know the call */
};

struct call {
	uint32_t number;
	enum test test;
	uint32_t arg;		/* index */
	uint32_t value;
};

/* Often used ones first: a filter is read from its beginning. */
static const struct call calls[] = {
	{ __NR_pread64, ANY, 0, 0 },		/* the file and scratch */
	{ __NR_write, ANY, 0, 0 },		/* records */
	{ __NR_pwrite64, ANY, 0, 0 },		/* scratch */
	{ __NR_brk, ANY, 0, 0 },
	{ __NR_mmap, NONE_OF, 2, PROT_EXEC },
	{ __NR_munmap, ANY, 0, 0 },
	{ __NR_mremap, ANY, 0, 0 },
	{ __NR_mprotect, NONE_OF, 2, PROT_EXEC },
	{ __NR_madvise, NONE_OF, 2, ~15u },	/* malloc's; no poisoning */
	{ __NR_clock_gettime, ANY, 0, 0 },	/* where the vDSO cannot tell */
	{ __NR_fstat, ANY, 0, 0 },
	{ __NR_close, ANY, 0, 0 },
	{ __NR_exit_group, ANY, 0, 0 },
	{ __NR_exit, ANY, 0, 0 },
	/* What libraries may do by themselves. */
	{ __NR_futex, NONE_OF, 1, ~129u },	/* WAIT and WAKE, private or not */
	{ __NR_getrandom, ANY, 0, 0 },
	{ __NR_sched_yield, ANY, 0, 0 },
	{ __NR_restart_syscall, ANY, 0, 0 },
	/* abort(), so that it is told from a forbidden call. */
	{ __NR_getpid, ANY, 0, 0 },
	{ __NR_gettid, ANY, 0, 0 },
	{ __NR_rt_sigprocmask, ANY, 0, 0 },
	{ __NR_rt_sigreturn, ANY, 0, 0 },
	{ __NR_tgkill, SELF, 0, 0 },
	{ __NR_writev, ANY, 0, 0 },
	/* Its flags lie in memory; a library that gets this tries clone instead. */
	{ __NR_clone3, ABSENT, 0, 0 },
};

#define HEAD 4			/* instructions before the first call */
#define CALL_MAX 5		/* instructions of one call */

struct program {
	struct sock_filter code[HEAD + CALL_MAX * SY_N_ELEMS(calls) + 1];
	unsigned short len;
};

static void put(struct program *p, struct sock_filter instruction)
{
	p->code[p->len++] = instruction;
}

static void put_load(struct program *p, size_t off)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)off));
}

/* op: BPF_JEQ or BPF_JSET; skips so many instructions. */
static void put_jump(struct program *p, uint16_t op, uint32_t value, uint8_t if_so,
		     uint8_t if_not)
{
	put(p, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | op | BPF_K), value,
					    if_so, if_not));
}

static void put_return(struct program *p, uint32_t what)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* The lower half of an argument, on the little-endian machines of SY_CAGE_ARCH. */
static void put_load_argument(struct program *p, uint32_t arg)
{
	put_load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
}

static void put_tested(struct program *p, const struct call *call)
{
	put_jump(p, BPF_JEQ, call->number, 0, 4);
	put_load_argument(p, call->arg);
	if (call->test == SELF)
		put_jump(p, BPF_JEQ, (uint32_t)getpid(), 0, 1);
	else
		put_jump(p, BPF_JSET, call->value, 1, 0);
	put_return(p, SECCOMP_RET_ALLOW);
	put_return(p, SECCOMP_RET_KILL_PROCESS);
}

static void put_call(struct program *p, const struct call *call)
{
	switch (call->test) {
	case NONE_OF:
	case SELF:
		put_tested(p, call);
		return;
	case ANY:
		put_jump(p, BPF_JEQ, call->number, 0, 1);
		put_return(p, SECCOMP_RET_ALLOW);
		return;
	case ABSENT:
		put_jump(p, BPF_JEQ, call->number, 0, 1);
		put_return(p, SECCOMP_RET_ERRNO | ENOSYS);
		return;
	}
}

/* Calls by another convention (32 bits) have other numbers: none is allowed. */
static void make(struct program *p)
{
	p->len = 0;
	put_load(p, offsetof(struct seccomp_data, arch));
	put_jump(p, BPF_JEQ, SY_CAGE_ARCH, 1, 0);
	put_return(p, SECCOMP_RET_KILL_PROCESS);
	put_load(p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < SY_N_ELEMS(calls); i++)
		put_call(p, &calls[i]);
	put_return(p, SECCOMP_RET_KILL_PROCESS);
}

#endif

/* Asked with nothing to install, a kernel that could complains about the address. */
bool sy_cage_calls_available(void)
{
#if defined(SY_CAGE_ARCH) && !defined(SY_CAGE_ABSENT)
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 &&
	       errno == EFAULT;
#else
	return false;
#endif
}

bool sy_cage_calls_deny(void)
{
#ifdef SY_CAGE_ARCH
	struct program program;
	struct sock_fprog filter;

	make(&program);
	filter = (struct sock_fprog){ .len = program.len, .filter = program.code };
	return !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
#else
	return false;
#endif
}
