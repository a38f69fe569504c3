/* SPDX-License-Identifier: Apache-2.0 */
/* List and weigh: each file is read once, whatever is written about it. */
#include "verifier/engine/sign.h"

#include <string.h>

#include "verifier/engine/sign_cache.h"

static const char *const names[SY_SIGN_N_FORMATS] = {
	[SY_SIGN_OMS] = "oms", [SY_SIGN_MINISIGN] = "minisign",
	[SY_SIGN_SHA256SUM] = "sha256sum",
};

const char *sy_sign_format_name(enum sy_sign_format format)
{
	return names[format];
}

static bool wants(const struct sy_sign *sign, enum sy_sign_format format)
{
	for (size_t i = 0; i < sign->options->n_outputs; i++) {
		if (sign->options->outputs[i].format == format)
			return true;
	}
	return false;
}

/* Weighing. */

static enum sy_status open_file(void *user, size_t id, struct sy_context *ctx,
				struct sy_source *source)
{
	const struct sy_sign *sign = user;

	return sy_entry_open(&sign->inventory, sign->entries[id], ctx, source);
}

static unsigned algorithms_of(const struct sy_sign *sign)
{
	unsigned algorithms = 0;

	if (wants(sign, SY_SIGN_OMS) && sign->options->shard_size == 0)
		algorithms |= 1u << sign->options->algorithm;
	if (wants(sign, SY_SIGN_MINISIGN))
		algorithms |= 1u << SY_BLAKE2B;
	if (wants(sign, SY_SIGN_SHA256SUM))
		algorithms |= 1u << SY_SHA256;
	return algorithms;
}

/* A file that could not be read to its end is not signed. */
static enum sy_status first_failure(struct sy_sign *sign)
{
	for (size_t i = 0; i < sign->n_entries; i++) {
		if (sign->jobs[i].status != SY_OK)
			return sy_fail(sign->ctx, sign->jobs[i].status, "%s", sign->jobs[i].why);
	}
	return SY_OK;
}

static uint64_t size_of(const struct sy_sign *sign, size_t i)
{
	return sign->inventory.entries[sign->entries[i]].identity.size;
}

static size_t n_shards(const struct sy_sign *sign, size_t i)
{
	uint64_t size = size_of(sign, i), len = sign->options->shard_size;

	return (size_t)(size / len) + (size % len != 0);
}

/* Cuts every file into pieces, of which the last may be short. */
static enum sy_status cut(struct sy_sign *sign)
{
	uint64_t len = sign->options->shard_size;
	struct sy_weigh_part *next;
	size_t n = 0;

	if (!wants(sign, SY_SIGN_OMS) || len == 0)
		return SY_OK;
	for (size_t i = 0; i < sign->n_entries; i++)
		n += n_shards(sign, i);
	if (n == 0)
		return sy_fail(sign->ctx, SY_USAGE, "all files are empty: a list of pieces has "
			       "none for them");
	next = sign->shards = sy_alloc_array(sign->ctx, n, sizeof(*next));
	if (!next)
		return sy_memory_status(sign->ctx);
	sign->n_shards = n;
	for (size_t i = 0; i < sign->n_entries; i++) {
		struct sy_weigh_job *job = &sign->jobs[i];

		job->parts = next;
		job->n_parts = n_shards(sign, i);
		job->part_algorithm = sign->options->algorithm;
		for (uint64_t at = 0; at < size_of(sign, i); at += len)
			*next++ = (struct sy_weigh_part){
				.start = at,
				.len = size_of(sign, i) - at < len ? size_of(sign, i) - at : len,
			};
	}
	return SY_OK;
}

/* It is still there, as it was listed, and may be read. */
static bool can_be_opened(struct sy_sign *sign, size_t i)
{
	struct sy_source source;

	if (open_file(sign, i, sign->ctx, &source) != SY_OK) {
		sy_error_clear(sign->ctx);	/* weighing it will say why */
		return false;
	}
	sy_source_close(&source);
	return true;
}

/* Fills the job from the cache; false: the file has to be read. */
static bool take_cached(struct sy_sign *sign, size_t i)
{
	struct sy_weigh_job *job = &sign->jobs[i];
	const struct sy_digest *known = sy_sign_cache_find(sign->cache,
		&sign->inventory.entries[sign->entries[i]].identity);

	if (!known || job->n_parts > 0 || !can_be_opened(sign, i))
		return false;
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if ((job->algorithms & 1u << a) && known[a].len == 0)
			return false;
	}
	memcpy(job->digests, known, sizeof(job->digests));
	return true;
}

static void progress(void *user, uint64_t n_done, uint64_t n_total)
{
	const struct sy_sign *sign = user;

	sign->options->progress(sign->options->progress_user, n_done, n_total);
}

/* Weighs the jobs that the cache does not answer. */
static enum sy_status weigh_rest(struct sy_sign *sign, struct sy_weigh_job *jobs)
{
	struct sy_weigh weigh = {
		.open = open_file, .user = sign, .jobs = jobs,
		.n_threads = sign->options->jobs,
		.progress = sign->options->progress ? progress : NULL,
	};
	enum sy_status status;

	for (size_t i = 0; i < sign->n_entries; i++) {
		if (take_cached(sign, i))
			sign->n_cached++;
		else
			jobs[weigh.n_jobs++] = sign->jobs[i];
	}
	if (weigh.n_jobs == 0)
		return SY_OK;
	status = sy_weigh_run(sign->ctx, &weigh);
	for (size_t k = 0; k < weigh.n_jobs && status == SY_OK; k++)
		sign->jobs[jobs[k].id] = jobs[k];
	return status;
}

static enum sy_status weigh_files(struct sy_sign *sign)
{
	struct sy_weigh_job *jobs;
	enum sy_status status;

	sign->jobs = sy_alloc_array(sign->ctx, sign->n_entries, sizeof(*sign->jobs));
	jobs = sy_alloc_array(sign->ctx, sign->n_entries, sizeof(*jobs));
	for (size_t i = 0; i < sign->n_entries && sign->jobs; i++)
		sign->jobs[i] = (struct sy_weigh_job){
			.id = i, .algorithms = algorithms_of(sign), .size = size_of(sign, i),
		};
	status = sign->jobs && jobs ? cut(sign) : sy_memory_status(sign->ctx);
	if (status == SY_OK)
		status = weigh_rest(sign, jobs);
	sy_release(sign->ctx, jobs);
	return status == SY_OK ? first_failure(sign) : status;
}

/* The list of an OMS bundle. */

struct sy_span sy_sign_name(const struct sy_sign *sign, size_t i)
{
	return sy_span_str(sign->inventory.entries[sign->entries[i]].rel);
}

struct sy_span sy_sign_subject(const struct sy_sign *sign)
{
	struct sy_span path = sy_span_str(sign->inventory.roots[0].path);
	size_t at = path.len;

	while (at > 0 && path.data[at - 1] != '/')
		at--;
	path = sy_span_slice(path, at, path.len - at);
	return path.len > 0 && !sy_span_is(path, ".") && !sy_span_is(path, "..")
		? path : sy_span_str("model");
}

static enum sy_status list_files(struct sy_sign *sign)
{
	struct sy_manifest *manifest = &sign->manifest;

	manifest->n_entries = sign->n_entries;
	manifest->entries = sy_arena_alloc(&sign->arena, sign->n_entries *
					   sizeof(*manifest->entries));
	if (!manifest->entries)
		return sy_memory_status(sign->ctx);
	for (size_t i = 0; i < sign->n_entries; i++)
		manifest->entries[i] = (struct sy_manifest_entry){
			.name = sy_sign_name(sign, i), .end = UINT64_MAX,
			.digest = sign->jobs[i].digests[manifest->algorithm],
		};
	return SY_OK;
}

static enum sy_status list_shards(struct sy_sign *sign)
{
	struct sy_manifest *manifest = &sign->manifest;
	struct sy_manifest_entry *next;

	manifest->n_entries = sign->n_shards;
	manifest->shard_size = sign->options->shard_size;
	next = sy_arena_alloc(&sign->arena, sign->n_shards * sizeof(*next));
	manifest->entries = next;
	if (!next)
		return sy_memory_status(sign->ctx);
	for (size_t i = 0; i < sign->n_entries; i++) {
		const struct sy_weigh_job *job = &sign->jobs[i];

		for (size_t k = 0; k < job->n_parts; k++)
			*next++ = (struct sy_manifest_entry){
				.name = sy_sign_name(sign, i), .start = job->parts[k].start,
				.end = job->parts[k].start + job->parts[k].len,
				.digest = job->parts[k].digest,
			};
	}
	return SY_OK;
}

static enum sy_status make_manifest(struct sy_sign *sign)
{
	struct sy_manifest *manifest = &sign->manifest;

	if (!wants(sign, SY_SIGN_OMS))
		return SY_OK;
	manifest->algorithm = sign->options->algorithm;
	manifest->allows_symlinks = sign->options->allows_symlinks;
	manifest->is_single_file = !sign->inventory.roots[0].is_dir;
	manifest->subject = sy_sign_subject(sign);
	return sign->options->shard_size > 0 ? list_shards(sign) : list_files(sign);
}

static enum sy_status walk(struct sy_sign *sign)
{
	const struct sy_walk_options options = { .paths = &sign->options->path, .n_paths = 1 };

	return sy_walk(&sign->inventory, sign->ctx, &options);
}

enum sy_status sy_sign_run(struct sy_sign *sign, struct sy_context *ctx,
			   const struct sy_sign_options *options,
			   const struct sy_private_key *key)
{
	enum sy_status status;

	*sign = (struct sy_sign){ .ctx = ctx, .options = options, .key = key };
	sign->start_s = ctx->clock.wall_s(ctx->clock.user);
	sy_arena_init(&sign->arena, ctx);
	status = walk(sign);
	if (status == SY_OK)
		status = sy_sign_list(sign);
	if (status == SY_OK)
		status = sy_sign_cache_read(sign, &sign->cache);
	if (status == SY_OK)
		status = weigh_files(sign);
	if (status == SY_OK)
		status = sy_sign_cache_write(sign);
	if (status == SY_OK)
		status = make_manifest(sign);
	return status == SY_OK ? sy_sign_write(sign) : status;
}

void sy_sign_free(struct sy_sign *sign)
{
	if (!sign->ctx)
		return;
	sy_release(sign->ctx, sign->jobs);
	sy_sign_cache_free(&sign->cache);
	sy_release(sign->ctx, sign->shards);
	sy_inventory_free(&sign->inventory);
	sy_arena_free(&sign->arena);
}
