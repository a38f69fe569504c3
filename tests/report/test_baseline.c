/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Baselines: what an earlier report knows is suppressed and nothing else; what
 * is not a report is an error, never an empty baseline.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/report/sample.h"
#include "verifier/report/baseline.h"

#define TRUNCATED SY_RULE_SAFETENSORS_DATA_TRUNCATED

static void fill(struct sample *s, const char *path, uint8_t digest)
{
	size_t file = sample_file(s, path, 4096, "safetensors", SY_SCOPE_EXAMINED);

	if (digest)
		sample_digest(s, file, digest);
	for (unsigned i = 0; i < 3; i++)
		sample_finding(s, file, TRUNCATED, i, i ? "b" : "a", "too short");
	assert_int_equal(sy_report_add_more(s->report, file, TRUNCATED, 7), SY_OK);
}

static char *report_text(uint8_t digest)
{
	struct sample s;
	char *text;

	sample_begin(&s);
	fill(&s, "old name", digest);
	sample_finish(&s);
	text = strdup(sample_write(&s, "json", NULL));
	sample_end(&s);
	return text;
}

static void apply(struct sample *s, const char *document)
{
	struct sy_baseline *baseline;

	assert_int_equal(sy_baseline_parse(&s->ctx, sy_span_str(document), &baseline),
			 SY_OK);
	assert_int_equal(sy_baseline_apply(baseline, s->report), SY_OK);
	sy_baseline_free(&baseline);
	sample_finish(s);
}

static void test_round_trip(void **state)
{
	char *text = report_text(9);
	struct sample s;

	(void)state;
	sample_begin(&s);
	fill(&s, "new name", 9);
	apply(&s, text);
	assert_int_equal(s.report->n_suppressed, 10);
	assert_int_equal(s.report->exit_code, 0);
	assert_non_null(strstr(sample_write(&s, "json", NULL), "in the baseline"));
	free(text);
	/* What was accepted before stays accepted. */
	text = strdup((const char *)s.written.data);
	sample_end(&s);
	sample_begin(&s);
	fill(&s, "newer name", 9);
	apply(&s, text);
	assert_int_equal(s.report->n_suppressed, 10);
	sample_end(&s);
	free(text);
}

/* Without a digest, what was only counted is not known. */
static void test_without_digest(void **state)
{
	char *text = report_text(0);
	struct sample s;

	(void)state;
	sample_begin(&s);
	fill(&s, "new name", 0);
	apply(&s, text);
	assert_int_equal(s.report->n_suppressed, 3);
	assert_int_equal(s.report->exit_code, 1);
	sample_end(&s);
	free(text);
}

static void test_other_content(void **state)
{
	char *text = report_text(9);
	struct sample s;

	(void)state;
	sample_begin(&s);
	fill(&s, "old name", 8);
	apply(&s, text);
	assert_int_equal(s.report->n_suppressed, 0);
	assert_int_equal(s.report->exit_code, 1);
	sample_end(&s);
	free(text);
}

static void test_malformed(void **state)
{
	static const char *const documents[] = {
		"", "[]", "null", "{}", "{\"schema\": \"steelyard-report/1\"}",
		"{\"artifacts\": []}",
		"{\"schema\": \"steelyard-report/2\", \"artifacts\": []}",
		"{\"schema\": 1, \"artifacts\": []}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": {}}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [1]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": []} x",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [],"
		" \"artifacts\": []}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\":"
		" [{\"findings\": 3}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\":"
		" [{\"findings\": [{\"fingerprint\": \"v1:zz\"}]}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\":"
		" [{\"findings\": [{\"fingerprint\": null}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(documents); i++) {
		struct sy_baseline *baseline;
		struct sample s;

		sample_begin(&s);
		if (sy_baseline_parse(&s.ctx, sy_span_str(documents[i]), &baseline) !=
		    SY_FORMAT)
			fail_msg("accepted: %s", documents[i]);
		assert_null(baseline);
		assert_non_null(strstr(s.ctx.error.text, "not a steelyard report"));
		sample_end(&s);
	}
}

static void test_prefixes(void **state)
{
	char *text = report_text(9);
	size_t len = strlen(text) - 1;	/* its newline may be missing */
	struct sample s;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		struct sy_baseline *baseline;

		sample_begin(&s);
		assert_int_equal(sy_baseline_parse(&s.ctx, sy_span_of(text, i),
						   &baseline), SY_FORMAT);
		assert_null(baseline);
		sample_end(&s);
	}
	free(text);
}

static void test_allocation_failures(void **state)
{
	char *text = report_text(9);
	uint64_t n_calls = 0;

	(void)state;
	for (uint64_t i = 0; i <= n_calls; i++) {
		struct test_allocator allocator = {
			.fail_at = i ? i - 1 : UINT64_MAX
		};
		struct sy_baseline *baseline;
		struct sy_context ctx;

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		assert_int_equal(sy_baseline_parse(&ctx, sy_span_str(text), &baseline),
				 i ? SY_NO_MEMORY : SY_OK);
		sy_baseline_free(&baseline);
		assert_int_equal(allocator.n_live, 0);
		if (i == 0)
			n_calls = allocator.n_calls;
	}
	free(text);
}

/* Too little memory for a report is no fault of the report. */
static void test_little_memory(void **state)
{
	static char text[100 + 5000] = "{\"schema\": \"steelyard-report/1\", \"x\": \"\\n";
	size_t len = strlen(text), n_refused = 0;

	(void)state;
	memset(text + len, 'a', 4900);
	strcat(text, "\", \"artifacts\": []}");
	for (uint64_t memory = 1; memory < 100000; memory += 500) {
		struct sy_baseline *baseline;
		struct sy_context ctx;
		enum sy_status status;

		sy_context_init(&ctx);
		ctx.limits.memory = memory;
		status = sy_baseline_parse(&ctx, sy_span_str(text), &baseline);
		assert_true(status == SY_OK || status == SY_LIMIT);
		n_refused += status == SY_LIMIT;
		sy_baseline_free(&baseline);
	}
	assert_in_range(n_refused, 10, 190);
}

static void test_files(void **state)
{
	char dir[256], path[300], *text = report_text(9);
	struct sy_baseline *baseline;
	struct sample s;

	(void)state;
	test_tmpdir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/report.json", dir);
	sample_begin(&s);
	assert_int_equal(sy_baseline_read(&s.ctx, path, &baseline), SY_NOT_FOUND);
	sy_error_clear(&s.ctx);
	assert_int_equal(sy_baseline_read(&s.ctx, dir, &baseline), SY_FORMAT);
	sy_error_clear(&s.ctx);
	test_write_file(path, text, strlen(text));
	assert_int_equal(sy_baseline_read(&s.ctx, path, &baseline), SY_OK);
	sy_baseline_free(&baseline);
	s.ctx.limits.config_bytes = 100;
	assert_int_equal(sy_baseline_read(&s.ctx, path, &baseline), SY_LIMIT);
	assert_null(baseline);
	sample_end(&s);
	test_rmtree(dir);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_without_digest),
		cmocka_unit_test(test_other_content),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_allocation_failures),
		cmocka_unit_test(test_little_memory),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
