/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust as a policy states it: signers, the rules of who may vouch for what, and
 * what is revoked.  Whether a key is one is keys/'s to say; here its text only has
 * to look like one, so that a private key or a path given as a key is told at once.
 */
#include "verifier/engine/policy_parts.h"

#include "verifier/base/set.h"
#include "verifier/base/text.h"

#define MINISIGN_LEN 56		/* base64 of 2 + 8 + 32 bytes */

static const char *const forms[SY_POLICY_N_FORMS] = {
	[SY_POLICY_FILE] = "file", [SY_POLICY_PEM] = "pem", [SY_POLICY_MINISIGN] = "minisign",
};

const char *sy_policy_form_name(enum sy_policy_form form)
{
	return forms[form];
}

/* Keys and certificates. */

struct key_fields {
	struct sy_span file, pem, minisign;
};

static bool is_private(struct sy_span text)
{
	return sy_span_find(text, sy_span_str("PRIVATE KEY")) != SIZE_MAX ||
	       sy_span_find(text, sy_span_str("secret key")) != SIZE_MAX;
}

static bool is_minisign(struct sy_span s)
{
	if (s.len != MINISIGN_LEN || !sy_span_starts(s, "RW"))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t lower = sy_ascii_lower(s.data[i]);

		if (!sy_is_digit(lower) && !(lower >= 'a' && lower <= 'z') &&
		    s.data[i] != '+' && s.data[i] != '/')
			return false;
	}
	return true;
}

/* What is wrong with the text of an inline key; NULL: it looks like one. */
static const char *key_fault(const struct key_fields *f, bool is_certificate)
{
	if (is_private(f->pem) || is_private(f->minisign))
		return "it is a private key; put the public one here and keep that one secret";
	if (is_certificate && f->minisign.len > 0)
		return "a minisign key is no certificate; put it under keys";
	if (f->minisign.len > 0 && !is_minisign(f->minisign))
		return "minisign takes the second line of the .pub file, 56 characters that "
		       "begin with RW";
	if (f->pem.len > 0 && !sy_span_starts(f->pem, is_certificate ?
					      "-----BEGIN CERTIFICATE-----" :
					      "-----BEGIN PUBLIC KEY-----"))
		return is_certificate ?
		       "pem takes text that begins with -----BEGIN CERTIFICATE-----" :
		       "pem takes text that begins with -----BEGIN PUBLIC KEY-----";
	return NULL;
}

static enum sy_status take_key(struct sy_policy_reading *r, const struct key_fields *f,
			       struct sy_policy_key *key)
{
	*key = (struct sy_policy_key){ .form = SY_POLICY_PEM, .text = f->pem };
	if (f->minisign.len > 0)
		*key = (struct sy_policy_key){ .form = SY_POLICY_MINISIGN, .text = f->minisign };
	if (f->file.len == 0)
		return SY_OK;
	*key = (struct sy_policy_key){ .form = SY_POLICY_FILE, .file = f->file };
	return sy_policy_place(r->policy, f->file, &key->path);
}

static enum sy_status read_key(struct sy_policy_reading *r, struct sy_policy_key *key,
			       bool is_certificate)
{
	static const struct sy_policy_member members[] = {
		{ "file", sy_policy_text, offsetof(struct key_fields, file), false },
		{ "pem", sy_policy_lines, offsetof(struct key_fields, pem), false },
		{ "minisign", sy_policy_text, offsetof(struct key_fields, minisign), false },
		{ 0 }
	};
	uint64_t off = r->token.off;
	struct key_fields f = { 0 };
	enum sy_status status = sy_policy_object(r, members, &f);
	const char *fault;

	if (status != SY_OK)
		return status;
	if ((f.file.len > 0) + (f.pem.len > 0) + (f.minisign.len > 0) != 1)
		return sy_policy_refuse(r, off, "%s takes exactly one of file, pem%s", r->member,
					is_certificate ? "" : ", minisign");
	fault = key_fault(&f, is_certificate);
	if (fault)
		return sy_policy_refuse(r, off, "%s", fault);
	return take_key(r, &f, key);
}

static enum sy_status key_item(struct sy_policy_reading *r, void *key)
{
	return read_key(r, key, false);
}

static enum sy_status certificate_item(struct sy_policy_reading *r, void *key)
{
	return read_key(r, key, true);
}

static enum sy_status read_keys(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_keys *keys = field;

	return sy_policy_list(r, &keys->items, &keys->n, sizeof(*keys->items), key_item);
}

enum sy_status sy_policy_read_certificates(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_keys *keys = field;

	return sy_policy_list(r, &keys->items, &keys->n, sizeof(*keys->items),
			      certificate_item);
}

static enum sy_status identity_item(struct sy_policy_reading *r, void *identity)
{
	static const struct sy_policy_member members[] = {
		{ "identity", sy_policy_text, offsetof(struct sy_policy_identity, identity), true },
		{ "issuer", sy_policy_text, offsetof(struct sy_policy_identity, issuer), true },
		{ 0 }
	};

	return sy_policy_object(r, members, identity);
}

static enum sy_status read_identities(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_identities *all = field;

	return sy_policy_list(r, &all->items, &all->n, sizeof(*all->items), identity_item);
}

/* Signers. */

static enum sy_status signer_item(struct sy_policy_reading *r, void *field)
{
	static const struct sy_policy_member members[] = {
		{ "name", sy_policy_text, offsetof(struct sy_policy_signer, name), true },
		{ "keys", read_keys, offsetof(struct sy_policy_signer, keys), false },
		{ "certificates", sy_policy_read_certificates,
		  offsetof(struct sy_policy_signer, certificates), false },
		{ "identities", read_identities,
		  offsetof(struct sy_policy_signer, identities), false },
		{ "valid_from", sy_policy_moment,
		  offsetof(struct sy_policy_signer, valid.from), false },
		{ "valid_until", sy_policy_moment,
		  offsetof(struct sy_policy_signer, valid.until), false },
		{ 0 }
	};
	struct sy_policy_signer *signer = field;
	uint64_t off = r->token.off;
	enum sy_status status;

	signer->off = off;
	status = sy_policy_object(r, members, signer);
	if (status == SY_OK &&
	    signer->keys.n + signer->certificates.n + signer->identities.n == 0)
		return sy_policy_refuse(r, off, "the signer '%s' has nothing to sign with; give it "
					"keys or certificates", (const char *)signer->name.data);
	return status == SY_OK ? sy_policy_check_window(r, &signer->valid) : status;
}

enum sy_status sy_policy_read_signers(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_signers *all = field;

	return sy_policy_list(r, &all->items, &all->n, sizeof(*all->items), signer_item);
}

/* Rules. */

static enum sy_status ref_item(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_ref *ref = field;

	ref->off = r->token.off;
	ref->signer = SIZE_MAX;
	return sy_policy_text(r, &ref->name);
}

static enum sy_status read_refs(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_refs *refs = field;

	return sy_policy_list(r, &refs->items, &refs->n, sizeof(*refs->items), ref_item);
}

static enum sy_status rule_item(struct sy_policy_reading *r, void *field)
{
	static const struct sy_policy_member members[] = {
		{ "paths", sy_policy_globs, offsetof(struct sy_policy_rule, paths), true },
		{ "signers", read_refs, offsetof(struct sy_policy_rule, signers), true },
		{ "threshold", sy_policy_count, offsetof(struct sy_policy_rule, threshold), false },
		{ 0 }
	};
	struct sy_policy_rule *rule = field;
	enum sy_status status;

	rule->off = r->token.off;
	rule->threshold = 1;
	status = sy_policy_object(r, members, rule);
	if (status != SY_OK)
		return status;
	if (rule->paths.n == 0)
		return sy_policy_refuse(r, rule->off, "the rule is about no path; \"**\" is all "
					"of them");
	if (rule->threshold > rule->signers.n)
		return sy_policy_refuse(r, rule->off, "the threshold %llu cannot be reached with "
					"%zu signers; lower it or name more",
					(unsigned long long)rule->threshold, rule->signers.n);
	return SY_OK;
}

enum sy_status sy_policy_read_rules(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_rules *all = field;

	return sy_policy_list(r, &all->items, &all->n, sizeof(*all->items), rule_item);
}

/* Revocations. */

/* "sha256:..." or, is_bare, 64 digits alone; lower case, so that it can be searched. */
static bool take_digest(struct sy_span s, bool is_bare, struct sy_digest *digest)
{
	size_t colon = sy_span_find(s, sy_span_str(":"));
	enum sy_algorithm algorithm = SY_SHA256;
	struct sy_span hex = s;

	if (!is_bare) {
		if (colon == SIZE_MAX || !sy_algorithm_find(sy_span_of(s.data, colon), &algorithm))
			return false;
		hex = sy_span_slice(s, colon + 1, s.len);
	}
	for (size_t i = 0; i < hex.len; i++) {
		if (hex.data[i] != sy_ascii_lower(hex.data[i]))
			return false;
	}
	return sy_digest_parse(hex, algorithm, digest);
}

static enum sy_status key_id_item(struct sy_policy_reading *r, void *digest)
{
	if (r->token.kind == SY_JSON_STRING && take_digest(r->token.text, true, digest))
		return SY_OK;
	return sy_policy_refuse(r, r->token.off, "a revoked key is named by its id, 64 digits of "
				"lower-case hexadecimal");
}

static enum sy_status digest_item(struct sy_policy_reading *r, void *digest)
{
	if (r->token.kind == SY_JSON_STRING && take_digest(r->token.text, false, digest))
		return SY_OK;
	return sy_policy_refuse(r, r->token.off, "a revoked digest is written sha256:DIGITS, in "
				"lower-case hexadecimal");
}

static enum sy_status read_key_ids(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_digests *all = field;

	return sy_policy_list(r, &all->items, &all->n, sizeof(*all->items), key_id_item);
}

static enum sy_status read_digests(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_digests *all = field;

	return sy_policy_list(r, &all->items, &all->n, sizeof(*all->items), digest_item);
}

enum sy_status sy_policy_read_revoked(struct sy_policy_reading *r, void *policy)
{
	static const struct sy_policy_member members[] = {
		{ "keys", read_key_ids, offsetof(struct sy_policy, revoked_keys), false },
		{ "digests", read_digests, offsetof(struct sy_policy, revoked_digests), false },
		{ 0 }
	};

	return sy_policy_object(r, members, policy);
}

/* What holds between them. */

static enum sy_status find_ref(struct sy_policy_reading *r, const struct sy_set *names,
			       struct sy_policy_ref *ref)
{
	uint64_t at;

	if (!sy_set_has(names, ref->name, &at))
		return sy_policy_refuse(r, ref->off, "there is no signer '%s'; name one of signers",
					(const char *)ref->name.data);
	ref->signer = (size_t)at;
	return SY_OK;
}

static enum sy_status find_refs(struct sy_policy_reading *r, const struct sy_set *names,
				struct sy_policy_refs *refs)
{
	SY_OWNED(sy_set_free) struct sy_set seen;
	enum sy_status status = SY_OK;
	uint64_t found;
	bool is_new;

	sy_set_init(&seen, r->ctx);
	for (size_t i = 0; i < refs->n && status == SY_OK; i++) {
		status = find_ref(r, names, &refs->items[i]);
		if (status == SY_OK)
			status = sy_set_add(&seen, refs->items[i].name, i, &is_new, &found);
		if (status == SY_OK && !is_new)
			return sy_policy_refuse(r, refs->items[i].off, "the signer '%s' stands "
						"twice in one rule; remove one",
						(const char *)refs->items[i].name.data);
	}
	return status;
}

/* One key for two signers would count twice towards a threshold. */
static enum sy_status check_keys(struct sy_policy_reading *r, struct sy_set *keys,
				 const struct sy_policy_signer *signer, size_t index)
{
	enum sy_status status = SY_OK;
	uint64_t found;
	bool is_new;

	for (size_t i = 0; i < signer->keys.n && status == SY_OK; i++) {
		const struct sy_policy_key *key = &signer->keys.items[i];

		status = sy_set_add(keys, key->form == SY_POLICY_FILE ? key->path : key->text,
				    index, &is_new, &found);
		if (status == SY_OK && !is_new)
			return sy_policy_refuse(r, signer->off, "a key of the signer '%s' is given "
						"twice; each key belongs to one signer",
						(const char *)signer->name.data);
	}
	return status;
}

static enum sy_status check_signers(struct sy_policy_reading *r, struct sy_set *names)
{
	const struct sy_policy_signers *all = &r->policy->signers;
	SY_OWNED(sy_set_free) struct sy_set keys;
	enum sy_status status = SY_OK;
	uint64_t found;
	bool is_new;

	sy_set_init(&keys, r->ctx);
	for (size_t i = 0; i < all->n && status == SY_OK; i++) {
		status = sy_set_add(names, all->items[i].name, i, &is_new, &found);
		if (status == SY_OK && !is_new)
			return sy_policy_refuse(r, all->items[i].off,
						"two signers are called '%s'; rename one",
						(const char *)all->items[i].name.data);
		if (status == SY_OK)
			status = check_keys(r, &keys, &all->items[i], i);
	}
	return status;
}

enum sy_status sy_policy_check_trust(struct sy_policy_reading *r)
{
	const struct sy_policy *policy = r->policy;
	SY_OWNED(sy_set_free) struct sy_set names;
	enum sy_status status;

	sy_set_init(&names, r->ctx);
	status = check_signers(r, &names);
	for (size_t i = 0; i < policy->rules.n && status == SY_OK; i++)
		status = find_refs(r, &names, &policy->rules.items[i].signers);
	if (status == SY_OK && policy->rules.n > 0 &&
	    !(policy->required & (1u << SY_AUTHENTIC)))
		return sy_policy_refuse(r, policy->rules.items[0].off, "rules say who may vouch, "
					"but nobody asks: add \"authentic\" to require, or remove "
					"the rules");
	return status;
}
