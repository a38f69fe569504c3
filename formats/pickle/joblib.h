/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What joblib adds to pickles (joblib/numpy_pickle.py): arrays whose data follows
 * their description raw, inside the stream, or lies in a file beside.
 */
#ifndef SY_FORMATS_PICKLE_JOBLIB_H
#define SY_FORMATS_PICKLE_JOBLIB_H

#include "formats/pickle/machine.h"

struct sy_pickle_facts;

/* Types of elements, by the calls that made them; they are made once and used often. */
struct sy_joblib {
	struct sy_word_map types;
	struct sy_pickle *m;		/* the outer machine */
};

void sy_joblib_init(struct sy_joblib *joblib, struct sy_context *ctx);
void sy_joblib_free(struct sy_joblib *joblib);

/* Told of every call, before it is judged. */
SY_MUST_CHECK enum sy_status sy_joblib_call(struct sy_pickle_facts *facts,
					    struct sy_pickle *m,
					    const struct sy_pickle_call *call);

#endif
