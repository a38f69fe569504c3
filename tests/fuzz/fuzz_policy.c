/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies, and reports to try them on, from any bytes.  A policy that is accepted
 * reads the same from its normal form, explains itself without a control character,
 * and never makes an unsigned model clean where it requires a signature, nor a
 * dangerous import clean that it does not name by fingerprint, nor an unknown one that
 * it names nowhere.  The first byte chooses: 'r' is a report; 's' a small document of
 * our own, of four members in one order.
 */
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/engine/policy.h"
#include "verifier/engine/strict_json.h"

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

/* An unsigned pickle that imports one name, and more of its kind than are listed. */
static struct sy_report *importing(struct sy_context *ctx, unsigned rule, const char *symbol)
{
	const struct sy_record_fact fact = { .rule = rule, .off = SY_OFFSET_NONE,
					     .symbol = sy_span_str(symbol) };
	const struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32 };
	struct sy_report *report;
	size_t at;

	FUZZ_CHECK(sy_report_new(ctx, &report) == SY_OK);
	FUZZ_CHECK(sy_report_add_artifact(report, sy_span_str("a/m.pkl"), 9, &at) == SY_OK);
	report->artifacts[0].format = sy_span_str("pickle");
	sy_artifact_examined(&report->artifacts[0]);
	FUZZ_CHECK(sy_report_add_digest(report, 0, &digest) == SY_OK);
	FUZZ_CHECK(sy_report_add_finding(report, 0, &fact) == SY_OK);
	FUZZ_CHECK(sy_report_add_more(report, 0, rule, 0) == SY_OK);
	return report;
}

static void check_judging(struct sy_context *ctx, const struct sy_policy *policy,
			  unsigned rule, const char *symbol)
{
	const struct sy_policy_run run = { .has_digests = true };
	struct sy_report *report = importing(ctx, rule, symbol);
	bool may_allow = rule == SY_RULE_PICKLE_IMPORT_UNKNOWN && policy->allow_globals.n > 0;
	struct sy_allow allow;

	FUZZ_CHECK(sy_policy_apply(policy, report, &run) == SY_OK);
	FUZZ_CHECK(sy_policy_allow(policy, ctx, &allow) == SY_OK);
	FUZZ_CHECK(sy_allow_apply(&allow, report) == SY_OK);
	FUZZ_CHECK(sy_report_finish(report) == SY_OK);
	if (policy->required & (1u << SY_AUTHENTIC))
		FUZZ_CHECK(report->exit_code == 1 && report->answers[SY_AUTHENTIC] == SY_NO);
	if (policy->suppress.n == 0 && !may_allow)
		FUZZ_CHECK(report->verdict == SY_FLAGGED && report->n_suppressed == 0);
	sy_allow_free(&allow);
	sy_report_free(&report);
}

/* Nobody met means no rule met; everybody, each one; what the policy lists is revoked. */
static void check_questions(struct sy_context *ctx, const struct sy_policy *policy)
{
	const struct sy_policy_rule *rule = sy_policy_rule_for(policy, sy_span_str("a/m.pkl"));
	bool *signed_by = sy_alloc(ctx, policy->signers.n + 1);
	const struct sy_digest zero = { .algorithm = SY_SHA256, .len = 32 };

	FUZZ_CHECK(signed_by);
	FUZZ_CHECK(!rule || !sy_policy_rule_is_met(rule, signed_by));
	for (size_t i = 0; i < policy->signers.n; i++)
		signed_by[i] = true;
	FUZZ_CHECK(!rule || sy_policy_rule_is_met(rule, signed_by));
	sy_release(ctx, signed_by);
	if (policy->revoked_keys.n > 0)
		FUZZ_CHECK(sy_policy_revokes_key(policy, &policy->revoked_keys.items[0]));
	FUZZ_CHECK(policy->revoked_keys.n > 0 || !sy_policy_revokes_key(policy, &zero));
	if (policy->revoked_digests.n > 0)
		FUZZ_CHECK(sy_policy_revokes_digest(policy, &policy->revoked_digests.items[0]));
	FUZZ_CHECK(!sy_policy_is_too_old(policy, 1000, 1000));
	FUZZ_CHECK(sy_policy_is_too_old(policy, 0, INT64_MAX) == (policy->max_age_days > 0));
	FUZZ_CHECK(sy_policy_is_in_force(ctx, policy) == SY_OK || ctx->error.text[0]);
	sy_error_clear(ctx);
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
	check_questions(ctx, policy);
	check_judging(ctx, policy, SY_RULE_PICKLE_IMPORT_DANGEROUS, "posix.system");
	check_judging(ctx, policy, SY_RULE_PICKLE_IMPORT_UNKNOWN, "acme.Net");
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

/* What is read has the one form, and numbers that fit. */
static void run_strict(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_strict strict;
	struct sy_arena arena;
	struct sy_span text;
	int64_t is_signed;
	uint64_t count;
	enum sy_status status = sy_strict_open(&strict, ctx, "file", "p", bytes);

	FUZZ_CHECK(status == SY_OK);
	sy_arena_init(&arena, ctx);
	status = sy_strict_begin(&strict, "x");
	if (status == SY_OK)
		status = sy_strict_text(&strict, "text", &arena, &text);
	if (status == SY_OK)
		status = sy_strict_i64(&strict, "signed", &is_signed);
	if (status == SY_OK)
		status = sy_strict_u64(&strict, "count", &count);
	if (status == SY_OK)
		status = sy_strict_end(&strict);
	FUZZ_CHECK(status == SY_OK || (status == SY_FORMAT && ctx->error.text[0]));
	sy_strict_close(&strict);
	sy_arena_free(&arena);
}

/* 2026-11-29: one answer for one input. */
static int64_t noon(void *user)
{
	(void)user;
	return 1795953600;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_context ctx;

	fuzz_context(&ctx);
	ctx.clock.wall_s = noon;
	if (len > 0 && data[0] == 'r')
		run_report(&ctx, sy_span_of(data + 1, len - 1));
	else if (len > 0 && data[0] == 's')
		run_strict(&ctx, sy_span_of(data + 1, len - 1));
	else
		run_policy(&ctx, sy_span_of(data, len));
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
