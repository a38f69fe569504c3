/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that hold tensors are nodes, each with the key that holds it.  Picklers
 * fill the inner containers first, so a container that comes to be stored is known
 * to hold tensors or is none of our business: the work is bounded by the tensors
 * and what holds them, not by the pickle.
 */
#include "formats/torch_tensors.h"

#include <stdlib.h>

#include "formats/names.h"
#include "verifier/base/ckd.h"

#define KEY_MAX 1024		/* bytes of one key */
#define PATH_MAX 4096		/* bytes of a name */
#define DEPTH_MAX 64		/* keys of a name */
#define ARGUMENTS_MAX 16	/* of a call that may hold tensors */
#define LOOKS_MAX 1048576	/* items of tuples, in one pickle */

static uint64_t plain(uint64_t value)
{
	return value & ~SY_VALUE_BARE;
}

static uint32_t find(const struct sy_torch_tensors *t, uint64_t value)
{
	return (uint32_t)sy_word_map_get(&t->numbers, plain(value));
}

static enum sy_status add_node(struct sy_torch_tensors *t, const struct sy_torch_node *node,
			       uint32_t *number)
{
	enum sy_status status;

	*number = 0;
	if (t->n_nodes >= t->in->ctx->limits.tensors || t->n_nodes >= UINT32_MAX - 1)
		return sy_fail(t->in->ctx, SY_LIMIT, "more than %llu tensors and what holds "
			       "them (limit tensors)",
			       (unsigned long long)t->in->ctx->limits.tensors);
	status = sy_grow(t->in->ctx, &t->nodes, &t->cap_nodes, t->n_nodes + 1,
			 sizeof(*t->nodes));
	if (status != SY_OK)
		return status;
	t->nodes[t->n_nodes++] = *node;
	*number = (uint32_t)t->n_nodes;
	return SY_OK;
}

static enum sy_status set_number(struct sy_torch_tensors *t, uint64_t value, uint32_t number)
{
	bool is_new;

	return sy_word_map_put(&t->numbers, plain(value), number, &is_new);
}

enum sy_status sy_torch_tensors_add(struct sy_torch_tensors *t, uint64_t result,
				    const struct sy_torch_view *view, const uint64_t *sizes,
				    const uint64_t *strides)
{
	struct sy_context *ctx = t->in->ctx;
	struct sy_torch_node node = { 0 };
	uint32_t number;
	enum sy_status status;

	status = sy_grow(ctx, &t->views, &t->cap_views, t->n_views + 1, sizeof(*t->views));
	if (status == SY_OK)
		status = sy_grow(ctx, &t->dims, &t->cap_dims, t->n_dims + 2 * (size_t)view->rank,
				 sizeof(*t->dims));
	if (status != SY_OK)
		return status;
	t->views[t->n_views] = *view;
	t->views[t->n_views++].dims = t->n_dims;
	node.view = (uint32_t)t->n_views;
	for (size_t i = 0; i < view->rank; i++)
		t->dims[t->n_dims++] = sizes[i];
	for (size_t i = 0; i < view->rank; i++)
		t->dims[t->n_dims++] = strides[i];
	status = add_node(t, &node, &number);
	return status == SY_OK ? set_number(t, result, number) : status;
}

enum sy_status sy_torch_tensors_alias(struct sy_torch_tensors *t, uint64_t result,
				      uint64_t value)
{
	uint32_t number = find(t, value);

	return number ? set_number(t, result, number) : SY_OK;
}

/* The node of what holds something; made when it is the first. */
static enum sy_status holder(struct sy_torch_tensors *t, uint64_t value, uint32_t *number)
{
	const struct sy_torch_node node = { 0 };
	enum sy_status status;

	*number = find(t, value);
	if (*number)
		return SY_OK;
	status = add_node(t, &node, number);
	return status == SY_OK ? set_number(t, value, *number) : status;
}

/*
 * A tensor that two keys hold has two names.  A container has the first: the same
 * tensors again are no others.
 */
static enum sy_status link_node(struct sy_torch_tensors *t, uint32_t parent, uint32_t child,
				struct sy_span key)
{
	struct sy_torch_node *node = &t->nodes[child - 1];
	struct sy_torch_node again = { .view = node->view, .parent = parent, .is_linked = true };
	enum sy_status status;

	if (parent == child || (node->is_linked && !node->view))
		return SY_OK;
	status = sy_arena_copy(&t->in->arena, key, &again.key);
	if (status != SY_OK)
		return status;
	if (node->is_linked)
		return add_node(t, &again, &child);
	again.is_state = node->is_state;
	*node = again;
	return SY_OK;
}

static bool may_hold(uint64_t value)
{
	unsigned kind = (unsigned)sy_value_kind(value);

	return kind >= SY_VALUE_CALL && kind <= SY_VALUE_PERSID;
}

static struct sy_span decimal(uint64_t n, uint8_t *buf, size_t cap)
{
	size_t at = cap;

	do {
		buf[--at] = (uint8_t)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return sy_span_of(buf + at, cap - at);
}

/* Tuples are not told when they are made: their items are looked at when they are
 * stored. */
static enum sy_status open_tuple(struct sy_torch_tensors *t, struct sy_pickle *m, uint64_t value)
{
	struct sy_tuple tuple;
	enum sy_status status = SY_OK;

	if (sy_value_kind(value) != SY_VALUE_TUPLE || find(t, value) ||
	    !sy_pickle_items(m, value, &tuple))
		return SY_OK;
	for (size_t i = 0; i < tuple.n_kept && status == SY_OK; i++) {
		uint32_t child, parent;
		uint8_t buf[24];

		if (t->n_looked++ >= LOOKS_MAX)
			return SY_OK;
		child = find(t, tuple.items[i]);
		if (!child)
			continue;
		status = holder(t, value, &parent);
		if (status == SY_OK)
			status = link_node(t, parent, child, decimal(i, buf, sizeof(buf)));
	}
	return status;
}

/* `value` lies in `container` under a key. */
static enum sy_status store(struct sy_torch_tensors *t, struct sy_pickle *m, uint64_t container,
			    struct sy_span key, uint64_t value)
{
	uint32_t child, parent;
	enum sy_status status;

	if (!may_hold(value))
		return SY_OK;
	status = open_tuple(t, m, value);
	child = find(t, value);
	if (status != SY_OK || !child)
		return status;
	status = holder(t, container, &parent);
	return status == SY_OK ? link_node(t, parent, child, key) : status;
}

/* False: no key that a name can be made of. */
static bool get_key(struct sy_pickle *m, uint64_t value, uint8_t *buf, size_t cap,
		    struct sy_span *key)
{
	struct sy_decoded out = { .data = buf, .cap = cap };

	if (sy_value_kind(value) == SY_VALUE_INT && sy_value_get_int(value) >= 0) {
		*key = decimal((uint64_t)sy_value_get_int(value), buf, cap);
		return true;
	}
	if ((!sy_value_is_text(value) && !sy_value_is_bytes(value)) ||
	    !sy_pickle_content(m, value, &out) || out.is_cut)
		return false;
	*key = sy_span_of(buf, out.len);
	return true;
}

static enum sy_status store_pairs(struct sy_torch_tensors *t, struct sy_pickle *m,
				  uint64_t container, const uint64_t *items, size_t n)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i + 1 < n && status == SY_OK; i += 2) {
		uint8_t buf[KEY_MAX];
		struct sy_span key;

		if (may_hold(items[i + 1]) && get_key(m, items[i], buf, sizeof(buf), &key))
			status = store(t, m, container, key, items[i + 1]);
	}
	return m->status == SY_OK ? status : m->status;
}

static enum sy_status store_list(struct sy_torch_tensors *t, struct sy_pickle *m,
				 uint64_t container, const uint64_t *items, size_t n)
{
	const struct sy_list *list = sy_store_get_list(&m->store, container);
	enum sy_status status = SY_OK;

	for (size_t i = 0; list && i < n && status == SY_OK; i++) {
		uint8_t buf[24];

		status = store(t, m, container, decimal(list->n_items + i, buf, sizeof(buf)),
			       items[i]);
	}
	return status;
}

enum sy_status sy_torch_tensors_items(struct sy_torch_tensors *t, struct sy_pickle *m,
				      uint64_t container, const uint64_t *items, size_t n)
{
	if (t->n_nodes == 0)
		return SY_OK;
	if (m->opcode == SY_OP_DICT || m->opcode == SY_OP_SETITEM || m->opcode == SY_OP_SETITEMS)
		return store_pairs(t, m, container, items, n);
	return store_list(t, m, container, items, n);
}

/* A state is a dict of attributes, or a pair of such. */
static enum sy_status take_state(struct sy_torch_tensors *t, struct sy_pickle *m,
				 const struct sy_pickle_call *call)
{
	const struct sy_span none = sy_span_of("", 0);
	uint32_t number = find(t, call->callee), state;
	enum sy_status status;

	if (number && t->nodes[number - 1].view)
		return SY_OK;
	status = store(t, m, call->callee, none, call->extra);
	state = find(t, call->extra);
	if (state)
		t->nodes[state - 1].is_state = true;
	return status;
}

enum sy_status sy_torch_tensors_call(struct sy_torch_tensors *t, struct sy_pickle *m,
				     const struct sy_pickle_call *call)
{
	struct sy_tuple args;
	uint64_t result;
	enum sy_status status = SY_OK;

	if (t->n_nodes == 0)
		return SY_OK;
	if (call->how == SY_HOW_BUILD)
		return take_state(t, m, call);
	if (call->how == SY_HOW_ITEMS || sy_value_kind(call->callee) != SY_VALUE_GLOBAL ||
	    sy_value_kind(call->args) != SY_VALUE_TUPLE || !sy_pickle_items(m, call->args, &args))
		return SY_OK;
	result = sy_value_call(sy_value_index(call->callee), sy_value_at(call->args));
	for (size_t i = 0; i < args.n_kept && i < ARGUMENTS_MAX && status == SY_OK; i++) {
		uint8_t buf[24];

		status = store(t, m, result, decimal(i, buf, sizeof(buf)), args.items[i]);
	}
	return status;
}

enum sy_status sy_torch_tensors_stop(struct sy_torch_tensors *t, struct sy_pickle *m,
				     uint64_t value)
{
	enum sy_status status = open_tuple(t, m, value);

	t->root = find(t, value);
	return status;
}

/* What torch.nn.Module keeps its children in is no part of their names. */
static bool is_silent(const struct sy_torch_tensors *t, const struct sy_torch_node *node)
{
	if (node->is_state)
		return true;
	return t->nodes[node->parent - 1].is_state &&
	       (sy_span_is(node->key, "_parameters") || sy_span_is(node->key, "_buffers") ||
		sy_span_is(node->key, "_modules"));
}

/* Joins the keys from the root to the node; false: it does not lie below the root,
 * or the name would be too long. */
static bool name_of(const struct sy_torch_tensors *t, uint32_t number, uint8_t *path,
		    struct sy_span *name)
{
	size_t at = PATH_MAX, depth = 0;

	while (number != t->root) {
		const struct sy_torch_node *node = &t->nodes[number - 1];

		if (!node->is_linked || ++depth > DEPTH_MAX || node->key.len + 1 > at)
			return false;
		number = node->parent;
		if (is_silent(t, node))
			continue;
		if (at < PATH_MAX)
			path[--at] = '.';
		at -= node->key.len;
		memcpy(path + at, node->key.data, node->key.len);
	}
	*name = sy_span_of(path + at, PATH_MAX - at);
	return true;
}

/* The last index runs fastest and nothing lies between. */
static bool is_c_order(const uint64_t *sizes, const uint64_t *strides, size_t rank)
{
	uint64_t want = 1;

	for (size_t i = rank; i-- > 0;) {
		if (sizes[i] != 1 && strides[i] != want)
			return false;
		if (ckd_mul(&want, want, sizes[i]))
			return false;
	}
	return true;
}

static void put_layout(const uint64_t *dims, const struct sy_torch_view *view,
		       struct sy_record_tensor *tensor)
{
	size_t len = view->rank * sizeof(*dims);

	memcpy(tensor->shape, dims, len);
	tensor->has_strides = view->numel > 0 && !is_c_order(dims, dims + view->rank, view->rank);
	if (tensor->has_strides)
		memcpy(tensor->strides, dims + view->rank, len);
}

static void put_place(const struct sy_inspection *in, const struct sy_torch_view *view,
		      uint64_t place, struct sy_record_tensor *tensor)
{
	uint64_t off, len, size = in->source->size;

	tensor->is_absent = place == SY_OFFSET_NONE;
	if (tensor->is_absent || view->numel == 0)
		return;
	if (view->item == 0 || ckd_mul(&len, view->reach, view->item) ||
	    ckd_mul(&off, view->offset, view->item) || ckd_add(&off, off, place) ||
	    off > size || len > size - off) {
		tensor->is_absent = true;
		return;
	}
	tensor->off = off;
	tensor->len = len;
}

/* `in` is what the place is in: the container, or the storage itself. */
static enum sy_status emit_one(struct sy_torch_tensors *t, struct sy_inspection *in,
			       const struct sy_torch_view *view, struct sy_span name,
			       uint64_t place, bool is_big_endian)
{
	struct sy_record_tensor tensor = {
		.name = name, .dtype = sy_span_str(view->dtype), .rank = view->rank,
		.is_big_endian = is_big_endian,
	};
	enum sy_status status;

	put_layout(t->dims + view->dims, view, &tensor);
	put_place(in, view, place, &tensor);
	status = name.len ? sy_tensor_name_check(t->in, name, SY_OFFSET_NONE) : SY_OK;
	return status == SY_OK ? sy_emit_tensor(in, &tensor) : status;
}

static enum sy_status tell_unnamed(struct sy_torch_tensors *t, uint64_t n)
{
	if (n == 0 || !(t->in->wants & SY_WANT_TENSORS))
		return SY_OK;
	return sy_emit_notice(t->in, "tensors-not-listed", "%llu tensors of the pickle are not "
			      "listed: what they are called could not be told",
			      (unsigned long long)n);
}

enum sy_status sy_torch_tensors_emit(struct sy_torch_tensors *t, sy_torch_place_fn *place,
				     void *user, bool is_big_endian, uint64_t *n)
{
	uint64_t n_unnamed = t->n_unknown;
	enum sy_status status = SY_OK;
	uint8_t path[PATH_MAX];

	*n = t->n_unknown;
	for (size_t i = 0; i < t->n_nodes && status == SY_OK; i++) {
		struct sy_torch_view *view;
		struct sy_span name;
		uint64_t at;

		if (!t->nodes[i].view)
			continue;
		view = &t->views[t->nodes[i].view - 1];
		++*n;
		if (!name_of(t, (uint32_t)i + 1, path, &name)) {
			n_unnamed++;
			continue;
		}
		at = place(user, view->storage);
		if (at != SY_TORCH_EMITTED)
			status = emit_one(t, t->in, view, name, at, is_big_endian);
	}
	return status == SY_OK ? tell_unnamed(t, n_unnamed) : status;
}

static int compare_order(const void *a, const void *b)
{
	const struct sy_torch_order *x = a, *y = b;
	int order = (x->storage > y->storage) - (x->storage < y->storage);

	return order ? order : (x->node > y->node) - (x->node < y->node);
}

static enum sy_status make_order(struct sy_torch_tensors *t)
{
	t->order = sy_alloc_array(t->in->ctx, t->n_nodes + 1, sizeof(*t->order));
	if (!t->order)
		return sy_memory_status(t->in->ctx);
	for (size_t i = 0; i < t->n_nodes; i++) {
		if (t->nodes[i].view)
			t->order[t->n_order++] = (struct sy_torch_order){
				t->views[t->nodes[i].view - 1].storage, (uint32_t)i + 1,
			};
	}
	qsort(t->order, t->n_order, sizeof(*t->order), compare_order);
	return SY_OK;
}

/* The first one of a storage, or where it would be. */
static size_t find_first(const struct sy_torch_tensors *t, size_t storage)
{
	size_t low = 0, high = t->n_order;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->order[middle].storage < storage)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum sy_status sy_torch_tensors_emit_of(struct sy_torch_tensors *t, size_t storage,
					struct sy_inspection *in, bool is_big_endian)
{
	enum sy_status status = t->order ? SY_OK : make_order(t);
	uint8_t path[PATH_MAX];

	if (status != SY_OK)
		return status;
	for (size_t i = find_first(t, storage); i < t->n_order && status == SY_OK; i++) {
		const struct sy_torch_node *node = &t->nodes[t->order[i].node - 1];
		struct sy_span name;

		if (t->order[i].storage != storage)
			break;
		if (name_of(t, t->order[i].node, path, &name))
			status = emit_one(t, in, &t->views[node->view - 1], name, 0,
					  is_big_endian);
	}
	return status;
}

void sy_torch_tensors_init(struct sy_torch_tensors *t, struct sy_inspection *in)
{
	*t = (struct sy_torch_tensors){ .in = in };
	sy_word_map_init(&t->numbers, in->ctx);
}

void sy_torch_tensors_free(struct sy_torch_tensors *t)
{
	if (!t->in)
		return;
	sy_word_map_clear(&t->numbers);
	sy_release(t->in->ctx, t->nodes);
	sy_release(t->in->ctx, t->views);
	sy_release(t->in->ctx, t->dims);
	sy_release(t->in->ctx, t->order);
	*t = (struct sy_torch_tensors){ 0 };
}
