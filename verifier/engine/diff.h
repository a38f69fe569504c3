/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two models, tensor by tensor: what is only in one, renamed, of another type or
 * shape, or changed, and by how much.  Shards, order and container do not count.
 * Besides the weights: metadata, configurations and other files, what loading them
 * imports and runs, and who signed them.
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

/* What one of the two says under a key. */
struct sy_pair_side {
	bool is_there;
	struct sy_span type, value;	/* as shown, may be cut */
	const uint8_t *sum;		/* SHA-256 of all of a cut one; NULL: none */
};

/* A metadata key, or a member of a configuration, that they have differently. */
struct sy_pair {
	struct sy_span file;		/* of a configuration; else empty */
	struct sy_span key;
	struct sy_pair_side a, b;
};

/* Sorted by file and key, once they are joined. */
struct sy_pairs {
	struct sy_pair *rows;
	size_t n, cap;
};

enum sy_file_change {
	SY_FILE_REMOVED,
	SY_FILE_ADDED,
	SY_FILE_CHANGED,
	SY_FILE_REFORMATTED,	/* a configuration with the same members */
	SY_FILE_UNKNOWN,	/* one could not be read */
	SY_N_FILE_CHANGES
};

/* A file without tensors. */
struct sy_file_row {
	enum sy_file_change change;
	struct sy_span path;		/* below what was named; empty: that itself */
	bool is_document;		/* for people: no loader obeys it */
};

/* What loading one of them imports or does; the other does not. */
struct sy_load_row {
	enum sy_step_kind kind;
	enum sy_step_class class;
	struct sy_span text;		/* of imports the name, else a sentence */
	bool is_in_b;			/* else only in A */
};

struct sy_diff {
	struct sy_report *a, *b;	/* borrowed; these four are set by the caller */
	const char *path_a, *path_b;	/* as they were named */
	struct sy_change_row *rows;	/* sorted by name */
	size_t n_rows, cap_rows;
	uint64_t n_a, n_b, n_same;	/* tensors */
	uint64_t counts[SY_N_CHANGES];
	struct sy_text why_a, why_b;	/* why one is not whole; or empty */
	struct sy_pairs metas, configs;
	bool is_meta_compared;		/* both are of one format */
	struct sy_text why_metas;	/* not compared to the end of each value; or empty */
	struct sy_file_row *files;	/* sorted by path */
	size_t n_files, cap_files;
	bool is_file_a, is_file_b;	/* else a directory was named */
	bool are_files_compared;	/* both are directories, or both files */
	struct sy_load_row *loads;	/* sorted by kind and text */
	size_t n_loads, cap_loads;
	struct sy_text why_loads;	/* it may do other things than are seen; or empty */
	bool has_rest;			/* besides tensors, which was not compared */
	bool is_same_signers;
	bool is_signer_unknown;		/* a signature could not be read */
};

/* Both reports are finished and have tensor digests.  Files are read again where
 * elements are compared.  SY_OK whether they differ or not. */
SY_MUST_CHECK enum sy_status sy_diff_make(struct sy_diff *diff);
void sy_diff_free(struct sy_diff *diff);

/* Parts of it, each in a file of its own. */
SY_MUST_CHECK enum sy_status sy_diff_metadata(struct sy_diff *diff);
SY_MUST_CHECK enum sy_status sy_diff_files(struct sy_diff *diff);
SY_MUST_CHECK enum sy_status sy_diff_loading(struct sy_diff *diff);
SY_MUST_CHECK enum sy_status sy_diff_signers(struct sy_diff *diff);

/* Adds what one side says; joining leaves what they say differently. */
SY_MUST_CHECK enum sy_status sy_pairs_add(struct sy_context *ctx, struct sy_pairs *pairs,
					  const struct sy_pair *pair);
void sy_pairs_join(struct sy_pairs *pairs);

/* Does it run what is not known, so that its bytes must be the same for certain? */
bool sy_diff_is_odd(const struct sy_artifact *artifact);

/* Of a report's artifact, opened again; it must have the size that it had. */
SY_MUST_CHECK enum sy_status sy_diff_open(struct sy_context *ctx,
					  const struct sy_artifact *artifact,
					  struct sy_source *source);

/*
 * What counts: a difference that may change what a loader does, and that is certain.
 * What only one has does not count as long as the other is not whole.
 */
bool sy_diff_counts_pair(const struct sy_diff *diff, const struct sy_pair *pair);
bool sy_diff_counts_file(const struct sy_diff *diff, const struct sy_file_row *row);
bool sy_diff_counts_load(const struct sy_diff *diff, const struct sy_load_row *row);

/* 0 the same, 1 different, 2 undetermined. */
int sy_diff_exit_code(const struct sy_diff *diff);
/* For certain; neither of the two may be. */
bool sy_diff_is_same_weights(const struct sy_diff *diff);
bool sy_diff_is_other_weights(const struct sy_diff *diff);

/* Makes row->values: reads both tensors, whose digests are made again meanwhile. */
SY_MUST_CHECK enum sy_status sy_diff_values(struct sy_diff *diff, struct sy_change_row *row);

const char *sy_change_name(enum sy_change change);
const char *sy_file_change_name(enum sy_file_change change);

/* One sentence about both; how a row's tensors differ, without its name. */
void sy_diff_headline(const struct sy_diff *diff, struct sy_text *text);
void sy_diff_detail(const struct sy_change_row *row, struct sy_text *text);

/* The same of what is no tensor; who signed one of them, in one sentence. */
void sy_diff_pair_text(const struct sy_pair *pair, struct sy_text *text);
void sy_diff_file_text(const struct sy_file_row *row, struct sy_text *text);
void sy_diff_load_text(const struct sy_load_row *row, struct sy_text *text);
void sy_diff_signer_text(const struct sy_report *report, struct sy_text *text);

/* "f32 [3, 4]"; the index of an element, "[1, 2]". */
void sy_diff_type(const struct sy_tensor *tensor, struct sy_text *text);
void sy_diff_index(const struct sy_tensor *tensor, uint64_t at, struct sy_text *text);

void sy_diff_write_json(const struct sy_diff *diff, struct sy_out *out);

/* "text", "json" or "markdown"; SY_USAGE: another. */
SY_MUST_CHECK enum sy_status sy_diff_write(const struct sy_diff *diff, const char *format,
					   struct sy_out *out);

#endif
