/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports built by hand for the tests of verifier/report, and a writer run into
 * memory.  Used by tests only.
 */
#ifndef SY_TESTS_REPORT_SAMPLE_H
#define SY_TESTS_REPORT_SAMPLE_H

#include "tests/support/support.h"
#include "verifier/report/writer.h"

/* A report on a fresh context; sample_end frees both. */
struct sample {
	struct sy_context ctx;
	struct sy_report *report;
	struct sy_buffer written;
};

void sample_begin(struct sample *s);
void sample_end(struct sample *s);

/* Adds a file; examined ones have ended well. */
size_t sample_file(struct sample *s, const char *path, uint64_t size,
		   const char *format, enum sy_scope scope);

/* Adds a finding; symbol and detail are C strings. */
void sample_finding(struct sample *s, size_t file, unsigned rule, uint64_t off,
		    const char *symbol, const char *detail);

/* Gives a file a made-up SHA-256 digest. */
void sample_digest(struct sample *s, size_t file, uint8_t fill);

void sample_finish(struct sample *s);

/* What a writer writes, NUL-terminated; valid until the next call. */
const char *sample_write(struct sample *s, const char *writer,
			 const struct sy_writer_options *options);

/* Names that try to break out of whatever shows them. */
extern const struct sy_span sample_hostile[];
extern const size_t sample_n_hostile;

/* A report in which everything occurs: every scope, hostile names, more. */
void sample_everything(struct sample *s);

/* A report that a policy judged: a format refused, a finding suppressed for a while. */
void sample_policy(struct sample *s);

#endif
