/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapping.  Holds one word at a time; everything passes the terminal escaper,
 * so a word has no control byte in it, whoever wrote it.
 *
 * Logs of build services read commands out of what programs print: "::" at the
 * start of a line, blanks before it or not, and "##[" or "##vso[" anywhere.
 * A file must not be able to give one.
 */
#include "verifier/report/paragraph.h"

#include "verifier/base/text.h"

static void write_blanks(struct sy_paragraph *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sy_out_str(p->out, " ");
	p->column += n;
}

static void break_line(struct sy_paragraph *p)
{
	sy_out_str(p->out, "\n");
	p->column = 0;
	p->is_first = true;
	write_blanks(p, p->indent);
}

/* Blanks at a line's end are not worth a line of their own. */
static void place_word(struct sy_paragraph *p)
{
	bool fits = p->columns == 0 ||
		    p->column + p->n_blanks + p->word_columns <= p->columns;

	if (fits || p->column <= p->indent)
		write_blanks(p, p->n_blanks);
	else if (p->n_blanks > 0)
		break_line(p);
	p->n_blanks = 0;
}

static void write_word(struct sy_paragraph *p)
{
	bool is_command = !p->is_inside && p->is_first && p->word_len >= 2 &&
			  p->word[0] == ':' && p->word[1] == ':';
	size_t skip = is_command ? 1 : 0;

	if (is_command)
		sy_out_str(p->out, "\\x3a");
	sy_out_bytes(p->out, p->word + skip, p->word_len - skip);
	p->column += p->word_columns + (is_command ? 3 : 0);
	p->is_first = false;
}

static void flush_word(struct sy_paragraph *p)
{
	if (p->word_len == 0)
		return;
	if (!p->is_inside)
		place_word(p);
	write_word(p);
	p->word_len = 0;
	p->word_columns = 0;
	p->is_inside = true;
}

static void add_to_word(struct sy_paragraph *p, uint8_t c)
{
	if (p->word_len == sizeof(p->word))
		flush_word(p);
	p->word[p->word_len++] = (char)c;
	if ((c & 0xc0) != 0x80)
		p->word_columns++;
}

static void take_byte(struct sy_paragraph *p, uint8_t c)
{
	static const char hash[] = "\\x23";
	bool is_second_hash = c == '#' && p->last == '#';

	p->last = c;
	if (c == ' ') {
		flush_word(p);
		p->is_inside = false;
		p->n_blanks++;
		return;
	}
	if (!is_second_hash) {
		add_to_word(p, c);
		return;
	}
	for (size_t i = 0; hash[i]; i++)
		add_to_word(p, (uint8_t)hash[i]);
}

static enum sy_status take(void *user, struct sy_span bytes)
{
	struct sy_paragraph *p = user;

	for (size_t i = 0; i < bytes.len; i++)
		take_byte(p, bytes.data[i]);
	return SY_OK;
}

void sy_paragraph_begin(struct sy_paragraph *p, struct sy_out *out,
			unsigned columns, unsigned indent, size_t column)
{
	p->out = out;
	p->columns = columns;
	p->indent = indent;
	p->column = column;
	p->n_blanks = 0;
	p->word_columns = 0;
	p->word_len = 0;
	/* Text that follows a coloured word directly may not be torn off it. */
	p->is_inside = column > indent;
	p->is_first = !p->is_inside;
	p->last = 0;
	sy_out_init(&p->in, take, p);
}

void sy_paragraph_span(struct sy_paragraph *p, struct sy_span s)
{
	sy_escape_terminal(&p->in, s);
}

void sy_paragraph_str(struct sy_paragraph *p, const char *s)
{
	sy_paragraph_span(p, sy_span_str(s));
}

void sy_paragraph_count(struct sy_paragraph *p, uint64_t n)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_count(&text, n);
	sy_paragraph_span(p, sy_text_span(&text));
}

void sy_paragraph_u64(struct sy_paragraph *p, uint64_t n)
{
	sy_out_u64(&p->in, n);
}

void sy_paragraph_end(struct sy_paragraph *p)
{
	enum sy_status status = sy_out_flush(&p->in);

	flush_word(p);
	sy_out_str(p->out, "\n");
	if (p->out->status == SY_OK)
		p->out->status = status;
}
