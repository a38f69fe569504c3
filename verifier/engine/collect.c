/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's records become findings, tensors, notices; none may fill the report. */
#include "verifier/engine/collect.h"

#include "verifier/engine/relate.h"

static enum sy_status take_artifact(struct sy_collect *job,
				    const struct sy_record_artifact *record)
{
	struct sy_report *report = job->check->report;
	struct sy_artifact *artifact = &report->artifacts[job->entry];
	enum sy_status status;

	job->has_artifact = true;
	artifact->n_tensors = record->n_tensors;
	artifact->bytes_parsed = record->bytes_parsed;
	status = sy_arena_copy(&report->arena, record->summary, &artifact->summary);
	if (status != SY_OK || record->format.len == 0)
		return status;
	return sy_arena_copy(&report->arena, record->format, &artifact->format);
}

static enum sy_status take_tensor(struct sy_collect *job,
				  const struct sy_record_tensor *record)
{
	struct sy_check *check = job->check;
	enum sy_status status = SY_OK;

	if (check->options->wants & SY_WANT_TENSORS)
		status = sy_report_add_tensor(check->report, job->entry, record);
	if (status == SY_OK && job->is_related)
		status = sy_relate_tensor(check->relate, job->entry, record);
	return status;
}

/* The file as a whole is of a kind that nobody examines, whatever its members gave. */
static enum sy_status take_fact(struct sy_collect *job, const struct sy_record_fact *record)
{
	if (record->n_members == 0 && (record->rule == SY_RULE_FORMAT_MODEL_UNEXAMINED ||
				       record->rule == SY_RULE_FORMAT_CONTAINER_UNEXAMINED))
		job->is_unexamined = true;
	return sy_report_add_finding(job->check->report, job->entry, record);
}

static enum sy_status take_member(struct sy_collect *job, const struct sy_record_member *record)
{
	if (!(job->check->options->wants & SY_WANT_MEMBERS))
		return SY_OK;
	return sy_report_add_member(job->check->report, job->entry, record);
}

/* As with findings: a worker cannot fill the report, and what is left out is told. */
static enum sy_status take_notice(struct sy_collect *job,
				  const struct sy_record_notice *record)
{
	struct sy_check *check = job->check;
	const struct sy_limits *limits = &check->ctx->limits;
	struct sy_span detail = sy_span_slice(record->detail, 0, limits->detail_bytes);
	struct sy_span kind;
	enum sy_status status;

	if (++job->n_notices > limits->findings_per_rule)
		return SY_OK;
	status = sy_arena_copy(&check->report->arena, record->kind, &kind);
	if (status != SY_OK)
		return status;
	return sy_report_add_notice(check->report, (const char *)kind.data,
				    sy_span_str(check->inventory
						.entries[job->entry].path),
				    "%.*s", (int)detail.len, (const char *)detail.data);
}

/* Steps that findings rest on explain them; a few thousand explain no better. */
static bool keeps_step(struct sy_collect *job)
{
	unsigned wants = job->check->options->wants;

	if (wants & SY_WANT_STEPS)
		return true;
	return wants & SY_WANT_FLOWS && job->n_steps++ < SY_FLOW_STEPS_MAX;
}

enum sy_status sy_collect_record(struct sy_sink *sink,
				  const struct sy_record *record)
{
	struct sy_collect *job = (struct sy_collect *)sink;
	struct sy_check *check = job->check;

	switch (record->kind) {
	case SY_RECORD_ARTIFACT:
		return take_artifact(job, &record->u.artifact);
	case SY_RECORD_TENSOR:
		return take_tensor(job, &record->u.tensor);
	case SY_RECORD_META:
		if (!(check->options->wants & SY_WANT_META))
			break;	/* not asked for: a worker may not fill memory */
		return sy_report_add_meta(check->report, job->entry, &record->u.meta);
	case SY_RECORD_REF:
		return sy_relate_ref(check->relate, job->entry, &record->u.ref);
	case SY_RECORD_FACT:
		return take_fact(job, &record->u.fact);
	case SY_RECORD_STEP:
		if (!keeps_step(job))
			break;
		return sy_report_add_step(check->report, job->entry, &record->u.step);
	case SY_RECORD_MORE:
		return sy_report_add_more(check->report, job->entry,
					  record->u.more.rule, record->u.more.n);
	case SY_RECORD_NOTICE:
		return take_notice(job, &record->u.notice);
	case SY_RECORD_MEMBER:
		return take_member(job, &record->u.member);
	case SY_RECORD_EXTENT:
	case SY_RECORD_DONE:
		break;
	}
	return SY_OK;
}

enum sy_status sy_collect_end(struct sy_collect *job)
{
	struct sy_check *check = job->check;
	uint64_t kept = check->ctx->limits.findings_per_rule;

	if (job->n_notices <= kept)
		return SY_OK;
	return sy_report_add_notice(check->report, "notices-left-out",
				    sy_span_str(check->inventory.entries[job->entry].path),
				    "and %llu more notices (limit findings-per-rule)",
				    (unsigned long long)(job->n_notices - kept));
}
