/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/format.h"

#include "formats/nest.h"
#include "tests/fuzz/fuzz.h"

struct checker {
	struct sy_sink sink;
	uint64_t size;
	uint64_t at;		/* end of the extents so far */
	unsigned n_artifacts;
};

static enum sy_status check(struct sy_sink *sink, const struct sy_record *record)
{
	struct checker *checker = (struct checker *)sink;

	FUZZ_CHECK(sy_record_valid(record, checker->size));
	checker->n_artifacts += record->kind == SY_RECORD_ARTIFACT;
	if (record->kind == SY_RECORD_EXTENT) {
		FUZZ_CHECK(record->u.extent.off == checker->at);
		checker->at += record->u.extent.len;
	}
	return SY_OK;
}

void fuzz_format(const struct sy_format *format, const char *base, struct sy_span bytes)
{
	struct checker checker = { .sink.emit = check, .size = bytes.len };
	struct sy_context ctx;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source };
	enum sy_status status;

	sy_context_init(&ctx);
	ctx.limits.memory = 64 << 20;
	sy_source_from_memory(&source, &ctx, bytes);
	sy_arena_init(&in.arena, &ctx);
	in.base = sy_span_str(base);
	in.path = in.base;
	in.wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS | SY_WANT_DIGESTS |
		   SY_WANT_IMPORTS | SY_WANT_CONFIG;
	in.sink = &checker.sink;
	status = sy_nest_inspect(&in, format, -1);
	FUZZ_CHECK(status == SY_OK || status == SY_LIMIT || status == SY_UNSUPPORTED);
	if (status == SY_OK)
		FUZZ_CHECK(checker.n_artifacts == 1 && checker.at == bytes.len);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	FUZZ_CHECK(ctx.memory_used == 0);
}
