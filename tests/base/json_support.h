/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the JSON reader share. */
#ifndef SY_TESTS_JSON_SUPPORT_H
#define SY_TESTS_JSON_SUPPORT_H

#include "tests/support/support.h"
#include "verifier/base/json.h"

/* sy_json_check on a copy of just that size; asserts that nothing is left over. */
enum sy_status json_check(const char *text, size_t len, unsigned flags,
			  struct sy_json_error *why);

/* Accepted; refused with SY_FORMAT at `off` for this reason. */
void json_assert_good(const char *text);
void json_assert_bad(const char *text, uint64_t off, const char *what);

/* {"k0":value, ..., "kN-1":value extra}: n keys, and what stands behind them. */
struct sy_span json_many_keys(struct sy_arena *arena, unsigned n,
			      const char *value, const char *extra);

/* Reads all tokens; the status of opening or of the last one. */
enum sy_status json_read_all(struct sy_context *ctx, struct sy_span text,
			     unsigned max_depth);

#endif
