/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the text writer share: a page that colours and wraps.
 * Nothing gets onto it without passing the escaper, but our own words.
 */
#ifndef SY_REPORT_PAGE_H
#define SY_REPORT_PAGE_H

#include "verifier/report/paragraph.h"
#include "verifier/report/rows.h"
#include "verifier/report/writer.h"

enum sy_color { SY_PLAIN, SY_RED, SY_YELLOW, SY_GREEN, SY_FAINT };

struct sy_page {
	const struct sy_report *report;
	const struct sy_writer_options *options;
	struct sy_out *out;
	struct sy_rows rows;
	struct sy_paragraph para;
};

/* Writes one of our own words in a colour; returns its columns. */
size_t sy_page_colored(struct sy_page *t, enum sy_color color, const char *word);
void sy_page_blanks(struct sy_page *t, size_t n);

/*
 * A paragraph: begun where `column` characters stand already, or as a line of
 * its own; ended with its newline.
 */
void sy_page_begin(struct sy_page *t, unsigned indent, size_t column);
void sy_page_line(struct sy_page *t, unsigned indent);
void sy_page_end(struct sy_page *t);

/* Within a paragraph. */
void sy_page_str(struct sy_page *t, const char *s);
void sy_page_span(struct sy_page *t, struct sy_span s);
void sy_page_sentence(struct sy_page *t, struct sy_span s);	/* without full stop */
void sy_page_n(struct sy_page *t, uint64_t n, const char *one, const char *many);

/* Within a paragraph, of one row: what, where in the model, where in the file. */
void sy_page_detail(struct sy_page *t, const struct sy_row *row);
void sy_page_path(struct sy_page *t, const struct sy_row *row);
void sy_page_offset(struct sy_page *t, const struct sy_row *row);
bool sy_row_has_place(const struct sy_row *row);

/* The first lines of the report. */
void sy_page_headline(struct sy_page *t);

#endif
