/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The safetensors header, read once through the pull reader: no tree, no
 * recursion, no decision about where tensors lie (safetensors_layout.c).
 */
#include "formats/safetensors.h"

#define P SY_SAFETENSORS_PREFIX

const char *sy_safetensors_kind(enum sy_json_kind kind)
{
	switch (kind) {
	case SY_JSON_OBJECT:
		return "an object";
	case SY_JSON_ARRAY:
		return "an array";
	case SY_JSON_KEY:
	case SY_JSON_STRING:
		return "a string";
	case SY_JSON_NUMBER:
		return "a number";
	case SY_JSON_TRUE:
		return "true";
	case SY_JSON_FALSE:
		return "false";
	case SY_JSON_NULL:
		return "null";
	case SY_JSON_END:
	case SY_JSON_OBJECT_END:
	case SY_JSON_ARRAY_END:
		break;
	}
	return "nothing";
}

enum sy_status sy_safetensors_fact(struct sy_safetensors *st, enum sy_rule rule,
				   uint64_t off, uint64_t len, struct sy_span name,
				   const char *fmt, ...)
{
	struct sy_text text;
	va_list args;

	sy_text_init(&text);
	if (sy_fact_is_wanted(st->in, rule)) {
		sy_text_add(&text, "tensor ");
		sy_text_name(&text, name);
		sy_text_add(&text, " ");
		va_start(args, fmt);
		sy_text_vaddf(&text, fmt, args);
		va_end(args);
	}
	return sy_fact_text(st->in, rule, off, len, name, &text);
}

struct sy_span sy_safetensors_name(const struct sy_safetensors *st,
				   const struct sy_safetensors_entry *entry)
{
	struct sy_span all = st->header;

	if (entry->is_decoded)
		all = sy_span_of(st->names.data, st->names.len);
	return sy_span_slice(all, entry->name_off, entry->name_len);
}

/*
 * The reader stops at the bracket that would be one too many.  A lower limit of
 * the user's is a limit; the format's own is a fact about the file.
 */
static bool is_nesting(const struct sy_safetensors *st, struct sy_json_error why)
{
	struct sy_span at = sy_span_slice(st->header, (size_t)why.off, 1);

	return st->in->ctx->limits.json_depth >= SY_SAFETENSORS_DEPTH_MAX &&
	       st->depth + 1 >= SY_SAFETENSORS_DEPTH_MAX &&
	       (sy_span_is(at, "{") || sy_span_is(at, "["));
}

static enum sy_status broken(struct sy_safetensors *st, enum sy_status status)
{
	struct sy_json_error why = sy_json_why(st->json);
	unsigned long long at = P + why.off;

	if (status == SY_FORMAT)
		return sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_JSON, at, 1,
			       sy_span_str(""), "the header is not JSON at byte "
			       "%llu of the file: %s", at, why.what);
	if (status == SY_LIMIT && !is_nesting(st, why))
		return sy_fail(st->in->ctx, status, "%s at byte %llu", why.what, at);
	if (status != SY_LIMIT)
		return status;
	return sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_NESTING, at, 1,
		       sy_span_str(""), "more than %d objects and arrays are open at "
		       "byte %llu of the file", SY_SAFETENSORS_DEPTH_MAX, at);
}

enum sy_status sy_safetensors_next(struct sy_safetensors *st,
				   struct sy_json_token *token, bool *is_over)
{
	enum sy_status status = sy_json_next(st->json, token);

	*is_over = status != SY_OK || token->kind == SY_JSON_END;
	if (status != SY_OK)
		return broken(st, status);
	st->depth = token->depth;
	return SY_OK;
}

enum sy_status sy_safetensors_duplicate(struct sy_safetensors *st,
					const struct sy_json_token *key)
{
	unsigned long long at = P + key->off;
	struct sy_text text;

	sy_text_init(&text);
	if (sy_fact_is_wanted(st->in, SY_RULE_SAFETENSORS_KEY_DUPLICATE)) {
		sy_text_add(&text, "the key ");
		sy_text_name(&text, key->text);
		sy_text_addf(&text, " at byte %llu occurred before in the same "
			     "object", at);
	}
	return sy_fact_text(st->in, SY_RULE_SAFETENSORS_KEY_DUPLICATE, at, key->len,
			    key->text, &text);
}

/* Nested values are walked token by token, so that duplicates in them show. */
enum sy_status sy_safetensors_skip(struct sy_safetensors *st,
				   const struct sy_json_token *token, bool *is_over)
{
	struct sy_json_token next = *token;
	enum sy_status status = SY_OK;
	uint64_t n_open = 0;

	*is_over = false;
	do {
		if (next.kind == SY_JSON_OBJECT || next.kind == SY_JSON_ARRAY)
			n_open++;
		if (next.kind == SY_JSON_OBJECT_END || next.kind == SY_JSON_ARRAY_END)
			n_open--;
		if (next.kind == SY_JSON_KEY && next.is_duplicate)
			status = sy_safetensors_duplicate(st, &next);
		if (status != SY_OK || n_open == 0)
			return status;
		status = sy_safetensors_next(st, &next, is_over);
	} while (status == SY_OK && !*is_over);
	return status;
}

static enum sy_status read_entry(struct sy_safetensors *st,
				 const struct sy_json_token *key, bool *is_over)
{
	enum sy_status status = SY_OK;

	if (key->is_duplicate)
		status = sy_safetensors_duplicate(st, key);
	if (status != SY_OK)
		return status;
	if (sy_span_is(key->text, "__metadata__"))
		return sy_safetensors_metadata(st, key, is_over);
	return sy_safetensors_tensor(st, key, is_over);
}

static enum sy_status read_object(struct sy_safetensors *st)
{
	struct sy_json_token token;
	bool is_over;

	for (;;) {
		enum sy_status status = sy_safetensors_next(st, &token, &is_over);

		if (status != SY_OK || is_over)
			return status;
		if (token.kind == SY_JSON_OBJECT_END)
			break;
		status = read_entry(st, &token, &is_over);
		if (status != SY_OK || is_over)
			return status;
	}
	st->object_end = token.off + token.len;
	return SY_OK;
}

/* What stands behind the object is white space, or the reader says otherwise. */
static enum sy_status read_end(struct sy_safetensors *st)
{
	struct sy_json_token token;
	bool is_over;
	enum sy_status status;

	if (st->object_end == 0)
		return SY_OK;
	status = sy_safetensors_next(st, &token, &is_over);
	st->is_whole = status == SY_OK && token.kind == SY_JSON_END &&
		       st->in->n_facts[SY_RULE_SAFETENSORS_HEADER_JSON] == 0;
	return status;
}

static enum sy_status not_object(struct sy_safetensors *st,
				 const struct sy_json_token *token)
{
	unsigned long long at = P + token->off;

	return sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_OBJECT, at, token->len,
		       sy_span_str(""), "the header at byte %llu is %s, not an object",
		       at, sy_safetensors_kind(token->kind));
}

enum sy_status sy_safetensors_header(struct sy_safetensors *st)
{
	uint64_t depth = st->in->ctx->limits.json_depth;
	struct sy_json_token token;
	enum sy_status status;
	bool is_over;

	if (depth > SY_SAFETENSORS_DEPTH_MAX)
		depth = SY_SAFETENSORS_DEPTH_MAX;
	st->json = sy_json_open(st->in->ctx, st->header, (unsigned)depth,
				SY_JSON_MARK_DUPLICATES);
	if (!st->json)
		return sy_memory_status(st->in->ctx);
	status = sy_safetensors_next(st, &token, &is_over);
	if (status != SY_OK || is_over)
		return status;
	if (token.kind != SY_JSON_OBJECT)
		return not_object(st, &token);
	st->object_off = token.off;
	status = read_object(st);
	if (status != SY_OK)
		return status;
	return read_end(st);
}
