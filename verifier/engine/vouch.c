/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: trust, signatures, marks; comparing; what came of each. */
#include "verifier/engine/vouch_parts.h"

static const char *const kinds[] = {
	[SY_VOUCH_OMS] = "oms", [SY_VOUCH_MINISIGN] = "minisign",
	[SY_VOUCH_SIGNIFY] = "signify", [SY_VOUCH_UNKNOWN] = "unknown",
};

static const char *const states[] = {
	[SY_VOUCH_VALID] = "valid", [SY_VOUCH_REFUSED] = "refused",
	[SY_VOUCH_UNCHECKED] = "unchecked", [SY_VOUCH_UNTRUSTED] = "untrusted",
	[SY_VOUCH_PENDING] = "unchecked",
};

/* Words for a signature that holds and is not over what is here. */
static const char *const mismatches[] = {
	[SY_VOUCH_MATCHES] = "", [SY_VOUCH_FILES_UNLISTED] = "files-unlisted",
	[SY_VOUCH_FILES_MISSING] = "files-missing", [SY_VOUCH_BYTES_DIFFER] = "bytes-differ",
};

bool sy_vouch_is_signature(const struct sy_vouch *vouch, size_t entry)
{
	for (size_t i = 0; vouch && i < vouch->n_signatures; i++) {
		if (vouch->signatures[i].entry == entry &&
		    vouch->signatures[i].kind != SY_VOUCH_UNKNOWN)
			return true;
	}
	return false;
}

bool sy_vouch_is_signature_place(const struct sy_vouch *vouch, size_t entry)
{
	for (size_t i = 0; vouch && i < vouch->n_signatures; i++) {
		if (vouch->signatures[i].entry == entry)
			return true;
	}
	return false;
}

bool sy_vouch_is_listed(const struct sy_vouch *vouch, size_t entry)
{
	return vouch->entries[entry].listed != 0;
}

bool sy_vouch_has_signature(const struct sy_vouch *vouch)
{
	return vouch && vouch->n_signatures > 0;
}

unsigned sy_vouch_algorithms(const struct sy_vouch *vouch, size_t entry)
{
	return vouch && vouch->entries ? vouch->entries[entry].algorithms : 0;
}

enum sy_status sy_vouch_tell(struct sy_vouch *vouch, size_t artifact, enum sy_rule rule,
			     const char *fmt, ...)
{
	struct sy_text text;
	va_list args;

	sy_text_init(&text);
	va_start(args, fmt);
	sy_text_vaddf(&text, fmt, args);
	va_end(args);
	return sy_report_add_finding(vouch->check->report, artifact, &(struct sy_record_fact){
		.rule = rule, .off = SY_OFFSET_NONE, .detail = sy_text_span(&text),
	});
}

/* Opening. */

static enum sy_status find_roots(struct sy_vouch *vouch)
{
	const struct sy_inventory *inventory = &vouch->check->inventory;

	vouch->roots = sy_arena_alloc(&vouch->arena,
				      (inventory->n_roots + 1) * sizeof(*vouch->roots));
	if (!vouch->roots)
		return sy_memory_status(vouch->ctx);
	for (size_t i = 0; i < inventory->n_entries; i++) {
		struct sy_vouch_span *span = &vouch->roots[inventory->entries[i].root];

		if (span->end == 0)
			span->first = i;
		span->end = i + 1;
	}
	return SY_OK;
}

enum sy_status sy_vouch_open(struct sy_check *check, const struct sy_vouch_options *options,
			     const struct sy_policy *policy, struct sy_vouch **out)
{
	SY_OWNED(sy_vouch_free) struct sy_vouch *vouch = NULL;
	enum sy_status status;

	*out = NULL;
	vouch = sy_alloc(check->ctx, sizeof(*vouch));
	if (!vouch)
		return sy_memory_status(check->ctx);
	vouch->check = check;
	vouch->ctx = check->ctx;
	vouch->options = options;
	vouch->policy = policy;
	sy_arena_init(&vouch->arena, check->ctx);
	status = find_roots(vouch);
	if (status == SY_OK)
		status = sy_vouch_read_trust(vouch);
	if (status == SY_OK)
		status = sy_vouch_read_state(vouch);
	if (status == SY_OK)
		status = sy_vouch_find(vouch);
	if (status == SY_OK)
		status = sy_vouch_mark(vouch);
	if (status == SY_OK)
		*out = SY_TAKE(vouch);
	return status;
}

void sy_vouch_free(struct sy_vouch **p)
{
	struct sy_vouch *vouch = *p;

	if (!vouch)
		return;
	for (size_t i = 0; i < vouch->n_signatures; i++)
		sy_oms_result_free(&vouch->signatures[i].oms);
	sy_vouch_free_trust(vouch);
	sy_vouch_memory_free(&vouch->state);
	sy_release(vouch->ctx, vouch->entries);
	sy_arena_free(&vouch->arena);
	sy_release(vouch->ctx, vouch);
	*p = NULL;
}

/* What came of each signature. */

/* An artifact that is no entry: something lies elsewhere, or is not there. */
static enum sy_status add_listed(struct sy_vouch *vouch, struct sy_span path, const char *note,
				 size_t *artifact)
{
	struct sy_report *report = vouch->check->report;
	enum sy_status status = sy_report_add_artifact(report, path, 0, artifact);

	if (status != SY_OK)
		return status;
	report->artifacts[*artifact].scope = SY_SCOPE_LISTED;
	report->artifacts[*artifact].note = sy_span_str(note);
	report->artifacts[*artifact].format = sy_span_str("unknown");
	return SY_OK;
}

/* The artifact of a signature: an entry, or one of its own when it lies elsewhere. */
static enum sy_status artifact_of(struct sy_vouch *vouch, const struct sy_vouch_signature *s,
				  size_t *artifact)
{
	*artifact = s->entry;
	return s->entry != SIZE_MAX ? SY_OK : add_listed(vouch, s->path, "a signature", artifact);
}

static enum sy_status tell_bad(struct sy_vouch *vouch, const struct sy_vouch_signature *s,
			       enum sy_rule rule)
{
	size_t artifact;
	enum sy_status status = artifact_of(vouch, s, &artifact);

	if (status != SY_OK)
		return status;
	return sy_vouch_tell(vouch, artifact, rule, "%s%s%.*s%s",
			     s->sentence.len ? s->sentence.data : "it does not hold",
			     s->reason.len ? " (" : "", (int)s->reason.len,
			     s->reason.len ? (const char *)s->reason.data : "",
			     s->reason.len ? ")" : "");
}

static enum sy_status tell_untrusted(struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	struct sy_text signer;

	sy_text_init(&signer);
	sy_text_name(&signer, s->signer);
	return sy_report_add_notice(vouch->check->report, "signature-untrusted", s->path,
				    s->kind == SY_VOUCH_OMS ?
				    "the bytes were compared with a list that says it is signed by "
				    "%s; whom to trust was not said (--key, --certificate-chain)" :
				    "it says that it is by %s; whom to trust was not said (--key), "
				    "so nothing was compared",
				    signer.len > 2 ? signer.data : "somebody");
}

/* Somebody else signed as well: no fault, as long as somebody trusted did. */
static bool is_beside_good(const struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	if (!sy_span_is(s->reason, "key-mismatch") &&
	    !sy_span_is(s->reason, "certificate-untrusted"))
		return false;
	for (size_t i = 0; i < vouch->n_signatures; i++) {
		const struct sy_vouch_signature *other = &vouch->signatures[i];

		if (other->state == SY_VOUCH_VALID && !other->is_stale &&
		    other->root == s->root &&
		    (other->target == SIZE_MAX || other->target == s->target))
			return true;
	}
	return false;
}

static enum sy_status tell_refused(struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	if (!is_beside_good(vouch, s))
		return tell_bad(vouch, s, SY_RULE_SIGNATURE_REFUSED);
	return sy_report_add_notice(vouch->check->report, "signature-by-others", s->path,
				    "somebody whom you have not said that you trust signed it "
				    "as well");
}

static enum sy_status tell_state(struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	switch (s->state) {
	case SY_VOUCH_VALID:
		return s->is_stale ? tell_bad(vouch, s, SY_RULE_SIGNATURE_STALE) : SY_OK;
	case SY_VOUCH_REFUSED:
		return tell_refused(vouch, s);
	case SY_VOUCH_UNTRUSTED:
		return tell_untrusted(vouch, s);
	case SY_VOUCH_UNCHECKED:
	case SY_VOUCH_PENDING:
		break;
	}
	if (vouch->trust.is_configured)
		return tell_bad(vouch, s, SY_RULE_SIGNATURE_UNCHECKED);
	return sy_report_add_notice(vouch->check->report, "signature-unchecked", s->path, "%s",
				    s->sentence.data);
}

static enum sy_status note_timestamp(struct sy_report *report, const struct sy_vouch_signature *s)
{
	struct sy_text time;

	sy_text_init(&time);
	sy_text_add_utc(&time, s->oms->timestamp);
	return sy_report_add_notice(report, "signature-timestamp", s->path, "it was there at %s: a "
				    "time-stamp authority that you trust says so", time.data);
}

static const char *moment_of(const struct sy_oms_result *oms)
{
	switch (oms->time_rule) {
	case SY_CHAIN_NOW: return "now";
	case SY_CHAIN_GIVEN: return "the time of its time-stamp";
	case SY_CHAIN_LEAF_NOT_BEFORE: break;
	}
	return oms->timestamp ? "the moment the signer's begins" :
	       "the moment the signer's begins; nobody vouches for when it was made";
}

static enum sy_status note_reading(struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	struct sy_report *report = vouch->check->report;
	enum sy_status status = SY_OK;

	if (!s->oms)
		return SY_OK;
	for (unsigned t = 0; t < SY_N_OMS_TOLERANCES && status == SY_OK; t++) {
		if (s->oms->reading.used & SY_OMS_BIT(t))
			status = sy_report_add_notice(report, "signature-tolerance", s->path,
				"%s (%s)",
				sy_oms_tolerance_text((enum sy_oms_tolerance)t),
				sy_oms_tolerance_name((enum sy_oms_tolerance)t));
	}
	if (status == SY_OK && s->oms->timestamp != 0)
		status = note_timestamp(report, s);
	if (status == SY_OK && s->oms->leaf.subject.len > 0)
		status = sy_report_add_notice(report, "signature-time", s->path,
					      "certificates were checked as of %s",
					      moment_of(s->oms));
	return status;
}

static enum sy_status add_row(struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	const char *state = s->is_stale ? "stale" : states[s->state];
	const struct sy_signature_row row = {
		.file = s->path, .kind = sy_span_str(kinds[s->kind]), .signer = s->signer,
		.algorithm = s->algorithm, .status = sy_span_str(state),
		.reason = s->reason.len ? s->reason : sy_span_str(mismatches[s->mismatch]),
	};

	return sy_report_add_signature(vouch->check->report, &row);
}

/* Whom to trust was said, and of one of the paths no signature says anything. */

static bool has_signature(const struct sy_vouch *vouch, size_t root)
{
	for (size_t i = 0; i < vouch->n_signatures; i++) {
		if (vouch->signatures[i].root == root)
			return true;
	}
	return false;
}

static enum sy_status tell_absent(struct sy_vouch *vouch, size_t root)
{
	const struct sy_root *r = &vouch->check->inventory.roots[root];
	size_t artifact = sy_vouch_lookup(vouch, root, sy_span_str(""));
	enum sy_status status;

	if (artifact == SIZE_MAX) {
		status = add_listed(vouch, sy_span_str(r->path), "no signature lies in it",
				    &artifact);
		if (status != SY_OK)
			return status;
	}
	return sy_vouch_tell(vouch, artifact, SY_RULE_SIGNATURE_ABSENT, "%s", r->is_dir ?
			     "neither model.sig nor model.*.sig lies in the directory, and none "
			     "was named" :
			     "neither FILE.sig nor FILE.minisig lies beside the file, and none "
			     "was named");
}

/* What does not exist is told already, and nothing need not be signed. */
static bool is_there(const struct sy_vouch *vouch, size_t root)
{
	size_t entry = sy_vouch_lookup(vouch, root, sy_span_str(""));

	if (entry == SIZE_MAX)
		return vouch->roots[root].end > vouch->roots[root].first;
	return vouch->check->inventory.entries[entry].kind == SY_ENTRY_FILE;
}

static enum sy_status tell_all_absent(struct sy_vouch *vouch)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < vouch->check->inventory.n_roots && status == SY_OK; i++) {
		if (vouch->trust.is_configured && is_there(vouch, i) && !has_signature(vouch, i))
			status = tell_absent(vouch, i);
	}
	return status;
}

static enum sy_status judge_signature(struct sy_vouch *vouch, size_t i)
{
	struct sy_vouch_signature *s = &vouch->signatures[i];
	enum sy_status status = SY_OK;

	if (s->state == SY_VOUCH_PENDING)
		status = sy_vouch_check_file(vouch, i);
	if (status == SY_OK && s->state != SY_VOUCH_REFUSED && sy_vouch_manifest(s))
		status = sy_vouch_compare(vouch, i);
	return status;
}

/* More than are looked at: nobody knows what the others say. */
static enum sy_status tell_beyond(struct sy_vouch *vouch)
{
	const char *path;

	if (vouch->n_beyond == 0)
		return SY_OK;
	if (vouch->trust.is_configured)
		return sy_vouch_tell(vouch, vouch->first_beyond, SY_RULE_SIGNATURE_UNCHECKED,
				     "this and %zu more are not looked at: %u signatures are the "
				     "limit of one run", vouch->n_beyond - 1,
				     SY_VOUCH_SIGNATURES_MAX);
	path = vouch->check->inventory.entries[vouch->first_beyond].path;
	return sy_report_add_notice(vouch->check->report, "signature-unchecked",
				    sy_span_str(path), "this and %zu more are not looked at: %u "
				    "signatures are the limit of one run", vouch->n_beyond - 1,
				    SY_VOUCH_SIGNATURES_MAX);
}

enum sy_status sy_vouch_judge(struct sy_vouch *vouch)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < vouch->n_signatures && status == SY_OK; i++)
		status = judge_signature(vouch, i);
	if (status == SY_OK)
		status = sy_vouch_age(vouch);
	for (size_t i = 0; i < vouch->n_signatures && status == SY_OK; i++) {
		status = tell_state(vouch, &vouch->signatures[i]);
		if (status == SY_OK)
			status = note_reading(vouch, &vouch->signatures[i]);
		if (status == SY_OK)
			status = add_row(vouch, &vouch->signatures[i]);
	}
	if (status == SY_OK)
		status = tell_all_absent(vouch);
	if (status == SY_OK)
		status = tell_beyond(vouch);
	return status == SY_OK ? sy_vouch_answer(vouch) : status;
}

enum sy_status sy_vouch_list(struct sy_vouch *vouch)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < vouch->n_signatures && status == SY_OK; i++) {
		if (vouch->signatures[i].state == SY_VOUCH_PENDING)
			status = sy_vouch_check_file(vouch, i);
		if (status == SY_OK)
			status = add_row(vouch, &vouch->signatures[i]);
	}
	return status;
}
