/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of keys, and which of them a DER document holds. */
#include "keys/scheme.h"

static const struct sy_scheme *const schemes[] = {
	&sy_scheme_p256, &sy_scheme_p384, &sy_scheme_p521, &sy_scheme_ed25519,
};

const struct sy_scheme *sy_scheme_of(enum sy_key_kind kind)
{
	return schemes[kind];	/* in the order of the enum */
}

static bool is_form(const struct sy_spki_form *form, struct sy_span spki,
		    struct sy_span *point)
{
	size_t len = form->header_len;

	if (len == 0 || spki.len != len + form->point_len ||
	    memcmp(spki.data, form->header, len))
		return false;
	*point = sy_span_slice(spki, len, form->point_len);
	return true;
}

/*
 * DER has one spelling, and so few keys are ours that each is known by its
 * first bytes: no parser, hence nothing that a parser takes too lightly.
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
