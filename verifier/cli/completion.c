/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for bash, fish and zsh, from the table.  They ask nothing
 * of the program while a person types: all words stand in the script.
 */
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/help.h"
#include "verifier/cli/output.h"

#define FISH_SPECIAL "\\"
#define ZSH_SPECIAL "[]:\\"

static void put_list(const char *(*at)(size_t i), const char *suffix)
{
	const char *name;

	for (size_t i = 0; (name = at(i)); i++)
		stdout_printf("%s%s%s", i ? " " : "", name, suffix);
}

/* "auto|always" with spaces instead. */
static void put_words(const char *choices)
{
	for (; *choices; choices++)
		stdout_bytes(*choices == '|' ? " " : choices, 1);
}

/* The words that an option's value may be; true when there are any. */
static bool put_values(const struct option_info *option)
{
	switch (option->fill) {
	case FILL_CHOICES:
		put_words(option->choices);
		return true;
	case FILL_LOADERS:
		put_list(cli_loader_at, "");
		return true;
	case FILL_LIMITS:
		put_list(cli_limit_at, "=");
		return true;
	case FILL_FORMATS:
		put_list(cli_report_format_at, "=");
		return true;
	case FILL_ALGORITHMS:
		put_list(cli_algorithm_at, "");
		return true;
	case FILL_FILE:
	case FILL_NONE:
		return false;
	}
	return false;
}

static void put_command_names(void)
{
	const char *space = "";

	for (const struct command_info *c = cli_commands; c->name; c++) {
		if (c->is_hidden)
			continue;
		stdout_printf("%s%s", space, c->name);
		space = " ";
	}
}

static void put_option_names(const struct command_info *command)
{
	const char *space = "";

	for (const struct option_info *o = cli_options; o->name; o++) {
		if (!option_is_shown(o, command))
			continue;
		stdout_printf("%s--%s", space, o->name);
		space = " ";
		if (o->letter)
			stdout_printf(" -%c", o->letter);
	}
}

static void bash_values(void)
{
	stdout_text("\tcase $previous in\n");
	for (const struct option_info *o = cli_options; o->name; o++) {
		if (o->is_hidden || o->type == OPTION_FLAG)
			continue;
		stdout_printf("\t--%s", o->name);
		if (o->letter)
			stdout_printf("|-%c", o->letter);
		stdout_text(")\n\t\tmapfile -t COMPREPLY < <(compgen ");
		if (o->fill == FILL_FILE || o->fill == FILL_NONE) {
			stdout_text("-f");
		} else {
			stdout_text("-W '");
			put_values(o);
			stdout_text("'");
		}
		stdout_text(" -- \"$word\")\n\t\treturn;;\n");
	}
	stdout_text("\tesac\n");
}

/* The first operand of a command that takes one of a few words. */
static void bash_operands(void)
{
	stdout_text("\tcase $command:$COMP_CWORD:$word in\n\t*:2:-*) ;;\n");
	for (const struct command_info *c = cli_commands; c->name; c++) {
		if (!c->operand_words)
			continue;
		stdout_printf("\t%s:2:*)\n\t\tmapfile -t COMPREPLY < <(compgen -W '", c->name);
		put_words(c->operand_words);
		stdout_text("' -- \"$word\")\n\t\treturn;;\n");
	}
	stdout_text("\tesac\n");
}

static void bash_script(void)
{
	stdout_text("# bash completion for steelyard\n_steelyard() {\n"
		    "\tlocal word=${COMP_WORDS[COMP_CWORD]} previous='' command='' options=''\n"
		    "\tif [ \"$COMP_CWORD\" -gt 1 ]; then\n"
		    "\t\tprevious=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
		    "\tfi\n\tCOMPREPLY=()\n"
		    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W '");
	put_command_names();
	stdout_text(" --help --version' -- \"$word\")\n\t\treturn\n\tfi\n");
	bash_values();
	stdout_text("\tcase $command in\n");
	for (const struct command_info *c = cli_commands; c->name; c++) {
		stdout_printf("\t%s) options='", c->name);
		put_option_names(c);
		stdout_text("';;\n");
	}
	stdout_text("\tesac\n");
	bash_operands();
	stdout_text("\tcase $word in\n"
		    "\t-*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\");;\n"
		    "\t*) if [ \"$command\" = help ]; then\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W '");
	put_command_names();
	stdout_text("' -- \"$word\")\n\telse\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\tfi;;\n\tesac\n}\n"
		    "complete -o filenames -F _steelyard steelyard\n");
}

/* Text inside single quotes, with a backslash before each of `special`. */
static void put_quoted(const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'') {
			stdout_text("'\\''");
			continue;
		}
		if (strchr(special, *text))
			stdout_text("\\");
		stdout_bytes(text, 1);
	}
}

static void fish_option(const struct command_info *c, const struct option_info *o)
{
	stdout_text("complete -c steelyard");
	if (c)
		stdout_printf(" -n '__fish_seen_subcommand_from %s'", c->name);
	else
		stdout_text(" -n __fish_use_subcommand");
	stdout_printf(" -l %s", o->name);
	if (o->letter)
		stdout_printf(" -s %c", o->letter);
	if (o->fill == FILL_FILE) {
		stdout_text(" -r -F");
	} else if (o->type != OPTION_FLAG) {
		stdout_text(" -x -a '");
		put_values(o);
		stdout_text("'");
	}
	stdout_text(" -d '");
	put_quoted(o->help, FISH_SPECIAL);
	stdout_text("'\n");
}

static void fish_script(void)
{
	stdout_text("# fish completion for steelyard\n");
	for (const struct command_info *c = cli_commands; c->name; c++) {
		if (c->is_hidden)
			continue;
		stdout_printf("complete -c steelyard -f -n __fish_use_subcommand -a %s -d '",
			      c->name);
		put_quoted(c->summary, FISH_SPECIAL);
		stdout_text("'\n");
	}
	for (const struct command_info *c = cli_commands; c->name; c++) {
		if (!c->operand_words)
			continue;
		stdout_printf("complete -c steelyard -n '__fish_seen_subcommand_from %s' -a '",
			      c->name);
		put_words(c->operand_words);
		stdout_text("'\n");
	}
	for (const struct option_info *o = cli_options; o->name; o++)
		if (option_is_shown(o, NULL))
			fish_option(NULL, o);
	for (const struct command_info *c = cli_commands; c->name; c++)
		for (const struct option_info *o = cli_options; o->name; o++)
			if (option_is_shown(o, c))
				fish_option(c, o);
}

static void zsh_option(const struct option_info *o)
{
	stdout_printf(" \\\n\t\t'%s--%s%s[", o->type == OPTION_LIST ? "*" : "", o->name,
		      o->type == OPTION_FLAG ? "" : "=");
	put_quoted(o->help, ZSH_SPECIAL);
	stdout_text("]");
	if (o->type == OPTION_FLAG) {
		stdout_text("'");
		return;
	}
	stdout_printf(":%s:", o->name);
	if (o->fill == FILL_FILE) {
		stdout_text("_files'");
		return;
	}
	stdout_text("(");
	put_values(o);
	stdout_text(")'");
}

static void zsh_script(void)
{
	stdout_text("#compdef steelyard\n# zsh completion for steelyard\n_steelyard() {\n"
		    "\tif (( CURRENT == 2 )); then\n\t\tlocal -a commands=(\n");
	for (const struct command_info *c = cli_commands; c->name; c++) {
		if (c->is_hidden)
			continue;
		stdout_printf("\t\t\t'%s:", c->name);
		put_quoted(c->summary, ZSH_SPECIAL);
		stdout_text("'\n");
	}
	stdout_text("\t\t)\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
		    "\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
		    "\tcase $command in\n");
	for (const struct command_info *c = cli_commands; c->name; c++) {
		stdout_printf("\t%s) _arguments", c->name);
		for (const struct option_info *o = cli_options; o->name; o++)
			if (option_is_shown(o, c))
				zsh_option(o);
		if (c->operand_words) {
			stdout_text(" \\\n\t\t'1:word:(");
			put_words(c->operand_words);
			stdout_text(")'");
		}
		stdout_text(" \\\n\t\t'*:path:_files';;\n");
	}
	stdout_text("\tesac\n}\ncompdef _steelyard steelyard\n");
}

static const struct {
	const char *shell;
	void (*print)(void);
} scripts[] = {
	{ "bash", bash_script }, { "fish", fish_script }, { "zsh", zsh_script },
};

static const char *shell_at(size_t i)
{
	return i < sizeof(scripts) / sizeof(scripts[0]) ? scripts[i].shell : NULL;
}

int completion_script(const char *shell)
{
	for (size_t i = 0; shell_at(i); i++)
		if (!strcmp(scripts[i].shell, shell))
			scripts[i].print();
	return stdout_finish(STEELYARD_CLEAN);
}

int cmd_completion(const struct options *options)
{
	const char *shell = options->operands.items[0];

	if (!cli_known_word(cli_command("completion"), "completion", shell, shell_at))
		return STEELYARD_USAGE;
	return completion_script(shell);
}
