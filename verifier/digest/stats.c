/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers are taken in runs of SY_STATS_RUN, whose moments are made at once and then
 * joined.  Those of a run that are not finite are left out as if the run were shorter.
 */
#include "verifier/digest/stats.h"

#include <math.h>
#include <string.h>

#include "verifier/base/attr.h"
#include "verifier/base/memory.h"
#include "verifier/digest/stats_run.h"

#define UNIT_MAX 8u	/* bytes of a number */
#define BLOCK_MAX 512u	/* bytes of a block of quantised numbers */

/* Where half floats that scale a block stand in it (ggml-common.h). */
static const struct { const char *type; uint16_t at[2]; uint8_t n; } scales[] = {
	{ "q4_0", { 0 }, 1 }, { "q4_1", { 0, 2 }, 2 }, { "q5_0", { 0 }, 1 },
	{ "q5_1", { 0, 2 }, 2 }, { "q8_0", { 0 }, 1 }, { "q8_1", { 0, 2 }, 2 },
	{ "q2_k", { 80, 82 }, 2 }, { "q3_k", { 108 }, 1 }, { "q4_k", { 0, 2 }, 2 },
	{ "q5_k", { 0, 2 }, 2 }, { "q6_k", { 208 }, 1 }, { "iq2_xxs", { 0 }, 1 },
	{ "iq2_xs", { 0 }, 1 }, { "iq2_s", { 0 }, 1 }, { "iq3_xxs", { 0 }, 1 },
	{ "iq3_s", { 0 }, 1 }, { "iq1_s", { 0 }, 1 }, { "iq4_nl", { 0 }, 1 },
	{ "iq4_xs", { 0 }, 1 }, { "tq1_0", { 52 }, 1 }, { "tq2_0", { 64 }, 1 },
};

struct sy_stats {
	struct sy_context *ctx;
	const struct sy_dtype *dtype;	/* of the numbers */
	enum sy_stats_form form;	/* of the numbers, if they have one */
	const struct sy_dtype *blocks;	/* of the data, when they are scales; or NULL */
	size_t scale;			/* row of the table */
	struct sy_value_stats values;
	double deviation;		/* sum of squares from the mean */
	bool has_set_byte;
	size_t n_kept, n_block;		/* bytes that wait */
	double bytes[256];		/* the value of each, for numbers of one byte */
	uint8_t block[BLOCK_MAX];	/* of a block that was cut */
	uint8_t kept[SY_STATS_RUN * UNIT_MAX];	/* of a run */
	double run[SY_STATS_RUN];	/* the values of one */
	uint16_t halves[SY_STATS_RUN];	/* the same, of 8-bit floats */
};

static size_t scale_of(const struct sy_dtype *dtype)
{
	size_t i = 0;

	while (i < SY_N_ELEMS(scales) && strcmp(scales[i].type, dtype->canonical) != 0)
		i++;
	return i;
}

bool sy_stats_knows(const struct sy_dtype *dtype)
{
	return dtype->number != SY_ELEMENT_BYTES || scale_of(dtype) < SY_N_ELEMS(scales);
}

enum sy_status sy_stats_new(struct sy_context *ctx, struct sy_stats **stats)
{
	struct sy_stats *s = sy_alloc_unset(ctx, sizeof(*s));

	*stats = s;
	if (!s)
		return sy_memory_status(ctx);
	s->ctx = ctx;
	s->dtype = NULL;
	return SY_OK;
}

/* SY_N_STATS_FORMS: of no form that is measured where it lies. */
static enum sy_stats_form form_of(const struct sy_dtype *dtype)
{
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return SY_N_STATS_FORMS;
	switch (dtype->number) {
	case SY_ELEMENT_F64:
		return SY_STATS_F64;
	case SY_ELEMENT_F32:
		return SY_STATS_F32;
	case SY_ELEMENT_F16:
		return SY_STATS_F16;
	case SY_ELEMENT_BF16:
		return SY_STATS_BF16;
	case SY_ELEMENT_BYTES:
	case SY_ELEMENT_BOOL:
	case SY_ELEMENT_UNSIGNED:
	case SY_ELEMENT_SIGNED:
	case SY_ELEMENT_F8E4M3FN:
	case SY_ELEMENT_F8E5M2:
	case SY_ELEMENT_F8E4M3FNUZ:
	case SY_ELEMENT_F8E5M2FNUZ:
		break;
	}
	return SY_N_STATS_FORMS;
}

void sy_stats_begin(struct sy_stats *s, const struct sy_dtype *dtype)
{
	s->blocks = NULL;
	s->values = (struct sy_value_stats){ 0 };
	s->deviation = 0;
	s->has_set_byte = false;
	s->n_kept = s->n_block = 0;
	if (dtype->number == SY_ELEMENT_BYTES) {
		s->scale = scale_of(dtype);
		s->blocks = dtype;
		s->values.is_scales = true;
		dtype = sy_dtype_find(sy_span_str("F16"));
	}
	if (dtype->unit == 1 && dtype != s->dtype) {
		for (unsigned i = 0; i < 256; i++)
			s->bytes[i] = sy_dtype_value(dtype, &(uint8_t){ (uint8_t)i });
	}
	s->dtype = dtype;
	s->form = form_of(dtype);
}

void sy_stats_free(struct sy_stats **stats)
{
	if (!*stats)
		return;
	sy_release((*stats)->ctx, *stats);
	*stats = NULL;
}

/* --- the moments of runs ---------------------------------------------------------- */

/* Joins moments of so many numbers (Chan, Golub, LeVeque 1979). */
static void join(struct sy_stats *s, uint64_t n, const struct sy_stats_run *run)
{
	struct sy_value_stats *v = &s->values;
	double all = (double)(v->n_finite + n), gap = run->mean - v->mean;

	if (v->n_finite == 0 || run->low < v->min)
		v->min = run->low;
	if (v->n_finite == 0 || run->high > v->max)
		v->max = run->high;
	s->deviation += run->deviation +
			gap * gap * ((double)v->n_finite * (double)n / all);
	v->mean += gap * ((double)n / all);
	v->n_finite += n;
	v->n_zero += run->n_zero;
}

/* Those that are finite, one after the other; the others are counted. */
static size_t sort_out(struct sy_stats *s, const uint8_t *data, size_t n)
{
	size_t n_finite = 0;

	for (size_t i = 0; i < n; i++) {
		double value = sy_dtype_value(s->dtype, data + i * s->dtype->unit);

		s->values.n_nan += isnan(value) != 0;
		s->values.n_inf += isinf(value) != 0;
		s->run[n_finite] = value;
		n_finite += isfinite(value) != 0;
	}
	return n_finite;
}

static bool measure_doubles(struct sy_stats *s, size_t n, struct sy_stats_run *run)
{
	const struct sy_stats_kernel *kernel = sy_stats_chosen()->kernel;

	return kernel->measure[SY_STATS_F64]((const uint8_t *)s->run, n, run);
}

static void take_odd_run(struct sy_stats *s, const uint8_t *data, size_t n)
{
	struct sy_stats_run run;

	n = sort_out(s, data, n);
	if (n == 0)
		return;
	/* Too large to be added up: there is no mean. */
	if (!measure_doubles(s, n, &run))
		run.mean = run.deviation = (double)INFINITY;
	join(s, n, &run);
}

/* Integers of up to 32 bits, least significant byte first, are doubles exactly. */
static void convert(struct sy_stats *s, const uint8_t *data, size_t n)
{
	size_t unit = s->dtype->unit;
	double top = s->dtype->number == SY_ELEMENT_SIGNED ? unit == 2 ? 0x1p15 : 0x1p31 : 0;
	uint32_t flip = (uint32_t)top;

	/* A signed one with its top bit turned is larger by 2^(bits - 1), and unsigned. */
	for (size_t i = 0; i < n && unit == 2; i++)
		s->run[i] = (double)((data[2 * i] | (uint32_t)data[2 * i + 1] << 8) ^ flip) -
			    top;
	for (size_t i = 0; i < n && unit == 4; i++, data += 4)
		s->run[i] = (double)((data[0] | (uint32_t)data[1] << 8 |
				      (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24) ^
				     flip) - top;
}

/*
 * The 8-bit floats whose exponents a half float has: as such a one, whose value is
 * `scale` times smaller.  Sign and exponent move to their new places, subnormal ones
 * too; what stands for NaN (among the bits of the mask) becomes one.
 */
static const struct eight { uint16_t factor, mask, nan; double scale; } eights[] = {
	[SY_ELEMENT_F8E4M3FN] = { 1 << 7, 0x7f, 0x7f, 256 },
	[SY_ELEMENT_F8E5M2] = { 1 << 8, 0x7f, 0x7f, 1 },
	[SY_ELEMENT_F8E4M3FNUZ] = { 1 << 7, 0xff, 0x80, 128 },
	[SY_ELEMENT_F8E5M2FNUZ] = { 0 },
};

/* Exact: a power of two changes no digit. */
static bool measure_f8(struct sy_stats *s, const uint8_t *data, size_t n,
		       struct sy_stats_run *run)
{
	const struct sy_stats_kernel *kernel = sy_stats_chosen()->kernel;
	const struct eight eight = eights[s->dtype->number];

	for (size_t i = 0; i < n; i++) {
		uint16_t byte = data[i];
		uint16_t bits = (uint16_t)((byte & 0x7f) * eight.factor | (byte & 0x80) << 8);

		s->halves[i] = (byte & eight.mask) == eight.nan ? 0x7e00 : bits;
	}
	if (!kernel->measure[SY_STATS_F16]((const uint8_t *)s->halves, n, run))
		return false;
	run->low *= eight.scale;
	run->high *= eight.scale;
	run->mean *= eight.scale;
	run->deviation *= eight.scale * eight.scale;
	return true;
}

/* False: the numbers have to be looked at one by one. */
static bool measure(struct sy_stats *s, const uint8_t *data, size_t n,
		    struct sy_stats_run *run)
{
	enum sy_element number = s->dtype->number;

	if (s->form < SY_N_STATS_FORMS)
		return sy_stats_chosen()->kernel->measure[s->form](data, n, run);
	if (eights[number].scale > 0)
		return measure_f8(s, data, n, run);
	if (s->dtype->unit == 1) {
		for (size_t i = 0; i < n; i++)
			s->run[i] = s->bytes[data[i]];
		return measure_doubles(s, n, run);
	}
	if (s->dtype->unit == 8 ||
	    (number != SY_ELEMENT_SIGNED && number != SY_ELEMENT_UNSIGNED))
		return false;
	convert(s, data, n);
	return measure_doubles(s, n, run);
}

static void take_run(struct sy_stats *s, const uint8_t *data, size_t n)
{
	struct sy_stats_run run;

	if (measure(s, data, n, &run))
		join(s, n, &run);
	else
		take_odd_run(s, data, n);
}

static void count_bools(struct sy_value_stats *v, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		v->n_not_bool += data[i] > 1;
}

/* Whole runs where they lie; what is over waits for more. */
static void add_numbers(struct sy_stats *s, const uint8_t *data, size_t len)
{
	size_t unit = s->dtype->unit, whole = SY_STATS_RUN * unit;

	if (s->dtype->number == SY_ELEMENT_BOOL)
		count_bools(&s->values, data, len);
	while (len > 0) {
		size_t n = whole - s->n_kept;

		if (s->n_kept == 0 && len >= whole) {
			take_run(s, data, SY_STATS_RUN);
		} else {
			n = n < len ? n : len;
			memcpy(s->kept + s->n_kept, data, n);
			s->n_kept += n;
			if (s->n_kept == whole) {
				take_run(s, s->kept, SY_STATS_RUN);
				s->n_kept = 0;
			}
		}
		data += n;
		len -= n;
		s->values.n += s->n_kept == 0 ? SY_STATS_RUN : 0;
	}
}

/* --- what is added ---------------------------------------------------------------- */

static bool is_zeros(const uint8_t *data, size_t len)
{
	return len == 0 || (data[0] == 0 && !memcmp(data, data + 1, len - 1));
}

#define N_BLOCKS 128u	/* at once */

static void add_blocks(struct sy_stats *s, const uint8_t *data, size_t n)
{
	size_t item = s->blocks->item, n_scales = scales[s->scale].n;
	uint8_t halves[N_BLOCKS * 2 * 2];

	while (n > 0) {
		size_t m = n < N_BLOCKS ? n : N_BLOCKS;

		for (size_t i = 0; i < n_scales; i++) {
			const uint8_t *from = data + scales[s->scale].at[i];

			for (size_t b = 0; b < m; b++)
				memcpy(halves + 2 * (b * n_scales + i), from + b * item, 2);
		}
		add_numbers(s, halves, m * n_scales * 2);
		data += m * item;
		n -= m;
	}
}

/* A block that was cut is put together first. */
static void add_cut_blocks(struct sy_stats *s, const uint8_t *data, size_t len)
{
	size_t item = s->blocks->item;

	if (s->n_block > 0) {
		size_t n = item - s->n_block < len ? item - s->n_block : len;

		memcpy(s->block + s->n_block, data, n);
		s->n_block += n;
		data += n;
		len -= n;
		if (s->n_block < item)
			return;
		add_blocks(s, s->block, 1);
	}
	add_blocks(s, data, len / item);
	s->n_block = len % item;
	memcpy(s->block, data + len - s->n_block, s->n_block);
}

void sy_stats_add(struct sy_stats *s, const uint8_t *data, size_t len)
{
	if (len == 0)
		return;
	if (!s->has_set_byte)
		s->has_set_byte = !is_zeros(data, len);
	if (s->blocks)
		add_cut_blocks(s, data, len);
	else
		add_numbers(s, data, len);
}

void sy_stats_end(struct sy_stats *s, struct sy_value_stats *values)
{
	size_t n = s->n_kept / s->dtype->unit;

	if (n > 0)
		take_run(s, s->kept, n);
	s->values.n += n;
	s->n_kept = 0;
	if (s->values.n_finite > 0)
		s->values.variance = s->deviation / (double)s->values.n_finite;
	s->values.is_all_zero = s->values.n > 0 && !s->has_set_byte;
	*values = s->values;
}
