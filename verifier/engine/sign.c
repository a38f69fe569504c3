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
static enum sy_status first_failure(struct sy_sign *sign, const struct sy_weigh_job *jobs,
				    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].status != SY_OK)
			return sy_fail(sign->ctx, jobs[i].status, "%s", jobs[i].why);
	}
	return SY_OK;
}

static enum sy_status run_jobs(struct sy_sign *sign, struct sy_weigh *weigh)
{
	enum sy_status status;

	weigh->n_threads = sign->options->jobs;
	weigh->progress = sign->options->progress;
	status = sy_weigh_run(sign->ctx, weigh);
	return status == SY_OK ? first_failure(sign, weigh->jobs, weigh->n_jobs) : status;
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

	if (!known || !can_be_opened(sign, i))
		return false;
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if ((job->algorithms & 1u << a) && known[a].len == 0)
			return false;
	}
	memcpy(job->digests, known, sizeof(job->digests));
	return true;
}

/* Weighs the jobs that the cache does not answer. */
static enum sy_status weigh_rest(struct sy_sign *sign, struct sy_weigh_job *jobs)
{
	struct sy_weigh weigh = { .open = open_file, .user = sign, .jobs = jobs };
	enum sy_status status;

	for (size_t i = 0; i < sign->n_entries; i++) {
		if (take_cached(sign, i))
			sign->n_cached++;
		else
			jobs[weigh.n_jobs++] = sign->jobs[i];
	}
	if (weigh.n_jobs == 0)
		return SY_OK;
	status = run_jobs(sign, &weigh);
	for (size_t k = 0; k < weigh.n_jobs && status == SY_OK; k++)
		sign->jobs[jobs[k].id] = jobs[k];
	return status;
}

static enum sy_status weigh_files(struct sy_sign *sign)
{
	unsigned algorithms = algorithms_of(sign);
	struct sy_weigh_job *jobs;
	enum sy_status status;

	if (algorithms == 0)
		return SY_OK;
	sign->jobs = sy_alloc_array(sign->ctx, sign->n_entries, sizeof(*sign->jobs));
	jobs = sy_alloc_array(sign->ctx, sign->n_entries, sizeof(*jobs));
	for (size_t i = 0; i < sign->n_entries && sign->jobs; i++)
		sign->jobs[i] = (struct sy_weigh_job){
			.id = i, .algorithms = algorithms,
			.size = sign->inventory.entries[sign->entries[i]].identity.size,
		};
	status = sign->jobs && jobs ? weigh_rest(sign, jobs) : sy_memory_status(sign->ctx);
	sy_release(sign->ctx, jobs);
	return status;
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

static size_t n_shards(const struct sy_sign *sign)
{
	size_t n = 0;

	for (size_t i = 0; i < sign->n_entries; i++) {
		uint64_t size = sign->inventory.entries[sign->entries[i]].identity.size;

		n += (size_t)(size / sign->options->shard_size) +
		     (size % sign->options->shard_size != 0);
	}
	return n;
}

struct shards {
	struct sy_sign *sign;
	size_t *entries;	/* of each shard, in the inventory */
};

static enum sy_status open_shard(void *user, size_t id, struct sy_context *ctx,
				 struct sy_source *source)
{
	const struct shards *shards = user;
	const struct sy_manifest_entry *shard = &shards->sign->manifest.entries[id];
	enum sy_status status = sy_entry_open(&shards->sign->inventory, shards->entries[id],
					      ctx, source);

	if (status == SY_OK)
		sy_source_narrow(source, shard->start, shard->end - shard->start);
	return status;
}

static void cut(struct shards *shards)
{
	struct sy_sign *sign = shards->sign;
	size_t k = 0;

	for (size_t i = 0; i < sign->n_entries; i++) {
		uint64_t size = sign->inventory.entries[sign->entries[i]].identity.size;

		for (uint64_t at = 0; at < size; at += sign->options->shard_size) {
			uint64_t left = size - at, len = sign->options->shard_size;

			shards->entries[k] = sign->entries[i];
			sign->manifest.entries[k++] = (struct sy_manifest_entry){
				.name = sy_sign_name(sign, i), .start = at,
				.end = at + (left < len ? left : len),
			};
		}
	}
}

static enum sy_status weigh_shards(struct sy_sign *sign, struct shards *shards)
{
	struct sy_manifest *manifest = &sign->manifest;
	struct sy_weigh weigh = { .open = open_shard, .user = shards,
				  .n_jobs = manifest->n_entries };
	enum sy_status status;

	weigh.jobs = sy_alloc_array(sign->ctx, weigh.n_jobs, sizeof(*weigh.jobs));
	if (!weigh.jobs)
		return sy_memory_status(sign->ctx);
	for (size_t i = 0; i < weigh.n_jobs; i++)
		weigh.jobs[i] = (struct sy_weigh_job){
			.id = i, .algorithms = 1u << manifest->algorithm,
			.size = manifest->entries[i].end - manifest->entries[i].start,
		};
	status = run_jobs(sign, &weigh);
	for (size_t i = 0; i < weigh.n_jobs && status == SY_OK; i++)
		manifest->entries[i].digest = weigh.jobs[i].digests[manifest->algorithm];
	sy_release(sign->ctx, weigh.jobs);
	return status;
}

static enum sy_status list_shards(struct sy_sign *sign)
{
	struct sy_manifest *manifest = &sign->manifest;
	struct shards shards = { .sign = sign };

	manifest->n_entries = n_shards(sign);
	manifest->shard_size = sign->options->shard_size;
	if (manifest->n_entries == 0)
		return sy_fail(sign->ctx, SY_USAGE, "all files are empty: a list of pieces has "
			       "none for them");
	manifest->entries = sy_arena_alloc(&sign->arena, manifest->n_entries *
					   sizeof(*manifest->entries));
	shards.entries = sy_arena_alloc(&sign->arena, manifest->n_entries *
					sizeof(*shards.entries));
	if (!manifest->entries || !shards.entries)
		return sy_memory_status(sign->ctx);
	cut(&shards);
	return weigh_shards(sign, &shards);
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
	sy_inventory_free(&sign->inventory);
	sy_arena_free(&sign->arena);
}
