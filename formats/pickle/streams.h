/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All pickles of a source: one after the other to its end, and those that they
 * carry for loaders; the same for a plain file and for a member of a container.
 */
#ifndef SY_FORMATS_PICKLE_STREAMS_H
#define SY_FORMATS_PICKLE_STREAMS_H

#include "formats/pickle/facts.h"

extern const struct sy_format sy_format_pickle;

struct sy_pickle_sum {
	uint64_t n_streams;	/* that came to their STOP */
	uint64_t n_opcodes;
	uint64_t n_imports;	/* of all of them, also of those that broke */
	uint64_t end;		/* of the last of them */
	uint64_t n_trailing;	/* bytes behind it */
	bool is_torch_legacy;	/* the first one is the magic number of torch.save */
};

/*
 * Runs bytes [start, end) of in->source, states all facts, sums up; watch may be
 * NULL.  A status other than SY_OK: ended by us; what was seen before has been stated.
 */
SY_MUST_CHECK enum sy_status sy_pickle_streams(struct sy_inspection *in, uint64_t start,
					       uint64_t end,
					       const struct sy_pickle_watch *watch,
					       struct sy_pickle_sum *sum);

/*
 * Bytes [start, end of in->source) belong to nobody: pickles that hide in them are
 * told and judged.
 */
SY_MUST_CHECK enum sy_status sy_pickle_search(struct sy_inspection *in, uint64_t start);

/* The whole source as the pickles of a file, whatever its name; pickle.c. */
SY_MUST_CHECK enum sy_status sy_pickle_inspect(struct sy_inspection *in);

/* Is the result of a stream the number that begins PyTorch's old format? */
bool sy_pickle_is_torch_magic(const struct sy_pickle *m, const struct sy_pickle_end *end);

#endif
