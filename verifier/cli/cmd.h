/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands, one file each.  Each takes the parsed options and returns the
 * program's exit code; none of them exits.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "verifier/cli/options.h"
#include "verifier/include/steelyard.h"

int cmd_check(const struct options *options);
int cmd_scan(const struct options *options);
int cmd_sign(const struct options *options);
int cmd_verify(const struct options *options);
int cmd_diff(const struct options *options);
int cmd_hash(const struct options *options);
int cmd_inspect(const struct options *options);
int cmd_trace(const struct options *options);
int cmd_key(const struct options *options);
int cmd_rules(const struct options *options);
int cmd_policy(const struct options *options);
int cmd_help(const struct options *options);
int cmd_completion(const struct options *options);

/* cmd_hash.c hands `-c` over to cmd_hash_check.c. */
int cmd_hash_check(const struct options *options);

/* ... and `--tensors` to cmd_hash_tensors.c. */
int cmd_hash_tensors(const struct options *options);

/*
 * A session whose notices go to stderr, with the limits of the command line set,
 * and which SIGINT and SIGTERM cancel until cli_session_end.  NULL: the sentence
 * was printed and *code is the exit code.
 */
struct steelyard_session *cli_session_start(const struct options *options,
					    const struct command_info *command,
					    int *code);
void cli_session_end(struct steelyard_session **session);

/* Has a signal asked the command to end? */
bool cli_is_interrupted(void);

/* The library refused to run: says why and returns the exit code. */
int cli_failed(const struct steelyard_session *session,
	       const struct command_info *command);

/*
 * The worse of two exit codes, by the fixed precedence: 4 usage, 1 flagged,
 * 2 undetermined, 3 nothing examined, 0 clean.
 */
int exit_worse(int a, int b);

/* Looks a word up in a list of the library; false: said so, with the nearest. */
bool cli_known_word(const struct command_info *command, const char *option,
		    const char *word, const char *(*at)(size_t i));

/* One-argument views of the library's lists, for the above and for completion. */
const char *cli_loader_at(size_t i);
const char *cli_limit_at(size_t i);
const char *cli_report_format_at(size_t i);
const char *cli_algorithm_at(size_t i);
const char *cli_preset_at(size_t i);

#endif
