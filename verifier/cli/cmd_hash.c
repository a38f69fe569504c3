/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash: digests of files and of every file below a directory.  The algorithms
 * and the reading are the library's.
 */
#include <stdlib.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/json.h"
#include "verifier/cli/names.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

struct printing {
	const struct options *options;
	bool is_tagged;
	struct json json;
	char *path;		/* JSON: whose digests are being written */
};

static void print_line(const struct printing *p, const struct steelyard_digest *d)
{
	bool is_escaped = !p->options->zero && name_needs_escape(d->path);
	char tag[32];

	if (is_escaped)
		stdout_text("\\");
	if (p->is_tagged) {
		stdout_printf("%s (", algorithm_tag(d->algorithm, tag, sizeof(tag)));
		name_print(d->path, is_escaped);
		stdout_printf(") = %s", d->hex);
	} else {
		stdout_printf("%s  ", d->hex);
		name_print(d->path, is_escaped);
	}
	stdout_bytes(p->options->zero ? "" : "\n", 1);
}

static void json_end_file(struct printing *p)
{
	if (!p->path)
		return;
	json_close(&p->json, '}');
	json_close(&p->json, '}');
	free(p->path);
	p->path = NULL;
}

/* Nothing is written before there is something: a failure writes its own document. */
static void json_begin(struct printing *p)
{
	if (p->json.depth)
		return;
	json_open(&p->json, NULL, '{');
	json_text(&p->json, "schema", "steelyard-digests/1");
	json_open(&p->json, "files", '[');
}

static void json_file(struct printing *p, const struct steelyard_digest *d)
{
	json_begin(p);
	if (!d->hex) {
		json_end_file(p);
		json_open(&p->json, NULL, '{');
		json_path(&p->json, "path", d->path);
		json_text(&p->json, "error", d->error ? d->error : "unreadable");
		json_close(&p->json, '}');
		return;
	}
	if (!p->path || strcmp(p->path, d->path) != 0) {
		json_end_file(p);
		p->path = strdup(d->path);
		json_open(&p->json, NULL, '{');
		json_path(&p->json, "path", d->path);
		json_number(&p->json, "size", d->bytes);
		json_open(&p->json, "digests", '{');
	}
	json_text(&p->json, d->algorithm, d->hex);
}

static void each_digest(void *user, const struct steelyard_digest *d)
{
	struct printing *p = user;
	char name[4096];

	if (!d->hex)
		say("%s: %s", name_quoted(d->path, name, sizeof(name)),
		    d->error ? d->error : "unreadable");
	if (p->options->json)
		json_file(p, d);
	else if (d->hex)
		print_line(p, d);
}

/* Every name of "sha256,sha512" is known, and none stands twice. */
static bool check_algorithms(const struct command_info *command, const char *list)
{
	char name[32], seen[8][32];
	size_t n = 0, len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (!len || len >= sizeof(name) || n == 8 || (list[len] && !list[len + 1])) {
			usage_error(command, "--algorithm takes NAME[,NAME...], not '%s'", list);
			return false;
		}
		memcpy(name, list, len);
		name[len] = 0;
		if (!cli_known_word(command, "--algorithm", name, cli_algorithm_at))
			return false;
		for (size_t i = 0; i < n; i++) {
			if (strcmp(seen[i], name) != 0)
				continue;
			usage_error(command, "--algorithm names '%s' twice", name);
			return false;
		}
		memcpy(seen[n++], name, sizeof(name));
	}
	return true;
}

static int print_digests(struct steelyard_session *session,
			 const struct command_info *command, struct printing *p,
			 struct steelyard_hash_options *hash)
{
	int result;

	result = steelyard_hash(session, hash, each_digest, p);
	if (result < 0)
		return cli_failed(session, command);
	if (p->options->json) {
		json_begin(p);
		json_end_file(p);
		json_close(&p->json, ']');
		json_close(&p->json, '}');
	}
	return stdout_finish(result ? STEELYARD_UNDETERMINED : STEELYARD_CLEAN);
}

static int hash_paths(const struct options *options,
		      const struct command_info *command)
{
	struct progress progress = { 0 };
	struct printing printing = {
		.options = options,
		.is_tagged = options->tag ||
			     (options->algorithms && strchr(options->algorithms, ',')),
	};
	struct steelyard_hash_options hash = {
		.size = sizeof(hash), .paths = options->operands.items,
		.n_paths = options->operands.n, .algorithms = options->algorithms,
		.jobs = (unsigned)options->jobs, .follow_links = options->follow_links,
		.progress = progress_update, .progress_user = &progress,
	};
	int code;
	struct steelyard_session *session = cli_session_start(options, command, &code);

	if (!session)
		return code;
	progress_start(&progress, false);
	code = print_digests(session, command, &printing, &hash);
	progress_end(&progress);
	cli_session_end(&session);
	return code;
}

int cmd_hash(const struct options *options)
{
	const struct command_info *command = cli_command("hash");

	if (options->algorithms && !check_algorithms(command, options->algorithms))
		return STEELYARD_USAGE;
	if (options->check && options->algorithms && strchr(options->algorithms, ','))
		return usage_error(command, "-c takes one algorithm");
	if (options->check)
		return cmd_hash_check(options);
	if (!options->operands.n)
		return usage_error(command, "hash needs a PATH");
	if (options->tensors)
		return cmd_hash_tensors(options);
	return hash_paths(options, command);
}
