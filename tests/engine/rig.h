/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of worker processes share: a list of jobs for bad_worker, a
 * sink that keeps records as bytes, and the file that all jobs examine.
 */
#ifndef SY_TESTS_RIG_H
#define SY_TESTS_RIG_H

#include "tests/support/support.h"
#include "verifier/engine/worker.h"

#define BAD_WORKER STEELYARD_BINARY_DIR "/tests/bad_worker"
#define REAL_WORKER STEELYARD_BINARY_DIR "/steelyard-worker"
#define RIG_JOBS_MAX 96

/* A sink that keeps records as the bytes they are encoded to. */
struct byte_sink {
	struct sy_sink sink;		/* first */
	struct sy_buffer bytes;
	size_t n_records;
	enum sy_status refuse;		/* given back instead of keeping */
};

void byte_sink_init(struct byte_sink *sink, struct sy_context *ctx);

/* A list of jobs, by format name, on one file; and how each ended. */
struct rig {
	struct sy_context *ctx;
	const char *const *names;	/* NULL-terminated */
	const char *program;		/* NULL: BAD_WORKER */
	enum sy_sandbox sandbox;
	size_t n, n_begun, n_ended;
	struct sy_format formats[RIG_JOBS_MAX];
	struct byte_sink sinks[RIG_JOBS_MAX];
	enum sy_status status[RIG_JOBS_MAX];
	char text[RIG_JOBS_MAX][512];
	unsigned uncaged;		/* sy_workers_uncaged at the end */
	enum sy_status refuse;		/* of every job's sink */
	void (*on_begin)(struct rig *rig, struct sy_worker_job *job);
};

/* The calls of sy_workers_run; user is the rig. */
bool rig_next(void *user, struct sy_worker_job *job);
void rig_done(void *user, struct sy_worker_job *job);

/* Starts a program, runs all jobs, stops it again. */
enum sy_status rig_run(struct rig *rig, struct sy_context *ctx,
		       unsigned n_parallel);
void rig_free(struct rig *rig);

/* A context with one second a job, and the flag that cancels it (now false). */
void rig_context(struct sy_context *ctx);
extern atomic_bool rig_cancelled;

/* The folder and the file in it (group setup and teardown make, remove them). */
extern char rig_folder[256], rig_file[300];
int rig_make_file(void **state);
int rig_remove_file(void **state);

double rig_seconds(void);

#endif
