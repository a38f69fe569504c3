/* SPDX-License-Identifier: Apache-2.0 */
/* steelyard.h: making keys, and what is public about them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/base64.h"
#include "keys/private_key.h"
#include "verifier/base/memory.h"
#include "verifier/engine/key_file.h"
#include "verifier/engine/new_file.h"
#include "verifier/engine/session.h"

struct steelyard_key {
	struct sy_context *ctx;
	struct sy_public_key *public;
	bool is_private;
	char id[2 * SY_DIGEST_MAX + 1];
	char hint[SY_BASE64_ENCODED_LEN(SY_DIGEST_MAX) + 1];
	char number[17];
	bool has_number;
};

void steelyard_key_free(struct steelyard_key **key)
{
	if (!*key)
		return;
	sy_public_key_free(&(*key)->public);
	sy_release((*key)->ctx, *key);
	*key = NULL;
}

static void describe(struct steelyard_key *key)
{
	const struct sy_digest *der = sy_public_key_der_digest(key->public);
	uint8_t number[8];

	sy_digest_hex(sy_public_key_id(key->public), key->id);
	sy_base64_encode(sy_span_of(der->bytes, der->len), key->hint);
	key->has_number = sy_public_key_number(key->public, number);
	for (unsigned i = 0; i < 8; i++)	/* one number, its last byte first */
		snprintf(key->number + 2 * i, 3, "%02X", number[7 - i]);
}

/* Takes the public key over on success. */
static enum sy_status make_handle(struct sy_context *ctx, struct sy_public_key **public,
				  bool is_private, struct steelyard_key **key)
{
	struct steelyard_key *made = sy_alloc(ctx, sizeof(*made));

	if (!made)
		return sy_memory_status(ctx);
	*made = (struct steelyard_key){ .ctx = ctx, .is_private = is_private };
	made->public = SY_TAKE(*public);
	describe(made);
	*key = made;
	return SY_OK;
}

/* The handle of a private key's public half, which is copied out of it. */
static enum sy_status handle_of_private(struct sy_context *ctx,
					const struct sy_private_key *private,
					struct steelyard_key **key)
{
	SY_OWNED(sy_public_key_free) struct sy_public_key *public = NULL;
	enum sy_status status = sy_public_key_copy(ctx, sy_private_key_public(private), &public);

	return status == SY_OK ? make_handle(ctx, &public, true, key) : status;
}

static enum sy_status read_private(struct sy_context *ctx, struct sy_span file,
				   const char *path,
				   const struct steelyard_passphrase *passphrase,
				   struct steelyard_key **key)
{
	SY_OWNED(sy_private_key_free) struct sy_private_key *private = NULL;
	struct sy_passphrase_user user = { .given = passphrase, .path = path };
	struct sy_passphrase source;
	enum sy_status status;

	sy_passphrase_from(&source, &user);
	status = sy_private_key_read(ctx, file, &source, &private);
	return status == SY_OK ? handle_of_private(ctx, private, key) : status;
}

static enum sy_status read_file(struct sy_context *ctx, struct sy_span file, const char *path,
				const struct steelyard_passphrase *passphrase,
				struct steelyard_key **key)
{
	SY_OWNED(sy_public_key_free) struct sy_public_key *public = NULL;
	enum sy_status status;

	if (sy_private_key_is(file))
		return read_private(ctx, file, path, passphrase, key);
	status = sy_public_key_read(ctx, file, &public);
	return status == SY_OK ? make_handle(ctx, &public, false, key) : status;
}

int steelyard_key_read(struct steelyard_session *session, const char *path,
		       const struct steelyard_passphrase *passphrase,
		       struct steelyard_key **key)
{
	static const struct steelyard_passphrase none = { 0 };
	struct sy_context *ctx = &session->ctx;
	struct sy_secret file;
	enum sy_status status;

	sy_session_begin(session);
	*key = NULL;
	status = sy_key_file_read(ctx, path, &file);
	if (status != SY_OK)
		return -1;
	status = read_file(ctx, sy_secret_span(&file), path, passphrase ? passphrase : &none,
			   key);
	if (status != SY_OK)
		sy_key_file_blame(ctx, path, status);
	sy_secret_free(&file);
	return status == SY_OK ? 0 : -1;
}

void steelyard_key_info(const struct steelyard_key *key, struct steelyard_key_info *info)
{
	*info = (struct steelyard_key_info){
		.kind = sy_key_kind_name(sy_public_key_kind(key->public)),
		.id = key->id, .hint = key->hint,
		.number = key->has_number ? key->number : NULL,
		.is_private = key->is_private,
	};
}

int steelyard_key_write(struct steelyard_session *session, const struct steelyard_key *key,
			bool is_minisign, steelyard_write_fn *write, void *user)
{
	char text[SY_PUBLIC_KEY_TEXT_MAX];
	size_t len;

	sy_session_begin(session);
	if (sy_public_key_write(&session->ctx, key->public,
				is_minisign ? SY_KEY_FILE_MINISIGN : SY_KEY_FILE_PEM, text,
				&len) != SY_OK)
		return -1;
	if (write(user, text, len) == 0)
		return 0;
	sy_fail(&session->ctx, SY_IO, "the public key could not be written");
	return -1;
}

const char *steelyard_key_kind(size_t i)
{
	/* RSA, which comes behind it, is not made. */
	return i <= SY_KEY_ED25519 ? sy_key_kind_name((enum sy_key_kind)i) : NULL;
}

struct generating {
	struct sy_context *ctx;
	const struct steelyard_generate_options *options;
	enum sy_key_kind kind;
	enum sy_key_file format;
	char public_path[4096];
};

static enum sy_status take_kind(struct generating *g)
{
	const char *name = g->options->kind;

	if (!name)
		name = g->options->is_minisign ? "ed25519" : "ecdsa-p256";
	for (size_t i = 0; steelyard_key_kind(i); i++) {
		if (strcmp(steelyard_key_kind(i), name) != 0)
			continue;
		g->kind = (enum sy_key_kind)i;
		if (!g->options->is_minisign || g->kind == SY_KEY_ED25519)
			return SY_OK;
		return sy_fail(g->ctx, SY_USAGE, "minisign's files hold ed25519 keys only, not "
			       "%s", name);
	}
	return sy_fail(g->ctx, SY_USAGE, "no keys of a kind '%s' are made", name);
}

static enum sy_status take_paths(struct generating *g)
{
	const char *public_path = g->options->public_path;
	int len = snprintf(g->public_path, sizeof(g->public_path), "%s%s",
			   public_path ? public_path : g->options->path,
			   public_path ? "" : ".pub");

	if (len < 0 || (size_t)len >= sizeof(g->public_path))
		return sy_fail(g->ctx, SY_USAGE, "the path of the public key is too long");
	if (!strcmp(g->options->path, g->public_path))
		return sy_fail(g->ctx, SY_USAGE, "the private and the public key cannot be one "
			       "file");
	return SY_OK;
}

/* Both files, or none. */
static enum sy_status write_files(struct generating *g, struct sy_span private,
				  struct sy_span public)
{
	enum sy_status status = sy_new_file_write(g->ctx, g->options->path,
						   SY_NEW_FILE_SECRET, private);

	if (status != SY_OK)
		return status;
	status = sy_new_file_write(g->ctx, g->public_path, SY_NEW_FILE_PUBLIC, public);
	if (status != SY_OK)
		sy_new_file_remove(g->options->path);
	return status;
}

/* What the public file will say, read as anybody would. */
static enum sy_status handle_of_text(struct sy_context *ctx, struct sy_span text,
				     struct steelyard_key **handle)
{
	SY_OWNED(sy_public_key_free) struct sy_public_key *public = NULL;
	enum sy_status status = sy_public_key_read(ctx, text, &public);

	return status == SY_OK ? make_handle(ctx, &public, true, handle) : status;
}

static enum sy_status generate_with(struct generating *g, struct sy_span passphrase,
				    struct steelyard_key **handle)
{
	SY_OWNED(sy_private_key_free) struct sy_private_key *key = NULL;
	char public[SY_PUBLIC_KEY_TEXT_MAX];
	struct sy_secret text = { 0 };
	enum sy_status status;
	size_t len;

	status = sy_private_key_generate(g->ctx, g->kind, &key);
	if (status == SY_OK)
		status = sy_public_key_write(g->ctx, sy_private_key_public(key), g->format,
					     public, &len);
	if (status == SY_OK)
		status = handle_of_text(g->ctx, sy_span_of(public, len), handle);
	if (status == SY_OK)
		status = sy_private_key_write(g->ctx, key, g->format, passphrase, &text);
	if (status == SY_OK)
		status = write_files(g, sy_secret_span(&text), sy_span_of(public, len));
	if (status != SY_OK)
		steelyard_key_free(handle);
	sy_secret_free(&text);
	return status;
}

static enum sy_status generate(struct generating *g, struct steelyard_key **key)
{
	const struct sy_passphrase_user user = { .given = &g->options->passphrase,
						 .path = g->options->path };
	struct sy_secret passphrase = { 0 };
	enum sy_status status = take_kind(g);

	if (status == SY_OK)
		status = take_paths(g);
	if (status == SY_OK)
		status = sy_new_file_is_free(g->ctx, g->options->path);
	if (status == SY_OK)
		status = sy_new_file_is_free(g->ctx, g->public_path);
	if (status == SY_OK && !g->options->is_unencrypted)
		status = sy_passphrase_new(g->ctx, &user, &passphrase);
	if (status == SY_OK)
		status = generate_with(g, sy_secret_span(&passphrase), key);
	sy_secret_free(&passphrase);
	return status;
}

int steelyard_key_generate(struct steelyard_session *session,
			   const struct steelyard_generate_options *options,
			   struct steelyard_key **key)
{
	struct steelyard_generate_options known;
	struct generating g = { .ctx = &session->ctx, .options = &known };

	sy_session_begin(session);
	*key = NULL;
	if (!sy_take_options(session, &known, sizeof(known), options, options->size))
		return -1;
	if (!known.path) {
		sy_fail(&session->ctx, SY_USAGE, "a new key needs a path");
		return -1;
	}
	g.format = known.is_minisign ? SY_KEY_FILE_MINISIGN : SY_KEY_FILE_PEM;
	return generate(&g, key) == SY_OK ? 0 : -1;
}
