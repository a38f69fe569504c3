/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0 (OASIS, errata 01), as code hosts read it: one run, a location
 * and a line for every result though models have no lines, only what both
 * published schemas accept, never a null.  Worst results first, because
 * readers keep the first few thousand.
 */
#include "verifier/base/text.h"
#include "verifier/report/sarif.h"
#include "verifier/report/writer.h"

#define ARTIFACTS_MAX 10000

/* A string above 0 and up to 10; what is merely noted has no score. */
static const char *const scores[SY_N_SEVERITIES] = {
	[SY_INFO] = NULL,
	[SY_LOW] = "2.0",
	[SY_MEDIUM] = "5.0",
	[SY_HIGH] = "8.0",
	[SY_CRITICAL] = "9.5",
};

/* Rules: only those that occur. */

static void mark_rules(struct sy_sarif *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->report->n_artifacts; i++) {
		const struct sy_artifact *a = &s->report->artifacts[i];

		if (!sy_artifact_is_judged(a))
			continue;
		for (const struct sy_finding *f = a->findings; f; f = f->next)
			s->occurs[f->rule] = true;
	}
	for (unsigned rule = 0; rule < SY_N_RULES; rule++) {
		if (s->occurs[rule])
			s->index[rule] = n++;
	}
}

/* The area of a rule id: what stands before its first hyphen. */
static struct sy_span area_of(const struct sy_rule_info *info)
{
	return sy_span_of(info->id, strcspn(info->id, "-"));
}

static void put_rule_properties(struct sy_sarif *s, const struct sy_rule_info *info)
{
	sy_sarif_open(s, "properties");
	sy_jsonw_key(&s->w, "tags");
	sy_jsonw_array(&s->w);
	sy_jsonw_str(&s->w, "security");
	sy_jsonw_string(&s->w, area_of(info));
	sy_jsonw_array_end(&s->w);
	sy_jsonw_kstr(&s->w, "precision", "high");
	if (scores[info->severity])
		sy_jsonw_kstr(&s->w, "security-severity", scores[info->severity]);
	sy_sarif_close(s);
}

static void put_rule(struct sy_sarif *s, const struct sy_rule_info *info)
{
	sy_jsonw_object(&s->w);
	sy_jsonw_kstr(&s->w, "id", info->id);
	sy_sarif_message(s, "shortDescription", sy_span_str(info->title));
	sy_sarif_message(s, "fullDescription", sy_span_str(info->why));
	sy_sarif_message(s, "help", sy_span_str(info->fix));
	sy_sarif_open(s, "defaultConfiguration");
	sy_jsonw_kstr(&s->w, "level", sy_sarif_level(info->severity));
	sy_sarif_close(s);
	put_rule_properties(s, info);
	sy_jsonw_object_end(&s->w);
}

static void put_tool(struct sy_sarif *s)
{
	sy_sarif_open(s, "tool");
	sy_sarif_open(s, "driver");
	sy_jsonw_kstr(&s->w, "name", "steelyard");
	sy_jsonw_kstr(&s->w, "semanticVersion", sy_tool_version);
	sy_jsonw_key(&s->w, "rules");
	sy_jsonw_array(&s->w);
	for (unsigned rule = 0; rule < SY_N_RULES; rule++) {
		if (s->occurs[rule])
			put_rule(s, sy_rule_info(rule));
	}
	sy_jsonw_array_end(&s->w);
	sy_sarif_close(s);
	sy_sarif_close(s);
}

/* Artifacts: what was looked at, with digests where they are known. */

static void put_artifact(struct sy_sarif *s, const struct sy_artifact *a)
{
	const struct sy_digest *d = a->digests[SY_SHA256];

	sy_jsonw_object(&s->w);
	sy_sarif_file(s, "location", a->path);
	sy_sarif_exact(s, "length", a->size);
	if (d) {
		sy_sarif_open(s, "hashes");
		sy_jsonw_key(&s->w, "sha-256");
		sy_jsonw_hex(&s->w, sy_span_of(d->bytes, d->len));
		sy_sarif_close(s);
	}
	sy_jsonw_key(&s->w, "roles");
	sy_jsonw_array(&s->w);
	sy_jsonw_str(&s->w, "analysisTarget");
	sy_jsonw_array_end(&s->w);
	sy_jsonw_object_end(&s->w);
}

/* The schema wants them distinct; equal paths stand side by side. */
static bool is_repeated(const struct sy_report *r, size_t i)
{
	return i > 0 && sy_span_equal(r->artifacts[i - 1].path,
				      r->artifacts[i].path);
}

static void put_artifacts(struct sy_sarif *s)
{
	size_t n = 0;

	sy_jsonw_key(&s->w, "artifacts");
	sy_jsonw_array(&s->w);
	for (size_t i = 0; i < s->report->n_artifacts && n < ARTIFACTS_MAX; i++) {
		const struct sy_artifact *a = &s->report->artifacts[i];

		if (!sy_artifact_is_judged(a) || is_repeated(s->report, i) ||
		    (a->scope == SY_SCOPE_LISTED && !a->findings))
			continue;
		put_artifact(s, a);
		n++;
	}
	sy_jsonw_array_end(&s->w);
}

static void put_run_properties(struct sy_sarif *s)
{
	const struct sy_report *r = s->report;

	sy_sarif_open(s, "properties");
	sy_jsonw_kstr(&s->w, "verdict", sy_verdict_name(r->verdict));
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++)
		sy_jsonw_kstr(&s->w, sy_question_name((enum sy_question)q),
			      sy_answer_name(r->answers[q]));
	if (r->policy_digest) {
		sy_jsonw_kstring(&s->w, "policy", r->policy);
		sy_jsonw_key(&s->w, "policySha256");
		sy_jsonw_hex(&s->w, sy_span_of(r->policy_digest->bytes,
					       r->policy_digest->len));
	}
	sy_sarif_close(s);
}

static void put_run(struct sy_sarif *s)
{
	struct sy_text id;

	sy_text_init(&id);
	sy_text_addf(&id, "steelyard/%s/", s->report->command);
	sy_jsonw_object(&s->w);
	put_tool(s);
	sy_sarif_open(s, "automationDetails");
	sy_jsonw_kstring(&s->w, "id", sy_text_span(&id));
	sy_sarif_close(s);
	sy_jsonw_kstr(&s->w, "columnKind", "unicodeCodePoints");
	put_artifacts(s);
	sy_sarif_results(s);
	sy_sarif_invocation(s);
	put_run_properties(s);
	sy_jsonw_object_end(&s->w);
}

static enum sy_status write_sarif(const struct sy_report *report,
				  const struct sy_writer_options *options,
				  struct sy_out *out)
{
	struct sy_sarif s = { .report = report, .out = out };
	enum sy_status status = sy_rows_of(report, &s.rows);

	(void)options;
	if (status != SY_OK)
		return status;
	mark_rules(&s);
	sy_jsonw_init(&s.w, out, false);
	sy_jsonw_object(&s.w);
	sy_jsonw_kstr(&s.w, "$schema",
		      "https://json.schemastore.org/sarif-2.1.0.json");
	sy_jsonw_kstr(&s.w, "version", "2.1.0");
	sy_jsonw_key(&s.w, "runs");
	sy_jsonw_array(&s.w);
	put_run(&s);
	sy_jsonw_array_end(&s.w);
	sy_jsonw_object_end(&s.w);
	sy_out_str(out, "\n");
	sy_rows_free(&s.rows);
	return sy_out_flush(out);
}

const struct sy_writer sy_writer_sarif = {
	.name = "sarif",
	.title = "SARIF 2.1.0, for code hosts and editors",
	.write = write_sarif,
};
