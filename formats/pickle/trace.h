/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of what loading a pickle would do, as steps: listens to the machine
 * between it and the facts, and walks over the opcodes that cause no event.  It
 * judges nothing; the facts do.
 */
#ifndef SY_FORMATS_PICKLE_TRACE_H
#define SY_FORMATS_PICKLE_TRACE_H

#include "formats/pickle/facts.h"

/* Opcodes in a row that only build data. */
struct sy_pickle_run {
	uint64_t off;		/* of the first one */
	uint64_t n;		/* opcodes */
	uint64_t n_repeats;	/* steps among them like some that were shown before */
	unsigned kinds;		/* bits: what they build */
};

struct sy_pickle_trace {
	struct sy_pickle_facts *facts;
	struct sy_pickle_events events;
	struct sy_pickle_reader reader;	/* follows the machine's, from event to event */
	struct sy_source *source;	/* that it reads; NULL: it is closed */
	struct sy_pickle_run run;
	uint8_t (*shown)[4];		/* by global and kind of step: how often */
	size_t n_shown, cap_shown;
	uint64_t n_persistent;
	uint64_t start, n_before;	/* of the stream: offset, opcodes before it */
	bool is_begun;			/* its first step was emitted */
	bool is_lost;			/* an opcode could not be read again */
};

/* Facts are borrowed, and so is the table of events that they listen with. */
void sy_pickle_trace_init(struct sy_pickle_trace *trace, struct sy_pickle_facts *facts);
void sy_pickle_trace_free(struct sy_pickle_trace *trace);

/* What the machine shall tell; the facts' own table when no steps are wanted. */
const struct sy_pickle_events *sy_pickle_trace_events(const struct sy_pickle_trace *trace);

/* A stream of the running job begins at `off`, or ended. */
SY_MUST_CHECK enum sy_status sy_pickle_trace_begin(struct sy_pickle_trace *trace,
						   const struct sy_pickle *m, uint64_t off);
SY_MUST_CHECK enum sy_status sy_pickle_trace_end(struct sy_pickle_trace *trace,
						 struct sy_pickle *m,
						 const struct sy_pickle_end *end);

#endif
