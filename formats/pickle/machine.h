/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The abstract pickle machine: runs the opcodes of one stream after the other on
 * symbols, with the stack, mark, memo and frame semantics of CPython's C unpickler
 * (Modules/_pickle.c), and tells its listener what unpickling would import and
 * call.  It imports, calls and builds nothing.
 */
#ifndef SY_FORMATS_PICKLE_MACHINE_H
#define SY_FORMATS_PICKLE_MACHINE_H

#include "formats/pickle/globals.h"
#include "formats/pickle/literal.h"
#include "formats/pickle/memo.h"
#include "formats/pickle/reader.h"
#include "formats/pickle/store.h"
#include "verifier/base/text.h"

struct sy_pickle;

enum sy_pickle_how {
	SY_HOW_REDUCE,		/* callee(*args) */
	SY_HOW_NEW,		/* NEWOBJ, NEWOBJ_EX: callee.__new__(callee, *args, **extra) */
	SY_HOW_OBJECT,		/* OBJ, INST */
	SY_HOW_BUILD,		/* state `extra` set on `callee` */
	SY_HOW_ITEMS,		/* append, extend, add, __setitem__ of `callee` */
	SY_HOW_INDIRECT		/* by another call: partial, methodcaller, ... */
};

struct sy_pickle_import {
	uint64_t off;		/* of the opcode */
	uint32_t global;	/* index into the machine's globals */
	uint8_t opcode;
	bool is_computed;	/* no opcode names it: parts were put together */
};

struct sy_pickle_call {
	uint64_t off;
	enum sy_pickle_how how;
	uint8_t opcode;
	bool is_special;	/* BUILD: the state replaces what the unpickler calls */
	uint64_t callee;
	uint64_t args;		/* a TUPLE in general; ITEMS: a TUPLE of some items */
	uint64_t extra;		/* keywords or state; 0: none */
};

enum sy_pickle_oddity {
	SY_ODD_NAME,		/* an imported name cannot be known: value */
	SY_ODD_EXTENSION,	/* copyreg's registry: value */
	SY_ODD_BUFFER,		/* a buffer from outside the stream */
	SY_ODD_FRAME,		/* the pickle ends before its frame does, by len (value is
				 * True); an opcode crosses the end of its frame, or a frame
				 * begins in another: len is what lies beyond */
	SY_ODD_BARE,		/* value: a callable is stored, from where it can be called */
	SY_ODD_NESTED,		/* value: bytes that look like a pickle themselves, or
				 * text that looks like one in base64 or hex digits */
	SY_ODD_NUMBER,		/* an integer of so many bytes takes long to convert: len */
	SY_ODD_STRING		/* STRING that is not ASCII: depends on the loader */
};

/* What a listener may be told; every member may be NULL. */
struct sy_pickle_events {
	void *user;
	enum sy_status (*import)(void *user, struct sy_pickle *m,
				 const struct sy_pickle_import *import);
	enum sy_status (*call)(void *user, struct sy_pickle *m,
			       const struct sy_pickle_call *call);
	enum sy_status (*persistent)(void *user, struct sy_pickle *m, uint64_t off,
				     uint64_t id);
	/*
	 * Items go into a list; keys and values in turn into a dict or an object.  Only
	 * told from when a listener sets hears_items on.
	 */
	enum sy_status (*items)(void *user, struct sy_pickle *m, uint64_t container,
				const uint64_t *items, size_t n);
	enum sy_status (*oddity)(void *user, struct sy_pickle *m,
				 enum sy_pickle_oddity oddity, uint64_t off,
				 uint64_t len, uint64_t value);
};

enum sy_pickle_ending {
	SY_END_STOP,		/* at a STOP: *at is behind it */
	SY_END_TRUNCATED,	/* the input ends first */
	SY_END_OPCODE,		/* not an opcode */
	SY_END_BROKEN,		/* CPython raises here */
	SY_END_SUSPENDED	/* the listener asked for it; run again to go on */
};

struct sy_pickle_end {
	enum sy_pickle_ending ending;
	uint64_t off;		/* STOP: behind it; else the opcode that failed */
	const char *what;	/* a part of a sentence; "" at STOP */
	uint64_t value;		/* STOP: the result */
};

#define SY_NAME_CACHE 256

struct sy_pickle {
	struct sy_context *ctx;
	struct sy_source *source;	/* offsets count in it */
	struct sy_globals *globals;	/* shared by all runs on one file */
	const struct sy_pickle_events *events;
	struct sy_pickle_reader reader;
	uint64_t *stack;
	size_t n, cap;
	uint32_t *marks;
	size_t n_marks, cap_marks;
	size_t fence;			/* the stack below belongs to outer marks */
	struct sy_pickle_memo memo;
	struct sy_store store;
	struct sy_word_map special;	/* dicts with special keys */
	uint64_t last_special;
	bool is_all_special;		/* too many to tell */
	uint64_t off;			/* of the current opcode */
	uint8_t opcode;
	uint8_t proto;
	bool is_suspended;
	bool hears_items;		/* a listener has set it */
	uint64_t frame_end;		/* 0: no frame */
	uint64_t skip;			/* bytes to step over behind this opcode */
	uint64_t n_opcodes, n_dups;	/* of all streams so far */
	uint64_t check_at;		/* opcodes at the next look at the cancel flag */
	bool is_stepwise;		/* no short cuts: for tests, which compare */
	struct sy_pickle_end end;
	enum sy_status status;
	uint8_t *scratch[3];		/* SY_STRING_KEPT bytes each */
	struct { uint64_t module, name, value; } names[SY_NAME_CACHE];
};

/* Events and globals are borrowed. */
SY_MUST_CHECK enum sy_status sy_pickle_open(struct sy_pickle *m, struct sy_context *ctx,
					    struct sy_globals *globals,
					    const struct sy_pickle_events *events);
void sy_pickle_close(struct sy_pickle *m);

/* Points it at bytes [start, end) of a source (borrowed). */
SY_MUST_CHECK enum sy_status sy_pickle_load(struct sy_pickle *m, struct sy_source *source,
					    uint64_t start, uint64_t end);

/*
 * Runs one stream from where it stands: to its STOP or as far as CPython would
 * come.  SY_LIMIT, SY_NO_MEMORY, SY_CANCELLED, SY_IO: ended by us, undetermined.
 */
SY_MUST_CHECK enum sy_status sy_pickle_run(struct sy_pickle *m, struct sy_pickle_end *end);

/*
 * For a listener, during an event: raw bytes follow this opcode (joblib), which
 * are stepped over; or another stream does, which somebody else runs first.
 */
void sy_pickle_skip(struct sy_pickle *m, uint64_t len);
void sy_pickle_suspend(struct sy_pickle *m);

/* Values, for listeners. */

/* Items of a TUPLE, of the arguments of a CALL, of a PERSID; false: not kept. */
SY_MUST_CHECK bool sy_pickle_items(const struct sy_pickle *m, uint64_t value,
				   struct sy_tuple *tuple);

/* The i-th of them; 0: not there. */
uint64_t sy_pickle_item(const struct sy_pickle *m, uint64_t value, size_t i);

/* The value of a text key in a DICT that is kept; 0: not there. */
uint64_t sy_pickle_entry(struct sy_pickle *m, uint64_t dict, const char *key);

/*
 * The content of a TEXT, BYTES or STRING, text as UTF-8.  False: it is none, or
 * was displaced, or the source failed (m->status).
 */
SY_MUST_CHECK bool sy_pickle_content(struct sy_pickle *m, uint64_t value,
				     struct sy_decoded *out);

/* The same, compared with a word. */
bool sy_pickle_is_text(struct sy_pickle *m, uint64_t value, const char *text);

/* Where the bytes of a TEXT or BYTES constant stand as they are, undecoded. */
SY_MUST_CHECK bool sy_pickle_place(struct sy_pickle *m, uint64_t value, uint64_t *off,
				   uint64_t *len);

/* The global behind a GLOBAL, CALL or attribute; NULL: none. */
const struct sy_global *sy_pickle_global(const struct sy_pickle *m, uint64_t value);

/* Adds the value as Python would write it, in at most about `max` bytes. */
void sy_pickle_render(struct sy_pickle *m, uint64_t value, size_t max,
		      struct sy_text *text);

#endif
