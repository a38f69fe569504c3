/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tensors that a pickle of PyTorch describes, and what they are called: the keys
 * under which they lie, from the outermost dict inwards, joined by full stops
 * ("state_dict.layer.0.weight").  Heard while the machine runs; no tensor is made.
 */
#ifndef SY_FORMATS_TORCH_TENSORS_H
#define SY_FORMATS_TORCH_TENSORS_H

#include "formats/pickle/facts.h"

/* A container or a tensor, as one key holds it; number 0 is none. */
struct sy_torch_node {
	uint32_t parent;	/* 0: in nothing, so far */
	uint32_t view;		/* number of the tensor; 0: a container */
	struct sy_span key;	/* in the arena */
	bool is_linked;		/* parent and key are known */
	bool is_state;		/* the attributes of an object */
};

/* One call that makes a tensor. */
struct sy_torch_view {
	size_t storage;
	uint64_t offset, numel;	/* elements of its own size */
	uint64_t item;		/* bytes of one */
	const char *dtype;	/* as torch calls it: "float32" */
	uint64_t reach;		/* elements from its first to its last one */
	size_t dims;		/* where its sizes begin, and after them its strides */
	uint8_t rank;
};

struct sy_torch_order {
	size_t storage;
	uint32_t node;
};

struct sy_torch_tensors {
	struct sy_inspection *in;	/* whose arena keeps the keys */
	struct sy_word_map numbers;	/* value -> number of its node */
	struct sy_torch_node *nodes;
	size_t n_nodes, cap_nodes;
	struct sy_torch_view *views;
	size_t n_views, cap_views;
	uint64_t *dims;
	size_t n_dims, cap_dims;
	uint64_t n_unknown;	/* calls that make tensors in ways not followed here */
	uint64_t n_looked;	/* items of tuples looked at */
	struct sy_torch_order *order;	/* tensors by storage; NULL: not made yet */
	size_t n_order;
	uint32_t root;		/* what the pickle is; 0: not told, or no tensors in it */
};

/* Where a storage lies, for emitting; SY_OFFSET_NONE: not as plain bytes;
 * SY_TORCH_EMITTED: its tensors were emitted already. */
#define SY_TORCH_EMITTED (UINT64_MAX - 1)
typedef uint64_t sy_torch_place_fn(void *user, size_t storage);

void sy_torch_tensors_init(struct sy_torch_tensors *t, struct sy_inspection *in);
void sy_torch_tensors_free(struct sy_torch_tensors *t);

/* The result of a call is a tensor; sizes and strides are copied. */
SY_MUST_CHECK enum sy_status sy_torch_tensors_add(struct sy_torch_tensors *t, uint64_t result,
						  const struct sy_torch_view *view,
						  const uint64_t *sizes,
						  const uint64_t *strides);

/* What a call gives is what its first argument is, under the same keys. */
SY_MUST_CHECK enum sy_status sy_torch_tensors_alias(struct sy_torch_tensors *t,
						    uint64_t result, uint64_t value);

/* Arguments and states are held by what they make. */
SY_MUST_CHECK enum sy_status sy_torch_tensors_call(struct sy_torch_tensors *t,
						   struct sy_pickle *m,
						   const struct sy_pickle_call *call);

/* As struct sy_pickle_watch tells them. */
SY_MUST_CHECK enum sy_status sy_torch_tensors_items(struct sy_torch_tensors *t,
						    struct sy_pickle *m, uint64_t container,
						    const uint64_t *items, size_t n);
SY_MUST_CHECK enum sy_status sy_torch_tensors_stop(struct sy_torch_tensors *t,
						   struct sy_pickle *m, uint64_t value);

/*
 * Emits a record for each name.  *n: how many tensors there are, in all; with fewer
 * records than that, not all could be named, and a notice says so.
 */
SY_MUST_CHECK enum sy_status sy_torch_tensors_emit(struct sy_torch_tensors *t,
						   sy_torch_place_fn *place, void *user,
						   bool is_big_endian, uint64_t *n);

/* The tensors of one storage alone, which is what `in` inspects. */
SY_MUST_CHECK enum sy_status sy_torch_tensors_emit_of(struct sy_torch_tensors *t,
						      size_t storage,
						      struct sy_inspection *in,
						      bool is_big_endian);

#endif
