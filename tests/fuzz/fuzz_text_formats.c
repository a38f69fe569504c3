/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text formats on any bytes: configurations, indexes, other JSON,
 * templates, pointers, source.  The first byte chooses which, the rest is the
 * file.  Each ends, gives back what it took, covers the file with extents, and
 * says what the file is once.
 */
#include "formats/nest.h"
#include "tests/fuzz/fuzz.h"

extern const struct sy_format sy_format_hf_config;
extern const struct sy_format sy_format_hf_index;
extern const struct sy_format sy_format_jinja;
extern const struct sy_format sy_format_json;
extern const struct sy_format sy_format_lfs_pointer;

static const struct {
	const struct sy_format *format;
	const char *name;
} cases[] = {
	{ &sy_format_hf_config, "tokenizer_config.json" },
	{ &sy_format_hf_config, "adapter_config.json" },
	{ &sy_format_hf_config, "model_index.json" },
	{ &sy_format_hf_config, "modules.json" },
	{ &sy_format_hf_index, "model.safetensors.index.json" },
	{ &sy_format_jinja, "chat_template.jinja" },
	{ &sy_format_json, "tokenizer.json" },
	{ &sy_format_lfs_pointer, "model.safetensors" },
};

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

static void run(size_t choice, struct sy_span bytes, unsigned wants)
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
	in.base = sy_span_str(cases[choice].name);
	in.path = in.base;
	in.wants = SY_WANT_META | SY_WANT_REFS | wants;
	in.sink = &checker.sink;
	status = sy_nest_inspect(&in, cases[choice].format, -1);
	FUZZ_CHECK(status == SY_OK || status == SY_LIMIT);
	if (status == SY_OK)
		FUZZ_CHECK(checker.n_artifacts == 1 && checker.at == bytes.len);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	FUZZ_CHECK(ctx.memory_used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > 0) {
		run(data[0] % SY_N_ELEMS(cases), sy_span_of(data + 1, len - 1), 0);
		run(data[0] % SY_N_ELEMS(cases), sy_span_of(data + 1, len - 1), SY_WANT_CONFIG);
	}
	return 0;
}
