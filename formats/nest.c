/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of nested inspections.  Each level is one container on the way down,
 * with the members it named; the deepest level works first.  Never recurses on
 * input, never forgets a member in silence: one that cannot be opened, decoded or
 * read to its end is a fact of its own.
 */
#include "formats/nest.h"

#include "formats/choose.h"
#include "formats/member_names.h"
#include "formats/payload.h"
#include "verifier/base/ckd.h"
#include "verifier/digest/view.h"

#define STORAGE_HEAD 4096	/* bytes looked at in raw tensor data */

struct level {
	struct sy_inspection *in;	/* of the container */
	struct sy_inspection own;	/* what `in` points at, below the file itself */
	struct sy_source source;
	struct sy_member *members;
	size_t n, cap, next;
	uint64_t scratch_used;		/* before this level */
	uint64_t n_hashed;		/* bytes of tensors in a decoded source */
	uint64_t n_own, n_below;	/* tensors, as it says itself, and as its members do */
};

/* Stands before the caller's sink: what only the file itself may say stops here. */
struct filter {
	struct sy_sink sink;
	struct sy_nest *nest;
};

struct sy_nest {
	struct sy_context *ctx;
	struct sy_sink *outer;
	struct filter filter;
	struct sy_scratch scratch;
	struct sy_arena arena;
	struct sy_record artifact;	/* of the file, kept until all was read */
	bool has_artifact;
	uint64_t bytes_parsed;		/* of members */
	uint64_t n_work;		/* bytes of all members that were opened */
	size_t depth;			/* index of the deepest level */
	struct level levels[SY_MEMBER_DEPTH + 1];
};

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

static bool is_worth_hashing(struct level *level, const struct sy_record_tensor *tensor)
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
static enum sy_status pass_decoded(struct sy_nest *nest, struct level *level,
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
	struct level *level = &nest->levels[nest->depth];
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
static uint64_t n_tensors(const struct level *level)
{
	return level->n_own > level->n_below ? level->n_own : level->n_below;
}

static enum sy_status count_tensors(struct sy_nest *nest, const struct sy_record *record)
{
	struct level *level = &nest->levels[nest->depth];

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

static enum sy_status pass(struct sy_sink *sink, const struct sy_record *record)
{
	struct sy_nest *nest = ((struct filter *)sink)->nest;
	struct sy_inspection *in = nest->levels[nest->depth].in;

	if (in->n_members > 0)
		return pass_from_member(nest, in, record);
	if (record->kind == SY_RECORD_ARTIFACT && !nest->has_artifact)
		return keep_artifact(nest, record);
	return sy_emit(nest->outer, record);
}

static struct level *level_of(struct sy_inspection *in)
{
	return &in->nest->levels[in->n_members];
}

enum sy_status sy_nest_list(struct sy_inspection *in, const struct sy_member *member,
			    const char *format)
{
	const struct sy_record_member record = {
		.name = member->name, .codec = sy_span_str(sy_codec_name(member->codec)),
		.format = sy_span_str(format), .off = member->off, .len = member->len,
		.size = member->size,
	};

	return sy_emit_member(in, &record);
}

enum sy_status sy_nest_add(struct sy_inspection *in, const struct sy_member *member)
{
	struct level *level;
	enum sy_status status;

	if (!in->nest)
		return sy_fail(in->ctx, SY_UNSUPPORTED, "members are not looked at here");
	level = level_of(in);
	status = sy_grow(in->ctx, &level->members, &level->cap, level->n + 1,
			 sizeof(*level->members));
	if (status != SY_OK)
		return status;
	level->members[level->n++] = *member;
	return SY_OK;
}

/* The level below: the member's own inspection, with nothing open yet. */
static struct level *descend(struct sy_nest *nest, const struct sy_member *member)
{
	const struct sy_inspection *above = nest->levels[nest->depth].in;
	struct level *level = &nest->levels[++nest->depth];

	level->own = *above;
	level->in = &level->own;
	level->source = (struct sy_source){ .ctx = nest->ctx, .fd = -1 };
	level->n = level->next = 0;
	level->n_hashed = level->n_own = level->n_below = 0;
	level->scratch_used = nest->scratch.used;
	level->own.source = &level->source;
	level->own.base = sy_member_name_base(member->name);
	level->own.path = member->name;
	level->own.members[level->own.n_members++] = member->name;
	level->own.bytes_parsed = 0;
	if (above->file_off != SY_OFFSET_NONE)
		level->own.file_off = above->file_off + member->off;
	if (member->codec != SY_CODEC_STORED)
		level->own.file_off = SY_OFFSET_NONE;
	sy_arena_init(&level->own.arena, nest->ctx);
	return level;
}

/* Gives back what the deepest level holds; its facts count for the file. */
static void ascend(struct sy_nest *nest)
{
	struct level *level = &nest->levels[nest->depth--];
	struct sy_inspection *above = nest->levels[nest->depth].in;

	memcpy(above->n_facts, level->own.n_facts, sizeof(above->n_facts));
	memcpy(above->n_steps, level->own.n_steps, sizeof(above->n_steps));
	nest->bytes_parsed += level->own.bytes_parsed;
	if (ckd_add(&nest->levels[nest->depth].n_below, nest->levels[nest->depth].n_below,
		    n_tensors(level)))
		nest->levels[nest->depth].n_below = UINT64_MAX;
	sy_source_close(&level->source);
	sy_arena_free(&level->own.arena);
	nest->scratch.used = level->scratch_used;
}

static enum sy_status tell_decoded(struct sy_inspection *in, const struct sy_member *member,
				   const struct sy_decode *decode)
{
	const struct sy_span no_symbol = sy_span_of(NULL, 0);
	enum sy_status status = SY_OK;

	if (member->is_encrypted)
		return SY_OK;
	if (decode->end == SY_DECODE_TRUNCATED || decode->end == SY_DECODE_CORRUPT)
		status = sy_fact(in, SY_RULE_MEMBER_DATA_BROKEN, SY_OFFSET_NONE, 0, no_symbol,
				 "%s: %s after %llu of %llu compressed bytes, which gave %llu",
				 sy_codec_name(decode->codec),
				 decode->end == SY_DECODE_TRUNCATED ? "ends" : decode->what,
				 (unsigned long long)decode->n_read,
				 (unsigned long long)member->len,
				 (unsigned long long)decode->n_written);
	if (status != SY_OK || member->size == SY_OFFSET_NONE ||
	    member->is_storage)
		return status;
	if (decode->n_written != member->size || decode->end == SY_DECODE_LONGER)
		status = sy_fact(in, SY_RULE_MEMBER_SIZE_WRONG, SY_OFFSET_NONE, 0, no_symbol,
				 "the archive says %llu bytes, there are %s%llu",
				 (unsigned long long)member->size,
				 decode->end == SY_DECODE_LONGER ? "more than " : "",
				 (unsigned long long)decode->n_written);
	return status;
}

#define ZEROS_MAX 65536u	/* a file's last block at most; more may hide something */

static enum sy_status is_zeros(struct sy_source *source, uint64_t off, uint64_t len, bool *is)
{
	uint8_t block[4096];

	*is = len <= ZEROS_MAX;
	for (uint64_t at = 0; *is && at < len; at += sizeof(block)) {
		size_t n = len - at < sizeof(block) ? (size_t)(len - at) : sizeof(block);
		enum sy_status status = sy_source_read(source, off + at, block, n);

		if (status != SY_OK)
			return status;
		for (size_t i = 0; i < n; i++)
			*is &= block[i] == 0;
	}
	return SY_OK;
}

/* What follows the compressed data is nobody's; it is looked at like any member. */
static enum sy_status tell_trailing(struct sy_nest *nest, const struct sy_member *member,
				    const struct sy_decode *decode)
{
	struct level *above = &nest->levels[nest->depth - 1];
	struct sy_inspection *in = nest->levels[nest->depth].in;
	struct sy_member rest = {
		.name = sy_span_str("(behind the compressed data)"),
		.off = member->off + decode->n_read, .len = member->len - decode->n_read,
		.size = member->len - decode->n_read,
	};
	enum sy_status status;
	bool is_empty;

	if (decode->end != SY_DECODE_COMPLETE || rest.len == 0 || member->is_encrypted)
		return SY_OK;
	status = sy_fact(in, SY_RULE_MEMBER_DATA_TRAILING, SY_OFFSET_NONE, 0,
			 sy_span_of(NULL, 0), "%llu bytes behind the end of the compressed data",
			 (unsigned long long)rest.len);
	if (status == SY_OK)
		status = is_zeros(above->in->source, rest.off, rest.len, &is_empty);
	if (status != SY_OK || is_empty)
		return status;
	return sy_nest_add(above->in, &rest);
}

static enum sy_status compare_crc(struct sy_inspection *in, const struct sy_member *member,
				  const struct sy_decode *decode)
{
	uint32_t crc = decode->crc32;
	enum sy_status status = SY_OK;

	if (!member->has_crc || decode->end != SY_DECODE_COMPLETE)
		return SY_OK;
	if (decode->codec == SY_CODEC_STORED)
		status = sy_source_crc32(in->source, &crc);
	if (status != SY_OK || crc == member->crc32)
		return status;
	return sy_fact(in, SY_RULE_MEMBER_CHECKSUM_WRONG, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "CRC-32 0x%08x, the archive says 0x%08x",
		       crc, member->crc32);
}

/* A byte more than was promised is asked for: a member that is longer shows. */
static uint64_t wanted(const struct sy_member *member)
{
	if (member->is_storage && !member->has_crc)
		return STORAGE_HEAD;
	return member->size == SY_OFFSET_NONE ? UINT64_MAX : member->size;
}

static enum sy_status open_member(struct sy_nest *nest, struct level *level,
				  const struct sy_member *member)
{
	struct sy_decode decode = {
		.codec = member->codec, .from = nest->levels[nest->depth - 1].in->source,
		.off = member->off, .len = member->len, .max = wanted(member),
	};
	enum sy_status status = sy_decode(&decode, &nest->scratch, &level->own.arena,
					  &level->source);
	enum sy_status told = status == SY_OK ? tell_decoded(level->in, member, &decode) : SY_OK;

	if (told == SY_OK && status == SY_OK)
		told = tell_trailing(nest, member, &decode);
	if (told == SY_OK && status == SY_OK)
		told = compare_crc(level->in, member, &decode);
	return status != SY_OK ? status : told;
}

static enum sy_status look(struct sy_inspection *in, struct sy_candidate *candidate)
{
	struct sy_source *source = in->source;
	uint64_t tail = source->size > SY_PROBE_TAIL ? source->size - SY_PROBE_TAIL : 0;
	struct sy_probe probe = { .size = source->size, .base = in->base, .path = in->path };
	enum sy_status status = sy_source_view(source, 0, SY_PROBE_HEAD, &in->arena,
					       &probe.head);

	if (status == SY_OK)
		status = sy_source_view(source, tail, SY_PROBE_TAIL, &in->arena, &probe.tail);
	if (status == SY_OK)
		sy_candidate_look(candidate, &probe);
	return status;
}

/* Says to the container of the member that is open what that is. */
static enum sy_status list_open(struct sy_inspection *in, const struct sy_member *member,
				const char *format)
{
	struct sy_member listed = *member;

	if (listed.size == SY_OFFSET_NONE && !in->is_cut)
		listed.size = in->source->size;
	return sy_nest_list(in->nest->levels[in->nest->depth - 1].in, &listed, format);
}

static const char *chosen_name(const struct sy_candidate *candidate,
			       const struct sy_choice *choice)
{
	if (choice->kind == SY_CHOICE_INSPECT)
		return choice->format->name;
	return candidate->content ? candidate->content->name : "unknown";
}

static enum sy_status by_content(struct sy_inspection *in, const struct sy_member *member)
{
	struct sy_candidate candidate = { .base = in->base, .size = in->source->size,
					  .is_named = member->is_unnamed };
	struct sy_choice choice;
	enum sy_status status = look(in, &candidate);

	if (status != SY_OK)
		return status;
	sy_choose(&candidate, &choice);
	status = list_open(in, member, chosen_name(&candidate, &choice));
	for (size_t i = 0; i < choice.n_facts && status == SY_OK; i++)
		status = sy_fact_text(in, choice.facts[i].rule, SY_OFFSET_NONE, 0,
				      sy_span_of(NULL, 0), &choice.facts[i].detail);
	if (status != SY_OK || choice.kind != SY_CHOICE_INSPECT)
		return status;
	return choice.format->inspect(in);
}

static enum sy_status inspect_member(struct sy_inspection *in, const struct sy_member *member)
{
	const char *format = member->format ? member->format->name : "storage";
	enum sy_status status;

	if (!member->format && !member->is_storage)
		return by_content(in, member);
	status = list_open(in, member, format);
	if (status != SY_OK)
		return status;
	return member->format ? member->format->inspect(in)
			      : sy_payload_check(in, member->name, 0, in->source->size);
}

/*
 * What ended one member only is a fact about it.  What ended the run as a whole
 * (cancelled, a sink that takes no more) comes back from that fact.
 */
static enum sy_status ended(struct sy_inspection *in, enum sy_status status)
{
	struct sy_context *ctx = in->ctx;
	struct sy_error error = ctx->error;

	if (status != SY_LIMIT && status != SY_NO_MEMORY && status != SY_UNSUPPORTED)
		return status;
	sy_error_clear(ctx);
	return sy_fact(in, status == SY_UNSUPPORTED ? SY_RULE_FORMAT_CONTAINER_UNEXAMINED
						    : SY_RULE_WORKER_LIMIT_REACHED,
		       SY_OFFSET_NONE, 0, sy_span_of(NULL, 0), "%s", error.text);
}

static enum sy_status too_deep(struct sy_inspection *in, const struct sy_member *member)
{
	struct sy_text text;
	enum sy_status status = sy_nest_list(in, member, "unknown");

	if (status != SY_OK)
		return status;
	sy_text_init(&text);
	sy_text_name(&text, member->name);
	return sy_fact(in, SY_RULE_WORKER_LIMIT_REACHED, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "%s lies in %d containers inside each other and "
		       "was not examined", text.data, SY_MEMBER_DEPTH);
}

/*
 * Members that share bytes, in containers that share bytes, multiply.  Honest ones
 * come to at most all bytes once per level; each one costs something by itself.
 */
#define WORK_BYTES_SPARE (UINT64_C(16) << 20)
#define WORK_BYTES_MEMBER 4096	/* below the first level */

static bool is_affordable(struct sy_nest *nest, const struct sy_member *member)
{
	uint64_t all = nest->levels[0].in->source->size, work = nest->n_work;

	if (ckd_add(&all, all, nest->scratch.n_decoded) || ckd_mul(&all, all, SY_MEMBER_DEPTH) ||
	    ckd_add(&all, all, WORK_BYTES_SPARE))
		all = UINT64_MAX;
	if (ckd_add(&work, work, member->len) ||
	    ckd_add(&work, work, nest->depth > 0 ? WORK_BYTES_MEMBER : 0) || work > all)
		return false;
	nest->n_work = work;
	return true;
}

static enum sy_status too_much(struct sy_inspection *in, const struct sy_member *member)
{
	struct sy_text text;
	enum sy_status status = sy_nest_list(in, member, "unknown");

	if (status != SY_OK)
		return status;
	sy_text_init(&text);
	sy_text_name(&text, member->name);
	return sy_fact(in, SY_RULE_WORKER_LIMIT_REACHED, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "%s was not examined: the file's members share their "
		       "bytes and come to far more than it has", text.data);
}

static enum sy_status run_fn(struct sy_inspection *in, void *user)
{
	return inspect_member(in, user);
}

/* Of a bomb no more is looked at: a loader acts on what comes before the limit, too. */
#define CUT_BYTES (UINT64_C(16) << 20)

static enum sy_status cut(struct level *level, enum sy_status status)
{
	if (status != SY_LIMIT || level->source.size == 0)
		return status;
	if (level->source.size > CUT_BYTES)
		level->source.size = CUT_BYTES;
	status = ended(level->in, status);
	level->in->is_cut = true;
	return status;
}

/* Leaves the member's level open: its own members come next. */
static enum sy_status enter(struct sy_nest *nest, const struct sy_member *member,
			    sy_member_fn *fn, void *user)
{
	struct level *level = descend(nest, member);
	enum sy_status status = cut(level, open_member(nest, level, member)), listed = SY_OK;

	if (status == SY_OK)
		status = fn(level->in, user);
	else if (fn == run_fn)
		listed = list_open(level->in, member, "unknown");
	if (status == SY_OK || listed != SY_OK)
		return listed;
	return ended(level->in, status);
}

/* Works until `floor` is the deepest level again and has no members left. */
static enum sy_status run_down_to(struct sy_nest *nest, size_t floor)
{
	enum sy_status status = SY_OK;

	while (status == SY_OK) {
		struct level *level = &nest->levels[nest->depth];

		if (level->next < level->n) {
			struct sy_member member = level->members[level->next++];

			if (sy_cancelled(nest->ctx))
				status = sy_fail(nest->ctx, SY_CANCELLED, "interrupted");
			else if (nest->depth == SY_MEMBER_DEPTH)
				status = too_deep(level->in, &member);
			else if (!is_affordable(nest, &member))
				status = too_much(level->in, &member);
			else
				status = enter(nest, &member, run_fn, &member);
			continue;
		}
		if (nest->depth == floor)
			break;
		ascend(nest);
	}
	while (nest->depth > floor)
		ascend(nest);
	return status;
}

enum sy_status sy_nest_open(struct sy_inspection *in, const struct sy_member *member,
			    sy_member_fn *fn, void *user)
{
	struct sy_nest *nest = in->nest;
	size_t floor = in->n_members;
	enum sy_status status;

	if (!nest)
		return sy_fail(in->ctx, SY_UNSUPPORTED, "members are not looked at here");
	if (floor == SY_MEMBER_DEPTH)
		return too_deep(in, member);
	if (!is_affordable(nest, member))
		return too_much(in, member);
	status = enter(nest, member, fn, user);
	if (status == SY_OK)
		status = run_down_to(nest, floor + 1);
	while (nest->depth > floor)
		ascend(nest);
	return status;
}

static enum sy_status emit_artifact(struct sy_nest *nest)
{
	struct sy_record_artifact *artifact = &nest->artifact.u.artifact;
	uint64_t size = nest->levels[0].in->source->size;

	if (!nest->has_artifact)
		return SY_OK;
	/* Those of members that were not listed are missing. */
	if (artifact->n_tensors < nest->levels[0].n_below)
		artifact->n_tensors = nest->levels[0].n_below;
	if (nest->bytes_parsed > size - artifact->bytes_parsed)
		artifact->bytes_parsed = size;
	else
		artifact->bytes_parsed += nest->bytes_parsed;
	return sy_emit(nest->outer, &nest->artifact);
}

static void nest_init(struct sy_nest *nest, struct sy_inspection *in, int scratch_fd)
{
	nest->ctx = in->ctx;
	nest->outer = in->sink;
	nest->filter = (struct filter){ .sink.emit = pass, .nest = nest };
	sy_scratch_init(&nest->scratch, in->ctx, scratch_fd, in->source->size);
	sy_arena_init(&nest->arena, in->ctx);
	nest->levels[0].in = in;
	in->nest = nest;
	in->sink = &nest->filter.sink;
}

static void nest_free(struct sy_nest *nest)
{
	for (size_t i = 0; i <= SY_MEMBER_DEPTH; i++)
		sy_release(nest->ctx, nest->levels[i].members);
	sy_arena_free(&nest->arena);
	nest->levels[0].in->nest = NULL;
	nest->levels[0].in->sink = nest->outer;
	sy_release(nest->ctx, nest);
}

/*
 * A failure of ours that a reader took for an answer about the file.  Whoever turns one
 * into a fact clears it; what is left was swallowed, and something was not read.
 */
static enum sy_status swallowed(const struct sy_context *ctx)
{
	enum sy_status status = ctx->error.status;
	bool is_ours = status == SY_IO || status == SY_CHANGED || status == SY_NO_MEMORY ||
		       status == SY_CANCELLED;

	return is_ours ? status : SY_OK;
}

enum sy_status sy_nest_inspect(struct sy_inspection *in, const struct sy_format *format,
			       int scratch_fd)
{
	struct sy_nest *nest = sy_alloc(in->ctx, sizeof(*nest));
	enum sy_status status, told;

	if (!nest)
		return sy_memory_status(in->ctx);
	nest_init(nest, in, scratch_fd);
	status = format->inspect(in);
	if (status == SY_OK)
		status = run_down_to(nest, 0);
	if (status == SY_OK)
		status = swallowed(in->ctx);
	told = sy_facts_end(in);
	if (told == SY_OK)
		told = emit_artifact(nest);
	nest_free(nest);
	return status == SY_OK ? told : status;
}
