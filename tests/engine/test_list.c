/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of checksum lists: every form that coreutils writes, and what is none. */
#include "verifier/engine/list.h"

#include "tests/support/support.h"

#define HEX256 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX512 HEX256 HEX256

/* Lines in the forms that are read; `any` stands for no algorithm asked for. */
#define any SY_N_ALGORITHMS

static const struct {
	const char *line;
	enum sy_algorithm asked, found;
	const char *path;		/* NULL: no checksum line */
} lines[] = {
	{ HEX256 "  file", any, SY_SHA256, "file" },
	{ HEX256 " *file", any, SY_SHA256, "file" },
	{ HEX256 "   file", any, SY_SHA256, " file" },
	{ HEX256 "  *file", any, SY_SHA256, "*file" },
	{ HEX256 " file", any, SY_SHA256, "file" },
	{ HEX256 " x file", any, SY_SHA256, "x file" },
	{ HEX256 "  ", any, SY_SHA256, " " },
	{ " \t" HEX256 "  file", any, SY_SHA256, "file" },
	{ HEX256 "  a b  c", SY_SHA256, SY_SHA256, "a b  c" },
	{ HEX512 "  file", any, SY_SHA512, "file" },
	{ HEX512 "  file", SY_BLAKE2B, SY_BLAKE2B, "file" },
	{ "\\" HEX256 "  a\\nb\\\\c\\rd", any, SY_SHA256, "a\nb\\c\rd" },
	{ HEX256 "  a\\nb", any, SY_SHA256, "a\\nb" },
	{ "SHA256 (file) = " HEX256, any, SY_SHA256, "file" },
	{ "SHA256 (a) = b) = " HEX256, SY_BLAKE2B, SY_SHA256, "a) = b" },
	{ "SHA512 (file) = " HEX512, any, SY_SHA512, "file" },
	{ "SHA256(file)= " HEX256, any, SY_SHA256, "file" },
	{ "SHA2-256(file)= " HEX256, any, SY_SHA256, "file" },
	{ "BLAKE2b (file) = " HEX512, any, SY_BLAKE2B, "file" },
	{ "\\SHA256 (a\\nb) = " HEX256, any, SY_SHA256, "a\nb" },

	{ "", any, any, NULL },
	{ "\\", any, any, NULL },
	{ HEX256, any, any, NULL },
	{ HEX256 " ", any, any, NULL },
	{ HEX256 "0  file", any, any, NULL },
	{ "g" HEX256 "  file", any, any, NULL },
	{ HEX256 "  file", SY_SHA512, any, NULL },
	{ HEX512 "  file", SY_SHA256, any, NULL },
	{ "\\" HEX256 "  a\\x", any, any, NULL },
	{ "\\" HEX256 "  a\\", any, any, NULL },
	{ "SHA256 () = " HEX256, any, any, NULL },
	{ "SHA256 (file) = ", any, any, NULL },
	{ "SHA256 (file) = g" HEX256, any, any, NULL },
	{ "SHA256 (file) =  " HEX256, any, any, NULL },
	{ "SHA512 (file) = " HEX256, any, any, NULL },
	{ "MD5 (file) = 0123456789abcdef0123456789abcdef", any, any, NULL },
	{ "a sentence that is no checksum", any, any, NULL },
};

static void test_lines(void **state)
{
	struct sy_arena arena;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	for (size_t i = 0; i < SY_N_ELEMS(lines); i++) {
		struct sy_list_line line;
		bool is_line;

		assert_int_equal(sy_list_line_parse(&arena, sy_span_str(lines[i].line),
						    lines[i].asked, &line, &is_line),
				 SY_OK);
		if (is_line != (lines[i].path != NULL))
			fail_msg("'%s' is %sa line", lines[i].line, is_line ? "" : "not ");
		if (!is_line)
			continue;
		assert_string_equal(line.path, lines[i].path);
		assert_int_equal(line.digest.algorithm, lines[i].found);
		assert_int_equal(line.digest.len, sy_algorithm_len(lines[i].found));
		assert_int_equal(line.digest.bytes[0], 0xaa);
	}
	sy_arena_free(&arena);
	assert_int_equal(ctx.memory_used, 0);
}

/* A NUL would end the name early: another file than the line says. */
static void test_nul(void **state)
{
	static const char text[] = HEX256 "  a\0b";
	struct sy_list_line line;
	struct sy_arena arena;
	struct sy_context ctx;
	bool is_line;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	assert_int_equal(sy_list_line_parse(&arena, sy_span_of(text, sizeof(text) - 1),
					    any, &line, &is_line), SY_OK);
	assert_false(is_line);
	sy_arena_free(&arena);
}

/* From a block of its exact size, so that reading beyond it is noticed. */
static void test_prefixes(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(lines); i++) {
		for (size_t len = 0; len <= strlen(lines[i].line); len++) {
			uint8_t *copy = sy_alloc(&ctx, len);
			struct sy_list_line line;
			struct sy_arena arena;
			bool is_line;

			assert_non_null(copy);
			memcpy(copy, lines[i].line, len);
			sy_arena_init(&arena, &ctx);
			assert_int_equal(sy_list_line_parse(&arena,
							    sy_span_of(copy, len),
							    lines[i].asked, &line,
							    &is_line), SY_OK);
			assert_true(!is_line || line.path);
			sy_arena_free(&arena);
			sy_release(&ctx, copy);
		}
	}
	assert_int_equal(ctx.memory_used, 0);
}

static void test_no_memory(void **state)
{
	struct test_allocator allocator = { .fail_at = 0 };
	struct sy_list_line line;
	struct sy_arena arena;
	struct sy_context ctx;
	bool is_line = true;

	(void)state;
	sy_context_init(&ctx);
	test_allocator_use(&ctx, &allocator);
	sy_arena_init(&arena, &ctx);
	assert_int_equal(sy_list_line_parse(&arena, sy_span_str(HEX256 "  file"), any,
					    &line, &is_line), SY_NO_MEMORY);
	assert_false(is_line);
	assert_null(line.path);
	sy_arena_free(&arena);
	assert_int_equal(allocator.n_live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
