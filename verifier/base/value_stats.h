/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of a tensor are, as a value; verifier/digest/stats.h makes it. */
#ifndef SY_BASE_VALUE_STATS_H
#define SY_BASE_VALUE_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct sy_value_stats {
	uint64_t n;			/* numbers; of quantised types: scales of blocks */
	uint64_t n_nan, n_inf, n_zero;
	uint64_t n_not_bool;		/* booleans that are neither 0 nor 1 */
	uint64_t n_finite;		/* what the following are of; 0: they mean nothing */
	double min, max, mean, variance;	/* variance: of all of them, divided by n */
	bool is_scales;
	bool is_all_zero;		/* every byte of the data is 0, and there is one */
};

#endif
