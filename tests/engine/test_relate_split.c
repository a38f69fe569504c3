/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relations, through whole scans of small folders: split sets against their names.
 */
#include "tests/engine/relate_models.h"
#include "tests/engine/relate_place.h"

#include <stdio.h>
#include <sys/stat.h>

static void test_part_names(void **state)
{
	static const struct {
		const char *base;
		bool is_part;
		uint64_t number, count;
		size_t prefix_len;
	} names[] = {
		{ "m-00001-of-00002.gguf", true, 1, 2, 1 },
		{ "-00001-of-00002.gguf", true, 1, 2, 0 },
		{ "a-b-00099-of-99999.gguf", true, 99, 99999, 3 },
		{ "m-00003-of-00002.gguf", true, 3, 2, 1 },
		{ "m-00000-of-00000.gguf", true, 0, 0, 1 },
		{ "m-00001-of-00002-00003-of-00004.gguf", true, 3, 4, 16 },
		{ "m.gguf", false, 0, 0, 0 },
		{ "00001-of-00002.gguf", false, 0, 0, 0 },
		{ "m-0001-of-00002.gguf", false, 0, 0, 0 },
		{ "m-000001-of-00002.gguf", false, 0, 0, 0 },
		{ "m-00001-of-000002.gguf", false, 0, 0, 0 },
		{ "m-0000a-of-00002.gguf", false, 0, 0, 0 },
		{ "m-00001-OF-00002.gguf", false, 0, 0, 0 },
		{ "m-00001-of-00002.GGUF", false, 0, 0, 0 },
		{ "m-00001-of-00002", false, 0, 0, 0 },
		{ ".gguf", false, 0, 0, 0 },
		{ "", false, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		struct sy_span base = sy_span_str(names[i].base);
		struct sy_part_name part;

		if (sy_part_name_parse(base, ".gguf", &part) != names[i].is_part)
			fail_msg("%s", names[i].base);
		if (!names[i].is_part)
			continue;
		assert_int_equal(part.number, names[i].number);
		assert_int_equal(part.count, names[i].count);
		assert_int_equal(part.prefix_len, names[i].prefix_len);
	}
}

#define PART_1 "m-00001-of-00002.gguf"
#define PART_2 "m-00002-of-00002.gguf"

static void test_split_good(void **state)
{
	struct place *p = *state;

	model_gguf(PART_1, "a", 0, 2, 3);
	model_gguf(PART_2, "bc", 1, 2, 0);
	/* Another set of that prefix, and one in another folder. */
	model_gguf("m-00001-of-00001.gguf", "a", 0, 1, 0);
	assert_int_equal(mkdir("d", 0755), 0);
	model_gguf("d/" PART_1, "a", 0, 2, 0);
	model_gguf("d/" PART_2, "b", 1, 2, 0);
	place_scan(p, ".");
	place_expect_clean(p);
}

static void test_split_missing(void **state)
{
	struct place *p = *state;

	model_gguf(PART_2, "b", 1, 2, 0);
	place_scan(p, ".");
	place_expect_one(p, PART_2, SY_RULE_SPLIT_FILE_MISSING, 1);
	assert_int_equal(rename(PART_2, "x"), 0);
	model_gguf(PART_1, "a", 0, 2, 0);
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, PART_1, SY_RULE_SPLIT_FILE_MISSING), 1);
}

/* A part named by itself, with and without the others beside it. */
static void test_split_alone(void **state)
{
	struct place *p = *state;

	model_gguf(PART_1, "a", 0, 2, 0);
	place_scan(p, PART_1);
	place_expect_one(p, PART_1, SY_RULE_SPLIT_FILE_MISSING, 1);
	assert_false(place_has_notice(p, "part-not-named"));
	model_gguf(PART_2, "b", 1, 2, 0);
	place_scan(p, PART_1);
	place_expect_clean(p);
	assert_true(place_has_notice(p, "part-not-named"));
	assert_int_equal(place_scan_paths(p, (const char *[]){ PART_1, PART_2 }, 2), SY_OK);
	place_expect_clean(p);
	assert_false(place_has_notice(p, "part-not-named"));
}

static void test_split_disagrees(void **state)
{
	struct place *p = *state;

	model_gguf(PART_1, "a", 0, 2, 0);
	model_gguf(PART_2, "b", 0, 2, 0);
	place_scan(p, ".");
	place_expect_one(p, PART_2, SY_RULE_SPLIT_NUMBER_WRONG, 1);
	model_gguf(PART_2, "b", 1, 3, 0);
	place_scan(p, ".");
	place_expect_one(p, PART_2, SY_RULE_SPLIT_COUNT_DIFFERS, 1);
	model_gguf(PART_2, "a", 1, 2, 0);
	place_scan(p, ".");
	place_expect_one(p, PART_2, SY_RULE_SPLIT_TENSOR_DUPLICATE, 1);
	model_gguf(PART_1, "a", 0, 2, 3);
	model_gguf(PART_2, "b", 1, 2, 0);
	place_scan(p, ".");
	place_expect_one(p, PART_1, SY_RULE_SPLIT_TENSORS_TOTAL, 1);
}

/* What a file leaves unsaid, and what it promises alone. */
static void test_split_unsaid(void **state)
{
	struct place *p = *state;

	model_gguf(PART_1, "a", 0, 2, 0);
	model_gguf(PART_2, "b", 0, 0, 0);
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, PART_2, SY_RULE_SPLIT_KEYS_MISSING), 1);
	model_gguf("n.gguf", "ab", 0, 1, 2);
	place_scan(p, "n.gguf");
	place_expect_clean(p);
	model_gguf("n.gguf", "ab", 0, 0, 3);
	place_scan(p, "n.gguf");
	place_expect_one(p, "n.gguf", SY_RULE_SPLIT_TENSORS_TOTAL, 1);
}

static void test_split_names(void **state)
{
	static const char *const paths[] = {
		"m-00000-of-00002.gguf", "m-00003-of-00002.gguf", "m.gguf",
	};
	struct place *p = *state;

	for (size_t i = 0; i < SY_N_ELEMS(paths); i++) {
		model_gguf(paths[i], "a", 0, 2, 0);
		place_scan(p, paths[i]);
		place_expect_one(p, paths[i], SY_RULE_SPLIT_NAME_WRONG, 1);
	}
}

/* Names that promise 99,999 parts, many times: linear, and every part counted. */
static void test_split_promises(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < 300; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%03u-00005-of-99999.gguf", i);
		model_gguf(path, "a", 4, 0xffff, 0);
	}
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, "123-00005-of-99999.gguf",
				       SY_RULE_SPLIT_FILE_MISSING), 99998);
	assert_int_equal(p->report->exit_code, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_part_names),
		PLACE_TEST(test_split_good),
		PLACE_TEST(test_split_missing),
		PLACE_TEST(test_split_alone),
		PLACE_TEST(test_split_disagrees),
		PLACE_TEST(test_split_unsaid),
		PLACE_TEST(test_split_names),
		PLACE_TEST(test_split_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
