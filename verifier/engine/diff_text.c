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

void sy_diff_headline(const struct sy_diff *diff, struct sy_text *text)
{
	bool is_same = sy_diff_is_same_weights(diff);

	if (is_same) {
		sy_text_add(text, "Same weights: ");
		add_count(text, diff->n_same, " tensor", " tensors");
	} else if (sy_diff_exit_code(diff) == 2) {
		sy_text_add(text, "Undetermined: ");
		add_count(text, diff->n_same, " tensor is", " tensors are");
		sy_text_add(text, " the same");
	} else if (diff->n_rows > 0) {
		sy_text_add(text, "Different weights: ");
	} else {
		sy_text_add(text, "Different metadata: ");
		add_count(text, diff->n_same, " tensor is", " tensors are");
		sy_text_add(text, " the same");
	}
	if (!is_same && diff->n_rows > 0) {
		sy_text_add(text, sy_diff_exit_code(diff) == 2 ? ", " : "");
		add_counts(diff, text);
		if (sy_diff_exit_code(diff) != 2) {
			sy_text_add(text, "; ");
			add_count(text, diff->n_same, " tensor is", " tensors are");
			sy_text_add(text, " the same");
		}
	}
	if (diff->n_metas > 0) {
		sy_text_add(text, is_same ? "; " : ", ");
		add_count(text, diff->n_metas, " metadata entry differs",
			  " metadata entries differ");
	}
	sy_text_add(text, ".");
}
