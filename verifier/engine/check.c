/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow of one check: walk, bid, inspect in workers, relate, weigh, judge.
 * Each stage is a call; what is decided in them stands in their own files.
 */
#include "verifier/engine/check.h"

#include <string.h>

#include "verifier/engine/collect.h"
#include "verifier/engine/model.h"
#include "verifier/engine/relate.h"
#include "verifier/engine/worker.h"
#include "verifier/report/baseline.h"

static bool is_asked(const struct sy_check *check, enum sy_question question)
{
	return check->options->asked & 1u << question;
}

/* Whoever reads the report sees what stood between a parser and this machine. */
static enum sy_status note_cage(struct sy_check *check, const struct sy_workers *workers)
{
	bool is_off = check->options->sandbox == SY_SANDBOX_OFF;
	unsigned uncaged = sy_workers_uncaged(workers);
	struct sy_text text;

	if (!uncaged)
		return SY_OK;
	sy_text_init(&text);
	sy_cage_name(uncaged, &text);
	return sy_report_add_notice(check->report, is_off ? "sandbox-off" : "sandbox-partial",
				    sy_span_of(NULL, 0), "the processes that read the files "
				    "were not confined by %s: %s", text.data,
				    is_off ? "--sandbox=off"
					   : "this kernel, container or build does not offer it");
}

static struct sy_span folder_of(const char *rel)
{
	const char *slash = strrchr(rel, '/');

	return sy_span_of(rel, slash ? (size_t)(slash - rel) : 0);
}

static enum sy_status list_entries(struct sy_check *check)
{
	struct sy_report *report = check->report;
	size_t n = check->inventory.n_entries, index;
	/* All at once: growing in steps leaves up to half of it unused. */
	enum sy_status status = sy_grow(check->ctx, &report->artifacts,
					&report->cap_artifacts, n,
					sizeof(*report->artifacts));

	for (size_t i = 0; i < n && status == SY_OK; i++) {
		const struct sy_entry *entry = &check->inventory.entries[i];

		status = sy_report_add_artifact(report, sy_span_str(entry->path),
						entry->identity.size, &index);
		if (status == SY_OK && check->options->wants & SY_WANT_DIGESTS)
			status = sy_arena_copy(&report->arena, folder_of(entry->rel),
					       &report->artifacts[index].folder);
	}
	return status;
}

static void set_up_report(struct sy_check *check)
{
	const struct sy_check_options *options = check->options;
	struct sy_report *report = check->report;

	report->command = options->command;
	report->loader = options->loader->name;
	report->fail_on = options->fail_on;
	report->is_allow_empty = options->allow_empty;
	report->has_steps = options->wants & SY_WANT_STEPS;
	report->asked = options->asked;
}

/*
 * Interrupted or out of memory: what there is is reported, marked incomplete.
 * That is not held against the budget, which may be what ended.
 */
static enum sy_status incomplete(struct sy_check *check, enum sy_status why)
{
	struct sy_context *ctx = check->ctx;
	uint64_t budget = ctx->limits.memory;
	enum sy_status status;

	check->report->is_complete = false;
	ctx->limits.memory = UINT64_MAX;
	status = sy_report_add_notice(check->report, sy_status_name(why),
				      sy_span_of(NULL, 0), "%s",
				      ctx->error.text[0] ? ctx->error.text
							 : sy_status_name(why));
	if (status == SY_OK)
		status = sy_report_add_reason(check->report, sy_status_name(why));
	ctx->limits.memory = budget;
	if (status == SY_OK)
		sy_error_clear(ctx);	/* else it is the last word */
	return status;
}

static enum sy_status inspect(struct sy_check *check, struct sy_workers *workers)
{
	enum sy_status status;

	if (!is_asked(check, SY_INERT))
		return sy_check_list_signed(check);
	status = sy_relate_new(check, &check->relate);
	if (status == SY_OK)
		status = sy_check_examine(check, workers);
	if (status == SY_OK)
		status = note_cage(check, workers);
	/* What is not listed is not missing. */
	if (status == SY_OK && check->report->is_complete)
		status = sy_relate_run(check->relate);
	return status;
}

static enum sy_status run_stages(struct sy_check *check, struct sy_workers *workers)
{
	bool is_vouching = is_asked(check, SY_AUTHENTIC);
	enum sy_status status = list_entries(check);

	if (is_vouching && is_asked(check, SY_INERT))
		sy_check_settle(check);
	if (status == SY_OK)
		status = inspect(check, workers);
	if (status == SY_OK && (is_vouching || check->options->is_comparing))
		status = sy_check_weigh(check);
	if (status == SY_OK && check->options->wants & SY_WANT_DIGESTS)
		status = sy_check_weigh_tensors(check);
	if (status == SY_OK && check->options->has_stats)
		status = sy_check_stats(check);
	if (status == SY_OK && is_vouching && check->report->is_complete)
		status = sy_vouch_judge(check->vouch);
	if (status == SY_OK && !is_vouching && check->vouch)
		status = sy_vouch_list(check->vouch);
	return status == SY_OK ? SY_OK : incomplete(check, status);
}

static enum sy_status walk(struct sy_check *check)
{
	const struct sy_walk_options options = {
		.paths = check->options->paths, .n_paths = check->options->n_paths,
		.follow_links = check->options->follow_links,
	};

	return sy_walk(&check->inventory, check->ctx, &options);
}

static enum sy_status apply_policy(struct sy_check *check)
{
	const struct sy_policy_run run = {
		.has_digests = is_asked(check, SY_AUTHENTIC),
		.has_signature = sy_vouch_has_signature(check->vouch),
	};

	if (!check->options->policy)
		return SY_OK;
	return sy_policy_apply(check->options->policy, check->report, &run);
}

static enum sy_status finish(struct sy_check *check, struct sy_baseline *baseline)
{
	uint64_t budget = check->ctx->limits.memory;
	enum sy_status status = SY_OK;

	sy_relate_free(&check->relate);
	if (!check->report->is_complete)
		check->ctx->limits.memory = UINT64_MAX;
	if (baseline)
		status = sy_baseline_apply(baseline, check->report);
	if (status == SY_OK)
		status = apply_policy(check);
	if (status == SY_OK)
		status = sy_allow_apply(&check->allow, check->report);
	if (status == SY_OK)
		status = sy_report_finish(check->report);
	if (status == SY_OK && check->options->wants & SY_WANT_DIGESTS)
		status = sy_model_sum(check->report);
	check->ctx->limits.memory = budget;
	return status;
}

/* Only then may what was seen count as seen. */
static bool is_all_yes(const struct sy_report *report)
{
	return report->is_complete && report->verdict == SY_CLEAN && report->exit_code == 0 &&
	       report->answers[SY_AUTHENTIC] == SY_YES && report->answers[SY_INTACT] == SY_YES;
}

static enum sy_status check_all(struct sy_check *check, struct sy_workers *workers,
				struct sy_baseline *baseline)
{
	enum sy_status walked = walk(check);
	enum sy_status status;

	set_up_report(check);
	if (check->options->policy) {
		status = sy_policy_stay_outside(check->ctx, check->options->policy,
						&check->inventory);
		if (status != SY_OK)
			return status;
	}
	if (is_asked(check, SY_AUTHENTIC) || check->options->is_comparing) {
		status = sy_vouch_open(check, &check->options->vouch, check->options->policy,
				       &check->vouch);
		if (status != SY_OK)
			return status;
	}
	status = walked == SY_OK ? SY_OK : incomplete(check, walked);
	if (status == SY_OK)
		status = run_stages(check, workers);
	if (status == SY_OK)
		status = finish(check, baseline);
	return status == SY_OK && is_all_yes(check->report) ? sy_vouch_remember(check->vouch)
							     : status;
}

static enum sy_status take_allowances(struct sy_check *check)
{
	enum sy_status status = SY_OK;

	if (check->options->policy)
		return sy_policy_allow(check->options->policy, check->ctx, &check->allow);
	sy_allow_init(&check->allow, check->ctx, "--allow-global");
	for (size_t i = 0; i < check->options->n_allow_global && status == SY_OK; i++)
		status = sy_allow_add(&check->allow, check->options->allow_global[i]);
	return status;
}

static enum sy_status prepare(struct sy_check *check, struct sy_workers **workers,
			      struct sy_baseline **baseline)
{
	struct sy_context *ctx = check->ctx;
	const struct sy_check_options *options = check->options;
	enum sy_status status = take_allowances(check);

	if (status == SY_OK && is_asked(check, SY_INERT))
		status = sy_workers_start(ctx, &(struct sy_workers_options){
			.program = options->worker, .n_parallel = options->jobs,
			.sandbox = options->sandbox }, workers);
	if (status == SY_OK && options->baseline)
		status = sy_baseline_read(ctx, options->baseline, baseline);
	return status == SY_OK ? sy_report_new(ctx, &check->report) : status;
}

enum sy_status sy_check(struct sy_context *ctx,
			const struct sy_check_options *options,
			struct sy_report **report)
{
	struct sy_check check = { .ctx = ctx, .options = options };
	SY_OWNED(sy_workers_stop) struct sy_workers *workers = NULL;
	SY_OWNED(sy_baseline_free) struct sy_baseline *baseline = NULL;
	enum sy_status status;

	*report = NULL;
	status = prepare(&check, &workers, &baseline);
	if (status == SY_OK)
		status = check_all(&check, workers, baseline);
	sy_relate_free(&check.relate);
	sy_vouch_free(&check.vouch);
	sy_inventory_free(&check.inventory);
	if (status == SY_OK)
		*report = SY_TAKE(check.report);
	sy_report_free(&check.report);
	sy_allow_free(&check.allow);
	return status;
}
