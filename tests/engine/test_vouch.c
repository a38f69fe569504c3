/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and verifying with the n-th allocation failing: no signature before all
 * went well, never clean unless it is, no trace in the state file, and nothing leaks.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"
#include "verifier/engine/check.h"
#include "verifier/engine/key_file.h"
#include "verifier/engine/sign.h"

#define POLICY "{\"schema\": \"steelyard-policy/1\", \"require\": [\"authentic\", \"intact\"]," \
	"\"signers\": [{\"name\": \"a\", \"keys\": [{\"file\": \"%s/chain/signer-p256.pub\"}]}]," \
	"\"rules\": [{\"paths\": [\"**\"], \"signers\": [\"a\"], \"threshold\": 1}]," \
	"\"state\": \"state.json\"}"

struct place {
	struct sy_context ctx;
	struct test_allocator allocator;
	char folder[256], model[280], signature[300], cache[300], state[300], policy[300];
};

static void put(const struct place *p, const char *name, const char *text)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	test_write_file(path, text, strlen(text));
}

static int set_up(void **state)
{
	static struct place p;
	char text[2048];

	p = (struct place){ .allocator.fail_at = UINT64_MAX };
	test_tmpdir(p.folder, sizeof(p.folder));
	snprintf(p.model, sizeof(p.model), "%s/m", p.folder);
	snprintf(p.signature, sizeof(p.signature), "%s/model.sig", p.model);
	snprintf(p.cache, sizeof(p.cache), "%s/cache.json", p.folder);
	snprintf(p.state, sizeof(p.state), "%s/state.json", p.folder);
	snprintf(p.policy, sizeof(p.policy), "%s/policy.json", p.folder);
	assert_int_equal(mkdir(p.model, 0755), 0);
	put(&p, "m/a.txt", "a");
	put(&p, "m/b.txt", "bb");
	snprintf(text, sizeof(text), POLICY, test_vectors());
	put(&p, "policy.json", text);
	sy_context_init(&p.ctx);
	test_allocator_use(&p.ctx, &p.allocator);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	test_rmtree(p->folder);
	return 0;
}

static void assert_no_leak(const struct place *p)
{
	assert_int_equal(p->allocator.n_live, 0);
	assert_int_equal(p->ctx.memory_used, 0);
}

/* Signing. */

static enum sy_status read_key(struct place *p, struct sy_private_key **key)
{
	struct sy_passphrase none = { 0 };
	struct sy_secret file;
	char path[300];
	enum sy_status status;

	snprintf(path, sizeof(path), "%s/chain/signer-p256.key", test_vectors());
	status = sy_key_file_read(&p->ctx, path, &file);
	if (status != SY_OK)
		return status;
	status = sy_private_key_read(&p->ctx, sy_secret_span(&file), &none, key);
	sy_secret_free(&file);
	return status;
}

static enum sy_status sign(struct place *p, uint64_t shard_size)
{
	SY_OWNED(sy_private_key_free) struct sy_private_key *key = NULL;
	const struct sy_sign_output output = { SY_SIGN_OMS, p->signature };
	const struct sy_sign_options options = {
		.path = p->model, .outputs = &output, .n_outputs = 1, .algorithm = SY_SHA256,
		.shard_size = shard_size, .jobs = 1, .cache = p->cache,
	};
	struct sy_sign sign = { 0 };
	enum sy_status status = read_key(p, &key);

	if (status == SY_OK)
		status = sy_sign_run(&sign, &p->ctx, &options, key);
	sy_sign_free(&sign);
	return status;
}

/* The n-th allocation fails, for every n until there is none. */
static void sign_without_memory(struct place *p, uint64_t shard_size)
{
	bool is_whole = false;

	for (uint64_t n = 0; !is_whole; n++) {
		enum sy_status status;

		assert_true(n < 3000);
		(void)unlink(p->signature);
		p->allocator = (struct test_allocator){ .fail_at = n };
		sy_error_clear(&p->ctx);
		status = sign(p, shard_size);
		is_whole = p->allocator.n_calls <= n;
		assert_int_equal(status, is_whole ? SY_OK : SY_NO_MEMORY);
		assert_int_equal(access(p->signature, F_OK) == 0, is_whole);
		assert_no_leak(p);
	}
}

static void test_sign(void **state)
{
	sign_without_memory(*state, 0);
	sign_without_memory(*state, 1);
	/* What the cache knows by now makes no difference. */
	sign_without_memory(*state, 0);
}

/* Verifying. */

static enum sy_status verify(struct place *p, struct sy_report **report)
{
	SY_OWNED(sy_policy_free) struct sy_policy *policy = NULL;
	const char *path = p->model;
	struct sy_check_options options = {
		.command = "verify", .asked = 1u << SY_AUTHENTIC | 1u << SY_INTACT,
		.paths = &path, .n_paths = 1, .loader = sy_loader_find("any"),
		.fail_on = SY_HIGH, .jobs = 1,
	};
	enum sy_status status = sy_policy_read(&p->ctx, p->policy, &policy);

	if (status != SY_OK)
		return status;
	options.policy = policy;
	return sy_check(&p->ctx, &options, report);
}

static void verify_without_memory(struct place *p, int code)
{
	bool is_whole = false;

	for (uint64_t n = 0; !is_whole; n++) {
		SY_OWNED(sy_report_free) struct sy_report *report = NULL;
		enum sy_status status;

		assert_true(n < 3000);
		p->allocator = (struct test_allocator){ .fail_at = n };
		sy_error_clear(&p->ctx);
		status = verify(p, &report);
		is_whole = p->allocator.n_calls <= n;
		if (is_whole)
			assert_int_equal(report->exit_code, code);
		else if (status == SY_OK)
			assert_int_not_equal(report->exit_code, 0);
		else
			assert_int_equal(status, SY_NO_MEMORY);
		/* What failed is never remembered. */
		assert_int_equal(access(p->state, F_OK) == 0, is_whole && code == 0);
		sy_report_free(&report);
		assert_no_leak(p);
	}
	(void)unlink(p->state);
	p->allocator.fail_at = UINT64_MAX;
}

static void test_verify(void **state)
{
	struct place *p = *state;

	assert_int_equal(sign(p, 0), SY_OK);
	verify_without_memory(p, 0);
	assert_int_equal(sign(p, 1), SY_OK);
	verify_without_memory(p, 0);
}

static void test_verify_what_differs(void **state)
{
	struct place *p = *state;

	assert_int_equal(sign(p, 0), SY_OK);
	put(p, "m/a.txt", "A");
	put(p, "m/new.txt", "n");
	verify_without_memory(p, 1);
	assert_int_equal(unlink(p->signature), 0);
	verify_without_memory(p, 1);
}

/* With a state file that is there already. */
static void test_state(void **state)
{
	struct place *p = *state;
	struct sy_report *report = NULL;
	uint64_t n_calls;

	assert_int_equal(sign(p, 0), SY_OK);
	assert_int_equal(verify(p, &report), SY_OK);
	sy_report_free(&report);
	put(p, "m/b.txt", "BB");
	assert_int_equal(sign(p, 0), SY_OK);
	p->allocator = (struct test_allocator){ .fail_at = UINT64_MAX };
	assert_int_equal(verify(p, &report), SY_OK);
	assert_int_equal(report->exit_code, 0);
	sy_report_free(&report);
	n_calls = p->allocator.n_calls;
	put(p, "m/b.txt", "bb");
	assert_int_equal(sign(p, 0), SY_OK);
	for (uint64_t n = 0; n <= n_calls; n++) {
		p->allocator = (struct test_allocator){ .fail_at = n };
		sy_error_clear(&p->ctx);
		if (verify(p, &report) == SY_OK)
			assert_int_not_equal(report->exit_code, 0);
		sy_report_free(&report);
		assert_no_leak(p);
	}
}

/* Every prefix and every bit of a file of ours: refused, or read as something else. */

typedef enum sy_status run_fn(struct place *p);

static enum sy_status run_verify(struct place *p)
{
	struct sy_report *report = NULL;
	enum sy_status status = verify(p, &report);

	sy_report_free(&report);
	return status;
}

static enum sy_status run_sign(struct place *p)
{
	return sign(p, 0);
}

static void bend(struct place *p, const char *path, run_fn *run)
{
	SY_OWNED(sy_arena_free) struct sy_arena arena;
	struct sy_span file;
	uint8_t *copy;
	size_t n_refused = 0;

	sy_arena_init(&arena, &p->ctx);
	file = test_read_file(&arena, path);
	copy = sy_arena_alloc(&arena, file.len);
	assert_non_null(copy);
	memcpy(copy, file.data, file.len);
	for (size_t len = 0; len + 1 < file.len; len++) {
		sy_error_clear(&p->ctx);
		test_write_file(path, copy, len);
		assert_int_equal(run(p), SY_FORMAT);
	}
	for (size_t bit = 0; bit < 8 * file.len; bit++) {
		enum sy_status status;

		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		sy_error_clear(&p->ctx);
		test_write_file(path, copy, file.len);
		status = run(p);
		assert_true(status == SY_OK || status == SY_FORMAT);
		n_refused += status == SY_FORMAT;
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(n_refused > 4 * file.len);
}

static void test_bent_state(void **state)
{
	struct place *p = *state;

	assert_int_equal(sign(p, 0), SY_OK);
	assert_int_equal(run_verify(p), SY_OK);
	bend(p, p->state, run_verify);
	assert_no_leak(p);
}

static void test_bent_cache(void **state)
{
	struct place *p = *state;

	assert_int_equal(sign(p, 0), SY_OK);
	bend(p, p->cache, run_sign);
	assert_no_leak(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sign, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_verify, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_verify_what_differs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bent_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bent_cache, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
