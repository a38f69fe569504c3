/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading policies: every member arrives, and whatever is not exactly a policy is
 * refused with its line and what to do.
 */
#include "tests/engine/policy_samples.h"
#include "tests/support/support.h"
#include "verifier/engine/policy.h"

#include <stdio.h>

static struct sy_policy *parse(struct sy_context *ctx, const char *document)
{
	struct sy_policy *policy = NULL;

	if (sy_policy_parse(ctx, sy_span_str(document), "/etc/steelyard/p.json",
			    &policy) != SY_OK)
		fail_msg("%s", ctx->error.text);
	return policy;
}

static void every_member(void **state)
{
	struct sy_context ctx;
	struct sy_policy *p;
	const struct sy_policy_signer *s;

	(void)state;
	sy_context_init(&ctx);
	p = parse(&ctx, FULL_POLICY);
	assert_true(sy_span_is(p->name, "models of ACME"));
	assert_int_equal(p->valid.from.at, 1767225600);
	assert_int_equal(p->valid.until.at, 1798806659);
	assert_int_equal(p->required, 15);
	assert_int_equal(p->fail_on, SY_MEDIUM);
	assert_int_equal(p->remote_code, SY_REMOTE_REFUSE);
	assert_string_equal(p->loader->name, "transformers");
	assert_true(p->allow_empty);
	assert_int_equal(p->formats.n, 2);
	assert_true(sy_span_is(p->formats.items[1], "torch-zip"));
	assert_int_equal(p->allow_globals.n, 2);
	assert_true(sy_span_is(p->exclude.items[1], "*.[jp]pg"));
	assert_int_equal(p->suppress.n, 1);
	assert_true(sy_span_is(p->suppress.items[0].reason, "known since May"));
	assert_int_equal(p->suppress.items[0].expires.at, 1796083200);
	assert_int_equal(p->signers.n, 2);
	s = &p->signers.items[0];
	assert_int_equal(s->keys.n, 3);
	assert_int_equal(s->keys.items[0].form, SY_POLICY_FILE);
	assert_true(sy_span_is(s->keys.items[0].path, "/etc/steelyard/keys/release.pub"));
	assert_true(sy_span_starts(s->keys.items[1].text, "-----BEGIN PUBLIC KEY-----\n"));
	assert_true(sy_span_is(s->keys.items[2].text, MINISIGN_KEY));
	assert_int_equal(s->valid.from.text.len, 0);
	assert_int_equal(s->valid.until.at, 1782777600);
	s = &p->signers.items[1];
	assert_int_equal(s->certificates.n, 1);
	assert_int_equal(s->identities.n, 1);
	assert_int_equal(s->valid.from.at, 1709164800);
	assert_int_equal(p->rules.n, 2);
	assert_int_equal(p->rules.items[0].signers.items[0].signer, 1);
	assert_int_equal(p->rules.items[1].signers.items[0].signer, 0);
	assert_int_equal(p->rules.items[1].threshold, 2);
	assert_int_equal(p->revoked_keys.n, 1);
	assert_int_equal(p->revoked_digests.n, 1);
	assert_int_equal(p->max_age_days, 365);
	assert_true(sy_span_is(p->state_path, "/etc/steelyard/state.json"));
	sy_policy_free(&p);
	assert_null(p);
	assert_int_equal(ctx.memory_used, 0);
}

static void defaults(void **state)
{
	struct sy_context ctx;
	struct sy_policy *p;

	(void)state;
	sy_context_init(&ctx);
	p = parse(&ctx, "{\"schema\": \"steelyard-policy/1\", \"require\": []}");
	assert_int_equal(p->required, 0);
	assert_int_equal(p->fail_on, SY_HIGH);
	assert_int_equal(p->remote_code, SY_REMOTE_CONDITIONAL);
	assert_string_equal(p->loader->name, "any");
	assert_false(p->allow_empty);
	assert_int_equal(p->formats.n + p->rules.n + p->signers.n + p->max_age_days, 0);
	assert_int_equal(p->state_path.len, 0);
	sy_policy_free(&p);
	p = parse(&ctx, "{\"schema\": \"steelyard-policy/1\", \"require\": [], "
			"\"fail_on\": \"none\", \"state\": \"/var/lib/s\"}");
	assert_int_equal(p->fail_on, SY_N_SEVERITIES);
	assert_true(sy_span_is(p->state_path, "/var/lib/s"));
	sy_policy_free(&p);
}

static struct sy_buffer written(struct sy_context *ctx, const char *document)
{
	struct sy_policy *p = parse(ctx, document);
	struct sy_buffer buffer;
	struct sy_out out;

	sy_buffer_init(&buffer, ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	assert_int_equal(sy_policy_write(p, &out), SY_OK);
	sy_policy_free(&p);
	assert_int_equal(sy_buffer_write(&buffer, sy_span_of("", 1)), SY_OK);
	return buffer;
}

static void normal_form(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i <= 3; i++) {
		const char *given = i < 3 ? sy_policy_presets[i].document : FULL_POLICY;
		struct sy_buffer once = written(&ctx, given);
		struct sy_buffer twice = written(&ctx, (const char *)once.data);

		assert_string_equal(once.data, twice.data);
		if (i == 3)
			assert_string_equal(once.data, FULL_POLICY);
		sy_buffer_free(&once);
		sy_buffer_free(&twice);
	}
	assert_null(sy_policy_presets[3].name);
}

/* What is refused, alone in a policy that is fine otherwise. */
static const struct {
	const char *members, *says;
} bad_members[] = {
	{ "\"requires\": []", "there is no member 'requires' here; the members are schema, name" },
	{ "\"name\": \"\"", "name is empty" },
	{ "\"name\": 1", "name takes text in quotes" },
	{ "\"name\": null", "name takes text in quotes" },
	{ "\"name\": \"a\\u0000b\"", "name has a control character" },
	{ "\"name\": \"a\\nb\"", "name has a control character" },
	{ "\"name\": \"a\", \"name\": \"b\"", "" },
	{ "\"valid_from\": \"2026-02-29\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-13-01\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-00-01\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-00\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"1969-12-31\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2100-02-29\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-1-1\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-01T\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-01T24:00:00Z\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-01T00:60:00Z\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-01T00:00:60Z\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-01T00:00:00+01:00\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-01T00:00:00z\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": \"2026-01-01 00:00:00Z\"", "valid_from takes a day that exists" },
	{ "\"valid_from\": 20260101", "valid_from takes text in quotes" },
	{ "\"valid_from\": \"2026-01-02\", \"valid_until\": \"2026-01-02\"",
	  "ends before it begins" },
	{ "\"fail_on\": \"High\"", "fail_on takes none, info" },
	{ "\"fail_on\": 3", "fail_on takes none, info" },
	{ "\"remote_code\": \"allow\"", "remote_code takes conditional or refuse" },
	{ "\"remote_code\": true", "remote_code takes conditional or refuse" },
	{ "\"loader\": \"vllm2\"", "loader takes one of any, diffusers" },
	{ "\"allow_empty\": \"yes\"", "allow_empty takes true or false" },
	{ "\"allow_empty\": 0", "allow_empty takes true or false" },
	{ "\"formats\": []", "formats lists none; leave it out" },
	{ "\"formats\": \"gguf\"", "formats takes a list" },
	{ "\"formats\": [\"safetensor\"]", "there is no format 'safetensor'" },
	{ "\"formats\": [\"gguf\", \"gguf\"]", "formats has 'gguf' twice" },
	{ "\"allow_globals\": [\"acme\"]", "allow_globals takes module.name or module.*" },
	{ "\"allow_globals\": [\"*\"]", "allow_globals takes module.name or module.*" },
	{ "\"allow_globals\": [\"acme.*.Net\"]", "allow_globals takes module.name or module.*" },
	{ "\"allow_globals\": [\"os.system\"]", "'os.system' is dangerous" },
	{ "\"allow_globals\": [\"posix.system\"]", "'posix.system' is dangerous" },
	{ "\"allow_globals\": [\"__builtin__.eval\"]", "'__builtin__.eval' is dangerous" },
	{ "\"allow_globals\": [\"os.*\"]", "'os.*' is dangerous" },
	{ "\"allow_globals\": [\"subprocess.*\"]", "'subprocess.*' is dangerous" },
	{ "\"allow_globals\": [\"acme.os.system\"]", "'acme.os.system' is dangerous" },
	{ "\"allow_globals\": [\"acme.Net\", \"acme.Net\"]", "allow_globals has 'acme.Net' twice" },
	{ "\"exclude\": [\"\"]", "exclude is empty" },
	{ "\"exclude\": [\"[a\"]", "has a '[' without its ']'" },
	{ "\"exclude\": [\"/docs\"]", "begins with a slash" },
	{ "\"exclude\": [\"a//b\"]", "has an empty part" },
	{ "\"exclude\": [\"docs/\"]", "has an empty part" },
	{ "\"exclude\": [\"../x\"]", "has an empty part, '.' or '..'" },
	{ "\"exclude\": [\"a\\\\\"]", "ends in a backslash" },
	{ "\"exclude\": [\"a***\"]", "three stars" },
	{ "\"suppress\": [{}]", "suppress lacks \"fingerprint\"" },
	{ "\"suppress\": [{\"fingerprint\": \"v1:" HEX_A "\", \"expires\": \"2026-01-01\"}]",
	  "suppress lacks \"reason\"" },
	{ "\"suppress\": [{\"fingerprint\": \"v1:" HEX_A "\", \"reason\": \"x\"}]",
	  "suppress lacks \"expires\"" },
	{ "\"suppress\": [{\"fingerprint\": \"v2:" HEX_A "\", \"reason\": \"x\"}]",
	  "fingerprint takes v1:" },
	{ "\"suppress\": [{\"fingerprint\": \"v1:AAAA\", \"reason\": \"x\"}]",
	  "fingerprint takes v1:" },
	{ "\"suppress\": [{\"fingerprint\": \"v1:" HEX_A "\", \"reason\": \"x\", \"expires\": "
	  "\"2026-01-01\"}, {\"fingerprint\": \"v1:" HEX_A "\", \"reason\": \"y\", \"expires\": "
	  "\"2026-01-01\"}]", "twice" },
	{ "\"suppress\": [{\"rule\": \"x\"}]", "there is no member 'rule' of suppress here" },
	{ "\"suppress\": {}", "suppress takes a list" },
	{ "\"signers\": [{\"name\": \"a\"}]", "the signer 'a' has nothing to sign with" },
	{ "\"signers\": [{\"keys\": [{\"pem\": \"" PEM_A "\"}]}]", "signers lacks \"name\"" },
	{ "\"signers\": [\"a\"]", "signers takes an object" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{}]}]", "keys takes exactly one of file" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"file\": \"x\", \"pem\": \"" PEM_A "\"}]}]",
	  "keys takes exactly one of file" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": \"keys/a.pub\"}]}]",
	  "-----BEGIN PUBLIC KEY-----" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": "
	  "\"-----BEGIN PRIVATE KEY-----\"}]}]",
	  "it is a private key" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": \"" PEM_CA "\"}]}]",
	  "-----BEGIN PUBLIC KEY-----" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"minisign\": \"RWshort\"}]}]",
	  "minisign takes the second line" },
	{ "\"signers\": [{\"name\": \"a\", \"certificates\": [{\"pem\": \"" PEM_A "\"}]}]",
	  "-----BEGIN CERTIFICATE-----" },
	{ "\"signers\": [{\"name\": \"a\", \"certificates\": [{\"minisign\": \"" MINISIGN_KEY
	  "\"}]}]", "is no certificate" },
	{ "\"signers\": [{\"name\": \"a\", \"identities\": [{\"identity\": \"x\"}]}]",
	  "identities lacks \"issuer\"" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": \"" PEM_A "\"}]}, "
	  "{\"name\": \"a\", \"keys\": [{\"pem\": \"" PEM_B "\"}]}]",
	  "two signers are called 'a'" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": \"" PEM_A "\"}]}, "
	  "{\"name\": \"b\", \"keys\": [{\"pem\": \"" PEM_A "\"}]}]",
	  "a key of the signer 'b' is given twice" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": \"" PEM_A "\"}], "
	  "\"valid_from\": \"2026-01-02\", \"valid_until\": \"2026-01-01\"}]",
	  "ends before it begins" },
	{ "\"rules\": [{\"paths\": [\"**\"], \"signers\": [\"x\"]}]", "there is no signer 'x'" },
	{ "\"rules\": [{\"paths\": [], \"signers\": [\"x\"]}]", "about no path" },
	{ "\"rules\": [{\"paths\": [\"**\"], \"signers\": []}]",
	  "the threshold 1 cannot be reached" },
	{ "\"rules\": [{\"paths\": [\"**\"], \"signers\": [\"x\"], \"threshold\": 2}]",
	  "the threshold 2 cannot be reached with 1 signers" },
	{ "\"rules\": [{\"paths\": [\"**\"], \"signers\": [\"x\"], \"threshold\": 0}]",
	  "threshold takes a whole number from 1" },
	{ "\"rules\": [{\"paths\": [\"**\"]}]", "rules lacks \"signers\"" },
	{ "\"rules\": [{\"signers\": [\"x\"]}]", "rules lacks \"paths\"" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": \"" PEM_A "\"}]}], "
	  "\"rules\": [{\"paths\": [\"**\"], \"signers\": [\"a\", \"a\"]}]",
	  "stands twice in one rule" },
	{ "\"signers\": [{\"name\": \"a\", \"keys\": [{\"pem\": \"" PEM_A "\"}]}], "
	  "\"rules\": [{\"paths\": [\"**\"], \"signers\": [\"a\"]}]",
	  "add \"authentic\" to require" },
	{ "\"revoked\": []", "revoked takes an object" },
	{ "\"revoked\": {\"keys\": [\"aa\"]}", "64 digits of lower-case hexadecimal" },
	{ "\"revoked\": {\"keys\": [\"sha256:" HEX_A "\"]}",
	  "64 digits of lower-case hexadecimal" },
	{ "\"revoked\": {\"digests\": [\"" HEX_A "\"]}", "is written sha256:DIGITS" },
	{ "\"revoked\": {\"digests\": [\"md5:" HEX_A "\"]}", "is written sha256:DIGITS" },
	{ "\"revoked\": {\"digests\": [\"sha512:" HEX_A "\"]}", "is written sha256:DIGITS" },
	{ "\"revoked\": {\"digests\": [\"sha256:A" HEX_A "\"]}", "is written sha256:DIGITS" },
	{ "\"max_age_days\": 0", "max_age_days takes a whole number" },
	{ "\"max_age_days\": -1", "max_age_days takes a whole number" },
	{ "\"max_age_days\": 1.5", "max_age_days takes a whole number" },
	{ "\"max_age_days\": 1e2", "max_age_days takes a whole number" },
	{ "\"max_age_days\": 99999999999999999999", "max_age_days takes a whole number" },
	{ "\"max_age_days\": \"30\"", "max_age_days takes a whole number" },
	{ "\"state\": \"\"", "state is empty" },
};

static void refuse(const char *document, const char *says)
{
	struct sy_policy *policy = NULL;
	struct sy_context ctx;

	sy_context_init(&ctx);
	if (sy_policy_parse(&ctx, sy_span_str(document), "p.json", &policy) != SY_FORMAT)
		fail_msg("taken: %s", document);
	assert_null(policy);
	if (!strstr(ctx.error.text, says))
		fail_msg("%s\ngives: %s\nnot:   %s", document, ctx.error.text, says);
	assert_true(!strncmp(ctx.error.text, "the policy p.json is not usable: line ", 38));
	assert_int_equal(ctx.memory_used, 0);
}

static void bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(bad_members); i++) {
		char document[2048];

		(void)snprintf(document, sizeof(document), "{\"schema\": \"steelyard-policy/1\", "
			       "\"require\": [],\n%s}", bad_members[i].members);
		refuse(document, bad_members[i].says);
		refuse(document, "line 2");
	}
}

static void bad_documents(void **state)
{
	static const struct {
		const char *document, *says;
	} bad[] = {
		{ "", "a policy is strict JSON" },
		{ "[]", "a policy takes an object" },
		{ "null", "a policy takes an object" },
		{ "{}", "the policy lacks \"schema\"; add it" },
		{ "{\"schema\": \"steelyard-policy/1\"}", "the policy lacks \"require\"; add it" },
		{ "{\"schema\": \"steelyard-policy/2\", \"require\": []}", "schema takes" },
		{ "{\"schema\": 1, \"require\": []}", "schema takes" },
		{ "{\"schema\": \"steelyard-policy/1\", \"require\": [\"safe\"]}",
		  "require takes" },
		{ "{\"schema\": \"steelyard-policy/1\", \"require\": [1]}", "require takes" },
		{ "{\"schema\": \"steelyard-policy/1\", \"require\": \"inert\"}",
		  "require takes a list" },
		{ "{\"schema\": \"steelyard-policy/1\", \"require\": [\"inert\", \"inert\"]}",
		  "require has 'inert' twice" },
		{ "{\"schema\": \"steelyard-policy/1\", \"require\": []} {}", "strict JSON" },
		{ "{\"schema\": \"steelyard-policy/1\", \"require\": [],}", "strict JSON" },
		{ "{\"schema\": \"steelyard-policy/1\", /* no */ \"require\": []}", "strict JSON" },
		{ "{\"schema\": \"steelyard-policy/1\", \"require\": [], \"name\": \"\xff\"}",
		  "strict JSON" },
		{ "\xef\xbb\xbf{\"schema\": \"steelyard-policy/1\", \"require\": []}",
		  "strict JSON" },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(bad); i++)
		refuse(bad[i].document, bad[i].says);
}

static void places(void **state)
{
	(void)state;
	refuse("{\n \"schema\": \"steelyard-policy/1\",\n \"require\": [\"x\"]}",
	       "line 3, byte 48: require takes");
	refuse("{\"schema\": \"steelyard-policy/1\", \"require\": [], \"requier\": 1}",
	       "line 1, byte 48: there is no member 'requier'");
}

/* A policy that was cut is none, wherever it was cut. */
static void every_prefix(void **state)
{
	size_t whole = strlen(FULL_POLICY) - 1;		/* the last newline may be missing */

	(void)state;
	for (size_t len = 0; len < whole; len++) {
		struct sy_policy *policy;
		struct sy_context ctx;

		sy_context_init(&ctx);
		assert_int_equal(sy_policy_parse(&ctx, sy_span_of(FULL_POLICY, len), "p.json",
						 &policy), SY_FORMAT);
		assert_null(policy);
		assert_int_equal(ctx.memory_used, 0);
	}
}

static void without_memory(void **state)
{
	uint64_t fail_at = 0;
	enum sy_status status;

	(void)state;
	do {
		struct test_allocator allocator = { .fail_at = fail_at++ };
		struct sy_policy *policy;
		struct sy_context ctx;

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		status = sy_policy_parse(&ctx, sy_span_str(FULL_POLICY), "p.json", &policy);
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
		sy_policy_free(&policy);
		assert_int_equal(allocator.n_live, 0);
	} while (status != SY_OK);
	assert_true(fail_at > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member), cmocka_unit_test(defaults),
		cmocka_unit_test(normal_form), cmocka_unit_test(bad_values),
		cmocka_unit_test(bad_documents), cmocka_unit_test(places),
		cmocka_unit_test(every_prefix), cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
