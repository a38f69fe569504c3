/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies on disk: their keys, their digest, and that none of it may lie in what is
 * examined.  And reports read back, to try a policy on them.
 */
#include "tests/engine/policy_samples.h"
#include "tests/support/support.h"
#include "verifier/engine/policy.h"
#include "verifier/report/writer.h"

#include <stdio.h>
#include <unistd.h>

struct rig {
	struct sy_context ctx;
	char folder[256];
};

static void set_up(struct rig *rig)
{
	*rig = (struct rig){ 0 };
	sy_context_init(&rig->ctx);
	test_tmpdir(rig->folder, sizeof(rig->folder));
}

static void tear_down(struct rig *rig)
{
	test_rmtree(rig->folder);
	assert_int_equal(rig->ctx.memory_used, 0);
}

/* A path below the folder; one at a time for each of four. */
static const char *at(const struct rig *rig, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", rig->folder, name);
	return path;
}

static void put(const struct rig *rig, const char *name, const char *text)
{
	test_write_file(at(rig, name), text, strlen(text));
}

static void make_folder(const struct rig *rig, const char *name)
{
	char command[600];

	assert_true(snprintf(command, sizeof(command), "%s", at(rig, name)) > 0);
	assert_int_equal(mkdir(command, 0700), 0);
}

#define WITH_KEY(file) "{\"schema\": \"steelyard-policy/1\", \"require\": [], \"signers\": " \
	"[{\"name\": \"a\", \"keys\": [{\"file\": \"" file "\"}]}]}"

static enum sy_status read_policy(struct rig *rig, const char *name, struct sy_policy **policy)
{
	sy_error_clear(&rig->ctx);
	return sy_policy_read(&rig->ctx, at(rig, name), policy);
}

static void key_files(void **state)
{
	char hex[2 * SY_DIGEST_MAX + 1];
	struct sy_policy *policy;
	struct rig rig;

	(void)state;
	set_up(&rig);
	make_folder(&rig, "keys");
	put(&rig, "keys/a.pub", "-----BEGIN PUBLIC KEY-----\n");
	put(&rig, "p.json", WITH_KEY("keys/a.pub"));
	assert_int_equal(read_policy(&rig, "p.json", &policy), SY_OK);
	assert_true(sy_span_is(policy->signers.items[0].keys.items[0].text,
			       "-----BEGIN PUBLIC KEY-----\n"));
	sy_policy_free(&policy);
	put(&rig, "p.json", "{\"schema\": \"steelyard-policy/1\", \"require\": []}");
	assert_int_equal(read_policy(&rig, "p.json", &policy), SY_OK);
	sy_digest_hex(&policy->sha256, hex);
	assert_string_equal(hex,	/* sha256sum's */
			    "f46dba249ecc4fe918647ed9724bf84438955484d4b17fd46120ec717e848516");
	sy_policy_free(&policy);
	tear_down(&rig);
}

static void unreadable(void **state)
{
	struct sy_policy *policy;
	struct rig rig;

	(void)state;
	set_up(&rig);
	assert_int_equal(read_policy(&rig, "none.json", &policy), SY_NOT_FOUND);
	assert_null(policy);
	assert_int_equal(read_policy(&rig, ".", &policy), SY_UNSUPPORTED);
	put(&rig, "p.json", WITH_KEY("none.pub"));
	assert_int_equal(read_policy(&rig, "p.json", &policy), SY_NOT_FOUND);
	assert_non_null(strstr(rig.ctx.error.text, "there is no key file"));
	put(&rig, "a.pub", "-----BEGIN EC PRIVATE KEY-----\n");
	put(&rig, "p.json", WITH_KEY("a.pub"));
	assert_int_equal(read_policy(&rig, "p.json", &policy), SY_FORMAT);
	assert_non_null(strstr(rig.ctx.error.text, "holds a private key"));
	assert_null(policy);
	rig.ctx.limits.config_bytes = 10;
	assert_int_equal(read_policy(&rig, "p.json", &policy), SY_LIMIT);
	tear_down(&rig);
}

/* Does a check of `model` with a policy at `policy` go on? */
static enum sy_status goes_on(struct rig *rig, const char *policy_name, const char *model)
{
	const char *paths[] = { at(rig, model) };
	const struct sy_walk_options options = { .paths = paths, .n_paths = 1 };
	struct sy_inventory inventory = { 0 };
	struct sy_policy *policy = NULL;
	enum sy_status status;

	assert_int_equal(read_policy(rig, policy_name, &policy), SY_OK);
	assert_int_equal(sy_walk(&inventory, &rig->ctx, &options), SY_OK);
	status = sy_policy_stay_outside(&rig->ctx, policy, &inventory);
	sy_inventory_free(&inventory);
	sy_policy_free(&policy);
	return status;
}

static void link_to(const struct rig *rig, const char *target, const char *name, bool is_hard)
{
	const char *from = at(rig, target), *to = at(rig, name);

	assert_int_equal(is_hard ? link(from, to) : symlink(from, to), 0);
}

static void stays_outside(void **state)
{
	const char *plain = "{\"schema\": \"steelyard-policy/1\", \"require\": []}";
	struct rig rig;

	(void)state;
	set_up(&rig);
	make_folder(&rig, "model");
	make_folder(&rig, "model/deep");
	make_folder(&rig, "keys");
	put(&rig, "p.json", plain);
	put(&rig, "model/p.json", plain);
	put(&rig, "model/deep/p.json", plain);
	assert_int_equal(goes_on(&rig, "p.json", "model"), SY_OK);
	assert_int_equal(goes_on(&rig, "model/../p.json", "model"), SY_OK);
	assert_int_equal(goes_on(&rig, "model/p.json", "model"), SY_USAGE);
	assert_non_null(strstr(rig.ctx.error.text, "a model may not bring its own"));
	assert_int_equal(goes_on(&rig, "model/deep/p.json", "model"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "model/p.json", "model/p.json"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "model/p.json", "model/deep"), SY_OK);
	assert_int_equal(goes_on(&rig, "p.json", "."), SY_USAGE);
	/* Names that lead into it, and a name in it that leads out. */
	link_to(&rig, "model/p.json", "soft.json", false);
	link_to(&rig, "model/p.json", "hard.json", true);
	link_to(&rig, "model", "other", false);
	link_to(&rig, "p.json", "model/out.json", false);
	assert_int_equal(goes_on(&rig, "soft.json", "model"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "hard.json", "model"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "other/deep/p.json", "model"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "model/out.json", "model"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "p.json", "other"), SY_OK);
	/* Its keys and its state as well. */
	put(&rig, "model/a.pub", "x");
	put(&rig, "keys/a.pub", "x");
	put(&rig, "k.json", WITH_KEY("model/a.pub"));
	assert_int_equal(goes_on(&rig, "k.json", "model"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "k.json", "keys"), SY_OK);
	put(&rig, "s.json", "{\"schema\": \"steelyard-policy/1\", \"require\": [], "
			    "\"state\": \"model/none\"}");
	assert_int_equal(goes_on(&rig, "s.json", "model"), SY_USAGE);
	assert_int_equal(goes_on(&rig, "s.json", "keys"), SY_OK);
	tear_down(&rig);
}

/* Reports read back. */

static struct sy_report *sample_report(struct sy_context *ctx)
{
	struct sy_record_fact fact = { .rule = SY_RULE_PICKLE_IMPORT_UNKNOWN,
				       .off = SY_OFFSET_NONE,
				       .symbol = sy_span_str("acme.\xffNet"),
				       .detail = sy_span_str("imports it") };
	static const struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32 };
	struct sy_report *report;
	size_t at;

	assert_int_equal(sy_report_new(ctx, &report), SY_OK);
	assert_int_equal(sy_report_add_artifact(report, sy_span_str("a/\xfe.pkl"), 7, &at), SY_OK);
	report->artifacts[0].format = sy_span_str("pickle");
	sy_artifact_examined(&report->artifacts[0]);
	assert_int_equal(sy_report_add_digest(report, 0, &digest), SY_OK);
	assert_int_equal(sy_report_add_finding(report, 0, &fact), SY_OK);
	fact.symbol = sy_span_str("acme.Net");
	assert_int_equal(sy_report_add_finding(report, 0, &fact), SY_OK);
	report->artifacts[0].findings->is_suppressed = true;
	report->artifacts[0].findings->reason = sy_span_str("in the baseline");
	assert_int_equal(sy_report_add_more(report, 0, SY_RULE_PICKLE_IMPORT_UNKNOWN, 3), SY_OK);
	assert_int_equal(sy_report_add_artifact(report, sy_span_str("b.onnx"), 9, &at), SY_OK);
	assert_int_equal(sy_report_finish(report), SY_OK);
	return report;
}

static struct sy_buffer as_json(struct sy_context *ctx, const struct sy_report *report)
{
	const struct sy_writer_options options = { 0 };
	struct sy_buffer buffer;
	struct sy_out out;

	sy_buffer_init(&buffer, ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	assert_int_equal(sy_writer_find(sy_span_str("json"))->write(report, &options, &out), SY_OK);
	return buffer;
}

static void recalled(void **state)
{
	struct sy_report *first, *second;
	const struct sy_artifact *a;
	struct sy_context ctx;
	struct sy_buffer json;

	(void)state;
	sy_context_init(&ctx);
	first = sample_report(&ctx);
	json = as_json(&ctx, first);
	assert_int_equal(sy_report_new(&ctx, &second), SY_OK);
	assert_int_equal(sy_policy_recall(&ctx, sy_span_of(json.data, json.len), second), SY_OK);
	assert_int_equal(sy_report_finish(second), SY_OK);
	assert_int_equal(second->n_artifacts, 2);
	a = &second->artifacts[0];
	assert_true(sy_span_is(a->path, "a/\xfe.pkl"));
	assert_int_equal(a->size, 7);
	assert_int_equal(a->n_findings, 2);
	/* Suppressions of that time are forgotten. */
	assert_int_equal(a->n_suppressed, 0);
	assert_int_equal(second->counts[SY_HIGH], 5);
	for (const struct sy_finding *f = first->artifacts[0].findings; f; f = f->next) {
		const struct sy_finding *g = a->findings;

		while (g && strcmp(f->fingerprint, g->fingerprint) != 0)
			g = g->next;
		assert_non_null(g);
		assert_true(sy_span_equal(f->symbol, g->symbol));
	}
	assert_int_equal(second->artifacts[1].scope, SY_SCOPE_NOT_EXAMINED);
	assert_int_equal(second->exit_code, 1);
	sy_report_free(&second);
	/* Every prefix is none. */
	for (size_t len = 0; len + 1 < json.len; len++) {
		assert_int_equal(sy_report_new(&ctx, &second), SY_OK);
		sy_error_clear(&ctx);
		assert_int_equal(sy_policy_recall(&ctx, sy_span_of(json.data, len), second),
				 SY_FORMAT);
		sy_report_free(&second);
	}
	sy_buffer_free(&json);
	sy_report_free(&first);
	assert_int_equal(ctx.memory_used, 0);
}

static void no_reports(void **state)
{
	static const char *const documents[] = {
		"", "[]", "{}", "{\"schema\": \"steelyard-report/1\"}",
		"{\"schema\": \"steelyard-report/2\", \"artifacts\": []}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": {}}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [1]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [{\"findings\": [{}]}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [{\"findings\": [{\"rule\": "
		"\"no-such-rule\"}]}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [{\"scope\": \"x\"}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [{\"path_hex\": \"0g\"}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [{\"size\": -1}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [{\"answers\": {\"intact\": "
		"1}}]}",
		"{\"schema\": \"steelyard-report/1\", \"artifacts\": [{\"digests\": {\"sha256\": "
		"\"aa\"}}]}",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(documents); i++) {
		struct sy_report *report;
		struct sy_context ctx;

		sy_context_init(&ctx);
		assert_int_equal(sy_report_new(&ctx, &report), SY_OK);
		if (sy_policy_recall(&ctx, sy_span_str(documents[i]), report) != SY_FORMAT)
			fail_msg("taken: %s", documents[i]);
		sy_report_free(&report);
		assert_int_equal(ctx.memory_used, 0);
	}
}

/* Every allocation fails once, in a policy with a key file and in a report. */
static void without_memory(void **state)
{
	struct sy_report *first, *second;
	enum sy_status read, recall;
	struct sy_buffer json;
	uint64_t fail_at = 0;
	struct rig rig;

	(void)state;
	set_up(&rig);
	put(&rig, "a.pub", "x");
	put(&rig, "p.json", WITH_KEY("a.pub"));
	first = sample_report(&rig.ctx);
	json = as_json(&rig.ctx, first);
	do {
		struct test_allocator allocator = { .fail_at = fail_at++ };
		struct sy_policy *policy;
		struct sy_context ctx;

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		read = sy_policy_read(&ctx, at(&rig, "p.json"), &policy);
		assert_true(read == SY_OK || read == SY_NO_MEMORY);
		sy_policy_free(&policy);
		sy_error_clear(&ctx);
		recall = SY_NO_MEMORY;
		allocator.n_calls = 0;
		if (sy_report_new(&ctx, &second) == SY_OK)
			recall = sy_policy_recall(&ctx, sy_span_of(json.data, json.len), second);
		assert_true(recall == SY_OK || recall == SY_NO_MEMORY);
		sy_report_free(&second);
		assert_int_equal(allocator.n_live, 0);
	} while (read != SY_OK || recall != SY_OK);
	sy_buffer_free(&json);
	sy_report_free(&first);
	tear_down(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_files), cmocka_unit_test(unreadable),
		cmocka_unit_test(stays_outside), cmocka_unit_test(recalled),
		cmocka_unit_test(no_reports), cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
