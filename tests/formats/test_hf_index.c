/* SPDX-License-Identifier: Apache-2.0 */
/* Weight indexes: vectors, references, bids, and how the work grows. */
#include "tests/formats/vectors.h"

#include <stdio.h>
#include <stdlib.h>

extern const struct sy_format sy_format_hf_index;

#define NAME "model.safetensors.index.json"
#define INDEX "{\"metadata\": {\"total_size\": 20}, \"weight_map\": {\"a\": " \
	      "\"model-00001-of-00002.safetensors\", \"b\": " \
	      "\"model-00002-of-00002.safetensors\"}}"

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("hf_index", ".json", &sy_format_hf_index, NAME);
}

static void inspect(struct sy_context *ctx, struct sy_span text, const char *name,
		    struct test_sink *sink)
{
	sy_context_init(ctx);
	test_sink_init(sink, ctx);
	assert_int_equal(test_inspect(ctx, &sy_format_hf_index, text, name, sink), SY_OK);
}

static void entries_become_references(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;
	const struct sy_record_ref *ref;

	(void)state;
	inspect(&ctx, sy_span_str(INDEX), NAME, &sink);
	assert_int_equal(test_n_records(&sink, SY_RECORD_REF), 3);
	ref = &test_record(&sink, SY_RECORD_REF, 0)->u.ref;
	assert_int_equal(ref->kind, SY_REF_TOTAL_SIZE);
	assert_int_equal(ref->value, 20);
	ref = &test_record(&sink, SY_RECORD_REF, 2)->u.ref;
	assert_int_equal(ref->kind, SY_REF_SHARD);
	assert_true(sy_span_is(ref->name, "b"));
	assert_true(sy_span_is(ref->target, "model-00002-of-00002.safetensors"));
	assert_int_equal(INDEX[ref->off], '"');
	test_sink_free(&sink);
}

static void the_name_tells_the_kind(void **state)
{
	static const char bin[] = "{\"metadata\": {\"total_size\": 1}, \"weight_map\": "
				  "{\"a\": \"pytorch_model.bin\"}}";
	struct sy_context ctx;
	struct test_sink sink;

	(void)state;
	inspect(&ctx, sy_span_str(bin), "pytorch_model.bin.index.json", &sink);
	assert_int_equal(test_n_facts_from(&sink, SY_LOW), 0);
	test_sink_free(&sink);
	inspect(&ctx, sy_span_str(bin), NAME, &sink);
	assert_int_equal(test_n_facts(&sink, SY_RULE_INDEX_FILE_KIND), 1);
	test_sink_free(&sink);
	inspect(&ctx, sy_span_str(bin), "other.index.json", &sink);
	assert_int_equal(test_n_facts_from(&sink, SY_LOW), 0);
	test_sink_free(&sink);
}

static void bids_go_by_name(void **state)
{
	struct sy_probe probe = test_probe(sy_span_str(INDEX), NAME);

	(void)state;
	assert_true(sy_format_hf_index.bid(&probe) > 0);
	probe = test_probe(sy_span_str("["), "model.safetensors.index.fp16.json");
	assert_true(sy_format_hf_index.bid(&probe) > 0);
	probe = test_probe(sy_span_str("["), "MODEL.Safetensors.Index.JSON");
	assert_true(sy_format_hf_index.bid(&probe) > 0);
	probe = test_probe(sy_span_str("["), "model.safetensors.index.json.md");
	assert_int_equal(sy_format_hf_index.bid(&probe), 0);
	probe = test_probe(sy_span_str(INDEX), "model.ckpt.index.json");
	assert_true(sy_format_hf_index.bid(&probe) > 0);
	probe = test_probe(sy_span_str("{}"), "faiss.index.json");
	assert_int_equal(sy_format_hf_index.bid(&probe), 0);
	probe = test_probe(sy_span_str(INDEX), "index.json");
	assert_int_equal(sy_format_hf_index.bid(&probe), 0);
}

static void every_prefix_ends_well(void **state)
{
	(void)state;
	test_every_prefix(&sy_format_hf_index, sy_span_str(INDEX), NAME);
}

/* 50,000 tensors in as many files and series. */
static void many_files_stay_cheap(void **state)
{
	const size_t n = 50000;
	struct sy_context ctx;
	struct test_sink sink;
	char *text = malloc(n * 96 + 64);
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	len += (size_t)sprintf(text + len, "{\"metadata\":{\"total_size\":1},\"weight_map\":{");
	for (size_t i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, "%s\"t%zu\":\"m%zu-00001-of-00001.safetensors\"",
				       i ? "," : "", i, i);
	len += (size_t)sprintf(text + len, "}}");
	inspect(&ctx, sy_span_of(text, len), NAME, &sink);
	assert_int_equal(test_n_facts_from(&sink, SY_LOW), 0);
	assert_int_equal(test_n_records(&sink, SY_RECORD_REF), n + 1);
	test_sink_free(&sink);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(entries_become_references),
		cmocka_unit_test(the_name_tells_the_kind),
		cmocka_unit_test(bids_go_by_name),
		cmocka_unit_test(every_prefix_ends_well),
		cmocka_unit_test(many_files_stay_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
