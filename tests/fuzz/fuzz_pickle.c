/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pickle machine on any bytes: it ends, within its limits, gives back
 * what it took, and what it emits is a valid record of a file of that size.
 * Extents tile the file.  With and without its short cuts it says the same.
 */
#include "formats/nest.h"
#include "tests/formats/pickle_twice.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"

extern const struct sy_format sy_format_pickle;

struct checker {
	struct sy_sink sink;
	uint64_t size;
	uint64_t at;		/* end of the extents so far */
	unsigned n_artifacts;
	uint64_t n_facts;
};

static enum sy_status check(struct sy_sink *sink, const struct sy_record *record)
{
	struct checker *checker = (struct checker *)sink;

	FUZZ_CHECK(sy_record_valid(record, checker->size));
	if (record->kind == SY_RECORD_ARTIFACT)
		checker->n_artifacts++;
	checker->n_facts += record->kind == SY_RECORD_FACT;
	if (record->kind == SY_RECORD_EXTENT) {
		FUZZ_CHECK(record->u.extent.off == checker->at);
		checker->at += record->u.extent.len;
	}
	return SY_OK;
}

/* Facts of one inspection: they are the same whatever else is wanted. */
static uint64_t inspect(const uint8_t *data, size_t len, unsigned wants)
{
	struct checker checker = { .sink.emit = check, .size = len };
	struct sy_context ctx;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source };
	enum sy_status status;

	fuzz_context(&ctx);
	ctx.limits.trace_steps = 64;
	sy_source_from_memory(&source, &ctx, sy_span_of(data, len));
	sy_arena_init(&in.arena, &ctx);
	in.base = sy_span_str("model.pkl");
	in.path = in.base;
	in.wants = wants;
	in.sink = &checker.sink;
	status = sy_nest_inspect(&in, &sy_format_pickle, -1);
	FUZZ_CHECK(status == SY_OK || status == SY_LIMIT);
	if (status == SY_OK)
		FUZZ_CHECK(checker.n_artifacts == 1 && checker.at == len);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	FUZZ_CHECK(ctx.memory_used == 0);
	return checker.n_facts;
}

static void run_both_ways(const uint8_t *data, size_t len)
{
	struct sy_context ctx;

	fuzz_context(&ctx);
	FUZZ_CHECK(pickle_runs_agree(&ctx, sy_span_of(data, len)));
	FUZZ_CHECK(ctx.memory_used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t n_facts = inspect(data, len, 0);

	run_both_ways(data, len);
	FUZZ_CHECK(inspect(data, len, SY_WANT_FLOWS) == n_facts);
	FUZZ_CHECK(inspect(data, len, SY_WANT_FLOWS | SY_WANT_IMPORTS) == n_facts);
	FUZZ_CHECK(inspect(data, len, SY_WANT_STEPS) == n_facts);
	FUZZ_CHECK(inspect(data, len, SY_WANT_STEPS | SY_WANT_OPCODES) == n_facts);
	return 0;
}
