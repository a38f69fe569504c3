/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbolic values of the pickle machine: one 64-bit word each, so that stack and
 * memo of a large pickle stay small.  A word names where a constant stands in the
 * stream or where something is kept; it holds no content and owns nothing.
 */
#ifndef SY_FORMATS_PICKLE_VALUE_H
#define SY_FORMATS_PICKLE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

enum sy_value_kind {
	SY_VALUE_UNSET,		/* the word 0: no value */
	SY_VALUE_NONE,
	SY_VALUE_BOOL,		/* 0, 1 */
	SY_VALUE_INT,		/* small, signed */
	SY_VALUE_NUMBER,	/* float or large integer: offset of its opcode */
	SY_VALUE_TEXT,		/* str constant: offset of its opcode, and a bit */
	SY_VALUE_BYTES,		/* bytes or bytearray constant: offset of its opcode */
	SY_VALUE_STRING,	/* str or bytes computed while running: a position */
	SY_VALUE_GLOBAL,	/* imported name (a module when it has none): index */
	SY_VALUE_CALL,		/* result of calling: global, position of arguments */
	SY_VALUE_LIST,		/* number */
	SY_VALUE_DICT,		/* number */
	SY_VALUE_SET,		/* number */
	SY_VALUE_TUPLE,		/* position */
	SY_VALUE_PERSID,	/* position of a tuple of one: the id */
	SY_VALUE_OTHER		/* enum sy_value_other, and a number */
};

enum sy_value_other {
	SY_OTHER_UNKNOWN,	/* nothing is known */
	SY_OTHER_EXTENSION,	/* number: code of copyreg's registry */
	SY_OTHER_BUFFER,	/* out-of-band buffer */
	SY_OTHER_ATTRIBUTE,	/* number: global that names an attribute of a class */
	SY_OTHER_RESULT		/* of calling something that was computed */
};

/*
 * A bare callable that is known safe for certain uses only: it may be called that
 * way, but not put into data, from where anything could call it.
 */
#define SY_VALUE_BARE (UINT64_C(1) << 63)

#define SY_VALUE_BITS 59
#define SY_VALUE_PAYLOAD ((UINT64_C(1) << SY_VALUE_BITS) - 1)
#define SY_GLOBAL_BITS 20
#define SY_GLOBALS_MAX (1u << SY_GLOBAL_BITS)

static inline uint64_t sy_value(enum sy_value_kind kind, uint64_t payload)
{
	return (payload & SY_VALUE_PAYLOAD) << 4 | (uint64_t)kind;
}

static inline enum sy_value_kind sy_value_kind(uint64_t value)
{
	return (enum sy_value_kind)(value & 15);
}

static inline bool sy_value_is_container(uint64_t value)
{
	return (value & 15) - SY_VALUE_LIST <= SY_VALUE_TUPLE - SY_VALUE_LIST;
}

/* What the file names makes it: unpickled, it may be anything, and may be called. */
static inline bool sy_value_is_opaque(uint64_t value)
{
	return (1u << sy_value_kind(value) & (1u << SY_VALUE_GLOBAL | 1u << SY_VALUE_CALL |
					      1u << SY_VALUE_PERSID | 1u << SY_VALUE_OTHER)) != 0;
}

static inline uint64_t sy_value_payload(uint64_t value)
{
	return value >> 4 & SY_VALUE_PAYLOAD;
}

static inline uint64_t sy_value_int(int64_t n)
{
	return sy_value(SY_VALUE_INT, (uint64_t)n);
}

static inline bool sy_value_fits(int64_t n)
{
	return n >= -(INT64_C(1) << 57) && n < INT64_C(1) << 57;
}

static inline int64_t sy_value_get_int(uint64_t value)
{
	uint64_t bits = sy_value_payload(value);

	if (bits >> (SY_VALUE_BITS - 1))
		bits |= ~SY_VALUE_PAYLOAD;
	return (int64_t)bits;
}

/* `is_special`: as an attribute it would change what the unpickler calls. */
static inline uint64_t sy_value_text(uint64_t off, bool is_special)
{
	return sy_value(SY_VALUE_TEXT, off << 1 | is_special);
}

static inline bool sy_value_is_special(uint64_t value)
{
	return value >> 4 & 1;
}

/* Offset of the opcode that pushed a NUMBER, TEXT or BYTES. */
static inline uint64_t sy_value_off(uint64_t value)
{
	uint64_t payload = sy_value_payload(value);

	return sy_value_kind(value) == SY_VALUE_TEXT ? payload >> 1 : payload;
}

static inline uint64_t sy_value_global(uint32_t global, bool is_bare)
{
	return sy_value(SY_VALUE_GLOBAL, global) | (is_bare ? SY_VALUE_BARE : 0);
}

static inline uint64_t sy_value_call(uint32_t global, uint64_t args)
{
	return sy_value(SY_VALUE_CALL, args << SY_GLOBAL_BITS | global);
}

static inline uint64_t sy_value_string(uint64_t at, bool is_bytes)
{
	return sy_value(SY_VALUE_STRING, at << 1 | is_bytes);
}

static inline bool sy_value_is_bytes(uint64_t value)
{
	return sy_value_kind(value) == SY_VALUE_BYTES ||
	       (sy_value_kind(value) == SY_VALUE_STRING && (value >> 4 & 1));
}

static inline bool sy_value_is_text(uint64_t value)
{
	return sy_value_kind(value) == SY_VALUE_TEXT ||
	       (sy_value_kind(value) == SY_VALUE_STRING && !(value >> 4 & 1));
}

static inline uint64_t sy_value_other(enum sy_value_other other, uint64_t n)
{
	return sy_value(SY_VALUE_OTHER, n << 4 | (uint64_t)other);
}

static inline bool sy_value_is_other(uint64_t value, enum sy_value_other other)
{
	return sy_value_kind(value) == SY_VALUE_OTHER &&
	       (sy_value_payload(value) & 15) == (uint64_t)other;
}

/* Number of an OTHER. */
static inline uint64_t sy_value_number(uint64_t value)
{
	return sy_value_payload(value) >> 4;
}

/* Index of a GLOBAL, CALL or attribute. */
static inline uint32_t sy_value_index(uint64_t value)
{
	uint64_t payload = sy_value_payload(value);

	if (sy_value_kind(value) == SY_VALUE_OTHER)
		payload >>= 4;
	return (uint32_t)(payload & (SY_GLOBALS_MAX - 1));
}

/* Position of the arguments of a CALL, of a TUPLE, of a PERSID's id. */
static inline uint64_t sy_value_at(uint64_t value)
{
	uint64_t payload = sy_value_payload(value);

	return sy_value_kind(value) == SY_VALUE_CALL ? payload >> SY_GLOBAL_BITS : payload;
}

#endif
