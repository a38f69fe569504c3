/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a signed document was read: which tolerances may be used and were, and,
 * when it was refused, why.  A refusal is about the document; it never stands
 * in ctx->error, which is for failures of ours.
 */
#ifndef SY_KEYS_READING_H
#define SY_KEYS_READING_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"
#include "verifier/base/text.h"

enum sy_oms_reason {
#define REASON(ident, name, what) SY_OMS_##ident,
#include "keys/oms_reason.def"
#undef REASON
	SY_N_OMS_REASONS
};

enum sy_oms_tolerance {
#define TOLERANCE(ident, name, is_default, what) SY_OMS_TOLERATE_##ident,
#include "keys/oms_tolerance.def"
#undef TOLERANCE
	SY_N_OMS_TOLERANCES
};

#define SY_OMS_BIT(tolerance) (UINT32_C(1) << (tolerance))

/* Sets of tolerances: as historical signatures need them; none. */
#define SY_OMS_TOLERATED_STRICT UINT32_C(0)
uint32_t sy_oms_tolerated_default(void);

const char *sy_oms_reason_name(enum sy_oms_reason reason);	/* "key-mismatch" */
const char *sy_oms_reason_text(enum sy_oms_reason reason);	/* what it means */
const char *sy_oms_tolerance_name(enum sy_oms_tolerance tolerance);
const char *sy_oms_tolerance_text(enum sy_oms_tolerance tolerance);

/* By exact name; false: there is none. */
SY_MUST_CHECK bool sy_oms_tolerance_find(struct sy_span name,
					 enum sy_oms_tolerance *tolerance);

struct sy_reading {
	uint32_t granted;	/* SY_OMS_BIT of what may be tolerated */
	uint32_t used;		/* of what was */
	enum sy_oms_reason reason;	/* SY_OMS_NONE: not refused */
	struct sy_text sentence;	/* why, with the numbers in it */
};

void sy_reading_init(struct sy_reading *reading, uint32_t granted);

/* May it be tolerated?  Then it is noted as used. */
SY_MUST_CHECK bool sy_tolerate(struct sy_reading *reading,
			       enum sy_oms_tolerance tolerance);

/*
 * Notes the refusal (the first one stays) and returns SY_FORMAT, or
 * SY_UNSUPPORTED: known, but nothing that can be checked here.
 */
SY_PRINTF(3, 4)
enum sy_status sy_refuse(struct sy_reading *reading, enum sy_oms_reason reason,
			 const char *fmt, ...);
SY_PRINTF(3, 4)
enum sy_status sy_undetermined(struct sy_reading *reading, enum sy_oms_reason reason,
			       const char *fmt, ...);

/* The same with a name from the file between two parts of the sentence. */
enum sy_status sy_refuse_name(struct sy_reading *reading, enum sy_oms_reason reason,
			      const char *before, struct sy_span name,
			      const char *behind);

#endif
