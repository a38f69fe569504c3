/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/faults/sweep.h"

#include <glob.h>
#include <stdio.h>

void sweep_run(sweep_fn *fn, struct sy_span file, struct injector *injector,
	       struct sweep_outcome *out)
{
	atomic_bool is_cancelled = false;
	struct sy_context ctx;

	sy_context_init(&ctx);
	ctx.limits.key_work = 1 << 20;
	ctx.cancelled = injector->cancelled = &is_cancelled;
	injector_use(injector, &ctx);
	*out = (struct sweep_outcome){ .status = SY_OK };
	fn(&ctx, file, out);
	assert_int_equal(ctx.memory_used, 0);
	assert_int_equal(atomic_load(&injector->n_live), 0);
}

static bool is_right(enum fault fault, const struct sweep_outcome *out,
		     const struct sweep_outcome *plain)
{
	if (out->status == plain->status && out->is_good == plain->is_good)
		return true;
	return !out->is_good &&
	       out->status == (fault == FAULT_CANCEL ? SY_CANCELLED : SY_NO_MEMORY);
}

void sweep_wrong(const char *path, enum fault fault, uint64_t at,
		 const struct sweep_outcome *out)
{
	print_error("%s: %s at %llu: %s, %s\n", strrchr(path, '/') + 1, fault_name(fault),
		    (unsigned long long)at, sy_status_name(out->status),
		    out->is_good ? "good" : "not good");
	fail();
}

uint64_t sweep_faults(sweep_fn *fn, const char *path, struct sy_span file)
{
	static const enum fault faults[] = { FAULT_MEMORY, FAULT_MEMORY_ONCE, FAULT_CANCEL };
	struct injector counting = { .fault = FAULT_NONE };
	struct sweep_outcome plain, out;
	uint64_t n = 0;

	sweep_run(fn, file, &counting, &plain);
	for (size_t i = 0; i < SY_N_ELEMS(faults); i++) {
		for (uint64_t at = 0; at < injector_points(&counting, faults[i]); at++) {
			struct injector injector = { .fault = faults[i], .at = at };

			sweep_run(fn, file, &injector, &out);
			n += atomic_load(&injector.n_injected) > 0;
			if (!is_right(faults[i], &out, &plain))
				sweep_wrong(path, faults[i], at, &out);
		}
	}
	return n;
}

uint64_t sweep_over(const char *pattern, sweep_fn *fn, sweep_try_fn *try)
{
	char path[600];
	struct sy_context ctx;
	struct sy_arena arena;
	uint64_t n = 0;
	glob_t found;

	snprintf(path, sizeof(path), "%s/../%s", test_vectors(), pattern);
	assert_int_equal(glob(path, GLOB_BRACE, NULL, &found), 0);
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < found.gl_pathc; i++)
		n += try(fn, found.gl_pathv[i], test_read_file(&arena, found.gl_pathv[i]));
	sy_arena_free(&arena);
	globfree(&found);
	return n;
}
