/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file counts as unchanged when device, inode, size, mtime and ctime are those of
 * its entry and both times lie well before the signing that read it began: a change
 * within the same tick of a coarse clock would leave them as they were.
 */
#include "verifier/engine/sign_cache.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/base/jsonw.h"
#include "verifier/base/text.h"
#include "verifier/engine/new_file.h"
#include "verifier/engine/small_file.h"
#include "verifier/engine/strict_json.h"

#define CACHE_FILE_MAX (UINT64_C(1) << 30)	/* bytes */
#define SETTLED_NS INT64_C(2000000000)
#define SCHEMA "steelyard-cache/1"

struct cached {
	struct sy_identity file;
	struct sy_digest digests[SY_N_ALGORITHMS];
};

struct sy_sign_cache {
	struct sy_context *ctx;
	struct cached *entries;		/* by device and inode */
	size_t n_entries, cap_entries;
	int64_t start_ns;		/* since 1970: of the signing that wrote it */
};

void sy_sign_cache_free(struct sy_sign_cache **p)
{
	struct sy_sign_cache *cache = *p;

	if (!cache)
		return;
	sy_release(cache->ctx, cache->entries);
	sy_release(cache->ctx, cache);
	*p = NULL;
}

/* Reading. */

struct reading {
	struct sy_strict strict;
	struct sy_sign_cache *cache;
	struct cached *entry;
};

/* "sha256:HEX" */
static enum sy_status take_digest(struct reading *r)
{
	struct sy_span text = r->strict.token.text;
	const uint8_t *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
	size_t len = colon ? (size_t)(colon - text.data) : 0;
	enum sy_algorithm algorithm;

	if (r->strict.token.kind != SY_JSON_STRING || len == 0 ||
	    !sy_algorithm_find(sy_span_slice(text, 0, len), &algorithm) ||
	    r->entry->digests[algorithm].len > 0 ||
	    !sy_digest_parse(sy_span_slice(text, len + 1, text.len - len - 1), algorithm,
			     &r->entry->digests[algorithm]))
		return sy_strict_refuse(&r->strict, "a digest that is none");
	return SY_OK;
}

static enum sy_status read_digests(struct reading *r)
{
	enum sy_status status = sy_strict_key(&r->strict, "digests");

	if (status == SY_OK)
		status = sy_strict_expect(&r->strict, SY_JSON_ARRAY, "digests are no list");
	while (status == SY_OK) {
		status = sy_strict_next(&r->strict);
		if (status == SY_OK && r->strict.token.kind == SY_JSON_ARRAY_END)
			return SY_OK;
		if (status == SY_OK)
			status = take_digest(r);
	}
	return status;
}

static int compare(const struct sy_identity *a, const struct sy_identity *b)
{
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

/* The brace that opens it was read. */
static enum sy_status read_entry(struct reading *r)
{
	struct sy_sign_cache *cache = r->cache;
	enum sy_status status = sy_grow(cache->ctx, &cache->entries, &cache->cap_entries,
					cache->n_entries + 1, sizeof(*cache->entries));
	struct sy_identity *file;

	if (status != SY_OK)
		return status;
	r->entry = &cache->entries[cache->n_entries];
	*r->entry = (struct cached){ .file.dev = 0 };
	file = &r->entry->file;
	status = sy_strict_u64(&r->strict, "device", &file->dev);
	if (status == SY_OK)
		status = sy_strict_u64(&r->strict, "inode", &file->ino);
	if (status == SY_OK)
		status = sy_strict_u64(&r->strict, "size", &file->size);
	if (status == SY_OK)
		status = sy_strict_i64(&r->strict, "mtime_ns", &file->mtime_ns);
	if (status == SY_OK)
		status = sy_strict_i64(&r->strict, "ctime_ns", &file->ctime_ns);
	if (status == SY_OK)
		status = read_digests(r);
	if (status == SY_OK)
		status = sy_strict_expect(&r->strict, SY_JSON_OBJECT_END, "an unknown member");
	if (status == SY_OK && cache->n_entries > 0 && compare(&r->entry[-1].file, file) >= 0)
		return sy_strict_refuse(&r->strict, "its entries are not in order");
	cache->n_entries++;
	return status;
}

static enum sy_status read_entries(struct reading *r)
{
	enum sy_status status = sy_strict_key(&r->strict, "files");

	if (status == SY_OK)
		status = sy_strict_expect(&r->strict, SY_JSON_ARRAY, "files are no list");
	while (status == SY_OK) {
		status = sy_strict_next(&r->strict);
		if (status == SY_OK && r->strict.token.kind == SY_JSON_ARRAY_END)
			return SY_OK;
		if (status == SY_OK && r->strict.token.kind != SY_JSON_OBJECT)
			return sy_strict_refuse(&r->strict, "a file is no object");
		if (status == SY_OK)
			status = read_entry(r);
	}
	return status;
}

static enum sy_status parse(struct sy_sign_cache *cache, const char *path, struct sy_span bytes)
{
	struct reading r = { .cache = cache };
	int64_t start_ns;
	enum sy_status status = sy_strict_open(&r.strict, cache->ctx, "cache", path, bytes);

	if (status == SY_OK)
		status = sy_strict_begin(&r.strict, SCHEMA);
	if (status == SY_OK)
		status = sy_strict_i64(&r.strict, "start_ns", &start_ns);
	/* A clock that went wrong then, or a file that was touched: the earlier one. */
	if (status == SY_OK && start_ns < cache->start_ns)
		cache->start_ns = start_ns;
	if (status == SY_OK)
		status = read_entries(&r);
	if (status == SY_OK)
		status = sy_strict_end(&r.strict);
	sy_strict_close(&r.strict);
	return status;
}

/* In doubt it does. */
static bool lies_in_model(const struct sy_sign *sign, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX], real_folder[PATH_MAX], real_root[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;

	if (!sign->inventory.roots[0].is_dir)
		return !strcmp(path, sign->options->path);
	if (len >= sizeof(folder) || !realpath(sign->options->path, real_root))
		return true;
	memcpy(folder, path, len);
	folder[len] = 0;
	if (!realpath(len > 0 ? folder : ".", real_folder))
		return false;		/* then nothing can be written there either */
	len = strlen(real_root);
	return !strncmp(real_folder, real_root, len) &&
	       (len == 1 || real_folder[len] == 0 || real_folder[len] == '/');
}

/* SY_NOT_FOUND: there is none yet. */
static enum sy_status check_place(const struct sy_sign *sign, const char *path, int64_t *time_ns)
{
	struct sy_identity identity;
	struct stat st;

	if (lies_in_model(sign, path))
		return sy_fail(sign->ctx, SY_USAGE, "the cache %s would lie in the model", path);
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? SY_NOT_FOUND :
		       sy_fail_errno(sign->ctx, "the cache %s", path);
	if (!S_ISREG(st.st_mode))
		return sy_fail(sign->ctx, SY_USAGE, "the cache %s is no regular file", path);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return sy_fail(sign->ctx, SY_USAGE, "others may write the cache %s, and would say "
			       "what is signed: remove it, or take it back", path);
	sy_identity_from_stat(&identity, &st);
	*time_ns = identity.mtime_ns;
	return SY_OK;
}

enum sy_status sy_sign_cache_read(const struct sy_sign *sign, struct sy_sign_cache **out)
{
	SY_OWNED(sy_sign_cache_free) struct sy_sign_cache *cache = NULL;
	SY_OWNED(sy_arena_free) struct sy_arena arena;
	const char *path = sign->options->cache;
	struct sy_span bytes;
	enum sy_status status;

	*out = NULL;
	sy_arena_init(&arena, sign->ctx);
	if (!path)
		return SY_OK;
	cache = sy_alloc(sign->ctx, sizeof(*cache));
	if (!cache)
		return sy_memory_status(sign->ctx);
	cache->ctx = sign->ctx;
	status = check_place(sign, path, &cache->start_ns);
	if (status == SY_NOT_FOUND)
		return SY_OK;
	if (status == SY_OK)
		status = sy_small_file_read(sign->ctx, "cache", path, CACHE_FILE_MAX, &arena,
					    &bytes);
	if (status == SY_OK)
		status = parse(cache, path, bytes);
	if (status == SY_OK)
		*out = SY_TAKE(cache);
	return status;
}

static bool is_settled(const struct sy_sign_cache *cache, int64_t time_ns)
{
	return time_ns <= cache->start_ns && cache->start_ns - time_ns >= SETTLED_NS;
}

static bool is_same(const struct sy_identity *a, const struct sy_identity *b)
{
	return compare(a, b) == 0 && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

const struct sy_digest *sy_sign_cache_find(const struct sy_sign_cache *cache,
					   const struct sy_identity *file)
{
	size_t low = 0, high = cache ? cache->n_entries : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&cache->entries[middle].file, file) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!cache || low == cache->n_entries || !is_same(&cache->entries[low].file, file) ||
	    !is_settled(cache, file->mtime_ns) || !is_settled(cache, file->ctime_ns))
		return NULL;
	return cache->entries[low].digests;
}

/* Writing. */

static int compare_entries(const void *a, const void *b)
{
	const struct cached *const *x = a, *const *y = b;

	return compare(&(*x)->file, &(*y)->file);
}

static void put_entry(struct sy_jsonw *w, const struct cached *entry)
{
	sy_jsonw_object(w);
	sy_jsonw_ku64(w, "device", entry->file.dev);
	sy_jsonw_ku64(w, "inode", entry->file.ino);
	sy_jsonw_ku64(w, "size", entry->file.size);
	sy_jsonw_ku64(w, "mtime_ns", (uint64_t)entry->file.mtime_ns);
	sy_jsonw_ku64(w, "ctime_ns", (uint64_t)entry->file.ctime_ns);
	sy_jsonw_key(w, "digests");
	sy_jsonw_array(w);
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		char hex[2 * SY_DIGEST_MAX + 1];
		struct sy_text text;

		if (entry->digests[a].len == 0)
			continue;
		sy_digest_hex(&entry->digests[a], hex);
		sy_text_init(&text);
		sy_text_addf(&text, "%s:%s", sy_algorithm_name((enum sy_algorithm)a), hex);
		sy_jsonw_string(w, sy_text_span(&text));
	}
	sy_jsonw_array_end(w);
	sy_jsonw_object_end(w);
}

/* Two names of one file are one entry; times before 1970 are not written. */
static void put_entries(const struct sy_sign *sign, struct cached *const *entries,
			struct sy_out *out)
{
	struct sy_jsonw w;

	sy_jsonw_init(&w, out, false);
	sy_jsonw_object(&w);
	sy_jsonw_kstr(&w, "schema", SCHEMA);
	sy_jsonw_ku64(&w, "start_ns", (uint64_t)sign->start_s * 1000000000u);
	sy_jsonw_key(&w, "files");
	sy_jsonw_array(&w);
	for (size_t i = 0; i < sign->n_entries; i++) {
		const struct sy_identity *file = &entries[i]->file;

		if ((i > 0 && compare(&entries[i - 1]->file, file) == 0) || file->mtime_ns < 0 ||
		    file->ctime_ns < 0)
			continue;
		put_entry(&w, entries[i]);
	}
	sy_jsonw_array_end(&w);
	sy_jsonw_object_end(&w);
	sy_out_str(out, "\n");
}

/* What was weighed now, and what the old cache knew of the same file besides. */
static void fill(const struct sy_sign *sign, size_t i, struct cached *entry)
{
	const struct sy_digest *known;

	entry->file = sign->inventory.entries[sign->entries[i]].identity;
	known = sy_sign_cache_find(sign->cache, &entry->file);
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		if (sign->jobs && sign->jobs[i].digests[a].len > 0)
			entry->digests[a] = sign->jobs[i].digests[a];
		else if (known)
			entry->digests[a] = known[a];
	}
}

enum sy_status sy_sign_cache_write(const struct sy_sign *sign)
{
	SY_OWNED(sy_arena_free) struct sy_arena arena;
	struct cached *entries, **sorted;
	struct sy_buffer buffer;
	struct sy_out out;
	enum sy_status status;

	sy_arena_init(&arena, sign->ctx);
	if (!sign->options->cache)
		return SY_OK;
	entries = sy_arena_alloc(&arena, sign->n_entries * sizeof(*entries));
	sorted = sy_arena_alloc(&arena, sign->n_entries * sizeof(struct cached *));
	if (!entries || !sorted)
		return sy_memory_status(sign->ctx);
	for (size_t i = 0; i < sign->n_entries; i++) {
		fill(sign, i, &entries[i]);
		sorted[i] = &entries[i];
	}
	qsort(sorted, sign->n_entries, sizeof(struct cached *), compare_entries);
	sy_buffer_init(&buffer, sign->ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	put_entries(sign, sorted, &out);
	status = sy_out_flush(&out);
	if (status == SY_OK)
		status = sy_new_file_write(sign->ctx, sign->options->cache, SY_NEW_FILE_OWN,
					   sy_span_of(buffer.data, buffer.len));
	sy_buffer_free(&buffer);
	return status;
}
