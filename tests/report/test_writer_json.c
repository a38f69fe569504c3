/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report document: valid whatever names it holds, exact numbers, the same
 * bytes whatever the order of the work, complete with many findings.
 */
#include "tests/report/sample.h"
#include "verifier/base/json.h"

static bool has(const char *document, const char *text)
{
	return strstr(document, text) != NULL;
}

static void assert_json(struct sample *s, const char *document)
{
	struct sy_json_error why;
	enum sy_status status = sy_json_check(&s->ctx, sy_span_str(document), 0, &why);

	if (status != SY_OK)
		fail_msg("offset %llu: %s", (unsigned long long)why.off, why.what);
}

static void test_everything(void **state)
{
	struct sample s;
	const char *d;

	(void)state;
	sample_begin(&s);
	sample_everything(&s);
	sample_finish(&s);
	d = sample_write(&s, "json", NULL);
	assert_int_equal(strlen(d), s.written.len);
	assert_json(&s, d);
	assert_true(has(d, "\"schema\": \"steelyard-report/1\""));
	assert_true(has(d, "\"length\":9007199254740993"));
	assert_true(has(d, "18446744073709551615"));
	assert_true(has(d, "\"path_hex\": \"6e6f74fffe75746638c0af\""));
	assert_true(has(d, "nul\\u0000inside"));
	assert_true(has(d, "\"count\": 887990"));
	assert_true(has(d, "\"reason\": \"in the baseline\""));
	assert_true(has(d, "\"scope\": \"other-loader\""));
	for (const char *p = d; *p; p++)
		assert_true((uint8_t)*p >= 0x20 || *p == '\n');
	sample_end(&s);
}

static void test_empty(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	s.report->fail_on = SY_N_SEVERITIES;
	sample_finish(&s);
	assert_json(&s, sample_write(&s, "json", NULL));
	assert_true(has((const char *)s.written.data, "\"fail_on\": \"none\""));
	assert_true(has((const char *)s.written.data, "\"verdict\": \"undetermined\""));
	assert_true(has((const char *)s.written.data, "\"artifacts\": []"));
	sample_end(&s);
}

/* Files, findings and notices in the order of `from` and `step`. */
static void fill(struct sample *s, unsigned from, unsigned step)
{
	for (unsigned n = 0, i = from; n < 5; n++, i = (i + step) % 5) {
		char path[] = { 'p', (char)('0' + i), 0 };
		size_t file = sample_file(s, path, i, "gguf", SY_SCOPE_EXAMINED);

		for (unsigned m = 0, j = from; m < 5; m++, j = (j + step) % 5)
			sample_finding(s, file, SY_RULE_FILE_TWIN_NAME, j / 2, path,
				       j % 2 ? "odd" : "even");
		assert_int_equal(sy_report_add_notice(s->report, "tolerance",
				sy_span_str(path), "number %u", i), SY_OK);
		assert_int_equal(sy_report_add_reason(s->report, path), SY_OK);
	}
}

static void test_order(void **state)
{
	struct sample a, b;
	const char *writers[] = { "json", "sarif", "text" };

	(void)state;
	sample_begin(&a);
	sample_begin(&b);
	fill(&a, 0, 1);
	fill(&b, 3, 2);
	sample_finish(&a);
	sample_finish(&b);
	for (size_t i = 0; i < SY_N_ELEMS(writers); i++)
		assert_string_equal(sample_write(&a, writers[i], NULL),
				    sample_write(&b, writers[i], NULL));
	sample_end(&a);
	sample_end(&b);
}

static void test_many(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	s.ctx.limits.findings_per_rule = 100000;
	sample_file(&s, "a", 1, "gguf", SY_SCOPE_EXAMINED);
	for (unsigned i = 0; i < 100000; i++)
		sample_finding(&s, 0, SY_RULE_CONTENT_POLYGLOT_POSSIBLE, 100000 - i,
			       "tensor", "a ZIP archive");
	sample_finish(&s);
	assert_json(&s, sample_write(&s, "json", NULL));
	assert_true(has((const char *)s.written.data, "\"medium\": 100000"));
	assert_json(&s, sample_write(&s, "sarif", NULL));
	assert_true(has((const char *)s.written.data,
			"75,000 more results than this format may hold"));
	assert_true(strlen(sample_write(&s, "text", NULL)) < 4096);
	sample_end(&s);
}

static enum sy_status full_disk(void *user, struct sy_span bytes)
{
	uint64_t *left = user;

	if (bytes.len > *left)
		return SY_IO;
	*left -= bytes.len;
	return SY_OK;
}

/* Wherever the sink fails, the writer says so. */
static void test_full_disk(void **state)
{
	static const struct sy_writer_options plain;
	struct sample s;

	(void)state;
	sample_begin(&s);
	s.ctx.limits.findings_per_rule = 1000;
	sample_everything(&s);
	sample_finish(&s);
	for (size_t i = 0; sy_writers[i]; i++) {
		for (uint64_t room = 0; room < 3; room++) {
			uint64_t left = room;
			struct sy_out out;

			sy_out_init(&out, full_disk, &left);
			assert_int_equal(sy_writers[i]->write(s.report, &plain, &out),
					 SY_IO);
		}
	}
	sample_end(&s);
}

/* One allocation after the other fails: an error, no document, no leak. */
static void test_allocation_failures(void **state)
{
	static const struct sy_writer_options plain;
	struct test_allocator allocator = { .fail_at = UINT64_MAX };
	struct sample s;

	(void)state;
	sy_context_init(&s.ctx);
	test_allocator_use(&s.ctx, &allocator);
	assert_int_equal(sy_report_new(&s.ctx, &s.report), SY_OK);
	sample_everything(&s);
	sample_finish(&s);
	for (size_t i = 0; sy_writers[i]; i++) {
		int64_t n_live = allocator.n_live;
		uint64_t n_calls = 1;

		for (uint64_t n = 0; n < n_calls; n++) {
			uint64_t room = UINT64_MAX, before = allocator.n_calls;
			enum sy_status status;
			struct sy_out out;

			allocator.fail_at = n ? before + n - 1 : UINT64_MAX;
			sy_out_init(&out, full_disk, &room);
			status = sy_writers[i]->write(s.report, &plain, &out);
			assert_int_equal(status, n ? SY_NO_MEMORY : SY_OK);
			assert_int_equal(allocator.n_live, n_live);
			if (n == 0)
				n_calls = allocator.n_calls - before + 1;
		}
	}
	sy_report_free(&s.report);
	assert_int_equal(allocator.n_live, 0);
}

static void test_find(void **state)
{
	(void)state;
	assert_null(sy_writer_find(sy_span_str("JSON")));
	assert_null(sy_writer_find(sy_span_str("")));
	for (size_t i = 0; sy_writers[i]; i++) {
		assert_ptr_equal(sy_writer_find(sy_span_str(sy_writers[i]->name)),
				 sy_writers[i]);
		assert_true(i == 0 || strcmp(sy_writers[i - 1]->name,
					     sy_writers[i]->name) < 0);
	}
	assert_true(strlen(sy_tool_version) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_allocation_failures),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
