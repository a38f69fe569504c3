/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about a difference, in words; names are quoted by sy_text_name. */
#include "verifier/engine/diff.h"

static void add_count(struct sy_text *text, uint64_t n, const char *one, const char *many)
{
	sy_text_count(text, n);
	sy_text_add(text, n == 1 ? one : many);
}

static void add_list(struct sy_text *text, const uint64_t *n, size_t count)
{
	sy_text_add(text, "[");
	for (size_t i = 0; i < count; i++)
		sy_text_addf(text, "%s%llu", i ? ", " : "", (unsigned long long)n[i]);
	sy_text_add(text, "]");
}

void sy_diff_type(const struct sy_tensor *tensor, struct sy_text *text)
{
	const struct sy_dtype *dtype = sy_dtype_find(tensor->dtype);

	if (dtype)
		sy_text_add(text, dtype->canonical);
	else
		sy_text_name(text, tensor->dtype);
	sy_text_add(text, " ");
	add_list(text, tensor->shape, tensor->rank);
}

void sy_diff_index(const struct sy_tensor *tensor, uint64_t at, struct sy_text *text)
{
	const struct sy_dtype *dtype = sy_dtype_find(tensor->dtype);
	uint64_t index[SY_RANK_MAX];

	if (dtype && dtype->n_block > 1)
		at *= dtype->n_block;
	for (uint8_t i = tensor->rank; i-- > 0;) {
		index[i] = at % tensor->shape[i];
		at /= tensor->shape[i];
	}
	add_list(text, index, tensor->rank);
}

static void add_hex(struct sy_text *text, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sy_text_addf(text, "%02x", bytes[i]);
}

static void add_first(const struct sy_change_row *row, struct sy_text *text)
{
	const struct sy_values *v = row->values;
	const struct sy_dtype *dtype = sy_dtype_find(row->a->dtype);

	sy_text_add(text, "; the first at ");
	sy_diff_index(row->a, v->first_at, text);
	if (v->has_numbers && dtype->unit == dtype->item) {
		sy_text_add(text, ": ");
		sy_text_number(text, sy_dtype_value(dtype, v->first_a));
		sy_text_add(text, " becomes ");
		sy_text_number(text, sy_dtype_value(dtype, v->first_b));
	}
	sy_text_add(text, " (");
	add_hex(text, v->first_a, v->item);
	sy_text_add(text, " becomes ");
	add_hex(text, v->first_b, v->item);
	sy_text_add(text, v->item < dtype->item ? "..., little endian)" : ", little endian)");
	if (v->n_bits == 1)
		sy_text_addf(text, "; one bit differs, bit %u", v->bit);
}

static void add_rows(const struct sy_values *v, struct sy_text *text)
{
	if (v->n_rows < 2)
		return;
	sy_text_add(text, ", in ");
	sy_text_count(text, v->n_rows_changed);
	sy_text_add(text, " of ");
	add_count(text, v->n_rows, " row", " rows");
	sy_text_add(text, " (");
	for (size_t i = 0; i < v->n_ranges && i < SY_ROW_RANGES; i++) {
		sy_text_addf(text, "%s%llu", i ? ", " : "", (unsigned long long)v->ranges[i][0]);
		if (v->ranges[i][1] > v->ranges[i][0])
			sy_text_addf(text, "-%llu", (unsigned long long)v->ranges[i][1]);
	}
	sy_text_add(text, v->n_ranges > SY_ROW_RANGES ? ", ...)" : ")");
}

static void add_sizes(const struct sy_change_row *row, struct sy_text *text)
{
	const struct sy_values *v = row->values;

	if (!v->has_numbers)
		return;
	sy_text_add(text, "; norm of the difference ");
	sy_text_number(text, v->norm);
	sy_text_add(text, ", largest change ");
	sy_text_number(text, v->largest);
	if (v->largest > 0) {
		sy_text_add(text, " at ");
		sy_diff_index(row->a, v->largest_at, text);
	}
	if (v->n_not_finite > 0) {
		sy_text_add(text, ", and ");
		add_count(text, v->n_not_finite, " change that is", " changes that are");
		sy_text_add(text, " no finite number");
	}
}

static void add_values(const struct sy_change_row *row, struct sy_text *text)
{
	const struct sy_values *v = row->values;
	const struct sy_dtype *dtype = sy_dtype_find(row->a->dtype);
	bool is_blocks = dtype && dtype->n_block > 1;

	sy_diff_type(row->a, text);
	if (!v->is_compared) {
		sy_text_add(text, ": other elements, which were not compared: ");
		sy_text_add(text, v->why);
		return;
	}
	sy_text_add(text, ": ");
	sy_text_count(text, v->n_changed);
	sy_text_add(text, " of ");
	add_count(text, v->n, is_blocks ? " block" : " element",
		  is_blocks ? " blocks" : " elements");
	add_rows(v, text);
	add_sizes(row, text);
	add_first(row, text);
}

static void add_pair(const struct sy_change_row *row, struct sy_text *text)
{
	sy_diff_type(row->a, text);
	sy_text_add(text, " becomes ");
	sy_diff_type(row->b, text);
	if (row->is_same_data)
		sy_text_add(text, "; the bytes are the same");
}

void sy_diff_detail(const struct sy_change_row *row, struct sy_text *text)
{
	switch (row->change) {
	case SY_CHANGE_REMOVED:
		sy_diff_type(row->a, text);
		return;
	case SY_CHANGE_ADDED:
		sy_diff_type(row->b, text);
		return;
	case SY_CHANGE_RENAMED:
		sy_text_add(text, "is now ");
		sy_text_name(text, row->other);
		return;
	case SY_CHANGE_RETYPED:
	case SY_CHANGE_RESHAPED:
		add_pair(row, text);
		return;
	case SY_CHANGE_VALUES:
		add_values(row, text);
		return;
	case SY_CHANGE_UNKNOWN:
		sy_text_add(text, "has no digest in one of them");
		return;
	case SY_N_CHANGES:
		break;
	}
}

static void add_counts(const struct sy_diff *diff, struct sy_text *text)
{
	bool is_first = true;

	for (unsigned i = 0; i < SY_N_CHANGES; i++) {
		if (diff->counts[i] == 0)
			continue;
		sy_text_add(text, is_first ? "" : ", ");
		sy_text_count(text, diff->counts[i]);
		sy_text_addf(text, " %s", sy_change_name((enum sy_change)i));
		is_first = false;
	}
}

/* A worker calls something a number; it may stand unquoted when it could be one. */
static bool is_plain(struct sy_span value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] <= ' ' || value.data[i] >= 0x7f)
			return false;
	}
	return value.len > 0 && value.len <= 64;
}

/* Texts of files are quoted, numbers and words of ours are not. */
static void add_side(const struct sy_pair_side *side, struct sy_text *text)
{
	if (sy_span_is(side->type, "object") || sy_span_is(side->type, "array"))
		sy_text_add(text, sy_span_is(side->type, "object") ? "{}" : "[]");
	else if ((sy_span_is(side->type, "number") || sy_span_is(side->type, "boolean")) &&
		 is_plain(side->value))
		sy_text_add_span(text, side->value);
	else if (sy_span_is(side->type, "null"))
		sy_text_add(text, "null");
	else
		sy_text_name(text, side->value);
}

static bool is_shown_alike(const struct sy_pair *pair)
{
	return pair->a.is_there && pair->b.is_there &&
	       sy_span_equal(pair->a.type, pair->b.type) &&
	       sy_span_equal(sy_span_slice(pair->a.value, 0, 128),
			     sy_span_slice(pair->b.value, 0, 128));
}

void sy_diff_pair_text(const struct sy_pair *pair, struct sy_text *text)
{
	bool is_both = pair->a.is_there && pair->b.is_there;

	if (pair->file.len > 0) {
		sy_text_name(text, pair->file);
		sy_text_add(text, " ");
	}
	sy_text_name(text, pair->key);
	sy_text_add(text, is_both ? ": " : pair->a.is_there ? " removed: " : " added: ");
	if (pair->a.is_there)
		add_side(&pair->a, text);
	if (is_shown_alike(pair)) {
		sy_text_add(text, " is other further on");
		return;
	}
	if (is_both)
		sy_text_add(text, " becomes ");
	if (pair->b.is_there)
		add_side(&pair->b, text);
}

void sy_diff_file_text(const struct sy_file_row *row, struct sy_text *text)
{
	static const char *const details[] = {
		[SY_FILE_REMOVED] = "is only in A", [SY_FILE_ADDED] = "is only in B",
		[SY_FILE_CHANGED] = "has other bytes",
		[SY_FILE_REFORMATTED] = "has the same members, written otherwise",
		[SY_FILE_UNKNOWN] = "could not be compared",
	};

	if (row->path.len > 0)
		sy_text_name(text, row->path);
	else
		sy_text_add(text, "what was named");
	sy_text_addf(text, " %s%s", details[row->change],
		     row->is_document ? " (no loader reads it)" : "");
}

void sy_diff_load_text(const struct sy_load_row *row, struct sy_text *text)
{
	const struct sy_step step = { .class = row->class };

	sy_text_addf(text, "only %c ", row->is_in_b ? 'B' : 'A');
	if (row->kind == SY_STEP_IMPORT) {
		sy_text_add(text, "imports ");
		sy_text_name(text, row->text);
	} else {
		sy_text_add_span(text, row->text);
	}
	sy_text_addf(text, " (%s)", sy_step_class_name(&step));
}

void sy_diff_signer_text(const struct sy_report *report, struct sy_text *text)
{
	if (report->n_signatures == 0)
		sy_text_add(text, "unsigned");
	for (size_t i = 0; i < report->n_signatures; i++) {
		const struct sy_signature_row *row = &report->signatures[i];

		sy_text_add(text, i == 0 ? "a signature says that it is by " : ", and one by ");
		if (row->signer.len > 0)
			sy_text_name(text, row->signer);
		else
			sy_text_add(text, "somebody");
		sy_text_add(text, " (");
		sy_text_add_span(text, row->kind);
		if (row->algorithm.len > 0) {
			sy_text_add(text, ", ");
			sy_text_add_span(text, row->algorithm);
		}
		sy_text_add(text, sy_span_is(row->status, "refused") ? ", does not hold)" : ")");
	}
}

static void add_same(const struct sy_diff *diff, struct sy_text *text)
{
	add_count(text, diff->n_same, " tensor is", " tensors are");
	sy_text_add(text, " the same");
}

static void add_weights(const struct sy_diff *diff, struct sy_text *text)
{
	if (sy_diff_is_same_weights(diff)) {
		sy_text_add(text, "Same weights: ");
		add_count(text, diff->n_same, " tensor", " tensors");
	} else if (sy_diff_is_other_weights(diff)) {
		sy_text_add(text, "Different weights: ");
		add_counts(diff, text);
		sy_text_add(text, "; ");
		add_same(diff, text);
	} else {
		sy_text_add(text, "Undetermined weights: ");
		add_same(diff, text);
		if (diff->n_rows > 0) {
			sy_text_add(text, ", ");
			add_counts(diff, text);
		}
	}
}

/* "; 3 metadata entries differ": nothing that differs goes without a word. */
static void add_other(struct sy_text *text, uint64_t n, const char *one, const char *many)
{
	if (n == 0)
		return;
	sy_text_add(text, "; ");
	add_count(text, n, one, many);
}

static void add_loads(const struct sy_diff *diff, struct sy_text *text)
{
	uint64_t n_known = 0;

	for (size_t i = 0; i < diff->n_loads; i++)
		n_known += diff->loads[i].class <= SY_STEP_KNOWN;
	add_other(text, diff->n_loads - n_known, " thing that loading does differs",
		  " things that loading does differ");
	add_other(text, n_known, " known import differs", " known imports differ");
}

void sy_diff_headline(const struct sy_diff *diff, struct sy_text *text)
{
	add_weights(diff, text);
	add_other(text, diff->metas.n, " metadata entry differs", " metadata entries differ");
	add_other(text, diff->configs.n, " configuration member differs",
		  " configuration members differ");
	add_other(text, diff->n_files, " other file differs", " other files differ");
	add_loads(diff, text);
	if (!diff->is_same_signers)
		sy_text_add(text, "; not signed by the same");
	sy_text_add(text, ".");
	if (diff->why_metas.len > 0) {
		sy_text_add(text, " Undetermined: metadata was not compared to its end: ");
		sy_text_add_span(text, sy_text_span(&diff->why_metas));
		sy_text_add(text, ".");
	}
	if (diff->is_signer_unknown)
		sy_text_add(text, " Undetermined: a signature could not be read.");
	if (diff->why_loads.len > 0) {
		sy_text_add(text, " Undetermined: ");
		sy_text_add_span(text, sy_text_span(&diff->why_loads));
		sy_text_add(text, ".");
	}
}
