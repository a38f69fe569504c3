/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session of a command: its limits, its messages, and the signals that end
 * it.  One command runs in a process, so one pointer is all a handler needs.
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/failure.h"
#include "verifier/cli/terminal.h"

static _Atomic(struct steelyard_session *) running;
static atomic_bool is_interrupted;

/* The first signal ends the run with a report; the second one meets SIG_DFL. */
static void on_signal(int number)
{
	struct steelyard_session *session = atomic_load(&running);

	(void)number;
	atomic_store(&is_interrupted, true);
	if (session)
		steelyard_session_cancel(session);
}

static void catch_signals(bool is_on)
{
	struct sigaction action = { .sa_handler = is_on ? on_signal : SIG_DFL };

	sigemptyset(&action.sa_mask);
	if (is_on)
		action.sa_flags = (int)SA_RESETHAND;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool cli_is_interrupted(void)
{
	return atomic_load(&is_interrupted);
}

int cli_failed(const struct steelyard_session *session,
	       const struct command_info *command)
{
	const char *reason = steelyard_session_reason(session);

	if (cli_is_interrupted()) {
		fail_with("interrupted", "interrupted");
		return STEELYARD_UNDETERMINED;
	}
	fail_with(reason, steelyard_session_error(session));
	/* Where a file is at fault, the help would not help. */
	if (!strcmp(reason, "usage"))
		usage_hint(command);
	return steelyard_session_is_misused(session) ? STEELYARD_USAGE : STEELYARD_UNDETERMINED;
}

int exit_worse(int a, int b)
{
	static const int order[] = { STEELYARD_USAGE, STEELYARD_FLAGGED,
				     STEELYARD_UNDETERMINED, STEELYARD_NOTHING };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return STEELYARD_CLEAN;
}

const char *cli_loader_at(size_t i)
{
	return steelyard_loader(i);
}

const char *cli_algorithm_at(size_t i)
{
	return steelyard_algorithm(i);
}

const char *cli_limit_at(size_t i)
{
	const char *unit, *what;
	uint64_t value;

	return steelyard_limit(i, &value, &unit, &what);
}

const char *cli_report_format_at(size_t i)
{
	const char *title;

	return steelyard_report_format(i, &title);
}

const char *cli_preset_at(size_t i)
{
	const char *what;

	return steelyard_policy_preset(i, &what);
}

bool cli_known_word(const struct command_info *command, const char *option,
		    const char *word, const char *(*at)(size_t i))
{
	const char *words[65] = { 0 }, *near;
	size_t n = 0;

	while (n < 64 && (words[n] = at(n))) {
		if (!strcmp(words[n], word))
			return true;
		n++;
	}
	words[n] = NULL;
	near = nearest_word(word, words);
	if (near)
		usage_error(command, "%s does not know '%s'; did you mean '%s'?",
			    option, word, near);
	else
		usage_error(command, "%s does not know '%s'", option, word);
	return false;
}

/* One NAME=VALUE of --limit. */
static bool set_limit(struct steelyard_session *session,
		      const struct command_info *command, const char *text)
{
	const char *equals = strchr(text, '=');
	char name[64] = "";
	size_t len = equals ? (size_t)(equals - text) : 0;

	if (!len || len >= sizeof(name)) {
		usage_error(command, "--limit takes NAME=VALUE, not '%s'", text);
		return false;
	}
	memcpy(name, text, len);
	if (!cli_known_word(command, "--limit", name, cli_limit_at))
		return false;
	if (!steelyard_session_limit(session, name, equals + 1))
		return true;
	usage_error(command, "--limit %s: %s", text, steelyard_session_error(session));
	return false;
}

struct steelyard_session *cli_session_start(const struct options *options,
					    const struct command_info *command,
					    int *code)
{
	static bool is_quiet;	/* the session points at it */
	struct steelyard_session *session = steelyard_session_new();

	*code = STEELYARD_UNDETERMINED;
	if (!session) {
		fail_with("out-of-memory", "out of memory");
		return NULL;
	}
	is_quiet = options->quiet;
	steelyard_session_messages(session, terminal_message, &is_quiet);
	*code = STEELYARD_USAGE;
	for (size_t i = 0; i < options->limit.n; i++) {
		if (set_limit(session, command, options->limit.items[i]))
			continue;
		steelyard_session_free(&session);
		return NULL;
	}
	atomic_store(&running, session);
	catch_signals(true);
	return session;
}

void cli_session_end(struct steelyard_session **session)
{
	catch_signals(false);
	atomic_store(&running, NULL);
	steelyard_session_free(session);
}
