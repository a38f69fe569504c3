/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: one to begin with, one in normal form, and what one would do.  Reading and
 * judging are the library's.
 */
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

static const struct command_info *self(void)
{
	return cli_command("policy");
}

/* What the library could not do, or standard output did not take. */
static int failed(const struct steelyard_session *session)
{
	if (*steelyard_session_error(session))
		return cli_failed(session, self());
	return stdout_finish(STEELYARD_UNDETERMINED);
}

/* init. */

struct preset {
	struct steelyard_session *session;
	const char *name;
};

static int put_preset(void *user, steelyard_write_fn *write, void *to)
{
	const struct preset *preset = user;

	return steelyard_policy_preset_write(preset->session, preset->name, write, to);
}

/* A file that is there is somebody's policy: it is never replaced. */
static int init_file(struct steelyard_session *session, const char *name, const char *path)
{
	struct preset preset = { session, name };

	if (steelyard_file_write(session, path, false, put_preset, &preset))
		return cli_failed(session, self());
	return STEELYARD_CLEAN;
}

static int init(struct steelyard_session *session, const struct options *options,
		const char *path)
{
	const char *preset = options->preset ? options->preset : "default";

	if (!cli_known_word(self(), "--preset", preset, cli_preset_at))
		return STEELYARD_USAGE;
	if (path)
		return init_file(session, preset, path);
	if (steelyard_policy_preset_write(session, preset, stdout_write, NULL))
		return failed(session);
	return stdout_finish(STEELYARD_CLEAN);
}

/* show, test. */

static int show(struct steelyard_session *session, const struct options *options,
		const char *path)
{
	(void)options;
	if (steelyard_policy_show(session, path, stdout_write, NULL))
		return failed(session);
	return stdout_finish(STEELYARD_CLEAN);
}

static int test(struct steelyard_session *session, const struct options *options,
		const char *path)
{
	int code = steelyard_policy_test(session, path, options->tried, stdout_write, NULL);

	return code < 0 ? failed(session) : stdout_finish(code);
}

static const struct action {
	const char *name;
	bool needs_file;
	int (*run)(struct steelyard_session *session, const struct options *options,
		   const char *path);
} actions[] = {
	{ "init", false, init }, { "show", true, show }, { "test", true, test },
};

static const char *action_at(size_t i)
{
	return i < sizeof(actions) / sizeof(actions[0]) ? actions[i].name : NULL;
}

static int run(const struct options *options, const struct action *action)
{
	const char *path = options->operands.n > 1 ? options->operands.items[1] : NULL;
	struct steelyard_session *session;
	int code;

	if (options->preset && action->run != init)
		return usage_error(self(), "--preset means something only to init");
	if (options->tried && action->run != test)
		return usage_error(self(), "--report means something only to test");
	if (action->needs_file && !path)
		path = options->policy;
	if (action->needs_file && !path)
		return usage_error(self(), "policy %s needs a FILE", action->name);
	session = cli_session_start(options, self(), &code);
	if (!session)
		return code;
	code = action->run(session, options, path);
	cli_session_end(&session);
	return code;
}

int cmd_policy(const struct options *options)
{
	const char *name = options->operands.items[0];

	if (!cli_known_word(self(), "policy", name, action_at))
		return STEELYARD_USAGE;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!strcmp(actions[i].name, name))
			return run(options, &actions[i]);
	}
	return STEELYARD_USAGE;
}
