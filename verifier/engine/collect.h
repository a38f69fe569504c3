/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one worker says of one file, taken into the report and the relations.
 * Internal to verifier/engine.
 */
#ifndef SY_ENGINE_COLLECT_H
#define SY_ENGINE_COLLECT_H

#include "verifier/engine/check.h"

#define SY_FLOW_STEPS_MAX 4096u	/* of one file, when only flows are asked for */

/* One file under inspection: its sink feeds the report and the relations. */
struct sy_collect {
	struct sy_sink sink;
	struct sy_check *check;
	size_t entry;
	bool is_related;		/* relate wants its tensor names */
	bool has_artifact;		/* the worker said what the file is */
	bool is_unexamined;		/* ... and that it cannot examine that as a whole */
	uint64_t n_notices;		/* that came; findings_per_rule of them are kept */
	uint64_t n_steps;		/* that came */
};

/* The sink's emit. */
SY_MUST_CHECK enum sy_status sy_collect_record(struct sy_sink *sink,
					       const struct sy_record *record);

/* After the last record: tells how much was left out. */
SY_MUST_CHECK enum sy_status sy_collect_end(struct sy_collect *job);

#endif
