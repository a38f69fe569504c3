/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values for listeners: what is in them, and how Python would write them, short.
 * Strings go through the escaper for names; nothing recurses.
 */
#include "formats/pickle/machine_parts.h"

#define NEST_MAX 4	/* containers shown inside each other */
#define ITEMS_MAX 8	/* items shown of each */
#define STRING_MAX 100	/* bytes shown of a string */

bool sy_pickle_items(const struct sy_pickle *m, uint64_t value, struct sy_tuple *tuple)
{
	enum sy_value_kind kind = sy_value_kind(value);

	if (kind == SY_VALUE_TUPLE || kind == SY_VALUE_CALL || kind == SY_VALUE_PERSID)
		return sy_store_get_tuple(&m->store, sy_value_at(value), tuple);
	*tuple = (struct sy_tuple){ 0 };
	return false;
}

uint64_t sy_pickle_item(const struct sy_pickle *m, uint64_t value, size_t i)
{
	struct sy_tuple tuple;

	if (!sy_pickle_items(m, value, &tuple) || i >= tuple.n_kept)
		return 0;
	return tuple.items[i];
}

uint64_t sy_pickle_entry(struct sy_pickle *m, uint64_t dict, const char *key)
{
	const struct sy_list *list = sy_store_get_list(&m->store, dict);
	uint64_t found = 0;

	if (!list || sy_value_kind(dict) != SY_VALUE_DICT)
		return 0;
	for (size_t i = 0; i + 1 < list->n_kept; i += 2) {
		if (sy_pickle_is_text(m, list->items[i], key))
			found = list->items[i + 1];
	}
	return found;
}

const struct sy_global *sy_pickle_global(const struct sy_pickle *m, uint64_t value)
{
	enum sy_value_kind kind = sy_value_kind(value);

	if (kind != SY_VALUE_GLOBAL && kind != SY_VALUE_CALL &&
	    !sy_value_is_other(value, SY_OTHER_ATTRIBUTE))
		return NULL;
	return &m->globals->all[sy_value_index(value)];
}

static void render_string(struct sy_pickle *m, uint64_t value, struct sy_text *text)
{
	uint8_t buf[STRING_MAX];
	struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };

	if (!sy_pickle_content(m, value, &out)) {
		sy_text_add(text, sy_value_is_bytes(value) ? "b'...'" : "'...'");
		return;
	}
	if (sy_value_is_bytes(value))
		sy_text_add(text, "b");
	sy_text_name(text, sy_span_of(buf, out.len));
	if (out.is_cut)
		sy_text_add(text, "...");
}

static void render_symbol(const struct sy_pickle *m, uint64_t value, struct sy_text *text)
{
	const struct sy_global *global = sy_pickle_global(m, value);
	struct sy_text quoted;

	sy_text_init(&quoted);
	sy_text_name(&quoted, global->symbol);
	sy_text_add_span(text, sy_span_slice(sy_text_span(&quoted), 1, quoted.len - 2));
}

static void render_other(const struct sy_pickle *m, uint64_t value, struct sy_text *text)
{
	switch ((enum sy_value_other)(sy_value_payload(value) & 15)) {
	case SY_OTHER_EXTENSION:
		sy_text_addf(text, "<extension %lld>", (long long)sy_value_number(value));
		return;
	case SY_OTHER_BUFFER:
		sy_text_add(text, "<outside buffer>");
		return;
	case SY_OTHER_ATTRIBUTE:
		render_symbol(m, value, text);
		return;
	case SY_OTHER_UNKNOWN:
	case SY_OTHER_RESULT:
		sy_text_add(text, "<computed>");
		return;
	}
}

/* What has no items; false: it has, or may have. */
static bool render_leaf(struct sy_pickle *m, uint64_t value, struct sy_text *text)
{
	switch (sy_value_kind(value)) {
	case SY_VALUE_UNSET:
		sy_text_add(text, "...");
		return true;
	case SY_VALUE_NONE:
		sy_text_add(text, "None");
		return true;
	case SY_VALUE_BOOL:
		sy_text_add(text, sy_value_payload(value) ? "True" : "False");
		return true;
	case SY_VALUE_INT:
		sy_text_addf(text, "%lld", (long long)sy_value_get_int(value));
		return true;
	case SY_VALUE_NUMBER:
		sy_text_add(text, "<number>");
		return true;
	case SY_VALUE_TEXT:
	case SY_VALUE_BYTES:
	case SY_VALUE_STRING:
		render_string(m, value, text);
		return true;
	case SY_VALUE_GLOBAL:
		render_symbol(m, value, text);
		return true;
	case SY_VALUE_OTHER:
		render_other(m, value, text);
		return true;
	case SY_VALUE_CALL:
	case SY_VALUE_LIST:
	case SY_VALUE_DICT:
	case SY_VALUE_SET:
	case SY_VALUE_TUPLE:
	case SY_VALUE_PERSID:
		break;
	}
	return false;
}

struct level {
	const uint64_t *items;
	size_t n, i;
	bool is_more, is_dict;
	const char *close;
};

/* Opens a container: its items, and what stands around them. */
static bool open_level(struct sy_pickle *m, uint64_t value, struct level *level,
		       struct sy_text *text)
{
	const struct sy_list *list = sy_store_get_list(&m->store, value);
	struct sy_tuple tuple;

	*level = (struct level){ .close = ")" };
	if (sy_value_kind(value) == SY_VALUE_CALL)
		render_symbol(m, value, text);
	if (sy_value_kind(value) == SY_VALUE_PERSID)
		sy_text_add(text, "persistent");
	if (list) {
		bool is_list = sy_value_kind(value) == SY_VALUE_LIST;

		sy_text_add(text, is_list ? "[" : "{");
		level->close = is_list ? "]" : "}";
		level->is_dict = sy_value_kind(value) == SY_VALUE_DICT;
		level->items = list->items;
		level->n = list->n_kept;
		level->is_more = list->n_items > list->n_kept;
	} else if (sy_pickle_items(m, value, &tuple)) {
		sy_text_add(text, "(");
		level->items = tuple.items;
		level->n = tuple.n_kept;
		level->is_more = tuple.n_items > tuple.n_kept;
		if (tuple.n_items == 1 && sy_value_kind(value) == SY_VALUE_TUPLE)
			level->close = ",)";
	} else {
		sy_text_add(text, "(...)");
		return false;
	}
	if (level->n > ITEMS_MAX) {
		level->n = ITEMS_MAX;
		level->is_more = true;
	}
	return true;
}

static void separate(const struct level *level, struct sy_text *text)
{
	if (level->i > 0)
		sy_text_add(text, level->is_dict && level->i % 2 == 1 ? ": " : ", ");
}

void sy_pickle_render(struct sy_pickle *m, uint64_t value, size_t max, struct sy_text *text)
{
	struct level levels[NEST_MAX];
	size_t n_levels = 0, start = text->len;

	if (render_leaf(m, value, text) || !open_level(m, value, &levels[n_levels++], text))
		return;
	while (n_levels > 0) {
		struct level *top = &levels[n_levels - 1];
		uint64_t item;

		if (top->i == top->n || text->len - start > max) {
			if (top->is_more || top->i < top->n)
				sy_text_add(text, top->i ? ", ..." : "...");
			sy_text_add(text, top->close);
			n_levels--;
			continue;
		}
		separate(top, text);
		item = top->items[top->i++];
		if (render_leaf(m, item, text))
			continue;
		if (n_levels == NEST_MAX)
			sy_text_add(text, "(...)");
		else if (open_level(m, item, &levels[n_levels], text))
			n_levels++;
	}
}
