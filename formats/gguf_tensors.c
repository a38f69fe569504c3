/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of tensors of a GGUF file: names, shapes, types, and the size that
 * follows from them, computed with every product checked before anything else
 * is believed.  Where the data lies is gguf_layout.c's business.
 */
#include "formats/gguf.h"

#define NAME_MAX_BYTES 63u	/* GGML_MAX_NAME is 64 with the NUL */
#define NAME_KEPT 2048u		/* of a longer one, to say what is wrong with it */
#define DIM_USUAL (UINT64_C(1) << 31)

const struct sy_gguf_type sy_gguf_types[] = {
#define TYPE(id, name, block_len, block_bytes, state) \
	{ id, name, block_len, block_bytes, SY_GGUF_TYPE_##state },
#include "formats/gguf_types.def"
#undef TYPE
};

const size_t sy_gguf_n_types = SY_N_ELEMS(sy_gguf_types);

const struct sy_gguf_type *sy_gguf_type_find(uint32_t id)
{
	size_t low = 0, high = SY_N_ELEMS(sy_gguf_types);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sy_gguf_types[mid].id == id)
			return &sy_gguf_types[mid];
		if (sy_gguf_types[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* An entry while it is read: what only facts need. */
struct entry {
	struct sy_gguf_tensor t;
	uint64_t off;		/* of the entry in the file */
	uint64_t name_len;	/* whole, bytes */
	uint32_t n_dims, type_id;
	bool has_dims;		/* all of them fit, none is negative */
	bool is_large;		/* a dimension beyond the usual: said once */
};

/* "tensor 7 'name' <what>" */
static enum sy_status tensor_fact(struct sy_gguf *g, enum sy_rule rule,
				  const struct entry *e, const char *what)
{
	struct sy_span name = sy_gguf_tensor_name(&e->t);
	struct sy_text text;

	sy_text_init(&text);
	if (sy_fact_is_wanted(g->in, rule)) {
		sy_text_addf(&text, "tensor %u ", e->t.index);
		sy_text_name(&text, name);
		sy_text_add(&text, what);
	}
	return sy_fact_text(g->in, rule, e->off, sy_cursor_at(&g->c) - e->off, name,
			    &text);
}

/* As C programs compare: a NUL ends the name. */
static bool check_unique(struct sy_gguf *g, struct entry *e)
{
	struct sy_span name = sy_gguf_tensor_name(&e->t);
	const uint8_t *nul = name.len ? memchr(name.data, 0, name.len) : NULL;
	struct sy_text what;
	uint64_t first;
	bool is_new;

	if (nul)
		name.len = (size_t)(nul - name.data);
	if (!sy_gguf_ok(g, sy_set_add(&g->names, name, e->t.index, &is_new, &first)))
		return false;
	if (is_new)
		return true;
	sy_text_init(&what);
	sy_text_addf(&what, " has the name of tensor %llu", (unsigned long long)first);
	return sy_gguf_ok(g, tensor_fact(g, SY_RULE_GGUF_NAME_DUPLICATE, e, what.data));
}

static bool read_name(struct sy_gguf *g, struct entry *e)
{
	struct sy_span name;
	struct sy_text what;

	e->off = sy_cursor_at(&g->c);
	if (!sy_gguf_string(g, "the name of a tensor", NAME_KEPT, &name, &e->name_len) ||
	    !sy_gguf_ok(g, sy_arena_copy(&g->in->arena, name, &name)))
		return false;
	e->t.name = name.data;
	e->t.name_len = (uint32_t)name.len;
	if (!sy_gguf_ok(g, sy_tensor_name_check(g->in, name, e->off)) ||
	    !sy_gguf_ok(g, sy_twins_add(g->twins, name, e->off)))
		return false;
	if (e->name_len <= NAME_MAX_BYTES)
		return check_unique(g, e);
	sy_text_init(&what);
	sy_text_addf(&what, " has a name of %llu bytes, at most %u are allowed",
		     (unsigned long long)e->name_len, NAME_MAX_BYTES);
	return sy_gguf_ok(g, tensor_fact(g, SY_RULE_GGUF_NAME_LENGTH, e, what.data));
}

static bool check_dim(struct sy_gguf *g, struct entry *e, unsigned i)
{
	uint64_t ne = e->t.ne[i];
	enum sy_rule rule = SY_RULE_GGUF_DIM_LARGE;
	struct sy_text what;

	if (ne > 0 && (ne <= DIM_USUAL || (e->is_large && ne <= INT64_MAX)))
		return true;
	e->is_large = e->is_large || ne > DIM_USUAL;
	if (ne == 0)
		rule = SY_RULE_GGUF_DIM_ZERO;
	if (ne > INT64_MAX) {
		rule = SY_RULE_GGUF_DIM_INVALID;
		e->has_dims = false;
	}
	sy_text_init(&what);
	sy_text_addf(&what, " has %llu as dimension %u of %u", (unsigned long long)ne, i,
		     e->n_dims);
	return sy_gguf_ok(g, tensor_fact(g, rule, e, what.data));
}

static bool read_dims(struct sy_gguf *g, struct entry *e)
{
	for (unsigned i = 0; i < SY_GGUF_RANK_MAX; i++)
		e->t.ne[i] = 1;
	e->has_dims = e->n_dims <= SY_GGUF_RANK_MAX;
	for (uint32_t i = 0; i < e->n_dims; i++) {
		uint64_t ne;

		if (!sy_gguf_word(g, "a dimension of a tensor", &ne))
			return false;
		if (i >= SY_GGUF_RANK_MAX)
			continue;
		e->t.ne[i] = ne;
		if (!check_dim(g, e, i))
			return false;
	}
	e->t.rank = (uint8_t)(e->n_dims < SY_GGUF_RANK_MAX ? e->n_dims : SY_GGUF_RANK_MAX);
	return true;
}

static bool read_rank(struct sy_gguf *g, struct entry *e)
{
	uint64_t word = g->version > 1 ? 8 : 4;
	struct sy_text what;

	if (!sy_gguf_u32(g, "the number of dimensions of a tensor", &e->n_dims))
		return false;
	if (e->n_dims <= SY_GGUF_RANK_MAX)
		return true;
	sy_text_init(&what);
	sy_text_addf(&what, " has %u dimensions, at most %d are allowed", e->n_dims,
		     SY_GGUF_RANK_MAX);
	if (!sy_gguf_ok(g, tensor_fact(g, SY_RULE_GGUF_RANK_EXCESS, e, what.data)))
		return false;
	return e->n_dims <= sy_cursor_left(&g->c) / word ||
	       sy_gguf_short(g, "the dimensions of a tensor");
}

/* The type's place in the table; states what is wrong with it. */
static bool check_type(struct sy_gguf *g, struct entry *e, const struct sy_gguf_type **type)
{
	enum sy_rule rule = SY_RULE_GGUF_TYPE_REMOVED;
	struct sy_text what;

	*type = sy_gguf_type_find(e->type_id);
	if (*type) {
		e->t.type = (uint8_t)(*type - sy_gguf_types);
		if ((*type)->state == SY_GGUF_TYPE_CURRENT)
			return true;
	}
	sy_text_init(&what);
	if (*type) {
		sy_text_addf(&what, " is of type %u (%s), which was withdrawn", e->type_id,
			     (*type)->name);
	} else {
		sy_text_addf(&what, " is of type %u, which is not known", e->type_id);
		rule = SY_RULE_GGUF_TYPE_UNKNOWN;
		e->t.type = (uint8_t)sy_gguf_n_types;
	}
	*type = NULL;
	return sy_gguf_ok(g, tensor_fact(g, rule, e, what.data));
}

/*
 * The number of elements; false: the product of the dimensions that are not
 * zero overflows what loaders count with.
 */
static bool count_elements(const struct entry *e, uint64_t *n)
{
	bool is_empty = false;

	*n = 1;
	for (unsigned i = 0; i < SY_GGUF_RANK_MAX; i++) {
		if (e->t.ne[i] == 0)
			is_empty = true;
		else if (ckd_mul(n, *n, e->t.ne[i]) || *n > INT64_MAX)
			return false;
	}
	if (is_empty)
		*n = 0;
	return true;
}

static bool size_up(struct sy_gguf *g, struct entry *e, const struct sy_gguf_type *type)
{
	uint64_t n;
	struct sy_text what;

	if (!e->has_dims || !type)
		return true;
	if (e->t.ne[0] % type->block_len != 0) {
		sy_text_init(&what);
		sy_text_addf(&what, " has rows of %llu elements; %s comes in blocks of %u",
			     (unsigned long long)e->t.ne[0], type->name, type->block_len);
		return sy_gguf_ok(g, tensor_fact(g, SY_RULE_GGUF_BLOCK_PARTIAL, e,
						 what.data));
	}
	if (!count_elements(e, &n) ||
	    ckd_mul(&e->t.len, n / type->block_len, (uint64_t)type->block_bytes))
		return sy_gguf_ok(g, tensor_fact(g, SY_RULE_GGUF_SIZE_OVERFLOW, e,
						 " has more bytes than 64 bits can count"));
	e->t.is_sized = true;
	return true;
}

static bool read_entry(struct sy_gguf *g, struct entry *e)
{
	const struct sy_gguf_type *type;

	return read_name(g, e) && read_rank(g, e) && read_dims(g, e) &&
	       sy_gguf_u32(g, "the type of a tensor", &e->type_id) &&
	       sy_gguf_u64(g, "the offset of a tensor", &e->t.off) &&
	       check_type(g, e, &type) && size_up(g, e, type);
}

bool sy_gguf_tensors(struct sy_gguf *g)
{
	for (uint64_t i = 0; i < g->n_tensors; i++) {
		struct entry e = { .t.index = (uint32_t)i };

		if (sy_cancelled(g->in->ctx))
			return sy_gguf_stop(g, sy_fail(g->in->ctx, SY_CANCELLED,
						       "cancelled"));
		if (!read_entry(g, &e) ||
		    !sy_gguf_ok(g, sy_grow(g->in->ctx, &g->tensors, &g->cap_tensors,
					   g->n_listed + 1, sizeof(*g->tensors))))
			return false;
		g->tensors[g->n_listed++] = e.t;
	}
	return true;
}
