/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter programs of all architectures, run by an interpreter of the few
 * instructions that they are made of: nothing is installed, so that aarch64's is
 * tested on every machine.  What may pass is another list (allowed_calls.def) with
 * the numbers of the kernel's own headers.
 */
#include "tests/support/support.h"
#include "verifier/engine/cage_calls.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/engine/allowed_calls.h"

#define KILL SECCOMP_RET_KILL_PROCESS
#define ALLOW SECCOMP_RET_ALLOW
#define NO_CALL (SECCOMP_RET_ERRNO | ENOSYS)
#define NUMBERS 2048		/* the kernel has below 500 */
#define X32_BIT 0x40000000u

/* Words that name no machine with a filter; the last are one bit off. */
static const uint32_t foreign[] = {
	0, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_ARMEB, AUDIT_ARCH_RISCV64,
	AUDIT_ARCH_PPC64LE, AUDIT_ARCH_S390X, AUDIT_ARCH_MIPS64, UINT32_MAX,
	AUDIT_ARCH_X86_64 & ~(uint32_t)__AUDIT_ARCH_64BIT,
	AUDIT_ARCH_AARCH64 & ~(uint32_t)__AUDIT_ARCH_LE,
};

struct machine {
	const char *name;
	uint32_t arch, other;		/* the other one that has a filter */
	const struct named_call *calls;
};

static const struct machine machines[] = {
#ifdef __x86_64__
	{ "x86-64", AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, native_calls },
#endif
#ifdef __aarch64__
	{ "aarch64", AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64, native_calls },
#endif
	{ "generic", AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64, generic_calls },
};

static uint32_t load(const struct seccomp_data *data, uint32_t off)
{
	uint32_t word;

	/* What the kernel asks of a load (seccomp_check_filter). */
	assert_true(off % sizeof(word) == 0 && off < sizeof(*data));
	memcpy(&word, (const uint8_t *)data + off, sizeof(word));
	return word;
}

static uint32_t run(const struct sy_cage_filter *filter, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t at = 0; at < filter->len; at++) {
		const struct sock_filter *i = &filter->code[at];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(data, i->k);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("instruction %zu is unknown: %x", at, i->code);
		}
	}
	fail_msg("the program runs past its end");
	return KILL;
}

static void make(const struct machine *m, struct sy_cage_filter *filter)
{
	assert_true(sy_cage_calls_make(m->arch, filter));
	assert_true(filter->len > 0 && filter->len <= SY_CAGE_CODE_MAX);
}

/* One call whose arguments are all the same word. */
static uint32_t result(const struct sy_cage_filter *filter, uint32_t arch, uint32_t number,
		       uint64_t arg)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch };

	for (size_t i = 0; i < SY_N_ELEMS(data.args); i++)
		data.args[i] = arg;
	return run(filter, &data);
}

static const struct named_call *find(const struct named_call *calls, uint32_t number)
{
	for (; calls->name; calls++)
		if (calls->number == number)
			return calls;
	return NULL;
}

/* All arguments zero: none has a forbidden bit, and none is this process. */
static uint32_t expected(const struct named_call *call)
{
	if (!call)
		return KILL;
	if (call->how_far == ABSENT)
		return NO_CALL;
	return strcmp(call->name, "tgkill") == 0 ? KILL : ALLOW;
}

static void test_every_number(void **state)
{
	struct sy_cage_filter filter;
	size_t n_killed = 0;

	(void)state;
	for (size_t m = 0; m < SY_N_ELEMS(machines); m++) {
		make(&machines[m], &filter);
		for (uint32_t number = 0; number < NUMBERS; number++) {
			uint32_t got = result(&filter, machines[m].arch, number, 0);

			if (got != expected(find(machines[m].calls, number)))
				fail_msg("%s: call %u: %x", machines[m].name, number, got);
			n_killed += got == KILL;
		}
	}
	assert_int_equal(n_killed, SY_N_ELEMS(machines) * (NUMBERS - 24));
}

/* x32 programs have the architecture of x86-64, and numbers with one more bit. */
static void test_bits_above_a_number(void **state)
{
	struct sy_cage_filter filter;

	(void)state;
	for (size_t m = 0; m < SY_N_ELEMS(machines); m++) {
		make(&machines[m], &filter);
		for (uint32_t number = 0; number < NUMBERS; number++) {
			assert_int_equal(result(&filter, machines[m].arch,
						X32_BIT | number, 0), KILL);
			for (int bit = 11; bit < 32; bit++)
				assert_int_equal(result(&filter, machines[m].arch,
							UINT32_C(1) << bit | number, 0),
						 KILL);
		}
	}
}

static void test_other_architectures(void **state)
{
	struct sy_cage_filter filter;

	(void)state;
	for (size_t m = 0; m < SY_N_ELEMS(machines); m++) {
		make(&machines[m], &filter);
		for (uint32_t number = 0; number < NUMBERS; number++) {
			assert_int_equal(result(&filter, machines[m].other, number, 0), KILL);
			for (size_t i = 0; i < SY_N_ELEMS(foreign); i++)
				assert_int_equal(result(&filter, foreign[i], number, 0),
						 KILL);
		}
	}
	for (size_t i = 0; i < SY_N_ELEMS(foreign); i++)
		assert_false(sy_cage_calls_make(foreign[i], &filter));
}

/* One argument of a call by name; the others, and its upper half, are all ones. */
static uint32_t with(const struct machine *m, const char *name, size_t arg, uint32_t value)
{
	struct seccomp_data data = { .arch = m->arch };
	const struct named_call *call = m->calls;
	struct sy_cage_filter filter;

	while (strcmp(call->name, name) != 0)
		call++;
	data.nr = (int)call->number;
	memset(data.args, 0xff, sizeof(data.args));
	data.args[arg] = UINT64_C(0xffffffff00000000) | value;
	make(m, &filter);
	return run(&filter, &data);
}

static void check_arguments(const struct machine *m)
{
	static const char *const mappers[] = { "mmap", "mprotect" };
	uint32_t self = (uint32_t)getpid();

	for (size_t i = 0; i < SY_N_ELEMS(mappers); i++) {
		for (uint32_t bit = 1; bit; bit <<= 1)
			assert_int_equal(with(m, mappers[i], 2, bit),
					 bit == PROT_EXEC ? KILL : ALLOW);
		assert_int_equal(with(m, mappers[i], 2, PROT_READ | PROT_WRITE), ALLOW);
		assert_int_equal(with(m, mappers[i], 2, PROT_READ | PROT_EXEC), KILL);
		assert_int_equal(with(m, mappers[i], 2, UINT32_MAX), KILL);
	}
	assert_int_equal(with(m, "madvise", 2, MADV_DONTNEED), ALLOW);
	assert_int_equal(with(m, "madvise", 2, MADV_HUGEPAGE), ALLOW);
	assert_int_equal(with(m, "madvise", 2, 100), KILL);	/* HWPOISON */
	assert_int_equal(with(m, "futex", 1, FUTEX_WAIT_PRIVATE), ALLOW);
	assert_int_equal(with(m, "futex", 1, FUTEX_WAKE_PRIVATE), ALLOW);
	for (uint32_t op = 2; op < 128; op++)
		assert_int_equal(with(m, "futex", 1, op), KILL);
	assert_int_equal(with(m, "tgkill", 0, self), ALLOW);
	for (int bit = 0; bit < 32; bit++)
		assert_int_equal(with(m, "tgkill", 0, self ^ UINT32_C(1) << bit), KILL);
}

static void test_arguments(void **state)
{
	(void)state;
	for (size_t m = 0; m < SY_N_ELEMS(machines); m++)
		check_arguments(&machines[m]);
}

/* A process of this machine under the filter of the other: it does nothing any more. */
static int under_the_other(uint32_t arch)
{
	struct sy_cage_filter filter;
	struct sock_fprog program;

	if (!sy_cage_calls_make(arch, &filter) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 1;
	program = (struct sock_fprog){ .len = filter.len, .filter = filter.code };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		return 2;
	return 0;
}

/* The kernel's own check of a program takes that of either architecture. */
static void test_kernel_takes_both(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (!sy_cage_calls_available()) {
		print_message("no seccomp in this build or kernel\n");
		skip();
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(under_the_other(machines[0].other));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_bits_above_a_number),
		cmocka_unit_test(test_other_architectures),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_kernel_takes_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
