/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of tar headers; decides nothing. */
#include "formats/tar_header.h"

#include "verifier/base/ckd.h"
#include "verifier/base/text.h"

#define SUM_OFF 148
#define SUM_LEN 8

/* A field of text ends at a NUL or at its end. */
static struct sy_span field(const uint8_t *block, size_t off, size_t len)
{
	const uint8_t *end = memchr(block + off, 0, len);

	return sy_span_of(block + off, end ? (size_t)(end - (block + off)) : len);
}

/* What stands behind a number: spaces to the end, or to a NUL that ends the field. */
static bool is_end(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] == ' ')
		i++;
	return i == len || p[i] == 0;
}

/* Octal digits between spaces; readers differ in what else they take. */
static bool get_octal(const uint8_t *p, size_t len, uint64_t *value)
{
	size_t i = 0;

	*value = 0;
	while (i < len && p[i] == ' ')
		i++;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++) {
		if (ckd_mul(value, *value, (uint64_t)8) ||
		    ckd_add(value, *value, (uint64_t)(p[i] - '0')))
			return false;
	}
	return is_end(p + i, len - i);
}

/* GNU: a first byte of 0x80 says that the rest is one big-endian number. */
static bool get_number(const uint8_t *p, size_t len, uint64_t *value)
{
	if (!(p[0] & 0x80))
		return get_octal(p, len, value);
	*value = p[0] & 0x7f;
	for (size_t i = 1; i < len; i++) {
		if (*value >> 56)
			return false;
		*value = *value << 8 | p[i];
	}
	return p[0] == 0x80;
}

/* The sum counts its own field as spaces; old programs summed signed bytes. */
static bool has_sum(const uint8_t *block)
{
	int64_t plain = 0, with_signs = 0;
	uint64_t stated;

	for (size_t i = 0; i < SY_TAR_BLOCK; i++) {
		uint8_t byte = i >= SUM_OFF && i < SUM_OFF + SUM_LEN ? ' ' : block[i];

		plain += byte;
		with_signs += byte < 0x80 ? byte : byte - 0x100;
	}
	return get_octal(block + SUM_OFF, SUM_LEN, &stated) && stated <= INT64_MAX &&
	       ((int64_t)stated == plain || (int64_t)stated == with_signs);
}

bool sy_tar_header_get(const uint8_t block[SY_TAR_BLOCK], struct sy_tar_header *h)
{
	if (!has_sum(block) || !get_number(block + 124, 12, &h->size))
		return false;
	h->name = field(block, 0, 100);
	h->type = block[156];
	h->link = field(block, 157, 100);
	h->is_extended = h->type == 'S' && block[482] != 0;
	h->is_ustar = !memcmp(block + 257, "ustar", 5);
	/* GNU's own magic, "ustar  ", has other fields there. */
	h->prefix = h->is_ustar && block[262] == 0 ? field(block, 345, 155)
						   : sy_span_of(NULL, 0);
	return true;
}

bool sy_tar_sparse_goes_on(const uint8_t block[SY_TAR_BLOCK])
{
	return block[504] != 0;
}

bool sy_tar_pax_next(struct sy_span *records, struct sy_span *key, struct sy_span *value)
{
	struct sy_span record;
	uint64_t len;
	size_t n = 0, equals = 0;

	while (n < records->len && sy_is_digit(records->data[n]))
		n++;
	if (n == 0 || n == records->len || records->data[n] != ' ' ||
	    !sy_parse_u64(sy_span_slice(*records, 0, n), &len) || len > records->len ||
	    len < n + 3 || records->data[len - 1] != '\n')
		return false;
	record = sy_span_slice(*records, n + 1, (size_t)len - n - 2);
	while (equals < record.len && record.data[equals] != '=')
		equals++;
	if (equals == record.len)
		return false;
	*key = sy_span_slice(record, 0, equals);
	*value = sy_span_slice(record, equals + 1, record.len);
	*records = sy_span_slice(*records, (size_t)len, records->len);
	return true;
}
