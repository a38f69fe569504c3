/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GGUF split sets (PREFIX-00001-of-00003.gguf): every part there, numbers and
 * counts as the names say, no tensor twice, the total as the first part says.
 */
#include "verifier/engine/relations.h"

#include <fcntl.h>
#include <stdio.h>

#include "verifier/base/ckd.h"

/* More missing parts than this are counted: a name may say 99999. */
#define MISSING_MAX 20u

#define NONE SIZE_MAX

/* A file whose name says which part it is; they come in order of number. */
struct part {
	size_t entry;
	uint64_t number;	/* from 1, at most the count of its set */
	size_t next;		/* of its set; NONE: the last */
};

/* The parts in the inventory that share folder, prefix and count. */
struct set {
	uint64_t count;		/* as the names say */
	size_t head, tail;	/* into parts */
	size_t first;		/* entry of the first part that was read; NONE */
	uint64_t n_present, n_tensors, n_missing;
	bool is_all_read;
	bool is_noted;		/* that parts were not named */
};

struct splits {
	struct sy_relate *relate;
	struct sy_set by_name;	/* path of a set's part 0 -> into sets */
	struct set *sets;
	size_t n_sets, cap_sets;
	struct part *parts;
	size_t n_parts, cap_parts;
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

/* Read, and nothing grave was said about it: what it does not state, it lacks. */
static bool is_sound(const struct sy_relate *relate, size_t entry)
{
	const struct sy_finding *f = relate->check->report->artifacts[entry].findings;

	while (f && f->severity < SY_HIGH)
		f = f->next;
	return !f && sy_relate_is_read(relate, entry);
}

/* Loaders take the first of such files for the whole model. */
static enum sy_status unsaid_part(struct sy_relate *relate, size_t entry,
				  const struct sy_part_name *name)
{
	struct sy_text text;

	if (name->count <= 1 || !is_sound(relate, entry))
		return SY_OK;
	sy_text_init(&text);
	sy_text_addf(&text, "the name says part %llu of %llu, but the file has neither "
		     "split.no nor split.count", (unsigned long long)name->number,
		     (unsigned long long)name->count);
	return find_at(relate, entry, SY_OFFSET_NONE, SY_RULE_SPLIT_KEYS_MISSING, &text);
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
		return unsaid_part(relate, entry, name);
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

/* Name of part `number` of the set that `first` belongs to. */
static void part_file(const struct splits *s, const struct set *set,
		      uint64_t number, struct sy_text *text)
{
	struct sy_span base = base_of(s->relate, set->first);
	size_t tail = strlen("-00001-of-00002.gguf");

	sy_text_init(text);
	sy_text_add_span(text, sy_span_slice(base, 0, base.len - tail));
	sy_text_addf(text, "-%05llu-of-%05llu.gguf", (unsigned long long)number,
		     (unsigned long long)set->count);
}

/* Only looks whether a file of that name stands beside a file named alone. */
static bool is_beside(const struct splits *s, const struct set *set,
		      const struct sy_text *file)
{
	struct sy_context *ctx = s->relate->check->ctx;
	struct sy_span folder = sy_relate_folder(s->relate, set->first);
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

static bool is_named(const struct splits *s, const struct set *set)
{
	return s->relate->check->inventory.entries[set->first].is_named;
}

static enum sy_status note_beside(const struct splits *s, struct set *set,
				  const struct sy_text *file)
{
	struct sy_check *check = s->relate->check;
	struct sy_text text;

	if (set->is_noted)
		return SY_OK;
	set->is_noted = true;
	sy_text_init(&text);
	sy_text_name(&text, sy_text_span(file));
	return sy_report_add_notice(check->report, "part-not-named",
				    sy_span_str(check->inventory
						.entries[set->first].path),
				    "other parts of the set stand beside it and were "
				    "not named, %s first", text.data);
}

static enum sy_status missing_part(const struct splits *s, struct set *set,
				   uint64_t number)
{
	struct sy_text file, text;

	part_file(s, set, number, &file);
	if (is_named(s, set) && is_beside(s, set, &file))
		return note_beside(s, set, &file);
	sy_text_init(&text);
	sy_text_addf(&text, "the set has %llu parts; ",
		     (unsigned long long)set->count);
	sy_text_name(&text, sy_text_span(&file));
	sy_text_add(&text, " is not there");
	return find_at(s->relate, set->first, SY_OFFSET_NONE,
		       SY_RULE_SPLIT_FILE_MISSING, &text);
}

/* Parts from, from + 1 ... before `to` are not in the inventory. */
static enum sy_status missing_parts(const struct splits *s, struct set *set,
				    uint64_t from, uint64_t to)
{
	enum sy_status status = SY_OK;

	for (; from < to && set->n_missing < MISSING_MAX && status == SY_OK; from++) {
		set->n_missing++;
		status = missing_part(s, set, from);
	}
	/* Beside a file that was named alone nobody looks for so many. */
	if (status != SY_OK || from == to || is_named(s, set))
		return status;
	return sy_report_add_more(s->relate->check->report, set->first,
				  SY_RULE_SPLIT_FILE_MISSING, to - from);
}

static enum sy_status weigh_part(const struct splits *s, struct set *set,
				 struct sy_set *owners, size_t entry)
{
	const struct sy_artifact *artifact =
		&s->relate->check->report->artifacts[entry];

	set->n_present++;
	set->is_all_read &= is_sound(s->relate, entry);
	if (ckd_add(&set->n_tensors, set->n_tensors, artifact->n_tensors))
		set->n_tensors = UINT64_MAX;
	return sy_relate_own(s->relate, owners, entry,
			     SY_RULE_SPLIT_TENSOR_DUPLICATE);
}

static enum sy_status check_total(const struct splits *s, const struct set *set,
				  size_t entry)
{
	const struct sy_kept_ref *ref = ref_of(s->relate, entry,
					       SY_REF_SPLIT_TENSORS);
	struct sy_text text;

	if (!ref || !set->is_all_read || set->n_present != set->count ||
	    ref->value == set->n_tensors)
		return SY_OK;
	sy_text_init(&text);
	sy_text_addf(&text, "split.tensors.count is %llu, the parts hold %llu tensors",
		     (unsigned long long)ref->value,
		     (unsigned long long)set->n_tensors);
	return find_at(s->relate, entry, ref->off, SY_RULE_SPLIT_TENSORS_TOTAL,
		       &text);
}

static enum sy_status walk_parts(const struct splits *s, struct set *set,
				 struct sy_set *owners)
{
	uint64_t next_number = 1;

	for (size_t i = set->head; i != NONE; i = s->parts[i].next) {
		const struct part *part = &s->parts[i];
		enum sy_status status = missing_parts(s, set, next_number,
						      part->number);

		if (status == SY_OK)
			status = weigh_part(s, set, owners, part->entry);
		if (status != SY_OK)
			return status;
		next_number = part->number + 1;
	}
	return missing_parts(s, set, next_number, set->count + 1);
}

static enum sy_status check_set(const struct splits *s, struct set *set)
{
	struct sy_set owners;
	enum sy_status status;

	if (set->first == NONE)
		return SY_OK;
	sy_set_init(&owners, s->relate->check->ctx);
	status = walk_parts(s, set, &owners);
	sy_set_free(&owners);
	for (size_t i = set->head; i != NONE && status == SY_OK; i = s->parts[i].next)
		status = check_total(s, set, s->parts[i].entry);
	return status;
}

/* A file that is the whole model holds all tensors that it promises. */
static enum sy_status check_alone(struct sy_relate *relate, size_t entry)
{
	const struct sy_kept_ref *ref = ref_of(relate, entry, SY_REF_SPLIT_TENSORS);
	uint64_t n_tensors = relate->check->report->artifacts[entry].n_tensors;
	struct sy_text text;

	if (!ref || !is_sound(relate, entry) || ref->value == n_tensors)
		return SY_OK;
	sy_text_init(&text);
	sy_text_addf(&text, "split.tensors.count is %llu, the file holds %llu tensors and "
		     "names no other", (unsigned long long)ref->value,
		     (unsigned long long)n_tensors);
	return find_at(relate, entry, ref->off, SY_RULE_SPLIT_TENSORS_TOTAL, &text);
}

/* A part that says it belongs to a set, under a name that does not. */
static enum sy_status check_unnamed(struct sy_relate *relate, size_t entry)
{
	const struct sy_kept_ref *ref = ref_of(relate, entry, SY_REF_SPLIT);
	struct sy_text text;

	if (!ref || (ref->value & UINT32_MAX) <= 1)
		return check_alone(relate, entry);
	sy_text_init(&text);
	sy_text_addf(&text, "the file is part %llu of %llu, but its name does not "
		     "end in -NNNNN-of-NNNNN.gguf",
		     (unsigned long long)(ref->value >> 32) + 1,
		     (unsigned long long)(ref->value & UINT32_MAX));
	return find_at(relate, entry, ref->off, SY_RULE_SPLIT_NAME_WRONG, &text);
}

/* Folder, prefix and count make the set: its name is the one of part 0. */
static enum sy_status find_set(struct splits *s, size_t entry, uint64_t count,
			       struct set **set)
{
	struct sy_relate *relate = s->relate;
	struct sy_span path = sy_span_str(relate->check->inventory.entries[entry].path);
	uint8_t *key = sy_arena_alloc(&relate->arena, path.len);
	enum sy_status status;
	uint64_t index;
	bool is_new;

	*set = NULL;
	if (!key)
		return sy_memory_status(relate->check->ctx);
	memcpy(key, path.data, path.len);
	memset(key + path.len - strlen("00001-of-00002.gguf"), '0', 5);
	status = sy_grow(relate->check->ctx, &s->sets, &s->cap_sets, s->n_sets + 1,
			 sizeof(*s->sets));
	if (status == SY_OK)
		status = sy_set_add(&s->by_name, sy_span_of(key, path.len),
				    s->n_sets, &is_new, &index);
	if (status != SY_OK)
		return status;
	if (is_new)
		s->sets[s->n_sets++] = (struct set){
			.count = count, .head = NONE, .tail = NONE, .first = NONE,
			.is_all_read = true };
	*set = &s->sets[index];
	return SY_OK;
}

static enum sy_status add_part(struct splits *s, size_t entry,
			       const struct sy_part_name *name, bool is_examined)
{
	enum sy_status status;
	struct set *set;

	if (name->number == 0 || name->number > name->count)
		return SY_OK;
	status = find_set(s, entry, name->count, &set);
	if (status == SY_OK)
		status = sy_grow(s->relate->check->ctx, &s->parts, &s->cap_parts,
				 s->n_parts + 1, sizeof(*s->parts));
	if (status != SY_OK)
		return status;
	s->parts[s->n_parts] = (struct part){ entry, name->number, NONE };
	if (set->tail == NONE)
		set->head = s->n_parts;
	else
		s->parts[set->tail].next = s->n_parts;
	set->tail = s->n_parts++;
	if (is_examined && set->first == NONE)
		set->first = entry;
	return SY_OK;
}

static enum sy_status check_entry(struct splits *s, size_t entry)
{
	struct sy_relate *relate = s->relate;
	bool is_examined = relate->check->report->artifacts[entry].scope ==
			   SY_SCOPE_EXAMINED;
	enum sy_status status = SY_OK;
	struct sy_part_name name;

	if (!sy_part_name_parse(base_of(relate, entry), ".gguf", &name))
		return is_examined ? check_unnamed(relate, entry) : SY_OK;
	if (is_examined)
		status = check_part(relate, entry, &name);
	return status == SY_OK ? add_part(s, entry, &name, is_examined) : status;
}

static enum sy_status check_all(struct splits *s)
{
	size_t n = s->relate->check->inventory.n_entries;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < n && status == SY_OK; i++)
		status = check_entry(s, i);
	for (size_t i = 0; i < s->n_sets && status == SY_OK; i++)
		status = check_set(s, &s->sets[i]);
	return status;
}

enum sy_status sy_relate_splits(struct sy_relate *relate)
{
	struct sy_context *ctx = relate->check->ctx;
	struct splits s = { .relate = relate };
	enum sy_status status;

	sy_set_init(&s.by_name, ctx);
	status = check_all(&s);
	sy_set_free(&s.by_name);
	sy_release(ctx, s.sets);
	sy_release(ctx, s.parts);
	return status;
}
