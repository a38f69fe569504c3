/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader on any bytes.  Tokens stand in the input one after the other
 * with nothing but punctuation between them; a document that is accepted,
 * written again by our writer, reads as the same tokens; marking duplicates
 * agrees with refusing them; and skipping what a token begins, reading all at once,
 * and allowing more agree with reading it token by token.
 */
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/json.h"
#include "verifier/base/jsonw.h"
#include "verifier/base/utf8.h"

static void check_between(struct sy_span bytes, uint64_t from, uint64_t to)
{
	FUZZ_CHECK(from <= to && to <= bytes.len);
	for (uint64_t i = from; i < to; i++)
		FUZZ_CHECK(strchr(" \t\r\n,:", bytes.data[i]) && bytes.data[i]);
}

static void check_token(struct sy_span bytes, const struct sy_json_token *t)
{
	bool is_text = t->kind == SY_JSON_KEY || t->kind == SY_JSON_STRING;
	size_t bad;

	FUZZ_CHECK(t->len <= bytes.len - t->off);
	FUZZ_CHECK((t->len == 0) == (t->kind == SY_JSON_END));
	FUZZ_CHECK(sy_utf8_valid(t->text, &bad));
	FUZZ_CHECK(!is_text || t->text.len + 2 <= t->len);
	FUZZ_CHECK(t->kind != SY_JSON_NUMBER || t->text.len == t->len);
}

/* Reads all; *has_duplicate: a key was marked. */
static enum sy_status walk(struct sy_context *ctx, struct sy_span bytes,
			   unsigned flags, bool *has_duplicate)
{
	SY_OWNED(sy_json_free) struct sy_json *json =
		sy_json_open(ctx, bytes, SY_JSONW_DEPTH, flags);
	struct sy_json_token t = { .kind = SY_JSON_NULL };
	enum sy_status status = SY_OK;
	uint64_t end = 0;

	*has_duplicate = false;
	if (!json) {
		FUZZ_CHECK(fuzz_is_disturbed());
		return sy_memory_status(ctx);
	}
	while (t.kind != SY_JSON_END) {
		status = sy_json_next(json, &t);
		if (status != SY_OK)
			break;
		check_between(bytes, end, t.off);
		check_token(bytes, &t);
		end = t.off + t.len;
		*has_duplicate |= t.is_duplicate;
	}
	/* An end stays one, as a failure does. */
	FUZZ_CHECK(sy_json_next(json, &t) == status && t.kind == SY_JSON_END);
	FUZZ_CHECK(status == SY_OK || sy_json_why(json).off <= bytes.len);
	FUZZ_CHECK(status == SY_OK || *sy_json_why(json).what);
	return status;
}

static bool is_plain_number(const struct sy_json_token *t)
{
	return t->is_integer && !t->is_negative;
}

/* Writes a token; false: a key that C strings cannot hold. */
static bool write_token(struct sy_jsonw *w, const struct sy_json_token *t)
{
	char *key;

	switch (t->kind) {
	case SY_JSON_OBJECT:
		sy_jsonw_object(w);
		break;
	case SY_JSON_OBJECT_END:
		sy_jsonw_object_end(w);
		break;
	case SY_JSON_ARRAY:
		sy_jsonw_array(w);
		break;
	case SY_JSON_ARRAY_END:
		sy_jsonw_array_end(w);
		break;
	case SY_JSON_KEY:
		if (t->text.len && memchr(t->text.data, 0, t->text.len))
			return false;
		key = strndup((const char *)t->text.data, t->text.len);
		FUZZ_CHECK(key);
		sy_jsonw_key(w, key);
		free(key);
		break;
	case SY_JSON_STRING:
		sy_jsonw_string(w, t->text);
		break;
	case SY_JSON_NUMBER:
		if (is_plain_number(t))
			sy_jsonw_u64(w, t->magnitude);
		else
			sy_jsonw_string(w, t->text);
		break;
	case SY_JSON_TRUE:
	case SY_JSON_FALSE:
		sy_jsonw_bool(w, t->kind == SY_JSON_TRUE);
		break;
	case SY_JSON_NULL:
		sy_jsonw_null(w);
		break;
	case SY_JSON_END:
		break;
	}
	return true;
}

static bool write_again(struct sy_context *ctx, struct sy_span bytes,
			struct sy_buffer *buffer, bool is_compact)
{
	SY_OWNED(sy_json_free) struct sy_json *json =
		sy_json_open(ctx, bytes, SY_JSONW_DEPTH, 0);
	struct sy_json_token t = { .kind = SY_JSON_NULL };
	struct sy_jsonw w;
	struct sy_out out;
	bool is_written = json != NULL;

	sy_out_init(&out, sy_buffer_write, buffer);
	sy_jsonw_init(&w, &out, is_compact);
	while (is_written && t.kind != SY_JSON_END)
		is_written = sy_json_next(json, &t) == SY_OK && write_token(&w, &t);
	is_written &= sy_out_flush(&out) == SY_OK;
	FUZZ_CHECK(is_written || fuzz_is_disturbed() || t.kind == SY_JSON_KEY);
	return is_written;
}

static void check_same(struct sy_context *ctx, struct sy_span a, struct sy_span b)
{
	SY_OWNED(sy_json_free) struct sy_json *first =
		sy_json_open(ctx, a, SY_JSONW_DEPTH, 0);
	SY_OWNED(sy_json_free) struct sy_json *second =
		sy_json_open(ctx, b, SY_JSONW_DEPTH, 0);
	struct sy_json_token t, u;

	if (fuzz_is_disturbed())
		return;
	FUZZ_CHECK(first && second);
	do {
		enum sy_status status = sy_json_next(first, &t), again = sy_json_next(second, &u);

		if (fuzz_is_disturbed())
			return;
		FUZZ_CHECK(status == SY_OK && again == SY_OK);
		if (t.kind == SY_JSON_NUMBER && !is_plain_number(&t))
			t.kind = SY_JSON_STRING;
		FUZZ_CHECK(t.kind == u.kind && t.depth == u.depth);
		FUZZ_CHECK(sy_span_equal(t.text, u.text));
		FUZZ_CHECK(t.kind != SY_JSON_NUMBER || t.magnitude == u.magnitude);
	} while (t.kind != SY_JSON_END);
}

/* Over everything that the first token, or a key of an object, begins. */
static enum sy_status skip_all(struct sy_context *ctx, struct sy_span bytes)
{
	SY_OWNED(sy_json_free) struct sy_json *json =
		sy_json_open(ctx, bytes, SY_JSONW_DEPTH, 0);
	struct sy_json_token t;
	enum sy_status status = json ? sy_json_next(json, &t) : sy_memory_status(ctx);

	if (status == SY_OK && t.kind != SY_JSON_OBJECT)
		status = sy_json_skip(json, &t);
	while (status == SY_OK && t.kind != SY_JSON_END) {
		status = sy_json_next(json, &t);
		if (status == SY_OK && t.kind == SY_JSON_KEY)
			status = sy_json_skip(json, &t);
	}
	return status;
}

static void check_others(struct sy_context *ctx, struct sy_span bytes,
			 enum sy_status status)
{
	const unsigned more = SY_JSON_PYTHON_NUMBERS | SY_JSON_LONG_STRINGS;
	struct sy_json_error why;
	enum sy_status checked = sy_json_check(ctx, bytes, 0, &why);
	enum sy_status skipped = skip_all(ctx, bytes);
	bool has_duplicate;
	enum sy_status allowed = walk(ctx, bytes, more, &has_duplicate);

	if (fuzz_is_disturbed())
		return;
	FUZZ_CHECK(checked == status || checked == SY_LIMIT || status == SY_LIMIT);
	FUZZ_CHECK(skipped == status);
	FUZZ_CHECK(allowed == SY_OK || status != SY_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_span bytes = sy_span_of(data, len);
	struct sy_buffer buffer;
	struct sy_context ctx;
	bool has_duplicate, is_marked;
	enum sy_status status, marked;

	fuzz_faulty_context(&ctx);
	sy_buffer_init(&buffer, &ctx);
	status = walk(&ctx, bytes, 0, &has_duplicate);
	marked = walk(&ctx, bytes, SY_JSON_MARK_DUPLICATES, &is_marked);
	FUZZ_CHECK(!has_duplicate);
	FUZZ_CHECK((status == SY_OK) == (marked == SY_OK && !is_marked) ||
		   fuzz_is_disturbed());
	if (status == SY_OK && write_again(&ctx, bytes, &buffer, len % 2))
		check_same(&ctx, bytes, sy_span_of(buffer.data, buffer.len));
	/* Three more readings: a fuzzer does so with every fourth length. */
	if (fuzz_mode() != FUZZ_PLAIN || len % 4 == 0)
		check_others(&ctx, bytes, status);
	sy_buffer_free(&buffer);
	FUZZ_CHECK(ctx.memory_used == 0);
	FUZZ_CHECK(ctx.error.status == SY_OK || fuzz_is_fault_of(ctx.error.status));
	return 0;
}
