/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cage from inside: a worker tries what forbidden.def lists, one call a
 * process, and none gets through; each layer alone; what a kernel without one
 * leads to; and what it all costs.
 */
#include "tests/engine/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAGED_WORKER STEELYARD_BINARY_DIR "/tests/caged_worker"
#define BATCH 32

static const char *const forbidden[] = {
#define TRY(name, expression) name,
#include "tests/engine/forbidden.def"
#undef TRY
};

enum outcome { KILLED, REFUSED, REACHED, N_OUTCOMES };

static const char *const outcome_names[] = { "killed", "refused", "REACHED" };

static size_t batch_start;

static void name_job(struct rig *rig, struct sy_worker_job *job)
{
	job->base = sy_span_str(forbidden[batch_start + rig->n_begun - 1]);
}

static bool says(const struct byte_sink *sink, const char *word)
{
	return sy_span_find(sy_span_of(sink->bytes.data, sink->bytes.len),
			    sy_span_str(word)) != SIZE_MAX;
}

/* REFUSED: as if the kernel had no such call, or by want of privilege. */
static enum outcome outcome_of(const struct rig *rig, size_t i)
{
	const struct byte_sink *sink = &rig->sinks[i];
	char refused[2][16];

	if (rig->status[i] == SY_WORKER && strstr(rig->text[i], "the sandbox forbids"))
		return KILLED;
	if (rig->status[i] != SY_OK || sink->n_records != 1)
		fail_msg("%s: %s: %s", forbidden[batch_start + i],
			 sy_status_name(rig->status[i]), rig->text[i]);
	snprintf(refused[0], sizeof(refused[0]), "<errno %d>", ENOSYS);
	snprintf(refused[1], sizeof(refused[1]), "<errno %d>", EPERM);
	return says(sink, refused[0]) || says(sink, refused[1]) ? REFUSED : REACHED;
}

/* One process for each call; fills `outcomes` and counts each kind. */
static void try_all(enum sy_sandbox sandbox, enum outcome *outcomes,
		    size_t counts[N_OUTCOMES])
{
	const char *names[BATCH + 1] = { NULL };
	struct sy_context ctx;

	memset(counts, 0, N_OUTCOMES * sizeof(*counts));
	rig_context(&ctx);
	for (size_t i = 0; i < BATCH; i++)
		names[i] = "try";
	for (batch_start = 0; batch_start < SY_N_ELEMS(forbidden); batch_start += BATCH) {
		struct rig *rig = calloc(1, sizeof(*rig));
		size_t left = SY_N_ELEMS(forbidden) - batch_start;

		assert_non_null(rig);
		names[left < BATCH ? left : BATCH] = NULL;
		rig->names = names;
		rig->program = CAGED_WORKER;
		rig->sandbox = sandbox;
		rig->on_begin = name_job;
		assert_int_equal(rig_run(rig, &ctx, 2), SY_OK);
		for (size_t i = 0; i < rig->n; i++) {
			outcomes[batch_start + i] = outcome_of(rig, i);
			counts[outcomes[batch_start + i]]++;
		}
		rig_free(rig);
		free(rig);
	}
}

/* A kernel that lacks a layer cannot be tested; a build that lacks it says so. */
static void skip_without_cage(void)
{
	if (sy_cage_available() == SY_CAGE_ALL)
		return;
	print_message("no Landlock or no seccomp in this build or kernel\n");
	skip();
}

static void test_forbidden_calls(void **state)
{
	enum outcome in[SY_N_ELEMS(forbidden)], out[SY_N_ELEMS(forbidden)];
	size_t n_in[N_OUTCOMES], n_out[N_OUTCOMES];

	(void)state;
	skip_without_cage();
	try_all(SY_SANDBOX_OFF, out, n_out);
	try_all(SY_SANDBOX_REQUIRE, in, n_in);
	for (size_t i = 0; i < SY_N_ELEMS(forbidden); i++)
		print_message("%-20s %s (%s without the cage)\n", forbidden[i],
			      outcome_names[in[i]], outcome_names[out[i]]);
	print_message("%zu calls: %zu killed, %zu refused, %zu reached; without the cage "
		      "%zu reached\n", SY_N_ELEMS(forbidden), n_in[KILLED],
		      n_in[REFUSED], n_in[REACHED], n_out[REACHED]);
	assert_int_equal(n_in[REACHED], 0);
	assert_int_equal(n_in[REFUSED], 1);	/* clone3 */
	/* What is denied anyway would show nothing. */
	assert_true(n_out[REACHED] >= 40);
	assert_int_equal(n_out[KILLED], 0);
}

/* Runs in a process of its own, whose cage is its own, and gives back its status. */
static int in_process(int (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int enter(unsigned layers)
{
	struct sy_limits limits;

	sy_limits_default(&limits);
	return sy_cage_enter(&(struct sy_cage){ .limits = &limits, .layers = layers });
}

static bool is_denied(long result, int error)
{
	return result < 0 && errno == error;
}

static bool is_tcp_denied(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return is_denied(connect(fd, (const struct sockaddr *)&to, sizeof(to)), EACCES);
}

/* The number of the first check that fails; 0: none. */
static int landlock_alone(void)
{
	pid_t parent = getppid();

	if (!enter(SY_CAGE_LANDLOCK))
		return 1;
	if (!is_denied(open("/etc/passwd", O_RDONLY), EACCES))
		return 2;
	if (!is_denied(open("/", O_RDONLY | O_DIRECTORY), EACCES))
		return 3;
	if (!is_denied(unlink(rig_file), EACCES))
		return 4;
	if (!is_denied(symlink("/", "/tmp/steelyard-test-link"), EACCES))
		return 5;
	if (!is_denied(syscall(SYS_execve, "/bin/true", NULL, NULL), EACCES))
		return 6;
	if (sy_cage_landlock_abi() >= 4 && !is_tcp_denied())
		return 7;
	if (sy_cage_landlock_abi() >= 6 && !is_denied(kill(parent, 0), EPERM))
		return 8;
	return 0;
}

static int seccomp_alone(void)
{
	if (!enter(SY_CAGE_SECCOMP))
		return 1;
	(void)open("/etc/passwd", O_RDONLY);
	return 2;
}

static int limits_alone(void)
{
	int fd;

	if (!enter(0) || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 1;
	(void)signal(SIGXFSZ, SIG_IGN);
	fd = open(rig_file, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 2;
	/* The file has bytes, and may get no more. */
	if (!is_denied(pwrite(fd, "x", 1, 1 << 20), EFBIG))
		return 3;
	/* Root's rights over files went with its capabilities. */
	if (geteuid() == 0 && !is_denied(chroot("/"), EPERM))
		return 4;
	return 0;
}

static int descriptors_end(void)
{
	int fd = 0;

	if (!enter(0))
		return 1;
	while (fd >= 0 && fd < 8)
		fd = open(rig_file, O_RDONLY | O_CLOEXEC);
	return fd < 0 && errno == EMFILE ? 0 : 2;
}

static int killed_by_abort(void)
{
	if (!enter(SY_CAGE_ALL))
		return 1;
	abort();
}

static void test_each_layer(void **state)
{
	(void)state;
	assert_int_equal(in_process(limits_alone), 0);
	assert_int_equal(in_process(descriptors_end), 0);
	skip_without_cage();
	assert_int_equal(in_process(landlock_alone), 0);
	assert_int_equal(in_process(seccomp_alone), 256 + SIGSYS);
	assert_int_equal(in_process(killed_by_abort), 256 + SIGABRT);
}

/* Makes this process's kernel one that does not have a system call. */
static bool lose_call(unsigned number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = SY_N_ELEMS(code), .filter = code };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

static bool all_ended(const struct rig *rig, enum sy_status status, const char *text)
{
	for (size_t i = 0; i < rig->n; i++)
		if (rig->status[i] != status || !strstr(rig->text[i], text))
			return false;
	return true;
}

/* Two jobs; how they end, and what they went without.  0: as expected. */
static int degraded(enum sy_sandbox sandbox, enum sy_status status, const char *text,
		    unsigned uncaged)
{
	const char *const names[] = { "good", "good", NULL };
	struct rig rig = { .names = names, .program = CAGED_WORKER, .sandbox = sandbox };
	struct sy_context ctx;

	rig_context(&ctx);
	if (rig_run(&rig, &ctx, 1) != SY_OK)
		return 10;
	rig_free(&rig);
	if (!all_ended(&rig, status, text))
		return 11;
	return rig.uncaged == uncaged ? 0 : 12;
}

static int without_landlock(void)
{
	int wrong;

	if (!lose_call(444) || sy_cage_available() != SY_CAGE_SECCOMP ||
	    sy_cage_landlock_abi() != 0)
		return 1;
	wrong = degraded(SY_SANDBOX_AUTO, SY_OK, "", SY_CAGE_LANDLOCK);
	return wrong ? wrong : degraded(SY_SANDBOX_REQUIRE, SY_WORKER, "is not to be had", 0);
}

static int without_seccomp(void)
{
	int wrong;

	if (!lose_call(SYS_seccomp) || sy_cage_available() != SY_CAGE_LANDLOCK)
		return 1;
	wrong = degraded(SY_SANDBOX_AUTO, SY_OK, "", SY_CAGE_SECCOMP);
	return wrong ? wrong : degraded(SY_SANDBOX_REQUIRE, SY_WORKER, "is not to be had", 0);
}

/* The kernel said that it could, and then did not: nothing runs half confined. */
static int broken_landlock(void)
{
	if (!lose_call(446) || sy_cage_available() != SY_CAGE_ALL)
		return 1;
	return degraded(SY_SANDBOX_AUTO, SY_WORKER, "could not be confined", 0);
}

static void test_kernels_that_lack_it(void **state)
{
	(void)state;
	skip_without_cage();
	assert_int_equal(in_process(without_landlock), 0);
	assert_int_equal(in_process(without_seccomp), 0);
	assert_int_equal(in_process(broken_landlock), 0);
}

static void test_choices(void **state)
{
	enum sy_sandbox sandbox;
	struct sy_text text;

	(void)state;
	assert_true(sy_sandbox_find("require", &sandbox));
	assert_int_equal(sandbox, SY_SANDBOX_REQUIRE);
	assert_true(sy_sandbox_find("off", &sandbox));
	assert_int_equal(sandbox, SY_SANDBOX_OFF);
	assert_false(sy_sandbox_find("on", &sandbox));
	assert_false(sy_sandbox_find("", &sandbox));
	sy_text_init(&text);
	sy_cage_name(SY_CAGE_ALL, &text);
	assert_string_equal(text.data, "Landlock and seccomp");
	/* Off goes without both, and the report is told; a build without any, too. */
	assert_int_equal(degraded(SY_SANDBOX_OFF, SY_OK, "", SY_CAGE_ALL), 0);
	assert_int_equal(degraded(SY_SANDBOX_AUTO, SY_OK, "",
				  SY_CAGE_ALL & ~sy_cage_available()), 0);
	if (sy_cage_available() != SY_CAGE_ALL)
		assert_int_equal(degraded(SY_SANDBOX_REQUIRE, SY_WORKER,
					  "is not to be had", 0), 0);
}

static double jobs_ms(enum sy_sandbox sandbox)
{
	const char *names[BATCH + 1] = { NULL };
	struct rig *rig = calloc(1, sizeof(*rig));
	struct sy_context ctx;
	double start = rig_seconds();

	assert_non_null(rig);
	rig_context(&ctx);
	for (size_t i = 0; i < BATCH; i++)
		names[i] = "good";
	rig->names = names;
	rig->program = CAGED_WORKER;
	rig->sandbox = sandbox;
	assert_int_equal(rig_run(rig, &ctx, 1), SY_OK);
	for (size_t i = 0; i < rig->n; i++)
		assert_int_equal(rig->status[i], SY_OK);
	rig_free(rig);
	free(rig);
	return (rig_seconds() - start) * 1e3 / BATCH;
}

/* Taken by turns, and the least of each: the machine is not ours alone. */
static void test_cost(void **state)
{
	double best[2] = { 1e9, 1e9 };

	(void)state;
	for (int turn = 0; turn < 10; turn++) {
		double ms = jobs_ms(turn % 2 ? SY_SANDBOX_AUTO : SY_SANDBOX_OFF);

		if (ms < best[turn % 2])
			best[turn % 2] = ms;
	}
	print_message("a worker takes %d us, in its cage %d us (with its share of the "
		      "zygote's start)\n", (int)(best[0] * 1e3), (int)(best[1] * 1e3));
	assert_true(best[1] - best[0] < 10);
}

/* The process that hashes is not the one that is caged. */
static void test_main_process_is_free(void **state)
{
	(void)state;
	(void)jobs_ms(SY_SANDBOX_AUTO);
	assert_int_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	assert_int_equal(access("/etc/passwd", R_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_calls),
		cmocka_unit_test(test_each_layer),
		cmocka_unit_test(test_kernels_that_lack_it),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_main_process_is_free),
	};

	return cmocka_run_group_tests(tests, rig_make_file, rig_remove_file);
}
