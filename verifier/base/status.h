/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How something ended, for us.  What is wrong with a *file* is a fact (see
 * record.h), never a status: a parser that meets a malformed file emits facts
 * and returns SY_OK.
 */
#ifndef SY_BASE_STATUS_H
#define SY_BASE_STATUS_H

#include <stdint.h>

enum sy_status {
	SY_OK = 0,
	SY_NO_MEMORY,	/* an allocation failed */
	SY_IO,		/* a file operation failed; sys_errno says how */
	SY_LIMIT,	/* a limit was reached: undetermined, never clean */
	SY_CANCELLED,	/* the cancel flag is set */
	SY_FORMAT,	/* the input is malformed (readers below formats/) */
	SY_UNSUPPORTED,	/* well known, but not something we can examine */
	SY_CHANGED,	/* the file changed while it was read */
	SY_WORKER,	/* a worker process died or lied */
	SY_NOT_FOUND,	/* no such file, rule, command, ... */
	SY_USAGE,	/* the caller asked for something contradictory */
	SY_N_STATUS
};

/* What a failure is about, where its status says too little; 0: it says enough. */
enum sy_failure {
	SY_FAILURE_NONE = 0,
#define FAILURE(ident, name, meaning) SY_FAILURE_##ident,
#include "verifier/base/failure.def"
#undef FAILURE
};

/* Filled once, by whoever knew first; later failures keep the first text. */
struct sy_error {
	enum sy_status status;
	enum sy_failure failure;
	int sys_errno;		/* 0 when no system call was involved */
	char text[512];		/* one sentence, may hold untrusted bytes: escape */
};

/* A constant one-word name ("io", "limit", ...), never NULL. */
const char *sy_status_name(enum sy_status status);

/* The constant word for programs: the failure's name, or else its status's. */
const char *sy_error_reason(const struct sy_error *error);

/* strerror's sentence whatever the locale ("Permission denied"), never NULL. */
const char *sy_errno_text(int sys_errno);

#endif
