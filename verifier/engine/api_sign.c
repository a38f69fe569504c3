/* SPDX-License-Identifier: Apache-2.0 */
/* steelyard.h: signing a model. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/base/text.h"
#include "verifier/engine/key_file.h"
#include "verifier/engine/session.h"
#include "verifier/engine/sign.h"

#define FORMATS_MAX 8u

struct asked {
	struct sy_context *ctx;
	const struct steelyard_sign_options *from;
	struct sy_sign_options to;
	struct sy_sign_output outputs[FORMATS_MAX];
	struct sy_arena arena;
};

static enum sy_status find_format(struct asked *a, const char *name,
				  enum sy_sign_format *format)
{
	for (unsigned f = 0; f < SY_SIGN_N_FORMATS; f++) {
		*format = (enum sy_sign_format)f;
		if (!strcmp(name, sy_sign_format_name(*format)))
			return SY_OK;
	}
	return sy_fail(a->ctx, SY_USAGE, "there is no format '%s' to sign in (oms, minisign, "
		       "sha256sum)", name);
}

/* model.sig in a directory, FILE.sig beside a file, and so on. */
static enum sy_status usual_path(struct asked *a, enum sy_sign_format format, const char **path)
{
	static const char *const in_folder[SY_SIGN_N_FORMATS] = {
		[SY_SIGN_OMS] = "model.sig", [SY_SIGN_MINISIGN] = "model.minisig",
		[SY_SIGN_SHA256SUM] = "SHA256SUMS",
	};
	static const char *const beside[SY_SIGN_N_FORMATS] = {
		[SY_SIGN_OMS] = ".sig", [SY_SIGN_MINISIGN] = ".minisig",
		[SY_SIGN_SHA256SUM] = ".sha256",
	};
	struct sy_text text;
	struct stat st;
	struct sy_span model = sy_span_str(a->from->path), copy;
	enum sy_status status;
	bool is_dir;

	if (stat(a->from->path, &st) != 0)
		return errno == ENOENT ? sy_fail(a->ctx, SY_USAGE, "there is no %s", a->from->path)
				       : sy_fail_errno(a->ctx, "%s", a->from->path);
	is_dir = S_ISDIR(st.st_mode);
	while (model.len > 1 && model.data[model.len - 1] == '/')
		model.len--;
	sy_text_init(&text);
	sy_text_add_span(&text, model);
	sy_text_add(&text, is_dir ? "/" : "");
	sy_text_add(&text, is_dir ? in_folder[format] : beside[format]);
	if (text.is_cut)
		return sy_fail(a->ctx, SY_USAGE, "the path of the model is too long");
	status = sy_arena_copy(&a->arena, sy_text_span(&text), &copy);
	*path = (const char *)copy.data;
	return status;
}

static enum sy_status take_outputs(struct asked *a)
{
	static const char *const usual[] = { "oms" };
	const char *const *formats = a->from->n_formats ? a->from->formats : usual;
	size_t n = a->from->n_formats ? a->from->n_formats : 1;
	enum sy_status status = SY_OK;

	if (n > FORMATS_MAX || a->from->n_signatures > n)
		return sy_fail(a->ctx, SY_USAGE, "%zu signature files for %zu formats",
			       a->from->n_signatures, n);
	for (size_t i = 0; i < n && status == SY_OK; i++) {
		struct sy_sign_output *output = &a->outputs[i];

		status = find_format(a, formats[i], &output->format);
		if (status == SY_OK && i < a->from->n_signatures)
			output->path = a->from->signatures[i];
		else if (status == SY_OK)
			status = usual_path(a, output->format, &output->path);
		for (size_t k = 0; k < i && status == SY_OK; k++) {
			if (!strcmp(a->outputs[k].path, output->path))
				status = sy_fail(a->ctx, SY_USAGE, "two signatures want to be "
						 "written to %s", output->path);
		}
	}
	a->to.outputs = a->outputs;
	a->to.n_outputs = n;
	return status;
}

static enum sy_status take_algorithm(struct asked *a)
{
	const char *name = a->from->algorithm ? a->from->algorithm : "sha256";

	if (sy_algorithm_find(sy_span_str(name), &a->to.algorithm) &&
	    a->to.algorithm != SY_GIT_BLOB && a->to.algorithm != SY_SHA512)
		return SY_OK;
	return sy_fail(a->ctx, SY_USAGE, "a signed list takes sha256, blake2b or blake3, not '%s'",
		       name);
}

static enum sy_status take(struct asked *a)
{
	const struct steelyard_sign_options *from = a->from;
	enum sy_status status = SY_OK;

	a->to = (struct sy_sign_options){
		.path = from->path, .certificate = from->certificate,
		.chain = from->certificate_chain, .n_chain = from->n_certificate_chain,
		.shard_size = from->shard_size, .ignore = from->ignore_paths,
		.n_ignore = from->n_ignore_paths, .allows_symlinks = from->allow_symlinks,
		.cache = from->cache, .jobs = from->jobs, .progress = from->progress,
		.progress_user = from->progress_user,
	};
	if (!from->path)
		return sy_fail(a->ctx, SY_USAGE, "there is nothing to sign");
	if (from->n_certificate_chain > 0 && !from->certificate)
		return sy_fail(a->ctx, SY_USAGE, "a certificate chain needs the signer's "
			       "certificate");
	status = take_algorithm(a);
	return status == SY_OK ? take_outputs(a) : status;
}

static enum sy_status read_key(struct asked *a, struct sy_private_key **key)
{
	struct sy_passphrase_user user = { .given = &a->from->passphrase, .path = a->from->key };
	struct sy_passphrase source;
	struct sy_secret file;
	enum sy_status status;

	for (size_t i = 0; !a->from->key && i < a->to.n_outputs; i++) {
		if (a->outputs[i].format != SY_SIGN_SHA256SUM)
			return sy_fail(a->ctx, SY_USAGE, "signing needs a private key");
	}
	if (!a->from->key)
		return SY_OK;
	status = sy_key_file_read(a->ctx, a->from->key, &file);
	if (status != SY_OK)
		return status;
	sy_passphrase_from(&source, &user);
	status = sy_private_key_read(a->ctx, sy_secret_span(&file), &source, key);
	sy_secret_free(&file);
	return status == SY_OK ? SY_OK : sy_key_file_blame(a->ctx, a->from->key, status);
}

static void tell(const struct asked *a, const struct sy_sign *sign,
		 void (*each)(void *user, const struct steelyard_signed *signature), void *user)
{
	char id[2 * SY_DIGEST_MAX + 1] = "";
	const struct sy_public_key *public = NULL;

	if (sign->key) {
		public = sy_private_key_public(sign->key);
		sy_digest_hex(sy_public_key_id(public), id);
	}
	for (size_t i = 0; i < a->to.n_outputs; i++) {
		bool has_key = public && a->outputs[i].format != SY_SIGN_SHA256SUM;
		const struct steelyard_signed row = {
			.path = a->outputs[i].path,
			.format = sy_sign_format_name(a->outputs[i].format),
			.key_kind = has_key ? sy_key_kind_name(sy_public_key_kind(public)) : NULL,
			.key_id = has_key ? id : NULL,
			.n_files = sign->n_entries, .n_bytes = sign->n_bytes,
			.n_cached = sign->n_cached,
		};

		each(user, &row);
	}
}

static enum sy_status run(struct asked *a,
			  void (*each)(void *user, const struct steelyard_signed *signature),
			  void *user)
{
	SY_OWNED(sy_private_key_free) struct sy_private_key *key = NULL;
	struct sy_sign sign = { 0 };
	enum sy_status status = take(a);

	if (status == SY_OK)
		status = read_key(a, &key);
	if (status == SY_OK)
		status = sy_sign_run(&sign, a->ctx, &a->to, key);
	if (status == SY_OK && each)
		tell(a, &sign, each, user);
	sy_sign_free(&sign);
	return status;
}

int steelyard_sign(struct steelyard_session *session,
		   const struct steelyard_sign_options *options,
		   void (*each)(void *user, const struct steelyard_signed *signature), void *user)
{
	struct steelyard_sign_options known;
	struct asked a = { .ctx = &session->ctx, .from = &known };
	enum sy_status status;

	sy_session_begin(session);
	if (!sy_take_options(session, &known, sizeof(known), options, options->size))
		return -1;
	sy_arena_init(&a.arena, a.ctx);
	status = run(&a, each, user);
	sy_arena_free(&a.arena);
	return status == SY_OK ? 0 : -1;
}
