/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a member says, as if the file itself said it.  Never lets a member claim
 * extents or an artifact of its own, or a place in the file where it is not.
 */
#include "formats/nest_parts.h"

#include "verifier/base/ckd.h"
#include "verifier/digest/view.h"

/*
 * The artifact's record waits: its members have not been read yet.  It is kept as a
 * whole or not at all, for what it points at will be gone.
 */
static enum sy_status keep_artifact(struct sy_nest *nest, const struct sy_record *record)
{
	struct sy_record kept = *record;
	enum sy_status status = sy_arena_copy(&nest->arena, record->u.artifact.format,
					      &kept.u.artifact.format);

	if (status == SY_OK)
		status = sy_arena_copy(&nest->arena, record->u.artifact.summary,
				       &kept.u.artifact.summary);
	if (status != SY_OK)
		return status;
	nest->artifact = kept;
	nest->has_artifact = true;
	return SY_OK;
}

/* Tensors may lie on the same bytes; hashing them reads a source no more often. */
#define READINGS_MAX 8u

static bool is_worth_hashing(struct sy_nest_level *level, const struct sy_record_tensor *tensor)
{
	uint64_t size = level->in->source->size, room;

	if (ckd_mul(&room, size, (uint64_t)READINGS_MAX))
		room = UINT64_MAX;
	if (tensor->is_absent || tensor->off > size || tensor->len > size - tensor->off ||
	    tensor->len > room - level->n_hashed)
		return false;
	level->n_hashed += tensor->len;
	return true;
}

/*
 * In a decoded member nobody else can read the elements, so their digest is made here,
 * while they are there; one that cannot be made is left out.
 */
static enum sy_status pass_decoded(struct sy_nest *nest, struct sy_nest_level *level,
				   struct sy_record *record)
{
	struct sy_record_tensor *tensor = &record->u.tensor;
	uint8_t digest[SY_SHA256_BYTES];
	struct sy_view view;
	enum sy_status status;

	if (!(level->in->wants & SY_WANT_DIGESTS))
		return SY_OK;
	if (is_worth_hashing(level, tensor) && sy_view_of(tensor, &view) == NULL) {
		status = sy_view_digest(&view, level->in->source, digest);
		if (status != SY_OK)
			return status;
		tensor->data_digest = sy_span_of(digest, sizeof(digest));
	}
	tensor->is_absent = true;
	tensor->off = tensor->len = 0;
	return sy_emit(nest->outer, record);
}

/* Places in a stored member are places in the file; in a decoded one they are not. */
static enum sy_status pass_tensor(struct sy_nest *nest, const struct sy_record *record)
{
	struct sy_nest_level *level = &nest->levels[nest->depth];
	struct sy_record moved = *record;

	if (level->in->file_off == SY_OFFSET_NONE)
		return pass_decoded(nest, level, &moved);
	moved.u.tensor.off += level->in->file_off;
	return sy_emit(nest->outer, &moved);
}

/* No inventory holds what a member names; that it names code is said all the same. */
static enum sy_status pass_ref(struct sy_inspection *in, const struct sy_record_ref *ref)
{
	struct sy_text text;

	if (ref->kind != SY_REF_CODE && ref->kind != SY_REF_CODE_REMOTE)
		return SY_OK;
	sy_text_init(&text);
	sy_text_name(&text, ref->name);
	sy_text_add(&text, " names code in ");
	sy_text_name(&text, ref->target);
	return sy_fact_text(in, ref->kind == SY_REF_CODE ? SY_RULE_CODE_REMOTE_DECLARED
							 : SY_RULE_CODE_REMOTE_UNPINNED,
			    ref->off, 0, ref->name, &text);
}

/* What a container counts as its own may be its members'. */
uint64_t sy_nest_n_tensors(const struct sy_nest_level *level)
{
	return level->n_own > level->n_below ? level->n_own : level->n_below;
}

static enum sy_status count_tensors(struct sy_nest *nest, const struct sy_record *record)
{
	struct sy_nest_level *level = &nest->levels[nest->depth];

	if (ckd_add(&level->n_own, level->n_own, record->u.artifact.n_tensors))
		level->n_own = UINT64_MAX;
	return SY_OK;
}

static enum sy_status pass_from_member(struct sy_nest *nest, struct sy_inspection *in,
				       const struct sy_record *record)
{
	switch (record->kind) {
	case SY_RECORD_TENSOR:
		return pass_tensor(nest, record);
	case SY_RECORD_FACT:
	case SY_RECORD_MEMBER:
	case SY_RECORD_NOTICE:
	case SY_RECORD_STEP:
		return sy_emit(nest->outer, record);
	case SY_RECORD_REF:
		return pass_ref(in, &record->u.ref);
	case SY_RECORD_ARTIFACT:
		return count_tensors(nest, record);
	case SY_RECORD_EXTENT:
	case SY_RECORD_META:
	case SY_RECORD_MORE:
	case SY_RECORD_DONE:
		break;
	}
	return SY_OK;
}

enum sy_status sy_nest_pass(struct sy_sink *sink, const struct sy_record *record)
{
	struct sy_nest *nest = ((struct sy_nest_filter *)sink)->nest;
	struct sy_inspection *in = nest->levels[nest->depth].in;

	if (in->n_members > 0)
		return pass_from_member(nest, in, record);
	if (record->kind == SY_RECORD_ARTIFACT && !nest->has_artifact)
		return keep_artifact(nest, record);
	return sy_emit(nest->outer, record);
}
