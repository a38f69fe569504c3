/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors: u64le N, N bytes of JSON, data.  This file recognises it, reads
 * the header into memory once its length is known to be true, and says what the
 * whole file amounts to.  It never reads weights.
 */
#include "formats/safetensors.h"

#include "formats/payload.h"

#define P SY_SAFETENSORS_PREFIX
#define HEADER_BYTES_USUAL 25000000	/* huggingface_hub refuses longer ones */
#define PADDING_BYTES_USUAL 4096
#define HEAD_BYTES 64

static uint64_t get_u64le(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static bool has_keys(struct sy_span head)
{
	return sy_span_find(head, sy_span_str("\"dtype\"")) != SIZE_MAX ||
	       sy_span_find(head, sy_span_str("\"data_offsets\"")) != SIZE_MAX ||
	       sy_span_find(head, sy_span_str("\"__metadata__\"")) != SIZE_MAX;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A JSON file has text where N stands. */
static bool is_text(struct sy_span prefix)
{
	for (size_t i = 0; i < prefix.len; i++) {
		if ((prefix.data[i] < ' ' && !is_space(prefix.data[i])) ||
		    prefix.data[i] > '~')
			return false;
	}
	return true;
}

/*
 * N is the attacker's or simply small, so the shape alone convinces little: the
 * keys do.  A damaged N still bids where they stand right behind it, so that
 * the file is told what is wrong with it.
 */
static unsigned bid(const struct sy_probe *probe)
{
	struct sy_span head = probe->head;
	unsigned bits = 0;
	uint64_t n;
	bool is_brace;

	if (head.len < P + 1 || is_text(sy_span_slice(head, 0, P)))
		return 0;
	n = get_u64le(head.data);
	is_brace = head.data[P] == '{';
	if (!is_brace && !is_space(head.data[P]))
		return 0;
	if (n <= SY_SAFETENSORS_HEADER_MAX && n <= probe->size - P)
		bits = is_brace ? 20 : 16;
	if ((bits > 0 || is_brace) && has_keys(head))
		bits += 24;
	return bits;
}

/* Signatures that fit the low bytes of a length of at most 100,000,000. */
static const struct {
	const char *bytes;
	size_t len;
	const char *what;
} heads[] = {
	{ "MZ", 2, "a DOS or Windows program" },
	{ "#!", 2, "a script" },
	{ "BM", 2, "a bitmap" },
	{ "%!", 2, "a PostScript program" },
	{ "\x1f\x8b", 2, "a gzip stream" },
	{ "\x1f\x9d", 2, "a compress stream" },
	{ "\xff\xd8\xff", 3, "a JPEG picture" },
	{ "PK\1\2", 4, "a ZIP archive" },
	{ "PK\3\4", 4, "a ZIP archive" },
	{ "II*\0", 4, "a TIFF picture" },
};

/*
 * A pickle begins with 80 02 to 80 05.  Ordinary headers have these lengths too
 * (640 to 1408), so only a header padded to reach them counts.
 */
static bool is_pickle_head(const struct sy_safetensors *st, const uint8_t *prefix)
{
	uint64_t used = st->object_end - st->object_off;

	return prefix[0] == 0x80 && prefix[1] >= 2 && prefix[1] <= 5 &&
	       st->header.len - used >= 8;
}

static enum sy_status check_head(struct sy_safetensors *st, const uint8_t prefix[P])
{
	const char *what = NULL;

	for (size_t i = 0; i < SY_N_ELEMS(heads) && !what; i++) {
		if (!memcmp(prefix, heads[i].bytes, heads[i].len))
			what = heads[i].what;
	}
	if (!what && is_pickle_head(st, prefix))
		what = "a pickle";
	if (!what)
		return SY_OK;
	return sy_fact(st->in, SY_RULE_SAFETENSORS_HEAD_POLYGLOT, 0, P, sy_span_str(""),
		       "the header length %llu makes the file begin like %s",
		       (unsigned long long)st->header.len, what);
}

/* Leading white space, and what follows the object up to the data. */
static enum sy_status check_padding(struct sy_safetensors *st)
{
	uint64_t end = P + st->object_end, len = st->data_off - end;
	struct sy_span padding = sy_span_slice(st->header, (size_t)st->object_end,
					       (size_t)len);
	enum sy_status status = SY_OK;
	size_t i = 0;

	if (st->object_off > 0)
		status = sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_START, P,
				 st->object_off, sy_span_str(""), "%llu bytes of white "
				 "space stand before the '{' of the header at byte %llu",
				 (unsigned long long)st->object_off,
				 (unsigned long long)(P + st->object_off));
	while (i < padding.len && padding.data[i] == ' ')
		i++;
	if (status == SY_OK && i < padding.len)
		status = sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_PADDING, end, len,
				 sy_span_str(""), "the padding of the header has 0x%02x "
				 "at byte %llu, not a space", padding.data[i],
				 (unsigned long long)(end + i));
	if (status != SY_OK || len <= PADDING_BYTES_USUAL)
		return status;
	return sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_PADDING, end, len,
		       sy_span_str(""), "the header is followed by %llu bytes of padding, "
		       "from byte %llu", (unsigned long long)len,
		       (unsigned long long)end);
}

static enum sy_status check_shape(struct sy_safetensors *st, const uint8_t prefix[P])
{
	enum sy_status status = check_head(st, prefix);

	if (status == SY_OK && st->data_off % 8 != 0)
		status = sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_UNALIGNED,
				 st->data_off, 0, sy_span_str(""), "tensor data begins at "
				 "byte %llu, not a multiple of 8",
				 (unsigned long long)st->data_off);
	if (status == SY_OK && st->header.len > HEADER_BYTES_USUAL)
		status = sy_fact(st->in, SY_RULE_SAFETENSORS_HEADER_LARGE, P,
				 st->header.len, sy_span_str(""), "the header has %llu "
				 "bytes, more than %d",
				 (unsigned long long)st->header.len, HEADER_BYTES_USUAL);
	if (status != SY_OK || !st->is_whole)
		return status;
	return check_padding(st);
}

/* "291 tensors, mostly F16, 13.5 GiB" */
static void describe(const struct sy_safetensors *st, struct sy_text *text)
{
	uint64_t n = st->n_entries + st->n_unplaced;
	bool is_mixed = (st->dtype_used & (st->dtype_used - 1)) != 0;
	unsigned most = 0;

	sy_text_init(text);
	sy_text_count(text, n);
	sy_text_add(text, n == 1 ? " tensor" : " tensors");
	for (unsigned i = 0; i < SY_SAFETENSORS_N_DTYPES; i++) {
		bool is_used = st->dtype_used >> i & 1;
		bool is_most_used = st->dtype_used >> most & 1;

		if (is_used && (!is_most_used ||
				st->dtype_bytes[i] > st->dtype_bytes[most]))
			most = i;
	}
	if (st->dtype_used)
		sy_text_addf(text, ", %s%s", is_mixed ? "mostly " : "",
			     sy_safetensors_dtypes[most].name);
	sy_text_add(text, ", ");
	sy_text_bytes(text, st->n_bytes);
}

static enum sy_status emit_whole(struct sy_safetensors *st)
{
	struct sy_text text;
	uint64_t rest = st->data_len - st->n_tiled;
	enum sy_status status;

	describe(st, &text);
	status = sy_emit_artifact(st->in, "safetensors", st->n_entries + st->n_unplaced,
				  "%s", text.data);
	if (status == SY_OK)
		status = sy_emit_extent(st->in, SY_EXTENT_HEADER, 0, st->data_off);
	if (status == SY_OK && st->n_tiled > 0)
		status = sy_emit_extent(st->in, SY_EXTENT_DATA, st->data_off,
					st->n_tiled);
	if (status != SY_OK || rest == 0)
		return status;
	return sy_emit_extent(st->in, SY_EXTENT_UNKNOWN, st->data_off + st->n_tiled, rest);
}

/* A header that is not JSON: said already, and nothing of it is believed. */
static enum sy_status emit_broken(struct sy_inspection *in)
{
	enum sy_status status =
		sy_emit_artifact(in, "safetensors", 0, "not readable as safetensors");

	if (status != SY_OK || in->source->size == 0)
		return status;
	return sy_emit_extent(in, SY_EXTENT_UNKNOWN, 0, in->source->size);
}

static enum sy_status examine(struct sy_safetensors *st, const uint8_t prefix[P])
{
	enum sy_status status = sy_safetensors_header(st);

	sy_json_free(&st->json);	/* its key table is not needed further on */
	if (status == SY_OK)
		status = check_shape(st, prefix);
	if (status != SY_OK)
		return status;
	if (!st->is_whole)
		return emit_broken(st->in);
	status = sy_safetensors_layout(st);
	if (status == SY_OK)
		status = sy_polyglot_check(st->in, st->data_off + st->n_tiled);
	return status != SY_OK ? status : emit_whole(st);
}

static enum sy_status read_header(struct sy_safetensors *st, uint64_t n,
				  uint8_t **header)
{
	struct sy_inspection *in = st->in;
	uint64_t max = in->ctx->limits.header_bytes;
	enum sy_status status;

	if (n > max)
		return sy_fail(in->ctx, SY_LIMIT, "the header has %llu bytes (limit "
			       "header-bytes is %llu)", (unsigned long long)n,
			       (unsigned long long)max);
	*header = sy_alloc_unset(in->ctx, (size_t)n);
	if (!*header)
		return sy_memory_status(in->ctx);
	status = sy_source_read(in->source, P, *header, (size_t)n);
	if (status != SY_OK)
		return status;
	in->bytes_parsed += P + n;
	st->header = sy_span_of(*header, (size_t)n);
	st->data_off = P + n;
	st->data_len = in->source->size - st->data_off;
	return SY_OK;
}

static enum sy_status inspect_header(struct sy_inspection *in, const uint8_t prefix[P])
{
	struct sy_safetensors st = { .in = in };
	uint8_t *header = NULL;
	enum sy_status status;

	sy_buffer_init(&st.names, in->ctx);
	status = sy_twins_new(in, &st.twins);
	if (status == SY_OK)
		status = read_header(&st, get_u64le(prefix), &header);
	if (status == SY_OK)
		status = examine(&st, prefix);
	sy_json_free(&st.json);
	sy_twins_free(&st.twins);
	sy_buffer_free(&st.names);
	sy_release(in->ctx, st.entries);
	sy_release(in->ctx, header);
	return status;
}

/* Adds what the file looks like instead, when its first bytes tell. */
static enum sy_status not_ours(struct sy_inspection *in, enum sy_rule rule,
			       struct sy_text *text)
{
	uint8_t head[HEAD_BYTES];
	size_t len = in->source->size < sizeof(head) ? (size_t)in->source->size
						     : sizeof(head);
	enum sy_status status = sy_source_read(in->source, 0, head, len);
	const char *look;

	if (status != SY_OK)
		return status;
	in->bytes_parsed += len;
	look = sy_looks_like(sy_span_of(head, len));
	if (look)
		sy_text_addf(text, "; the file looks like %s", look);
	status = sy_fact_text(in, rule, 0, len < P ? len : P, sy_span_str(""), text);
	return status != SY_OK ? status : emit_broken(in);
}

static enum sy_status inspect(struct sy_inspection *in)
{
	uint64_t size = in->source->size, n;
	uint8_t prefix[P];
	struct sy_text text;
	enum sy_status status;

	sy_text_init(&text);
	sy_text_addf(&text, "the file has %llu bytes, the header length alone needs %d",
		     (unsigned long long)size, P);
	if (size < P)
		return not_ours(in, SY_RULE_SAFETENSORS_HEADER_SHORT, &text);
	status = sy_source_read(in->source, 0, prefix, P);
	if (status != SY_OK)
		return status;
	n = get_u64le(prefix);
	sy_text_init(&text);
	if (n > SY_SAFETENSORS_HEADER_MAX) {
		sy_text_addf(&text, "the header length at byte 0 is %llu, the format allows "
			     "%llu", (unsigned long long)n,
			     (unsigned long long)SY_SAFETENSORS_HEADER_MAX);
		return not_ours(in, SY_RULE_SAFETENSORS_HEADER_LIMIT, &text);
	}
	if (n > size - P) {
		sy_text_addf(&text, "the header ends at %llu, the file at %llu",
			     (unsigned long long)(P + n), (unsigned long long)size);
		return not_ours(in, SY_RULE_SAFETENSORS_HEADER_LENGTH, &text);
	}
	return inspect_header(in, prefix);
}

static const char *const suffixes[] = { ".safetensors", NULL };

const struct sy_format sy_format_safetensors = {
	.name = "safetensors",
	.title = "safetensors",
	.spec = "https://github.com/huggingface/safetensors (README, Format)",
	.class = SY_CLASS_WEIGHTS,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};
