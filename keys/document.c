/* SPDX-License-Identifier: Apache-2.0 */
/* Table-driven reading of bundles and statements; knows none of their fields. */
#include "keys/document.h"

#include <assert.h>

static const char *const kinds[] = {
	[SY_JSON_OBJECT] = "an object", [SY_JSON_ARRAY] = "an array",
	[SY_JSON_STRING] = "a string", [SY_JSON_NUMBER] = "a number",
	[SY_JSON_TRUE] = "a truth value", [SY_JSON_FALSE] = "a truth value",
	[SY_JSON_NULL] = "null", [SY_JSON_KEY] = "a key",
	[SY_JSON_OBJECT_END] = "an end", [SY_JSON_ARRAY_END] = "an end",
	[SY_JSON_END] = "nothing",
};

static enum sy_status refuse_json(struct sy_document *d, enum sy_status status)
{
	struct sy_json_error why = sy_json_why(d->json);

	if (status != SY_FORMAT && status != SY_LIMIT)
		return status;
	if (status == SY_LIMIT && d->ctx->error.status != SY_OK)
		return status;		/* memory, not the document */
	return sy_refuse(d->reading, d->json_reason,
			 "%s is not strict JSON at byte %llu: %s", d->what,
			 (unsigned long long)why.off, why.what);
}

enum sy_status sy_document_next(struct sy_document *d, struct sy_json_token *token)
{
	enum sy_status status = sy_json_next(d->json, token);

	if (status != SY_OK)
		return refuse_json(d, status);
	if (!token->is_escaped || !d->refuses_escapes ||
	    sy_tolerate(d->reading, SY_OMS_TOLERATE_BUNDLE_LAYOUT))
		return SY_OK;
	return sy_refuse(d->reading, SY_OMS_BUNDLE_LAYOUT, "%s has an escape in the text "
			 "at byte %llu, which no writer puts there", d->what,
			 (unsigned long long)token->off);
}

enum sy_status sy_document_skip(struct sy_document *d, const struct sy_json_token *value)
{
	enum sy_status status = sy_json_skip(d->json, value);

	return status == SY_OK ? SY_OK : refuse_json(d, status);
}

enum sy_status sy_document_copy(struct sy_document *d, const struct sy_json_token *value,
				struct sy_span *copy)
{
	return sy_arena_copy(d->arena, value->text, copy);
}

/* The index of the member that `key` spells; n: none. */
static size_t find(struct sy_document *d, const struct sy_member *members, size_t n,
		   struct sy_span key)
{
	size_t i = 0;

	for (; i < n && !sy_span_is(key, members[i].name); i++) {
		if (members[i].snake && sy_span_is(key, members[i].snake) &&
		    sy_tolerate(d->reading, SY_OMS_TOLERATE_SNAKE_CASE))
			break;
	}
	return i;
}

static enum sy_status unknown(struct sy_document *d, const char *where,
			      const struct sy_json_token *key)
{
	struct sy_text before;

	if (!d->refuses_unknown &&
	    sy_tolerate(d->reading, SY_OMS_TOLERATE_STATEMENT_FIELD_UNKNOWN))
		return sy_document_skip(d, key);
	sy_text_init(&before);
	sy_text_addf(&before, "%s has a field in %s that is not known: ", d->what, where);
	return sy_refuse_name(d->reading, d->field_reason, before.data, key->text, "");
}

static enum sy_status read_value(struct sy_document *d, const char *where,
				 const struct sy_member *member, void *self)
{
	struct sy_json_token value;
	enum sy_status status = sy_document_next(d, &value);

	if (status != SY_OK || (value.kind == SY_JSON_NULL && member->is_nullable))
		return status;
	if (member->kind != SY_JSON_END && value.kind != member->kind)
		return sy_refuse(d->reading, d->field_reason,
				 "%s has %s for %s in %s at byte %llu, not %s", d->what,
				 kinds[value.kind], member->name, where,
				 (unsigned long long)value.off, kinds[member->kind]);
	return member->read ? member->read(d, &value, self) : sy_document_skip(d, &value);
}

static enum sy_status check_required(struct sy_document *d, const char *where,
				     const struct sy_member *members, size_t n,
				     uint32_t seen)
{
	for (size_t i = 0; i < n; i++) {
		if (members[i].is_required && !(seen & UINT32_C(1) << i))
			return sy_refuse(d->reading, d->field_reason,
					 "%s has no %s in %s", d->what,
					 members[i].name, where);
	}
	return SY_OK;
}

enum sy_status sy_document_object(struct sy_document *d, const char *where,
				  const struct sy_member *members, size_t n, void *self)
{
	struct sy_json_token key;
	enum sy_status status = SY_OK;
	uint32_t seen = 0;

	assert(n <= 32);
	while (status == SY_OK) {
		size_t i;

		status = sy_document_next(d, &key);
		if (status != SY_OK)
			break;
		if (key.kind == SY_JSON_OBJECT_END)
			return check_required(d, where, members, n, seen);
		i = find(d, members, n, key.text);
		if (i == n) {
			status = unknown(d, where, &key);
			continue;
		}
		if (seen & UINT32_C(1) << i)
			return sy_refuse(d->reading, d->field_reason,
					 "%s has %s twice in %s, in two spellings",
					 d->what, members[i].name, where);
		seen |= UINT32_C(1) << i;
		status = read_value(d, where, &members[i], self);
	}
	return status;
}

enum sy_status sy_document_array(struct sy_document *d, sy_member_fn *read, void *self)
{
	struct sy_json_token item;
	enum sy_status status = SY_OK;

	while (status == SY_OK) {
		status = sy_document_next(d, &item);
		if (status == SY_OK && item.kind == SY_JSON_ARRAY_END)
			break;
		if (status == SY_OK)
			status = read(d, &item, self);
	}
	return status;
}

static enum sy_status read_all(struct sy_document *d, const struct sy_member *members,
			       size_t n, void *self)
{
	struct sy_json_token token;
	enum sy_status status = sy_document_next(d, &token);

	if (status == SY_OK && token.kind != SY_JSON_OBJECT)
		return sy_refuse(d->reading, d->field_reason, "%s is %s, not an object",
				 d->what, kinds[token.kind]);
	if (status == SY_OK)
		status = sy_document_object(d, "the outermost object", members, n, self);
	return status == SY_OK ? sy_document_next(d, &token) : status;
}

enum sy_status sy_document_read(struct sy_document *d, struct sy_span bytes,
				const struct sy_member *members, size_t n, void *self)
{
	SY_OWNED(sy_json_free) struct sy_json *json =
		sy_json_open(d->ctx, bytes, 0, SY_JSON_LONG_STRINGS);
	enum sy_status status;

	if (!json)
		return sy_memory_status(d->ctx);
	d->json = json;
	status = read_all(d, members, n, self);
	d->json = NULL;
	return status;
}
