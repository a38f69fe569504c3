/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relations, through whole scans of small folders: indexes against their shards.
 */
#include "tests/engine/relate_models.h"
#include "tests/engine/relate_place.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDEX "model.safetensors.index.json"
#define SHARD_1 "model-00001-of-00002.safetensors"
#define SHARD_2 "model-00002-of-00002.safetensors"
#define INDEX_OF(total, map) \
	"{\"metadata\":{\"total_size\":" total "},\"weight_map\":{" map "}}"
#define A_IN_1 "\"a\":\"" SHARD_1 "\""
#define B_IN_1 "\"b\":\"" SHARD_1 "\""
#define B_IN_2 "\"b\":\"" SHARD_2 "\""

static void test_index_good(void **state)
{
	struct place *p = *state;

	model_safetensors(SHARD_1, "a");
	model_safetensors(SHARD_2, "b");
	model_text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	place_scan(p, ".");
	place_expect_clean(p);
	place_scan(p, p->dir);
	place_expect_clean(p);
}

static void test_index_shard_missing(void **state)
{
	struct place *p = *state;

	model_safetensors(SHARD_1, "a");
	model_text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	place_scan(p, ".");
	place_expect_one(p, INDEX, SY_RULE_INDEX_FILE_MISSING, 1);
	assert_true(symlink("nowhere", SHARD_2) == 0);
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, SHARD_2, SY_RULE_FILE_LINK_DANGLING), 1);
	assert_int_not_equal(p->report->exit_code, 0);
}

/* The index named by itself: nobody asked about the weights. */
static void test_index_alone(void **state)
{
	struct place *p = *state;

	model_safetensors(SHARD_1, "a");
	model_text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	place_scan(p, INDEX);
	place_expect_clean(p);
	assert_true(place_has_notice(p, "part-not-named"));
}

static void test_index_tensors(void **state)
{
	struct place *p = *state;

	/* The index puts it where it is not. */
	model_safetensors(SHARD_1, "ab");
	model_safetensors(SHARD_2, "c");
	model_text(INDEX, INDEX_OF("24", A_IN_1 "," B_IN_2 ",\"c\":\"" SHARD_2 "\""));
	place_scan(p, ".");
	place_expect_one(p, INDEX, SY_RULE_INDEX_TENSOR_MISSING, 1);
	/* A shard holds one that the index does not know. */
	model_text(INDEX, INDEX_OF("24", A_IN_1 ",\"c\":\"" SHARD_2 "\""));
	place_scan(p, ".");
	place_expect_one(p, SHARD_1, SY_RULE_INDEX_TENSOR_UNLISTED, 0);
	/* The sum is another. */
	model_text(INDEX, INDEX_OF("25", A_IN_1 "," B_IN_1 ",\"c\":\"" SHARD_2 "\""));
	place_scan(p, ".");
	place_expect_one(p, INDEX, SY_RULE_INDEX_TOTAL_SIZE, 0);
	/* The same tensor twice. */
	model_safetensors(SHARD_2, "bc");
	model_text(INDEX, INDEX_OF("32", A_IN_1 "," B_IN_1 ",\"c\":\"" SHARD_2 "\""));
	place_scan(p, ".");
	place_expect_one(p, SHARD_2, SY_RULE_INDEX_TENSOR_DUPLICATE, 1);
}

#define BIN_INDEX "pytorch_model.bin.index.json"
#define BIN_1 "pytorch_model-00001-of-00002.bin"
#define BIN_2 "pytorch_model-00002-of-00002.bin"
#define BINS_OF(total, a, b) \
	INDEX_OF(total, "\"a\":\"" a "\",\"b\":\"" b "\"")

/* Pickled shards are held to their index like others. */
static void test_index_pickles(void **state)
{
	struct place *p = *state;

	model_torch(BIN_1, "a", false);
	model_torch(BIN_2, "b", false);
	model_text(BIN_INDEX, BINS_OF("16", BIN_1, BIN_2));
	place_scan(p, ".");
	place_expect_clean(p);
	model_text(BIN_INDEX, BINS_OF("17", BIN_1, BIN_2));
	place_scan(p, ".");
	place_expect_one(p, BIN_INDEX, SY_RULE_INDEX_TOTAL_SIZE, 0);
	model_torch(BIN_2, "bc", false);
	model_text(BIN_INDEX, BINS_OF("24", BIN_1, BIN_2));
	place_scan(p, ".");
	place_expect_one(p, BIN_2, SY_RULE_INDEX_TENSOR_UNLISTED, 0);
	model_torch(BIN_1, "ab", false);
	model_torch(BIN_2, "c", false);
	model_text(BIN_INDEX, INDEX_OF("24", "\"a\":\"" BIN_1 "\",\"b\":\"" BIN_2 "\",\"c\":\""
				       BIN_2 "\""));
	place_scan(p, ".");
	place_expect_one(p, BIN_INDEX, SY_RULE_INDEX_TENSOR_MISSING, 1);
}

/* Tied weights are counted once by some, and as often as they are named by others. */
static void test_index_tied(void **state)
{
	struct place *p = *state;

	model_torch(BIN_1, "ab", true);
	model_torch(BIN_2, "c", false);
	model_text(BIN_INDEX, INDEX_OF("24", "\"a\":\"" BIN_1 "\",\"b\":\"" BIN_1 "\",\"c\":\""
				       BIN_2 "\""));
	place_scan(p, ".");
	place_expect_clean(p);
	model_text(BIN_INDEX, INDEX_OF("16", "\"a\":\"" BIN_1 "\",\"b\":\"" BIN_1 "\",\"c\":\""
				       BIN_2 "\""));
	place_scan(p, ".");
	place_expect_clean(p);
}

static void test_index_shard_left_out(void **state)
{
	struct place *p = *state;

	model_safetensors(SHARD_1, "a");
	model_safetensors(SHARD_2, "b");
	model_text(INDEX, INDEX_OF("8", A_IN_1));
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, SHARD_2, SY_RULE_INDEX_FILE_UNLISTED), 1);
	assert_int_equal(place_n_found(p, SHARD_1, SY_RULE_INDEX_FILE_UNLISTED), 0);
}

/* Names in an index are matched with what was listed: nothing else is touched. */
static void test_index_leads_out(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdir("m", 0755), 0);
	model_safetensors("other.safetensors", "a");
	model_text("m/" INDEX, INDEX_OF("8", "\"a\":\"../other.safetensors\""));
	place_scan(p, "m");
	assert_int_equal(p->report->exit_code, 1);
	assert_int_equal(place_n_found(p, INDEX, SY_RULE_INDEX_FILE_MISSING) +
			       place_n_found(p, INDEX, SY_RULE_INDEX_PATH_UNSAFE) > 0, true);
	assert_int_equal(p->report->n_artifacts, 1);
}

/* Many indexes about one shard: the work ends at the limit, and says so. */
static void test_index_limit(void **state)
{
	struct place *p = *state;

	model_safetensors("w.safetensors", "abcdefghij");
	for (unsigned i = 0; i < 40; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%02u.safetensors.index.json", i);
		model_text(path, INDEX_OF("80", "\"a\":\"w.safetensors\""));
	}
	p->ctx.limits.records = 100;
	place_scan(p, ".");
	assert_true(place_n_found(p, ".index.json", SY_RULE_WORKER_LIMIT_REACHED) >= 20);
	assert_int_not_equal(p->report->exit_code, 0);
	assert_int_equal(p->report->answers[SY_WELL_FORMED], SY_UNDETERMINED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(test_index_good),
		PLACE_TEST(test_index_shard_missing),
		PLACE_TEST(test_index_alone),
		PLACE_TEST(test_index_tensors),
		PLACE_TEST(test_index_pickles),
		PLACE_TEST(test_index_tied),
		PLACE_TEST(test_index_shard_left_out),
		PLACE_TEST(test_index_leads_out),
		PLACE_TEST(test_index_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
