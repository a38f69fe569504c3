/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context on the real system, and its error slot.  The only file that
 * calls the system's clock, random source and file operations directly; the
 * rest goes through the struct.
 */
#include "verifier/base/context.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "verifier/base/ckd.h"

static void *system_realloc(void *user, void *p, size_t len)
{
	(void)user;
	if (len == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, len);
}

static int system_open(void *user, int dirfd, const char *path, int flags,
		       uint64_t resolve)
{
	const int added = flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY;
	const struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | added),
		.resolve = resolve,
	};

	(void)user;
	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

static int system_close(void *user, int fd)
{
	(void)user;
	return close(fd);
}

static int system_fstat(void *user, int fd, struct stat *st)
{
	(void)user;
	return fstat(fd, st);
}

static ssize_t system_pread(void *user, int fd, void *buf, size_t len, off_t off)
{
	(void)user;
	return pread(fd, buf, len, off);
}

static ssize_t system_read(void *user, int fd, void *buf, size_t len)
{
	(void)user;
	return read(fd, buf, len);
}

static ssize_t system_write(void *user, int fd, const void *buf, size_t len)
{
	(void)user;
	return write(fd, buf, len);
}

static ssize_t system_pwrite(void *user, int fd, const void *buf, size_t len, off_t off)
{
	(void)user;
	return pwrite(fd, buf, len, off);
}

static uint64_t system_monotonic_ns(void *user)
{
	struct timespec now = { 0 };

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int64_t system_wall_s(void *user)
{
	(void)user;
	return (int64_t)time(NULL);
}

/* getrandom cannot fail for small requests once the pool is initialised. */
static void system_random(void *user, void *buf, size_t len)
{
	uint8_t *next = buf;

	(void)user;
	while (len > 0) {
		ssize_t n = getrandom(next, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			abort();
		next += n;
		len -= (size_t)n;
	}
}

void sy_limits_default(struct sy_limits *limits)
{
	*limits = (struct sy_limits){
#define LIMIT(field, name, value, unit, what) .field = value,
#include "verifier/base/limits.def"
#undef LIMIT
	};
}

static uint64_t *find_limit(struct sy_limits *limits, const char *name)
{
#define LIMIT(field, option, value, unit, what) \
	if (!strcmp(name, option))              \
		return &limits->field;
#include "verifier/base/limits.def"
#undef LIMIT
	return NULL;
}

enum sy_status sy_limits_set(struct sy_limits *limits, const char *name,
			     const char *value)
{
	uint64_t *limit = find_limit(limits, name);
	uint64_t parsed = 0;

	if (!limit)
		return SY_NOT_FOUND;
	for (const char *c = value; *c; c++) {
		if (*c < '0' || *c > '9' || ckd_mul(&parsed, parsed, 10u) ||
		    ckd_add(&parsed, parsed, (uint64_t)(*c - '0')))
			return SY_USAGE;
	}
	if (parsed == 0)
		return SY_USAGE;
	*limit = parsed;
	return SY_OK;
}

void sy_context_init(struct sy_context *ctx)
{
	*ctx = (struct sy_context){
		.allocator = { .realloc = system_realloc },
		.files = { .open = system_open, .close = system_close,
			   .fstat = system_fstat, .pread = system_pread,
			   .read = system_read, .write = system_write,
			   .pwrite = system_pwrite },
		.clock = { .monotonic_ns = system_monotonic_ns,
			   .wall_s = system_wall_s },
		.random = system_random,
	};
	sy_limits_default(&ctx->limits);
	ctx->random(ctx->random_user, ctx->hash_key, sizeof(ctx->hash_key));
}

void sy_context_copy(struct sy_context *copy, const struct sy_context *ctx)
{
	*copy = *ctx;
	copy->memory_used = 0;
	sy_error_clear(copy);
}

SY_PRINTF(5, 0)
static enum sy_status fail(struct sy_context *ctx, enum sy_status status,
			   enum sy_failure failure, int sys_errno, const char *fmt,
			   va_list args)
{
	struct sy_error *error = &ctx->error;
	int len;

	if (error->status != SY_OK)
		return status;
	error->status = status;
	error->failure = failure;
	error->sys_errno = sys_errno;
	len = vsnprintf(error->text, sizeof(error->text), fmt, args);
	if (sys_errno && len >= 0 && (size_t)len < sizeof(error->text))
		snprintf(error->text + len, sizeof(error->text) - (size_t)len,
			 ": %s", sy_errno_text(sys_errno));
	return status;
}

enum sy_status sy_fail(struct sy_context *ctx, enum sy_status status,
		       const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(ctx, status, SY_FAILURE_NONE, 0, fmt, args);
	va_end(args);
	return status;
}

enum sy_status sy_fail_as(struct sy_context *ctx, enum sy_status status,
			  enum sy_failure failure, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(ctx, status, failure, 0, fmt, args);
	va_end(args);
	return status;
}

enum sy_status sy_fail_errno(struct sy_context *ctx, const char *fmt, ...)
{
	int sys_errno = errno;
	va_list args;

	va_start(args, fmt);
	fail(ctx, SY_IO, SY_FAILURE_NONE, sys_errno, fmt, args);
	va_end(args);
	return SY_IO;
}

enum sy_status sy_fail_again(struct sy_context *ctx, enum sy_status status,
			     const char *fmt, ...)
{
	struct sy_error *error = &ctx->error;
	va_list args;

	error->status = status;
	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return status;
}

void sy_error_clear(struct sy_context *ctx)
{
	ctx->error = (struct sy_error){ .status = SY_OK };
}

void sy_message(struct sy_context *ctx, enum sy_message_level level,
		const char *fmt, ...)
{
	char line[1024];
	va_list args;

	if (!ctx->message)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ctx->message(ctx->message_user, level, line);
}
