/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options are data: one table of commands and one of options.  Parsing, help,
 * man pages and shell completion all read these two tables and nothing else, so
 * they cannot disagree.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/cli/attr.h"

/* Strings that were given, in their order; the array is owned, the strings not. */
struct option_list {
	const char **items;
	size_t n, cap;
};

/* Everything a command line can say.  NULL, 0 and false: not given. */
struct options {
	const char *color, *loader, *fail_on, *baseline, *sandbox, *worker;
	const char *files_from0, *algorithms, *policy, *preset, *tried;
	const char *cache, *certificate, *certificate_time;
	const char *passphrase_fd, *passphrase_file, *public_path, *type;
	struct option_list allow_global, certificate_chain, exclude, format, ignore_path;
	struct option_list key, limit, report, signature, timestamp_chain, operands;
	uint64_t jobs, shard_size;
	bool all, allow_empty, allow_symlinks, check, digests, follow_links, help;
	bool ignore_missing, ignore_unsigned, json, man, markdown, minisign, no_cache;
	bool no_passphrase, quiet, stats, status, strict, tag, tensors, version, warn, zero;
};

enum option_type {
	OPTION_FLAG,	/* bool: takes no value */
	OPTION_TEXT,	/* const char * */
	OPTION_LIST,	/* struct option_list: may be repeated */
	OPTION_NUMBER,	/* uint64_t, decimal, at most `max` */
	OPTION_CHOICE	/* const char *: one of `choices` */
};

/* What the shell can complete a value with. */
enum option_fill { FILL_NONE, FILL_FILE, FILL_CHOICES, FILL_LOADERS, FILL_LIMITS,
		   FILL_FORMATS, FILL_ALGORITHMS, FILL_PRESETS };

struct option_info {
	const char *name;	/* without the two dashes */
	char letter;		/* short form; 0: none */
	enum option_type type;
	size_t field;		/* offset in struct options */
	unsigned commands;	/* mask of enum command_bit */
	const char *value;	/* what --help calls the value; flags: NULL */
	const char *choices;	/* OPTION_CHOICE: "auto|always|never" */
	uint64_t max;		/* OPTION_NUMBER */
	const char *env;	/* environment variable that sets it, or NULL */
	enum option_fill fill;
	bool is_hidden;		/* works, but is not shown */
	const char *help;	/* sentences without line breaks */
};

enum command_bit {
	ON_NONE = 1 << 0,	/* no command: the program itself */
	ON_CHECK = 1 << 1,
	ON_SCAN = 1 << 2,
	ON_HASH = 1 << 3,
	ON_INSPECT = 1 << 4,
	ON_RULES = 1 << 5,
	ON_HELP = 1 << 6,
	ON_COMPLETION = 1 << 7,
	ON_TRACE = 1 << 8,
	ON_POLICY = 1 << 9,
	ON_KEY = 1 << 10,
	ON_VERIFY = 1 << 11,
	ON_SIGN = 1 << 12,
	ON_DIFF = 1 << 13
};

struct command_example {
	const char *line;	/* what to type */
	const char *what;	/* what it does */
};

struct command_info {
	const char *name;
	unsigned bit;
	const char *operands;		/* "PATH..." */
	size_t min_operands, max_operands;
	const char *operand_words;	/* what the first may be: "bash|zsh|fish", or NULL */
	const char *summary;		/* one line */
	const char *about;		/* paragraphs, separated by a line break */
	const struct command_example *examples;	/* ends with line == NULL */
	int (*run)(const struct options *options);	/* returns the exit code */
	bool is_hidden;
};

/* Two options that contradict each other; or `b` NULL: a needs `needs`. */
struct option_rule {
	const char *a, *b, *needs;
	unsigned commands;
	const char *why;	/* the rest of the sentence */
};

extern const struct command_info cli_commands[];	/* ends with name == NULL */
extern const struct option_info cli_options[];		/* ends with name == NULL */
extern const struct option_rule cli_option_rules[];	/* ends with a == NULL */

/* The command of that name; NULL: none. */
const struct command_info *cli_command(const char *name);

/*
 * Parses the words after the command's name (command NULL: the program's own
 * options, up to the first word without a dash; *n_used says how many words were
 * taken).  False: a sentence was printed on stderr and the exit code is 4.
 */
bool options_parse(struct options *options, const struct command_info *command,
		   int argc, char **argv, int *n_used);
void options_free(struct options *options);

/* Appends to a list; false: out of memory, which was said on stderr. */
bool option_list_add(struct option_list *list, const char *item);

/* The entry of a NULL-terminated list nearest to a mistyped word; NULL: none. */
const char *nearest_word(const char *word, const char *const *words);

/* Prints where to read what the command takes; NULL: which commands there are. */
void usage_hint(const struct command_info *command);

/* Fails with "usage" and a sentence, and prints the hint; returns 4. */
int usage_error(const struct command_info *command, const char *fmt, ...)
	CLI_PRINTF(2, 3);

#endif
