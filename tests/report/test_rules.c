/* SPDX-License-Identifier: Apache-2.0 */
/* The rule table: identity, order, and what its sentences may not say. */
#include "tests/support/support.h"
#include "verifier/report/rules.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* area-noun-state, area-state where the area is the noun; no empty part. */
static void check_id(const char *id)
{
	unsigned n_hyphens = 0;

	for (const char *p = id; *p; p++) {
		n_hyphens += *p == '-';
		assert_true(is_word(*p) || (*p == '-' && p > id && is_word(p[-1]) &&
					    is_word(p[1])));
	}
	if (n_hyphens < 1)
		fail_msg("%s is not area-noun-state", id);
}

static void test_ids(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SY_N_RULES; i++) {
		unsigned found;

		check_id(sy_rule_info(i)->id);
		assert_true(sy_rule_find(sy_span_str(sy_rule_info(i)->id), &found));
		assert_int_equal(found, i);
		if (i > 0 && strcmp(sy_rule_info(i - 1)->id, sy_rule_info(i)->id) >= 0)
			fail_msg("%s stands before %s", sy_rule_info(i - 1)->id,
				 sy_rule_info(i)->id);
	}
}

static bool contains(const char *text, const char *word)
{
	return sy_span_find(sy_span_str(text), sy_span_str(word)) != SIZE_MAX;
}

static void check_words(const char *id, const char *text)
{
	static const char *const forbidden[] = { "safe ", "safe.", "safe,", "secure",
						 "harmless", "guarantee" };

	for (size_t i = 0; i < SY_N_ELEMS(forbidden); i++) {
		if (contains(text, forbidden[i]))
			fail_msg("%s says '%s'", id, forbidden[i]);
	}
	for (const char *p = text; *p; p++)
		assert_in_range(*p, ' ', '~');
}

static void test_sentences(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SY_N_RULES; i++) {
		const struct sy_rule_info *info = sy_rule_info(i);

		check_words(info->id, info->title);
		check_words(info->id, info->why);
		check_words(info->id, info->fix);
		if (sy_span_ends(sy_span_str(info->title), ".") ||
		    !sy_span_ends(sy_span_str(info->why), ".") ||
		    !sy_span_ends(sy_span_str(info->fix), "."))
			fail_msg("%s: full stops", info->id);
		assert_in_range(strlen(info->why), 1, 1024);
	}
}

/* Whoever cannot tell says why; whoever says no is at least high. */
static void test_effects(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SY_N_RULES; i++) {
		const struct sy_rule_info *info = sy_rule_info(i);
		bool is_no = info->effect == SY_EFFECT_FORMED_NO ||
			     info->effect == SY_EFFECT_INERT_NO ||
			     info->effect == SY_EFFECT_INTACT_NO;

		if (info->effect == SY_EFFECT_UNREAD && !info->reason[0])
			fail_msg("%s: no reason word", info->id);
		if (is_no && info->severity < SY_HIGH)
			fail_msg("%s: says no below high", info->id);
	}
}

static void test_unknown(void **state)
{
	unsigned rule;
	enum sy_severity severity;

	(void)state;
	assert_false(sy_rule_find(sy_span_str("no-such-rule"), &rule));
	assert_false(sy_rule_find(sy_span_str(""), &rule));
	assert_false(sy_severity_find(sy_span_str("none"), &severity));
	assert_false(sy_severity_find(sy_span_str("High"), &severity));
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SY_N_SEVERITIES; i++) {
		enum sy_severity found;
		struct sy_span name =
			sy_span_str(sy_severity_name((enum sy_severity)i));

		assert_true(sy_severity_find(name, &found));
		assert_int_equal(found, i);
	}
	assert_string_equal(sy_question_name(SY_WELL_FORMED), "well_formed");
	assert_string_equal(sy_answer_name(SY_NOT_ASKED), "not-asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_effects),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
