/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits, then privileges, then Landlock, then seccomp: each later one would
 * forbid to set up an earlier one.  Opens nothing and reads nothing.
 */
#include "verifier/engine/cage.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/base/ckd.h"
#include "verifier/engine/cage_calls.h"

#define N_FDS 8				/* the six it has, and some for libc */
#define CODE_BYTES ((uint64_t)64 << 20)	/* program, libraries, stack */

/*
 * Landlock, by number: older headers lack what newer kernels have.  The numbers
 * are the same on every architecture; linux/landlock.h of Linux 6.12.
 */
#define LANDLOCK_CREATE 444
#define LANDLOCK_RESTRICT 446
#define LANDLOCK_VERSION 1u		/* flag of CREATE: ask for the ABI */

struct landlock_rules {
	uint64_t files;			/* rights that are denied unless granted */
	uint64_t net;			/* from ABI 4 */
	uint64_t scoped;		/* from ABI 6 */
};

/* N rights of files that an ABI knows; they are the N lowest bits. */
static const uint8_t landlock_rights[] = { 0, 13, 14, 15, 15, 16 };

static bool limit(__rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
	struct rlimit old, new = { .rlim_cur = soft, .rlim_max = hard };

	if (getrlimit(what, &old))
		return false;
	if (new.rlim_max > old.rlim_max)
		new.rlim_max = old.rlim_max;
	if (new.rlim_cur > new.rlim_max)
		new.rlim_cur = new.rlim_max;
	return !setrlimit(what, &new);
}

/* Sanitizers reserve terabytes of addresses. */
static bool limit_memory(const struct sy_limits *limits)
{
#ifdef SY_CAGE_ABSENT
	(void)limits;
	return true;
#else
	uint64_t len;

	if (ckd_add(&len, limits->memory, CODE_BYTES))
		len = RLIM_INFINITY;
	return limit(RLIMIT_AS, len, len);
#endif
}

/* NPROC does not bind root; that seccomp does. */
static bool limit_resources(const struct sy_cage *cage)
{
	uint64_t seconds = cage->limits->worker_seconds, hard;

	if (ckd_add(&hard, seconds, 1))
		hard = RLIM_INFINITY;
	return limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_NPROC, 0, 0) &&
	       limit(RLIMIT_FSIZE, cage->scratch, cage->scratch) &&
	       limit(RLIMIT_NOFILE, N_FDS, N_FDS) && limit(RLIMIT_MEMLOCK, 0, 0) &&
	       limit(RLIMIT_MSGQUEUE, 0, 0) &&
	       limit(RLIMIT_CPU, seconds, hard) && limit_memory(cage->limits);
}

/* Root's worker keeps its number and nothing that comes with it. */
static bool drop_privileges(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !syscall(SYS_capset, &head, none) &&
	       !prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int sy_cage_landlock_abi(void)
{
#ifdef SY_CAGE_ABSENT
	return 0;
#else
	long abi = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);

	return abi > 0 ? (int)abi : 0;
#endif
}

/* Everything that the kernel can deny; nothing is granted. */
static struct landlock_rules deny_all(int abi, size_t *len)
{
	size_t last = SY_N_ELEMS(landlock_rights) - 1;
	size_t row = (size_t)abi < last ? (size_t)abi : last;
	struct landlock_rules rules = {
		.files = (UINT64_C(1) << landlock_rights[row]) - 1,
	};

	*len = sizeof(rules.files);
	if (abi >= 4) {
		rules.net = 3;		/* bind and connect TCP */
		*len += sizeof(rules.net);
	}
	if (abi >= 6) {
		rules.scoped = 3;	/* abstract sockets and signals outside */
		*len += sizeof(rules.scoped);
	}
	return rules;
}

static bool deny_paths(void)
{
	size_t len;
	struct landlock_rules rules = deny_all(sy_cage_landlock_abi(), &len);
	long fd = syscall(LANDLOCK_CREATE, &rules, len, 0);
	bool is_denied;

	if (fd < 0)
		return false;
	is_denied = !syscall(LANDLOCK_RESTRICT, fd, 0);
	(void)close((int)fd);
	return is_denied;
}

bool sy_sandbox_find(const char *name, enum sy_sandbox *sandbox)
{
	static const char *const names[] = {
		[SY_SANDBOX_AUTO] = "auto", [SY_SANDBOX_REQUIRE] = "require",
		[SY_SANDBOX_OFF] = "off",
	};

	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*sandbox = (enum sy_sandbox)i;
		return true;
	}
	return false;
}

unsigned sy_cage_available(void)
{
	return (sy_cage_landlock_abi() > 0 ? (unsigned)SY_CAGE_LANDLOCK : 0u) |
	       (sy_cage_calls_available() ? (unsigned)SY_CAGE_SECCOMP : 0u);
}

void sy_cage_name(unsigned layers, struct sy_text *text)
{
	if (layers & SY_CAGE_LANDLOCK)
		sy_text_add(text, "Landlock");
	if ((layers & SY_CAGE_ALL) == SY_CAGE_ALL)
		sy_text_add(text, " and ");
	if (layers & SY_CAGE_SECCOMP)
		sy_text_add(text, "seccomp");
}

bool sy_cage_enter(const struct sy_cage *cage)
{
	if (!limit_resources(cage) || !drop_privileges())
		return false;
	if (cage->layers & SY_CAGE_LANDLOCK && !deny_paths())
		return false;
	return !(cage->layers & SY_CAGE_SECCOMP) || sy_cage_calls_deny();
}

static int compare_bytes(const void *a, const void *b)
{
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* glibc's qsort asks once how much memory there is, when it sorts a kilobyte. */
void sy_cage_warm(void)
{
	uint8_t bytes[2048] = { 0 };

	qsort(bytes, sizeof(bytes), 1, compare_bytes);
}

int sy_cage_fstat(void *user, int fd, struct stat *st)
{
	(void)user;
#ifdef SY_CAGE_ARCH
	return (int)syscall(SYS_fstat, fd, st);
#else
	return fstat(fd, st);
#endif
}
