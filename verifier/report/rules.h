/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules: identity, default severity, effect on the answers, and what to
 * tell a person.  Ids are area-noun-state, are never reused, and are a
 * contract from the first release on.  One list (rules.def, by area below
 * rules/) makes the enum, the table, `steelyard rules`, SARIF's descriptors
 * and docs/rules.md.
 */
#ifndef SY_REPORT_RULES_H
#define SY_REPORT_RULES_H

#include <stdbool.h>

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

enum sy_severity { SY_INFO, SY_LOW, SY_MEDIUM, SY_HIGH, SY_CRITICAL, SY_N_SEVERITIES };

/* The four questions. */
enum sy_question { SY_AUTHENTIC, SY_INTACT, SY_WELL_FORMED, SY_INERT, SY_N_QUESTIONS };

/* Ordered by how bad: combining answers takes the larger. */
enum sy_answer { SY_NOT_ASKED, SY_YES, SY_CONDITIONAL, SY_UNDETERMINED, SY_NO,
		 SY_N_ANSWERS };

/*
 * What a finding of the rule does to the answers of its artifact.  FORMED_NO:
 * well_formed is no; UNREAD: well_formed and inert are undetermined, with a
 * reason word for the report; and so on.
 */
enum sy_effect {
	SY_EFFECT_NONE,
	SY_EFFECT_FORMED_NO,
	SY_EFFECT_FORMED_UNDETERMINED,
	SY_EFFECT_INERT_NO,
	SY_EFFECT_INERT_UNDETERMINED,
	SY_EFFECT_INERT_CONDITIONAL,
	SY_EFFECT_UNREAD,		/* both undetermined */
	SY_EFFECT_INTACT_NO,
	SY_EFFECT_INTACT_UNDETERMINED,
	SY_EFFECT_AUTHENTIC_NO,
	SY_EFFECT_AUTHENTIC_UNDETERMINED,
	SY_EFFECT_REFUSED		/* no answer changes; fails whatever fail_on says */
};

enum sy_rule {
#define RULE(NAME, id, severity, effect, reason, title, why, fix) SY_RULE_##NAME,
#include "verifier/report/rules.def"
#undef RULE
	SY_N_RULES
};

struct sy_rule_info {
	const char *id;			/* "gguf-key-duplicate" */
	enum sy_severity severity;	/* default */
	enum sy_effect effect;
	const char *reason;		/* word for "reasons", or ""; INERT_CONDITIONAL: the
					 * condition under which it is inert */
	const char *title;		/* a few words, no full stop */
	const char *why;		/* one or two sentences: why it matters */
	const char *fix;		/* one sentence: what to do */
};

/* Information on a rule; `rule` < SY_N_RULES. */
const struct sy_rule_info *sy_rule_info(unsigned rule);

/* By id; false when there is none. */
SY_MUST_CHECK bool sy_rule_find(struct sy_span id, unsigned *rule);

const char *sy_severity_name(enum sy_severity severity);	/* "high" */
SY_MUST_CHECK bool sy_severity_find(struct sy_span name, enum sy_severity *severity);
const char *sy_question_name(enum sy_question question);	/* "well_formed" */
const char *sy_answer_name(enum sy_answer answer);		/* "not-asked" */

#endif
