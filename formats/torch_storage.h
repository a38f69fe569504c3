/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pickle of PyTorch says about storages: which ones it wants, how long they
 * are, and which part of them each tensor is.  A container compares it with what it
 * holds.
 */
#ifndef SY_FORMATS_TORCH_STORAGE_H
#define SY_FORMATS_TORCH_STORAGE_H

#include "formats/torch_tensors.h"
#include "verifier/base/set.h"

struct sy_torch_storage {
	struct sy_span key;		/* "0", "94213..."; in the arena */
	uint64_t numel, item;		/* elements; bytes of one, 0: class unknown */
	const char *dtype;		/* as torch calls it; "" with item 0 */
	uint64_t off;			/* where the pickle names it */
	bool is_there;			/* the container holds it */
	uint64_t at;			/* its bytes, in the container; set by whoever knows;
					 * SY_OFFSET_NONE: not as they are */
};

struct sy_torch_storages {
	struct sy_inspection *in;	/* of the container; its arena keeps the keys */
	struct sy_inspection *pickle;	/* whose facts these are */
	struct sy_torch_storage *all;
	size_t n, cap;
	bool is_big_endian;		/* set by whoever knows */
	struct sy_set keys;		/* key -> index */
	struct sy_word_map ids;		/* persistent id -> index + 1 */
	struct sy_torch_tensors tensors;
	struct sy_pickle *m;		/* the first one that was heard: no other counts */
	struct sy_pickle_watch watch;	/* for sy_pickle_streams */
};

/* Not to be moved while its watch is in use. */
void sy_torch_storages_init(struct sy_torch_storages *s, struct sy_inspection *in);
void sy_torch_storages_free(struct sy_torch_storages *s);

/* Bytes of one element of a storage class ("torch.FloatStorage"); 0: not known. */
uint64_t sy_torch_item_bytes(struct sy_span symbol);
/* What torch calls its elements: "float32"; "": not known. */
const char *sy_torch_storage_dtype(struct sy_span symbol);

/* By key; NULL: the pickle names no such storage. */
struct sy_torch_storage *sy_torch_storage_find(struct sy_torch_storages *s,
					       struct sy_span key);

/*
 * The container holds `len` bytes for a storage: states when that is too little or
 * too much.  Facts go to the container's inspection, at `off`.
 */
SY_MUST_CHECK enum sy_status sy_torch_storage_compare(struct sy_torch_storages *s,
						      struct sy_torch_storage *storage,
						      uint64_t off, uint64_t len);

/*
 * Emits the tensors, with their places where `at` of their storages is known; *n: how
 * many there are.
 */
SY_MUST_CHECK enum sy_status sy_torch_storages_emit(struct sy_torch_storages *s, uint64_t *n);

/* States which storages the container does not hold. */
SY_MUST_CHECK enum sy_status sy_torch_storages_end(struct sy_torch_storages *s);

#endif
