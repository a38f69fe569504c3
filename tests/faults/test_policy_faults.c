/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies without memory: one is read as it is or not at all, applied as a whole or
 * not at all, and never makes a dangerous import clean because something failed.
 */
#include "tests/faults/sweep.h"
#include "verifier/engine/list.h"
#include "verifier/engine/policy.h"

/* An unsigned pickle that imports something dangerous, and something unknown. */
static enum sy_status importing(struct sy_context *ctx, struct sy_report **report)
{
	const struct sy_record_fact facts[] = {
		{ .rule = SY_RULE_PICKLE_IMPORT_DANGEROUS, .off = SY_OFFSET_NONE,
		  .symbol = sy_span_str("posix.system") },
		{ .rule = SY_RULE_PICKLE_IMPORT_UNKNOWN, .off = SY_OFFSET_NONE,
		  .symbol = sy_span_str("acme.Net") },
	};
	const struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32 };
	enum sy_status status = sy_report_new(ctx, report);
	size_t at;

	if (status == SY_OK)
		status = sy_report_add_artifact(*report, sy_span_str("a/m.pkl"), 9, &at);
	if (status != SY_OK)
		return status;
	(*report)->artifacts[0].format = sy_span_str("pickle");
	sy_artifact_examined(&(*report)->artifacts[0]);
	status = sy_report_add_digest(*report, 0, &digest);
	for (size_t i = 0; i < SY_N_ELEMS(facts) && status == SY_OK; i++)
		status = sy_report_add_finding(*report, 0, &facts[i]);
	return status == SY_OK ? sy_report_add_more(*report, 0, facts[1].rule, 1) : status;
}

static enum sy_status judge(struct sy_context *ctx, const struct sy_policy *policy,
			    struct sy_report *report)
{
	const struct sy_policy_run run = { .has_digests = true };
	struct sy_allow allow;
	enum sy_status status = sy_policy_apply(policy, report, &run);

	if (status != SY_OK)
		return status;
	status = sy_policy_allow(policy, ctx, &allow);
	if (status == SY_OK)
		status = sy_allow_apply(&allow, report);
	sy_allow_free(&allow);
	return status == SY_OK ? sy_report_finish(report) : status;
}

static enum sy_status write(struct sy_context *ctx, const struct sy_policy *policy,
			    const struct sy_report *report)
{
	SY_OWNED(sy_buffer_free) struct sy_buffer text;
	struct sy_out out;
	enum sy_status status;

	sy_buffer_init(&text, ctx);
	sy_out_init(&out, sy_buffer_write, &text);
	status = sy_policy_write(policy, &out);
	if (status == SY_OK)
		status = sy_policy_explain(policy, &out);
	return status == SY_OK ? sy_policy_tell(report, &out) : status;
}

static void run_policy(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;
	struct sy_report *report = NULL;

	out->status = sy_policy_parse(ctx, file, "dir/p.json", &policy);
	if (out->status == SY_OK)
		out->status = importing(ctx, &report);
	if (out->status == SY_OK)
		out->status = judge(ctx, policy, report);
	out->is_good = out->status == SY_OK && report->verdict == SY_CLEAN;
	if (out->status == SY_OK)
		out->status = write(ctx, policy, report);
	out->is_good = out->is_good && out->status == SY_OK;
	sy_report_free(&report);
}

static void run_report(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	struct sy_report *report = NULL;

	out->status = sy_report_new(ctx, &report);
	if (out->status == SY_OK)
		out->status = sy_policy_recall(ctx, sy_span_slice(file, 1, SIZE_MAX), report);
	if (out->status == SY_OK)
		out->status = sy_report_finish(report);
	out->is_good = out->status == SY_OK && report->verdict == SY_CLEAN;
	sy_report_free(&report);
}

static void run_line(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	struct sy_list_line line;
	struct sy_arena arena;
	bool is_line = false;

	sy_arena_init(&arena, ctx);
	out->status = sy_list_line_parse(&arena, file, SY_N_ALGORITHMS, &line, &is_line);
	out->is_good = is_line && out->status == SY_OK;
	sy_arena_free(&arena);
}

static const struct {
	const char *pattern;
	sweep_fn *run;
} cases[] = {
	{ "fuzz/seeds/policy/[a-qt-z]*", run_policy },
	{ "fuzz/seeds/policy/report-*", run_report },
	{ "fuzz/seeds/lists/*", run_line },
};

static void test_policies(void **state)
{
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++)
		n += sweep_over(cases[i].pattern, cases[i].run, sweep_faults);
	print_message("policies: %llu faults\n", (unsigned long long)n);
	assert_true(n > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
