/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opcodes and their arguments, read forward through a window.  What a length
 * announces is stepped over without being read, unless it is text, which must be
 * UTF-8.
 */
#ifndef SY_FORMATS_PICKLE_READER_H
#define SY_FORMATS_PICKLE_READER_H

#include "verifier/base/cursor.h"
#include "verifier/input/source.h"

enum sy_pickle_arg {
	SY_ARG_INVALID,		/* not an opcode */
	SY_ARG_NONE,
	SY_ARG_U1, SY_ARG_U2, SY_ARG_I4, SY_ARG_U4, SY_ARG_U8, SY_ARG_F8,
	SY_ARG_LINE, SY_ARG_LINES,
	SY_ARG_BYTES1, SY_ARG_BYTES4, SY_ARG_BYTES8,
	SY_ARG_TEXT1, SY_ARG_TEXT4, SY_ARG_TEXT8,
	SY_ARG_LONG4, SY_ARG_FRAME
};

struct sy_opcode {
	const char *name;	/* NULL: not an opcode */
	uint8_t arg;		/* enum sy_pickle_arg */
	uint8_t protocol;
};

/* By byte. */
extern const struct sy_opcode sy_opcodes[256];

/* opcodes.def as constants: SY_OP_REDUCE, ... */
enum sy_opcode_byte {
#define OPCODE(NAME, byte, ARG, protocol) SY_OP_##NAME = byte,
#include "formats/pickle/opcodes.def"
#undef OPCODE
};

/* Why an argument could not be read. */
enum sy_read_fault {
	SY_READ_OK,
	SY_READ_TRUNCATED,	/* the input ends within it */
	SY_READ_NEGATIVE,	/* a length below zero */
	SY_READ_TEXT,		/* not UTF-8 as CPython takes it */
	SY_READ_FAILED		/* an error of ours: cursor.status */
};

struct sy_argument {
	uint64_t n;		/* integer or length; I4: as int32_t, sign-extended */
	uint64_t off;		/* of the bytes that a length announced, or of a line */
	struct sy_span bytes;	/* those bytes when they are in the window, else empty;
				 * LINE: without line feed; cut when it is long.  Valid
				 * until the next read. */
	struct sy_span second;	/* LINES: the second line */
	bool is_outside;	/* bytes are not in the window, or cut */
};

struct sy_pickle_reader {
	struct sy_cursor cursor;
	const uint8_t *next;	/* in the window */
	const uint8_t *end;
	const uint8_t *start;
	uint64_t off;		/* of `start` in the source */
};

SY_MUST_CHECK enum sy_status sy_reader_open(struct sy_pickle_reader *r,
					    struct sy_source *source,
					    uint64_t start, uint64_t end);
void sy_reader_close(struct sy_pickle_reader *r);

static inline uint64_t sy_reader_at(const struct sy_pickle_reader *r)
{
	return r->off + (uint64_t)(r->next - r->start);
}

static inline uint64_t sy_reader_left(const struct sy_pickle_reader *r)
{
	return r->cursor.end - sy_reader_at(r);
}

/* Makes n (<= 16) bytes available at r->next; false: the input ends, or failed. */
SY_MUST_CHECK bool sy_reader_fill(struct sy_pickle_reader *r, size_t n);

static inline bool sy_reader_has(struct sy_pickle_reader *r, size_t n)
{
	return SY_LIKELY((size_t)(r->end - r->next) >= n) || sy_reader_fill(r, n);
}

/* Steps over n bytes; false: the input ends before (nothing moves). */
SY_MUST_CHECK bool sy_reader_skip(struct sy_pickle_reader *r, uint64_t n);

/* Reads the argument of the opcode byte that was just passed. */
SY_MUST_CHECK enum sy_read_fault sy_reader_argument(struct sy_pickle_reader *r,
						    uint8_t opcode,
						    struct sy_argument *arg);

/*
 * The same, with the fixed sizes in line: most opcodes have no argument or a small
 * one.  Then only arg->n is set.
 */
static inline enum sy_read_fault sy_reader_next(struct sy_pickle_reader *r, uint8_t opcode,
						struct sy_argument *arg)
{
	const uint8_t *p = r->next;

	if (SY_UNLIKELY(r->end - p < 4) && sy_opcodes[opcode].arg != SY_ARG_NONE)
		return sy_reader_argument(r, opcode, arg);
	switch (sy_opcodes[opcode].arg) {
	case SY_ARG_NONE:
		arg->n = 0;
		return SY_READ_OK;
	case SY_ARG_U1:
		arg->n = p[0];
		r->next += 1;
		return SY_READ_OK;
	case SY_ARG_U2:
		arg->n = p[0] | (uint64_t)p[1] << 8;
		r->next += 2;
		return SY_READ_OK;
	case SY_ARG_U4:
	case SY_ARG_I4:
		arg->n = p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
			 (uint64_t)p[3] << 24;
		if (sy_opcodes[opcode].arg == SY_ARG_I4)
			arg->n = (uint64_t)(int64_t)(int32_t)(uint32_t)arg->n;
		r->next += 4;
		return SY_READ_OK;
	default:
		return sy_reader_argument(r, opcode, arg);
	}
}

/*
 * UTF-8 as CPython's "surrogatepass" takes it: surrogates may be encoded, too.
 * *n_left: bytes at the end that begin a sequence whose rest is not there.
 */
bool sy_utf8_pickled(struct sy_span bytes, size_t *n_left);

#endif
