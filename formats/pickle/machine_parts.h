/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the machine only: machine.c runs, push.c makes constants,
 * calls.c does what imports or calls, resolve.c computes.
 */
#ifndef SY_FORMATS_PICKLE_MACHINE_PARTS_H
#define SY_FORMATS_PICKLE_MACHINE_PARTS_H

#include <string.h>

#include "formats/pickle/literal.h"
#include "formats/pickle/machine.h"

/* Each ends the run and returns false, so that an opcode ends in `return ...`. */
bool sy_machine_break(struct sy_pickle *m, const char *what);
bool sy_machine_fail(struct sy_pickle *m, enum sy_status status);
bool sy_machine_underflow(struct sy_pickle *m);

SY_MUST_CHECK bool sy_machine_grow(struct sy_pickle *m);

static inline bool sy_machine_push(struct sy_pickle *m, uint64_t value)
{
	if (SY_UNLIKELY(m->n == m->cap) && !sy_machine_grow(m))
		return false;
	m->stack[m->n++] = value;
	return true;
}

static inline bool sy_machine_pop(struct sy_pickle *m, uint64_t *value)
{
	if (SY_UNLIKELY(m->n <= m->fence)) {
		*value = 0;
		return sy_machine_underflow(m);
	}
	*value = m->stack[--m->n];
	return true;
}

SY_MUST_CHECK bool sy_machine_push_mark(struct sy_pickle *m);
void sy_machine_drop_mark(struct sy_pickle *m);

/* Takes the last mark away; *at is the stack's height when it was set. */
SY_MUST_CHECK bool sy_machine_mark(struct sy_pickle *m, size_t *at);

/* Reports bare callables among values that are stored. */
SY_MUST_CHECK bool sy_machine_store(struct sy_pickle *m, const uint64_t *items, size_t n);

bool sy_machine_odd(struct sy_pickle *m, enum sy_pickle_oddity oddity, uint64_t len,
		    uint64_t value);

/*
 * Runs opcodes while they are plain ones: constants, marks, small tuples, the memo;
 * with the window, the frame, stack and memo at hand.  It stops before any opcode
 * that is not, having done nothing of it; hot.c.
 */
void sy_machine_run_plain(struct sy_pickle *m);

/* Constants: push.c */

/*
 * Names that the unpickler, and known-safe functions, look up on an instance and
 * call: set as attributes, they are what is called.
 */
bool sy_push_is_special(struct sy_span s);

#define SY_PACKED_MIN 24	/* characters of the shortest pickle in digits */

bool sy_push_number(struct sy_pickle *m, const struct sy_argument *arg);
bool sy_push_integer(struct sy_pickle *m, const struct sy_argument *arg);
bool sy_push_bytes(struct sy_pickle *m, const struct sy_argument *arg);
bool sy_push_text(struct sy_pickle *m, const struct sy_argument *arg);
bool sy_push_line(struct sy_pickle *m, const struct sy_argument *arg);

/* Containers: containers.c */
bool sy_op_tuple(struct sy_pickle *m, size_t n);
bool sy_op_collect(struct sy_pickle *m, uint8_t opcode);
bool sy_op_append(struct sy_pickle *m, size_t at);
bool sy_op_setitems(struct sy_pickle *m, size_t at);
bool sy_op_additems(struct sy_pickle *m, size_t at);

/* Imports and calls: calls.c */
bool sy_op_global(struct sy_pickle *m, const struct sy_argument *arg);
bool sy_op_stack_global(struct sy_pickle *m);
bool sy_op_reduce(struct sy_pickle *m);
bool sy_op_newobj(struct sy_pickle *m, bool has_keywords);
bool sy_op_inst(struct sy_pickle *m, const struct sy_argument *arg);
bool sy_op_obj(struct sy_pickle *m);
bool sy_op_build(struct sy_pickle *m);
bool sy_op_extension(struct sy_pickle *m, const struct sy_argument *arg);
bool sy_op_persid(struct sy_pickle *m, uint64_t id);

bool sy_machine_call(struct sy_pickle *m, struct sy_pickle_call call);

/* A GLOBAL for a name; applies Python 2 names and tells the listener. */
bool sy_machine_import(struct sy_pickle *m, struct sy_span module, struct sy_span name,
		       bool is_computed, uint64_t *value);

/* Whether a BUILD with this state replaces what the unpickler calls. */
bool sy_machine_is_special(const struct sy_pickle *m, uint64_t state);
bool sy_machine_note_keys(struct sy_pickle *m, uint64_t dict, const uint64_t *items,
			  size_t n);

/* What callee(*args) gives, as far as that can be known; resolve.c. */
bool sy_machine_resolve(struct sy_pickle *m, uint64_t callee, uint64_t args,
			uint64_t *result);

#endif
