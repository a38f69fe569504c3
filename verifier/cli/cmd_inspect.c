/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect: what stands in the header of a model file, as a table.  Everything in
 * it comes from the file and is escaped before it is shown.
 */
#include <stdio.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

#define N_SHOWN 40		/* tensors and members, unless --tensors is given */
#define NAME_WIDTH_MAX 64	/* longer names push their own line out only */
#define VALUE_WIDTH 72		/* of a metadata value, before it is cut */

struct widths {
	int name, dtype, shape, offset, length;
};

struct tensor_text {
	char name[1024], dtype[64], shape[256], offset[24], length[24];
};

static void shape_text(const struct steelyard_tensor *tensor, char *buf, size_t cap)
{
	size_t at = 1;

	snprintf(buf, cap, "[");
	for (unsigned i = 0; i < tensor->rank; i++) {
		char number[32];
		int len = snprintf(number, sizeof(number), "%s%llu", i ? ", " : "",
				   (unsigned long long)tensor->shape[i]);

		if (at + (size_t)len + 8 > cap) {
			snprintf(buf + at, cap - at, ", ...]");
			return;
		}
		memcpy(buf + at, number, (size_t)len);
		at += (size_t)len;
	}
	snprintf(buf + at, cap - at, "]");
}

static void tensor_text(const struct steelyard_tensor *tensor, struct tensor_text *text)
{
	steelyard_escape_bytes(tensor->name, tensor->name_len, text->name,
			       sizeof(text->name));
	steelyard_escape_bytes(tensor->dtype, tensor->dtype_len, text->dtype,
			       sizeof(text->dtype));
	shape_text(tensor, text->shape, sizeof(text->shape));
	if (tensor->offset == STEELYARD_NO_NUMBER)
		snprintf(text->offset, sizeof(text->offset), "-");
	else
		snprintf(text->offset, sizeof(text->offset), "%llu",
			 (unsigned long long)tensor->offset);
	snprintf(text->length, sizeof(text->length), "%llu",
		 (unsigned long long)tensor->length);
}

static void widen(int *width, const char *text, int max)
{
	int len = (int)strlen(text);

	if (len > *width)
		*width = len < max ? len : max;
}

/* n: how many tensors are shown. */
static struct widths table_widths(const struct steelyard_report *report, size_t at,
				  size_t n)
{
	struct widths w = { 4, 5, 5, 6, 5 };
	struct steelyard_tensor tensor;
	struct tensor_text text;

	for (size_t i = 0; i < n && steelyard_report_tensor(report, at, i, &tensor); i++) {
		tensor_text(&tensor, &text);
		widen(&w.name, text.name, NAME_WIDTH_MAX);
		widen(&w.dtype, text.dtype, 16);
		widen(&w.shape, text.shape, 32);
		widen(&w.offset, text.offset, 20);
		widen(&w.length, text.length, 20);
	}
	return w;
}

static void print_hex(const char *indent, const uint8_t *digest)
{
	stdout_text(indent);
	for (size_t i = 0; digest && i < 32; i++)
		stdout_printf("%02x", digest[i]);
	stdout_text(digest ? "\n" : "no digest\n");
}

static void print_model(const struct steelyard_report *report)
{
	struct steelyard_model model;
	char why[1024];

	if (!steelyard_report_model(report, &model))
		return;
	if (!model.model_digest) {
		stdout_printf("\nno model digest: %s\n",
			      steelyard_escape(model.why, why, sizeof(why)));
		return;
	}
	stdout_printf("\n%llu tensors together\n", (unsigned long long)model.n_tensors);
	print_hex("  model digest     ", model.model_digest);
	print_hex("  nameless digest  ", model.nameless_digest);
}

static void print_tensors(const struct steelyard_report *report, size_t at,
			  const struct steelyard_artifact *artifact, size_t n,
			  bool is_digested)
{
	struct widths w = table_widths(report, at, n);
	struct steelyard_tensor tensor;
	struct tensor_text text;
	size_t i = 0;

	if (!steelyard_report_tensor(report, at, 0, &tensor))
		return;
	stdout_printf("\n  %-*s  %-*s  %-*s  %*s  %*s\n", w.name, "name", w.dtype,
		      "dtype", w.shape, "shape", w.offset, "offset", w.length, "bytes");
	for (; i < n && steelyard_report_tensor(report, at, i, &tensor); i++) {
		tensor_text(&tensor, &text);
		stdout_printf("  %-*s  %-*s  %-*s  %*s  %*s\n", w.name, text.name, w.dtype,
			      text.dtype, w.shape, text.shape, w.offset, text.offset,
			      w.length, text.length);
		if (is_digested)
			print_hex("    ", tensor.tensor_digest);
	}
	if (artifact->n_tensors > i)
		stdout_printf("  ... and %llu more%s\n",
			      (unsigned long long)(artifact->n_tensors - i),
			      n == N_SHOWN ? " (--tensors shows all)" : "");
}

struct member_text {
	char offset[24], length[24], size[24], codec[32], format[40];
};

static void number_text(uint64_t number, char *buf, size_t cap)
{
	if (number == STEELYARD_NO_NUMBER)
		snprintf(buf, cap, "-");
	else
		snprintf(buf, cap, "%llu", (unsigned long long)number);
}

static void member_text(const struct steelyard_member *member, struct member_text *text)
{
	number_text(member->offset, text->offset, sizeof(text->offset));
	number_text(member->length, text->length, sizeof(text->length));
	number_text(member->size, text->size, sizeof(text->size));
	steelyard_escape_bytes(member->codec, member->codec_len, text->codec,
			       sizeof(text->codec));
	steelyard_escape_bytes(member->format, member->format_len, text->format,
			       sizeof(text->format));
}

struct member_widths {
	int offset, length, size, codec, format;
};

/* n: how many members are shown. */
static struct member_widths member_widths(const struct steelyard_report *report, size_t at,
					  size_t n)
{
	struct member_widths w = { 6, 6, 5, 5, 6 };
	struct steelyard_member member;
	struct member_text text;

	for (size_t i = 0; i < n && steelyard_report_member(report, at, i, &member); i++) {
		member_text(&member, &text);
		widen(&w.offset, text.offset, 20);
		widen(&w.length, text.length, 20);
		widen(&w.size, text.size, 20);
		widen(&w.codec, text.codec, 16);
		widen(&w.format, text.format, 24);
	}
	return w;
}

/* The way to it: a.zip > b.tar > name. */
static void print_path(const struct steelyard_report *report, size_t at, size_t i,
		       const struct steelyard_member *member)
{
	char name[1024];

	for (size_t k = 0; k < member->n_containers; k++) {
		size_t len;
		const char *container = steelyard_report_member_container(report, at, i, k,
									  &len);

		stdout_printf("%s > ", steelyard_escape_bytes(container, len, name,
							      sizeof(name)));
	}
	stdout_printf("%s\n", steelyard_escape_bytes(member->name, member->name_len, name,
						     sizeof(name)));
}

static void print_members(const struct steelyard_report *report, size_t at,
			  const struct steelyard_artifact *artifact, size_t n)
{
	struct member_widths w = member_widths(report, at, n);
	struct steelyard_member member;
	struct member_text text;
	size_t i = 0;

	if (artifact->n_members == 0)
		return;
	stdout_printf("\n  %*s  %*s  %*s  %-*s  %-*s  member\n", w.offset, "offset", w.length,
		      "packed", w.size, "bytes", w.codec, "codec", w.format, "format");
	for (; i < n && steelyard_report_member(report, at, i, &member); i++) {
		member_text(&member, &text);
		stdout_printf("  %*s  %*s  %*s  %-*s  %-*s  ", w.offset, text.offset, w.length,
			      text.length, w.size, text.size, w.codec, text.codec, w.format,
			      text.format);
		print_path(report, at, i, &member);
	}
	if (artifact->n_members > i)
		stdout_printf("  ... and %llu more%s\n",
			      (unsigned long long)(artifact->n_members - i),
			      n == N_SHOWN ? " (--tensors shows all)" : "");
}

static void print_metas(const struct steelyard_report *report, size_t at)
{
	struct steelyard_meta meta;
	char key[256], type[64], value[4 * VALUE_WIDTH];
	int key_width = 0, type_width = 0;

	for (size_t i = 0; steelyard_report_meta(report, at, i, &meta); i++) {
		widen(&key_width, steelyard_escape_bytes(meta.key, meta.key_len, key,
							 sizeof(key)), 48);
		widen(&type_width, steelyard_escape_bytes(meta.type, meta.type_len, type,
							  sizeof(type)), 16);
	}
	for (size_t i = 0; steelyard_report_meta(report, at, i, &meta); i++) {
		size_t shown = meta.value_len < VALUE_WIDTH ? meta.value_len : VALUE_WIDTH;

		if (!i)
			stdout_text("\n");
		steelyard_escape_bytes(meta.key, meta.key_len, key, sizeof(key));
		steelyard_escape_bytes(meta.type, meta.type_len, type, sizeof(type));
		steelyard_escape_bytes(meta.value, shown, value, sizeof(value));
		stdout_printf("  %-*s  %-*s  %s%s\n", key_width, key, type_width, type,
			      value, shown < meta.value_len ? "..." : "");
	}
}

static void print_artifact(const struct steelyard_report *report, size_t at,
			   const struct steelyard_artifact *artifact,
			   const struct options *options)
{
	const char *bold = terminal_color(options->color) ? "\033[1m" : "";
	char path[4096], text[1024], size[32];

	stdout_printf("%s%s%s%s\n", at ? "\n" : "", bold,
		      steelyard_escape(artifact->path, path, sizeof(path)),
		      *bold ? "\033[0m" : "");
	stdout_printf("  %s, %s, %llu tensors, %s\n", artifact->format,
		      bytes_text(artifact->size, size, sizeof(size)),
		      (unsigned long long)artifact->n_tensors, artifact->verdict);
	if (*artifact->summary)
		stdout_printf("  %s\n",
			      steelyard_escape(artifact->summary, text, sizeof(text)));
	if (artifact->n_findings)
		stdout_printf("  %zu findings: 'steelyard scan' explains them\n",
			      artifact->n_findings);
	print_metas(report, at);
	print_members(report, at, artifact, options->tensors ? SIZE_MAX : N_SHOWN);
	print_tensors(report, at, artifact, options->tensors ? SIZE_MAX : N_SHOWN,
		      options->digests);
}

/* Documentation and the like is left out, unless there is nothing else. */
static void print_text(const struct steelyard_report *report,
		       const struct options *options)
{
	struct steelyard_artifact artifact;
	bool is_only = !steelyard_report_artifact(report, 1, &artifact);

	for (size_t i = 0; steelyard_report_artifact(report, i, &artifact); i++)
		if (is_only || strcmp(artifact.scope, "listed") != 0)
			print_artifact(report, i, &artifact, options);
	print_model(report);
}

static int show(const struct steelyard_report *report, const struct options *options)
{
	const struct steelyard_write_options how = { .size = sizeof(how) };
	int code = steelyard_report_exit_code(report);

	if (!options->json)
		print_text(report, options);
	else if (steelyard_report_write(report, "json", &how, stdout_write, NULL))
		code = exit_worse(code, STEELYARD_UNDETERMINED);
	return stdout_finish(code);
}

int cmd_inspect(const struct options *options)
{
	const struct command_info *command = cli_command("inspect");
	struct steelyard_check_options check = {
		.size = sizeof(check), .ask = STEELYARD_ASK_INSPECT,
		.paths = options->operands.items, .n_paths = options->operands.n,
		.exclude = options->exclude.items, .n_exclude = options->exclude.n,
		.worker = options->worker, .sandbox = options->sandbox,
		.jobs = (unsigned)options->jobs,
		.follow_links = options->follow_links, .show_tensors = true,
		.tensor_digests = options->digests,
	};
	struct steelyard_report *report = NULL;
	int code;
	struct steelyard_session *session = cli_session_start(options, command, &code);

	if (!session)
		return code;
	if (steelyard_check(session, &check, &report))
		code = cli_failed(session, command);
	else
		code = show(report, options);
	steelyard_report_free(&report);
	cli_session_end(&session);
	return code;
}
