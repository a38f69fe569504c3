/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling a report.  Everything that is kept is copied into the report's arena;
 * nothing is judged here (finish.c does that, once, at the end).
 */
#include "verifier/report/report.h"

#include <assert.h>

#include "verifier/base/text.h"

static const char ellipsis[] = "...";

static const char *const verdicts[] = {
	[SY_CLEAN] = "clean",
	[SY_FLAGGED] = "flagged",
	[SY_UNDETERMINED_VERDICT] = "undetermined",
	[SY_NOTHING_EXAMINED] = "not-examined",
};

static const char *const scopes[SY_N_SCOPES] = {
	[SY_SCOPE_EXAMINED] = "examined",
	[SY_SCOPE_NOT_EXAMINED] = "not-examined",
	[SY_SCOPE_LISTED] = "listed",
	[SY_SCOPE_OTHER_LOADER] = "other-loader",
	[SY_SCOPE_EXCLUDED] = "excluded",
};

static const char *const step_kinds[SY_N_STEP_KINDS] = {
	[SY_STEP_BEGIN] = "begin", [SY_STEP_IMPORT] = "import", [SY_STEP_CALL] = "call",
	[SY_STEP_BUILD] = "build", [SY_STEP_STORE] = "store",
	[SY_STEP_PERSISTENT] = "persistent", [SY_STEP_ODD] = "odd",
	[SY_STEP_OPCODE] = "opcode", [SY_STEP_DATA] = "data", [SY_STEP_END] = "end",
	[SY_STEP_MORE] = "more",
};

static const char *const step_classes[SY_N_STEP_CLASSES] = {
	[SY_STEP_PLAIN] = "plain", [SY_STEP_KNOWN] = "known",
	[SY_STEP_UNUSUAL] = "unusual", [SY_STEP_UNKNOWN] = "unknown",
	[SY_STEP_DANGEROUS] = "dangerous",
};

/* Copies at most `max` bytes, and an ellipsis instead of what is cut off. */
static enum sy_status copy_cut(struct sy_report *report, struct sy_span s,
			       uint64_t max, struct sy_span *copy)
{
	*copy = sy_span_of(NULL, 0);
	if (s.len <= max)
		return sy_arena_copy(&report->arena, s, copy);

	size_t len = (size_t)max;

	/* Not in the middle of a character. */
	while (len > 0 && (s.data[len] & 0xc0) == 0x80)
		len--;

	uint8_t *p = sy_arena_alloc(&report->arena, len + sizeof(ellipsis));

	if (!p)
		return sy_memory_status(report->ctx);
	memcpy(p, s.data, len);
	memcpy(p + len, ellipsis, sizeof(ellipsis));
	*copy = sy_span_of(p, len + sizeof(ellipsis) - 1);
	return SY_OK;
}

static enum sy_status bad_rule(struct sy_report *report, unsigned rule)
{
	return sy_fail(report->ctx, SY_WORKER,
		       "a record speaks of rule %u, there are %u", rule,
		       (unsigned)SY_N_RULES);
}

/* The tally of one rule in one artifact, made on first use. */
static enum sy_status tally(struct sy_report *report, size_t artifact,
			    unsigned rule, struct sy_more **more)
{
	struct sy_artifact *a = &report->artifacts[artifact];

	for (*more = a->more; *more; *more = (*more)->next) {
		if ((*more)->rule == rule)
			return SY_OK;
	}

	struct sy_more *made = sy_arena_alloc(&report->arena, sizeof(*made));

	if (!made)
		return sy_memory_status(report->ctx);
	made->rule = rule;
	made->severity = sy_rule_info(rule)->severity;
	made->next = a->more;
	a->more = made;
	*more = made;
	return SY_OK;
}

/* A count that is too large to be true stays the largest there is. */
static void count(uint64_t *n, uint64_t more)
{
	*n = more > UINT64_MAX - *n ? UINT64_MAX : *n + more;
}

enum sy_status sy_report_new(struct sy_context *ctx, struct sy_report **report)
{
	struct sy_report *r = sy_alloc(ctx, sizeof(*r));

	*report = r;
	if (!r)
		return sy_memory_status(ctx);
	r->ctx = ctx;
	sy_arena_init(&r->arena, ctx);
	r->command = "check";
	r->loader = "any";
	r->fail_on = SY_HIGH;
	r->is_complete = true;
	r->asked = (1u << SY_N_QUESTIONS) - 1;
	return SY_OK;
}

void sy_report_free(struct sy_report **report)
{
	struct sy_report *r = *report;

	if (!r)
		return;
	for (size_t i = 0; i < r->n_artifacts; i++) {
		sy_release(r->ctx, r->artifacts[i].tensors);
		sy_release(r->ctx, r->artifacts[i].members);
		sy_release(r->ctx, r->artifacts[i].metas);
		sy_release(r->ctx, r->artifacts[i].steps);
	}
	sy_release(r->ctx, r->artifacts);
	sy_release(r->ctx, r->reasons);
	sy_release(r->ctx, r->signatures);
	sy_arena_free(&r->arena);
	sy_release(r->ctx, r);
	*report = NULL;
}

enum sy_status sy_report_add_artifact(struct sy_report *report,
				      struct sy_span path, uint64_t size,
				      size_t *index)
{
	*index = SIZE_MAX;

	struct sy_span copy;
	enum sy_status status = sy_arena_copy(&report->arena, path, &copy);

	if (status == SY_OK)
		status = sy_grow(report->ctx, &report->artifacts,
				 &report->cap_artifacts,
				 report->n_artifacts + 1,
				 sizeof(*report->artifacts));
	if (status != SY_OK)
		return status;
	*index = report->n_artifacts++;

	struct sy_artifact *a = &report->artifacts[*index];

	a->path = copy;
	a->format = sy_span_str("unknown");
	a->size = size;
	a->scope = SY_SCOPE_NOT_EXAMINED;
	return SY_OK;
}

/* n names on the way into a container; *copies NULL when there are none. */
static enum sy_status copy_members(struct sy_report *report,
				   const struct sy_span *members, size_t n,
				   struct sy_span **copies)
{
	enum sy_status status = SY_OK;

	*copies = NULL;
	if (n == 0)
		return SY_OK;
	*copies = sy_arena_alloc(&report->arena, n * sizeof(**copies));
	if (!*copies)
		return sy_memory_status(report->ctx);
	for (size_t i = 0; i < n && status == SY_OK; i++)
		status = copy_cut(report, members[i], report->ctx->limits.name_bytes,
				  &(*copies)[i]);
	return status;
}

enum sy_status sy_report_add_finding(struct sy_report *report, size_t artifact,
				     const struct sy_record_fact *fact)
{
	assert(artifact < report->n_artifacts);
	if (fact->rule >= SY_N_RULES)
		return bad_rule(report, fact->rule);

	struct sy_more *more;
	enum sy_status status = tally(report, artifact, fact->rule, &more);

	if (status != SY_OK)
		return status;
	if (more->n_kept >= report->ctx->limits.findings_per_rule) {
		count(&more->n, 1);
		return SY_OK;
	}

	struct sy_finding *f = sy_arena_alloc(&report->arena, sizeof(*f));

	if (!f)
		return sy_memory_status(report->ctx);
	f->rule = fact->rule;
	f->severity = sy_rule_info(fact->rule)->severity;
	f->off = fact->off;
	f->len = fact->len;
	f->file_off = fact->n_members ? fact->file_off : fact->off;
	status = copy_cut(report, fact->symbol, report->ctx->limits.name_bytes,
			  &f->symbol);
	if (status == SY_OK)
		status = copy_cut(report, fact->detail,
				  report->ctx->limits.detail_bytes, &f->detail);
	if (status == SY_OK)
		status = copy_members(report, fact->members, fact->n_members,
				      &f->members);
	if (status != SY_OK)
		return status;

	struct sy_artifact *a = &report->artifacts[artifact];

	f->n_members = fact->n_members;
	f->next = a->findings;
	a->findings = f;
	a->n_findings++;
	more->n_kept++;
	return SY_OK;
}

enum sy_status sy_report_add_more(struct sy_report *report, size_t artifact,
				  unsigned rule, uint64_t n)
{
	assert(artifact < report->n_artifacts);
	if (rule >= SY_N_RULES)
		return bad_rule(report, rule);

	struct sy_more *more;
	enum sy_status status = tally(report, artifact, rule, &more);

	if (status == SY_OK)
		count(&more->n, n);
	return status;
}

enum sy_status sy_report_add_digest(struct sy_report *report, size_t artifact,
				    const struct sy_digest *digest)
{
	assert(artifact < report->n_artifacts && digest->len > 0);

	struct sy_digest *kept = sy_arena_alloc(&report->arena, sizeof(*kept));

	if (!kept)
		return sy_memory_status(report->ctx);
	*kept = *digest;
	report->artifacts[artifact].digests[digest->algorithm] = kept;
	return SY_OK;
}

/* Strides, and a digest that the worker made. */
static enum sy_status copy_layout(struct sy_report *report, const struct sy_record_tensor *t,
				  struct sy_tensor *made)
{
	size_t len = t->rank * sizeof(*made->strides);

	if (t->has_strides) {
		made->strides = sy_arena_alloc(&report->arena, len);
		if (!made->strides)
			return sy_memory_status(report->ctx);
		memcpy(made->strides, t->strides, len);
	}
	if (t->data_digest.len != sizeof(made->digests->data))
		return SY_OK;
	made->digests = sy_arena_alloc(&report->arena, sizeof(*made->digests));
	if (!made->digests)
		return sy_memory_status(report->ctx);
	made->digests->is_derived = true;
	memcpy(made->digests->data, t->data_digest.data, t->data_digest.len);
	return SY_OK;
}

enum sy_status sy_report_add_tensor(struct sy_report *report, size_t artifact,
				    const struct sy_record_tensor *t)
{
	assert(artifact < report->n_artifacts && t->rank <= SY_RANK_MAX);

	struct sy_artifact *a = &report->artifacts[artifact];
	struct sy_tensor made = { .rank = t->rank, .off = t->off, .len = t->len,
				  .is_absent = t->is_absent,
				  .is_big_endian = t->is_big_endian };
	size_t shape_len = t->rank * sizeof(*made.shape);
	enum sy_status status = sy_arena_copy(&report->arena, t->name, &made.name);

	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, t->dtype, &made.dtype);
	if (status == SY_OK)
		status = sy_grow(report->ctx, &a->tensors, &a->cap_tensors,
				 a->n_kept_tensors + 1, sizeof(*a->tensors));
	if (status != SY_OK)
		return status;
	made.shape = sy_arena_alloc(&report->arena, shape_len);
	if (!made.shape)
		return sy_memory_status(report->ctx);
	if (shape_len > 0)
		memcpy(made.shape, t->shape, shape_len);
	status = copy_layout(report, t, &made);
	if (status != SY_OK)
		return status;
	a->tensors[a->n_kept_tensors++] = made;
	return SY_OK;
}

enum sy_status sy_report_add_meta(struct sy_report *report, size_t artifact,
				  const struct sy_record_meta *m)
{
	assert(artifact < report->n_artifacts);

	struct sy_artifact *a = &report->artifacts[artifact];
	struct sy_meta made = { .off = m->off, .len = m->len };
	enum sy_status status = sy_arena_copy(&report->arena, m->key, &made.key);

	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, m->type, &made.type);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, m->value, &made.value);
	if (status == SY_OK)
		status = sy_grow(report->ctx, &a->metas, &a->cap_metas,
				 a->n_metas + 1, sizeof(*a->metas));
	if (status == SY_OK)
		a->metas[a->n_metas++] = made;
	return status;
}

static bool is_same_path(const struct sy_span *a, size_t n_a, const struct sy_span *b,
			 size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) {
		if (!sy_span_equal(a[i], b[i]))
			return false;
	}
	return true;
}

/* Most members follow one of the same container: its names are shared. */
static enum sy_status copy_path(struct sy_report *report, const struct sy_artifact *a,
				const struct sy_record_member *m, struct sy_member_row *made)
{
	const struct sy_member_row *last =
		a->n_kept_members > 0 ? &a->members[a->n_kept_members - 1] : NULL;

	made->n_members = m->n_members;
	if (!last || !is_same_path(last->members, last->n_members, m->members, m->n_members))
		return copy_members(report, m->members, m->n_members, &made->members);
	made->members = last->members;
	return SY_OK;
}

static enum sy_status copy_row(struct sy_report *report, const struct sy_record_member *m,
			       struct sy_member_row *made)
{
	enum sy_status status = copy_cut(report, m->name, report->ctx->limits.name_bytes,
					 &made->name);

	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, m->codec, &made->codec);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, m->format, &made->format);
	return status;
}

enum sy_status sy_report_add_member(struct sy_report *report, size_t artifact,
				    const struct sy_record_member *m)
{
	assert(artifact < report->n_artifacts);

	struct sy_artifact *a = &report->artifacts[artifact];
	struct sy_member_row made = { .off = m->off, .len = m->len, .size = m->size,
				      .file_off = m->file_off };
	enum sy_status status;

	a->n_members++;
	if (a->n_kept_members >= report->ctx->limits.members)
		return SY_OK;
	status = copy_row(report, m, &made);
	if (status == SY_OK)
		status = copy_path(report, a, m, &made);
	if (status == SY_OK)
		status = sy_grow(report->ctx, &a->members, &a->cap_members,
				 a->n_kept_members + 1, sizeof(*a->members));
	if (status == SY_OK)
		a->members[a->n_kept_members++] = made;
	return status;
}

/* Most steps are of the member that the one before was of: its names are shared. */
static enum sy_status step_members(struct sy_report *report, const struct sy_artifact *a,
				   const struct sy_record_step *s, struct sy_step *made)
{
	const struct sy_step *last = a->n_steps > 0 ? &a->steps[a->n_steps - 1] : NULL;

	made->n_members = s->n_members;
	if (!last || !is_same_path(last->members, last->n_members, s->members, s->n_members))
		return copy_members(report, s->members, s->n_members, &made->members);
	made->members = last->members;
	return SY_OK;
}

enum sy_status sy_report_add_step(struct sy_report *report, size_t artifact,
				  const struct sy_record_step *s)
{
	assert(artifact < report->n_artifacts);

	struct sy_artifact *a = &report->artifacts[artifact];
	struct sy_step made = {
		.kind = s->kind, .class = s->class, .depth = s->depth, .off = s->off,
		.len = s->len, .inner = s->inner, .value = s->value,
		.file_off = s->n_members ? s->file_off : s->off,
	};
	enum sy_status status = step_members(report, a, s, &made);

	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, s->opcode, &made.opcode);
	if (status == SY_OK)
		status = copy_cut(report, s->symbol, report->ctx->limits.name_bytes,
				  &made.symbol);
	if (status == SY_OK)
		status = copy_cut(report, s->text, report->ctx->limits.detail_bytes,
				  &made.text);
	if (status == SY_OK)
		status = sy_grow(report->ctx, &a->steps, &a->cap_steps, a->n_steps + 1,
				 sizeof(*a->steps));
	if (status == SY_OK)
		a->steps[a->n_steps++] = made;
	return status;
}

enum sy_status sy_report_add_notice(struct sy_report *report, const char *kind,
				    struct sy_span path, const char *fmt, ...)
{
	struct sy_text text;
	va_list args;

	sy_text_init(&text);
	va_start(args, fmt);
	sy_text_vaddf(&text, fmt, args);
	va_end(args);

	struct sy_notice *n = sy_arena_alloc(&report->arena, sizeof(*n));

	if (!n)
		return sy_memory_status(report->ctx);

	enum sy_status status = sy_arena_copy(&report->arena, sy_span_str(kind),
					      &n->kind);

	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, path, &n->path);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, sy_text_span(&text),
				       &n->detail);
	if (status != SY_OK)
		return status;
	n->next = report->notices;
	report->notices = n;
	report->n_notices++;
	return SY_OK;
}

enum sy_status sy_report_add_signature(struct sy_report *report,
				       const struct sy_signature_row *row)
{
	struct sy_signature_row *to;
	enum sy_status status = sy_grow(report->ctx, &report->signatures,
					&report->cap_signatures, report->n_signatures + 1,
					sizeof(*to));

	if (status != SY_OK)
		return status;
	to = &report->signatures[report->n_signatures];
	status = sy_arena_copy(&report->arena, row->file, &to->file);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, row->kind, &to->kind);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, row->signer, &to->signer);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, row->algorithm, &to->algorithm);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, row->status, &to->status);
	if (status == SY_OK)
		status = sy_arena_copy(&report->arena, row->reason, &to->reason);
	if (status == SY_OK)
		report->n_signatures++;
	return status;
}

enum sy_status sy_report_add_reason(struct sy_report *report, const char *word)
{
	for (size_t i = 0; i < report->n_reasons; i++) {
		if (!strcmp(report->reasons[i], word))
			return SY_OK;
	}

	enum sy_status status = sy_grow(report->ctx, &report->reasons,
					&report->cap_reasons,
					report->n_reasons + 1,
					sizeof(*report->reasons));

	if (status != SY_OK)
		return status;

	char *copy = sy_arena_str(&report->arena, word);

	if (!copy)
		return sy_memory_status(report->ctx);
	report->reasons[report->n_reasons++] = copy;
	return SY_OK;
}

void sy_artifact_answer(struct sy_artifact *artifact, enum sy_question question,
			enum sy_answer answer)
{
	if (answer > artifact->raised[question])
		artifact->raised[question] = answer;
}

void sy_artifact_examined(struct sy_artifact *artifact)
{
	artifact->scope = SY_SCOPE_EXAMINED;
	sy_artifact_answer(artifact, SY_WELL_FORMED, SY_YES);
	sy_artifact_answer(artifact, SY_INERT, SY_YES);
}

const char *sy_step_kind_name(enum sy_step_kind kind)
{
	return step_kinds[kind];
}

const char *sy_step_class_name(const struct sy_step *step)
{
	return step->is_allowed ? "allowed" : step_classes[step->class];
}

const char *sy_verdict_name(enum sy_verdict verdict)
{
	return verdicts[verdict];
}

const char *sy_scope_name(enum sy_scope scope)
{
	return scopes[scope];
}
