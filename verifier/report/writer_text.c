/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for a person with five seconds: a headline in words, the four
 * answers, the findings worst first, then what was not examined.  Never prints
 * a byte that was not escaped, and never promises more than was looked at.
 */
#include "verifier/base/text.h"
#include "verifier/report/page.h"

#define SHOWN 10	/* rows of one kind; the JSON document has all of them */

/* What each answer means, in the order of enum sy_answer. */
static const char *const meanings[SY_N_QUESTIONS][SY_N_ANSWERS] = {
	[SY_AUTHENTIC] = {
		[SY_NOT_ASKED] = "",
		[SY_YES] = "signed by a key that you trust",
		[SY_CONDITIONAL] = "signed, with conditions",
		[SY_UNDETERMINED] = "a signature that could not be checked",
		[SY_NO] = "not signed by a key that you trust",
	},
	[SY_INTACT] = {
		[SY_NOT_ASKED] = "",
		[SY_YES] = "the bytes are the ones promised",
		[SY_CONDITIONAL] = "the bytes are the ones promised, with conditions",
		[SY_UNDETERMINED] = "not all bytes could be compared",
		[SY_NO] = "the bytes are not the ones promised",
	},
	[SY_WELL_FORMED] = {
		[SY_NOT_ASKED] = "",
		[SY_YES] = "each file examined is what it claims to be",
		[SY_CONDITIONAL] = "what it claims to be, with conditions",
		[SY_UNDETERMINED] = "not everything could be examined",
		[SY_NO] = "something is not what it claims to be",
	},
	[SY_INERT] = {
		[SY_NOT_ASKED] = "",
		[SY_YES] = "no way was found to run code by loading it",
		[SY_CONDITIONAL] = "loading it may run code of its own",
		[SY_UNDETERMINED] = "not everything could be examined",
		[SY_NO] = "loading it can run code",
	},
};

/* The four answers. */

static enum sy_color answer_color(enum sy_answer answer)
{
	static const enum sy_color colors[SY_N_ANSWERS] = {
		[SY_NOT_ASKED] = SY_FAINT,
		[SY_YES] = SY_GREEN,
		[SY_CONDITIONAL] = SY_YELLOW,
		[SY_UNDETERMINED] = SY_YELLOW,
		[SY_NO] = SY_RED,
	};

	return colors[answer];
}

static bool is_allowed(const struct sy_finding *f)
{
	return f->is_suppressed && f->symbol.len > 0 && sy_span_starts(f->reason, "allowed ");
}

/* By a policy, for a while. */
static bool is_forgiven(const struct sy_finding *f)
{
	return f->is_suppressed && f->expiry.len > 0;
}

static bool is_about_code(unsigned rule)
{
	enum sy_effect effect = sy_rule_info(rule)->effect;

	return effect == SY_EFFECT_INERT_NO || effect == SY_EFFECT_INERT_UNDETERMINED ||
	       effect == SY_EFFECT_INERT_CONDITIONAL;
}

static bool is_forgiven_code(const struct sy_finding *f)
{
	return is_forgiven(f) && is_about_code(f->rule);
}

static bool has_any(const struct sy_report *r, bool (*is)(const struct sy_finding *f))
{
	for (size_t i = 0; i < r->n_artifacts; i++) {
		for (const struct sy_finding *f = r->artifacts[i].findings; f; f = f->next) {
			if (is(f))
				return true;
		}
	}
	return false;
}

/* One whose bytes were compared, although nobody trusted signed it. */
static bool has_list(const struct sy_report *r)
{
	for (size_t i = 0; i < r->n_signatures; i++) {
		if (sy_span_is(r->signatures[i].status, "untrusted") &&
		    sy_span_is(r->signatures[i].kind, "oms"))
			return true;
	}
	return false;
}

static const char *meaning(const struct sy_report *r, unsigned question)
{
	enum sy_answer answer = r->answers[question];

	if (question == SY_INERT && answer == SY_YES && has_any(r, is_forgiven_code))
		return "no way was found to run code by loading it, but for what the policy "
		       "suppresses below";
	if (question == SY_INERT && answer == SY_YES && has_any(r, is_allowed))
		return "no way was found to run code by loading it, but for the names "
		       "that are allowed below";
	if (answer != SY_NOT_ASKED)
		return meanings[question][answer];
	if (!(r->asked & (1u << question)))
		return "not a question of this command";
	if (question == SY_AUTHENTIC)
		return r->n_signatures > 0 ? "signed, but no trust was configured" :
		       "no signature, and none was required";
	return has_list(r) ? "compared with a list that nobody you trust signed" :
	       "there is no list of digests to compare with";
}

static void put_answer(struct sy_page *t, unsigned question)
{
	const struct sy_report *r = t->report;
	const char *name = sy_question_name((enum sy_question)question);
	const char *answer = sy_answer_name(r->answers[question]);

	sy_page_blanks(t, 2);
	sy_out_str(t->out, name);
	sy_page_blanks(t, 13 - strlen(name));
	sy_page_colored(t, answer_color(r->answers[question]), answer);
	sy_page_blanks(t, 14 - strlen(answer));
	sy_page_begin(t, 29, 29);
	sy_page_str(t, meaning(r, question));
	if (question == SY_INERT && r->answers[question] == SY_CONDITIONAL &&
	    r->condition.len > 0) {
		sy_page_str(t, ", unless ");
		sy_page_span(t, r->condition);
	}
	sy_page_end(t);
}

static void put_answers(struct sy_page *t)
{
	sy_out_str(t->out, "\n");
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++)
		put_answer(t, q);
}

static void put_policy(struct sy_page *t)
{
	const struct sy_report *r = t->report;
	char hex[2 * SY_DIGEST_MAX + 1];

	if (!r->policy_digest)
		return;
	sy_digest_hex(r->policy_digest, hex);
	sy_out_str(t->out, "\n");
	sy_page_line(t, 2);
	sy_page_str(t, "by the policy ");
	sy_page_span(t, r->policy);
	sy_page_str(t, ", sha256 ");
	sy_page_str(t, hex);
	sy_page_end(t);
}

/* Findings. */

static enum sy_color severity_color(enum sy_severity severity)
{
	if (severity >= SY_HIGH)
		return SY_RED;
	return severity == SY_MEDIUM ? SY_YELLOW : SY_PLAIN;
}

static void put_place(struct sy_page *t, const struct sy_row *row)
{
	sy_page_line(t, 2);
	sy_page_path(t, row);
	if (sy_row_has_place(row)) {
		sy_page_str(t, ", ");
		sy_page_offset(t, row);
	}
	if (row->finding && row->finding->detail.len > 0) {
		sy_page_str(t, ": ");
		sy_page_detail(t, row);
	}
	sy_page_end(t);
}

static void put_advice(struct sy_page *t, const char *label, const char *sentence)
{
	sy_page_blanks(t, 2);
	sy_page_begin(t, 7, 2 + sy_page_colored(t, SY_FAINT, label));
	sy_page_str(t, sentence);
	sy_page_end(t);
}

/* Up to SHOWN places of rows [first, end), and how many more there are. */
static void put_places(struct sy_page *t, size_t first, size_t last)
{
	uint64_t n_more = 0;
	size_t n_shown = 0;

	for (size_t i = first; i < last; i++) {
		const struct sy_row *row = &t->rows.rows[i];

		if (row->finding && n_shown < SHOWN) {
			put_place(t, row);
			n_shown++;
		} else {
			n_more = row->n > UINT64_MAX - n_more ? UINT64_MAX :
				 n_more + row->n;
		}
	}
	if (n_more == 0)
		return;
	sy_page_line(t, 2);
	sy_page_str(t, n_shown > 0 ? "and " : "");
	sy_page_n(t, n_more, n_shown > 0 ? " more" : " time",
	      n_shown > 0 ? " more" : " times");
	sy_page_end(t);
}

static void put_group(struct sy_page *t, size_t first, size_t last)
{
	const struct sy_row *row = &t->rows.rows[first];
	const struct sy_rule_info *info = sy_rule_info(row->rule);
	size_t column;

	sy_out_str(t->out, "\n");
	column = sy_page_colored(t, severity_color(row->severity),
			     sy_severity_name(row->severity));
	sy_page_begin(t, 2, column);
	sy_page_str(t, "  ");
	sy_page_str(t, info->id);
	sy_page_str(t, ": ");
	sy_page_str(t, info->title);
	sy_page_end(t);
	put_places(t, first, last);
	put_advice(t, "Why: ", info->why);
	put_advice(t, "Do:  ", info->fix);
}

/* What is merely worth knowing: one paragraph, rule ids only. */
static void put_infos(struct sy_page *t, size_t first)
{
	bool is_first = true;

	if (first >= t->rows.n)
		return;
	sy_out_str(t->out, "\n");
	sy_page_line(t, 0);
	sy_page_str(t, "Also noted: ");
	for (size_t i = first; i < t->rows.n; i = sy_rows_group(&t->rows, i)) {
		sy_page_str(t, is_first ? "" : ", ");
		sy_page_str(t, sy_rule_info(t->rows.rows[i].rule)->id);
		is_first = false;
	}
	sy_page_str(t, " (severity info; --json lists each).");
	sy_page_end(t);
}

static void put_findings(struct sy_page *t)
{
	size_t i = 0;

	while (i < t->rows.n && t->rows.rows[i].severity > SY_INFO) {
		size_t next = sy_rows_group(&t->rows, i);

		put_group(t, i, next);
		i = next;
	}
	put_infos(t, i);
}

/* What was not examined. */

static void put_file(struct sy_page *t, const struct sy_artifact *a)
{
	struct sy_text size;

	sy_text_init(&size);
	sy_text_bytes(&size, a->size);
	sy_page_line(t, 2);
	sy_page_span(t, a->path);
	sy_page_str(t, " (");
	sy_page_span(t, a->format);
	sy_page_str(t, ", ");
	sy_page_span(t, sy_text_span(&size));
	sy_page_str(t, ")");
	if (a->note.len > 0) {
		sy_page_str(t, ": ");
		sy_page_sentence(t, a->note);
	}
	sy_page_end(t);
}

static void put_scope_files(struct sy_page *t, enum sy_scope scope)
{
	uint64_t n_left = t->report->n_scope[scope];
	size_t n_shown = 0;

	for (size_t i = 0; i < t->report->n_artifacts && n_shown < SHOWN; i++) {
		const struct sy_artifact *a = &t->report->artifacts[i];

		if (a->scope != scope)
			continue;
		put_file(t, a);
		n_shown++;
		n_left--;
	}
	if (n_left == 0)
		return;
	sy_page_line(t, 2);
	sy_page_str(t, "and ");
	sy_page_n(t, n_left, " more", " more");
	sy_page_end(t);
}

static void put_scope(struct sy_page *t, enum sy_scope scope, const char *title)
{
	uint64_t n = t->report->n_scope[scope];

	if (n == 0)
		return;
	sy_out_str(t->out, "\n");
	sy_page_line(t, 0);
	sy_page_str(t, title);
	sy_page_str(t, " (");
	sy_page_n(t, n, " file):", " files):");
	sy_page_end(t);
	put_scope_files(t, scope);
}

static void put_listed(struct sy_page *t)
{
	uint64_t n = t->report->n_scope[SY_SCOPE_LISTED];

	if (n == 0)
		return;
	sy_out_str(t->out, "\n");
	sy_page_line(t, 0);
	sy_page_n(t, n, " more file is", " more files are");
	if (t->report->asked & (1u << SY_WELL_FORMED | 1u << SY_INERT)) {
		sy_page_str(t, " listed and not counted: no loader executes or parses ");
		sy_page_str(t, n == 1 ? "it." : "them.");
	} else {
		sy_page_str(t, " listed: signatures, and what is in no signed list.");
	}
	sy_page_end(t);
}

/* What somebody answers for is named, with who said so and why. */
static void put_allowed_one(struct sy_page *t, const struct sy_artifact *a,
			    const struct sy_finding *f)
{
	struct sy_text name;

	sy_text_init(&name);
	if (f->symbol.len > 0)
		sy_text_name(&name, f->symbol);
	sy_page_line(t, 2);
	sy_page_span(t, a->path);
	sy_page_str(t, ": ");
	if (is_forgiven(f)) {
		sy_page_str(t, sy_rule_info(f->rule)->id);
		sy_page_str(t, f->symbol.len > 0 ? " " : "");
	}
	sy_page_span(t, sy_text_span(&name));
	sy_page_str(t, ", ");
	sy_page_span(t, f->reason);
	if (is_forgiven(f)) {
		sy_page_str(t, " (until ");
		sy_page_span(t, f->expiry);
		sy_page_str(t, ")");
	}
	sy_page_end(t);
}

static void put_allowed(struct sy_page *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->report->n_artifacts; i++) {
		const struct sy_artifact *a = &t->report->artifacts[i];

		for (const struct sy_finding *f = a->findings; f; f = f->next) {
			if ((!is_allowed(f) && !is_forgiven(f)) || ++n > SHOWN)
				continue;
			put_allowed_one(t, a, f);
		}
	}
	if (n <= SHOWN)
		return;
	sy_page_line(t, 2);
	sy_page_str(t, "and ");
	sy_page_n(t, n - SHOWN, " more", " more");
	sy_page_end(t);
}

static void put_suppressed(struct sy_page *t)
{
	uint64_t n = t->report->n_suppressed;

	if (n == 0)
		return;
	sy_out_str(t->out, "\n");
	sy_page_line(t, 0);
	sy_page_n(t, n, " finding is", " findings are");
	sy_page_str(t, " suppressed and not counted; --json lists ");
	sy_page_str(t, n == 1 ? "it." : "them.");
	sy_page_end(t);
	put_allowed(t);
}

static void put_notice(struct sy_page *t, const struct sy_notice *n)
{
	sy_page_line(t, 2);
	sy_page_span(t, n->kind);
	sy_page_str(t, ": ");
	if (n->path.len > 0) {
		sy_page_span(t, n->path);
		sy_page_str(t, ": ");
	}
	sy_page_span(t, n->detail);
	sy_page_end(t);
}

static void put_notices(struct sy_page *t)
{
	size_t n_shown = 0;

	if (!t->report->notices)
		return;
	sy_out_str(t->out, "\nNotices:\n");
	for (const struct sy_notice *n = t->report->notices; n && n_shown < SHOWN;
	     n = n->next) {
		put_notice(t, n);
		n_shown++;
	}
	if (t->report->n_notices <= n_shown)
		return;
	sy_page_line(t, 2);
	sy_page_str(t, "and ");
	sy_page_n(t, t->report->n_notices - n_shown, " more", " more");
	sy_page_end(t);
}

static void put_not_examined(struct sy_page *t)
{
	put_scope(t, SY_SCOPE_NOT_EXAMINED, "Not examined");
	put_scope(t, SY_SCOPE_OTHER_LOADER,
		  "Outside the scope of the chosen loader, not counted");
	put_scope(t, SY_SCOPE_EXCLUDED, "Excluded, not counted");
	put_listed(t);
	put_suppressed(t);
	put_notices(t);
}

static enum sy_status write_text(const struct sy_report *report,
				 const struct sy_writer_options *options,
				 struct sy_out *out)
{
	struct sy_page t = { .report = report, .options = options, .out = out };
	enum sy_status status = sy_rows_of(report, &t.rows);

	if (status != SY_OK)
		return status;
	sy_page_headline(&t);
	if (!options->is_quiet) {
		put_answers(&t);
		put_policy(&t);
		put_findings(&t);
		put_not_examined(&t);
	}
	sy_rows_free(&t.rows);
	return sy_out_flush(out);
}

const struct sy_writer sy_writer_text = {
	.name = "text",
	.title = "for people: headline, answers, findings, what was not examined",
	.write = write_text,
};
