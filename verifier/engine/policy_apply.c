/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy over a filled report.  It may add findings, raise severities and answers,
 * and suppress what it lists by fingerprint; it can take nothing that the policy does
 * not name out of the report, and what it cannot apply it turns into undetermined.
 */
#include "verifier/engine/policy.h"

#include "formats/format.h"
#include "verifier/base/text.h"

struct applying {
	const struct sy_policy *policy;
	struct sy_report *report;
	const struct sy_policy_run *run;
	int64_t now;
};

static bool is_counting(const struct sy_artifact *a)
{
	return a->scope == SY_SCOPE_EXAMINED || a->scope == SY_SCOPE_NOT_EXAMINED;
}

/* Findings of the policy's own. */

static enum sy_status find(struct applying *p, size_t artifact, enum sy_rule rule,
			   const struct sy_text *detail)
{
	const struct sy_record_fact fact = { .rule = rule, .off = SY_OFFSET_NONE,
					     .detail = sy_text_span(detail) };

	return sy_report_add_finding(p->report, artifact, &fact);
}

/* Configuration, documents and code are no models; the formats list is about those. */
static bool is_of_model(const struct sy_artifact *a)
{
	const struct sy_format *format = sy_format_find(a->format);

	if (!format)			/* unknown content, if anybody looked at it */
		return a->scope == SY_SCOPE_EXAMINED;
	switch (format->class) {
	case SY_CLASS_CONFIG:
	case SY_CLASS_CODE:
	case SY_CLASS_DOCUMENT:
	case SY_CLASS_POINTER:
		return false;
	case SY_CLASS_WEIGHTS:
	case SY_CLASS_PICKLE:
	case SY_CLASS_EXECUTABLE:
	case SY_CLASS_CONTAINER:
	case SY_CLASS_PAGE:
	case SY_CLASS_UNKNOWN:
		break;
	}
	return true;
}

static bool is_allowed_format(const struct sy_policy *policy, struct sy_span format)
{
	for (size_t i = 0; i < policy->formats.n; i++) {
		if (sy_span_equal(policy->formats.items[i], format))
			return true;
	}
	return policy->formats.n == 0;
}

static enum sy_status judge_format(struct applying *p, size_t artifact)
{
	const struct sy_artifact *a = &p->report->artifacts[artifact];
	struct sy_text text;

	if (!is_counting(a) || is_allowed_format(p->policy, a->format) || !is_of_model(a))
		return SY_OK;
	sy_text_init(&text);
	sy_text_add_span(&text, a->format);
	sy_text_add(&text, " is not among the formats that the policy allows");
	return find(p, artifact, SY_RULE_POLICY_FORMAT_REFUSED, &text);
}

static enum sy_status judge_digests(struct applying *p, size_t artifact)
{
	const struct sy_artifact *a = &p->report->artifacts[artifact];

	for (unsigned i = 0; i < SY_N_ALGORITHMS; i++) {
		char hex[2 * SY_DIGEST_MAX + 1];
		struct sy_text text;

		if (!a->digests[i] || !sy_policy_revokes_digest(p->policy, a->digests[i]))
			continue;
		sy_digest_hex(a->digests[i], hex);
		sy_text_init(&text);
		sy_text_addf(&text, "%s:%s is revoked",
			     sy_algorithm_name(a->digests[i]->algorithm), hex);
		return find(p, artifact, SY_RULE_POLICY_DIGEST_REVOKED, &text);
	}
	return SY_OK;
}

/* Code that runs only when it is asked for, which the policy does not grant. */
static void raise_severity(unsigned rule, enum sy_severity *severity)
{
	if (sy_rule_info(rule)->effect == SY_EFFECT_INERT_CONDITIONAL && *severity < SY_HIGH)
		*severity = SY_HIGH;
}

static void judge_remote_code(const struct applying *p, struct sy_artifact *a)
{
	if (p->policy->remote_code != SY_REMOTE_REFUSE)
		return;
	for (struct sy_finding *f = a->findings; f; f = f->next)
		raise_severity(f->rule, &f->severity);
	for (struct sy_more *m = a->more; m; m = m->next)
		raise_severity(m->rule, &m->severity);
}

/* Suppressions. */

static const struct sy_policy_suppression *find_suppression(const struct sy_policy *policy,
							    const char *fingerprint)
{
	for (size_t i = 0; i < policy->suppress.n; i++) {
		const struct sy_policy_suppression *s = &policy->suppress.items[i];

		if (fingerprint[0] && sy_span_is(s->fingerprint, fingerprint))
			return s;
	}
	return NULL;
}

static enum sy_status refuse_suppression(struct applying *p, const struct sy_artifact *a,
					 const struct sy_policy_suppression *s, bool is_over)
{
	if (is_over)
		return sy_report_add_notice(p->report, "suppression-expired", a->path,
					    "the suppression of %s held until %s",
					    (const char *)s->fingerprint.data,
					    (const char *)s->expires.text.data);
	return sy_report_add_notice(p->report, "suppression-weak", a->path,
				    "no digest binds %s to this content, so the policy does not "
				    "suppress it (check computes one)",
				    (const char *)s->fingerprint.data);
}

/* What a suppression needs of a finding, or of those that were only counted. */
struct suppressible {
	const char *fingerprint;
	bool *is_suppressed;
	struct sy_span *reason, *expiry;
};

static enum sy_status suppress(struct applying *p, const struct sy_artifact *a,
			       const struct suppressible *what)
{
	const struct sy_policy_suppression *s = find_suppression(p->policy, what->fingerprint);
	enum sy_status status;
	struct sy_text reason;
	bool is_over;

	if (!s || *what->is_suppressed)
		return SY_OK;
	is_over = p->now >= s->expires.at;
	if (is_over || !a->digests[SY_SHA256])
		return refuse_suppression(p, a, s, is_over);
	sy_text_init(&reason);
	sy_text_add(&reason, "suppressed by the policy: ");
	sy_text_add_span(&reason, s->reason);
	status = sy_arena_copy(&p->report->arena, sy_text_span(&reason), what->reason);
	if (status == SY_OK)
		status = sy_arena_copy(&p->report->arena, s->expires.text, what->expiry);
	if (status == SY_OK)
		*what->is_suppressed = true;
	return status;
}

static enum sy_status suppress_all(struct applying *p, struct sy_artifact *a)
{
	enum sy_status status = SY_OK;

	for (struct sy_finding *f = a->findings; f && status == SY_OK; f = f->next)
		status = suppress(p, a, &(struct suppressible){ f->fingerprint,
				  &f->is_suppressed, &f->reason, &f->expiry });
	for (struct sy_more *m = a->more; m && status == SY_OK; m = m->next)
		status = suppress(p, a, &(struct suppressible){ m->fingerprint,
				  &m->is_suppressed, &m->reason, &m->expiry });
	return status;
}

/* Answers that must be given. */

static bool is_required(const struct applying *p, enum sy_question question)
{
	return p->report->required & (1u << question);
}

/* Nobody looked everywhere, or nobody could: undetermined.  There is none: no. */
static enum sy_answer missing_signature(const struct applying *p)
{
	return p->run->has_digests && p->report->is_complete && !p->run->has_signature ?
	       SY_NO : SY_UNDETERMINED;
}

static void answer_required(struct applying *p, struct sy_artifact *a, bool *is_unsigned,
			    bool *is_uncompared)
{
	if (!is_counting(a))
		return;
	if (is_required(p, SY_AUTHENTIC) && a->raised[SY_AUTHENTIC] == SY_NOT_ASKED) {
		sy_artifact_answer(a, SY_AUTHENTIC, missing_signature(p));
		*is_unsigned = true;
	}
	if (is_required(p, SY_INTACT) && a->raised[SY_INTACT] == SY_NOT_ASKED) {
		sy_artifact_answer(a, SY_INTACT, SY_UNDETERMINED);
		*is_uncompared = true;
	}
}

static const char *why_unchecked(const struct applying *p)
{
	if (!p->run->has_digests)
		return "scan looks at none; check does";
	return p->run->has_signature ? "the one that is there could not be checked" :
	       "the run ended before all of them could be looked for";
}

static enum sy_status tell_unsigned(struct applying *p)
{
	enum sy_status status;

	if (missing_signature(p) == SY_NO)
		return sy_report_add_notice(p->report, "signature-absent", sy_span_of(NULL, 0),
					    "the policy requires a signature, and there is none");
	status = sy_report_add_reason(p->report, "signature-unchecked");
	if (status != SY_OK)
		return status;
	return sy_report_add_notice(p->report, "signature-unchecked", sy_span_of(NULL, 0),
				    "the policy requires a signature, and %s", why_unchecked(p));
}

static enum sy_status answer_all(struct applying *p)
{
	bool is_unsigned = false, is_uncompared = false;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < p->report->n_artifacts; i++)
		answer_required(p, &p->report->artifacts[i], &is_unsigned, &is_uncompared);
	if (is_unsigned)
		status = tell_unsigned(p);
	if (status == SY_OK && is_uncompared)
		status = sy_report_add_reason(p->report, "not-compared");
	return status;
}

/* Revoked content cannot be told without digests: then nobody may be trusted. */
static enum sy_status doubt_digests(struct applying *p)
{
	if (p->policy->revoked_digests.n == 0 || p->run->has_digests)
		return SY_OK;
	p->report->asked |= 1u << SY_INTACT;
	for (size_t i = 0; i < p->report->n_artifacts; i++) {
		if (is_counting(&p->report->artifacts[i]))
			sy_artifact_answer(&p->report->artifacts[i], SY_INTACT, SY_UNDETERMINED);
	}
	return sy_report_add_notice(p->report, "policy-not-applied", sy_span_of(NULL, 0),
				    "scan computes no digests, so the %zu that the policy revokes "
				    "were not compared; check does", p->policy->revoked_digests.n);
}

static enum sy_status name_policy(struct applying *p)
{
	struct sy_report *report = p->report;
	struct sy_digest *digest = sy_arena_alloc(&report->arena, sizeof(*digest));

	if (!digest)
		return sy_memory_status(report->ctx);
	*digest = p->policy->sha256;
	report->policy_digest = digest;
	report->required = p->policy->required;
	report->asked |= p->policy->required;
	return sy_arena_copy(&report->arena, p->policy->path, &report->policy);
}

static enum sy_status judge_artifact(struct applying *p, size_t artifact)
{
	enum sy_status status = judge_format(p, artifact);

	if (status == SY_OK)
		status = judge_digests(p, artifact);
	if (status == SY_OK)
		judge_remote_code(p, &p->report->artifacts[artifact]);
	return status;
}

enum sy_status sy_policy_apply(const struct sy_policy *policy, struct sy_report *report,
			       const struct sy_policy_run *run)
{
	struct applying p = { .policy = policy, .report = report, .run = run,
			      .now = report->ctx->clock.wall_s(report->ctx->clock.user) };
	enum sy_status status = name_policy(&p);

	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++)
		status = judge_artifact(&p, i);
	if (status == SY_OK)
		status = doubt_digests(&p);
	if (status == SY_OK)
		status = answer_all(&p);
	if (status == SY_OK)
		status = sy_report_fingerprint(report);
	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++)
		status = suppress_all(&p, &report->artifacts[i]);
	return status;
}

enum sy_status sy_policy_allow(const struct sy_policy *policy, struct sy_context *ctx,
			       struct sy_allow *allow)
{
	enum sy_status status = SY_OK;

	sy_allow_init(allow, ctx, "the policy's allow_globals");
	allow->is_standing = true;
	for (size_t i = 0; i < policy->allow_globals.n && status == SY_OK; i++)
		status = sy_allow_add(allow, (const char *)policy->allow_globals.items[i].data);
	return status;
}
