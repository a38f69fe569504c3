/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses a command line by the table.  Every refusal is one sentence that names
 * the word, with the nearest known one where there is one.  It opens nothing.
 */
#include "verifier/cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/cli/failure.h"
#include "verifier/cli/terminal.h"
#include "verifier/include/steelyard.h"

#define N_OPTIONS_MAX 128
#define WORD_MAX 40	/* longer words are no misspelling of ours */

struct parser {
	struct options *options;
	const struct command_info *command;
	unsigned bit;
	int argc, at;
	char **argv;
	bool seen[N_OPTIONS_MAX];	/* by index in cli_options */
};

const struct command_info *cli_command(const char *name)
{
	for (const struct command_info *c = cli_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

void usage_hint(const struct command_info *command)
{
	if (command)
		say("'steelyard %s --help' shows what it takes", command->name);
	else
		say("'steelyard --help' shows the commands");
}

int usage_error(const struct command_info *command, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail_with("usage", text);
	usage_hint(command);
	return STEELYARD_USAGE;
}

bool option_list_add(struct option_list *list, const char *item)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 8;
		const char **items = reallocarray(list->items, cap, sizeof(*items));

		if (!items) {
			say("out of memory for the command line");
			return false;
		}
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = item;
	return true;
}

void options_free(struct options *options)
{
	free(options->allow_global.items);
	free(options->certificate_chain.items);
	free(options->exclude.items);
	free(options->format.items);
	free(options->ignore_path.items);
	free(options->key.items);
	free(options->limit.items);
	free(options->report.items);
	free(options->signature.items);
	free(options->timestamp_chain.items);
	free(options->operands.items);
	memset(options, 0, sizeof(*options));
}

/*
 * Edit distance with swaps of neighbours (optimal string alignment), three rows
 * at a time.
 */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], len_a = strlen(a), len_b = strlen(b);

	if (len_a > WORD_MAX || len_b > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *now = rows[i % 3], *last = rows[(i + 2) % 3];

		now[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (best > last[j] + 1)
				best = last[j] + 1;
			if (best > now[j - 1] + 1)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && best > rows[(i + 1) % 3][j - 2] + 1)
				best = rows[(i + 1) % 3][j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[len_a % 3][len_b];
}

/* The closer of best and word to `typed`; words too far away do not count. */
static const char *nearer(const char *typed, const char *best, const char *word)
{
	size_t d = distance(typed, word), len = strlen(typed);

	if (len >= 3 && !strncmp(typed, word, len))
		d = 1;
	if (d == SIZE_MAX || d > (len + 2) / 3)
		return best;
	return !best || d < distance(typed, best) ? word : best;
}

const char *nearest_word(const char *word, const char *const *words)
{
	const char *best = NULL;

	for (; *words; words++)
		best = nearer(word, best, *words);
	return best;
}

static void *field_of(struct parser *p, const struct option_info *info)
{
	return (char *)p->options + info->field;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = choices; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (!strncmp(at, value, len) && (at[len] == '|' || !at[len]))
			return len > 0;
	}
	return false;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > max)
			return false;
	}
	*value = n;
	return true;
}

/* `from` is how the user wrote it: "--jobs" or "STEELYARD_JOBS". */
static bool store(struct parser *p, const struct option_info *info,
		  const char *from, const char *value)
{
	void *field = field_of(p, info);

	switch (info->type) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return true;
	case OPTION_LIST:
		return option_list_add(field, value);
	case OPTION_NUMBER:
		if (parse_number(value, info->max, field))
			return true;
		usage_error(p->command, "%s takes a number from 0 to %llu, not '%s'",
			    from, (unsigned long long)info->max, value);
		return false;
	case OPTION_CHOICE:
		if (!is_choice(info->choices, value)) {
			usage_error(p->command, "%s takes one of %s, not '%s'",
				    from, info->choices, value);
			return false;
		}
		*(const char **)field = value;
		return true;
	case OPTION_TEXT:
		*(const char **)field = value;
		return true;
	}
	return false;
}

static bool store_once(struct parser *p, const struct option_info *info,
		       const char *from, const char *value)
{
	bool *seen = &p->seen[info - cli_options];

	if (*seen && info->type != OPTION_LIST && info->type != OPTION_FLAG) {
		usage_error(p->command, "%s is given twice", from);
		return false;
	}
	if (value && !*value) {
		usage_error(p->command, "%s needs a value", from);
		return false;
	}
	*seen = true;
	return store(p, info, from, value);
}

static bool unknown_option(struct parser *p, const char *word, size_t len)
{
	char name[WORD_MAX + 1] = "";
	const char *best = NULL;

	if (len <= WORD_MAX)
		memcpy(name, word, len);
	for (const struct option_info *o = cli_options; *name && o->name; o++)
		if ((o->commands & p->bit) && !o->is_hidden)
			best = nearer(name, best, o->name);
	if (best)
		usage_error(p->command, "there is no option '--%.*s'; did you mean '--%s'?",
			    (int)(len < 200 ? len : 200), word, best);
	else
		usage_error(p->command, "there is no option '--%.*s'",
			    (int)(len < 200 ? len : 200), word);
	return false;
}

/* The value: behind the equals sign, or the next word. */
static const char *value_of(struct parser *p, const char *given)
{
	if (given)
		return given;
	return p->at < p->argc ? p->argv[p->at++] : NULL;
}

static bool parse_long(struct parser *p, const char *word)
{
	size_t len = strcspn(word, "=");
	const char *given = word[len] ? word + len + 1 : NULL;
	char from[WORD_MAX + 3];

	for (const struct option_info *o = cli_options; o->name; o++) {
		if (!(o->commands & p->bit) || strlen(o->name) != len ||
		    strncmp(o->name, word, len) != 0)
			continue;
		snprintf(from, sizeof(from), "--%s", o->name);
		if (o->type == OPTION_FLAG && given) {
			usage_error(p->command, "%s takes no value", from);
			return false;
		}
		if (o->type != OPTION_FLAG && !(given = value_of(p, given))) {
			usage_error(p->command, "%s needs a value", from);
			return false;
		}
		return store_once(p, o, from, given);
	}
	return unknown_option(p, word, len);
}

/* A cluster "-qz", where the last letter may take a value: "-qa sha512". */
static bool parse_short(struct parser *p, const char *letters)
{
	while (*letters) {
		const struct option_info *o = cli_options;
		char from[3] = { '-', *letters, 0 };
		const char *given = NULL;

		while (o->name && (!(o->commands & p->bit) || o->letter != *letters))
			o++;
		if (!o->name) {
			usage_error(p->command, "there is no option '-%s'", letters);
			return false;
		}
		letters++;
		if (o->type != OPTION_FLAG) {
			given = value_of(p, *letters ? letters : NULL);
			if (!given) {
				usage_error(p->command, "%s needs a value", from);
				return false;
			}
			letters = "";
		}
		if (!store_once(p, o, from, given))
			return false;
	}
	return true;
}

static bool parse_environment(struct parser *p)
{
	for (const struct option_info *o = cli_options; o->name; o++) {
		const char *value = o->env ? getenv(o->env) : NULL;

		if (!value || !*value || !(o->commands & p->bit) ||
		    p->seen[o - cli_options])
			continue;
		if (!store(p, o, o->env, value))
			return false;
	}
	return true;
}

static bool is_seen(const struct parser *p, const char *name)
{
	for (const struct option_info *o = cli_options; o->name; o++)
		if ((o->commands & p->bit) && !strcmp(o->name, name))
			return p->seen[o - cli_options];
	return false;
}

static bool obey_rules(struct parser *p)
{
	for (const struct option_rule *r = cli_option_rules; r->a; r++) {
		if (!(r->commands & p->bit) || !is_seen(p, r->a))
			continue;
		if (r->needs && !is_seen(p, r->needs)) {
			usage_error(p->command, "--%s %s", r->a, r->why);
			return false;
		}
		if (r->b && is_seen(p, r->b)) {
			usage_error(p->command, "--%s and --%s contradict each other: %s",
				    r->a, r->b, r->why);
			return false;
		}
	}
	return true;
}

static bool count_operands(struct parser *p)
{
	size_t n = p->options->operands.n;

	if (p->options->help)
		return true;
	if (n < p->command->min_operands) {
		usage_error(p->command, "%s needs %s", p->command->name,
			    p->command->operands);
		return false;
	}
	if (n > p->command->max_operands) {
		usage_error(p->command, "%s takes no more than %zu operand: '%s' is left over",
			    p->command->name, p->command->max_operands,
			    p->options->operands.items[p->command->max_operands]);
		return false;
	}
	return true;
}

/* One word: an option, or an operand.  *ended: no options from here on. */
static bool parse_word(struct parser *p, char *word, bool *ended)
{
	if (!word[0]) {
		usage_error(p->command, "an empty word is no path");
		return false;
	}
	if (*ended || word[0] != '-' || !word[1])
		return option_list_add(&p->options->operands, word);
	if (word[1] != '-')
		return parse_short(p, word + 1);
	if (!word[2]) {
		*ended = true;
		return true;
	}
	return parse_long(p, word + 2);
}

bool options_parse(struct options *options, const struct command_info *command,
		   int argc, char **argv, int *n_used)
{
	struct parser p = { .options = options, .command = command, .argc = argc,
			    .argv = argv, .bit = command ? command->bit : ON_NONE };
	bool ended = false;

	*n_used = 0;
	while (p.at < argc) {
		char *word = argv[p.at];

		if (!command && word[0] != '-')
			break;
		p.at++;
		if (!parse_word(&p, word, &ended))
			return false;
	}
	*n_used = p.at;
	if (!parse_environment(&p) || !obey_rules(&p))
		return false;
	return !command || count_operands(&p);
}
