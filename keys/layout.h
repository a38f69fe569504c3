/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The white space of a bundle.  Nobody signs it, so only what writers put there
 * is taken, and a bundle cannot be altered without being noticed.
 */
#ifndef SY_KEYS_LAYOUT_H
#define SY_KEYS_LAYOUT_H

#include "keys/document.h"

/*
 * Is the document strict JSON, all on one line (the same space or none behind
 * each comma, and behind each colon) or indented by two?
 * d->json is not used.
 */
SY_MUST_CHECK enum sy_status sy_layout_check(struct sy_document *d, struct sy_span bytes);

#endif
