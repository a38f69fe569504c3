/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash --tensors: the digests of every tensor of a model, and of the model.  Exit
 * status 2 when one of them could not be made: half a list looks like a whole one.
 */
#include <stdio.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

static const char *hex_text(const uint8_t *digest, char hex[65])
{
	for (size_t i = 0; digest && i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (!digest)
		snprintf(hex, 65, "%-64s", "-");
	return hex;
}

static void print_tensor(const char *path, const struct steelyard_tensor *tensor)
{
	char digest[65], raw[65], name[4 * 1024], shown[4096];

	stdout_printf("tensor  %s  %s  %s:%s%s\n", hex_text(tensor->tensor_digest, digest),
		      hex_text(tensor->raw_digest, raw),
		      steelyard_escape(path, shown, sizeof(shown)),
		      steelyard_escape_bytes(tensor->name, tensor->name_len, name,
					     sizeof(name)),
		      tensor->is_derived ? "  (derived)" : "");
}

/* True when the model has its digests. */
static bool print_model(const struct steelyard_report *report, const char *path)
{
	struct steelyard_model model;
	char hex[65], shown[4096], why[1024];

	steelyard_escape(path, shown, sizeof(shown));
	if (!steelyard_report_model(report, &model) || !model.model_digest) {
		say("%s has no model digest: %s", shown,
		    steelyard_escape(model.why, why, sizeof(why)));
		return false;
	}
	stdout_printf("model  %s  %s\n", hex_text(model.model_digest, hex), shown);
	stdout_printf("nameless  %s  %s\n", hex_text(model.nameless_digest, hex), shown);
	return true;
}

static bool print_text(const struct steelyard_report *report, const char *path)
{
	struct steelyard_artifact artifact;
	struct steelyard_tensor tensor;

	for (size_t at = 0; steelyard_report_artifact(report, at, &artifact); at++) {
		for (size_t i = 0; steelyard_report_tensor(report, at, i, &tensor); i++)
			print_tensor(artifact.path, &tensor);
	}
	return print_model(report, path);
}

static int show(const struct options *options, const struct steelyard_report *report,
		const char *path)
{
	const struct steelyard_write_options how = { .size = sizeof(how) };
	struct steelyard_model model;
	bool is_whole;

	if (!options->json) {
		is_whole = print_text(report, path);
	} else {
		is_whole = !steelyard_report_write(report, "json", &how, stdout_write, NULL) &&
			   steelyard_report_model(report, &model) && model.model_digest;
	}
	return is_whole ? STEELYARD_CLEAN : STEELYARD_UNDETERMINED;
}

static int hash_one(struct steelyard_session *session, const struct options *options,
		    const struct command_info *command, const char *path)
{
	struct steelyard_check_options check = {
		.size = sizeof(check), .ask = STEELYARD_ASK_INSPECT,
		.paths = &path, .n_paths = 1, .worker = options->worker,
		.sandbox = options->sandbox, .jobs = (unsigned)options->jobs,
		.follow_links = options->follow_links, .tensor_digests = true,
	};
	struct steelyard_report *report = NULL;
	int code;

	if (steelyard_check(session, &check, &report))
		return cli_failed(session, command);
	code = show(options, report, path);
	steelyard_report_free(&report);
	return code;
}

int cmd_hash_tensors(const struct options *options)
{
	const struct command_info *command = cli_command("hash");
	int code = STEELYARD_CLEAN;
	struct steelyard_session *session;

	if (options->json && options->operands.n != 1)
		return usage_error(command, "--tensors with --json takes one PATH");
	session = cli_session_start(options, command, &code);
	if (!session)
		return code;
	code = STEELYARD_CLEAN;
	for (size_t i = 0; i < options->operands.n && !cli_is_interrupted(); i++)
		code = exit_worse(code, hash_one(session, options, command,
						 options->operands.items[i]));
	cli_session_end(&session);
	return stdout_finish(code);
}
