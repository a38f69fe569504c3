/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steelyard.h: checking a list of checksums.  This is the one command that
 * opens what a file names: it is what a list is for.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "verifier/base/text.h"
#include "verifier/digest/weigh.h"
#include "verifier/engine/list.h"
#include "verifier/engine/session.h"

#define BATCH 4096u

struct row {
	struct sy_list_line line;
	uint64_t number;		/* of the line, from 1 */
	bool is_line;
};

struct checking {
	struct sy_context *ctx;
	const struct steelyard_list_options *options;
	void (*each)(void *user, const struct steelyard_list_row *row);
	void *user;
	struct steelyard_list_counts *counts;
	enum sy_algorithm algorithm;	/* of untagged lines */
	struct sy_arena arena;		/* names of this batch */
	struct row *rows;
	size_t n_rows;
	struct sy_weigh weigh;
	uint64_t n_lines;
};

static enum sy_status open_row(void *user, size_t id, struct sy_context *ctx,
			       struct sy_source *source)
{
	const struct checking *c = user;
	const char *path = c->rows[id].line.path;
	int fd = ctx->files.open(ctx->files.user, AT_FDCWD, path, O_RDONLY, 0);
	enum sy_status status;

	if (fd < 0)
		return sy_fail_errno(ctx, "%s", path);
	status = sy_source_from_fd(source, ctx, fd, true);
	if (status != SY_OK)
		ctx->files.close(ctx->files.user, fd);
	return status;
}

static void say(struct checking *c, const struct row *row,
		enum steelyard_list_state state, const char *error)
{
	c->each(c->user, &(struct steelyard_list_row){
			.path = row->is_line ? row->line.path : NULL,
			.state = state, .error = error, .line = row->number });
}

static void say_failed(struct checking *c, const struct row *row,
		       const struct sy_weigh_job *job)
{
	const char *why = job->sys_errno ? sy_errno_text(job->sys_errno) : job->why;

	if (job->sys_errno == ENOENT) {
		c->counts->n_missing++;
		if (!c->options->ignore_missing)
			say(c, row, STEELYARD_LIST_MISSING, why);
		return;
	}
	c->counts->n_unreadable++;
	say(c, row, STEELYARD_LIST_UNREADABLE, why);
}

static void say_row(struct checking *c, const struct row *row,
		    const struct sy_weigh_job *job)
{
	const struct sy_digest *want = &row->line.digest;

	if (job->status != SY_OK) {
		say_failed(c, row, job);
	} else if (sy_digest_equal(&job->digests[want->algorithm], want)) {
		c->counts->n_ok++;
		say(c, row, STEELYARD_LIST_OK, NULL);
	} else {
		c->counts->n_failed++;
		say(c, row, STEELYARD_LIST_FAILED, NULL);
	}
}

static enum sy_status run_batch(struct checking *c)
{
	enum sy_status status;
	size_t next = 0;

	c->weigh.n_jobs = 0;
	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].is_line)
			c->weigh.jobs[c->weigh.n_jobs++] = (struct sy_weigh_job){
				.id = i,
				.algorithms = 1u << c->rows[i].line.digest.algorithm };
	}
	status = sy_weigh_run(c->ctx, &c->weigh);
	for (size_t i = 0; i < c->n_rows && status == SY_OK; i++) {
		if (c->rows[i].is_line) {
			say_row(c, &c->rows[i], &c->weigh.jobs[next++]);
		} else {
			c->counts->n_malformed_lines++;
			say(c, &c->rows[i], STEELYARD_LIST_MALFORMED, NULL);
		}
	}
	c->n_rows = 0;
	sy_arena_free(&c->arena);
	return status;
}

static enum sy_status add_line(struct checking *c, struct sy_span text)
{
	struct row *row = &c->rows[c->n_rows];
	enum sy_status status;

	c->n_lines++;
	if (text.len == 0 || text.data[0] == '#')
		return SY_OK;
	*row = (struct row){ .number = c->n_lines };
	status = sy_list_line_parse(&c->arena, text, c->algorithm, &row->line,
				    &row->is_line);
	if (status == SY_OK && ++c->n_rows == BATCH)
		status = run_batch(c);
	return status;
}

static enum sy_status read_lines(struct checking *c, struct sy_span text)
{
	enum sy_status status = SY_OK;

	while (text.len > 0 && status == SY_OK) {
		size_t end = sy_span_find(text, sy_span_str("\n"));
		struct sy_span line = sy_span_slice(text, 0, end);

		if (sy_span_ends(line, "\r"))
			line.len--;
		status = add_line(c, line);
		text = end == SIZE_MAX ? sy_span_of(NULL, 0)
			: sy_span_slice(text, end + 1, text.len - end - 1);
	}
	return status == SY_OK ? run_batch(c) : status;
}

static enum sy_status open_list(struct checking *c, struct sy_source *source)
{
	struct sy_context *ctx = c->ctx;
	const char *path = c->options->path;
	enum sy_status status;
	int fd;

	if (!strcmp(path, "-"))
		return sy_source_spool(source, ctx, 0);
	fd = ctx->files.open(ctx->files.user, AT_FDCWD, path, O_RDONLY, 0);
	if (fd < 0)
		return sy_fail_errno(ctx, "%s", path);
	status = sy_source_from_fd(source, ctx, fd, true);
	if (status != SY_OK)
		ctx->files.close(ctx->files.user, fd);
	return status;
}

static enum sy_status read_list(struct checking *c)
{
	struct sy_source source = { .fd = -1 };
	struct sy_arena arena;
	struct sy_span text;
	enum sy_status status = open_list(c, &source);

	if (status != SY_OK)
		return status;
	sy_arena_init(&arena, c->ctx);
	if (source.size > c->ctx->limits.config_bytes)
		status = sy_fail(c->ctx, SY_LIMIT, "the list has %llu bytes "
				 "(--limit config-bytes=N)",
				 (unsigned long long)source.size);
	if (status == SY_OK)
		status = sy_source_view(&source, 0, (size_t)source.size, &arena,
					&text);
	if (status == SY_OK)
		status = read_lines(c, text);
	sy_arena_free(&arena);
	sy_source_close(&source);
	return status;
}

int steelyard_check_list(struct steelyard_session *session,
			 const struct steelyard_list_options *options,
			 void (*each)(void *user, const struct steelyard_list_row *row),
			 void *user, struct steelyard_list_counts *counts)
{
	struct steelyard_list_options known;
	struct checking c = {
		.ctx = &session->ctx, .options = &known, .each = each,
		.user = user, .counts = counts, .algorithm = SY_N_ALGORITHMS,
	};
	enum sy_status status = SY_NO_MEMORY;

	*counts = (struct steelyard_list_counts){ 0 };
	sy_session_begin(session);
	if (!sy_take_options(session, &known, sizeof(known), options,
			     options->size))
		return -1;
	if (known.algorithm &&
	    !sy_algorithm_find(sy_span_str(known.algorithm), &c.algorithm)) {
		sy_fail(&session->ctx, SY_USAGE, "there is no algorithm '%s'",
			known.algorithm);
		return -1;
	}
	sy_arena_init(&c.arena, c.ctx);
	c.rows = sy_alloc_array(c.ctx, BATCH, sizeof(*c.rows));
	c.weigh = (struct sy_weigh){
		.open = open_row, .user = &c, .n_threads = known.jobs,
		.jobs = sy_alloc_array(c.ctx, BATCH, sizeof(struct sy_weigh_job)),
	};
	if (c.rows && c.weigh.jobs)
		status = read_list(&c);
	sy_release(c.ctx, c.rows);
	sy_release(c.ctx, c.weigh.jobs);
	sy_arena_free(&c.arena);
	return status == SY_OK ? 0 : -1;
}
