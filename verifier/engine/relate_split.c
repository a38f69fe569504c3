/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GGUF split sets (PREFIX-00001-of-00003.gguf): every part there, numbers and
 * counts as the names say, no tensor twice, the total as the first part says.
 */
#include "verifier/engine/relations.h"

#include <fcntl.h>
#include <stdio.h>

#include "verifier/base/ckd.h"

/* The parts of one set that are in the inventory share folder, prefix, count. */
struct set {
	struct sy_relate *relate;
	size_t first;			/* entry of the part that was met first */
	struct sy_part_name name;	/* of that part */
	struct sy_set owners;		/* tensor -> entry */
	uint64_t n_present, n_tensors;
	bool is_all_read;
};

static struct sy_span base_of(const struct sy_relate *relate, size_t entry)
{
	return sy_span_str(relate->check->inventory.entries[entry].base);
}

static const struct sy_kept_ref *ref_of(const struct sy_relate *relate,
					size_t entry, enum sy_ref_kind kind)
{
	const struct sy_relation *relation = &relate->relations[entry];

	for (size_t i = 0; i < relation->n_refs; i++) {
		if (relation->refs[i].kind == kind)
			return &relation->refs[i];
	}
	return NULL;
}

static enum sy_status find_at(struct sy_relate *relate, size_t entry, uint64_t off,
			      enum sy_rule rule, const struct sy_text *text)
{
	return sy_relate_find(relate, (struct sy_place_of){ .entry = entry,
							    .off = off },
			      rule, text);
}

/* What a part says of itself against its name. */
static enum sy_status check_part(struct sy_relate *relate, size_t entry,
				 const struct sy_part_name *name)
{
	const struct sy_kept_ref *ref = ref_of(relate, entry, SY_REF_SPLIT);
	uint64_t number, count;
	enum sy_status status = SY_OK;
	struct sy_text text;

	if (name->number == 0 || name->number > name->count) {
		sy_text_init(&text);
		sy_text_addf(&text, "the name says part %llu of %llu",
			     (unsigned long long)name->number,
			     (unsigned long long)name->count);
		return find_at(relate, entry, SY_OFFSET_NONE,
			       SY_RULE_SPLIT_NAME_WRONG, &text);
	}
	if (!ref)
		return SY_OK;
	number = ref->value >> 32;
	count = ref->value & UINT32_MAX;
	sy_text_init(&text);
	if (number + 1 != name->number) {
		sy_text_addf(&text, "split.no is %llu, so the name should say part "
			     "%llu, not %llu", (unsigned long long)number,
			     (unsigned long long)number + 1,
			     (unsigned long long)name->number);
		status = find_at(relate, entry, ref->off,
				 SY_RULE_SPLIT_NUMBER_WRONG, &text);
	}
	if (status != SY_OK || count == name->count)
		return status;
	sy_text_init(&text);
	sy_text_addf(&text, "split.count is %llu, the name says %llu parts",
		     (unsigned long long)count, (unsigned long long)name->count);
	return find_at(relate, entry, ref->off, SY_RULE_SPLIT_COUNT_DIFFERS, &text);
}

static void part_file(struct set *set, uint64_t number, struct sy_text *text)
{
	struct sy_span base = base_of(set->relate, set->first);

	sy_text_init(text);
	sy_text_add_span(text, sy_span_slice(base, 0, set->name.prefix_len));
	sy_text_addf(text, "-%05llu-of-%05llu.gguf", (unsigned long long)number,
		     (unsigned long long)set->name.count);
}

/* Only looks whether a file of that name stands beside a file named alone. */
static bool is_beside(struct set *set, const struct sy_text *file)
{
	struct sy_context *ctx = set->relate->check->ctx;
	struct sy_span folder = sy_relate_folder(set->relate, set->first);
	char path[4096];
	int fd;

	if (folder.len + file->len >= sizeof(path))
		return false;
	snprintf(path, sizeof(path), "%.*s%s", (int)folder.len,
		 (const char *)folder.data, file->data);
	fd = ctx->files.open(ctx->files.user, AT_FDCWD, path, O_PATH, 0);
	if (fd >= 0)
		ctx->files.close(ctx->files.user, fd);
	return fd >= 0;
}

static enum sy_status missing_part(struct set *set, const struct sy_text *file)
{
	struct sy_check *check = set->relate->check;
	struct sy_text text;

	if (check->inventory.entries[set->first].is_named && is_beside(set, file))
		return sy_report_add_notice(check->report, "part-not-named",
					    sy_span_str(check->inventory
							.entries[set->first].path),
					    "%s stands beside it and was not named",
					    file->data);
	sy_text_init(&text);
	sy_text_addf(&text, "the set has %llu parts; ",
		     (unsigned long long)set->name.count);
	sy_text_name(&text, sy_text_span(file));
	sy_text_add(&text, " is not there");
	return find_at(set->relate, set->first, SY_OFFSET_NONE,
		       SY_RULE_SPLIT_FILE_MISSING, &text);
}

static enum sy_status add_names(struct set *set, size_t entry)
{
	struct sy_relation *relation = &set->relate->relations[entry];

	for (size_t i = 0; i < relation->n_names; i++) {
		enum sy_status status;
		struct sy_text text;
		uint64_t owner;
		bool is_new;

		status = sy_set_add(&set->owners, relation->names[i], entry,
				    &is_new, &owner);
		if (status != SY_OK)
			return status;
		if (is_new || owner == entry)
			continue;
		sy_text_init(&text);
		sy_text_add(&text, "tensor ");
		sy_text_name(&text, relation->names[i]);
		sy_text_add(&text, " is also in ");
		sy_text_name(&text, base_of(set->relate, (size_t)owner));
		status = sy_relate_find(set->relate, (struct sy_place_of){
						entry, SY_OFFSET_NONE,
						relation->names[i] },
					SY_RULE_SPLIT_TENSOR_DUPLICATE, &text);
		if (status != SY_OK)
			return status;
	}
	return SY_OK;
}

static enum sy_status add_part(struct set *set, size_t entry)
{
	set->n_present++;
	set->is_all_read &= sy_relate_is_read(set->relate, entry);
	if (ckd_add(&set->n_tensors, set->n_tensors,
		    set->relate->check->report->artifacts[entry].n_tensors))
		set->n_tensors = UINT64_MAX;
	return add_names(set, entry);
}

static enum sy_status check_total(struct set *set, size_t entry)
{
	const struct sy_kept_ref *ref = ref_of(set->relate, entry,
					       SY_REF_SPLIT_TENSORS);
	struct sy_text text;

	if (!ref || !set->is_all_read || set->n_present != set->name.count ||
	    ref->value == set->n_tensors)
		return SY_OK;
	sy_text_init(&text);
	sy_text_addf(&text, "split.tensors.count is %llu, the parts hold %llu tensors",
		     (unsigned long long)ref->value,
		     (unsigned long long)set->n_tensors);
	return find_at(set->relate, entry, ref->off, SY_RULE_SPLIT_TENSORS_TOTAL,
		       &text);
}

/* More missing parts than this are one finding: a name may say 99999. */
#define MISSING_MAX 20u

static enum sy_status check_set(struct set *set)
{
	struct sy_inventory *inventory = &set->relate->check->inventory;
	enum sy_status status = SY_OK;
	uint64_t n_missing = 0;
	struct sy_text file;

	for (uint64_t n = 1; n <= set->name.count && status == SY_OK; n++) {
		size_t part;

		part_file(set, n, &file);
		part = sy_inventory_sibling(inventory, set->first,
					    sy_text_span(&file));
		if (part != SIZE_MAX)
			status = add_part(set, part);
		else if (n_missing++ < MISSING_MAX)
			status = missing_part(set, &file);
	}
	for (uint64_t n = 1; n <= set->name.count && status == SY_OK; n++) {
		size_t part;

		part_file(set, n, &file);
		part = sy_inventory_sibling(inventory, set->first,
					    sy_text_span(&file));
		if (part != SIZE_MAX)
			status = check_total(set, part);
	}
	return status;
}

/* A part that says it belongs to a set, under a name that does not. */
static enum sy_status check_unnamed(struct sy_relate *relate, size_t entry)
{
	const struct sy_kept_ref *ref = ref_of(relate, entry, SY_REF_SPLIT);
	struct sy_text text;

	if (!ref || (ref->value & UINT32_MAX) <= 1)
		return SY_OK;
	sy_text_init(&text);
	sy_text_addf(&text, "the file is part %llu of %llu, but its name does not "
		     "end in -NNNNN-of-NNNNN.gguf",
		     (unsigned long long)(ref->value >> 32) + 1,
		     (unsigned long long)(ref->value & UINT32_MAX));
	return find_at(relate, entry, ref->off, SY_RULE_SPLIT_NAME_WRONG, &text);
}

/* Folder, prefix and count make the set: its name is the one of part 0. */
static enum sy_status note_set(const struct set *set, struct sy_set *seen,
			       bool *is_new)
{
	struct sy_relate *relate = set->relate;
	struct sy_span path =
		sy_span_str(relate->check->inventory.entries[set->first].path);
	size_t number_at = path.len - strlen("00001-of-00002.gguf");
	enum sy_status status;
	struct sy_span key;
	uint8_t *bytes;
	uint64_t found;

	*is_new = false;
	bytes = sy_arena_alloc(&relate->arena, path.len);
	if (!bytes)
		return sy_memory_status(relate->check->ctx);
	memcpy(bytes, path.data, path.len);
	memset(bytes + number_at, '0', 5);
	key = sy_span_of(bytes, path.len);
	status = sy_set_add(seen, key, set->first, is_new, &found);
	return status;
}

/* Each part of each set is looked up once; names may promise 99,999 parts. */
static bool is_affordable(const struct set *set)
{
	struct sy_relate *relate = set->relate;

	relate->n_compared += set->name.count;
	return relate->n_compared <= relate->check->ctx->limits.records;
}

static enum sy_status too_many(const struct set *set)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add(&text, "too many parts of split sets to look for (limit records)");
	return find_at(set->relate, set->first, SY_OFFSET_NONE,
		       SY_RULE_WORKER_LIMIT_REACHED, &text);
}

/* The first part met of a set checks the whole set. */
static enum sy_status check_entry(struct sy_relate *relate, struct sy_set *seen,
				  size_t entry)
{
	struct set set = { .relate = relate, .first = entry, .is_all_read = true };
	enum sy_status status;
	bool is_new;

	if (!sy_part_name_parse(base_of(relate, entry), ".gguf", &set.name))
		return check_unnamed(relate, entry);
	status = check_part(relate, entry, &set.name);
	if (status == SY_OK)
		status = note_set(&set, seen, &is_new);
	if (status != SY_OK || !is_new)
		return status;
	if (!is_affordable(&set))
		return too_many(&set);
	sy_set_init(&set.owners, relate->check->ctx);
	status = check_set(&set);
	sy_set_free(&set.owners);
	return status;
}

enum sy_status sy_relate_splits(struct sy_relate *relate)
{
	enum sy_status status = SY_OK;
	struct sy_set seen;

	sy_set_init(&seen, relate->check->ctx);
	for (size_t i = 0; i < relate->check->inventory.n_entries &&
	     status == SY_OK; i++) {
		if (relate->check->report->artifacts[i].scope ==
		    SY_SCOPE_EXAMINED)
			status = check_entry(relate, &seen, i);
	}
	sy_set_free(&seen);
	return status;
}
