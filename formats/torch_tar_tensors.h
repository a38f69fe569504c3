/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tensors of PyTorch's oldest format: `storages` says where elements lie, `tensors`
 * what part of them each is, and `pickle` what they are called.  Nothing is judged here:
 * the members are read for that by themselves.
 */
#ifndef SY_FORMATS_TORCH_TAR_TENSORS_H
#define SY_FORMATS_TORCH_TAR_TENSORS_H

#include "formats/nest.h"

enum sy_torch_tar_part { SY_TAR_STORAGES, SY_TAR_TENSORS, SY_TAR_PICKLE, SY_N_TAR_PARTS };

struct sy_torch_tar {
	struct sy_inspection *in;	/* of the archive */
	uint64_t off[SY_N_TAR_PARTS], len[SY_N_TAR_PARTS];
	unsigned n[SY_N_TAR_PARTS];	/* members of that name */
};

/*
 * Emits the tensors that have names.  *n_tensors: how many there are for all that is
 * known; more than were emitted, unless each is known to have been.
 */
SY_MUST_CHECK enum sy_status sy_torch_tar_emit(const struct sy_torch_tar *tar,
					       uint64_t *n_tensors);

#endif
