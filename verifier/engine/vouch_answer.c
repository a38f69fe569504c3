/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers, file by file: who may vouch for it, and whether they do.  Nothing that
 * is not in a list that holds becomes a yes.
 */
#include "verifier/engine/vouch_parts.h"

struct answering {
	struct sy_vouch *vouch;
	uint32_t good;			/* signatures that are valid and not stale */
	bool *has_signed;		/* by signer of the policy */
};

static bool is_same_list(const struct sy_vouch_signature *a, const struct sy_vouch_signature *b)
{
	const struct sy_manifest *x = sy_vouch_manifest(a), *y = sy_vouch_manifest(b);

	if (!x || !y)
		return !x && !y && a->target == b->target;
	return sy_digest_equal(&x->root, &y->root);
}

/* Keys that several signatures share count for one signer only. */
static bool is_key_used(const struct sy_vouch *vouch, uint32_t used, const struct sy_digest *id)
{
	for (size_t i = 0; i < vouch->n_signatures; i++) {
		if ((used & 1u << i) && sy_digest_equal(&vouch->signatures[i].key_id, id))
			return true;
	}
	return false;
}

/* Do enough signers of the rule vouch for one and the same list that has the file? */
static bool is_rule_met(struct answering *a, const struct sy_policy_rule *rule,
			uint32_t signatures)
{
	const struct sy_vouch *vouch = a->vouch;

	for (size_t i = 0; i < vouch->n_signatures; i++) {
		uint32_t used = 0;

		if (!(signatures & 1u << i))
			continue;
		memset(a->has_signed, 0, vouch->policy->signers.n * sizeof(*a->has_signed));
		for (size_t k = 0; k < vouch->n_signatures; k++) {
			const struct sy_vouch_signature *s = &vouch->signatures[k];

			if (!(signatures & 1u << k) || is_key_used(vouch, used, &s->key_id) ||
			    !is_same_list(&vouch->signatures[i], s))
				continue;
			used |= 1u << k;
			a->has_signed[s->voucher] = true;
		}
		if (sy_policy_rule_is_met(rule, a->has_signed))
			return true;
	}
	return false;
}

static bool is_by_rules(const struct sy_vouch *vouch)
{
	return vouch->policy && vouch->policy->signers.n > 0;
}

static enum sy_status tell_threshold(struct answering *a, size_t entry,
				     const struct sy_policy_rule *rule)
{
	if (!rule)
		return sy_vouch_tell(a->vouch, entry, SY_RULE_SIGNATURE_THRESHOLD_MISSED,
				     "no rule of the policy says who may vouch for it");
	return sy_vouch_tell(a->vouch, entry, SY_RULE_SIGNATURE_THRESHOLD_MISSED,
			     "the policy wants %llu of %zu signers to vouch for one list with it",
			     (unsigned long long)rule->threshold, rule->signers.n);
}

/* The file is in valid lists, those of `signatures`; may their signers vouch for it? */
static enum sy_status answer_listed(struct answering *a, size_t entry, uint32_t signatures)
{
	struct sy_artifact *artifact = &a->vouch->check->report->artifacts[entry];
	const struct sy_policy_rule *rule;

	if (!is_by_rules(a->vouch)) {
		sy_artifact_answer(artifact, SY_AUTHENTIC, SY_YES);
		return SY_OK;
	}
	rule = sy_policy_rule_for(a->vouch->policy,
				  sy_span_str(a->vouch->check->inventory.entries[entry].rel));
	if (!rule || !is_rule_met(a, rule, signatures))
		return tell_threshold(a, entry, rule);
	sy_artifact_answer(artifact, SY_AUTHENTIC, SY_YES);
	return SY_OK;
}

static bool is_counting(const struct sy_artifact *artifact)
{
	return artifact->scope == SY_SCOPE_EXAMINED || artifact->scope == SY_SCOPE_NOT_EXAMINED;
}

/* verify is about every file, check about those that count. */
static bool must_be_signed(const struct sy_vouch *vouch, size_t entry)
{
	const struct sy_entry *e = &vouch->check->inventory.entries[entry];

	if (vouch->check->options->asked & 1u << SY_INERT)
		return is_counting(&vouch->check->report->artifacts[entry]);
	return e->place != SY_PLACE_GIT && e->place != SY_PLACE_CACHE_INTERNAL &&
	       e->place != SY_PLACE_LOCAL_METADATA &&
	       vouch->check->report->artifacts[entry].scope != SY_SCOPE_EXCLUDED;
}

static bool has_good(const struct answering *a, size_t root)
{
	for (size_t i = 0; i < a->vouch->n_signatures; i++) {
		if ((a->good & 1u << i) && a->vouch->signatures[i].root == root)
			return true;
	}
	return false;
}

/* Trust was configured, and nothing that holds says anything about the file. */
static enum sy_status answer_unsigned(struct answering *a, size_t entry)
{
	struct sy_artifact *artifact = &a->vouch->check->report->artifacts[entry];
	bool is_doubtful = a->vouch->n_beyond > 0;

	if (a->vouch->entries[entry].is_ignored || sy_vouch_is_excused(a->vouch, entry) ||
	    !must_be_signed(a->vouch, entry))
		return SY_OK;
	for (size_t i = 0; i < a->vouch->n_signatures; i++)
		is_doubtful |= a->vouch->signatures[i].state == SY_VOUCH_UNCHECKED;
	is_doubtful |= a->vouch->check->inventory.entries[entry].kind != SY_ENTRY_FILE;
	if (is_counting(artifact))
		sy_artifact_answer(artifact, SY_AUTHENTIC, is_doubtful ? SY_UNDETERMINED : SY_NO);
	/* Of several signatures of files none is this one's.  A list has told it already. */
	if (!has_good(a, a->vouch->check->inventory.entries[entry].root) ||
	    a->vouch->entries[entry].is_told || a->vouch->n_beyond > 0)
		return SY_OK;
	return sy_vouch_tell(a->vouch, entry, SY_RULE_SIGNATURE_FILE_UNLISTED,
			     "no signature that holds is about it");
}

static enum sy_status answer_entry(struct answering *a, size_t entry)
{
	const struct sy_vouch_entry *e = &a->vouch->entries[entry];
	uint32_t matched = e->matched & a->good, listed = e->listed & a->good;
	struct sy_artifact *artifact = &a->vouch->check->report->artifacts[entry];

	if (matched != 0) {
		sy_artifact_answer(artifact, SY_INTACT, SY_YES);
		return answer_listed(a, entry, matched);
	}
	/* Somebody vouches for it: whether for these bytes, is the other question. */
	if (listed != 0)
		return is_counting(artifact) ? answer_listed(a, entry, listed) : SY_OK;
	if (a->vouch->trust.is_configured && !sy_vouch_is_signature(a->vouch, entry))
		return answer_unsigned(a, entry);
	return SY_OK;
}

enum sy_status sy_vouch_answer(struct sy_vouch *vouch)
{
	struct answering a = { .vouch = vouch };
	enum sy_status status = SY_OK;

	if (is_by_rules(vouch)) {
		a.has_signed = sy_arena_alloc(&vouch->arena, vouch->policy->signers.n *
					      sizeof(*a.has_signed));
		if (!a.has_signed)
			return sy_memory_status(vouch->ctx);
	}
	for (size_t i = 0; i < vouch->n_signatures; i++) {
		if (vouch->signatures[i].state == SY_VOUCH_VALID && !vouch->signatures[i].is_stale)
			a.good |= 1u << i;
	}
	for (size_t i = 0; i < vouch->check->inventory.n_entries && status == SY_OK; i++)
		status = answer_entry(&a, i);
	return status;
}
