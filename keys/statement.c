/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges a statement as a whole and makes the manifest: names, algorithms, the
 * root digest in signed order, then order, duplicates and shards.
 */
#include "keys/statement.h"

#include <stdlib.h>

#include "keys/names.h"
#include "keys/statement_parts.h"
#include "verifier/digest/hasher.h"

/* The items that stand for files: v0.2 made the files its subjects. */
static const struct sy_statement_list *files_of(const struct sy_statement *s)
{
	return s->is_v01 ? &s->subjects : &s->resources;
}

static enum sy_status check_shape_v01(struct sy_statement *s)
{
	if (s->has_resources || s->has_serialization)
		return sy_refuse(s->reading, SY_OMS_STATEMENT_FIELD,
				 "the statement has the lists of two versions");
	if (s->subjects.n == 0)
		return sy_refuse(s->reading, SY_OMS_RESOURCE_NONE,
				 "the list names no file at all");
	s->hash = SY_STATEMENT_FILE_SHA256;
	return SY_OK;
}

static enum sy_status check_shape(struct sy_statement *s)
{
	if (s->is_v01)
		return check_shape_v01(s);
	if (s->subjects.n != 1)
		return sy_refuse(s->reading, SY_OMS_SUBJECT_COUNT,
				 "the statement has %zu subjects, it must be 1",
				 s->subjects.n);
	if (!s->has_predicate || !s->has_serialization || !s->has_resources)
		return sy_refuse(s->reading, SY_OMS_STATEMENT_FIELD,
				 "the statement has no %s",
				 !s->has_predicate ? "predicate" :
				 !s->has_serialization ? "serialization" : "resources");
	if (s->is_sharded != s->has_shard_size)
		return sy_refuse(s->reading, SY_OMS_SHARDS_INCONSISTENT,
				 s->is_sharded ? "the list is one of shards without a shard size" :
				 "the list is one of whole files but has a shard size");
	if (s->resources.n == 0)
		return sy_refuse(s->reading, SY_OMS_RESOURCE_NONE,
				 "the list names no file at all");
	return SY_OK;
}

static enum sy_status check_algorithm(struct sy_statement *s,
				      const struct sy_statement_item *item)
{
	bool is_size_right = item->shard_size == 0 ||
			     (s->is_sharded && item->shard_size == s->shard_size);

	if (item->hash != s->hash || !is_size_right)
		return sy_refuse_name(s->reading, SY_OMS_RESOURCE_ALGORITHM,
				      "the resource ", item->name,
				      " has another algorithm than the list");
	if (item->len != sy_statement_hash_len(s->hash))
		return sy_refuse(s->reading, SY_OMS_RESOURCE_DIGEST_INVALID,
				 "the digest of the resource at byte %llu of the statement "
				 "has %u bytes, %s has %zu", (unsigned long long)item->off,
				 item->len, sy_statement_hash_name(s->hash),
				 sy_statement_hash_len(s->hash));
	return SY_OK;
}

static enum sy_status hash_root(struct sy_statement *s, struct sy_digest *root)
{
	const struct sy_statement_list *files = files_of(s);
	SY_OWNED(sy_hasher_free) struct sy_hasher *hasher = NULL;
	enum sy_status status = sy_hasher_new(s->ctx, SY_SHA256, 0, &hasher);

	if (status != SY_OK)
		return status;
	for (size_t i = 0; i < files->n; i++)
		sy_hasher_update(hasher, files->items[i].digest, files->items[i].len);
	return sy_hasher_final(hasher, root);
}

static enum sy_status check_root(struct sy_statement *s, struct sy_digest *root)
{
	const struct sy_statement_item *subject = &s->subjects.items[0];
	struct sy_digest signed_root = { .algorithm = SY_SHA256, .len = subject->len };
	char said[2 * SY_DIGEST_MAX + 1], is[2 * SY_DIGEST_MAX + 1];
	enum sy_status status = hash_root(s, root);

	if (status != SY_OK || s->is_v01)
		return status;
	memcpy(signed_root.bytes, subject->digest, SY_DIGEST_MAX);
	if (sy_digest_equal(root, &signed_root))
		return SY_OK;
	sy_digest_hex(&signed_root, said);
	sy_digest_hex(root, is);
	return sy_refuse(s->reading, SY_OMS_ROOT_MISMATCH,
			 "the statement's digest is %s, its %zu resources come to %s",
			 said, s->resources.n, is);
}

static enum sy_oms_reason reason_of(enum sy_name_kind kind)
{
	switch (kind) {
	case SY_NAME_ABSOLUTE: return SY_OMS_RESOURCE_NAME_ABSOLUTE;
	case SY_NAME_CLIMBING: return SY_OMS_RESOURCE_NAME_CLIMBING;
	case SY_NAME_PLAIN:
	case SY_NAME_LOOSE:
	case SY_NAME_INVALID: break;
	}
	return SY_OMS_RESOURCE_NAME_INVALID;
}

static enum sy_status refuse_name(struct sy_statement *s, enum sy_name_kind kind,
				  struct sy_span name, const char *fault)
{
	struct sy_text behind;

	sy_text_init(&behind);
	sy_text_addf(&behind, " %s", fault);
	return sy_refuse_name(s->reading, reason_of(kind), "the resource name ", name,
			      behind.data);
}

static enum sy_status normalise(struct sy_statement *s, struct sy_span *path)
{
	uint8_t *bytes = sy_arena_alloc(s->arena, path->len);
	size_t len;

	if (!bytes)
		return sy_memory_status(s->ctx);
	memcpy(bytes, path->data, path->len);
	len = sy_name_normalise(bytes, path->len);
	if (len == 0)
		return refuse_name(s, SY_NAME_INVALID, *path, "names no file");
	*path = sy_span_of(bytes, len);
	return SY_OK;
}

static enum sy_status check_path(struct sy_statement *s, struct sy_span *path)
{
	const char *fault;
	enum sy_name_kind kind = sy_name_kind(*path, &fault);

	if (kind == SY_NAME_PLAIN)
		return SY_OK;
	if (kind == SY_NAME_LOOSE && sy_tolerate(s->reading, SY_OMS_TOLERATE_NAME_NORMALISED))
		return normalise(s, path);
	return refuse_name(s, kind, *path, fault);
}

static enum sy_status set_shard(struct sy_statement *s, struct sy_span name,
				struct sy_manifest_entry *entry)
{
	if (!sy_name_split_shard(name, &entry->name, &entry->start, &entry->end))
		return refuse_name(s, SY_NAME_INVALID, name, "is not 'path:start:end'");
	if (entry->start >= entry->end || entry->start % s->shard_size != 0 ||
	    entry->end - entry->start > s->shard_size)
		return sy_refuse_name(s->reading, SY_OMS_SHARDS_INCONSISTENT,
				      "the shard ", name,
				      " is not one that the shard size gives");
	return SY_OK;
}

static enum sy_status set_entry(struct sy_statement *s, struct sy_manifest *m,
				const struct sy_statement_item *item,
				struct sy_manifest_entry *entry)
{
	enum sy_status status = check_algorithm(s, item);

	if (status != SY_OK)
		return status;
	entry->name = item->name;
	entry->end = UINT64_MAX;
	entry->digest.algorithm = m->algorithm;
	entry->digest.len = item->len;
	memcpy(entry->digest.bytes, item->digest, item->len);
	if (s->is_sharded)
		status = set_shard(s, item->name, entry);
	if (status != SY_OK)
		return status;
	if (!m->is_single_file)
		return check_path(s, &entry->name);
	if (!sy_span_is(entry->name, "."))
		return refuse_name(s, SY_NAME_INVALID, entry->name, "stands beside '.'");
	entry->name = sy_span_str("");
	return SY_OK;
}

/* A model that is one file is called "."; then nothing else may be. */
static bool is_dot(const struct sy_statement *s)
{
	const struct sy_statement_item *first = &files_of(s)->items[0];
	struct sy_span path = first->name;
	uint64_t start, end;

	if (s->is_sharded && !sy_name_split_shard(first->name, &path, &start, &end))
		return false;
	return sy_span_is(path, ".");
}

static enum sy_status set_entries(struct sy_statement *s, struct sy_manifest *m)
{
	const struct sy_statement_list *files = files_of(s);
	enum sy_status status = SY_OK;
	bool is_ordered = true;

	m->n_entries = files->n;
	m->entries = sy_arena_alloc(&m->arena, files->n * sizeof(*m->entries));
	if (!m->entries)
		return sy_memory_status(s->ctx);
	m->is_single_file = is_dot(s) &&
			    sy_tolerate(s->reading, SY_OMS_TOLERATE_SINGLE_FILE_DOT);
	for (size_t i = 0; i < files->n && status == SY_OK; i++) {
		status = set_entry(s, m, &files->items[i], &m->entries[i]);
		is_ordered &= i == 0 || sy_span_compare(files->items[i - 1].name,
							files->items[i].name) < 0;
	}
	if (status == SY_OK && !is_ordered && !s->is_v01 &&
	    !sy_tolerate(s->reading, SY_OMS_TOLERATE_RESOURCE_ORDER))
		return sy_refuse(s->reading, SY_OMS_STATEMENT_FIELD,
				 "the resources are not in byte order of their names");
	return status;
}

static int by_name(const void *a, const void *b)
{
	const struct sy_manifest_entry *x = a, *y = b;
	int order = sy_span_compare(x->name, y->name);

	return order ? order : (x->start > y->start) - (x->start < y->start);
}

static enum sy_status refuse_tiling(struct sy_statement *s,
				    const struct sy_manifest_entry *entry, uint64_t at)
{
	struct sy_text behind;

	sy_text_init(&behind);
	sy_text_addf(&behind, " do not tile it: one begins at byte %llu, the one before "
		     "ends at %llu (shard size %llu)",
		     (unsigned long long)entry->start, (unsigned long long)at,
		     (unsigned long long)s->shard_size);
	return sy_refuse_name(s->reading, SY_OMS_SHARDS_INCONSISTENT, "the shards of ",
			      entry->name, behind.data);
}

/* Entries are sorted: equal neighbours, and shards that do not touch. */
static enum sy_status check_neighbours(struct sy_statement *s, const struct sy_manifest *m)
{
	for (size_t i = 0; i < m->n_entries; i++) {
		const struct sy_manifest_entry *entry = &m->entries[i];
		const struct sy_manifest_entry *before = i ? entry - 1 : NULL;
		bool is_same = before && sy_span_equal(before->name, entry->name);
		bool is_full = is_same && before->end - before->start == s->shard_size;

		if (is_same && before->start == entry->start)
			return sy_refuse_name(s->reading, SY_OMS_RESOURCE_DUPLICATE,
					      "the resource ", entry->name,
					      " is listed twice");
		if (is_same && (before->end != entry->start || !is_full))
			return refuse_tiling(s, entry, before->end);
		if (s->is_sharded && !is_same && entry->start != 0)
			return refuse_tiling(s, entry, 0);
	}
	return SY_OK;
}

static enum sy_status check_ignored(struct sy_statement *s, struct sy_span path)
{
	struct sy_text behind;
	const char *fault;

	(void)sy_name_kind(path, &fault);
	if (!fault && path.len && (memchr(path.data, '*', path.len) ||
				   memchr(path.data, '?', path.len)))
		fault = "is a pattern, not a path";
	if (!fault)
		return SY_OK;
	sy_text_init(&behind);
	sy_text_addf(&behind, " %s", fault);
	return sy_refuse_name(s->reading, SY_OMS_IGNORED_PATH_INVALID,
			      "the signed ignore rule ", path, behind.data);
}

/* The first entry whose name is not below `name`. */
static size_t lower_bound(const struct sy_manifest *m, struct sy_span name)
{
	size_t low = 0, high = m->n_entries;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sy_span_compare(m->entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is an entry at the path, or below it? */
static enum sy_status covers(struct sy_statement *s, const struct sy_manifest *m,
			     struct sy_span path, bool *is_covering)
{
	uint8_t *folder = sy_arena_alloc(s->arena, path.len + 1);
	size_t at = lower_bound(m, path);

	*is_covering = at < m->n_entries && sy_span_equal(m->entries[at].name, path);
	if (!folder)
		return sy_memory_status(s->ctx);
	memcpy(folder, path.data, path.len);
	folder[path.len] = '/';
	at = lower_bound(m, sy_span_of(folder, path.len + 1));
	*is_covering |= at < m->n_entries && sy_name_is_under(m->entries[at].name, path);
	return SY_OK;
}

static int by_bytes(const void *a, const void *b)
{
	return sy_span_compare(*(const struct sy_span *)a, *(const struct sy_span *)b);
}

static enum sy_status set_ignored(struct sy_statement *s, struct sy_manifest *m)
{
	struct sy_span *ignored = sy_arena_alloc(&m->arena,
						 s->n_ignored * sizeof(*ignored));
	enum sy_status status = ignored ? SY_OK : sy_memory_status(s->ctx);
	bool is_covering = false;

	for (size_t i = 0; i < s->n_ignored && status == SY_OK; i++) {
		ignored[i] = s->ignored[i];
		status = check_ignored(s, ignored[i]);
		if (status == SY_OK)
			status = covers(s, m, ignored[i], &is_covering);
		if (status == SY_OK && is_covering &&
		    !sy_tolerate(s->reading, SY_OMS_TOLERATE_RESOURCE_UNDER_IGNORED))
			status = sy_refuse_name(s->reading, SY_OMS_IGNORED_PATH_INVALID,
						"the signed ignore rule ", ignored[i],
						" covers a file of the list");
	}
	if (status != SY_OK)
		return status;
	if (s->n_ignored > 0)
		qsort(ignored, s->n_ignored, sizeof(*ignored), by_bytes);
	m->ignored = ignored;
	m->n_ignored = s->n_ignored;
	return SY_OK;
}

static enum sy_algorithm algorithm_of(enum sy_statement_hash hash)
{
	if (hash == SY_STATEMENT_BLAKE3)
		return SY_BLAKE3;
	return hash == SY_STATEMENT_BLAKE2B ? SY_BLAKE2B : SY_SHA256;
}

static enum sy_status make(struct sy_statement *s, struct sy_manifest *m)
{
	enum sy_status status = check_shape(s);

	if (status != SY_OK)
		return status;
	m->algorithm = algorithm_of(s->hash);
	m->shard_size = s->is_sharded ? s->shard_size : 0;
	m->allows_symlinks = s->allows_symlinks;
	if (!s->is_v01)
		m->subject = s->subjects.items[0].name;
	status = set_entries(s, m);
	if (status == SY_OK)
		status = check_root(s, &m->root);
	if (status != SY_OK)
		return status;
	qsort(m->entries, m->n_entries, sizeof(*m->entries), by_name);
	status = check_neighbours(s, m);
	if (status == SY_OK)
		status = set_ignored(s, m);
	return status;
}


enum sy_status sy_statement_read(struct sy_context *ctx, struct sy_span payload,
				 struct sy_reading *reading, struct sy_manifest **manifest)
{
	struct sy_manifest *m = sy_alloc(ctx, sizeof(*m));
	struct sy_statement s = { .ctx = ctx, .reading = reading,
				  .hash = SY_STATEMENT_UNKNOWN };
	enum sy_status status;

	*manifest = NULL;
	if (!m)
		return sy_memory_status(ctx);
	sy_arena_init(&m->arena, ctx);
	s.arena = &m->arena;
	status = sy_statement_read_json(&s, payload);
	if (status == SY_OK)
		status = make(&s, m);
	sy_statement_free(&s);
	if (status == SY_OK)
		*manifest = SY_TAKE(m);
	sy_manifest_free(ctx, &m);
	return status;
}
