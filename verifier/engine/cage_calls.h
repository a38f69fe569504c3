/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of a caged process.  Internal to the cage.
 */
#ifndef SY_ENGINE_CAGE_CALLS_H
#define SY_ENGINE_CAGE_CALLS_H

#include <linux/audit.h>
#include <stdbool.h>

#include "verifier/base/attr.h"

/* The architectures whose calls are known; others have no such layer. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define SY_CAGE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
#define SY_CAGE_ARCH AUDIT_ARCH_AARCH64
#endif

bool sy_cage_calls_available(void);

/* From now on every call that is not on the list ends the process. */
SY_MUST_CHECK bool sy_cage_calls_deny(void);

#endif
