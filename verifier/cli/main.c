/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steelyard: the program.  Finds the command, parses its options and runs it.
 * It knows the public header and nothing else of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/failure.h"
#include "verifier/cli/help.h"
#include "verifier/cli/json.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

/*
 * A closed descriptor 0, 1 or 2 would be taken by the first file that is opened.
 * Each gets the wrong direction of /dev/null, so that using it still fails.
 */
static bool open_standard_descriptors(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_WRONLY };

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", flags[fd]) != fd)
			return false;
	}
	return true;
}

/* What would confine the processes that read files, here and now. */
static void print_sandbox(struct json *json)
{
	unsigned version;
	bool is_available;
	const char *name;

	json_open(json, "sandbox", '[');
	for (size_t i = 0; (name = steelyard_sandbox(i, &is_available, &version)); i++) {
		json_open(json, NULL, '{');
		json_text(json, "name", name);
		json_bool(json, "available", is_available);
		if (version)
			json_number(json, "version", version);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static int print_version(bool is_json)
{
	struct json json = { 0 };
	const char *name, *title;
	bool is_examined;

	if (!is_json) {
		stdout_printf("steelyard %s\n", steelyard_version());
		return stdout_finish(STEELYARD_CLEAN);
	}
	json_open(&json, NULL, '{');
	json_text(&json, "name", "steelyard");
	json_text(&json, "version", steelyard_version());
	json_open(&json, "formats", '[');
	for (size_t i = 0; (name = steelyard_format(i, &title, &is_examined)); i++) {
		json_open(&json, NULL, '{');
		json_text(&json, "name", name);
		json_text(&json, "title", title);
		json_bool(&json, "examined", is_examined);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_open(&json, "algorithms", '[');
	for (size_t i = 0; (name = steelyard_algorithm(i)); i++)
		json_text(&json, NULL, name);
	json_close(&json, ']');
	json_open(&json, "reports", '[');
	for (size_t i = 0; (name = steelyard_report_format(i, &title)); i++)
		json_text(&json, NULL, name);
	json_close(&json, ']');
	print_sandbox(&json);
	json_close(&json, '}');
	return stdout_finish(STEELYARD_CLEAN);
}

static int unknown_command(const char *word)
{
	const char *names[32] = { 0 }, *near;
	size_t n = 0;

	for (const struct command_info *c = cli_commands; c->name && n < 31; c++)
		if (!c->is_hidden)
			names[n++] = c->name;
	near = nearest_word(word, names);
	if (near)
		return usage_error(NULL, "there is no command '%s'; did you mean '%s'?",
				   word, near);
	if (strchr(word, '/') || !access(word, F_OK))
		return usage_error(NULL, "there is no command '%s'; did you mean "
				   "'steelyard check %s'?", word, word);
	return usage_error(NULL, "there is no command '%s'", word);
}

static int run_command(const struct command_info *command, int argc, char **argv)
{
	struct options options = { 0 };
	int code = STEELYARD_USAGE, n_used;

	if (options_parse(&options, command, argc, argv, &n_used)) {
		if (options.help)
			code = help_command(command);
		else
			code = command->run(&options);
	}
	options_free(&options);
	return code;
}

/* Without a command: --help, --version, or a complaint. */
static int run_program(int argc, char **argv)
{
	const struct command_info *command;
	struct options options = { 0 };
	int n_used;

	if (!options_parse(&options, NULL, argc, argv, &n_used))
		return STEELYARD_USAGE;
	if (options.help)
		return help_program();
	if (options.version)
		return print_version(options.json);
	if (options.json)
		return usage_error(NULL, "--json belongs behind a command or --version");
	if (n_used == argc)
		return usage_error(NULL, "a command is missing");
	command = cli_command(argv[n_used]);
	if (!command)
		return unknown_command(argv[n_used]);
	return run_command(command, argc - n_used - 1, argv + n_used + 1);
}

/* Was JSON asked for, even on a command line that could not be parsed to its end? */
static bool wants_json(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	if (!open_standard_descriptors())
		return STEELYARD_UNDETERMINED;
	/* Both show up as a failed write, which is reported. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return failure_document(wants_json(argc, argv),
				run_program(argc ? argc - 1 : 0, argv + (argc > 0)));
}
