/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as values: names, text forms, comparison.  Hashes nothing. */
#include "verifier/base/digest_value.h"

static const struct {
	const char *name;
	size_t len;
} algorithms[SY_N_ALGORITHMS] = {
#define ALGORITHM(id, text, bytes) [SY_##id] = { text, bytes },
	SY_ALGORITHMS(ALGORITHM)
#undef ALGORITHM
};

const char *sy_algorithm_name(enum sy_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

size_t sy_algorithm_len(enum sy_algorithm algorithm)
{
	return algorithms[algorithm].len;
}

bool sy_algorithm_find(struct sy_span name, enum sy_algorithm *algorithm)
{
	*algorithm = SY_N_ALGORITHMS;
	for (unsigned i = 0; i < SY_N_ALGORITHMS; i++) {
		if (sy_span_is(name, algorithms[i].name)) {
			*algorithm = (enum sy_algorithm)i;
			return true;
		}
	}
	return false;
}

bool sy_digest_equal(const struct sy_digest *a, const struct sy_digest *b)
{
	unsigned differing = (unsigned)a->len ^ b->len;

	differing |= a->algorithm != b->algorithm;
	for (size_t i = 0; i < a->len && i < b->len; i++)
		differing |= (unsigned)a->bytes[i] ^ b->bytes[i];
	return a->len > 0 && differing == 0;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool sy_digest_parse(struct sy_span hex, enum sy_algorithm algorithm,
		     struct sy_digest *digest)
{
	size_t len = sy_algorithm_len(algorithm);

	*digest = (struct sy_digest){ .algorithm = algorithm };
	if (hex.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(hex.data[2 * i]);
		int low = hex_value(hex.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest->bytes[i] = (uint8_t)(high << 4 | low);
	}
	digest->len = (uint8_t)len;
	return true;
}

void sy_digest_hex(const struct sy_digest *digest, char out[2 * SY_DIGEST_MAX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < digest->len; i++) {
		out[2 * i] = digits[digest->bytes[i] >> 4];
		out[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	out[2 * (size_t)digest->len] = 0;
}
