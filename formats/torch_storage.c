/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listens to persistent ids and to the calls that make tensors (torch/_utils.py).
 * States facts with the numbers; never reads a storage.
 */
#include "formats/torch_storage.h"

#include "verifier/base/ckd.h"

static const struct { const char *name; uint64_t item; } classes[] = {
	{ "BFloat16Storage", 2 }, { "BoolStorage", 1 }, { "ByteStorage", 1 },
	{ "CharStorage", 1 }, { "ComplexDoubleStorage", 16 }, { "ComplexFloatStorage", 8 },
	{ "DoubleStorage", 8 }, { "FloatStorage", 4 }, { "HalfStorage", 2 },
	{ "IntStorage", 4 }, { "LongStorage", 8 }, { "QInt32Storage", 4 },
	{ "QInt8Storage", 1 }, { "QUInt2x4Storage", 1 }, { "QUInt4x2Storage", 1 },
	{ "QUInt8Storage", 1 }, { "ShortStorage", 2 }, { "UntypedStorage", 1 },
};

uint64_t sy_torch_item_bytes(struct sy_span symbol)
{
	if (!sy_span_starts(symbol, "torch."))
		return 0;
	for (size_t i = 0; i < SY_N_ELEMS(classes); i++) {
		size_t at = symbol.len - strlen(classes[i].name);

		if (symbol.len > strlen(classes[i].name) && symbol.data[at - 1] == '.' &&
		    sy_span_ends(symbol, classes[i].name))
			return classes[i].item;
	}
	return 0;
}

static struct sy_span symbol_of(const struct sy_pickle *m, uint64_t value)
{
	const struct sy_global *global = sy_pickle_global(m, value);

	return global ? global->symbol : sy_span_of(NULL, 0);
}

static bool get_key(struct sy_pickle *m, uint64_t value, uint8_t *buf, size_t cap,
		    struct sy_span *key)
{
	struct sy_decoded out = { .data = buf, .cap = cap };

	if (!sy_pickle_content(m, value, &out) || out.is_cut)
		return false;
	*key = sy_span_of(buf, out.len);
	return true;
}

struct sy_torch_storage *sy_torch_storage_find(struct sy_torch_storages *s,
					       struct sy_span key)
{
	uint64_t i;

	return sy_set_has(&s->keys, key, &i) ? &s->all[i] : NULL;
}

static enum sy_status add(struct sy_torch_storages *s, const struct sy_torch_storage *storage)
{
	struct sy_torch_storage *added;
	uint64_t found;
	bool is_new;
	enum sy_status status;

	if (s->n >= s->in->ctx->limits.tensors)
		return sy_fail(s->in->ctx, SY_LIMIT, "more than %llu storages (limit tensors)",
			       (unsigned long long)s->in->ctx->limits.tensors);
	status = sy_grow(s->in->ctx, &s->all, &s->cap, s->n + 1, sizeof(*s->all));
	if (status != SY_OK)
		return status;
	added = &s->all[s->n];
	*added = *storage;
	status = sy_arena_copy(&s->in->arena, storage->key, &added->key);
	if (status == SY_OK)
		status = sy_set_add(&s->keys, added->key, s->n, &is_new, &found);
	s->n += status == SY_OK;
	return status;
}

/* The same storage must be the same thing each time it is named. */
static enum sy_status compare_again(struct sy_torch_storages *s,
				    const struct sy_torch_storage *known,
				    const struct sy_torch_storage *again)
{
	struct sy_text key;

	if (known->item == again->item && known->numel == again->numel)
		return SY_OK;
	sy_text_init(&key);
	sy_text_name(&key, known->key);
	return sy_fact(s->pickle, SY_RULE_TORCH_STORAGE_WRONG, again->off, 1, known->key,
		       "storage %s has %llu elements of %llu bytes here, and %llu of %llu "
		       "at offset %llu", key.data, (unsigned long long)again->numel,
		       (unsigned long long)again->item, (unsigned long long)known->numel,
		       (unsigned long long)known->item, (unsigned long long)known->off);
}

/* ('storage', class, key, device, count) */
static enum sy_status on_persistent(void *user, struct sy_pickle *m, uint64_t off, uint64_t id)
{
	struct sy_torch_storages *s = user;
	struct sy_torch_storage storage = { .off = off }, *known;
	uint8_t buf[256];
	uint64_t numel;

	if (!sy_pickle_is_text(m, sy_pickle_item(m, id, 0), "storage") ||
	    !get_key(m, sy_pickle_item(m, id, 2), buf, sizeof(buf), &storage.key))
		return SY_OK;
	numel = sy_pickle_item(m, id, 4);
	if (sy_value_kind(numel) != SY_VALUE_INT || sy_value_get_int(numel) < 0)
		return sy_fact(s->pickle, SY_RULE_TORCH_STORAGE_WRONG, off, 1, storage.key,
			       "a storage whose number of elements is no natural number");
	storage.numel = (uint64_t)sy_value_get_int(numel);
	storage.item = sy_torch_item_bytes(symbol_of(m, sy_pickle_item(m, id, 1)));
	known = sy_torch_storage_find(s, storage.key);
	return known ? compare_again(s, known, &storage) : add(s, &storage);
}

static bool get_natural(uint64_t value, uint64_t *n)
{
	*n = 0;
	if (sy_value_kind(value) != SY_VALUE_INT || sy_value_get_int(value) < 0)
		return false;
	*n = (uint64_t)sy_value_get_int(value);
	return true;
}

/* One more than the last element of the storage that a view reaches; false: absurd. */
static bool view_end(struct sy_pickle *m, const struct sy_tuple *args, uint64_t *end)
{
	struct sy_tuple size, stride;

	if (!get_natural(args->items[1], end) ||
	    !sy_pickle_items(m, args->items[2], &size) ||
	    !sy_pickle_items(m, args->items[3], &stride) || size.n_items != stride.n_items)
		return false;
	for (size_t i = 0; i < size.n_kept; i++) {
		uint64_t n, step, reach;

		if (!get_natural(size.items[i], &n) || !get_natural(stride.items[i], &step))
			return false;
		if (n == 0)
			return *end = 0, true;
		if (ckd_mul(&reach, n - 1, step) || ckd_add(end, *end, reach))
			return false;
	}
	return !ckd_add(end, *end, (uint64_t)1);
}

static bool is_rebuild(struct sy_span symbol)
{
	return sy_span_is(symbol, "torch._utils._rebuild_tensor") ||
	       sy_span_is(symbol, "torch._utils._rebuild_tensor_v2");
}

/* _rebuild_tensor_v2(storage, offset, size, stride, ...) */
static enum sy_status on_call(void *user, struct sy_pickle *m, const struct sy_pickle_call *call)
{
	struct sy_torch_storages *s = user;
	const struct sy_torch_storage *storage;
	struct sy_tuple args, id;
	struct sy_span key;
	uint8_t buf[256];
	uint64_t end;

	if (call->how != SY_HOW_REDUCE || !is_rebuild(symbol_of(m, call->callee)) ||
	    !sy_pickle_items(m, call->args, &args) || args.n_kept < 4 ||
	    sy_value_kind(args.items[0]) != SY_VALUE_PERSID)
		return SY_OK;
	id.n_kept = 0;
	if (!sy_pickle_items(m, sy_pickle_item(m, args.items[0], 0), &id) || id.n_kept < 5 ||
	    !get_key(m, id.items[2], buf, sizeof(buf), &key))
		return SY_OK;
	storage = sy_torch_storage_find(s, key);
	if (!storage)
		return SY_OK;
	if (!view_end(m, &args, &end))
		return sy_fact(s->pickle, SY_RULE_TORCH_VIEW_OUTSIDE, call->off, 1, key,
			       "a tensor whose offset, size or strides are not natural numbers, "
			       "or too large");
	if (end <= storage->numel)
		return SY_OK;
	return sy_fact(s->pickle, SY_RULE_TORCH_VIEW_OUTSIDE, call->off, 1, key,
		       "a tensor reaches to element %llu of a storage of %llu",
		       (unsigned long long)end, (unsigned long long)storage->numel);
}

void sy_torch_storages_init(struct sy_torch_storages *s, struct sy_inspection *in)
{
	*s = (struct sy_torch_storages){ .in = in, .pickle = in };
	s->watch = (struct sy_pickle_watch){ .user = s, .call = on_call,
					     .persistent = on_persistent };
	sy_set_init(&s->keys, in->ctx);
}

void sy_torch_storages_free(struct sy_torch_storages *s)
{
	sy_set_free(&s->keys);
	sy_release(s->in->ctx, s->all);
	s->all = NULL;
	s->n = s->cap = 0;
}

enum sy_status sy_torch_storage_compare(struct sy_torch_storages *s,
					struct sy_torch_storage *storage, uint64_t off,
					uint64_t len)
{
	struct sy_text key;
	uint64_t want;

	storage->is_there = true;
	if (storage->item == 0)
		return SY_OK;
	if (ckd_mul(&want, storage->numel, storage->item))
		want = UINT64_MAX;
	if (want == len)
		return SY_OK;
	sy_text_init(&key);
	sy_text_name(&key, storage->key);
	return sy_fact(s->in, len < want ? SY_RULE_TORCH_STORAGE_WRONG
					 : SY_RULE_TORCH_STORAGE_LONG,
		       off, 0, storage->key,
		       "storage %s has %llu bytes, its %llu elements of %llu bytes are %llu",
		       key.data, (unsigned long long)len, (unsigned long long)storage->numel,
		       (unsigned long long)storage->item, (unsigned long long)want);
}

enum sy_status sy_torch_storages_end(struct sy_torch_storages *s)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < s->n && status == SY_OK; i++) {
		struct sy_text key;

		if (s->all[i].is_there)
			continue;
		sy_text_init(&key);
		sy_text_name(&key, s->all[i].key);
		status = sy_fact(s->in, SY_RULE_TORCH_STORAGE_MISSING, SY_OFFSET_NONE, 0,
				 s->all[i].key, "storage %s of %llu elements is not in the file",
				 key.data, (unsigned long long)s->all[i].numel);
	}
	return status;
}
