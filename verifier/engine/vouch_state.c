/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was accepted so far, in a small file that the policy names: for each model and
 * signer the lists of files in the order in which they were first accepted.  A list
 * that a newer one has followed is a rollback.  It is written when everything was
 * answered yes and never otherwise, so that no refused model leaves a trace in it.
 */
#include <string.h>

#include "verifier/base/jsonw.h"
#include "verifier/engine/new_file.h"
#include "verifier/engine/small_file.h"
#include "verifier/engine/strict_json.h"
#include "verifier/engine/vouch_parts.h"

#define STATE_FILE_MAX (UINT64_C(16) << 20)	/* bytes */
#define SCHEMA "steelyard-state/1"

/* One model by one signer; the last root is the newest. */
struct row {
	struct sy_span model, signer;
	struct sy_digest *roots;
	size_t n_roots, cap_roots;
};

struct sy_vouch_memory {
	struct sy_context *ctx;
	struct sy_arena arena;		/* names */
	struct row *rows;
	size_t n_rows, cap_rows;
};

void sy_vouch_memory_free(struct sy_vouch_memory **p)
{
	struct sy_vouch_memory *state = *p;

	if (!state)
		return;
	for (size_t i = 0; i < state->n_rows; i++)
		sy_release(state->ctx, state->rows[i].roots);
	sy_release(state->ctx, state->rows);
	sy_arena_free(&state->arena);
	sy_release(state->ctx, state);
	*p = NULL;
}

static struct row *find_row(const struct sy_vouch_memory *state, struct sy_span model,
			    struct sy_span signer)
{
	for (size_t i = 0; i < state->n_rows; i++) {
		struct row *row = &state->rows[i];

		if (sy_span_equal(row->model, model) && sy_span_equal(row->signer, signer))
			return row;
	}
	return NULL;
}

static enum sy_status add_row(struct sy_vouch_memory *state, struct sy_span model,
			      struct sy_span signer, struct row **row)
{
	enum sy_status status = sy_grow(state->ctx, &state->rows, &state->cap_rows,
					state->n_rows + 1, sizeof(*state->rows));

	if (status != SY_OK)
		return status;
	*row = &state->rows[state->n_rows++];
	**row = (struct row){ .n_roots = 0 };
	status = sy_arena_copy(&state->arena, model, &(*row)->model);
	return status == SY_OK ? sy_arena_copy(&state->arena, signer, &(*row)->signer) : status;
}

static bool has_root(const struct row *row, const struct sy_digest *root)
{
	for (size_t i = 0; i < row->n_roots; i++) {
		if (sy_digest_equal(&row->roots[i], root))
			return true;
	}
	return false;
}

static enum sy_status add_root(struct sy_vouch_memory *state, struct row *row,
			       const struct sy_digest *root)
{
	enum sy_status status = sy_grow(state->ctx, &row->roots, &row->cap_roots,
					row->n_roots + 1, sizeof(*row->roots));

	if (status == SY_OK)
		row->roots[row->n_roots++] = *root;
	return status;
}

/* Reading. */

struct reading {
	struct sy_strict strict;
	struct sy_vouch_memory *state;
};

static enum sy_status take_root(struct reading *r, struct row *row)
{
	static const char prefix[] = "sha256:";
	struct sy_span text = r->strict.token.text;
	struct sy_digest root;

	if (r->strict.token.kind != SY_JSON_STRING || !sy_span_starts(text, prefix) ||
	    !sy_digest_parse(sy_span_slice(text, strlen(prefix), text.len - strlen(prefix)),
			     SY_SHA256, &root))
		return sy_strict_refuse(&r->strict, "a root is no sha256 digest");
	if (has_root(row, &root))
		return sy_strict_refuse(&r->strict, "a root stands there twice");
	return add_root(r->state, row, &root);
}

static enum sy_status read_roots(struct reading *r, struct row *row)
{
	enum sy_status status = sy_strict_key(&r->strict, "roots");

	if (status == SY_OK)
		status = sy_strict_expect(&r->strict, SY_JSON_ARRAY, "roots are no list");
	while (status == SY_OK) {
		status = sy_strict_next(&r->strict);
		if (status == SY_OK && r->strict.token.kind == SY_JSON_ARRAY_END)
			return row->n_roots > 0 ? SY_OK :
			       sy_strict_refuse(&r->strict, "there is no root");
		if (status == SY_OK)
			status = take_root(r, row);
	}
	return status;
}

/* The brace that opens it was read. */
static enum sy_status read_row(struct reading *r)
{
	struct sy_span model, signer;
	struct row *row;
	enum sy_status status = sy_strict_text(&r->strict, "model",
					       &r->state->arena, &model);

	if (status == SY_OK)
		status = sy_strict_text(&r->strict, "signer", &r->state->arena, &signer);
	if (status == SY_OK && find_row(r->state, model, signer))
		return sy_strict_refuse(&r->strict, "a model stands there twice");
	if (status == SY_OK)
		status = add_row(r->state, model, signer, &row);
	if (status == SY_OK)
		status = read_roots(r, row);
	if (status == SY_OK)
		status = sy_strict_expect(&r->strict, SY_JSON_OBJECT_END, "an unknown member");
	return status;
}

static enum sy_status read_rows(struct reading *r)
{
	enum sy_status status = sy_strict_key(&r->strict, "models");

	if (status == SY_OK)
		status = sy_strict_expect(&r->strict, SY_JSON_ARRAY, "models are no list");
	while (status == SY_OK) {
		status = sy_strict_next(&r->strict);
		if (status == SY_OK && r->strict.token.kind == SY_JSON_ARRAY_END)
			return SY_OK;
		if (status == SY_OK && r->strict.token.kind != SY_JSON_OBJECT)
			return sy_strict_refuse(&r->strict, "a model is no object");
		if (status == SY_OK)
			status = read_row(r);
	}
	return status;
}

static enum sy_status parse(struct sy_vouch_memory *state, const char *path, struct sy_span bytes)
{
	struct reading r = { .state = state };
	enum sy_status status = sy_strict_open(&r.strict, state->ctx, "state file", path, bytes);

	if (status == SY_OK)
		status = sy_strict_begin(&r.strict, SCHEMA);
	if (status == SY_OK)
		status = read_rows(&r);
	if (status == SY_OK)
		status = sy_strict_end(&r.strict);
	sy_strict_close(&r.strict);
	return status;
}

static const char *path_of(const struct sy_vouch *vouch)
{
	return vouch->policy && vouch->policy->state_path.len > 0 ?
	       (const char *)vouch->policy->state_path.data : NULL;
}

enum sy_status sy_vouch_read_state(struct sy_vouch *vouch)
{
	const char *path = path_of(vouch);
	struct sy_span bytes;
	enum sy_status status;

	if (!path)
		return SY_OK;
	vouch->state = sy_alloc(vouch->ctx, sizeof(*vouch->state));
	if (!vouch->state)
		return sy_memory_status(vouch->ctx);
	vouch->state->ctx = vouch->ctx;
	sy_arena_init(&vouch->state->arena, vouch->ctx);
	status = sy_small_file_read(vouch->ctx, "state file", path, STATE_FILE_MAX,
				    &vouch->arena, &bytes);
	if (status == SY_NOT_FOUND) {
		/* The first time. */
		sy_error_clear(vouch->ctx);
		return SY_OK;
	}
	return status == SY_OK ? parse(vouch->state, path, bytes) : status;
}

/* What a run says about the state. */

static struct sy_span signer_of(const struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	return vouch->trust.vouchers[s->voucher].name;
}

/* Signatures of single files in minisign's form name no list and are not remembered. */
static const struct sy_manifest *list_of(const struct sy_vouch_signature *s)
{
	return s->state == SY_VOUCH_VALID && !s->is_stale ? sy_vouch_manifest(s) : NULL;
}

/* Is the newest list of the row, or one that is newer still, part of this run? */
static bool has_newest(const struct sy_vouch *vouch, const struct row *row)
{
	for (size_t i = 0; i < vouch->n_signatures; i++) {
		const struct sy_vouch_signature *s = &vouch->signatures[i];
		const struct sy_manifest *list = list_of(s);

		if (!list || !sy_span_equal(list->subject, row->model) ||
		    !sy_span_equal(signer_of(vouch, s), row->signer))
			continue;
		if (!has_root(row, &list->root) ||
		    sy_digest_equal(&row->roots[row->n_roots - 1], &list->root))
			return true;
	}
	return false;
}

bool sy_vouch_is_rollback(const struct sy_vouch *vouch, const struct sy_vouch_signature *s)
{
	const struct sy_manifest *list = list_of(s);
	const struct row *row;

	if (!vouch->state || !list)
		return false;
	row = find_row(vouch->state, list->subject, signer_of(vouch, s));
	return row && has_root(row, &list->root) && !has_newest(vouch, row);
}

static enum sy_status remember_one(struct sy_vouch *vouch, const struct sy_vouch_signature *s,
				   bool *is_changed)
{
	const struct sy_manifest *list = list_of(s);
	struct row *row;
	enum sy_status status = SY_OK;

	if (!list)
		return SY_OK;
	row = find_row(vouch->state, list->subject, signer_of(vouch, s));
	if (!row)
		status = add_row(vouch->state, list->subject, signer_of(vouch, s), &row);
	if (status != SY_OK || has_root(row, &list->root))
		return status;
	*is_changed = true;
	return add_root(vouch->state, row, &list->root);
}

static void put_row(struct sy_jsonw *w, const struct row *row)
{
	sy_jsonw_object(w);
	sy_jsonw_kstring(w, "model", row->model);
	sy_jsonw_kstring(w, "signer", row->signer);
	sy_jsonw_key(w, "roots");
	sy_jsonw_array(w);
	for (size_t i = 0; i < row->n_roots; i++) {
		char hex[2 * SY_DIGEST_MAX + 1];
		struct sy_text text;

		sy_digest_hex(&row->roots[i], hex);
		sy_text_init(&text);
		sy_text_addf(&text, "sha256:%s", hex);
		sy_jsonw_string(w, sy_text_span(&text));
	}
	sy_jsonw_array_end(w);
	sy_jsonw_object_end(w);
}

static enum sy_status put_state(const struct sy_vouch_memory *state, struct sy_buffer *buffer)
{
	struct sy_jsonw w;
	struct sy_out out;

	sy_out_init(&out, sy_buffer_write, buffer);
	sy_jsonw_init(&w, &out, false);
	sy_jsonw_object(&w);
	sy_jsonw_kstr(&w, "schema", SCHEMA);
	sy_jsonw_key(&w, "models");
	sy_jsonw_array(&w);
	for (size_t i = 0; i < state->n_rows; i++)
		put_row(&w, &state->rows[i]);
	sy_jsonw_array_end(&w);
	sy_jsonw_object_end(&w);
	sy_out_str(&out, "\n");
	return sy_out_flush(&out);
}

static enum sy_status write_state(struct sy_vouch *vouch)
{
	struct sy_buffer buffer;
	enum sy_status status;

	sy_buffer_init(&buffer, vouch->ctx);
	status = put_state(vouch->state, &buffer);
	if (status == SY_OK && buffer.len > STATE_FILE_MAX)
		status = sy_fail(vouch->ctx, SY_LIMIT, "the state file %s would be larger than "
				 "%llu bytes", path_of(vouch),
				 (unsigned long long)STATE_FILE_MAX);
	if (status == SY_OK)
		status = sy_new_file_write(vouch->ctx, path_of(vouch), SY_NEW_FILE_OWN,
					   sy_span_of(buffer.data, buffer.len));
	sy_buffer_free(&buffer);
	return status;
}

enum sy_status sy_vouch_remember(struct sy_vouch *vouch)
{
	bool is_changed = false;
	enum sy_status status = SY_OK;

	if (!vouch || !vouch->state)
		return SY_OK;
	for (size_t i = 0; i < vouch->n_signatures && status == SY_OK; i++)
		status = remember_one(vouch, &vouch->signatures[i], &is_changed);
	return status == SY_OK && is_changed ? write_state(vouch) : status;
}
