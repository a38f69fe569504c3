/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table behind rules.def and the words of the report.  It decides nothing
 * and knows no file: formats link it without the report.
 */
#include "verifier/report/rules.h"

#include <assert.h>

static const struct sy_rule_info rules[] = {
#define RULE(NAME, id, severity, effect, reason, title, why, fix) \
	[SY_RULE_##NAME] = { id, SY_##severity, SY_EFFECT_##effect, reason, \
			     title, why, fix },
#include "verifier/report/rules.def"
#undef RULE
};

static const char *const severities[SY_N_SEVERITIES] = {
	[SY_INFO] = "info",
	[SY_LOW] = "low",
	[SY_MEDIUM] = "medium",
	[SY_HIGH] = "high",
	[SY_CRITICAL] = "critical",
};

static const char *const questions[SY_N_QUESTIONS] = {
	[SY_AUTHENTIC] = "authentic",
	[SY_INTACT] = "intact",
	[SY_WELL_FORMED] = "well_formed",
	[SY_INERT] = "inert",
};

static const char *const answers[SY_N_ANSWERS] = {
	[SY_NOT_ASKED] = "not-asked",
	[SY_YES] = "yes",
	[SY_CONDITIONAL] = "conditional",
	[SY_UNDETERMINED] = "undetermined",
	[SY_NO] = "no",
};

const struct sy_rule_info *sy_rule_info(unsigned rule)
{
	assert(rule < SY_N_RULES);
	return &rules[rule];
}

bool sy_rule_find(struct sy_span id, unsigned *rule)
{
	*rule = 0;
	for (unsigned i = 0; i < SY_N_RULES; i++) {
		if (sy_span_is(id, rules[i].id)) {
			*rule = i;
			return true;
		}
	}
	return false;
}

const char *sy_severity_name(enum sy_severity severity)
{
	return severities[severity];
}

bool sy_severity_find(struct sy_span name, enum sy_severity *severity)
{
	*severity = SY_INFO;
	for (unsigned i = 0; i < SY_N_SEVERITIES; i++) {
		if (sy_span_is(name, severities[i])) {
			*severity = (enum sy_severity)i;
			return true;
		}
	}
	return false;
}

const char *sy_question_name(enum sy_question question)
{
	return questions[question];
}

const char *sy_answer_name(enum sy_answer answer)
{
	return answers[answer];
}
