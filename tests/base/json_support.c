/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the JSON tests; see json_support.h. */
#include "tests/base/json_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "verifier/base/memory.h"

enum sy_status json_check(const char *text, size_t len, unsigned flags,
			  struct sy_json_error *why)
{
	struct sy_context ctx;
	enum sy_status status;
	/* Of exactly this size, so that a sanitizer sees a byte too far. */
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	sy_context_init(&ctx);
	status = sy_json_check(&ctx, sy_span_of(copy, len), flags, why);
	assert_int_equal(ctx.memory_used, 0);
	assert_int_equal(ctx.error.status, SY_OK);
	free(copy);
	return status;
}

void json_assert_good(const char *text)
{
	struct sy_json_error why;

	if (json_check(text, strlen(text), 0, &why) != SY_OK)
		fail_msg("%s: %s at %llu", text, why.what,
			 (unsigned long long)why.off);
}

void json_assert_bad(const char *text, uint64_t off, const char *what)
{
	struct sy_json_error why;

	if (json_check(text, strlen(text), 0, &why) != SY_FORMAT)
		fail_msg("%s was accepted", text);
	if (why.off != off || strcmp(why.what, what))
		fail_msg("%s: %s at %llu", text, why.what,
			 (unsigned long long)why.off);
}

struct sy_span json_many_keys(struct sy_arena *arena, unsigned n,
			      const char *nested, const char *extra)
{
	size_t cap = (size_t)n * (16 + strlen(nested)) + strlen(extra) + 8;
	char *text = sy_arena_alloc(arena, cap);
	size_t len = 0;

	assert_non_null(text);
	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, cap - len, "%s\"k%u\":%s",
					i ? "," : "{", i, nested);
	len += (size_t)snprintf(text + len, cap - len, "%s}", extra);
	return sy_span_of(text, len);
}

enum sy_status json_read_all(struct sy_context *ctx, struct sy_span text,
			       unsigned max_depth)
{
	struct sy_json *json = sy_json_open(ctx, text, max_depth, 0);
	struct sy_json_token t = { .kind = SY_JSON_NULL };
	enum sy_status status = SY_OK;

	if (!json)
		return sy_memory_status(ctx);
	while (status == SY_OK && t.kind != SY_JSON_END)
		status = sy_json_next(json, &t);
	sy_json_free(&json);
	return status;
}
