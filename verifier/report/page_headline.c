/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first lines of a text report: what a person reads who reads no further.
 * Says nothing that the answers below it do not say.
 */
#include "verifier/base/text.h"
#include "verifier/report/headline.h"
#include "verifier/report/page.h"

/* Nobody asked what the files are, only whose. */
static bool is_verify(const struct sy_report *r)
{
	return !(r->asked & (1u << SY_WELL_FORMED | 1u << SY_INERT));
}

static void put_examined(struct sy_page *t)
{
	const struct sy_report *r = t->report;

	sy_paragraph_count(&t->para, r->n_examined);
	sy_page_str(t, " of ");
	if (is_verify(r))
		sy_page_n(t, r->n_counting, " signed file compared", " signed files compared");
	else
		sy_page_n(t, r->n_counting, " file examined", " files examined");
}

static void put_counts(struct sy_page *t, enum sy_severity from, const char *before)
{
	for (unsigned s = SY_N_SEVERITIES; s-- > (unsigned)from;) {
		if (t->report->counts[s] == 0)
			continue;
		sy_page_str(t, before);
		sy_page_n(t, t->report->counts[s], " ", " ");
		sy_page_str(t, sy_severity_name((enum sy_severity)s));
		before = ", ";
	}
}

static bool has_counts(const struct sy_report *r)
{
	return r->counts[SY_LOW] || r->counts[SY_MEDIUM] || r->counts[SY_HIGH] ||
	       r->counts[SY_CRITICAL];
}

static void put_condition(struct sy_page *t)
{
	if (t->report->condition.len == 0) {
		sy_page_str(t, " Loading it may run code of its own.");
		return;
	}
	sy_page_str(t, " Loading it may run code of its own, unless ");
	sy_page_span(t, t->report->condition);
	sy_page_str(t, ".");
}

/* What a verdict does not cover belongs right beside it. */
static void put_limits(struct sy_page *t)
{
	const struct sy_report *r = t->report;
	uint64_t n_outside = r->n_scope[SY_SCOPE_OTHER_LOADER];

	if (n_outside > 0) {
		sy_page_str(t, "; ");
		sy_page_n(t, n_outside, " file outside the scope of ",
			  " files outside the scope of ");
		sy_page_str(t, r->loader);
	}
	if (r->n_scope[SY_SCOPE_EXCLUDED] > 0) {
		sy_page_str(t, "; ");
		sy_page_n(t, r->n_scope[SY_SCOPE_EXCLUDED], " file excluded",
			  " files excluded");
	}
	if (r->n_suppressed > 0) {
		sy_page_str(t, "; ");
		sy_page_n(t, r->n_suppressed, " finding suppressed",
			  " findings suppressed");
	}
}

/* Who vouches for it: the first signature that holds. */
static void put_signer(struct sy_page *t)
{
	const struct sy_report *r = t->report;

	for (size_t i = 0; i < r->n_signatures; i++) {
		if (!sy_span_is(r->signatures[i].status, "valid"))
			continue;
		sy_page_str(t, " Signed by ");
		sy_page_span(t, r->signatures[i].signer);
		sy_page_str(t, ".");
		return;
	}
}

/* What stands after the verdict of a clean report. */
static void put_clean(struct sy_page *t)
{
	const struct sy_report *r = t->report;

	sy_page_str(t, ". ");
	put_examined(t);
	put_counts(t, SY_LOW, ": ");
	put_limits(t);
	sy_page_str(t, ".");
	if (r->answers[SY_INERT] == SY_CONDITIONAL)
		put_condition(t);
	if (r->answers[SY_AUTHENTIC] == SY_YES)
		put_signer(t);
	if (!(r->asked & (1u << SY_AUTHENTIC)) ||
	    r->answers[SY_AUTHENTIC] != SY_NOT_ASKED)
		return;
	sy_page_str(t, r->n_signatures > 0 ?
		    " Signed, by nobody that you said you trust." :
		    " Unsigned: nobody vouches for it.");
}

static const char *clean_word(const struct sy_report *r)
{
	if (is_verify(r))
		return "Signed, and unchanged since";
	if (has_counts(r))
		return "Nothing at high or above";
	return r->n_suppressed > 0 ? "Nothing new found" : "Nothing found";
}

/* Many sentences of fact name their place themselves. */
static bool says_place(const struct sy_finding *f)
{
	static const char *const before[] = { "byte ", "offset " };

	for (size_t i = 0; i < SY_N_ELEMS(before); i++) {
		struct sy_text place;

		sy_text_init(&place);
		sy_text_addf(&place, "%s%llu", before[i], (unsigned long long)f->off);
		if (sy_span_find(f->detail, sy_text_span(&place)) != SIZE_MAX)
			return true;
	}
	return false;
}

static void put_place(struct sy_page *t, const struct sy_row *row,
		      const char *before, const char *after)
{
	if (!sy_row_has_place(row) || says_place(row->finding))
		return;
	sy_page_str(t, before);
	sy_page_offset(t, row);
	sy_page_str(t, after);
}

/* What it does comes first when it is dangerous; else which file it is. */
static void put_lead(struct sy_page *t, const struct sy_headline *h)
{
	if (h->kind == SY_HEADLINE_DANGEROUS) {
		sy_page_detail(t, h->lead);
		sy_page_str(t, " (");
		sy_page_path(t, h->lead);
		put_place(t, h->lead, ", ", "");
		sy_page_str(t, ")");
		return;
	}
	sy_page_path(t, h->lead);
	sy_page_str(t, ": ");
	if (h->kind == SY_HEADLINE_UNDETERMINED)
		sy_page_str(t, sy_rule_info(h->lead->rule)->title);
	else
		sy_page_detail(t, h->lead);
	put_place(t, h->lead, " (", ")");
}

/* Then what is undetermined is a signature, or digests that are not there. */
static bool is_examined_all(const struct sy_report *r)
{
	return r->policy_digest && r->answers[SY_WELL_FORMED] != SY_UNDETERMINED &&
	       r->answers[SY_INERT] != SY_UNDETERMINED;
}

static void put_cause(struct sy_page *t, const struct sy_headline *h)
{
	if (h->lead) {
		put_lead(t, h);
		return;
	}
	if (!h->artifact) {
		sy_page_str(t, !t->report->is_complete ?
			    "the run ended before everything was examined" :
			    is_examined_all(t->report) ?
			    "an answer that the policy requires could not be given" :
			    "not everything could be examined");
		return;
	}
	sy_page_span(t, h->artifact->path);
	if (h->kind == SY_HEADLINE_UNVOUCHED)
		sy_page_str(t, " is not signed by anybody whom you said you trust");
	else
		sy_page_str(t, h->kind == SY_HEADLINE_UNDETERMINED ? " was not examined" :
			    " is not what was asked for");
}

static void put_reasons(struct sy_page *t)
{
	const struct sy_report *r = t->report;

	if (r->n_reasons == 0)
		return;
	sy_page_str(t, r->n_reasons == 1 ? " Reason: " : " Reasons: ");
	for (size_t i = 0; i < r->n_reasons; i++) {
		sy_page_str(t, i > 0 ? ", " : "");
		sy_page_str(t, r->reasons[i]);
	}
	sy_page_str(t, ".");
}

/* The line below a headline that is bad news. */
static void put_tally(struct sy_page *t)
{
	sy_page_line(t, 0);
	put_examined(t);
	put_counts(t, SY_LOW, "; ");
	sy_page_str(t, ".");
	if (!t->report->is_complete)
		sy_page_str(t, " INCOMPLETE: the run ended early.");
	put_reasons(t);
	sy_page_end(t);
}

static void put_plain_headline(struct sy_page *t, const struct sy_headline *h)
{
	size_t column;

	if (h->kind == SY_HEADLINE_EMPTY_ALLOWED) {
		sy_page_line(t, 0);
		sy_page_str(t, "Nothing to examine here, and --allow-empty accepts that. "
		       "Nothing is known about the files.");
		sy_page_end(t);
		return;
	}
	column = sy_page_colored(t, SY_GREEN, clean_word(t->report));
	sy_page_begin(t, 2, column);
	put_clean(t);
	sy_page_end(t);
}

/* Nothing was left to examine, which may be the caller's own doing. */
static void put_empty(struct sy_page *t)
{
	const uint64_t *n_scope = t->report->n_scope;

	if (n_scope[SY_SCOPE_EXCLUDED] == 0 && n_scope[SY_SCOPE_OTHER_LOADER] == 0) {
		sy_page_str(t, "no file here is of a kind that can be examined");
		return;
	}
	sy_page_str(t, "no file is left that can be examined");
	put_limits(t);
	sy_page_str(t, ".");
}

void sy_page_headline(struct sy_page *t)
{
	struct sy_headline h = sy_headline_of(t->report, &t->rows);
	const char *word = sy_headline_word(h.kind);
	bool is_doubt = h.kind == SY_HEADLINE_UNDETERMINED ||
			h.kind == SY_HEADLINE_EMPTY;

	if (!word) {
		put_plain_headline(t, &h);
		return;
	}
	sy_page_begin(t, 2, sy_page_colored(t, is_doubt ? SY_YELLOW : SY_RED, word));
	sy_page_str(t, ": ");
	if (h.kind == SY_HEADLINE_EMPTY)
		put_empty(t);
	else
		put_cause(t, &h);
	sy_page_end(t);
	if (h.kind != SY_HEADLINE_EMPTY)
		put_tally(t);
}
