/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cage around a process that reads hostile files: resource limits, no
 * privileges and no dumps always; no path at all (Landlock) and no system call
 * but a few (seccomp) where the kernel has them.  Builds with sanitizers have
 * the limits only: their runtimes do what the cage forbids.
 */
#ifndef SY_ENGINE_CAGE_H
#define SY_ENGINE_CAGE_H

#include "verifier/base/context.h"
#include "verifier/base/text.h"

/* What a kernel, a container or a build may lack. */
enum sy_cage_layer { SY_CAGE_LANDLOCK = 1, SY_CAGE_SECCOMP = 2 };

#define SY_CAGE_ALL ((unsigned)SY_CAGE_LANDLOCK | SY_CAGE_SECCOMP)

/* What to do about it. */
enum sy_sandbox {
	SY_SANDBOX_AUTO,	/* every layer there is; the report names the others */
	SY_SANDBOX_REQUIRE,	/* all layers, or nothing is examined */
	SY_SANDBOX_OFF		/* limits only; the report says so */
};

/* "auto", "require", "off". */
SY_MUST_CHECK bool sy_sandbox_find(const char *name, enum sy_sandbox *sandbox);

/* The layers that this build has and this kernel offers; changes nothing. */
unsigned sy_cage_available(void);

/* The version of Landlock that the kernel speaks; 0: none, or none in this build. */
int sy_cage_landlock_abi(void);

/* Adds "Landlock", "seccomp" or "Landlock and seccomp". */
void sy_cage_name(unsigned layers, struct sy_text *text);

struct sy_cage {
	const struct sy_limits *limits;
	uint64_t scratch;		/* bytes that files may grow to; 0: no file */
	unsigned layers;		/* mask of enum sy_cage_layer */
};

/*
 * Confines this process for the rest of its life, by exactly the layers asked
 * for.  False: it is not confined as asked and must end.  It has one thread.
 */
SY_MUST_CHECK bool sy_cage_enter(const struct sy_cage *cage);

/* Makes libc look up now what it would look up once, later, in the cage. */
void sy_cage_warm(void);

/*
 * fstat of struct sy_file_ops by its own system call: libc uses one that takes a
 * path as well, which the cage forbids.
 */
int sy_cage_fstat(void *user, int fd, struct stat *st);

#endif
