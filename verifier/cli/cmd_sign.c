/* SPDX-License-Identifier: Apache-2.0 */
/* sign: whom it is signed by, which files it writes, what was signed. */
#include <stdio.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/json.h"
#include "verifier/cli/names.h"
#include "verifier/cli/output.h"
#include "verifier/cli/passphrase.h"
#include "verifier/cli/terminal.h"

struct sign_run {
	const struct options *options;
	struct json json;
};

static void print_text(const struct steelyard_signed *row)
{
	char name[4096];

	stdout_printf("%s: %s over %llu %s, %llu bytes", name_quoted(row->path, name, sizeof(name)),
		      row->key_kind ? "signature" : "list", (unsigned long long)row->n_files,
		      row->n_files == 1 ? "file" : "files", (unsigned long long)row->n_bytes);
	if (row->key_kind)
		stdout_printf(" (%s, %s key %.16s)", row->format, row->key_kind, row->key_id);
	if (row->n_cached > 0)
		stdout_printf("; not read again: %llu", (unsigned long long)row->n_cached);
	stdout_text("\n");
}

/* Nothing is written before there is something: a failure writes its own document. */
static void open_list(struct sign_run *run)
{
	if (!run->json.depth)
		json_open(&run->json, NULL, '[');
}

static void print_json(struct sign_run *run, const struct steelyard_signed *row)
{
	struct json *json = &run->json;

	open_list(run);
	json_open(json, NULL, '{');
	json_path(json, "file", row->path);
	json_text(json, "kind", row->format);
	if (row->key_kind) {
		json_text(json, "algorithm", row->key_kind);
		json_text(json, "key", row->key_id);
	}
	json_number(json, "files", row->n_files);
	json_number(json, "bytes", row->n_bytes);
	json_number(json, "files_from_cache", row->n_cached);
	json_close(json, '}');
}

static void print(void *user, const struct steelyard_signed *row)
{
	struct sign_run *run = user;

	if (run->options->json)
		print_json(run, row);
	else if (!run->options->quiet)
		print_text(row);
}

static int sign(struct sign_run *run, struct steelyard_session *session,
		const struct passphrase_source *passphrase)
{
	const struct options *options = run->options;
	struct progress progress = { 0 };
	const struct steelyard_sign_options how = {
		.size = sizeof(how), .path = options->operands.items[0],
		.key = options->key.n ? options->key.items[0] : NULL,
		.passphrase = passphrase->given, .certificate = options->certificate,
		.certificate_chain = options->certificate_chain.items,
		.n_certificate_chain = options->certificate_chain.n,
		.formats = options->format.items, .n_formats = options->format.n,
		.signatures = options->signature.items, .n_signatures = options->signature.n,
		.algorithm = options->algorithms, .shard_size = options->shard_size,
		.ignore_paths = options->ignore_path.items,
		.n_ignore_paths = options->ignore_path.n,
		.cache = options->no_cache ? NULL : options->cache,
		.allow_symlinks = options->allow_symlinks, .jobs = (unsigned)options->jobs,
		.progress = progress_update, .progress_user = &progress,
	};
	int result;

	progress_start(&progress, options->quiet);
	result = steelyard_sign(session, &how, print, run);
	progress_end(&progress);
	if (options->json && !result)
		open_list(run);
	if (run->json.depth)
		json_close(&run->json, ']');
	return result;
}

int cmd_sign(const struct options *options)
{
	const struct command_info *command = cli_command("sign");
	struct sign_run run = { .options = options };
	struct passphrase_source passphrase;
	struct steelyard_session *session;
	int code;

	if (options->key.n > 1)
		return usage_error(command, "sign takes one --key");
	if (!passphrase_source(options, command, &passphrase))
		return STEELYARD_USAGE;
	session = cli_session_start(options, command, &code);
	if (!session)
		return code;
	code = STEELYARD_CLEAN;
	if (sign(&run, session, &passphrase))
		code = cli_failed(session, command);
	cli_session_end(&session);
	return stdout_finish(code);
}
