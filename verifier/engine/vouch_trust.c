/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to trust: the keys and certificates of the command line, or the signers of a
 * policy.  A file that is no key ends the run: trust with a hole in it is none.
 */
#include "verifier/engine/small_file.h"
#include "verifier/engine/vouch_parts.h"

#define KEY_FILE_MAX 65536u	/* bytes; a file of root certificates may have more */
#define CHAIN_FILE_MAX (UINT64_C(4) << 20)

/* Says which file it was. */
static enum sy_status blame(struct sy_vouch *vouch, enum sy_status status, const char *what,
			    const char *path)
{
	struct sy_context *ctx = vouch->ctx;
	const struct sy_error error = ctx->error;

	if (status != SY_FORMAT)
		return status;
	return sy_fail_again(ctx, SY_FORMAT, "%s %s: %s", what, path, error.text);
}

static enum sy_status add_key(struct sy_vouch *vouch, struct sy_voucher *voucher,
			      struct sy_span text, const char *name)
{
	size_t i = voucher->n_keys;
	enum sy_status status;

	status = sy_public_key_read(vouch->ctx, text, &voucher->keys[i]);
	if (status != SY_OK)
		return blame(vouch, status, "the key", name);
	voucher->n_keys++;
	return sy_arena_copy(&vouch->arena, sy_span_str(name), &voucher->key_names[i]);
}

static enum sy_status make_room(struct sy_vouch *vouch, struct sy_voucher *voucher, size_t n)
{
	voucher->keys = sy_arena_alloc(&vouch->arena, (n + 1) * sizeof(struct sy_public_key *));
	voucher->key_names = sy_arena_alloc(&vouch->arena, (n + 1) * sizeof(struct sy_span));
	return voucher->keys && voucher->key_names ? SY_OK : sy_memory_status(vouch->ctx);
}

static enum sy_status add_anchors(struct sy_vouch *vouch, struct sy_anchors **anchors,
				  struct sy_span pem, const char *name)
{
	enum sy_status status = SY_OK;

	if (!*anchors)
		status = sy_anchors_new(vouch->ctx, anchors);
	if (status == SY_OK)
		status = sy_anchors_add(*anchors, pem);
	return blame(vouch, status, "the certificates", name);
}

static enum sy_status read_anchors(struct sy_vouch *vouch, const char *const *files, size_t n,
				   struct sy_anchors **anchors)
{
	enum sy_status status = SY_OK;
	struct sy_span text;

	for (size_t i = 0; i < n && status == SY_OK; i++) {
		status = sy_small_file_read(vouch->ctx, "certificate file", files[i],
					    CHAIN_FILE_MAX, &vouch->arena, &text);
		if (status == SY_OK)
			status = add_anchors(vouch, anchors, text, files[i]);
	}
	return status;
}

static enum sy_status read_options(struct sy_vouch *vouch, struct sy_voucher *voucher)
{
	const struct sy_vouch_options *options = vouch->options;
	enum sy_status status = make_room(vouch, voucher, options->n_keys);
	struct sy_span text;

	for (size_t i = 0; i < options->n_keys && status == SY_OK; i++) {
		status = sy_small_file_read(vouch->ctx, "key file", options->keys[i],
					    KEY_FILE_MAX, &vouch->arena, &text);
		if (status == SY_OK)
			status = add_key(vouch, voucher, text, options->keys[i]);
	}
	if (status == SY_OK)
		status = read_anchors(vouch, options->chains, options->n_chains,
				      &voucher->anchors);
	return status;
}

/* A minisign key in a policy is the second line of its file only. */
static enum sy_status whole_text(struct sy_vouch *vouch, const struct sy_policy_key *key,
				 struct sy_span *text)
{
	struct sy_text file;

	*text = key->text;
	if (key->form != SY_POLICY_MINISIGN)
		return SY_OK;
	sy_text_init(&file);
	sy_text_add(&file, "untrusted comment: minisign public key\n");
	sy_text_add_span(&file, key->text);
	sy_text_add(&file, "\n");
	return sy_arena_copy(&vouch->arena, sy_text_span(&file), text);
}

static const char *key_name(const struct sy_policy_key *key)
{
	return key->form == SY_POLICY_FILE ? (const char *)key->file.data
					   : sy_policy_form_name(key->form);
}

static enum sy_status read_signer(struct sy_vouch *vouch,
				  const struct sy_policy_signer *signer,
				  struct sy_voucher *voucher)
{
	enum sy_status status = make_room(vouch, voucher, signer->keys.n);
	struct sy_span text;

	voucher->name = signer->name;
	voucher->valid = &signer->valid;
	for (size_t i = 0; i < signer->keys.n && status == SY_OK; i++) {
		const struct sy_policy_key *key = &signer->keys.items[i];

		status = whole_text(vouch, key, &text);
		if (status == SY_OK)
			status = add_key(vouch, voucher, text, key_name(key));
	}
	for (size_t i = 0; i < signer->certificates.n && status == SY_OK; i++) {
		const struct sy_policy_key *key = &signer->certificates.items[i];

		status = add_anchors(vouch, &voucher->anchors, key->text, key_name(key));
	}
	return status;
}

/* Whose word about the time counts: the policy's, or those of the command line. */
static enum sy_status read_authorities(struct sy_vouch *vouch)
{
	struct sy_vouch_trust *trust = &vouch->trust;
	enum sy_status status = read_anchors(vouch, vouch->options->timestamp_chains,
					     vouch->options->n_timestamp_chains,
					     &trust->authorities);

	for (size_t i = 0; vouch->policy && status == SY_OK &&
	     i < vouch->policy->timestamp_authorities.n; i++) {
		const struct sy_policy_key *key = &vouch->policy->timestamp_authorities.items[i];

		status = add_anchors(vouch, &trust->authorities, key->text, key_name(key));
	}
	if (status == SY_OK && trust->time_rule == SY_CHAIN_GIVEN && !trust->authorities)
		return sy_fail(vouch->ctx, SY_USAGE, "whose time-stamps to trust was not said "
			       "(--timestamp-chain)");
	return status;
}

enum sy_status sy_vouch_read_trust(struct sy_vouch *vouch)
{
	struct sy_vouch_trust *trust = &vouch->trust;
	const struct sy_policy *policy = vouch->policy;
	bool is_named = vouch->options->n_keys + vouch->options->n_chains > 0;
	size_t n = policy ? policy->signers.n : 0;
	enum sy_status status = SY_OK;

	trust->time_rule = vouch->options->time_rule;
	trust->is_configured = is_named || n > 0 ||
			       (policy && policy->required & 1u << SY_AUTHENTIC);
	trust->vouchers = sy_arena_alloc(&vouch->arena, (n + 1) * sizeof(*trust->vouchers));
	if (!trust->vouchers)
		return sy_memory_status(vouch->ctx);
	for (size_t i = 0; i < n && status == SY_OK; i++) {
		trust->n_vouchers++;
		status = read_signer(vouch, &policy->signers.items[i], &trust->vouchers[i]);
	}
	if (status == SY_OK && is_named) {
		trust->n_vouchers++;
		status = read_options(vouch, &trust->vouchers[n]);
	}
	return status == SY_OK ? read_authorities(vouch) : status;
}

void sy_vouch_free_trust(struct sy_vouch *vouch)
{
	for (size_t i = 0; i < vouch->trust.n_vouchers; i++) {
		struct sy_voucher *voucher = &vouch->trust.vouchers[i];

		for (size_t k = 0; k < voucher->n_keys; k++)
			sy_public_key_free(&voucher->keys[k]);
		sy_anchors_free(&voucher->anchors);
	}
	sy_anchors_free(&vouch->trust.authorities);
}
