/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One inspection, start to end, in the process it is called in.  The worker
 * runs exactly this, so what tests and fuzzers see is what the program does.
 * Never judges: it keeps a format within its limits and passes records on.
 */
#include "formats/nest.h"
#include "verifier/engine/worker.h"

/*
 * Stands between format and sink: once a record was refused, none passes and
 * the refusal is the result, even when the format did not look.
 */
struct guard {
	struct sy_sink sink;
	struct sy_sink *inner;
	struct sy_context *ctx;
	uint64_t n_records;
	enum sy_status status;
};

static enum sy_status check(struct guard *guard, const struct sy_record *record)
{
	uint64_t len = sy_record_bytes(record);

	if (guard->n_records >= guard->ctx->limits.records)
		return sy_fail(guard->ctx, SY_LIMIT,
			       "more than %llu records (limit records)",
			       (unsigned long long)guard->ctx->limits.records);
	if (len > SY_RECORD_BYTES_MAX)
		return sy_fail(guard->ctx, SY_LIMIT,
			       "a name or text of %llu bytes is too long to report",
			       (unsigned long long)len);
	guard->n_records++;
	return SY_OK;
}

static enum sy_status guard_emit(struct sy_sink *sink,
				 const struct sy_record *record)
{
	struct guard *guard = (struct guard *)sink;

	if (guard->status == SY_OK)
		guard->status = check(guard, record);
	if (guard->status == SY_OK)
		guard->status = sy_emit(guard->inner, record);
	return guard->status;
}

enum sy_status sy_inspect_here(struct sy_context *ctx, const struct sy_inspect_job *job)
{
	struct guard guard = { .sink.emit = guard_emit, .inner = job->sink, .ctx = ctx };
	struct sy_inspection in = {
		.ctx = ctx, .source = job->source, .base = job->base, .path = job->path,
		.wants = job->wants, .sink = &guard.sink,
	};
	enum sy_status status;

	if (!job->format->inspect)
		return sy_fail(ctx, SY_UNSUPPORTED,
			       "%s files cannot be examined yet", job->format->name);
	sy_arena_init(&in.arena, ctx);
	status = sy_nest_inspect(&in, job->format, job->scratch_fd);
	sy_arena_free(&in.arena);
	return guard.status != SY_OK ? guard.status : status;
}
