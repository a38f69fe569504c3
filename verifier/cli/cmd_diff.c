/* SPDX-License-Identifier: Apache-2.0 */
/* diff: how the tensors of two models differ.  Exit status 0, 1 or 2, as the library. */
#include "verifier/cli/cmd.h"
#include "verifier/cli/output.h"

int cmd_diff(const struct options *options)
{
	const struct command_info *command = cli_command("diff");
	struct steelyard_diff_options diff = {
		.size = sizeof(diff), .format = options->json ? "json"
						: options->markdown ? "markdown" : "text",
		.worker = options->worker, .sandbox = options->sandbox,
		.jobs = (unsigned)options->jobs, .follow_links = options->follow_links,
	};
	struct steelyard_session *session;
	int code;

	diff.a = options->operands.items[0];
	diff.b = options->operands.items[1];
	session = cli_session_start(options, command, &code);
	if (!session)
		return code;
	code = steelyard_diff(session, &diff, stdout_write, NULL);
	if (code < 0)
		code = cli_failed(session, command);
	else
		code = stdout_finish(code);
	cli_session_end(&session);
	return code;
}
