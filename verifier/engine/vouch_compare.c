/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed list beside the files that are there: what is missing, what differs, what
 * was added, and what the list leaves out.  Names are looked up in the inventory,
 * never opened.
 */
#include "verifier/engine/vouch_parts.h"

#include <string.h>

const struct sy_manifest *sy_vouch_manifest(const struct sy_vouch_signature *signature)
{
	return signature->oms ? signature->oms->manifest : NULL;
}

static void note(struct sy_vouch_signature *s, enum sy_vouch_mismatch mismatch)
{
	if (mismatch > s->mismatch)
		s->mismatch = mismatch;
}

size_t sy_vouch_lookup(const struct sy_vouch *vouch, size_t root, struct sy_span rel)
{
	const struct sy_entry *entries = vouch->check->inventory.entries;
	size_t low = vouch->roots[root].first, high = vouch->roots[root].end;
	size_t end = high;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sy_span_compare(sy_span_str(entries[middle].rel), rel) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < end && sy_span_equal(sy_span_str(entries[low].rel), rel) ? low : SIZE_MAX;
}

/* A list for one file calls it "." or by its name. */
static size_t find_listed(const struct sy_vouch *vouch, const struct sy_vouch_signature *s,
			  struct sy_span name)
{
	size_t target = s->target;

	if (target == SIZE_MAX)
		return name.len > 0 ? sy_vouch_lookup(vouch, s->root, name) : SIZE_MAX;
	if (name.len == 0 ||
	    sy_span_equal(name, sy_span_str(vouch->check->inventory.entries[target].base)))
		return target;
	return SIZE_MAX;
}

/* Entries of one name lie together: [i, end). */
static size_t end_of_name(const struct sy_manifest *manifest, size_t i)
{
	size_t end = i + 1;

	while (end < manifest->n_entries &&
	       sy_span_equal(manifest->entries[end].name, manifest->entries[i].name))
		end++;
	return end;
}

static void mark_one(struct sy_vouch *vouch, size_t i)
{
	const struct sy_vouch_signature *s = &vouch->signatures[i];
	const struct sy_manifest *manifest = sy_vouch_manifest(s);

	for (size_t k = 0; manifest && k < manifest->n_entries; k = end_of_name(manifest, k)) {
		size_t entry = find_listed(vouch, s, manifest->entries[k].name);

		if (entry == SIZE_MAX)
			continue;
		vouch->entries[entry].listed |= 1u << i;
		if (manifest->shard_size == 0)
			vouch->entries[entry].algorithms |= (uint16_t)(1u << manifest->algorithm);
	}
	if (s->state == SY_VOUCH_PENDING && s->target != SIZE_MAX) {
		vouch->entries[s->target].listed |= 1u << i;
		if (s->minisign.is_hashed)
			vouch->entries[s->target].algorithms |= 1u << SY_BLAKE2B;
	}
}

enum sy_status sy_vouch_mark(struct sy_vouch *vouch)
{
	size_t n = vouch->check->inventory.n_entries;

	vouch->entries = sy_alloc_array(vouch->ctx, n + 1, sizeof(*vouch->entries));
	if (!vouch->entries)
		return sy_memory_status(vouch->ctx);
	for (size_t i = 0; i < vouch->n_signatures; i++)
		mark_one(vouch, i);
	return SY_OK;
}

/* Shards: pieces of a file. */

struct shard_run {
	struct sy_vouch *vouch;
	size_t entry;
	const struct sy_manifest_entry *shards;
	size_t n;
};

static enum sy_status open_entry(void *user, size_t id, struct sy_context *ctx,
				 struct sy_source *source)
{
	const struct shard_run *run = user;

	(void)id;
	return sy_entry_open(&run->vouch->check->inventory, run->entry, ctx, source);
}

/* Pieces tile the file: the last one ends where it does. */
static bool are_inside(const struct shard_run *run)
{
	uint64_t size = run->vouch->check->inventory.entries[run->entry].identity.size;

	for (size_t k = 0; k < run->n; k++) {
		if (run->shards[k].end > size)
			return false;
	}
	return run->shards[run->n - 1].end == size;
}

/* Are all pieces the signed ones? */
static enum sy_status weigh_shards(struct shard_run *run, struct sy_weigh_part *parts,
				   bool *is_equal)
{
	struct sy_weigh_job job = {
		.parts = parts, .n_parts = run->n,
		.part_algorithm = run->shards[0].digest.algorithm,
		.size = run->vouch->check->inventory.entries[run->entry].identity.size,
	};
	struct sy_weigh weigh = {
		.open = open_entry, .user = run, .jobs = &job, .n_jobs = 1,
		.n_threads = run->vouch->check->options->jobs,
	};
	enum sy_status status;

	for (size_t k = 0; k < run->n; k++)
		parts[k] = (struct sy_weigh_part){
			.start = run->shards[k].start,
			.len = run->shards[k].end - run->shards[k].start,
		};
	status = sy_weigh_run(run->vouch->ctx, &weigh);
	if (status == SY_OK)
		status = job.status;
	*is_equal = status == SY_OK;
	for (size_t k = 0; k < run->n && *is_equal; k++)
		*is_equal = sy_digest_equal(&parts[k].digest, &run->shards[k].digest);
	return status;
}

static enum sy_status compare_shards(struct shard_run *run, bool *is_equal)
{
	struct sy_weigh_part *parts = sy_alloc_array(run->vouch->ctx, run->n, sizeof(*parts));
	enum sy_status status;

	if (!parts)
		return sy_memory_status(run->vouch->ctx);
	status = weigh_shards(run, parts, is_equal);
	sy_release(run->vouch->ctx, parts);
	return status;
}

static enum sy_status tell_shards(struct sy_vouch *vouch, size_t i, size_t entry)
{
	const struct sy_manifest *manifest = sy_vouch_manifest(&vouch->signatures[i]);

	note(&vouch->signatures[i], SY_VOUCH_BYTES_DIFFER);
	return sy_vouch_tell(vouch, entry, SY_RULE_SIGNATURE_DIGEST_MISMATCH,
			     "a piece of %llu bytes of it is not the signed one, or its length "
			     "is not", (unsigned long long)manifest->shard_size);
}

static enum sy_status take_shards(struct sy_vouch *vouch, size_t i, size_t entry, size_t first,
				  size_t end)
{
	struct shard_run run = {
		.vouch = vouch, .entry = entry, .n = end - first,
		.shards = &sy_vouch_manifest(&vouch->signatures[i])->entries[first],
	};
	bool is_equal = are_inside(&run);
	enum sy_status status = SY_OK;

	if (is_equal)
		status = compare_shards(&run, &is_equal);
	if (status == SY_NO_MEMORY || status == SY_CANCELLED)
		return status;
	if (status != SY_OK) {
		sy_error_clear(vouch->ctx);
		return sy_vouch_tell(vouch, entry, SY_RULE_SIGNATURE_FILE_UNREADABLE,
				     "it could not be read to its end");
	}
	if (!is_equal)
		return tell_shards(vouch, i, entry);
	vouch->entries[entry].matched |= 1u << i;
	return SY_OK;
}

/* Whole files. */

static enum sy_status take_digest(struct sy_vouch *vouch, size_t i, size_t entry,
				  const struct sy_digest *signed_one)
{
	const struct sy_artifact *artifact = &vouch->check->report->artifacts[entry];
	const struct sy_digest *found = artifact->digests[signed_one->algorithm];
	char want[2 * SY_DIGEST_MAX + 1], have[2 * SY_DIGEST_MAX + 1];

	if (!found)
		return sy_vouch_tell(vouch, entry, SY_RULE_SIGNATURE_FILE_UNREADABLE,
				     "it was not read to its end");
	if (sy_digest_equal(found, signed_one)) {
		vouch->entries[entry].matched |= 1u << i;
		return SY_OK;
	}
	note(&vouch->signatures[i], SY_VOUCH_BYTES_DIFFER);
	sy_digest_hex(signed_one, want);
	sy_digest_hex(found, have);
	return sy_vouch_tell(vouch, entry, SY_RULE_SIGNATURE_DIGEST_MISMATCH,
			     "signed was %s %s, the bytes have %s",
			     sy_algorithm_name(signed_one->algorithm), want, have);
}

static enum sy_status tell_missing(struct sy_vouch *vouch, struct sy_vouch_signature *s,
				   struct sy_span name)
{
	struct sy_report *report = vouch->check->report;
	struct sy_text path;
	size_t artifact;
	enum sy_status status;

	note(s, SY_VOUCH_FILES_MISSING);
	sy_text_init(&path);
	sy_text_add(&path, vouch->check->inventory.roots[s->root].path);
	sy_text_add(&path, "/");
	sy_text_add_span(&path, name);
	status = sy_report_add_artifact(report, sy_text_span(&path), 0, &artifact);
	if (status != SY_OK)
		return status;
	report->artifacts[artifact].scope = SY_SCOPE_LISTED;
	report->artifacts[artifact].note = sy_span_str("signed, and not there");
	report->artifacts[artifact].format = sy_span_str("unknown");
	return sy_vouch_tell(vouch, artifact, SY_RULE_SIGNATURE_FILE_MISSING,
			     "the signature lists it, and there is no such file");
}

/* A link into the blobs of the same cache is how a cache keeps a file. */
static bool is_link(const struct sy_vouch *vouch, size_t entry)
{
	const struct sy_entry *e = &vouch->check->inventory.entries[entry];

	return e->is_link && e->place != SY_PLACE_CACHE_SNAPSHOT;
}

static enum sy_status take_listed(struct sy_vouch *vouch, size_t i, size_t entry, size_t first,
				  size_t end)
{
	const struct sy_manifest *manifest = sy_vouch_manifest(&vouch->signatures[i]);
	const struct sy_entry *e = &vouch->check->inventory.entries[entry];

	if (e->kind != SY_ENTRY_FILE)
		return sy_vouch_tell(vouch, entry, SY_RULE_SIGNATURE_FILE_UNREADABLE,
				     "it is no file that is read: a link that leaves the model, a "
				     "special file, or one without permission");
	if (is_link(vouch, entry) && !manifest->allows_symlinks)
		return sy_vouch_tell(vouch, entry, SY_RULE_SIGNATURE_LINK_FOUND,
				     "the signature allows no symbolic links");
	if (vouch->check->report->artifacts[entry].scope == SY_SCOPE_EXCLUDED)
		return SY_OK;
	if (manifest->shard_size > 0)
		return take_shards(vouch, i, entry, first, end);
	return take_digest(vouch, i, entry, &manifest->entries[first].digest);
}

/* What was added. */

static bool lies_below(struct sy_span rel, struct sy_span folder)
{
	return rel.len >= folder.len && !memcmp(rel.data, folder.data, folder.len) &&
	       (rel.len == folder.len || rel.data[folder.len] == '/');
}

static bool is_left_out(const struct sy_manifest *manifest, struct sy_span rel)
{
	for (size_t i = 0; i < manifest->n_ignored; i++) {
		if (lies_below(rel, manifest->ignored[i]))
			return true;
	}
	return false;
}

static bool is_own(const struct sy_vouch *vouch, size_t entry)
{
	const struct sy_entry *e = &vouch->check->inventory.entries[entry];

	return sy_vouch_is_signature(vouch, entry) || e->place == SY_PLACE_LOCAL_METADATA ||
	       e->place == SY_PLACE_CACHE_INTERNAL;
}

struct extras {
	uint64_t n_left_out, n_excused, n_empty;
};

/* A file that the list does not have: does it have a reason to be there? */
static enum sy_status take_extra(struct sy_vouch *vouch, size_t i, size_t entry,
				 struct extras *extras)
{
	const struct sy_manifest *manifest = sy_vouch_manifest(&vouch->signatures[i]);
	const struct sy_entry *e = &vouch->check->inventory.entries[entry];

	if (is_left_out(manifest, sy_span_str(e->rel))) {
		vouch->entries[entry].is_ignored = true;
		extras->n_left_out++;
		return SY_OK;
	}
	if (sy_vouch_is_excused(vouch, entry)) {
		vouch->entries[entry].is_ignored = true;
		extras->n_excused++;
		return SY_OK;
	}
	if (manifest->shard_size > 0 && e->kind == SY_ENTRY_FILE && e->identity.size == 0) {
		vouch->entries[entry].is_ignored = true;
		extras->n_empty++;
		return SY_OK;
	}
	vouch->entries[entry].is_told = true;
	note(&vouch->signatures[i], SY_VOUCH_FILES_UNLISTED);
	return sy_vouch_tell(vouch, entry, SY_RULE_SIGNATURE_FILE_UNLISTED,
			     "it is not in the signed list, which has %zu %s",
			     manifest->n_entries, manifest->n_entries == 1 ? "entry" : "entries");
}

/* What the signature does not protect is said each time. */
static enum sy_status note_unprotected(struct sy_vouch *vouch, size_t i,
				       const struct extras *extras)
{
	const struct sy_vouch_signature *s = &vouch->signatures[i];
	const struct sy_manifest *manifest = sy_vouch_manifest(s);
	struct sy_report *report = vouch->check->report;
	enum sy_status status = SY_OK;
	struct sy_text names;

	sy_text_init(&names);
	for (size_t k = 0; k < manifest->n_ignored; k++) {
		sy_text_add(&names, k ? ", " : "");
		sy_text_name(&names, manifest->ignored[k]);
	}
	if (manifest->n_ignored > 0)
		status = sy_report_add_notice(report, "signature-leaves-out", s->path,
					      "the signer left out %s; here and not protected: "
					      "%llu", names.data,
					      (unsigned long long)extras->n_left_out);
	if (status == SY_OK && extras->n_excused > 0)
		status = sy_report_add_notice(report, "signature-extra-allowed", s->path,
					      "unsigned, and allowed on the command line: %llu",
					      (unsigned long long)extras->n_excused);
	if (status == SY_OK && extras->n_empty > 0)
		status = sy_report_add_notice(report, "signature-empty-unprotected", s->path,
					      "empty files, of which a list of pieces has none: "
					      "%llu", (unsigned long long)extras->n_empty);
	return status;
}

static enum sy_status compare_extras(struct sy_vouch *vouch, size_t i)
{
	const struct sy_vouch_signature *s = &vouch->signatures[i];
	enum sy_status status = SY_OK;
	struct extras extras = { 0 };
	size_t entry = vouch->roots[s->root].first, end = vouch->roots[s->root].end;

	for (; entry < end && status == SY_OK; entry++) {
		if ((vouch->entries[entry].listed & 1u << i) || is_own(vouch, entry))
			continue;
		status = take_extra(vouch, i, entry, &extras);
	}
	return status == SY_OK ? note_unprotected(vouch, i, &extras) : status;
}

bool sy_vouch_is_excused(const struct sy_vouch *vouch, size_t entry)
{
	const struct sy_entry *e = &vouch->check->inventory.entries[entry];
	const struct sy_vouch_options *options = vouch->options;

	if (options->ignores_unsigned)
		return true;
	for (size_t i = 0; i < options->n_ignore; i++) {
		struct sy_span path = sy_span_str(options->ignore[i]);

		while (path.len > 1 && path.data[path.len - 1] == '/')
			path.len--;
		if (lies_below(sy_span_str(e->path), path) ||
		    lies_below(sy_span_str(e->rel), path))
			return true;
	}
	return false;
}

enum sy_status sy_vouch_compare(struct sy_vouch *vouch, size_t i)
{
	struct sy_vouch_signature *s = &vouch->signatures[i];
	const struct sy_manifest *manifest = sy_vouch_manifest(s);
	enum sy_status status = SY_OK;
	size_t end;

	for (size_t k = 0; k < manifest->n_entries && status == SY_OK; k = end) {
		struct sy_span name = manifest->entries[k].name;
		size_t entry = find_listed(vouch, s, name);

		end = end_of_name(manifest, k);
		status = entry == SIZE_MAX ? tell_missing(vouch, s, name)
					   : take_listed(vouch, i, entry, k, end);
	}
	return status == SY_OK && s->target == SIZE_MAX ? compare_extras(vouch, i) : status;
}
