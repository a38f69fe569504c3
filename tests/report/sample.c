/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports built by hand.  Nothing here judges: the tests say what they expect.
 */
#include "tests/report/sample.h"

#define BYTES(s) { (const uint8_t *)(s), sizeof(s) - 1 }

const struct sy_span sample_hostile[] = {
	BYTES("a\033[31mred\033]0;title\007.bin"),
	BYTES("line\nbreak\r\ttab"),
	BYTES("bidi\xe2\x80\xae" "gnp.exe"),
	BYTES("not\xff\xfeutf8\xc0\xaf"),
	BYTES("quote\"back\\slash'</script>&amp;"),
	BYTES("nul\0inside"),
	BYTES("::error file=x,line=1::gotcha%0A"),
	BYTES("a ##[error]x ##vso[task.complete]"),
	BYTES("line\xe2\x80\xa8separator\xc2\x9b" "31m"),
};
const size_t sample_n_hostile = SY_N_ELEMS(sample_hostile);

void sample_begin(struct sample *s)
{
	sy_context_init(&s->ctx);
	sy_buffer_init(&s->written, &s->ctx);
	assert_int_equal(sy_report_new(&s->ctx, &s->report), SY_OK);
}

void sample_end(struct sample *s)
{
	sy_report_free(&s->report);
	assert_null(s->report);
	sy_buffer_free(&s->written);
	assert_int_equal(s->ctx.memory_used, 0);
}

static size_t add_file(struct sample *s, struct sy_span path, uint64_t size,
		       const char *format, enum sy_scope scope)
{
	size_t index;

	assert_int_equal(sy_report_add_artifact(s->report, path, size, &index),
			 SY_OK);

	struct sy_artifact *a = &s->report->artifacts[index];

	if (scope == SY_SCOPE_EXAMINED)
		sy_artifact_examined(a);
	a->scope = scope;
	a->format = sy_span_str(format);
	return index;
}

size_t sample_file(struct sample *s, const char *path, uint64_t size,
		   const char *format, enum sy_scope scope)
{
	return add_file(s, sy_span_str(path), size, format, scope);
}

void sample_finding(struct sample *s, size_t file, unsigned rule, uint64_t off,
		    const char *symbol, const char *detail)
{
	struct sy_record_fact fact = { .rule = rule, .off = off, .len = 8,
		.symbol = sy_span_str(symbol), .detail = sy_span_str(detail) };

	assert_int_equal(sy_report_add_finding(s->report, file, &fact), SY_OK);
}

void sample_digest(struct sample *s, size_t file, uint8_t fill)
{
	struct sy_digest d = { .algorithm = SY_SHA256, .len = 32 };

	memset(d.bytes, fill, d.len);
	assert_int_equal(sy_report_add_digest(s->report, file, &d), SY_OK);
}

void sample_finish(struct sample *s)
{
	assert_int_equal(sy_report_finish(s->report), SY_OK);
}

const char *sample_write(struct sample *s, const char *writer,
			 const struct sy_writer_options *options)
{
	static const struct sy_writer_options plain;
	const struct sy_writer *w = sy_writer_find(sy_span_str(writer));
	struct sy_out out;

	assert_non_null(w);
	sy_buffer_free(&s->written);
	sy_out_init(&out, sy_buffer_write, &s->written);
	assert_int_equal(w->write(s->report, options ? options : &plain, &out),
			 SY_OK);
	assert_int_equal(sy_buffer_write(&s->written, sy_span_of("", 1)), SY_OK);
	s->written.len--;
	return (const char *)s->written.data;
}

/* A file, a finding and a notice for each hostile name, in every role. */
static void add_hostile(struct sample *s)
{
	for (size_t i = 0; i < sample_n_hostile; i++) {
		struct sy_span name = sample_hostile[i];
		struct sy_text detail;
		size_t file = add_file(s, name, 100 + i, "gguf", SY_SCOPE_EXAMINED);

		sy_text_init(&detail);
		sy_text_add(&detail, "tensor ");
		sy_text_name(&detail, name);
		sy_text_add(&detail, " ends at 5120, file at 4096");

		struct sy_record_fact fact = { .rule = SY_RULE_CONTENT_CLAIM_MISMATCH,
			.off = i, .len = 1, .symbol = name,
			.detail = i % 2 ? name : sy_text_span(&detail) };

		assert_int_equal(sy_report_add_finding(s->report, file, &fact), SY_OK);
		assert_int_equal(sy_report_add_notice(s->report, "tolerance", name,
				"%.*s", (int)name.len, (const char *)name.data),
				 SY_OK);
	}
}

static void add_details(struct sample *s)
{
	struct sy_record_tensor tensor = { .name = sample_hostile[3],
		.dtype = sy_span_str("F32"), .rank = 2,
		.shape = { 3, UINT64_MAX }, .off = 1u << 20,
		.len = (UINT64_C(1) << 53) + 1 };
	struct sy_record_meta meta = { .key = sample_hostile[0],
		.type = sy_span_str("string"), .value = sample_hostile[4],
		.off = SY_OFFSET_NONE };
	size_t file = sample_file(s, "model.safetensors", UINT64_MAX / 4,
				  "safetensors", SY_SCOPE_EXAMINED);

	sample_digest(s, file, 0xab);
	assert_int_equal(sy_report_add_tensor(s->report, file, &tensor), SY_OK);
	assert_int_equal(sy_report_add_meta(s->report, file, &meta), SY_OK);
	for (unsigned i = 0; i < 30; i++)
		sample_finding(s, file, SY_RULE_CONTENT_POLYGLOT_POSSIBLE, 30 - i,
			       "w", "ends like a ZIP archive");
	assert_int_equal(sy_report_add_more(s->report, file,
				SY_RULE_CONTENT_POLYGLOT_POSSIBLE, 887980), SY_OK);
	s->report->artifacts[file].findings->is_suppressed = true;
	s->report->artifacts[file].findings->reason =
		sy_span_str("in the baseline");
}

void sample_everything(struct sample *s)
{
	size_t file;

	add_details(s);
	add_hostile(s);
	file = sample_file(s, "tf_model.h5", 5000000, "hdf5", SY_SCOPE_NOT_EXAMINED);
	sample_finding(s, file, SY_RULE_FORMAT_MODEL_UNEXAMINED, SY_OFFSET_NONE, "",
		       "an HDF5 file");
	sample_file(s, "README.md", 100, "text", SY_SCOPE_LISTED);
	sample_file(s, "model.onnx", 100, "onnx", SY_SCOPE_OTHER_LOADER);
	file = sample_file(s, "old/model.bin", 100, "pickle", SY_SCOPE_EXCLUDED);
	s->report->artifacts[file].note = sy_span_str("matches --exclude 'old/*'");
	assert_int_equal(sy_report_add_reason(s->report, "limit"), SY_OK);
}

void sample_policy(struct sample *s)
{
	static const struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32 };
	size_t file = sample_file(s, "model.pkl", 100, "pickle", SY_SCOPE_EXAMINED);
	struct sy_finding *f;

	s->report->policy = sy_span_str("/etc/p\xffolicy.json");
	s->report->policy_digest = &digest;
	s->report->required = 1u << SY_INERT | 1u << SY_AUTHENTIC;
	sample_finding(s, file, SY_RULE_PICKLE_IMPORT_DANGEROUS, 3, "posix.system", "imports it");
	f = s->report->artifacts[file].findings;
	f->is_suppressed = true;
	f->reason = sy_span_str("suppressed by the policy: known and inert here");
	f->expiry = sy_span_str("2031-01-01");
	sample_finding(s, file, SY_RULE_POLICY_FORMAT_REFUSED, SY_OFFSET_NONE, "",
		       "pickle is not among the formats that the policy allows");
}
