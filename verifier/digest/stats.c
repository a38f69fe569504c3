/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of one or two bytes are counted by their bits, and everything follows from
 * the counts; larger ones are summed up in runs of RUN.
 */
#include "verifier/digest/stats.h"

#include <math.h>
#include <string.h>

#include "verifier/base/attr.h"
#include "verifier/base/memory.h"

#define N_PATTERNS 65536u
#define RUN 4096u		/* numbers; whose mean and deviation are made at once */

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
	const struct sy_dtype *blocks;	/* of the data, when they are scales; or NULL */
	size_t scale;			/* row of the table */
	struct sy_value_stats values;
	double deviation;		/* sum of squares from the mean */
	bool has_set_byte;
	uint64_t *counts;		/* by bits; NULL: larger numbers */
	double run[RUN];
	size_t n_run;
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

enum sy_status sy_stats_new(struct sy_context *ctx, const struct sy_dtype *dtype,
			    struct sy_stats **stats)
{
	struct sy_stats *s = sy_alloc(ctx, sizeof(*s));

	*stats = NULL;
	if (!s)
		return sy_memory_status(ctx);
	s->ctx = ctx;
	s->dtype = dtype;
	if (dtype->number == SY_ELEMENT_BYTES) {
		s->scale = scale_of(dtype);
		s->blocks = dtype;
		s->dtype = sy_dtype_find(sy_span_str("F16"));
		s->values.is_scales = true;
	}
	if (s->dtype->unit <= 2) {
		s->counts = sy_alloc_array(ctx, N_PATTERNS, sizeof(*s->counts));
		if (!s->counts) {
			sy_release(ctx, s);
			return sy_memory_status(ctx);
		}
	}
	*stats = s;
	return SY_OK;
}

void sy_stats_free(struct sy_stats **stats)
{
	if (!*stats)
		return;
	sy_release((*stats)->ctx, (*stats)->counts);
	sy_release((*stats)->ctx, *stats);
	*stats = NULL;
}

/* Joins moments of so many numbers (Chan, Golub, LeVeque 1979). */
static void join(struct sy_stats *s, uint64_t n, double mean, double deviation)
{
	struct sy_value_stats *v = &s->values;
	double all = (double)(v->n_finite + n), gap = mean - v->mean;

	if (n == 0)
		return;
	s->deviation += deviation + gap * gap * ((double)v->n_finite * (double)n / all);
	v->mean += gap * ((double)n / all);
	v->n_finite += n;
}

static void widen(struct sy_value_stats *v, double low, double high, bool is_first)
{
	if (is_first || low < v->min)
		v->min = low;
	if (is_first || high > v->max)
		v->max = high;
}

static void end_run(struct sy_stats *s)
{
	double sum = 0, deviation = 0, low, high, mean;

	if (s->n_run == 0)
		return;
	low = high = s->run[0];
	for (size_t i = 0; i < s->n_run; i++) {
		sum += s->run[i];
		low = s->run[i] < low ? s->run[i] : low;
		high = s->run[i] > high ? s->run[i] : high;
	}
	mean = sum / (double)s->n_run;
	for (size_t i = 0; i < s->n_run; i++)
		deviation += (s->run[i] - mean) * (s->run[i] - mean);
	widen(&s->values, low, high, s->values.n_finite == 0);
	join(s, s->n_run, mean, deviation);
	s->n_run = 0;
}

static void count_odd(struct sy_value_stats *v, double value, uint64_t n)
{
	v->n_nan += isnan(value) ? n : 0;
	v->n_inf += isinf(value) ? n : 0;
}

static void add_large(struct sy_stats *s, const uint8_t *data, size_t len)
{
	size_t unit = s->dtype->unit;

	s->values.n += len / unit;
	for (size_t i = 0; i < len; i += unit) {
		double value = sy_dtype_value(s->dtype, data + i);

		if (!isfinite(value)) {
			count_odd(&s->values, value, 1);
			continue;
		}
		s->values.n_zero += value == 0;
		s->run[s->n_run++] = value;
		if (s->n_run == RUN)
			end_run(s);
	}
}

static void add_small(struct sy_stats *s, const uint8_t *data, size_t len)
{
	s->values.n += len / s->dtype->unit;
	if (s->dtype->unit == 1) {
		for (size_t i = 0; i < len; i++)
			s->counts[data[i]]++;
		return;
	}
	for (size_t i = 0; i < len; i += 2)
		s->counts[data[i] | (unsigned)data[i + 1] << 8]++;
}

static bool is_zeros(const uint8_t *data, size_t len)
{
	return len == 0 || (data[0] == 0 && !memcmp(data, data + 1, len - 1));
}

void sy_stats_add(struct sy_stats *s, const uint8_t *data, size_t len)
{
	if (!s->has_set_byte)
		s->has_set_byte = !is_zeros(data, len);
	if (!s->blocks) {
		if (s->counts)
			add_small(s, data, len);
		else
			add_large(s, data, len);
		return;
	}
	for (size_t at = 0; at < len; at += s->blocks->item) {
		for (unsigned i = 0; i < scales[s->scale].n; i++)
			add_small(s, data + at + scales[s->scale].at[i], 2);
	}
}

static void sum_pattern(struct sy_stats *s, uint32_t bits, uint64_t n)
{
	const uint8_t bytes[2] = { (uint8_t)bits, (uint8_t)(bits >> 8) };
	struct sy_value_stats *v = &s->values;
	double value = sy_dtype_value(s->dtype, bytes);

	if (s->dtype->number == SY_ELEMENT_BOOL && bits > 1)
		v->n_not_bool += n;
	if (!isfinite(value)) {
		count_odd(v, value, n);
		return;
	}
	v->n_zero += value == 0 ? n : 0;
	widen(v, value, value, v->n_finite == 0);
	join(s, n, value, 0);
}

void sy_stats_end(struct sy_stats *s, struct sy_value_stats *values)
{
	end_run(s);
	for (uint32_t bits = 0; s->counts && bits < N_PATTERNS; bits++) {
		if (s->counts[bits])
			sum_pattern(s, bits, s->counts[bits]);
	}
	if (s->values.n_finite > 0)
		s->values.variance = s->deviation / (double)s->values.n_finite;
	s->values.is_all_zero = s->values.n > 0 && !s->has_set_byte;
	*values = s->values;
}
