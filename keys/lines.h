/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small text files of a fixed number of lines, as minisign and signify write
 * them: a comment with its prefix, a line of base64.
 */
#ifndef SY_KEYS_LINES_H
#define SY_KEYS_LINES_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

/*
 * Takes a line from the front of *rest, without its LF or CR LF (the last one
 * may end with the file).  False: *rest is empty.
 */
SY_MUST_CHECK bool sy_line_next(struct sy_span *rest, struct sy_span *line);

/*
 * Is `line` the prefix and then at most `max` bytes of printable UTF-8 (TAB
 * included)?  Those bytes become *text.
 */
SY_MUST_CHECK bool sy_line_comment(struct sy_span line, const char *prefix, size_t max,
				   struct sy_span *text);

#endif
