/* SPDX-License-Identifier: Apache-2.0 */
/* What a step of the trace says in words; only for trace.c. */
#ifndef SY_FORMATS_PICKLE_STEP_TEXT_H
#define SY_FORMATS_PICKLE_STEP_TEXT_H

#include "formats/pickle/facts.h"

#define SY_STEP_RENDER_MAX 240	/* bytes of a value that are shown */

/* The argument of an opcode. */
void sy_step_add_argument(const struct sy_argument *arg, uint8_t opcode, struct sy_text *text);

/* Behind the name: why it is dangerous, if it is.  global may be NULL. */
void sy_step_add_reason(const struct sy_global *global, struct sy_text *text);

/* The whole of a call; global: the name that is called, or that made what is; NULL: none. */
void sy_step_add_call(struct sy_pickle *m, const struct sy_pickle_call *call,
		      const struct sy_global *global, struct sy_text *text);

/* Something hidden, missing or unusual, of `len` bytes, with the value it is about. */
void sy_step_add_oddity(struct sy_pickle *m, enum sy_pickle_oddity oddity, uint64_t len,
			uint64_t value, struct sy_text *text);

#endif
