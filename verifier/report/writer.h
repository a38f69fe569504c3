/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers: one file per output format, each a const struct, listed in
 * writers.def.  A writer reads a finished report and writes bytes; it decides
 * nothing.
 */
#ifndef SY_REPORT_WRITER_H
#define SY_REPORT_WRITER_H

#include "verifier/base/jsonw.h"
#include "verifier/base/out.h"
#include "verifier/report/report.h"

struct sy_writer_options {
	bool is_colored;	/* text only */
	unsigned columns;	/* text: width of the terminal; 0: do not wrap */
	bool is_quiet;		/* text: the headline only */
};

struct sy_writer {
	const char *name;	/* as in --report NAME=FILE */
	const char *title;	/* one line for --help */
	enum sy_status (*write)(const struct sy_report *report,
				const struct sy_writer_options *options,
				struct sy_out *out);
};

/* NULL: no writer of that name. */
const struct sy_writer *sy_writer_find(struct sy_span name);

/* All writers, NULL-terminated, sorted by name. */
extern const struct sy_writer *const sy_writers[];

/* The member "signatures" of a document about the report: the JSON writer's, and diff's. */
void sy_report_put_signatures(struct sy_jsonw *w, const struct sy_report *report);

/* name, version of this build, for tool members. */
extern const char sy_tool_version[];

#endif
