/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors: u64le N, N bytes of JSON, data.  This file recognises it.
 */
#include "formats/format.h"

#define N_MAX UINT64_C(100000000)	/* the format's own limit on the header */

/* Little-endian N in the first eight bytes. */
static uint64_t header_len(struct sy_span head)
{
	uint64_t n = 0;

	for (size_t i = 0; i < 8; i++)
		n |= (uint64_t)head.data[i] << (8 * i);
	return n;
}

static bool has_keys(struct sy_span head)
{
	return sy_span_find(head, sy_span_str("\"dtype\"")) != SIZE_MAX ||
	       sy_span_find(head, sy_span_str("\"data_offsets\"")) != SIZE_MAX ||
	       sy_span_find(head, sy_span_str("\"__metadata__\"")) != SIZE_MAX;
}

/*
 * N is the attacker's or simply small, so the shape alone convinces little:
 * the keys do.  A damaged N still bids where they stand right behind it.
 */
static unsigned bid(const struct sy_probe *probe)
{
	struct sy_span head = probe->head;
	unsigned bits = 0;
	uint64_t n;

	if (head.len < 9 || !strchr("{ \t\r\n", head.data[8]) || head.data[8] == 0)
		return 0;
	n = header_len(head);
	if (n <= N_MAX && n <= probe->size - 8)
		bits = head.data[8] == '{' ? 20 : 16;
	if (has_keys(head) && (bits > 0 || head.data[8] == '{'))
		bits += 24;
	return bits;
}

static const char *const suffixes[] = { ".safetensors", NULL };

const struct sy_format sy_format_safetensors = {
	.name = "safetensors",
	.title = "safetensors",
	.spec = "https://github.com/huggingface/safetensors (README, Format)",
	.class = SY_CLASS_WEIGHTS,
	.suffixes = suffixes,
	.bid = bid,
};
