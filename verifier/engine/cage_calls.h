/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of a caged process.  Internal to the cage.
 */
#ifndef SY_ENGINE_CAGE_CALLS_H
#define SY_ENGINE_CAGE_CALLS_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "verifier/base/attr.h"

/* The architectures whose calls are known; others have no such layer. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define SY_CAGE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
#define SY_CAGE_ARCH AUDIT_ARCH_AARCH64
#endif

#define SY_CAGE_CODE_MAX 160

/* A filter program, as the kernel takes it. */
struct sy_cage_filter {
	struct sock_filter code[SY_CAGE_CODE_MAX];
	unsigned short len;		/* instructions */
};

/*
 * The program for processes of an architecture, whichever this one is of, with
 * this process as the one that tgkill may name.  False: its calls are not known.
 */
SY_MUST_CHECK bool sy_cage_calls_make(uint32_t arch, struct sy_cage_filter *filter);

bool sy_cage_calls_available(void);

/* From now on every call that is not on the list ends the process. */
SY_MUST_CHECK bool sy_cage_calls_deny(void);

#endif
