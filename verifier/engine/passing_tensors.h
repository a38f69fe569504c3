/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tensors of a file as parts of the job that weighs the file: their digests and
 * their values come from the same reading.  Those whose stored bytes are their data, and
 * of tensors that share bytes only the first; the others are read on their own
 * afterwards.  Internal to verifier/engine.
 */
#ifndef SY_ENGINE_PASSING_TENSORS_H
#define SY_ENGINE_PASSING_TENSORS_H

#include "verifier/digest/weigh.h"
#include "verifier/engine/check.h"

struct sy_passing_tensors {
	struct sy_weigh_part *parts;
	struct sy_tensor **tensors;	/* of the same place in the parts */
	size_t n;
};

/* Sets the parts of a job of the file; none when nobody asks, or nothing passes. */
SY_MUST_CHECK enum sy_status sy_passing_tensors_plan(struct sy_check *check,
						     struct sy_weigh_job *job,
						     struct sy_passing_tensors *passing);

/* What the job found goes to the tensors; nothing when it failed. */
SY_MUST_CHECK enum sy_status sy_passing_tensors_take(struct sy_check *check,
						     const struct sy_weigh_job *job,
						     struct sy_passing_tensors *passing);
void sy_passing_tensors_free(struct sy_context *ctx, struct sy_passing_tensors *passing);

#endif
