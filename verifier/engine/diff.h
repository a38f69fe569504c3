/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two models, tensor by tensor: what is only in one, renamed, of another type or
 * shape, or changed, and by how much.  Shards, order and container do not count.
 */
#ifndef SY_ENGINE_DIFF_H
#define SY_ENGINE_DIFF_H

#include "verifier/engine/model.h"

enum sy_change {
	SY_CHANGE_REMOVED,	/* only in A */
	SY_CHANGE_ADDED,	/* only in B */
	SY_CHANGE_RENAMED,	/* the same tensor under another name */
	SY_CHANGE_RETYPED,	/* another element type */
	SY_CHANGE_RESHAPED,	/* another shape */
	SY_CHANGE_VALUES,	/* other elements */
	SY_CHANGE_UNKNOWN,	/* one of them has no digest */
	SY_N_CHANGES
};

#define SY_ROW_RANGES 8

/* How the elements of two tensors of one type and shape differ. */
struct sy_values {
	bool is_compared;
	char why[128];			/* else: why not */
	uint64_t n, n_changed;		/* elements, or blocks of packed types */
	bool has_numbers;		/* the next three are known */
	double norm, largest;		/* of the difference: Euclidean, absolute */
	uint64_t largest_at;		/* element */
	uint64_t n_not_finite;		/* differences that are no finite number */
	uint64_t first_at;		/* first changed element */
	uint8_t item;			/* bytes of an element, as far as they are kept */
	uint8_t first_a[32], first_b[32];
	uint64_t n_bits;		/* that differ, in all elements */
	unsigned bit;			/* of the element, when n_bits is 1; 0 is the lowest */
	uint64_t n_rows, n_rows_changed;	/* first dimension; 0: it has none */
	size_t n_ranges;		/* of rows that changed; at most SY_ROW_RANGES kept */
	uint64_t ranges[SY_ROW_RANGES][2];	/* first and last */
};

struct sy_change_row {
	enum sy_change change;
	struct sy_span name;		/* in A; of added ones in B */
	struct sy_span other;		/* RENAMED: in B */
	const struct sy_tensor *a, *b;	/* NULL: not there */
	size_t artifact_a, artifact_b;
	bool is_same_data;		/* RETYPED, RESHAPED: the bytes are equal */
	struct sy_values *values;	/* VALUES; owned by the diff, else NULL */
};

/* A metadata key; a value that is not there is empty, and has_ says so. */
struct sy_meta_row {
	struct sy_span key, a, b;
	bool has_a, has_b;
};

struct sy_diff {
	struct sy_report *a, *b;	/* borrowed */
	const char *path_a, *path_b;	/* as they were named; set by the caller */
	struct sy_change_row *rows;	/* sorted by name */
	size_t n_rows, cap_rows;
	struct sy_meta_row *metas;	/* sorted by key */
	size_t n_metas, cap_metas;
	bool is_meta_compared;		/* both are of one format */
	uint64_t n_a, n_b, n_same;	/* tensors */
	uint64_t counts[SY_N_CHANGES];
	struct sy_text why_a, why_b;	/* why one is not whole; or empty */
};

/* Both reports are finished and have tensor digests.  Files are read again where
 * elements are compared.  SY_OK whether they differ or not. */
SY_MUST_CHECK enum sy_status sy_diff_make(struct sy_context *ctx, struct sy_report *a,
					  struct sy_report *b, struct sy_diff *diff);
void sy_diff_free(struct sy_diff *diff);

/* 0 the same, 1 different, 2 undetermined. */
int sy_diff_exit_code(const struct sy_diff *diff);
bool sy_diff_is_same_weights(const struct sy_diff *diff);

/* Makes row->values: reads both tensors, whose digests are made again meanwhile. */
SY_MUST_CHECK enum sy_status sy_diff_values(struct sy_diff *diff, struct sy_change_row *row);

const char *sy_change_name(enum sy_change change);

/* One sentence about both; how a row's tensors differ, without its name. */
void sy_diff_headline(const struct sy_diff *diff, struct sy_text *text);
void sy_diff_detail(const struct sy_change_row *row, struct sy_text *text);

/* "f32 [3, 4]"; the index of an element, "[1, 2]". */
void sy_diff_type(const struct sy_tensor *tensor, struct sy_text *text);
void sy_diff_index(const struct sy_tensor *tensor, uint64_t at, struct sy_text *text);

/* "text", "json" or "markdown"; SY_USAGE: another. */
SY_MUST_CHECK enum sy_status sy_diff_write(const struct sy_diff *diff, const char *format,
					   struct sy_out *out);

#endif
