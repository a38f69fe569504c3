/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text report: headlines word by word, nothing that reaches a terminal or a
 * build service's command reader, lines as wide as asked, calm when clean.
 */
#include <stdlib.h>

#include "tests/report/sample.h"

static const struct sy_writer_options quiet = { .is_quiet = true };

/* Finishes, compares the headline (and tally), ends. */
static void expect(struct sample *s, const char *headline)
{
	sample_finish(s);
	assert_string_equal(sample_write(s, "text", &quiet), headline);
	sample_end(s);
}

static size_t weights(struct sample *s)
{
	return sample_file(s, "model.safetensors", 4096, "safetensors",
			   SY_SCOPE_EXAMINED);
}

static void test_clean(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	weights(&s);
	sample_file(&s, "config.json", 10, "json", SY_SCOPE_EXAMINED);
	sample_finish(&s);
	assert_string_equal(sample_write(&s, "text", NULL),
		"Nothing found. 2 of 2 files examined. "
		"Unsigned: nobody vouches for it.\n"
		"\n"
		"  authentic    not-asked     no signature, and none was required\n"
		"  intact       not-asked     there is no list of digests to compare with\n"
		"  well_formed  yes           each file examined is what it claims to be\n"
		"  inert        yes           no way was found to run code by loading it\n");
	sample_end(&s);

	sample_begin(&s);
	s.report->asked = 1u << SY_WELL_FORMED | 1u << SY_INERT;
	weights(&s);
	expect(&s, "Nothing found. 1 of 1 file examined.\n");
}

static void test_headlines(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_finding(&s, weights(&s), SY_RULE_SAFETENSORS_DATA_TRUNCATED, 8, "a",
		       "tensor 'a' ends at 5120, file at 4096.");
	expect(&s, "MALFORMED: model.safetensors: tensor 'a' ends at 5120, file at "
		   "4096 (offset 8)\n1 of 1 file examined; 1 high.\n");
	sample_begin(&s);
	sample_finding(&s, weights(&s), SY_RULE_CONTENT_EXECUTABLE_FOUND, 71, "",
		       "an ELF executable");
	expect(&s, "DANGEROUS: an ELF executable (model.safetensors, offset 71)\n"
		   "1 of 1 file examined; 1 high.\n");
	sample_begin(&s);
	sample_finding(&s, weights(&s), SY_RULE_FILE_TWIN_NAME, SY_OFFSET_NONE, "", "a");
	expect(&s, "Nothing at high or above. 1 of 1 file examined: 1 medium. "
		   "Unsigned: nobody vouches for it.\n");
	sample_begin(&s);
	weights(&s);
	sample_file(&s, "x.gguf", 1, "gguf", SY_SCOPE_NOT_EXAMINED);
	expect(&s, "UNDETERMINED: x.gguf was not examined\n"
		   "1 of 2 files examined. Reason: not-examined.\n");
	sample_begin(&s);
	expect(&s, "NOTHING EXAMINED: no file here is of a kind that can be "
		   "examined\n");
	sample_begin(&s);
	s.report->is_allow_empty = true;
	expect(&s, "Nothing to examine here, and --allow-empty accepts that. "
		   "Nothing is known about the files.\n");
	sample_begin(&s);
	s.report->is_complete = false;
	weights(&s);
	expect(&s, "UNDETERMINED: the run ended before everything was examined\n"
		   "1 of 1 file examined. INCOMPLETE: the run ended early. "
		   "Reason: incomplete.\n");
}

static void test_limits_of_clean(void **state)
{
	struct sample s;
	size_t file;

	(void)state;
	sample_begin(&s);
	s.report->loader = "transformers";
	s.report->asked = 1u << SY_INERT;
	file = weights(&s);
	sample_file(&s, "model.onnx", 9, "onnx", SY_SCOPE_OTHER_LOADER);
	sample_finding(&s, file, SY_RULE_CONTENT_EXECUTABLE_FOUND, 0, "", "ELF");
	s.report->artifacts[file].findings->is_suppressed = true;
	expect(&s, "Nothing new found. 1 of 1 file examined; 1 file outside the scope "
		   "of transformers; 1 finding suppressed.\n");
	/* What the caller left out is no lack of models. */
	sample_begin(&s);
	s.report->asked = 1u << SY_INERT;
	weights(&s);
	sample_file(&s, "model.onnx", 9, "onnx", SY_SCOPE_EXCLUDED);
	expect(&s, "Nothing found. 1 of 1 file examined; 1 file excluded.\n");
	sample_begin(&s);
	sample_file(&s, "model.onnx", 9, "onnx", SY_SCOPE_EXCLUDED);
	expect(&s, "NOTHING EXAMINED: no file is left that can be examined; "
		   "1 file excluded.\n");
	/* The place is said once. */
	sample_begin(&s);
	sample_finding(&s, weights(&s), SY_RULE_SAFETENSORS_DATA_TRUNCATED, 29, "a",
		       "'a' is an array at byte 29");
	expect(&s, "MALFORMED: model.safetensors: 'a' is an array at byte 29\n"
		   "1 of 1 file examined; 1 high.\n");
}

static void test_unvouched(void **state)
{
	struct sample s;
	size_t file;

	(void)state;
	sample_begin(&s);
	file = weights(&s);
	sy_artifact_answer(&s.report->artifacts[file], SY_AUTHENTIC, SY_NO);
	expect(&s, "NOT VOUCHED FOR: model.safetensors is not signed by anybody whom you "
		   "said you trust\n"
		   "1 of 1 file examined.\n");
	sample_begin(&s);
	file = weights(&s);
	sy_artifact_answer(&s.report->artifacts[file], SY_INERT, SY_CONDITIONAL);
	s.report->condition = sy_span_str("trust_remote_code=False");
	expect(&s, "Nothing found. 1 of 1 file examined. Loading it may run code of "
		   "its own, unless trust_remote_code=False. Unsigned: nobody "
		   "vouches for it.\n");
}

/* Printable, no line that begins with a command, no doubled hash. */
static void check_inert(const char *text)
{
	bool is_start = true;

	for (const char *p = text; *p; p++) {
		assert_true((uint8_t)*p >= 0x20 || *p == '\n');
		assert_true((uint8_t)*p < 0x7f);
		assert_false(is_start && p[0] == ':' && p[1] == ':');
		assert_false(p[0] == '#' && p[1] == '#');
		is_start = *p == '\n' || (is_start && *p == ' ');
	}
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		longest = len > longest ? len : longest;
		text += len + (text[len] == '\n');
	}
	return longest;
}

static void test_hostile(void **state)
{
	static const unsigned widths[] = { 0, 40, 60, 80, 200 };
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_everything(&s);
	sample_finish(&s);
	for (size_t i = 0; i < SY_N_ELEMS(widths); i++) {
		struct sy_writer_options options = { .columns = widths[i] };
		const char *text = sample_write(&s, "text", &options);

		check_inert(text);
		if (widths[i] >= 60)
			assert_true(longest_line(text) <= widths[i]);
		assert_non_null(strstr(text, "gnp.exe"));
		assert_non_null(strstr(text, "and 887,999 more"));
	}
	sample_end(&s);
}

/* Words that promise more than anybody can know. */
static void test_promises(void **state)
{
	static const char *const forbidden[] = { "safe", "secure", "harmless",
						 "guarantee" };
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_everything(&s);
	for (unsigned rule = 0; rule < SY_N_RULES; rule++)
		sample_finding(&s, 1, rule, SY_OFFSET_NONE, "", "");
	sample_finish(&s);

	char *text = strdup(sample_write(&s, "text", NULL));

	/* A format is called so, and a rule says the opposite. */
	for (char *p = text; (p = strstr(p, "safetensors"));)
		memset(p, '-', strlen("safetensors"));
	for (char *p = text; (p = strstr(p, "unsafe"));)
		memset(p, '-', strlen("unsafe"));
	for (size_t i = 0; i < SY_N_ELEMS(forbidden); i++)
		assert_null(strstr(text, forbidden[i]));
	free(text);
	sample_end(&s);
}

static void test_color(void **state)
{
	struct sy_writer_options colored = { .is_colored = true };
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_everything(&s);
	sample_finish(&s);

	const char *text = sample_write(&s, "text", &colored);

	assert_non_null(strstr(text, "\033[1;31mMALFORMED\033[0m: "));
	for (const char *p = text; (p = strchr(p, '\033')); p++)
		assert_true(strchr("0123", p[2]) && p[1] == '[');
	sample_end(&s);
}

/* Who judged, what was refused, and what is suppressed, by whom and until when. */
static void test_policy(void **state)
{
	static const char *const lines[] = {
		"policy-format-refused", "by the policy /etc/p\\xffolicy.json, sha256 000000",
		("model.pkl: pickle-import-dangerous 'posix.system', suppressed by the policy: "
		 "known and inert here (until 2031-01-01)"),
		"no way was found to run code by loading it, but for what the policy suppresses",
	};
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_policy(&s);
	s.report->fail_on = SY_N_SEVERITIES;
	sample_finish(&s);
	assert_int_equal(s.report->exit_code, 1);	/* whatever fail_on says */
	assert_int_equal(s.report->verdict, SY_FLAGGED);

	const char *text = sample_write(&s, "text", NULL);

	for (size_t i = 0; i < SY_N_ELEMS(lines); i++) {
		if (!strstr(text, lines[i]))
			fail_msg("%s\nlacks %s", text, lines[i]);
	}
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_headlines),
		cmocka_unit_test(test_limits_of_clean),
		cmocka_unit_test(test_unvouched),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_promises),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
