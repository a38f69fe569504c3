/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of members: what they do to whoever unpacks the archive, and to whoever
 * reads the list.
 */
#ifndef SY_FORMATS_MEMBER_NAMES_H
#define SY_FORMATS_MEMBER_NAMES_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

/* Why the name leads out of the archive, as a part of a sentence; NULL: it does not. */
const char *sy_member_name_escape(struct sy_span name);

/* What of the name does not show, as a part of a sentence; NULL: it is plain. */
const char *sy_member_name_odd(struct sy_span name);

/* The last component. */
struct sy_span sy_member_name_base(struct sy_span name);

#endif
