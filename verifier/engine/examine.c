/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a check, one by one: which are left out, which are read by a worker, and
 * what those are that nobody can read.  None is passed over without a word.
 */
#include "verifier/engine/check.h"

#include <errno.h>
#include <string.h>

#include "verifier/engine/collect.h"
#include "verifier/engine/relate.h"
#include "verifier/engine/worker.h"

/* The stage that hands files to workers. */
struct inspection {
	struct sy_check *check;
	size_t next;			/* entry */
	enum sy_status status;		/* why it stopped early */
};

/* What an entry that is no readable file means. */
static enum sy_status special_entry(struct sy_check *check, size_t entry)
{
	const struct sy_entry *e = &check->inventory.entries[entry];
	const char *target = e->link_target ? e->link_target : "";
	struct sy_text text;

	sy_text_init(&text);
	switch (e->kind) {
	case SY_ENTRY_FILE:
		return SY_OK;
	case SY_ENTRY_LINK_OUT:
		sy_text_name(&text, sy_span_str(target));
		return sy_check_find(check, entry, SY_RULE_FILE_LINK_OUTSIDE,
				     "the link leads to %s", text.data);
	case SY_ENTRY_LINK_DANGLING:
		sy_text_name(&text, sy_span_str(target));
		return sy_check_find(check, entry, SY_RULE_FILE_LINK_DANGLING,
				     "the link leads to %s, which is not there",
				     text.data);
	case SY_ENTRY_LINK_LOOP:
		return sy_check_find(check, entry, SY_RULE_FILE_LINK_OUTSIDE,
				     "the link leads in a circle");
	case SY_ENTRY_SPECIAL:
		return sy_check_find(check, entry, SY_RULE_FILE_SPECIAL_FOUND,
				     "a FIFO, socket or device; it was not opened");
	case SY_ENTRY_UNREADABLE:
		break;
	}
	if (e->is_named && e->sys_errno == ENOENT)
		return sy_check_find(check, entry, SY_RULE_FILE_UNREADABLE,
				     "it does not exist");
	if (e->sys_errno == 0)
		return sy_check_find(check, entry, SY_RULE_WORKER_LIMIT_REACHED,
				     "a directory below %llu others (limit dir-depth)",
				     (unsigned long long)check->ctx->limits.dir_depth);
	return sy_check_find(check, entry, SY_RULE_FILE_UNREADABLE, "%s",
			     sy_errno_text(e->sys_errno));
}

static bool is_matching(const struct sy_entry *entry, const char *glob)
{
	return sy_glob_match(glob, sy_span_str(entry->rel)) ||
	       sy_glob_match(glob, sy_span_str(entry->base));
}

/* Who leaves the entry out; NULL: nobody. */
static const char *why_excluded(const struct sy_check *check, size_t entry)
{
	const struct sy_entry *e = &check->inventory.entries[entry];
	const struct sy_policy *policy = check->options->policy;

	for (size_t i = 0; i < check->options->n_exclude; i++) {
		if (is_matching(e, check->options->exclude[i]))
			return "excluded on the command line";
	}
	for (size_t i = 0; policy && i < policy->exclude.n; i++) {
		if (is_matching(e, (const char *)policy->exclude.items[i].data))
			return "excluded by the policy";
	}
	return NULL;
}

static void list_only(struct sy_artifact *artifact, enum sy_scope scope,
		      const char *note)
{
	artifact->scope = scope;
	artifact->note = sy_span_str(note);
}

/* True when the entry's place already says what to do with it. */
static bool place_decides(struct sy_check *check, size_t entry,
			  enum sy_status *status)
{
	const struct sy_entry *e = &check->inventory.entries[entry];
	struct sy_artifact *artifact = &check->report->artifacts[entry];
	const char *excluded = why_excluded(check, entry);

	artifact->is_beside = sy_vouch_is_signature_place(check->vouch, entry) ||
			      e->place == SY_PLACE_CACHE_INTERNAL || e->place == SY_PLACE_GIT ||
			      e->place == SY_PLACE_LOCAL_METADATA;
	if (excluded) {
		list_only(artifact, SY_SCOPE_EXCLUDED, excluded);
		return true;
	}
	if (sy_vouch_is_signature(check->vouch, entry)) {
		list_only(artifact, SY_SCOPE_LISTED, "a signature");
		return true;
	}
	switch (e->place) {
	case SY_PLACE_CACHE_INTERNAL:
		list_only(artifact, SY_SCOPE_LISTED, "a Hugging Face cache's own");
		return true;
	case SY_PLACE_GIT:
		list_only(artifact, SY_SCOPE_LISTED, "a git repository's own");
		return true;
	case SY_PLACE_INCOMPLETE:
		*status = sy_check_find(check, entry,
					SY_RULE_FILE_INCOMPLETE_DOWNLOAD,
					"%llu bytes so far",
					(unsigned long long)e->identity.size);
		return true;
	case SY_PLACE_LOCAL_METADATA:	/* small, and looked at like any text */
	case SY_PLACE_PLAIN:
	case SY_PLACE_CACHE_SNAPSHOT:
		break;
	}
	if (e->kind == SY_ENTRY_FILE)
		return false;
	*status = special_entry(check, entry);
	return true;
}

static enum sy_status note_twins(struct sy_check *check, size_t entry)
{
	const struct sy_entry *e = &check->inventory.entries[entry];
	struct sy_text text;

	if (e->twin == SIZE_MAX || e->place == SY_PLACE_GIT)
		return SY_OK;
	sy_text_init(&text);
	sy_text_name(&text, sy_span_str(check->inventory.entries[e->twin].base));
	return sy_check_find(check, entry, SY_RULE_FILE_TWIN_NAME,
			     "the name differs from %s only in case or "
			     "Unicode form", text.data);
}

/* Decides about one entry; *format is what to run on *source, or NULL. */
static enum sy_status begin(struct sy_check *check, size_t entry,
			    struct sy_source *source,
			    const struct sy_format **format)
{
	enum sy_status status = SY_OK;

	*format = NULL;
	if (place_decides(check, entry, &status))
		return status;
	status = note_twins(check, entry);
	if (status != SY_OK)
		return status;
	status = sy_entry_open(&check->inventory, entry, check->ctx, source);
	if (status == SY_OK)
		status = sy_classify(check, entry, source, format);
	if (status == SY_OK || status == SY_CANCELLED)
		return status;
	status = sy_check_failed(check, entry, status, check->ctx->error.text);
	sy_error_clear(check->ctx);
	return status;
}

static bool fill_job(struct sy_check *check, size_t entry,
		     const struct sy_format *format, struct sy_worker_job *out)
{
	const struct sy_entry *e = &check->inventory.entries[entry];
	struct sy_collect *job = sy_alloc(check->ctx, sizeof(*job));

	if (!job) {
		sy_source_close(&out->source);
		return false;
	}
	job->sink.emit = sy_collect_record;
	job->check = check;
	job->entry = entry;
	job->is_related = sy_relate_wants_tensors(check->relate, entry);
	out->id = entry;
	out->format = format;
	out->base = sy_span_str(e->base);
	out->path = sy_span_str(e->rel);
	out->wants = check->options->wants | SY_WANT_REFS |
		     (check->options->has_stats ? SY_WANT_DIGESTS : 0u) |
		     (job->is_related ? SY_WANT_TENSORS : 0u);
	out->sink = &job->sink;
	return true;
}

static bool next_job(void *user, struct sy_worker_job *out)
{
	struct inspection *stage = user;
	struct sy_check *check = stage->check;

	while (stage->status == SY_OK && stage->next < check->inventory.n_entries) {
		const struct sy_format *format;
		size_t entry = stage->next++;

		if (sy_cancelled(check->ctx)) {
			stage->status = SY_CANCELLED;
			break;
		}
		stage->status = begin(check, entry, &out->source, &format);
		if (stage->status != SY_OK || !format)
			continue;
		if (fill_job(check, entry, format, out))
			return true;
		stage->status = sy_memory_status(check->ctx);
	}
	return false;
}

static void job_done(void *user, struct sy_worker_job *out)
{
	struct inspection *stage = user;
	struct sy_check *check = stage->check;
	struct sy_collect *job = (struct sy_collect *)out->sink;
	enum sy_status status = SY_OK;

	if (out->status != SY_OK)
		status = sy_check_failed(check, out->id, out->status, out->text);
	else if (job->has_artifact && job->is_unexamined)
		check->report->artifacts[out->id].scope = SY_SCOPE_NOT_EXAMINED;
	else if (job->has_artifact)
		sy_artifact_examined(&check->report->artifacts[out->id]);
	else
		status = sy_check_failed(check, out->id, SY_WORKER,
					 "the worker ended without saying what the file is");
	if (status == SY_OK)
		status = sy_collect_end(job);
	if (stage->status == SY_OK)
		stage->status = status;
	if (status == SY_OK && out->status != SY_CANCELLED)
		sy_error_clear(check->ctx);	/* it is a finding now */
	sy_release(check->ctx, job);
}

enum sy_status sy_check_examine(struct sy_check *check, struct sy_workers *workers)
{
	struct inspection stage = { .check = check };
	const struct sy_worker_calls calls = {
		.next = next_job, .done = job_done, .user = &stage,
	};
	enum sy_status status = sy_workers_run(workers, &calls);

	return stage.status != SY_OK ? stage.status : status;
}

static enum sy_status list_one(struct sy_check *check, size_t i)
{
	const struct sy_entry *e = &check->inventory.entries[i];
	struct sy_artifact *artifact = &check->report->artifacts[i];
	const char *excluded = why_excluded(check, i);

	artifact->format = sy_span_str("unknown");
	/* A folder that could not be read may hold anything. */
	if (e->kind == SY_ENTRY_UNREADABLE || (e->is_named && e->kind != SY_ENTRY_FILE))
		return special_entry(check, i);
	if (excluded)
		list_only(artifact, SY_SCOPE_EXCLUDED, excluded);
	else if (sy_vouch_is_signature(check->vouch, i))
		list_only(artifact, SY_SCOPE_LISTED, "a signature");
	else if (sy_vouch_is_listed(check->vouch, i))
		sy_artifact_examined(artifact);
	else
		list_only(artifact, SY_SCOPE_LISTED, "not in a signed list");
	return SY_OK;
}

enum sy_status sy_check_list_signed(struct sy_check *check)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < check->inventory.n_entries && status == SY_OK; i++)
		status = list_one(check, i);
	return status;
}
