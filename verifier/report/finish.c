/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed rules that turn findings and scopes into answers, a verdict and an
 * exit code (docs/report.md).  The only place where that happens.  Whatever is
 * not known to be fine counts as undetermined; a suppressed finding has no
 * effect, but it cannot turn "not examined" into "examined".
 */
#include "verifier/report/report.h"
#include "verifier/base/text.h"
#include "verifier/report/sort.h"

#include <stdlib.h>

#define ASKED(report, question) ((report)->asked & (1u << (question)))

/* What a finding of each effect raises the answers to. */
static const enum sy_answer effects[][SY_N_QUESTIONS] = {
	[SY_EFFECT_NONE] = { SY_NOT_ASKED },
	[SY_EFFECT_FORMED_NO] = { [SY_WELL_FORMED] = SY_NO },
	[SY_EFFECT_FORMED_UNDETERMINED] = { [SY_WELL_FORMED] = SY_UNDETERMINED },
	[SY_EFFECT_INERT_NO] = { [SY_INERT] = SY_NO },
	[SY_EFFECT_INERT_UNDETERMINED] = { [SY_INERT] = SY_UNDETERMINED },
	[SY_EFFECT_INERT_CONDITIONAL] = { [SY_INERT] = SY_CONDITIONAL },
	[SY_EFFECT_UNREAD] = { [SY_WELL_FORMED] = SY_UNDETERMINED,
			       [SY_INERT] = SY_UNDETERMINED },
	[SY_EFFECT_INTACT_NO] = { [SY_INTACT] = SY_NO },
	[SY_EFFECT_INTACT_UNDETERMINED] = { [SY_INTACT] = SY_UNDETERMINED },
	[SY_EFFECT_AUTHENTIC_NO] = { [SY_AUTHENTIC] = SY_NO },
	[SY_EFFECT_AUTHENTIC_UNDETERMINED] = { [SY_AUTHENTIC] = SY_UNDETERMINED },
	[SY_EFFECT_REFUSED] = { SY_NOT_ASKED },
};

#define CONDITIONS_MAX 8	/* different ones that the rules know, and room */

/* What the passes over the artifacts leave behind for the exit code. */
struct outcome {
	bool has_severe;	/* an unsuppressed finding at high or above */
	bool has_failing;	/* one at or above fail_on */
	bool has_raised_no;	/* "no" that rests on no finding's severity */
	bool has_doubt;		/* something asked for is undetermined */
	bool has_reason;	/* a word says why */
	const char *conditions[CONDITIONS_MAX];	/* of an inert that has them */
	size_t n_conditions;
};

static void raise_to(enum sy_answer *answer, enum sy_answer to)
{
	if (to > *answer)
		*answer = to;
}

static void add_sat(uint64_t *sum, uint64_t n)
{
	*sum = n > UINT64_MAX - *sum ? UINT64_MAX : *sum + n;
}

/* Answers are asked about it. */
static bool is_counting(const struct sy_artifact *a)
{
	return a->scope == SY_SCOPE_EXAMINED || a->scope == SY_SCOPE_NOT_EXAMINED;
}

/* Judging one artifact. */

/* Undetermined is noted apart: a `no` elsewhere must not hide it. */
static void raise_answer(const struct sy_report *report, struct sy_artifact *a,
			 struct outcome *o, unsigned question,
			 enum sy_answer answer)
{
	raise_to(&a->answers[question], answer);
	if (answer == SY_UNDETERMINED && ASKED(report, question))
		o->has_doubt = true;
}

/* Conditions are constants of the rules; kept sorted, each once. */
static void add_condition(struct outcome *o, const char *condition)
{
	size_t at = 0;

	while (at < o->n_conditions && strcmp(o->conditions[at], condition) < 0)
		at++;
	if (o->n_conditions == CONDITIONS_MAX ||
	    (at < o->n_conditions && !strcmp(o->conditions[at], condition)))
		return;
	memmove(&o->conditions[at + 1], &o->conditions[at],
		(o->n_conditions - at) * sizeof(*o->conditions));
	o->conditions[at] = condition;
	o->n_conditions++;
}

/*
 * `n` unsuppressed findings of one rule: effect, verdict, counts.  A finding
 * that makes an answer `no` fails like a high one, whatever its severity: a
 * flagged report with exit code 0 is for those who asked for it.
 */
static void weigh(struct sy_report *report, struct sy_artifact *a,
		  struct outcome *o, unsigned rule, enum sy_severity severity,
		  uint64_t n)
{
	const enum sy_answer *effect = effects[sy_rule_info(rule)->effect];
	enum sy_severity felt = severity;

	if (effect[SY_INERT] == SY_CONDITIONAL)
		add_condition(o, sy_rule_info(rule)->reason);
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		raise_answer(report, a, o, q, effect[q]);
		if (effect[q] == SY_NO && ASKED(report, q) && felt < SY_HIGH)
			felt = SY_HIGH;
	}
	if (severity >= SY_HIGH)
		o->has_severe = true;
	if (felt >= report->fail_on || sy_rule_info(rule)->effect == SY_EFFECT_REFUSED)
		o->has_failing = true;
	add_sat(&report->counts[severity], n);
}

/*
 * A suppressed finding keeps its reason word where the file stays unexamined
 * all the same: the reader wants to know why.
 */
static enum sy_status add_rule_reason(struct sy_report *report,
				      const struct sy_artifact *a,
				      struct outcome *o, unsigned rule,
				      bool is_suppressed)
{
	const struct sy_rule_info *info = sy_rule_info(rule);
	const char *word = info->reason;

	if (!word[0] || info->effect == SY_EFFECT_INERT_CONDITIONAL ||
	    (is_suppressed && a->scope != SY_SCOPE_NOT_EXAMINED &&
	     info->effect != SY_EFFECT_UNREAD))
		return SY_OK;
	o->has_reason = true;
	return sy_report_add_reason(report, word);
}

/*
 * Accepting a finding is not examining the file: what one of effect UNREAD left
 * unread stays so.  Nothing silences "undetermined".
 */
static void keep_unread(const struct sy_report *report, struct sy_artifact *a,
			struct outcome *o, unsigned rule)
{
	if (sy_rule_info(rule)->effect != SY_EFFECT_UNREAD)
		return;
	raise_answer(report, a, o, SY_WELL_FORMED, SY_UNDETERMINED);
	raise_answer(report, a, o, SY_INERT, SY_UNDETERMINED);
}

static enum sy_status judge_findings(struct sy_report *report,
				     struct sy_artifact *a, struct outcome *o)
{
	for (const struct sy_finding *f = a->findings; f; f = f->next) {
		enum sy_status status = add_rule_reason(report, a, o, f->rule,
							f->is_suppressed);

		if (status != SY_OK)
			return status;
		if (!f->is_suppressed) {
			weigh(report, a, o, f->rule, f->severity, 1);
			continue;
		}
		add_sat(&a->n_suppressed, 1);
		keep_unread(report, a, o, f->rule);
	}
	return SY_OK;
}

static enum sy_status judge_more(struct sy_report *report, struct sy_artifact *a,
				 struct outcome *o)
{
	for (const struct sy_more *m = a->more; m; m = m->next) {
		if (m->n == 0)
			continue;

		enum sy_status status = add_rule_reason(report, a, o, m->rule,
							m->is_suppressed);

		if (status != SY_OK)
			return status;
		if (!m->is_suppressed) {
			weigh(report, a, o, m->rule, m->severity, m->n);
			continue;
		}
		add_sat(&a->n_suppressed, m->n);
		keep_unread(report, a, o, m->rule);
	}
	return SY_OK;
}

/* Nobody said that its examination ended. */
static bool is_unread(const struct sy_artifact *a)
{
	return is_counting(a) && (a->scope == SY_SCOPE_NOT_EXAMINED ||
				  a->raised[SY_WELL_FORMED] == SY_NOT_ASKED ||
				  a->raised[SY_INERT] == SY_NOT_ASKED);
}

/* Where answers begin: what the engine said, and never yes by omission. */
static void begin_answers(const struct sy_report *report, struct sy_artifact *a,
			  struct outcome *o)
{
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		raise_answer(report, a, o, q, a->raised[q]);
		if (a->raised[q] == SY_NO && ASKED(report, q))
			o->has_raised_no = true;
	}
	if (!is_counting(a))
		return;
	for (unsigned q = SY_WELL_FORMED; q <= SY_INERT; q++) {
		if (a->scope == SY_SCOPE_NOT_EXAMINED ||
		    a->raised[q] == SY_NOT_ASKED)
			raise_answer(report, a, o, q, SY_UNDETERMINED);
	}
}

static void forget_unasked(const struct sy_report *report,
			   enum sy_answer answers[SY_N_QUESTIONS])
{
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		if (!ASKED(report, q))
			answers[q] = SY_NOT_ASKED;
	}
}

static enum sy_answer worst_of(const enum sy_answer answers[SY_N_QUESTIONS])
{
	enum sy_answer worst = SY_NOT_ASKED;

	for (unsigned q = 0; q < SY_N_QUESTIONS; q++)
		raise_to(&worst, answers[q]);
	return worst;
}

static enum sy_verdict verdict_of(const enum sy_answer answers[SY_N_QUESTIONS],
				  bool has_severe)
{
	enum sy_answer worst = worst_of(answers);

	if (has_severe || worst == SY_NO)
		return SY_FLAGGED;
	return worst == SY_UNDETERMINED ? SY_UNDETERMINED_VERDICT : SY_CLEAN;
}

static void forget_answers(struct sy_artifact *a)
{
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++)
		a->answers[q] = SY_NOT_ASKED;
	a->verdict = SY_NOTHING_EXAMINED;
}

static void join_outcome(struct outcome *all, const struct outcome *own)
{
	all->has_severe |= own->has_severe;
	all->has_failing |= own->has_failing;
	all->has_raised_no |= own->has_raised_no;
	all->has_doubt |= own->has_doubt;
	for (size_t i = 0; i < own->n_conditions; i++)
		add_condition(all, own->conditions[i]);
}

static enum sy_status judge_artifact(struct sy_report *report,
				     struct sy_artifact *a, struct outcome *all)
{
	struct outcome own = { 0 };

	forget_answers(a);
	if (!sy_artifact_is_judged(a))
		return SY_OK;
	begin_answers(report, a, &own);

	enum sy_status status = judge_findings(report, a, &own);

	if (status == SY_OK)
		status = judge_more(report, a, &own);
	if (status == SY_OK && is_unread(a) && own.has_doubt && !own.has_reason)
		status = sy_report_add_reason(report, "not-examined");
	if (status != SY_OK)
		return status;
	forget_unasked(report, a->answers);
	a->verdict = verdict_of(a->answers, own.has_severe);
	/* Listed, and nothing to say about it: no verdict at all. */
	if (!is_counting(a) && !own.has_severe && worst_of(a->answers) <= SY_YES)
		forget_answers(a);
	add_sat(&report->n_suppressed, a->n_suppressed);
	join_outcome(all, &own);
	return SY_OK;
}

/* Totals and the report's own answers. */

static void count_artifact(struct sy_report *report, const struct sy_artifact *a)
{
	report->n_scope[a->scope]++;
	report->n_counting += is_counting(a);
	report->n_examined += a->scope == SY_SCOPE_EXAMINED;
	add_sat(&report->bytes_total, a->size);
	add_sat(&report->bytes_parsed, a->bytes_parsed);
	add_sat(&report->bytes_hashed, a->bytes_hashed);
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++)
		raise_to(&report->answers[q], a->answers[q]);
}

/* Nothing that counts, or not all of it: no answer about the whole is yes. */
static void doubt(struct sy_report *report)
{
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		if (q >= SY_WELL_FORMED || (report->required & (1u << q)) ||
		    report->answers[q] != SY_NOT_ASKED)
			raise_to(&report->answers[q], SY_UNDETERMINED);
	}
}

/*
 * A `no` about authenticity or bytes fails whatever the severity, and so does one
 * where a policy requires a yes; --fail-on decides about the rest, where `no` comes
 * from findings.
 */
static bool is_failing(const struct sy_report *report, const struct outcome *o)
{
	unsigned always = report->required | 1u << SY_AUTHENTIC | 1u << SY_INTACT;

	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		if ((always & (1u << q)) && report->answers[q] == SY_NO)
			return true;
	}
	return o->has_failing || o->has_raised_no;
}

/* Formats we do not read, and nothing else was there to read. */
static bool is_all_unsupported(const struct sy_report *report)
{
	return report->is_complete && report->n_examined == 0 &&
	       report->n_reasons == 1 &&
	       !strcmp(report->reasons[0], "format-unsupported");
}

static bool has_any_step(const struct sy_report *report)
{
	for (size_t i = 0; i < report->n_artifacts; i++) {
		if (report->artifacts[i].n_steps > 0)
			return true;
	}
	return false;
}

static int exit_code(const struct sy_report *report, const struct outcome *o)
{
	if (is_failing(report, o))
		return 1;
	if (is_all_unsupported(report))
		return 3;
	if (o->has_doubt || !report->is_complete)
		return 2;
	if (report->n_counting == 0)
		return report->is_allow_empty ? 0 : 3;
	return report->has_steps && !has_any_step(report) ? 3 : 0;
}

/* "trust_remote_code=False and ...": under what `inert` would be a yes. */
static enum sy_status put_condition(struct sy_report *report,
				    const struct outcome *o)
{
	struct sy_text text;

	if (report->answers[SY_INERT] != SY_CONDITIONAL || o->n_conditions == 0)
		return SY_OK;
	sy_text_init(&text);
	for (size_t i = 0; i < o->n_conditions; i++)
		sy_text_addf(&text, "%s%s", i ? " and " : "", o->conditions[i]);
	return sy_arena_copy(&report->arena, sy_text_span(&text),
			     &report->condition);
}

static enum sy_status conclude(struct sy_report *report, const struct outcome *o)
{
	enum sy_status status;

	report->exit_code = exit_code(report, o);
	if (report->n_counting == 0 || !report->is_complete)
		doubt(report);
	forget_unasked(report, report->answers);
	report->verdict = verdict_of(report->answers, o->has_severe);
	/* Interrupted before anything was looked at. */
	if (!report->is_complete && report->verdict != SY_FLAGGED)
		report->verdict = SY_UNDETERMINED_VERDICT;
	status = put_condition(report, o);
	if (status == SY_OK && !report->is_complete && report->n_reasons == 0)
		status = sy_report_add_reason(report, "incomplete");
	return status;
}

static int order_words(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void sort_reasons(struct sy_report *report)
{
	if (report->n_reasons > 1)
		qsort(report->reasons, report->n_reasons,
		      sizeof(*report->reasons), order_words);
}

bool sy_artifact_is_judged(const struct sy_artifact *artifact)
{
	return is_counting(artifact) || artifact->scope == SY_SCOPE_LISTED;
}

enum sy_status sy_report_finish(struct sy_report *report)
{
	struct outcome outcome = { 0 };
	enum sy_status status = sy_report_fingerprint(report);

	if (status == SY_OK)
		status = sy_report_sort(report);
	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++) {
		status = judge_artifact(report, &report->artifacts[i], &outcome);
		if (status == SY_OK)
			count_artifact(report, &report->artifacts[i]);
	}
	if (status == SY_OK)
		status = conclude(report, &outcome);
	sort_reasons(report);
	return status;
}
