/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksum lists as sha256sum and b2sum write them: plain, binary, escaped and
 * tagged (BSD) lines.  Internal to verifier/engine.
 */
#ifndef SY_ENGINE_LIST_H
#define SY_ENGINE_LIST_H

#include "verifier/base/digest_value.h"
#include "verifier/base/memory.h"

struct sy_list_line {
	const char *path;		/* in the arena, NUL-terminated */
	struct sy_digest digest;
};

/*
 * Parses one line (without its newline).  Untagged lines take `algorithm`, or,
 * when that is SY_N_ALGORITHMS, the one their length tells (SHA-256, SHA-512).
 * *is_line: it is a checksum line.  The status is about memory only.
 */
SY_MUST_CHECK enum sy_status sy_list_line_parse(struct sy_arena *arena,
						struct sy_span text,
						enum sy_algorithm algorithm,
						struct sy_list_line *line,
						bool *is_line);

#endif
