/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tensors of all files of a report as one model: each name once, sorted.  What
 * stands in the way of that is a reason, never a guess.
 */
#ifndef SY_ENGINE_MODEL_H
#define SY_ENGINE_MODEL_H

#include "verifier/base/text.h"
#include "verifier/digest/view.h"
#include "verifier/report/report.h"

struct sy_model_row {
	struct sy_span name;		/* "folder/name" below the top */
	const struct sy_tensor *tensor;
	size_t artifact;
};

struct sy_model_rows {
	struct sy_model_row *rows;
	size_t n;
	struct sy_text why;		/* not whole: a sentence; else empty */
};

/* Of a finished report; rows are freed with sy_release, names live in the arena. */
SY_MUST_CHECK enum sy_status sy_model_list(struct sy_report *report,
					   struct sy_model_rows *rows);

/* As sy_view_of. */
const char *sy_model_view(const struct sy_tensor *tensor, struct sy_view *view);

/* Tensor digests of one tensor, from its data digest. */
SY_MUST_CHECK enum sy_status sy_model_tensor(struct sy_context *ctx,
					     const struct sy_tensor *tensor,
					     struct sy_tensor_digests *digests);

/* Fills report->model; SY_OK whether it is whole or not. */
SY_MUST_CHECK enum sy_status sy_model_sum(struct sy_report *report);

#endif
