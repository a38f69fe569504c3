/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of one process, one after the other; see fault.h. */
#include "tests/fuzz/fault.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/faults/injector.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"

/* Points at which one kind of fault is tried, spread over all there are. */
#define POINTS 40u
/* Bytes that a cursor sees of a file: fewer than most fields have. */
#define WINDOW 16u

/* The one that is armed, for all contexts of a run. */
static struct {
	enum fuzz_mode mode;
	struct injector injector;
	uint64_t at, n_records;
	uint64_t low;			/* what the limit is set to */
	atomic_bool is_cancelled;
	bool has_struck;		/* a record was refused */
	bool is_used;			/* the target has asked for a context */
} armed;

static const enum fault injected[] = {
	FAULT_MEMORY, FAULT_MEMORY_ONCE, FAULT_CALL, FAULT_INTERRUPTED, FAULT_SHORT,
	FAULT_END, FAULT_CANCEL,
};

/* Every limit, as limits.def lists them. */
static const size_t limits[] = {
#define LIMIT(field, name, value, unit, what) offsetof(struct sy_limits, field),
#include "verifier/base/limits.def"
#undef LIMIT
};

static const uint64_t low_values[] = { 1, 2, 20, 4096, 70000 };

static void set_low(struct sy_limits *all)
{
	uint64_t *limit = (uint64_t *)(void *)((char *)all + limits[armed.at]);

	if (*limit > armed.low)
		*limit = armed.low;
}

void fuzz_faulty_context(struct sy_context *ctx)
{
	armed.is_used = true;
	fuzz_context(ctx);
	if (armed.mode == FUZZ_LIMITED)
		set_low(&ctx->limits);
	if (armed.mode != FUZZ_COUNTED && armed.mode != FUZZ_INJECTED)
		return;
	injector_use(&armed.injector, ctx);
	armed.injector.cancelled = &armed.is_cancelled;
	ctx->cancelled = &armed.is_cancelled;
}

static int file_of(struct sy_span bytes)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
	return fd;
}

void fuzz_source_init(struct sy_source *source, struct sy_context *ctx,
		      struct sy_span bytes)
{
	const struct sy_file_ops ops = ctx->files;
	int fd;

	if (armed.mode != FUZZ_COUNTED && armed.mode != FUZZ_INJECTED) {
		sy_source_from_memory(source, ctx, bytes);
		return;
	}
	/* That the file can be opened is not what is tried. */
	fd = file_of(bytes);
	ctx->files = armed.injector.real;
	FUZZ_CHECK(sy_source_from_fd(source, ctx, fd, true) == SY_OK);
	ctx->files = ops;
	source->window = WINDOW;
}

enum sy_status fuzz_took_record(void)
{
	uint64_t n = armed.n_records++;

	if (armed.mode != FUZZ_REFUSED || n < armed.at)
		return SY_OK;
	armed.has_struck = true;
	return SY_LIMIT;
}

static bool has_struck(void)
{
	return armed.has_struck || atomic_load(&armed.injector.n_injected) > 0;
}

enum fuzz_mode fuzz_mode(void)
{
	return armed.mode;
}

bool fuzz_is_disturbed(void)
{
	return armed.mode == FUZZ_LIMITED || (armed.mode != FUZZ_PLAIN && has_struck());
}

bool fuzz_is_fault_of(enum sy_status status)
{
	if (!fuzz_is_disturbed())
		return false;
	if (armed.mode == FUZZ_LIMITED || armed.mode == FUZZ_REFUSED)
		return status == SY_LIMIT;
	return status == SY_NO_MEMORY || status == SY_CANCELLED || status == SY_IO ||
	       status == SY_CHANGED;
}

static void run(enum fuzz_mode mode, enum fault fault, uint64_t at, const uint8_t *data,
		size_t len)
{
	armed.mode = mode;
	armed.injector = (struct injector){ .fault = fault, .at = at };
	armed.at = at;
	armed.n_records = 0;
	armed.has_struck = false;
	atomic_store(&armed.is_cancelled, false);
	LLVMFuzzerTestOneInput(data, len);
	FUZZ_CHECK(atomic_load(&armed.injector.n_live) == 0);
	armed.mode = FUZZ_PLAIN;
}

static void run_spread(enum fuzz_mode mode, enum fault fault, uint64_t n, const uint8_t *data,
		       size_t len)
{
	uint64_t step = n / POINTS + 1;

	for (uint64_t at = 0; at < n; at += step)
		run(mode, fault, at, data, len);
}

void fuzz_run_faults(const uint8_t *data, size_t len)
{
	struct injector counted = { .fault = FAULT_NONE };
	uint64_t n_records;

	if (!armed.is_used)
		return;
	run(FUZZ_WHOLE, FAULT_NONE, 0, data, len);
	run(FUZZ_COUNTED, FAULT_NONE, 0, data, len);
	n_records = armed.n_records;
	counted.n_allocations = atomic_load(&armed.injector.n_allocations);
	counted.n_calls = atomic_load(&armed.injector.n_calls);
	for (size_t i = 0; i < SY_N_ELEMS(injected); i++)
		run_spread(FUZZ_INJECTED, injected[i],
			   injector_points(&counted, injected[i]), data, len);
	run_spread(FUZZ_REFUSED, FAULT_NONE, n_records, data, len);
	for (size_t i = 0; i < SY_N_ELEMS(low_values); i++) {
		armed.low = low_values[i];
		for (uint64_t at = 0; at < SY_N_ELEMS(limits); at++)
			run(FUZZ_LIMITED, FAULT_NONE, at, data, len);
	}
}
