/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody signed: a list of named digests with the rules by which files
 * were chosen.  One type for OMS payloads, minisign files and sha256sum lists;
 * comparing it with the files on disk is the engine's work.
 */
#ifndef SY_KEYS_MANIFEST_H
#define SY_KEYS_MANIFEST_H

#include "verifier/base/digest_value.h"
#include "verifier/base/memory.h"
#include "verifier/base/span.h"

/* One resource: bytes [start, end) of a file; a whole file: 0, UINT64_MAX. */
struct sy_manifest_entry {
	struct sy_span name;	/* "/"-separated, below the model; "": the file itself */
	uint64_t start, end;
	struct sy_digest digest;
};

struct sy_manifest {
	struct sy_arena arena;	/* holds all below */
	struct sy_manifest_entry *entries;	/* by name, then start; no duplicates */
	size_t n_entries;
	struct sy_span subject;	/* the model's name as signed; informational */
	enum sy_algorithm algorithm;	/* of every entry */
	uint64_t shard_size;	/* bytes; 0: whole files */
	bool allows_symlinks;
	bool is_single_file;
	const struct sy_span *ignored;	/* paths below the model that were left out */
	size_t n_ignored;
	struct sy_digest root;	/* SHA-256 over the entries' digests, in signed order */
};

void sy_manifest_free(struct sy_context *ctx, struct sy_manifest **manifest);

#endif
