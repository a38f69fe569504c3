/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a small JSON document by tables of the members that each object may
 * have: every member known or refused, none twice, none missing, each of its
 * type.  The depth of the walk is the depth of the tables, not of the input.
 */
#ifndef SY_KEYS_DOCUMENT_H
#define SY_KEYS_DOCUMENT_H

#include "keys/reading.h"
#include "verifier/base/json.h"
#include "verifier/base/memory.h"

struct sy_document {
	struct sy_context *ctx;
	struct sy_json *json;
	struct sy_arena *arena;		/* where copies go */
	struct sy_reading *reading;
	const char *what;		/* "the bundle": begins sentences */
	enum sy_oms_reason json_reason, field_reason;
	bool refuses_unknown;		/* else a tolerance */
	bool refuses_escapes;		/* "\/" says "/" in a second way */
};

/* Reads a value, whose first token was just read, into `self`. */
typedef enum sy_status sy_member_fn(struct sy_document *d,
				    const struct sy_json_token *value, void *self);

struct sy_member {
	const char *name;
	const char *snake;	/* the other spelling; NULL: none */
	enum sy_json_kind kind;	/* SY_JSON_END: the reader checks it */
	sy_member_fn *read;	/* NULL: any value, passed over */
	bool is_required;
	bool is_nullable;	/* null is as good as absent */
};

/* The next token; SY_FORMAT with the refusal noted when it is not JSON. */
SY_MUST_CHECK enum sy_status sy_document_next(struct sy_document *d,
					      struct sy_json_token *token);

/*
 * The members of the object that has just begun, named `where` in sentences;
 * at most 32.
 */
SY_MUST_CHECK enum sy_status sy_document_object(struct sy_document *d, const char *where,
						const struct sy_member *members,
						size_t n, void *self);

/* Each element of the array that has just begun. */
SY_MUST_CHECK enum sy_status sy_document_array(struct sy_document *d,
					       sy_member_fn *read, void *self);

/* Passes over a value. */
SY_MUST_CHECK enum sy_status sy_document_skip(struct sy_document *d,
					      const struct sy_json_token *value);

/* The one object that the document is, and nothing behind it. */
SY_MUST_CHECK enum sy_status sy_document_read(struct sy_document *d, struct sy_span bytes,
					      const struct sy_member *members, size_t n,
					      void *self);

/* A copy in the arena of a string's text. */
SY_MUST_CHECK enum sy_status sy_document_copy(struct sy_document *d,
					      const struct sy_json_token *value,
					      struct sy_span *copy);

#endif
