/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash -c: compares files with lists of digests.  Lines, warnings and exit codes
 * are those of sha256sum -c (coreutils 9), so that one can stand for the other.
 */
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/names.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

#define FAILED 1	/* of sha256sum */

struct comparing {
	const struct options *options;
	const char *list;	/* quoted, for sentences */
	const char *tag;	/* "SHA256" */
	uint64_t n_ok, n_failed, n_unreadable;
};

static void print_row(const char *path, const char *word)
{
	bool is_escaped = strchr(path, '\n');	/* for these lines, newlines only */

	if (is_escaped)
		stdout_text("\\");
	name_print(path, is_escaped);
	stdout_printf(": %s\n", word);
}

static void row_unreadable(struct comparing *c, const struct steelyard_list_row *row)
{
	char name[4096];

	c->n_unreadable++;
	say("%s: %s", name_quoted(row->path, name, sizeof(name)),
	    row->error ? row->error : "unreadable");
	if (!c->options->status)
		print_row(row->path, "FAILED open or read");
}

static void each_row(void *user, const struct steelyard_list_row *row)
{
	struct comparing *c = user;

	switch (row->state) {
	case STEELYARD_LIST_OK:
		c->n_ok++;
		if (!c->options->status && !c->options->quiet)
			print_row(row->path, "OK");
		return;
	case STEELYARD_LIST_FAILED:
		c->n_failed++;
		if (!c->options->status)
			print_row(row->path, "FAILED");
		return;
	case STEELYARD_LIST_MISSING:
		if (!c->options->ignore_missing)
			row_unreadable(c, row);
		return;
	case STEELYARD_LIST_UNREADABLE:
		row_unreadable(c, row);
		return;
	case STEELYARD_LIST_MALFORMED:
		if (c->options->warn)
			say("%s: %llu: improperly formatted %s checksum line", c->list,
			    (unsigned long long)row->line, c->tag);
		return;
	}
}

static void warn_count(uint64_t n, const char *one, const char *many)
{
	if (n)
		say("WARNING: %llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static int conclude(const struct comparing *c,
		    const struct steelyard_list_counts *counts)
{
	const struct options *options = c->options;
	uint64_t n_malformed = counts->n_malformed_lines;

	if (!(c->n_ok + c->n_failed + c->n_unreadable + counts->n_missing)) {
		say("%s: no properly formatted checksum lines found", c->list);
		return FAILED;
	}
	if (!options->status) {
		warn_count(n_malformed, "line is improperly formatted",
			   "lines are improperly formatted");
		warn_count(c->n_unreadable, "listed file could not be read",
			   "listed files could not be read");
		warn_count(c->n_failed, "computed checksum did NOT match",
			   "computed checksums did NOT match");
		if (options->ignore_missing && !c->n_ok && !c->n_failed)
			say("%s: no file was verified", c->list);
	}
	return c->n_failed || c->n_unreadable || !c->n_ok ||
	       (options->strict && n_malformed) ? FAILED : STEELYARD_CLEAN;
}

static int compare_list(struct steelyard_session *session,
			const struct options *options, const char *path)
{
	char quoted[4096], tag[32];
	struct steelyard_list_counts counts = { 0 };
	struct comparing c = { .options = options };
	const struct steelyard_list_options list = {
		.size = sizeof(list), .path = path, .algorithm = options->algorithms,
		.jobs = (unsigned)options->jobs, .ignore_missing = options->ignore_missing,
	};

	c.list = name_quoted(strcmp(path, "-") ? path : "standard input", quoted,
			     sizeof(quoted));
	c.tag = algorithm_tag(options->algorithms ? options->algorithms : "sha256",
			      tag, sizeof(tag));
	if (steelyard_check_list(session, &list, each_row, &c, &counts)) {
		(void)cli_failed(session, cli_command("hash"));
		return FAILED;
	}
	return conclude(&c, &counts);
}

int cmd_hash_check(const struct options *options)
{
	const struct option_list *lists = &options->operands;
	int code, each;
	struct steelyard_session *session;

	session = cli_session_start(options, cli_command("hash"), &code);
	if (!session)
		return code;
	code = lists->n ? STEELYARD_CLEAN : compare_list(session, options, "-");
	for (size_t i = 0; i < lists->n; i++) {
		each = compare_list(session, options, lists->items[i]);
		code = exit_worse(code, each);
	}
	cli_session_end(&session);
	return stdout_finish(code);
}
