/* SPDX-License-Identifier: Apache-2.0 */
/* One command runs in a process, and only its first failure explains the others. */
#include "verifier/cli/failure.h"

#include <stdio.h>

#include "verifier/cli/json.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

static struct {
	const char *reason;	/* NULL: nothing failed */
	char sentence[1024];
} first;

void fail_with(const char *reason, const char *sentence)
{
	say("%s", sentence);
	if (first.reason)
		return;
	first.reason = reason;
	snprintf(first.sentence, sizeof(first.sentence), "%s", sentence);
}

int failure_document(bool wants_json, int code)
{
	struct json json = { 0 };

	if (!wants_json || !first.reason || stdout_is_begun())
		return code;
	json_open(&json, NULL, '{');
	json_text(&json, "schema", "steelyard-error/1");
	json_number(&json, "exit_code", (uint64_t)code);
	json_text(&json, "reason", first.reason);
	json_text(&json, "message", first.sentence);
	json_close(&json, '}');
	return stdout_finish(code);
}
