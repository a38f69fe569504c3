/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of the text writer.  Colours stand around our own words only, so an
 * escape sequence on a page is always ours.
 */
#include "verifier/report/page.h"

static const char *const codes[] = {
	[SY_PLAIN] = "",
	[SY_RED] = "\033[1;31m",
	[SY_YELLOW] = "\033[33m",
	[SY_GREEN] = "\033[32m",
	[SY_FAINT] = "\033[2m",
};

static const char color_off[] = "\033[0m";

size_t sy_page_colored(struct sy_page *t, enum sy_color color, const char *word)
{
	bool is_colored = t->options->is_colored && color != SY_PLAIN;

	if (is_colored)
		sy_out_str(t->out, codes[color]);
	sy_out_str(t->out, word);
	if (is_colored)
		sy_out_str(t->out, color_off);
	return strlen(word);
}

void sy_page_blanks(struct sy_page *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sy_out_str(t->out, " ");
}

void sy_page_begin(struct sy_page *t, unsigned indent, size_t column)
{
	sy_paragraph_begin(&t->para, t->out, t->options->columns, indent, column);
}

void sy_page_line(struct sy_page *t, unsigned indent)
{
	sy_page_blanks(t, indent);
	sy_page_begin(t, indent > 0 ? indent + 2 : 0, indent);
}

void sy_page_end(struct sy_page *t)
{
	sy_paragraph_end(&t->para);
}

void sy_page_str(struct sy_page *t, const char *s)
{
	sy_paragraph_str(&t->para, s);
}

void sy_page_span(struct sy_page *t, struct sy_span s)
{
	sy_paragraph_span(&t->para, s);
}

/* The line around it brings the full stop. */
void sy_page_sentence(struct sy_page *t, struct sy_span s)
{
	if (s.len > 1 && s.data[s.len - 1] == '.' && s.data[s.len - 2] != '.')
		s.len--;
	sy_page_span(t, s);
}

void sy_page_n(struct sy_page *t, uint64_t n, const char *one, const char *many)
{
	sy_paragraph_count(&t->para, n);
	sy_page_str(t, n == 1 ? one : many);
}

bool sy_row_has_place(const struct sy_row *row)
{
	return row->finding && row->finding->off != SY_OFFSET_NONE;
}

void sy_page_detail(struct sy_page *t, const struct sy_row *row)
{
	if (row->finding && row->finding->detail.len > 0)
		sy_page_sentence(t, row->finding->detail);
	else
		sy_page_str(t, sy_rule_info(row->rule)->title);
}

/* "pytorch_model.bin!archive/data.pkl": the file, then parts inside it. */
void sy_page_path(struct sy_page *t, const struct sy_row *row)
{
	sy_page_span(t, row->artifact->path);
	if (!row->finding)
		return;
	for (size_t i = 0; i < row->finding->n_members; i++) {
		sy_page_str(t, "!");
		sy_page_span(t, row->finding->members[i]);
	}
}

void sy_page_offset(struct sy_page *t, const struct sy_row *row)
{
	sy_page_str(t, "offset ");
	sy_paragraph_u64(&t->para, row->finding->off);
}
