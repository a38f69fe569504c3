/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a JSON document with an explicit stack of keys.  Judges nothing.
 */
#include "formats/config_walk.h"

struct sy_span sy_config_key_now(const struct sy_config_walk *walk)
{
	for (size_t i = walk->n_frames; i > 0; i--) {
		if (walk->frames[i - 1].is_object)
			return sy_config_key(walk, i - 1);
	}
	return sy_span_of(NULL, 0);
}

bool sy_config_is_under(const struct sy_config_walk *walk, const char *key)
{
	for (size_t i = 0; i < walk->n_frames; i++) {
		if (sy_span_is(sy_config_key(walk, i), key))
			return true;
	}
	return false;
}

bool sy_config_is_under_suffix(const struct sy_config_walk *walk, const char *suffix)
{
	for (size_t i = 0; i < walk->n_frames; i++) {
		if (sy_span_ends(sy_config_key(walk, i), suffix))
			return true;
	}
	return false;
}

static void set_key(struct sy_config_walk *walk, const struct sy_json_token *token)
{
	struct sy_config_frame *frame = &walk->frames[walk->n_frames - 1];

	frame->key_off = token->off;
	frame->key_len = token->text.len;
	if (frame->key_len > SY_CONFIG_KEY_MAX)
		frame->key_len = SY_CONFIG_KEY_MAX;
	if (frame->key_len)
		memcpy(frame->key, token->text.data, frame->key_len);
}

static void count_value(struct sy_config_walk *walk, const struct sy_json_token *token)
{
	struct sy_config_frame *frame;

	if (walk->n_frames == 0)
		return;
	frame = &walk->frames[walk->n_frames - 1];
	if (!frame->is_object && frame->n_values == 0 && token->kind == SY_JSON_STRING &&
	    token->text.len > 0 && token->text.len <= SY_CONFIG_KEY_MAX) {
		frame->first_len = token->text.len;
		memcpy(frame->first, token->text.data, frame->first_len);
	}
	frame->n_values++;
}

static enum sy_status push(struct sy_config_walk *walk, bool is_object)
{
	enum sy_status status = sy_grow(walk->in->ctx, &walk->frames, &walk->cap_frames,
					walk->n_frames + 1, sizeof(*walk->frames));

	if (status != SY_OK)
		return status;
	walk->frames[walk->n_frames++] = (struct sy_config_frame){
		.is_object = is_object,
	};
	return SY_OK;
}

static enum sy_status take(struct sy_config_walk *walk, const struct sy_json_token *token)
{
	enum sy_status status;
	bool is_empty;

	switch (token->kind) {
	case SY_JSON_OBJECT:
	case SY_JSON_ARRAY:
		count_value(walk, token);
		return push(walk, token->kind == SY_JSON_OBJECT);
	case SY_JSON_OBJECT_END:
	case SY_JSON_ARRAY_END:
		is_empty = walk->frames[--walk->n_frames].n_values == 0;
		return is_empty ? sy_config_show_empty(walk, token) : SY_OK;
	case SY_JSON_KEY:
		set_key(walk, token);
		return sy_config_judge(walk, token);
	case SY_JSON_STRING:
	case SY_JSON_NUMBER:
	case SY_JSON_TRUE:
	case SY_JSON_FALSE:
	case SY_JSON_NULL:
		status = sy_config_judge(walk, token);
		count_value(walk, token);
		return status;
	case SY_JSON_END:
		return sy_config_show_end(walk);
	}
	return SY_OK;
}

static enum sy_status check_first(struct sy_config_walk *walk,
				  const struct sy_json_token *token)
{
	if (!(walk->roles & SY_ROLE_OBJECT) || token->kind == SY_JSON_OBJECT)
		return SY_OK;
	return sy_fact(walk->in, walk->config.broken, token->off, token->len,
		       sy_span_of(NULL, 0), "the document is not an object");
}

static enum sy_status walk_tokens(struct sy_config_walk *walk)
{
	struct sy_json_token token = { .kind = SY_JSON_NULL };

	for (uint64_t n = 0; token.kind != SY_JSON_END; n++) {
		enum sy_status status = sy_config_next(&walk->config, &token);

		if (status == SY_OK && n == 0)
			status = check_first(walk, &token);
		if (status == SY_OK)
			status = take(walk, &token);
		if (status != SY_OK)
			return status;
	}
	return SY_OK;
}

enum sy_status sy_config_walk(struct sy_config_walk *walk, struct sy_span bytes)
{
	enum sy_status status;

	walk->config.in = walk->in;
	status = sy_config_open(&walk->config, bytes);
	if (status == SY_OK)
		status = sy_config_end(walk_tokens(walk));
	sy_config_close(&walk->config);
	sy_release(walk->in->ctx, walk->frames);
	walk->frames = NULL;
	return status;
}
