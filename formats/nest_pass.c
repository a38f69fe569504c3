/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a member says, as if the file itself said it.  Never lets a member claim
 * extents or an artifact of its own, or a place in the file where it is not.
 */
#include "formats/nest_parts.h"

/* The artifact's record waits: its members have not been read yet. */
static enum sy_status keep_artifact(struct sy_nest *nest, const struct sy_record *record)
{
	struct sy_record_artifact *kept = &nest->artifact.u.artifact;
	enum sy_status status;

	nest->artifact = *record;
	nest->has_artifact = true;
	status = sy_arena_copy(&nest->arena, record->u.artifact.format, &kept->format);
	if (status != SY_OK)
		return status;
	return sy_arena_copy(&nest->arena, record->u.artifact.summary, &kept->summary);
}

/* Places in a stored member are places in the file; in a decoded one they are not. */
static enum sy_status pass_tensor(struct sy_nest *nest, uint64_t file_off,
				  const struct sy_record *record)
{
	struct sy_record moved = *record;

	if (file_off == SY_OFFSET_NONE && moved.u.tensor.data_digest.len == 0)
		return SY_OK;
	if (file_off != SY_OFFSET_NONE)
		moved.u.tensor.off += file_off;
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

static enum sy_status pass_from_member(struct sy_nest *nest, struct sy_inspection *in,
				       const struct sy_record *record)
{
	switch (record->kind) {
	case SY_RECORD_TENSOR:
		return pass_tensor(nest, in->file_off, record);
	case SY_RECORD_FACT:
	case SY_RECORD_MEMBER:
	case SY_RECORD_NOTICE:
	case SY_RECORD_STEP:
		return sy_emit(nest->outer, record);
	case SY_RECORD_REF:
		return pass_ref(in, &record->u.ref);
	case SY_RECORD_ARTIFACT:
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
