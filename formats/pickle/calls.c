/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opcodes that import names and call things: the listener is told before the
 * result is pushed.  What CPython would certainly refuse ends the stream.
 */
#include "formats/pickle/machine_parts.h"
#include "verifier/base/utf8.h"

static bool is_bare(const struct sy_global *global)
{
	return global->info.class == SY_GLOBAL_SAFE && !(global->info.uses & SY_USE_IMPORT);
}

/* Only find_class maps the names of Python 2; importlib and getattr do not. */
static bool is_mapped(const struct sy_pickle *m)
{
	return m->proto < 3 && (m->opcode == SY_OP_GLOBAL || m->opcode == SY_OP_INST ||
				m->opcode == SY_OP_STACK_GLOBAL);
}

bool sy_machine_import(struct sy_pickle *m, struct sy_span module, struct sy_span name,
		       bool is_computed, uint64_t *value)
{
	struct sy_pickle_import import = {
		.off = m->off, .opcode = m->opcode, .is_computed = is_computed,
	};
	enum sy_status status;

	*value = 0;
	if (is_mapped(m))
		(void)sy_global_py2(&module, &name);
	status = sy_globals_add(m->globals, module, name, &import.global);
	if (status == SY_OK && m->events->import)
		status = m->events->import(m->events->user, m, &import);
	if (status != SY_OK)
		return sy_machine_fail(m, status);
	*value = sy_value_global(import.global, is_bare(&m->globals->all[import.global]));
	return true;
}

bool sy_machine_call(struct sy_pickle *m, struct sy_pickle_call call)
{
	enum sy_status status = SY_OK;

	call.off = m->off;
	call.opcode = m->opcode;
	if (m->events->call)
		status = m->events->call(m->events->user, m, &call);
	return status == SY_OK || sy_machine_fail(m, status);
}

static bool is_ascii(struct sy_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] >= 0x80)
			return false;
	}
	return true;
}

/* The two lines of GLOBAL (strict UTF-8) or INST (ASCII) as an import. */
static bool import_lines(struct sy_pickle *m, const struct sy_argument *arg, uint64_t *value)
{
	size_t bad;

	*value = sy_value_other(SY_OTHER_UNKNOWN, 0);
	if (arg->is_outside)
		return sy_machine_odd(m, SY_ODD_NAME, 0, *value);
	if (arg->bytes.len == 0 || arg->second.len == 0)
		return sy_machine_break(m, "an empty module or name");
	if (m->opcode == SY_OP_INST ? !is_ascii(arg->bytes) || !is_ascii(arg->second)
				    : !sy_utf8_valid(arg->bytes, &bad) ||
				      !sy_utf8_valid(arg->second, &bad))
		return sy_machine_break(m, "a name that is not text");
	return sy_machine_import(m, arg->bytes, arg->second, false, value);
}

bool sy_op_global(struct sy_pickle *m, const struct sy_argument *arg)
{
	uint64_t value;

	return import_lines(m, arg, &value) && sy_machine_push(m, value);
}

/* May this value be a str when unpickled? */
static bool may_be_text(uint64_t value)
{
	return sy_value_is_text(value) || sy_value_is_opaque(value);
}

static bool import_values(struct sy_pickle *m, uint64_t module, uint64_t name,
			  uint64_t *value)
{
	uint8_t buf[2][SY_GLOBAL_NAME_MAX + 1];
	struct sy_decoded a = { .data = buf[0], .cap = sizeof(buf[0]) };
	struct sy_decoded b = { .data = buf[1], .cap = sizeof(buf[1]) };

	*value = sy_value_other(SY_OTHER_UNKNOWN, 0);
	if (!sy_value_is_text(module) || !sy_pickle_content(m, module, &a))
		return m->status == SY_OK && sy_machine_odd(m, SY_ODD_NAME, 0, module);
	if (!sy_value_is_text(name) || !sy_pickle_content(m, name, &b))
		return m->status == SY_OK && sy_machine_odd(m, SY_ODD_NAME, 0, name);
	return sy_machine_import(m, sy_span_of(a.data, a.len), sy_span_of(b.data, b.len),
				 sy_value_kind(module) == SY_VALUE_STRING ||
				 sy_value_kind(name) == SY_VALUE_STRING, value);
}

/* The same two constants name the same thing: streams of these need not be slow. */
bool sy_op_stack_global(struct sy_pickle *m)
{
	uint64_t module, name, value, key;
	size_t slot;

	if (!sy_machine_pop(m, &name) || !sy_machine_pop(m, &module))
		return false;
	if (!may_be_text(module) || !may_be_text(name))
		return sy_machine_break(m, "a module or name that is not text");
	key = module ^ (uint64_t)(m->proto < 3) << 62;
	slot = (size_t)((module * 31 + name) >> 5) % SY_NAME_CACHE;
	if (m->names[slot].module == key && m->names[slot].name == name)
		return sy_machine_push(m, m->names[slot].value);
	if (!import_values(m, module, name, &value))
		return false;
	if (sy_value_kind(value) == SY_VALUE_GLOBAL) {
		m->names[slot].module = key;
		m->names[slot].name = name;
		m->names[slot].value = value;
	}
	return sy_machine_push(m, value);
}

static bool can_be_tuple(uint64_t value)
{
	return sy_value_kind(value) == SY_VALUE_TUPLE || sy_value_is_opaque(value);
}

bool sy_op_reduce(struct sy_pickle *m)
{
	struct sy_pickle_call call = { .how = SY_HOW_REDUCE };
	uint64_t result;

	if (!sy_machine_pop(m, &call.args) || !sy_machine_pop(m, &call.callee))
		return false;
	if (!sy_value_is_opaque(call.callee))
		return sy_machine_break(m, "a call of a value that cannot be called");
	if (!can_be_tuple(call.args))
		return sy_machine_break(m, "arguments that are no tuple");
	return sy_machine_call(m, call) &&
	       sy_machine_resolve(m, call.callee, call.args, &result) &&
	       sy_machine_push(m, result);
}

/* An instance of a class, whatever its arguments. */
static uint64_t instance_of(uint64_t class, uint64_t args)
{
	uint64_t at = sy_value_kind(args) == SY_VALUE_TUPLE ? sy_value_at(args) : 0;

	if (sy_value_kind(class) != SY_VALUE_GLOBAL)
		return sy_value_other(SY_OTHER_RESULT, 0);
	return sy_value_call(sy_value_index(class), at);
}

bool sy_op_newobj(struct sy_pickle *m, bool has_keywords)
{
	struct sy_pickle_call call = { .how = SY_HOW_NEW };

	if ((has_keywords && !sy_machine_pop(m, &call.extra)) ||
	    !sy_machine_pop(m, &call.args) || !sy_machine_pop(m, &call.callee))
		return false;
	if (!sy_value_is_opaque(call.callee))
		return sy_machine_break(m, "an instance of a value that is no class");
	if (!can_be_tuple(call.args))
		return sy_machine_break(m, "arguments that are no tuple");
	if (has_keywords && sy_value_kind(call.extra) != SY_VALUE_DICT &&
	    !sy_value_is_opaque(call.extra))
		return sy_machine_break(m, "keywords that are no dict");
	return sy_machine_call(m, call) &&
	       sy_machine_push(m, instance_of(call.callee, call.args));
}

/* callee(*items above the mark); without any, a plain class is only made new. */
static bool instantiate(struct sy_pickle *m, uint64_t class, size_t at)
{
	struct sy_pickle_call call = { .how = SY_HOW_OBJECT, .callee = class };
	size_t n = m->n - at;
	uint64_t result;

	if (!sy_value_is_opaque(class))
		return sy_machine_break(m, "a call of a value that cannot be called");
	if (!sy_machine_store(m, m->stack + at, n))
		return false;
	call.args = sy_value(SY_VALUE_TUPLE, sy_store_tuple(&m->store, m->stack + at, n));
	m->n = at;
	return sy_machine_call(m, call) &&
	       sy_machine_resolve(m, class, call.args, &result) && sy_machine_push(m, result);
}

bool sy_op_inst(struct sy_pickle *m, const struct sy_argument *arg)
{
	uint64_t class;
	size_t at;

	return sy_machine_mark(m, &at) && import_lines(m, arg, &class) &&
	       instantiate(m, class, at);
}

bool sy_op_obj(struct sy_pickle *m)
{
	uint64_t class;
	size_t at;

	if (!sy_machine_mark(m, &at))
		return false;
	if (m->n - at < 1)
		return sy_machine_underflow(m);
	class = m->stack[at];
	if (!instantiate(m, class, at + 1))
		return false;
	m->stack[at] = m->stack[m->n - 1];
	m->n = at + 1;
	return true;
}

/*
 * An empty state, or None with or without slots, asks nothing of the object; what
 * cannot be told counts as empty, so that what follows is read.
 */
static bool may_be_no_state(const struct sy_pickle *m, uint64_t state)
{
	const struct sy_list *list = sy_store_get_list(&m->store, state);

	if (list)
		return list->n_items == 0;
	if (sy_value_kind(state) == SY_VALUE_BOOL || sy_value_kind(state) == SY_VALUE_INT)
		return sy_value_payload(state) == 0;
	return true;
}

/* Any object takes attributes but plain ones. */
bool sy_op_build(struct sy_pickle *m)
{
	struct sy_pickle_call call = { .how = SY_HOW_BUILD };

	if (m->n < 2 || m->n - 2 < m->fence)
		return sy_machine_underflow(m);
	call.extra = m->stack[--m->n];
	call.callee = m->stack[m->n - 1];
	if (!sy_machine_store(m, &call.extra, 1))
		return false;
	if (!sy_value_is_opaque(call.callee)) {
		if (may_be_no_state(m, call.extra))
			return true;
		return sy_machine_break(m, "a state for a value that takes none");
	}
	call.is_special = sy_machine_is_special(m, call.extra);
	return sy_machine_call(m, call);
}

bool sy_op_extension(struct sy_pickle *m, const struct sy_argument *arg)
{
	uint64_t value = sy_value_other(SY_OTHER_EXTENSION, arg->n);

	if ((int64_t)arg->n <= 0)
		return sy_machine_break(m, "an extension code that is not positive");
	return sy_machine_odd(m, SY_ODD_EXTENSION, 0, value) && sy_machine_push(m, value);
}

/*
 * PyTorch's old stream names the class of a module so, with its source to compare:
 * ('module', class, file, source) stands for the class itself.
 */
static uint64_t named_class(struct sy_pickle *m, uint64_t id)
{
	uint64_t class = sy_pickle_item(m, id, 1);

	if (sy_value_kind(id) != SY_VALUE_TUPLE || sy_value_kind(class) != SY_VALUE_GLOBAL ||
	    !sy_pickle_is_text(m, sy_pickle_item(m, id, 0), "module"))
		return 0;
	return class;
}

bool sy_op_persid(struct sy_pickle *m, uint64_t id)
{
	enum sy_status status = SY_OK;
	uint64_t class = named_class(m, id);

	if (!sy_machine_store(m, &id, 1))
		return false;
	if (m->events->persistent)
		status = m->events->persistent(m->events->user, m, m->off, id);
	if (status != SY_OK)
		return sy_machine_fail(m, status);
	if (class != 0)
		return sy_machine_push(m, class);
	return sy_machine_push(m, sy_value(SY_VALUE_PERSID, sy_store_tuple(&m->store, &id, 1)));
}
