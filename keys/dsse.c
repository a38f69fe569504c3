/* SPDX-License-Identifier: Apache-2.0 */
/* The two encodings, and asking a key about them. */
#include "keys/dsse.h"

static void add_head(struct sy_out *out, const char *version, struct sy_span type,
		     struct sy_span payload)
{
	sy_out_str(out, version);
	sy_out_str(out, " ");
	sy_out_u64(out, type.len);
	sy_out_str(out, " ");
	sy_out_span(out, type);
	sy_out_str(out, " ");
	sy_out_u64(out, payload.len);
	sy_out_str(out, " ");
}

enum sy_status sy_dsse_encode(struct sy_buffer *buffer, struct sy_span type,
			      struct sy_span payload)
{
	struct sy_out out;

	sy_out_init(&out, sy_buffer_write, buffer);
	add_head(&out, "DSSEv1", type, payload);
	sy_out_span(&out, payload);
	return sy_out_flush(&out);
}

/* One byte inside b'...'. */
static void add_python_byte(struct sy_out *out, uint8_t byte, uint8_t quote)
{
	static const char digits[] = "0123456789abcdef";
	char escape[] = { '\\', 0, 0, 0 };
	size_t len = 2;

	switch (byte) {
	case '\\':
		escape[1] = '\\';
		break;
	case '\t':
		escape[1] = 't';
		break;
	case '\n':
		escape[1] = 'n';
		break;
	case '\r':
		escape[1] = 'r';
		break;
	default:
		if (byte == quote) {
			escape[1] = (char)quote;
			break;
		}
		if (byte >= 0x20 && byte < 0x7f) {
			sy_out_bytes(out, &byte, 1);
			return;
		}
		escape[1] = 'x';
		escape[2] = digits[byte >> 4];
		escape[3] = digits[byte & 15];
		len = 4;
	}
	sy_out_bytes(out, escape, len);
}

/* Python prefers ', unless there are ' and no " in the bytes. */
static uint8_t python_quote(struct sy_span bytes)
{
	bool has_single = bytes.len && memchr(bytes.data, '\'', bytes.len);
	bool has_double = bytes.len && memchr(bytes.data, '"', bytes.len);

	return has_single && !has_double ? '"' : '\'';
}

enum sy_status sy_dsse_encode_v02(struct sy_buffer *buffer, struct sy_span type,
				  struct sy_span payload)
{
	uint8_t quote = python_quote(payload);
	struct sy_out out;

	sy_out_init(&out, sy_buffer_write, buffer);
	add_head(&out, "DSSEV1", type, payload);
	sy_out_str(&out, "b");
	sy_out_bytes(&out, &quote, 1);
	for (size_t i = 0; i < payload.len; i++)
		add_python_byte(&out, payload.data[i], quote);
	sy_out_bytes(&out, &quote, 1);
	return sy_out_flush(&out);
}

enum sy_status sy_dsse_verify(struct sy_context *ctx, const struct sy_public_key *key,
			      const struct sy_dsse *dsse, bool *is_valid)
{
	SY_OWNED(sy_buffer_free) struct sy_buffer message;
	enum sy_status status;

	*is_valid = false;
	sy_buffer_init(&message, ctx);
	status = dsse->is_v02 ? sy_dsse_encode_v02(&message, dsse->type, dsse->payload) :
		 sy_dsse_encode(&message, dsse->type, dsse->payload);
	if (status != SY_OK)
		return status;
	return sy_public_key_verify(ctx, key, dsse->hash,
				    sy_span_of(message.data, message.len),
				    dsse->signature, is_valid);
}
