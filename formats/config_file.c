/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading small text files whole.  Never reads beyond the limit, never decides
 * what a document means.
 */
#include "formats/config_file.h"

#define EMPTY_BITS 128

enum sy_status sy_config_read(struct sy_inspection *in, struct sy_span *bytes)
{
	uint64_t size = in->source->size;
	enum sy_status status;

	*bytes = sy_span_of(NULL, 0);
	if (size > in->ctx->limits.config_bytes || size > SIZE_MAX)
		return sy_fail(in->ctx, SY_LIMIT,
			       "a text file of %llu bytes; the limit config-bytes is %llu",
			       (unsigned long long)size,
			       (unsigned long long)in->ctx->limits.config_bytes);
	if (size == 0)
		return SY_OK;
	status = sy_source_view(in->source, 0, (size_t)size, &in->arena, bytes);
	if (status != SY_OK)
		return status;
	in->bytes_parsed += size;
	return sy_emit_extent(in, SY_EXTENT_HEADER, 0, size);
}

enum sy_status sy_config_open(struct sy_config_json *config, struct sy_span bytes)
{
	config->json = sy_json_open(config->in->ctx, bytes, 0,
				    SY_JSON_MARK_DUPLICATES | SY_JSON_PYTHON_NUMBERS);
	return config->json ? SY_OK : sy_memory_status(config->in->ctx);
}

void sy_config_close(struct sy_config_json *config)
{
	sy_json_free(&config->json);
}

static enum sy_status say_broken(const struct sy_config_json *config)
{
	struct sy_json_error why = sy_json_why(config->json);
	enum sy_status status;

	status = sy_fact(config->in, config->broken, why.off, 0, sy_span_of(NULL, 0),
			 "not JSON at byte %llu: %s", (unsigned long long)why.off,
			 why.what ? why.what : "malformed");
	return status == SY_OK ? SY_FORMAT : status;
}

static enum sy_status say_duplicate(const struct sy_config_json *config,
				    const struct sy_json_token *token)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add(&text, "the key ");
	sy_text_name(&text, token->text);
	sy_text_addf(&text, " at byte %llu was there before in the same object",
		     (unsigned long long)token->off);
	return sy_fact_text(config->in, config->duplicate, token->off, token->len,
			    token->text, &text);
}

static enum sy_status say_nonfinite(const struct sy_config_json *config,
				    const struct sy_json_token *token)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add_span(&text, token->text);
	sy_text_addf(&text, " at byte %llu", (unsigned long long)token->off);
	return sy_fact_text(config->in, config->nonfinite, token->off, token->len,
			    sy_span_of(NULL, 0), &text);
}

enum sy_status sy_config_next(struct sy_config_json *config,
			      struct sy_json_token *token)
{
	enum sy_status status = sy_json_next(config->json, token);

	if (status == SY_FORMAT)
		return say_broken(config);
	if (status != SY_OK)
		return status;
	if (token->kind == SY_JSON_KEY && token->is_duplicate)
		return say_duplicate(config, token);
	if (token->kind == SY_JSON_NUMBER && token->is_nonfinite)
		return say_nonfinite(config, token);
	return SY_OK;
}

enum sy_status sy_config_skip(struct sy_config_json *config,
			      const struct sy_json_token *token)
{
	struct sy_json_token next;
	unsigned n_open = 0;

	if (token->kind != SY_JSON_OBJECT && token->kind != SY_JSON_ARRAY)
		return SY_OK;
	for (n_open = 1; n_open > 0;) {
		enum sy_status status = sy_config_next(config, &next);

		if (status != SY_OK)
			return status;
		if (next.kind == SY_JSON_OBJECT || next.kind == SY_JSON_ARRAY)
			n_open++;
		if (next.kind == SY_JSON_OBJECT_END || next.kind == SY_JSON_ARRAY_END)
			n_open--;
	}
	return SY_OK;
}

uint8_t sy_config_first_byte(struct sy_span head)
{
	size_t at = sy_span_starts(head, "\xef\xbb\xbf") ? 3 : 0;

	for (; at < head.len; at++) {
		uint8_t c = head.data[at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
	}
	return 0;
}

/* Random bytes have a control character in nine; what was meant as text, hardly one. */
bool sy_config_is_texty(struct sy_span head)
{
	size_t n_controls = 0;

	for (size_t i = 0; i < head.len; i++) {
		uint8_t c = head.data[i];

		if (c == 0)
			return false;
		n_controls += c < 0x20 && !(c >= '\b' && c <= '\r');
	}
	return n_controls <= head.len / 16;
}

unsigned sy_config_bid(const struct sy_probe *probe, unsigned bits)
{
	if (probe->size == 0)
		return EMPTY_BITS;
	return sy_config_is_texty(probe->head) ? bits : 0;
}
