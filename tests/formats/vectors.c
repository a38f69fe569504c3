/* SPDX-License-Identifier: Apache-2.0 */
/* Vector folders for the tests of text formats; judges nothing else. */
#include "tests/formats/vectors.h"

#include <dirent.h>
#include <stdio.h>

static void check_verdict(const char *path, const char *name,
			  const struct test_sink *sink)
{
	size_t n_high = test_n_facts_from(sink, SY_HIGH);
	size_t n_low = test_n_facts_from(sink, SY_LOW);
	struct sy_span verdict = sy_span_str(name);
	bool fits;

	if (sy_span_starts(verdict, "accept-"))
		fits = n_low == 0;
	else if (sy_span_starts(verdict, "reject-"))
		fits = n_high > 0;
	else
		fits = n_low > 0 && n_high == 0;
	if (fits)
		return;
	test_print_facts(sink);
	fail_msg("%s: %zu facts from low, %zu from high", path, n_low, n_high);
}

static void check_vector(const char *folder, const char *name,
			 const struct sy_format *format, const char *base)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;
	const char *dot = strchr(name, '.');
	char path[4096];

	if (!base)
		base = dot && strchr(dot + 1, '.') ? dot + 1 : name;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, format, test_read_file(&arena, path),
				      base, &sink), SY_OK);
	check_verdict(path, name, &sink);
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

void test_vector_folder(const char *area, const char *suffix,
			const struct sy_format *format, const char *base)
{
	char folder[2048];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(folder, sizeof(folder), "%s/%s", test_vectors(), area);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!sy_span_ends(sy_span_str(entry->d_name), suffix))
			continue;
		check_vector(folder, entry->d_name, format, base);
		n++;
	}
	assert_int_equal(closedir(dir), 0);
	assert_true(n > 0);
}

void test_every_prefix(const struct sy_format *format, struct sy_span bytes,
		       const char *base)
{
	struct sy_context ctx;
	struct test_sink sink;

	sy_context_init(&ctx);
	for (size_t len = 0; len < bytes.len; len++) {
		test_sink_init(&sink, &ctx);
		assert_int_equal(test_inspect(&ctx, format,
					      sy_span_slice(bytes, 0, len), base,
					      &sink), SY_OK);
		test_sink_free(&sink);
	}
}

/* "reject-RULE--variant.ext": the rule, or false. */
static bool rule_of(const char *name, unsigned *rule)
{
	const char *start = strchr(name, '-') + 1;
	const char *end = strstr(start, "--");

	if (!end)
		end = strrchr(start, '.');
	return sy_rule_find(sy_span_of(start, (size_t)(end - start)), rule);
}

static void check_rule(const char *path, unsigned rule, const struct sy_format *format,
		       const char *base)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct test_sink sink;

	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, format, test_read_file(&arena, path), base, &sink),
			 SY_OK);
	if (test_n_facts(&sink, (enum sy_rule)rule) == 0) {
		test_print_facts(&sink);
		fail_msg("%s does not show its rule", path);
	}
	test_sink_free(&sink);
	sy_arena_free(&arena);
}

void test_vector_rules(const char *area, const char *suffix, const struct sy_format *format,
		       const char *rules)
{
	bool is_seen[SY_N_RULES] = { false };
	char folder[2048], path[4096];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(folder, sizeof(folder), "%s/%s", test_vectors(), area);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct sy_span name = sy_span_str(entry->d_name);
		unsigned rule;

		if (!sy_span_ends(name, suffix) || sy_span_starts(name, "accept-"))
			continue;
		if (!rule_of(entry->d_name, &rule))
			fail_msg("%s names no rule", entry->d_name);
		is_seen[rule] = true;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		check_rule(path, rule, format, entry->d_name);
	}
	assert_int_equal(closedir(dir), 0);
	for (unsigned rule = 0; rules && rule < SY_N_RULES; rule++) {
		const char *id = sy_rule_info(rule)->id;

		if (sy_span_starts(sy_span_str(id), rules) && !is_seen[rule])
			fail_msg("no vector shows %s", id);
	}
}

void test_every_allocation(const struct sy_format *format, struct sy_span bytes)
{
	struct test_allocator allocator = { .fail_at = 0 };
	enum sy_status status = SY_NO_MEMORY;

	for (uint64_t at = 0; status == SY_NO_MEMORY; at++) {
		struct sy_context ctx, sink_ctx;
		struct test_sink sink;
		struct sy_source source;
		struct sy_inspection in = { .ctx = &ctx, .source = &source, .wants = 7 };

		sy_context_init(&ctx);
		sy_context_init(&sink_ctx);
		test_sink_init(&sink, &sink_ctx);
		allocator = (struct test_allocator){ .fail_at = at };
		test_allocator_use(&ctx, &allocator);
		sy_source_from_memory(&source, &ctx, bytes);
		sy_arena_init(&in.arena, &ctx);
		in.sink = &sink.sink;
		status = format->inspect(&in);
		sy_arena_free(&in.arena);
		sy_source_close(&source);
		assert_int_equal(allocator.n_live, 0);
		assert_int_equal(ctx.memory_used, 0);
		test_sink_free(&sink);
		assert_true(at < 10000);
	}
	assert_int_equal(status, SY_OK);
}

void test_every_member_allocation(const struct sy_format *format, struct sy_span bytes,
				  const char *base)
{
	struct test_allocator allocator = { .fail_at = 0 };
	uint64_t n = 0;

	do {
		struct sy_context plain, ctx;
		struct test_sink sink;
		enum sy_status status;
		bool is_told;

		allocator = (struct test_allocator){ .fail_at = n };
		sy_context_init(&plain);
		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		test_sink_init(&sink, &plain);
		status = test_inspect(&ctx, format, bytes, base, &sink);
		is_told = test_n_facts(&sink, SY_RULE_WORKER_LIMIT_REACHED) > 0;
		test_sink_free(&sink);
		assert_int_equal(allocator.n_live, 0);
		assert_true(allocator.n_calls <= n || status == SY_NO_MEMORY ||
			    (status == SY_OK && is_told));
	} while (allocator.n_calls > n++);
}
