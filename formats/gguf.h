/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the GGUF reader share.  Only formats/gguf*.c include this.
 *
 * Functions that read return whether to go on.  False means one of two things:
 * `status` holds an error of ours, or it is SY_OK, and what is wrong with the
 * file, so that nothing behind this place can be read, was stated as a fact.
 */
#ifndef SY_FORMATS_GGUF_H
#define SY_FORMATS_GGUF_H

#include "formats/format.h"
#include "formats/names.h"
#include "verifier/base/ckd.h"
#include "verifier/base/set.h"

#define SY_GGUF_ALIGNMENT 32u		/* bytes, when the file does not say */
#define SY_GGUF_RANK_MAX 4
#define SY_GGUF_TYPE_I8 24u

/* Types of metadata values, as numbered in the file. */
enum sy_gguf_value_type {
	SY_GGUF_U8, SY_GGUF_I8, SY_GGUF_U16, SY_GGUF_I16, SY_GGUF_U32, SY_GGUF_I32,
	SY_GGUF_F32, SY_GGUF_BOOL, SY_GGUF_STRING, SY_GGUF_ARRAY, SY_GGUF_U64,
	SY_GGUF_I64, SY_GGUF_F64, SY_GGUF_N_VALUE_TYPES, SY_GGUF_NONE
};

/* What a well-known key is used for. */
enum sy_gguf_role {
	SY_GGUF_ROLE_OTHER,		/* only its type matters */
	SY_GGUF_ROLE_ALIGNMENT,
	SY_GGUF_ROLE_ARCHITECTURE,
	SY_GGUF_ROLE_FILE_TYPE,
	SY_GGUF_ROLE_GENERAL_TYPE,
	SY_GGUF_ROLE_MERGES,
	SY_GGUF_ROLE_SCORES,
	SY_GGUF_ROLE_SPLIT_COUNT,
	SY_GGUF_ROLE_SPLIT_NO,
	SY_GGUF_ROLE_SPLIT_TENSORS,
	SY_GGUF_ROLE_TEMPLATE,
	SY_GGUF_ROLE_TOKEN_ID,
	SY_GGUF_ROLE_TOKEN_TYPES,
	SY_GGUF_ROLE_TOKENS,
	SY_GGUF_ROLE_VOCABULARY,	/* text that holds every token as it is */
	SY_GGUF_N_ROLES
};

/* One key and its value, while it is read. */
struct sy_gguf_kv {
	struct sy_span key;		/* in the arena; cut to what is kept */
	uint64_t off;			/* of the entry, bytes from the start of the file */
	uint64_t value_off;
	uint32_t type;			/* enum sy_gguf_value_type */
	enum sy_gguf_role role;		/* OTHER unless the value may be believed */
	bool is_first;			/* no earlier key of this name */
	struct sy_text *text;		/* the value for inspect; NULL: not wanted */
};

/* A number from the metadata that others are compared with. */
struct sy_gguf_number {
	bool is_set;
	uint64_t value, off;
};

struct sy_gguf_token_id {
	struct sy_span key;
	uint64_t value, off;
};

enum sy_gguf_type_state { SY_GGUF_TYPE_CURRENT, SY_GGUF_TYPE_REMOVED };

struct sy_gguf_type {
	uint32_t id;
	const char *name;		/* as gguf-py prints it */
	uint32_t block_len;		/* elements */
	uint32_t block_bytes;
	enum sy_gguf_type_state state;
};

/* One tensor; there may be hundreds of thousands. */
struct sy_gguf_tensor {
	const uint8_t *name;		/* in the arena */
	uint64_t off;			/* from the start of the data section */
	uint64_t len;			/* bytes */
	uint64_t ne[SY_GGUF_RANK_MAX];	/* as in the file: fastest first */
	uint32_t name_len;
	uint32_t index;			/* in the list of the file */
	uint8_t rank;
	uint8_t type;			/* index into sy_gguf_types */
	bool is_sized;			/* len is known */
};

/* One file during its inspection. */
struct sy_gguf {
	struct sy_inspection *in;
	struct sy_cursor c;
	enum sy_status status;		/* first error of ours */
	uint32_t version;		/* 1, 2 or 3 */
	uint64_t n_kv, n_tensors;	/* as declared */
	uint64_t alignment;		/* bytes; a power of two */
	struct sy_set keys, names;
	struct sy_twins *twins;
	struct sy_gguf_number numbers[SY_GGUF_N_ROLES];	/* values; lengths of lists */
	struct sy_span architecture;	/* in the arena; empty: none */
	bool is_imatrix;		/* statistics, which have no architecture */
	struct sy_gguf_token_id *token_ids;
	size_t n_token_ids, cap_token_ids;
	struct sy_gguf_tensor *tensors;
	size_t n_listed, cap_tensors;	/* tensors that were read */
	uint64_t data_off, data_end;	/* of the data section with its padding */
	uint64_t n_bytes;		/* sum of the tensors' lengths */
};

extern const struct sy_gguf_type sy_gguf_types[];
extern const size_t sy_gguf_n_types;

/* The type of this number, removed ones included; NULL: unknown. */
const struct sy_gguf_type *sy_gguf_type_find(uint32_t id);

/* gguf_read.c: the pieces of which everything is made. */

/* Keeps an error of ours; true: there was none. */
bool sy_gguf_ok(struct sy_gguf *g, enum sy_status status);

/* After a fact that ends the reading: keeps the status and returns false. */
bool sy_gguf_stop(struct sy_gguf *g, enum sy_status status);

/* After a failed read: states that the file ends inside `what`; false. */
bool sy_gguf_short(struct sy_gguf *g, const char *what);

bool sy_gguf_u32(struct sy_gguf *g, const char *what, uint32_t *v);
bool sy_gguf_u64(struct sy_gguf *g, const char *what, uint64_t *v);

/* A count, length or dimension: 32 bits in version 1, then 64. */
bool sy_gguf_word(struct sy_gguf *g, const char *what, uint64_t *v);

/* The length of a string, proven to be there. */
bool sy_gguf_len(struct sy_gguf *g, const char *what, uint64_t *len);

/*
 * A string, borrowed until the next read: at most `max` bytes of it, while
 * *len is its whole length.  The rest is passed over.
 */
bool sy_gguf_string(struct sy_gguf *g, const char *what, uint64_t max,
		    struct sy_span *bytes, uint64_t *len);

/* The next multiple of `alignment` (a power of two); false: it overflows. */
SY_MUST_CHECK bool sy_gguf_align(uint64_t off, uint64_t alignment, uint64_t *aligned);

/* gguf_kv.c: keys and single values. */
bool sy_gguf_metadata(struct sy_gguf *g);

/* Bytes of a value of fixed size; 0: a string, an array, or no type at all. */
size_t sy_gguf_value_size(uint32_t type);
const char *sy_gguf_value_name(uint32_t type);

/* One number at the cursor, which holds it; as bits, signed ones extended. */
uint64_t sy_gguf_number_get(struct sy_cursor *c, uint32_t type);

/* Facts about one number (bool, float); adds it to kv->text when wanted. */
bool sy_gguf_number_check(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			  uint32_t type, uint64_t bits, uint64_t off);
void sy_gguf_number_text(struct sy_text *text, uint32_t type, uint64_t bits);

/* Facts about `len` bytes that begin with `head` and should be no program. */
bool sy_gguf_hidden_check(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			  struct sy_span head, uint64_t len, uint64_t off);

/* Facts about one text value. */
bool sy_gguf_text_check(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			struct sy_span value, uint64_t off);

/* gguf_array.c: the value of an array, behind its type. */
bool sy_gguf_array(struct sy_gguf *g, struct sy_gguf_kv *kv, const char **type_name);

/* gguf_known.c: what well-known keys must be. */

/*
 * Sets kv->role if this is the first key of its name and of the right type;
 * states a wrong type.  element: of an array, else NONE.
 */
bool sy_gguf_known_type(struct sy_gguf *g, struct sy_gguf_kv *kv, uint32_t element);

/* Keeps a value that others depend on. */
bool sy_gguf_known_number(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			  uint64_t value);
bool sy_gguf_known_text(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			struct sy_span value, uint64_t off);

/* Compares the keys with each other once all were read; emits references. */
bool sy_gguf_known_end(struct sy_gguf *g);

/* A short name of general.file_type, "Q4_K_M"; NULL: unknown. */
const char *sy_gguf_file_type_name(uint64_t file_type);

/* gguf_tensors.c and gguf_layout.c: the list, and where the data lies. */
bool sy_gguf_tensors(struct sy_gguf *g);
bool sy_gguf_layout(struct sy_gguf *g);

/* Emits tensors and extents; the list may be sorted anew. */
bool sy_gguf_emit_tensors(struct sy_gguf *g);

static inline struct sy_span sy_gguf_tensor_name(const struct sy_gguf_tensor *t)
{
	return sy_span_of(t->name, t->name_len);
}

#endif
