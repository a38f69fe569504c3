/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading small text files whole.  Never reads beyond the limit, never decides
 * what a document means.
 */
#include "formats/config_file.h"

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

enum sy_status sy_config_broken(struct sy_inspection *in, enum sy_rule rule,
				const struct sy_json *json, enum sy_status status)
{
	struct sy_json_error why = sy_json_why(json);

	if (status != SY_FORMAT)
		return status;
	return sy_fact(in, rule, why.off, 0, sy_span_of(NULL, 0),
		       "not JSON at byte %llu: %s", (unsigned long long)why.off,
		       why.what ? why.what : "malformed");
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

bool sy_config_is_texty(struct sy_span head)
{
	return head.len == 0 || !memchr(head.data, 0, head.len);
}
