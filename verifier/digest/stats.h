/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the values of a tensor are, from its data in canonical order: counts of what is
 * unusual, and the moments of what is finite.  The order of additions does not depend
 * on how the data is cut, nor on the processor; docs/formats/tensor-digests.md says it.
 */
#ifndef SY_DIGEST_STATS_H
#define SY_DIGEST_STATS_H

#include "verifier/base/context.h"
#include "verifier/base/value_stats.h"
#include "verifier/digest/dtype.h"

struct sy_stats;	/* opaque; for any number of tensors, one after the other */

/* False: nothing is known about values of that type. */
bool sy_stats_knows(const struct sy_dtype *dtype);

SY_MUST_CHECK enum sy_status sy_stats_new(struct sy_context *ctx, struct sy_stats **stats);

/* A tensor of a type that is known; what was added before is forgotten. */
void sy_stats_begin(struct sy_stats *stats, const struct sy_dtype *dtype);
/* Any cut of the data: also through numbers, or blocks. */
void sy_stats_add(struct sy_stats *stats, const uint8_t *data, size_t len);
void sy_stats_end(struct sy_stats *stats, struct sy_value_stats *values);
void sy_stats_free(struct sy_stats **stats);

#endif
