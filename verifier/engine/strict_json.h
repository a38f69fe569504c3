/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small documents that only this program writes (state, cache): members in one fixed
 * order, none more, none less, nothing after the end.  Internal to verifier/engine.
 */
#ifndef SY_ENGINE_STRICT_JSON_H
#define SY_ENGINE_STRICT_JSON_H

#include "verifier/base/json.h"
#include "verifier/base/memory.h"

struct sy_strict {
	struct sy_context *ctx;
	const char *what, *path;	/* "state file", where it lies: for sentences */
	struct sy_json *json;
	struct sy_json_token token;	/* the last one */
};

SY_MUST_CHECK enum sy_status sy_strict_open(struct sy_strict *s, struct sy_context *ctx,
					    const char *what, const char *path,
					    struct sy_span bytes);
void sy_strict_close(struct sy_strict *s);

/* SY_FORMAT and a sentence with the place of the last token. */
SY_MUST_CHECK enum sy_status sy_strict_refuse(struct sy_strict *s, const char *why);

SY_MUST_CHECK enum sy_status sy_strict_next(struct sy_strict *s);
SY_MUST_CHECK enum sy_status sy_strict_expect(struct sy_strict *s, enum sy_json_kind kind,
					      const char *else_why);
SY_MUST_CHECK enum sy_status sy_strict_key(struct sy_strict *s, const char *key);

/* A member with a text (copied into the arena), or a whole number that fits. */
SY_MUST_CHECK enum sy_status sy_strict_text(struct sy_strict *s, const char *key,
					    struct sy_arena *arena, struct sy_span *text);
SY_MUST_CHECK enum sy_status sy_strict_i64(struct sy_strict *s, const char *key, int64_t *value);
SY_MUST_CHECK enum sy_status sy_strict_u64(struct sy_strict *s, const char *key,
					   uint64_t *value);

/* { "schema": the one */
SY_MUST_CHECK enum sy_status sy_strict_begin(struct sy_strict *s, const char *schema);
/* } and nothing else */
SY_MUST_CHECK enum sy_status sy_strict_end(struct sy_strict *s);

#endif
