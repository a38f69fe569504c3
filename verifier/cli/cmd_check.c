/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check, scan and verify: what to examine, where the reports go, which code to leave
 * with.  The judging is the library's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

#define NAMES_MAX ((size_t)1 << 30)	/* bytes of one --files-from0 list */

struct report_target {
	char format[32];
	const char *file;	/* "-": stdout */
};

static bool read_all(FILE *in, char **text, size_t *len)
{
	size_t cap = 0, n;

	do {
		if (cap - *len < 65536) {
			size_t more = 2 * cap + 131072;
			char *grown = cap < NAMES_MAX ? realloc(*text, more) : NULL;

			if (!grown)
				return false;
			*text = grown;
			cap = more;
		}
		n = fread(*text + *len, 1, cap - *len - 1, in);
		*len += n;
	} while (n);
	(*text)[*len] = 0;
	return !ferror(in);
}

static bool split_names(const struct command_info *command, const char *text,
			size_t len, struct option_list *paths)
{
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		if (!text[at]) {
			usage_error(command, "--files-from0: name %zu of the list is empty",
				    paths->n + 1);
			return false;
		}
		if (!option_list_add(paths, text + at))
			return false;
	}
	return true;
}

/* Adds the names of --files-from0; *text holds them and is the caller's. */
static bool read_names(const struct command_info *command, const char *file,
		       char **text, struct option_list *paths)
{
	bool is_stdin = !strcmp(file, "-"), ok;
	FILE *in = is_stdin ? stdin : fopen(file, "rbe");
	size_t len = 0;

	if (!in) {
		usage_error(command, "--files-from0: cannot open %s: %s", file, strerror(errno));
		return false;
	}
	ok = read_all(in, text, &len);
	if (!ok)
		usage_error(command, "--files-from0: cannot read %s", file);
	if (!is_stdin)
		fclose(in);
	return ok && split_names(command, *text, len, paths);
}

static bool split_target(const struct command_info *command, const char *text,
			 struct report_target *target)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	if (!len || len >= sizeof(target->format) || !equals[1]) {
		usage_error(command, "--report takes FORMAT=FILE, not '%s'", text);
		return false;
	}
	memcpy(target->format, text, len);
	target->format[len] = 0;
	target->file = equals + 1;
	return cli_known_word(command, "--report", target->format, cli_report_format_at);
}

/* Every --report is well formed, no two share a file, stdout has one user. */
static bool check_targets(const struct options *options,
			  const struct command_info *command)
{
	struct report_target a, b;

	for (size_t i = 0; i < options->report.n; i++) {
		if (!split_target(command, options->report.items[i], &a))
			return false;
		if (!strcmp(a.file, "-") && options->json) {
			usage_error(command, "--json and --report %s=- both want standard output",
				    a.format);
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (!split_target(command, options->report.items[j], &b))
				return false;
			if (strcmp(a.file, b.file) != 0)
				continue;
			usage_error(command, "two reports want to be written to %s", a.file);
			return false;
		}
	}
	return true;
}

static bool check_options(const struct options *options,
			  const struct command_info *command)
{
	bool reads_stdin = options->files_from0 && !strcmp(options->files_from0, "-");

	if (!options->operands.n && !options->files_from0) {
		usage_error(command, "%s needs a PATH", command->name);
		return false;
	}
	for (size_t i = 0; reads_stdin && i < options->operands.n; i++) {
		if (strcmp(options->operands.items[i], "-") != 0)
			continue;
		usage_error(command, "'-' and --files-from0 - both want standard input");
		return false;
	}
	if (options->loader &&
	    !cli_known_word(command, "--loader", options->loader, cli_loader_at))
		return false;
	return check_targets(options, command);
}

static int print_report(const struct steelyard_report *report, const char *format,
			const struct options *options, int code)
{
	const struct steelyard_write_options how = {
		.size = sizeof(how),
		.color = terminal_color(options->color),
		.quiet = options->quiet,
		.columns = terminal_columns(),
	};

	if (!steelyard_report_write(report, format, &how, stdout_write, NULL))
		return stdout_finish(code);
	/* Either stdout refused, which stdout_finish knows, or the writer failed. */
	if (stdout_finish(STEELYARD_CLEAN) == STEELYARD_CLEAN)
		say("the %s report could not be written", format);
	return exit_worse(code, STEELYARD_UNDETERMINED);
}

struct report_content {
	const struct steelyard_report *report;
	const char *format;
};

static int put_report(void *user, steelyard_write_fn *write, void *to)
{
	const struct steelyard_write_options how = { .size = sizeof(how) };
	const struct report_content *content = user;

	return steelyard_report_write(content->report, content->format, &how, write, to);
}

/* A report that could not be written is not a report: the code says so. */
static int write_report(struct steelyard_session *session,
			const struct steelyard_report *report,
			const struct report_target *target, int code)
{
	struct report_content content = { report, target->format };

	if (!steelyard_file_write(session, target->file, true, put_report, &content))
		return code;
	say("the report: %s", steelyard_session_error(session));
	return exit_worse(code, STEELYARD_UNDETERMINED);
}

static int write_reports(struct steelyard_session *session,
			 const struct steelyard_report *report,
			 const struct options *options,
			 const struct command_info *command)
{
	int code = steelyard_report_exit_code(report);
	const char *on_stdout = options->json ? "json" : "text";
	struct report_target target, shown;

	for (size_t i = 0; i < options->report.n; i++) {
		if (!split_target(command, options->report.items[i], &target))
			return STEELYARD_USAGE;
		if (!strcmp(target.file, "-")) {
			shown = target;
			on_stdout = shown.format;
		} else {
			code = write_report(session, report, &target, code);
		}
	}
	return print_report(report, on_stdout, options, code);
}

static int run(const struct options *options, const struct command_info *command,
	       enum steelyard_ask ask, const struct option_list *paths)
{
	struct progress progress = { 0 };
	struct steelyard_check_options check = {
		.size = sizeof(check), .ask = ask,
		.paths = paths->items, .n_paths = paths->n,
		.exclude = options->exclude.items, .n_exclude = options->exclude.n,
		.loader = options->loader, .fail_on = options->fail_on,
		.baseline = options->baseline, .worker = options->worker,
		.sandbox = options->sandbox,
		.jobs = (unsigned)options->jobs, .allow_empty = options->allow_empty,
		.follow_links = options->follow_links, .show_tensors = options->tensors,
		.tensor_digests = options->digests, .tensor_stats = options->stats,
		.allow_global = options->allow_global.items,
		.n_allow_global = options->allow_global.n,
		.policy = options->policy,
		.signatures = options->signature.items,
		.n_signatures = options->signature.n,
		.keys = options->key.items, .n_keys = options->key.n,
		.certificate_chains = options->certificate_chain.items,
		.n_certificate_chains = options->certificate_chain.n,
		.certificate_time = options->certificate_time,
		.timestamp_chains = options->timestamp_chain.items,
		.n_timestamp_chains = options->timestamp_chain.n,
		.ignore_paths = options->ignore_path.items,
		.n_ignore_paths = options->ignore_path.n,
		.ignore_unsigned = options->ignore_unsigned,
		.progress = progress_update, .progress_user = &progress,
	};
	struct steelyard_report *report = NULL;
	int code;
	struct steelyard_session *session = cli_session_start(options, command, &code);

	if (!session)
		return code;
	progress_start(&progress, options->quiet);
	if (steelyard_check(session, &check, &report)) {
		progress_end(&progress);
		code = cli_failed(session, command);
	} else {
		progress_end(&progress);
		code = write_reports(session, report, options, command);
	}
	steelyard_report_free(&report);
	cli_session_end(&session);
	return code;
}

static int check_or_scan(const struct options *options, const char *name,
			 enum steelyard_ask ask)
{
	const struct command_info *command = cli_command(name);
	struct option_list paths = { 0 };
	char *names = NULL;
	int code = STEELYARD_USAGE;
	bool ok = check_options(options, command);

	for (size_t i = 0; ok && i < options->operands.n; i++)
		ok = option_list_add(&paths, options->operands.items[i]);
	if (ok && options->files_from0)
		ok = read_names(command, options->files_from0, &names, &paths);
	if (ok)
		code = run(options, command, ask, &paths);
	free(paths.items);
	free(names);
	return code;
}

int cmd_check(const struct options *options)
{
	return check_or_scan(options, "check", STEELYARD_ASK_CHECK);
}

int cmd_scan(const struct options *options)
{
	return check_or_scan(options, "scan", STEELYARD_ASK_SCAN);
}

int cmd_verify(const struct options *options)
{
	const struct command_info *command = cli_command("verify");

	if (options->key.n + options->certificate_chain.n == 0 && !options->policy)
		return usage_error(command, "verify needs to know whom to trust: --key, "
				   "--certificate-chain or --policy");
	return check_or_scan(options, "verify", STEELYARD_ASK_VERIFY);
}
