/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/format.h"

#include "formats/nest.h"
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/out.h"

#define ALL (SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS | SY_WANT_MEMBERS | \
	     SY_WANT_DIGESTS | SY_WANT_IMPORTS | SY_WANT_CONFIG)

struct checker {
	struct sy_sink sink;
	uint64_t size;
	uint64_t at;		/* end of the extents so far */
	unsigned n_artifacts;
	struct outcome {
		enum sy_status status;
		uint64_t sum;		/* over all records */
		uint64_t facts;		/* the same over facts alone */
		uint64_t n_limits;	/* facts that leave the file undetermined */
	} outcome;
};

static enum sy_status add_bytes(void *user, struct sy_span bytes)
{
	uint64_t *sum = user;

	for (size_t i = 0; i < bytes.len; i++)
		*sum = (*sum ^ bytes.data[i]) * 0x100000001b3u;
	return SY_OK;
}

static void add_record(struct outcome *outcome, const struct sy_record *record)
{
	struct sy_out out;

	outcome->n_limits += record->kind == SY_RECORD_FACT &&
			     record->u.fact.rule == SY_RULE_WORKER_LIMIT_REACHED;
	sy_out_init(&out, add_bytes, &outcome->sum);
	sy_record_encode(&out, record);
	FUZZ_CHECK(sy_out_flush(&out) == SY_OK);
	if (record->kind != SY_RECORD_FACT)
		return;
	sy_out_init(&out, add_bytes, &outcome->facts);
	sy_record_encode(&out, record);
	FUZZ_CHECK(sy_out_flush(&out) == SY_OK);
}

static enum sy_status check(struct sy_sink *sink, const struct sy_record *record)
{
	struct checker *checker = (struct checker *)sink;

	FUZZ_CHECK(sy_record_valid(record, checker->size));
	if (fuzz_mode() == FUZZ_WHOLE || fuzz_mode() == FUZZ_COUNTED ||
	    fuzz_mode() == FUZZ_INJECTED)
		add_record(&checker->outcome, record);
	checker->n_artifacts += record->kind == SY_RECORD_ARTIFACT;
	if (record->kind == SY_RECORD_EXTENT) {
		FUZZ_CHECK(record->u.extent.off == checker->at);
		checker->at += record->u.extent.len;
	}
	return fuzz_took_record();
}

/*
 * In pieces and from a file the same is said.  Whatever failed on the way: a file that
 * is read to its end has said the same, or that something was left out.
 */
static void check_outcome(const struct outcome *outcome)
{
	static struct outcome plain;

	if (fuzz_mode() == FUZZ_WHOLE)
		plain = *outcome;
	if (fuzz_mode() == FUZZ_COUNTED)
		FUZZ_CHECK(outcome->status == plain.status && outcome->sum == plain.sum);
	if (outcome->status != SY_OK)
		return;
	if (fuzz_mode() == FUZZ_INJECTED)
		FUZZ_CHECK(outcome->sum == plain.sum || outcome->n_limits > 0);
	FUZZ_CHECK(fuzz_mode() != FUZZ_REFUSED || !fuzz_is_disturbed());
}

static struct outcome inspect(const struct sy_format *format, const char *base,
			      struct sy_span bytes, unsigned wants)
{
	struct checker checker = { .sink.emit = check, .size = bytes.len };
	struct sy_context ctx;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source };
	enum sy_status status;

	fuzz_faulty_context(&ctx);
	fuzz_source_init(&source, &ctx, bytes);
	sy_arena_init(&in.arena, &ctx);
	in.base = sy_span_str(base);
	in.path = in.base;
	in.wants = wants;
	in.sink = &checker.sink;
	status = sy_nest_inspect(&in, format, -1);
	FUZZ_CHECK(status == SY_OK || status == SY_LIMIT || status == SY_UNSUPPORTED ||
		   fuzz_is_fault_of(status));
	if (status == SY_OK)
		FUZZ_CHECK(checker.n_artifacts == 1 && checker.at == bytes.len);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	FUZZ_CHECK(ctx.memory_used == 0);
	checker.outcome.status = status;
	return checker.outcome;
}

void fuzz_format(const struct sy_format *format, const char *base, struct sy_span bytes)
{
	struct outcome outcome = inspect(format, base, bytes, ALL), few;

	check_outcome(&outcome);
	/* The facts do not depend on what else is wanted. */
	if (fuzz_mode() != FUZZ_WHOLE)
		return;
	few = inspect(format, base, bytes, 0);
	FUZZ_CHECK(few.status == outcome.status && few.facts == outcome.facts);
}
