/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a policy as a whole, and the questions that are asked of one.  A document
 * that is not exactly a policy is an error: a misspelt member must not leave a gate
 * open.
 */
#include "verifier/engine/policy_parts.h"

#include "formats/format.h"
#include "verifier/base/ckd.h"
#include "verifier/base/set.h"
#include "verifier/base/text.h"
#include "verifier/engine/allow.h"

#define FINGERPRINT_LEN (3 + 64)

static const char *const remote_codes[SY_REMOTE_N] = {
	[SY_REMOTE_CONDITIONAL] = "conditional", [SY_REMOTE_REFUSE] = "refuse",
};

const char *sy_remote_code_name(enum sy_remote_code remote)
{
	return remote_codes[remote];
}

/* Words. */

static enum sy_status read_schema(struct sy_policy_reading *r, void *field)
{
	(void)field;
	if (r->token.kind == SY_JSON_STRING && sy_span_is(r->token.text, SY_POLICY_SCHEMA))
		return SY_OK;
	return sy_policy_refuse(r, r->token.off, "schema takes \"" SY_POLICY_SCHEMA "\", the only "
				"one that this version reads");
}

static enum sy_status require_item(struct sy_policy_reading *r, void *field)
{
	struct sy_span *word = field;

	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		const char *name = sy_question_name((enum sy_question)q);

		if (r->token.kind != SY_JSON_STRING || !sy_span_is(r->token.text, name))
			continue;
		*word = sy_span_str(name);
		r->policy->required |= 1u << q;
		return SY_OK;
	}
	return sy_policy_refuse(r, r->token.off, "require takes authentic, intact, well_formed and "
				"inert");
}

static enum sy_status read_require(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_texts words = { 0 };

	(void)field;
	return sy_policy_some_texts(r, &words, require_item);
}

static enum sy_status read_fail_on(struct sy_policy_reading *r, void *field)
{
	enum sy_severity severity = SY_N_SEVERITIES;

	if (r->token.kind != SY_JSON_STRING ||
	    (!sy_span_is(r->token.text, "none") &&
	     !sy_severity_find(r->token.text, &severity)))
		return sy_policy_refuse(r, r->token.off, "fail_on takes none, info, low, medium, "
					"high or critical");
	memcpy(field, &severity, sizeof(severity));
	return SY_OK;
}

static enum sy_status read_remote_code(struct sy_policy_reading *r, void *field)
{
	for (unsigned i = 0; i < SY_REMOTE_N; i++) {
		enum sy_remote_code remote = (enum sy_remote_code)i;

		if (r->token.kind != SY_JSON_STRING ||
		    !sy_span_is(r->token.text, remote_codes[i]))
			continue;
		memcpy(field, &remote, sizeof(remote));
		return SY_OK;
	}
	return sy_policy_refuse(r, r->token.off, "remote_code takes conditional or refuse");
}

static enum sy_status read_loader(struct sy_policy_reading *r, void *field)
{
	struct sy_text known;

	sy_text_init(&known);
	for (size_t i = 0; sy_loaders[i]; i++) {
		sy_text_addf(&known, "%s%s", i ? ", " : "", sy_loaders[i]->name);
		if (r->token.kind != SY_JSON_STRING ||
		    !sy_span_is(r->token.text, sy_loaders[i]->name))
			continue;
		memcpy(field, &sy_loaders[i], sizeof(sy_loaders[i]));
		return SY_OK;
	}
	return sy_policy_refuse(r, r->token.off, "loader takes one of %s", known.data);
}

/* Lists for the judge. */

static enum sy_status format_item(struct sy_policy_reading *r, void *field)
{
	enum sy_status status = sy_policy_text(r, field);
	const struct sy_span *name = field;

	if (status == SY_OK && !sy_format_find(*name))
		return sy_policy_refuse(r, r->token.off, "there is no format '%s'; "
					"'steelyard --version --json' lists them",
					(const char *)name->data);
	return status;
}

static enum sy_status read_formats(struct sy_policy_reading *r, void *texts)
{
	struct sy_policy_texts *formats = texts;
	enum sy_status status = sy_policy_some_texts(r, formats, format_item);

	if (status == SY_OK && formats->n == 0)
		return sy_policy_refuse(r, r->token.off, "formats lists none; leave it out to "
					"allow every format");
	return status;
}

/* The name that a pattern is about: without the ".*". */
static struct sy_span stem_of(struct sy_span pattern)
{
	return sy_span_ends(pattern, ".*") ? sy_span_of(pattern.data, pattern.len - 2) : pattern;
}

static enum sy_status global_item(struct sy_policy_reading *r, void *field)
{
	enum sy_status status = sy_policy_text(r, field);
	const struct sy_span *text = field;

	if (status != SY_OK)
		return status;
	if (!sy_allow_is_pattern((const char *)text->data))
		return sy_policy_refuse(r, r->token.off, "allow_globals takes module.name or "
					"module.*, not '%s'", (const char *)text->data);
	if (sy_allow_is_dangerous(stem_of(*text)))
		return sy_policy_refuse(r, r->token.off, "'%s' is dangerous and can never be "
					"allowed; remove it", (const char *)text->data);
	return SY_OK;
}

static enum sy_status read_globals(struct sy_policy_reading *r, void *texts)
{
	return sy_policy_some_texts(r, texts, global_item);
}

static enum sy_status read_fingerprint(struct sy_policy_reading *r, void *span)
{
	struct sy_span s = r->token.text;
	bool is = r->token.kind == SY_JSON_STRING && s.len == FINGERPRINT_LEN &&
		  sy_span_starts(s, "v1:");

	for (size_t i = 3; is && i < s.len; i++)
		is = sy_is_digit(s.data[i]) || (s.data[i] >= 'a' && s.data[i] <= 'f');
	if (!is)
		return sy_policy_refuse(r, r->token.off, "fingerprint takes v1: and 64 digits, as "
					"in the report of check");
	return sy_policy_text(r, span);
}

static enum sy_status suppression_item(struct sy_policy_reading *r, void *suppression)
{
	static const struct sy_policy_member members[] = {
		{ "fingerprint", read_fingerprint,
		  offsetof(struct sy_policy_suppression, fingerprint), true },
		{ "reason", sy_policy_text, offsetof(struct sy_policy_suppression, reason), true },
		{ "expires", sy_policy_moment,
		  offsetof(struct sy_policy_suppression, expires), true },
		{ 0 }
	};

	struct sy_policy_suppression *s = suppression;

	s->off = r->token.off;
	return sy_policy_object(r, members, s);
}

static enum sy_status read_suppress(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_suppressions *all = field;

	return sy_policy_list(r, &all->items, &all->n, sizeof(*all->items), suppression_item);
}

/* The document. */

#define AT(member) offsetof(struct sy_policy, member)

/* In the order in which a policy is written. */
static const struct sy_policy_member policy_members[] = {
	{ "schema", read_schema, 0, true },
	{ "name", sy_policy_text, AT(name), false },
	{ "valid_from", sy_policy_moment, AT(valid.from), false },
	{ "valid_until", sy_policy_moment, AT(valid.until), false },
	{ "require", read_require, 0, true },
	{ "fail_on", read_fail_on, AT(fail_on), false },
	{ "remote_code", read_remote_code, AT(remote_code), false },
	{ "loader", read_loader, AT(loader), false },
	{ "allow_empty", sy_policy_flag, AT(allow_empty), false },
	{ "formats", read_formats, AT(formats), false },
	{ "allow_globals", read_globals, AT(allow_globals), false },
	{ "exclude", sy_policy_globs, AT(exclude), false },
	{ "suppress", read_suppress, AT(suppress), false },
	{ "signers", sy_policy_read_signers, AT(signers), false },
	{ "rules", sy_policy_read_rules, AT(rules), false },
	{ "revoked", sy_policy_read_revoked, 0, false },
	{ "timestamp_authorities", sy_policy_read_certificates, AT(timestamp_authorities), false },
	{ "max_age_days", sy_policy_count, AT(max_age_days), false },
	{ "state", sy_policy_text, AT(state), false },
	{ 0 }
};

/* No two say something else about the same finding. */
static enum sy_status check_suppressions(struct sy_policy_reading *r)
{
	const struct sy_policy_suppressions *all = &r->policy->suppress;
	SY_OWNED(sy_set_free) struct sy_set seen;
	enum sy_status status = SY_OK;
	uint64_t found;
	bool is_new;

	sy_set_init(&seen, r->ctx);
	for (size_t i = 0; i < all->n && status == SY_OK; i++) {
		status = sy_set_add(&seen, all->items[i].fingerprint, i, &is_new, &found);
		if (status == SY_OK && !is_new)
			return sy_policy_refuse(r, all->items[i].off,
						"suppress has the fingerprint %s twice; remove one",
						(const char *)all->items[i].fingerprint.data);
	}
	return status;
}

static enum sy_status read_document(struct sy_policy_reading *r)
{
	struct sy_policy *policy = r->policy;
	enum sy_status status = sy_policy_next(r);

	if (status == SY_OK)
		status = sy_policy_object(r, policy_members, policy);
	if (status == SY_OK)
		status = sy_policy_next(r);	/* nothing may be left over */
	if (status == SY_OK)
		status = sy_policy_check_window(r, &policy->valid);
	if (status == SY_OK)
		status = check_suppressions(r);
	if (status == SY_OK)
		status = sy_policy_check_trust(r);
	if (status == SY_OK && policy->state.len > 0)
		status = sy_policy_place(policy, policy->state, &policy->state_path);
	return status;
}

static enum sy_status begin(struct sy_context *ctx, const char *path, struct sy_policy **made)
{
	struct sy_policy *policy = sy_alloc(ctx, sizeof(*policy));

	*made = policy;
	if (!policy)
		return sy_memory_status(ctx);
	policy->ctx = ctx;
	sy_arena_init(&policy->arena, ctx);
	policy->fail_on = SY_HIGH;
	policy->loader = sy_loaders[0];
	return sy_arena_copy(&policy->arena, sy_span_str(path), &policy->path);
}

enum sy_status sy_policy_parse(struct sy_context *ctx, struct sy_span document,
			       const char *path, struct sy_policy **out)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;
	SY_OWNED(sy_json_free) struct sy_json *json = NULL;
	enum sy_status status = begin(ctx, path, &policy);
	struct sy_policy_reading r = { .ctx = ctx, .document = document, .policy = policy,
				       .member = "" };

	*out = NULL;
	if (status != SY_OK)
		return status;
	json = sy_json_open(ctx, document, 0, 0);
	if (!json)
		return sy_memory_status(ctx);
	r.json = json;
	status = read_document(&r);
	if (status == SY_OK)
		*out = SY_TAKE(policy);
	return status;
}

void sy_policy_free(struct sy_policy **policy)
{
	struct sy_policy *p = *policy;

	if (!p)
		return;
	sy_arena_free(&p->arena);
	sy_release(p->ctx, p);
	*policy = NULL;
}

/* Questions. */

bool sy_policy_window_holds(const struct sy_policy_window *window, int64_t at)
{
	return (window->from.text.len == 0 || at >= window->from.at) &&
	       (window->until.text.len == 0 || at < window->until.at);
}

enum sy_status sy_policy_is_in_force(struct sy_context *ctx, const struct sy_policy *policy)
{
	int64_t now = ctx->clock.wall_s(ctx->clock.user);
	const struct sy_policy_window *valid = &policy->valid;

	if (sy_policy_window_holds(valid, now))
		return SY_OK;
	if (valid->from.text.len > 0 && now < valid->from.at)
		return sy_fail_as(ctx, SY_USAGE, SY_FAILURE_POLICY_NOT_IN_FORCE,
				  "the policy %s is valid from %s on, and that is not yet; "
				  "check the clock, or take the one before",
				  (const char *)policy->path.data,
				  (const char *)valid->from.text.data);
	return sy_fail_as(ctx, SY_USAGE, SY_FAILURE_POLICY_NOT_IN_FORCE,
			  "the policy %s was valid until %s; renew it",
			  (const char *)policy->path.data,
			  (const char *)valid->until.text.data);
}

const struct sy_policy_rule *sy_policy_rule_for(const struct sy_policy *policy,
						struct sy_span rel)
{
	for (size_t i = 0; i < policy->rules.n; i++) {
		const struct sy_policy_rule *rule = &policy->rules.items[i];

		for (size_t j = 0; j < rule->paths.n; j++) {
			if (sy_glob_match((const char *)rule->paths.items[j].data, rel))
				return rule;
		}
	}
	return NULL;
}

bool sy_policy_rule_is_met(const struct sy_policy_rule *rule, const bool *has_signed)
{
	uint64_t n = 0;

	for (size_t i = 0; i < rule->signers.n; i++)
		n += has_signed[rule->signers.items[i].signer];
	return n >= rule->threshold;
}

/* The days are few (a million at most), the times anything. */
bool sy_policy_is_too_old(const struct sy_policy *policy, int64_t signed_at, int64_t now)
{
	int64_t oldest;

	if (policy->max_age_days == 0)
		return false;
	return ckd_sub(&oldest, now, (int64_t)policy->max_age_days * 86400) ||
	       signed_at < oldest;
}

static bool has_digest(const struct sy_policy_digests *all, const struct sy_digest *digest)
{
	for (size_t i = 0; i < all->n; i++) {
		if (sy_digest_equal(&all->items[i], digest))
			return true;
	}
	return false;
}

bool sy_policy_revokes_key(const struct sy_policy *policy, const struct sy_digest *id)
{
	return has_digest(&policy->revoked_keys, id);
}

bool sy_policy_revokes_digest(const struct sy_policy *policy, const struct sy_digest *digest)
{
	return has_digest(&policy->revoked_digests, digest);
}
