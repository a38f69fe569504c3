/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes, then reads what was written with the strict reader: one set of rules
 * for names, shards and duplicates serves both ways.
 */
#include "keys/statement_write.h"

#include <stdlib.h>

#include "keys/statement.h"
#include "verifier/base/jsonw.h"
#include "verifier/base/utf8.h"
#include "verifier/digest/hasher.h"

/* A resource as it is written. */
struct resource {
	struct sy_span name;	/* with the range of its shard */
	const struct sy_digest *digest;
};

struct writer {
	struct sy_context *ctx;
	struct sy_arena arena;
	const struct sy_manifest *manifest;
	bool is_named;
	struct resource *resources;
	char root[2 * SY_DIGEST_MAX + 1];
	char algorithm[64];
};

static struct sy_span path_of(const struct writer *w, const struct sy_manifest_entry *entry)
{
	if (!w->manifest->is_single_file)
		return entry->name;
	return w->is_named ? w->manifest->subject : sy_span_str(".");
}

static enum sy_status add_range(struct writer *w, const struct sy_manifest_entry *entry,
				struct sy_span *name)
{
	struct sy_text range;
	uint8_t *bytes;

	sy_text_init(&range);
	sy_text_addf(&range, ":%llu:%llu", (unsigned long long)entry->start,
		     (unsigned long long)entry->end);
	bytes = sy_arena_alloc(&w->arena, name->len + range.len);
	if (!bytes)
		return sy_memory_status(w->ctx);
	if (name->len > 0)
		memcpy(bytes, name->data, name->len);
	memcpy(bytes + name->len, range.data, range.len);
	*name = sy_span_of(bytes, name->len + range.len);
	return SY_OK;
}

static enum sy_status check_text(struct sy_context *ctx, const char *what,
				 struct sy_span text)
{
	struct sy_text name;
	size_t bad;

	if (sy_utf8_valid(text, &bad))
		return SY_OK;
	sy_text_init(&name);
	sy_text_name(&name, text);
	return sy_fail(ctx, SY_FORMAT, "the %s %s is not UTF-8, which signed lists must be",
		       what, name.data);
}

static enum sy_status set_resource(struct writer *w, size_t i)
{
	const struct sy_manifest_entry *entry = &w->manifest->entries[i];
	struct resource *resource = &w->resources[i];
	enum sy_status status;

	resource->name = path_of(w, entry);
	resource->digest = &entry->digest;
	status = check_text(w->ctx, "name", resource->name);
	if (status == SY_OK && entry->digest.algorithm != w->manifest->algorithm)
		return sy_fail(w->ctx, SY_USAGE, "a digest of the list is %s, not %s",
			       sy_algorithm_name(entry->digest.algorithm),
			       sy_algorithm_name(w->manifest->algorithm));
	if (status == SY_OK && w->manifest->shard_size > 0)
		status = add_range(w, entry, &resource->name);
	return status;
}

static int by_name(const void *a, const void *b)
{
	const struct resource *x = a, *y = b;

	return sy_span_compare(x->name, y->name);
}

static enum sy_status set_root(struct writer *w)
{
	SY_OWNED(sy_hasher_free) struct sy_hasher *hasher = NULL;
	enum sy_status status = sy_hasher_new(w->ctx, SY_SHA256, 0, &hasher);
	struct sy_digest root;

	if (status != SY_OK)
		return status;
	for (size_t i = 0; i < w->manifest->n_entries; i++)
		sy_hasher_update(hasher, w->resources[i].digest->bytes,
				 w->resources[i].digest->len);
	status = sy_hasher_final(hasher, &root);
	if (status == SY_OK)
		sy_digest_hex(&root, w->root);
	return status;
}

static enum sy_status set_all(struct writer *w)
{
	const struct sy_manifest *m = w->manifest;
	enum sy_status status = check_text(w->ctx, "model's name", m->subject);
	struct sy_text algorithm;

	w->resources = sy_arena_alloc(&w->arena, m->n_entries * sizeof(*w->resources));
	if (!w->resources)
		return sy_memory_status(w->ctx);
	for (size_t i = 0; i < m->n_entries && status == SY_OK; i++)
		status = set_resource(w, i);
	for (size_t i = 0; i < m->n_ignored && status == SY_OK; i++)
		status = check_text(w->ctx, "ignore rule", m->ignored[i]);
	if (status != SY_OK)
		return status;
	qsort(w->resources, m->n_entries, sizeof(*w->resources), by_name);
	sy_text_init(&algorithm);
	sy_text_add(&algorithm, sy_algorithm_name(m->algorithm));
	if (m->shard_size > 0)
		sy_text_addf(&algorithm, "-sharded-%llu",
			     (unsigned long long)m->shard_size);
	memcpy(w->algorithm, algorithm.data, algorithm.len + 1);
	return set_root(w);
}

static int by_bytes(const void *a, const void *b)
{
	return sy_span_compare(*(const struct sy_span *)a, *(const struct sy_span *)b);
}

static void write_ignored(struct sy_jsonw *json, const struct sy_span *ignored, size_t n)
{
	sy_jsonw_key(json, "ignore_paths");
	sy_jsonw_array(json);
	for (size_t i = 0; i < n; i++)
		sy_jsonw_string(json, ignored[i]);
	sy_jsonw_array_end(json);
}

static void write_serialization(struct sy_jsonw *json, const struct writer *w,
				const struct sy_span *ignored)
{
	const struct sy_manifest *m = w->manifest;

	sy_jsonw_key(json, "serialization");
	sy_jsonw_object(json);
	sy_jsonw_kstr(json, "method", m->shard_size > 0 ? "shards" : "files");
	sy_jsonw_kstr(json, "hash_type", sy_algorithm_name(m->algorithm));
	if (m->shard_size > 0)
		sy_jsonw_ku64(json, "shard_size", m->shard_size);
	sy_jsonw_kbool(json, "allow_symlinks", m->allows_symlinks);
	write_ignored(json, ignored, m->n_ignored);
	sy_jsonw_object_end(json);
}

static void write_resources(struct sy_jsonw *json, const struct writer *w)
{
	sy_jsonw_key(json, "resources");
	sy_jsonw_array(json);
	for (size_t i = 0; i < w->manifest->n_entries; i++) {
		const struct resource *resource = &w->resources[i];

		sy_jsonw_object(json);
		sy_jsonw_kstring(json, "name", resource->name);
		sy_jsonw_kstr(json, "algorithm", w->algorithm);
		sy_jsonw_key(json, "digest");
		sy_jsonw_hex(json, sy_span_of(resource->digest->bytes,
					      resource->digest->len));
		sy_jsonw_object_end(json);
	}
	sy_jsonw_array_end(json);
}

static void write_subject(struct sy_jsonw *json, const struct writer *w)
{
	sy_jsonw_key(json, "subject");
	sy_jsonw_array(json);
	sy_jsonw_object(json);
	sy_jsonw_kstring(json, "name", w->manifest->subject);
	sy_jsonw_key(json, "digest");
	sy_jsonw_object(json);
	sy_jsonw_kstr(json, "sha256", w->root);
	sy_jsonw_object_end(json);
	sy_jsonw_object_end(json);
	sy_jsonw_array_end(json);
}

static enum sy_status write_all(struct writer *w, struct sy_buffer *buffer)
{
	const struct sy_manifest *m = w->manifest;
	struct sy_span *ignored = sy_arena_alloc(&w->arena, m->n_ignored * sizeof(*ignored));
	struct sy_jsonw json;
	struct sy_out out;

	if (!ignored)
		return sy_memory_status(w->ctx);
	if (m->n_ignored > 0) {
		memcpy(ignored, m->ignored, m->n_ignored * sizeof(*ignored));
		qsort(ignored, m->n_ignored, sizeof(*ignored), by_bytes);
	}
	sy_out_init(&out, sy_buffer_write, buffer);
	sy_jsonw_init(&json, &out, true);
	sy_jsonw_object(&json);
	sy_jsonw_kstr(&json, "_type", SY_STATEMENT_TYPE);
	write_subject(&json, w);
	sy_jsonw_kstr(&json, "predicateType", SY_STATEMENT_PREDICATE);
	sy_jsonw_key(&json, "predicate");
	sy_jsonw_object(&json);
	write_serialization(&json, w, ignored);
	write_resources(&json, w);
	sy_jsonw_object_end(&json);
	sy_jsonw_object_end(&json);
	return sy_out_flush(&out);
}

/* What we could not read ourselves is not signed. */
static enum sy_status read_back(struct writer *w, struct sy_span payload)
{
	struct sy_manifest *manifest = NULL;
	struct sy_reading reading;
	enum sy_status status;

	sy_reading_init(&reading, SY_OMS_BIT(SY_OMS_TOLERATE_SINGLE_FILE_DOT));
	status = sy_statement_read(w->ctx, payload, &reading, &manifest);
	sy_manifest_free(w->ctx, &manifest);
	if (status == SY_FORMAT || status == SY_UNSUPPORTED)
		return sy_fail(w->ctx, SY_FORMAT, "this cannot be signed: %s",
			       reading.sentence.data);
	return status;
}

enum sy_status sy_statement_write(struct sy_buffer *buffer,
				  const struct sy_manifest *manifest, bool is_named)
{
	struct writer w = { .ctx = buffer->ctx, .manifest = manifest,
			    .is_named = is_named };
	size_t before = buffer->len;
	enum sy_status status;

	sy_arena_init(&w.arena, w.ctx);
	status = set_all(&w);
	if (status == SY_OK)
		status = write_all(&w, buffer);
	sy_arena_free(&w.arena);
	if (status == SY_OK)
		status = read_back(&w, sy_span_of(buffer->data + before,
						  buffer->len - before));
	if (status != SY_OK)
		buffer->len = before;
	return status;
}
