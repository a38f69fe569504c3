/* SPDX-License-Identifier: Apache-2.0 */
/* steelyard.h: two models, each examined as inspect does it, and then compared. */
#include <string.h>

#include "verifier/engine/check.h"
#include "verifier/engine/diff.h"
#include "verifier/engine/session.h"

static enum sy_status examine(struct sy_context *ctx,
			      const struct steelyard_diff_options *options, const char *path,
			      struct sy_report **report)
{
	struct sy_check_options check = {
		.command = "inspect", .asked = 1u << SY_WELL_FORMED | 1u << SY_INERT,
		.wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_DIGESTS |
			 SY_WANT_FLOWS | SY_WANT_IMPORTS | SY_WANT_CONFIG,
		.is_comparing = true,
		.paths = &path, .n_paths = 1, .loader = sy_loader_find("any"),
		.fail_on = SY_HIGH, .worker = options->worker, .jobs = options->jobs,
		.follow_links = options->follow_links,
	};

	if (options->sandbox && !sy_sandbox_find(options->sandbox, &check.sandbox))
		return sy_fail(ctx, SY_USAGE, "there is no sandbox '%s' (auto, require, off)",
			       options->sandbox);
	return sy_check(ctx, &check, report);
}

static enum sy_status write_diff(const struct sy_diff *diff, const char *format,
				 struct sy_adapter *adapter)
{
	struct sy_out out;

	sy_out_init(&out, sy_adapter_put, adapter);
	return sy_diff_write(diff, format ? format : "text", &out);
}

static enum sy_status compare(struct sy_context *ctx,
			      const struct steelyard_diff_options *options,
			      struct sy_adapter *adapter, int *code)
{
	SY_OWNED(sy_report_free) struct sy_report *a = NULL;
	SY_OWNED(sy_report_free) struct sy_report *b = NULL;

	struct sy_diff diff = { 0 };
	enum sy_status status = examine(ctx, options, options->a, &a);

	if (status == SY_OK)
		status = examine(ctx, options, options->b, &b);
	diff = (struct sy_diff){ .a = a, .b = b, .path_a = options->a, .path_b = options->b };
	if (status == SY_OK)
		status = sy_diff_make(&diff);
	if (status == SY_OK)
		status = write_diff(&diff, options->format, adapter);
	if (status == SY_OK)
		*code = sy_diff_exit_code(&diff);
	sy_diff_free(&diff);
	return status;
}

int steelyard_diff(struct steelyard_session *session,
		   const struct steelyard_diff_options *options,
		   steelyard_write_fn *write, void *user)
{
	struct steelyard_diff_options known;
	struct sy_adapter adapter = { write, user };
	int code = -1;

	sy_session_begin(session);
	if (!sy_take_options(session, &known, sizeof(known), options, options->size) ||
	    compare(&session->ctx, &known, &adapter, &code) != SY_OK)
		return -1;
	return code;
}
