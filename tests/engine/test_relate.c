/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relations, through whole scans of small folders: indexes against their shards,
 * split sets against their names, configurations against the code they name.
 */
#include "verifier/engine/relations.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

#define WORKER STEELYARD_BINARY_DIR "/steelyard-worker"

/* Every test works in a folder of its own. */
struct place {
	struct sy_context ctx;
	struct test_allocator allocator;
	char dir[256];
	struct sy_report *report;
};

static int setup(void **state)
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

static int teardown(void **state)
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

/* --- models as small as they get -------------------------------------------------- */

struct bytes {
	uint8_t data[4096];
	size_t len;
};

static void put(struct bytes *b, const void *data, size_t len)
{
	assert_true(len <= sizeof(b->data) - b->len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put_le(struct bytes *b, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put(b, &(uint8_t){ (uint8_t)(value >> 8 * i) }, 1);
}

static void put_text(struct bytes *b, const char *s)
{
	put_le(b, strlen(s), 8);
	put(b, s, strlen(s));
}

/* Tensors of eight bytes each, by the letters of `names`. */
static void safetensors(const char *path, const char *names)
{
	struct bytes b = { .len = 8 };
	uint64_t header;

	put(&b, "{", 1);
	for (size_t i = 0; names[i]; i++) {
		char entry[128];

		snprintf(entry, sizeof(entry), "%s\"%c\":{\"dtype\":\"F32\",\"shape\":[2],"
			 "\"data_offsets\":[%zu,%zu]}", i ? "," : "", names[i],
			 8 * i, 8 * i + 8);
		put(&b, entry, strlen(entry));
	}
	put(&b, "}", 1);
	while (b.len % 8)
		put(&b, " ", 1);
	header = b.len - 8;
	b.len += 8 * strlen(names);
	for (size_t i = 0; i < 8; i++)
		b.data[i] = (uint8_t)(header >> 8 * i);
	test_write_file(path, b.data, b.len);
}

static void put_word(struct bytes *b, const char *word)
{
	put(b, "X", 1);
	put_le(b, strlen(word), 4);
	put(b, word, strlen(word));
}

static void put_string(struct bytes *b, const char *s)
{
	put(b, s, strlen(s));
}

/* The tensor of one letter: two float32 of a storage of that name. */
static void put_torch_tensor(struct bytes *b, const char *name, const char *storage)
{
	put_word(b, name);
	put_string(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
	put_word(b, "storage");
	put_string(b, "ctorch\nFloatStorage\n");
	put_word(b, storage);
	put_word(b, "cpu");
	put(b, "K\2tQK\0K\2\x85K\1\x85\x89", 13);
	put_string(b, "ccollections\nOrderedDict\n)RtR");
}

/* PyTorch's old stream; with `is_tied` all tensors are of one storage, "a". */
static void torch(const char *path, const char *names, bool is_tied)
{
	static const char head[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
				   "\x80\2M\xe9\3.\x80\2}.\x80\2}(";
	size_t n = is_tied ? 1 : strlen(names);
	struct bytes b = { .len = 0 };

	put(&b, head, sizeof(head) - 1);
	for (size_t i = 0; names[i]; i++)
		put_torch_tensor(&b, (char[]){ names[i], 0 },
				 (char[]){ is_tied ? 'a' : names[i], 0 });
	put_string(&b, "u.\x80\2](");
	for (size_t i = 0; i < n; i++)
		put_word(&b, (char[]){ names[i], 0 });
	put_string(&b, "e.");
	for (size_t i = 0; i < n; i++) {
		put_le(&b, 2, 8);
		b.len += 8;
	}
	test_write_file(path, b.data, b.len);
}

/* Type numbers of GGUF values. */
enum { GGUF_U16 = 2, GGUF_I32 = 5, GGUF_STRING = 8 };

static void put_key(struct bytes *b, const char *key, uint32_t type, uint64_t value)
{
	put_text(b, key);
	put_le(b, type, 4);
	put_le(b, value, type == GGUF_U16 ? 2 : 4);
}

/* Part `number` (from 0) of `count`; each letter is a tensor; count, total 0: not said. */
static void gguf(const char *path, const char *names, uint64_t number,
		 uint64_t count, uint64_t total)
{
	struct bytes b = { .len = 0 };

	put(&b, "GGUF", 4);
	put_le(&b, 3, 4);
	put_le(&b, strlen(names), 8);
	put_le(&b, 1u + (count > 0 ? 2u : 0u) + (total > 0), 8);
	put_text(&b, "general.architecture");
	put_le(&b, GGUF_STRING, 4);
	put_text(&b, "llama");
	if (count > 0) {
		put_key(&b, "split.no", GGUF_U16, number);
		put_key(&b, "split.count", GGUF_U16, count);
	}
	if (total > 0)
		put_key(&b, "split.tensors.count", GGUF_I32, total);
	for (size_t i = 0; names[i]; i++) {
		put_text(&b, (char[]){ names[i], 0 });
		put_le(&b, 1, 4);		/* one dimension */
		put_le(&b, 8, 8);
		put_le(&b, 0, 4);		/* F32 */
		put_le(&b, 32 * i, 8);
	}
	while (b.len % 32)
		put(&b, "", 1);
	b.len += 32 * strlen(names);
	test_write_file(path, b.data, b.len);
}

static void text(const char *path, const char *content)
{
	test_write_file(path, content, strlen(content));
}

/* --- scanning --------------------------------------------------------------------- */

static enum sy_status scan_paths(struct place *p, const char *const *paths,
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

static void scan(struct place *p, const char *path)
{
	assert_int_equal(scan_paths(p, &path, 1), SY_OK);
}

static bool is_at(struct sy_span path, const char *end)
{
	return sy_span_ends(path, end);
}

/* Findings of a rule on files whose path ends so, those beyond the cap included. */
static uint64_t n_found(const struct place *p, const char *end, enum sy_rule rule)
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

static uint64_t n_findings(const struct place *p)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < SY_N_SEVERITIES; s++)
		n += p->report->counts[s];
	return n;
}

static bool has_notice(const struct place *p, const char *kind)
{
	for (const struct sy_notice *n = p->report->notices; n; n = n->next) {
		if (sy_span_is(n->kind, kind))
			return true;
	}
	return false;
}

/* Exactly this one finding, and the exit code that follows. */
static void expect_one(const struct place *p, const char *end, enum sy_rule rule,
		       int code)
{
	if (n_found(p, end, rule) != 1 || n_findings(p) != 1)
		fail_msg("%s on %s: %d, and %d findings in all", sy_rule_info(rule)->id,
			 end, (int)n_found(p, end, rule), (int)n_findings(p));
	assert_int_equal(p->report->exit_code, code);
}

static void expect_clean(const struct place *p)
{
	assert_int_equal(n_findings(p), 0);
	assert_int_equal(p->report->exit_code, 0);
}

/* --- names of parts --------------------------------------------------------------- */

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

/* --- weight indexes --------------------------------------------------------------- */

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

	safetensors(SHARD_1, "a");
	safetensors(SHARD_2, "b");
	text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	scan(p, ".");
	expect_clean(p);
	scan(p, p->dir);
	expect_clean(p);
}

static void test_index_shard_missing(void **state)
{
	struct place *p = *state;

	safetensors(SHARD_1, "a");
	text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	scan(p, ".");
	expect_one(p, INDEX, SY_RULE_INDEX_FILE_MISSING, 1);
	assert_true(symlink("nowhere", SHARD_2) == 0);
	scan(p, ".");
	assert_int_equal(n_found(p, SHARD_2, SY_RULE_FILE_LINK_DANGLING), 1);
	assert_int_not_equal(p->report->exit_code, 0);
}

/* The index named by itself: nobody asked about the weights. */
static void test_index_alone(void **state)
{
	struct place *p = *state;

	safetensors(SHARD_1, "a");
	text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	scan(p, INDEX);
	expect_clean(p);
	assert_true(has_notice(p, "part-not-named"));
}

static void test_index_tensors(void **state)
{
	struct place *p = *state;

	/* The index puts it where it is not. */
	safetensors(SHARD_1, "ab");
	safetensors(SHARD_2, "c");
	text(INDEX, INDEX_OF("24", A_IN_1 "," B_IN_2 ",\"c\":\"" SHARD_2 "\""));
	scan(p, ".");
	expect_one(p, INDEX, SY_RULE_INDEX_TENSOR_MISSING, 1);
	/* A shard holds one that the index does not know. */
	text(INDEX, INDEX_OF("24", A_IN_1 ",\"c\":\"" SHARD_2 "\""));
	scan(p, ".");
	expect_one(p, SHARD_1, SY_RULE_INDEX_TENSOR_UNLISTED, 0);
	/* The sum is another. */
	text(INDEX, INDEX_OF("25", A_IN_1 "," B_IN_1 ",\"c\":\"" SHARD_2 "\""));
	scan(p, ".");
	expect_one(p, INDEX, SY_RULE_INDEX_TOTAL_SIZE, 0);
	/* The same tensor twice. */
	safetensors(SHARD_2, "bc");
	text(INDEX, INDEX_OF("32", A_IN_1 "," B_IN_1 ",\"c\":\"" SHARD_2 "\""));
	scan(p, ".");
	expect_one(p, SHARD_2, SY_RULE_INDEX_TENSOR_DUPLICATE, 1);
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

	torch(BIN_1, "a", false);
	torch(BIN_2, "b", false);
	text(BIN_INDEX, BINS_OF("16", BIN_1, BIN_2));
	scan(p, ".");
	expect_clean(p);
	text(BIN_INDEX, BINS_OF("17", BIN_1, BIN_2));
	scan(p, ".");
	expect_one(p, BIN_INDEX, SY_RULE_INDEX_TOTAL_SIZE, 0);
	torch(BIN_2, "bc", false);
	text(BIN_INDEX, BINS_OF("24", BIN_1, BIN_2));
	scan(p, ".");
	expect_one(p, BIN_2, SY_RULE_INDEX_TENSOR_UNLISTED, 0);
	torch(BIN_1, "ab", false);
	torch(BIN_2, "c", false);
	text(BIN_INDEX, INDEX_OF("24", "\"a\":\"" BIN_1 "\",\"b\":\"" BIN_2 "\",\"c\":\""
				 BIN_2 "\""));
	scan(p, ".");
	expect_one(p, BIN_INDEX, SY_RULE_INDEX_TENSOR_MISSING, 1);
}

/* Tied weights are counted once by some, and as often as they are named by others. */
static void test_index_tied(void **state)
{
	struct place *p = *state;

	torch(BIN_1, "ab", true);
	torch(BIN_2, "c", false);
	text(BIN_INDEX, INDEX_OF("24", "\"a\":\"" BIN_1 "\",\"b\":\"" BIN_1 "\",\"c\":\""
				 BIN_2 "\""));
	scan(p, ".");
	expect_clean(p);
	text(BIN_INDEX, INDEX_OF("16", "\"a\":\"" BIN_1 "\",\"b\":\"" BIN_1 "\",\"c\":\""
				 BIN_2 "\""));
	scan(p, ".");
	expect_clean(p);
}

static void test_index_shard_left_out(void **state)
{
	struct place *p = *state;

	safetensors(SHARD_1, "a");
	safetensors(SHARD_2, "b");
	text(INDEX, INDEX_OF("8", A_IN_1));
	scan(p, ".");
	assert_int_equal(n_found(p, SHARD_2, SY_RULE_INDEX_FILE_UNLISTED), 1);
	assert_int_equal(n_found(p, SHARD_1, SY_RULE_INDEX_FILE_UNLISTED), 0);
}

/* Names in an index are matched with what was listed: nothing else is touched. */
static void test_index_leads_out(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdir("m", 0755), 0);
	safetensors("other.safetensors", "a");
	text("m/" INDEX, INDEX_OF("8", "\"a\":\"../other.safetensors\""));
	scan(p, "m");
	assert_int_equal(p->report->exit_code, 1);
	assert_int_equal(n_found(p, INDEX, SY_RULE_INDEX_FILE_MISSING) +
			 n_found(p, INDEX, SY_RULE_INDEX_PATH_UNSAFE) > 0, true);
	assert_int_equal(p->report->n_artifacts, 1);
}

/* Many indexes about one shard: the work ends at the limit, and says so. */
static void test_index_limit(void **state)
{
	struct place *p = *state;

	safetensors("w.safetensors", "abcdefghij");
	for (unsigned i = 0; i < 40; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%02u.safetensors.index.json", i);
		text(path, INDEX_OF("80", "\"a\":\"w.safetensors\""));
	}
	p->ctx.limits.records = 100;
	scan(p, ".");
	assert_true(n_found(p, ".index.json", SY_RULE_WORKER_LIMIT_REACHED) >= 20);
	assert_int_not_equal(p->report->exit_code, 0);
	assert_int_equal(p->report->answers[SY_WELL_FORMED], SY_UNDETERMINED);
}

/* --- split sets ------------------------------------------------------------------- */

#define PART_1 "m-00001-of-00002.gguf"
#define PART_2 "m-00002-of-00002.gguf"

static void test_split_good(void **state)
{
	struct place *p = *state;

	gguf(PART_1, "a", 0, 2, 3);
	gguf(PART_2, "bc", 1, 2, 0);
	/* Another set of that prefix, and one in another folder. */
	gguf("m-00001-of-00001.gguf", "a", 0, 1, 0);
	assert_int_equal(mkdir("d", 0755), 0);
	gguf("d/" PART_1, "a", 0, 2, 0);
	gguf("d/" PART_2, "b", 1, 2, 0);
	scan(p, ".");
	expect_clean(p);
}

static void test_split_missing(void **state)
{
	struct place *p = *state;

	gguf(PART_2, "b", 1, 2, 0);
	scan(p, ".");
	expect_one(p, PART_2, SY_RULE_SPLIT_FILE_MISSING, 1);
	assert_int_equal(rename(PART_2, "x"), 0);
	gguf(PART_1, "a", 0, 2, 0);
	scan(p, ".");
	assert_int_equal(n_found(p, PART_1, SY_RULE_SPLIT_FILE_MISSING), 1);
}

/* A part named by itself, with and without the others beside it. */
static void test_split_alone(void **state)
{
	struct place *p = *state;

	gguf(PART_1, "a", 0, 2, 0);
	scan(p, PART_1);
	expect_one(p, PART_1, SY_RULE_SPLIT_FILE_MISSING, 1);
	assert_false(has_notice(p, "part-not-named"));
	gguf(PART_2, "b", 1, 2, 0);
	scan(p, PART_1);
	expect_clean(p);
	assert_true(has_notice(p, "part-not-named"));
	assert_int_equal(scan_paths(p, (const char *[]){ PART_1, PART_2 }, 2), SY_OK);
	expect_clean(p);
	assert_false(has_notice(p, "part-not-named"));
}

static void test_split_disagrees(void **state)
{
	struct place *p = *state;

	gguf(PART_1, "a", 0, 2, 0);
	gguf(PART_2, "b", 0, 2, 0);
	scan(p, ".");
	expect_one(p, PART_2, SY_RULE_SPLIT_NUMBER_WRONG, 1);
	gguf(PART_2, "b", 1, 3, 0);
	scan(p, ".");
	expect_one(p, PART_2, SY_RULE_SPLIT_COUNT_DIFFERS, 1);
	gguf(PART_2, "a", 1, 2, 0);
	scan(p, ".");
	expect_one(p, PART_2, SY_RULE_SPLIT_TENSOR_DUPLICATE, 1);
	gguf(PART_1, "a", 0, 2, 3);
	gguf(PART_2, "b", 1, 2, 0);
	scan(p, ".");
	expect_one(p, PART_1, SY_RULE_SPLIT_TENSORS_TOTAL, 1);
}

/* What a file leaves unsaid, and what it promises alone. */
static void test_split_unsaid(void **state)
{
	struct place *p = *state;

	gguf(PART_1, "a", 0, 2, 0);
	gguf(PART_2, "b", 0, 0, 0);
	scan(p, ".");
	assert_int_equal(n_found(p, PART_2, SY_RULE_SPLIT_KEYS_MISSING), 1);
	gguf("n.gguf", "ab", 0, 1, 2);
	scan(p, "n.gguf");
	expect_clean(p);
	gguf("n.gguf", "ab", 0, 0, 3);
	scan(p, "n.gguf");
	expect_one(p, "n.gguf", SY_RULE_SPLIT_TENSORS_TOTAL, 1);
}

static void test_split_names(void **state)
{
	static const char *const paths[] = {
		"m-00000-of-00002.gguf", "m-00003-of-00002.gguf", "m.gguf",
	};
	struct place *p = *state;

	for (size_t i = 0; i < SY_N_ELEMS(paths); i++) {
		gguf(paths[i], "a", 0, 2, 0);
		scan(p, paths[i]);
		expect_one(p, paths[i], SY_RULE_SPLIT_NAME_WRONG, 1);
	}
}

/* Names that promise 99,999 parts, many times: linear, and every part counted. */
static void test_split_promises(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < 300; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%03u-00005-of-99999.gguf", i);
		gguf(path, "a", 4, 0xffff, 0);
	}
	scan(p, ".");
	assert_int_equal(n_found(p, "123-00005-of-99999.gguf",
				 SY_RULE_SPLIT_FILE_MISSING), 99998);
	assert_int_equal(p->report->exit_code, 1);
}

/* --- code ------------------------------------------------------------------------- */

static void test_code(void **state)
{
	struct place *p = *state;

	text("config.json", "{\"auto_map\":{\"AutoModel\":\"mine.Model\"}}");
	text("mine.py", "class Model: pass\n");
	scan(p, ".");
	assert_int_equal(n_found(p, "config.json", SY_RULE_CODE_REMOTE_DECLARED), 1);
	assert_int_equal(p->report->answers[SY_INERT], SY_CONDITIONAL);
	assert_int_equal(p->report->exit_code, 0);
	assert_int_equal(unlink("mine.py"), 0);
	scan(p, ".");
	assert_int_equal(n_found(p, "config.json", SY_RULE_CODE_FILE_MISSING), 1);
	text("config.json", "{\"auto_map\":{\"AutoModel\":\"who/what--mine.Model\"}}");
	scan(p, ".");
	assert_int_equal(n_found(p, "config.json", SY_RULE_CODE_REMOTE_UNPINNED), 1);
}

static void test_code_by_name(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdir("custom_generate", 0755), 0);
	text("custom_generate/generate.py", "def generate(): pass\n");
	text("handler.py", "class EndpointHandler: pass\n");
	text("my_handler.py", "pass\n");
	scan(p, ".");
	assert_int_equal(n_found(p, "generate.py", SY_RULE_CODE_GENERATE_CUSTOM), 1);
	assert_int_equal(n_found(p, "/handler.py", SY_RULE_CODE_HANDLER_IMPORTED), 1);
	assert_int_equal(n_found(p, "my_handler.py", SY_RULE_CODE_HANDLER_IMPORTED), 0);
}

/* --- without memory --------------------------------------------------------------- */

/* With the n-th allocation failing: never clean unless it is, and nothing leaks. */
static void test_no_memory(void **state)
{
	struct place *p = *state;
	bool is_whole = false;
	const char *path = ".";

	safetensors(SHARD_1, "a");
	text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	gguf(PART_1, "a", 0, 2, 0);
	for (uint64_t n = 0; !is_whole; n++) {
		enum sy_status status;

		assert_true(n < 2000);
		p->allocator = (struct test_allocator){ .fail_at = n };
		sy_error_clear(&p->ctx);
		status = scan_paths(p, &path, 1);
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

	safetensors(SHARD_1, "a");
	text(INDEX, INDEX_OF("16", A_IN_1 "," B_IN_2));
	for (uint64_t budget = 150000; budget < 1000000; budget += 50000) {
		p->ctx.limits.memory = budget;
		sy_error_clear(&p->ctx);
		scan(p, ".");
		assert_int_not_equal(p->report->exit_code, 0);
		assert_int_equal(p->ctx.limits.memory, budget);
	}
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_part_names),
		CASE(test_index_good),
		CASE(test_index_shard_missing),
		CASE(test_index_alone),
		CASE(test_index_tensors),
		CASE(test_index_pickles),
		CASE(test_index_tied),
		CASE(test_index_shard_left_out),
		CASE(test_index_leads_out),
		CASE(test_index_limit),
		CASE(test_split_good),
		CASE(test_split_missing),
		CASE(test_split_alone),
		CASE(test_split_disagrees),
		CASE(test_split_unsaid),
		CASE(test_split_names),
		CASE(test_split_promises),
		CASE(test_code),
		CASE(test_code_by_name),
		CASE(test_no_memory),
		CASE(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
