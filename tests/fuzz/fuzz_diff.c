/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparisons of any two reports.  A model is the same as itself, or undetermined, and
 * no row tells a difference; the two orders of comparing see the same; documents are
 * JSON, and what is written for people stays printable.
 *
 * One input: bytes that build the two reports, one after the other.
 */
#include <string.h>

#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/json.h"
#include "verifier/engine/diff.h"

#define FILES_MAX 4u
#define ROWS_MAX 12u

struct input {
	const uint8_t *data;
	size_t len;
};

static uint8_t take(struct input *input)
{
	if (input->len == 0)
		return 0;
	input->len--;
	return *input->data++;
}

/* Up to so many bytes, some of them names that are met again. */
static struct sy_span take_text(struct input *input)
{
	static const char *const known[] = { "a", "a.b", "", "auto_map.AutoModel", "split.no" };
	uint8_t n = take(input);
	struct sy_span text;

	if (n < SY_N_ELEMS(known))
		return sy_span_str(known[n]);
	n = (uint8_t)(n % 9 < input->len ? n % 9 : input->len);
	text = sy_span_of(input->data, n);
	input->data += n;
	input->len -= n;
	return text;
}

static void add_tensor(struct sy_report *report, size_t file, struct input *input)
{
	static const char *const types[] = { "F32", "U8", "Q4_0", "nothing" };
	struct sy_record_tensor record = { .rank = 1, .name = take_text(input) };
	struct sy_artifact *a = &report->artifacts[file];
	uint8_t kind = take(input);
	struct sy_tensor_digests *digests;

	record.dtype = sy_span_str(types[kind % 4]);
	record.shape[0] = kind >> 2 & 3;
	record.len = 4;
	record.is_big_endian = kind & 0x20;
	FUZZ_CHECK(sy_report_add_tensor(report, file, &record) == SY_OK);
	if (kind & 0x10)
		return;
	digests = sy_arena_alloc(&report->arena, sizeof(*digests));
	FUZZ_CHECK(digests);
	memset(digests->data, kind >> 6, sizeof(digests->data));
	if (!sy_dtype_find(record.dtype))
		return;
	FUZZ_CHECK(sy_model_tensor(report->ctx, &a->tensors[a->n_kept_tensors - 1],
				   digests) == SY_OK);
	a->tensors[a->n_kept_tensors - 1].digests = digests;
}

static void add_meta(struct sy_report *report, size_t file, struct input *input)
{
	static const char *const types[] = { "string", "number", "array of u8", "cut", "object" };
	const struct sy_record_meta record = {
		.key = take_text(input), .value = take_text(input),
		.type = sy_span_str(types[take(input) % 5]), .off = 1, .len = take(input),
	};

	FUZZ_CHECK(sy_report_add_meta(report, file, &record) == SY_OK);
}

static void add_step(struct sy_report *report, size_t file, struct input *input)
{
	const struct sy_record_step record = {
		.kind = (enum sy_step_kind)(take(input) % SY_N_STEP_KINDS),
		.class = (enum sy_step_class)(take(input) % SY_N_STEP_CLASSES),
		.symbol = take_text(input), .text = take_text(input),
		.off = SY_OFFSET_NONE, .inner = SY_OFFSET_NONE, .file_off = SY_OFFSET_NONE,
	};

	FUZZ_CHECK(sy_report_add_step(report, file, &record) == SY_OK);
}

static void add_signature(struct sy_report *report, struct input *input)
{
	static const char *const states[] = { "untrusted", "refused" };
	const struct sy_signature_row row = {
		.file = sy_span_str("model.sig"), .kind = sy_span_str("oms"),
		.signer = take_text(input), .algorithm = sy_span_str(take(input) & 1 ? "p256" : ""),
		.status = sy_span_str(states[take(input) % 2]), .reason = sy_span_str(""),
	};

	FUZZ_CHECK(sy_report_add_signature(report, &row) == SY_OK);
}

static void add_digest(struct sy_report *report, size_t file, uint8_t fill)
{
	struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32 };

	memset(digest.bytes, fill, 32);
	FUZZ_CHECK(sy_report_add_digest(report, file, &digest) == SY_OK);
}

static void add_file(struct sy_report *report, const char *root, struct input *input)
{
	static const char *const names[] = { "a", "README.md", "config.json", "d/config.json" };
	static const char *const formats[] = { "safetensors", "gguf", "hf-config", "hf-index" };
	uint8_t kind = take(input);
	struct sy_text path;
	size_t file;

	sy_text_init(&path);
	sy_text_addf(&path, "%s/%s", root, names[kind % 4]);
	FUZZ_CHECK(sy_report_add_artifact(report, sy_text_span(&path), kind >> 6, &file) == SY_OK);
	report->artifacts[file].format = sy_span_str(formats[kind >> 2 & 3]);
	if (kind & 0x10)
		sy_artifact_examined(&report->artifacts[file]);
	else
		report->artifacts[file].scope = SY_SCOPE_LISTED;
	if (kind & 0x20)
		add_digest(report, file, kind >> 6);
	for (unsigned n = take(input) % ROWS_MAX; n > 0; n--) {
		switch (take(input) % 4) {
		case 0:
			add_tensor(report, file, input);
			break;
		case 1:
			add_meta(report, file, input);
			break;
		case 2:
			add_step(report, file, input);
			break;
		default:
			add_signature(report, input);
		}
	}
	report->artifacts[file].n_tensors = report->artifacts[file].n_kept_tensors;
}

static struct sy_report *make(struct sy_context *ctx, const char *root, struct input *input)
{
	struct sy_report *report;

	FUZZ_CHECK(sy_report_new(ctx, &report) == SY_OK);
	report->asked = 1u << SY_WELL_FORMED | 1u << SY_INERT;
	for (unsigned n = take(input) % FILES_MAX; n > 0; n--)
		add_file(report, root, input);
	FUZZ_CHECK(sy_report_finish(report) == SY_OK);
	return report;
}

static enum sy_status check_printable(void *user, struct sy_span bytes)
{
	(void)user;
	for (size_t i = 0; i < bytes.len; i++)
		FUZZ_CHECK(bytes.data[i] == '\n' || (bytes.data[i] >= ' ' &&
						     bytes.data[i] != 0x7f));
	return SY_OK;
}

static void check_json(struct sy_context *ctx, const struct sy_diff *diff)
{
	struct sy_json_token token = { .kind = SY_JSON_NULL };
	struct sy_buffer buffer;
	struct sy_json *json;
	struct sy_out out;

	sy_buffer_init(&buffer, ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	FUZZ_CHECK(sy_diff_write(diff, "json", &out) == SY_OK);
	json = sy_json_open(ctx, sy_span_of(buffer.data, buffer.len), 0, 0);
	FUZZ_CHECK(json);
	while (token.kind != SY_JSON_END)
		FUZZ_CHECK(sy_json_next(json, &token) == SY_OK);
	sy_json_free(&json);
	sy_buffer_free(&buffer);
}

static void write_all(struct sy_context *ctx, const struct sy_diff *diff)
{
	static const char *const formats[] = { "text", "markdown" };

	for (size_t i = 0; i < SY_N_ELEMS(formats); i++) {
		struct sy_out out;

		sy_out_init(&out, check_printable, NULL);
		FUZZ_CHECK(sy_diff_write(diff, formats[i], &out) == SY_OK);
	}
	check_json(ctx, diff);
}

/* What one comparison saw. */
struct seen {
	int code;
	bool is_same, is_other;
	uint64_t counts[SY_N_CHANGES];
	size_t n_metas, n_configs, n_files, n_loads;
};

static struct seen compare(struct sy_context *ctx, struct sy_report *a, const char *path_a,
			   struct sy_report *b, const char *path_b)
{
	struct sy_diff diff = { .a = a, .b = b, .path_a = path_a, .path_b = path_b };
	struct seen seen;

	FUZZ_CHECK(sy_diff_make(&diff) == SY_OK);
	write_all(ctx, &diff);
	seen = (struct seen){
		.code = sy_diff_exit_code(&diff), .is_same = sy_diff_is_same_weights(&diff),
		.is_other = sy_diff_is_other_weights(&diff), .n_metas = diff.metas.n,
		.n_configs = diff.configs.n, .n_files = diff.n_files, .n_loads = diff.n_loads,
	};
	memcpy(seen.counts, diff.counts, sizeof(seen.counts));
	FUZZ_CHECK(!(seen.is_same && seen.is_other));
	sy_diff_free(&diff);
	return seen;
}

static void compare_with_itself(struct sy_context *ctx, struct sy_report *a, const char *path)
{
	struct seen seen = compare(ctx, a, path, a, path);

	FUZZ_CHECK(seen.code == 0 || seen.code == 2);
	FUZZ_CHECK(!seen.is_other && seen.n_metas == 0 && seen.n_configs == 0);
	for (unsigned i = 0; i < SY_N_CHANGES; i++)
		FUZZ_CHECK(i == SY_CHANGE_UNKNOWN || seen.counts[i] == 0);
}

static void compare_both_ways(struct sy_context *ctx, struct sy_report *a, struct sy_report *b)
{
	struct seen x = compare(ctx, a, "a", b, "b"), y = compare(ctx, b, "b", a, "a");

	FUZZ_CHECK(x.code == y.code && x.is_same == y.is_same && x.is_other == y.is_other);
	FUZZ_CHECK(x.counts[SY_CHANGE_REMOVED] == y.counts[SY_CHANGE_ADDED]);
	FUZZ_CHECK(x.counts[SY_CHANGE_ADDED] == y.counts[SY_CHANGE_REMOVED]);
	for (unsigned i = SY_CHANGE_RENAMED; i < SY_N_CHANGES; i++)
		FUZZ_CHECK(x.counts[i] == y.counts[i]);
	FUZZ_CHECK(x.n_metas == y.n_metas && x.n_configs == y.n_configs);
	FUZZ_CHECK(x.n_files == y.n_files && x.n_loads == y.n_loads);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input input = { data, len };
	struct sy_context ctx;
	struct sy_report *a, *b;

	fuzz_context(&ctx);
	a = make(&ctx, "a", &input);
	b = make(&ctx, "b", &input);
	compare_with_itself(&ctx, a, "a");
	compare_with_itself(&ctx, b, "b");
	compare_both_ways(&ctx, a, b);
	sy_report_free(&a);
	sy_report_free(&b);
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
