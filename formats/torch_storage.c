/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listens to persistent ids and to the calls that make tensors (torch/_utils.py).
 * States facts with the numbers; never reads a storage.
 */
#include "formats/torch_storage.h"

#include "verifier/base/ckd.h"

static const struct { const char *name, *dtype; uint64_t item; } classes[] = {
	{ "BFloat16Storage", "bfloat16", 2 }, { "BoolStorage", "bool", 1 },
	{ "ByteStorage", "uint8", 1 }, { "CharStorage", "int8", 1 },
	{ "ComplexDoubleStorage", "complex128", 16 }, { "ComplexFloatStorage", "complex64", 8 },
	{ "DoubleStorage", "float64", 8 }, { "FloatStorage", "float32", 4 },
	{ "HalfStorage", "float16", 2 }, { "IntStorage", "int32", 4 },
	{ "LongStorage", "int64", 8 }, { "QInt32Storage", "qint32", 4 },
	{ "QInt8Storage", "qint8", 1 }, { "QUInt2x4Storage", "quint2x4", 1 },
	{ "QUInt4x2Storage", "quint4x2", 1 }, { "QUInt8Storage", "quint8", 1 },
	{ "ShortStorage", "int16", 2 }, { "UntypedStorage", "uint8", 1 },
};

/* Types that _rebuild_tensor_v3 names, on storages that have none. */
static const struct { const char *name; uint64_t item; } dtypes[] = {
	{ "bfloat16", 2 }, { "bool", 1 }, { "complex128", 16 }, { "complex32", 4 },
	{ "complex64", 8 }, { "float16", 2 }, { "float32", 4 }, { "float64", 8 },
	{ "float8_e4m3fn", 1 }, { "float8_e4m3fnuz", 1 }, { "float8_e5m2", 1 },
	{ "float8_e5m2fnuz", 1 }, { "float8_e8m0fnu", 1 }, { "int16", 2 }, { "int32", 4 },
	{ "int64", 8 }, { "int8", 1 }, { "uint16", 2 }, { "uint32", 4 }, { "uint64", 8 },
	{ "uint8", 1 },
};

/* The number of a class's row, or how many there are. */
static size_t class_of(struct sy_span symbol)
{
	size_t i = 0;

	if (!sy_span_starts(symbol, "torch."))
		return SY_N_ELEMS(classes);
	for (; i < SY_N_ELEMS(classes); i++) {
		size_t len = strlen(classes[i].name);

		if (symbol.len > len && symbol.data[symbol.len - len - 1] == '.' &&
		    sy_span_ends(symbol, classes[i].name))
			break;
	}
	return i;
}

uint64_t sy_torch_item_bytes(struct sy_span symbol)
{
	size_t i = class_of(symbol);

	return i < SY_N_ELEMS(classes) ? classes[i].item : 0;
}

const char *sy_torch_storage_dtype(struct sy_span symbol)
{
	size_t i = class_of(symbol);

	return i < SY_N_ELEMS(classes) ? classes[i].dtype : "";
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

/* Values of another machine (objects inside an array) mean something else. */
static bool is_heard(struct sy_torch_storages *s, struct sy_pickle *m)
{
	if (!s->m)
		s->m = m;
	return s->m == m;
}

/* ('storage', class, key, device, count) */
static enum sy_status on_persistent(void *user, struct sy_pickle *m, uint64_t off, uint64_t id)
{
	struct sy_torch_storages *s = user;
	struct sy_torch_storage storage = { .off = off, .at = SY_OFFSET_NONE }, *known;
	uint8_t buf[256];
	uint64_t numel;
	size_t class;

	if (!is_heard(s, m) || !sy_pickle_is_text(m, sy_pickle_item(m, id, 0), "storage") ||
	    !get_key(m, sy_pickle_item(m, id, 2), buf, sizeof(buf), &storage.key))
		return SY_OK;
	numel = sy_pickle_item(m, id, 4);
	if (sy_value_kind(numel) != SY_VALUE_INT || sy_value_get_int(numel) < 0)
		return sy_fact(s->pickle, SY_RULE_TORCH_STORAGE_WRONG, off, 1, storage.key,
			       "a storage whose number of elements is no natural number");
	storage.numel = (uint64_t)sy_value_get_int(numel);
	class = class_of(symbol_of(m, sy_pickle_item(m, id, 1)));
	storage.item = class < SY_N_ELEMS(classes) ? classes[class].item : 0;
	storage.dtype = class < SY_N_ELEMS(classes) ? classes[class].dtype : "";
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

/* What calls of torch/_utils.py make. */
enum role {
	ROLE_NONE,
	ROLE_TENSOR,		/* (storage, offset, size, stride, ...) */
	ROLE_TYPED,		/* the same with a type as the seventh */
	ROLE_FROM_TYPE,		/* (function, class, its arguments, state) */
	ROLE_ALIAS,		/* of the tensor that comes first */
	ROLE_UNKNOWN		/* a tensor all the same */
};

static const struct { const char *symbol; enum role role; } roles[] = {
	{ "torch._utils._rebuild_tensor", ROLE_TENSOR },
	{ "torch._utils._rebuild_tensor_v2", ROLE_TENSOR },
	{ "torch._utils._rebuild_tensor_v3", ROLE_TYPED },
	{ "torch._utils._rebuild_qtensor", ROLE_TENSOR },
	{ "torch._utils._rebuild_parameter", ROLE_ALIAS },
	{ "torch._utils._rebuild_parameter_with_state", ROLE_ALIAS },
	{ "torch._utils._rebuild_device_tensor_from_cpu_tensor", ROLE_ALIAS },
	{ "torch._utils._rebuild_device_tensor_from_numpy", ROLE_UNKNOWN },
	{ "torch._utils._rebuild_meta_tensor_no_storage", ROLE_UNKNOWN },
	{ "torch._utils._rebuild_wrapper_subclass", ROLE_UNKNOWN },
	{ "torch._utils._rebuild_xla_tensor", ROLE_UNKNOWN },
	{ "torch._tensor._rebuild_from_type", ROLE_FROM_TYPE },
	{ "torch._tensor._rebuild_from_type_v2", ROLE_FROM_TYPE },
};

static enum role role_of(struct sy_span symbol)
{
	if (!sy_span_starts(symbol, "torch._"))
		return ROLE_NONE;
	for (size_t i = 0; i < SY_N_ELEMS(roles); i++) {
		if (sy_span_is(symbol, roles[i].symbol))
			return roles[i].role;
	}
	return ROLE_NONE;
}

/* A size or stride: a tuple of natural numbers; torch.Size holds one. */
static bool get_naturals(struct sy_pickle *m, uint64_t value, uint64_t *n, size_t *count)
{
	struct sy_tuple tuple;

	if (sy_span_is(symbol_of(m, value), "torch.Size"))
		value = sy_pickle_item(m, value, 0);
	if (!sy_pickle_items(m, value, &tuple) || tuple.n_items > SY_RANK_MAX)
		return false;
	*count = tuple.n_kept;
	for (size_t i = 0; i < tuple.n_kept; i++) {
		if (!get_natural(tuple.items[i], &n[i]))
			return false;
	}
	return true;
}

/* Where a tensor lies in its storage, in elements of its own size. */
struct reach {
	uint64_t size[SY_RANK_MAX], stride[SY_RANK_MAX];
	size_t rank;
	uint64_t offset, numel;
	uint64_t end;		/* behind the last element; 0: there is none */
};

/* False: no numbers that torch.save writes, or they overflow. */
static bool get_reach(struct sy_pickle *m, const struct sy_tuple *args, struct reach *r)
{
	uint64_t offset, size = args->items[2], stride = args->items[3];
	size_t n_strides;
	bool is_empty = false;

	if (!get_natural(args->items[1], &offset) ||
	    !get_naturals(m, size, r->size, &r->rank) ||
	    !get_naturals(m, stride, r->stride, &n_strides) || r->rank != n_strides)
		return false;
	r->offset = offset;
	r->numel = 1;
	for (size_t i = 0; i < r->rank; i++)
		is_empty |= r->size[i] == 0;
	if (is_empty)
		return r->numel = r->end = 0, true;
	for (size_t i = 0; i < r->rank; i++) {
		uint64_t step;

		if (ckd_mul(&r->numel, r->numel, r->size[i]) ||
		    ckd_mul(&step, r->size[i] - 1, r->stride[i]) ||
		    ckd_add(&offset, offset, step))
			return false;
	}
	return !ckd_add(&r->end, offset, (uint64_t)1);
}

/* The storage behind a persistent id; NULL: it is none, or was named too far before. */
static struct sy_torch_storage *storage_of(struct sy_torch_storages *s, struct sy_pickle *m,
					   uint64_t id, enum sy_status *status)
{
	uint64_t known = sy_word_map_get(&s->ids, id & ~SY_VALUE_BARE);
	struct sy_torch_storage *storage;
	struct sy_tuple items;
	struct sy_span key;
	uint8_t buf[256];
	bool is_new;

	if (known)
		return &s->all[known - 1];
	if (sy_value_kind(id) != SY_VALUE_PERSID ||
	    !sy_pickle_items(m, sy_pickle_item(m, id, 0), &items) || items.n_kept < 5 ||
	    !get_key(m, items.items[2], buf, sizeof(buf), &key))
		return NULL;
	storage = sy_torch_storage_find(s, key);
	if (storage)
		*status = sy_word_map_put(&s->ids, id & ~SY_VALUE_BARE,
					  (uint64_t)(storage - s->all) + 1, &is_new);
	return storage;
}

/* The type of a tensor: its storage's, or one of its own. */
static void take_type(struct sy_pickle *m, const struct sy_torch_storage *storage,
		      const struct sy_tuple *args, enum role role, struct sy_torch_view *view)
{
	struct sy_span symbol;

	view->dtype = storage->dtype;
	view->item = storage->item;
	if (role != ROLE_TYPED)
		return;
	symbol = args->n_kept > 6 ? symbol_of(m, args->items[6]) : sy_span_of(NULL, 0);
	view->dtype = "";
	view->item = 0;
	if (!sy_span_starts(symbol, "torch."))
		return;
	symbol = sy_span_slice(symbol, strlen("torch."), symbol.len);
	for (size_t i = 0; i < SY_N_ELEMS(dtypes); i++) {
		if (sy_span_is(symbol, dtypes[i].name)) {
			view->dtype = dtypes[i].name;
			view->item = dtypes[i].item;
		}
	}
}

static enum sy_status check_reach(struct sy_torch_storages *s, const struct reach *r,
				  const struct sy_torch_storage *storage,
				  const struct sy_torch_view *view, uint64_t off)
{
	uint64_t end, size;

	if (ckd_mul(&end, r->end, view->item))
		end = UINT64_MAX;
	if (ckd_mul(&size, storage->numel, storage->item))
		size = UINT64_MAX;
	if (view->item == 0 || storage->item == 0) {	/* same elements, for all we know */
		end = r->end;
		size = storage->numel;
	}
	if (end <= size)
		return SY_OK;
	return sy_fact(s->pickle, SY_RULE_TORCH_VIEW_OUTSIDE, off, 1, storage->key,
		       "a tensor reaches to element %llu, of %llu bytes each, of a storage of "
		       "%llu elements of %llu", (unsigned long long)r->end,
		       (unsigned long long)view->item, (unsigned long long)storage->numel,
		       (unsigned long long)storage->item);
}

static enum sy_status take_tensor(struct sy_torch_storages *s, struct sy_pickle *m,
				  uint64_t off, const struct sy_tuple *args, enum role role,
				  uint64_t result)
{
	struct sy_torch_view view = { 0 };
	const struct sy_torch_storage *storage;
	enum sy_status status = SY_OK;
	struct reach r;

	storage = args->n_kept < 4 ? NULL : storage_of(s, m, args->items[0], &status);
	if (status != SY_OK || !storage) {
		s->tensors.n_unknown++;
		return status;
	}
	if (!get_reach(m, args, &r)) {
		s->tensors.n_unknown++;
		return sy_fact(s->pickle, SY_RULE_TORCH_VIEW_OUTSIDE, off, 1, storage->key,
			       "a tensor whose offset, size or strides are not natural numbers, "
			       "or too large");
	}
	m->hears_items = true;
	take_type(m, storage, args, role, &view);
	view.storage = (size_t)(storage - s->all);
	view.offset = r.offset;
	view.numel = r.numel;
	view.rank = (uint8_t)r.rank;
	view.reach = r.numel > 0 ? r.end - r.offset : 0;
	status = check_reach(s, &r, storage, &view, off);
	return status == SY_OK ? sy_torch_tensors_add(&s->tensors, result, &view, r.size,
						      r.stride)
			       : status;
}

/* The function and arguments that _rebuild_from_type_v2 hands on. */
static enum role inner_call(struct sy_pickle *m, struct sy_tuple *args)
{
	enum role role = args->n_kept > 2 ? role_of(symbol_of(m, args->items[0])) : ROLE_UNKNOWN;

	if ((role != ROLE_TENSOR && role != ROLE_TYPED && role != ROLE_ALIAS) ||
	    !sy_pickle_items(m, args->items[2], args))
		return ROLE_UNKNOWN;
	return role;
}

static enum sy_status on_call(void *user, struct sy_pickle *m, const struct sy_pickle_call *call)
{
	struct sy_torch_storages *s = user;
	enum role role = ROLE_NONE;
	struct sy_tuple args;
	uint64_t result;

	if (!is_heard(s, m))
		return SY_OK;
	if (call->how == SY_HOW_REDUCE && sy_value_kind(call->callee) == SY_VALUE_GLOBAL)
		role = role_of(symbol_of(m, call->callee));
	if (role == ROLE_NONE)
		return sy_torch_tensors_call(&s->tensors, m, call);
	if (sy_value_kind(call->args) != SY_VALUE_TUPLE || !sy_pickle_items(m, call->args, &args)) {
		s->tensors.n_unknown++;
		return SY_OK;
	}
	result = sy_value_call(sy_value_index(call->callee), sy_value_at(call->args));
	if (role == ROLE_FROM_TYPE)
		role = inner_call(m, &args);
	if (role == ROLE_ALIAS && args.n_kept > 0)
		return sy_torch_tensors_alias(&s->tensors, result, args.items[0]);
	if (role == ROLE_TENSOR || role == ROLE_TYPED)
		return take_tensor(s, m, call->off, &args, role, result);
	s->tensors.n_unknown++;
	return SY_OK;
}

static enum sy_status on_items(void *user, struct sy_pickle *m, uint64_t container,
			       const uint64_t *items, size_t n)
{
	struct sy_torch_storages *s = user;

	return is_heard(s, m) ? sy_torch_tensors_items(&s->tensors, m, container, items, n)
			      : SY_OK;
}

/* Of several pickles, the one that holds the tensors counts. */
static enum sy_status on_stop(void *user, struct sy_pickle *m, const struct sy_pickle_end *end)
{
	struct sy_torch_storages *s = user;

	return s->tensors.root == 0 && is_heard(s, m)
		? sy_torch_tensors_stop(&s->tensors, m, end->value) : SY_OK;
}

void sy_torch_storages_init(struct sy_torch_storages *s, struct sy_inspection *in)
{
	*s = (struct sy_torch_storages){ .in = in, .pickle = in };
	s->watch = (struct sy_pickle_watch){
		.user = s, .call = on_call, .persistent = on_persistent,
		.items = on_items, .stop = on_stop,
	};
	sy_set_init(&s->keys, in->ctx);
	sy_word_map_init(&s->ids, in->ctx);
	sy_torch_tensors_init(&s->tensors, in);
}

void sy_torch_storages_free(struct sy_torch_storages *s)
{
	sy_set_free(&s->keys);
	sy_word_map_clear(&s->ids);
	sy_torch_tensors_free(&s->tensors);
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

static uint64_t place(void *user, size_t storage)
{
	const struct sy_torch_storages *s = user;

	return s->all[storage].at;
}

enum sy_status sy_torch_storages_emit(struct sy_torch_storages *s, uint64_t *n)
{
	return sy_torch_tensors_emit(&s->tensors, place, s, s->is_big_endian, n);
}
