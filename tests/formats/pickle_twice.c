/* SPDX-License-Identifier: Apache-2.0 */
/* A run is summed up in one word, into which each event is mixed. */
#include "tests/formats/pickle_twice.h"

#define N_STREAMS 64

static void mix(void *user, uint64_t word)
{
	uint64_t *sum = user;

	*sum = (*sum ^ word) * UINT64_C(0x100000001b3);
	*sum ^= *sum >> 29;
}

static enum sy_status on_import(void *user, struct sy_pickle *m,
				const struct sy_pickle_import *import)
{
	(void)m;
	mix(user, import->off);
	mix(user, import->global);
	mix(user, import->is_computed);
	return SY_OK;
}

static enum sy_status on_call(void *user, struct sy_pickle *m,
			      const struct sy_pickle_call *call)
{
	struct sy_tuple args;

	mix(user, call->off);
	mix(user, (uint64_t)call->how);
	mix(user, call->is_special);
	mix(user, call->callee);
	mix(user, call->args);
	mix(user, call->extra);
	if (sy_pickle_items(m, call->args, &args)) {
		mix(user, args.n_items);
		mix(user, args.weight);
		mix(user, args.depth);
		for (uint32_t i = 0; i < args.n_kept; i++)
			mix(user, args.items[i]);
	}
	return SY_OK;
}

static enum sy_status on_persistent(void *user, struct sy_pickle *m, uint64_t off, uint64_t id)
{
	(void)m;
	mix(user, off);
	mix(user, id);
	return SY_OK;
}

static enum sy_status on_oddity(void *user, struct sy_pickle *m,
				enum sy_pickle_oddity oddity, uint64_t off, uint64_t len,
				uint64_t value)
{
	(void)m;
	mix(user, (uint64_t)oddity);
	mix(user, off);
	mix(user, len);
	mix(user, value);
	return SY_OK;
}

/* What is left in the machine at the end of a stream. */
static void mix_end(uint64_t *sum, const struct sy_pickle *m, const struct sy_pickle_end *end)
{
	mix(sum, (uint64_t)end->ending);
	mix(sum, end->off);
	mix(sum, end->value);
	for (const char *c = end->what; *c; c++)
		mix(sum, (uint64_t)*c);
	mix(sum, m->n_opcodes);
	mix(sum, m->memo.n_filled);
	mix(sum, m->store.words_at);
	mix(sum, m->store.n_lists);
	mix(sum, m->store.weight_max);
	mix(sum, m->store.depth_max);
	mix(sum, m->n);
	mix(sum, m->n_marks);
	mix(sum, m->fence);
	for (size_t i = 0; i < m->n; i++)
		mix(sum, m->stack[i]);
}

static enum sy_status run(struct sy_context *ctx, struct sy_span bytes, bool is_stepwise,
			  uint64_t *sum)
{
	struct sy_pickle_events events = {
		.user = sum, .import = on_import, .call = on_call,
		.persistent = on_persistent, .oddity = on_oddity,
	};
	struct sy_pickle_end end = { .ending = SY_END_STOP };
	struct sy_globals globals;
	struct sy_source source;
	struct sy_pickle m;
	enum sy_status status;

	*sum = 0;
	sy_globals_init(&globals, ctx);
	sy_source_from_memory(&source, ctx, bytes);
	status = sy_pickle_open(&m, ctx, &globals, &events);
	m.is_stepwise = is_stepwise;
	if (status == SY_OK)
		status = sy_pickle_load(&m, &source, 0, bytes.len);
	for (int i = 0; i < N_STREAMS && status == SY_OK && end.ending == SY_END_STOP; i++) {
		status = sy_pickle_run(&m, &end);
		mix_end(sum, &m, &end);
	}
	sy_pickle_close(&m);
	sy_globals_free(&globals);
	sy_source_close(&source);
	return status;
}

bool pickle_runs_agree(struct sy_context *ctx, struct sy_span bytes)
{
	uint64_t plain, stepwise;
	enum sy_status status;

	status = run(ctx, bytes, false, &plain);
	sy_error_clear(ctx);
	if (run(ctx, bytes, true, &stepwise) != status)
		return false;
	sy_error_clear(ctx);
	return plain == stepwise;
}
