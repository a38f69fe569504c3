/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relations, through whole scans of small folders: configurations against the code they
 * name; and all of them without memory.
 */
#include "tests/engine/relate_models.h"
#include "tests/engine/relate_place.h"

#include <sys/stat.h>
#include <unistd.h>

#define INDEX "model.safetensors.index.json"
#define SHARD_1 "model-00001-of-00002.safetensors"
#define PART_1 "m-00001-of-00002.gguf"

/* Two tensors in two shards, of which the second is not there. */
static const char index_text[] =
	"{\"metadata\":{\"total_size\":16},\"weight_map\":{"
	"\"a\":\"" SHARD_1 "\",\"b\":\"model-00002-of-00002.safetensors\"}}";

static void test_code(void **state)
{
	struct place *p = *state;

	model_text("config.json", "{\"auto_map\":{\"AutoModel\":\"mine.Model\"}}");
	model_text("mine.py", "class Model: pass\n");
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, "config.json", SY_RULE_CODE_REMOTE_DECLARED), 1);
	assert_int_equal(p->report->answers[SY_INERT], SY_CONDITIONAL);
	assert_int_equal(p->report->exit_code, 0);
	assert_int_equal(unlink("mine.py"), 0);
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, "config.json", SY_RULE_CODE_FILE_MISSING), 1);
	model_text("config.json", "{\"auto_map\":{\"AutoModel\":\"who/what--mine.Model\"}}");
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, "config.json", SY_RULE_CODE_REMOTE_UNPINNED), 1);
}

static void test_code_by_name(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdir("custom_generate", 0755), 0);
	model_text("custom_generate/generate.py", "def generate(): pass\n");
	model_text("handler.py", "class EndpointHandler: pass\n");
	model_text("my_handler.py", "pass\n");
	place_scan(p, ".");
	assert_int_equal(place_n_found(p, "generate.py", SY_RULE_CODE_GENERATE_CUSTOM), 1);
	assert_int_equal(place_n_found(p, "/handler.py", SY_RULE_CODE_HANDLER_IMPORTED), 1);
	assert_int_equal(place_n_found(p, "my_handler.py", SY_RULE_CODE_HANDLER_IMPORTED), 0);
}

/* With the n-th allocation failing: never clean unless it is, and nothing leaks. */
static void test_no_memory(void **state)
{
	struct place *p = *state;
	bool is_whole = false;
	const char *path = ".";

	model_safetensors(SHARD_1, "a");
	model_text(INDEX, index_text);
	model_gguf(PART_1, "a", 0, 2, 0);
	for (uint64_t n = 0; !is_whole; n++) {
		enum sy_status status;

		assert_true(n < 2000);
		p->allocator = (struct test_allocator){ .fail_at = n };
		sy_error_clear(&p->ctx);
		status = place_scan_paths(p, &path, 1);
		is_whole = p->allocator.n_calls <= n;
		if (status == SY_OK)
			assert_int_not_equal(p->report->exit_code, 0);
		else
			assert_int_equal(status, SY_NO_MEMORY);
		sy_report_free(&p->report);
		assert_int_equal(p->allocator.n_live, 0);
		assert_int_equal(p->ctx.memory_used, 0);
	}
}

/* Whatever the budget, there is a report, and it is not called clean. */
static void test_budget(void **state)
{
	struct place *p = *state;

	model_safetensors(SHARD_1, "a");
	model_text(INDEX, index_text);
	for (uint64_t budget = 150000; budget < 1000000; budget += 50000) {
		p->ctx.limits.memory = budget;
		sy_error_clear(&p->ctx);
		place_scan(p, ".");
		assert_int_not_equal(p->report->exit_code, 0);
		assert_int_equal(p->ctx.limits.memory, budget);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(test_code),
		PLACE_TEST(test_code_by_name),
		PLACE_TEST(test_no_memory),
		PLACE_TEST(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
