/* SPDX-License-Identifier: Apache-2.0 */
/* One token after another, each the one that must stand there. */
#include "verifier/engine/strict_json.h"

enum sy_status sy_strict_open(struct sy_strict *s, struct sy_context *ctx, const char *what,
			      const char *path, struct sy_span bytes)
{
	*s = (struct sy_strict){ .ctx = ctx, .what = what, .path = path };
	s->json = sy_json_open(ctx, bytes, 0, 0);
	return s->json ? SY_OK : sy_memory_status(ctx);
}

void sy_strict_close(struct sy_strict *s)
{
	sy_json_free(&s->json);
}

enum sy_status sy_strict_refuse(struct sy_strict *s, const char *why)
{
	return sy_fail(s->ctx, SY_FORMAT, "the %s %s is not one: %s (byte %llu)", s->what, s->path,
		       why, (unsigned long long)s->token.off);
}

enum sy_status sy_strict_next(struct sy_strict *s)
{
	enum sy_status status = sy_json_next(s->json, &s->token);

	if (status != SY_FORMAT && status != SY_LIMIT)
		return status;
	s->token.off = sy_json_why(s->json).off;
	return sy_strict_refuse(s, sy_json_why(s->json).what);
}

enum sy_status sy_strict_expect(struct sy_strict *s, enum sy_json_kind kind,
				const char *else_why)
{
	enum sy_status status = sy_strict_next(s);

	return status == SY_OK && s->token.kind != kind ? sy_strict_refuse(s, else_why) : status;
}

enum sy_status sy_strict_key(struct sy_strict *s, const char *key)
{
	enum sy_status status = sy_strict_expect(s, SY_JSON_KEY, "a member is missing");

	if (status == SY_OK && !sy_span_is(s->token.text, key))
		return sy_strict_refuse(s, "a member is not the one that stands there");
	return status;
}

enum sy_status sy_strict_text(struct sy_strict *s, const char *key, struct sy_arena *arena,
			      struct sy_span *text)
{
	enum sy_status status = sy_strict_key(s, key);

	if (status == SY_OK)
		status = sy_strict_expect(s, SY_JSON_STRING, "a text is missing");
	return status == SY_OK ? sy_arena_copy(arena, s->token.text, text) : status;
}

static enum sy_status read_number(struct sy_strict *s, const char *key, uint64_t max)
{
	enum sy_status status = sy_strict_key(s, key);

	if (status == SY_OK)
		status = sy_strict_expect(s, SY_JSON_NUMBER, "a number is missing");
	if (status == SY_OK && (!s->token.is_integer || s->token.magnitude > max))
		return sy_strict_refuse(s, "a number is no whole one, or too large");
	return status;
}

enum sy_status sy_strict_i64(struct sy_strict *s, const char *key, int64_t *value)
{
	enum sy_status status = read_number(s, key, INT64_MAX);

	if (status == SY_OK)
		*value = s->token.is_negative ? -(int64_t)s->token.magnitude
					      : (int64_t)s->token.magnitude;
	return status;
}

enum sy_status sy_strict_u64(struct sy_strict *s, const char *key, uint64_t *value)
{
	enum sy_status status = read_number(s, key, UINT64_MAX);

	if (status == SY_OK && s->token.is_negative)
		return sy_strict_refuse(s, "a number is negative");
	if (status == SY_OK)
		*value = s->token.magnitude;
	return status;
}

enum sy_status sy_strict_begin(struct sy_strict *s, const char *schema)
{
	enum sy_status status = sy_strict_expect(s, SY_JSON_OBJECT, "it is no object");

	if (status == SY_OK)
		status = sy_strict_key(s, "schema");
	if (status == SY_OK)
		status = sy_strict_expect(s, SY_JSON_STRING, "a text is missing");
	if (status == SY_OK && !sy_span_is(s->token.text, schema))
		return sy_strict_refuse(s, "its schema is another one");
	return status;
}

enum sy_status sy_strict_end(struct sy_strict *s)
{
	enum sy_status status = sy_strict_expect(s, SY_JSON_OBJECT_END, "an unknown member");

	return status == SY_OK ? sy_strict_expect(s, SY_JSON_END, "something follows") : status;
}
