/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written: every signature is made before the first one is written, so that
 * what cannot be signed writes nothing at all.
 */
#include "keys/minisign.h"
#include "keys/oms.h"
#include "verifier/base/text.h"
#include "verifier/engine/new_file.h"
#include "verifier/engine/sign.h"
#include "verifier/engine/small_file.h"

#define CHAIN_FILE_MAX (UINT64_C(1) << 20)	/* bytes */

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
	sy_text_add_span(&comment, sy_sign_subject(sign));
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
		struct sy_span name = sy_sign_name(sign, i);

		put_line(&out, &sign->jobs[i].digests[SY_SHA256],
			 name.len > 0 ? name : sy_sign_subject(sign));
	}
	return sy_out_flush(&out);
}

static enum sy_status make_output(struct sy_sign *sign, enum sy_sign_format format,
				  struct sy_buffer *buffer)
{
	switch (format) {
	case SY_SIGN_OMS:
		return write_oms(sign, buffer);
	case SY_SIGN_MINISIGN:
		return write_minisign(sign, buffer);
	case SY_SIGN_SHA256SUM:
	case SY_SIGN_N_FORMATS:
		break;
	}
	return write_sums(sign, buffer);
}

/* Some files are new then and some are not: which, must be said. */
static enum sy_status tell_written(struct sy_sign *sign, size_t n_written, enum sy_status status)
{
	const struct sy_error error = sign->ctx->error;
	struct sy_text names;

	if (n_written == 0)
		return status;
	sy_text_init(&names);
	for (size_t i = 0; i < n_written; i++) {
		sy_text_add(&names, i ? ", " : "");
		sy_text_add(&names, sign->options->outputs[i].path);
	}
	return sy_fail_again(sign->ctx, status, "%s; written was: %s", error.text, names.data);
}

static enum sy_status write_all(struct sy_sign *sign, const struct sy_buffer *buffers)
{
	const struct sy_sign_options *options = sign->options;

	for (size_t i = 0; i < options->n_outputs; i++) {
		enum sy_status status = sy_new_file_write(sign->ctx, options->outputs[i].path,
							  SY_NEW_FILE_REPLACING,
							  sy_span_of(buffers[i].data,
								     buffers[i].len));

		if (status != SY_OK)
			return tell_written(sign, i, status);
	}
	return SY_OK;
}

enum sy_status sy_sign_write(struct sy_sign *sign)
{
	size_t n = sign->options->n_outputs;
	struct sy_buffer *buffers = sy_arena_alloc(&sign->arena, n * sizeof(*buffers));
	enum sy_status status = buffers ? SY_OK : sy_memory_status(sign->ctx);

	for (size_t i = 0; i < n && buffers; i++)
		sy_buffer_init(&buffers[i], sign->ctx);
	for (size_t i = 0; i < n && status == SY_OK; i++)
		status = make_output(sign, sign->options->outputs[i].format, &buffers[i]);
	if (status == SY_OK)
		status = write_all(sign, buffers);
	for (size_t i = 0; i < n && buffers; i++)
		sy_buffer_free(&buffers[i]);
	return status;
}
