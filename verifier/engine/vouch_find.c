/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signatures of a run: those that were named, or model.sig and model.*.sig in a
 * directory and FILE.sig, FILE.minisig beside a file.  What kind each is, its first
 * bytes say.
 */
#include <errno.h>

#include "verifier/engine/small_file.h"
#include "verifier/engine/vouch_parts.h"

static enum sy_vouch_kind kind_of(struct sy_span bytes)
{
	size_t n_lines = 0, i = 0;

	while (i < bytes.len && (bytes.data[i] == ' ' || bytes.data[i] == '\n' ||
				 bytes.data[i] == '\t' || bytes.data[i] == '\r'))
		i++;
	if (i < bytes.len && bytes.data[i] == '{')
		return SY_VOUCH_OMS;
	if (!sy_span_starts(bytes, "untrusted comment: "))
		return SY_VOUCH_UNKNOWN;
	for (size_t k = 0; k < bytes.len; k++)
		n_lines += bytes.data[k] == '\n';
	return n_lines > 2 ? SY_VOUCH_MINISIGN : SY_VOUCH_SIGNIFY;
}

static enum sy_status refuse(struct sy_vouch *vouch, struct sy_vouch_signature *s,
			     enum sy_status status)
{
	if (status != SY_FORMAT)
		return status;
	s->state = SY_VOUCH_REFUSED;
	s->reason = sy_span_str("signature-malformed");
	sy_text_init(&s->sentence);
	sy_text_add(&s->sentence, vouch->ctx->error.text);
	sy_error_clear(vouch->ctx);
	return SY_OK;
}

/* The best that any of the trusted ones makes of it. */
static enum sy_status verify_oms(struct sy_vouch *vouch, struct sy_vouch_signature *s,
				 struct sy_span bytes)
{
	enum sy_status status = SY_OK;

	if (vouch->trust.n_vouchers == 0)
		return sy_oms_verify(vouch->ctx, bytes, NULL, &s->oms);
	for (size_t i = 0; i < vouch->trust.n_vouchers && status == SY_OK; i++) {
		const struct sy_voucher *voucher = &vouch->trust.vouchers[i];
		const struct sy_oms_trust trust = {
			.keys = (const struct sy_public_key *const *)voucher->keys,
			.n_keys = voucher->n_keys, .anchors = voucher->anchors,
			.authorities = vouch->trust.authorities,
			.chain.time_rule = vouch->trust.time_rule,
			.tolerated = sy_oms_tolerated_default(),
		};

		sy_oms_result_free(&s->oms);
		status = sy_oms_verify(vouch->ctx, bytes, &trust, &s->oms);
		s->voucher = i;
		if (status == SY_OK && s->oms->verdict == SY_OMS_TRUSTED)
			break;
	}
	return status;
}

/* Who signed, as reports name them. */
static enum sy_status name_signer(struct sy_vouch *vouch, struct sy_vouch_signature *s)
{
	const struct sy_oms_result *oms = s->oms;
	char hex[2 * SY_DIGEST_MAX + 1];
	struct sy_text text;

	sy_text_init(&text);
	if (s->state == SY_VOUCH_VALID && vouch->trust.vouchers[s->voucher].name.len > 0) {
		sy_text_add_span(&text, vouch->trust.vouchers[s->voucher].name);
		sy_text_add(&text, ", ");
	}
	if (oms->leaf.subject.len > 0) {
		sy_text_add_span(&text, oms->leaf.subject);
	} else if (s->key_id.len > 0) {
		sy_digest_hex(&s->key_id, hex);
		sy_text_addf(&text, "key %s", hex);
	} else if (oms->hint.len > 0) {
		sy_text_add(&text, "key ");
		sy_text_add_span(&text, oms->hint);
	}
	return sy_arena_copy(&vouch->arena, sy_text_span(&text), &s->signer);
}

static enum sy_status take_oms(struct sy_vouch *vouch, struct sy_vouch_signature *s)
{
	static const enum sy_vouch_state states[] = {
		[SY_OMS_TRUSTED] = SY_VOUCH_VALID, [SY_OMS_REFUSED] = SY_VOUCH_REFUSED,
		[SY_OMS_UNDETERMINED] = SY_VOUCH_UNCHECKED,
		[SY_OMS_UNTRUSTED] = SY_VOUCH_UNTRUSTED,
	};
	const struct sy_oms_result *oms = s->oms;

	s->state = states[oms->verdict];
	s->key_id = oms->key_id;
	s->algorithm = sy_span_str(oms->algorithm ? oms->algorithm : "");
	if (oms->reading.reason != SY_OMS_NONE) {
		s->reason = sy_span_str(sy_oms_reason_name(oms->reading.reason));
		s->sentence = oms->reading.sentence;
	}
	return name_signer(vouch, s);
}

static enum sy_status read_signature(struct sy_vouch *vouch, struct sy_vouch_signature *s,
				     struct sy_span bytes)
{
	enum sy_status status;

	s->kind = kind_of(bytes);
	switch (s->kind) {
	case SY_VOUCH_OMS:
		status = verify_oms(vouch, s, bytes);
		return status == SY_OK ? take_oms(vouch, s) : status;
	case SY_VOUCH_MINISIGN:
		s->state = SY_VOUCH_PENDING;
		return refuse(vouch, s, sy_minisign_parse(vouch->ctx, bytes, &s->minisign));
	case SY_VOUCH_SIGNIFY:
		s->state = SY_VOUCH_PENDING;
		return refuse(vouch, s, sy_signify_parse(vouch->ctx, bytes, &s->minisign));
	case SY_VOUCH_UNKNOWN:
		break;
	}
	s->state = SY_VOUCH_UNCHECKED;
	s->reason = sy_span_str("signature-kind-unknown");
	sy_text_init(&s->sentence);
	sy_text_add(&s->sentence, "it is no OMS bundle, minisign or signify signature");
	return SY_OK;
}

/* Adds a signature; its path and bytes are in the arena. */
static enum sy_status add(struct sy_vouch *vouch, const struct sy_vouch_signature *what,
			  struct sy_span bytes)
{
	if (vouch->n_signatures == SY_VOUCH_SIGNATURES_MAX)
		return sy_fail(vouch->ctx, SY_USAGE, "more than %u signatures",
			       SY_VOUCH_SIGNATURES_MAX);
	vouch->signatures[vouch->n_signatures] = *what;
	return read_signature(vouch, &vouch->signatures[vouch->n_signatures++], bytes);
}

/* A file outside the inventory.  is_optional: that it is not there says nothing. */
static enum sy_status add_path(struct sy_vouch *vouch, const char *path, size_t root,
			       bool is_optional)
{
	const struct sy_root *r = &vouch->check->inventory.roots[root];
	struct sy_vouch_signature what = { .root = root, .entry = SIZE_MAX,
					   .target = SIZE_MAX };
	struct sy_span bytes;
	enum sy_status status = sy_arena_copy(&vouch->arena, sy_span_str(path), &what.path);

	if (!r->is_dir)
		what.target = sy_vouch_lookup(vouch, root, sy_span_str(""));
	if (status == SY_OK)
		status = sy_small_file_read(vouch->ctx, "signature", path,
					    vouch->ctx->limits.bundle_bytes, &vouch->arena,
					    &bytes);
	if (status == SY_NOT_FOUND && is_optional) {
		sy_error_clear(vouch->ctx);
		return SY_OK;
	}
	return status == SY_OK ? add(vouch, &what, bytes) : status;
}

static enum sy_status read_entry(struct sy_vouch *vouch, size_t entry, struct sy_span *bytes)
{
	struct sy_source source;
	enum sy_status status = sy_entry_open(&vouch->check->inventory, entry, vouch->ctx,
					      &source);

	if (status != SY_OK)
		return status;
	if (source.size > vouch->ctx->limits.bundle_bytes)
		status = sy_fail(vouch->ctx, SY_LIMIT, "a signature of more than %llu bytes "
				 "(limit bundle-bytes)",
				 (unsigned long long)vouch->ctx->limits.bundle_bytes);
	else
		status = sy_source_view(&source, 0, (size_t)source.size, &vouch->arena, bytes);
	sy_source_close(&source);
	return status;
}

/* What cannot be read is a signature that does not hold, not an end of the run. */
static enum sy_status add_entry(struct sy_vouch *vouch, size_t entry, size_t target)
{
	const struct sy_entry *e = &vouch->check->inventory.entries[entry];
	struct sy_vouch_signature what = { .root = e->root, .entry = entry, .target = target,
					   .path = sy_span_str(e->path) };
	struct sy_span bytes;
	enum sy_status status;

	if (vouch->n_signatures == SY_VOUCH_SIGNATURES_MAX) {
		if (vouch->n_beyond++ == 0)
			vouch->first_beyond = entry;
		return SY_OK;
	}
	status = read_entry(vouch, entry, &bytes);
	if (status == SY_NO_MEMORY || status == SY_CANCELLED)
		return status;
	if (status == SY_OK)
		return add(vouch, &what, bytes);
	what.state = SY_VOUCH_UNCHECKED;
	what.kind = SY_VOUCH_UNKNOWN;
	what.reason = sy_span_str("signature-unreadable");
	sy_text_init(&what.sentence);
	sy_text_add(&what.sentence, vouch->ctx->error.text);
	sy_error_clear(vouch->ctx);
	vouch->signatures[vouch->n_signatures++] = what;
	return SY_OK;
}

bool sy_vouch_is_signature_name(const char *rel)
{
	struct sy_span name = sy_span_str(rel);

	return sy_span_is(name, "model.sig") ||
	       (sy_span_starts(name, "model.") && sy_span_ends(name, ".sig") &&
		name.len > strlen("model..sig") && !memchr(name.data, '/', name.len));
}

/* The file in the same directory that FILE.sig or FILE.minisig is for. */
static size_t target_of(const struct sy_vouch *vouch, size_t entry)
{
	static const char *const ends[] = { ".minisig", ".sig" };
	const struct sy_inventory *inventory = &vouch->check->inventory;
	struct sy_span base = sy_span_str(inventory->entries[entry].base);

	for (size_t i = 0; i < SY_N_ELEMS(ends); i++) {
		size_t len = strlen(ends[i]), target;

		if (!sy_span_ends(base, ends[i]) || base.len == len)
			continue;
		target = sy_inventory_sibling(inventory, entry,
					      sy_span_slice(base, 0, base.len - len));
		if (target != SIZE_MAX && inventory->entries[target].kind == SY_ENTRY_FILE)
			return target;
	}
	return SIZE_MAX;
}

static enum sy_status find_in_inventory(struct sy_vouch *vouch)
{
	const struct sy_inventory *inventory = &vouch->check->inventory;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < inventory->n_entries && status == SY_OK; i++) {
		const struct sy_entry *entry = &inventory->entries[i];
		size_t target;

		if (entry->kind != SY_ENTRY_FILE || entry->place == SY_PLACE_GIT)
			continue;
		target = target_of(vouch, i);
		if (target != SIZE_MAX || (inventory->roots[entry->root].is_dir &&
					   sy_vouch_is_signature_name(entry->rel)))
			status = add_entry(vouch, i, target);
	}
	return status;
}

/* Beside a file that was named alone nothing was walked. */
static enum sy_status find_beside(struct sy_vouch *vouch, size_t root)
{
	static const char *const ends[] = { ".minisig", ".sig" };
	const struct sy_root *r = &vouch->check->inventory.roots[root];
	enum sy_status status = SY_OK;

	if (r->is_dir || r->is_stdin)
		return SY_OK;
	for (size_t i = 0; i < SY_N_ELEMS(ends) && status == SY_OK; i++) {
		struct sy_text path;

		sy_text_init(&path);
		sy_text_add(&path, r->path);
		sy_text_add(&path, ends[i]);
		if (!path.is_cut)
			status = add_path(vouch, path.data, root, true);
	}
	return status;
}

/* A signature that was named may lie in the model: then it is that entry. */
static size_t entry_of_path(const struct sy_vouch *vouch, const char *path)
{
	const struct sy_inventory *inventory = &vouch->check->inventory;
	struct stat st;

	if (stat(path, &st) != 0)
		return SIZE_MAX;
	for (size_t i = 0; i < inventory->n_entries; i++) {
		const struct sy_entry *entry = &inventory->entries[i];

		if (entry->kind == SY_ENTRY_FILE && entry->identity.dev == st.st_dev &&
		    entry->identity.ino == st.st_ino)
			return i;
	}
	return SIZE_MAX;
}

static enum sy_status find_named(struct sy_vouch *vouch)
{
	enum sy_status status = SY_OK;

	if (vouch->check->inventory.n_roots != 1)
		return sy_fail(vouch->ctx, SY_USAGE, "--signature is about one PATH");
	for (size_t i = 0; i < vouch->options->n_signatures && status == SY_OK; i++) {
		const char *path = vouch->options->signatures[i];

		status = add_path(vouch, path, 0, false);
		if (status == SY_OK)
			vouch->signatures[vouch->n_signatures - 1].entry =
				entry_of_path(vouch, path);
	}
	return status;
}

enum sy_status sy_vouch_find(struct sy_vouch *vouch)
{
	enum sy_status status;

	vouch->signatures = sy_arena_alloc(&vouch->arena, SY_VOUCH_SIGNATURES_MAX *
					   sizeof(*vouch->signatures));
	if (!vouch->signatures)
		return sy_memory_status(vouch->ctx);
	if (vouch->options->n_signatures > 0)
		return find_named(vouch);
	status = find_in_inventory(vouch);
	for (size_t i = 0; i < vouch->check->inventory.n_roots && status == SY_OK; i++)
		status = find_beside(vouch, i);
	return status;
}
