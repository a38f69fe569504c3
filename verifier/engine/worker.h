/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker processes.  One small zygote (the steelyard-worker executable: formats
 * and base only, no keys, no crypto library) is started before anything else;
 * each artifact gets a fresh fork of it, handed the source's descriptor and a
 * pipe for records, and is never reused.
 *
 * The main process validates every record and caps their number.  Whatever a
 * worker does (crash, hang, lie, end early) ends its own job only.
 */
#ifndef SY_ENGINE_WORKER_H
#define SY_ENGINE_WORKER_H

#include "formats/format.h"
#include "verifier/engine/cage.h"

struct sy_worker_job {
	size_t id;			/* the caller's */
	const struct sy_format *format;
	struct sy_source source;	/* file source; closed by the pool when done */
	struct sy_span base, path;	/* data; must stay until done */
	unsigned wants;			/* enum sy_want */
	struct sy_sink *sink;		/* receives validated records, DONE excluded */
	/* result, when done() is called */
	enum sy_status status;
	char text[512];			/* why, when not SY_OK; may hold untrusted bytes */
};

struct sy_worker_calls {
	/* Fills the next job; false: no more.  Called when a worker is free. */
	bool (*next)(void *user, struct sy_worker_job *job);
	/* A job ended; its sink got all records there were. */
	void (*done)(void *user, struct sy_worker_job *job);
	void *user;
};

struct sy_workers;

struct sy_workers_options {
	/*
	 * Path of steelyard-worker, NULL: STEELYARD_WORKER, then beside the running
	 * program, then the libexec folder of its installation, then the one of the
	 * build.
	 */
	const char *program;
	unsigned n_parallel;		/* workers at once; 0: CPUs */
	enum sy_sandbox sandbox;
};

/* Starts the zygote. */
SY_MUST_CHECK enum sy_status sy_workers_start(struct sy_context *ctx,
					      const struct sy_workers_options *options,
					      struct sy_workers **workers);

/*
 * Runs jobs until next() has no more and all ended.  Single-threaded: sinks and
 * calls run on the caller's thread.  SY_OK: each job that next() gave was ended
 * by one done(), with a status of its own; that is so even when the zygote died
 * (every job left is SY_WORKER).  SY_CANCELLED: running jobs were killed and
 * ended with SY_CANCELLED.  A job that ends with SY_OK was examined to its end
 * and its file was the same before and after (else SY_CHANGED).
 */
SY_MUST_CHECK enum sy_status sy_workers_run(struct sy_workers *workers,
					    const struct sy_worker_calls *calls);
void sy_workers_stop(struct sy_workers **workers);

/* The layers of the cage that some worker went without; 0: none did. */
unsigned sy_workers_uncaged(const struct sy_workers *workers);

/* The child side (steelyard-worker's main): serves jobs on descriptor 3. */
int sy_zygote_main(int argc, char **argv);

/* What one inspection is about; everything is borrowed. */
struct sy_inspect_job {
	const struct sy_format *format;
	struct sy_source *source;
	struct sy_span base, path;	/* data */
	unsigned wants;			/* enum sy_want */
	int scratch_fd;			/* for decoded members; -1: memory only */
	struct sy_sink *sink;
};

/*
 * Runs one inspection in this process: what the worker does, and what tests use.
 * Emits every record but DONE; frees the arena.
 */
SY_MUST_CHECK enum sy_status sy_inspect_here(struct sy_context *ctx,
					     const struct sy_inspect_job *job);

#endif
