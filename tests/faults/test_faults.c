/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever fails while a model is checked, compared, verified or signed: nothing crashes,
 * nothing leaks, nothing is called clean that was not read, and no half signature
 * stands where one is looked for.  Through the public interface, with worker
 * processes; what fails inside of a worker is tests/formats' and test_worker's.
 *
 * STEELYARD_FAULTS=all tries every point; else some POINTS (CMakeLists.txt) of each kind,
 * evenly.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/faults/injector.h"
#include "tests/support/support.h"
#include "verifier/engine/session.h"

#define WORKER STEELYARD_BINARY_DIR "/steelyard-worker"
#define REPORT_MAX (1 << 20)

static char folder[256], model[300], bad[300], twin[300], other[300];
static char key[300], public_key[320], signature[320];
static const char old_signature[] = "the old one";

/* How one run ended. */
struct outcome {
	int code;			/* exit code, or -1: an error was given */
	size_t len;
	uint64_t n_injected;
	char json[REPORT_MAX];
};

struct job {
	const char *name, *path;
	enum steelyard_ask ask;
	int code;			/* when nothing fails */
	bool has_stats, has_digests;
	const char *with;		/* what it is compared with; NULL: it is not */
};

static int keep_bytes(void *user, const void *data, size_t len)
{
	struct outcome *out = user;

	assert_true(len < sizeof(out->json) - out->len);
	memcpy(out->json + out->len, data, len);
	out->len += len;
	return 0;
}

static size_t count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static struct steelyard_session *begin(struct injector *injector)
{
	struct steelyard_session *session = steelyard_session_new();

	assert_non_null(session);
	injector->cancelled = &session->is_cancelled;
	injector_use(injector, &session->ctx);
	return session;
}

/* What every run owes: all memory and descriptors back, and a word about failures. */
static void end(struct steelyard_session *session, const struct injector *injector,
		int result, size_t n_descriptors)
{
	if (result < 0 && !*steelyard_session_error(session)) {
		print_error("no word about %s at %llu\n", fault_name(injector->fault),
			    (unsigned long long)injector->at);
		fail();
	}
	steelyard_session_free(&session);
	assert_int_equal(atomic_load(&injector->n_live), 0);
	assert_int_equal(count_descriptors(), n_descriptors);
}

static void run_check(const struct job *job, struct injector *injector, struct outcome *out)
{
	const char *keys[] = { public_key };
	const struct steelyard_check_options options = {
		.size = sizeof(options), .ask = job->ask, .paths = &job->path, .n_paths = 1,
		.worker = WORKER, .jobs = 1, .keys = keys, .n_keys = 1,
		.tensor_stats = job->has_stats, .tensor_digests = job->has_digests,
		/* The names of what is not there differ from build to build. */
		.sandbox = "off",
	};
	const struct steelyard_write_options plain = { .size = sizeof(plain) };
	const size_t n_descriptors = count_descriptors();
	struct steelyard_session *session = begin(injector);
	struct steelyard_report *report = NULL;

	out->len = 0;
	out->code = steelyard_check(session, &options, &report);
	assert_true((out->code == 0) == (report != NULL));
	if (report) {
		out->code = steelyard_report_exit_code(report);
		if (steelyard_report_write(report, "json", &plain, keep_bytes, out) != 0)
			out->code = -1;
	}
	steelyard_report_free(&report);
	out->n_injected = atomic_load(&injector->n_injected);
	out->json[out->len] = '\0';
	end(session, injector, out->code, n_descriptors);
}

static void run_diff(const struct job *job, struct injector *injector, struct outcome *out)
{
	const struct steelyard_diff_options options = {
		.size = sizeof(options), .a = job->path, .b = job->with, .format = "json",
		.worker = WORKER, .jobs = 1, .sandbox = "off",
	};
	const size_t n_descriptors = count_descriptors();
	struct steelyard_session *session = begin(injector);

	out->len = 0;
	out->code = steelyard_diff(session, &options, keep_bytes, out);
	out->n_injected = atomic_load(&injector->n_injected);
	out->json[out->len] = '\0';
	end(session, injector, out->code, n_descriptors);
}

static void run_job(const struct job *job, struct injector *injector, struct outcome *out)
{
	if (job->with)
		run_diff(job, injector, out);
	else
		run_check(job, injector, out);
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return a->code == b->code && a->len == b->len && !memcmp(a->json, b->json, a->len);
}

/*
 * A failure is told: an error, or "undetermined".  What was absorbed (read again,
 * not needed) leaves the very same report.  A bad model stays flagged or becomes
 * undetermined; a good one never becomes a bad one.
 */
static bool is_right(const struct outcome *out, const struct outcome *plain)
{
	if (out->code == -1 || out->code == STEELYARD_UNDETERMINED)
		return true;
	return is_same(out, plain) ||
	       (plain->code == STEELYARD_FLAGGED && out->code == plain->code);
}

static uint64_t step_of(uint64_t n_points)
{
	const char *word = getenv("STEELYARD_FAULTS");

	if ((word && !strcmp(word, "all")) || n_points <= POINTS)
		return 1;
	return n_points / POINTS;
}

static uint64_t check_fault(const struct job *job, enum fault fault, uint64_t n_points,
			    const struct outcome *plain)
{
	static struct outcome out;
	uint64_t n = 0;

	for (uint64_t at = 0; at < n_points; at += step_of(n_points)) {
		struct injector injector = { .fault = fault, .at = at };

		run_job(job, &injector, &out);
		n += out.n_injected > 0;
		if (is_right(&out, plain))
			continue;
		print_error("%s: %s at %llu of %llu: exit code %d\n%.*s\n", job->name,
			    fault_name(fault), (unsigned long long)at,
			    (unsigned long long)n_points, out.code, (int)out.len, out.json);
		fail();
	}
	return n;
}

static uint64_t check_job(const struct job *job)
{
	static struct outcome plain, again;
	struct injector counting = { .fault = FAULT_NONE };
	uint64_t n = 0;

	run_job(job, &counting, &plain);
	if (plain.code != job->code)
		print_error("%.*s\n", (int)plain.len, plain.json);
	assert_int_equal(plain.code, job->code);
	run_job(job, &(struct injector){ .fault = FAULT_NONE }, &again);
	assert_true(is_same(&again, &plain));
	for (enum fault fault = FAULT_NONE + 1; fault < N_FAULTS; fault++)
		n += check_fault(job, fault, injector_points(&counting, fault), &plain);
	print_message("%s: %llu faults\n", job->name, (unsigned long long)n);
	assert_true(n > N_FAULTS);
	return n;
}

/* A difference never becomes "the same", nor the other way round. */
static void test_diff(void **state)
{
	(void)state;
	check_job(&(struct job){ .name = "diff, same", .path = model, .code = 0, .with = twin });
	check_job(&(struct job){ .name = "diff", .path = twin, .code = 1, .with = other });
}

static void test_tensors(void **state)
{
	(void)state;
	check_job(&(struct job){ .name = "stats", .path = model, .ask = STEELYARD_ASK_CHECK,
				 .code = STEELYARD_CLEAN, .has_stats = true });
	check_job(&(struct job){ .name = "digests", .path = other,
				 .ask = STEELYARD_ASK_INSPECT, .code = STEELYARD_CLEAN,
				 .has_digests = true });
}

static void test_check(void **state)
{
	(void)state;
	check_job(&(struct job){ .name = "check", .path = model, .ask = STEELYARD_ASK_CHECK,
				 .code = STEELYARD_CLEAN });
}

static void test_check_of_a_bad_model(void **state)
{
	(void)state;
	check_job(&(struct job){ .name = "check, bad", .path = bad,
				 .ask = STEELYARD_ASK_CHECK, .code = STEELYARD_FLAGGED });
}

static void test_verify(void **state)
{
	(void)state;
	check_job(&(struct job){ .name = "verify", .path = model,
				 .ask = STEELYARD_ASK_VERIFY, .code = STEELYARD_CLEAN });
}

static void test_inspect_and_trace(void **state)
{
	(void)state;
	check_job(&(struct job){ .name = "inspect", .path = model,
				 .ask = STEELYARD_ASK_INSPECT, .code = STEELYARD_CLEAN });
	check_job(&(struct job){ .name = "trace", .path = bad,
				 .ask = STEELYARD_ASK_TRACE, .code = STEELYARD_FLAGGED });
}

static int run_sign(struct injector *injector)
{
	const char *where = signature;
	const struct steelyard_sign_options options = {
		.size = sizeof(options), .path = model, .key = key, .signatures = &where,
		.n_signatures = 1, .jobs = 1,
	};
	const size_t n_descriptors = count_descriptors();
	struct steelyard_session *session = begin(injector);
	int result = steelyard_sign(session, &options, NULL, NULL);

	end(session, injector, result, n_descriptors);
	return result;
}

/* Nothing but the model's own files may lie there: no temporary ones. */
static size_t count_files(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void check_signature(int result, enum fault fault)
{
	static struct outcome out;
	const struct job job = { .name = "signed", .path = model,
				 .ask = STEELYARD_ASK_VERIFY, .code = STEELYARD_CLEAN };
	char content[sizeof(old_signature)] = "";
	FILE *file = fopen(signature, "rb");
	bool is_old;

	assert_non_null(file);
	is_old = fread(content, 1, sizeof(content), file) == sizeof(content) - 1 &&
		 !memcmp(content, old_signature, sizeof(content) - 1);
	fclose(file);
	if (result != 0 && is_old)
		return;
	if (is_old)
		print_error("sign: %s: said to be written, and is not\n", fault_name(fault));
	assert_false(is_old);
	run_check(&job, &(struct injector){ .fault = FAULT_NONE }, &out);
	assert_int_equal(out.code, STEELYARD_CLEAN);
}

static void put_old(void)
{
	test_write_file(signature, old_signature, sizeof(old_signature) - 1);
}

static void test_sign(void **state)
{
	struct injector counting = { .fault = FAULT_NONE };
	size_t n_files = count_files(model);
	uint64_t n = 0;

	(void)state;
	put_old();
	assert_int_equal(run_sign(&counting), 0);
	check_signature(0, FAULT_NONE);
	for (enum fault fault = FAULT_NONE + 1; fault < N_FAULTS; fault++) {
		uint64_t n_points = injector_points(&counting, fault);

		for (uint64_t at = 0; at < n_points; at += step_of(n_points)) {
			struct injector injector = { .fault = fault, .at = at };

			put_old();
			check_signature(run_sign(&injector), fault);
			assert_int_equal(count_files(model), n_files);
			n += atomic_load(&injector.n_injected) > 0;
		}
	}
	print_message("sign: %llu faults\n", (unsigned long long)n);
	assert_true(n > N_FAULTS);
	assert_int_equal(run_sign(&(struct injector){ .fault = FAULT_NONE }), 0);
}

static void copy_vector(const char *vector, const char *to, const char *name)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span bytes;
	char path[600];

	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	snprintf(path, sizeof(path), "%s/%s", test_vectors(), vector);
	bytes = test_read_file(&arena, path);
	snprintf(path, sizeof(path), "%s/%s", to, name);
	test_write_file(path, bytes.data, bytes.len);
	sy_arena_free(&arena);
}

static void make_model(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
	copy_vector("safetensors/accept-one-tensor.safetensors", path, "model.safetensors");
	copy_vector("gguf/accept-one.gguf", path, "a.gguf");
	copy_vector("torch_zip/accept-plain.pt", path, "b.pt");
	copy_vector("hf_config/accept-plain.config.json", path, "config.json");
}

/* Other tensors, metadata and members; some of it packed. */
static void make_other(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
	copy_vector("safetensors/accept-all-dtypes.safetensors", path, "model.safetensors");
	copy_vector("gguf/accept-one.gguf", path, "a.gguf");
	copy_vector("npz/accept-deflated.npz", path, "c.npz");
	copy_vector("hf_config/accept-auto-map.config.json", path, "config.json");
}

static int make_models(void **state)
{
	struct steelyard_session *session = steelyard_session_new();
	struct steelyard_key *made = NULL;
	struct steelyard_generate_options options = {
		.size = sizeof(options), .path = key, .is_unencrypted = true };

	(void)state;
	test_tmpdir(folder, sizeof(folder));
	snprintf(model, sizeof(model), "%s/good", folder);
	snprintf(bad, sizeof(bad), "%s/bad", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	snprintf(public_key, sizeof(public_key), "%s.pub", key);
	snprintf(signature, sizeof(signature), "%s/model.sig", model);
	snprintf(twin, sizeof(twin), "%s/twin", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	make_model(model);
	make_model(bad);
	make_model(twin);
	make_other(other);
	copy_vector("torch_zip/reject-evil-debug.pt", bad, "c.pt");
	assert_int_equal(steelyard_key_generate(session, &options, &made), 0);
	steelyard_key_free(&made);
	steelyard_session_free(&session);
	return run_sign(&(struct injector){ .fault = FAULT_NONE });
}

static int remove_models(void **state)
{
	(void)state;
	test_rmtree(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_of_a_bad_model),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_inspect_and_trace),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_tensors),
	};

	return cmocka_run_group_tests(tests, make_models, remove_models);
}
