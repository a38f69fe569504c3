/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing the headline: the worst answer first, and the finding that made it.
 * Decides what to say first, never what is true.
 */
#include "verifier/report/headline.h"

static const char *const words[SY_N_HEADLINES] = {
	[SY_HEADLINE_EMPTY] = "NOTHING EXAMINED",
	[SY_HEADLINE_UNDETERMINED] = "UNDETERMINED",
	[SY_HEADLINE_FLAGGED] = "FLAGGED",
	[SY_HEADLINE_MALFORMED] = "MALFORMED",
	[SY_HEADLINE_UNVOUCHED] = "NOT VOUCHED FOR",
	[SY_HEADLINE_ALTERED] = "BYTES DIFFER",
	[SY_HEADLINE_DANGEROUS] = "DANGEROUS",
};

static enum sy_headline_kind kind_of(const struct sy_report *r)
{
	if (r->answers[SY_INERT] == SY_NO)
		return SY_HEADLINE_DANGEROUS;
	if (r->answers[SY_INTACT] == SY_NO)
		return SY_HEADLINE_ALTERED;
	if (r->answers[SY_AUTHENTIC] == SY_NO)
		return SY_HEADLINE_UNVOUCHED;
	if (r->answers[SY_WELL_FORMED] == SY_NO)
		return SY_HEADLINE_MALFORMED;
	if (r->verdict == SY_FLAGGED)
		return SY_HEADLINE_FLAGGED;
	if (r->n_counting == 0 && r->is_complete && r->exit_code == 0)
		return SY_HEADLINE_EMPTY_ALLOWED;
	if (r->n_counting == 0 && r->is_complete && r->exit_code == 3)
		return SY_HEADLINE_EMPTY;
	if (r->verdict == SY_UNDETERMINED_VERDICT)
		return SY_HEADLINE_UNDETERMINED;
	return SY_HEADLINE_CLEAN;
}

static bool is_doubt(enum sy_effect effect)
{
	return effect == SY_EFFECT_UNREAD ||
	       effect == SY_EFFECT_FORMED_UNDETERMINED ||
	       effect == SY_EFFECT_INERT_UNDETERMINED ||
	       effect == SY_EFFECT_INTACT_UNDETERMINED ||
	       effect == SY_EFFECT_AUTHENTIC_UNDETERMINED;
}

/* Could this row have made that headline? */
static bool explains(const struct sy_row *row, enum sy_headline_kind kind)
{
	enum sy_effect effect = sy_rule_info(row->rule)->effect;

	switch (kind) {
	case SY_HEADLINE_DANGEROUS:
		return effect == SY_EFFECT_INERT_NO;
	case SY_HEADLINE_ALTERED:
		return effect == SY_EFFECT_INTACT_NO;
	case SY_HEADLINE_MALFORMED:
		return effect == SY_EFFECT_FORMED_NO;
	case SY_HEADLINE_FLAGGED:
		return row->severity >= SY_HIGH;
	case SY_HEADLINE_UNDETERMINED:
		return is_doubt(effect);
	case SY_HEADLINE_UNVOUCHED:
		return effect == SY_EFFECT_AUTHENTIC_NO;
	case SY_HEADLINE_CLEAN:
	case SY_HEADLINE_EMPTY:
	case SY_HEADLINE_EMPTY_ALLOWED:
	case SY_N_HEADLINES:
		break;
	}
	return false;
}

/* No finding says why: then the first file that has the answer. */
static const struct sy_artifact *first_with(const struct sy_report *report,
					    enum sy_headline_kind kind)
{
	static const struct {
		enum sy_question question;
		enum sy_answer answer;
	} of[SY_N_HEADLINES] = {
		[SY_HEADLINE_DANGEROUS] = { SY_INERT, SY_NO },
		[SY_HEADLINE_ALTERED] = { SY_INTACT, SY_NO },
		[SY_HEADLINE_UNVOUCHED] = { SY_AUTHENTIC, SY_NO },
		[SY_HEADLINE_MALFORMED] = { SY_WELL_FORMED, SY_NO },
		[SY_HEADLINE_UNDETERMINED] = { SY_INERT, SY_UNDETERMINED },
	};

	if (of[kind].answer == SY_NOT_ASKED)
		return NULL;
	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_artifact *a = &report->artifacts[i];

		if (a->answers[of[kind].question] == of[kind].answer)
			return a;
	}
	return NULL;
}

struct sy_headline sy_headline_of(const struct sy_report *report,
				  const struct sy_rows *rows)
{
	struct sy_headline headline = { .kind = kind_of(report) };

	for (size_t i = 0; i < rows->n && !headline.lead; i++) {
		if (explains(&rows->rows[i], headline.kind))
			headline.lead = &rows->rows[i];
	}
	headline.artifact = headline.lead ? headline.lead->artifact :
			    first_with(report, headline.kind);
	return headline;
}

const char *sy_headline_word(enum sy_headline_kind kind)
{
	return words[kind];
}
