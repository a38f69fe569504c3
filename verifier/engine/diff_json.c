/* SPDX-License-Identifier: Apache-2.0 */
/* The differences of two models as one JSON document; docs/diff.md says what it holds. */
#include "verifier/base/jsonw.h"
#include "verifier/engine/diff.h"
#include "verifier/report/writer.h"

static void json_side(struct sy_jsonw *w, const char *key, const char *path, uint64_t n,
		      const struct sy_text *why, const struct sy_report *report)
{
	sy_jsonw_key(w, key);
	sy_jsonw_object(w);
	sy_jsonw_kbytes(w, "path", "path_hex", sy_span_str(path));
	sy_jsonw_ku64(w, "n_tensors", n);
	if (why->len > 0)
		sy_jsonw_kstring(w, "undetermined", sy_text_span(why));
	sy_report_put_signatures(w, report);
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

static void json_value(struct sy_jsonw *w, const char *key, const char *hex_key,
		       const struct sy_pair_side *side)
{
	if (side->is_there)
		sy_jsonw_kbytes(w, key, hex_key, side->value);
}

static void json_pairs(struct sy_jsonw *w, const char *key, const struct sy_pairs *pairs)
{
	sy_jsonw_key(w, key);
	sy_jsonw_array(w);
	for (size_t i = 0; i < pairs->n; i++) {
		const struct sy_pair *pair = &pairs->rows[i];

		sy_jsonw_object(w);
		if (pair->file.data)
			sy_jsonw_kbytes(w, "file", "file_hex", pair->file);
		sy_jsonw_kbytes(w, "key", "key_hex", pair->key);
		json_value(w, "a", "a_hex", &pair->a);
		json_value(w, "b", "b_hex", &pair->b);
		if (pair->a.is_there && pair->a.type.len > 0)
			sy_jsonw_kstring(w, "type_a", pair->a.type);
		if (pair->b.is_there && pair->b.type.len > 0)
			sy_jsonw_kstring(w, "type_b", pair->b.type);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void json_metas(struct sy_jsonw *w, const struct sy_diff *diff)
{
	sy_jsonw_kbool(w, "is_metadata_compared", diff->is_meta_compared);
	if (diff->why_metas.len > 0)
		sy_jsonw_kstring(w, "metadata_undetermined", sy_text_span(&diff->why_metas));
	json_pairs(w, "metadata", &diff->metas);
}

static void json_files(struct sy_jsonw *w, const struct sy_diff *diff)
{
	sy_jsonw_kbool(w, "are_files_compared", diff->are_files_compared);
	json_pairs(w, "configuration", &diff->configs);
	sy_jsonw_key(w, "files");
	sy_jsonw_array(w);
	for (size_t i = 0; i < diff->n_files; i++) {
		const struct sy_file_row *row = &diff->files[i];

		sy_jsonw_object(w);
		sy_jsonw_kstr(w, "change", sy_file_change_name(row->change));
		sy_jsonw_kbytes(w, "path", "path_hex", row->path);
		sy_jsonw_kbool(w, "counts", sy_diff_counts_file(diff, row));
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void json_load(struct sy_jsonw *w, const struct sy_diff *diff,
		      const struct sy_load_row *row)
{
	const struct sy_step step = { .class = row->class };
	bool is_import = row->kind == SY_STEP_IMPORT;

	sy_jsonw_object(w);
	sy_jsonw_kstr(w, "change", row->is_in_b ? "added" : "removed");
	sy_jsonw_kstr(w, "kind", sy_step_kind_name(row->kind));
	sy_jsonw_kstr(w, "class", sy_step_class_name(&step));
	if (is_import)
		sy_jsonw_kbytes(w, "symbol", "symbol_hex", row->text);
	else
		sy_jsonw_kbytes(w, "text", "text_hex", row->text);
	sy_jsonw_kbool(w, "counts", sy_diff_counts_load(diff, row));
	sy_jsonw_object_end(w);
}

static void json_loads(struct sy_jsonw *w, const struct sy_diff *diff)
{
	if (diff->why_loads.len > 0)
		sy_jsonw_kstring(w, "loading_undetermined", sy_text_span(&diff->why_loads));
	sy_jsonw_kbool(w, "is_rest_compared", !diff->has_rest);
	sy_jsonw_key(w, "loading");
	sy_jsonw_array(w);
	for (size_t i = 0; i < diff->n_loads; i++)
		json_load(w, diff, &diff->loads[i]);
	sy_jsonw_array_end(w);
}

static void json_head(struct sy_jsonw *w, const struct sy_diff *diff)
{
	static const char *const results[] = { "same", "different", "undetermined" };

	sy_jsonw_kstr(w, "schema", "steelyard-diff/1");
	sy_jsonw_kstr(w, "result", results[sy_diff_exit_code(diff)]);
	sy_jsonw_ku64(w, "exit_code", (uint64_t)sy_diff_exit_code(diff));
	sy_jsonw_kbool(w, "is_same_weights", sy_diff_is_same_weights(diff));
	json_side(w, "a", diff->path_a, diff->n_a, &diff->why_a, diff->a);
	json_side(w, "b", diff->path_b, diff->n_b, &diff->why_b, diff->b);
	sy_jsonw_kbool(w, "is_same_signers", diff->is_same_signers);
	sy_jsonw_ku64(w, "n_same", diff->n_same);
	sy_jsonw_key(w, "counts");
	sy_jsonw_object(w);
	for (unsigned i = 0; i < SY_N_CHANGES; i++)
		sy_jsonw_ku64(w, sy_change_name((enum sy_change)i), diff->counts[i]);
	sy_jsonw_object_end(w);
}

void sy_diff_write_json(const struct sy_diff *diff, struct sy_out *out)
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
	json_files(&w, diff);
	json_loads(&w, diff);
	sy_jsonw_object_end(&w);
	sy_out_str(out, "\n");
}
