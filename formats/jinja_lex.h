/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of a Jinja template: what stands inside {{ }} and {% %}.  Text,
 * comments and raw blocks are passed over.  Follows the lexer of Jinja 3
 * (delimiters, brackets that hide an end, string literals); it parses nothing
 * and evaluates nothing.
 */
#ifndef SY_FORMATS_JINJA_LEX_H
#define SY_FORMATS_JINJA_LEX_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

#define SY_JINJA_DEPTH_MAX 256	/* brackets open at once */

enum sy_jinja_kind {
	SY_JINJA_BEGIN_EXPRESSION,	/* {{ */
	SY_JINJA_BEGIN_STATEMENT,	/* {% */
	SY_JINJA_END,			/* }} or %} */
	SY_JINJA_NAME,
	SY_JINJA_STRING,		/* text: between the quotes, as written */
	SY_JINJA_NUMBER,
	SY_JINJA_OP,			/* one character, in text */
	SY_JINJA_BROKEN			/* not a template any more; what says why */
};

struct sy_jinja_token {
	enum sy_jinja_kind kind;
	size_t off;			/* in the template */
	size_t len;			/* bytes as written */
	struct sy_span text;
	const char *what;		/* BROKEN: a constant sentence part */
};

struct sy_jinja_lexer {
	struct sy_span text;
	size_t pos;
	uint8_t closer;		/* '}' or '%' inside {{ or {%, 0 in text */
	bool is_broken;		/* said once; goes on as far as possible */
	bool has_no_endraw;	/* none from here to the end of the text */
	size_t n_open;
	uint8_t open[SY_JINJA_DEPTH_MAX];	/* expected closing brackets */
};

void sy_jinja_init(struct sy_jinja_lexer *lexer, struct sy_span text);

/* The next token; false at the end.  Linear in the text over all calls. */
SY_MUST_CHECK bool sy_jinja_next(struct sy_jinja_lexer *lexer,
				 struct sy_jinja_token *token);

/* One character of a string literal. */
struct sy_jinja_char {
	uint32_t code;		/* not ASCII: some value >= 0x80 */
	bool is_disguised;	/* an ASCII letter, digit or '_' written as an escape */
};

/* Takes the next character off `literal`; false when it is empty. */
SY_MUST_CHECK bool sy_jinja_char_next(struct sy_span *literal,
				      struct sy_jinja_char *c);

/* A byte of a Jinja name: letter, digit, '_' or any byte beyond ASCII. */
bool sy_jinja_is_name_byte(uint8_t c);

#endif
