/* SPDX-License-Identifier: Apache-2.0 */
/* The invocation of a SARIF run: how it ended, and what the results do not say. */
#include "verifier/report/sarif.h"

#include "verifier/base/text.h"

#define NOTIFICATIONS_MAX 1000

static void put_notification(struct sy_sarif *s, const char *level,
			     struct sy_span path, const struct sy_text *text)
{
	if (s->n_notifications++ >= NOTIFICATIONS_MAX)
		return;
	sy_jsonw_object(&s->w);
	sy_jsonw_kstr(&s->w, "level", level);
	sy_sarif_message(s, "message", sy_text_span(text));
	if (path.len > 0) {
		sy_jsonw_key(&s->w, "locations");
		sy_jsonw_array(&s->w);
		sy_jsonw_object(&s->w);
		sy_sarif_open(s, "physicalLocation");
		sy_sarif_file(s, "artifactLocation", path);
		sy_sarif_close(s);
		sy_jsonw_object_end(&s->w);
		sy_jsonw_array_end(&s->w);
	}
	sy_jsonw_object_end(&s->w);
}

static void notify_unexamined(struct sy_sarif *s, const struct sy_artifact *a)
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

static void notify_more(struct sy_sarif *s, const struct sy_artifact *a)
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

static void notify_run(struct sy_sarif *s)
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

static void notify_notice(struct sy_sarif *s, const struct sy_notice *n)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add_span(&text, n->kind);
	sy_text_add(&text, ": ");
	sy_text_add_span(&text, n->detail);
	put_notification(s, "note", n->path, &text);
}

static void notify_rest(struct sy_sarif *s)
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

void sy_sarif_invocation(struct sy_sarif *s)
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
