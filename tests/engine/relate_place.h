/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of one test, its scan and what that found.  place_setup and place_teardown
 * are the test's own; the folder is the current one.
 */
#ifndef SY_TESTS_RELATE_PLACE_H
#define SY_TESTS_RELATE_PLACE_H

#include "tests/support/support.h"
#include "verifier/engine/relations.h"

struct place {
	struct sy_context ctx;
	struct test_allocator allocator;
	char dir[256];
	struct sy_report *report;
};

#define PLACE_TEST(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int place_setup(void **state);
int place_teardown(void **state);

enum sy_status place_scan_paths(struct place *p, const char *const *paths, size_t n_paths);
void place_scan(struct place *p, const char *path);

/* Findings of a rule on files whose path ends so, those beyond the cap included. */
uint64_t place_n_found(const struct place *p, const char *end, enum sy_rule rule);
uint64_t place_n_findings(const struct place *p);
bool place_has_notice(const struct place *p, const char *kind);

/* Exactly this one finding, and the exit code that follows. */
void place_expect_one(const struct place *p, const char *end, enum sy_rule rule, int code);
void place_expect_clean(const struct place *p);

#endif
