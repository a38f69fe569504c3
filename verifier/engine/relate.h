/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relations: what the files of one model say about each other.  Formats state
 * references as records; here they are matched against the inventory, by name
 * and never by opening anything a file names.
 */
#ifndef SY_ENGINE_RELATE_H
#define SY_ENGINE_RELATE_H

#include "verifier/engine/check.h"

SY_MUST_CHECK enum sy_status sy_relate_new(struct sy_check *check,
					   struct sy_relate **relate);
void sy_relate_free(struct sy_relate **relate);

/* Will relating need this entry's tensor names?  (Part of an index or a set.) */
bool sy_relate_wants_tensors(const struct sy_relate *relate, size_t entry);

/* Keeps what a record says; copies it. */
SY_MUST_CHECK enum sy_status sy_relate_tensor(struct sy_relate *relate, size_t entry,
					      const struct sy_record_tensor *tensor);
SY_MUST_CHECK enum sy_status sy_relate_ref(struct sy_relate *relate, size_t entry,
					   const struct sy_record_ref *ref);

/* All files were inspected: adds the findings that relations show. */
SY_MUST_CHECK enum sy_status sy_relate_run(struct sy_relate *relate);

#endif
