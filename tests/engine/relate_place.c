/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of one test; see relate_place.h. */
#include "tests/engine/relate_place.h"

#include <unistd.h>

#define WORKER STEELYARD_BINARY_DIR "/steelyard-worker"

int place_setup(void **state)
{
	struct place *p = test_calloc(1, sizeof(*p));

	p->allocator.fail_at = UINT64_MAX;
	sy_context_init(&p->ctx);
	test_allocator_use(&p->ctx, &p->allocator);
	test_tmpdir(p->dir, sizeof(p->dir));
	assert_int_equal(chdir(p->dir), 0);
	*state = p;
	return 0;
}

int place_teardown(void **state)
{
	struct place *p = *state;

	sy_report_free(&p->report);
	assert_int_equal(p->allocator.n_live, 0);
	assert_int_equal(p->ctx.memory_used, 0);
	assert_int_equal(chdir("/"), 0);
	test_rmtree(p->dir);
	test_free(p);
	return 0;
}

enum sy_status place_scan_paths(struct place *p, const char *const *paths,
				size_t n_paths)
{
	const struct sy_check_options options = {
		.command = "scan", .loader = sy_loader_find("any"),
		.asked = 1u << SY_WELL_FORMED | 1u << SY_INERT,
		.paths = paths, .n_paths = n_paths, .fail_on = SY_HIGH,
		.worker = WORKER, .jobs = 2,
	};

	sy_report_free(&p->report);
	return sy_check(&p->ctx, &options, &p->report);
}

void place_scan(struct place *p, const char *path)
{
	assert_int_equal(place_scan_paths(p, &path, 1), SY_OK);
}

static bool is_at(struct sy_span path, const char *end)
{
	return sy_span_ends(path, end);
}

/* Findings of a rule on files whose path ends so, those beyond the cap included. */
uint64_t place_n_found(const struct place *p, const char *end, enum sy_rule rule)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->report->n_artifacts; i++) {
		const struct sy_artifact *a = &p->report->artifacts[i];

		if (!is_at(a->path, end))
			continue;
		for (const struct sy_finding *f = a->findings; f; f = f->next)
			n += f->rule == rule;
		for (const struct sy_more *m = a->more; m; m = m->next)
			n += m->rule == rule ? m->n : 0;
	}
	return n;
}

uint64_t place_n_findings(const struct place *p)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < SY_N_SEVERITIES; s++)
		n += p->report->counts[s];
	return n;
}

bool place_has_notice(const struct place *p, const char *kind)
{
	for (const struct sy_notice *n = p->report->notices; n; n = n->next) {
		if (sy_span_is(n->kind, kind))
			return true;
	}
	return false;
}

/* Exactly this one finding, and the exit code that follows. */
void place_expect_one(const struct place *p, const char *end, enum sy_rule rule,
		      int code)
{
	if (place_n_found(p, end, rule) != 1 || place_n_findings(p) != 1)
		fail_msg("%s on %s: %d, and %d findings in all", sy_rule_info(rule)->id,
			 end, (int)place_n_found(p, end, rule), (int)place_n_findings(p));
	assert_int_equal(p->report->exit_code, code);
}

void place_expect_clean(const struct place *p)
{
	assert_int_equal(place_n_findings(p), 0);
	assert_int_equal(p->report->exit_code, 0);
}
