/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever fails while files are hashed, a list is checked, keys are made and read or
 * a policy is shown and tried: it is told, or the answer is the very same; what was not
 * read is never called right, and of two key files there are both or none.  Through
 * the public interface, at every point; all of it happens in this process.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/faults/injector.h"
#include "tests/support/support.h"
#include "verifier/engine/session.h"

#define ANSWER_MAX 65536
#define WORKER STEELYARD_BINARY_DIR "/steelyard-worker"

static char folder[256], model[300], key[300], public_key[320], fresh[320], fresh_public[330],
	list[300], wrong_list[300], policy[300], mild[300], report[300];

/* What a command answered: its result, and all that it gave out. */
struct answer {
	int result;
	bool has_failures;		/* it named something that could not be read */
	uint64_t n_right;		/* of what it compared */
	size_t len;
	char text[ANSWER_MAX];
};

struct command {
	const char *name;
	int result;			/* when nothing fails */
	void (*run)(struct steelyard_session *session, struct answer *answer);
	void (*before)(void);
	void (*after)(const struct answer *answer);
};

static int keep(void *user, const void *data, size_t len)
{
	struct answer *answer = user;

	assert_true(len < sizeof(answer->text) - answer->len);
	memcpy(answer->text + answer->len, data, len);
	answer->len += len;
	return 0;
}

static void keep_word(struct answer *answer, const char *word)
{
	if (word)
		(void)keep(answer, word, strlen(word) + 1);
}

static void on_digest(void *user, const struct steelyard_digest *digest)
{
	struct answer *answer = user;

	answer->has_failures |= digest->hex == NULL;
	keep_word(answer, digest->path);
	keep_word(answer, digest->algorithm);
	keep_word(answer, digest->hex);
}

static void run_hash(struct steelyard_session *session, struct answer *answer)
{
	const char *paths[] = { model };
	const struct steelyard_hash_options options = {
		.size = sizeof(options), .paths = paths, .n_paths = 1,
		.algorithms = "sha256,blake3,blake2b", .jobs = 1,
	};

	answer->result = steelyard_hash(session, &options, on_digest, answer);
}

static void on_row(void *user, const struct steelyard_list_row *row)
{
	struct answer *answer = user;

	answer->has_failures |= row->state == STEELYARD_LIST_UNREADABLE;
	keep_word(answer, row->path);
	(void)keep(answer, &row->state, sizeof(row->state));
}

static void check_list(struct steelyard_session *session, const char *path,
		       struct answer *answer)
{
	const struct steelyard_list_options options = {
		.size = sizeof(options), .path = path, .jobs = 1,
	};
	struct steelyard_list_counts counts = { 0 };

	answer->result = steelyard_check_list(session, &options, on_row, answer, &counts);
	answer->n_right = counts.n_ok;
}

static void run_list(struct steelyard_session *session, struct answer *answer)
{
	check_list(session, list, answer);
}

static void run_wrong_list(struct steelyard_session *session, struct answer *answer)
{
	check_list(session, wrong_list, answer);
}

static void generate(struct steelyard_session *session, bool is_minisign,
		     struct answer *answer)
{
	const struct steelyard_generate_options options = {
		.size = sizeof(options), .path = fresh, .is_unencrypted = true,
		.is_minisign = is_minisign,
	};
	struct steelyard_key *made = NULL;

	answer->result = steelyard_key_generate(session, &options, &made);
	assert_true((answer->result == 0) == (made != NULL));
	steelyard_key_free(&made);
}

static void run_generate(struct steelyard_session *session, struct answer *answer)
{
	generate(session, false, answer);
}

static void run_generate_minisign(struct steelyard_session *session, struct answer *answer)
{
	generate(session, true, answer);
}

static void remove_fresh(void)
{
	(void)unlink(fresh);
	(void)unlink(fresh_public);
}

/* Both files or none, and nothing else beside them. */
static void check_fresh(const struct answer *answer)
{
	struct steelyard_session *session = steelyard_session_new();
	struct steelyard_key *read = NULL;

	assert_int_equal(access(fresh, F_OK) == 0, answer->result == 0);
	assert_int_equal(access(fresh_public, F_OK) == 0, answer->result == 0);
	if (answer->result == 0)
		assert_int_equal(steelyard_key_read(session, fresh_public, NULL, &read), 0);
	steelyard_key_free(&read);
	steelyard_session_free(&session);
}

static void read_key(struct steelyard_session *session, const char *path,
		     struct answer *answer)
{
	struct steelyard_key *read = NULL;
	struct steelyard_key_info info;

	answer->result = steelyard_key_read(session, path, NULL, &read);
	assert_true((answer->result == 0) == (read != NULL));
	if (!read)
		return;
	steelyard_key_info(read, &info);
	keep_word(answer, info.kind);
	keep_word(answer, info.id);
	keep_word(answer, info.hint);
	answer->result = steelyard_key_write(session, read, false, keep, answer);
	steelyard_key_free(&read);
}

static void run_read_private(struct steelyard_session *session, struct answer *answer)
{
	read_key(session, key, answer);
}

static void run_read_public(struct steelyard_session *session, struct answer *answer)
{
	read_key(session, public_key, answer);
}

static void run_policy_show(struct steelyard_session *session, struct answer *answer)
{
	answer->result = steelyard_policy_show(session, policy, keep, answer);
}

static void run_policy_test(struct steelyard_session *session, struct answer *answer)
{
	answer->result = steelyard_policy_test(session, policy, report, keep, answer);
}

static void run_policy_preset(struct steelyard_session *session, struct answer *answer)
{
	answer->result = steelyard_policy_preset_write(session, "strict", keep, answer);
}

/* With a worker: what it says of the model is only right when the policy was read. */
static void run_check(struct steelyard_session *session, struct answer *answer)
{
	const char *paths[] = { model };
	const struct steelyard_check_options options = {
		.size = sizeof(options), .ask = STEELYARD_ASK_SCAN, .paths = paths,
		.n_paths = 1, .worker = WORKER, .jobs = 1, .sandbox = "off",
		.policy = mild,
	};
	struct steelyard_report *made = NULL;

	answer->result = steelyard_check(session, &options, &made);
	if (made)
		answer->result = steelyard_report_exit_code(made);
	answer->has_failures = answer->result == STEELYARD_UNDETERMINED;
	steelyard_report_free(&made);
}

static const struct command commands[] = {
	{ .name = "hash", .run = run_hash },
	{ .name = "hash, list", .run = run_list },
	{ .name = "hash, wrong list", .run = run_wrong_list },
	{ .name = "key generate", .run = run_generate, .before = remove_fresh,
	  .after = check_fresh },
	{ .name = "key generate, minisign", .run = run_generate_minisign,
	  .before = remove_fresh, .after = check_fresh },
	{ .name = "key, private", .run = run_read_private },
	{ .name = "key, public", .run = run_read_public },
	{ .name = "policy show", .run = run_policy_show },
	{ .name = "policy test", .run = run_policy_test,
	  .result = STEELYARD_UNDETERMINED },
	{ .name = "policy init", .run = run_policy_preset },
	{ .name = "scan, policy", .run = run_check },
};

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* All memory and descriptors come back, and a failure has a word. */
static void run(const struct command *command, struct injector *injector,
		struct answer *answer)
{
	struct steelyard_session *session;
	size_t n_descriptors, n_files;

	if (command->before)
		command->before();
	n_descriptors = count_entries("/proc/self/fd");
	n_files = count_entries(folder);
	session = steelyard_session_new();
	assert_non_null(session);
	injector->cancelled = &session->is_cancelled;
	injector_use(injector, &session->ctx);
	memset(answer, 0, sizeof(*answer));
	command->run(session, answer);
	if (answer->result < 0)
		assert_true(*steelyard_session_error(session));
	steelyard_session_free(&session);
	assert_int_equal(atomic_load(&injector->n_live), 0);
	assert_int_equal(count_entries("/proc/self/fd"), n_descriptors);
	if (command->after)
		command->after(answer);
	if (answer->result < 0)
		assert_int_equal(count_entries(folder), n_files);
}

static bool is_same(const struct answer *a, const struct answer *b)
{
	return a->result == b->result && a->n_right == b->n_right && a->len == b->len &&
	       !memcmp(a->text, b->text, a->len);
}

static bool is_right(const struct answer *answer, const struct answer *plain)
{
	if (answer->n_right > plain->n_right)
		return false;
	return answer->result < 0 || answer->has_failures || is_same(answer, plain);
}

static uint64_t try_command(const struct command *command)
{
	static struct answer plain, answer;
	struct injector counting = { .fault = FAULT_NONE };
	uint64_t n = 0;

	run(command, &counting, &plain);
	if (plain.result != command->result)
		print_error("%s: %d\n", command->name, plain.result);
	assert_int_equal(plain.result, command->result);
	for (enum fault fault = FAULT_NONE + 1; fault < N_FAULTS; fault++) {
		for (uint64_t at = 0; at < injector_points(&counting, fault); at++) {
			struct injector injector = { .fault = fault, .at = at };

			run(command, &injector, &answer);
			n += atomic_load(&injector.n_injected) > 0;
			if (is_right(&answer, &plain))
				continue;
			print_error("%s: %s at %llu: %d, %llu right, not %llu\n%.*s\n",
				    command->name, fault_name(fault), (unsigned long long)at,
				    answer.result, (unsigned long long)answer.n_right,
				    (unsigned long long)plain.n_right, (int)answer.len,
				    answer.text);
			fail();
		}
	}
	print_message("%s: %llu faults\n", command->name, (unsigned long long)n);
	return n;
}

static void test_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(commands); i++)
		assert_true(try_command(&commands[i]) > 0);
}

static void put(const char *path, const char *text)
{
	test_write_file(path, text, strlen(text));
}

/* The list of the model's files as sha256sum writes it; wrong: of other content. */
static void make_lists(void)
{
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	char text[1000];

	snprintf(text, sizeof(text), "%s  %s/abc\n", abc, model);
	put(list, text);
	snprintf(text, sizeof(text), "%s  %s/abc\n%s  %s/other\n", abc, model, abc, model);
	put(wrong_list, text);
}

static void make_report(void)
{
	const char *paths[] = { model };
	const struct steelyard_check_options options = {
		.size = sizeof(options), .ask = STEELYARD_ASK_SCAN, .paths = paths,
		.n_paths = 1, .worker = WORKER, .jobs = 1, .sandbox = "off",
	};
	const struct steelyard_write_options plain = { .size = sizeof(plain) };
	struct steelyard_session *session = steelyard_session_new();
	struct steelyard_report *made = NULL;
	static struct answer answer;

	assert_int_equal(steelyard_check(session, &options, &made), 0);
	assert_int_equal(steelyard_report_write(made, "json", &plain, keep, &answer), 0);
	test_write_file(report, answer.text, answer.len);
	steelyard_report_free(&made);
	steelyard_session_free(&session);
}

/* Something that can be examined. */
static void put_vector(void)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span bytes;
	char path[600];

	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	snprintf(path, sizeof(path), "%s/safetensors/accept-one-tensor.safetensors",
		 test_vectors());
	bytes = test_read_file(&arena, path);
	snprintf(path, sizeof(path), "%s/a.safetensors", model);
	test_write_file(path, bytes.data, bytes.len);
	sy_arena_free(&arena);
}

static int make_files(void **state)
{
	struct steelyard_session *session = steelyard_session_new();
	struct steelyard_generate_options options = {
		.size = sizeof(options), .path = key, .is_unencrypted = true };
	struct steelyard_key *made = NULL;
	char path[600];

	(void)state;
	test_tmpdir(folder, sizeof(folder));
	snprintf(model, sizeof(model), "%s/model", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	snprintf(public_key, sizeof(public_key), "%s.pub", key);
	snprintf(fresh, sizeof(fresh), "%s/fresh", folder);
	snprintf(fresh_public, sizeof(fresh_public), "%s.pub", fresh);
	snprintf(list, sizeof(list), "%s/list", folder);
	snprintf(wrong_list, sizeof(wrong_list), "%s/wrong", folder);
	snprintf(policy, sizeof(policy), "%s/policy", folder);
	snprintf(mild, sizeof(mild), "%s/mild", folder);
	snprintf(report, sizeof(report), "%s/report", folder);
	assert_int_equal(mkdir(model, 0700), 0);
	snprintf(path, sizeof(path), "%s/abc", model);
	put(path, "abc");
	snprintf(path, sizeof(path), "%s/other", model);
	put(path, "other");
	put_vector();
	put(policy, "{\"schema\": \"steelyard-policy/1\", \"require\": [\"inert\", "
		    "\"authentic\"], \"exclude\": [\"b\", \"a\"], \"signers\": [{\"name\": "
		    "\"us\", \"keys\": [{\"file\": \"key.pub\"}]}]}");
	put(mild, "{\"schema\": \"steelyard-policy/1\", \"require\": [\"inert\"]}");
	make_lists();
	assert_int_equal(steelyard_key_generate(session, &options, &made), 0);
	steelyard_key_free(&made);
	steelyard_session_free(&session);
	make_report();
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	test_rmtree(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
