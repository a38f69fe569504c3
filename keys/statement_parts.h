/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What statement_json.c reads and statement.c judges: the statement as written,
 * in the order as written.  Internal to the two.
 */
#ifndef SY_KEYS_STATEMENT_PARTS_H
#define SY_KEYS_STATEMENT_PARTS_H

#include "keys/reading.h"
#include "keys/statement.h"
#include "verifier/base/memory.h"

enum sy_statement_hash {
	SY_STATEMENT_SHA256,
	SY_STATEMENT_BLAKE2B,
	SY_STATEMENT_BLAKE3,
	SY_STATEMENT_FILE_SHA256,	/* v0.2's spelling of SHA-256, subjects only */
	SY_STATEMENT_UNKNOWN
};

/* A subject or a resource. */
struct sy_statement_item {
	struct sy_span name;
	uint64_t off;			/* of the item in the payload */
	uint64_t shard_size;		/* named by its algorithm; 0: none */
	enum sy_statement_hash hash;
	uint8_t len;			/* of the digest; 0: none */
	uint8_t digest[SY_DIGEST_MAX];
};

struct sy_statement_list {
	struct sy_statement_item *items;
	size_t n, cap;
};

struct sy_statement {
	struct sy_context *ctx;
	struct sy_reading *reading;
	struct sy_arena *arena;		/* of names */
	bool is_v01;
	bool has_predicate, has_serialization, has_resources;
	struct sy_statement_list subjects, resources;
	enum sy_statement_hash hash;
	bool is_sharded;
	bool has_shard_size;
	uint64_t shard_size;
	bool allows_symlinks;
	struct sy_span *ignored;
	size_t n_ignored, ignored_cap;
};

/* Fills the fields from JSON; lists are freed by sy_statement_free. */
SY_MUST_CHECK enum sy_status sy_statement_read_json(struct sy_statement *s,
						    struct sy_span payload);
void sy_statement_free(struct sy_statement *s);

const char *sy_statement_hash_name(enum sy_statement_hash hash);
size_t sy_statement_hash_len(enum sy_statement_hash hash);	/* bytes */

#endif
