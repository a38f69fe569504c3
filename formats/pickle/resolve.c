/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call gives, where its arguments tell: attributes of modules and classes,
 * modules by name, and calls that stand for other calls (partial, methodcaller,
 * attrgetter).  What comes out as a name is an import like any other.
 */
#include "formats/pickle/resolve.h"

#define STEPS_MAX 16	/* calls that stand for calls that stand for ... */

static const struct {
	const char *symbol;	/* leading underscores of C twins left out */
	enum sy_function function;
} functions[] = {
	{ "base64.b64decode", SY_FN_BASE64 },
	{ "base64.decodebytes", SY_FN_BASE64 },
	{ "binascii.a2b_base64", SY_FN_BASE64 },
	{ "binascii.a2b_hex", SY_FN_UNHEX },
	{ "binascii.unhexlify", SY_FN_UNHEX },
	{ "builtins.__import__", SY_FN_IMPORT },
	{ "builtins.bytearray", SY_FN_BYTES },
	{ "builtins.bytes", SY_FN_BYTES },
	{ "builtins.chr", SY_FN_CHR },
	{ "builtins.getattr", SY_FN_GETATTR },
	{ "builtins.reversed", SY_FN_REVERSED },
	{ "builtins.str", SY_FN_STR },
	{ "codecs.decode", SY_FN_CODEC_DECODE },
	{ "codecs.encode", SY_FN_CODEC_ENCODE },
	{ "copyreg.__newobj__", SY_FN_NEWOBJ },
	{ "copyreg.__newobj_ex__", SY_FN_NEWOBJ },
	{ "copyreg._reconstructor", SY_FN_NEWOBJ },
	{ "functools.partial", SY_FN_PARTIAL },
	{ "importlib.__import__", SY_FN_IMPORT },
	{ "importlib.import_module", SY_FN_IMPORT_MODULE },
	{ "numpy.object_", SY_FN_IDENTITY },
	{ "operator.add", SY_FN_ADD },
	{ "operator.attrgetter", SY_FN_ATTRGETTER },
	{ "operator.call", SY_FN_CALL },
	{ "operator.concat", SY_FN_ADD },
	{ "operator.getitem", SY_FN_GETITEM },
	{ "operator.itemgetter", SY_FN_ITEMGETTER },
	{ "operator.methodcaller", SY_FN_METHODCALLER },
	{ "operator.mod", SY_FN_MOD },
	{ "pkgutil.resolve_name", SY_FN_LOCATE },
	{ "pydoc.locate", SY_FN_LOCATE },
	{ "torch._tensor._rebuild_from_type", SY_FN_REBUILD },
	{ "torch._tensor._rebuild_from_type_v2", SY_FN_REBUILD },
	{ "torch.jit._pickle.build_boollist", SY_FN_IDENTITY },
	{ "torch.jit._pickle.build_doublelist", SY_FN_IDENTITY },
	{ "torch.jit._pickle.build_intlist", SY_FN_IDENTITY },
	{ "torch.jit._pickle.build_tensor_from_id", SY_FN_IDENTITY },
	{ "torch.jit._pickle.build_tensorlist", SY_FN_IDENTITY },
	{ "torch.jit._pickle.restore_type_tag", SY_FN_IDENTITY },
};

enum sy_function sy_function_find(struct sy_span symbol)
{
	if (symbol.len > 1 && symbol.data[0] == '_')
		symbol = sy_span_slice(symbol, 1, SIZE_MAX);
	for (size_t i = 0; i < SY_N_ELEMS(functions); i++) {
		if (sy_span_is(symbol, functions[i].symbol))
			return functions[i].function;
	}
	if (sy_span_starts(symbol, "builtins.str.") || sy_span_starts(symbol, "builtins.bytes."))
		return SY_FN_METHOD;
	return SY_FN_NONE;
}

static enum sy_function function_of(struct sy_pickle *m, uint32_t index)
{
	struct sy_global *global = &m->globals->all[index];

	if (global->function == SY_FN_UNASKED)
		global->function = (uint8_t)sy_function_find(global->symbol);
	return (enum sy_function)global->function;
}

/* A call being worked out; `again`: callee and args were replaced. */
struct application {
	uint64_t callee, args;
	struct sy_tuple items;	/* of args; none when they are not kept, or no tuple */
	uint64_t result;
	bool again;
};

static bool get_text(struct sy_pickle *m, uint64_t value, unsigned scratch,
		     struct sy_span *s)
{
	struct sy_decoded out = { .data = m->scratch[scratch], .cap = SY_GLOBAL_NAME_MAX };

	*s = sy_span_of(NULL, 0);
	if (!sy_value_is_text(value) || !sy_pickle_content(m, value, &out) || out.is_cut)
		return false;
	*s = sy_span_of(out.data, out.len);
	return true;
}

/* The parts of "a.b" + "c" as one name in scratch 1. */
static struct sy_span dotted(struct sy_pickle *m, struct sy_span a, struct sy_span b)
{
	struct sy_decoded out = { .data = m->scratch[1], .cap = SY_STRING_KEPT };

	sy_decoded_add(&out, a);
	if (a.len)
		sy_decoded_add(&out, sy_span_str("."));
	sy_decoded_add(&out, b);
	return sy_span_of(out.data, out.len);
}

/*
 * An attribute of something imported.  Of a module, or of what is dangerous, or
 * with a dangerous name, it is an import; of a known class it is a value in data,
 * and whether it may be asked for is the listener's to judge.
 */
static bool attribute_of(struct sy_pickle *m, uint64_t object, struct sy_span attribute,
			 uint64_t *result)
{
	const struct sy_global *global = sy_pickle_global(m, object);
	bool is_class = global->name.len > 0 && global->info.class == SY_GLOBAL_SAFE;
	bool is_import = global->name.len == 0 || global->info.class == SY_GLOBAL_DANGEROUS;
	struct sy_span name = dotted(m, global->name, attribute);
	struct sy_span module = global->module;
	enum sy_status status;
	uint32_t index;

	status = sy_globals_add(m->globals, module, name, &index);
	if (status != SY_OK)
		return sy_machine_fail(m, status);
	if (is_import ||
	    (!is_class && m->globals->all[index].info.class == SY_GLOBAL_DANGEROUS))
		return sy_machine_import(m, module, name, true, result);
	*result = sy_value_other(SY_OTHER_ATTRIBUTE, index);
	return true;
}

static bool is_named(uint64_t value)
{
	return sy_value_kind(value) == SY_VALUE_GLOBAL ||
	       sy_value_is_other(value, SY_OTHER_ATTRIBUTE);
}

static bool do_getattr(struct sy_pickle *m, struct application *a)
{
	struct sy_span name;

	if (a->items.n_items < 2 || !is_named(a->items.items[0]))
		return true;
	if (!get_text(m, a->items.items[1], 0, &name)) {
		a->result = sy_value_other(SY_OTHER_UNKNOWN, 0);
		return m->status == SY_OK && sy_machine_odd(m, SY_ODD_NAME, 0, a->items.items[1]);
	}
	return attribute_of(m, a->items.items[0], name, &a->result);
}

/* import_module(name), __import__(name): the latter gives the top package. */
static bool do_import(struct sy_pickle *m, struct application *a, bool is_top)
{
	struct sy_span name;
	const uint8_t *dot;

	if (a->items.n_items < 1)
		return true;
	if (!get_text(m, a->items.items[0], 0, &name)) {
		a->result = sy_value_other(SY_OTHER_UNKNOWN, 0);
		return m->status == SY_OK && sy_machine_odd(m, SY_ODD_NAME, 0, a->items.items[0]);
	}
	dot = name.len && is_top && a->items.n_items < 4 ? memchr(name.data, '.', name.len)
							 : NULL;
	if (dot)
		name.len = (size_t)(dot - name.data);
	return sy_machine_import(m, name, sy_span_of(NULL, 0), true, &a->result);
}

/* pydoc.locate("a.b.c"), pkgutil.resolve_name("a.b:c"): the last dot is a guess. */
static bool do_locate(struct sy_pickle *m, struct application *a)
{
	struct sy_span path;
	size_t i;

	if (a->items.n_items < 1)
		return true;
	if (!get_text(m, a->items.items[0], 0, &path)) {
		a->result = sy_value_other(SY_OTHER_UNKNOWN, 0);
		return m->status == SY_OK && sy_machine_odd(m, SY_ODD_NAME, 0, a->items.items[0]);
	}
	for (i = path.len; i > 0 && path.data[i - 1] != '.' && path.data[i - 1] != ':'; i--)
		;
	return sy_machine_import(m, sy_span_slice(path, 0, i ? i - 1 : path.len),
				 sy_span_slice(path, i ? i : path.len, SIZE_MAX), true,
				 &a->result);
}

/* Goes on with another call: callee(*args). */
static void go_on(struct application *a, uint64_t callee, uint64_t args)
{
	a->callee = callee;
	a->args = args;
	a->again = true;
}

static bool is_whole(const struct sy_tuple *tuple)
{
	return tuple->items && tuple->n_kept == tuple->n_items;
}

/* (*first[skip:], *second); of too many nothing is known. */
static uint64_t both(struct sy_pickle *m, const struct sy_tuple *first, size_t skip,
		     const struct sy_tuple *second)
{
	uint64_t items[2 * SY_TUPLE_KEPT];
	size_t n = 0;

	if (!is_whole(first) || !is_whole(second))
		return sy_value_other(SY_OTHER_UNKNOWN, 0);
	for (size_t i = skip; i < first->n_kept; i++)
		items[n++] = first->items[i];
	for (size_t i = 0; i < second->n_kept; i++)
		items[n++] = second->items[i];
	return sy_value(SY_VALUE_TUPLE, sy_store_tuple(&m->store, items, n));
}

/* The same without the first. */
static uint64_t rest_of(struct sy_pickle *m, const struct sy_tuple *tuple)
{
	const uint64_t none = 0;

	return both(m, tuple, 1, &(struct sy_tuple){ .items = &none });
}

static bool do_method(struct sy_pickle *m, struct application *a, uint64_t self,
		      uint64_t name_value, const struct sy_tuple *args)
{
	struct sy_span name;

	if (!get_text(m, name_value, 0, &name))
		return m->status == SY_OK;
	return sy_compute_method(m, self, name, args, &a->result);
}

/* methodcaller(name, *rest)(object): object.name(*rest). */
static bool apply_methodcaller(struct sy_pickle *m, struct application *a,
			       const struct sy_tuple *made)
{
	struct sy_tuple rest = *made;
	struct sy_span name;
	uint64_t callee;

	if (made->n_kept < 1 || a->items.n_kept < 1)
		return true;
	rest.items++;
	rest.n_kept--;
	rest.n_items--;
	if (!is_named(a->items.items[0]))
		return do_method(m, a, a->items.items[0], made->items[0], &rest);
	if (!get_text(m, made->items[0], 0, &name))
		return m->status == SY_OK;
	if (!attribute_of(m, a->items.items[0], name, &callee))
		return false;
	go_on(a, callee, rest_of(m, made));
	return true;
}

/* A call of the result of a call. */
static bool apply_result(struct sy_pickle *m, struct application *a)
{
	struct sy_tuple made;
	struct sy_span name;

	a->result = sy_value_other(SY_OTHER_RESULT, 0);
	if (!sy_pickle_items(m, a->callee, &made))
		return true;
	switch ((unsigned)function_of(m, sy_value_index(a->callee))) {
	case SY_FN_PARTIAL:
		if (made.n_kept > 0)
			go_on(a, made.items[0], both(m, &made, 1, &a->items));
		return true;
	case SY_FN_METHODCALLER:
		return apply_methodcaller(m, a, &made);
	case SY_FN_ATTRGETTER:
		if (made.n_kept != 1 || a->items.n_kept != 1 || !is_named(a->items.items[0]) ||
		    !get_text(m, made.items[0], 0, &name))
			return m->status == SY_OK;
		return attribute_of(m, a->items.items[0], name, &a->result);
	case SY_FN_GETATTR:
		if (made.n_kept != 2)
			return true;
		return do_method(m, a, made.items[0], made.items[1], &a->items);
	case SY_FN_ITEMGETTER:
		if (made.n_kept != 1 || a->items.n_kept != 1)
			return true;
		return sy_compute(m, SY_FN_GETITEM, &(struct sy_tuple){
			.n_items = 2, .n_kept = 2,
			.items = (const uint64_t[]){ a->items.items[0], made.items[0] },
		}, &a->result);
	default:
		return true;
	}
}

/* A class's instance, by copyreg's functions: the class is the first argument. */
static void do_newobj(struct application *a)
{
	if (a->items.n_kept > 0 && sy_value_kind(a->items.items[0]) == SY_VALUE_GLOBAL)
		a->result = sy_value_call(sy_value_index(a->items.items[0]), sy_value_at(a->args));
}

/* PyTorch's way for tensor classes: function(*args) is called, what comes is dressed up. */
static void do_rebuild(struct application *a)
{
	if (a->items.n_kept > 2)
		go_on(a, a->items.items[0], a->items.items[2]);
}

static bool apply_global(struct sy_pickle *m, struct application *a)
{
	uint32_t index = sy_value_index(a->callee);
	enum sy_function function = function_of(m, index);
	uint64_t computed = 0;

	a->result = sy_value_call(index, sy_value_kind(a->args) == SY_VALUE_TUPLE
					 ? sy_value_at(a->args) : 0);
	if (function == SY_FN_NONE || a->items.items == NULL)
		return true;
	switch ((unsigned)function) {
	case SY_FN_GETATTR:
		return do_getattr(m, a);
	case SY_FN_IMPORT_MODULE:
	case SY_FN_IMPORT:
		return do_import(m, a, function == SY_FN_IMPORT);
	case SY_FN_LOCATE:
		return do_locate(m, a);
	case SY_FN_CALL:
		if (a->items.n_kept > 0)
			go_on(a, a->items.items[0], rest_of(m, &a->items));
		return true;
	case SY_FN_NEWOBJ:
		do_newobj(a);
		return true;
	case SY_FN_REBUILD:
		do_rebuild(a);
		return true;
	case SY_FN_IDENTITY:
		if (a->items.n_kept > 0)
			a->result = a->items.items[0];
		return true;
	case SY_FN_METHOD:
		if (a->items.n_kept == 0)
			return true;
		{
			struct sy_tuple rest = a->items;
			struct sy_span symbol = m->globals->all[index].name;

			rest.items++;
			rest.n_kept--;
			rest.n_items--;
			symbol = sy_span_slice(symbol, symbol.data[0] == 's' ? 4 : 6, SIZE_MAX);
			if (!sy_compute_method(m, a->items.items[0], symbol, &rest, &computed))
				return false;
		}
		break;
	default:
		if (!sy_compute(m, function, &a->items, &computed))
			return false;
		break;
	}
	if (computed)
		a->result = computed;
	return true;
}

bool sy_machine_resolve(struct sy_pickle *m, uint64_t callee, uint64_t args,
			uint64_t *result)
{
	struct application a = { .callee = callee, .args = args };

	for (unsigned i = 0; i < STEPS_MAX; i++) {
		bool is_ok;

		a.again = false;
		a.result = sy_value_other(SY_OTHER_RESULT, 0);
		if (sy_value_kind(a.args) != SY_VALUE_TUPLE ||
		    !sy_pickle_items(m, a.args, &a.items))
			a.items = (struct sy_tuple){ 0 };
		if (sy_value_kind(a.callee) == SY_VALUE_GLOBAL)
			is_ok = apply_global(m, &a);
		else if (sy_value_kind(a.callee) == SY_VALUE_CALL)
			is_ok = apply_result(m, &a);
		else
			is_ok = true;
		*result = a.result;
		if (!is_ok || !a.again)
			return is_ok;
		if (!sy_machine_call(m, (struct sy_pickle_call){
			.how = SY_HOW_INDIRECT, .callee = a.callee, .args = a.args }))
			return false;
	}
	return true;
}
