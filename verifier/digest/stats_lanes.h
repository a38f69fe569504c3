/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one text of all variants of stats_run.h; a variant is a file that defines
 *
 *	WIDTH, VEC			how many doubles a vector has; its type
 *	SET1(x), ADD, SUB, MUL, MIN, MAX	on vectors of doubles
 *	STORE(p, v), LOAD_F64(p)	WIDTH doubles at p
 *	LOAD_F32(p), LOAD_F16(p), LOAD_BF16(p)	WIDTH numbers at p, as doubles
 *	COUNT, NO_COUNT			a counter, or one for each element; its zero
 *	COUNT_ZEROS(c, v)		c, and one more for each element of v that is 0
 *	COUNTED(c)			how many that is
 *	SY_KERNEL, KERNEL_NAME, KERNEL_FEATURE
 *
 * and includes this.  The second pass over a run finds it in the cache, as doubles.
 */
#include <math.h>
#include <string.h>

#include "verifier/digest/stats_run.h"

#define N_VECS (SY_STATS_LANES / WIDTH)

/* Two are enough to hide the latency, and more do not fit into registers. */
#define N_BOUNDS (N_VECS < 2 ? N_VECS : 2)

static inline size_t bytes_of(enum sy_stats_form form)
{
	return form == SY_STATS_F64 ? 8 : form == SY_STATS_F32 ? 4 : 2;
}

static inline VEC load(const uint8_t *p, enum sy_stats_form form)
{
	switch (form) {
	case SY_STATS_F64:
		return LOAD_F64(p);
	case SY_STATS_F32:
		return LOAD_F32(p);
	case SY_STATS_F16:
		return LOAD_F16(p);
	case SY_STATS_BF16:
	case SY_N_STATS_FORMS:
		break;
	}
	return LOAD_BF16(p);
}

static inline double tree(double lanes[SY_STATS_LANES])
{
	for (size_t w = SY_STATS_LANES / 2; w > 0; w /= 2) {
		for (size_t j = 0; j < w; j++)
			lanes[j] += lanes[j + w];
	}
	return lanes[0];
}

static inline void widen(struct sy_stats_run *run, double x)
{
	run->low = x < run->low ? x : run->low;
	run->high = x > run->high ? x : run->high;
}

/* One row of lanes, at a time when there may be fewer numbers than that. */
static inline void load_few(const uint8_t *p, size_t n, enum sy_stats_form form,
			    double row[SY_STATS_LANES])
{
	uint8_t padded[8 * SY_STATS_LANES] = { 0 };

	memcpy(padded, p, n * bytes_of(form));
	for (size_t k = 0; k < N_VECS; k++)
		STORE(row + k * WIDTH, load(padded + k * WIDTH * bytes_of(form), form));
}

/* Sum, bounds and zeros; the numbers as doubles, but those that are already. */
static inline double add_up(const uint8_t *p, size_t n, enum sy_stats_form form,
			    double *wide, struct sy_stats_run *run)
{
	VEC sums[N_VECS], low[N_BOUNDS], high[N_BOUNDS];
	double lanes[SY_STATS_LANES], row[SY_STATS_LANES], bounds[2 * WIDTH];
	const size_t len = bytes_of(form);
	COUNT zeros = NO_COUNT;
	size_t i = 0;

	load_few(p, 1, form, row);
	run->low = run->high = row[0];
	for (size_t k = 0; k < N_VECS; k++)
		sums[k] = SET1(0.0);
	for (size_t k = 0; k < N_BOUNDS; k++)
		low[k] = high[k] = SET1(row[0]);
	for (; i + SY_STATS_LANES <= n; i += SY_STATS_LANES) {
		for (size_t k = 0; k < N_VECS; k++) {
			VEC v = load(p + (i + k * WIDTH) * len, form);

			if (form != SY_STATS_F64)
				STORE(wide + i + k * WIDTH, v);
			sums[k] = ADD(sums[k], v);
			low[k % N_BOUNDS] = MIN(low[k % N_BOUNDS], v);
			high[k % N_BOUNDS] = MAX(high[k % N_BOUNDS], v);
			zeros = COUNT_ZEROS(zeros, v);
		}
	}
	for (size_t k = 0; k < N_VECS; k++)
		STORE(lanes + k * WIDTH, sums[k]);
	for (size_t k = 0; k < N_BOUNDS; k++) {
		STORE(bounds, low[k]);
		STORE(bounds + WIDTH, high[k]);
		for (size_t j = 0; j < 2 * WIDTH; j++)
			widen(run, bounds[j]);
	}
	run->n_zero = COUNTED(zeros);
	load_few(p + i * len, n - i, form, row);
	for (size_t j = 0; i + j < n; j++) {
		wide[i + j] = row[j];
		lanes[j] += row[j];
		widen(run, row[j]);
		run->n_zero += row[j] == 0;
	}
	return tree(lanes);
}

/* `whole`: rows of lanes; the few numbers after them are `rest`. */
static inline double deviate(const uint8_t *whole, size_t n, const double *rest, double mean)
{
	VEC sums[N_VECS], middle = SET1(mean);
	double lanes[SY_STATS_LANES];
	size_t i = 0;

	for (size_t k = 0; k < N_VECS; k++)
		sums[k] = SET1(0.0);
	for (; i + SY_STATS_LANES <= n; i += SY_STATS_LANES) {
		for (size_t k = 0; k < N_VECS; k++) {
			VEC d = SUB(LOAD_F64(whole + 8 * (i + k * WIDTH)), middle);

			sums[k] = ADD(sums[k], MUL(d, d));
		}
	}
	for (size_t k = 0; k < N_VECS; k++)
		STORE(lanes + k * WIDTH, sums[k]);
	for (; i < n; i++) {
		double d = rest[i] - mean;

		lanes[i % SY_STATS_LANES] += d * d;
	}
	return tree(lanes);
}

static inline bool measure(const uint8_t *p, size_t n, enum sy_stats_form form,
			   struct sy_stats_run *run)
{
	double wide[SY_STATS_RUN];
	double sum = add_up(p, n, form, wide, run);

	/* Whichever zero came first: adding 0 makes it the positive one. */
	run->low += 0.0;
	run->high += 0.0;
	if (!isfinite(sum))
		return false;
	run->mean = sum / (double)n + 0.0;
	run->deviation = deviate(form == SY_STATS_F64 ? p : (const uint8_t *)wide, n, wide,
				 run->mean);
	return true;
}

static bool measure_f64(const uint8_t *data, size_t n, struct sy_stats_run *run)
{
	return measure(data, n, SY_STATS_F64, run);
}

static bool measure_f32(const uint8_t *data, size_t n, struct sy_stats_run *run)
{
	return measure(data, n, SY_STATS_F32, run);
}

static bool measure_f16(const uint8_t *data, size_t n, struct sy_stats_run *run)
{
	return measure(data, n, SY_STATS_F16, run);
}

static bool measure_bf16(const uint8_t *data, size_t n, struct sy_stats_run *run)
{
	return measure(data, n, SY_STATS_BF16, run);
}

const struct sy_stats_kernel SY_KERNEL = {
	.name = KERNEL_NAME, .feature = KERNEL_FEATURE,
	.measure = {
		[SY_STATS_F64] = measure_f64, [SY_STATS_F32] = measure_f32,
		[SY_STATS_F16] = measure_f16, [SY_STATS_BF16] = measure_bf16,
	},
};
