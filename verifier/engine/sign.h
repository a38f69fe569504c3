/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing: the files of a model are weighed once, and one or more signatures over
 * them are written.  Internal to verifier/engine.
 */
#ifndef SY_ENGINE_SIGN_H
#define SY_ENGINE_SIGN_H

#include "keys/manifest.h"
#include "keys/private_key.h"
#include "verifier/digest/weigh.h"
#include "verifier/input/walk.h"

enum sy_sign_format { SY_SIGN_OMS, SY_SIGN_MINISIGN, SY_SIGN_SHA256SUM, SY_SIGN_N_FORMATS };

struct sy_sign_output {
	enum sy_sign_format format;
	const char *path;
};

struct sy_sign_options {
	const char *path;		/* of the model: a directory or a file */
	const struct sy_sign_output *outputs;
	size_t n_outputs;		/* at least 1 */
	const char *certificate;	/* PEM file; NULL: sign by key */
	const char *const *chain;	/* PEM files of its issuers, the nearest first */
	size_t n_chain;
	enum sy_algorithm algorithm;	/* of the OMS list */
	uint64_t shard_size;		/* bytes; 0: whole files */
	const char *const *ignore;	/* paths in the model to leave out */
	size_t n_ignore;
	bool allows_symlinks;
	const char *cache;		/* file of digests, see sign_cache.h; or NULL */
	unsigned jobs;
	void (*progress)(void *user, uint64_t n_done, uint64_t n_total);
	void *progress_user;
};

/* One signing under way. */
struct sy_sign {
	struct sy_context *ctx;
	const struct sy_sign_options *options;
	const struct sy_private_key *key;	/* NULL: no output needs one */
	struct sy_arena arena;
	struct sy_inventory inventory;
	size_t *entries;		/* to be signed, in the inventory */
	size_t n_entries;
	struct sy_weigh_job *jobs;	/* one an entry */
	struct sy_weigh_part *shards;	/* of all of them, in order; NULL: whole files */
	size_t n_shards;
	struct sy_sign_cache *cache;	/* NULL: none */
	int64_t start_s;		/* since 1970: when it began */
	size_t n_cached;		/* files that were not read again */
	struct sy_manifest manifest;	/* of the OMS output; in `arena` */
	uint64_t n_bytes;		/* of the files */
};

/*
 * Signs.  SY_OK: every output is written, each whole; else what was there before
 * stays, but for outputs that ctx->error names.  SY_USAGE, SY_FORMAT: what
 * was asked for cannot be signed, ctx->error says why.  `sign` is filled, and freed
 * by sy_sign_free in any case.
 */
SY_MUST_CHECK enum sy_status sy_sign_run(struct sy_sign *sign, struct sy_context *ctx,
					 const struct sy_sign_options *options,
					 const struct sy_private_key *key);
void sy_sign_free(struct sy_sign *sign);

/* Chooses what is signed: sign_list.c.  SY_USAGE: nothing, or something unreadable. */
SY_MUST_CHECK enum sy_status sy_sign_list(struct sy_sign *sign);

/* Makes and writes every output: sign_write.c. */
SY_MUST_CHECK enum sy_status sy_sign_write(struct sy_sign *sign);

/* The name of the i-th signed file below the model (empty: it is the model). */
struct sy_span sy_sign_name(const struct sy_sign *sign, size_t i);
/* The model's own name. */
struct sy_span sy_sign_subject(const struct sy_sign *sign);

const char *sy_sign_format_name(enum sy_sign_format format);	/* "oms" */

#endif
