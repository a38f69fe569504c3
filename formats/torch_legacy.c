/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyTorch's old stream (before 1.6, and still on request): magic number, protocol,
 * system, object and storage keys as five pickles, then each storage as a count and
 * raw bytes (torch/serialization.py, _legacy_load).  All five are judged: each is
 * unpickled as it comes, before anything is compared.
 */
#include <stdlib.h>

#include "formats/payload.h"
#include "formats/pickle/streams.h"
#include "formats/sniff.h"
#include "formats/torch_storage.h"
#include "verifier/base/ckd.h"

#define PROTOCOL 1001
#define PICKLES 5

struct legacy {
	struct sy_torch_storages storages;	/* first: the watch's user */
	struct sy_inspection *in;
	uint64_t n_stops;
	uint64_t at;			/* behind the last pickle, then storage, that was read */
};

static enum sy_status check_protocol(struct legacy *l, const struct sy_pickle_end *end)
{
	if (sy_value_kind(end->value) == SY_VALUE_INT &&
	    sy_value_get_int(end->value) == PROTOCOL)
		return SY_OK;
	return sy_fact(l->in, SY_RULE_TORCH_VERSION_INVALID, end->off, 0, sy_span_of(NULL, 0),
		       "the second pickle is not the protocol number %d", PROTOCOL);
}

/* torch.load does not look at it, and reads little endian. */
static enum sy_status check_system(struct legacy *l, struct sy_pickle *m,
				   const struct sy_pickle_end *end)
{
	uint64_t little = sy_pickle_entry(m, end->value, "little_endian");

	if (sy_value_kind(little) != SY_VALUE_BOOL || sy_value_payload(little) != 0)
		return SY_OK;
	return sy_fact(l->in, SY_RULE_TORCH_BYTEORDER_IGNORED, end->off, 0, sy_span_of(NULL, 0),
		       "the file says that it is big endian");
}

static enum sy_status on_stop(void *user, struct sy_pickle *m, const struct sy_pickle_end *end)
{
	struct legacy *l = user;

	l->n_stops++;
	l->at = end->off;
	if (l->n_stops == 2)
		return check_protocol(l, end);
	return l->n_stops == 3 ? check_system(l, m, end) : SY_OK;
}

static int compare(const void *a, const void *b)
{
	const struct sy_torch_storage *x = a, *y = b;

	return sy_span_compare(x->key, y->key);
}

static enum sy_status truncated(struct legacy *l, const struct sy_torch_storage *storage,
				uint64_t want)
{
	struct sy_text key;

	sy_text_init(&key);
	sy_text_name(&key, storage->key);
	return sy_fact(l->in, SY_RULE_TORCH_STORAGE_WRONG, l->at, 0, storage->key,
		       "storage %s needs %llu bytes from offset %llu on, the file has %llu",
		       key.data, (unsigned long long)want, (unsigned long long)l->at,
		       (unsigned long long)(l->in->source->size - l->at));
}

static enum sy_status check_count(struct legacy *l, const struct sy_torch_storage *storage,
				  uint64_t count)
{
	struct sy_text key;

	if (count == storage->numel)
		return SY_OK;
	sy_text_init(&key);
	sy_text_name(&key, storage->key);
	return sy_fact(l->in, SY_RULE_TORCH_STORAGE_WRONG, l->at, 8, storage->key,
		       "storage %s begins with the count %lld, the pickle says %llu", key.data,
		       (long long)count, (unsigned long long)storage->numel);
}

/* A count of eight bytes and the elements; *is_last: nothing can be read behind it. */
static enum sy_status read_storage(struct legacy *l, struct sy_torch_storage *storage,
				   bool *is_last)
{
	uint64_t left = l->in->source->size - l->at, count = 0, len;
	uint8_t bytes[8];
	struct sy_cursor c;
	enum sy_status status;

	storage->is_there = true;
	*is_last = true;
	if (left < sizeof(bytes))
		return truncated(l, storage, sizeof(bytes));
	status = sy_source_read(l->in->source, l->at, bytes, sizeof(bytes));
	sy_cursor_init(&c, sy_span_of(bytes, sizeof(bytes)), l->at);
	if (status == SY_OK && sy_get_u64(&c, &count))
		status = check_count(l, storage, count);
	if (status != SY_OK || count != storage->numel || storage->item == 0)
		return status;
	if (ckd_mul(&len, count, storage->item) || len > left - sizeof(bytes))
		return truncated(l, storage, len);
	status = sy_emit_extent(l->in, SY_EXTENT_HEADER, l->at, sizeof(bytes));
	if (status == SY_OK && len > 0)
		status = sy_emit_extent(l->in, SY_EXTENT_DATA, l->at + sizeof(bytes), len);
	if (status == SY_OK)
		status = sy_payload_check(l->in, storage->key, l->at + sizeof(bytes), len);
	l->at += sizeof(bytes) + len;
	*is_last = false;
	return status;
}

/* They follow in the order of their keys, which is how torch.save sorts them. */
static enum sy_status read_storages(struct legacy *l)
{
	struct sy_torch_storages *s = &l->storages;
	enum sy_status status = SY_OK;
	bool is_last = false;

	if (s->n > 0)
		qsort(s->all, s->n, sizeof(*s->all), compare);
	for (size_t i = 0; i < s->n && status == SY_OK && !is_last; i++)
		status = read_storage(l, &s->all[i], &is_last);
	return status;
}

/* The rest: nothing, or bytes that no loader looks at, or what could not be read. */
static enum sy_status tell_rest(struct legacy *l)
{
	uint64_t left = l->in->source->size - l->at;
	enum sy_status status;

	if (left == 0)
		return SY_OK;
	status = sy_emit_extent(l->in, SY_EXTENT_UNKNOWN, l->at, left);
	if (status != SY_OK)
		return status;
	status = sy_fact(l->in, SY_RULE_PICKLE_DATA_TRAILING, l->at, left, sy_span_of(NULL, 0),
			 "%llu bytes behind the last storage that could be read",
			 (unsigned long long)left);
	return status == SY_OK ? sy_pickle_search(l->in, l->at) : status;
}

static enum sy_status read_pickles(struct legacy *l)
{
	struct sy_pickle_sum sum;
	enum sy_status status = sy_pickle_streams(l->in, 0, l->in->source->size,
						  &l->storages.watch, &sum);

	l->in->bytes_parsed += sum.end;
	if (status != SY_OK)
		return status;
	l->at = sum.end;
	if (sum.end > 0)
		status = sy_emit_extent(l->in, SY_EXTENT_HEADER, 0, sum.end);
	if (status != SY_OK || (sum.is_torch_legacy && sum.n_streams == PICKLES))
		return status;
	return sy_fact(l->in, SY_RULE_TORCH_PICKLE_MISSING, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "%llu of the %d pickles that begin the file",
		       (unsigned long long)sum.n_streams, PICKLES);
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct legacy l = { .in = in };
	enum sy_status status;

	sy_torch_storages_init(&l.storages, in);
	l.storages.watch.stop = on_stop;
	status = read_pickles(&l);
	if (status == SY_OK)
		status = read_storages(&l);
	if (status == SY_OK)
		status = tell_rest(&l);
	if (status == SY_OK)
		status = sy_torch_storages_end(&l.storages);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "torch-legacy", 0, "%zu storages", l.storages.n);
	sy_torch_storages_free(&l.storages);
	return status;
}

static const char *const suffixes[] = { ".bin", ".ckpt", ".pt", ".pth", ".th", NULL };

const struct sy_format sy_format_torch_legacy = {
	.name = "torch-legacy", .title = "a PyTorch file (old stream)",
	.spec = "PyTorch torch/serialization.py, _legacy_save",
	.class = SY_CLASS_PICKLE, .suffixes = suffixes,
	.bid = sy_bid_torch_legacy, .inspect = inspect,
};
