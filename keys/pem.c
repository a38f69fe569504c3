/* SPDX-License-Identifier: Apache-2.0 */
/* PEM blocks found by their boundaries, each alone on its line. */
#include "keys/pem.h"

#include <stdio.h>

#include "keys/base64.h"
#include "keys/lines.h"

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"
#define COLUMNS 64u

/* "-----BEGIN LABEL-----": the label. */
static bool is_boundary(struct sy_span line, const char *lead, struct sy_span *label)
{
	size_t around = strlen(lead) + strlen(DASHES);

	if (line.len <= around || !sy_span_starts(line, lead) ||
	    !sy_span_ends(line, DASHES))
		return false;
	*label = sy_span_slice(line, strlen(lead), line.len - around);
	return true;
}

static bool find_begin(struct sy_span *rest, struct sy_span *label)
{
	struct sy_span line;

	while (sy_line_next(rest, &line))
		if (is_boundary(line, BEGIN, label))
			return true;
	return false;
}

/* The body ends at the first line that begins with dashes; it must be the END. */
static bool find_end(struct sy_span *rest, struct sy_pem_block *block)
{
	struct sy_span body = *rest, line, label;

	while (sy_line_next(rest, &line)) {
		if (!sy_span_starts(line, DASHES))
			continue;
		block->body = sy_span_of(body.data, (size_t)(line.data - body.data));
		return is_boundary(line, END, &label) &&
		       sy_span_equal(label, block->label);
	}
	return false;
}

enum sy_pem_result sy_pem_next(struct sy_span *rest, struct sy_pem_block *block)
{
	*block = (struct sy_pem_block){ .body = { 0 } };
	if (!find_begin(rest, &block->label))
		return SY_PEM_END;
	return find_end(rest, block) ? SY_PEM_BLOCK : SY_PEM_BROKEN;
}

bool sy_pem_is(struct sy_span file)
{
	struct sy_span label;

	return find_begin(&file, &label);
}

bool sy_pem_decode(const struct sy_pem_block *block, uint8_t *out, size_t cap, size_t *len)
{
	return sy_base64_decode_lines(block->body, out, cap, len) && *len > 0;
}

size_t sy_pem_encode(const char *label, struct sy_span bytes, char *out, size_t cap)
{
	size_t at = (size_t)snprintf(out, cap, BEGIN "%s" DASHES "\n", label);

	/* 48 bytes are one line of 64 characters. */
	for (size_t done = 0; done < bytes.len; done += COLUMNS / 4 * 3) {
		sy_base64_encode(sy_span_slice(bytes, done, COLUMNS / 4 * 3), out + at);
		at += strlen(out + at);
		out[at++] = '\n';
	}
	return at + (size_t)snprintf(out + at, cap - at, END "%s" DASHES "\n", label);
}
