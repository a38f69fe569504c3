/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps from events.  The facts hear each event first; whether that stated a fact
 * tells how unusual the step is.  Opcodes between events are read a second time
 * here, so that the machine need not tell about them.
 */
#include "formats/pickle/trace.h"

#include "formats/pickle/step_text.h"

#define SHOWN_MAX 1		/* steps of one known name and kind before they are summed up */
#define KNOWN_MAX 160		/* bytes of a sentence about what is known */

/* What opcodes build; a bit each, in the order in which they are named. */
enum { TEXT, BYTES, NUMBERS, NONES, LISTS, TUPLES, DICTS, SETS, NAMES, N_BUILT };

static const char *const built_names[N_BUILT] = {
	[TEXT] = "text", [BYTES] = "bytes", [NUMBERS] = "numbers", [NONES] = "None",
	[LISTS] = "lists", [TUPLES] = "tuples", [DICTS] = "dicts", [SETS] = "sets",
	[NAMES] = "names imported before",
};

/* By opcode; 0: nothing by itself (memo, marks, frames). */
static const uint16_t built_by[256] = {
	[SY_OP_STRING] = 1 << TEXT, [SY_OP_BINSTRING] = 1 << TEXT,
	[SY_OP_SHORT_BINSTRING] = 1 << TEXT, [SY_OP_UNICODE] = 1 << TEXT,
	[SY_OP_BINUNICODE] = 1 << TEXT, [SY_OP_BINUNICODE8] = 1 << TEXT,
	[SY_OP_SHORT_BINUNICODE] = 1 << TEXT,
	[SY_OP_BINBYTES] = 1 << BYTES, [SY_OP_SHORT_BINBYTES] = 1 << BYTES,
	[SY_OP_BINBYTES8] = 1 << BYTES, [SY_OP_BYTEARRAY8] = 1 << BYTES,
	[SY_OP_INT] = 1 << NUMBERS, [SY_OP_BININT] = 1 << NUMBERS,
	[SY_OP_BININT1] = 1 << NUMBERS, [SY_OP_BININT2] = 1 << NUMBERS,
	[SY_OP_LONG] = 1 << NUMBERS, [SY_OP_LONG1] = 1 << NUMBERS,
	[SY_OP_LONG4] = 1 << NUMBERS, [SY_OP_FLOAT] = 1 << NUMBERS,
	[SY_OP_BINFLOAT] = 1 << NUMBERS, [SY_OP_NEWTRUE] = 1 << NUMBERS,
	[SY_OP_NEWFALSE] = 1 << NUMBERS,
	[SY_OP_NONE] = 1 << NONES,
	[SY_OP_EMPTY_LIST] = 1 << LISTS, [SY_OP_LIST] = 1 << LISTS,
	[SY_OP_APPEND] = 1 << LISTS, [SY_OP_APPENDS] = 1 << LISTS,
	[SY_OP_EMPTY_TUPLE] = 1 << TUPLES, [SY_OP_TUPLE] = 1 << TUPLES,
	[SY_OP_TUPLE1] = 1 << TUPLES, [SY_OP_TUPLE2] = 1 << TUPLES,
	[SY_OP_TUPLE3] = 1 << TUPLES,
	[SY_OP_EMPTY_DICT] = 1 << DICTS, [SY_OP_DICT] = 1 << DICTS,
	[SY_OP_SETITEM] = 1 << DICTS, [SY_OP_SETITEMS] = 1 << DICTS,
	[SY_OP_EMPTY_SET] = 1 << SETS, [SY_OP_ADDITEMS] = 1 << SETS,
	[SY_OP_FROZENSET] = 1 << SETS,
	[SY_OP_GLOBAL] = 1 << NAMES, [SY_OP_STACK_GLOBAL] = 1 << NAMES,
};

static bool wants(const struct sy_pickle_trace *t, unsigned what)
{
	return t->facts->in->wants & what;
}

/* Its beginning, not ending inside a character. */
static struct sy_span cut(const struct sy_text *text, struct sy_text *shorter)
{
	size_t len = KNOWN_MAX;

	while (len > 0 && ((uint8_t)text->data[len] & 0xc0) == 0x80)
		len--;
	sy_text_init(shorter);
	sy_text_add_span(shorter, sy_span_of(text->data, len));
	sy_text_add(shorter, "...");
	return sy_text_span(shorter);
}

/* Emits a step at `off` of the running stream. */
static enum sy_status emit(struct sy_pickle_trace *t, uint64_t off, uint64_t len,
			   struct sy_record_step *step, const struct sy_text *text)
{
	const struct sy_pickle_job *job = &t->facts->job;
	struct sy_text shorter;

	step->off = sy_pickle_facts_off(t->facts, off);
	step->len = job->is_decoded ? 0 : len;
	step->inner = job->is_decoded ? off : SY_OFFSET_NONE;
	step->depth = job->depth < UINT8_MAX ? (uint8_t)job->depth : UINT8_MAX;
	step->text = sy_text_span(text);
	if (step->class == SY_STEP_KNOWN && text->len > KNOWN_MAX)
		step->text = cut(text, &shorter);
	return sy_emit_step(t->facts->in, step);
}

/* What opcodes without event built since the last step. */
static enum sy_status flush_run(struct sy_pickle_trace *t)
{
	struct sy_record_step step = { .kind = SY_STEP_DATA, .value = t->run.n };
	struct sy_text text;
	bool is_first = true;
	uint64_t off = t->run.off;

	/* Marks, memo and frames alone are not worth a line. */
	if (t->run.kinds == 0 && t->run.n_repeats == 0) {
		t->run = (struct sy_pickle_run){ 0 };
		return SY_OK;
	}
	sy_text_init(&text);
	sy_text_add(&text, t->run.kinds ? "build plain data: " : "build on what is there");
	for (unsigned i = 0; i < N_BUILT; i++) {
		if (!(t->run.kinds & 1u << i))
			continue;
		sy_text_addf(&text, "%s%s", is_first ? "" : ", ", built_names[i]);
		is_first = false;
	}
	if (t->run.n_repeats > 0) {
		step.class = SY_STEP_KNOWN;
		sy_text_add(&text, "; among them ");
		sy_text_count(&text, t->run.n_repeats);
		sy_text_add(&text, t->run.n_repeats == 1 ? " more use" : " more uses");
		sy_text_add(&text, " of known names, as before");
	}
	t->run = (struct sy_pickle_run){ 0 };
	return emit(t, off, 0, &step, &text);
}

/* One opcode that no event was about. */
static enum sy_status note(struct sy_pickle_trace *t, uint64_t off, uint8_t opcode,
			   const struct sy_argument *arg)
{
	struct sy_record_step step = { .kind = SY_STEP_OPCODE, .value = SY_OFFSET_NONE };
	struct sy_text text;

	if (!wants(t, SY_WANT_OPCODES)) {
		if (t->run.n++ == 0)
			t->run.off = off;
		t->run.kinds |= built_by[opcode];
		return SY_OK;
	}
	sy_text_init(&text);
	if (sy_step_is_wanted(t->facts->in, step.class))
		sy_step_add_argument(arg, opcode, &text);
	step.opcode = sy_span_str(sy_opcodes[opcode].name);
	return emit(t, off, sy_reader_at(&t->reader) - off, &step, &text);
}

/* Over the opcodes before `upto`; what cannot be read is left to the machine. */
static enum sy_status walk(struct sy_pickle_trace *t, uint64_t upto)
{
	enum sy_status status = SY_OK;

	while (status == SY_OK && !t->is_lost && sy_reader_at(&t->reader) < upto) {
		uint64_t off = sy_reader_at(&t->reader);
		struct sy_argument arg;
		uint8_t opcode;

		t->is_lost = true;
		if (!sy_reader_has(&t->reader, 1))
			break;
		opcode = *t->reader.next++;
		if (sy_reader_argument(&t->reader, opcode, &arg) != SY_READ_OK)
			break;
		t->is_lost = false;
		status = note(t, off, opcode, &arg);
	}
	return status;
}

/* Goes where the machine is, behind what it was just told about. */
static void follow(struct sy_pickle_trace *t, const struct sy_pickle *m)
{
	uint64_t at = sy_reader_at(&t->reader);
	uint64_t upto = sy_reader_at(&m->reader) + m->skip;

	if (!t->is_lost && upto > at && !sy_reader_skip(&t->reader, upto - at))
		t->is_lost = true;
}

static enum sy_status emit_begin(struct sy_pickle_trace *t)
{
	const struct sy_pickle_job *job = &t->facts->job;
	struct sy_record_step step = { .kind = SY_STEP_BEGIN, .value = SY_OFFSET_NONE };
	uint8_t head[2] = { 0 };
	struct sy_text text;

	if (t->is_begun)
		return SY_OK;
	t->is_begun = true;
	if (job->end - t->start >= sizeof(head) &&
	    sy_source_read(job->source, t->start, head, sizeof(head)) == SY_OK &&
	    head[0] == SY_OP_PROTO)
		step.value = head[1];
	sy_text_init(&text);
	sy_text_add(&text, job->is_probe ? "what may be a pickle begins" :
		    job->depth > 0 ? "a pickle inside the pickle begins, for a loader" :
		    "a pickle begins");
	if (step.value == SY_OFFSET_NONE)
		sy_text_add(&text, ", protocol 0 or 1");
	else
		sy_text_addf(&text, ", protocol %u", head[1]);
	return emit(t, t->start, 1, &step, &text);
}

/* Known names do the same over and over: that is summed up. */
static bool is_repeat(struct sy_pickle_trace *t, const struct sy_record_step *step,
		      uint32_t global, enum sy_status *status)
{
	uint8_t *n;

	*status = SY_OK;
	if (step->class > SY_STEP_KNOWN || wants(t, SY_WANT_OPCODES))
		return false;
	if (step->kind == SY_STEP_PERSISTENT)
		return t->n_persistent++ >= SHOWN_MAX;
	*status = sy_grow(t->facts->in->ctx, &t->shown, &t->cap_shown, (size_t)global + 1,
			  sizeof(*t->shown));
	if (*status != SY_OK)
		return false;
	n = &t->shown[global][(unsigned)step->kind % SY_N_ELEMS(t->shown[0])];
	if (*n >= SHOWN_MAX)
		return true;
	(*n)++;
	return false;
}

/* Its name; none where the input ends or where there is no such opcode. */
static struct sy_span opcode_of(const struct sy_pickle_trace *t, const struct sy_pickle *m)
{
	const char *name = sy_opcodes[m->opcode].name;

	return sy_span_str(name && m->off < t->facts->job.end ? name : "");
}

/* All steps but data come through here, with the opcode that the machine is at. */
static enum sy_status tell(struct sy_pickle_trace *t, const struct sy_pickle *m,
			   struct sy_record_step *step, const struct sy_text *text)
{
	enum sy_status status;

	step->opcode = opcode_of(t, m);
	if (step->kind != SY_STEP_END)
		step->value = SY_OFFSET_NONE;
	if (!wants(t, SY_WANT_STEPS))
		return emit(t, m->off, 1, step, text);
	status = emit_begin(t);
	if (status == SY_OK)
		status = walk(t, m->off);
	if (status == SY_OK)
		status = flush_run(t);
	if (status == SY_OK)
		status = emit(t, m->off, 1, step, text);
	follow(t, m);
	return status;
}

/* The opcode becomes one of the run around it. */
static enum sy_status pass_over(struct sy_pickle_trace *t, const struct sy_pickle *m)
{
	enum sy_status status = emit_begin(t);

	if (status == SY_OK)
		status = walk(t, m->off);
	if (t->run.n++ == 0)
		t->run.off = m->off;
	follow(t, m);
	return status;
}

/* Known names are worth a word once, and only where imports are compared. */
static bool is_flow(struct sy_pickle_trace *t, const struct sy_record_step *step,
		    uint32_t global, enum sy_status *status)
{
	if (step->class > SY_STEP_KNOWN)
		return true;
	if (step->kind != SY_STEP_IMPORT || !wants(t, SY_WANT_IMPORTS))
		return false;
	return !is_repeat(t, step, global, status) && *status == SY_OK;
}

/*
 * Is this step worth a sentence?  Not when the name is known and only flows are
 * wanted, and not when it is one more of its kind, which is counted here.
 */
static bool is_told(struct sy_pickle_trace *t, const struct sy_pickle *m,
		    const struct sy_record_step *step, uint32_t global,
		    enum sy_status *status)
{
	*status = SY_OK;
	if (!wants(t, SY_WANT_STEPS)) {
		if (!is_flow(t, step, global, status))
			return false;
		if (sy_step_is_wanted(t->facts->in, step->class))
			return true;
		t->facts->in->n_steps[step->class]++;
		return false;
	}
	if (is_repeat(t, step, global, status)) {
		t->run.n_repeats++;
		*status = pass_over(t, m);
		return false;
	}
	if (*status != SY_OK || sy_step_is_wanted(t->facts->in, step->class))
		return *status == SY_OK;
	t->facts->in->n_steps[step->class]++;
	*status = pass_over(t, m);
	return false;
}

static enum sy_step_class class_of(const struct sy_global *global)
{
	switch (global->info.class) {
	case SY_GLOBAL_DANGEROUS:
		return SY_STEP_DANGEROUS;
	case SY_GLOBAL_UNKNOWN:
		return SY_STEP_UNKNOWN;
	case SY_GLOBAL_SAFE:
		break;
	}
	return SY_STEP_KNOWN;
}

static enum sy_status on_import(void *user, struct sy_pickle *m,
				const struct sy_pickle_import *import)
{
	struct sy_pickle_trace *t = user;
	const struct sy_global *global;
	struct sy_record_step step = { .kind = SY_STEP_IMPORT };
	struct sy_text text;
	enum sy_status status = t->facts->events.import(t->facts, m, import);

	if (status != SY_OK)
		return status;
	global = &m->globals->all[import->global];
	step.class = class_of(global);
	step.symbol = global->symbol;
	if (!is_told(t, m, &step, import->global, &status))
		return status;
	sy_text_init(&text);
	sy_text_add(&text, "imports ");
	sy_pickle_render(m, sy_value_global(import->global, false), SY_STEP_RENDER_MAX, &text);
	if (import->is_computed)
		sy_text_add(&text, ", a name put together while loading");
	sy_step_add_reason(global, &text);
	return tell(t, m, &step, &text);
}

static enum sy_step_kind kind_of(enum sy_pickle_how how)
{
	if (how == SY_HOW_BUILD)
		return SY_STEP_BUILD;
	return how == SY_HOW_ITEMS ? SY_STEP_STORE : SY_STEP_CALL;
}

/* What the facts made of it: n_told and n_danger are counts from before. */
static enum sy_step_class class_of_call(const struct sy_pickle_trace *t,
					const struct sy_pickle_call *call,
					const struct sy_global *global, uint64_t n_told,
					uint64_t n_danger)
{
	const struct sy_inspection *in = t->facts->in;
	enum sy_step_class class = global ? class_of(global) : SY_STEP_UNUSUAL;
	uint32_t index = sy_value_index(call->callee);

	if (in->n_facts[SY_RULE_PICKLE_IMPORT_DANGEROUS] > n_danger)
		return SY_STEP_DANGEROUS;
	if (class != SY_STEP_KNOWN)
		return class;
	if (in->n_all_facts > n_told ||
	    (index < t->facts->n_uses && (t->facts->uses[index].told & 1u << call->how)))
		return SY_STEP_UNUSUAL;
	return class;
}

static enum sy_status on_call(void *user, struct sy_pickle *m,
			      const struct sy_pickle_call *call)
{
	struct sy_pickle_trace *t = user;
	const struct sy_global *global = sy_pickle_global(m, call->callee);
	uint64_t n_told = t->facts->in->n_all_facts;
	uint64_t n_danger = t->facts->in->n_facts[SY_RULE_PICKLE_IMPORT_DANGEROUS];
	struct sy_record_step step = { .kind = kind_of(call->how) };
	struct sy_text text;
	enum sy_status status = t->facts->events.call(t->facts, m, call);

	if (status != SY_OK)
		return status;
	step.class = class_of_call(t, call, global, n_told, n_danger);
	if (global)
		step.symbol = global->symbol;
	if (!is_told(t, m, &step, global ? sy_value_index(call->callee) : 0, &status))
		return status;
	sy_text_init(&text);
	sy_step_add_call(m, call, global, &text);
	if (call->how != SY_HOW_BUILD && call->how != SY_HOW_ITEMS)
		sy_step_add_reason(global, &text);
	return tell(t, m, &step, &text);
}

static enum sy_status on_persistent(void *user, struct sy_pickle *m, uint64_t off, uint64_t id)
{
	struct sy_pickle_trace *t = user;
	uint64_t n_unusual = t->facts->n_unusual;
	struct sy_record_step step = { .kind = SY_STEP_PERSISTENT };
	struct sy_text text;
	enum sy_status status = t->facts->events.persistent(t->facts, m, off, id);

	if (status != SY_OK || !wants(t, SY_WANT_STEPS))
		return status;
	step.class = t->facts->n_unusual > n_unusual ? SY_STEP_UNUSUAL : SY_STEP_KNOWN;
	if (!is_told(t, m, &step, 0, &status))
		return status;
	sy_text_init(&text);
	sy_text_add(&text, "asks the loading program for ");
	sy_pickle_render(m, id, SY_STEP_RENDER_MAX, &text);
	return tell(t, m, &step, &text);
}

static enum sy_status on_oddity(void *user, struct sy_pickle *m, enum sy_pickle_oddity oddity,
				uint64_t off, uint64_t len, uint64_t value)
{
	struct sy_pickle_trace *t = user;
	uint64_t n_told = t->facts->in->n_all_facts;
	struct sy_record_step step = { .kind = SY_STEP_ODD, .class = SY_STEP_UNUSUAL };
	struct sy_text text;
	enum sy_status status = t->facts->events.oddity(t->facts, m, oddity, off, len, value);

	/* What is no fact, or no new one, is not worth a line either. */
	if (status != SY_OK || !wants(t, SY_WANT_STEPS) ||
	    t->facts->in->n_all_facts == n_told)
		return status;
	sy_text_init(&text);
	sy_step_add_oddity(m, oddity, len, value, &text);
	return tell(t, m, &step, &text);
}

enum sy_status sy_pickle_trace_begin(struct sy_pickle_trace *t, const struct sy_pickle *m,
				     uint64_t off)
{
	const struct sy_pickle_job *job = &t->facts->job;

	if (!wants(t, SY_WANT_STEPS))
		return SY_OK;
	t->start = off;
	t->n_before = m->n_opcodes;
	t->is_begun = false;
	if (t->source == job->source && !t->is_lost && sy_reader_at(&t->reader) == off)
		return SY_OK;
	sy_reader_close(&t->reader);
	t->source = job->source;
	t->is_lost = false;
	return sy_reader_open(&t->reader, job->source, off, job->end);
}

/* Something follows the last pickle that is none: not even a first step. */
static enum sy_status tell_rest(struct sy_pickle_trace *t)
{
	struct sy_record_step step = { .kind = SY_STEP_ODD, .class = SY_STEP_UNUSUAL,
				       .value = SY_OFFSET_NONE };
	struct sy_text text;

	t->run = (struct sy_pickle_run){ 0 };
	if (t->facts->job.is_probe)
		return SY_OK;
	sy_text_init(&text);
	sy_text_bytes(&text, t->facts->job.end - t->start);
	sy_text_add(&text, " follow that do not begin a pickle");
	return emit(t, t->start, 0, &step, &text);
}

enum sy_status sy_pickle_trace_end(struct sy_pickle_trace *t, struct sy_pickle *m,
				   const struct sy_pickle_end *end)
{
	struct sy_record_step step = { .kind = SY_STEP_END };
	struct sy_text text;

	if (!wants(t, SY_WANT_STEPS))
		return SY_OK;
	if (end->ending != SY_END_STOP && !t->is_begun && t->start > t->facts->job.start)
		return tell_rest(t);
	step.value = m->n_opcodes - t->n_before + (end->ending == SY_END_STOP);
	sy_text_init(&text);
	if (end->ending == SY_END_STOP) {
		sy_text_add(&text, "ends and returns ");
		sy_pickle_render(m, end->value, SY_STEP_RENDER_MAX, &text);
	} else {
		step.class = SY_STEP_UNUSUAL;
		sy_text_addf(&text, "loading fails here: %s", end->what);
	}
	return tell(t, m, &step, &text);
}

/* What goes into what is no step; only a container asks for it. */
static enum sy_status on_items(void *user, struct sy_pickle *m, uint64_t container,
			       const uint64_t *items, size_t n)
{
	struct sy_pickle_trace *t = user;

	if (!t->facts->events.items)
		return SY_OK;
	return t->facts->events.items(t->facts, m, container, items, n);
}

const struct sy_pickle_events *sy_pickle_trace_events(const struct sy_pickle_trace *t)
{
	return wants(t, SY_WANT_STEPS | SY_WANT_FLOWS | SY_WANT_IMPORTS)
		       ? &t->events : &t->facts->events;
}

void sy_pickle_trace_init(struct sy_pickle_trace *t, struct sy_pickle_facts *facts)
{
	*t = (struct sy_pickle_trace){ .facts = facts };
	t->events = (struct sy_pickle_events){
		.user = t, .import = on_import, .call = on_call,
		.persistent = on_persistent, .items = on_items, .oddity = on_oddity,
	};
}

void sy_pickle_trace_free(struct sy_pickle_trace *t)
{
	if (!t->facts)
		return;
	sy_reader_close(&t->reader);
	sy_release(t->facts->in->ctx, t->shown);
	*t = (struct sy_pickle_trace){ 0 };
}
