/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as a document again: every member that says something, in the order of
 * docs/policy.md, so that two policies that mean the same read the same.  Keys from
 * files stay names of files.
 */
#include "verifier/engine/policy.h"

#include "verifier/base/jsonw.h"

static void put_optional(struct sy_jsonw *w, const char *key, struct sy_span s)
{
	if (s.len > 0)
		sy_jsonw_kstring(w, key, s);
}

static void put_texts(struct sy_jsonw *w, const char *key, const struct sy_policy_texts *texts)
{
	sy_jsonw_key(w, key);
	sy_jsonw_array(w);
	for (size_t i = 0; i < texts->n; i++)
		sy_jsonw_string(w, texts->items[i]);
	sy_jsonw_array_end(w);
}

static void put_require(struct sy_jsonw *w, unsigned required)
{
	sy_jsonw_key(w, "require");
	sy_jsonw_array(w);
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		if (required & (1u << q))
			sy_jsonw_str(w, sy_question_name((enum sy_question)q));
	}
	sy_jsonw_array_end(w);
}

static void put_suppress(struct sy_jsonw *w, const struct sy_policy_suppressions *all)
{
	sy_jsonw_key(w, "suppress");
	sy_jsonw_array(w);
	for (size_t i = 0; i < all->n; i++) {
		sy_jsonw_object(w);
		sy_jsonw_kstring(w, "fingerprint", all->items[i].fingerprint);
		sy_jsonw_kstring(w, "reason", all->items[i].reason);
		sy_jsonw_kstring(w, "expires", all->items[i].expires.text);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void put_keys(struct sy_jsonw *w, const char *key, const struct sy_policy_keys *keys)
{
	if (keys->n == 0)
		return;
	sy_jsonw_key(w, key);
	sy_jsonw_array(w);
	for (size_t i = 0; i < keys->n; i++) {
		const struct sy_policy_key *k = &keys->items[i];

		sy_jsonw_object(w);
		sy_jsonw_kstring(w, sy_policy_form_name(k->form),
				 k->form == SY_POLICY_FILE ? k->file : k->text);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void put_identities(struct sy_jsonw *w, const struct sy_policy_identities *all)
{
	if (all->n == 0)
		return;
	sy_jsonw_key(w, "identities");
	sy_jsonw_array(w);
	for (size_t i = 0; i < all->n; i++) {
		sy_jsonw_object(w);
		sy_jsonw_kstring(w, "identity", all->items[i].identity);
		sy_jsonw_kstring(w, "issuer", all->items[i].issuer);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void put_window(struct sy_jsonw *w, const struct sy_policy_window *window)
{
	put_optional(w, "valid_from", window->from.text);
	put_optional(w, "valid_until", window->until.text);
}

static void put_signers(struct sy_jsonw *w, const struct sy_policy_signers *all)
{
	sy_jsonw_key(w, "signers");
	sy_jsonw_array(w);
	for (size_t i = 0; i < all->n; i++) {
		const struct sy_policy_signer *s = &all->items[i];

		sy_jsonw_object(w);
		sy_jsonw_kstring(w, "name", s->name);
		put_keys(w, "keys", &s->keys);
		put_keys(w, "certificates", &s->certificates);
		put_identities(w, &s->identities);
		put_window(w, &s->valid);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void put_rules(struct sy_jsonw *w, const struct sy_policy_rules *all)
{
	sy_jsonw_key(w, "rules");
	sy_jsonw_array(w);
	for (size_t i = 0; i < all->n; i++) {
		const struct sy_policy_rule *rule = &all->items[i];

		sy_jsonw_object(w);
		put_texts(w, "paths", &rule->paths);
		sy_jsonw_key(w, "signers");
		sy_jsonw_array(w);
		for (size_t j = 0; j < rule->signers.n; j++)
			sy_jsonw_string(w, rule->signers.items[j].name);
		sy_jsonw_array_end(w);
		sy_jsonw_ku64(w, "threshold", rule->threshold);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

/* is_bare: key ids are SHA-256 and say no algorithm. */
static void put_digests(struct sy_jsonw *w, const char *key,
			const struct sy_policy_digests *all, bool is_bare)
{
	sy_jsonw_key(w, key);
	sy_jsonw_array(w);
	for (size_t i = 0; i < all->n; i++) {
		char hex[2 * SY_DIGEST_MAX + 1];
		struct sy_text text;

		sy_digest_hex(&all->items[i], hex);
		sy_text_init(&text);
		if (!is_bare)
			sy_text_addf(&text, "%s:", sy_algorithm_name(all->items[i].algorithm));
		sy_text_add(&text, hex);
		sy_jsonw_string(w, sy_text_span(&text));
	}
	sy_jsonw_array_end(w);
}

static void put_judging(struct sy_jsonw *w, const struct sy_policy *p)
{
	put_require(w, p->required);
	sy_jsonw_kstr(w, "fail_on", p->fail_on < SY_N_SEVERITIES ?
		      sy_severity_name(p->fail_on) : "none");
	sy_jsonw_kstr(w, "remote_code", sy_remote_code_name(p->remote_code));
	sy_jsonw_kstr(w, "loader", p->loader->name);
	sy_jsonw_kbool(w, "allow_empty", p->allow_empty);
	if (p->formats.n > 0)
		put_texts(w, "formats", &p->formats);
	put_texts(w, "allow_globals", &p->allow_globals);
	put_texts(w, "exclude", &p->exclude);
	put_suppress(w, &p->suppress);
}

static void put_trust(struct sy_jsonw *w, const struct sy_policy *p)
{
	put_signers(w, &p->signers);
	put_rules(w, &p->rules);
	sy_jsonw_key(w, "revoked");
	sy_jsonw_object(w);
	put_digests(w, "keys", &p->revoked_keys, true);
	put_digests(w, "digests", &p->revoked_digests, false);
	sy_jsonw_object_end(w);
	put_keys(w, "timestamp_authorities", &p->timestamp_authorities);
	if (p->max_age_days > 0)
		sy_jsonw_ku64(w, "max_age_days", p->max_age_days);
	put_optional(w, "state", p->state);
}

enum sy_status sy_policy_write(const struct sy_policy *policy, struct sy_out *out)
{
	struct sy_jsonw w;

	sy_jsonw_init(&w, out, false);
	sy_jsonw_object(&w);
	sy_jsonw_kstr(&w, "schema", SY_POLICY_SCHEMA);
	put_optional(&w, "name", policy->name);
	put_window(&w, &policy->valid);
	put_judging(&w, policy);
	put_trust(&w, policy);
	sy_jsonw_object_end(&w);
	sy_out_str(out, "\n");
	return sy_out_flush(out);
}
