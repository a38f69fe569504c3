/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors of any type, shape, order and bytes: their data is what a plain loop over the
 * indices gathers, their digest the same however it is read, their values the same
 * however they are cut, and as many of each kind as one by one.
 *
 * One input: type, order, rank, a size (and stride) per dimension, how far its length
 * is wrong, and the bytes it lies in.
 */
#include <math.h>
#include <string.h>

#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/memory.h"
#include "verifier/digest/stats.h"
#include "verifier/digest/view.h"

#define RANK_MAX 5u
#define DATA_MAX 4096u

static const char *const types[] = {
	"F32", "F16", "BF16", "F64", "U8", "I8", "BOOL", "I16", "U16", "U32", "I64", "C64",
	"complex128", "F8_E4M3", "F8_E5M2", "float8_e4m3fnuz", "F4", "Q4_0", "Q4_K", "Q8_0",
	"IQ2_XXS", "MXFP4", ">f4", "no type",
};

struct input {
	const uint8_t *data;
	size_t len;
};

static uint8_t take(struct input *input)
{
	if (input->len == 0)
		return 0;
	input->len--;
	return *input->data++;
}

/* Elements from the first to the last one, by its strides or without gaps. */
static uint64_t reach_of(const struct sy_record_tensor *t)
{
	uint64_t n = 1, reach = 1;

	for (uint8_t i = 0; i < t->rank; i++) {
		n *= t->shape[i];
		if (t->shape[i] > 0)
			reach += (t->shape[i] - 1) * t->strides[i];
	}
	return n == 0 || !t->has_strides ? n : reach;
}

static void make(struct input *input, struct sy_record_tensor *t)
{
	const struct sy_dtype *dtype;
	uint8_t flags;

	*t = (struct sy_record_tensor){
		.dtype = sy_span_str(types[take(input) % SY_N_ELEMS(types)]),
	};
	dtype = sy_dtype_find(t->dtype);
	flags = take(input);
	t->is_big_endian = flags & 1;
	t->has_strides = flags & 2;
	t->rank = (uint8_t)(take(input) % (RANK_MAX + 1));
	for (uint8_t i = 0; i < t->rank; i++) {
		t->shape[i] = take(input) % 33;
		t->strides[i] = t->has_strides ? take(input) % 65 : 0;
	}
	t->len = reach_of(t);
	if (dtype)
		t->len = t->len / dtype->n_block * dtype->item;
	t->len += take(input);
	t->off = flags >> 2;
}

/* The data, element by element; the view was found to fit. */
static void gather(const struct sy_view *view, const uint8_t *file, uint8_t *out)
{
	size_t item = view->dtype->item, unit = view->dtype->unit;
	uint64_t index[RANK_MAX] = { 0 };

	for (uint64_t i = 0; i < view->n_data / item; i++) {
		uint64_t at = view->has_strides ? 0 : i, left = i;

		for (uint8_t k = view->rank; view->dtype->n_block == 1 && k-- > 0;) {
			index[k] = left % view->shape[k];
			left /= view->shape[k];
			at += view->has_strides ? index[k] * view->strides[k] : 0;
		}
		for (size_t b = 0; b < item; b++) {
			size_t from = view->is_big_endian ? b / unit * unit + unit - 1 - b % unit
							  : b;

			out[i * item + b] = file[view->off + at * item + from];
		}
	}
}

static void read_in_pieces(const struct sy_view *view, struct sy_source *source, size_t piece,
			   const uint8_t *want)
{
	struct sy_view_reader reader;
	uint8_t buf[4096];
	uint64_t at = 0;
	size_t len;

	FUZZ_CHECK(sy_view_open(&reader, view, source) == SY_OK);
	do {
		FUZZ_CHECK(sy_view_read(&reader, buf, piece, &len) == SY_OK);
		FUZZ_CHECK(len <= view->n_data - at);
		FUZZ_CHECK(len == 0 || !memcmp(buf, want + at, len));
		at += len;
	} while (len > 0);
	FUZZ_CHECK(at == view->n_data);
	sy_view_close(&reader);
}

static void digest(const struct sy_view *view, struct sy_source *source, const uint8_t *want)
{
	uint8_t got[SY_SHA256_BYTES], plain[SY_SHA256_BYTES];
	struct sy_sha256_plain hash;

	sy_sha256_plain_begin(&hash);
	sy_sha256_plain_add(&hash, want, (size_t)view->n_data);
	sy_sha256_plain_end(&hash, plain);
	FUZZ_CHECK(sy_view_digest(view, source, got) == SY_OK);
	FUZZ_CHECK(!memcmp(got, plain, sizeof(got)));
}

static struct sy_value_stats stats_of(struct sy_context *ctx, const struct sy_dtype *dtype,
				      const uint8_t *data, size_t len, size_t piece)
{
	struct sy_value_stats values;
	struct sy_stats *stats;

	FUZZ_CHECK(sy_stats_new(ctx, &stats) == SY_OK);
	sy_stats_begin(stats, dtype);
	for (size_t i = 0; i < len; i += piece)
		sy_stats_add(stats, data + i, len - i < piece ? len - i : piece);
	sy_stats_end(stats, &values);
	sy_stats_free(&stats);
	return values;
}

/* One by one, of types whose numbers stand by themselves. */
static void count(const struct sy_dtype *dtype, const uint8_t *data, size_t len,
		  const struct sy_value_stats *v)
{
	uint64_t n_nan = 0, n_inf = 0, n_zero = 0, n_finite = 0;
	double min = 0, max = 0;

	for (size_t i = 0; i < len; i += dtype->unit) {
		double x = sy_dtype_value(dtype, data + i);

		n_nan += isnan(x) != 0;
		n_inf += isinf(x) != 0;
		n_zero += fpclassify(x) == FP_ZERO;
		if (!isfinite(x))
			continue;
		min = n_finite == 0 || x < min ? x : min;
		max = n_finite == 0 || x > max ? x : max;
		n_finite++;
	}
	FUZZ_CHECK(v->n == len / dtype->unit && v->n_nan == n_nan && v->n_inf == n_inf);
	FUZZ_CHECK(v->n_zero == n_zero && v->n_finite == n_finite);
	FUZZ_CHECK(n_finite == 0 || (!(v->min < min) && !(v->min > min)));
	FUZZ_CHECK(n_finite == 0 || (!(v->max < max) && !(v->max > max)));
}

static void look_at_values(struct sy_context *ctx, const struct sy_dtype *dtype,
			   const uint8_t *data, size_t len)
{
	struct sy_value_stats whole, cut;

	if (!sy_stats_knows(dtype))
		return;
	whole = stats_of(ctx, dtype, data, len, len + 1);
	for (size_t n = 1; n < 200; n = n * 5 + 2) {
		cut = stats_of(ctx, dtype, data, len, n);
		FUZZ_CHECK(!memcmp(&cut, &whole, sizeof(cut)));
	}
	FUZZ_CHECK(whole.n_nan + whole.n_inf + whole.n_finite == whole.n);
	if (dtype->n_block == 1 && dtype->number != SY_ELEMENT_BOOL)
		count(dtype, data, len, &whole);
}

static void run(struct sy_context *ctx, const struct sy_view *view, struct sy_span file)
{
	struct sy_source source;
	uint8_t *want = malloc(view->n_data + 1);

	FUZZ_CHECK(want);
	sy_source_from_memory(&source, ctx, file);
	gather(view, file.data, want);
	for (size_t piece = view->dtype->item; piece <= 4096; piece = piece * 3 + 1)
		read_in_pieces(view, &source, piece, want);
	digest(view, &source, want);
	look_at_values(ctx, view->dtype, want, (size_t)view->n_data);
	sy_source_close(&source);
	free(want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input input = { data, len };
	struct sy_record_tensor tensor;
	struct sy_context ctx;
	struct sy_view view;

	fuzz_context(&ctx);
	make(&input, &tensor);
	if (sy_view_of(&tensor, &view) != NULL || view.n_data > DATA_MAX ||
	    view.off > input.len || view.len > input.len - view.off)
		return 0;
	run(&ctx, &view, sy_span_of(input.data, input.len));
	FUZZ_CHECK(ctx.memory_used == 0);
	return 0;
}
