/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go: stdout, whose failures are never lost. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/cli/attr.h"
#include "verifier/include/steelyard.h"

/* Writes bytes or text to stdout; a failure is remembered for stdout_finish. */
void stdout_bytes(const void *data, size_t len);
void stdout_text(const char *text);
void stdout_printf(const char *fmt, ...) CLI_PRINTF(1, 2);

/* A steelyard_write_fn on stdout; user is not used. */
int stdout_write(void *user, const void *data, size_t len);

/* Was anything written to stdout yet? */
bool stdout_is_begun(void);

/*
 * Flushes.  Returns `code`, or, when stdout did not take everything, says so on
 * stderr and returns the worse of `code` and 2.
 */
int stdout_finish(int code);

#endif
