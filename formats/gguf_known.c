/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GGUF keys that loaders rely on: their types, the values that others
 * depend on, and whether they agree with each other.  Keys of one architecture
 * are none of its business.
 */
#include "formats/gguf.h"
#include "formats/template_scan.h"

#define ALIGNMENT_USUAL (UINT64_C(1) << 20)
#define NAME_KEPT 64	/* bytes of an architecture's name */

static const struct known {
	const char *name;
	uint32_t type, element;
	enum sy_gguf_role role;
} known[] = {
#define KEY(name, type, element, role) \
	{ name, SY_GGUF_##type, SY_GGUF_##element, SY_GGUF_ROLE_##role },
#include "formats/gguf_keys.def"
#undef KEY
};

static const char *const file_types[] = {
	[0] = "F32",	  [1] = "F16",	    [2] = "Q4_0",    [3] = "Q4_1",
	[7] = "Q8_0",	  [8] = "Q5_0",	    [9] = "Q5_1",    [10] = "Q2_K",
	[11] = "Q3_K_S",  [12] = "Q3_K_M",  [13] = "Q3_K_L", [14] = "Q4_K_S",
	[15] = "Q4_K_M",  [16] = "Q5_K_S",  [17] = "Q5_K_M", [18] = "Q6_K",
	[19] = "IQ2_XXS", [20] = "IQ2_XS",  [21] = "Q2_K_S", [22] = "IQ3_XS",
	[23] = "IQ3_XXS", [24] = "IQ1_S",   [25] = "IQ4_NL", [26] = "IQ3_S",
	[27] = "IQ3_M",	  [28] = "IQ2_S",   [29] = "IQ2_M",  [30] = "IQ4_XS",
	[31] = "IQ1_M",	  [32] = "BF16",    [36] = "TQ1_0",  [37] = "TQ2_0",
	[38] = "MXFP4",
};

const char *sy_gguf_file_type_name(uint64_t file_type)
{
	return file_type < SY_N_ELEMS(file_types) ? file_types[file_type] : NULL;
}

static bool matches(const char *pattern, struct sy_span key)
{
	struct sy_span p = sy_span_str(pattern);

	if (pattern[0] == '*')
		return sy_span_starts(key, "tokenizer.ggml.") &&
		       sy_span_ends(key, pattern + 1);
	if (p.data[p.len - 1] != '*')
		return sy_span_equal(p, key);
	return sy_span_equal(sy_span_slice(p, 0, p.len - 1),
			     sy_span_slice(key, 0, p.len - 1));
}

static const struct known *find(struct sy_span key)
{
	for (size_t i = 0; i < SY_N_ELEMS(known); i++) {
		if (matches(known[i].name, key))
			return &known[i];
	}
	return NULL;
}

bool sy_gguf_known_type(struct sy_gguf *g, struct sy_gguf_kv *kv, uint32_t element)
{
	const struct known *k = kv->is_first ? find(kv->key) : NULL;
	struct sy_text text;

	if (!k)
		return true;
	if (kv->type == k->type && element == k->element) {
		kv->role = k->role;
		return true;
	}
	sy_text_init(&text);
	sy_text_name(&text, kv->key);
	sy_text_addf(&text, " at byte %llu is of type %s", (unsigned long long)kv->off,
		     sy_gguf_value_name(kv->type));
	if (element != SY_GGUF_NONE)
		sy_text_addf(&text, " of %s", sy_gguf_value_name(element));
	sy_text_addf(&text, ", it must be %s", sy_gguf_value_name(k->type));
	if (k->element != SY_GGUF_NONE)
		sy_text_addf(&text, " of %s", sy_gguf_value_name(k->element));
	return sy_gguf_ok(g, sy_fact_text(g->in, SY_RULE_GGUF_KEY_TYPE, kv->off,
					  sy_cursor_at(&g->c) - kv->off, kv->key, &text));
}

static bool set_alignment(struct sy_gguf *g, const struct sy_gguf_kv *kv, uint64_t value)
{
	bool is_power = value != 0 && (value & (value - 1)) == 0;

	if (is_power)
		g->alignment = value;
	if (!is_power || value % 8 != 0)
		return sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_ALIGNMENT_INVALID,
					     kv->value_off, 4, kv->key,
					     "general.alignment at byte %llu is %llu",
					     (unsigned long long)kv->value_off,
					     (unsigned long long)value));
	if (value <= ALIGNMENT_USUAL)
		return true;
	return sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_ALIGNMENT_LARGE, kv->value_off, 4,
				     kv->key, "general.alignment at byte %llu is %llu, more "
				     "than %llu", (unsigned long long)kv->value_off,
				     (unsigned long long)value,
				     (unsigned long long)ALIGNMENT_USUAL));
}

static bool keep_token_id(struct sy_gguf *g, const struct sy_gguf_kv *kv, uint64_t value)
{
	if (!sy_gguf_ok(g, sy_grow(g->in->ctx, &g->token_ids, &g->cap_token_ids,
				   g->n_token_ids + 1, sizeof(*g->token_ids))))
		return false;
	g->token_ids[g->n_token_ids++] = (struct sy_gguf_token_id){
		.key = kv->key, .value = value, .off = kv->value_off
	};
	return true;
}

bool sy_gguf_known_number(struct sy_gguf *g, const struct sy_gguf_kv *kv, uint64_t value)
{
	if (kv->role == SY_GGUF_ROLE_OTHER)
		return true;
	if (kv->role == SY_GGUF_ROLE_TOKEN_ID)
		return keep_token_id(g, kv, value);
	g->numbers[kv->role] = (struct sy_gguf_number){
		.is_set = true, .value = value, .off = kv->value_off
	};
	return kv->role != SY_GGUF_ROLE_ALIGNMENT || set_alignment(g, kv, value);
}

bool sy_gguf_known_text(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			struct sy_span value, uint64_t off)
{
	if (kv->role == SY_GGUF_ROLE_GENERAL_TYPE)
		g->is_imatrix = sy_span_is(value, "imatrix");
	if (kv->role == SY_GGUF_ROLE_ARCHITECTURE)
		return sy_gguf_ok(g, sy_arena_copy(&g->in->arena,
						   sy_span_slice(value, 0, NAME_KEPT),
						   &g->architecture));
	if (kv->role != SY_GGUF_ROLE_TEMPLATE)
		return true;
	return sy_gguf_ok(g, sy_template_scan(g->in, kv->key, value, off));
}

/* One score and one type for each token. */
static bool check_list(struct sy_gguf *g, enum sy_gguf_role role, const char *key)
{
	const struct sy_gguf_number *tokens = &g->numbers[SY_GGUF_ROLE_TOKENS];
	const struct sy_gguf_number *list = &g->numbers[role];

	if (!tokens->is_set || !list->is_set || list->value == tokens->value)
		return true;
	return sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_TOKENIZER_LENGTH, list->off, 0,
				     sy_span_str(key), "%s at byte %llu has %llu entries, "
				     "tokenizer.ggml.tokens has %llu", key,
				     (unsigned long long)list->off,
				     (unsigned long long)list->value,
				     (unsigned long long)tokens->value));
}

static bool check_token_ids(struct sy_gguf *g)
{
	const struct sy_gguf_number *tokens = &g->numbers[SY_GGUF_ROLE_TOKENS];
	struct sy_text text;

	for (size_t i = 0; tokens->is_set && i < g->n_token_ids; i++) {
		const struct sy_gguf_token_id *id = &g->token_ids[i];

		if (id->value < tokens->value)
			continue;
		sy_text_init(&text);
		sy_text_name(&text, id->key);
		sy_text_addf(&text, " at byte %llu is %llu, the vocabulary has %llu tokens",
			     (unsigned long long)id->off, (unsigned long long)id->value,
			     (unsigned long long)tokens->value);
		if (!sy_gguf_ok(g, sy_fact_text(g->in, SY_RULE_GGUF_TOKEN_RANGE, id->off, 4,
						id->key, &text)))
			return false;
	}
	return true;
}

/* The later files of a split model leave the metadata to the first. */
static bool check_architecture(struct sy_gguf *g)
{
	const struct sy_gguf_number *no = &g->numbers[SY_GGUF_ROLE_SPLIT_NO];

	if (g->architecture.len > 0 || g->is_imatrix || (no->is_set && no->value > 0) ||
	    g->in->n_facts[SY_RULE_GGUF_KEY_TYPE] > 0)
		return true;
	return sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_ARCHITECTURE_MISSING,
				     SY_OFFSET_NONE, 0,
				     sy_span_str("general.architecture"),
				     "none of the %llu keys is general.architecture, or it "
				     "is empty", (unsigned long long)g->n_kv));
}

static bool emit_split(struct sy_gguf *g)
{
	const struct sy_gguf_number *no = &g->numbers[SY_GGUF_ROLE_SPLIT_NO];
	const struct sy_gguf_number *count = &g->numbers[SY_GGUF_ROLE_SPLIT_COUNT];
	const struct sy_gguf_number *total = &g->numbers[SY_GGUF_ROLE_SPLIT_TENSORS];
	struct sy_span none = sy_span_of(NULL, 0);
	bool is_wrong = g->in->n_facts[SY_RULE_GGUF_KEY_TYPE] > 0;

	/* What stands under a key of the wrong type was not believed, and is not 0. */
	if ((no->is_set || count->is_set) && (!is_wrong || (no->is_set && count->is_set)) &&
	    !sy_gguf_ok(g, sy_emit_ref(g->in, SY_REF_SPLIT, none, none,
				       no->value << 32 | count->value,
				       no->is_set ? no->off : count->off)))
		return false;
	if (count->is_set && count->value > 0 && no->value >= count->value &&
	    !sy_gguf_ok(g, sy_fact(g->in, SY_RULE_SPLIT_NUMBER_WRONG, no->off, 2,
				   sy_span_str("split.no"), "split.no at byte %llu is %llu, "
				   "and there are %llu files, counted from 0",
				   (unsigned long long)no->off,
				   (unsigned long long)no->value,
				   (unsigned long long)count->value)))
		return false;
	return !total->is_set ||
	       sy_gguf_ok(g, sy_emit_ref(g->in, SY_REF_SPLIT_TENSORS, none, none,
					 total->value, total->off));
}

bool sy_gguf_known_end(struct sy_gguf *g)
{
	return check_architecture(g) &&
	       check_list(g, SY_GGUF_ROLE_SCORES, "tokenizer.ggml.scores") &&
	       check_list(g, SY_GGUF_ROLE_TOKEN_TYPES, "tokenizer.ggml.token_type") &&
	       check_token_ids(g) && emit_split(g);
}
