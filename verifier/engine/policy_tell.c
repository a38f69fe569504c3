/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy would do, and what it did to a report, in lines for people.  Whatever
 * is not ours is quoted or escaped.
 */
#include "verifier/engine/policy.h"

#include "verifier/base/text.h"

/* Lines. */

static void put_line(struct sy_out *out, const struct sy_text *line)
{
	sy_escape_terminal(out, sy_text_span(line));
	sy_out_str(out, "\n");
}

SY_PRINTF(2, 3)
static void say(struct sy_out *out, const char *fmt, ...)
{
	struct sy_text line;
	va_list args;

	sy_text_init(&line);
	va_start(args, fmt);
	sy_text_vaddf(&line, fmt, args);
	va_end(args);
	put_line(out, &line);
}

/* "head: a, b, c"; nothing when there are none. */
static void say_texts(struct sy_out *out, const char *head,
		      const struct sy_policy_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		say(out, "%s: %s", head, (const char *)texts->items[i].data);
}

/* Explaining a policy. */

static void explain_judging(const struct sy_policy *p, struct sy_out *out)
{
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++)
		say(out, "%s: %s", sy_question_name((enum sy_question)q),
		    p->required & (1u << q) ? "must be yes" : "is not required");
	if (p->fail_on < SY_N_SEVERITIES)
		say(out, "fails: a finding of severity %s or above", sy_severity_name(p->fail_on));
	else
		say(out, "fails: no finding by its severity alone");
	say(out, "code of the model's own: %s", p->remote_code == SY_REMOTE_REFUSE ?
	    "counts as high" : "is a condition, which the report names");
	if (p->formats.n == 0)
		say(out, "formats: all");
	say_texts(out, "format allowed", &p->formats);
	say_texts(out, "global allowed", &p->allow_globals);
	say_texts(out, "excluded, and listed", &p->exclude);
	if (p->loader != sy_loaders[0])
		say(out, "judged for the loader %s alone", p->loader->name);
	if (p->allow_empty)
		say(out, "nothing to examine is no failure");
}

static void explain_suppressions(const struct sy_policy *p, struct sy_out *out)
{
	int64_t now = p->ctx->clock.wall_s(p->ctx->clock.user);

	for (size_t i = 0; i < p->suppress.n; i++) {
		const struct sy_policy_suppression *s = &p->suppress.items[i];

		say(out, "%s until %s: %s (%s)", now < s->expires.at ? "suppressed" :
		    "EXPIRED, not suppressed: it was", (const char *)s->expires.text.data,
		    (const char *)s->fingerprint.data, (const char *)s->reason.data);
	}
}

static void explain_rule(const struct sy_policy_rule *rule, struct sy_out *out)
{
	struct sy_text line;

	sy_text_init(&line);
	for (size_t i = 0; i < rule->paths.n; i++)
		sy_text_addf(&line, "%s%s", i ? ", " : "", (const char *)rule->paths.items[i].data);
	sy_text_addf(&line, ": %llu of %zu must sign: ", (unsigned long long)rule->threshold,
		     rule->signers.n);
	for (size_t i = 0; i < rule->signers.n; i++)
		sy_text_addf(&line, "%s%s", i ? ", " : "",
			     (const char *)rule->signers.items[i].name.data);
	put_line(out, &line);
}

static bool is_named(const struct sy_policy *p, size_t signer)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		for (size_t j = 0; j < p->rules.items[i].signers.n; j++) {
			if (p->rules.items[i].signers.items[j].signer == signer)
				return true;
		}
	}
	return false;
}

static void explain_window(const char *what, const struct sy_policy_window *window,
			   struct sy_out *out)
{
	if (window->from.text.len > 0)
		say(out, "%s: valid from %s on", what, (const char *)window->from.text.data);
	if (window->until.text.len > 0)
		say(out, "%s: valid until %s", what, (const char *)window->until.text.data);
}

static void explain_signers(const struct sy_policy *p, struct sy_out *out)
{
	for (size_t i = 0; i < p->signers.n; i++) {
		const struct sy_policy_signer *s = &p->signers.items[i];
		const char *name = (const char *)s->name.data;

		say(out, "signer %s: keys %zu, certificates %zu, identities %zu%s", name,
		    s->keys.n, s->certificates.n, s->identities.n,
		    is_named(p, i) ? "" : "; NO RULE names it");
		explain_window(name, &s->valid, out);
	}
}

static void explain_trust(const struct sy_policy *p, struct sy_out *out)
{
	explain_signers(p, out);
	for (size_t i = 0; i < p->rules.n; i++)
		explain_rule(&p->rules.items[i], out);
	if ((p->required & (1u << SY_AUTHENTIC)) && p->rules.n == 0)
		say(out, "NOBODY may vouch: authentic cannot become yes before there are signers "
		    "and rules");
	if (p->revoked_keys.n > 0 || p->revoked_digests.n > 0)
		say(out, "revoked: keys %zu, digests %zu", p->revoked_keys.n,
		    p->revoked_digests.n);
	if (p->timestamp_authorities.n > 0)
		say(out, "time-stamps count of %zu authorities", p->timestamp_authorities.n);
	if (p->max_age_days > 0)
		say(out, "a signature may be %llu days old",
		    (unsigned long long)p->max_age_days);
	if (p->state.len > 0)
		say(out, "what was seen last is kept in %s", (const char *)p->state_path.data);
}

enum sy_status sy_policy_explain(const struct sy_policy *policy, struct sy_out *out)
{
	int64_t now = policy->ctx->clock.wall_s(policy->ctx->clock.user);

	say(out, "%s: valid as " SY_POLICY_SCHEMA, (const char *)policy->path.data);
	explain_window("the policy", &policy->valid, out);
	if (!sy_policy_window_holds(&policy->valid, now))
		say(out, "NOT IN FORCE now: check and scan refuse it");
	explain_judging(policy, out);
	explain_suppressions(policy, out);
	explain_trust(policy, out);
	return sy_out_flush(out);
}

/* Telling what happened. */

static void tell_finding(const struct sy_report *r, const struct sy_artifact *a,
			 const struct sy_finding *f, struct sy_out *out)
{
	struct sy_text line;

	sy_text_init(&line);
	sy_text_name(&line, a->path);
	sy_text_addf(&line, ": %s %s", sy_severity_name(f->severity),
		     sy_rule_info(f->rule)->id);
	if (f->symbol.len > 0) {
		sy_text_add(&line, " ");
		sy_text_name(&line, f->symbol);
	}
	sy_text_add(&line, ": ");
	if (!f->is_suppressed) {
		sy_text_add(&line, f->severity >= r->fail_on ||
			    sy_rule_info(f->rule)->effect == SY_EFFECT_REFUSED ?
			    "fails" : "is reported");
	} else {
		sy_text_add_span(&line, f->reason);
		if (f->expiry.len > 0)
			sy_text_add(&line, ", until ");
		sy_text_add_span(&line, f->expiry);
	}
	put_line(out, &line);
}

static void tell_answers(const struct sy_report *r, struct sy_out *out)
{
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		bool is_required = r->required & (1u << q);

		say(out, "%s: %s%s", sy_question_name((enum sy_question)q),
		    sy_answer_name(r->answers[q]), !is_required ? "" :
		    r->answers[q] == SY_YES ? ", as required" : ", and must be yes");
	}
}

enum sy_status sy_policy_tell(const struct sy_report *report, struct sy_out *out)
{
	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_artifact *a = &report->artifacts[i];

		if (!sy_artifact_is_judged(a))
			continue;
		for (const struct sy_finding *f = a->findings; f; f = f->next)
			tell_finding(report, a, f, out);
		for (const struct sy_more *m = a->more; m; m = m->next) {
			if (m->n > 0)
				say(out, "and %llu more of %s%s", (unsigned long long)m->n,
				    sy_rule_info(m->rule)->id,
				    m->is_suppressed ? ", suppressed" : "");
		}
	}
	for (const struct sy_notice *n = report->notices; n; n = n->next)
		say(out, "%s: %s", (const char *)n->kind.data, (const char *)n->detail.data);
	tell_answers(report, out);
	say(out, "%s, exit status %d", sy_verdict_name(report->verdict), report->exit_code);
	return sy_out_flush(out);
}
