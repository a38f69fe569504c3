/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy does to a report: it never makes one cleaner than its words say, and
 * what it cannot apply is undetermined.
 */
#include "tests/engine/policy_samples.h"
#include "tests/support/support.h"
#include "verifier/engine/policy.h"

#include <stdio.h>

#define NOW 1767225600		/* 2026-01-01 */

struct rig {
	struct sy_context ctx;
	struct sy_report *report;
	struct sy_policy *policy;
	struct sy_policy_run run;
};

static int64_t fixed_time(void *user)
{
	(void)user;
	return NOW;
}

static void set_up(struct rig *rig, const char *members)
{
	char document[2048];

	*rig = (struct rig){ .run.has_digests = true };
	sy_context_init(&rig->ctx);
	rig->ctx.clock.wall_s = fixed_time;
	(void)snprintf(document, sizeof(document),
		       "{\"schema\": \"steelyard-policy/1\", %s}", members);
	if (sy_policy_parse(&rig->ctx, sy_span_str(document), "p.json", &rig->policy) != SY_OK)
		fail_msg("%s", rig->ctx.error.text);
	assert_int_equal(sy_report_new(&rig->ctx, &rig->report), SY_OK);
}

/* A file that was read to its end, with a digest. */
static size_t add_file(struct rig *rig, const char *path, const char *format)
{
	static const struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32,
						 .bytes = { 0xaa, 1 } };
	size_t at;

	assert_int_equal(sy_report_add_artifact(rig->report, sy_span_str(path), 100, &at), SY_OK);
	rig->report->artifacts[at].format = sy_span_str(format);
	sy_artifact_examined(&rig->report->artifacts[at]);
	if (rig->run.has_digests)
		assert_int_equal(sy_report_add_digest(rig->report, at, &digest), SY_OK);
	return at;
}

static void add_finding(struct rig *rig, size_t at, enum sy_rule rule, const char *symbol)
{
	const struct sy_record_fact fact = { .rule = rule, .off = SY_OFFSET_NONE,
					     .symbol = sy_span_str(symbol),
					     .detail = sy_span_str("it does") };

	assert_int_equal(sy_report_add_finding(rig->report, at, &fact), SY_OK);
}

static int finish(struct rig *rig)
{
	rig->report->fail_on = rig->policy->fail_on;
	rig->report->is_allow_empty = rig->policy->allow_empty;
	assert_int_equal(sy_policy_apply(rig->policy, rig->report, &rig->run), SY_OK);
	assert_int_equal(sy_report_finish(rig->report), SY_OK);
	assert_non_null(rig->report->policy_digest);
	return rig->report->exit_code;
}

static void tear_down(struct rig *rig)
{
	sy_report_free(&rig->report);
	sy_policy_free(&rig->policy);
	assert_int_equal(rig->ctx.memory_used, 0);
}

static bool has_notice(const struct rig *rig, const char *kind)
{
	for (const struct sy_notice *n = rig->report->notices; n; n = n->next) {
		if (sy_span_is(n->kind, kind))
			return true;
	}
	return false;
}

static void nothing_asked(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, "\"require\": []");
	add_file(&rig, "m.gguf", "gguf");
	assert_int_equal(finish(&rig), 0);
	assert_int_equal(rig.report->answers[SY_AUTHENTIC], SY_NOT_ASKED);
	assert_int_equal(rig.report->n_notices, 0);
	tear_down(&rig);
}

/* A required answer that nobody gave is never a yes, and never unasked. */
static void required_signatures(void **state)
{
	static const struct {
		bool has_digests, has_signature;
		enum sy_answer authentic;
		int code;
		const char *notice;
	} cases[] = {
		{ true, false, SY_NO, 1, "signature-absent" },
		{ true, true, SY_UNDETERMINED, 2, "signature-unchecked" },
		{ false, false, SY_UNDETERMINED, 2, "signature-unchecked" },
		{ false, true, SY_UNDETERMINED, 2, "signature-unchecked" },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		struct rig rig;

		set_up(&rig, "\"require\": [\"authentic\"], \"fail_on\": \"none\"");
		rig.run.has_digests = cases[i].has_digests;
		rig.run.has_signature = cases[i].has_signature;
		rig.report->asked = 1u << SY_WELL_FORMED | 1u << SY_INERT;
		add_file(&rig, "m.gguf", "gguf");
		assert_int_equal(finish(&rig), cases[i].code);
		assert_int_equal(rig.report->answers[SY_AUTHENTIC], cases[i].authentic);
		assert_true(has_notice(&rig, cases[i].notice));
		assert_int_not_equal(rig.report->verdict, SY_CLEAN);
		tear_down(&rig);
	}
}

/* A run that ended early may have missed the signature; nothing at all has none. */
static void required_of_nothing(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, "\"require\": [\"authentic\"], \"fail_on\": \"none\"");
	add_file(&rig, "m.gguf", "gguf");
	rig.report->is_complete = false;
	assert_int_equal(finish(&rig), 2);
	assert_int_equal(rig.report->answers[SY_AUTHENTIC], SY_UNDETERMINED);
	tear_down(&rig);
	set_up(&rig, "\"require\": [\"authentic\"]");
	assert_int_equal(finish(&rig), 3);
	assert_int_equal(rig.report->answers[SY_AUTHENTIC], SY_UNDETERMINED);
	assert_int_not_equal(rig.report->verdict, SY_CLEAN);
	tear_down(&rig);
}

static void required_digests(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, "\"require\": [\"intact\"]");
	add_file(&rig, "m.gguf", "gguf");
	assert_int_equal(finish(&rig), 2);
	assert_int_equal(rig.report->answers[SY_INTACT], SY_UNDETERMINED);
	assert_string_equal(rig.report->reasons[0], "not-compared");
	tear_down(&rig);
	/* Whoever checked has the last word. */
	set_up(&rig, "\"require\": [\"authentic\", \"intact\"]");
	add_file(&rig, "m.gguf", "gguf");
	sy_artifact_answer(&rig.report->artifacts[0], SY_AUTHENTIC, SY_YES);
	sy_artifact_answer(&rig.report->artifacts[0], SY_INTACT, SY_YES);
	assert_int_equal(finish(&rig), 0);
	assert_int_equal(rig.report->n_notices, 0);
	tear_down(&rig);
	/* One signed file does not speak for the other. */
	set_up(&rig, "\"require\": [\"authentic\"]");
	add_file(&rig, "a.gguf", "gguf");
	add_file(&rig, "b.gguf", "gguf");
	sy_artifact_answer(&rig.report->artifacts[0], SY_AUTHENTIC, SY_YES);
	assert_int_equal(finish(&rig), 1);
	tear_down(&rig);
}

/* `no` to what is required fails even where no severity does. */
static void required_form(void **state)
{
	(void)state;
	for (unsigned is_required = 0; is_required < 2; is_required++) {
		struct rig rig;

		set_up(&rig, is_required ?
		       "\"require\": [\"well_formed\"], \"fail_on\": \"none\"" :
		       "\"require\": [\"inert\"], \"fail_on\": \"none\"");
		add_file(&rig, "m.gguf", "gguf");
		add_finding(&rig, 0, SY_RULE_GGUF_KEY_DUPLICATE, "k");
		assert_int_equal(finish(&rig), is_required);
		assert_int_equal(rig.report->verdict, SY_FLAGGED);
		tear_down(&rig);
	}
}

static bool is_refused(const char *format, enum sy_scope scope)
{
	struct rig rig;
	bool is;

	set_up(&rig, "\"require\": [], \"formats\": [\"gguf\"], \"fail_on\": \"none\"");
	add_file(&rig, "m", format);
	rig.report->artifacts[0].scope = scope;
	is = finish(&rig) == 1;
	assert_int_equal(is, rig.report->artifacts[0].findings != NULL);
	if (is)
		assert_int_equal(rig.report->artifacts[0].findings->rule,
				 SY_RULE_POLICY_FORMAT_REFUSED);
	tear_down(&rig);
	return is;
}

static void formats(void **state)
{
	(void)state;
	assert_false(is_refused("gguf", SY_SCOPE_EXAMINED));
	assert_true(is_refused("safetensors", SY_SCOPE_EXAMINED));
	assert_true(is_refused("pickle", SY_SCOPE_EXAMINED));
	assert_true(is_refused("zip", SY_SCOPE_EXAMINED));
	assert_true(is_refused("unknown", SY_SCOPE_EXAMINED));
	assert_true(is_refused("onnx", SY_SCOPE_NOT_EXAMINED));
	assert_true(is_refused("elf", SY_SCOPE_EXAMINED));
	/* Never read: undetermined, which is enough. */
	assert_false(is_refused("unknown", SY_SCOPE_NOT_EXAMINED));
	/* No models. */
	assert_false(is_refused("hf-config", SY_SCOPE_EXAMINED));
	assert_false(is_refused("python", SY_SCOPE_EXAMINED));
	assert_false(is_refused("text", SY_SCOPE_LISTED));
	assert_false(is_refused("onnx", SY_SCOPE_OTHER_LOADER));
}

static void revoked_digests(void **state)
{
	const char *policy = "\"require\": [], \"fail_on\": \"none\", \"revoked\": {\"digests\": "
			     "[\"sha256:aa010000000000000000000000000000000000000000000000000000"
			     "00000000\"]}";
	struct rig rig;

	(void)state;
	set_up(&rig, policy);
	add_file(&rig, "m.gguf", "gguf");
	assert_int_equal(finish(&rig), 1);
	assert_int_equal(rig.report->artifacts[0].findings->rule, SY_RULE_POLICY_DIGEST_REVOKED);
	tear_down(&rig);
	set_up(&rig, policy);
	rig.run.has_digests = false;
	rig.report->asked = 1u << SY_WELL_FORMED | 1u << SY_INERT;
	add_file(&rig, "m.gguf", "gguf");
	assert_int_equal(finish(&rig), 2);
	assert_true(has_notice(&rig, "policy-not-applied"));
	tear_down(&rig);
}

static void remote_code(void **state)
{
	(void)state;
	for (unsigned is_refused = 0; is_refused < 2; is_refused++) {
		struct rig rig;

		set_up(&rig, is_refused ? "\"require\": [], \"remote_code\": \"refuse\"" :
		       "\"require\": [\"inert\"], \"remote_code\": \"conditional\"");
		rig.ctx.limits.findings_per_rule = 1;
		add_file(&rig, "config.json", "hf-config");
		add_finding(&rig, 0, SY_RULE_CODE_REMOTE_DECLARED, "a");
		add_finding(&rig, 0, SY_RULE_CODE_REMOTE_DECLARED, "b");
		assert_int_equal(finish(&rig), is_refused);
		assert_int_equal(rig.report->answers[SY_INERT], SY_CONDITIONAL);
		assert_int_equal(rig.report->counts[SY_HIGH], is_refused ? 2 : 0);
		tear_down(&rig);
	}
}

/* The policy that suppresses the one finding of add_dangerous until a day. */
static void suppressing(struct rig *rig, const char *until, bool has_digests)
{
	char members[512];
	struct rig probe;

	set_up(&probe, "\"require\": []");
	probe.run.has_digests = has_digests;
	add_file(&probe, "m.pkl", "pickle");
	add_finding(&probe, 0, SY_RULE_PICKLE_IMPORT_DANGEROUS, "posix.system");
	assert_int_equal(finish(&probe), 1);
	(void)snprintf(members, sizeof(members), "\"require\": [\"inert\"], \"suppress\": [{"
		       "\"fingerprint\": \"%s\", \"reason\": \"seen\", \"expires\": \"%s\"}]",
		       probe.report->artifacts[0].findings->fingerprint, until);
	tear_down(&probe);
	set_up(rig, members);
	rig->run.has_digests = has_digests;
	add_file(rig, "renamed.pkl", "pickle");
	add_finding(rig, 0, SY_RULE_PICKLE_IMPORT_DANGEROUS, "posix.system");
}

static void suppressions(void **state)
{
	const struct sy_finding *f;
	struct rig rig;

	(void)state;
	suppressing(&rig, "2026-01-01T00:00:01Z", true);
	assert_int_equal(finish(&rig), 0);
	f = rig.report->artifacts[0].findings;
	assert_true(f->is_suppressed);
	assert_true(sy_span_is(f->reason, "suppressed by the policy: seen"));
	assert_true(sy_span_is(f->expiry, "2026-01-01T00:00:01Z"));
	assert_int_equal(rig.report->n_suppressed, 1);
	tear_down(&rig);
	/* From that moment on it counts again. */
	suppressing(&rig, "2026-01-01", true);
	assert_int_equal(finish(&rig), 1);
	assert_true(has_notice(&rig, "suppression-expired"));
	tear_down(&rig);
	/* Size and format alone let another file take the place of this one. */
	suppressing(&rig, "2030-01-01", false);
	assert_int_equal(finish(&rig), 1);
	assert_true(has_notice(&rig, "suppression-weak"));
	tear_down(&rig);
	/* Another symbol is another finding. */
	suppressing(&rig, "2030-01-01", true);
	add_finding(&rig, 0, SY_RULE_PICKLE_IMPORT_DANGEROUS, "builtins.eval");
	assert_int_equal(finish(&rig), 1);
	assert_int_equal(rig.report->n_suppressed, 1);
	tear_down(&rig);
}

/* What was not read is not forgiven into a yes. */
static void suppressed_unread(void **state)
{
	struct rig rig;

	(void)state;
	suppressing(&rig, "2030-01-01", true);
	rig.report->artifacts[0].scope = SY_SCOPE_NOT_EXAMINED;
	assert_int_equal(finish(&rig), 2);
	tear_down(&rig);
}

static void allowances(void **state)
{
	struct sy_allow allow;
	struct rig rig;

	(void)state;
	set_up(&rig, "\"require\": [\"inert\"], \"allow_globals\": [\"acme.*\", \"other.Net\"]");
	add_file(&rig, "m.pkl", "pickle");
	add_finding(&rig, 0, SY_RULE_PICKLE_IMPORT_UNKNOWN, "acme.nets.Net");
	add_finding(&rig, 0, SY_RULE_PICKLE_IMPORT_UNKNOWN, "acme.os.system");
	assert_int_equal(sy_policy_allow(rig.policy, &rig.ctx, &allow), SY_OK);
	assert_int_equal(sy_allow_apply(&allow, rig.report), SY_OK);
	assert_int_equal(finish(&rig), 1);
	assert_int_equal(rig.report->n_suppressed, 1);
	/* An unused one of a policy for many models is no news; a refused one is. */
	assert_true(has_notice(&rig, "allowance-refused"));
	assert_false(has_notice(&rig, "allowance-unused"));
	sy_allow_free(&allow);
	tear_down(&rig);
}

static void questions(void **state)
{
	struct sy_digest id = { .algorithm = SY_SHA256, .len = 32 };
	struct sy_policy *p = NULL;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	ctx.clock.wall_s = fixed_time;
	assert_int_equal(sy_policy_parse(&ctx, sy_span_str(FULL_POLICY), "p.json", &p), SY_OK);
	assert_ptr_equal(sy_policy_rule_for(p, sy_span_str("adapters/a/b")), &p->rules.items[0]);
	assert_ptr_equal(sy_policy_rule_for(p, sy_span_str("model.gguf")), &p->rules.items[1]);
	assert_true(sy_policy_rule_is_met(&p->rules.items[0], (const bool[]){ false, true }));
	assert_false(sy_policy_rule_is_met(&p->rules.items[0], (const bool[]){ true, false }));
	assert_false(sy_policy_rule_is_met(&p->rules.items[1], (const bool[]){ true, false }));
	assert_true(sy_policy_rule_is_met(&p->rules.items[1], (const bool[]){ true, true }));
	assert_false(sy_policy_is_too_old(p, NOW - 365 * 86400, NOW));
	assert_true(sy_policy_is_too_old(p, NOW - 365 * 86400 - 1, NOW));
	assert_true(sy_policy_is_too_old(p, INT64_MIN, NOW));
	assert_true(sy_policy_is_too_old(p, 0, INT64_MIN));
	assert_false(sy_policy_revokes_key(p, &id));
	memset(id.bytes, 0xbb, 32);
	assert_true(sy_policy_revokes_key(p, &id));
	assert_false(sy_policy_revokes_digest(p, &id));
	memset(id.bytes, 0xaa, 32);
	assert_true(sy_policy_revokes_digest(p, &id));
	assert_int_equal(sy_policy_is_in_force(&ctx, p), SY_OK);
	assert_true(sy_policy_window_holds(&p->valid, p->valid.from.at));
	assert_false(sy_policy_window_holds(&p->valid, p->valid.from.at - 1));
	assert_true(sy_policy_window_holds(&p->valid, p->valid.until.at - 1));
	assert_false(sy_policy_window_holds(&p->valid, p->valid.until.at));
	p->valid.until.at = NOW;
	assert_int_equal(sy_policy_is_in_force(&ctx, p), SY_USAGE);
	assert_non_null(strstr(ctx.error.text, "was valid until"));
	sy_error_clear(&ctx);
	p->valid.from.at = NOW + 1;
	assert_int_equal(sy_policy_is_in_force(&ctx, p), SY_USAGE);
	assert_non_null(strstr(ctx.error.text, "is valid from"));
	p->rules.n = 1;
	assert_null(sy_policy_rule_for(p, sy_span_str("model.gguf")));
	sy_policy_free(&p);
}

/* Every allocation fails once; nothing leaks and nothing becomes clean. */
static void without_memory(void **state)
{
	uint64_t fail_at = 0;
	enum sy_status status;

	(void)state;
	do {
		struct test_allocator allocator = { .fail_at = UINT64_MAX };
		struct rig rig;

		suppressing(&rig, "2030-01-01", true);
		rig.policy->required = 1u << SY_AUTHENTIC | 1u << SY_INTACT;
		test_allocator_use(&rig.ctx, &allocator);
		allocator.fail_at = fail_at++;
		status = sy_policy_apply(rig.policy, rig.report, &rig.run);
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
		allocator.fail_at = UINT64_MAX;
		tear_down(&rig);
	} while (status != SY_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked), cmocka_unit_test(required_signatures),
		cmocka_unit_test(required_of_nothing), cmocka_unit_test(required_digests),
		cmocka_unit_test(required_form), cmocka_unit_test(formats),
		cmocka_unit_test(revoked_digests), cmocka_unit_test(remote_code),
		cmocka_unit_test(suppressions), cmocka_unit_test(suppressed_unread),
		cmocka_unit_test(allowances), cmocka_unit_test(questions),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
