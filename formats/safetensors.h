/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the safetensors reader share: the header in memory, and a
 * compact table of the tensors it names.  Only formats/safetensors*.c include
 * this.
 */
#ifndef SY_FORMATS_SAFETENSORS_H
#define SY_FORMATS_SAFETENSORS_H

#include "formats/format.h"
#include "formats/names.h"
#include "verifier/base/json.h"

#define SY_SAFETENSORS_HEADER_MAX UINT64_C(100000000)
#define SY_SAFETENSORS_DEPTH_MAX 127	/* containers open at once, as serde_json */
#define SY_SAFETENSORS_PREFIX 8		/* bytes of N in front of the header */
#define SY_SAFETENSORS_N_DTYPES 22

struct sy_safetensors_dtype {
	const char *name;
	unsigned bits;
	bool is_bytes;		/* plain bytes, where other content fits as is */
};

extern const struct sy_safetensors_dtype
	sy_safetensors_dtypes[SY_SAFETENSORS_N_DTYPES];

/*
 * One tensor.  There may be 900,000 of them, so names and shapes stay in the
 * header; only names that had escapes are kept, decoded, in `names`.
 */
struct sy_safetensors_entry {
	uint64_t start, end;	/* as written: bytes from the start of the data */
	uint32_t name_off;	/* in the header, or in `names` */
	uint32_t name_len;
	uint32_t shape_off;	/* of '[' in the header */
	uint8_t dtype;		/* index of sy_safetensors_dtypes */
	uint8_t rank;		/* SY_RANK_MAX + 1: more than that */
	bool is_decoded;	/* the name is in `names` */
	bool is_complete;	/* dtype and shape are known */
};

/* One file during its inspection. */
struct sy_safetensors {
	struct sy_inspection *in;
	struct sy_span header;		/* the N bytes of JSON */
	uint64_t data_off;		/* 8 + N */
	uint64_t data_len;		/* bytes behind the header */
	struct sy_json *json;
	struct sy_twins *twins;
	struct sy_buffer names;
	struct sy_safetensors_entry *entries;
	size_t n_entries, cap_entries;
	uint64_t n_unplaced;		/* entries without usable place */
	uint64_t object_off, object_end; /* of the outermost object, in the header */
	bool is_whole;			/* the JSON was read to its end */
	unsigned depth;			/* of the last token */
	bool has_total;			/* metadata states total_size */
	bool is_total_number;
	uint64_t total;
	uint64_t total_off;		/* in the file */
	uint64_t n_tiled;		/* bytes of data up to the last tensor's end */
	uint64_t n_bytes;		/* sum of the tensors' lengths */
	uint64_t dtype_bytes[SY_SAFETENSORS_N_DTYPES];
	uint32_t dtype_used;		/* bit mask */
	uint8_t last_dtype;		/* of the tensor before */
};

/* The next token; a document that is not JSON sets `*is_over` and the fact. */
SY_MUST_CHECK enum sy_status sy_safetensors_next(struct sy_safetensors *st,
						 struct sy_json_token *token,
						 bool *is_over);

/* Reads on to the end of the value that `token` begins. */
SY_MUST_CHECK enum sy_status sy_safetensors_skip(struct sy_safetensors *st,
						 const struct sy_json_token *token,
						 bool *is_over);

/* States that `key` occurred before in its object. */
SY_MUST_CHECK enum sy_status sy_safetensors_duplicate(struct sy_safetensors *st,
						      const struct sy_json_token *key);

/* Reads the header into the table. */
SY_MUST_CHECK enum sy_status sy_safetensors_header(struct sy_safetensors *st);

/* Reads the value of __metadata__, whose key is `key`. */
SY_MUST_CHECK enum sy_status sy_safetensors_metadata(struct sy_safetensors *st,
						     const struct sy_json_token *key,
						     bool *is_over);

/* Reads the value of one tensor, whose key is `key`, and adds it to the table. */
SY_MUST_CHECK enum sy_status sy_safetensors_tensor(struct sy_safetensors *st,
						   const struct sy_json_token *key,
						   bool *is_over);

/* Sorts the table, checks that it tiles the data, and emits the tensors. */
SY_MUST_CHECK enum sy_status sy_safetensors_layout(struct sy_safetensors *st);

/* A fact whose sentence begins with the tensor's name ("tensor 'a' ..."). */
SY_PRINTF(6, 7)
SY_MUST_CHECK enum sy_status sy_safetensors_fact(struct sy_safetensors *st,
						 enum sy_rule rule, uint64_t off,
						 uint64_t len, struct sy_span name,
						 const char *fmt, ...);

/* "an array", "a string", ...: what a token is, in a sentence. */
const char *sy_safetensors_kind(enum sy_json_kind kind);

struct sy_span sy_safetensors_name(const struct sy_safetensors *st,
				   const struct sy_safetensors_entry *entry);

#endif
