/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict, iterative, bounded JSON pull reader (RFC 8259): UTF-8 checked,
 * duplicate keys found after unescaping, integers exact to 64 bits, byte
 * positions on every token, nothing after the value but white space.
 *
 * It also gates what cJSON may read: sy_json_check first.
 */
#ifndef SY_BASE_JSON_H
#define SY_BASE_JSON_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

enum sy_json_kind {
	SY_JSON_END,		/* the document is complete */
	SY_JSON_OBJECT,		/* { */
	SY_JSON_OBJECT_END,
	SY_JSON_ARRAY,		/* [ */
	SY_JSON_ARRAY_END,
	SY_JSON_KEY,
	SY_JSON_STRING,
	SY_JSON_NUMBER,
	SY_JSON_TRUE,
	SY_JSON_FALSE,
	SY_JSON_NULL
};

enum sy_json_flags {
	/* A duplicate key sets token.is_duplicate instead of ending the document. */
	SY_JSON_MARK_DUPLICATES = 1 << 0,
	/* NaN, Infinity, -Infinity are numbers (token.is_nonfinite), as Python writes. */
	SY_JSON_PYTHON_NUMBERS = 1 << 1,
	/* A string without escapes is not copied and may be of any length. */
	SY_JSON_LONG_STRINGS = 1 << 2
};

struct sy_json_token {
	enum sy_json_kind kind;
	uint64_t off;		/* of the token's first byte, from the start */
	uint64_t len;		/* bytes of the token as written */
	struct sy_span text;	/* KEY, STRING: unescaped; NUMBER: as written.
				 * Valid until the next call. */
	bool is_escaped;	/* KEY, STRING held a backslash */
	bool is_duplicate;	/* KEY: seen before in this object */
	bool is_integer;	/* NUMBER: -?(0|[1-9][0-9]*) and fits below */
	bool is_negative;	/* NUMBER: has a minus sign (also "-0") */
	bool is_nonfinite;
	uint64_t magnitude;	/* is_integer: absolute value */
	unsigned depth;		/* containers open around the token */
};

struct sy_json;			/* opaque: the reader */

/* Where and why a document is not JSON; `what` is a constant sentence part. */
struct sy_json_error {
	uint64_t off;
	const char *what;
};

/*
 * Reads `bytes`, which must stay.  max_depth: containers that may be open
 * (0: limits.json_depth).  NULL: out of memory (ctx->error).
 */
SY_MUST_CHECK struct sy_json *sy_json_open(struct sy_context *ctx,
					   struct sy_span bytes,
					   unsigned max_depth, unsigned flags);
void sy_json_free(struct sy_json **json);

/*
 * The next token.  SY_FORMAT: not JSON (sy_json_why); SY_LIMIT: too deep or a
 * string above limits.string_bytes (sy_json_why as well); SY_NO_MEMORY;
 * SY_CANCELLED.  After a failure every call repeats it.
 */
SY_MUST_CHECK enum sy_status sy_json_next(struct sy_json *json,
					  struct sy_json_token *token);

/* Skips the value that `token` (just returned, a value or a KEY) begins. */
SY_MUST_CHECK enum sy_status sy_json_skip(struct sy_json *json,
					  const struct sy_json_token *token);

struct sy_json_error sy_json_why(const struct sy_json *json);

/* Reads the whole document; the error, if any, through *why. */
SY_MUST_CHECK enum sy_status sy_json_check(struct sy_context *ctx,
					   struct sy_span bytes, unsigned flags,
					   struct sy_json_error *why);

#endif
