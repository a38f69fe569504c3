/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyTorch before 1.6 (torch/serialization.py, _legacy_load): five pickles (magic
 * number, version, machine, object, keys of storages), then for each key the number
 * of its elements and their bytes.  All five are judged; storages are measured and
 * never read.
 */
#include "formats/torch_legacy.h"

#include "formats/payload.h"
#include "formats/sniff.h"
#include "verifier/base/ckd.h"

#define N_STREAMS 5
#define PROTOCOL 1001
#define NUMEL_BYTES 8
#define KEY_MAX 256

enum { STOP_MAGIC, STOP_PROTOCOL, STOP_SYSTEM, STOP_OBJECT, STOP_KEYS };

static enum sy_status check_protocol(struct sy_torch_legacy *l, uint64_t value)
{
	if (sy_value_kind(value) == SY_VALUE_INT && sy_value_get_int(value) == PROTOCOL)
		return SY_OK;
	if (sy_value_kind(value) == SY_VALUE_INT)
		return sy_fact(l->in, SY_RULE_TORCH_VERSION_INVALID, SY_OFFSET_NONE, 0,
			       sy_span_of(NULL, 0), "version %lld of the old format; there is "
			       "only %d", (long long)sy_value_get_int(value), PROTOCOL);
	return sy_fact(l->in, SY_RULE_TORCH_VERSION_INVALID, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "a version that is no number; there is only %d",
		       PROTOCOL);
}

static enum sy_status check_system(struct sy_torch_legacy *l, struct sy_pickle *m,
				   uint64_t value)
{
	uint64_t little = sy_pickle_entry(m, value, "little_endian");

	if (sy_value_kind(little) != SY_VALUE_BOOL || sy_value_payload(little) != 0)
		return SY_OK;
	return sy_fact(l->in, SY_RULE_TORCH_BYTEORDER_IGNORED, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "little_endian is False");
}

/* The keys of the list that the last pickle is, in its order. */
static enum sy_status take_keys(struct sy_torch_legacy *l, struct sy_pickle *m, uint64_t list)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_keys; i++) {
		struct sy_legacy_key key = l->keys[i];
		struct sy_torch_storage *storage;
		uint8_t buf[KEY_MAX];
		struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };

		if (key.list != list)
			continue;
		key.storage = SIZE_MAX;
		if (sy_pickle_content(m, key.value, &out) && !out.is_cut) {
			storage = sy_torch_storage_find(&l->storages, sy_span_of(buf, out.len));
			if (storage)
				key.storage = (size_t)(storage - l->storages.all);
		}
		if (m->status != SY_OK)
			return m->status;
		l->keys[n++] = key;
	}
	l->n_keys = n;
	return SY_OK;
}

static enum sy_status on_stop(void *user, struct sy_pickle *m, const struct sy_pickle_end *end)
{
	struct sy_torch_legacy *l = user;
	enum sy_status status = l->storages.watch.stop(&l->storages, m, end);

	if (status != SY_OK)
		return status;

	switch (l->n_stops++) {
	case STOP_PROTOCOL:
		return l->is_magic ? check_protocol(l, end->value) : SY_OK;
	case STOP_SYSTEM:
		return l->is_magic ? check_system(l, m, end->value) : SY_OK;
	case STOP_KEYS:
		return take_keys(l, m, end->value);
	case STOP_MAGIC:
		l->is_magic = sy_pickle_is_torch_magic(m, end);
		m->hears_items |= l->is_magic;
		return SY_OK;
	default:
		return SY_OK;
	}
}

static enum sy_status on_items(void *user, struct sy_pickle *m, uint64_t container,
			       const uint64_t *items, size_t n)
{
	struct sy_torch_legacy *l = user;
	struct sy_context *ctx = l->in->ctx;
	enum sy_status status;

	status = l->storages.watch.items(&l->storages, m, container, items, n);
	if (status != SY_OK || !l->is_magic || l->n_stops != STOP_KEYS ||
	    sy_value_kind(container) != SY_VALUE_LIST)
		return status;
	if (n > ctx->limits.tensors - l->n_keys)
		return sy_fail(ctx, SY_LIMIT, "more than %llu storages (limit tensors)",
			       (unsigned long long)ctx->limits.tensors);
	status = sy_grow(ctx, &l->keys, &l->cap_keys, l->n_keys + n, sizeof(*l->keys));
	for (size_t i = 0; i < n && status == SY_OK; i++)
		l->keys[l->n_keys++] = (struct sy_legacy_key){ container, items[i], SIZE_MAX };
	return status;
}

static enum sy_status on_call(void *user, struct sy_pickle *m, const struct sy_pickle_call *call)
{
	struct sy_torch_legacy *l = user;

	return l->storages.watch.call(&l->storages, m, call);
}

static enum sy_status on_persistent(void *user, struct sy_pickle *m, uint64_t off, uint64_t id)
{
	struct sy_torch_legacy *l = user;

	return l->storages.watch.persistent(&l->storages, m, off, id);
}

void sy_torch_legacy_init(struct sy_torch_legacy *l, struct sy_inspection *in)
{
	*l = (struct sy_torch_legacy){ .in = in };
	sy_torch_storages_init(&l->storages, in);
	l->watch = (struct sy_pickle_watch){
		.user = l, .call = on_call, .persistent = on_persistent,
		.items = on_items, .stop = on_stop,
	};
}

void sy_torch_legacy_free(struct sy_torch_legacy *l)
{
	sy_torch_storages_free(&l->storages);
	sy_release(l->in->ctx, l->keys);
	l->keys = NULL;
	l->n_keys = l->cap_keys = 0;
}

static enum sy_status tell_storage(struct sy_torch_legacy *l, uint64_t off, struct sy_span key,
				   const char *what, uint64_t number)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_addf(&text, "at offset %llu %s: %llu", (unsigned long long)off, what,
		     (unsigned long long)number);
	return sy_fact_text(l->in, SY_RULE_TORCH_STORAGE_WRONG, off, 0, key, &text);
}

/* The number of elements in the file: what the pickle said, and in the file. */
static enum sy_status read_numel(struct sy_torch_legacy *l, uint64_t off,
				 const struct sy_torch_storage *storage, bool *is_ok)
{
	uint64_t left = l->in->source->size - off, numel = 0, len;
	uint8_t bytes[NUMEL_BYTES];
	enum sy_status status;

	*is_ok = false;
	if (left < sizeof(bytes))
		return tell_storage(l, off, storage->key, "the file ends before a storage "
				    "of so many elements", storage->numel);
	status = sy_source_read(l->in->source, off, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		numel |= (uint64_t)bytes[i] << 8 * i;
	if (status != SY_OK)
		return status;
	if (numel != storage->numel)
		return tell_storage(l, off, storage->key, "stands another number of "
				    "elements than in the pickle", storage->numel);
	if (ckd_mul(&len, numel, storage->item) || len > left - sizeof(bytes))
		return tell_storage(l, off, storage->key, "the file ends in a storage of "
				    "so many elements", numel);
	*is_ok = true;
	return SY_OK;
}

static enum sy_status emit_storage(struct sy_torch_legacy *l, uint64_t off,
				   const struct sy_torch_storage *storage)
{
	uint64_t len = storage->numel * storage->item;	/* read_numel: inside the file */
	enum sy_status status = sy_emit_extent(l->in, SY_EXTENT_HEADER, off, NUMEL_BYTES);

	off += NUMEL_BYTES;
	if (status == SY_OK && len > 0)
		status = sy_emit_extent(l->in, SY_EXTENT_DATA, off, len);
	if (status != SY_OK || len == 0)
		return status;
	return storage->item == 1 ? sy_payload_check(l->in, storage->key, off, len)
				  : sy_payload_check_numbers(l->in, storage->key, off, len);
}

/* The i-th storage at *off; *is_ok: the next one follows at *off. */
static enum sy_status take_storage(struct sy_torch_legacy *l, size_t i, uint64_t *off,
				   bool *is_ok)
{
	struct sy_torch_storage *storage;
	enum sy_status status;

	*is_ok = false;
	if (l->keys[i].storage == SIZE_MAX)
		return tell_storage(l, *off, sy_span_of(NULL, 0), "is a storage that the "
				    "object does not name, number", i);
	storage = &l->storages.all[l->keys[i].storage];
	if (storage->is_there)
		return tell_storage(l, *off, storage->key, "a storage stands a second time, "
				    "number", i);
	storage->is_there = true;
	if (storage->item == 0)
		return tell_storage(l, *off, storage->key, "is a storage of a class whose "
				    "size is not known, number", i);
	status = read_numel(l, *off, storage, is_ok);
	if (status != SY_OK || !*is_ok)
		return status;
	status = emit_storage(l, *off, storage);
	storage->at = *off + NUMEL_BYTES;
	*off += NUMEL_BYTES + storage->numel * storage->item;
	return status;
}

/* Pickles there are judged as well. */
static enum sy_status take_tail(struct sy_inspection *in, uint64_t off)
{
	uint64_t len = in->source->size - off;
	enum sy_status status = sy_emit_extent(in, SY_EXTENT_UNKNOWN, off, len);

	if (status == SY_OK)
		status = sy_fact(in, SY_RULE_PICKLE_DATA_TRAILING, off, len,
				 sy_span_of(NULL, 0), "%llu bytes behind the last storage that "
				 "could be read, which ends at offset %llu",
				 (unsigned long long)len, (unsigned long long)off);
	return status == SY_OK ? sy_pickle_search(in, off) : status;
}

static enum sy_status tell_cut(struct sy_torch_legacy *l, const struct sy_pickle_sum *sum)
{
	return sy_fact(l->in, SY_RULE_PICKLE_STREAM_TRUNCATED, sum->end, 0,
		       sy_span_of(NULL, 0), "%llu of the %d pickles of PyTorch's old format",
		       (unsigned long long)sum->n_streams, N_STREAMS);
}

enum sy_status sy_torch_legacy_end(struct sy_torch_legacy *l, const struct sy_pickle_sum *sum)
{
	struct sy_inspection *in = l->in;
	enum sy_status status = sy_emit_extent(in, SY_EXTENT_HEADER, 0, sum->end);
	bool is_ok = sum->n_streams == N_STREAMS;
	uint64_t off = sum->end, n_tensors = 0;

	if (status == SY_OK && !is_ok)
		status = tell_cut(l, sum);
	for (size_t i = 0; i < l->n_keys && status == SY_OK && is_ok; i++)
		status = take_storage(l, i, &off, &is_ok);
	if (status == SY_OK && is_ok)
		status = sy_torch_storages_end(&l->storages);
	if (status == SY_OK && off < in->source->size)
		status = take_tail(in, off);
	if (status == SY_OK)
		status = sy_polyglot_check(in, off);
	if (status == SY_OK)
		status = sy_torch_storages_emit(&l->storages, &n_tensors);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "torch-legacy", n_tensors,
					  "%llu opcodes in %llu pickles, %zu storages",
					  (unsigned long long)sum->n_opcodes,
					  (unsigned long long)sum->n_streams, l->n_keys);
	return status;
}

static unsigned bid(const struct sy_probe *probe)
{
	return sy_bid_torch_legacy(probe);
}

static const char *const suffixes[] = { ".bin", ".ckpt", ".pt", ".pth", ".th", NULL };

const struct sy_format sy_format_torch_legacy = {
	.name = "torch-legacy",
	.title = "a PyTorch file (old stream)",
	.spec = "PyTorch torch/serialization.py, _legacy_load",
	.class = SY_CLASS_PICKLE,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = sy_pickle_inspect,
};
