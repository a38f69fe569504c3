/* SPDX-License-Identifier: Apache-2.0 */
/* List, weigh, write: each file is read once, whatever is written about it. */
#include "verifier/engine/sign.h"

#include <string.h>

#include "keys/minisign.h"
#include "keys/oms.h"
#include "verifier/base/text.h"
#include "verifier/engine/new_file.h"
#include "verifier/engine/small_file.h"

#define CHAIN_FILE_MAX (UINT64_C(1) << 20)	/* bytes */

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

static enum sy_status weigh_files(struct sy_sign *sign)
{
	struct sy_weigh weigh = {
		.open = open_file, .user = sign, .n_jobs = sign->n_entries,
		.n_threads = sign->options->jobs, .progress = sign->options->progress,
	};
	enum sy_status status;

	sign->jobs = sy_alloc_array(sign->ctx, sign->n_entries, sizeof(*sign->jobs));
	if (!sign->jobs)
		return sy_memory_status(sign->ctx);
	for (size_t i = 0; i < sign->n_entries; i++)
		sign->jobs[i] = (struct sy_weigh_job){
			.id = i, .algorithms = algorithms_of(sign), .size = size_of(sign, i),
		};
	status = cut(sign);
	weigh.jobs = sign->jobs;
	if (status == SY_OK)
		status = sy_weigh_run(sign->ctx, &weigh);
	return status == SY_OK ? first_failure(sign) : status;
}

/* The list of an OMS bundle. */

static struct sy_span name_of(const struct sy_sign *sign, size_t i)
{
	return sy_span_str(sign->inventory.entries[sign->entries[i]].rel);
}

static struct sy_span base_of_root(const struct sy_sign *sign)
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
			.name = name_of(sign, i), .end = UINT64_MAX,
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
				.name = name_of(sign, i), .start = job->parts[k].start,
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
	manifest->subject = base_of_root(sign);
	return sign->options->shard_size > 0 ? list_shards(sign) : list_files(sign);
}

/* Writing. */

static enum sy_status sign_message(void *user, struct sy_span message,
				   struct sy_buffer *signature)
{
	const struct sy_sign *sign = user;
	uint8_t bytes[SY_SIGNATURE_MAX];
	size_t len;
	enum sy_status status = sy_private_key_sign(sign->ctx, sign->key, message, bytes, &len);

	return status == SY_OK ? sy_buffer_write(signature, sy_span_of(bytes, len)) : status;
}

static bool is_among(const struct sy_span *all, size_t n, struct sy_span one)
{
	for (size_t i = 0; i < n; i++) {
		if (sy_span_equal(all[i], one))
			return true;
	}
	return false;
}

static enum sy_status read_certificates(struct sy_sign *sign, struct sy_oms_signer *signer)
{
	const struct sy_sign_options *options = sign->options;
	size_t n_max = (options->n_chain + 1) * SY_BUNDLE_CERTIFICATES_MAX;
	struct sy_span *all = sy_arena_alloc(&sign->arena, n_max * sizeof(*all));
	enum sy_status status = all ? SY_OK : sy_memory_status(sign->ctx);
	size_t n = 0;

	for (size_t i = 0; i <= options->n_chain && status == SY_OK; i++) {
		const char *path = i ? options->chain[i - 1] : options->certificate;
		struct sy_span pem, *some = NULL;
		size_t n_some = 0;

		status = sy_small_file_read(sign->ctx, "certificate file", path, CHAIN_FILE_MAX,
					    &sign->arena, &pem);
		if (status == SY_OK)
			status = sy_certificates_read(&sign->arena, pem, &some, &n_some);
		if (status == SY_OK && n + n_some > SY_BUNDLE_CERTIFICATES_MAX)
			status = sy_fail(sign->ctx, SY_USAGE, "more than %u certificates",
					 SY_BUNDLE_CERTIFICATES_MAX);
		for (size_t k = 0; k < n_some && status == SY_OK; k++) {
			if (!is_among(all, n, some[k]))
				all[n++] = some[k];
		}
	}
	signer->certificates = all;
	signer->n_certificates = n;
	return status;
}

static enum sy_status write_oms(struct sy_sign *sign, struct sy_buffer *out)
{
	struct sy_oms_signer signer = {
		.sign = sign_message, .user = sign, .key = sy_private_key_public(sign->key),
	};
	enum sy_status status = SY_OK;

	if (sy_public_key_kind(signer.key) == SY_KEY_ED25519)
		return sy_fail(sign->ctx, SY_USAGE, "this format signs with ECDSA keys (P-256, "
			       "P-384, P-521), and the key is Ed25519: use --format minisign, or "
			       "another key");
	if (sign->options->certificate)
		status = read_certificates(sign, &signer);
	return status == SY_OK ? sy_oms_write(&sign->manifest, false, &signer, out) : status;
}

static enum sy_status write_minisign(struct sy_sign *sign, struct sy_buffer *buffer)
{
	int64_t now = sign->ctx->clock.wall_s(sign->ctx->clock.user);
	struct sy_text comment;
	struct sy_out out;
	enum sy_status status;

	if (sign->inventory.roots[0].is_dir)
		return sy_fail(sign->ctx, SY_USAGE, "minisign signs single files, and %s is a "
			       "directory", sign->options->path);
	sy_text_init(&comment);
	sy_text_addf(&comment, "timestamp:%lld\tfile:", (long long)now);
	sy_text_add_span(&comment, base_of_root(sign));
	sy_text_add(&comment, "\thashed");
	sy_out_init(&out, sy_buffer_write, buffer);
	status = sy_minisign_sign(sign->ctx, sign->key, &sign->jobs[0].digests[SY_BLAKE2B],
				  sy_text_span(&comment), &out);
	return status == SY_OK ? sy_out_flush(&out) : status;
}

/* Names with a line feed or a backslash are escaped, and the line says so. */
static void put_line(struct sy_out *out, const struct sy_digest *digest, struct sy_span name)
{
	char hex[2 * SY_DIGEST_MAX + 1];
	bool is_escaped = false;

	for (size_t i = 0; i < name.len; i++)
		is_escaped |= name.data[i] == '\n' || name.data[i] == '\\' ||
			      name.data[i] == '\r';
	sy_digest_hex(digest, hex);
	sy_out_str(out, is_escaped ? "\\" : "");
	sy_out_str(out, hex);
	sy_out_str(out, "  ");
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] == '\n')
			sy_out_str(out, "\\n");
		else if (name.data[i] == '\r')
			sy_out_str(out, "\\r");
		else if (name.data[i] == '\\')
			sy_out_str(out, "\\\\");
		else
			sy_out_bytes(out, &name.data[i], 1);
	}
	sy_out_str(out, "\n");
}

static enum sy_status write_sums(struct sy_sign *sign, struct sy_buffer *buffer)
{
	struct sy_out out;

	sy_out_init(&out, sy_buffer_write, buffer);
	for (size_t i = 0; i < sign->n_entries; i++) {
		struct sy_span name = name_of(sign, i);

		put_line(&out, &sign->jobs[i].digests[SY_SHA256],
			 name.len > 0 ? name : base_of_root(sign));
	}
	return sy_out_flush(&out);
}

static enum sy_status write_output(struct sy_sign *sign, const struct sy_sign_output *output)
{
	struct sy_buffer buffer;
	enum sy_status status = SY_OK;

	sy_buffer_init(&buffer, sign->ctx);
	switch (output->format) {
	case SY_SIGN_OMS:
		status = write_oms(sign, &buffer);
		break;
	case SY_SIGN_MINISIGN:
		status = write_minisign(sign, &buffer);
		break;
	case SY_SIGN_SHA256SUM:
	case SY_SIGN_N_FORMATS:
		status = write_sums(sign, &buffer);
		break;
	}
	if (status == SY_OK)
		status = sy_new_file_write(sign->ctx, output->path, SY_NEW_FILE_REPLACING,
					   sy_span_of(buffer.data, buffer.len));
	sy_buffer_free(&buffer);
	return status;
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
	sy_arena_init(&sign->arena, ctx);
	status = walk(sign);
	if (status == SY_OK)
		status = sy_sign_list(sign);
	if (status == SY_OK)
		status = weigh_files(sign);
	if (status == SY_OK)
		status = make_manifest(sign);
	for (size_t i = 0; i < options->n_outputs && status == SY_OK; i++)
		status = write_output(sign, &options->outputs[i]);
	return status;
}

void sy_sign_free(struct sy_sign *sign)
{
	if (!sign->ctx)
		return;
	sy_release(sign->ctx, sign->jobs);
	sy_release(sign->ctx, sign->shards);
	sy_inventory_free(&sign->inventory);
	sy_arena_free(&sign->arena);
}
