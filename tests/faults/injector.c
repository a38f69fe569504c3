/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/faults/injector.h"

#include <errno.h>
#include <stdlib.h>

static const char *const names[N_FAULTS] = {
	[FAULT_NONE] = "none",
	[FAULT_MEMORY] = "no memory from there on",
	[FAULT_MEMORY_ONCE] = "no memory once",
	[FAULT_CALL] = "EIO",
	[FAULT_FULL] = "ENOSPC",
	[FAULT_DESCRIPTORS] = "EMFILE",
	[FAULT_INTERRUPTED] = "EINTR",
	[FAULT_SHORT] = "one byte only",
	[FAULT_END] = "end of file",
	[FAULT_CANCEL] = "cancelled",
};

static bool strikes(struct injector *injector)
{
	atomic_fetch_add(&injector->n_injected, 1);
	return true;
}

static void maybe_cancel(struct injector *injector)
{
	uint64_t n = atomic_load(&injector->n_allocations) + atomic_load(&injector->n_calls);

	if (injector->fault != FAULT_CANCEL || n < injector->at ||
	    atomic_load(injector->cancelled))
		return;
	strikes(injector);
	atomic_store(injector->cancelled, true);
}

static void *failing_realloc(void *user, void *p, size_t len)
{
	struct injector *injector = user;
	uint64_t n;
	void *block;

	if (len == 0) {
		if (p)
			atomic_fetch_sub(&injector->n_live, 1);
		(void)injector->allocator.realloc(injector->allocator.user, p, 0);
		return NULL;
	}
	maybe_cancel(injector);
	n = atomic_fetch_add(&injector->n_allocations, 1);
	if (((injector->fault == FAULT_MEMORY && n >= injector->at) ||
	     (injector->fault == FAULT_MEMORY_ONCE && n == injector->at)) && strikes(injector))
		return NULL;
	block = injector->allocator.realloc(injector->allocator.user, p, len);
	if (!p && block)
		atomic_fetch_add(&injector->n_live, 1);
	return block;
}

static int error_of(enum fault fault)
{
	switch (fault) {
	case FAULT_CALL:
		return EIO;
	case FAULT_FULL:
		return ENOSPC;
	case FAULT_DESCRIPTORS:
		return EMFILE;
	case FAULT_INTERRUPTED:
		return EINTR;
	case FAULT_NONE:
	case FAULT_MEMORY:
	case FAULT_MEMORY_ONCE:
	case FAULT_SHORT:
	case FAULT_END:
	case FAULT_CANCEL:
	case N_FAULTS:
		break;
	}
	return 0;
}

/* Whether this is the operation that fails, with errno set. */
static bool fails(struct injector *injector, bool *is_turn)
{
	uint64_t n;
	int error = error_of(injector->fault);

	maybe_cancel(injector);
	n = atomic_fetch_add(&injector->n_calls, 1);
	*is_turn = n == injector->at;
	if (!error || !*is_turn)
		return false;
	errno = error;
	return strikes(injector);
}

/* Bytes to move instead of len; *is_end: none. */
static size_t shortened(struct injector *injector, bool is_turn, size_t len, bool *is_end)
{
	*is_end = injector->fault == FAULT_END && is_turn && strikes(injector);
	if (injector->fault == FAULT_SHORT && is_turn && len > 1 && strikes(injector))
		return 1;
	return len;
}

static int failing_open(void *user, int dir, const char *path, int flags, uint64_t resolve)
{
	struct injector *injector = user;
	bool is_turn;

	if (fails(injector, &is_turn))
		return -1;
	return injector->real.open(injector->real.user, dir, path, flags, resolve);
}

/* As the kernel does it: what could not be closed properly is closed all the same. */
static int failing_close(void *user, int fd)
{
	struct injector *injector = user;
	bool is_turn, is_failing = fails(injector, &is_turn);
	int error = errno, result = injector->real.close(injector->real.user, fd);

	if (!is_failing)
		return result;
	errno = error;
	return -1;
}

static int failing_fstat(void *user, int fd, struct stat *st)
{
	struct injector *injector = user;
	bool is_turn;

	if (fails(injector, &is_turn))
		return -1;
	return injector->real.fstat(injector->real.user, fd, st);
}

static ssize_t failing_pread(void *user, int fd, void *buf, size_t len, off_t off)
{
	struct injector *injector = user;
	bool is_turn, is_end;

	if (fails(injector, &is_turn))
		return -1;
	len = shortened(injector, is_turn, len, &is_end);
	return is_end ? 0 : injector->real.pread(injector->real.user, fd, buf, len, off);
}

static ssize_t failing_read(void *user, int fd, void *buf, size_t len)
{
	struct injector *injector = user;
	bool is_turn, is_end;

	if (fails(injector, &is_turn))
		return -1;
	len = shortened(injector, is_turn, len, &is_end);
	return is_end ? 0 : injector->real.read(injector->real.user, fd, buf, len);
}

static ssize_t failing_write(void *user, int fd, const void *buf, size_t len)
{
	struct injector *injector = user;
	bool is_turn, is_end;

	if (fails(injector, &is_turn))
		return -1;
	len = shortened(injector, is_turn, len, &is_end);
	return is_end ? 0 : injector->real.write(injector->real.user, fd, buf, len);
}

static ssize_t failing_pwrite(void *user, int fd, const void *buf, size_t len, off_t off)
{
	struct injector *injector = user;
	bool is_turn, is_end;

	if (fails(injector, &is_turn))
		return -1;
	len = shortened(injector, is_turn, len, &is_end);
	return is_end ? 0 : injector->real.pwrite(injector->real.user, fd, buf, len, off);
}

const char *fault_name(enum fault fault)
{
	return names[fault];
}

uint64_t injector_points(const struct injector *injector, enum fault fault)
{
	if (fault == FAULT_MEMORY || fault == FAULT_MEMORY_ONCE)
		return atomic_load(&injector->n_allocations);
	if (fault == FAULT_CANCEL)
		return atomic_load(&injector->n_allocations) + atomic_load(&injector->n_calls);
	return fault == FAULT_NONE ? 0 : atomic_load(&injector->n_calls);
}

void injector_use(struct injector *injector, struct sy_context *ctx)
{
	injector->real = ctx->files;
	injector->allocator = ctx->allocator;
	ctx->allocator = (struct sy_allocator){ failing_realloc, injector };
	ctx->files = (struct sy_file_ops){
		.open = failing_open, .close = failing_close, .fstat = failing_fstat,
		.pread = failing_pread, .read = failing_read, .write = failing_write,
		.pwrite = failing_pwrite, .user = injector,
	};
}
