/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys/statement: lists become manifests; names, shards, digests, ignore rules
 * that are refused with their reasons; and writing, which reads back.
 */
#include "keys/statement.h"

#include <stdio.h>
#include <time.h>

#include "keys/names.h"
#include "keys/statement_write.h"
#include "tests/support/support.h"
#include "verifier/digest/hasher.h"

/* Digests are all zero bytes: the root depends on their number only. */
#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"
#define ZERO64 ZERO32 ZERO32
#define R(name) "{\"name\":\"" name "\",\"algorithm\":\"sha256\",\"digest\":\"" ZERO32 "\"}"
#define B(name) "{\"name\":\"" name "\",\"algorithm\":\"blake2b\",\"digest\":\"" ZERO64 "\"}"
#define S(name) "{\"name\":\"" name "\",\"algorithm\":\"sha256-sharded-8\",\"digest\":\"" \
	ZERO32 "\"}"
#define FILES "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false"
#define SHARDS "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false," \
	"\"shard_size\":8"

struct setup {
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_reading reading;
	struct sy_manifest *manifest;
};

static void begin(struct setup *s, uint32_t granted)
{
	*s = (struct setup){ .manifest = NULL };
	sy_context_init(&s->ctx);
	sy_arena_init(&s->arena, &s->ctx);
	sy_reading_init(&s->reading, granted);
}

static void done(struct setup *s)
{
	sy_manifest_free(&s->ctx, &s->manifest);
	sy_arena_free(&s->arena);
	assert_int_equal(s->ctx.memory_used, 0);
	assert_int_equal(s->ctx.error.status, SY_OK);
}

static enum sy_status read_text(struct setup *s, struct sy_span text)
{
	enum sy_status status = sy_statement_read(&s->ctx, text, &s->reading, &s->manifest);

	assert_int_equal(status == SY_OK, s->manifest != NULL);
	assert_int_equal(status == SY_OK, s->reading.reason == SY_OMS_NONE);
	return status;
}

/* The SHA-256 of n digests of len zero bytes, in hexadecimal. */
static void root_of(struct sy_context *ctx, size_t n, size_t len,
		    char hex[2 * SY_DIGEST_MAX + 1])
{
	static const uint8_t zeros[SY_DIGEST_MAX];
	struct sy_hasher *hasher;
	struct sy_digest root;

	assert_int_equal(sy_hasher_new(ctx, SY_SHA256, 0, &hasher), SY_OK);
	for (size_t i = 0; i < n; i++)
		sy_hasher_update(hasher, zeros, len);
	assert_int_equal(sy_hasher_final(hasher, &root), SY_OK);
	sy_hasher_free(&hasher);
	sy_digest_hex(&root, hex);
}

struct list {
	const char *serialization, *resources;
	size_t n;		/* resources */
	size_t len;		/* of a digest; 0: 32 */
};

static enum sy_status read_list(struct setup *s, struct list list)
{
	size_t cap = 1024 + strlen(list.serialization) + strlen(list.resources);
	char *text = sy_arena_alloc(&s->arena, cap);
	char root[2 * SY_DIGEST_MAX + 1];

	assert_non_null(text);
	root_of(&s->ctx, list.n, list.len ? list.len : 32, root);
	snprintf(text, cap, "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":"
		 "[{\"name\":\"m\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":"
		 "\"https://model_signing/signature/v1.0\",\"predicate\":{\"serialization\":{%s}"
		 ",\"resources\":[%s]}}", root, list.serialization, list.resources);
	return read_text(s, sy_span_str(text));
}

static void test_files(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, SY_OMS_BIT(SY_OMS_TOLERATE_RESOURCE_ORDER));
	assert_int_equal(read_list(&s, (struct list){ FILES ",\"ignore_paths\":[\"z\",\".git\"]",
				   R("b/\\u00e9") "," R("a:1:2") "," R("b-\\\\") , 3, 0 }), SY_OK);
	assert_int_equal(s.manifest->n_entries, 3);
	assert_true(sy_span_is(s.manifest->entries[0].name, "a:1:2"));
	assert_true(sy_span_is(s.manifest->entries[1].name, "b-\\"));
	assert_true(sy_span_is(s.manifest->entries[2].name, "b/\xc3\xa9"));
	assert_int_equal(s.manifest->entries[2].start, 0);
	assert_true(s.manifest->entries[2].end == UINT64_MAX);
	assert_int_equal(s.manifest->algorithm, SY_SHA256);
	assert_int_equal(s.manifest->shard_size, 0);
	assert_int_equal(s.manifest->n_ignored, 2);
	assert_true(sy_span_is(s.manifest->ignored[0], ".git"));
	assert_true(sy_span_is(s.manifest->subject, "m"));
	assert_false(s.manifest->is_single_file || s.manifest->allows_symlinks);
	assert_int_equal(s.reading.used, SY_OMS_BIT(SY_OMS_TOLERATE_RESOURCE_ORDER));
	done(&s);
}

static void test_shards(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, SY_OMS_TOLERATED_STRICT);
	assert_int_equal(read_list(&s, (struct list){ SHARDS,
				   S("f:0:8") "," S("f:16:19") "," S("f:8:16") "," S("g:1:0:3"),
				   4, 0 }), SY_OK);
	assert_int_equal(s.manifest->shard_size, 8);
	assert_int_equal(s.manifest->n_entries, 4);
	assert_int_equal(s.manifest->entries[1].start, 8);
	assert_int_equal(s.manifest->entries[2].end, 19);
	assert_true(sy_span_is(s.manifest->entries[3].name, "g:1"));
	done(&s);
}

/* Accepted with the tolerance and refused without it. */
static const struct {
	struct list list;
	enum sy_oms_tolerance tolerance;
	const char *reason, *first_name;
} tolerated[] = {
	{ { FILES, R("."), 1, 0 }, SY_OMS_TOLERATE_SINGLE_FILE_DOT,
	  "resource-name-invalid", "" },
	{ { SHARDS, S(".:0:8") "," S(".:8:9"), 2, 0 }, SY_OMS_TOLERATE_SINGLE_FILE_DOT,
	  "resource-name-invalid", "" },
	{ { FILES, R("b") "," R("a"), 2, 0 }, SY_OMS_TOLERATE_RESOURCE_ORDER,
	  "statement-field", "a" },
	{ { FILES, R("./a//b/./c/"), 1, 0 }, SY_OMS_TOLERATE_NAME_NORMALISED,
	  "resource-name-invalid", "a/b/c" },
	{ { FILES ",\"ignore_paths\":[\"a\"]", R("a/b"), 1, 0 },
	  SY_OMS_TOLERATE_RESOURCE_UNDER_IGNORED, "ignored-path-invalid", "a/b" },
	{ { FILES ",\"ignore_paths\":[\"a\"]", R("a"), 1, 0 },
	  SY_OMS_TOLERATE_RESOURCE_UNDER_IGNORED, "ignored-path-invalid", "a" },
	{ { FILES ",\"x\":{\"y\":[]}", R("a"), 1, 0 },
	  SY_OMS_TOLERATE_STATEMENT_FIELD_UNKNOWN, "statement-field", "a" },
	{ { FILES, "{\"name\":\"a\",\"algorithm\":\"sha256\",\"size\":1,\"digest\":\"" ZERO32
	    "\"}", 1, 0 }, SY_OMS_TOLERATE_STATEMENT_FIELD_UNKNOWN, "statement-field", "a" },
	{ { "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":true,"
	    "\"shard_size\":8.0", S("a:0:1"), 1, 0 }, SY_OMS_TOLERATE_SHARD_SIZE_FRACTION,
	  "shards-inconsistent", "a" },
	{ { "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":true,"
	    "\"shard_size\":8e+00", S("a:0:1"), 1, 0 }, SY_OMS_TOLERATE_SHARD_SIZE_FRACTION,
	  "shards-inconsistent", "a" },
};

static void test_tolerances(void **state)
{
	struct setup s;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(tolerated); i++) {
		uint32_t bit = SY_OMS_BIT(tolerated[i].tolerance);

		begin(&s, bit);
		if (read_list(&s, tolerated[i].list) != SY_OK)
			fail_msg("%zu: %s", i, s.reading.sentence.data);
		assert_int_equal(s.reading.used, bit);
		assert_true(sy_span_is(s.manifest->entries[0].name, tolerated[i].first_name));
		assert_int_equal(s.manifest->is_single_file, !*tolerated[i].first_name);
		done(&s);
		begin(&s, ~bit);
		if (tolerated[i].tolerance == SY_OMS_TOLERATE_SINGLE_FILE_DOT)
			s.reading.granted &= ~SY_OMS_BIT(SY_OMS_TOLERATE_NAME_NORMALISED);
		assert_int_equal(read_list(&s, tolerated[i].list), SY_FORMAT);
		assert_string_equal(sy_oms_reason_name(s.reading.reason), tolerated[i].reason);
		done(&s);
	}
}

/* Refused whatever is tolerated. */
static const struct {
	struct list list;
	const char *reason;
} refused[] = {
	{ { FILES, "", 0, 0 }, "resource-none" },
	{ { FILES, R("a") "," R("a"), 2, 0 }, "resource-duplicate" },
	{ { FILES, R("a") "," R("b") "," R("a"), 3, 0 }, "resource-duplicate" },
	{ { FILES, R("a") "," R("\\u0061"), 2, 0 }, "resource-duplicate" },
	{ { FILES, R("a/b") "," R("a//b"), 2, 0 }, "resource-duplicate" },
	{ { FILES, R("."), 2, 0 }, "root-mismatch" },
	{ { FILES, R(".") "," R("."), 2, 0 }, "resource-duplicate" },
	{ { FILES, R(".") "," R("a"), 2, 0 }, "resource-name-invalid" },
	{ { FILES, R("a") "," R("."), 2, 0 }, "resource-name-invalid" },
	{ { FILES, R(""), 1, 0 }, "resource-name-invalid" },
	{ { FILES, R("/a"), 1, 0 }, "resource-name-absolute" },
	{ { FILES, R("//a"), 1, 0 }, "resource-name-absolute" },
	{ { FILES, R(".."), 1, 0 }, "resource-name-climbing" },
	{ { FILES, R("../a"), 1, 0 }, "resource-name-climbing" },
	{ { FILES, R("a/../b"), 1, 0 }, "resource-name-climbing" },
	{ { FILES, R("a/.."), 1, 0 }, "resource-name-climbing" },
	{ { FILES, R("./."), 1, 0 }, "resource-name-invalid" },
	{ { FILES, R("a\\u0000b"), 1, 0 }, "resource-name-invalid" },
	{ { FILES, "1", 1, 0 }, "statement-field" },
	{ { FILES, "{\"name\":\"a\",\"algorithm\":\"sha256\"}", 1, 0 }, "statement-field" },
	{ { FILES, B("a"), 1, 64 }, "resource-algorithm" },
	{ { FILES, S("a"), 1, 0 }, "resource-algorithm" },
	{ { FILES, "{\"name\":\"a\",\"algorithm\":\"sha256\",\"digest\":\"00\"}", 1, 0 },
	  "resource-digest-invalid" },
	{ { FILES, "{\"name\":\"a\",\"algorithm\":\"sha256\",\"digest\":\"" ZERO64 "\"}", 1, 64 },
	  "resource-digest-invalid" },
	{ { FILES, "{\"name\":\"a\",\"algorithm\":\"sha256\",\"digest\":\"g\"}", 1, 0 },
	  "resource-digest-invalid" },
	{ { FILES ",\"shard_size\":8", R("a"), 1, 0 }, "shards-inconsistent" },
	{ { FILES, R("a"), 2, 0 }, "root-mismatch" },
	{ { FILES ",\"ignore_paths\":[\".\"]", R("a"), 1, 0 }, "ignored-path-invalid" },
	{ { FILES ",\"ignore_paths\":[\"\"]", R("a"), 1, 0 }, "ignored-path-invalid" },
	{ { FILES ",\"ignore_paths\":[\"/a\"]", R("a"), 1, 0 }, "ignored-path-invalid" },
	{ { FILES ",\"ignore_paths\":[\"b/..\"]", R("a"), 1, 0 }, "ignored-path-invalid" },
	{ { FILES ",\"ignore_paths\":[\"*\"]", R("a"), 1, 0 }, "ignored-path-invalid" },
	{ { FILES ",\"ignore_paths\":[1]", R("a"), 1, 0 }, "statement-field" },
	{ { "\"method\":\"tree\",\"hash_type\":\"sha256\",\"allow_symlinks\":false", R("a"), 1,
	    0 }, "method-unknown" },
	{ { "\"method\":\"files\",\"hash_type\":\"sha512\",\"allow_symlinks\":false", R("a"), 1,
	    0 }, "hash-type-unknown" },
	{ { "\"method\":\"files\",\"hash_type\":\"file-sha256\",\"allow_symlinks\":false",
	    R("a"), 1, 0 }, "hash-type-unknown" },
	{ { "\"method\":\"files\",\"hash_type\":\"sha256\"", R("a"), 1, 0 }, "statement-field" },
	{ { "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":0", R("a"), 1, 0 },
	  "statement-field" },
	{ { "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false",
	    S("a:0:8"), 1, 0 }, "shards-inconsistent" },
	{ { "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
	    "\"shard_size\":0", S("a:0:8"), 1, 0 }, "shards-inconsistent" },
	{ { "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
	    "\"shard_size\":-8", S("a:0:8"), 1, 0 }, "shards-inconsistent" },
	{ { "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
	    "\"shard_size\":8.5", S("a:0:8"), 1, 0 }, "shards-inconsistent" },
	{ { "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
	    "\"shard_size\":1e30", S("a:0:8"), 1, 0 }, "shards-inconsistent" },
	{ { SHARDS, S("a"), 1, 0 }, "resource-name-invalid" },
	{ { SHARDS, S("a:8"), 1, 0 }, "resource-name-invalid" },
	{ { SHARDS, S("a:00:8"), 1, 0 }, "resource-name-invalid" },
	{ { SHARDS, S("a:-8:0"), 1, 0 }, "resource-name-invalid" },
	{ { SHARDS, S(":0:8"), 1, 0 }, "resource-name-invalid" },
	{ { SHARDS, S("../a:0:8"), 1, 0 }, "resource-name-climbing" },
	{ { SHARDS, S("a:0:0"), 1, 0 }, "shards-inconsistent" },
	{ { SHARDS, S("a:0:9"), 1, 0 }, "shards-inconsistent" },
	{ { SHARDS, S("a:8:16"), 1, 0 }, "shards-inconsistent" },
	{ { SHARDS, S("a:0:8") "," S("a:16:24"), 2, 0 }, "shards-inconsistent" },
	{ { SHARDS, S("a:0:7") "," S("a:8:16"), 2, 0 }, "shards-inconsistent" },
	{ { SHARDS, S("a:0:8") "," S("a:7:9"), 2, 0 }, "shards-inconsistent" },
	{ { SHARDS, S("a:0:8") "," S("a:0:8"), 2, 0 }, "resource-duplicate" },
	{ { SHARDS, S("a:0:8") "," S("a:0:7"), 2, 0 }, "resource-duplicate" },
	{ { SHARDS, "{\"name\":\"a:0:8\",\"algorithm\":\"sha256-sharded-9\",\"digest\":\"" ZERO32
	    "\"}", 1, 0 }, "resource-algorithm" },
	{ { SHARDS, "{\"name\":\"a:0:8\",\"algorithm\":\"sha256-sharded-08\",\"digest\":\""
	    ZERO32 "\"}", 1, 0 }, "resource-algorithm" },
};

static void test_refused(void **state)
{
	struct setup s;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(refused); i++) {
		begin(&s, UINT32_MAX);
		if (read_list(&s, refused[i].list) != SY_FORMAT ||
		    strcmp(sy_oms_reason_name(s.reading.reason), refused[i].reason) != 0)
			fail_msg("%zu: %s, not %s: %s", i,
				 sy_oms_reason_name(s.reading.reason), refused[i].reason,
				 s.reading.sentence.data);
		done(&s);
	}
}

#define HEAD "\"_type\":\"https://in-toto.io/Statement/v1\""
#define SUBJECT "{\"name\":\"m\",\"digest\":{\"sha256\":\"" ZERO32 "\"}}"
#define V1 "\"predicateType\":\"https://model_signing/signature/v1.0\""
#define V01 "\"predicateType\":\"https://model_signing/Digests/v0.1\""

static const struct {
	const char *text, *reason;
} statements[] = {
	{ "", "statement-json-invalid" },
	{ "{" HEAD, "statement-json-invalid" },
	{ "{" HEAD "," HEAD "}", "statement-json-invalid" },
	{ "[]", "statement-field" },
	{ "{}", "statement-field" },
	{ "{\"_type\":\"https://in-toto.io/Statement/v0.1\"," V1 "}", "statement-type" },
	{ "{\"_type\":1," V1 "}", "statement-field" },
	{ "{" HEAD "}", "statement-field" },
	{ "{" HEAD ",\"predicateType\":\"https://model_signing/signature/v1.1\"}",
	  "predicate-type" },
	{ "{" HEAD "," V1 "}", "subject-count" },
	{ "{" HEAD "," V1 ",\"subject\":[]}", "subject-count" },
	{ "{" HEAD "," V1 ",\"subject\":[" SUBJECT "," SUBJECT "]}", "subject-count" },
	{ "{" HEAD "," V1 ",\"subject\":[1]}", "statement-field" },
	{ "{" HEAD "," V1 ",\"subject\":[{\"name\":\"m\"}]}", "statement-field" },
	{ "{" HEAD "," V1 ",\"subject\":[{\"name\":\"m\",\"digest\":{}}]}", "statement-field" },
	{ "{" HEAD "," V1 ",\"subject\":[" SUBJECT "]}", "statement-field" },
	{ "{" HEAD "," V1 ",\"subject\":[" SUBJECT "],\"predicate\":{}}", "statement-field" },
	{ "{" HEAD "," V01 "}", "resource-none" },
	{ "{" HEAD "," V01 ",\"subject\":[" SUBJECT "],\"predicate\":{\"resources\":[]}}",
	  "statement-field" },
	{ "{" HEAD "," V01 ",\"subject\":[{\"name\":\"m\",\"digest\":{\"sha256\":\"" ZERO32
	  "\"},\"annotations\":{\"actual_hash_algorithm\":\"sha512\"}}]}", "resource-algorithm" },
	{ "{" HEAD "," V01 ",\"subject\":[" SUBJECT "," SUBJECT "]}", "resource-duplicate" },
	{ "{" HEAD "," V01 ",\"subject\":[{\"name\":\"../m\",\"digest\":{\"sha256\":\"" ZERO32
	  "\"}}]}", "resource-name-climbing" },
	{ "{" HEAD "," V01 ",\"subject\":[{\"digest\":{\"sha256\":\"" ZERO32 "\"}}]}",
	  "resource-name-invalid" },
	{ "{" HEAD "," V01 ",\"subject\":[" SUBJECT "],\"predicate\":{\"unused\":\"x\"}}",
	  "none" },
};

static void test_statements(void **state)
{
	struct setup s;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(statements); i++) {
		begin(&s, SY_OMS_BIT(SY_OMS_TOLERATE_PREDICATE_V01));
		(void)!read_text(&s, sy_span_str(statements[i].text));
		if (strcmp(sy_oms_reason_name(s.reading.reason), statements[i].reason) != 0)
			fail_msg("%zu: %s, not %s: %s", i,
				 sy_oms_reason_name(s.reading.reason), statements[i].reason,
				 s.reading.sentence.data);
		done(&s);
	}
}

static void test_blake(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, SY_OMS_TOLERATED_STRICT);
	assert_int_equal(read_list(&s, (struct list){ "\"method\":\"files\",\"hash_type\":"
				   "\"blake2b\",\"allow_symlinks\":true", B("a"), 1, 64 }), SY_OK);
	assert_int_equal(s.manifest->algorithm, SY_BLAKE2B);
	assert_true(s.manifest->allows_symlinks);
	done(&s);
	begin(&s, SY_OMS_TOLERATED_STRICT);
	assert_int_equal(read_list(&s, (struct list){ "\"method\":\"files\",\"hash_type\":"
				   "\"blake3\",\"allow_symlinks\":false", "{\"name\":\"a\","
				   "\"algorithm\":\"blake3\",\"digest\":\"" ZERO32 "\"}", 1, 0 }),
			 SY_OK);
	assert_int_equal(s.manifest->algorithm, SY_BLAKE3);
	done(&s);
}

static void test_every_prefix(void **state)
{
	struct sy_buffer buffer;
	struct setup s;
	struct sy_manifest_entry entry = { .name = sy_span_str("a"), .end = UINT64_MAX,
					   .digest = { SY_SHA256, 32, { 1 } } };
	struct sy_manifest m = { .entries = &entry, .n_entries = 1,
				 .subject = sy_span_str("m"), .algorithm = SY_SHA256 };

	(void)state;
	begin(&s, UINT32_MAX);
	sy_buffer_init(&buffer, &s.ctx);
	assert_int_equal(sy_statement_write(&buffer, &m, false), SY_OK);
	for (size_t len = 0; len < buffer.len; len++) {
		sy_reading_init(&s.reading, UINT32_MAX);
		assert_int_equal(read_text(&s, sy_span_of(buffer.data, len)), SY_FORMAT);
	}
	sy_reading_init(&s.reading, SY_OMS_TOLERATED_STRICT);
	assert_int_equal(read_text(&s, sy_span_of(buffer.data, buffer.len)), SY_OK);
	sy_buffer_free(&buffer);
	done(&s);
}

/* n files of names that do not rise, and as many ignore rules as wanted. */
static struct sy_span large(struct sy_arena *arena, struct sy_context *ctx, size_t n)
{
	size_t cap = 1024 + n * 150, at;
	char *text = sy_arena_alloc(arena, cap), root[2 * SY_DIGEST_MAX + 1];

	assert_non_null(text);
	root_of(ctx, n, 32, root);
	at = (size_t)snprintf(text, cap, "{" HEAD ",\"subject\":[{\"name\":\"m\",\"digest\":"
			      "{\"sha256\":\"%s\"}}]," V1 ",\"predicate\":{\"serialization\":{"
			      FILES ",\"ignore_paths\":[\"x\"", root);
	for (size_t i = 0; i < n / 10; i++)
		at += (size_t)snprintf(text + at, cap - at, ",\"i%zu\"", i);
	at += (size_t)snprintf(text + at, cap - at, "]},\"resources\":[");
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, cap - at, "%s{\"name\":\"f/%zu\",\"algorithm\":"
				       "\"sha256\",\"digest\":\"" ZERO32 "\"}", i ? "," : "",
				       i * 7919 % n);
	at += (size_t)snprintf(text + at, cap - at, "]}}");
	assert_true(at < cap);
	return sy_span_of(text, at);
}

/* Processor time, so that a busy machine does not count; the best of three. */
static uint64_t microseconds(struct setup *s, struct sy_span text)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 3; i++) {
		clock_t begun = clock();
		uint64_t took;

		assert_int_equal(read_text(s, text), SY_OK);
		took = (uint64_t)(clock() - begun) * 1000000 / CLOCKS_PER_SEC;
		sy_manifest_free(&s->ctx, &s->manifest);
		best = took < best ? took : best;
	}
	return best;
}

/* Quadratic work would take 64 times as long. */
static void test_large(void **state)
{
	uint64_t small, big;
	struct setup s;

	(void)state;
	begin(&s, UINT32_MAX);
	small = microseconds(&s, large(&s.arena, &s.ctx, 12497));
	big = microseconds(&s, large(&s.arena, &s.ctx, 99991));
	printf("12,497 files in %llu us, 99,991 in %llu us\n", (unsigned long long)small,
	       (unsigned long long)big);
	assert_true(big < 32 * (small + 1000));
	done(&s);
}

static enum sy_status read_failing(uint64_t fail_at, struct test_allocator *allocator)
{
	static const char text[] = "{" HEAD ",\"subject\":[{\"name\":\"m\",\"digest\":{\"sha256\":"
		"\"66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925\"}}]," V1
		",\"predicate\":{\"serialization\":{" FILES ",\"ignore_paths\":[\"x\"]},"
		"\"resources\":[" R("a\\u0041") "]}}";
	struct sy_reading reading;
	struct sy_manifest *manifest;
	struct sy_context ctx;
	enum sy_status status;

	*allocator = (struct test_allocator){ .fail_at = fail_at };
	sy_context_init(&ctx);
	test_allocator_use(&ctx, allocator);
	sy_reading_init(&reading, SY_OMS_TOLERATED_STRICT);
	status = sy_statement_read(&ctx, sy_span_str(text), &reading, &manifest);
	assert_int_equal(reading.reason, SY_OMS_NONE);
	sy_manifest_free(&ctx, &manifest);
	assert_int_equal(allocator->n_live, 0);
	return status;
}

static void test_failing_allocations(void **state)
{
	struct test_allocator allocator;
	uint64_t n_calls;

	(void)state;
	assert_int_equal(read_failing(UINT64_MAX, &allocator), SY_OK);
	n_calls = allocator.n_calls;
	assert_true(n_calls > 6);
	for (uint64_t n = 0; n < n_calls; n++)
		assert_int_equal(read_failing(n, &allocator), SY_NO_MEMORY);
}

/* What is written is the same whatever the order of entries, and in byte order. */
static void test_write(void **state)
{
	struct sy_manifest_entry entries[] = {
		{ sy_span_str("f"), 8, 16, { SY_SHA256, 32, { 1 } } },
		{ sy_span_str("f"), 16, 17, { SY_SHA256, 32, { 2 } } },
		{ sy_span_str("f"), 0, 8, { SY_SHA256, 32, { 3 } } },
		{ sy_span_str("a\"\xc3\xa9"), 0, 1, { SY_SHA256, 32, { 4 } } },
	};
	const struct sy_span ignored[] = { sy_span_str("z"), sy_span_str(".git") };
	struct sy_manifest m = { .entries = entries, .n_entries = 4, .shard_size = 8,
				 .subject = sy_span_str("m"), .algorithm = SY_SHA256,
				 .ignored = ignored, .n_ignored = 2 };
	static const char begins[] = "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":"
		"[{\"name\":\"m\",\"digest\":{\"sha256\":\"";
	static const char goes_on[] = "\"}}],\"predicateType\":\"https://model_signing/signature/"
		"v1.0\",\"predicate\":{\"serialization\":{\"method\":\"shards\",\"hash_type\":"
		"\"sha256\",\"shard_size\":8,\"allow_symlinks\":false,\"ignore_paths\":[\".git\","
		"\"z\"]},\"resources\":[{\"name\":\"a\\\"\xc3\xa9:0:1\",\"algorithm\":"
		"\"sha256-sharded-8\",\"digest\":\"04000000";
	struct sy_buffer first, second;
	struct sy_manifest_entry kept;
	struct setup s;

	(void)state;
	begin(&s, SY_OMS_TOLERATED_STRICT);
	sy_buffer_init(&first, &s.ctx);
	sy_buffer_init(&second, &s.ctx);
	assert_int_equal(sy_statement_write(&first, &m, false), SY_OK);
	kept = entries[0];
	entries[0] = entries[3];
	entries[3] = kept;
	assert_int_equal(sy_statement_write(&second, &m, false), SY_OK);
	assert_true(sy_span_equal(sy_span_of(first.data, first.len),
				  sy_span_of(second.data, second.len)));
	assert_true(sy_span_starts(sy_span_of(first.data, first.len), begins));
	assert_true(sy_span_starts(sy_span_slice(sy_span_of(first.data, first.len),
				   sizeof(begins) - 1 + 64, SIZE_MAX), goes_on));
	assert_int_equal(read_text(&s, sy_span_of(first.data, first.len)), SY_OK);
	assert_int_equal(s.manifest->n_entries, 4);
	sy_buffer_free(&first);
	sy_buffer_free(&second);
	done(&s);
}

static const struct {
	const char *name;
	const char *sentence;
} unwritable[] = {
	{ "../a", "this cannot be signed: the resource name '../a' has '..' in it" },
	{ "", "this cannot be signed: the resource name '' is empty" },
	{ "./a", "this cannot be signed: the resource name './a' has '.' in it" },
	{ "\xff", "the name '\\xff' is not UTF-8, which signed lists must be" },
	{ "x/a", "this cannot be signed: the signed ignore rule 'x' covers a file of the list" },
};

static void test_unwritable(void **state)
{
	struct sy_manifest_entry entry = { .end = UINT64_MAX,
					   .digest = { SY_SHA256, 32, { 1 } } };
	const struct sy_span ignored = sy_span_str("x");
	struct sy_manifest m = { .entries = &entry, .n_entries = 1, .ignored = &ignored,
				 .n_ignored = 1, .subject = sy_span_str("m"),
				 .algorithm = SY_SHA256 };
	struct sy_buffer buffer;
	struct setup s;

	(void)state;
	begin(&s, 0);
	sy_buffer_init(&buffer, &s.ctx);
	for (size_t i = 0; i < SY_N_ELEMS(unwritable); i++) {
		entry.name = sy_span_str(unwritable[i].name);
		assert_int_equal(sy_statement_write(&buffer, &m, false), SY_FORMAT);
		assert_string_equal(s.ctx.error.text, unwritable[i].sentence);
		sy_error_clear(&s.ctx);
	}
	m.n_entries = 0;
	assert_int_equal(sy_statement_write(&buffer, &m, false), SY_FORMAT);
	sy_error_clear(&s.ctx);
	sy_buffer_free(&buffer);
	done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_shards),
		cmocka_unit_test(test_tolerances),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_blake),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_failing_allocations),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
