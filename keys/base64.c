/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 by libsodium, whose reader does not branch on secrets; and a look at
 * the bytes first, for the two things in which that reader is not strict.
 */
#include "keys/base64.h"

#include <sodium.h>

/*
 * libsodium 1.0.18 compares characters as if they were below 128, so that 0xAF
 * reads as '/'; and it passes over a NUL wherever it passes over anything.
 */
static bool is_text(struct sy_span text)
{
	uint8_t high = 0, has_nul = 0;

	for (size_t i = 0; i < text.len; i++) {
		high |= text.data[i];
		has_nul |= text.data[i] == 0;
	}
	return high < 0x80 && !has_nul;
}

static bool decode(struct sy_span text, const char *ignored, uint8_t *out, size_t cap,
		   size_t *len)
{
	*len = 0;
	if (text.len == 0)
		return true;
	if (!is_text(text))
		return false;
	if (sodium_base642bin(out, cap, (const char *)text.data, text.len, ignored,
			      len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0)
		return true;
	*len = 0;
	return false;
}

bool sy_base64_decode(struct sy_span text, uint8_t *out, size_t cap, size_t *len)
{
	return decode(text, NULL, out, cap, len);
}

bool sy_base64_decode_lines(struct sy_span text, uint8_t *out, size_t cap, size_t *len)
{
	return decode(text, "\r\n", out, cap, len);
}

bool sy_base64_decode_exactly(struct sy_span text, uint8_t *out, size_t len)
{
	size_t n;

	return text.len == SY_BASE64_ENCODED_LEN(len) &&
	       sy_base64_decode(text, out, len, &n) && n == len;
}

void sy_base64_encode(struct sy_span bytes, char *out)
{
	sodium_bin2base64(out, SY_BASE64_ENCODED_LEN(bytes.len) + 1, bytes.data,
			  bytes.len, sodium_base64_VARIANT_ORIGINAL);
}
