/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner parts of the JSON reader, for json.c only: strings (json_string.c),
 * numbers (json_number.c), and the search for duplicate keys (json_keys.c).
 */
#ifndef SY_BASE_JSON_PARTS_H
#define SY_BASE_JSON_PARTS_H

#include <endian.h>

#include "verifier/base/context.h"
#include "verifier/base/span.h"

/* Where and why a string or a number is none. */
struct sy_json_fault {
	const uint8_t *at;
	const char *what;
};

#define SY_EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * High bits set where a byte is zero.  Carries can set more, but only above
 * the first byte that is zero, and only the lowest one is asked for.
 */
static inline uint64_t sy_json_zero_bytes(uint64_t w)
{
	return (w - SY_EACH_BYTE(0x01)) & ~w & SY_EACH_BYTE(0x80);
}

/* The bytes of w that are a quote, a backslash, a control or not ASCII. */
static inline uint64_t sy_json_special_bytes(uint64_t w)
{
	return ((w - SY_EACH_BYTE(0x20)) & SY_EACH_BYTE(0x80)) |
	       (w & SY_EACH_BYTE(0x80)) | sy_json_zero_bytes(w ^ SY_EACH_BYTE('"')) |
	       sy_json_zero_bytes(w ^ SY_EACH_BYTE('\\'));
}

static inline bool sy_json_is_special(uint8_t c)
{
	return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/* The first byte that needs a look, or end. */
static inline const uint8_t *sy_json_skip_plain(const uint8_t *p,
						const uint8_t *end)
{
	while (end - p >= 8) {
		uint64_t w, special;

		memcpy(&w, p, sizeof(w));
		special = sy_json_special_bytes(le64toh(w));
		if (special)
			return p + ((unsigned)ffsll((long long)special) - 1) / 8;
		p += 8;
	}
	while (p < end && !sy_json_is_special(*p))
		p++;
	return p;
}

/*
 * Checks the string whose opening quote is at `at` (before `end`).  Returns the
 * byte behind its closing quote, or NULL with *fault.  *is_escaped: it holds a
 * backslash.
 */
SY_MUST_CHECK const uint8_t *sy_json_string_scan(const uint8_t *at,
						 const uint8_t *end,
						 bool *is_escaped,
						 struct sy_json_fault *fault);

/*
 * Unescapes a checked string (without its quotes) into out, which has room for
 * raw.len bytes; returns the length, which is never more.
 */
size_t sy_json_string_unescape(struct sy_span raw, uint8_t *out);

/*
 * True when the checked string that begins behind the quote at `at` reads
 * `text` once unescaped.
 */
bool sy_json_string_is(const uint8_t *at, const uint8_t *end, struct sy_span text);

struct sy_json_number {
	bool is_negative;
	bool is_integer;	/* no fraction, no exponent, fits below */
	uint64_t magnitude;
};

/*
 * Reads the number at `at` (a minus sign or a digit, before `end`).  Returns
 * the byte behind it, or NULL with *fault.
 */
SY_MUST_CHECK const uint8_t *sy_json_number_scan(const uint8_t *at,
						 const uint8_t *end,
						 struct sy_json_number *number,
						 struct sy_json_fault *fault);

/* A key of an open object: its mark (see json_keys.c) and where it is written. */
struct sy_json_key {
	uint32_t mark;
	uint32_t off;		/* of its opening quote */
};

/* An open object: its first key in the log, and how its keys are looked up. */
struct sy_json_scope {
	uint32_t first;
	uint32_t orders;	/* in which its keys rise, once it is large */
};

/*
 * The keys of all open objects, in the order in which they were read.  Memory:
 * 8 bytes a key, and 5 to 11 more in large objects whose keys do not rise, for
 * open objects only.
 */
struct sy_json_keys {
	struct sy_context *ctx;
	struct sy_span doc;		/* less than 4 GiB */
	struct sy_json_key *log;
	size_t n, cap;
	struct sy_json_scope *scopes;	/* of the open objects, outermost first */
	size_t n_open, scopes_cap;
	uint32_t *slots;		/* see json_keys.c */
	size_t n_slots, n_used;		/* n_slots: 0 or a power of two */
	uint8_t *scratch;
	size_t scratch_cap;
};

void sy_json_keys_free(struct sy_json_keys *keys);

/* An object begins. */
SY_MUST_CHECK enum sy_status sy_json_keys_open(struct sy_json_keys *keys);

/*
 * A key of the innermost object, at `off`, unescaped in `text`; it is kept
 * unless it is a duplicate.  SY_LIMIT: over 16 million keys in open objects.
 */
SY_MUST_CHECK enum sy_status sy_json_keys_add(struct sy_json_keys *keys,
					      uint32_t off, struct sy_span text,
					      bool *is_duplicate);

/* The innermost object ends. */
void sy_json_keys_close(struct sy_json_keys *keys);

#endif
