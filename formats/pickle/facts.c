/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about what the machine tells.  Severity and allowances are the judge's
 * business in the engine; here only what is so.
 */
#include "formats/pickle/facts.h"
#include "formats/pickle/resolve.h"

#define RENDER_MAX 160

uint64_t sy_pickle_facts_off(const struct sy_pickle_facts *facts, uint64_t off)
{
	return facts->job.is_decoded ? facts->job.from : off;
}

/* Of a global that was imported: imports always come first. */
struct sy_pickle_use *sy_pickle_use_of(struct sy_pickle_facts *facts, uint32_t global)
{
	return &facts->uses[global];
}

/* Room for all globals there are. */
static enum sy_status make_uses(struct sy_pickle_facts *facts)
{
	enum sy_status status = sy_grow(facts->in->ctx, &facts->uses, &facts->cap_uses,
					facts->globals.n, sizeof(*facts->uses));

	if (status == SY_OK)
		facts->n_uses = facts->globals.n;
	return status;
}

/* Numbers taken for opcodes name things, too: words are no chance. */
static bool is_word(struct sy_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t lower = sy_ascii_lower(name.data[i]);

		if (!(lower >= 'a' && lower <= 'z') && !sy_is_digit(lower) && lower != '_' &&
		    lower != '.')
			return false;
	}
	return name.len > 1;
}

static enum sy_status on_import(void *user, struct sy_pickle *m,
				const struct sy_pickle_import *import)
{
	struct sy_pickle_facts *facts = user;
	struct sy_pickle_use *use;
	enum sy_status status = make_uses(facts);

	(void)m;
	if (status != SY_OK)
		return status;
	if (facts->job.is_plain && (!is_word(facts->globals.all[import->global].module) ||
				    !is_word(facts->globals.all[import->global].name)))
		return SY_OK;
	facts->n_imports++;
	use = sy_pickle_use_of(facts, import->global);
	if (!use->is_imported)
		use->import_off = sy_pickle_facts_off(facts, import->off);
	use->is_imported = true;
	return SY_OK;
}

static bool is_dangerous(const struct sy_pickle *m, const struct sy_pickle_call *call)
{
	const struct sy_global *global = sy_pickle_global(m, call->callee);

	return global && global->info.class == SY_GLOBAL_DANGEROUS;
}

static enum sy_status on_call(void *user, struct sy_pickle *m,
			      const struct sy_pickle_call *call)
{
	struct sy_pickle_facts *facts = user;
	const struct sy_pickle_watch *watch = facts->watch;
	enum sy_status status = make_uses(facts);

	if (status != SY_OK || (facts->job.is_plain && !is_dangerous(m, call)))
		return status;
	if (watch && watch->call)
		status = watch->call(watch->user, m, call);
	if (status == SY_OK && !facts->job.is_plain)
		status = sy_joblib_call(facts, m, call);
	return status == SY_OK ? sy_pickle_judge(facts, m, call) : status;
}

/* PyTorch: ('storage', class, key, device, count); before, ('module', ...). */
static bool is_torch_id(struct sy_pickle *m, uint64_t id)
{
	struct sy_tuple tuple;

	if (sy_value_kind(id) != SY_VALUE_TUPLE || !sy_pickle_items(m, id, &tuple))
		return false;
	return (tuple.n_items >= 5 && sy_pickle_is_text(m, tuple.items[0], "storage")) ||
	       (tuple.n_items == 4 && sy_pickle_is_text(m, tuple.items[0], "module"));
}

static enum sy_status on_persistent(void *user, struct sy_pickle *m, uint64_t off, uint64_t id)
{
	struct sy_pickle_facts *facts = user;
	const struct sy_pickle_watch *watch = facts->watch;
	enum sy_status status = SY_OK;
	struct sy_text text;

	if (watch && watch->persistent)
		status = watch->persistent(watch->user, m, off, id);
	if (status != SY_OK || facts->job.is_plain || is_torch_id(m, id) ||
	    facts->n_unusual++ > 0)
		return status;
	sy_text_init(&text);
	sy_text_add(&text, "asks the loading program for the object ");
	sy_pickle_render(m, id, RENDER_MAX, &text);
	return sy_fact_text(facts->in, SY_RULE_PICKLE_PERSISTENT_UNUSUAL,
			    sy_pickle_facts_off(facts, off), 1, sy_span_of(NULL, 0), &text);
}

static enum sy_status odd_value(struct sy_pickle_facts *facts, struct sy_pickle *m,
				enum sy_rule rule, uint64_t value, const char *what)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add(&text, what);
	sy_pickle_render(m, value, RENDER_MAX, &text);
	return sy_fact_text(facts->in, rule, sy_pickle_facts_off(facts, m->off), 1,
			    sy_span_of(NULL, 0), &text);
}

/* Readers that keep to frames go on behind the frame: that reading is run, too. */
static enum sy_status odd_frame(struct sy_pickle_facts *facts, const struct sy_pickle *m,
				uint64_t beyond, bool is_early)
{
	struct sy_pickle_job job = facts->job;
	uint64_t frame_end = m->frame_end;
	enum sy_status status;

	if (beyond > 0 && sy_fact_is_wanted(facts->in, SY_RULE_PICKLE_FRAME_WRONG)) {
		job.start = frame_end;
		job.is_probe = true;
		job.depth++;
		status = sy_pickle_facts_job(facts, &job);
		if (status != SY_OK)
			return status;
	}
	return sy_fact(facts->in, SY_RULE_PICKLE_FRAME_WRONG, sy_pickle_facts_off(facts, m->off), 1,
		       sy_span_of(NULL, 0), is_early
		       ? "the pickle ends %llu bytes before its frame" : beyond
		       ? "an opcode reaches %llu bytes beyond the end of its frame"
		       : "a frame begins inside another frame%.0llu",
		       (unsigned long long)beyond);
}

/* Of the two ways that the machine recognises. */
static bool is_hex(struct sy_pickle *m, uint64_t value)
{
	struct sy_span text;

	return sy_compute_content(m, value, 1, &text) && text.len > 0 && text.data[0] == '8';
}

/*
 * Data that is a pickle itself: nobody is seen to load it, but a class that is given
 * such data may do that.  What it would do is judged, if it is one at all.
 */
static enum sy_status odd_nested(struct sy_pickle_facts *facts, struct sy_pickle *m,
				 uint64_t value, uint64_t len)
{
	bool is_text = sy_value_is_text(value);
	uint64_t at = sy_pickle_facts_off(facts, m->off);
	enum sy_status status = sy_fact(facts->in, SY_RULE_PICKLE_NESTED_FOUND, at, 1,
					sy_span_of(NULL, 0), is_text
					? "%llu characters are a pickle in base64 or hexadecimal"
					: "%llu bytes of data begin like a pickle",
					(unsigned long long)len);

	if (status != SY_OK || facts->n_jobs >= facts->in->ctx->limits.pickle_nested)
		return status;
	if (is_text)
		value = is_hex(m, value) ? sy_compute_hex(m, value)
						  : sy_compute_base64(m, value);
	/* What cannot be decoded is no pickle. */
	return sy_pickle_queue(facts, m, value, true, &status) ? status : SY_OK;
}

static enum sy_status on_oddity(void *user, struct sy_pickle *m, enum sy_pickle_oddity oddity,
				uint64_t off, uint64_t len, uint64_t value)
{
	struct sy_pickle_facts *facts = user;
	struct sy_pickle_call stored = { .off = off, .how = SY_HOW_INDIRECT };
	uint64_t at = sy_pickle_facts_off(facts, off);

	if (facts->job.is_plain)
		return SY_OK;
	switch (oddity) {
	case SY_ODD_NAME:
		return odd_value(facts, m, SY_RULE_PICKLE_NAME_COMPUTED, value,
				 "imports a name that only comes about while loading: ");
	case SY_ODD_EXTENSION:
		return odd_value(facts, m, SY_RULE_PICKLE_EXTENSION_USED, value,
				 "creates what the loading program registered as ");
	case SY_ODD_BUFFER:
		return sy_fact(facts->in, SY_RULE_PICKLE_BUFFER_MISSING, at, 1,
			       sy_span_of(NULL, 0), "takes a buffer that is not in the file");
	case SY_ODD_FRAME:
		return odd_frame(facts, m, len, value != 0);
	case SY_ODD_BARE:
		return sy_pickle_misuse(facts, m, sy_value_index(value), &stored,
					"and stores it where other code can call it");
	case SY_ODD_NESTED:
		return odd_nested(facts, m, value, len);
	case SY_ODD_NUMBER:
		return sy_fact(facts->in, SY_RULE_PICKLE_NUMBER_HUGE, at, 1,
			       sy_span_of(NULL, 0), "a number of %llu bytes",
			       (unsigned long long)len);
	case SY_ODD_STRING:
		break;
	}
	if (facts->in->n_facts[SY_RULE_PICKLE_STRING_ENCODED] > 0)
		return SY_OK;
	return odd_value(facts, m, SY_RULE_PICKLE_STRING_ENCODED, value, "not ASCII: ");
}

enum sy_status sy_pickle_misuse(struct sy_pickle_facts *facts, struct sy_pickle *m,
				uint32_t index, const struct sy_pickle_call *call,
				const char *what)
{
	const struct sy_global *global = &facts->globals.all[index];
	struct sy_text text;

	enum sy_status status = make_uses(facts);

	if (status != SY_OK)
		return status;
	if (facts->uses[index].told & 1u << call->how)
		return SY_OK;
	facts->uses[index].told |= 1u << call->how;
	sy_text_init(&text);
	sy_text_add(&text, "uses ");
	sy_text_name(&text, global->symbol);
	sy_text_addf(&text, " %s", what);
	if (call->args || call->extra) {
		sy_text_add(&text, ": ");
		sy_pickle_render(m, call->extra ? call->extra : call->args, RENDER_MAX, &text);
	}
	sy_text_addf(&text, " (known: %s)", global->info.reason);
	return sy_fact_text(facts->in, SY_RULE_PICKLE_USE_UNSAFE,
			    sy_pickle_facts_off(facts, call->off), 1, global->symbol, &text);
}

enum sy_status sy_pickle_facts_job(struct sy_pickle_facts *facts,
				   const struct sy_pickle_job *job)
{
	struct sy_context *ctx = facts->in->ctx;
	enum sy_status status;

	for (size_t i = 0; i < facts->n_jobs; i++) {
		/* A probe is less than what a loader is seen to read. */
		if (facts->jobs[i].source == job->source &&
		    facts->jobs[i].start == job->start &&
		    facts->jobs[i].is_plain == job->is_plain &&
		    (!facts->jobs[i].is_probe || job->is_probe))
			return SY_OK;
	}
	if (facts->n_jobs >= ctx->limits.pickle_nested)
		return sy_fail(ctx, SY_LIMIT, "more than %llu pickles inside pickles "
			       "(--limit pickle-nested=N)",
			       (unsigned long long)ctx->limits.pickle_nested);
	status = sy_grow(ctx, &facts->jobs, &facts->cap_jobs, facts->n_jobs + 1,
			 sizeof(*facts->jobs));
	if (status == SY_OK)
		facts->jobs[facts->n_jobs++] = *job;
	return status;
}

enum sy_status sy_pickle_facts_plain(struct sy_pickle_facts *facts)
{
	struct sy_pickle_job job = facts->job;

	if (job.is_plain || job.is_probe)
		return SY_OK;
	job.is_plain = true;
	job.is_probe = true;
	return sy_pickle_facts_job(facts, &job);
}

static enum sy_status tell_import(struct sy_pickle_facts *facts, const struct sy_global *global,
				  const struct sy_pickle_use *use)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add(&text, "imports ");
	sy_text_name(&text, global->symbol);
	sy_text_addf(&text, " at offset %llu and does not call it (%s: %s)",
		     (unsigned long long)use->import_off, sy_danger_name(global->info.danger),
		     global->info.reason);
	return sy_fact_text(facts->in, SY_RULE_PICKLE_IMPORT_DANGEROUS, use->import_off, 1,
			    global->symbol, &text);
}

static enum sy_status tell_unknown(struct sy_pickle_facts *facts,
				   const struct sy_global *global,
				   const struct sy_pickle_use *use)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add(&text, "NOT ON THE LIST: ");
	sy_text_name(&text, global->symbol);
	sy_text_addf(&text, ", imported at offset %llu, ", (unsigned long long)use->import_off);
	if (use->n_calls > 0) {
		sy_text_add(&text, "called ");
		sy_text_count(&text, use->n_calls);
		sy_text_add(&text, use->n_calls == 1 ? " time" : " times");
	} else {
		sy_text_add(&text, "not called");
	}
	sy_text_add(&text, "; to allow it: allow-global ");
	sy_text_name(&text, global->symbol);
	sy_text_add(&text, global->info.is_weights_only
		    ? "; PyTorch 2.6 loads it with weights_only=True"
		    : "; PyTorch 2.6 refuses it with weights_only=True");
	return sy_fact_text(facts->in, SY_RULE_PICKLE_IMPORT_UNKNOWN, use->import_off, 1,
			    global->symbol, &text);
}

enum sy_status sy_pickle_facts_end(struct sy_pickle_facts *facts)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < facts->n_uses && status == SY_OK; i++) {
		const struct sy_global *global = &facts->globals.all[i];
		const struct sy_pickle_use *use = &facts->uses[i];

		if (!use->is_imported || use->is_told)
			continue;
		if (global->info.class == SY_GLOBAL_DANGEROUS)
			status = tell_import(facts, global, use);
		else if (global->info.class == SY_GLOBAL_UNKNOWN)
			status = tell_unknown(facts, global, use);
	}
	return status;
}

static enum sy_status on_items(void *user, struct sy_pickle *m, uint64_t container,
			       const uint64_t *items, size_t n)
{
	struct sy_pickle_facts *facts = user;

	return facts->watch->items(facts->watch->user, m, container, items, n);
}

void sy_pickle_facts_watch(struct sy_pickle_facts *facts, const struct sy_pickle_watch *watch)
{
	facts->watch = watch;
	facts->events.items = watch && watch->items ? on_items : NULL;
}

void sy_pickle_facts_init(struct sy_pickle_facts *facts, struct sy_inspection *in)
{
	*facts = (struct sy_pickle_facts){ .in = in };
	facts->events = (struct sy_pickle_events){
		.user = facts, .import = on_import, .call = on_call,
		.persistent = on_persistent, .oddity = on_oddity,
	};
	sy_globals_init(&facts->globals, in->ctx);
	sy_joblib_init(&facts->joblib, in->ctx);
}

void sy_pickle_facts_free(struct sy_pickle_facts *facts)
{
	sy_globals_free(&facts->globals);
	sy_joblib_free(&facts->joblib);
	if (facts->uses)
		sy_release(facts->in->ctx, facts->uses);
	if (facts->jobs)
		sy_release(facts->in->ctx, facts->jobs);
	*facts = (struct sy_pickle_facts){ 0 };
}
