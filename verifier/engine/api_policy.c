/* SPDX-License-Identifier: Apache-2.0 */
/* steelyard.h: policies shown, begun and tried. */
#include <fcntl.h>

#include "verifier/base/text.h"
#include "verifier/engine/policy.h"
#include "verifier/engine/session.h"
#include "verifier/engine/small_file.h"

static const struct sy_policy_preset *preset_at(size_t i)
{
	for (size_t at = 0; sy_policy_presets[at].name; at++) {
		if (at == i)
			return &sy_policy_presets[at];
	}
	return NULL;
}

const char *steelyard_policy_preset(size_t i, const char **what)
{
	const struct sy_policy_preset *preset = preset_at(i);

	if (!preset)
		return NULL;
	*what = preset->what;
	return preset->name;
}

static const struct sy_policy_preset *find_preset(const char *name)
{
	for (size_t i = 0; preset_at(i); i++) {
		if (!strcmp(preset_at(i)->name, name))
			return preset_at(i);
	}
	return NULL;
}

int steelyard_policy_preset_write(struct steelyard_session *session, const char *name,
				  steelyard_write_fn *write, void *user)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;
	struct sy_adapter adapter = { write, user };
	const struct sy_policy_preset *preset = find_preset(name);
	struct sy_out out;

	sy_session_begin(session);
	if (!preset) {
		sy_fail(&session->ctx, SY_NOT_FOUND, "there is no preset '%s'", name);
		return -1;
	}
	sy_out_init(&out, sy_adapter_put, &adapter);
	if (sy_policy_parse(&session->ctx, sy_span_str(preset->document), name,
			    &policy) != SY_OK ||
	    sy_policy_write(policy, &out) != SY_OK)
		return -1;
	return 0;
}

int steelyard_policy_show(struct steelyard_session *session, const char *path,
			  steelyard_write_fn *write, void *user)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;
	struct sy_adapter adapter = { write, user };
	struct sy_out out;

	sy_session_begin(session);
	sy_out_init(&out, sy_adapter_put, &adapter);
	if (sy_policy_read(&session->ctx, path, &policy) != SY_OK ||
	    sy_policy_write(policy, &out) != SY_OK)
		return -1;
	return 0;
}

/* Trying a policy on a report. */

/* What is known of the run is what its report tells. */
static struct sy_policy_run run_of(const struct sy_report *report)
{
	struct sy_policy_run run = { 0 };

	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_artifact *a = &report->artifacts[i];

		run.has_digests |= a->digests[SY_SHA256] != NULL;
		run.has_signature |= sy_span_ends(a->path, ".sig") ||
				     sy_span_ends(a->path, ".minisig");
	}
	return run;
}

static struct sy_span base_of(struct sy_span path)
{
	size_t at = path.len;

	while (at > 0 && path.data[at - 1] != '/')
		at--;
	return sy_span_slice(path, at, path.len);
}

/* By name, or by the path as reported: where the model begins is not known here. */
static void exclude(const struct sy_policy *policy, struct sy_report *report)
{
	for (size_t i = 0; i < report->n_artifacts; i++) {
		struct sy_artifact *a = &report->artifacts[i];

		for (size_t j = 0; j < policy->exclude.n; j++) {
			const char *glob = (const char *)policy->exclude.items[j].data;

			if (sy_glob_match(glob, a->path) || sy_glob_match(glob, base_of(a->path)))
				a->scope = SY_SCOPE_EXCLUDED;
		}
	}
}

static enum sy_status try(struct sy_context *ctx, const struct sy_policy *policy,
			  struct sy_report *report)
{
	struct sy_policy_run run = run_of(report);
	struct sy_allow allow = { 0 };
	enum sy_status status;

	report->fail_on = policy->fail_on;
	report->is_allow_empty = policy->allow_empty;
	exclude(policy, report);
	status = sy_policy_apply(policy, report, &run);
	if (status == SY_OK)
		status = sy_policy_allow(policy, ctx, &allow);
	if (status == SY_OK)
		status = sy_allow_apply(&allow, report);
	sy_allow_free(&allow);
	return status == SY_OK ? sy_report_finish(report) : status;
}

/* A policy that is not in force is refused by check, as a usage error. */
static enum sy_status test_alone(struct sy_context *ctx, const struct sy_policy *policy,
				 struct sy_out *out, int *code)
{
	if (sy_policy_is_in_force(ctx, policy) != SY_OK)
		*code = STEELYARD_USAGE;
	sy_error_clear(ctx);
	return sy_policy_explain(policy, out);
}

static enum sy_status test_on(struct sy_context *ctx, const struct sy_policy *policy,
			      const char *path, struct sy_out *out, int *code)
{
	SY_OWNED(sy_report_free) struct sy_report *report = NULL;
	SY_OWNED(sy_arena_free) struct sy_arena arena;
	struct sy_span document;
	enum sy_status status;

	sy_arena_init(&arena, ctx);
	status = sy_policy_is_in_force(ctx, policy);
	if (status == SY_OK)
		status = sy_small_file_read(ctx, "report", path, ctx->limits.config_bytes,
					    &arena, &document);
	if (status == SY_OK)
		status = sy_report_new(ctx, &report);
	if (status == SY_OK)
		status = sy_policy_recall(ctx, document, report);
	if (status == SY_OK)
		status = try(ctx, policy, report);
	if (status == SY_OK)
		status = sy_policy_tell(report, out);
	if (status == SY_OK)
		*code = report->exit_code;
	return status;
}

int steelyard_policy_test(struct steelyard_session *session, const char *path,
			  const char *report, steelyard_write_fn *write, void *user)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;
	struct sy_adapter adapter = { write, user };
	enum sy_status status;
	struct sy_out out;
	int code = 0;

	sy_session_begin(session);
	sy_out_init(&out, sy_adapter_put, &adapter);
	status = sy_policy_read(&session->ctx, path, &policy);
	if (status == SY_OK && report)
		status = test_on(&session->ctx, policy, report, &out, &code);
	else if (status == SY_OK)
		status = test_alone(&session->ctx, policy, &out, &code);
	return status == SY_OK ? code : -1;
}
