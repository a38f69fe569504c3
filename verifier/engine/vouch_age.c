/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy asks of a signature that holds: its key and content are not revoked,
 * it is not too old, and its signer was one when it was made.
 */
#include "verifier/engine/vouch_parts.h"

#define DAY_S 86400

/* minisign's own trusted comment begins so: "timestamp:1555779966\t...". */
static bool comment_time(struct sy_span comment, int64_t *time)
{
	static const char key[] = "timestamp:";
	size_t i = strlen(key);
	int64_t value = 0;

	if (!sy_span_starts(comment, key) || i == comment.len)
		return false;
	for (; i < comment.len && comment.data[i] >= '0' && comment.data[i] <= '9'; i++) {
		if (value > INT64_MAX / 16)
			return false;
		value = 10 * value + (comment.data[i] - '0');
	}
	*time = value;
	return value > 0 && (i == comment.len || comment.data[i] == '\t' ||
			     comment.data[i] == ' ');
}

/* When it was made, as far as something that was signed says so. */
static bool signed_at(const struct sy_vouch_signature *s, int64_t *time)
{
	if (s->kind == SY_VOUCH_OMS) {
		*time = s->oms->timestamp ? s->oms->timestamp : s->oms->leaf.not_before;
		return s->oms->timestamp || s->oms->leaf.subject.len > 0;
	}
	return s->minisign.has_trusted && comment_time(s->minisign.trusted, time);
}

static void stale(struct sy_vouch_signature *s, const char *reason, const char *sentence)
{
	if (s->is_stale)
		return;
	s->is_stale = true;
	s->reason = sy_span_str(reason);
	sy_text_init(&s->sentence);
	sy_text_add(&s->sentence, sentence);
}

static void check_revoked(const struct sy_policy *policy, struct sy_vouch_signature *s)
{
	const struct sy_manifest *manifest = sy_vouch_manifest(s);

	if (s->key_id.len > 0 && sy_policy_revokes_key(policy, &s->key_id))
		stale(s, "key-revoked", "the policy revokes the key that made it");
	if (manifest && manifest->root.len > 0 &&
	    sy_policy_revokes_digest(policy, &manifest->root))
		stale(s, "digest-revoked", "the policy revokes this list of files");
}

static void check_window(const struct sy_policy_window *window, struct sy_vouch_signature *s,
			 int64_t now)
{
	bool is_bound = window && (window->from.text.len > 0 || window->until.text.len > 0);
	int64_t time = now;

	if (!is_bound)
		return;
	if (!signed_at(s, &time))
		time = now;
	if (!sy_policy_window_holds(window, time))
		stale(s, "signer-not-valid", "the policy does not accept what this signer signed "
		      "at that time");
}

static void check_age(const struct sy_policy *policy, struct sy_vouch_signature *s, int64_t now)
{
	int64_t time;

	if (policy->max_age_days == 0)
		return;
	if (!signed_at(s, &time))
		stale(s, "time-unknown", "the policy limits the age of signatures, and nothing "
		      "that was signed says how old this one is");
	else if (now - time > (int64_t)policy->max_age_days * DAY_S)
		stale(s, "signature-old", "it is older than the policy allows");
	else if (time - now > DAY_S)
		stale(s, "signature-early", "it says that it was made in the future");
}

enum sy_status sy_vouch_age(struct sy_vouch *vouch)
{
	int64_t now = vouch->ctx->clock.wall_s(vouch->ctx->clock.user);
	uint32_t is_old = 0;		/* a bit each; first all are asked, then marked */

	for (size_t i = 0; vouch->policy && i < vouch->n_signatures; i++) {
		struct sy_vouch_signature *s = &vouch->signatures[i];

		if (s->state != SY_VOUCH_VALID)
			continue;
		check_revoked(vouch->policy, s);
		check_window(vouch->trust.vouchers[s->voucher].valid, s, now);
		check_age(vouch->policy, s, now);
	}
	for (size_t i = 0; i < vouch->n_signatures; i++) {
		if (sy_vouch_is_rollback(vouch, &vouch->signatures[i]))
			is_old |= 1u << i;
	}
	for (size_t i = 0; i < vouch->n_signatures; i++) {
		if (is_old & 1u << i)
			stale(&vouch->signatures[i], "rollback", "a newer list of this model by "
			      "the same signer was accepted before");
	}
	return SY_OK;
}
