/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives whose members mean something to a loader that we do not judge: known by
 * the names of what they hold.  Such an archive stays undetermined as a whole.
 */
#ifndef SY_FORMATS_ARCHIVE_KIND_H
#define SY_FORMATS_ARCHIVE_KIND_H

#include "formats/format.h"
#include "verifier/base/set.h"

struct sy_archive_kind {
	const char *kind;	/* "a skops archive"; NULL: nothing that is known */
	struct sy_span name;	/* the member that says so */
	struct sy_set folders;	/* which have one half of a pair of names */
};

void sy_archive_kind_init(struct sy_archive_kind *kind, struct sy_context *ctx);
void sy_archive_kind_free(struct sy_archive_kind *kind);

/* Takes the name of one more member, which must outlive the kind. */
SY_MUST_CHECK enum sy_status sy_archive_kind_see(struct sy_archive_kind *kind,
						 struct sy_span name);

/* States what all names say together (format-model-unexamined), if anything. */
SY_MUST_CHECK enum sy_status sy_archive_kind_tell(const struct sy_archive_kind *kind,
						  struct sy_inspection *in);

#endif
