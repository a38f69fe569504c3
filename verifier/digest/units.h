/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of the weigher as units of work for lanes.  Internal to verifier/digest. */
#ifndef SY_DIGEST_UNITS_H
#define SY_DIGEST_UNITS_H

#include "verifier/digest/lane.h"

struct sy_units {
	struct sy_context *ctx;
	struct sy_unit *items;		/* the longest first */
	size_t n;
	struct sy_split *splits;	/* of the jobs that are spread */
	size_t n_splits;
};

/* All units of all jobs; freed by sy_units_free, also after a failure. */
SY_MUST_CHECK enum sy_status sy_units_make(struct sy_units *units,
					   struct sy_context *ctx,
					   const struct sy_weigh *weigh);
void sy_units_free(struct sy_units *units);

/* The digest of a job in pieces, when all of them have their values. */
void sy_units_join(const struct sy_unit *unit);

#endif
