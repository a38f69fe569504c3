/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: the filter program made from the table of calls that a parser needs.
 * What is not in the table kills the process, which the main process sees and
 * reports; nothing is denied in silence.
 */
#include "verifier/engine/cage_calls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum test {
	ANY,		/* whatever its arguments */
	NONE_OF,	/* no bit of `value` is set in the argument */
	SELF,		/* the argument is this process */
	ABSENT		/* as if the kernel did not know the call */
};

struct call {
	uint32_t x86_64, aarch64;	/* its numbers */
	enum test test;
	uint32_t arg;			/* index */
	uint32_t value;
};

static const struct call calls[] = {
#define CALL(name, x86_64, aarch64, test, arg, value) \
	{ x86_64, aarch64, test, arg, value },
#include "verifier/engine/cage_calls.def"
#undef CALL
};

/* The column of this machine is what its own headers say. */
#if defined(__x86_64__)
#define CALL(name, x86_64, aarch64, test, arg, value) \
	_Static_assert(__NR_##name == (x86_64), "the number of a call");
#include "verifier/engine/cage_calls.def"
#undef CALL
#elif defined(__aarch64__)
#define CALL(name, x86_64, aarch64, test, arg, value) \
	_Static_assert(__NR_##name == (aarch64), "the number of a call");
#include "verifier/engine/cage_calls.def"
#undef CALL
#endif

#define HEAD 4			/* instructions before the first call */
#define CALL_MAX 5		/* instructions of one call */

_Static_assert(HEAD + CALL_MAX * SY_N_ELEMS(calls) + 1 <= SY_CAGE_CODE_MAX,
	       "any table fits");

static void put(struct sy_cage_filter *p, struct sock_filter instruction)
{
	p->code[p->len++] = instruction;
}

static void put_load(struct sy_cage_filter *p, size_t off)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)off));
}

/* op: BPF_JEQ or BPF_JSET; skips so many instructions. */
static void put_jump(struct sy_cage_filter *p, uint16_t op, uint32_t value, uint8_t if_so,
		     uint8_t if_not)
{
	put(p, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | op | BPF_K), value,
					    if_so, if_not));
}

static void put_return(struct sy_cage_filter *p, uint32_t what)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* The lower half of an argument, on machines that are all little-endian. */
static void put_load_argument(struct sy_cage_filter *p, uint32_t arg)
{
	put_load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
}

static void put_tested(struct sy_cage_filter *p, uint32_t number, const struct call *call)
{
	put_jump(p, BPF_JEQ, number, 0, 4);
	put_load_argument(p, call->arg);
	if (call->test == SELF)
		put_jump(p, BPF_JEQ, (uint32_t)getpid(), 0, 1);
	else
		put_jump(p, BPF_JSET, call->value, 1, 0);
	put_return(p, SECCOMP_RET_ALLOW);
	put_return(p, SECCOMP_RET_KILL_PROCESS);
}

static void put_call(struct sy_cage_filter *p, uint32_t number, const struct call *call)
{
	switch (call->test) {
	case NONE_OF:
	case SELF:
		put_tested(p, number, call);
		return;
	case ANY:
		put_jump(p, BPF_JEQ, number, 0, 1);
		put_return(p, SECCOMP_RET_ALLOW);
		return;
	case ABSENT:
		put_jump(p, BPF_JEQ, number, 0, 1);
		put_return(p, SECCOMP_RET_ERRNO | ENOSYS);
		return;
	}
}

/* Calls by another convention (32 bits, x32) have other numbers: none is allowed. */
bool sy_cage_calls_make(uint32_t arch, struct sy_cage_filter *filter)
{
	filter->len = 0;
	if (arch != AUDIT_ARCH_X86_64 && arch != AUDIT_ARCH_AARCH64)
		return false;
	put_load(filter, offsetof(struct seccomp_data, arch));
	put_jump(filter, BPF_JEQ, arch, 1, 0);
	put_return(filter, SECCOMP_RET_KILL_PROCESS);
	put_load(filter, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < SY_N_ELEMS(calls); i++)
		put_call(filter, arch == AUDIT_ARCH_X86_64 ? calls[i].x86_64 :
							     calls[i].aarch64,
			 &calls[i]);
	put_return(filter, SECCOMP_RET_KILL_PROCESS);
	return true;
}

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
	struct sy_cage_filter filter;
	struct sock_fprog program;

	if (!sy_cage_calls_make(SY_CAGE_ARCH, &filter))
		return false;
	program = (struct sock_fprog){ .len = filter.len, .filter = filter.code };
	return !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
#else
	return false;
#endif
}
