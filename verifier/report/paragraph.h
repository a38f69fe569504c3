/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One paragraph of a text report: escapes for the terminal and wraps at words.
 * A terminal column is taken to be a code point; wide characters make a line
 * longer than asked, never wrong.
 */
#ifndef SY_REPORT_PARAGRAPH_H
#define SY_REPORT_PARAGRAPH_H

#include "verifier/base/out.h"

#define SY_PARAGRAPH_WORD 512

struct sy_paragraph {
	struct sy_out *out;	/* the document */
	unsigned columns;	/* 0: never wrap */
	unsigned indent;	/* blanks before each following line */
	size_t column;		/* of the line being written */
	size_t n_blanks;	/* seen, not written yet */
	size_t word_columns;
	size_t word_len;	/* bytes in word */
	bool is_inside;		/* a part of this word was written already */
	bool is_first;		/* nothing but blanks on this line yet */
	uint8_t last;		/* byte before the next */
	char word[SY_PARAGRAPH_WORD];
	struct sy_out in;	/* what the escaper writes to */
};

/* Begins where `column` characters of the line are written already. */
void sy_paragraph_begin(struct sy_paragraph *p, struct sy_out *out,
			unsigned columns, unsigned indent, size_t column);

void sy_paragraph_span(struct sy_paragraph *p, struct sy_span s);
void sy_paragraph_str(struct sy_paragraph *p, const char *s);
void sy_paragraph_count(struct sy_paragraph *p, uint64_t n);	/* 887,990 */
void sy_paragraph_u64(struct sy_paragraph *p, uint64_t n);	/* 887990 */

/* Ends the line.  Failures are the document's: look at its status. */
void sy_paragraph_end(struct sy_paragraph *p);

#endif
