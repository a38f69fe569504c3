/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling and finishing a report: each row of the table of situations that a
 * report alone decides, order, caps, fingerprints, and running out of memory.
 */
#include "tests/report/sample.h"

#define TRUNCATED SY_RULE_SAFETENSORS_DATA_TRUNCATED	/* high, well_formed no */
#define UNEXAMINED SY_RULE_FORMAT_MODEL_UNEXAMINED	/* medium, unread */
#define LIMITED SY_RULE_WORKER_LIMIT_REACHED		/* medium, unread */
#define TWIN SY_RULE_FILE_TWIN_NAME			/* medium, no effect */
#define EXECUTABLE SY_RULE_CONTENT_EXECUTABLE_FOUND	/* high, inert no */

#define NONE SY_N_SEVERITIES

struct outcome {
	enum sy_verdict verdict;
	int exit_code;
	enum sy_answer well_formed, inert;
};

static void expect(struct sample *s, struct outcome want)
{
	sample_finish(s);
	assert_int_equal(s->report->verdict, want.verdict);
	assert_int_equal(s->report->exit_code, want.exit_code);
	assert_int_equal(s->report->answers[SY_WELL_FORMED], want.well_formed);
	assert_int_equal(s->report->answers[SY_INERT], want.inert);
	sample_end(s);
}

static size_t weights(struct sample *s)
{
	return sample_file(s, "model.safetensors", 4096, "safetensors",
			   SY_SCOPE_EXAMINED);
}

static size_t unexamined(struct sample *s)
{
	size_t file = sample_file(s, "tf_model.h5", 4096, "hdf5",
				  SY_SCOPE_NOT_EXAMINED);

	sample_finding(s, file, UNEXAMINED, SY_OFFSET_NONE, "", "an HDF5 file");
	return file;
}

static void test_clean(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	weights(&s);
	sample_file(&s, "README.md", 10, "text", SY_SCOPE_LISTED);
	sample_finish(&s);
	assert_int_equal(s.report->answers[SY_AUTHENTIC], SY_NOT_ASKED);
	assert_int_equal(s.report->answers[SY_INTACT], SY_NOT_ASKED);
	assert_int_equal(s.report->n_examined, 1);
	assert_int_equal(s.report->n_counting, 1);
	assert_int_equal(s.report->artifacts[0].verdict, SY_NOTHING_EXAMINED);
	assert_int_equal(s.report->artifacts[1].verdict, SY_CLEAN);
	assert_int_equal(s.report->bytes_total, 4106);
	assert_int_equal(s.report->verdict, SY_CLEAN);
	assert_int_equal(s.report->exit_code, 0);
	sample_end(&s);
}

static void test_examined_by_omission(void **state)
{
	struct sample s;

	(void)state;
	/* Scope says examined, but nobody said that it ended. */
	sample_begin(&s);
	sample_file(&s, "a", 1, "gguf", SY_SCOPE_NOT_EXAMINED);
	s.report->artifacts[0].scope = SY_SCOPE_EXAMINED;
	expect(&s, (struct outcome){ SY_UNDETERMINED_VERDICT, 2, SY_UNDETERMINED,
				     SY_UNDETERMINED });
	/* A new artifact counts, and as not examined. */
	sample_begin(&s);
	weights(&s);
	sample_file(&s, "b", 1, "gguf", SY_SCOPE_NOT_EXAMINED);
	expect(&s, (struct outcome){ SY_UNDETERMINED_VERDICT, 2, SY_UNDETERMINED,
				     SY_UNDETERMINED });
}

static void test_high(void **state)
{
	static const struct {
		unsigned fail_on;
		int exit_code;
	} rows[] = { { SY_HIGH, 1 }, { SY_CRITICAL, 0 }, { SY_INFO, 1 }, { NONE, 0 } };

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(rows); i++) {
		struct sample s;

		sample_begin(&s);
		s.report->fail_on = (enum sy_severity)rows[i].fail_on;
		sample_finding(&s, weights(&s), TRUNCATED, 8, "a", "too short");
		expect(&s, (struct outcome){ SY_FLAGGED, rows[i].exit_code, SY_NO,
					     SY_YES });
	}
}

static void test_medium(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_finding(&s, weights(&s), TWIN, SY_OFFSET_NONE, "", "a and A");
	expect(&s, (struct outcome){ SY_CLEAN, 0, SY_YES, SY_YES });
	sample_begin(&s);
	s.report->fail_on = SY_MEDIUM;
	sample_finding(&s, weights(&s), TWIN, SY_OFFSET_NONE, "", "a and A");
	expect(&s, (struct outcome){ SY_CLEAN, 1, SY_YES, SY_YES });
}

/* --fail-on none does not silence 2, nor does a `no` beside it hide it. */
static void test_undetermined_is_not_silenced(void **state)
{
	struct sample s;
	size_t file;

	(void)state;
	sample_begin(&s);
	s.report->fail_on = NONE;
	file = weights(&s);
	sample_finding(&s, file, LIMITED, SY_OFFSET_NONE, "", "limit tensors");
	sample_finding(&s, file, TRUNCATED, 8, "a", "too short");
	sample_finding(&s, file, EXECUTABLE, 8, "a", "ELF");
	expect(&s, (struct outcome){ SY_FLAGGED, 2, SY_NO, SY_NO });
	sample_begin(&s);
	weights(&s);
	unexamined(&s);
	expect(&s, (struct outcome){ SY_UNDETERMINED_VERDICT, 2, SY_UNDETERMINED,
				     SY_UNDETERMINED });
	/* 1 goes before 2. */
	sample_begin(&s);
	sample_finding(&s, weights(&s), EXECUTABLE, 8, "a", "ELF");
	unexamined(&s);
	expect(&s, (struct outcome){ SY_FLAGGED, 1, SY_UNDETERMINED, SY_NO });
}

static void test_nothing(void **state)
{
	static const struct outcome nothing = { SY_UNDETERMINED_VERDICT, 3,
						SY_UNDETERMINED, SY_UNDETERMINED };
	struct outcome want = nothing;
	struct sample s;

	(void)state;
	sample_begin(&s);
	expect(&s, nothing);
	sample_begin(&s);
	sample_file(&s, "README.md", 10, "text", SY_SCOPE_LISTED);
	sample_file(&s, "model.onnx", 10, "onnx", SY_SCOPE_OTHER_LOADER);
	sample_file(&s, "model.gguf", 10, "gguf", SY_SCOPE_EXCLUDED);
	expect(&s, nothing);
	/* A format we do not read, when it is all there was. */
	sample_begin(&s);
	s.report->is_allow_empty = true;	/* it is not empty */
	unexamined(&s);
	sample_file(&s, "README.md", 10, "text", SY_SCOPE_LISTED);
	expect(&s, nothing);
	/* Any other reason for not reading it is 2. */
	sample_begin(&s);
	sample_finding(&s, unexamined(&s), LIMITED, SY_OFFSET_NONE, "", "limit");
	want.exit_code = 2;
	expect(&s, want);
	sample_begin(&s);
	unexamined(&s);
	sample_file(&s, "b", 1, "gguf", SY_SCOPE_NOT_EXAMINED);
	expect(&s, want);
	sample_begin(&s);
	s.report->is_allow_empty = true;
	want.exit_code = 0;
	expect(&s, want);
}

static void test_incomplete(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	s.report->is_complete = false;
	s.report->is_allow_empty = true;
	expect(&s, (struct outcome){ SY_UNDETERMINED_VERDICT, 2, SY_UNDETERMINED,
				     SY_UNDETERMINED });
	sample_begin(&s);
	s.report->is_complete = false;
	weights(&s);
	expect(&s, (struct outcome){ SY_UNDETERMINED_VERDICT, 2, SY_UNDETERMINED,
				     SY_UNDETERMINED });
}

/* What is listed does not count; what is found in it does. */
static void test_listed(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	weights(&s);
	sample_finding(&s, sample_file(&s, "README", 9, "elf", SY_SCOPE_LISTED),
		       EXECUTABLE, 0, "", "ELF");
	expect(&s, (struct outcome){ SY_FLAGGED, 1, SY_YES, SY_NO });
	sample_begin(&s);
	weights(&s);
	sample_finding(&s, sample_file(&s, "x", 9, "elf", SY_SCOPE_EXCLUDED),
		       EXECUTABLE, 0, "", "ELF");
	expect(&s, (struct outcome){ SY_CLEAN, 0, SY_YES, SY_YES });
}

static void test_unasked(void **state)
{
	struct sample s;
	size_t file;

	(void)state;
	sample_begin(&s);
	s.report->asked = 1u << SY_INTACT;
	weights(&s);
	sample_file(&s, "b", 1, "gguf", SY_SCOPE_NOT_EXAMINED);
	expect(&s, (struct outcome){ SY_CLEAN, 0, SY_NOT_ASKED, SY_NOT_ASKED });
	/* Bytes that differ fail whatever --fail-on says, but only when asked. */
	sample_begin(&s);
	s.report->fail_on = NONE;
	file = weights(&s);
	sy_artifact_answer(&s.report->artifacts[file], SY_INTACT, SY_NO);
	expect(&s, (struct outcome){ SY_FLAGGED, 1, SY_YES, SY_YES });
	sample_begin(&s);
	s.report->asked = 1u << SY_INERT;
	file = weights(&s);
	sy_artifact_answer(&s.report->artifacts[file], SY_INTACT, SY_NO);
	expect(&s, (struct outcome){ SY_CLEAN, 0, SY_NOT_ASKED, SY_YES });
}

static void test_suppressed(void **state)
{
	struct sample s;
	size_t file;

	(void)state;
	sample_begin(&s);
	file = weights(&s);
	sample_finding(&s, file, EXECUTABLE, 0, "", "ELF");
	s.report->artifacts[file].findings->is_suppressed = true;
	sample_finish(&s);
	assert_int_equal(s.report->exit_code, 0);
	assert_int_equal(s.report->verdict, SY_CLEAN);
	assert_int_equal(s.report->answers[SY_INERT], SY_YES);
	assert_int_equal(s.report->n_suppressed, 1);
	assert_int_equal(s.report->counts[SY_HIGH], 0);
	assert_int_equal(s.report->artifacts[0].n_findings, 1);
	sample_end(&s);
	/* It cannot make an unexamined file examined. */
	sample_begin(&s);
	weights(&s);
	file = unexamined(&s);
	s.report->artifacts[file].findings->is_suppressed = true;
	sample_finish(&s);
	assert_int_equal(s.report->exit_code, 2);
	assert_int_equal(s.report->n_reasons, 1);
	assert_string_equal(s.report->reasons[0], "format-unsupported");
	sample_end(&s);
	/* Nor what stood in for the file, or changed while it was read. */
	sample_begin(&s);
	file = weights(&s);
	sample_finding(&s, file, SY_RULE_LFS_POINTER_LEFT, 0, "", "a pointer");
	s.report->artifacts[file].findings->is_suppressed = true;
	sample_finish(&s);
	assert_int_equal(s.report->exit_code, 2);
	assert_int_equal(s.report->answers[SY_INERT], SY_UNDETERMINED);
	assert_string_equal(s.report->reasons[0], "weights-missing");
	sample_end(&s);
}

static void test_cap(void **state)
{
	struct sample s;
	size_t file;

	(void)state;
	sample_begin(&s);
	file = weights(&s);
	for (unsigned i = 0; i < 25; i++)
		sample_finding(&s, file, TRUNCATED, 100 - i, "a", "too short");
	assert_int_equal(sy_report_add_more(s.report, file, TRUNCATED, UINT64_MAX - 100),
			 SY_OK);
	sample_finish(&s);
	assert_int_equal(s.report->artifacts[0].n_findings, 20);
	assert_true(s.report->counts[SY_HIGH] == UINT64_MAX - 75);
	assert_int_equal(s.report->artifacts[0].findings->off, 81);
	sample_end(&s);
	/* Counted only: the effect applies all the same. */
	sample_begin(&s);
	assert_int_equal(sy_report_add_more(s.report, weights(&s), TRUNCATED, 1),
			 SY_OK);
	expect(&s, (struct outcome){ SY_FLAGGED, 1, SY_NO, SY_YES });
}

static void test_bad_rule(void **state)
{
	struct sy_record_fact fact = { .rule = SY_N_RULES };
	struct sample s;
	size_t file;

	(void)state;
	sample_begin(&s);
	file = weights(&s);
	assert_int_equal(sy_report_add_finding(s.report, file, &fact), SY_WORKER);
	assert_int_equal(sy_report_add_more(s.report, file, UINT32_MAX, 1), SY_WORKER);
	sample_end(&s);
}

static void test_detail_is_cut(void **state)
{
	char detail[2001];
	struct sample s;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(detail); i += 2)
		memcpy(detail + i, "\xc3\xa9", 3);
	sample_begin(&s);
	sample_finding(&s, weights(&s), TRUNCATED, 0, "a", detail);
	sample_finish(&s);

	struct sy_span kept = s.report->artifacts[0].findings->detail;

	assert_true(kept.len <= 1027);
	assert_true(sy_span_ends(kept, "\xc3\xa9..."));
	sample_end(&s);
}

static void fingerprint_of(char fingerprint[68], const char *path, uint64_t off,
			   const char *symbol, uint64_t size, uint8_t digest)
{
	struct sample s;
	size_t file;

	sample_begin(&s);
	file = sample_file(&s, path, size, "gguf", SY_SCOPE_EXAMINED);
	if (digest)
		sample_digest(&s, file, digest);
	sample_finding(&s, file, TRUNCATED, off, symbol, "detail");
	sample_finish(&s);
	memcpy(fingerprint, s.report->artifacts[0].findings->fingerprint, 68);
	sample_end(&s);
}

static void test_fingerprints(void **state)
{
	char a[68], b[68];

	(void)state;
	fingerprint_of(a, "a", 1, "t", 10, 7);
	fingerprint_of(b, "b", 2, "t", 11, 7);
	assert_string_equal(a, b);
	assert_int_equal(strlen(a), 67);
	fingerprint_of(b, "a", 1, "u", 10, 7);
	assert_string_not_equal(a, b);
	fingerprint_of(b, "a", 1, "t", 10, 8);
	assert_string_not_equal(a, b);
	fingerprint_of(a, "a", 1, "t", 10, 0);
	fingerprint_of(b, "a", 1, "t", 11, 0);
	assert_string_not_equal(a, b);
	/* A contract: pinned, so that a change is noticed. */
	assert_string_equal(a, "v1:a3633e7d8ee71e4b"
			       "79cb9a9930ac7e7aee4db617581aec7237d11aa10ef7a5cb");
}

static void test_allocation_failures(void **state)
{
	struct test_allocator allocator = { .fail_at = UINT64_MAX };
	uint64_t n_calls = 0;

	(void)state;
	for (uint64_t i = 0; i <= n_calls; i++) {
		struct sy_context ctx;
		struct sy_report *report = NULL;
		struct sy_record_fact fact = { .rule = TRUNCATED };
		enum sy_status status;
		size_t file;

		allocator = (struct test_allocator){ .fail_at = i ? i - 1 : UINT64_MAX };
		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		status = sy_report_new(&ctx, &report);
		if (status == SY_OK)
			status = sy_report_add_artifact(report, sy_span_str("a"), 1,
							&file);
		if (status == SY_OK)
			status = sy_report_add_finding(report, file, &fact);
		if (status == SY_OK)
			status = sy_report_add_notice(report, "kind",
						      sy_span_str("b"), "%u", 7u);
		if (status == SY_OK)
			status = sy_report_add_reason(report, "limit");
		if (status == SY_OK)
			status = sy_report_finish(report);
		assert_int_equal(status, i ? SY_NO_MEMORY : SY_OK);
		sy_report_free(&report);
		assert_int_equal(allocator.n_live, 0);
		if (i == 0)
			n_calls = allocator.n_calls;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_examined_by_omission),
		cmocka_unit_test(test_high),
		cmocka_unit_test(test_medium),
		cmocka_unit_test(test_undetermined_is_not_silenced),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_suppressed),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_bad_rule),
		cmocka_unit_test(test_detail_is_cut),
		cmocka_unit_test(test_fingerprints),
		cmocka_unit_test(test_allocation_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
