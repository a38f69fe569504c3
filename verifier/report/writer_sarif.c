/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0 (OASIS, errata 01), as code hosts read it: one run, a location
 * and a line for every result though models have no lines, only what both
 * published schemas accept, never a null.  Worst results first, because
 * readers keep the first few thousand.
 */
#include "verifier/base/jsonw.h"
#include "verifier/base/text.h"
#include "verifier/report/rows.h"
#include "verifier/report/writer.h"

#define RESULTS_MAX 25000	/* more: the whole upload is refused */
#define ARTIFACTS_MAX 10000
#define NOTIFICATIONS_MAX 1000
#define NUMBERED_MAX 4096	/* findings of a file, compared with each other */
#define EXACT_MAX ((UINT64_C(1) << 53) - 1)	/* what readers keep exactly */

struct sarif {
	const struct sy_report *report;
	struct sy_out *out;
	struct sy_jsonw w;
	struct sy_rows rows;
	bool occurs[SY_N_RULES];
	uint64_t index[SY_N_RULES];	/* of a rule that occurs */
	uint64_t n_results, n_dropped;
	uint64_t n_notifications;
};

static const char *const levels[SY_N_SEVERITIES] = {
	[SY_INFO] = "note",
	[SY_LOW] = "note",
	[SY_MEDIUM] = "warning",
	[SY_HIGH] = "error",
	[SY_CRITICAL] = "error",
};

/* A string above 0 and up to 10; what is merely noted has no score. */
static const char *const scores[SY_N_SEVERITIES] = {
	[SY_INFO] = NULL,
	[SY_LOW] = "2.0",
	[SY_MEDIUM] = "5.0",
	[SY_HIGH] = "8.0",
	[SY_CRITICAL] = "9.5",
};

static void open_key(struct sarif *s, const char *key)
{
	sy_jsonw_key(&s->w, key);
	sy_jsonw_object(&s->w);
}

static void close_key(struct sarif *s)
{
	sy_jsonw_object_end(&s->w);
}

static void put_message(struct sarif *s, const char *key, struct sy_span text)
{
	open_key(s, key);
	sy_jsonw_kstring(&s->w, "text", text);
	close_key(s);
}

static void put_exact(struct sarif *s, const char *key, uint64_t n)
{
	if (n <= EXACT_MAX)
		sy_jsonw_ku64(&s->w, key, n);
}

/* RFC 3986: everything but unreserved characters and the slash in percent. */
static bool is_plain(uint8_t c)
{
	uint8_t lower = sy_ascii_lower(c);

	return sy_is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' ||
	       c == '.' || c == '_' || c == '~' || c == '/';
}

static void put_uri_bytes(struct sy_out *out, struct sy_span path)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < path.len; i++) {
		uint8_t c = path.data[i];
		char escaped[3] = { '%', hex[c >> 4], hex[c & 15] };

		if (is_plain(c))
			sy_out_bytes(out, &c, 1);
		else
			sy_out_bytes(out, escaped, sizeof(escaped));
	}
}

/* Collected first: the JSON writer takes a string in one piece. */
static void put_uri(struct sarif *s, struct sy_span path)
{
	struct sy_buffer uri;
	struct sy_out out;

	sy_buffer_init(&uri, s->report->ctx);
	sy_out_init(&out, sy_buffer_write, &uri);
	if (sy_span_starts(path, "/"))
		sy_out_str(&out, "file://");
	put_uri_bytes(&out, path.len > 0 ? path : sy_span_str("-"));

	enum sy_status status = sy_out_flush(&out);

	sy_jsonw_kstring(&s->w, "uri", sy_span_of(uri.data, uri.len));
	if (s->out->status == SY_OK)
		s->out->status = status;
	sy_buffer_free(&uri);
}

static void put_artifact_location(struct sarif *s, const char *key,
				  struct sy_span path)
{
	open_key(s, key);
	put_uri(s, path);
	close_key(s);
}

/* Rules: only those that occur. */

static void mark_rules(struct sarif *s)
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

static void put_rule_properties(struct sarif *s, const struct sy_rule_info *info)
{
	open_key(s, "properties");
	sy_jsonw_key(&s->w, "tags");
	sy_jsonw_array(&s->w);
	sy_jsonw_str(&s->w, "security");
	sy_jsonw_string(&s->w, area_of(info));
	sy_jsonw_array_end(&s->w);
	sy_jsonw_kstr(&s->w, "precision", "high");
	if (scores[info->severity])
		sy_jsonw_kstr(&s->w, "security-severity", scores[info->severity]);
	close_key(s);
}

static void put_rule(struct sarif *s, const struct sy_rule_info *info)
{
	sy_jsonw_object(&s->w);
	sy_jsonw_kstr(&s->w, "id", info->id);
	put_message(s, "shortDescription", sy_span_str(info->title));
	put_message(s, "fullDescription", sy_span_str(info->why));
	put_message(s, "help", sy_span_str(info->fix));
	open_key(s, "defaultConfiguration");
	sy_jsonw_kstr(&s->w, "level", levels[info->severity]);
	close_key(s);
	put_rule_properties(s, info);
	sy_jsonw_object_end(&s->w);
}

static void put_tool(struct sarif *s)
{
	open_key(s, "tool");
	open_key(s, "driver");
	sy_jsonw_kstr(&s->w, "name", "steelyard");
	sy_jsonw_kstr(&s->w, "semanticVersion", sy_tool_version);
	sy_jsonw_key(&s->w, "rules");
	sy_jsonw_array(&s->w);
	for (unsigned rule = 0; rule < SY_N_RULES; rule++) {
		if (s->occurs[rule])
			put_rule(s, sy_rule_info(rule));
	}
	sy_jsonw_array_end(&s->w);
	close_key(s);
	close_key(s);
}

/* Results. */

static void put_region(struct sarif *s, const struct sy_finding *f)
{
	open_key(s, "region");
	sy_jsonw_ku64(&s->w, "startLine", 1);
	sy_jsonw_ku64(&s->w, "startColumn", 1);
	sy_jsonw_ku64(&s->w, "endLine", 1);
	sy_jsonw_ku64(&s->w, "endColumn", 2);
	if (f->off <= EXACT_MAX) {
		sy_jsonw_ku64(&s->w, "byteOffset", f->off);
		put_exact(s, "byteLength", f->len);
	}
	close_key(s);
}

/* "file!member!member@offset", readable, for what lies inside containers. */
static void put_logical(struct sarif *s, const struct sy_artifact *a,
			const struct sy_finding *f)
{
	struct sy_text name;

	if (f->n_members == 0)
		return;
	sy_text_init(&name);
	sy_text_add_span(&name, a->path);
	for (size_t i = 0; i < f->n_members; i++) {
		sy_text_add(&name, "!");
		sy_text_add_span(&name, f->members[i]);
	}
	sy_jsonw_key(&s->w, "logicalLocations");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	sy_jsonw_kstring(&s->w, "fullyQualifiedName", sy_text_span(&name));
	sy_jsonw_kstr(&s->w, "kind", "member");
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
}

static void put_locations(struct sarif *s, const struct sy_artifact *a,
			  const struct sy_finding *f)
{
	sy_jsonw_key(&s->w, "locations");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	open_key(s, "physicalLocation");
	put_artifact_location(s, "artifactLocation", a->path);
	put_region(s, f);
	close_key(s);
	put_logical(s, a, f);
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
}

/*
 * Findings of one rule about one symbol share a fingerprint; a number tells
 * them apart, as readers expect it, as long as counting is cheap.
 */
static void put_fingerprints(struct sarif *s, const struct sy_artifact *a,
			     const struct sy_finding *f)
{
	struct sy_text line;
	unsigned n = 1;

	for (const struct sy_finding *g = a->findings;
	     g != f && a->n_findings <= NUMBERED_MAX; g = g->next)
		n += !strcmp(g->fingerprint, f->fingerprint);
	sy_text_init(&line);
	sy_text_addf(&line, "%s:%u", f->fingerprint + 3, n);
	open_key(s, "partialFingerprints");
	sy_jsonw_kstring(&s->w, "primaryLocationLineHash", sy_text_span(&line));
	sy_jsonw_kstr(&s->w, "steelyard/v1", f->fingerprint);
	close_key(s);
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

static void put_flow_step(struct sarif *s, const struct sy_artifact *a,
			  const struct sy_step *step)
{
	struct sy_finding place = { .off = step->off, .len = step->len,
				    .members = step->members, .n_members = step->n_members };

	sy_jsonw_object(&s->w);
	open_key(s, "location");
	open_key(s, "physicalLocation");
	put_artifact_location(s, "artifactLocation", a->path);
	put_region(s, &place);
	close_key(s);
	put_logical(s, a, &place);
	put_message(s, "message", step->text);
	close_key(s);
	sy_jsonw_object_end(&s->w);
}

static void put_flow(struct sarif *s, const struct sy_artifact *a, const struct sy_finding *f)
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

static void put_suppression(struct sarif *s, const struct sy_finding *f)
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

static void put_result(struct sarif *s, const struct sy_artifact *a,
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
	sy_jsonw_kstr(&s->w, "level", levels[f->severity]);
	put_message(s, "message", f->detail.len > 0 ? f->detail :
		    sy_span_str(info->title));
	put_locations(s, a, f);
	put_flow(s, a, f);
	put_fingerprints(s, a, f);
	put_suppression(s, f);
	sy_jsonw_object_end(&s->w);
}

static void put_suppressed(struct sarif *s, const struct sy_artifact *a)
{
	if (!sy_artifact_is_judged(a))
		return;
	for (const struct sy_finding *f = a->findings; f; f = f->next) {
		if (f->is_suppressed)
			put_result(s, a, f);
	}
}

static void put_results(struct sarif *s)
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

/* Notifications: what the results do not say. */

static void put_notification(struct sarif *s, const char *level,
			     struct sy_span path, const struct sy_text *text)
{
	if (s->n_notifications++ >= NOTIFICATIONS_MAX)
		return;
	sy_jsonw_object(&s->w);
	sy_jsonw_kstr(&s->w, "level", level);
	put_message(s, "message", sy_text_span(text));
	if (path.len > 0) {
		sy_jsonw_key(&s->w, "locations");
		sy_jsonw_array(&s->w);
		sy_jsonw_object(&s->w);
		open_key(s, "physicalLocation");
		put_artifact_location(s, "artifactLocation", path);
		close_key(s);
		sy_jsonw_object_end(&s->w);
		sy_jsonw_array_end(&s->w);
	}
	sy_jsonw_object_end(&s->w);
}

static void notify_unexamined(struct sarif *s, const struct sy_artifact *a)
{
	struct sy_text text;

	if (a->scope != SY_SCOPE_NOT_EXAMINED)
		return;
	sy_text_init(&text);
	sy_text_add(&text, "not examined: ");
	sy_text_name(&text, a->path);
	if (a->note.len > 0) {
		sy_text_add(&text, ": ");
		sy_text_add_span(&text, a->note);
	}
	put_notification(s, "warning", a->path, &text);
}

static void notify_more(struct sarif *s, const struct sy_artifact *a)
{
	for (const struct sy_more *m = a->more; m; m = m->next) {
		struct sy_text text;

		if (m->n == 0 || !sy_artifact_is_judged(a))
			continue;
		sy_text_init(&text);
		sy_text_count(&text, m->n);
		sy_text_add(&text, " more of rule ");
		sy_text_add(&text, sy_rule_info(m->rule)->id);
		sy_text_add(&text, " were counted in ");
		sy_text_name(&text, a->path);
		put_notification(s, "warning", a->path, &text);
	}
}

static void notify_run(struct sarif *s)
{
	struct sy_text text;

	if (!s->report->is_complete) {
		sy_text_init(&text);
		sy_text_add(&text, "the run ended before everything was examined");
		put_notification(s, "error", sy_span_of(NULL, 0), &text);
	}
	if (s->n_dropped > 0) {
		sy_text_init(&text);
		sy_text_count(&text, s->n_dropped);
		sy_text_add(&text, " more results than this format may hold; the "
				   "JSON report has all of them");
		put_notification(s, "warning", sy_span_of(NULL, 0), &text);
	}
}

static void notify_notice(struct sarif *s, const struct sy_notice *n)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add_span(&text, n->kind);
	sy_text_add(&text, ": ");
	sy_text_add_span(&text, n->detail);
	put_notification(s, "note", n->path, &text);
}

static void notify_rest(struct sarif *s)
{
	struct sy_text text;

	if (s->n_notifications <= NOTIFICATIONS_MAX)
		return;
	sy_text_init(&text);
	sy_text_count(&text, s->n_notifications - NOTIFICATIONS_MAX);
	sy_text_add(&text, " more notifications; the JSON report has all of them");
	s->n_notifications = 0;
	put_notification(s, "warning", sy_span_of(NULL, 0), &text);
}

static void put_invocation(struct sarif *s)
{
	sy_jsonw_key(&s->w, "invocations");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	sy_jsonw_kbool(&s->w, "executionSuccessful", s->report->is_complete);
	sy_jsonw_ku64(&s->w, "exitCode", (uint64_t)s->report->exit_code);
	sy_jsonw_key(&s->w, "toolExecutionNotifications");
	sy_jsonw_array(&s->w);
	notify_run(s);
	for (size_t i = 0; i < s->report->n_artifacts; i++)
		notify_unexamined(s, &s->report->artifacts[i]);
	for (size_t i = 0; i < s->report->n_artifacts; i++)
		notify_more(s, &s->report->artifacts[i]);
	for (const struct sy_notice *n = s->report->notices; n; n = n->next)
		notify_notice(s, n);
	notify_rest(s);
	sy_jsonw_array_end(&s->w);
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
}

/* Artifacts: what was looked at, with digests where they are known. */

static void put_artifact(struct sarif *s, const struct sy_artifact *a)
{
	const struct sy_digest *d = a->digests[SY_SHA256];

	sy_jsonw_object(&s->w);
	put_artifact_location(s, "location", a->path);
	put_exact(s, "length", a->size);
	if (d) {
		open_key(s, "hashes");
		sy_jsonw_key(&s->w, "sha-256");
		sy_jsonw_hex(&s->w, sy_span_of(d->bytes, d->len));
		close_key(s);
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

static void put_artifacts(struct sarif *s)
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

static void put_run_properties(struct sarif *s)
{
	const struct sy_report *r = s->report;

	open_key(s, "properties");
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
	close_key(s);
}

static void put_run(struct sarif *s)
{
	struct sy_text id;

	sy_text_init(&id);
	sy_text_addf(&id, "steelyard/%s/", s->report->command);
	sy_jsonw_object(&s->w);
	put_tool(s);
	open_key(s, "automationDetails");
	sy_jsonw_kstring(&s->w, "id", sy_text_span(&id));
	close_key(s);
	sy_jsonw_kstr(&s->w, "columnKind", "unicodeCodePoints");
	put_artifacts(s);
	put_results(s);
	put_invocation(s);
	put_run_properties(s);
	sy_jsonw_object_end(&s->w);
}

static enum sy_status write_sarif(const struct sy_report *report,
				  const struct sy_writer_options *options,
				  struct sy_out *out)
{
	struct sarif s = { .report = report, .out = out };
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
