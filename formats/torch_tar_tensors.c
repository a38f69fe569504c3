/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torch/serialization.py, legacy_load.  Each member is run once more, in silence, in the
 * order in which PyTorch reads them; what is not as torch.save wrote it ends the list,
 * and the file has more tensors than were listed.
 */
#include "formats/torch_tar_tensors.h"

#include "formats/pickle/streams.h"
#include "formats/torch_storage.h"
#include "verifier/base/ckd.h"

struct storage {
	uint64_t at;			/* of its elements, in the archive */
	uint64_t numel, item;
	const char *dtype;
};

struct tensor {
	struct sy_torch_view view;
	uint64_t dims[2 * SY_RANK_MAX];	/* sizes, then strides */
	bool is_named;
};

struct reading {
	const struct sy_torch_tar *tar;
	struct sy_context *ctx;
	struct sy_arena *arena;
	struct storage *storages;
	size_t n_storages, cap_storages;
	struct tensor **tensors;
	size_t n_tensors, cap_tensors;
	struct sy_word_map storage_keys, tensor_keys;	/* value of the key -> index + 1 */
	struct sy_torch_tensors names;
	/* The member that is read. */
	struct sy_inspection *in;
	struct sy_source source;
	uint64_t base;			/* of the member, in the archive */
	uint64_t at;			/* where its next pickle begins */
	uint64_t count;
	bool is_known;			/* all so far was as expected */
};

static enum sy_status forget(struct sy_sink *sink, const struct sy_record *record)
{
	(void)sink;
	(void)record;
	return SY_OK;
}

/* Numbers of eight bytes at *off, which moves on; false: they are not there. */
static bool get_numbers(struct reading *r, uint64_t *off, uint64_t *numbers, size_t n,
			enum sy_status *status)
{
	uint64_t size = r->source.size;

	for (size_t i = 0; i < n; i++) {
		uint8_t bytes[8];
		struct sy_cursor c;

		if (*off > size || size - *off < sizeof(bytes))
			return false;
		*status = sy_source_read(&r->source, *off, bytes, sizeof(bytes));
		sy_cursor_init(&c, sy_span_of(bytes, sizeof(bytes)), *off);
		if (*status != SY_OK || !sy_get_u64(&c, &numbers[i]))
			return false;
		*off += sizeof(bytes);
	}
	return true;
}

/* A key is a number; what it stands for is its index. */
static size_t find(const struct sy_word_map *keys, uint64_t value)
{
	uint64_t found = sy_value_kind(value) == SY_VALUE_INT ? sy_word_map_get(keys, value) : 0;

	return found ? (size_t)found - 1 : SIZE_MAX;
}

/* Twice the same is no key. */
static enum sy_status put(struct reading *r, struct sy_word_map *keys, uint64_t value, size_t index)
{
	bool is_new = false;
	enum sy_status status = SY_OK;

	if (sy_value_kind(value) == SY_VALUE_INT)
		status = sy_word_map_put(keys, value, (uint64_t)index + 1, &is_new);
	r->is_known &= is_new;
	return status;
}

static enum sy_status on_count(void *user, struct sy_pickle *m, const struct sy_pickle_end *end)
{
	struct reading *r = user;

	(void)m;
	r->is_known = sy_value_kind(end->value) == SY_VALUE_INT &&
		      sy_value_get_int(end->value) >= 0;
	r->count = r->is_known ? (uint64_t)sy_value_get_int(end->value) : 0;
	r->at = end->off;
	return SY_OK;
}

static enum sy_status add_storage(struct reading *r, uint64_t key, const struct storage *storage)
{
	enum sy_status status = sy_grow(r->ctx, &r->storages, &r->cap_storages,
					r->n_storages + 1, sizeof(*r->storages));

	if (status != SY_OK)
		return status;
	r->storages[r->n_storages++] = *storage;
	return put(r, &r->storage_keys, key, r->n_storages - 1);
}

/* (key, location, class): then a count of eight bytes, and the elements. */
static enum sy_status on_storage(void *user, struct sy_pickle *m,
				 const struct sy_pickle_end *end)
{
	struct reading *r = user;
	const struct sy_global *class = sy_pickle_global(m, sy_pickle_item(m, end->value, 2));
	struct storage storage = { 0 };
	uint64_t off = end->off, len;
	enum sy_status status = SY_OK;

	if (class)
		storage.item = sy_torch_item_bytes(class->symbol);
	r->is_known = storage.item > 0 && get_numbers(r, &off, &storage.numel, 1, &status) &&
		      !ckd_mul(&len, storage.numel, storage.item) &&
		      len <= r->source.size - off;
	if (!r->is_known)
		return status;
	storage.dtype = sy_torch_storage_dtype(class->symbol);
	storage.at = r->base + off;
	r->at = off + len;
	return add_storage(r, sy_pickle_item(m, end->value, 0), &storage);
}

/* (key, key of the storage it is a part of, offset, count) */
static enum sy_status add_part(struct reading *r, struct sy_pickle *m, uint64_t row)
{
	size_t root = find(&r->storage_keys, sy_pickle_item(m, row, 1));
	uint64_t offset = sy_pickle_item(m, row, 2), numel = sy_pickle_item(m, row, 3), end;
	struct storage part;

	r->is_known &= root != SIZE_MAX && sy_value_kind(offset) == SY_VALUE_INT &&
		       sy_value_kind(numel) == SY_VALUE_INT && sy_value_get_int(offset) >= 0 &&
		       sy_value_get_int(numel) >= 0;
	if (!r->is_known)
		return SY_OK;
	part = r->storages[root];
	offset = (uint64_t)sy_value_get_int(offset);
	numel = (uint64_t)sy_value_get_int(numel);
	r->is_known = !ckd_add(&end, offset, numel) && end <= part.numel;
	if (!r->is_known)
		return SY_OK;
	part.numel = numel;
	part.at += offset * part.item;	/* inside the storage, which is in the file */
	return add_storage(r, sy_pickle_item(m, row, 0), &part);
}

static enum sy_status on_parts(void *user, struct sy_pickle *m, uint64_t container,
			       const uint64_t *items, size_t n)
{
	struct reading *r = user;
	enum sy_status status = SY_OK;

	(void)container;
	for (size_t i = 0; i < n && status == SY_OK && r->is_known; i++)
		status = add_part(r, m, items[i]);
	return status;
}

/* Elements from the first to the last one; false: more than there are numbers. */
static bool take_dims(struct tensor *t, const struct storage *storage)
{
	const uint64_t *sizes = t->dims, *strides = t->dims + t->view.rank;
	uint64_t numel = 1, last = 0, end;

	for (size_t i = 0; i < t->view.rank; i++) {
		uint64_t step = 0;

		if (ckd_mul(&numel, numel, sizes[i]) ||
		    (sizes[i] > 0 && ckd_mul(&step, sizes[i] - 1, strides[i])) ||
		    ckd_add(&last, last, step))
			return false;
	}
	t->view.numel = numel;
	t->view.reach = numel > 0 ? last + 1 : 0;
	return numel == 0 || (last < UINT64_MAX && !ckd_add(&end, t->view.offset, last + 1) &&
			      end <= storage->numel);
}

static enum sy_status add_tensor(struct reading *r, uint64_t key, const struct tensor *tensor)
{
	struct tensor *kept = sy_arena_alloc(r->arena, sizeof(*kept));
	enum sy_status status = kept ? SY_OK : sy_memory_status(r->ctx);

	if (status == SY_OK)
		status = sy_grow(r->ctx, &r->tensors, &r->cap_tensors, r->n_tensors + 1,
				 sizeof(*r->tensors));
	if (status != SY_OK)
		return status;
	*kept = *tensor;
	r->tensors[r->n_tensors++] = kept;
	return put(r, &r->tensor_keys, key, r->n_tensors - 1);
}

/* (key, key of its storage, class): then i32 dimensions and padding, sizes, strides, an
 * offset. */
static enum sy_status on_tensor(void *user, struct sy_pickle *m,
				const struct sy_pickle_end *end)
{
	struct reading *r = user;
	size_t storage = find(&r->storage_keys, sy_pickle_item(m, end->value, 1));
	struct tensor t = { .view.storage = storage };
	uint64_t off = end->off, rank;
	enum sy_status status = SY_OK;

	r->is_known = storage != SIZE_MAX && get_numbers(r, &off, &rank, 1, &status) &&
		      (uint32_t)rank <= SY_RANK_MAX;
	if (!r->is_known)
		return status;
	t.view.rank = (uint8_t)rank;
	t.view.item = r->storages[storage].item;
	t.view.dtype = r->storages[storage].dtype;
	r->is_known = get_numbers(r, &off, t.dims, 2 * (size_t)t.view.rank, &status) &&
		      get_numbers(r, &off, &t.view.offset, 1, &status) &&
		      take_dims(&t, &r->storages[storage]);
	r->at = off;
	return r->is_known ? add_tensor(r, sy_pickle_item(m, end->value, 0), &t) : status;
}

/* An object of the pickle is a tensor that was read before, by its key. */
static enum sy_status name_tensor(struct reading *r, struct sy_pickle *m, uint64_t value)
{
	struct tensor *t;
	size_t index;

	if (sy_value_kind(value) != SY_VALUE_PERSID ||
	    sy_word_map_get(&r->names.numbers, value & ~SY_VALUE_BARE))
		return SY_OK;
	index = find(&r->tensor_keys, sy_pickle_item(m, value, 0));
	if (index == SIZE_MAX) {
		r->names.n_unknown++;
		return SY_OK;
	}
	t = r->tensors[index];
	t->is_named = true;
	return sy_torch_tensors_add(&r->names, value, &t->view, t->dims,
				    t->dims + t->view.rank);
}

static enum sy_status on_items(void *user, struct sy_pickle *m, uint64_t container,
			       const uint64_t *items, size_t n)
{
	struct reading *r = user;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < n && status == SY_OK; i++)
		status = name_tensor(r, m, items[i]);
	return status == SY_OK ? sy_torch_tensors_items(&r->names, m, container, items, n)
			       : status;
}

static enum sy_status on_call(void *user, struct sy_pickle *m, const struct sy_pickle_call *call)
{
	struct reading *r = user;

	return sy_torch_tensors_call(&r->names, m, call);
}

static enum sy_status on_stop(void *user, struct sy_pickle *m, const struct sy_pickle_end *end)
{
	struct reading *r = user;
	enum sy_status status = name_tensor(r, m, end->value);

	r->is_known = true;
	return status == SY_OK ? sy_torch_tensors_stop(&r->names, m, end->value) : status;
}

/* The pickle at r->at; what it said is in r. */
static enum sy_status run_one(struct reading *r, const struct sy_pickle_watch *watch)
{
	struct sy_pickle_sum sum;
	enum sy_status status;

	r->is_known = false;
	status = sy_pickle_streams(r->in, r->at, r->source.size, watch, &sum);
	r->is_known &= sum.n_streams == 1;
	return status;
}

/* A count, and so many pickles with data behind each. */
static enum sy_status run_counted(struct reading *r,
				  enum sy_status (*stop)(void *user, struct sy_pickle *m,
							 const struct sy_pickle_end *end))
{
	const struct sy_pickle_watch first = { .user = r, .stop = on_count, .is_single = true };
	const struct sy_pickle_watch each = { .user = r, .stop = stop, .is_single = true };
	enum sy_status status = run_one(r, &first);

	for (uint64_t i = 0; i < r->count && status == SY_OK && r->is_known; i++)
		status = run_one(r, &each);
	return status;
}

static enum sy_status read_storages(struct reading *r)
{
	const struct sy_pickle_watch parts = {
		.user = r, .items = on_parts, .is_single = true, .hears_items = true,
	};
	struct sy_pickle_sum sum;
	enum sy_status status = run_counted(r, on_storage);

	if (status != SY_OK || !r->is_known || r->at == r->source.size)
		return status;
	status = sy_pickle_streams(r->in, r->at, r->source.size, &parts, &sum);
	r->is_known &= sum.n_streams == 1 && sum.end == r->source.size;
	return status;
}

static enum sy_status read_tensors(struct reading *r)
{
	enum sy_status status = run_counted(r, on_tensor);

	r->is_known &= r->at == r->source.size;
	return status;
}

static enum sy_status read_pickle(struct reading *r)
{
	const struct sy_pickle_watch watch = {
		.user = r, .call = on_call, .items = on_items, .stop = on_stop,
		.is_single = true, .hears_items = true,
	};

	return run_one(r, &watch);
}

static enum sy_status read_part(struct reading *r, enum sy_torch_tar_part part,
				enum sy_status (*read)(struct reading *r))
{
	struct sy_sink nothing = { .emit = forget };
	struct sy_inspection in = {
		.ctx = r->ctx, .source = &r->source, .sink = &nothing,
		.base = r->tar->in->base, .path = r->tar->in->path,
	};
	enum sy_status status;

	sy_source_from_window(&r->source, r->tar->in->source, r->tar->off[part],
			      r->tar->len[part]);
	sy_arena_init(&in.arena, r->ctx);
	r->in = &in;
	r->base = r->tar->off[part];
	r->at = 0;
	status = read(r);
	sy_arena_free(&in.arena);
	sy_source_close(&r->source);
	return status;
}

static uint64_t place(void *user, size_t storage)
{
	const struct reading *r = user;

	return r->storages[storage].at;
}

static enum sy_status emit(struct reading *r, uint64_t *n)
{
	enum sy_status status = sy_torch_tensors_emit(&r->names, place, r, false, n);

	/* What the pickle does not hold under a name is there all the same. */
	for (size_t i = 0; i < r->n_tensors; i++)
		*n += !r->tensors[i]->is_named;
	return status;
}

static enum sy_status read_all(struct reading *r, uint64_t *n)
{
	enum sy_status status = read_part(r, SY_TAR_STORAGES, read_storages);

	if (status == SY_OK && r->is_known)
		status = read_part(r, SY_TAR_TENSORS, read_tensors);
	if (status == SY_OK && r->is_known)
		status = read_part(r, SY_TAR_PICKLE, read_pickle);
	*n = 1;		/* at least, and none is listed */
	return status == SY_OK && r->is_known ? emit(r, n) : status;
}

enum sy_status sy_torch_tar_emit(const struct sy_torch_tar *tar, uint64_t *n_tensors)
{
	struct reading r = { .tar = tar, .ctx = tar->in->ctx, .arena = &tar->in->arena };
	enum sy_status status;

	*n_tensors = 1;
	for (unsigned i = 0; i < SY_N_TAR_PARTS; i++) {
		if (tar->n[i] != 1)
			return SY_OK;
	}
	sy_word_map_init(&r.storage_keys, r.ctx);
	sy_word_map_init(&r.tensor_keys, r.ctx);
	sy_torch_tensors_init(&r.names, tar->in);
	status = read_all(&r, n_tensors);
	sy_torch_tensors_free(&r.names);
	sy_word_map_clear(&r.tensor_keys);
	sy_word_map_clear(&r.storage_keys);
	sy_release(r.ctx, r.tensors);
	sy_release(r.ctx, r.storages);
	return status;
}
