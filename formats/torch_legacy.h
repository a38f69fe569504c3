/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows the five pickles of PyTorch's old stream.  Every plain pickle is run
 * with this watch, since the magic number can be written in many ways.
 */
#ifndef SY_FORMATS_TORCH_LEGACY_H
#define SY_FORMATS_TORCH_LEGACY_H

#include "formats/pickle/streams.h"
#include "formats/torch_storage.h"

struct sy_legacy_key {
	uint64_t list;		/* the list it was put into */
	uint64_t value;		/* the key */
	size_t storage;		/* its index in the storages; SIZE_MAX: none */
};

struct sy_torch_legacy {
	struct sy_inspection *in;
	struct sy_torch_storages storages;
	struct sy_legacy_key *keys;
	size_t n_keys, cap_keys;
	unsigned n_stops;
	bool is_magic;		/* the first pickle was the magic number */
	struct sy_pickle_watch watch;
};

/* Not to be moved while its watch is in use. */
void sy_torch_legacy_init(struct sy_torch_legacy *legacy, struct sy_inspection *in);
void sy_torch_legacy_free(struct sy_torch_legacy *legacy);

/* When all streams were run and the first was the magic number: the storages. */
SY_MUST_CHECK enum sy_status sy_torch_legacy_end(struct sy_torch_legacy *legacy,
						 const struct sy_pickle_sum *sum);

#endif
