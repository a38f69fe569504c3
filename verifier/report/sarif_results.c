/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a SARIF run: a finding each, the worst first, the suppressed last. */
#include "verifier/report/sarif.h"

#include "verifier/base/text.h"

#define RESULTS_MAX 25000	/* more: the whole upload is refused */
#define NUMBERED_MAX 4096	/* findings of a file, compared with each other */

static void put_locations(struct sy_sarif *s, const struct sy_artifact *a,
			  const struct sy_finding *f)
{
	sy_jsonw_key(&s->w, "locations");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	sy_sarif_open(s, "physicalLocation");
	sy_sarif_file(s, "artifactLocation", a->path);
	sy_sarif_region(s, f);
	sy_sarif_close(s);
	sy_sarif_logical(s, a, f);
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
}

/*
 * Findings of one rule about one symbol share a fingerprint; a number tells
 * them apart, as readers expect it, as long as counting is cheap.
 */
static void put_fingerprints(struct sy_sarif *s, const struct sy_artifact *a,
			     const struct sy_finding *f)
{
	struct sy_text line;
	unsigned n = 1;

	for (const struct sy_finding *g = a->findings;
	     g != f && a->n_findings <= NUMBERED_MAX; g = g->next)
		n += !strcmp(g->fingerprint, f->fingerprint);
	sy_text_init(&line);
	sy_text_addf(&line, "%s:%u", f->fingerprint + 3, n);
	sy_sarif_open(s, "partialFingerprints");
	sy_jsonw_kstring(&s->w, "primaryLocationLineHash", sy_text_span(&line));
	sy_jsonw_kstr(&s->w, "steelyard/v1", f->fingerprint);
	sy_sarif_close(s);
}

/* Code flows: the import, then what is done with the name. */

static bool is_about(const struct sy_step *step, const struct sy_finding *f)
{
	if (step->n_members != f->n_members || !sy_span_equal(step->symbol, f->symbol))
		return false;
	for (size_t i = 0; i < f->n_members; i++) {
		if (!sy_span_equal(step->members[i], f->members[i]))
			return false;
	}
	return true;
}

/* The use at the finding's own place, else the first one; NULL: none is known. */
static const struct sy_step *find_use(const struct sy_artifact *a, const struct sy_finding *f,
				      const struct sy_step **import)
{
	const struct sy_step *first = NULL;

	*import = NULL;
	for (size_t i = 0; i < a->n_steps; i++) {
		const struct sy_step *step = &a->steps[i];
		bool is_use = step->kind == SY_STEP_CALL || step->kind == SY_STEP_BUILD ||
			      step->kind == SY_STEP_STORE;

		if ((!is_use && step->kind != SY_STEP_IMPORT) || !is_about(step, f))
			continue;
		if (!is_use && !*import)
			*import = step;
		if (is_use && step->off == f->off)
			return step;
		if (is_use && !first)
			first = step;
	}
	return first;
}

static void put_flow_step(struct sy_sarif *s, const struct sy_artifact *a,
			  const struct sy_step *step)
{
	struct sy_finding place = { .off = step->off, .len = step->len,
				    .members = step->members, .n_members = step->n_members };

	sy_jsonw_object(&s->w);
	sy_sarif_open(s, "location");
	sy_sarif_open(s, "physicalLocation");
	sy_sarif_file(s, "artifactLocation", a->path);
	sy_sarif_region(s, &place);
	sy_sarif_close(s);
	sy_sarif_logical(s, a, &place);
	sy_sarif_message(s, "message", step->text);
	sy_sarif_close(s);
	sy_jsonw_object_end(&s->w);
}

static void put_flow(struct sy_sarif *s, const struct sy_artifact *a, const struct sy_finding *f)
{
	const struct sy_step *import, *use;

	if (a->n_steps == 0 || f->symbol.len == 0)
		return;
	use = find_use(a, f, &import);
	if (!import || !use)
		return;
	sy_jsonw_key(&s->w, "codeFlows");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	sy_jsonw_key(&s->w, "threadFlows");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	sy_jsonw_key(&s->w, "locations");
	sy_jsonw_array(&s->w);
	put_flow_step(s, a, import);
	put_flow_step(s, a, use);
	sy_jsonw_array_end(&s->w);
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
}

static void put_suppression(struct sy_sarif *s, const struct sy_finding *f)
{
	struct sy_text why;

	if (!f->is_suppressed)
		return;
	sy_text_init(&why);
	sy_text_add_span(&why, f->reason);
	if (f->expiry.len > 0) {
		sy_text_add(&why, " (until ");
		sy_text_add_span(&why, f->expiry);
		sy_text_add(&why, ")");
	}
	sy_jsonw_key(&s->w, "suppressions");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	sy_jsonw_kstr(&s->w, "kind", "external");
	sy_jsonw_kstring(&s->w, "justification", sy_text_span(&why));
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
}

static void put_result(struct sy_sarif *s, const struct sy_artifact *a,
		       const struct sy_finding *f)
{
	const struct sy_rule_info *info = sy_rule_info(f->rule);

	if (s->n_results == RESULTS_MAX) {
		s->n_dropped++;
		return;
	}
	s->n_results++;
	sy_jsonw_object(&s->w);
	sy_jsonw_kstr(&s->w, "ruleId", info->id);
	sy_jsonw_ku64(&s->w, "ruleIndex", s->index[f->rule]);
	sy_jsonw_kstr(&s->w, "level", sy_sarif_level(f->severity));
	sy_sarif_message(s, "message", f->detail.len > 0 ? f->detail :
		    sy_span_str(info->title));
	put_locations(s, a, f);
	put_flow(s, a, f);
	put_fingerprints(s, a, f);
	put_suppression(s, f);
	sy_jsonw_object_end(&s->w);
}

static void put_suppressed(struct sy_sarif *s, const struct sy_artifact *a)
{
	if (!sy_artifact_is_judged(a))
		return;
	for (const struct sy_finding *f = a->findings; f; f = f->next) {
		if (f->is_suppressed)
			put_result(s, a, f);
	}
}

void sy_sarif_results(struct sy_sarif *s)
{
	sy_jsonw_key(&s->w, "results");
	sy_jsonw_array(&s->w);
	for (size_t i = 0; i < s->rows.n; i++) {
		const struct sy_row *row = &s->rows.rows[i];

		if (row->finding)
			put_result(s, row->artifact, row->finding);
	}
	for (size_t i = 0; i < s->report->n_artifacts; i++)
		put_suppressed(s, &s->report->artifacts[i]);
	sy_jsonw_array_end(&s->w);
}
