/* SPDX-License-Identifier: Apache-2.0 */
/* The statement's fields, innermost first; judges only what one field can tell. */
#include "keys/document.h"
#include "keys/statement_parts.h"

#include "verifier/base/ckd.h"

static const struct {
	const char *name;
	size_t len;
} hashes[] = {
	[SY_STATEMENT_SHA256] = { "sha256", 32 },
	[SY_STATEMENT_BLAKE2B] = { "blake2b", 64 },
	[SY_STATEMENT_BLAKE3] = { "blake3", 32 },
	[SY_STATEMENT_FILE_SHA256] = { "file-sha256", 32 },
};

const char *sy_statement_hash_name(enum sy_statement_hash hash)
{
	return hashes[hash].name;
}

size_t sy_statement_hash_len(enum sy_statement_hash hash)
{
	return hashes[hash].len;
}

static enum sy_statement_hash find_hash(struct sy_span name)
{
	size_t i = 0;

	while (i < SY_N_ELEMS(hashes) && !sy_span_is(name, hashes[i].name))
		i++;
	return (enum sy_statement_hash)i;
}

/* The item that is being read: the last one of its list. */
struct current {
	struct sy_statement *s;
	struct sy_statement_item item;
};

static enum sy_status read_name(struct sy_document *d, const struct sy_json_token *value,
				void *self)
{
	struct current *c = self;

	return sy_document_copy(d, value, &c->item.name);
}

/* "<hash>" or "<hash>-sharded-<bytes>". */
static enum sy_status read_algorithm(struct sy_document *d,
				     const struct sy_json_token *value, void *self)
{
	static const char infix[] = "-sharded-";
	struct current *c = self;
	struct sy_span name = value->text;
	size_t at = sy_span_find(name, sy_span_str(infix));

	(void)d;
	if (at != SIZE_MAX) {
		struct sy_span size = sy_span_slice(name, at + sizeof(infix) - 1, SIZE_MAX);

		name = sy_span_slice(name, 0, at);
		if (!sy_parse_u64(size, &c->item.shard_size) || c->item.shard_size == 0)
			name = sy_span_str("");
	}
	c->item.hash = find_hash(name);
	return SY_OK;
}

/* False: not hexadecimal, or no digest's length. */
static bool read_hex(struct sy_span hex, struct sy_statement_item *item, bool *is_upper)
{
	enum sy_algorithm by_len = hex.len == 2 * SY_DIGEST_MAX ? SY_BLAKE2B : SY_SHA256;
	struct sy_digest digest;

	*is_upper = false;
	for (size_t i = 0; i < hex.len; i++)
		*is_upper |= sy_ascii_lower(hex.data[i]) != hex.data[i];
	if (!sy_digest_parse(hex, by_len, &digest))
		return false;
	item->len = digest.len;
	memcpy(item->digest, digest.bytes, digest.len);
	return true;
}

static enum sy_status read_digest(struct sy_document *d,
				  const struct sy_json_token *value, void *self)
{
	struct current *c = self;
	bool is_upper;

	if (!read_hex(value->text, &c->item, &is_upper))
		return sy_refuse(d->reading, SY_OMS_RESOURCE_DIGEST_INVALID,
				 "the digest at byte %llu of the statement is not one in "
				 "hexadecimal", (unsigned long long)value->off);
	if (is_upper && !sy_tolerate(d->reading, SY_OMS_TOLERATE_DIGEST_UPPER_CASE))
		return sy_refuse(d->reading, SY_OMS_RESOURCE_DIGEST_INVALID,
				 "the digest at byte %llu of the statement is in "
				 "upper-case hexadecimal", (unsigned long long)value->off);
	return SY_OK;
}

static enum sy_status add(struct sy_statement *s, struct sy_statement_list *list,
			  const struct sy_statement_item *item)
{
	enum sy_status status = sy_grow(s->ctx, &list->items, &list->cap, list->n + 1,
					sizeof(*list->items));

	if (status == SY_OK)
		list->items[list->n++] = *item;
	return status;
}

static enum sy_status refuse_item(struct sy_document *d, const char *what,
				  const struct sy_json_token *value)
{
	return sy_refuse(d->reading, SY_OMS_STATEMENT_FIELD,
			 "the statement has a %s at byte %llu that is not an object",
			 what, (unsigned long long)value->off);
}

static enum sy_status read_resource(struct sy_document *d,
				    const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "algorithm", .kind = SY_JSON_STRING, .read = read_algorithm,
		  .is_required = true },
		{ .name = "digest", .kind = SY_JSON_STRING, .read = read_digest,
		  .is_required = true },
		{ .name = "name", .kind = SY_JSON_STRING, .read = read_name,
		  .is_required = true },
	};
	struct sy_statement *s = self;
	struct current c = { .s = s, .item.off = value->off };
	enum sy_status status;

	if (value->kind != SY_JSON_OBJECT)
		return refuse_item(d, "resource", value);
	status = sy_document_object(d, "a resource", members, SY_N_ELEMS(members), &c);
	return status == SY_OK ? add(s, &s->resources, &c.item) : status;
}

static enum sy_status read_resources(struct sy_document *d,
				     const struct sy_json_token *value, void *self)
{
	struct sy_statement *s = self;

	(void)value;
	s->has_resources = true;
	return sy_document_array(d, read_resource, s);
}

static enum sy_status read_digest_map(struct sy_document *d,
				      const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "sha256", .kind = SY_JSON_STRING, .read = read_digest,
		  .is_required = true },
	};

	(void)value;
	return sy_document_object(d, "a subject's digest", members, SY_N_ELEMS(members),
				  self);
}

static enum sy_status read_annotations(struct sy_document *d,
				       const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "actual_hash_algorithm", .kind = SY_JSON_STRING,
		  .read = read_algorithm },
	};

	(void)value;
	return sy_document_object(d, "annotations", members, SY_N_ELEMS(members), self);
}

static enum sy_status read_subject(struct sy_document *d,
				   const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "annotations", .kind = SY_JSON_OBJECT, .read = read_annotations,
		  .is_nullable = true },
		{ .name = "digest", .kind = SY_JSON_OBJECT, .read = read_digest_map,
		  .is_required = true },
		{ .name = "name", .kind = SY_JSON_STRING, .read = read_name },
	};
	struct sy_statement *s = self;
	struct current c = { .s = s, .item.off = value->off,
			     .item.hash = SY_STATEMENT_FILE_SHA256 };
	enum sy_status status;

	if (value->kind != SY_JSON_OBJECT)
		return refuse_item(d, "subject", value);
	status = sy_document_object(d, "a subject", members, SY_N_ELEMS(members), &c);
	return status == SY_OK ? add(s, &s->subjects, &c.item) : status;
}

static enum sy_status read_subjects(struct sy_document *d,
				    const struct sy_json_token *value, void *self)
{
	(void)value;
	return sy_document_array(d, read_subject, self);
}

static enum sy_status read_ignored_path(struct sy_document *d,
					const struct sy_json_token *value, void *self)
{
	struct sy_statement *s = self;
	enum sy_status status;

	if (value->kind != SY_JSON_STRING)
		return sy_refuse(d->reading, SY_OMS_STATEMENT_FIELD,
				 "the statement has an ignore rule at byte %llu that is "
				 "not a string", (unsigned long long)value->off);
	status = sy_grow(s->ctx, &s->ignored, &s->ignored_cap, s->n_ignored + 1,
			 sizeof(*s->ignored));
	return status == SY_OK ?
	       sy_document_copy(d, value, &s->ignored[s->n_ignored++]) : status;
}

static enum sy_status read_ignored(struct sy_document *d,
				   const struct sy_json_token *value, void *self)
{
	(void)value;
	return sy_document_array(d, read_ignored_path, self);
}

static enum sy_status read_method(struct sy_document *d,
				  const struct sy_json_token *value, void *self)
{
	struct sy_statement *s = self;

	s->is_sharded = sy_span_is(value->text, "shards");
	if (s->is_sharded || sy_span_is(value->text, "files"))
		return SY_OK;
	return sy_refuse_name(d->reading, SY_OMS_METHOD_UNKNOWN,
			      "the list was made by the method ", value->text,
			      ", known are 'files' and 'shards'");
}

static enum sy_status read_hash_type(struct sy_document *d,
				     const struct sy_json_token *value, void *self)
{
	struct sy_statement *s = self;

	s->hash = find_hash(value->text);
	if (s->hash < SY_STATEMENT_FILE_SHA256)
		return SY_OK;
	return sy_refuse_name(d->reading, SY_OMS_HASH_TYPE_UNKNOWN,
			      "the list's digests are ", value->text,
			      ", known are sha256, blake2b and blake3");
}

static enum sy_status read_symlinks(struct sy_document *d,
				    const struct sy_json_token *value, void *self)
{
	struct sy_statement *s = self;

	s->allows_symlinks = value->kind == SY_JSON_TRUE;
	if (s->allows_symlinks || value->kind == SY_JSON_FALSE)
		return SY_OK;
	return sy_refuse(d->reading, SY_OMS_STATEMENT_FIELD,
			 "the statement's allow_symlinks at byte %llu is neither true nor "
			 "false", (unsigned long long)value->off);
}

/*
 * The digits of a number that is whole however it is written: "16", "16.0",
 * "1.6e+01" is not (nobody writes it), "16e0" and "1e+09" are.
 */
static bool whole(struct sy_span text, uint64_t *n)
{
	size_t i = 0, exponent = 0;

	while (i < text.len && sy_is_digit(text.data[i]))
		i++;
	if (!sy_parse_u64(sy_span_slice(text, 0, i), n))
		return false;
	if (i < text.len && text.data[i] == '.') {
		while (++i < text.len && text.data[i] == '0')
			;
	}
	if (i == text.len)
		return true;
	if (sy_ascii_lower(text.data[i++]) != 'e')
		return false;
	if (i < text.len && text.data[i] == '+')
		i++;
	for (; i < text.len && sy_is_digit(text.data[i]) && exponent < 20; i++)
		exponent = exponent * 10 + (size_t)(text.data[i] - '0');
	for (size_t e = 0; e < exponent && i == text.len; e++) {
		if (ckd_mul(n, *n, UINT64_C(10)))
			return false;
	}
	return i == text.len;
}

static enum sy_status read_shard_size(struct sy_document *d,
				      const struct sy_json_token *value, void *self)
{
	struct sy_statement *s = self;
	bool is_whole = value->is_integer && !value->is_negative;

	s->has_shard_size = true;
	s->shard_size = value->magnitude;
	if (!is_whole && whole(value->text, &s->shard_size))
		is_whole = sy_tolerate(d->reading, SY_OMS_TOLERATE_SHARD_SIZE_FRACTION);
	if (is_whole && s->shard_size > 0)
		return SY_OK;
	return sy_refuse_name(d->reading, SY_OMS_SHARDS_INCONSISTENT,
			      "the shard size is ", value->text,
			      ", not a positive whole number");
}

static enum sy_status read_serialization(struct sy_document *d,
					 const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "allow_symlinks", .kind = SY_JSON_END, .read = read_symlinks,
		  .is_required = true },
		{ .name = "hash_type", .kind = SY_JSON_STRING, .read = read_hash_type,
		  .is_required = true },
		{ .name = "ignore_paths", .kind = SY_JSON_ARRAY, .read = read_ignored,
		  .is_nullable = true },
		{ .name = "method", .kind = SY_JSON_STRING, .read = read_method,
		  .is_required = true },
		{ .name = "shard_size", .kind = SY_JSON_NUMBER, .read = read_shard_size,
		  .is_nullable = true },
	};
	struct sy_statement *s = self;

	(void)value;
	s->has_serialization = true;
	return sy_document_object(d, "serialization", members, SY_N_ELEMS(members), s);
}

static enum sy_status read_predicate(struct sy_document *d,
				     const struct sy_json_token *value, void *self)
{
	static const struct sy_member members[] = {
		{ .name = "resources", .kind = SY_JSON_ARRAY, .read = read_resources },
		{ .name = "serialization", .kind = SY_JSON_OBJECT,
		  .read = read_serialization },
		/* What v0.2 put here, because something had to be. */
		{ .name = "unused", .kind = SY_JSON_STRING },
	};
	struct sy_statement *s = self;

	(void)value;
	s->has_predicate = true;
	return sy_document_object(d, "predicate", members, SY_N_ELEMS(members), s);
}

static enum sy_status read_type(struct sy_document *d, const struct sy_json_token *value,
				void *self)
{
	(void)self;
	if (sy_span_is(value->text, SY_STATEMENT_TYPE))
		return SY_OK;
	return sy_refuse_name(d->reading, SY_OMS_STATEMENT_TYPE,
			      "the payload's type is ", value->text,
			      ", not '" SY_STATEMENT_TYPE "'");
}

static enum sy_status read_predicate_type(struct sy_document *d,
					  const struct sy_json_token *value, void *self)
{
	struct sy_statement *s = self;

	if (sy_span_is(value->text, SY_STATEMENT_PREDICATE))
		return SY_OK;
	s->is_v01 = sy_span_is(value->text, SY_STATEMENT_PREDICATE_V01) &&
		    sy_tolerate(d->reading, SY_OMS_TOLERATE_PREDICATE_V01);
	if (s->is_v01)
		return SY_OK;
	return sy_refuse_name(d->reading, SY_OMS_PREDICATE_TYPE,
			      "the predicate's type is ", value->text,
			      ", not '" SY_STATEMENT_PREDICATE "'");
}

enum sy_status sy_statement_read_json(struct sy_statement *s, struct sy_span payload)
{
	static const struct sy_member members[] = {
		{ .name = "_type", .kind = SY_JSON_STRING, .read = read_type,
		  .is_required = true },
		{ .name = "predicate", .kind = SY_JSON_OBJECT, .read = read_predicate },
		{ .name = "predicateType", .kind = SY_JSON_STRING,
		  .read = read_predicate_type, .is_required = true },
		{ .name = "subject", .kind = SY_JSON_ARRAY, .read = read_subjects },
	};
	struct sy_document d = {
		.ctx = s->ctx, .arena = s->arena, .reading = s->reading,
		.what = "the statement", .json_reason = SY_OMS_STATEMENT_JSON_INVALID,
		.field_reason = SY_OMS_STATEMENT_FIELD,
	};

	return sy_document_read(&d, payload, members, SY_N_ELEMS(members), s);
}

void sy_statement_free(struct sy_statement *s)
{
	sy_release(s->ctx, s->subjects.items);
	sy_release(s->ctx, s->resources.items);
	sy_release(s->ctx, s->ignored);
}
