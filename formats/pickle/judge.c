/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges calls: of dangerous names, each one is told; of unknown ones it is
 * counted; of known ones the way must be one that the tables allow.  What a loader
 * is given becomes a stream to be run.
 */
#include "formats/pickle/facts.h"
#include "formats/pickle/machine_parts.h"

#define RENDER_MAX 240

static const struct sy_global *global_of(const struct sy_pickle_facts *facts, uint64_t value)
{
	return &facts->globals.all[sy_value_index(value)];
}

/* name(arguments), as Python writes it; name: state; or what it got from a call, (arguments). */
static void add_call(struct sy_pickle *m, const struct sy_pickle_call *call,
		     struct sy_text *text)
{
	if (call->how != SY_HOW_BUILD && call->how != SY_HOW_ITEMS &&
	    sy_value_kind(call->callee) == SY_VALUE_GLOBAL &&
	    sy_value_kind(call->args) == SY_VALUE_TUPLE) {
		sy_pickle_render(m, sy_value_call(sy_value_index(call->callee),
						  sy_value_at(call->args)), RENDER_MAX, text);
		return;
	}
	sy_pickle_render(m, call->callee, RENDER_MAX, text);
	if (call->how == SY_HOW_BUILD)
		sy_text_add(text, ": ");
	sy_pickle_render(m, call->how == SY_HOW_BUILD ? call->extra : call->args, RENDER_MAX,
			 text);
}

/* "calls os.system('echo hi') at offset 71 (shell: starts programs)" */
static enum sy_status tell_danger(struct sy_pickle_facts *facts, struct sy_pickle *m,
				  const struct sy_pickle_call *call)
{
	const struct sy_global *global = global_of(facts, call->callee);
	uint64_t off = sy_pickle_facts_off(facts, call->off);
	struct sy_text text;

	sy_pickle_use_of(facts, sy_value_index(call->callee))->is_told = true;
	if (!sy_fact_is_wanted(facts->in, SY_RULE_PICKLE_IMPORT_DANGEROUS))
		return sy_fact(facts->in, SY_RULE_PICKLE_IMPORT_DANGEROUS, off, 1,
			       global->symbol, " ");
	sy_text_init(&text);
	switch (call->how) {
	case SY_HOW_REDUCE:
	case SY_HOW_NEW:
	case SY_HOW_OBJECT:
	case SY_HOW_INDIRECT:
		sy_text_add(&text, "calls ");
		break;
	case SY_HOW_BUILD:
		sy_text_add(&text, "sets the state of ");
		break;
	case SY_HOW_ITEMS:
		sy_text_add(&text, "adds items to ");
		break;
	}
	add_call(m, call, &text);
	sy_text_addf(&text, " at offset %llu (%s: %s)", (unsigned long long)call->off,
		     sy_danger_name(global->info.danger), global->info.reason);
	if (facts->job.is_decoded)
		sy_text_addf(&text, " of data decoded at offset %llu",
			     (unsigned long long)facts->job.from);
	return sy_fact_text(facts->in, SY_RULE_PICKLE_IMPORT_DANGEROUS, off, 1,
			    global->symbol, &text);
}

/* A name that only a class has: ASCII letters, digits, no double underscore. */
static bool is_plain_name(struct sy_pickle *m, uint64_t value)
{
	uint8_t buf[128];
	struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };

	if (sy_value_kind(value) != SY_VALUE_TEXT || !sy_pickle_content(m, value, &out) ||
	    out.is_cut || out.len == 0 || (out.len > 1 && buf[0] == '_' && buf[1] == '_'))
		return false;
	for (size_t i = 0; i < out.len; i++) {
		uint8_t lower = sy_ascii_lower(buf[i]);

		if (!(lower >= 'a' && lower <= 'z') && !sy_is_digit(buf[i]) && buf[i] != '_')
			return false;
	}
	return true;
}

/* getattr(class, 'NAME') of an enumeration: its member.  Methods of other classes do things. */
static bool is_plain_getattr(struct sy_pickle_facts *facts, struct sy_pickle *m, uint64_t args)
{
	uint64_t class = sy_pickle_item(m, args, 0);
	struct sy_tuple tuple;

	if (!sy_pickle_items(m, args, &tuple) || tuple.n_items != 2 ||
	    sy_value_kind(class) != SY_VALUE_GLOBAL || global_of(facts, class)->name.len == 0)
		return false;
	return global_of(facts, class)->info.class != SY_GLOBAL_SAFE ||
	       ((global_of(facts, class)->info.uses & SY_USE_MEMBER) &&
		is_plain_name(m, sy_pickle_item(m, args, 1)));
}

bool sy_pickle_queue(struct sy_pickle_facts *facts, struct sy_pickle *m, uint64_t value,
		     bool is_probe, enum sy_status *status)
{
	struct sy_pickle_job job = facts->job;
	struct sy_source *source;
	struct sy_span kept, copy;
	uint64_t len;

	*status = SY_OK;
	job.depth++;
	job.is_probe = is_probe;
	if (sy_pickle_place(m, value, &job.start, &len)) {
		job.end = job.start + len;
		*status = sy_pickle_facts_job(facts, &job);
		return true;
	}
	if (!sy_store_get_string(&m->store, value, &kept))
		return false;
	source = sy_arena_alloc(&facts->in->arena, sizeof(*source));
	if (!source || sy_arena_copy(&facts->in->arena, kept, &copy) != SY_OK) {
		*status = sy_memory_status(facts->in->ctx);
		return true;
	}
	sy_source_from_memory(source, facts->in->ctx, copy);
	if (!job.is_decoded)
		job.from = m->off;
	job.is_decoded = true;
	job.source = source;
	job.start = 0;
	job.end = copy.len;
	*status = sy_pickle_facts_job(facts, &job);
	return true;
}

/* Whatever constant bytes a loader is called with. */
static enum sy_status queue_all(struct sy_pickle_facts *facts, struct sy_pickle *m,
				uint64_t args)
{
	struct sy_tuple tuple;

	if (!sy_pickle_items(m, args, &tuple))
		return SY_OK;
	for (size_t i = 0; i < tuple.n_kept; i++) {
		enum sy_status status;

		if (sy_value_is_bytes(tuple.items[i]) &&
		    sy_pickle_queue(facts, m, tuple.items[i], false, &status) && status != SY_OK)
			return status;
	}
	return SY_OK;
}

/* copyreg's ways to write NEWOBJ before protocol 2: the class is an argument. */
static bool is_newobj(const struct sy_global *global)
{
	return sy_span_is(global->symbol, "copyreg._reconstructor") ||
	       sy_span_is(global->symbol, "copyreg.__newobj__") ||
	       sy_span_is(global->symbol, "copyreg.__newobj_ex__");
}

/* type(None), type(...): how CPython writes the classes of its constants. */
static bool is_type_of_constant(struct sy_pickle_facts *facts, struct sy_pickle *m,
				const struct sy_pickle_call *call)
{
	uint64_t arg = sy_pickle_item(m, call->args, 0);
	struct sy_tuple args;

	if (!sy_span_is(global_of(facts, call->callee)->symbol, "builtins.type") ||
	    !sy_pickle_items(m, call->args, &args) || args.n_items != 1)
		return false;
	return sy_value_kind(arg) == SY_VALUE_NONE ||
	       (sy_value_kind(arg) == SY_VALUE_GLOBAL &&
		(sy_span_is(global_of(facts, arg)->symbol, "builtins.Ellipsis") ||
		 sy_span_is(global_of(facts, arg)->symbol, "builtins.NotImplemented")));
}

static enum sy_status judge_safe_reduce(struct sy_pickle_facts *facts, struct sy_pickle *m,
					const struct sy_pickle_call *call)
{
	uint32_t index = sy_value_index(call->callee);
	const struct sy_global *global = global_of(facts, call->callee);
	unsigned uses = global->info.uses;
	const char *wrong;
	enum sy_status status;

	if (is_newobj(global)) {
		struct sy_pickle_call new = *call;

		new.how = SY_HOW_NEW;
		new.callee = sy_pickle_item(m, call->args, 0);
		if (sy_span_is(global->symbol, "copyreg.__newobj_ex__"))
			new.extra = sy_pickle_item(m, call->args, 2);
		if (sy_pickle_is_base_wrong(facts, m, call))
			return sy_pickle_misuse(facts, m, index, call,
						"with a base class whose constructor is not known");
		if (sy_value_kind(new.callee) == SY_VALUE_GLOBAL)
			return sy_pickle_judge(facts, m, &new);
		return sy_pickle_misuse(facts, m, index, call, "with a class that is not named");
	}
	if (uses & SY_USE_NESTED) {
		if (sy_pickle_queue(facts, m, sy_pickle_item(m, call->args, 0), false, &status))
			return status;
		return sy_pickle_misuse(facts, m, index, call, "with bytes that are not constant");
	}
	if (uses & SY_USE_GETATTR) {
		if (is_plain_getattr(facts, m, call->args))
			return SY_OK;
		return sy_pickle_misuse(facts, m, index, call,
					"on something other than an enumeration");
	}
	wrong = sy_pickle_args_wrong(facts, m, call);
	if (wrong)
		return sy_pickle_misuse(facts, m, index, call, wrong);
	if ((uses & SY_USE_CALL) || is_type_of_constant(facts, m, call))
		return SY_OK;
	return sy_pickle_misuse(facts, m, index, call, "in a call");
}

/* OBJ and INST without arguments make an instance; with any, they call the class. */
static bool is_empty(const struct sy_pickle *m, uint64_t args)
{
	struct sy_tuple tuple;

	return sy_pickle_items(m, args, &tuple) && tuple.n_items == 0;
}

static enum sy_status judge_safe_global(struct sy_pickle_facts *facts, struct sy_pickle *m,
					const struct sy_pickle_call *call)
{
	uint32_t index = sy_value_index(call->callee);
	unsigned uses = global_of(facts, call->callee)->info.uses;

	switch (call->how) {
	case SY_HOW_REDUCE:
	case SY_HOW_INDIRECT:
		return judge_safe_reduce(facts, m, call);
	case SY_HOW_NEW:
		if (sy_pickle_has_keywords(m, call->extra))
			return sy_pickle_misuse(facts, m, index, call,
						"to make an instance with keywords");
		if (uses & SY_USE_NEW)
			return SY_OK;
		return sy_pickle_misuse(facts, m, index, call, "to make an instance");
	case SY_HOW_OBJECT:
		if ((uses & SY_USE_NEW) && is_empty(m, call->args))
			return SY_OK;
		return judge_safe_reduce(facts, m, call);
	case SY_HOW_BUILD:
		return sy_pickle_misuse(facts, m, index, call,
					"and changes it, for all who use it");
	case SY_HOW_ITEMS:
		break;
	}
	return sy_pickle_misuse(facts, m, index, call, "and adds items to it");
}

static enum sy_status judge_global(struct sy_pickle_facts *facts, struct sy_pickle *m,
				   const struct sy_pickle_call *call)
{
	const struct sy_global *global = global_of(facts, call->callee);
	struct sy_pickle_use *use = sy_pickle_use_of(facts, sy_value_index(call->callee));
	enum sy_status status;

	switch (global->info.class) {
	case SY_GLOBAL_DANGEROUS:
		status = tell_danger(facts, m, call);
		if (status == SY_OK && global->info.danger == SY_DANGER_LOADER)
			status = queue_all(facts, m, call->args);
		return status;
	case SY_GLOBAL_UNKNOWN:
		if (use->n_calls++ == 0)
			use->call_off = sy_pickle_facts_off(facts, call->off);
		return SY_OK;
	case SY_GLOBAL_SAFE:
		break;
	}
	return judge_safe_global(facts, m, call);
}

/*
 * Functions that make an instance of the class that is their first argument
 * (numpy's _reconstruct): what may be done to it is what the class allows.
 */
static unsigned uses_of_result(struct sy_pickle_facts *facts, struct sy_pickle *m,
			       uint64_t result)
{
	const struct sy_global *global = global_of(facts, result);
	uint64_t class = sy_pickle_item(m, result, 0);

	if (!(global->info.uses & SY_USE_CALL) || sy_value_kind(class) != SY_VALUE_GLOBAL ||
	    global_of(facts, class)->info.class != SY_GLOBAL_SAFE)
		return global->info.uses;
	return global->info.uses | global_of(facts, class)->info.uses;
}

/* A call on what a call gave: an instance of a class, as a rule. */
static enum sy_status judge_result(struct sy_pickle_facts *facts, struct sy_pickle *m,
				   const struct sy_pickle_call *call)
{
	uint32_t index = sy_value_index(call->callee);
	const struct sy_global *global = global_of(facts, call->callee);

	if (global->info.class == SY_GLOBAL_DANGEROUS)
		return call->how == SY_HOW_BUILD || call->how == SY_HOW_ITEMS
			? SY_OK : tell_danger(facts, m, call);
	if (global->info.class == SY_GLOBAL_UNKNOWN) {
		sy_pickle_use_of(facts, index)->n_calls++;
		return SY_OK;
	}
	switch (call->how) {
	case SY_HOW_BUILD:
		if (sy_pickle_is_state_strange(m, call))
			return sy_pickle_misuse(facts, m, index, call,
						"with a state that replaces its methods");
		if (uses_of_result(facts, m, call->callee) & SY_USE_BUILD)
			return SY_OK;
		return sy_pickle_misuse(facts, m, index, call, "and sets a state");
	case SY_HOW_ITEMS:
		if (uses_of_result(facts, m, call->callee) & SY_USE_ITEMS)
			return SY_OK;
		if ((global->info.uses & SY_USE_KEYS) && !sy_pickle_are_keys_wrong(m, call))
			return SY_OK;
		return sy_pickle_misuse(facts, m, index, call, "and adds items to it");
	case SY_HOW_REDUCE:
	case SY_HOW_NEW:
	case SY_HOW_OBJECT:
	case SY_HOW_INDIRECT:
		break;
	}
	return sy_pickle_misuse(facts, m, index, call, "and calls what it returns");
}

static enum sy_status judge_unnamed(struct sy_pickle_facts *facts, struct sy_pickle *m,
				    const struct sy_pickle_call *call)
{
	struct sy_text text;

	/* How these came about has been told already. */
	if (sy_value_is_other(call->callee, SY_OTHER_UNKNOWN) ||
	    sy_value_is_other(call->callee, SY_OTHER_RESULT) ||
	    sy_value_is_other(call->callee, SY_OTHER_EXTENSION))
		return SY_OK;
	sy_text_init(&text);
	sy_text_add(&text, "calls something that the file does not name: ");
	sy_pickle_render(m, call->callee, RENDER_MAX, &text);
	return sy_fact_text(facts->in, SY_RULE_PICKLE_NAME_COMPUTED,
			    sy_pickle_facts_off(facts, call->off), 1, sy_span_of(NULL, 0), &text);
}

enum sy_status sy_pickle_judge(struct sy_pickle_facts *facts, struct sy_pickle *m,
			       const struct sy_pickle_call *call)
{
	if (sy_value_kind(call->callee) == SY_VALUE_GLOBAL)
		return judge_global(facts, m, call);
	if (sy_value_kind(call->callee) == SY_VALUE_CALL)
		return judge_result(facts, m, call);
	if (sy_value_is_other(call->callee, SY_OTHER_ATTRIBUTE))
		return sy_pickle_misuse(facts, m, sy_value_index(call->callee), call,
					"and calls it");
	return judge_unnamed(facts, m, call);
}
