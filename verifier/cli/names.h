/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How file names and algorithms are written in lists of digests, byte for byte
 * as coreutils 9 does.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* A line with such a name begins with a backslash. */
bool name_needs_escape(const char *name);

/*
 * Prints a name on stdout: with backslash, newline and carriage return escaped
 * when is_escaped; fit for a terminal when stdout is one.
 */
void name_print(const char *name, bool is_escaped);

/* A name inside a sentence: quoted when a shell would need it; cut at cap. */
const char *name_quoted(const char *name, char *buf, size_t cap);

/* "SHA256", "BLAKE2b": how tagged lines name an algorithm; cut at cap. */
const char *algorithm_tag(const char *algorithm, char *buf, size_t cap);

#endif
