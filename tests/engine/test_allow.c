/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allowances: what they cover, what no pattern can reach, what is said about them.
 */
#include "verifier/engine/allow.h"

#include <stdio.h>

#include "formats/pickle/globals.h"
#include "tests/support/support.h"

struct rig {
	struct sy_context ctx;
	struct sy_report *report;
	struct sy_allow allow;
};

static void set_up(struct rig *rig)
{
	size_t at;

	sy_context_init(&rig->ctx);
	assert_int_equal(sy_report_new(&rig->ctx, &rig->report), SY_OK);
	assert_int_equal(sy_report_add_artifact(rig->report, sy_span_str("m.pkl"), 100, &at),
			 SY_OK);
	sy_artifact_examined(&rig->report->artifacts[0]);
	sy_allow_init(&rig->allow, &rig->ctx, "--allow-global");
}

static void tear_down(struct rig *rig)
{
	sy_allow_free(&rig->allow);
	sy_report_free(&rig->report);
	assert_int_equal(rig->ctx.memory_used, 0);
}

static void find(struct rig *rig, enum sy_rule rule, struct sy_span symbol)
{
	struct sy_record_fact fact = { .rule = rule, .symbol = symbol,
				       .detail = sy_span_str("imports it") };

	assert_int_equal(sy_report_add_finding(rig->report, 0, &fact), SY_OK);
}

/* Is a finding of the rule about the symbol suppressed under the pattern? */
static bool is_suppressed(enum sy_rule rule, const char *symbol, const char *pattern)
{
	struct rig rig;
	bool is;

	set_up(&rig);
	find(&rig, rule, sy_span_str(symbol));
	assert_int_equal(sy_allow_add(&rig.allow, pattern), SY_OK);
	assert_int_equal(sy_allow_apply(&rig.allow, rig.report), SY_OK);
	is = rig.report->artifacts[0].findings->is_suppressed;
	/* Either it took effect, or a notice says that it did not. */
	assert_int_equal(rig.report->n_notices, !is);
	assert_int_equal(sy_report_finish(rig.report), SY_OK);
	assert_int_equal(rig.report->exit_code, is ? 0 : 1);
	tear_down(&rig);
	return is;
}

static bool covers(const char *symbol, const char *pattern)
{
	return is_suppressed(SY_RULE_PICKLE_IMPORT_UNKNOWN, symbol, pattern);
}

static void exact_names_and_prefixes(void **state)
{
	(void)state;
	assert_true(covers("acme.nets.Net", "acme.nets.Net"));
	assert_true(covers("acme.nets.Net", "acme.nets.*"));
	assert_true(covers("acme.nets.Net", "acme.*"));
	assert_false(covers("acme.nets.Net", "acme.nets"));
	assert_false(covers("acme.nets.Net", "acme.nets.Net.*"));
	assert_false(covers("acme.nets.Net", "acme.nets.Ne"));
	assert_false(covers("acme.nets.Net", "acme.nets.Nets"));
	/* The dot is part of the prefix. */
	assert_false(covers("acmesys.Net", "acme.*"));
	assert_false(covers("acme.netsuite.Net", "acme.nets.*"));
	assert_false(covers("notacme.Net", "acme.*"));
	/* Bytes: neither case nor look nor Unicode form is folded. */
	assert_false(covers("Acme.Net", "acme.*"));
	assert_false(covers("acme.net", "acme.Net"));
	assert_false(covers("\xd0\xb0" "cme.Net", "acme.*"));
	assert_false(covers("\xef\xbd\x81" "cme.Net", "acme.*"));
	assert_true(covers("ac\xc3\xa9me.Net", "ac\xc3\xa9me.*"));
}

static void dangerous_names_are_out_of_reach(void **state)
{
	static const char *const symbols[] = {
		"os.system", "builtins.eval", "posix.system", "__builtin__.eval",
		"subprocess.Popen", "acme.os.system", "random._os.system",
		"acme.nets.builtins.exec", "commands.getoutput",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(symbols); i++) {
		char prefix[64];

		assert_true(sy_allow_is_dangerous(sy_span_str(symbols[i])));
		/* Even if a worker called them unknown. */
		assert_false(covers(symbols[i], symbols[i]));
		(void)snprintf(prefix, sizeof(prefix), "%.*s.*",
			       (int)strcspn(symbols[i], "."), symbols[i]);
		assert_false(covers(symbols[i], prefix));
	}
	assert_false(sy_allow_is_dangerous(sy_span_str("acme.Net")));
	assert_false(sy_allow_is_dangerous(sy_span_str("collections.OrderedDict")));
}

/* A whole module is not what its objects lead to. */
static void prefixes_end_at_special_names(void **state)
{
	(void)state;
	assert_false(covers("acme.f.__globals__", "acme.*"));
	assert_false(covers("acme.Net.__class__.x", "acme.*"));
	assert_false(covers("acme.__dict__.get", "acme.*"));
	assert_false(covers("__main__.Net", "__main__.*"));
	assert_false(covers("acme.__", "acme.*"));
	assert_true(covers("acme._private", "acme.*"));
	assert_true(covers("acme.snake__case", "acme.*"));
}

/* Only what is unknown: a finding of any other rule stays. */
static void other_rules_stay(void **state)
{
	(void)state;
	assert_false(is_suppressed(SY_RULE_PICKLE_IMPORT_DANGEROUS, "acme.Net", "acme.Net"));
	assert_false(is_suppressed(SY_RULE_PICKLE_USE_UNSAFE, "acme.Net", "acme.*"));
	assert_false(is_suppressed(SY_RULE_PICKLE_NAME_COMPUTED, "acme.Net", "acme.*"));
}

/* The end of a long name was cut off, and with it what it is. */
static void cut_names_are_never_allowed(void **state)
{
	static char symbol[SY_GLOBAL_NAME_MAX + 8];

	(void)state;
	memset(symbol, 'a', sizeof(symbol) - 1);
	memcpy(symbol, "acme.", 5);
	assert_false(covers(symbol, "acme.*"));
	symbol[SY_GLOBAL_NAME_MAX] = 0;
	assert_false(covers(symbol, "acme.*"));
	symbol[200] = 0;
	assert_true(covers(symbol, "acme.*"));
}

static void patterns_that_are_none(void **state)
{
	static const char *const patterns[] = {
		"", "*", ".*", "*.*", "**", "acme", "acme*", "acme.n*", "acme.*.Net", "*.Net",
		"acme..Net", ".acme.Net", "acme.Net.", "acme.*.*", "acme. Net", " acme.Net",
		"acme.Net\n", "acme.\x1b[31m", "acme.\xff", "acme.**", "..*",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(patterns); i++) {
		struct rig rig;

		set_up(&rig);
		if (sy_allow_add(&rig.allow, patterns[i]) != SY_USAGE)
			fail_msg("'%s' was taken", patterns[i]);
		assert_int_equal(rig.allow.n, 0);
		tear_down(&rig);
	}
}

static bool has_notice(const struct rig *rig, const char *kind)
{
	for (const struct sy_notice *n = rig->report->notices; n; n = n->next) {
		if (sy_span_is(n->kind, kind))
			return true;
	}
	return false;
}

static void reasons_and_notices(void **state)
{
	struct rig rig;
	const struct sy_finding *f;

	(void)state;
	set_up(&rig);
	find(&rig, SY_RULE_PICKLE_IMPORT_UNKNOWN, sy_span_str("acme.Net"));
	assert_int_equal(sy_allow_add(&rig.allow, "acme.*"), SY_OK);
	assert_int_equal(sy_allow_add(&rig.allow, "acme.Net"), SY_OK);
	assert_int_equal(sy_allow_add(&rig.allow, "other.Net"), SY_OK);
	assert_int_equal(sy_report_add_more(rig.report, 0, SY_RULE_PICKLE_IMPORT_UNKNOWN, 5),
			 SY_OK);
	assert_int_equal(sy_allow_apply(&rig.allow, rig.report), SY_OK);
	f = rig.report->artifacts[0].findings;
	assert_true(f->is_suppressed);
	assert_true(sy_span_is(f->reason, "allowed by --allow-global acme.*"));
	assert_true(has_notice(&rig, "allowance-unused"));
	assert_true(has_notice(&rig, "allowance-incomplete"));
	assert_int_equal(rig.report->n_notices, 2);
	/* What was only counted was not compared, and still counts. */
	assert_int_equal(sy_report_finish(rig.report), SY_OK);
	assert_int_equal(rig.report->exit_code, 1);
	tear_down(&rig);
}

static void without_memory(void **state)
{
	struct test_allocator allocator = { .fail_at = 0 };
	struct sy_context ctx;
	struct sy_allow allow;

	(void)state;
	sy_context_init(&ctx);
	test_allocator_use(&ctx, &allocator);
	sy_allow_init(&allow, &ctx, "--allow-global");
	assert_int_equal(sy_allow_add(&allow, "acme.Net"), SY_NO_MEMORY);
	sy_allow_free(&allow);
	assert_int_equal(allocator.n_live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_names_and_prefixes),
		cmocka_unit_test(dangerous_names_are_out_of_reach),
		cmocka_unit_test(prefixes_end_at_special_names),
		cmocka_unit_test(other_rules_stay),
		cmocka_unit_test(cut_names_are_never_allowed),
		cmocka_unit_test(patterns_that_are_none),
		cmocka_unit_test(reasons_and_notices),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
