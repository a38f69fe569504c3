/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weight index against the shards it names: every file there, every tensor
 * in the file that the index says, none twice, none left out, sizes adding up.
 */
#include "verifier/engine/relations.h"

#include "verifier/base/ckd.h"

struct index {
	struct sy_relate *relate;
	size_t entry;
	const struct sy_relation *relation;
	struct sy_set shards;		/* target -> entry, or NOT_THERE */
	struct sy_set owners;		/* tensor in a shard -> entry */
	struct sy_set mapped;		/* tensor in the index -> position of its ref */
	uint64_t n_bytes;		/* of all tensors in all shards */
	uint64_t n_shared;		/* of these, of tensors that share them */
	bool is_all_read;		/* every shard's tensors are known */
	bool is_over_limit;		/* nothing more is compared */
	bool is_noted;			/* that its shards were not named */
};

#define NOT_THERE UINT64_MAX

static struct sy_place_of at_ref(const struct index *index,
				 const struct sy_kept_ref *ref)
{
	return (struct sy_place_of){ index->entry, ref->off, ref->name };
}

static const char *content_of(const struct index *index, size_t shard)
{
	const struct sy_artifact *artifact =
		&index->relate->check->report->artifacts[shard];
	const struct sy_format *format = sy_format_find(artifact->format);

	return format ? format->title : "unknown content";
}

/* An index that was named by itself: its shards were not asked about. */
static bool is_alone(const struct index *index)
{
	const struct sy_inventory *inventory = &index->relate->check->inventory;
	const struct sy_entry *entry = &inventory->entries[index->entry];

	return entry->is_named && !inventory->roots[entry->root].is_dir;
}

/* A link that was not followed, a file that was not read: said where it stands. */
static bool is_said(const struct index *index, size_t shard)
{
	enum sy_entry_kind kind = index->relate->check->inventory.entries[shard].kind;

	return kind != SY_ENTRY_FILE && kind != SY_ENTRY_SPECIAL;
}

static enum sy_status missing_shard(struct index *index,
				    const struct sy_kept_ref *ref, size_t shard)
{
	struct sy_check *check = index->relate->check;
	struct sy_text text;

	index->is_all_read = false;
	if (shard != SIZE_MAX && is_said(index, shard))
		return SY_OK;
	if (shard == SIZE_MAX && is_alone(index)) {
		if (index->is_noted)
			return SY_OK;
		index->is_noted = true;
		return sy_report_add_notice(check->report, "part-not-named",
					    sy_span_str(check->inventory
							.entries[index->entry].path),
					    "the index was named alone, not the "
					    "weights that it names");
	}
	sy_text_init(&text);
	sy_text_add(&text, "the index puts tensors into ");
	sy_text_name(&text, ref->target);
	if (shard == SIZE_MAX)
		sy_text_add(&text, ", which is not there");
	else
		sy_text_addf(&text, ", which is %s", content_of(index, shard));
	return sy_relate_find(index->relate, (struct sy_place_of){
				      index->entry, ref->off, ref->target },
			      SY_RULE_INDEX_FILE_MISSING, &text);
}

static bool is_pointer(const struct index *index, size_t shard)
{
	const struct sy_inventory *inventory = &index->relate->check->inventory;
	const struct sy_artifact *artifact =
		&index->relate->check->report->artifacts[shard];
	const struct sy_format *format = sy_format_find(artifact->format);

	return inventory->entries[shard].kind != SY_ENTRY_FILE ||
	       (format && format->class == SY_CLASS_POINTER);
}

/*
 * Many indexes may name one shard of many tensors; the work is bounded by the
 * same limit as the records themselves.
 */
static enum sy_status charge(struct index *index, uint64_t n)
{
	struct sy_relate *relate = index->relate;
	uint64_t limit = relate->check->ctx->limits.records;
	struct sy_text text;

	relate->n_compared += n;
	if (relate->n_compared <= limit)
		return SY_OK;
	index->is_over_limit = true;
	sy_text_init(&text);
	sy_text_addf(&text, "more than %llu tensors to compare with indexes "
		     "(limit records)", (unsigned long long)limit);
	return sy_relate_find(relate, (struct sy_place_of){ .entry = index->entry,
							    .off = SY_OFFSET_NONE },
			      SY_RULE_WORKER_LIMIT_REACHED, &text);
}

/* A shard seen for the first time: its tensors become its property. */
static enum sy_status add_shard(struct index *index, size_t shard)
{
	struct sy_relation *relation = &index->relate->relations[shard];
	enum sy_status charged = charge(index, relation->n_names);

	relation->is_named = true;
	if (charged != SY_OK || index->is_over_limit)
		return charged;
	index->is_all_read &= sy_relate_is_read(index->relate, shard) &&
			      !relation->has_unplaced;
	if (ckd_add(&index->n_shared, index->n_shared, relation->shared_bytes))
		index->n_shared = UINT64_MAX;
	if (ckd_add(&index->n_bytes, index->n_bytes, relation->tensor_bytes))
		index->n_bytes = UINT64_MAX;
	return sy_relate_own(index->relate, &index->owners, shard,
			     SY_RULE_INDEX_TENSOR_DUPLICATE);
}

static enum sy_status find_shard(struct index *index, const struct sy_kept_ref *ref,
				 uint64_t *shard)
{
	size_t entry = sy_inventory_sibling(&index->relate->check->inventory,
					    index->entry, ref->target);
	bool is_there = entry != SIZE_MAX && !is_pointer(index, entry);
	enum sy_status status;
	bool is_new;

	status = sy_set_add(&index->shards, ref->target,
			    is_there ? entry : NOT_THERE, &is_new, shard);
	if (status != SY_OK || !is_new)
		return status;
	if (entry != SIZE_MAX)
		index->relate->relations[entry].is_named = true;
	return is_there ? add_shard(index, entry)
			: missing_shard(index, ref, entry);
}

static enum sy_status gather(struct index *index)
{
	for (size_t i = 0; i < index->relation->n_refs; i++) {
		const struct sy_kept_ref *ref = &index->relation->refs[i];
		enum sy_status status;
		uint64_t found;
		bool is_new;

		if (ref->kind != SY_REF_SHARD)
			continue;
		status = sy_set_add(&index->mapped, ref->name, i, &is_new, &found);
		if (status == SY_OK)
			status = find_shard(index, ref, &found);
		if (status != SY_OK || index->is_over_limit)
			return status;
	}
	return SY_OK;
}

static enum sy_status check_mapped(struct index *index,
				   const struct sy_kept_ref *ref)
{
	const struct sy_inventory *inventory = &index->relate->check->inventory;
	uint64_t shard, owner;
	struct sy_text text;
	bool has_owner;

	if (!sy_set_has(&index->shards, ref->target, &shard) ||
	    shard == NOT_THERE || !sy_relate_is_read(index->relate, (size_t)shard))
		return SY_OK;
	has_owner = sy_set_has(&index->owners, ref->name, &owner);
	if (has_owner && owner == shard)
		return SY_OK;
	sy_text_init(&text);
	sy_text_add(&text, "the index puts tensor ");
	sy_text_name(&text, ref->name);
	sy_text_add(&text, " into ");
	sy_text_name(&text, ref->target);
	sy_text_add(&text, has_owner ? ", but it is in " : ", which does not hold it");
	if (has_owner)
		sy_text_name(&text, sy_span_str(inventory->entries[owner].base));
	return sy_relate_find(index->relate, at_ref(index, ref),
			      SY_RULE_INDEX_TENSOR_MISSING, &text);
}

static enum sy_status check_unlisted(struct index *index, size_t shard)
{
	const struct sy_relation *relation = &index->relate->relations[shard];

	if (relation->n_names > 0 && !sy_relate_is_read(index->relate, shard))
		return SY_OK;
	for (size_t i = 0; i < relation->n_names; i++) {
		enum sy_status status;
		struct sy_text text;

		if (sy_set_has(&index->mapped, relation->names[i], NULL))
			continue;
		sy_text_init(&text);
		sy_text_add(&text, "tensor ");
		sy_text_name(&text, relation->names[i]);
		sy_text_add(&text, " stands in no entry of the index");
		status = sy_relate_find(index->relate, (struct sy_place_of){
						shard, SY_OFFSET_NONE,
						relation->names[i] },
					SY_RULE_INDEX_TENSOR_UNLISTED, &text);
		if (status != SY_OK)
			return status;
	}
	return SY_OK;
}

static enum sy_status check_total(struct index *index,
				  const struct sy_kept_ref *ref)
{
	struct sy_text text;

	if (!index->is_all_read || ref->value == index->n_bytes ||
	    ref->value == index->n_bytes - index->n_shared)
		return SY_OK;
	sy_text_init(&text);
	sy_text_addf(&text, "metadata.total_size says %llu, the tensors have %llu bytes",
		     (unsigned long long)ref->value,
		     (unsigned long long)index->n_bytes);
	return sy_relate_find(index->relate, at_ref(index, ref),
			      SY_RULE_INDEX_TOTAL_SIZE, &text);
}

static enum sy_status check_all(struct index *index)
{
	enum sy_status status = gather(index);

	if (status != SY_OK || index->is_over_limit)
		return status;
	for (size_t i = 0; status == SY_OK && i < index->relation->n_refs; i++) {
		const struct sy_kept_ref *ref = &index->relation->refs[i];

		if (ref->kind == SY_REF_SHARD)
			status = check_mapped(index, ref);
		if (status == SY_OK && ref->kind == SY_REF_TOTAL_SIZE)
			status = check_total(index, ref);
	}
	for (size_t i = 0; status == SY_OK && i < index->shards.n_slots; i++) {
		const struct sy_set_entry *slot = &index->shards.slots[i];

		if (slot->key.data && slot->value != NOT_THERE)
			status = check_unlisted(index, (size_t)slot->value);
	}
	return status;
}

enum sy_status sy_relate_index(struct sy_relate *relate, size_t entry)
{
	struct index index = {
		.relate = relate, .entry = entry, .is_all_read = true,
		.relation = &relate->relations[entry],
	};
	enum sy_status status;

	if (!relate->relations[entry].has_shards)
		return SY_OK;
	sy_set_init(&index.shards, relate->check->ctx);
	sy_set_init(&index.owners, relate->check->ctx);
	sy_set_init(&index.mapped, relate->check->ctx);
	status = check_all(&index);
	sy_set_free(&index.shards);
	sy_set_free(&index.owners);
	sy_set_free(&index.mapped);
	return status;
}

/* A file that looks like a shard, beside an index of that stem that omits it. */
static bool is_omitted(struct sy_relate *relate, size_t entry, struct sy_text *text)
{
	struct sy_inventory *inventory = &relate->check->inventory;
	struct sy_span base = sy_span_str(inventory->entries[entry].base);
	struct sy_part_name part;
	struct sy_text index;
	size_t found;

	if (relate->relations[entry].is_named ||
	    !sy_part_name_parse(base, ".safetensors", &part))
		return false;
	sy_text_init(&index);
	sy_text_add_span(&index, sy_span_slice(base, 0, part.prefix_len));
	sy_text_add(&index, ".safetensors.index.json");
	found = sy_inventory_sibling(inventory, entry, sy_text_span(&index));
	if (found == SIZE_MAX || !relate->relations[found].has_shards)
		return false;
	sy_text_init(text);
	sy_text_name(text, base);
	sy_text_add(text, " looks like a shard, but its index does not name it");
	return true;
}

enum sy_status sy_relate_omitted(struct sy_relate *relate, size_t entry)
{
	struct sy_text text;

	if (!is_omitted(relate, entry, &text))
		return SY_OK;
	return sy_relate_find(relate, (struct sy_place_of){ .entry = entry,
							    .off = SY_OFFSET_NONE },
			      SY_RULE_INDEX_FILE_UNLISTED, &text);
}
