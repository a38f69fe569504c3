/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one context: whoever allocates, reads, asks the time or may run long
 * takes it first.  There is no other global state.  Fault injection,
 * cancellation and threads rest on it: a thread works on its own shallow copy
 * (sy_context_copy), so `error` and `memory_used` are never shared.
 */
#ifndef SY_BASE_CONTEXT_H
#define SY_BASE_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "verifier/base/attr.h"
#include "verifier/base/status.h"

struct sy_limits {
#define LIMIT(field, name, value, unit, what) uint64_t field;
#include "verifier/base/limits.def"
#undef LIMIT
};

/* realloc's contract, except that len 0 frees and returns NULL. */
typedef void *sy_realloc_fn(void *user, void *p, size_t len);

struct sy_allocator {
	sy_realloc_fn *realloc;
	void *user;
};

/* The system calls we make on files, each with its own call's contract. */
struct sy_file_ops {
	/*
	 * openat2(2) with O_CLOEXEC|O_NONBLOCK|O_NOCTTY added (the first alone
	 * to O_PATH, which takes no other); resolve: RESOLVE_*
	 */
	int (*open)(void *user, int dirfd, const char *path, int flags,
		    uint64_t resolve);
	int (*close)(void *user, int fd);
	int (*fstat)(void *user, int fd, struct stat *st);
	ssize_t (*pread)(void *user, int fd, void *buf, size_t len, off_t off);
	ssize_t (*read)(void *user, int fd, void *buf, size_t len);
	ssize_t (*write)(void *user, int fd, const void *buf, size_t len);
	ssize_t (*pwrite)(void *user, int fd, const void *buf, size_t len, off_t off);
	void *user;
};

struct sy_clock {
	uint64_t (*monotonic_ns)(void *user);
	int64_t (*wall_s)(void *user);		/* seconds since 1970 */
	void *user;
};

/* Fills buf with random bytes; may not fail. */
typedef void sy_random_fn(void *user, void *buf, size_t len);

enum sy_message_level { SY_MESSAGE_NOTICE, SY_MESSAGE_PROGRESS, SY_MESSAGE_DEBUG };

/* One line without newline; may hold untrusted bytes: the sink escapes. */
typedef void sy_message_fn(void *user, enum sy_message_level level,
			   const char *text);

struct sy_context {
	struct sy_allocator allocator;
	struct sy_file_ops files;
	struct sy_clock clock;
	sy_random_fn *random;
	void *random_user;
	sy_message_fn *message;		/* may be NULL */
	void *message_user;
	struct sy_limits limits;
	const atomic_bool *cancelled;	/* may be NULL: never cancelled */
	uint64_t memory_used;		/* bytes charged against limits.memory */
	uint8_t hash_key[16];		/* key of every hash table of this run */
	struct sy_error error;		/* first failure; see sy_fail */
};

/* The default limits of limits.def. */
void sy_limits_default(struct sy_limits *limits);

/*
 * Sets one limit by its option name ("tensors") to a positive decimal value.
 * SY_NOT_FOUND: no such name; SY_USAGE: not a number, or 0.
 */
SY_MUST_CHECK enum sy_status sy_limits_set(struct sy_limits *limits,
					   const char *name, const char *value);

/* A context on the real system: malloc, files, clock, getrandom, limits. */
void sy_context_init(struct sy_context *ctx);

/* A copy for another thread: no error, no memory charged. */
void sy_context_copy(struct sy_context *copy, const struct sy_context *ctx);

static inline bool sy_cancelled(const struct sy_context *ctx)
{
	return ctx->cancelled &&
	       atomic_load_explicit(ctx->cancelled, memory_order_relaxed);
}

/*
 * Records a failure (the first one wins) and returns `status`, so that a
 * failing function ends in `return sy_fail(ctx, SY_LIMIT, "...", ...);`.
 * sy_fail_errno adds errno and strerror's text; sy_fail_as says what it is about.
 */
SY_PRINTF(3, 4)
enum sy_status sy_fail(struct sy_context *ctx, enum sy_status status,
		       const char *fmt, ...);
SY_PRINTF(4, 5)
enum sy_status sy_fail_as(struct sy_context *ctx, enum sy_status status,
			  enum sy_failure failure, const char *fmt, ...);
SY_PRINTF(2, 3)
enum sy_status sy_fail_errno(struct sy_context *ctx, const char *fmt, ...);

/*
 * Says the recorded failure otherwise (which file it was ...): a new status and
 * sentence, which may not point into the old one; what it is about stays.
 */
SY_PRINTF(3, 4)
enum sy_status sy_fail_again(struct sy_context *ctx, enum sy_status status,
			     const char *fmt, ...);

/* Forgets the recorded failure (after it was turned into a notice). */
void sy_error_clear(struct sy_context *ctx);

/* Sends a line to the message sink, if there is one. */
SY_PRINTF(3, 4)
void sy_message(struct sy_context *ctx, enum sy_message_level level,
		const char *fmt, ...);

#endif
