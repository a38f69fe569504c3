/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies, and reports to try them on, from any bytes.  A policy that is accepted
 * reads the same from its normal form, explains itself without a control character,
 * and never makes an unsigned model clean where it requires a signature, nor a
 * dangerous import clean that it does not name by fingerprint.  The first byte
 * chooses: 'r' is a report.
 */
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/engine/policy.h"

static void keep(struct sy_out *out, struct sy_buffer *buffer, struct sy_context *ctx)
{
	sy_buffer_init(buffer, ctx);
	sy_out_init(out, sy_buffer_write, buffer);
}

static void check_normal_form(struct sy_context *ctx, const struct sy_policy *policy)
{
	struct sy_buffer once, twice;
	struct sy_policy *again;
	struct sy_out out;

	keep(&out, &once, ctx);
	FUZZ_CHECK(sy_policy_write(policy, &out) == SY_OK);
	FUZZ_CHECK(sy_policy_parse(ctx, sy_span_of(once.data, once.len), "p", &again) == SY_OK);
	keep(&out, &twice, ctx);
	FUZZ_CHECK(sy_policy_write(again, &out) == SY_OK);
	FUZZ_CHECK(once.len == twice.len && !memcmp(once.data, twice.data, once.len));
	sy_buffer_free(&once);
	sy_buffer_free(&twice);
	sy_policy_free(&again);
}

static void check_lines(struct sy_context *ctx, const struct sy_policy *policy)
{
	struct sy_buffer lines;
	struct sy_out out;

	keep(&out, &lines, ctx);
	FUZZ_CHECK(sy_policy_explain(policy, &out) == SY_OK);
	for (size_t i = 0; i < lines.len; i++)
		FUZZ_CHECK(lines.data[i] == '\n' || lines.data[i] >= 0x20);
	sy_buffer_free(&lines);
}

/* A pickle that imports posix.system, unsigned. */
static struct sy_report *dangerous(struct sy_context *ctx)
{
	const struct sy_record_fact fact = { .rule = SY_RULE_PICKLE_IMPORT_DANGEROUS,
					     .off = SY_OFFSET_NONE,
					     .symbol = sy_span_str("posix.system") };
	const struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32 };
	struct sy_report *report;
	size_t at;

	FUZZ_CHECK(sy_report_new(ctx, &report) == SY_OK);
	FUZZ_CHECK(sy_report_add_artifact(report, sy_span_str("a/m.pkl"), 9, &at) == SY_OK);
	report->artifacts[0].format = sy_span_str("pickle");
	sy_artifact_examined(&report->artifacts[0]);
	FUZZ_CHECK(sy_report_add_digest(report, 0, &digest) == SY_OK);
	FUZZ_CHECK(sy_report_add_finding(report, 0, &fact) == SY_OK);
	return report;
}

static void check_judging(struct sy_context *ctx, const struct sy_policy *policy)
{
	const struct sy_policy_run run = { .has_digests = true };
	struct sy_report *report = dangerous(ctx);
	struct sy_allow allow;

	FUZZ_CHECK(sy_policy_apply(policy, report, &run) == SY_OK);
	FUZZ_CHECK(sy_policy_allow(policy, ctx, &allow) == SY_OK);
	FUZZ_CHECK(sy_allow_apply(&allow, report) == SY_OK);
	FUZZ_CHECK(sy_report_finish(report) == SY_OK);
	if (policy->required & (1u << SY_AUTHENTIC))
		FUZZ_CHECK(report->exit_code == 1 && report->answers[SY_AUTHENTIC] == SY_NO);
	if (report->n_suppressed == 0)
		FUZZ_CHECK(report->verdict == SY_FLAGGED);
	FUZZ_CHECK(report->n_suppressed == 0 || policy->suppress.n > 0);
	sy_allow_free(&allow);
	sy_report_free(&report);
}

static void run_policy(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_policy *policy;
	enum sy_status status = sy_policy_parse(ctx, bytes, "dir/p.json", &policy);

	FUZZ_CHECK((status == SY_OK) == (policy != NULL));
	FUZZ_CHECK(status == SY_OK || ctx->error.text[0]);
	if (!policy)
		return;
	check_normal_form(ctx, policy);
	check_lines(ctx, policy);
	check_judging(ctx, policy);
	sy_policy_free(&policy);
}

static void run_report(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_report *report;
	struct sy_buffer lines;
	struct sy_out out;

	FUZZ_CHECK(sy_report_new(ctx, &report) == SY_OK);
	if (sy_policy_recall(ctx, bytes, report) == SY_OK) {
		FUZZ_CHECK(sy_report_finish(report) == SY_OK);
		keep(&out, &lines, ctx);
		FUZZ_CHECK(sy_policy_tell(report, &out) == SY_OK);
		for (size_t i = 0; i < lines.len; i++)
			FUZZ_CHECK(lines.data[i] == '\n' || lines.data[i] >= 0x20);
		sy_buffer_free(&lines);
	}
	sy_report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_context ctx;

	fuzz_context(&ctx);
	if (len > 0 && data[0] == 'r')
		run_report(&ctx, sy_span_of(data + 1, len - 1));
	else
		run_policy(&ctx, sy_span_of(data, len));
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
