/* SPDX-License-Identifier: Apache-2.0 */
/* The differences of two models as text, JSON and Markdown; names are data. */
#include <string.h>

#include "verifier/base/jsonw.h"
#include "verifier/engine/diff.h"

#define ROWS_SHOWN 200u		/* in text and Markdown */

/* --- text ------------------------------------------------------------------------- */

static void put_line(struct sy_out *out, const struct sy_text *text)
{
	sy_escape_terminal(out, sy_text_span(text));
	sy_out_str(out, "\n");
}

static void put_side(struct sy_out *out, const char *side, const char *path, uint64_t n,
		     const struct sy_text *why)
{
	sy_out_printf(out, "  %s  %llu tensor%s  ", side, (unsigned long long)n,
		      n == 1 ? "" : "s");
	sy_escape_terminal(out, sy_span_str(path));
	if (why->len > 0) {
		sy_out_str(out, "\n     not whole: ");
		sy_escape_terminal(out, sy_text_span(why));
	}
	sy_out_str(out, "\n");
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

static void meta_text(const struct sy_meta_row *meta, struct sy_text *text)
{
	sy_text_name(text, meta->key);
	sy_text_add(text, meta->has_a && meta->has_b ? ": " : meta->has_a ? " removed: "
								       : " added: ");
	if (meta->has_a)
		sy_text_name(text, meta->a);
	if (meta->has_a && meta->has_b)
		sy_text_add(text, " becomes ");
	if (meta->has_b)
		sy_text_name(text, meta->b);
}

static void put_metas(struct sy_out *out, const struct sy_diff *diff)
{
	if (!diff->is_meta_compared)
		sy_out_str(out, "\nMetadata was not compared: the files are of different "
				"formats.\n");
	for (size_t i = 0; i < diff->n_metas && i < ROWS_SHOWN; i++) {
		struct sy_text text;

		if (i == 0)
			sy_out_str(out, "\n");
		sy_text_init(&text);
		sy_text_add(&text, "metadata  ");
		meta_text(&diff->metas[i], &text);
		put_line(out, &text);
	}
	put_more(out, diff->n_metas);
}

static void write_text(const struct sy_diff *diff, struct sy_out *out)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_diff_headline(diff, &text);
	put_line(out, &text);
	put_side(out, "A", diff->path_a, diff->n_a, &diff->why_a);
	put_side(out, "B", diff->path_b, diff->n_b, &diff->why_b);
	for (size_t i = 0; i < diff->n_rows && i < ROWS_SHOWN; i++) {
		if (i == 0)
			sy_out_str(out, "\n");
		put_row(out, &diff->rows[i]);
	}
	put_more(out, diff->n_rows);
	put_metas(out, diff);
}

/* --- Markdown --------------------------------------------------------------------- */

/* Nothing in it is markup, in a table or elsewhere. */
static void put_inert(struct sy_out *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("&<>|`*_[]()\\#!~:@", *s))
			sy_out_printf(out, "&#%d;", *s);
		else
			sy_out_bytes(out, s, 1);
	}
}

static void put_inert_name(struct sy_out *out, struct sy_span name)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, name);
	put_inert(out, text.data);
}

static void put_cell_row(struct sy_out *out, const struct sy_change_row *row)
{
	struct sy_text text;

	sy_out_printf(out, "| %s | ", sy_change_name(row->change));
	put_inert_name(out, row->name);
	sy_out_str(out, " | ");
	sy_text_init(&text);
	sy_diff_detail(row, &text);
	put_inert(out, text.data);
	sy_out_str(out, " |\n");
}

static void put_markdown_side(struct sy_out *out, const char *side, const char *path,
			      uint64_t n, const struct sy_text *why)
{
	sy_out_printf(out, "* %s: ", side);
	put_inert_name(out, sy_span_str(path));
	sy_out_printf(out, ", %llu tensor%s", (unsigned long long)n, n == 1 ? "" : "s");
	if (why->len > 0) {
		sy_out_str(out, "; not whole: ");
		put_inert(out, why->data);
	}
	sy_out_str(out, "\n");
}

static void put_markdown_metas(struct sy_out *out, const struct sy_diff *diff)
{
	if (!diff->is_meta_compared)
		sy_out_str(out, "\nMetadata was not compared: the files are of different "
				"formats.\n");
	for (size_t i = 0; i < diff->n_metas && i < ROWS_SHOWN; i++) {
		struct sy_text text;

		sy_out_str(out, i == 0 ? "\nMetadata:\n\n* " : "* ");
		sy_text_init(&text);
		meta_text(&diff->metas[i], &text);
		put_inert(out, text.data);
		sy_out_str(out, "\n");
	}
	put_more(out, diff->n_metas);
}

static void write_markdown(const struct sy_diff *diff, struct sy_out *out)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_diff_headline(diff, &text);
	sy_out_str(out, "**");
	put_inert(out, text.data);
	sy_out_str(out, "**\n\n");
	put_markdown_side(out, "A", diff->path_a, diff->n_a, &diff->why_a);
	put_markdown_side(out, "B", diff->path_b, diff->n_b, &diff->why_b);
	if (diff->n_rows > 0)
		sy_out_str(out, "\n| change | tensor | how |\n|---|---|---|\n");
	for (size_t i = 0; i < diff->n_rows && i < ROWS_SHOWN; i++)
		put_cell_row(out, &diff->rows[i]);
	if (diff->n_rows > ROWS_SHOWN)
		sy_out_str(out, "\n");
	put_more(out, diff->n_rows);
	put_markdown_metas(out, diff);
}

/* --- JSON ------------------------------------------------------------------------- */

static void json_side(struct sy_jsonw *w, const char *key, const char *path, uint64_t n,
		      const struct sy_text *why)
{
	sy_jsonw_key(w, key);
	sy_jsonw_object(w);
	sy_jsonw_kbytes(w, "path", "path_hex", sy_span_str(path));
	sy_jsonw_ku64(w, "n_tensors", n);
	if (why->len > 0)
		sy_jsonw_kstring(w, "undetermined", sy_text_span(why));
	sy_jsonw_object_end(w);
}

static void json_tensor(struct sy_jsonw *w, const char *key, const struct sy_tensor *t)
{
	if (!t)
		return;
	sy_jsonw_key(w, key);
	sy_jsonw_object(w);
	sy_jsonw_kstring(w, "dtype", t->dtype);
	sy_jsonw_key(w, "shape");
	sy_jsonw_array(w);
	for (unsigned i = 0; i < t->rank; i++)
		sy_jsonw_u64(w, t->shape[i]);
	sy_jsonw_array_end(w);
	if (t->digests) {
		sy_jsonw_key(w, "tensor_digest");
		sy_jsonw_hex(w, sy_span_of(t->digests->tensor, sizeof(t->digests->tensor)));
	}
	sy_jsonw_object_end(w);
}

static void json_number(struct sy_jsonw *w, const char *key, double value)
{
	sy_jsonw_key(w, key);
	sy_jsonw_number(w, value);
}

static void json_ranges(struct sy_jsonw *w, const struct sy_values *v)
{
	sy_jsonw_ku64(w, "n_rows", v->n_rows);
	sy_jsonw_ku64(w, "n_rows_changed", v->n_rows_changed);
	sy_jsonw_key(w, "rows");
	sy_jsonw_array(w);
	for (size_t i = 0; i < v->n_ranges && i < SY_ROW_RANGES; i++) {
		sy_jsonw_array(w);
		sy_jsonw_u64(w, v->ranges[i][0]);
		sy_jsonw_u64(w, v->ranges[i][1]);
		sy_jsonw_array_end(w);
	}
	sy_jsonw_array_end(w);
}

static void json_values(struct sy_jsonw *w, const struct sy_values *v)
{
	sy_jsonw_key(w, "values");
	sy_jsonw_object(w);
	if (!v->is_compared) {
		sy_jsonw_kstr(w, "undetermined", v->why);
		sy_jsonw_object_end(w);
		return;
	}
	sy_jsonw_ku64(w, "n_elements", v->n);
	sy_jsonw_ku64(w, "n_changed", v->n_changed);
	if (v->has_numbers) {
		json_number(w, "norm", v->norm);
		json_number(w, "largest", v->largest);
		sy_jsonw_ku64(w, "largest_at", v->largest_at);
		sy_jsonw_ku64(w, "n_not_finite", v->n_not_finite);
	}
	sy_jsonw_ku64(w, "first_at", v->first_at);
	sy_jsonw_key(w, "first_a");
	sy_jsonw_hex(w, sy_span_of(v->first_a, v->item));
	sy_jsonw_key(w, "first_b");
	sy_jsonw_hex(w, sy_span_of(v->first_b, v->item));
	sy_jsonw_ku64(w, "n_bits", v->n_bits);
	if (v->n_rows > 0)
		json_ranges(w, v);
	sy_jsonw_object_end(w);
}

static void json_row(struct sy_jsonw *w, const struct sy_change_row *row)
{
	sy_jsonw_object(w);
	sy_jsonw_kstr(w, "change", sy_change_name(row->change));
	sy_jsonw_kbytes(w, "name", "name_hex", row->name);
	if (row->change == SY_CHANGE_RENAMED)
		sy_jsonw_kbytes(w, "name_in_b", "name_in_b_hex", row->other);
	json_tensor(w, "a", row->a);
	json_tensor(w, "b", row->b);
	if (row->change == SY_CHANGE_RETYPED || row->change == SY_CHANGE_RESHAPED)
		sy_jsonw_kbool(w, "is_same_data", row->is_same_data);
	if (row->change == SY_CHANGE_VALUES)
		json_values(w, row->values);
	sy_jsonw_object_end(w);
}

static void json_metas(struct sy_jsonw *w, const struct sy_diff *diff)
{
	sy_jsonw_kbool(w, "is_metadata_compared", diff->is_meta_compared);
	sy_jsonw_key(w, "metadata");
	sy_jsonw_array(w);
	for (size_t i = 0; i < diff->n_metas; i++) {
		const struct sy_meta_row *meta = &diff->metas[i];

		sy_jsonw_object(w);
		sy_jsonw_kbytes(w, "key", "key_hex", meta->key);
		if (meta->has_a)
			sy_jsonw_kbytes(w, "a", "a_hex", meta->a);
		if (meta->has_b)
			sy_jsonw_kbytes(w, "b", "b_hex", meta->b);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void json_head(struct sy_jsonw *w, const struct sy_diff *diff)
{
	static const char *const results[] = { "same", "different", "undetermined" };

	sy_jsonw_kstr(w, "schema", "steelyard-diff/1");
	sy_jsonw_kstr(w, "result", results[sy_diff_exit_code(diff)]);
	sy_jsonw_ku64(w, "exit_code", (uint64_t)sy_diff_exit_code(diff));
	sy_jsonw_kbool(w, "is_same_weights", sy_diff_is_same_weights(diff));
	json_side(w, "a", diff->path_a, diff->n_a, &diff->why_a);
	json_side(w, "b", diff->path_b, diff->n_b, &diff->why_b);
	sy_jsonw_ku64(w, "n_same", diff->n_same);
	sy_jsonw_key(w, "counts");
	sy_jsonw_object(w);
	for (unsigned i = 0; i < SY_N_CHANGES; i++)
		sy_jsonw_ku64(w, sy_change_name((enum sy_change)i), diff->counts[i]);
	sy_jsonw_object_end(w);
}

static void write_json(const struct sy_diff *diff, struct sy_out *out)
{
	struct sy_jsonw w;

	sy_jsonw_init(&w, out, false);
	sy_jsonw_object(&w);
	json_head(&w, diff);
	sy_jsonw_key(&w, "tensors");
	sy_jsonw_array(&w);
	for (size_t i = 0; i < diff->n_rows; i++)
		json_row(&w, &diff->rows[i]);
	sy_jsonw_array_end(&w);
	json_metas(&w, diff);
	sy_jsonw_object_end(&w);
	sy_out_str(out, "\n");
}

enum sy_status sy_diff_write(const struct sy_diff *diff, const char *format, struct sy_out *out)
{
	static const struct {
		const char *name;
		void (*write)(const struct sy_diff *diff, struct sy_out *out);
	} formats[] = {
		{ "json", write_json }, { "markdown", write_markdown }, { "text", write_text },
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
