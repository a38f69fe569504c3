/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a command ended without its result.  A person reads one sentence on stderr; a
 * program that asked for JSON gets a document on stdout all the same, so that it never
 * has to tell one failure from another by an English sentence.
 */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

#include <stdbool.h>

/* Says the sentence, and remembers it with its word; the first one counts. */
void fail_with(const char *reason, const char *sentence);

/*
 * At the end of the run: when JSON was wanted, something failed and nothing was written,
 * writes the document steelyard-error/1 (docs/error.schema.json).  Returns `code`, or
 * the worse one when stdout did not take it.
 */
int failure_document(bool wants_json, int code);

#endif
