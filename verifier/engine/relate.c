/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps what the files of a model say about each other until all were read.
 * Tensor names are kept only where an index or a split set will ask for them.
 */
#include "verifier/engine/relations.h"

#include "verifier/base/ckd.h"

static struct sy_span base_of(const struct sy_relate *relate, size_t entry)
{
	return sy_span_str(relate->check->inventory.entries[entry].base);
}

struct sy_span sy_relate_folder(const struct sy_relate *relate, size_t entry)
{
	struct sy_span path =
		sy_span_str(relate->check->inventory.entries[entry].path);

	return sy_span_slice(path, 0, path.len - base_of(relate, entry).len);
}

/* "model.safetensors.index.json", or with a variant before the ".json". */
static bool is_index_name(struct sy_span base)
{
	if (!sy_ascii_ends(base, ".json"))
		return false;
	for (size_t i = 0; i < base.len; i++) {
		if (sy_ascii_starts(sy_span_slice(base, i, SIZE_MAX), ".index."))
			return true;
	}
	return false;
}

static enum sy_status note_index_dirs(struct sy_relate *relate)
{
	for (size_t i = 0; i < relate->check->inventory.n_entries; i++) {
		enum sy_status status;
		uint64_t found;
		bool is_new;

		if (!is_index_name(base_of(relate, i)))
			continue;
		status = sy_set_add(&relate->index_dirs,
				    sy_relate_folder(relate, i), i, &is_new, &found);
		if (status != SY_OK)
			return status;
	}
	return SY_OK;
}

enum sy_status sy_relate_new(struct sy_check *check, struct sy_relate **out)
{
	struct sy_context *ctx = check->ctx;
	SY_OWNED(sy_relate_free) struct sy_relate *relate =
		sy_alloc(ctx, sizeof(*relate));
	enum sy_status status;

	*out = NULL;
	if (!relate)
		return sy_memory_status(ctx);
	relate->check = check;
	sy_arena_init(&relate->arena, ctx);
	sy_set_init(&relate->index_dirs, ctx);
	relate->relations = sy_alloc_array(ctx, check->inventory.n_entries + 1,
					   sizeof(*relate->relations));
	if (!relate->relations)
		return sy_memory_status(ctx);
	status = note_index_dirs(relate);
	if (status == SY_OK)
		*out = SY_TAKE(relate);
	return status;
}

void sy_relate_free(struct sy_relate **out)
{
	struct sy_relate *relate = *out;
	struct sy_context *ctx;

	if (!relate)
		return;
	ctx = relate->check->ctx;
	for (size_t i = 0; relate->relations &&
	     i < relate->check->inventory.n_entries; i++) {
		sy_release(ctx, relate->relations[i].refs);
		sy_release(ctx, relate->relations[i].names);
		if (relate->relations[i].places.ctx)
			sy_set_free(&relate->relations[i].places);
	}
	sy_release(ctx, relate->relations);
	sy_set_free(&relate->index_dirs);
	sy_arena_free(&relate->arena);
	sy_release(ctx, relate);
	*out = NULL;
}

/* The folder itself holds an index, or one above it does (x/model-00001-...). */
static bool is_below_index(const struct sy_relate *relate, size_t entry)
{
	struct sy_span folder = sy_relate_folder(relate, entry);

	if (relate->index_dirs.n_used == 0)
		return false;
	for (;;) {
		if (sy_set_has(&relate->index_dirs, folder, NULL))
			return true;
		if (folder.len == 0)
			return false;
		folder.len--;
		while (folder.len > 0 && folder.data[folder.len - 1] != '/')
			folder.len--;
	}
}

bool sy_relate_wants_tensors(const struct sy_relate *relate, size_t entry)
{
	struct sy_part_name part;

	return sy_part_name_parse(base_of(relate, entry), ".gguf", &part) ||
	       is_below_index(relate, entry);
}

/* Tied weights: frameworks count their bytes once, or as often as they are named. */
static enum sy_status note_place(struct sy_relate *relate, struct sy_relation *relation,
				 const struct sy_record_tensor *tensor)
{
	const struct sy_span place = sy_span_of(&tensor->off, sizeof(tensor->off));
	bool is_empty = false, is_new;
	uint64_t first;
	struct sy_span key;
	enum sy_status status;

	for (size_t i = 0; i < tensor->rank; i++)
		is_empty |= tensor->shape[i] == 0;
	relation->has_unnamed |= tensor->name.len == 0;
	relation->has_unplaced |= tensor->len == 0 && !is_empty;
	if (tensor->len == 0)
		return SY_OK;
	if (!relation->places.ctx)
		sy_set_init(&relation->places, relate->check->ctx);
	if (sy_set_has(&relation->places, place, &first)) {
		if (ckd_add(&relation->shared_bytes, relation->shared_bytes, tensor->len))
			relation->shared_bytes = UINT64_MAX;
		return SY_OK;
	}
	status = sy_arena_copy(&relate->arena, place, &key);
	return status == SY_OK ? sy_set_add(&relation->places, key, 0, &is_new, &first)
			       : status;
}

enum sy_status sy_relate_tensor(struct sy_relate *relate, size_t entry,
				const struct sy_record_tensor *tensor)
{
	struct sy_relation *relation = &relate->relations[entry];
	enum sy_status status;

	status = sy_grow(relate->check->ctx, &relation->names, &relation->cap_names,
			 relation->n_names + 1, sizeof(*relation->names));
	if (status != SY_OK)
		return status;
	if (ckd_add(&relation->tensor_bytes, relation->tensor_bytes, tensor->len))
		relation->tensor_bytes = UINT64_MAX;
	status = note_place(relate, relation, tensor);
	if (status != SY_OK)
		return status;
	return sy_arena_copy(&relate->arena, tensor->name,
			     &relation->names[relation->n_names++]);
}

enum sy_status sy_relate_ref(struct sy_relate *relate, size_t entry,
			     const struct sy_record_ref *ref)
{
	struct sy_relation *relation = &relate->relations[entry];
	struct sy_kept_ref *kept;
	enum sy_status status;

	status = sy_grow(relate->check->ctx, &relation->refs, &relation->cap_refs,
			 relation->n_refs + 1, sizeof(*relation->refs));
	if (status != SY_OK)
		return status;
	relation->has_shards |= ref->kind == SY_REF_SHARD;
	kept = &relation->refs[relation->n_refs++];
	*kept = (struct sy_kept_ref){
		.kind = ref->kind, .value = ref->value, .off = ref->off,
	};
	status = sy_arena_copy(&relate->arena, ref->name, &kept->name);
	if (status != SY_OK)
		return status;
	return sy_arena_copy(&relate->arena, ref->target, &kept->target);
}

enum sy_status sy_relate_find(struct sy_relate *relate, struct sy_place_of place,
			      enum sy_rule rule, const struct sy_text *detail)
{
	const struct sy_record_fact fact = {
		.rule = rule, .off = place.off, .symbol = place.symbol,
		.detail = sy_text_span(detail),
	};

	return sy_report_add_finding(relate->check->report, place.entry, &fact);
}

static enum sy_status say_owned(struct sy_relate *relate, struct sy_place_of place,
				size_t owner, enum sy_rule rule)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add(&text, "tensor ");
	sy_text_name(&text, place.symbol);
	sy_text_add(&text, " is also in ");
	sy_text_name(&text, base_of(relate, owner));
	return sy_relate_find(relate, place, rule, &text);
}

enum sy_status sy_relate_own(struct sy_relate *relate, struct sy_set *owners,
			     size_t entry, enum sy_rule rule)
{
	const struct sy_relation *relation = &relate->relations[entry];

	for (size_t i = 0; i < relation->n_names; i++) {
		struct sy_place_of place = { entry, SY_OFFSET_NONE,
					     relation->names[i] };
		enum sy_status status;
		uint64_t owner;
		bool is_new;

		status = sy_set_add(owners, place.symbol, entry, &is_new, &owner);
		if (status == SY_OK && !is_new && owner != entry)
			status = say_owned(relate, place, (size_t)owner, rule);
		if (status != SY_OK)
			return status;
	}
	return SY_OK;
}

bool sy_relate_is_read(const struct sy_relate *relate, size_t entry)
{
	const struct sy_artifact *artifact =
		&relate->check->report->artifacts[entry];
	const struct sy_format *format = sy_format_find(artifact->format);
	const struct sy_relation *relation = &relate->relations[entry];

	if (artifact->scope != SY_SCOPE_EXAMINED || !format)
		return false;
	if (format->class == SY_CLASS_PICKLE)
		return relation->n_names > 0 && !relation->has_unnamed &&
		       relation->n_names == artifact->n_tensors;
	return format->class == SY_CLASS_WEIGHTS;
}

/* sy_parse_u64 refuses leading zeros, which these numbers have. */
static bool five_digits(struct sy_span base, size_t off, uint64_t *number)
{
	struct sy_span digits = sy_span_slice(base, off, 5);

	*number = 0;
	if (digits.len != 5)
		return false;
	for (size_t i = 0; i < 5; i++) {
		if (!sy_is_digit(digits.data[i]))
			return false;
		*number = *number * 10 + (uint64_t)(digits.data[i] - '0');
	}
	return true;
}

bool sy_part_name_parse(struct sy_span base, const char *suffix,
			struct sy_part_name *part)
{
	const size_t pattern = strlen("-00001-of-00002");
	size_t suffix_len = strlen(suffix);
	size_t at;

	*part = (struct sy_part_name){ 0 };
	if (!sy_span_ends(base, suffix) || base.len < pattern + suffix_len)
		return false;
	at = base.len - suffix_len - pattern;
	part->prefix_len = at;
	return base.data[at] == '-' && five_digits(base, at + 1, &part->number) &&
	       sy_span_equal(sy_span_slice(base, at + 6, 4), sy_span_str("-of-")) &&
	       five_digits(base, at + 10, &part->count);
}

enum sy_status sy_relate_run(struct sy_relate *relate)
{
	for (size_t i = 0; i < relate->check->inventory.n_entries; i++) {
		enum sy_status status = sy_relate_index(relate, i);

		if (status == SY_OK)
			status = sy_relate_code(relate, i);
		if (status != SY_OK)
			return status;
	}
	for (size_t i = 0; i < relate->check->inventory.n_entries; i++) {
		enum sy_status status = sy_relate_omitted(relate, i);

		if (status != SY_OK)
			return status;
	}
	return sy_relate_splits(relate);
}
