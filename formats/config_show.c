/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a configuration as META records: those at its top, which inspect
 * shows, or all of them with the way to each, which diff compares.
 */
#include "formats/config_walk.h"
#include "verifier/digest/sha256_plain.h"

#define WAY_MAX 4096		/* bytes of a way that are kept */
#define VALUE_MAX 32768		/* longer ones are told by their digest */

struct way {
	uint8_t bytes[WAY_MAX];
	size_t len;
	bool is_cut;
};

static void add_byte(struct way *way, uint8_t byte)
{
	if (way->len < sizeof(way->bytes))
		way->bytes[way->len++] = byte;
	else
		way->is_cut = true;
}

/* A key with a backslash before what stands for something in a way. */
static void add_key(struct way *way, struct sy_span key)
{
	for (size_t i = 0; i < key.len; i++) {
		if (key.data[i] == '.' || key.data[i] == '[' || key.data[i] == '\\')
			add_byte(way, '\\');
		add_byte(way, key.data[i]);
	}
	/* Only so many bytes of it are kept: there may have been more. */
	way->is_cut |= key.len >= SY_CONFIG_KEY_MAX;
}

static void add_index(struct way *way, uint64_t index)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_addf(&text, "[%llu]", (unsigned long long)index);
	for (size_t i = 0; i < text.len; i++)
		add_byte(way, (uint8_t)text.data[i]);
}

/* "a.b[2].c"; a container that ended is counted already, a value is not. */
static void make_way(struct sy_config_walk *walk, bool is_counted, struct way *way)
{
	way->len = 0;
	way->is_cut = false;
	for (size_t i = 0; i < walk->n_frames; i++) {
		const struct sy_config_frame *frame = &walk->frames[i];
		bool is_last = i + 1 == walk->n_frames;

		if (frame->is_object) {
			if (i > 0)
				add_byte(way, '.');
			add_key(way, sy_config_key(walk, i));
		} else {
			add_index(way, frame->n_values - (!is_last || is_counted));
		}
	}
	walk->is_way_cut |= way->is_cut;
}

static struct sy_span value_of(const struct sy_json_token *token)
{
	if (token->kind == SY_JSON_TRUE || token->kind == SY_JSON_FALSE)
		return sy_span_str(token->kind == SY_JSON_TRUE ? "true" : "false");
	return token->text;
}

static const char *type_of(const struct sy_json_token *token)
{
	switch (token->kind) {
	case SY_JSON_STRING:
		return "string";
	case SY_JSON_NUMBER:
		return "number";
	case SY_JSON_TRUE:
	case SY_JSON_FALSE:
		return "boolean";
	case SY_JSON_NULL:
		return "null";
	case SY_JSON_OBJECT_END:
		return "object";
	case SY_JSON_ARRAY_END:
		return "array";
	case SY_JSON_OBJECT:
	case SY_JSON_ARRAY:
	case SY_JSON_KEY:
	case SY_JSON_END:
		break;
	}
	return "";
}

static void digest_text(struct sy_span value, struct sy_text *text)
{
	uint8_t digest[SY_SHA256_BYTES];
	struct sy_sha256_plain hash;

	sy_sha256_plain_begin(&hash);
	sy_sha256_plain_add(&hash, value.data, value.len);
	sy_sha256_plain_end(&hash, digest);
	sy_text_init(text);
	sy_text_addf(text, "%llu bytes, SHA-256 ", (unsigned long long)value.len);
	for (size_t i = 0; i < sizeof(digest); i++)
		sy_text_addf(text, "%02x", digest[i]);
}

static enum sy_status show_all(struct sy_config_walk *walk, const struct sy_json_token *token)
{
	bool is_end = token->kind == SY_JSON_OBJECT_END || token->kind == SY_JSON_ARRAY_END;
	struct sy_span value = is_end ? sy_span_str("") : value_of(token);
	const char *type = type_of(token);
	struct sy_text text;
	struct way way;

	make_way(walk, is_end, &way);
	if (value.len > VALUE_MAX) {
		digest_text(value, &text);
		value = sy_text_span(&text);
		type = "long string";
	}
	return sy_emit_meta(walk->in, sy_span_of(way.bytes, way.len), type, value, token->off,
			    token->len);
}

enum sy_status sy_config_show(struct sy_config_walk *walk, const struct sy_json_token *token)
{
	if (!(walk->roles & SY_ROLE_CONFIG) || !(walk->in->wants & SY_WANT_META))
		return SY_OK;
	if (walk->in->wants & SY_WANT_CONFIG)
		return show_all(walk, token);
	if (walk->n_frames != 1 || !walk->frames[0].is_object)
		return SY_OK;
	return sy_emit_meta(walk->in, sy_config_key(walk, 0), type_of(token), value_of(token),
			    token->off, token->len);
}

enum sy_status sy_config_show_empty(struct sy_config_walk *walk,
				    const struct sy_json_token *token)
{
	return walk->in->wants & SY_WANT_CONFIG ? sy_config_show(walk, token) : SY_OK;
}

enum sy_status sy_config_show_end(struct sy_config_walk *walk)
{
	if (!walk->is_way_cut)
		return SY_OK;
	return sy_emit_meta(walk->in, sy_span_str(""), "cut", sy_span_str(""), 0, 0);
}
