/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do with a file: reads two bounded windows of it, on which every format
 * bids, and carries out what formats/choose decides from them and the name.
 * Parses nothing, and never lets a file pass as looked at that was not.
 */
#include "verifier/engine/check.h"

#include "formats/choose.h"

enum sy_status sy_check_find(struct sy_check *check, size_t artifact,
			     enum sy_rule rule, const char *fmt, ...)
{
	struct sy_record_fact fact = { .rule = rule, .off = SY_OFFSET_NONE };
	struct sy_text detail;
	va_list args;

	sy_text_init(&detail);
	va_start(args, fmt);
	sy_text_vaddf(&detail, fmt, args);
	va_end(args);
	fact.detail = sy_text_span(&detail);
	return sy_report_add_finding(check->report, artifact, &fact);
}

enum sy_status sy_check_failed(struct sy_check *check, size_t artifact,
			       enum sy_status why, const char *text)
{
	switch (why) {
	case SY_CANCELLED:
		return SY_OK;	/* the report is incomplete as a whole */
	case SY_LIMIT:
	case SY_NO_MEMORY:
		return sy_check_find(check, artifact, SY_RULE_WORKER_LIMIT_REACHED,
				     "%s", text);
	case SY_CHANGED:
		return sy_check_find(check, artifact, SY_RULE_FILE_CHANGED_WHILE_READ,
				     "%s", text);
	case SY_IO:
	case SY_NOT_FOUND:
	case SY_UNSUPPORTED:
		return sy_check_find(check, artifact, SY_RULE_FILE_UNREADABLE,
				     "%s", text);
	case SY_OK:
	case SY_FORMAT:
	case SY_WORKER:
	case SY_USAGE:
	case SY_N_STATUS:
		break;
	}
	return sy_check_find(check, artifact, SY_RULE_WORKER_PROCESS_DIED, "%s", text);
}

static enum sy_status read_windows(struct sy_source *source, struct sy_arena *arena,
				   struct sy_probe *probe)
{
	uint64_t tail = source->size > SY_PROBE_TAIL ? source->size - SY_PROBE_TAIL : 0;
	enum sy_status status = sy_source_view(source, 0, SY_PROBE_HEAD, arena,
					       &probe->head);

	if (status != SY_OK)
		return status;
	probe->size = source->size;
	return sy_source_view(source, tail, SY_PROBE_TAIL, arena, &probe->tail);
}

static enum sy_status look(struct sy_check *check, size_t entry,
			   struct sy_source *source, struct sy_candidate *candidate)
{
	struct sy_probe probe = {
		.base = candidate->base,
		.path = sy_span_str(check->inventory.entries[entry].rel),
	};
	struct sy_arena arena;
	enum sy_status status;

	sy_arena_init(&arena, check->ctx);
	status = read_windows(source, &arena, &probe);
	if (status == SY_OK)
		sy_candidate_look(candidate, &probe);
	sy_arena_free(&arena);
	return status;
}

static void scope(struct sy_artifact *artifact, enum sy_scope to, const char *note)
{
	artifact->scope = to;
	artifact->note = sy_span_str(note);
}

/* What was chosen, as the artifact's scope and findings. */
static enum sy_status carry_out(struct sy_check *check, size_t entry,
				const struct sy_choice *choice)
{
	struct sy_artifact *artifact = &check->report->artifacts[entry];
	enum sy_status status = SY_OK;

	switch (choice->kind) {
	case SY_CHOICE_INSPECT:
		break;
	case SY_CHOICE_EXAMINED:
		sy_artifact_examined(artifact);
		break;
	case SY_CHOICE_LISTED:
		scope(artifact, SY_SCOPE_LISTED, choice->note);
		break;
	case SY_CHOICE_UNEXAMINED:
		scope(artifact, SY_SCOPE_NOT_EXAMINED, NULL);
		break;
	}
	for (size_t i = 0; i < choice->n_facts && status == SY_OK; i++)
		status = sy_check_find(check, entry, choice->facts[i].rule, "%s",
				       choice->facts[i].detail.data);
	return status;
}

static enum sy_status decide(struct sy_check *check, size_t entry,
			     const struct sy_candidate *candidate,
			     const struct sy_format **format)
{
	struct sy_artifact *artifact = &check->report->artifacts[entry];
	struct sy_choice choice;

	artifact->format = sy_span_str(candidate->content ? candidate->content->name
							  : "unknown");
	if (!sy_loader_reads(check->options->loader, candidate->content,
			     candidate->claimed, candidate->base)) {
		scope(artifact, SY_SCOPE_OTHER_LOADER,
		      "outside the scope of the chosen loader");
		return SY_OK;
	}
	sy_choose(candidate, &choice);
	if (choice.kind == SY_CHOICE_INSPECT)
		*format = choice.format;
	return carry_out(check, entry, &choice);
}

enum sy_status sy_classify(struct sy_check *check, size_t entry,
			   struct sy_source *source,
			   const struct sy_format **format)
{
	const struct sy_entry *e = &check->inventory.entries[entry];
	struct sy_artifact *artifact = &check->report->artifacts[entry];
	struct sy_candidate candidate = {
		.base = sy_span_str(e->base), .is_named = e->is_named,
		.size = artifact->size,
	};
	enum sy_status status = look(check, entry, source, &candidate);

	*format = NULL;
	if (status == SY_OK)
		status = decide(check, entry, &candidate, format);
	if (status != SY_OK)
		*format = NULL;
	if (*format)
		artifact->format = sy_span_str((*format)->name);
	else
		sy_source_close(source);
	return status;
}
