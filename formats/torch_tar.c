/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyTorch's oldest format, a tar of four members (torch/serialization.py,
 * legacy_load): `sys_info` and `pickle` are pickles, `storages` and `tensors` are
 * pickles with raw data between them.  What lies between them is found by what the
 * pickles say; where that fails, pickles are searched in the rest.
 */
#include "formats/pickle/streams.h"
#include "formats/sniff.h"
#include "formats/tar.h"
#include "formats/torch_storage.h"
#include "formats/torch_tar_tensors.h"
#include "verifier/base/ckd.h"

/* A member whose pickles have raw data behind them. */
struct mixed {
	struct sy_inspection *in;
	bool has_tensors;	/* `tensors`; else `storages` */
	uint64_t count;		/* how many there are, as the first pickle says */
	uint64_t raw;		/* bytes behind the pickle that was run last */
	uint64_t at;
	bool is_known;		/* what the pickle says could be understood */
};

static enum sy_status on_count(void *user, struct sy_pickle *m, const struct sy_pickle_end *end)
{
	struct mixed *x = user;

	(void)m;
	x->is_known = sy_value_kind(end->value) == SY_VALUE_INT &&
		      sy_value_get_int(end->value) >= 0;
	x->count = x->is_known ? (uint64_t)sy_value_get_int(end->value) : 0;
	return SY_OK;
}

/* A number of eight bytes in the data; false: not there. */
static bool read_number(struct mixed *x, uint64_t off, size_t len, uint64_t *value,
			enum sy_status *status)
{
	uint8_t bytes[8] = { 0 };
	struct sy_cursor c;

	*value = 0;
	if (off > x->in->source->size || x->in->source->size - off < len)
		return false;
	*status = sy_source_read(x->in->source, off, bytes, len);
	sy_cursor_init(&c, sy_span_of(bytes, sizeof(bytes)), off);
	return *status == SY_OK && sy_get_u64(&c, value);
}

/* (key, location, class): then a count of eight bytes, and the elements. */
static enum sy_status on_storage(void *user, struct sy_pickle *m,
				 const struct sy_pickle_end *end)
{
	struct mixed *x = user;
	const struct sy_global *class = sy_pickle_global(m, sy_pickle_item(m, end->value, 2));
	uint64_t item = class ? sy_torch_item_bytes(class->symbol) : 0, numel;
	enum sy_status status = SY_OK;

	x->is_known = item > 0 && read_number(x, end->off, 8, &numel, &status) &&
		      !ckd_mul(&x->raw, numel, item) && !ckd_add(&x->raw, x->raw, (uint64_t)8);
	return status;
}

/* (key, storage, class): then i32 dimensions and padding, sizes, strides, an offset. */
static enum sy_status on_tensor(void *user, struct sy_pickle *m,
				const struct sy_pickle_end *end)
{
	struct mixed *x = user;
	uint64_t n_dims;
	enum sy_status status = SY_OK;

	(void)m;
	x->is_known = read_number(x, end->off, 4, &n_dims, &status) && n_dims <= SY_RANK_MAX;
	x->raw = 8 + 16 * n_dims + 8;
	return status;
}

typedef enum sy_status stop_fn(void *user, struct sy_pickle *m, const struct sy_pickle_end *end);

static enum sy_status run_one(struct mixed *x, stop_fn *stop)
{
	const struct sy_pickle_watch watch = { .user = x, .stop = stop, .is_single = true };
	struct sy_pickle_sum sum;
	enum sy_status status;

	x->is_known = false;
	x->raw = 0;
	status = sy_pickle_streams(x->in, x->at, x->in->source->size, &watch, &sum);
	if (status != SY_OK)
		return status;
	x->in->bytes_parsed += sum.end - x->at;
	x->is_known &= sum.n_streams == 1 && x->raw <= x->in->source->size - sum.end;
	x->at = sum.end + (x->is_known ? x->raw : 0);
	return SY_OK;
}

static enum sy_status inspect_mixed(struct sy_inspection *in, bool has_tensors)
{
	struct mixed x = { .in = in, .has_tensors = has_tensors };
	enum sy_status status = run_one(&x, on_count);
	uint64_t left;

	for (uint64_t i = 0; i < x.count && x.is_known && status == SY_OK; i++)
		status = run_one(&x, has_tensors ? on_tensor : on_storage);
	left = in->source->size - x.at;
	/* Storages end with a pickle of the views into them. */
	if (status == SY_OK && !has_tensors && x.is_known && left > 0) {
		status = run_one(&x, on_count);
		left = in->source->size - x.at;
		x.is_known = true;
	}
	if (status != SY_OK || (x.is_known && left == 0))
		return status;
	status = sy_fact(in, SY_RULE_PICKLE_DATA_TRAILING, x.at, left, sy_span_of(NULL, 0),
			 "%llu bytes that nothing before them explains", (unsigned long long)left);
	return status == SY_OK ? sy_pickle_search(in, x.at) : status;
}

static enum sy_status inspect_storages(struct sy_inspection *in)
{
	return inspect_mixed(in, false);
}

static enum sy_status inspect_tensors(struct sy_inspection *in)
{
	return inspect_mixed(in, true);
}

static const struct sy_format storages = {
	.name = "torch-tar-storages", .title = "storages of an old PyTorch file",
	.class = SY_CLASS_PICKLE, .inspect = inspect_storages,
};

static const struct sy_format tensors = {
	.name = "torch-tar-tensors", .title = "tensors of an old PyTorch file",
	.class = SY_CLASS_PICKLE, .inspect = inspect_tensors,
};

static const struct { const char *name; const struct sy_format *format; } members[] = {
	{ "pickle", &sy_format_pickle }, { "storages", &storages },
	{ "sys_info", &sy_format_pickle }, { "tensors", &tensors },
};

static const char *const parts[SY_N_TAR_PARTS] = {
	[SY_TAR_STORAGES] = "storages", [SY_TAR_TENSORS] = "tensors", [SY_TAR_PICKLE] = "pickle",
};

static enum sy_status take(void *user, struct sy_inspection *in,
			   const struct sy_member *member)
{
	struct sy_torch_tar *tar = user;
	struct sy_member known = *member;
	struct sy_span name = member->name;

	if (sy_span_starts(name, "./"))
		name = sy_span_slice(name, 2, name.len);
	for (size_t i = 0; i < SY_N_ELEMS(members); i++) {
		if (sy_span_is(name, members[i].name))
			known.format = members[i].format;
	}
	for (size_t i = 0; i < SY_N_ELEMS(parts); i++) {
		if (!sy_span_is(name, parts[i]))
			continue;
		tar->off[i] = member->off;
		tar->len[i] = member->len;
		tar->n[i]++;
	}
	return sy_nest_add(in, &known);
}

static enum sy_status end(void *user, uint64_t *n_tensors)
{
	return sy_torch_tar_emit(user, n_tensors);
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct sy_torch_tar tar = { .in = in };
	const struct sy_tar_use use = {
		.format = "torch-tar", .user = &tar, .take = take, .end = end,
	};
	enum sy_status status = sy_fact(in, SY_RULE_TORCH_TAR_FOUND, 0, 0, sy_span_of(NULL, 0),
					"a tar archive with the members of PyTorch 0.1.1");

	return status == SY_OK ? sy_tar_read(in, &use) : status;
}

static const char *const suffixes[] = { ".pt", ".pth", NULL };

const struct sy_format sy_format_torch_tar = {
	.name = "torch-tar", .title = "a PyTorch file (old tar)",
	.spec = "PyTorch torch/serialization.py, legacy_load",
	.class = SY_CLASS_PICKLE, .suffixes = suffixes, .unpacks = true,
	.bid = sy_bid_torch_tar, .inspect = inspect,
};
