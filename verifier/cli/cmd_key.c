/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key: makes keys and shows what is public about them.  Nothing secret is ever
 * printed, and no file is written over.
 */
#include <stdio.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/json.h"
#include "verifier/cli/names.h"
#include "verifier/cli/output.h"
#include "verifier/cli/passphrase.h"
#include "verifier/cli/terminal.h"

struct key_run {
	const struct options *options;
	const struct command_info *command;
	struct steelyard_session *session;
	struct passphrase_source passphrase;
	const char *path;
};

static void print_json(const char *path, const char *public_path,
		       const struct steelyard_key_info *info)
{
	struct json json = { 0 };

	json_open(&json, NULL, '{');
	json_text(&json, "schema", "steelyard-key/1");
	json_path(&json, "path", path);
	if (public_path)
		json_path(&json, "public_path", public_path);
	json_text(&json, "type", info->kind);
	json_bool(&json, "private", info->is_private);
	json_text(&json, "id", info->id);
	json_text(&json, "hint", info->hint);
	if (info->number)
		json_text(&json, "number", info->number);
	json_close(&json, '}');
}

static void print_names(const struct steelyard_key_info *info)
{
	stdout_printf("type    %s\nid      %s\nhint    %s\n", info->kind, info->id,
		      info->hint);
	if (info->number)
		stdout_printf("number  %s\n", info->number);
}

static int print_id(const struct key_run *run, const struct steelyard_key *key)
{
	struct steelyard_key_info info;

	steelyard_key_info(key, &info);
	if (run->options->json)
		print_json(run->path, NULL, &info);
	else
		print_names(&info);
	return stdout_finish(STEELYARD_CLEAN);
}

static int print_public(const struct key_run *run, const struct steelyard_key *key)
{
	if (steelyard_key_write(run->session, key, run->options->minisign, stdout_write, NULL))
		return stdout_finish(cli_failed(run->session, run->command));
	return stdout_finish(STEELYARD_CLEAN);
}

static int with_key(const struct key_run *run,
		    int (*print)(const struct key_run *run, const struct steelyard_key *key))
{
	struct steelyard_key *key;
	int code;

	if (steelyard_key_read(run->session, run->path, &run->passphrase.given, &key))
		return cli_failed(run->session, run->command);
	code = print(run, key);
	steelyard_key_free(&key);
	return code;
}

static void print_made(const struct key_run *run, const struct steelyard_key_info *info)
{
	char public_path[4096], name[4096];

	if (run->options->public_path)
		snprintf(public_path, sizeof(public_path), "%s", run->options->public_path);
	else
		snprintf(public_path, sizeof(public_path), "%s.pub", run->path);
	if (run->options->json) {
		print_json(run->path, public_path, info);
		return;
	}
	stdout_printf("%s holds the private key%s\n",
		      name_quoted(run->path, name, sizeof(name)),
		      run->options->no_passphrase ? ", unencrypted" : "");
	stdout_printf("%s holds the public key\n",
		      name_quoted(public_path, name, sizeof(name)));
	print_names(info);
}

static int run_generate(const struct key_run *run)
{
	const struct steelyard_generate_options options = {
		.size = sizeof(options), .path = run->path,
		.public_path = run->options->public_path, .kind = run->options->type,
		.is_minisign = run->options->minisign,
		.is_unencrypted = run->options->no_passphrase,
		.passphrase = run->passphrase.given,
	};
	struct steelyard_key_info info;
	struct steelyard_key *key;

	if (steelyard_key_generate(run->session, &options, &key))
		return cli_failed(run->session, run->command);
	steelyard_key_info(key, &info);
	print_made(run, &info);
	steelyard_key_free(&key);
	return stdout_finish(STEELYARD_CLEAN);
}

static int run_public(const struct key_run *run)
{
	return with_key(run, print_public);
}

static int run_id(const struct key_run *run)
{
	return with_key(run, print_id);
}

static const struct action {
	const char *name;
	int (*run)(const struct key_run *run);
	bool makes_keys, takes_minisign, takes_json;
} actions[] = {
	{ "generate", run_generate, true, true, true },
	{ "id", run_id, false, false, true },
	{ "public", run_public, false, true, false },
};

static const char *action_at(size_t i)
{
	return i < sizeof(actions) / sizeof(actions[0]) ? actions[i].name : NULL;
}

/* An option that the action would pass over in silence; NULL: none. */
static const char *useless_option(const struct action *action, const struct options *options)
{
	if (!action->makes_keys && options->type)
		return "--type";
	if (!action->makes_keys && options->no_passphrase)
		return "--no-passphrase";
	if (!action->makes_keys && options->public_path)
		return "--public";
	if (!action->takes_minisign && options->minisign)
		return "--minisign";
	if (!action->takes_json && options->json)
		return "--json";
	return NULL;
}

static int run_action(const struct action *action, struct key_run *run)
{
	const char *useless = useless_option(action, run->options);
	int code;

	if (useless)
		return usage_error(run->command, "%s means nothing to 'key %s'", useless,
				   action->name);
	if (!passphrase_source(run->options, run->command, &run->passphrase))
		return STEELYARD_USAGE;
	run->session = cli_session_start(run->options, run->command, &code);
	if (!run->session)
		return code;
	code = action->run(run);
	cli_session_end(&run->session);
	return code;
}

int cmd_key(const struct options *options)
{
	struct key_run run = { .options = options, .command = cli_command("key") };
	const char *name = options->operands.items[0];

	if (!cli_known_word(run.command, "key", name, action_at))
		return STEELYARD_USAGE;
	run.path = options->operands.items[1];
	for (size_t i = 0; action_at(i); i++)
		if (!strcmp(actions[i].name, name))
			return run_action(&actions[i], &run);
	return STEELYARD_USAGE;
}
