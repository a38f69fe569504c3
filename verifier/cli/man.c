/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manual pages in roff (man macros), from the table.  docs/man holds what this
 * prints, and a test compares.
 */
#include <stdio.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/help.h"
#include "verifier/cli/output.h"

/* Text of the table so that roff takes it literally; a newline ends a paragraph. */
static void put(const char *text)
{
	bool at_start = true;

	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			stdout_text("\\&");
		at_start = *text == '\n';
		if (*text == '\\')
			stdout_text("\\e");
		else if (*text == '-')
			stdout_text("\\-");
		else if (*text == '\n')
			stdout_text("\n.PP\n");
		else
			stdout_bytes(text, 1);
	}
}

static void put_upper(const char *text)
{
	for (; *text; text++) {
		char c = *text;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 32);
		stdout_bytes(&c, 1);
	}
}

static void section(const char *name)
{
	stdout_printf(".SH %s\n", name);
}

static void item(const char *name, const char *what)
{
	stdout_text(".TP\n.B ");
	put(name);
	stdout_text("\n");
	put(what);
	stdout_text("\n");
}

static void head(const char *command, const char *summary)
{
	stdout_text(".\\\" Printed by 'steelyard help --man'; do not edit.\n"
		    ".TH STEELYARD");
	if (command) {
		stdout_text("\\-");
		put_upper(command);
	}
	stdout_printf(" 1 \"\" \"steelyard %s\" \"User Commands\"\n.SH NAME\nsteelyard",
		      steelyard_version());
	if (command) {
		stdout_text("\\-");
		put(command);
	}
	stdout_text(" \\- ");
	put(summary);
	stdout_text("\n");
}

static void option(const struct option_info *o)
{
	stdout_text(".TP\n");
	if (o->letter)
		stdout_printf("\\fB\\-%c\\fR, ", o->letter);
	stdout_text("\\fB\\-\\-");
	put(o->name);
	stdout_text("\\fR");
	if (o->value) {
		stdout_text("=\\fI");
		put(o->value);
		stdout_text("\\fR");
	}
	stdout_text("\n");
	put(o->help);
	if (o->choices)
		stdout_printf("\nOne of \\fB%s\\fR.", o->choices);
	stdout_text("\n");
}

static void options_of(const struct command_info *command)
{
	section("OPTIONS");
	for (const struct option_info *o = cli_options; o->name; o++)
		if (option_is_shown(o, command))
			option(o);
}

static void limits(void)
{
	const char *name, *unit, *what;
	char line[160];
	uint64_t value;

	section("LIMITS");
	for (size_t i = 0; (name = steelyard_limit(i, &value, &unit, &what)); i++) {
		snprintf(line, sizeof(line), "%s=%llu (%s)", name,
			 (unsigned long long)value, unit);
		item(line, what);
	}
}

static void pairs(const char *name, const struct help_pair *pair)
{
	section(name);
	for (; pair->name; pair++)
		item(pair->name, pair->what);
}

static void examples(const struct command_info *command)
{
	section("EXAMPLES");
	for (const struct command_example *e = command->examples; e->line; e++)
		item(e->line, e->what);
}

static void see_also(const struct command_info *but)
{
	section("SEE ALSO");
	if (but)
		stdout_text(".BR steelyard (1)");
	for (const struct command_info *c = cli_commands; c->name; c++) {
		if (c->is_hidden || c == but)
			continue;
		stdout_text(c == cli_commands && !but ? ".BR " : ",\n.BR ");
		stdout_text("steelyard\\-");
		put(c->name);
		stdout_text(" (1)");
	}
	stdout_text("\n");
}

static int program_page(void)
{
	head(NULL, "weigh machine-learning models before they are loaded");
	section("SYNOPSIS");
	stdout_text(".B steelyard\n\\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIPATH\\fR...]\n");
	section("DESCRIPTION");
	put("Answers four questions about model files and directories: who vouches for "
	    "them, is every byte the one they vouched for, are they what they claim to "
	    "be, and can loading them run code. What was not examined is never clean.");
	stdout_text("\n");
	section("COMMANDS");
	for (const struct command_info *c = cli_commands; c->name; c++)
		if (!c->is_hidden)
			item(c->name, c->summary);
	options_of(NULL);
	pairs("EXIT STATUS", help_exit_codes);
	pairs("ENVIRONMENT", help_environment);
	see_also(NULL);
	return stdout_finish(STEELYARD_CLEAN);
}

static void synopsis(const struct command_info *command)
{
	section("SYNOPSIS");
	stdout_printf(".B steelyard %s\n[\\fIOPTION\\fR...] ", command->name);
	stdout_text("\\fI");
	put(command->operands);
	stdout_text("\\fR\n");
}

int man_page(const struct command_info *command)
{
	if (!command)
		return program_page();
	head(command->name, command->summary);
	synopsis(command);
	section("DESCRIPTION");
	put(command->about);
	stdout_text("\n");
	options_of(command);
	if (help_takes(command, FILL_LIMITS))
		limits();
	pairs("EXIT STATUS", help_exit_codes);
	pairs("ENVIRONMENT", help_environment);
	examples(command);
	see_also(command);
	return stdout_finish(STEELYARD_CLEAN);
}
