/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help, manual pages and completion scripts, all printed on stdout from the one
 * table.  Each returns the exit code.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "verifier/cli/options.h"

int help_program(void);
int help_command(const struct command_info *command);

/* In roff; command NULL: the page of the program. */
int man_page(const struct command_info *command);

/* shell: "bash", "fish" or "zsh"; it was checked before. */
int completion_script(const char *shell);

/* True when the option is shown for the command. */
bool option_is_shown(const struct option_info *option,
		     const struct command_info *command);

/* True when one of its options is completed from that list. */
bool help_takes(const struct command_info *command, enum option_fill fill);

/* Environment variables and exit codes: name and meaning, ends with name NULL. */
struct help_pair {
	const char *name, *what;
};
extern const struct help_pair help_exit_codes[];
extern const struct help_pair help_environment[];

#endif
