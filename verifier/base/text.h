/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building sentences of bounded length, and making untrusted bytes fit to be
 * shown.  Locale-free.
 *
 * Two degrees of care: sy_text_name renders a *name from a file* unambiguously
 * (quoted, backslashes doubled, anything unusual escaped).  sy_escape_terminal
 * is the last step before a terminal or log and leaves harmless text, including
 * the output of sy_text_name, exactly as it is.
 */
#ifndef SY_BASE_TEXT_H
#define SY_BASE_TEXT_H

#include <stdarg.h>

#include "verifier/base/attr.h"
#include "verifier/base/out.h"
#include "verifier/base/span.h"

#define SY_TEXT_MAX 1024

/* A sentence being built; never overflows: it is cut with "..." instead. */
struct sy_text {
	size_t len;
	bool is_cut;
	char data[SY_TEXT_MAX];	/* always NUL-terminated */
};

void sy_text_init(struct sy_text *text);
void sy_text_add(struct sy_text *text, const char *s);
void sy_text_add_span(struct sy_text *text, struct sy_span s);

/* Integers and %s only (no %f, nothing locale-dependent). */
SY_PRINTF(2, 3)
void sy_text_addf(struct sy_text *text, const char *fmt, ...);
void sy_text_vaddf(struct sy_text *text, const char *fmt, va_list args)
	SY_PRINTF(2, 0);

/* Adds seconds since 1970 as "2026-11-29T18:48:34Z"; beyond the calendar: the number. */
void sy_text_add_utc(struct sy_text *text, int64_t seconds);

/*
 * Adds 'name' in single quotes: \\ \' \n \r \t, \xNN for other control or
 * invalid bytes, \u{XXXX} for bidi, invisible, separators and noncharacters;
 * at most 128 bytes of it, then "...".
 */
void sy_text_name(struct sy_text *text, struct sy_span name);

/* Adds a byte count as people read it: "4.0 GiB", "1,234 bytes" below 10 KiB. */
void sy_text_bytes(struct sy_text *text, uint64_t n);

/*
 * Adds a number with six significant digits, as JSON writes numbers: 0.5, -12, 1.25e-07;
 * what is no number as "nan", "inf", "-inf".
 */
void sy_text_number(struct sy_text *text, double value);

/* Adds an integer with thousands separators: "887,990". */
void sy_text_count(struct sy_text *text, uint64_t n);

static inline struct sy_span sy_text_span(const struct sy_text *text)
{
	return sy_span_of(text->data, text->len);
}

/* Escapers: each writes `s` to `out` so that it is inert in that place. */

/* Terminal, log: one line; controls, invalid bytes \xNN; bidi etc. \u{XXXX}. */
void sy_escape_terminal(struct sy_out *out, struct sy_span s);

/* Body of a JSON string; invalid UTF-8 becomes U+FFFD (give path_hex beside). */
void sy_escape_json(struct sy_out *out, struct sy_span s);

/* XML text or attribute value; what XML 1.0 cannot hold becomes U+FFFD. */
void sy_escape_xml(struct sy_out *out, struct sy_span s);

/* GitHub workflow command: message (is_property false) or property value. */
void sy_escape_github(struct sy_out *out, struct sy_span s, bool is_property);

/* Lower-case hexadecimal. */
void sy_out_hex(struct sy_out *out, struct sy_span s);

/* ASCII only, whatever the locale. */
static inline bool sy_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline uint8_t sy_ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Plain decimal (no sign, no leading zero but "0") that fits: true. */
SY_MUST_CHECK bool sy_parse_u64(struct sy_span s, uint64_t *value);

/* Case-insensitive (ASCII) equality, prefix, suffix, and first occurrence. */
bool sy_ascii_equal(struct sy_span a, const char *b);
bool sy_ascii_starts(struct sy_span a, const char *prefix);
bool sy_ascii_ends(struct sy_span a, const char *suffix);

/* Offset of the first occurrence of needle (exact bytes), or SIZE_MAX. */
size_t sy_span_find(struct sy_span hay, struct sy_span needle);

/* Shell-style match of * (not /), ** (any), ?, [..]; whole path. */
bool sy_glob_match(const char *pattern, struct sy_span path);

/*
 * Why a pattern is a mistake, as the rest of "the pattern ..."; NULL: it may match a
 * path.  Paths are relative, "/"-separated, without "." and "..".
 */
const char *sy_glob_fault(const char *pattern);

#endif
