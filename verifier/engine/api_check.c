/* SPDX-License-Identifier: Apache-2.0 */
/* steelyard.h: running a check, and reading its report. */
#include <string.h>

#include "verifier/engine/check.h"
#include "verifier/engine/session.h"
#include "verifier/report/writer.h"

struct steelyard_report {
	struct sy_context *ctx;
	struct sy_report *report;
};

static const unsigned asked[] = {
	[STEELYARD_ASK_CHECK] = 1u << SY_AUTHENTIC | 1u << SY_INTACT |
				1u << SY_WELL_FORMED | 1u << SY_INERT,
	[STEELYARD_ASK_SCAN] = 1u << SY_WELL_FORMED | 1u << SY_INERT,
	[STEELYARD_ASK_INSPECT] = 1u << SY_WELL_FORMED | 1u << SY_INERT,
	[STEELYARD_ASK_TRACE] = 1u << SY_WELL_FORMED | 1u << SY_INERT,
	[STEELYARD_ASK_VERIFY] = 1u << SY_AUTHENTIC | 1u << SY_INTACT,
};

static const char *const commands[] = {
	[STEELYARD_ASK_CHECK] = "check",
	[STEELYARD_ASK_SCAN] = "scan",
	[STEELYARD_ASK_INSPECT] = "inspect",
	[STEELYARD_ASK_TRACE] = "trace",
	[STEELYARD_ASK_VERIFY] = "verify",
};

static bool find_severity(struct steelyard_session *session, const char *name,
			  enum sy_severity *severity)
{
	if (!name)
		name = "high";
	*severity = SY_N_SEVERITIES;
	if (!strcmp(name, "none") || sy_severity_find(sy_span_str(name), severity))
		return true;
	sy_fail(&session->ctx, SY_USAGE, "there is no severity '%s' (none, info, "
		"low, medium, high, critical)", name);
	return false;
}

static bool find_time_rule(struct steelyard_session *session,
			   const struct steelyard_check_options *from, enum sy_chain_time *rule)
{
	const char *name = from->certificate_time ? from->certificate_time :
			   sy_chain_time_name(SY_CHAIN_LEAF_NOT_BEFORE);

	*rule = SY_CHAIN_LEAF_NOT_BEFORE;
	while (strcmp(name, sy_chain_time_name(*rule)) != 0) {
		if (*rule == SY_CHAIN_GIVEN) {
			sy_fail(&session->ctx, SY_USAGE, "certificates are checked as of "
				"'leaf-notbefore', 'now' or 'timestamp', not '%s'", name);
			return false;
		}
		(*rule)++;
	}
	return true;
}

static unsigned wants_of(const struct steelyard_check_options *from)
{
	bool is_inspect = from->ask == STEELYARD_ASK_INSPECT;
	bool has_digests = from->tensor_digests &&
			   (is_inspect || from->ask == STEELYARD_ASK_CHECK);
	unsigned wants = SY_WANT_FLOWS;

	if (is_inspect || from->show_tensors || from->tensor_stats || has_digests)
		wants |= SY_WANT_TENSORS;
	if (has_digests)
		wants |= SY_WANT_DIGESTS;
	if (is_inspect)
		wants |= SY_WANT_META | SY_WANT_MEMBERS;
	if (from->ask == STEELYARD_ASK_TRACE)
		wants |= SY_WANT_STEPS | (from->show_opcodes ? SY_WANT_OPCODES : 0u);
	return wants;
}

static bool translate(struct steelyard_session *session,
		      const struct steelyard_check_options *from,
		      struct sy_check_options *to)
{
	unsigned ask = (unsigned)from->ask;

	if (ask >= SY_N_ELEMS(asked)) {
		sy_fail(&session->ctx, SY_USAGE, "there is no question %u", ask);
		return false;
	}
	*to = (struct sy_check_options){
		.command = commands[ask], .asked = asked[ask],
		.wants = wants_of(from),
		.has_stats = from->tensor_stats,
		.is_weighing_all = from->ask == STEELYARD_ASK_CHECK,
		.paths = from->paths, .n_paths = from->n_paths,
		.exclude = from->exclude, .n_exclude = from->n_exclude,
		.loader = sy_loader_find(from->loader ? from->loader : "any"),
		.baseline = from->baseline, .worker = from->worker,
		.jobs = from->jobs, .allow_empty = from->allow_empty,
		.follow_links = from->follow_links,
		.progress = from->progress, .progress_user = from->progress_user,
		.allow_global = from->allow_global, .n_allow_global = from->n_allow_global,
		.vouch = {
			.signatures = from->signatures, .n_signatures = from->n_signatures,
			.keys = from->keys, .n_keys = from->n_keys,
			.chains = from->certificate_chains,
			.n_chains = from->n_certificate_chains,
			.timestamp_chains = from->timestamp_chains,
			.n_timestamp_chains = from->n_timestamp_chains,
			.ignore = from->ignore_paths, .n_ignore = from->n_ignore_paths,
			.ignores_unsigned = from->ignore_unsigned,
		},
	};
	if (from->sandbox && !sy_sandbox_find(from->sandbox, &to->sandbox)) {
		sy_fail(&session->ctx, SY_USAGE,
			"there is no sandbox '%s' (auto, require, off)", from->sandbox);
		return false;
	}
	if (!to->loader) {
		sy_fail(&session->ctx, SY_USAGE, "there is no loader '%s'",
			from->loader);
		return false;
	}
	return find_time_rule(session, from, &to->vouch.time_rule) &&
	       find_severity(session, from->fail_on, &to->fail_on);
}

/* An option that would take something out of what a policy asks. */
static enum sy_status refuse_loose(struct sy_context *ctx, const char *option)
{
	return sy_fail(ctx, SY_USAGE, "%s would loosen the policy; let its keeper write it into "
		       "the policy", option);
}

static enum sy_status refuse_loosening(struct sy_context *ctx,
				       const struct steelyard_check_options *from,
				       const struct sy_check_options *to,
				       const struct sy_policy *policy)
{
	const struct {
		bool is_given;
		const char *option;
	} loose[] = {
		{ from->n_exclude > 0, "--exclude" },
		{ from->n_allow_global > 0, "--allow-global" },
		{ from->baseline != NULL, "--baseline" },
		{ from->allow_empty && !policy->allow_empty, "--allow-empty" },
		{ from->fail_on && to->fail_on > policy->fail_on, "--fail-on" },
		{ from->n_keys + from->n_certificate_chains > 0 && policy->signers.n > 0,
		  "--key" },
		{ from->n_timestamp_chains > 0, "--timestamp-chain" },
		{ from->n_ignore_paths > 0 || from->ignore_unsigned, "--ignore-path" },
		{ from->loader && to->loader != policy->loader && to->loader != sy_loaders[0],
		  "--loader" },
	};

	for (size_t i = 0; i < SY_N_ELEMS(loose); i++) {
		if (loose[i].is_given)
			return refuse_loose(ctx, loose[i].option);
	}
	return SY_OK;
}

/* What the policy says, where the options do not say something stricter. */
static void merge_policy(const struct steelyard_check_options *from,
			 const struct sy_policy *policy, struct sy_check_options *to)
{
	to->policy = policy;
	to->allow_empty = policy->allow_empty;
	if (!from->fail_on)
		to->fail_on = policy->fail_on;
	if (!from->loader)
		to->loader = policy->loader;
}

static bool take_policy(struct steelyard_session *session,
			const struct steelyard_check_options *from,
			struct sy_check_options *to, struct sy_policy **policy)
{
	struct sy_context *ctx = &session->ctx;
	enum sy_status status;

	if (!from->policy)
		return true;
	if (from->ask != STEELYARD_ASK_CHECK && from->ask != STEELYARD_ASK_SCAN &&
	    from->ask != STEELYARD_ASK_VERIFY)
		status = sy_fail(ctx, SY_USAGE, "%s takes no policy", to->command);
	else
		status = sy_policy_read(ctx, from->policy, policy);
	if (status == SY_OK)
		status = sy_policy_is_in_force(ctx, *policy);
	if (status == SY_OK)
		status = refuse_loosening(ctx, from, to, *policy);
	if (status != SY_OK)
		return false;
	merge_policy(from, *policy, to);
	return true;
}

int steelyard_check(struct steelyard_session *session,
		    const struct steelyard_check_options *options,
		    struct steelyard_report **out)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;

	struct steelyard_check_options known;
	struct sy_check_options translated;
	struct steelyard_report *handle;
	enum sy_status status;

	*out = NULL;
	sy_session_begin(session);
	if (!sy_take_options(session, &known, sizeof(known), options,
			     options->size) ||
	    !translate(session, &known, &translated) ||
	    !take_policy(session, &known, &translated, &policy))
		return -1;
	handle = sy_alloc(&session->ctx, sizeof(*handle));
	if (!handle)
		return -1;
	handle->ctx = &session->ctx;
	status = sy_check(&session->ctx, &translated, &handle->report);
	if (status != SY_OK) {
		sy_release(&session->ctx, handle);
		return -1;
	}
	*out = handle;
	return 0;
}

void steelyard_report_free(struct steelyard_report **report)
{
	if (!*report)
		return;
	sy_report_free(&(*report)->report);
	sy_release((*report)->ctx, *report);
	*report = NULL;
}

int steelyard_report_exit_code(const struct steelyard_report *report)
{
	return report->report->exit_code;
}

const char *steelyard_report_verdict(const struct steelyard_report *report)
{
	return sy_verdict_name(report->report->verdict);
}

/* Spans of a report are arena copies, and those end in a NUL. */
static const char *text_of(struct sy_span span)
{
	return span.data ? (const char *)span.data : "";
}

bool steelyard_report_artifact(const struct steelyard_report *report, size_t i,
			       struct steelyard_artifact *artifact)
{
	const struct sy_artifact *from;

	if (i >= report->report->n_artifacts)
		return false;
	from = &report->report->artifacts[i];
	*artifact = (struct steelyard_artifact){
		.path = text_of(from->path), .format = text_of(from->format),
		.summary = text_of(from->summary),
		.scope = sy_scope_name(from->scope),
		.verdict = sy_verdict_name(from->verdict),
		.size = from->size, .n_tensors = from->n_tensors,
		.n_findings = from->n_findings, .n_members = from->n_members,
	};
	return true;
}

static const struct sy_member_row *member_row(const struct steelyard_report *report,
					      size_t at, size_t i)
{
	if (at >= report->report->n_artifacts ||
	    i >= report->report->artifacts[at].n_kept_members)
		return NULL;
	return &report->report->artifacts[at].members[i];
}

bool steelyard_report_member(const struct steelyard_report *report, size_t at,
			     size_t i, struct steelyard_member *member)
{
	const struct sy_member_row *from = member_row(report, at, i);

	if (!from)
		return false;
	*member = (struct steelyard_member){
		.name = text_of(from->name), .name_len = from->name.len,
		.format = text_of(from->format), .format_len = from->format.len,
		.codec = text_of(from->codec), .codec_len = from->codec.len,
		.offset = from->off, .length = from->len, .size = from->size,
		.file_offset = from->file_off, .n_containers = from->n_members,
	};
	return true;
}

const char *steelyard_report_member_container(const struct steelyard_report *report,
					      size_t at, size_t i, size_t k, size_t *len)
{
	const struct sy_member_row *row = member_row(report, at, i);

	*len = 0;
	if (!row || k >= row->n_members)
		return "";
	*len = row->members[k].len;
	return text_of(row->members[k]);
}

bool steelyard_report_tensor(const struct steelyard_report *report, size_t at,
			     size_t i, struct steelyard_tensor *tensor)
{
	const struct sy_tensor *from;

	if (at >= report->report->n_artifacts ||
	    i >= report->report->artifacts[at].n_kept_tensors)
		return false;
	from = &report->report->artifacts[at].tensors[i];
	*tensor = (struct steelyard_tensor){
		.name = text_of(from->name), .name_len = from->name.len,
		.dtype = text_of(from->dtype), .dtype_len = from->dtype.len,
		.shape = from->shape, .rank = from->rank,
		.offset = from->is_absent ? STEELYARD_NO_NUMBER : from->off,
		.length = from->len,
	};
	if (from->digests) {
		tensor->raw_digest = from->digests->has_raw ? from->digests->raw : NULL;
		tensor->data_digest = from->digests->data;
		tensor->tensor_digest = from->digests->tensor;
		tensor->is_derived = from->digests->is_derived;
	}
	return true;
}

bool steelyard_report_model(const struct steelyard_report *report,
			    struct steelyard_model *model)
{
	const struct sy_model *from = &report->report->model;

	*model = (struct steelyard_model){ .n_tensors = from->n_tensors,
					   .why = text_of(from->why) };
	if (from->is_whole) {
		model->model_digest = from->digest;
		model->nameless_digest = from->nameless;
	}
	return from->is_asked;
}

bool steelyard_report_meta(const struct steelyard_report *report, size_t at,
			   size_t i, struct steelyard_meta *meta)
{
	const struct sy_meta *from;

	if (at >= report->report->n_artifacts ||
	    i >= report->report->artifacts[at].n_metas)
		return false;
	from = &report->report->artifacts[at].metas[i];
	*meta = (struct steelyard_meta){
		.key = text_of(from->key), .key_len = from->key.len,
		.type = text_of(from->type), .type_len = from->type.len,
		.value = text_of(from->value), .value_len = from->value.len,
	};
	return true;
}

bool steelyard_report_step(const struct steelyard_report *report, size_t at,
			   size_t i, struct steelyard_step *step)
{
	const struct sy_step *from;

	if (at >= report->report->n_artifacts || i >= report->report->artifacts[at].n_steps)
		return false;
	from = &report->report->artifacts[at].steps[i];
	*step = (struct steelyard_step){
		.kind = sy_step_kind_name(from->kind),
		.level = sy_step_class_name(from),
		.opcode = text_of(from->opcode),
		.text = text_of(from->text), .text_len = from->text.len,
		.symbol = text_of(from->symbol), .symbol_len = from->symbol.len,
		.offset = from->off, .length = from->len, .inner_offset = from->inner,
		.value = from->value, .depth = from->depth, .n_members = from->n_members,
	};
	return true;
}

const char *steelyard_report_step_member(const struct steelyard_report *report,
					 size_t at, size_t i, size_t k, size_t *len)
{
	const struct sy_step *step;

	*len = 0;
	if (at >= report->report->n_artifacts || i >= report->report->artifacts[at].n_steps)
		return "";
	step = &report->report->artifacts[at].steps[i];
	if (k >= step->n_members)
		return "";
	*len = step->members[k].len;
	return text_of(step->members[k]);
}

int steelyard_report_write(const struct steelyard_report *report,
			   const char *format,
			   const struct steelyard_write_options *options,
			   steelyard_write_fn *write, void *user)
{
	const struct sy_writer *writer = sy_writer_find(sy_span_str(format));
	const struct sy_writer_options translated = {
		.is_colored = options && options->color,
		.is_quiet = options && options->quiet,
		.columns = options ? options->columns : 0,
	};
	struct sy_adapter adapter = { write, user };
	struct sy_out out;

	if (!writer)
		return -1;
	sy_out_init(&out, sy_adapter_put, &adapter);
	if (writer->write(report->report, &translated, &out) != SY_OK ||
	    sy_out_flush(&out) != SY_OK)
		return -1;
	return 0;
}
