/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What known-safe callables are given.  A callable among the arguments that is
 * called at once, a base class whose constructor runs, an enumeration that is made
 * anew: known names, put together to call what none of them would.
 */
#include "formats/pickle/facts.h"
#include "formats/pickle/machine_parts.h"

#define SIZE_USUAL 1048576	/* bytes that are made of nothing but a number */

/* Which argument a FACTORY calls, or keeps to call it later while loading. */
static const struct {
	const char *symbol;
	size_t at;
	bool is_given;		/* not called itself, but given to the one that is */
} factories[] = {
	{ "collections.defaultdict", 0, false },
	{ "numpy.random._pickle.__bit_generator_ctor", 0, true },
	{ "numpy.random._pickle.__generator_ctor", 0, true },
	{ "numpy.random._pickle.__generator_ctor", 1, false },
	{ "numpy.random._pickle.__randomstate_ctor", 0, true },
	{ "numpy.random._pickle.__randomstate_ctor", 1, false },
	{ "torch._tensor._rebuild_from_type", 0, false },
	{ "torch._tensor._rebuild_from_type_v2", 0, false },
};

static const struct sy_global *global_of(const struct sy_pickle_facts *facts, uint64_t value)
{
	return &facts->globals.all[sy_value_index(value)];
}

/* Whether calling it is known to be harmless, or was told already, or fails. */
static bool may_be_called(const struct sy_pickle_facts *facts, uint64_t value, bool is_given)
{
	if (sy_value_kind(value) == SY_VALUE_GLOBAL)
		return global_of(facts, value)->info.class != SY_GLOBAL_SAFE ||
		       (global_of(facts, value)->info.uses & SY_USE_CALL) != 0;
	return !sy_value_is_opaque(value) || is_given;
}

static bool calls_what_it_must_not(const struct sy_pickle_facts *facts, struct sy_span symbol,
				   const struct sy_tuple *args)
{
	for (size_t i = 0; i < SY_N_ELEMS(factories); i++) {
		if (factories[i].at < args->n_kept && sy_span_is(symbol, factories[i].symbol) &&
		    !may_be_called(facts, args->items[factories[i].at], factories[i].is_given))
			return true;
	}
	return false;
}

/* The keyword arguments of pandas' helpers go to the class that they are given. */
static bool is_no_index(const struct sy_pickle_facts *facts, uint64_t class)
{
	return sy_value_kind(class) != SY_VALUE_GLOBAL ||
	       !sy_span_starts(global_of(facts, class)->symbol, "pandas.");
}

/* A class whose constructor does more may not be kept for a call. */
static bool is_kept_class(uint64_t kept)
{
	return sy_value_kind(kept) == SY_VALUE_GLOBAL && (kept & SY_VALUE_BARE);
}

/* A dict made by a call is a state like any other, but its keys were not seen. */
static bool is_called_dict(const struct sy_pickle *m, uint64_t value)
{
	static const char *const dicts[] = { "builtins.dict", "collections.Counter",
		"collections.OrderedDict", "collections.defaultdict" };
	const struct sy_global *global = sy_pickle_global(m, value);
	struct sy_tuple args;

	if (!global || sy_value_kind(value) != SY_VALUE_CALL)
		return false;
	for (size_t i = 0; i < SY_N_ELEMS(dicts); i++) {
		if (sy_span_is(global->symbol, dicts[i]))
			return !sy_pickle_items(m, value, &args) || args.n_items > (i == 3);
	}
	return false;
}

/* A state, or a tuple with one, that sets what others look up and call, or is called. */
static bool holds_special(const struct sy_pickle *m, uint64_t value)
{
	struct sy_tuple tuple;

	if (sy_value_kind(value) == SY_VALUE_DICT)
		return sy_machine_is_special(m, value);
	if (is_called_dict(m, value))
		return true;
	if (sy_value_kind(value) != SY_VALUE_TUPLE)
		return false;
	if (!sy_pickle_items(m, value, &tuple))
		return true;
	for (size_t i = 0; i < tuple.n_kept; i++) {
		if ((sy_value_kind(tuple.items[i]) == SY_VALUE_DICT &&
		     sy_machine_is_special(m, tuple.items[i])) ||
		    (sy_value_kind(tuple.items[i]) == SY_VALUE_GLOBAL &&
		     (tuple.items[i] & SY_VALUE_BARE)) || is_called_dict(m, tuple.items[i]))
			return true;
	}
	return false;
}

/* Functions that set attributes from their arguments, as BUILD does from a state. */
static bool sets_special(const struct sy_pickle *m, const struct sy_tuple *args)
{
	for (size_t i = 0; i < args->n_kept; i++) {
		if (holds_special(m, args->items[i]))
			return true;
	}
	return false;
}

/* Iterators without an end, or a size that is a number, given to what fills memory. */
static bool is_endless(const struct sy_pickle *m, struct sy_span symbol, uint64_t arg)
{
	const struct sy_global *global = sy_pickle_global(m, arg);

	if (sy_value_kind(arg) == SY_VALUE_CALL)
		return sy_span_starts(global->symbol, "itertools.") ||
		       (sy_span_is(global->symbol, "builtins.range") &&
			!sy_span_is(symbol, "builtins.range"));
	if (sy_value_kind(arg) != SY_VALUE_NUMBER &&
	    (sy_value_kind(arg) != SY_VALUE_INT || sy_value_get_int(arg) <= SIZE_USUAL))
		return false;
	return sy_span_is(symbol, "builtins.bytes") || sy_span_is(symbol, "builtins.bytearray");
}

/*
 * What converts an object, or takes its items, runs methods of its class: those of
 * numbers, times and arrays are their own, others go by what the file has set.
 */
static bool is_shaped(const struct sy_pickle_facts *facts, uint64_t value)
{
	static const char *const plain[] = { "builtins.", "collections.", "datetime.",
		"decimal.", "fractions.", "numpy.", "pandas.", "torch.Tensor",
		"torch.nn.parameter.", "uuid." };
	const struct sy_global *global = &facts->globals.all[sy_value_index(value)];
	unsigned both = SY_USE_NEW | SY_USE_BUILD;

	if (sy_value_kind(value) != SY_VALUE_CALL || (global->info.uses & both) != both)
		return false;
	for (size_t i = 0; i < SY_N_ELEMS(plain); i++) {
		if (sy_span_starts(global->symbol, plain[i]))
			return false;
	}
	return true;
}

/* builtins.list, collections.deque, numpy.float64; exceptions only keep what they get. */
static bool is_converter(const struct sy_global *global)
{
	bool is_lower = global->name.len > 0 && global->name.data[0] >= 'a';

	return (sy_span_is(global->module, "builtins") && is_lower) ||
	       sy_span_is(global->module, "collections") ||
	       sy_span_is(global->module, "numpy");
}

static bool converts_shaped(const struct sy_pickle_facts *facts, const struct sy_tuple *args)
{
	for (size_t i = 0; i < args->n_kept; i++) {
		if (is_shaped(facts, args->items[i]))
			return true;
	}
	return false;
}

/* Not every entry of it was seen. */
static bool is_dict_unseen(const struct sy_pickle *m, uint64_t value)
{
	const struct sy_list *list = sy_store_get_list(&m->store, value);

	if (sy_value_kind(value) != SY_VALUE_DICT)
		return is_called_dict(m, value);
	return !list || list->n_kept != list->n_items;
}

/* pandas hands such a zone to dateutil, which opens the file of that name. */
static bool is_zone_file(struct sy_pickle *m, uint64_t value)
{
	uint8_t buf[16];
	struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };

	if (is_dict_unseen(m, value))
		return true;
	if (sy_value_kind(value) == SY_VALUE_DICT)
		value = sy_pickle_entry(m, value, "tz");
	return sy_value_is_text(value) && sy_pickle_content(m, value, &out) &&
	       sy_span_starts(sy_span_of(out.data, out.len), "dateutil/");
}

static bool opens_zone(struct sy_pickle *m, const struct sy_tuple *args)
{
	for (size_t i = 0; i < args->n_kept; i++) {
		if (is_zone_file(m, args->items[i]))
			return true;
	}
	return false;
}

/* Keywords reach what no pickle writes: addresses that PyTorch takes for its own. */
bool sy_pickle_has_keywords(const struct sy_pickle *m, uint64_t keywords)
{
	const struct sy_list *list = sy_store_get_list(&m->store, keywords);

	return keywords != 0 && (!list || list->n_items > 0);
}

enum check {
	CHECK_ASKED = 1 << 0,
	CHECK_FACTORY = 1 << 1,
	CHECK_MEMBER = 1 << 2,
	CHECK_INDEX = 1 << 3,
	CHECK_KEPT = 1 << 4,
	CHECK_CONVERTED = 1 << 5,
	CHECK_ZONE = 1 << 6,
	CHECK_ENDLESS = 1 << 7,
	CHECK_STATE = 1 << 8
};

/* Asked once per name: there are pickles of little but calls. */
static unsigned find_checks(const struct sy_global *global)
{
	struct sy_span symbol = global->symbol;
	bool is_pandas = sy_span_starts(symbol, "pandas.");
	unsigned checks = CHECK_ASKED;

	if (global->info.uses & SY_USE_FACTORY)
		checks |= CHECK_FACTORY;
	if (global->info.uses & SY_USE_MEMBER)
		checks |= CHECK_MEMBER;
	if (is_pandas && sy_span_starts(global->name, "_new_"))
		checks |= CHECK_INDEX;
	if (sy_span_is(symbol, "functools.partial"))
		checks |= CHECK_KEPT;
	if (is_converter(global))
		checks |= CHECK_CONVERTED;
	if (is_pandas)
		checks |= CHECK_ZONE;
	if (sy_span_starts(symbol, "builtins.") || sy_span_starts(symbol, "collections."))
		checks |= CHECK_ENDLESS;
	if (sy_span_starts(global->name, "__pyx_unpickle_") ||
	    sy_span_starts(symbol, "torch._tensor._rebuild_from_type") ||
	    sy_span_is(symbol, "torch._utils._rebuild_parameter_with_state") ||
	    sy_span_is(symbol, "types.SimpleNamespace"))
		checks |= CHECK_STATE;
	return checks;
}

/*
 * All of them, one by one: no pickler keeps arguments for so long, makes so many, or
 * makes a tuple of them by a call.
 */
static bool are_seen(const struct sy_pickle *m, uint64_t value, struct sy_tuple *args)
{
	return sy_pickle_items(m, value, args) && sy_value_kind(value) == SY_VALUE_TUPLE &&
	       args->n_kept == args->n_items;
}

const char *sy_pickle_args_wrong(struct sy_pickle_facts *facts, struct sy_pickle *m,
				 const struct sy_pickle_call *call)
{
	struct sy_global *global = &facts->globals.all[sy_value_index(call->callee)];
	struct sy_tuple args;
	uint64_t first;

	if (global->checks == 0)
		global->checks = (uint16_t)find_checks(global);
	if (global->checks == CHECK_ASKED)
		return NULL;
	if (!are_seen(m, call->args, &args))
		return "with arguments that cannot be told";
	first = args.n_kept > 0 ? args.items[0] : 0;
	if ((global->checks & CHECK_FACTORY) &&
	    calls_what_it_must_not(facts, global->symbol, &args))
		return "to call something whose row does not allow a call";
	if ((global->checks & CHECK_MEMBER) && args.n_items != 1)
		return "to make another enumeration";
	if ((global->checks & CHECK_INDEX) && is_no_index(facts, first))
		return "for a class that is none of its own";
	if ((global->checks & CHECK_KEPT) && is_kept_class(first))
		return "to keep a class whose constructor does more";
	if ((global->checks & CHECK_CONVERTED) && converts_shaped(facts, &args))
		return "on an object whose attributes the file sets";
	if ((global->checks & CHECK_ZONE) && opens_zone(m, &args))
		return "with a time zone that is a file, or cannot be told";
	if ((global->checks & CHECK_ENDLESS) && is_endless(m, global->symbol, first))
		return "to fill the memory";
	if ((global->checks & CHECK_STATE) && sets_special(m, &args))
		return "with a state that replaces its methods";
	return NULL;
}

/* copyreg._reconstructor calls the constructor of the base class, too. */
bool sy_pickle_is_base_wrong(struct sy_pickle_facts *facts, struct sy_pickle *m,
			     const struct sy_pickle_call *call)
{
	uint64_t base = sy_pickle_item(m, call->args, 1);

	if (!sy_span_is(global_of(facts, call->callee)->symbol, "copyreg._reconstructor"))
		return false;
	return sy_value_kind(base) != SY_VALUE_GLOBAL || !may_be_called(facts, base, false);
}

/* A tuple made by a call, or one with names, may hold two dicts like any other. */
static bool is_called_tuple(const struct sy_pickle *m, uint64_t value)
{
	const struct sy_global *global = sy_pickle_global(m, value);
	struct sy_tuple args;

	if (!global || sy_value_kind(value) != SY_VALUE_CALL)
		return false;
	if (!sy_pickle_items(m, value, &args))
		return true;
	if (sy_span_is(global->symbol, "builtins.tuple"))
		return args.n_items > 0;
	for (size_t i = 0; i < args.n_kept; i++) {
		if (sy_value_kind(args.items[i]) == SY_VALUE_DICT ||
		    is_called_dict(m, args.items[i]))
			return sy_machine_is_special(m, args.items[i]) ||
			       is_called_dict(m, args.items[i]);
	}
	return false;
}

/* The state of a partial names its callable once more: the same one. */
static bool is_other_callable(const struct sy_pickle *m, const struct sy_pickle_call *call)
{
	const struct sy_global *global = sy_pickle_global(m, call->callee);
	uint64_t first = sy_pickle_item(m, call->callee, 0);
	uint64_t then = sy_pickle_item(m, call->extra, 0);

	return global && sy_span_is(global->symbol, "functools.partial") &&
	       sy_value_kind(call->extra) == SY_VALUE_TUPLE && first && then && first != then;
}

bool sy_pickle_is_state_strange(const struct sy_pickle *m, const struct sy_pickle_call *call)
{
	return call->is_special || is_called_tuple(m, call->extra) ||
	       holds_special(m, call->extra) || is_other_callable(m, call);
}

/* Items that are attributes as well: those that others look up and call are none. */
bool sy_pickle_are_keys_wrong(const struct sy_pickle *m, const struct sy_pickle_call *call)
{
	return (call->opcode != SY_OP_SETITEM && call->opcode != SY_OP_SETITEMS) ||
	       sy_machine_is_special(m, call->callee);
}
