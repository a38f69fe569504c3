/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF: the parts that no schema checks.  check_documents.py validates what
 * report_documents writes against the schemas themselves.
 */
#include "tests/report/sample.h"
#include "verifier/base/json.h"

static bool has(struct sample *s, const char *text)
{
	return strstr((const char *)s->written.data, text) != NULL;
}

static unsigned n_times(struct sample *s, const char *text)
{
	const char *p = (const char *)s->written.data;
	unsigned n = 0;

	for (; (p = strstr(p, text)); p++)
		n++;
	return n;
}

static void write(struct sample *s)
{
	struct sy_json_error why;

	sample_finish(s);
	assert_int_equal(sy_json_check(&s->ctx,
				       sy_span_str(sample_write(s, "sarif", NULL)),
				       0, &why), SY_OK);
}

static void test_empty(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	write(&s);
	assert_true(has(&s, "\"results\": []"));
	assert_true(has(&s, "\"rules\": []"));
	assert_true(has(&s, "\"exitCode\": 3"));
	sample_end(&s);
}

static void test_everything(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_everything(&s);
	write(&s);
	assert_int_equal(n_times(&s, "null"), 0);
	assert_int_equal(n_times(&s, "\"security-severity\""), 3);
	assert_int_equal(n_times(&s, "\"suppressions\""), 1);
	assert_int_equal(n_times(&s, "primaryLocationLineHash"),
			 n_times(&s, "\"ruleId\""));
	assert_int_equal(n_times(&s, "\"startLine\": 1"), n_times(&s, "\"ruleId\""));
	assert_true(has(&s, "\"uri\": \"a%1B%5B31mred%1B%5D0%3Btitle%07.bin\""));
	assert_true(has(&s, "\"uri\": \"not%FF%FEutf8%C0%AF\""));
	assert_true(has(&s, "\"uri\": \"%3A%3Aerror%20file%3Dx"));
	assert_true(has(&s, "not examined: 'tf_model.h5'"));
	assert_true(has(&s, "887,990 more of rule content-polyglot-possible"));
	assert_false(has(&s, "old/model.bin"));
	/* Numbers that readers would round are left out. */
	assert_false(has(&s, "4611686018427387903"));
	sample_end(&s);
}

static void test_worst_first(void **state)
{
	struct sample s;
	const char *high, *medium;

	(void)state;
	sample_begin(&s);
	sample_file(&s, "/abs/a", 1, "gguf", SY_SCOPE_EXAMINED);
	sample_finding(&s, 0, SY_RULE_FILE_TWIN_NAME, 1, "", "twin");
	sample_finding(&s, 0, SY_RULE_CONTENT_EXECUTABLE_FOUND, UINT64_C(1) << 60, "",
		       "ELF");
	write(&s);
	high = strstr((const char *)s.written.data, "\"text\": \"ELF\"");
	medium = strstr((const char *)s.written.data, "\"text\": \"twin\"");
	assert_true(high && medium && high < medium);
	assert_true(has(&s, "\"uri\": \"file:///abs/a\""));
	assert_int_equal(n_times(&s, "byteOffset"), 1);
	sample_end(&s);
}

static void test_same_fingerprint(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_file(&s, "a", 1, "gguf", SY_SCOPE_EXAMINED);
	for (unsigned i = 0; i < 3; i++)
		sample_finding(&s, 0, SY_RULE_FILE_TWIN_NAME, i, "same", "twin");
	write(&s);
	assert_int_equal(n_times(&s, ":1\""), 1);
	assert_int_equal(n_times(&s, ":2\""), 1);
	assert_int_equal(n_times(&s, ":3\""), 1);
	sample_end(&s);
}

static void test_notifications_are_capped(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	for (unsigned i = 0; i < 1500; i++)
		assert_int_equal(sy_report_add_notice(s.report, "tolerance",
				sy_span_str("a"), "number %u", i), SY_OK);
	write(&s);
	assert_int_equal(n_times(&s, "tolerance: number"), 1000);
	assert_true(has(&s, "500 more notifications"));
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_worst_first),
		cmocka_unit_test(test_same_fingerprint),
		cmocka_unit_test(test_notifications_are_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
