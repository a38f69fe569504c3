/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints a report document for a validator: report_documents WRITER CASE.
 * Exit code 2 when there is no such case: the caller counts up from 0.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/report/sample.h"

static void empty(struct sample *s)
{
	(void)s;
}

static void clean(struct sample *s)
{
	sample_file(s, "/models/a b/model.gguf", 10, "gguf", SY_SCOPE_EXAMINED);
	sample_digest(s, 0, 3);
}

static void interrupted(struct sample *s)
{
	s->report->is_complete = false;
	s->report->fail_on = SY_N_SEVERITIES;
	sample_file(s, "a", 10, "gguf", SY_SCOPE_NOT_EXAMINED);
}

static void every_rule(struct sample *s)
{
	sample_file(s, "a", 10, "gguf", SY_SCOPE_EXAMINED);
	for (unsigned rule = 0; rule < SY_N_RULES; rule++)
		sample_finding(s, 0, rule, rule, "symbol", "");
}

static void many(struct sample *s)
{
	s->ctx.limits.findings_per_rule = 300;
	sample_file(s, "a", 10, "gguf", SY_SCOPE_EXAMINED);
	for (unsigned i = 0; i < 300; i++)
		sample_finding(s, 0, SY_RULE_FILE_TWIN_NAME, i, "symbol", "twin");
}

static void (*const cases[])(struct sample *s) = {
	empty, clean, interrupted, every_rule, sample_everything, many,
	sample_policy,
};

int main(int argc, char **argv)
{
	struct sample s;
	size_t i;

	if (argc != 3 || (i = (size_t)atoi(argv[2])) >= SY_N_ELEMS(cases))
		return 2;
	sample_begin(&s);
	cases[i](&s);
	sample_finish(&s);
	fputs(sample_write(&s, argv[1], NULL), stdout);
	sample_end(&s);
	return ferror(stdout) != 0;
}
