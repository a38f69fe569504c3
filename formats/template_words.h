/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words by which a template reaches Python behind the template engine, and
 * a matcher that finds them character by character, also where one word is
 * spread over several string literals.
 */
#ifndef SY_FORMATS_TEMPLATE_WORDS_H
#define SY_FORMATS_TEMPLATE_WORDS_H

#include "verifier/base/span.h"

#define SY_WORD_MAX 32		/* bytes of the longest word */

enum sy_word_kind {
	SY_WORD_NONE,
	SY_WORD_PLAIN,		/* "__class__" */
	SY_WORD_ODD		/* "__ssalc__", "__CLASS__" */
};

/* The last characters fed, whatever literal they came from. */
struct sy_word_tail {
	uint8_t bytes[SY_WORD_MAX];	/* the newest last */
	size_t len;
	size_t piece_len;	/* characters since the last seam */
	size_t n_crossing;	/* words since the last seam that began before it */
};

/* Feeds one character; tells whether a word ends with it. */
enum sy_word_kind sy_word_step(struct sy_word_tail *tail, uint8_t c);

/* A new piece begins: words that are found from now on may cross this place. */
void sy_word_seam(struct sy_word_tail *tail);

/* Attributes without underscores that lead to frames and code objects. */
bool sy_word_is_frame(struct sy_span name);

/* Statements that ask for another template. */
bool sy_word_is_import(struct sy_span name);

/* Objects of the engine, or of a web server, that templates do not look into. */
bool sy_word_is_global(struct sy_span name);

/* Python's functions that have no place in a template. */
bool sy_word_is_python(struct sy_span name);

#endif
