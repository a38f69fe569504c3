/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the reader of policies reads: objects by a table of members, values into the
 * field of a struct, every refusal with line, byte and advice.  Internal to
 * policy*.c.
 */
#ifndef SY_ENGINE_POLICY_PARTS_H
#define SY_ENGINE_POLICY_PARTS_H

#include "verifier/base/json.h"
#include "verifier/engine/policy.h"

struct sy_policy_reading {
	struct sy_context *ctx;
	struct sy_json *json;
	struct sy_policy *policy;
	struct sy_span document;
	struct sy_json_token token;	/* the current one */
	const char *member;		/* the member that is being read, for sentences */
};

/*
 * Reads the value whose first token is current into a field, and leaves its last
 * token current.
 */
typedef enum sy_status sy_policy_value_fn(struct sy_policy_reading *r, void *field);

struct sy_policy_member {
	const char *name;
	sy_policy_value_fn *read;
	size_t field;			/* offset in the struct that is filled */
	bool is_required;
};

#define SY_POLICY_MEMBERS_MAX 32

/* Refuses the document at a byte; the rest says what is wrong and what to do. */
SY_PRINTF(3, 4)
enum sy_status sy_policy_refuse(struct sy_policy_reading *r, uint64_t off,
				const char *fmt, ...);

SY_MUST_CHECK enum sy_status sy_policy_next(struct sy_policy_reading *r);

/* The current token begins an object with these members (name NULL ends them). */
SY_MUST_CHECK enum sy_status sy_policy_object(struct sy_policy_reading *r,
					      const struct sy_policy_member *members,
					      void *into);

/*
 * The current token begins a list; each item is read into a new element of
 * *items (an array of elements of `size` bytes in the policy's arena).
 */
SY_MUST_CHECK enum sy_status sy_policy_list(struct sy_policy_reading *r, void *items,
					    size_t *n, size_t size,
					    sy_policy_value_fn *item);

/* Values: text is one line without controls, not empty; a moment is a date of UTC. */
SY_MUST_CHECK enum sy_status sy_policy_text(struct sy_policy_reading *r, void *span);
SY_MUST_CHECK enum sy_status sy_policy_lines(struct sy_policy_reading *r, void *span);
SY_MUST_CHECK enum sy_status sy_policy_moment(struct sy_policy_reading *r, void *moment);
SY_MUST_CHECK enum sy_status sy_policy_flag(struct sy_policy_reading *r, void *flag);
SY_MUST_CHECK enum sy_status sy_policy_count(struct sy_policy_reading *r, void *number);
SY_MUST_CHECK enum sy_status sy_policy_globs(struct sy_policy_reading *r, void *texts);

/* A list of different texts; `fault` says what is wrong with one, or NULL. */
SY_MUST_CHECK enum sy_status sy_policy_some_texts(struct sy_policy_reading *r,
						  struct sy_policy_texts *texts,
						  sy_policy_value_fn *item);

/* The path to open for a file name of the policy, in the arena. */
SY_MUST_CHECK enum sy_status sy_policy_place(struct sy_policy *policy, struct sy_span name,
					     struct sy_span *path);

/* The order of a window, once it was read. */
SY_MUST_CHECK enum sy_status sy_policy_check_window(struct sy_policy_reading *r,
						    const struct sy_policy_window *window);

/* policy_trust.c */
SY_MUST_CHECK enum sy_status sy_policy_read_certificates(struct sy_policy_reading *r,
							 void *keys);
SY_MUST_CHECK enum sy_status sy_policy_read_signers(struct sy_policy_reading *r,
						    void *signers);
SY_MUST_CHECK enum sy_status sy_policy_read_rules(struct sy_policy_reading *r, void *rules);
SY_MUST_CHECK enum sy_status sy_policy_read_revoked(struct sy_policy_reading *r,
						    void *policy);

/* Names of signers become their places; k is at most n; nobody stands twice. */
SY_MUST_CHECK enum sy_status sy_policy_check_trust(struct sy_policy_reading *r);

#endif
