/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that behave: what comes through the pipe is what the format said; and
 * the program itself: where it is looked for, what it holds, what it links.
 */
#include "tests/engine/rig.h"

#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <unistd.h>

static enum sy_status start(struct sy_context *ctx, const char *program,
			    struct sy_workers **workers)
{
	return sy_workers_start(ctx, &(struct sy_workers_options){
		.program = program, .n_parallel = 1 }, workers);
}

/* Descriptors of this process, open in vain: none may reach a worker. */
static void test_what_a_worker_holds(void **state)
{
	const char *const names[] = { "look", "look", "look", NULL };
	struct rig rig = { .names = names, .sandbox = SY_SANDBOX_OFF };
	struct sy_context ctx;
	int extra = open("/dev/null", O_RDONLY);
	struct sy_span all;

	(void)state;
	rig_context(&ctx);
	assert_int_equal(setenv("STEELYARD_TEST_SECRET", "hunter2", 1), 0);
	assert_int_equal(rig_run(&rig, &ctx, 2), SY_OK);
	for (size_t i = 0; i < rig.n; i++) {
		all = sy_span_of(rig.sinks[i].bytes.data, rig.sinks[i].bytes.len);
		assert_int_equal(rig.status[i], SY_OK);
		assert_int_equal(rig.sinks[i].n_records, 3);
		assert_int_not_equal(sy_span_find(all, sy_span_of("\x0a\0\0\0" "0 1 2 3 4 ",
								  14)), SIZE_MAX);
		assert_int_equal(sy_span_find(all, sy_span_str("hunter2")), SIZE_MAX);
		assert_int_not_equal(sy_span_find(all, sy_span_str("0 8")), SIZE_MAX);
	}
	(void)close(extra);
	rig_free(&rig);
}

static void test_program_is_missing(void **state)
{
	struct sy_workers *workers;
	struct sy_context ctx;

	(void)state;
	rig_context(&ctx);
	assert_int_equal(start(&ctx, "/nowhere/worker", &workers),
			 SY_NOT_FOUND);
	assert_null(workers);
	assert_non_null(strstr(ctx.error.text, "/nowhere/worker"));
	sy_error_clear(&ctx);
	assert_int_equal(setenv("STEELYARD_WORKER", "/elsewhere/worker", 1), 0);
	assert_int_equal(start(&ctx, NULL, &workers), SY_NOT_FOUND);
	assert_non_null(strstr(ctx.error.text, "/elsewhere/worker"));
	sy_error_clear(&ctx);
	assert_int_equal(unsetenv("STEELYARD_WORKER"), 0);
	assert_int_equal(start(&ctx, NULL, &workers), SY_NOT_FOUND);
	assert_non_null(strstr(ctx.error.text, "tests/steelyard-worker"));
	assert_non_null(strstr(ctx.error.text, "libexec"));
	sy_error_clear(&ctx);
	assert_int_equal(start(&ctx, "/etc/passwd", &workers),
			 SY_NOT_FOUND);
	assert_int_equal(ctx.memory_used, 0);
}

/* A program that is not a worker of this build does not greet. */
static void test_program_is_another(void **state)
{
	const char *const names[] = { "good", NULL };
	struct rig rig = { .names = names, .n = 1 };
	struct sy_worker_calls calls = { rig_next, rig_done, &rig };
	struct sy_workers *workers;
	struct sy_context ctx;

	(void)state;
	rig_context(&ctx);
	rig.ctx = &ctx;
	assert_int_equal(start(&ctx, "/bin/true", &workers), SY_OK);
	assert_int_equal(sy_workers_run(workers, &calls), SY_OK);
	assert_int_equal(rig.status[0], SY_WORKER);
	assert_non_null(strstr(rig.text[0], "could not be started"));
	sy_workers_stop(&workers);
	rig_free(&rig);
}

/* The same file, here and in a worker, record by record. */
struct twin {
	struct sy_context *ctx;
	const char *path;
	const struct sy_format *format;
	struct byte_sink here, there;
	enum sy_status status;
	bool is_begun;
};

static void open_twin(struct twin *twin, struct sy_source *source)
{
	int fd = open(twin->path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(sy_source_from_fd(source, twin->ctx, fd, true), SY_OK);
}

static bool twin_next(void *user, struct sy_worker_job *job)
{
	struct twin *twin = user;

	if (twin->is_begun)
		return false;
	twin->is_begun = true;
	open_twin(twin, &job->source);
	job->format = twin->format;
	job->base = job->path = sy_span_str(strrchr(twin->path, '/') + 1);
	job->wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS;
	job->sink = &twin->there.sink;
	return true;
}

static void twin_done(void *user, struct sy_worker_job *job)
{
	struct twin *twin = user;

	twin->status = job->status;
}

static void compare_twins(struct sy_workers *workers, struct twin *twin)
{
	struct sy_worker_calls calls = { twin_next, twin_done, twin };
	struct sy_span base = sy_span_str(strrchr(twin->path, '/') + 1);
	struct sy_source source;
	enum sy_status status;

	byte_sink_init(&twin->here, twin->ctx);
	byte_sink_init(&twin->there, twin->ctx);
	twin->is_begun = false;
	open_twin(twin, &source);
	status = sy_inspect_here(twin->ctx, &(struct sy_inspect_job){
		.format = twin->format, .source = &source, .base = base, .path = base,
		.wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS,
		.scratch_fd = -1, .sink = &twin->here.sink });
	sy_error_clear(twin->ctx);
	sy_source_close(&source);
	assert_int_equal(sy_workers_run(workers, &calls), SY_OK);
	if (status != twin->status ||
	    !sy_span_equal(sy_span_of(twin->here.bytes.data, twin->here.bytes.len),
			   sy_span_of(twin->there.bytes.data, twin->there.bytes.len)))
		fail_msg("%s as %s: here %s and %zu records, in a worker %s and %zu",
			 twin->path, twin->format->name, sy_status_name(status),
			 twin->here.n_records, sy_status_name(twin->status),
			 twin->there.n_records);
	sy_buffer_free(&twin->here.bytes);
	sy_buffer_free(&twin->there.bytes);
}

/* Each shipped vector, read as every format that can read anything. */
static void test_same_through_the_pipe(void **state)
{
	char vectors[] = STEELYARD_SOURCE_DIR "/tests/vectors";
	char *const roots[] = { vectors, rig_folder, NULL };
	struct twin twin = { .is_begun = false };
	struct sy_workers *workers;
	struct sy_context ctx;
	size_t n = 0;
	FTSENT *entry;
	FTS *fts;

	(void)state;
	rig_context(&ctx);
	ctx.limits.worker_seconds = 60;
	twin.ctx = &ctx;
	assert_int_equal(start(&ctx, REAL_WORKER, &workers), SY_OK);
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	assert_non_null(fts);
	while ((entry = fts_read(fts))) {
		if (entry->fts_info != FTS_F)
			continue;
		twin.path = entry->fts_path;
		for (size_t i = 0; sy_formats[i]; i++) {
			twin.format = sy_formats[i];
			if (!twin.format->inspect)
				continue;
			compare_twins(workers, &twin);
			n++;
		}
	}
	fts_close(fts);
	sy_workers_stop(&workers);
	assert_true(n > 0);
}

/* The program that reads hostile files holds no cryptography. */
static void test_program_links_no_crypto(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span program;

	(void)state;
	rig_context(&ctx);
	sy_arena_init(&arena, &ctx);
	program = test_read_file(&arena, REAL_WORKER);
	assert_int_not_equal(sy_span_find(program, sy_span_str("libc.so.6")), SIZE_MAX);
	assert_int_equal(sy_span_find(program, sy_span_str("libcrypto")), SIZE_MAX);
	assert_int_equal(sy_span_find(program, sy_span_str("libsodium")), SIZE_MAX);
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_worker_holds),
		cmocka_unit_test(test_program_is_missing),
		cmocka_unit_test(test_program_is_another),
		cmocka_unit_test(test_same_through_the_pipe),
		cmocka_unit_test(test_program_links_no_crypto),
	};

	return cmocka_run_group_tests(tests, rig_make_file, rig_remove_file);
}
