/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine tells, turned into facts with the knowledge tables: dangerous
 * and unknown imports, known names used in other ways than known.
 */
#ifndef SY_FORMATS_PICKLE_FACTS_H
#define SY_FORMATS_PICKLE_FACTS_H

#include "formats/format.h"
#include "formats/pickle/joblib.h"
#include "formats/pickle/machine.h"

/* What became of one global in the pickles of a file. */
struct sy_pickle_use {
	uint64_t import_off, call_off;	/* first ones, in the file */
	uint64_t n_calls;
	bool is_imported, is_told;
	unsigned told;			/* uses that a fact was stated about, by how */
};

/* What a container wants to know about the pickle that it holds. */
struct sy_pickle_watch {
	void *user;
	/* Before the call, or the id, is judged; may be NULL. */
	enum sy_status (*call)(void *user, struct sy_pickle *m,
			       const struct sy_pickle_call *call);
	enum sy_status (*persistent)(void *user, struct sy_pickle *m, uint64_t off,
				     uint64_t id);
	/* As the machine tells it. */
	enum sy_status (*items)(void *user, struct sy_pickle *m, uint64_t container,
				const uint64_t *items, size_t n);
	/* A stream came to its STOP; its values are still there. */
	enum sy_status (*stop)(void *user, struct sy_pickle *m,
			       const struct sy_pickle_end *end);
	bool is_single;		/* what follows the first STOP is the container's */
	bool hears_items;	/* from the first opcode on */
};

/* A stream that the pickle hands to a loader, or that hides in it. */
struct sy_pickle_job {
	struct sy_source *source;
	uint64_t start, end;
	bool is_decoded;	/* not the file's bytes: */
	uint64_t from;		/* ... they came about at this offset in the file */
	bool is_probe;		/* nobody says that it is a pickle: how it ends is no fact */
	bool is_plain;		/* as without joblib: arrays in it are opcodes; a probe */
	unsigned depth;		/* pickles around it */
};

struct sy_pickle_facts {
	struct sy_inspection *in;
	struct sy_globals globals;
	struct sy_pickle_events events;
	const struct sy_pickle_watch *watch;	/* NULL: nobody, or not this job */
	struct sy_joblib joblib;
	struct sy_pickle_use *uses;	/* by global */
	size_t n_uses, cap_uses;
	struct sy_pickle_job *jobs;
	size_t n_jobs, cap_jobs;
	struct sy_pickle_job job;	/* the one that is running */
	uint64_t n_imports;
	uint64_t n_unusual;		/* persistent ids not as PyTorch writes them */
};

void sy_pickle_facts_init(struct sy_pickle_facts *facts, struct sy_inspection *in);

/* Who listens from now on; NULL: nobody. */
void sy_pickle_facts_watch(struct sy_pickle_facts *facts, const struct sy_pickle_watch *watch);
void sy_pickle_facts_free(struct sy_pickle_facts *facts);

/* Adds a stream to be run later; SY_LIMIT beyond limits.pickle_nested. */
SY_MUST_CHECK enum sy_status sy_pickle_facts_job(struct sy_pickle_facts *facts,
						 const struct sy_pickle_job *job);

/*
 * joblib's arrays stand between opcodes; who knows nothing of them runs their bytes.
 * Adds that reading of the running job, in which only imports count.
 */
SY_MUST_CHECK enum sy_status sy_pickle_facts_plain(struct sy_pickle_facts *facts);

/* Where an offset of the running stream is in the file. */
uint64_t sy_pickle_facts_off(const struct sy_pickle_facts *facts, uint64_t off);

/* The facts that are stated once per name, when all streams have been run. */
SY_MUST_CHECK enum sy_status sy_pickle_facts_end(struct sy_pickle_facts *facts);

/* Judges one call; judge.c. */
SY_MUST_CHECK enum sy_status sy_pickle_judge(struct sy_pickle_facts *facts,
					     struct sy_pickle *m,
					     const struct sy_pickle_call *call);

/* judge_args.c.  NULL: a known-safe callable may be given these arguments. */
const char *sy_pickle_args_wrong(struct sy_pickle_facts *facts, struct sy_pickle *m,
				 const struct sy_pickle_call *call);
bool sy_pickle_is_base_wrong(struct sy_pickle_facts *facts, struct sy_pickle *m,
			     const struct sy_pickle_call *call);
bool sy_pickle_is_state_strange(const struct sy_pickle *m, const struct sy_pickle_call *call);
bool sy_pickle_has_keywords(const struct sy_pickle *m, uint64_t keywords);
bool sy_pickle_are_keys_wrong(const struct sy_pickle *m, const struct sy_pickle_call *call);

/*
 * Constant or computed bytes become a job, to be run when this stream has ended; a
 * probe where nobody says that they are a pickle.  False: they are no such bytes.
 */
SY_MUST_CHECK bool sy_pickle_queue(struct sy_pickle_facts *facts, struct sy_pickle *m,
				   uint64_t value, bool is_probe, enum sy_status *status);

/* A known name used otherwise; said once per name and kind of use. */
SY_MUST_CHECK enum sy_status sy_pickle_misuse(struct sy_pickle_facts *facts,
					      struct sy_pickle *m, uint32_t global,
					      const struct sy_pickle_call *call,
					      const char *what);
struct sy_pickle_use *sy_pickle_use_of(struct sy_pickle_facts *facts, uint32_t global);

#endif
