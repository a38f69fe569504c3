/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of keys, and which of them a DER document holds. */
#include "keys/scheme.h"

static const struct sy_scheme *const schemes[] = {
	&sy_scheme_p256, &sy_scheme_p384, &sy_scheme_p521, &sy_scheme_ed25519,
	&sy_scheme_rsa,
};

const struct sy_scheme *sy_scheme_of(enum sy_key_kind kind)
{
	return schemes[kind];	/* in the order of the enum */
}

static void put_length(uint8_t *out, size_t len)
{
	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
}

void sy_spki_header(const struct sy_spki_form *form, size_t point_len,
		    uint8_t header[SY_SPKI_HEADER_MAX])
{
	size_t len = form->header_len;

	memcpy(header, form->header, sizeof(form->header));
	if (form->point_len != SY_POINT_SIZED)
		return;
	put_length(header + 2, len - 4 + point_len);
	put_length(header + len - 3, 1 + point_len);
}

static bool is_form(const struct sy_spki_form *form, struct sy_span spki,
		    struct sy_span *point)
{
	const bool is_sized = form->point_len == SY_POINT_SIZED;
	uint8_t header[SY_SPKI_HEADER_MAX];
	size_t len = form->header_len;

	if (len == 0 || spki.len <= len ||
	    (is_sized ? spki.len - len > SY_POINT_MAX : spki.len - len != form->point_len))
		return false;
	sy_spki_header(form, spki.len - len, header);
	*point = sy_span_slice(spki, len, SIZE_MAX);
	return !memcmp(spki.data, header, len);
}

/*
 * DER has one spelling, and so few keys are ours that each is known by its
 * first bytes: no parser, hence nothing that a parser takes too lightly.  RSA's
 * two numbers are left to rsa.c.
 */
const struct sy_scheme *sy_scheme_of_spki(struct sy_span spki, struct sy_span *point)
{
	for (size_t i = 0; i < SY_N_ELEMS(schemes); i++)
		if (is_form(&schemes[i]->spki, spki, point) ||
		    is_form(&schemes[i]->compressed, spki, point))
			return schemes[i];
	*point = sy_span_of(NULL, 0);
	return NULL;
}
