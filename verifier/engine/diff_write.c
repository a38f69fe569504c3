/* SPDX-License-Identifier: Apache-2.0 */
/* The differences of two models as text and Markdown; names are data. */
#include <string.h>

#include "verifier/engine/diff.h"

#define ROWS_SHOWN 200u		/* in text and Markdown */

/* --- text ------------------------------------------------------------------------- */

static void put_line(struct sy_out *out, const struct sy_text *text)
{
	sy_escape_terminal(out, sy_text_span(text));
	sy_out_str(out, "\n");
}

static void put_side(struct sy_out *out, const char *side, const char *path, uint64_t n,
		     const struct sy_text *why, const struct sy_report *report)
{
	struct sy_text signer;

	sy_out_printf(out, "  %s  %llu tensor%s  ", side, (unsigned long long)n,
		      n == 1 ? "" : "s");
	sy_escape_terminal(out, sy_span_str(path));
	if (why->len > 0) {
		sy_out_str(out, "\n     not whole: ");
		sy_escape_terminal(out, sy_text_span(why));
	}
	sy_text_init(&signer);
	sy_diff_signer_text(report, &signer);
	sy_out_str(out, "\n     ");
	put_line(out, &signer);
}

static void put_more(struct sy_out *out, uint64_t n)
{
	if (n > ROWS_SHOWN)
		sy_out_printf(out, "... and %llu more (--json has all)\n",
			      (unsigned long long)(n - ROWS_SHOWN));
}

static void put_row(struct sy_out *out, const struct sy_change_row *row)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_addf(&text, "%-8s  ", sy_change_name(row->change));
	sy_text_name(&text, row->name);
	sy_text_add(&text, "  ");
	sy_diff_detail(row, &text);
	put_line(out, &text);
}

/* What was not compared, each a line of its own. */
static const char *const gaps[] = {
	"Metadata was not compared: the files are of different formats.",
	"Configurations and other files were not compared: one of the two is a single file.",
	"What pickles and archives hold besides tensors was not compared.",
};

static bool has_gap(const struct sy_diff *diff, size_t gap)
{
	const bool has[] = {
		!diff->is_meta_compared,
		!diff->are_files_compared && (diff->is_file_a != diff->is_file_b),
		diff->has_rest,
	};

	return has[gap];
}

/* One kind of rows that are no tensors: how many, what they are called, and one. */
struct kind {
	const char *word, *title;
	size_t n;
	void (*text)(const struct sy_diff *diff, size_t i, struct sy_text *text);
};

static void meta_text(const struct sy_diff *diff, size_t i, struct sy_text *text)
{
	sy_diff_pair_text(&diff->metas.rows[i], text);
}

static void config_text(const struct sy_diff *diff, size_t i, struct sy_text *text)
{
	sy_diff_pair_text(&diff->configs.rows[i], text);
}

static void file_text(const struct sy_diff *diff, size_t i, struct sy_text *text)
{
	sy_diff_file_text(&diff->files[i], text);
}

static void load_text(const struct sy_diff *diff, size_t i, struct sy_text *text)
{
	sy_diff_load_text(&diff->loads[i], text);
}

#define N_KINDS 4

static void list_kinds(const struct sy_diff *diff, struct kind kinds[N_KINDS])
{
	kinds[0] = (struct kind){ "metadata", "Metadata", diff->metas.n, meta_text };
	kinds[1] = (struct kind){ "config", "Configuration", diff->configs.n, config_text };
	kinds[2] = (struct kind){ "file", "Other files", diff->n_files, file_text };
	kinds[3] = (struct kind){ "loading", "What loading does", diff->n_loads, load_text };
}

static void put_kind(struct sy_out *out, const struct sy_diff *diff, const struct kind *kind)
{
	for (size_t i = 0; i < kind->n && i < ROWS_SHOWN; i++) {
		struct sy_text text;

		if (i == 0)
			sy_out_str(out, "\n");
		sy_text_init(&text);
		sy_text_addf(&text, "%-8s  ", kind->word);
		kind->text(diff, i, &text);
		put_line(out, &text);
	}
	put_more(out, kind->n);
}

static void put_others(struct sy_out *out, const struct sy_diff *diff)
{
	struct kind kinds[N_KINDS];
	bool is_first = true;

	list_kinds(diff, kinds);
	for (size_t i = 0; i < N_KINDS; i++)
		put_kind(out, diff, &kinds[i]);
	for (size_t i = 0; i < SY_N_ELEMS(gaps); i++) {
		if (has_gap(diff, i))
			sy_out_printf(out, "%s%s\n", is_first ? "\n" : "", gaps[i]);
		is_first &= !has_gap(diff, i);
	}
}

static void write_text(const struct sy_diff *diff, struct sy_out *out)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_diff_headline(diff, &text);
	put_line(out, &text);
	put_side(out, "A", diff->path_a, diff->n_a, &diff->why_a, diff->a);
	put_side(out, "B", diff->path_b, diff->n_b, &diff->why_b, diff->b);
	for (size_t i = 0; i < diff->n_rows && i < ROWS_SHOWN; i++) {
		if (i == 0)
			sy_out_str(out, "\n");
		put_row(out, &diff->rows[i]);
	}
	put_more(out, diff->n_rows);
	put_others(out, diff);
}

/* --- Markdown --------------------------------------------------------------------- */

static enum sy_status write_inert(void *user, struct sy_span bytes)
{
	struct sy_out *out = user;

	for (size_t i = 0; i < bytes.len; i++) {
		if (strchr("&<>|`*_[]()\\#!~:@", bytes.data[i]))
			sy_out_printf(out, "&#%d;", bytes.data[i]);
		else
			sy_out_bytes(out, &bytes.data[i], 1);
	}
	return SY_OK;
}

/* Nothing in it is markup, in a table or elsewhere; what a worker made of names may be
 * anything, too. */
static void put_inert(struct sy_out *out, const struct sy_text *text)
{
	struct sy_out inert;

	sy_out_init(&inert, write_inert, out);
	sy_escape_terminal(&inert, sy_text_span(text));
	if (sy_out_flush(&inert) != SY_OK)
		return;		/* it cannot fail; `out` tells its own failure */
}

static void put_inert_name(struct sy_out *out, struct sy_span name)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, name);
	put_inert(out, &text);
}

static void put_cell_row(struct sy_out *out, const struct sy_change_row *row)
{
	struct sy_text text;

	sy_out_printf(out, "| %s | ", sy_change_name(row->change));
	put_inert_name(out, row->name);
	sy_out_str(out, " | ");
	sy_text_init(&text);
	sy_diff_detail(row, &text);
	put_inert(out, &text);
	sy_out_str(out, " |\n");
}

static void put_markdown_side(struct sy_out *out, const char *side, const char *path,
			      uint64_t n, const struct sy_text *why,
			      const struct sy_report *report)
{
	struct sy_text signer;

	sy_out_printf(out, "* %s: ", side);
	put_inert_name(out, sy_span_str(path));
	sy_out_printf(out, ", %llu tensor%s", (unsigned long long)n, n == 1 ? "" : "s");
	if (why->len > 0) {
		sy_out_str(out, "; not whole: ");
		put_inert(out, why);
	}
	sy_text_init(&signer);
	sy_diff_signer_text(report, &signer);
	sy_out_str(out, "; ");
	put_inert(out, &signer);
	sy_out_str(out, "\n");
}

static void put_markdown_kind(struct sy_out *out, const struct sy_diff *diff,
			      const struct kind *kind)
{
	for (size_t i = 0; i < kind->n && i < ROWS_SHOWN; i++) {
		struct sy_text text;

		if (i == 0)
			sy_out_printf(out, "\n%s:\n\n", kind->title);
		sy_out_str(out, "* ");
		sy_text_init(&text);
		kind->text(diff, i, &text);
		put_inert(out, &text);
		sy_out_str(out, "\n");
	}
	put_more(out, kind->n);
}

static void put_markdown_others(struct sy_out *out, const struct sy_diff *diff)
{
	struct kind kinds[N_KINDS];

	list_kinds(diff, kinds);
	for (size_t i = 0; i < N_KINDS; i++)
		put_markdown_kind(out, diff, &kinds[i]);
	for (size_t i = 0; i < SY_N_ELEMS(gaps); i++) {
		if (has_gap(diff, i))
			sy_out_printf(out, "\n%s\n", gaps[i]);
	}
}

static void write_markdown(const struct sy_diff *diff, struct sy_out *out)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_diff_headline(diff, &text);
	sy_out_str(out, "**");
	put_inert(out, &text);
	sy_out_str(out, "**\n\n");
	put_markdown_side(out, "A", diff->path_a, diff->n_a, &diff->why_a, diff->a);
	put_markdown_side(out, "B", diff->path_b, diff->n_b, &diff->why_b, diff->b);
	if (diff->n_rows > 0)
		sy_out_str(out, "\n| change | tensor | how |\n|---|---|---|\n");
	for (size_t i = 0; i < diff->n_rows && i < ROWS_SHOWN; i++)
		put_cell_row(out, &diff->rows[i]);
	if (diff->n_rows > ROWS_SHOWN)
		sy_out_str(out, "\n");
	put_more(out, diff->n_rows);
	put_markdown_others(out, diff);
}

enum sy_status sy_diff_write(const struct sy_diff *diff, const char *format, struct sy_out *out)
{
	static const struct {
		const char *name;
		void (*write)(const struct sy_diff *diff, struct sy_out *out);
	} formats[] = {
		{ "json", sy_diff_write_json }, { "markdown", write_markdown },
		{ "text", write_text },
	};

	for (size_t i = 0; i < SY_N_ELEMS(formats); i++) {
		if (strcmp(formats[i].name, format) != 0)
			continue;
		formats[i].write(diff, out);
		return sy_out_flush(out);
	}
	return sy_fail(diff->a->ctx, SY_USAGE, "a comparison is written as text, json or "
		       "markdown, not %s", format);
}
