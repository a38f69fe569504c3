/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The safetensors reader on any bytes: it ends, within its limits, gives back
 * what it took, and what it emits is a valid record of a file of that size.
 * Extents tile the file, and tensors lie inside it.
 */
#include "formats/format.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"

extern const struct sy_format sy_format_safetensors;

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
	if (record->kind == SY_RECORD_ARTIFACT)
		checker->n_artifacts++;
	if (record->kind == SY_RECORD_EXTENT) {
		FUZZ_CHECK(record->u.extent.off == checker->at);
		checker->at += record->u.extent.len;
	}
	return SY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct checker checker = { .sink.emit = check, .size = len };
	struct sy_context ctx;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source };
	enum sy_status status;

	fuzz_context(&ctx);
	sy_source_from_memory(&source, &ctx, sy_span_of(data, len));
	sy_arena_init(&in.arena, &ctx);
	in.base = sy_span_str("model.safetensors");
	in.path = in.base;
	in.wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS;
	in.sink = &checker.sink;
	status = sy_format_safetensors.inspect(&in);
	FUZZ_CHECK(status == SY_OK || status == SY_LIMIT);
	FUZZ_CHECK(sy_facts_end(&in) == SY_OK);
	if (status == SY_OK)
		FUZZ_CHECK(checker.n_artifacts == 1 && checker.at == len);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
