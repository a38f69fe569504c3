/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GGUF, versions 1 to 3 in both byte orders: recognises it, reads its header,
 * and says what the whole file amounts to.  Reads structure through one window;
 * never holds the metadata in memory, never reads weights.
 */
#include "formats/gguf.h"

#include "formats/payload.h"

#define HEAD_BYTES 512	/* a tar header, the longest that is recognised */

static uint32_t get_u32le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t swap(uint32_t v)
{
	return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

/* Versions are small numbers: nothing in the low half means swapped bytes. */
static bool is_swapped(uint32_t version)
{
	return version != 0 && (version & 0xffff) == 0;
}

static unsigned bid(const struct sy_probe *probe)
{
	uint32_t version;

	if (probe->head.len < 4 || memcmp(probe->head.data, "GGUF", 4) != 0)
		return 0;
	if (probe->head.len < 8)
		return 32;
	version = get_u32le(probe->head.data + 4);
	if (is_swapped(version))
		version = swap(version);
	return version >= 1 && version <= 3 ? 60 : 32;
}

/* Relatives and disguises of the magic, by their first four bytes. */
static const struct {
	const char *magic, *what;
} others[] = {
	{ "FUGG", "GGUF with its bytes reversed" },
	{ "lmgg", "an old GGML file (before GGUF)" },
	{ "ggml", "an old GGML file (before GGUF), its bytes reversed" },
	{ "fmgg", "an old GGMF file (before GGUF)" },
	{ "ggmf", "an old GGMF file (before GGUF), its bytes reversed" },
	{ "tjgg", "an old GGJT file (before GGUF)" },
	{ "ggjt", "an old GGJT file (before GGUF), its bytes reversed" },
	{ "algg", "an old GGLA adapter (before GGUF)" },
	{ "ggla", "an old GGLA adapter (before GGUF), its bytes reversed" },
};

static const char *name_other(struct sy_span head)
{
	for (size_t i = 0; i < SY_N_ELEMS(others); i++) {
		if (sy_ascii_starts(head, others[i].magic))
			return others[i].what;
	}
	if (sy_ascii_starts(head, "gguf"))
		return "the magic of GGUF in other letters, which no loader takes";
	return sy_looks_like(head);
}

static enum sy_status emit_broken(struct sy_inspection *in, uint64_t read)
{
	uint64_t size = in->source->size;
	enum sy_status status = SY_OK;

	if (read > 0)
		status = sy_emit_extent(in, SY_EXTENT_HEADER, 0, read);
	if (status == SY_OK && size > read)
		status = sy_emit_extent(in, SY_EXTENT_UNKNOWN, read, size - read);
	if (status == SY_OK)
		status = sy_polyglot_check(in, size);
	return status;
}

static enum sy_status not_ours(struct sy_inspection *in, struct sy_span head)
{
	enum sy_rule rule = SY_RULE_GGUF_MAGIC_WRONG;
	const char *look = name_other(head);
	struct sy_text text;
	enum sy_status status;

	sy_text_init(&text);
	if (head.len < 4) {
		rule = SY_RULE_GGUF_FILE_SHORT;
		sy_text_addf(&text, "the file has %zu bytes, its header alone needs 24",
			     head.len);
	} else {
		sy_text_add(&text, "the file begins with ");
		sy_text_name(&text, sy_span_slice(head, 0, 4));
		sy_text_add(&text, ", not with 'GGUF'");
	}
	if (look)
		sy_text_addf(&text, "; it looks like %s", look);
	status = sy_fact_text(in, rule, 0, head.len < 4 ? head.len : 4, sy_span_str(""),
			      &text);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "gguf", 0, "not readable as GGUF");
	return status != SY_OK ? status : emit_broken(in, 0);
}

/* The version tells the byte order, too; both are facts when unusual. */
static bool read_version(struct sy_gguf *g)
{
	if (!sy_gguf_u32(g, "the version", &g->version))
		return false;
	if (is_swapped(g->version)) {
		g->version = swap(g->version);
		g->c.is_big_endian = true;
	}
	if (g->version < 1 || g->version > 3)
		return sy_gguf_stop(g, sy_fact(g->in, SY_RULE_GGUF_VERSION_UNSUPPORTED, 4, 4,
					       sy_span_str(""), "the version at byte 4 is "
					       "%u; there are 1, 2 and 3", g->version));
	if (g->version == 1 &&
	    !sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_VERSION_OLD, 4, 4, sy_span_str(""),
				   "the version at byte 4 is 1")))
		return false;
	return !g->c.is_big_endian ||
	       sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_BYTE_ORDER_BIG, 4, 4,
				     sy_span_str(""), "version %u at byte 4 is big-endian",
				     g->version));
}

static bool impossible(struct sy_gguf *g, uint64_t n, const char *what, uint64_t least)
{
	uint64_t left = sy_cursor_left(&g->c);

	return sy_gguf_stop(g, sy_fact(g->in, SY_RULE_GGUF_COUNT_IMPOSSIBLE, 8,
				       sy_cursor_at(&g->c) - 8, sy_span_str(""), "%llu %s "
				       "of at least %llu bytes are declared, %llu bytes are "
				       "left in the file", (unsigned long long)n, what,
				       (unsigned long long)least,
				       (unsigned long long)left));
}

static bool within(struct sy_gguf *g, uint64_t n, uint64_t max, const char *limit)
{
	if (n <= max)
		return true;
	return sy_gguf_stop(g, sy_fail(g->in->ctx, SY_LIMIT, "the file declares %llu (limit "
				       "%s is %llu)", (unsigned long long)n, limit,
				       (unsigned long long)max));
}

/*
 * Counts of 64 bits under version 1 read as none of either; a version 1 file
 * that means it has neither keys nor bytes to spare.
 */
static bool check_old_layout(struct sy_gguf *g)
{
	uint64_t left = sy_cursor_left(&g->c);

	if (g->version > 1 || g->n_kv > 0 || left == 0)
		return true;
	return sy_gguf_stop(g, sy_fact(g->in, SY_RULE_GGUF_VERSION_LAYOUT, 4, 12,
				       sy_span_str(""), "version 1 ends its counts at byte "
				       "%llu and declares no keys, but %llu bytes follow",
				       (unsigned long long)sy_cursor_at(&g->c),
				       (unsigned long long)left));
}

static bool read_counts(struct sy_gguf *g)
{
	const struct sy_limits *limits = &g->in->ctx->limits;
	uint64_t word = g->version > 1 ? 8 : 4;
	uint64_t least_kv = word + 4 + 1, least_tensor = word + 4 + 4 + 8, left;

	if (!sy_gguf_word(g, "the number of tensors", &g->n_tensors) ||
	    !sy_gguf_word(g, "the number of keys", &g->n_kv))
		return false;
	if (!check_old_layout(g))
		return false;
	left = sy_cursor_left(&g->c);
	if (g->n_kv > left / least_kv)
		return impossible(g, g->n_kv, "keys", least_kv);
	if (g->n_tensors > (left - g->n_kv * least_kv) / least_tensor)
		return impossible(g, g->n_tensors, "tensors", least_tensor);
	return within(g, g->n_kv, limits->gguf_keys, "gguf-keys") &&
	       within(g, g->n_tensors, limits->tensors, "tensors");
}

static bool is_plain(struct sy_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = sy_ascii_lower(name.data[i]);

		if (!sy_is_digit(c) && (c < 'a' || c > 'z') && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* The type that most bytes are of; NULL: no bytes. */
static const char *most_used(const struct sy_gguf *g)
{
	uint64_t bytes[UINT8_MAX + 1] = { 0 }, most = 0;
	const char *name = NULL;

	for (size_t i = 0; i < g->n_listed; i++) {
		const struct sy_gguf_tensor *t = &g->tensors[i];

		if (!t->is_sized || ckd_add(&bytes[t->type], bytes[t->type], t->len))
			continue;
		if (bytes[t->type] > most) {
			most = bytes[t->type];
			name = sy_gguf_types[t->type].name;
		}
	}
	return name;
}

/* "v3, llama, 291 tensors, Q4_K_M, 4.1 GiB" */
static void describe(const struct sy_gguf *g, struct sy_text *text)
{
	const struct sy_gguf_number *ft = &g->numbers[SY_GGUF_ROLE_FILE_TYPE];
	const char *type = ft->is_set ? sy_gguf_file_type_name(ft->value) : NULL;

	sy_text_init(text);
	sy_text_addf(text, "v%u", g->version);
	if (g->c.is_big_endian)
		sy_text_add(text, " big-endian");
	if (g->architecture.len > 0) {
		sy_text_add(text, ", ");
		if (is_plain(g->architecture))
			sy_text_add_span(text, g->architecture);
		else
			sy_text_name(text, g->architecture);
	}
	sy_text_add(text, ", ");
	sy_text_count(text, g->n_listed);
	sy_text_add(text, g->n_listed == 1 ? " tensor" : " tensors");
	if (g->n_listed == 0)
		return;
	if (!type)
		type = most_used(g);
	if (type)
		sy_text_addf(text, ", %s", type);
	sy_text_add(text, ", ");
	sy_text_bytes(text, g->n_bytes);
}

static bool read_all(struct sy_gguf *g)
{
	struct sy_span magic;

	return sy_get_span(&g->c, 4, &magic) && read_version(g) && read_counts(g) &&
	       sy_gguf_metadata(g) && sy_gguf_tensors(g);
}

/* Whatever could be read, and how far; then what another reader would see. */
static enum sy_status finish(struct sy_gguf *g, bool is_whole)
{
	struct sy_inspection *in = g->in;
	struct sy_text text;
	enum sy_status status;

	in->bytes_parsed += sy_cursor_at(&g->c);
	if (is_whole)
		is_whole = sy_gguf_layout(g);
	/* Whoever met it may not have said so: what was not read is no short file. */
	sy_gguf_ok(g, g->c.status);
	if (g->status != SY_OK)
		return g->status;
	describe(g, &text);
	status = sy_emit_artifact(in, "gguf", g->n_listed, "%s%s", text.data,
				  is_whole ? "" : ", not readable to its end");
	if (status != SY_OK)
		return status;
	if (!is_whole)
		return emit_broken(in, sy_cursor_at(&g->c));
	return sy_polyglot_check(in, g->data_end);
}

static enum sy_status open_parts(struct sy_gguf *g)
{
	enum sy_status status;

	sy_set_init(&g->keys, g->in->ctx);
	sy_set_init(&g->names, g->in->ctx);
	status = sy_twins_new(g->in, &g->twins);
	if (status != SY_OK)
		return status;
	return sy_source_cursor(g->in->source, 0, g->in->source->size, &g->c);
}

static enum sy_status inspect_gguf(struct sy_inspection *in)
{
	struct sy_gguf g = { .in = in, .alignment = SY_GGUF_ALIGNMENT };
	enum sy_status status = open_parts(&g);

	if (status == SY_OK)
		status = finish(&g, read_all(&g));
	sy_cursor_close(&g.c);
	sy_twins_free(&g.twins);
	sy_set_free(&g.keys);
	sy_set_free(&g.names);
	sy_release(in->ctx, g.token_ids);
	sy_release(in->ctx, g.tensors);
	return status;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct sy_span head;
	enum sy_status status = sy_source_view(in->source, 0, HEAD_BYTES, &in->arena, &head);

	if (status != SY_OK)
		return status;
	return sy_span_starts(head, "GGUF") ? inspect_gguf(in) : not_ours(in, head);
}

static const char *const suffixes[] = { ".gguf", NULL };

const struct sy_format sy_format_gguf = {
	.name = "gguf",
	.title = "GGUF (llama.cpp and relatives)",
	.spec = "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md",
	.class = SY_CLASS_WEIGHTS,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};
