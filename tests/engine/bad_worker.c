/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker program of formats that misbehave, each in the way that its name
 * says; test_worker runs them.  Never installed.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "verifier/engine/wire.h"
#include "verifier/engine/zygote.h"

#define PIPE_FD 4

static void say(const void *data, size_t len)
{
	if (write(PIPE_FD, data, len) != (ssize_t)len)
		_exit(9);
}

static enum sy_status say_out(void *user, struct sy_span bytes)
{
	(void)user;
	say(bytes.data, bytes.len);
	return SY_OK;
}

/* Past the worker's own sink, so that nothing is checked on this side. */
static void say_record(const struct sy_record *record)
{
	struct sy_out out;

	sy_out_init(&out, say_out, NULL);
	sy_record_encode(&out, record);
	if (sy_out_flush(&out) != SY_OK)
		_exit(9);
}

static void say_extent(uint64_t off, uint64_t len)
{
	say_record(&(struct sy_record){ .kind = SY_RECORD_EXTENT,
					.u.extent = { SY_EXTENT_DATA, off, len } });
}

static void say_done(enum sy_status status)
{
	say_record(&(struct sy_record){ .kind = SY_RECORD_DONE,
					.u.done = { .status = status } });
}

static enum sy_status is_good(struct sy_inspection *in)
{
	enum sy_status status = sy_emit_artifact(in, "good", 0, "all is well");

	if (status == SY_OK)
		status = sy_emit_extent(in, SY_EXTENT_DATA, 0, in->source->size);
	for (int i = 0; status == SY_OK && i < 30; i++)
		status = sy_fact(in, SY_RULE_CONTENT_UNKNOWN_BINARY, 0, 1,
				 in->base, "fact %d", i);
	return status;
}

static enum sy_status is_failing(struct sy_inspection *in)
{
	return sy_fail(in->ctx, SY_LIMIT, "enough is enough");
}

static enum sy_status is_careless(struct sy_inspection *in)
{
	while (sy_emit_extent(in, SY_EXTENT_DATA, 0, 0) == SY_OK)
		;
	return SY_OK;
}

/* Ends well, having ignored that its record was refused. */
static enum sy_status is_longwinded(struct sy_inspection *in)
{
	uint8_t *name = sy_alloc(in->ctx, SY_RECORD_BYTES_MAX);
	struct sy_record record = {
		.kind = SY_RECORD_META,
		.u.meta.key = sy_span_of(name, SY_RECORD_BYTES_MAX),
	};

	(void)sy_emit(in->sink, &record);
	sy_release(in->ctx, name);
	return SY_OK;
}

static enum sy_status does_abort(struct sy_inspection *in)
{
	(void)in;
	abort();
}

static enum sy_status does_segv(struct sy_inspection *in)
{
	/* A sanitizer catches it; there is no cage then to forbid this. */
	if (sizeof(STEELYARD_SANITIZERS) > 1)
		(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGSEGV);
	return sy_emit_artifact(in, "segv", 0, "survived");
}

static enum sy_status is_killed(struct sy_inspection *in)
{
	(void)raise(SIGKILL);
	return sy_emit_artifact(in, "killed", 0, "survived");
}

/* What a stopped process holds (pipe, file, scratch) stays open. */
static enum sy_status is_stopped(struct sy_inspection *in)
{
	(void)raise(SIGSTOP);
	return sy_emit_artifact(in, "stopped", 0, "was woken");
}

/* Says that it is done first: a stopped process has not ended well. */
static enum sy_status is_stopped_after_done(struct sy_inspection *in)
{
	say_done(SY_OK);
	return is_stopped(in);
}

/* By a call that the cage allows: a worker that was taken over can still wait. */
static _Noreturn void hang(void)
{
	static uint32_t never;

	for (;;)
		(void)syscall(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static enum sy_status does_hang(struct sy_inspection *in)
{
	(void)in;
	hang();
}

static enum sy_status does_spin(struct sy_inspection *in)
{
	volatile uint64_t turns = 0;

	(void)in;
	while (turns < UINT64_MAX)
		turns = turns + 1;
	abort();
}

static enum sy_status does_exit(struct sy_inspection *in)
{
	(void)in;
	_exit(0);
}

static enum sy_status does_exit_7(struct sy_inspection *in)
{
	(void)in;
	_exit(7);
}

static enum sy_status says_garbage(struct sy_inspection *in)
{
	(void)in;
	say("\x05\0\0\0\xee" "abcd", 9);
	return does_hang(in);
}

static enum sy_status says_half(struct sy_inspection *in)
{
	(void)in;
	say("\x20\0\0\0\x04", 5);
	_exit(0);
}

static enum sy_status says_oversized(struct sy_inspection *in)
{
	say("\x01\0\x10\0", 4);
	return does_hang(in);
}

static enum sy_status says_empty(struct sy_inspection *in)
{
	say("\0\0\0\0", 4);
	return does_hang(in);
}

static enum sy_status says_endless(struct sy_inspection *in)
{
	(void)in;
	for (uint64_t i = 0; i < UINT64_MAX; i++)
		say_extent(0, 0);
	abort();
}

static enum sy_status says_extents_overlap(struct sy_inspection *in)
{
	say_extent(0, in->source->size);
	say_extent(0, 1);
	return does_hang(in);
}

static enum sy_status says_extent_outside(struct sy_inspection *in)
{
	say_extent(in->source->size, 1);
	return does_hang(in);
}

static enum sy_status says_tensor_outside(struct sy_inspection *in)
{
	say_record(&(struct sy_record){ .kind = SY_RECORD_TENSOR, .u.tensor = {
		.name = sy_span_str("w"), .dtype = sy_span_str("F32"), .rank = 1,
		.shape = { 1 }, .off = in->source->size - 1, .len = 4 } });
	return does_hang(in);
}

static enum sy_status says_member_outside(struct sy_inspection *in)
{
	say_record(&(struct sy_record){ .kind = SY_RECORD_MEMBER, .u.member = {
		.name = sy_span_str("m"), .codec = sy_span_str("stored"),
		.off = 0, .len = in->source->size + 1, .size = 1, .file_off = 0 } });
	return does_hang(in);
}

static enum sy_status says_fact_outside(struct sy_inspection *in)
{
	say_record(&(struct sy_record){ .kind = SY_RECORD_FACT, .u.fact = {
		.rule = SY_RULE_CONTENT_UNKNOWN_BINARY, .off = in->source->size + 1 } });
	return does_hang(in);
}

/* Harmless so far, and then it was not examined to its end after all. */
static enum sy_status says_good_and_failing(struct sy_inspection *in)
{
	enum sy_status status = is_good(in);

	return status != SY_OK ? status : is_failing(in);
}

/* Records of which each is right, and that never end: until there are too many ... */
static enum sy_status says_good_and_endless(struct sy_inspection *in)
{
	enum sy_status status = is_good(in);

	return status != SY_OK ? status : says_endless(in);
}

/* ... or until the time is over: slowly enough for every other limit. */
static _Noreturn void trickle(void)
{
	static uint32_t never;
	const struct timespec pause = { .tv_nsec = 20000000 };

	for (;;) {
		say_extent(0, 0);
		(void)syscall(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, &pause, NULL, 0);
	}
}

static enum sy_status says_trickle(struct sy_inspection *in)
{
	(void)in;
	trickle();
}

/* The beginning of a record, whose end never comes. */
static enum sy_status says_half_and_hangs(struct sy_inspection *in)
{
	say("\x00\x00\x01\x00\x04", 5);
	return does_hang(in);
}

static enum sy_status says_rule_unknown(struct sy_inspection *in)
{
	say_record(&(struct sy_record){ .kind = SY_RECORD_FACT,
					.u.fact.rule = SY_N_RULES });
	return does_hang(in);
}

static enum sy_status says_more_unknown(struct sy_inspection *in)
{
	say_record(&(struct sy_record){ .kind = SY_RECORD_MORE,
					.u.more.rule = UINT32_MAX });
	return does_hang(in);
}

static enum sy_status says_artifact_twice(struct sy_inspection *in)
{
	enum sy_status status = sy_emit_artifact(in, "a", 0, "first");

	return status != SY_OK ? status : sy_emit_artifact(in, "b", 0, "second");
}

static enum sy_status says_done_twice(struct sy_inspection *in)
{
	(void)in;
	say_done(SY_OK);
	say_done(SY_OK);
	_exit(0);
}

static enum sy_status says_after_done(struct sy_inspection *in)
{
	(void)in;
	say_done(SY_OK);
	say_extent(0, 0);
	_exit(0);
}

static enum sy_status says_byte_after_done(struct sy_inspection *in)
{
	(void)in;
	say_done(SY_OK);
	say("", 1);
	_exit(0);
}

static enum sy_status says_cancelled(struct sy_inspection *in)
{
	(void)in;
	say_done(SY_CANCELLED);
	_exit(0);
}

static enum sy_status does_crash_after_done(struct sy_inspection *in)
{
	(void)in;
	say_done(SY_OK);
	abort();
}

static enum sy_status does_close(struct sy_inspection *in)
{
	(void)close(PIPE_FD);
	return does_hang(in);
}

static enum sy_status does_close_after_done(struct sy_inspection *in)
{
	say_done(SY_OK);
	return does_close(in);
}

static enum sy_status does_allocate(struct sy_inspection *in)
{
	const size_t len = (size_t)1 << 20;
	volatile char *p;

	(void)in;
	while ((p = malloc(len)))
		for (size_t i = 0; i < len; i += 4096)
			p[i] = 1;
	abort();
}

/* Leaves a process outside its group that keeps the pipe open for a while. */
static enum sy_status does_fork(struct sy_inspection *in)
{
	pid_t pid = fork();

	(void)in;
	if (pid < 0)
		abort();	/* as it should be; only root can */
	if (pid == 0) {
		(void)setsid();
		(void)sleep(2);
		_exit(0);
	}
	(void)usleep(100000);
	say_done(SY_OK);
	_exit(0);
}

static enum sy_status does_kill_zygote(struct sy_inspection *in)
{
	(void)in;
	(void)kill(getppid(), SIGKILL);
	return does_hang(in);
}

static enum sy_status does_stop_zygote(struct sy_inspection *in)
{
	(void)in;
	(void)kill(getppid(), SIGSTOP);
	return does_hang(in);
}

static enum sy_status report(struct sy_inspection *in, const char *key,
			     const struct sy_text *text)
{
	return sy_emit_meta(in, sy_span_str(key), "text", sy_text_span(text), 0, 0);
}

/* What it holds: descriptors, limits, environment. */
static enum sy_status does_look(struct sy_inspection *in)
{
	struct sy_text text;
	struct rlimit core, files;
	enum sy_status status;

	sy_text_init(&text);
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			sy_text_addf(&text, "%d ", fd);
	status = report(in, "fds", &text);
	sy_text_init(&text);
	for (char **e = environ; *e; e++)
		sy_text_add(&text, *e);
	if (status == SY_OK)
		status = report(in, "environment", &text);
	sy_text_init(&text);
	if (getrlimit(RLIMIT_CORE, &core) || getrlimit(RLIMIT_NOFILE, &files))
		abort();
	sy_text_addf(&text, "%llu %llu", (unsigned long long)core.rlim_max,
		     (unsigned long long)files.rlim_max);
	return status == SY_OK ? report(in, "limits", &text) : status;
}

/* For bench_worker: as many tensors as a header of 100 MB can hold. */
static enum sy_status has_many(struct sy_inspection *in)
{
	char name[] = "model.layers.000000.mlp.experts.gate_up_proj.weight";
	enum sy_status status = SY_OK;

	for (unsigned i = 0; status == SY_OK && i < 888000; i++) {
		struct sy_record r = {
			.kind = SY_RECORD_TENSOR,
			.u.tensor = { .name = sy_span_of(name, sizeof(name) - 1),
				      .dtype = sy_span_str("BF16"), .rank = 2,
				      .shape = { 4096, 4096 }, .off = i % 4096 },
		};

		name[18] = (char)('0' + i % 10);
		status = sy_emit(in->sink, &r);
	}
	return status;
}

/* Fills the receiver's memory with what costs little to say. */
static enum sy_status says_notices(struct sy_inspection *in)
{
	static const char text[60000] = "\033[2Jclean";
	const struct sy_record record = {
		.kind = SY_RECORD_NOTICE,
		.u.notice = { .kind = sy_span_str("sandbox-whole"),
			      .detail = sy_span_of(text, sizeof(text)) },
	};

	for (int i = 0; i < 20000; i++)
		say_record(&record);
	return is_good(in);
}

static enum sy_status says_metas(struct sy_inspection *in)
{
	static const char text[60000] = "x";
	const struct sy_record record = {
		.kind = SY_RECORD_META,
		.u.meta = { .key = sy_span_str("k"), .type = sy_span_str("t"),
			    .value = sy_span_of(text, sizeof(text)) },
	};

	for (int i = 0; i < 20000; i++)
		say_record(&record);
	return is_good(in);
}

static enum sy_status says_steps(struct sy_inspection *in)
{
	static const char text[60000] = "x";
	const struct sy_record record = {
		.kind = SY_RECORD_STEP,
		.u.step = { .kind = SY_STEP_CALL, .text = sy_span_of(text, sizeof(text)) },
	};

	for (int i = 0; i < 20000; i++)
		say_record(&record);
	return is_good(in);
}

/* Says nothing at all and that it was done. */
static enum sy_status says_nothing(struct sy_inspection *in)
{
	(void)in;
	return SY_OK;
}

static enum sy_status does_as_named(struct sy_inspection *in);

#define FORMAT(word, function) \
	&(const struct sy_format){ .name = word, .inspect = function }

static const struct sy_format *const formats[] = {
	FORMAT("good", is_good),
	FORMAT("failing", is_failing),
	FORMAT("careless", is_careless),
	FORMAT("longwinded", is_longwinded),
	FORMAT("abort", does_abort),
	FORMAT("segv", does_segv),
	FORMAT("killed", is_killed),
	FORMAT("stopped", is_stopped),
	FORMAT("stopped-after-done", is_stopped_after_done),
	FORMAT("hang", does_hang),
	FORMAT("spin", does_spin),
	FORMAT("exit", does_exit),
	FORMAT("exit-7", does_exit_7),
	FORMAT("garbage", says_garbage),
	FORMAT("half", says_half),
	FORMAT("oversized", says_oversized),
	FORMAT("empty", says_empty),
	FORMAT("endless", says_endless),
	FORMAT("extents-overlap", says_extents_overlap),
	FORMAT("extent-outside", says_extent_outside),
	FORMAT("tensor-outside", says_tensor_outside),
	FORMAT("member-outside", says_member_outside),
	FORMAT("fact-outside", says_fact_outside),
	FORMAT("good-and-failing", says_good_and_failing),
	FORMAT("good-and-endless", says_good_and_endless),
	FORMAT("trickle", says_trickle),
	FORMAT("half-and-hang", says_half_and_hangs),
	FORMAT("rule-unknown", says_rule_unknown),
	FORMAT("more-unknown", says_more_unknown),
	FORMAT("artifact-twice", says_artifact_twice),
	FORMAT("done-twice", says_done_twice),
	FORMAT("after-done", says_after_done),
	FORMAT("byte-after-done", says_byte_after_done),
	FORMAT("cancelled", says_cancelled),
	FORMAT("crash-after-done", does_crash_after_done),
	FORMAT("close", does_close),
	FORMAT("close-after-done", does_close_after_done),
	FORMAT("allocate", does_allocate),
	FORMAT("fork", does_fork),
	FORMAT("kill-zygote", does_kill_zygote),
	FORMAT("stop-zygote", does_stop_zygote),
	FORMAT("look", does_look),
	FORMAT("many", has_many),
	FORMAT("notices", says_notices),
	FORMAT("metas", says_metas),
	FORMAT("steps", says_steps),
	FORMAT("nothing", says_nothing),
	FORMAT("safetensors", does_as_named),
	NULL
};

/* For the whole program: abort.safetensors is examined by "abort". */
static enum sy_status does_as_named(struct sy_inspection *in)
{
	struct sy_span name = sy_span_slice(in->base, 0, sy_span_find(in->base,
								       sy_span_str(".")));

	for (size_t i = 0; formats[i]; i++)
		if (sy_span_is(name, formats[i]->name) &&
		    formats[i]->inspect != does_as_named)
			return formats[i]->inspect(in);
	return sy_fail(in->ctx, SY_UNSUPPORTED, "no such misbehaviour");
}

int main(void)
{
	return sy_zygote_serve(SY_WIRE_SOCKET, formats);
}
