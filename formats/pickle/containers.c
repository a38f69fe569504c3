/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tuples, lists, dicts, sets: made, and added to.  Adding to anything else calls a
 * method of it, and is reported as a call.
 */
#include "formats/pickle/machine_parts.h"

#define SPECIAL_MAX 262144	/* dicts with special keys that are told apart */

/* Keys that are plainly not a name the unpickler looks up; TEXT knows itself. */
#define PLAIN_KEYS (1u << SY_VALUE_NONE | 1u << SY_VALUE_BOOL | 1u << SY_VALUE_INT | \
		    1u << SY_VALUE_NUMBER | 1u << SY_VALUE_TEXT | 1u << SY_VALUE_BYTES | \
		    1u << SY_VALUE_TUPLE)

static bool note_special(struct sy_pickle *m, uint64_t dict)
{
	enum sy_status status;
	bool is_new;

	if (dict == m->last_special || m->is_all_special)
		return true;
	m->last_special = dict;
	if (m->special.n_used >= SPECIAL_MAX) {
		m->is_all_special = true;
		return true;
	}
	status = sy_word_map_put(&m->special, dict, 1, &is_new);
	return status == SY_OK || sy_machine_fail(m, status);
}

/* Arrays, tables, times and containers are no functions. */
static bool is_data(const struct sy_pickle *m, uint64_t value)
{
	static const char *const modules[] = { "builtins.", "collections.", "datetime.", "joblib.",
		"numpy.", "pandas.", "scipy.sparse.", "torch.Size", "torch._utils." };
	const struct sy_global *global = sy_pickle_global(m, value);

	if (!sy_value_is_opaque(value))
		return true;
	if (sy_value_kind(value) != SY_VALUE_CALL)
		return false;
	for (size_t i = 0; i < SY_N_ELEMS(modules); i++) {
		if (sy_span_starts(global->symbol, modules[i]))
			return true;
	}
	return false;
}

/*
 * Data under such a name is called by nobody, but what replaces all attributes.  Some
 * classes keep their state's dict: __setstate__ counts whenever it comes into one.
 */
static bool note_key(struct sy_pickle *m, uint64_t dict, uint64_t key, uint64_t value)
{
	if (sy_value_kind(key) == SY_VALUE_TEXT && is_data(m, value) &&
	    !sy_pickle_is_text(m, key, "__dict__"))
		return m->status == SY_OK;
	if (sy_pickle_is_text(m, key, "__setstate__") && sy_pickle_global(m, value) &&
	    !sy_machine_odd(m, SY_ODD_BARE, 0, value))
		return false;
	return m->status == SY_OK && note_special(m, dict);
}

bool sy_machine_note_keys(struct sy_pickle *m, uint64_t dict, const uint64_t *items,
			  size_t n)
{
	for (size_t i = 0; i < n; i += 2) {
		unsigned kind = (unsigned)sy_value_kind(items[i]);

		if (SY_LIKELY(1u << kind & PLAIN_KEYS) &&
		    !(kind == SY_VALUE_TEXT && sy_value_is_special(items[i])))
			continue;
		if (!note_key(m, dict, items[i], items[i + 1]))
			return false;
	}
	return true;
}

static bool dict_is_special(const struct sy_pickle *m, uint64_t dict)
{
	return m->is_all_special || sy_word_map_get(&m->special, dict) != 0;
}

/* The state of copyreg: a dict, or a tuple of two of them. */
bool sy_machine_is_special(const struct sy_pickle *m, uint64_t state)
{
	struct sy_tuple tuple;

	if (m->special.n_used == 0)
		return false;
	if (sy_value_kind(state) != SY_VALUE_TUPLE)
		return dict_is_special(m, state);
	if (!sy_pickle_items(m, state, &tuple))
		return true;
	return tuple.n_items == 2 && (dict_is_special(m, tuple.items[0]) ||
				      dict_is_special(m, tuple.items[1]));
}

bool sy_op_tuple(struct sy_pickle *m, size_t n)
{
	uint64_t *items;

	if (m->n < n || m->n - n < m->fence)
		return sy_machine_underflow(m);
	items = m->stack + m->n - n;
	if (!sy_machine_store(m, items, n))
		return false;
	m->n -= n;
	return sy_machine_push(m, sy_value(SY_VALUE_TUPLE, sy_store_tuple(&m->store, items, n)));
}

static bool tell_items(struct sy_pickle *m, uint64_t container, const uint64_t *items, size_t n)
{
	enum sy_status status = SY_OK;

	if (SY_UNLIKELY(m->hears_items) && m->events->items && n > 0)
		status = m->events->items(m->events->user, m, container, items, n);
	return status == SY_OK || sy_machine_fail(m, status);
}

/* TUPLE, LIST, DICT, FROZENSET: all there is above the mark. */
bool sy_op_collect(struct sy_pickle *m, uint8_t opcode)
{
	uint64_t value;
	uint64_t *items;
	size_t at, n;

	if (!sy_machine_mark(m, &at))
		return false;
	items = m->stack + at;
	n = m->n - at;
	if (opcode == SY_OP_DICT && n % 2 != 0)
		return sy_machine_break(m, "a dict with a key that has no value");
	if (!sy_machine_store(m, items, n))
		return false;
	m->n = at;
	if (opcode == SY_OP_TUPLE) {
		value = sy_value(SY_VALUE_TUPLE, sy_store_tuple(&m->store, items, n));
		return sy_machine_push(m, value);
	}
	value = sy_store_list(&m->store, opcode == SY_OP_LIST ? SY_VALUE_LIST :
			      opcode == SY_OP_DICT ? SY_VALUE_DICT : SY_VALUE_SET);
	if (opcode != SY_OP_FROZENSET && !tell_items(m, value, items, n))
		return false;
	sy_store_extend(&m->store, value, items, n);
	if (opcode == SY_OP_DICT && !sy_machine_note_keys(m, value, items, n))
		return false;
	return sy_machine_push(m, value);
}

/* What an unknown object does with the items is its own affair. */
static bool call_method(struct sy_pickle *m, uint64_t object, const uint64_t *items, size_t n)
{
	return sy_machine_call(m, (struct sy_pickle_call){
		.how = SY_HOW_ITEMS, .callee = object,
		.args = sy_value(SY_VALUE_TUPLE, sy_store_tuple(&m->store, items, n)),
	});
}

/* True when [at, n) are items for the value below them; *n is their number. */
static bool take_items(struct sy_pickle *m, size_t at, size_t *n)
{
	*n = 0;
	if (at > m->n || at <= m->fence)
		return sy_machine_underflow(m);
	*n = m->n - at;
	m->n = at;
	return sy_machine_store(m, m->stack + at, *n);
}

/* A bytearray has append and extend, too. */
bool sy_op_append(struct sy_pickle *m, size_t at)
{
	uint64_t list;
	size_t n;

	if (!take_items(m, at, &n))
		return false;
	if (n == 0)
		return true;
	list = m->stack[at - 1];
	if (!tell_items(m, list, m->stack + at, n))
		return false;
	if (sy_value_kind(list) == SY_VALUE_LIST) {
		sy_store_extend(&m->store, list, m->stack + at, n);
		return true;
	}
	if (!sy_value_is_opaque(list) && sy_value_kind(list) != SY_VALUE_BYTES)
		return sy_machine_break(m, "items for a value that takes none");
	return call_method(m, list, m->stack + at, n);
}

bool sy_op_setitems(struct sy_pickle *m, size_t at)
{
	uint64_t dict;
	size_t n;

	if (!take_items(m, at, &n))
		return false;
	if (n == 0)
		return true;
	if (n % 2 != 0)
		return sy_machine_break(m, "a dict with a key that has no value");
	dict = m->stack[at - 1];
	if (!tell_items(m, dict, m->stack + at, n))
		return false;
	if (!sy_machine_note_keys(m, dict, m->stack + at, n))
		return false;
	if (sy_value_kind(dict) == SY_VALUE_DICT) {
		sy_store_extend(&m->store, dict, m->stack + at, n);
		return true;
	}
	if (!sy_value_is_opaque(dict) && sy_value_kind(dict) != SY_VALUE_BYTES &&
	    sy_value_kind(dict) != SY_VALUE_LIST)
		return sy_machine_break(m, "items for a value that takes none");
	return sy_value_kind(dict) == SY_VALUE_LIST || call_method(m, dict, m->stack + at, n);
}

bool sy_op_additems(struct sy_pickle *m, size_t at)
{
	uint64_t set;
	size_t n;

	if (!take_items(m, at, &n))
		return false;
	if (n == 0)
		return true;
	set = m->stack[at - 1];
	if (sy_value_kind(set) == SY_VALUE_SET) {
		sy_store_extend(&m->store, set, m->stack + at, n);
		return true;
	}
	if (!sy_value_is_opaque(set))
		return sy_machine_break(m, "items for a value that takes none");
	return call_method(m, set, m->stack + at, n);
}
