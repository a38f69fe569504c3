/* SPDX-License-Identifier: Apache-2.0 */
/* steelyard.h: digests of files, and checking lists of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/base/memory.h"
#include "verifier/base/text.h"
#include "verifier/digest/hasher.h"
#include "verifier/digest/weigh.h"
#include "verifier/engine/session.h"
#include "verifier/input/walk.h"

/* Files and lines are weighed in batches, so that memory stays bounded. */
#define BATCH 4096u
#define STREAM_BLOCK 131072u

struct hashing {
	struct steelyard_session *session;
	const struct steelyard_hash_options *options;
	void (*each)(void *user, const struct steelyard_digest *digest);
	void *user;
	enum sy_algorithm algorithms[SY_N_ALGORITHMS];	/* in the order asked */
	size_t n_algorithms;
	unsigned mask;
	struct sy_inventory inventory;
	struct sy_weigh weigh;
	uint64_t n_before, n_total;	/* bytes */
	bool has_failed;
};

static bool parse_algorithms(struct hashing *h, const char *list)
{
	struct sy_span left = sy_span_str(list ? list : "sha256");

	for (;;) {
		size_t comma = sy_span_find(left, sy_span_str(","));
		struct sy_span name = sy_span_slice(left, 0, comma);
		enum sy_algorithm algorithm;

		if (!sy_algorithm_find(name, &algorithm)) {
			sy_fail(&h->session->ctx, SY_USAGE,
				"there is no algorithm '%.*s'", (int)name.len,
				name.data ? (const char *)name.data : "");
			return false;
		}
		if (!(h->mask & 1u << algorithm))
			h->algorithms[h->n_algorithms++] = algorithm;
		h->mask |= 1u << algorithm;
		if (comma == SIZE_MAX)
			return true;
		left = sy_span_slice(left, comma + 1, left.len - comma - 1);
	}
}

static void say_digests(struct hashing *h, const char *path,
			const struct sy_digest *digests, uint64_t bytes)
{
	for (size_t i = 0; i < h->n_algorithms; i++) {
		const struct sy_digest *digest = &digests[h->algorithms[i]];
		char hex[2 * SY_DIGEST_MAX + 1];

		sy_digest_hex(digest, hex);
		h->each(h->user, &(struct steelyard_digest){
				.path = path, .hex = hex, .bytes = bytes,
				.algorithm = sy_algorithm_name(h->algorithms[i]) });
	}
}

static void say_failure(struct hashing *h, const char *path, const char *why)
{
	h->has_failed = true;
	h->each(h->user, &(struct steelyard_digest){
			.path = path, .error = why,
			.algorithm = sy_algorithm_name(h->algorithms[0]) });
}

static enum sy_status open_entry(void *user, size_t id, struct sy_context *ctx,
				 struct sy_source *source)
{
	const struct hashing *h = user;

	return sy_entry_open(&h->inventory, id, ctx, source);
}

static void progress(void *user, uint64_t n_done, uint64_t n_total)
{
	const struct hashing *h = user;

	(void)n_total;		/* of the batch */
	h->options->progress(h->options->progress_user, h->n_before + n_done,
			     h->n_total);
}

static const char *why_failed(const struct sy_weigh_job *job)
{
	return job->sys_errno ? sy_errno_text(job->sys_errno) : job->why;
}

static const char *why_not_read(const struct sy_entry *entry)
{
	switch (entry->kind) {
	case SY_ENTRY_FILE: break;
	case SY_ENTRY_LINK_OUT: return "the link leaves the directory (--follow-links)";
	case SY_ENTRY_LINK_DANGLING: return sy_errno_text(ENOENT);
	case SY_ENTRY_LINK_LOOP: return sy_errno_text(ELOOP);
	case SY_ENTRY_SPECIAL: return "not a regular file";
	case SY_ENTRY_UNREADABLE:
		return sy_errno_text(entry->sys_errno ? entry->sys_errno : EACCES);
	}
	return "";
}

static void say_entry(struct hashing *h, const struct sy_entry *entry,
		      const struct sy_weigh_job *job)
{
	if (!job)
		say_failure(h, entry->path, why_not_read(entry));
	else if (job->status == SY_OK)
		say_digests(h, entry->path, job->digests, job->n_read);
	else
		say_failure(h, entry->path, why_failed(job));
}

/* Jobs stand in the order of the entries that are files. */
static enum sy_status weigh_batch(struct hashing *h, size_t from, size_t to)
{
	const struct sy_entry *entries = h->inventory.entries;
	struct sy_weigh_job *jobs = h->weigh.jobs;
	enum sy_status status;
	size_t next = 0;

	h->weigh.n_jobs = 0;
	for (size_t i = from; i < to; i++) {
		if (entries[i].kind == SY_ENTRY_FILE)
			jobs[h->weigh.n_jobs++] = (struct sy_weigh_job){
				.id = i, .size = entries[i].identity.size,
				.algorithms = h->mask };
	}
	status = sy_weigh_run(&h->session->ctx, &h->weigh);
	for (size_t i = from; i < to; i++) {
		bool is_job = entries[i].kind == SY_ENTRY_FILE;
		const struct sy_weigh_job *job = is_job ? &jobs[next++] : NULL;

		/* Interrupted: what was hashed is said, the rest did not fail. */
		if (status == SY_OK || (job && job->status == SY_OK))
			say_entry(h, &entries[i], job);
		h->n_before += job ? job->size : 0;
	}
	return status;
}

static enum sy_status hash_inventory(struct hashing *h)
{
	size_t n = h->inventory.n_entries;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < n; i++)
		h->n_total += h->inventory.entries[i].identity.size;
	h->weigh = (struct sy_weigh){
		.open = open_entry, .user = h, .n_threads = h->options->jobs,
		.progress = h->options->progress ? progress : NULL,
		.jobs = sy_alloc_array(&h->session->ctx, n < BATCH ? n : BATCH,
				       sizeof(struct sy_weigh_job)),
	};
	if (!h->weigh.jobs)
		return sy_memory_status(&h->session->ctx);
	for (size_t i = 0; i < n && status == SY_OK; i += BATCH)
		status = weigh_batch(h, i, n - i < BATCH ? n : i + BATCH);
	sy_release(&h->session->ctx, h->weigh.jobs);
	return status;
}

/* Standard input is a stream of unknown length: hashed as it comes. */
static enum sy_status read_stream(struct sy_context *ctx, uint8_t *block,
				  struct sy_hasher *const *hashers, uint64_t *n_read)
{
	for (;;) {
		ssize_t n;

		if (sy_cancelled(ctx))
			return sy_fail(ctx, SY_CANCELLED, "interrupted");
		n = ctx->files.read(ctx->files.user, 0, block, STREAM_BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sy_fail_errno(ctx, "standard input");
		if (n == 0)
			return SY_OK;
		for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
			if (hashers[a])
				sy_hasher_update(hashers[a], block, (size_t)n);
		}
		*n_read += (uint64_t)n;
	}
}

static enum sy_status digest_stream(struct hashing *h, uint8_t *block,
				    struct sy_hasher **hashers,
				    struct sy_digest *digests, uint64_t *n_read)
{
	struct sy_context *ctx = &h->session->ctx;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < h->n_algorithms && status == SY_OK; i++)
		status = sy_hasher_new(ctx, h->algorithms[i], 0,
				       &hashers[h->algorithms[i]]);
	if (status == SY_OK)
		status = read_stream(ctx, block, hashers, n_read);
	for (size_t i = 0; i < h->n_algorithms && status == SY_OK; i++)
		status = sy_hasher_final(hashers[h->algorithms[i]],
					 &digests[h->algorithms[i]]);
	return status;
}

static enum sy_status hash_stream(struct hashing *h)
{
	struct sy_context *ctx = &h->session->ctx;
	struct sy_hasher *hashers[SY_N_ALGORITHMS] = { NULL };
	struct sy_digest digests[SY_N_ALGORITHMS] = { 0 };
	uint8_t *block = sy_alloc(ctx, STREAM_BLOCK);
	enum sy_status status;
	uint64_t n_read = 0;

	if (!block)
		return sy_memory_status(ctx);
	status = digest_stream(h, block, hashers, digests, &n_read);
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++)
		sy_hasher_free(&hashers[a]);
	sy_release(ctx, block);
	if (status == SY_OK) {
		say_digests(h, "-", digests, n_read);
	} else if (status != SY_CANCELLED) {
		say_failure(h, "-", ctx->error.text);
		sy_error_clear(ctx);
		status = SY_OK;
	}
	return status;
}

/* The paths without "-"; *has_stream tells whether there was one. */
static enum sy_status walk_files(struct hashing *h, bool *has_stream)
{
	const struct steelyard_hash_options *options = h->options;
	struct sy_context *ctx = &h->session->ctx;
	const char **paths = sy_alloc_array(ctx, options->n_paths + 1,
					    sizeof(*paths));
	struct sy_walk_options walk = { .follow_links = options->follow_links };
	enum sy_status status = SY_OK;

	*has_stream = false;
	if (!paths)
		return sy_memory_status(ctx);
	for (size_t i = 0; i < options->n_paths; i++) {
		if (!strcmp(options->paths[i], "-"))
			*has_stream = true;
		else
			paths[walk.n_paths++] = options->paths[i];
	}
	walk.paths = paths;
	if (walk.n_paths > 0)
		status = sy_walk(&h->inventory, ctx, &walk);
	sy_release(ctx, paths);
	return status;
}

int steelyard_hash(struct steelyard_session *session,
		   const struct steelyard_hash_options *options,
		   void (*each)(void *user, const struct steelyard_digest *digest),
		   void *user)
{
	struct steelyard_hash_options known;
	struct hashing h = {
		.session = session, .options = &known, .each = each, .user = user,
	};
	bool has_stream = false, has_files;
	enum sy_status status;

	sy_session_begin(session);
	if (!sy_take_options(session, &known, sizeof(known), options,
			     options->size) ||
	    !parse_algorithms(&h, known.algorithms))
		return -1;
	status = walk_files(&h, &has_stream);
	has_files = h.inventory.ctx != NULL;
	if (status == SY_OK && has_stream && h.mask & 1u << SY_GIT_BLOB)
		status = sy_fail(&session->ctx, SY_USAGE, "git-blob needs the length "
				 "of the content first: name a file, not -");
	if (status == SY_OK && has_stream)
		status = hash_stream(&h);
	if (status == SY_OK && has_files)
		status = hash_inventory(&h);
	if (has_files)
		sy_inventory_free(&h.inventory);
	if (status != SY_OK)
		return -1;
	return h.has_failed ? 1 : 0;
}
