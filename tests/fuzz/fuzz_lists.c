/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of checksum lists.  A line that is taken, written as sha256sum writes it
 * and read again, names the same file with the same digest.
 */
#include <string.h>

#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/engine/list.h"

#define LINE_MAX_BYTES 4096

static size_t escape(const char *path, char *to)
{
	size_t n = 0;

	for (; *path; path++) {
		bool is_special = *path == '\n' || *path == '\r' || *path == '\\';

		if (is_special)
			to[n++] = '\\';
		to[n++] = *path == '\n' ? 'n' : *path == '\r' ? 'r' : *path;
	}
	return n;
}

static void check_again(struct sy_arena *arena, const struct sy_list_line *line)
{
	char text[2 * LINE_MAX_BYTES + 2 * SY_DIGEST_MAX + 8] = "\\";
	size_t len = 1 + 2 * (size_t)line->digest.len;
	struct sy_list_line again;
	bool is_line;

	sy_digest_hex(&line->digest, text + 1);
	memcpy(text + len, "  ", 2);
	len += 2 + escape(line->path, text + len + 2);
	if (sy_list_line_parse(arena, sy_span_of(text, len), line->digest.algorithm,
			       &again, &is_line) != SY_OK) {
		FUZZ_CHECK(fuzz_is_disturbed());
		return;
	}
	FUZZ_CHECK(is_line && !strcmp(again.path, line->path));
	FUZZ_CHECK(sy_digest_equal(&again.digest, &line->digest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_list_line line;
	struct sy_context ctx;
	struct sy_arena arena;
	enum sy_status status;
	bool is_line = false;

	if (len > LINE_MAX_BYTES)
		return 0;
	fuzz_faulty_context(&ctx);
	sy_arena_init(&arena, &ctx);
	status = sy_list_line_parse(&arena, sy_span_of(data, len), SY_N_ALGORITHMS, &line,
				    &is_line);
	FUZZ_CHECK(status == SY_OK || (!is_line && fuzz_is_fault_of(status)));
	if (is_line) {
		FUZZ_CHECK(line.path[0] && strlen(line.path) < len);
		check_again(&arena, &line);
	}
	sy_arena_free(&arena);
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
