/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chat templates of any bytes.  What is found does not depend on where the text
 * stood or whether its escapes were decoded on the way, facts point into the text,
 * and text without a brace has nothing to find.
 */
#include <string.h>

#include "formats/template_scan.h"
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"

#define BEGIN 1000u

struct checker {
	struct sy_sink sink;
	uint64_t begin, len, n_facts;
	bool is_decoded;
};

static enum sy_status check(struct sy_sink *sink, const struct sy_record *record)
{
	struct checker *checker = (struct checker *)sink;
	uint64_t off = record->u.fact.off;

	if (record->kind != SY_RECORD_FACT)
		return SY_OK;
	checker->n_facts++;
	FUZZ_CHECK(off >= checker->begin && off <= checker->begin + checker->len);
	FUZZ_CHECK(!checker->is_decoded || off == checker->begin);
	return fuzz_took_record();
}

/* The text lies in a file from `begin` to its end. */
static uint64_t scan(struct sy_span file, uint64_t begin, bool is_decoded)
{
	struct sy_span text = sy_span_slice(file, (size_t)begin, file.len);
	struct checker checker = { .sink.emit = check, .begin = begin, .len = text.len,
				   .is_decoded = is_decoded };
	struct sy_context ctx;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source, .sink = &checker.sink };
	enum sy_status status;

	fuzz_faulty_context(&ctx);
	fuzz_source_init(&source, &ctx, file);
	sy_arena_init(&in.arena, &ctx);
	in.base = in.path = sy_span_str("chat_template.jinja");
	status = is_decoded ?
		sy_template_scan_decoded(&in, in.base, text, begin) :
		sy_template_scan(&in, in.base, text, begin);
	FUZZ_CHECK(status == SY_OK || status == SY_LIMIT || fuzz_is_fault_of(status));
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	FUZZ_CHECK(ctx.memory_used == 0);
	return checker.n_facts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *file = calloc(1, BEGIN + len);
	uint64_t n = scan(sy_span_of(data, len), 0, false), moved, decoded;

	FUZZ_CHECK(file);
	if (len > 0)
		memcpy(file + BEGIN, data, len);
	moved = scan(sy_span_of(file, BEGIN + len), BEGIN, false);
	decoded = scan(sy_span_of(file, BEGIN + len), BEGIN, true);
	FUZZ_CHECK((moved == n && decoded == n) || fuzz_is_disturbed());
	FUZZ_CHECK(n == 0 || memchr(data, '{', len));
	free(file);
	return 0;
}
