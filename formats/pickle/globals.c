/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of imported names.  What a name means is the knowledge tables'
 * business; this file only asks them once.
 */
#include "formats/pickle/globals.h"

#include "formats/pickle/value.h"

void sy_globals_init(struct sy_globals *globals, struct sy_context *ctx)
{
	*globals = (struct sy_globals){ .ctx = ctx };
	sy_arena_init(&globals->arena, ctx);
	sy_set_init(&globals->set, ctx);
}

void sy_globals_free(struct sy_globals *globals)
{
	sy_set_free(&globals->set);
	sy_arena_free(&globals->arena);
	if (globals->all)
		sy_release(globals->ctx, globals->all);
	sy_globals_init(globals, globals->ctx);
}

/* "module.name" behind the length of the module: "a.b" "c" is not "a" "b.c". */
static size_t make_key(uint8_t *key, struct sy_span module, struct sy_span name)
{
	uint32_t len = (uint32_t)module.len;
	size_t n = sizeof(len);

	memcpy(key, &len, sizeof(len));
	if (module.len)
		memcpy(key + n, module.data, module.len);
	n += module.len;
	if (name.len) {
		key[n++] = '.';
		memcpy(key + n, name.data, name.len);
		n += name.len;
	}
	return n;
}

static enum sy_status add(struct sy_globals *globals, struct sy_span key, size_t module_len,
			  bool is_cut)
{
	struct sy_global *global;
	struct sy_span copy;
	uint64_t found;
	bool is_new;
	enum sy_status status;

	if (globals->n >= globals->ctx->limits.pickle_globals || globals->n >= SY_GLOBALS_MAX)
		return sy_fail(globals->ctx, SY_LIMIT, "more than %zu imported names "
			       "(--limit pickle-globals=N)", globals->n);
	status = sy_grow(globals->ctx, &globals->all, &globals->cap, globals->n + 1,
			 sizeof(*globals->all));
	if (status == SY_OK)
		status = sy_arena_copy(&globals->arena, key, &copy);
	if (status == SY_OK)
		status = sy_set_add(&globals->set, copy, globals->n, &is_new, &found);
	if (status != SY_OK)
		return status;
	global = &globals->all[globals->n++];
	global->symbol = sy_span_slice(copy, sizeof(uint32_t), SIZE_MAX);
	global->module = sy_span_slice(global->symbol, 0, module_len);
	global->name = sy_span_slice(global->symbol, module_len + 1, SIZE_MAX);
	global->info = sy_global_find(global->module, global->name);
	global->is_cut = is_cut;
	if (is_cut && global->info.class == SY_GLOBAL_SAFE)
		global->info.class = SY_GLOBAL_UNKNOWN;
	return SY_OK;
}

enum sy_status sy_globals_add(struct sy_globals *globals, struct sy_span module,
			      struct sy_span name, uint32_t *index)
{
	uint8_t key[sizeof(uint32_t) + 2 * SY_GLOBAL_NAME_MAX + 1];
	bool is_cut = module.len > SY_GLOBAL_NAME_MAX || name.len > SY_GLOBAL_NAME_MAX;
	uint64_t found;
	size_t len;
	enum sy_status status = SY_OK;

	module = sy_span_slice(module, 0, SY_GLOBAL_NAME_MAX);
	name = sy_span_slice(name, 0, SY_GLOBAL_NAME_MAX);
	len = make_key(key, module, name);
	if (!sy_set_has(&globals->set, sy_span_of(key, len), &found)) {
		found = globals->n;
		status = add(globals, sy_span_of(key, len), module.len, is_cut);
	}
	*index = (uint32_t)found;
	return status;
}
