/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ZIP archive as PyTorch reads it: records below one folder, the folder named by
 * the first entry, names compared without case.
 */
#ifndef SY_FORMATS_TORCH_ZIP_H
#define SY_FORMATS_TORCH_ZIP_H

#include "formats/zip.h"

/* Could PyTorch take it for a model?  (Some record has the name of its pickle.) */
bool sy_torch_zip_is(const struct sy_zip *zip);

/*
 * States the facts of PyTorch's format, adds every record as what it is read as, and
 * emits the tensors; *n_tensors: how many.
 */
SY_MUST_CHECK enum sy_status sy_torch_zip_judge(struct sy_zip *zip, uint64_t *n_tensors);

#endif
