/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths and integers in their only spelling. */
#include "keys/der.h"

/* Short form, or as many bytes as the length needs and no more. */
static bool get_length(struct sy_cursor *c, uint64_t *len)
{
	uint8_t first, high = 0, low;

	*len = 0;
	if (!sy_get_u8(c, &first))
		return false;
	if (first < 0x80) {
		*len = first;
		return true;
	}
	if ((first != 0x81 && first != 0x82) || (first == 0x82 && !sy_get_u8(c, &high)) ||
	    !sy_get_u8(c, &low))
		return false;
	*len = (uint64_t)high << 8 | low;
	return first == 0x81 ? *len >= 0x80 : *len >= 0x100;
}

bool sy_der_get(struct sy_cursor *c, uint8_t tag, struct sy_span *content)
{
	uint64_t len;
	uint8_t is;

	*content = sy_span_of(NULL, 0);
	return sy_get_u8(c, &is) && is == tag && get_length(c, &len) &&
	       sy_get_span(c, len, content);
}

bool sy_der_get_positive(struct sy_cursor *c, struct sy_span *number)
{
	if (!sy_der_get(c, SY_DER_INTEGER, number) || number->len == 0 ||
	    number->data[0] >= 0x80)
		return false;
	if (number->data[0] != 0)
		return true;
	/* A leading zero only keeps the next byte's top bit from being a sign. */
	*number = sy_span_slice(*number, 1, SIZE_MAX);
	return number->len > 0 && number->data[0] >= 0x80;
}
