/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives whose members mean something to a loader that we do not judge: known by
 * the names of what they hold.  Such an archive stays undetermined as a whole.
 */
#ifndef SY_FORMATS_ARCHIVE_KIND_H
#define SY_FORMATS_ARCHIVE_KIND_H

#include "formats/format.h"

/* What an archive with a member of this name is ("a skops archive"); NULL: nothing. */
const char *sy_archive_kind(struct sy_span name);

/* States that fact (format-model-unexamined). */
SY_MUST_CHECK enum sy_status sy_archive_kind_tell(struct sy_inspection *in,
						  struct sy_span name, const char *kind);

#endif
