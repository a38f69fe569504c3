/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of nested inspections.  Each level is one container on the way down,
 * with the members it named; the deepest level works first.  Never recurses on
 * input, never forgets a member in silence: one that cannot be opened, decoded or
 * read to its end is a fact of its own.
 */
#include "formats/nest_parts.h"

#include "formats/choose.h"
#include "formats/member_names.h"
#include "formats/payload.h"
#include "verifier/base/ckd.h"

static struct sy_nest_level *level_of(struct sy_inspection *in)
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
	struct sy_nest_level *level;
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
static struct sy_nest_level *descend(struct sy_nest *nest, const struct sy_member *member)
{
	const struct sy_inspection *above = nest->levels[nest->depth].in;
	struct sy_nest_level *level = &nest->levels[++nest->depth];

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
	struct sy_nest_level *level = &nest->levels[nest->depth--];
	struct sy_inspection *above = nest->levels[nest->depth].in;

	memcpy(above->n_facts, level->own.n_facts, sizeof(above->n_facts));
	memcpy(above->n_steps, level->own.n_steps, sizeof(above->n_steps));
	nest->bytes_parsed += level->own.bytes_parsed;
	if (ckd_add(&nest->levels[nest->depth].n_below, nest->levels[nest->depth].n_below,
		    sy_nest_n_tensors(level)))
		nest->levels[nest->depth].n_below = UINT64_MAX;
	sy_source_close(&level->source);
	sy_arena_free(&level->own.arena);
	nest->scratch.used = level->scratch_used;
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

static enum sy_status cut(struct sy_nest_level *level, enum sy_status status)
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
	struct sy_nest_level *level = descend(nest, member);
	enum sy_status listed = SY_OK;
	enum sy_status status = cut(level, sy_nest_open_member(nest, level, member));

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
		struct sy_nest_level *level = &nest->levels[nest->depth];

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
	nest->filter = (struct sy_nest_filter){ .sink.emit = sy_nest_pass, .nest = nest };
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
