/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help: what every command and option does, from the table.
 */
#include "verifier/cli/help.h"

#include <stdio.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

const struct help_pair help_exit_codes[] = {
	{ "0", "clean: nothing found in what was asked for" },
	{ "1", "flagged: a finding at or above --fail-on, or an answer is no" },
	{ "2", "undetermined: something could not be examined, read or written" },
	{ "3", "nothing that can be examined" },
	{ "4", "usage" },
	{ 0 }
};

const struct help_pair help_environment[] = {
	{ "NO_COLOR", "Not empty: no color, unless --color or STEELYARD_COLOR asks for it." },
	{ "STEELYARD_COLOR", "Default of --color." },
	{ "STEELYARD_JOBS", "Default of --jobs." },
	{ "STEELYARD_POLICY", "Default of --policy." },
	{ "STEELYARD_SANDBOX", "Default of --sandbox." },
	{ "STEELYARD_WORKER", "Path of the steelyard-worker program, if it is not where it "
	  "was installed." },
	{ 0 }
};

bool option_is_shown(const struct option_info *option,
		     const struct command_info *command)
{
	return !option->is_hidden && (option->commands & (command ? command->bit : ON_NONE));
}

static void print_wrapped(const char *text, unsigned indent)
{
	char lines[4096];

	stdout_text(wrap_text(text, indent, terminal_columns(), lines, sizeof(lines)));
}

static void print_option(const struct option_info *o)
{
	if (o->letter)
		stdout_printf("  -%c, --%s", o->letter, o->name);
	else
		stdout_printf("      --%s", o->name);
	if (o->value)
		stdout_printf("=%s", o->value);
	if (o->choices)
		stdout_printf("   (%s)", o->choices);
	stdout_text("\n");
	print_wrapped(o->help, 10);
}

static void print_options(const struct command_info *command)
{
	stdout_text("\noptions:\n");
	for (const struct option_info *o = cli_options; o->name; o++)
		if (option_is_shown(o, command))
			print_option(o);
}

static void print_limits(void)
{
	const char *name, *unit, *what;
	uint64_t value;

	stdout_text("\nlimits (--limit NAME=VALUE):\n");
	for (size_t i = 0; (name = steelyard_limit(i, &value, &unit, &what)); i++) {
		stdout_printf("  %s=%llu %s\n", name, (unsigned long long)value, unit);
		print_wrapped(what, 10);
	}
}

static void print_names(const char *head, const char *(*at)(size_t i))
{
	char names[2048] = "";
	const char *name;
	size_t len = 0;

	for (size_t i = 0; (name = at(i)); i++) {
		if (len + strlen(name) + 3 > sizeof(names))
			break;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					i ? ", " : "", name);
	}
	stdout_printf("\n%s:\n", head);
	print_wrapped(names, 2);
}

bool help_takes(const struct command_info *command, enum option_fill fill)
{
	for (const struct option_info *o = cli_options; o->name; o++)
		if (option_is_shown(o, command) && o->fill == fill)
			return true;
	return false;
}

static void print_lists(const struct command_info *command)
{
	if (help_takes(command, FILL_LOADERS))
		print_names("loaders (--loader)", cli_loader_at);
	if (help_takes(command, FILL_FORMATS))
		print_names("report formats (--report)", cli_report_format_at);
	if (help_takes(command, FILL_ALGORITHMS))
		print_names("algorithms (--algorithm)", cli_algorithm_at);
	if (help_takes(command, FILL_LIMITS))
		print_limits();
}

static void print_pairs(const char *head, const struct help_pair *pairs, int width)
{
	stdout_printf("\n%s:\n", head);
	for (; pairs->name; pairs++)
		stdout_printf("  %-*s  %s\n", width, pairs->name, pairs->what);
}

int help_command(const struct command_info *command)
{
	stdout_printf("usage: steelyard %s [OPTION...]%s%s\n\n", command->name,
		      command->operands ? " " : "",
		      command->operands ? command->operands : "");
	print_wrapped(command->about, 0);
	print_options(command);
	print_lists(command);
	stdout_text("\nexamples:\n");
	for (const struct command_example *e = command->examples; e->line; e++)
		stdout_printf("  %s\n      %s\n", e->line, e->what);
	return stdout_finish(STEELYARD_CLEAN);
}

int help_program(void)
{
	stdout_printf("steelyard %s: weighs machine-learning models before they are loaded\n\n"
		      "usage: steelyard COMMAND [OPTION...] [PATH...]\n\ncommands:\n",
		      steelyard_version());
	for (const struct command_info *c = cli_commands; c->name; c++)
		if (!c->is_hidden)
			stdout_printf("  %-8s  %s\n", c->name, c->summary);
	print_options(NULL);
	print_pairs("exit status", help_exit_codes, 1);
	print_pairs("environment", help_environment, 16);
	stdout_text("\n'steelyard COMMAND --help' shows the options of a command.\n");
	return stdout_finish(STEELYARD_CLEAN);
}

int cmd_help(const struct options *options)
{
	const struct command_info *command = NULL;
	const char *names[32] = { 0 }, *word, *near;
	size_t n = 0;

	if (options->operands.n) {
		word = options->operands.items[0];
		command = cli_command(word);
		for (const struct command_info *c = cli_commands; c->name && n < 31; c++)
			names[n++] = c->name;
		near = nearest_word(word, names);
		if (!command && near)
			return usage_error(NULL, "there is no command '%s'; did you mean '%s'?",
					   word, near);
		if (!command)
			return usage_error(NULL, "there is no command '%s'", word);
	}
	if (options->man)
		return man_page(command);
	return command ? help_command(command) : help_program();
}
