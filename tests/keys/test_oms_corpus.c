/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles that others made: the recorded verdicts of crafted ones, what
 * model_signing wrote from its first release on, and the conformance suite's,
 * as far as a bundle can tell without the files.
 */
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "keys/document.h"
#include "tests/keys/oms_rig.h"

/* One row of _generated/index.json. */
struct row {
	struct sy_span bundle, model, method, trust, recommended;
};

struct table {
	struct row row;
	struct oms_rig rig;
	const char *folder;
	size_t n, n_pass, n_fail, n_policy, n_wrong;
};

static enum sy_status copy_field(struct sy_document *d, const struct sy_json_token *value,
				 void *span)
{
	return sy_document_copy(d, value, span);
}

#define FIELD(field)								\
static enum sy_status read_##field(struct sy_document *d,			\
				   const struct sy_json_token *value, void *self) \
{										\
	return copy_field(d, value, &((struct table *)self)->row.field);	\
}
FIELD(bundle)
FIELD(model)
FIELD(method)
FIELD(trust)
FIELD(recommended)
#undef FIELD

static const char *file_of(struct table *t, struct sy_span name)
{
	return oms_path(&t->rig, "%s/%.*s", t->folder, (int)name.len,
			(const char *)name.data);
}

static void set_trust(struct table *t)
{
	oms_trust_nobody(&t->rig);
	if (sy_span_is(t->row.method, "certificate"))
		oms_trust_roots(&t->rig, file_of(t, t->row.trust));
	else
		oms_trust_key(&t->rig, file_of(t, t->row.trust));
}

static bool passes(struct table *t, uint32_t tolerated, enum sy_chain_time rule)
{
	struct oms_rig *rig = &t->rig;

	rig->trust.tolerated = tolerated;
	rig->trust.chain = (struct sy_chain_rules){ .time_rule = rule };
	(void)oms_verify(rig, test_read_file(&rig->arena, file_of(t, t->row.bundle)));
	return rig->result->verdict == SY_OMS_TRUSTED &&
	       oms_model_matches(rig, file_of(t, t->row.model));
}

static void judge(struct table *t)
{
	bool by_default = passes(t, sy_oms_tolerated_default(), SY_CHAIN_LEAF_NOT_BEFORE);
	const char *reason = sy_oms_reason_name(t->rig.result->reading.reason);
	bool is_right;

	if (sy_span_is(t->row.recommended, "policy")) {
		bool strict = passes(t, SY_OMS_TOLERATED_STRICT, SY_CHAIN_NOW);
		bool lenient = passes(t, UINT32_MAX, SY_CHAIN_LEAF_NOT_BEFORE);

		is_right = lenient && !strict;
		t->n_policy++;
	} else {
		is_right = by_default == sy_span_is(t->row.recommended, "pass");
		t->n_pass += by_default;
		t->n_fail += !by_default;
	}
	printf("%-8.*s %-5s %-24s %.*s\n", (int)t->row.recommended.len,
	       (const char *)t->row.recommended.data, by_default ? "pass" : "fail", reason,
	       (int)t->row.bundle.len, (const char *)t->row.bundle.data);
	t->n_wrong += !is_right;
	t->n++;
}

static enum sy_status read_row(struct sy_document *d, const struct sy_json_token *value,
			       void *self)
{
	static const struct sy_member members[] = {
		{ .name = "bundle", .kind = SY_JSON_STRING, .read = read_bundle },
		{ .name = "method", .kind = SY_JSON_STRING, .read = read_method },
		{ .name = "model", .kind = SY_JSON_STRING, .read = read_model },
		{ .name = "recommended_for_us", .kind = SY_JSON_STRING,
		  .read = read_recommended },
		{ .name = "trust", .kind = SY_JSON_STRING, .read = read_trust },
	};
	struct table *t = self;
	enum sy_status status;

	(void)value;
	t->row = (struct row){ .bundle = { 0 } };
	status = sy_document_object(d, "a row", members, SY_N_ELEMS(members), t);
	if (status != SY_OK)
		return status;
	set_trust(t);
	judge(t);
	return SY_OK;
}

static void read_table(struct table *t)
{
	struct sy_reading reading;
	struct sy_json_token token;
	struct sy_document d = { .ctx = &t->rig.ctx, .arena = &t->rig.arena,
				 .reading = &reading, .what = "the index" };

	sy_reading_init(&reading, UINT32_MAX);
	d.json = sy_json_open(&t->rig.ctx,
			      test_read_file(&t->rig.arena,
					     oms_path(&t->rig, "%s/index.json", t->folder)),
			      0, 0);
	assert_non_null(d.json);
	assert_int_equal(sy_document_next(&d, &token), SY_OK);
	assert_int_equal(token.kind, SY_JSON_ARRAY);
	assert_int_equal(sy_document_array(&d, read_row, t), SY_OK);
	sy_json_free(&d.json);
}

static void test_index(void **state)
{
	const char *corpus = test_corpus();
	struct table t = { .n = 0 };

	(void)state;
	if (!corpus)
		skip();
	oms_rig_init(&t.rig);
	t.folder = oms_path(&t.rig, "%s/oms/_generated", corpus);
	read_table(&t);
	printf("%zu bundles: %zu pass, %zu fail, %zu by policy\n", t.n, t.n_pass, t.n_fail,
	       t.n_policy);
	assert_int_equal(t.n_wrong, 0);
	assert_true(t.n >= 56 && t.n_pass >= 20 && t.n_fail >= 20);
	oms_rig_free(&t.rig);
}

/* What model_signing wrote, release by release. */
static const struct {
	const char *release;
	bool is_chain;
	enum sy_oms_tolerance witness;	/* one that reading it must have needed */
} releases[] = {
	{ "v0.2.0-certificate", true, SY_OMS_TOLERATE_PAE_V02 },
	{ "v0.3.1-certificate", true, SY_OMS_TOLERATE_TLOG_ABSENT },
	{ "v0.3.1-elliptic-key", false, SY_OMS_TOLERATE_KEY_IN_BUNDLE },
	{ "v1.0.0-certificate", true, SY_OMS_TOLERATE_TLOG_ABSENT },
	{ "v1.0.0-elliptic-key", false, SY_OMS_TOLERATE_SINGLE_FILE_DOT },
	{ "v1.0.1-certificate", true, SY_OMS_TOLERATE_LEAF_CA },
	{ "v1.0.1-elliptic-key", false, SY_OMS_TOLERATE_KEY_IN_BUNDLE },
	{ "v1.1.0-certificate", true, SY_OMS_TOLERATE_LEAF_CA },
	{ "v1.1.0-elliptic-key", false, SY_N_OMS_TOLERANCES },
};

static void trust_release(struct oms_rig *rig, const char *folder, bool is_chain)
{
	const char *keys = oms_path(rig, "%s/keys/certificate", folder);

	oms_trust_nobody(rig);
	if (is_chain)
		oms_trust_roots(rig, oms_path(rig, "%s/ca-cert.pem", keys));
	else
		oms_trust_key(rig, oms_path(rig, "%s/signing-key-pub.pem", keys));
}

/* Each byte in turn changed in one bit: nothing of it is believed. */
static size_t tamper(struct oms_rig *rig, struct sy_span bundle)
{
	uint8_t *copy = sy_arena_alloc(&rig->arena, bundle.len);
	size_t n = 0;

	assert_non_null(copy);
	memcpy(copy, bundle.data, bundle.len);
	for (size_t i = 0; i < bundle.len; i += 3) {
		uint8_t flip = (uint8_t)(1 << i % 8);

		copy[i] ^= flip;
		(void)oms_verify(rig, sy_span_of(copy, bundle.len));
		if (rig->result->verdict != SY_OMS_REFUSED)
			fail_msg("byte %zu of %zu ^ %u: %s", i, bundle.len, flip,
				 sy_oms_verdict_name(rig->result->verdict));
		copy[i] ^= flip;
		n++;
	}
	return n;
}

static const char *model_of(struct oms_rig *rig, const char *folder)
{
	const char *only = oms_path(rig, "%s/signme-1", folder);

	return rig->result->manifest->is_single_file ? only : folder;
}

static void test_releases(void **state)
{
	const char *corpus = test_corpus();
	struct oms_rig rig;
	size_t n = 0;

	(void)state;
	if (!corpus)
		skip();
	for (size_t i = 0; i < SY_N_ELEMS(releases); i++) {
		const char *tests, *folder;
		struct sy_span bundle;

		oms_rig_init(&rig);
		tests = oms_path(&rig, "%s/oms/model-transparency/scripts/tests", corpus);
		folder = oms_path(&rig, "%s/%s", tests, releases[i].release);
		bundle = test_read_file(&rig.arena, oms_path(&rig, "%s/model.sig", folder));
		trust_release(&rig, tests, releases[i].is_chain);
		(void)oms_verify(&rig, bundle);
		if (rig.result->verdict != SY_OMS_TRUSTED)
			fail_msg("%s: %s", releases[i].release,
				 rig.result->reading.sentence.data);
		assert_true(oms_model_matches(&rig, model_of(&rig, folder)));
		if (releases[i].witness < SY_N_OMS_TOLERANCES)
			assert_true(rig.result->reading.used &
				    SY_OMS_BIT(releases[i].witness));
		n += tamper(&rig, bundle);
		oms_rig_free(&rig);
	}
	printf("%zu releases verified, %zu tampered copies refused\n",
	       SY_N_ELEMS(releases), n);
}

/* Keyless ones are recognised, described, and neither trusted nor refused. */
static void test_keyless(void **state)
{
	static const char *const names[] = { "v0.3.1", "v1.0.0", "v1.0.1", "v1.1.0" };
	const char *corpus = test_corpus();
	struct oms_rig rig;

	(void)state;
	if (!corpus)
		skip();
	oms_rig_init(&rig);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		const char *tests = oms_path(&rig, "%s/oms/model-transparency/scripts/tests",
					     corpus);
		struct sy_span bundle = test_read_file(&rig.arena, oms_path(&rig,
			"%s/%s-sigstore/model.sig", tests, names[i]));

		trust_release(&rig, tests, false);
		assert_string_equal(oms_verify(&rig, bundle), "bundle-keyless");
		assert_int_equal(rig.result->verdict, SY_OMS_UNDETERMINED);
		assert_string_equal(oms_verify_untrusted(&rig, bundle), "none");
		assert_non_null(rig.result->manifest);
		assert_true(rig.result->leaf.issuer.len > 0);
		oms_trust_nobody(&rig);
	}
	oms_rig_free(&rig);
}

/* One case of the conformance suite. */
struct conformance {
	struct oms_rig rig;
	struct sy_span method, model, expect, relative_to, key, root;
};

static enum sy_status read_root(struct sy_document *d, const struct sy_json_token *value,
				void *self)
{
	return sy_document_copy(d, value, &((struct conformance *)self)->root);
}

static enum sy_status read_roots(struct sy_document *d, const struct sy_json_token *value,
				 void *self)
{
	(void)value;
	return sy_document_array(d, read_root, self);
}

#define FIELD(field)								\
static enum sy_status read_case_##field(struct sy_document *d,			\
					const struct sy_json_token *value, void *self) \
{										\
	return sy_document_copy(d, value, &((struct conformance *)self)->field); \
}
FIELD(expect)
FIELD(key)
FIELD(method)
FIELD(model)
FIELD(relative_to)
#undef FIELD

static enum sy_status read_verify(struct sy_document *d, const struct sy_json_token *value,
				  void *self)
{
	static const struct sy_member members[] = {
		{ .name = "cert_chain", .kind = SY_JSON_ARRAY, .read = read_roots },
		{ .name = "public_key", .kind = SY_JSON_STRING, .read = read_case_key },
	};

	(void)value;
	return sy_document_object(d, "verify", members, SY_N_ELEMS(members), self);
}

static void read_config(struct conformance *c, const char *folder)
{
	static const struct sy_member members[] = {
		{ .name = "expect", .kind = SY_JSON_STRING, .read = read_case_expect },
		{ .name = "method", .kind = SY_JSON_STRING, .read = read_case_method },
		{ .name = "model", .kind = SY_JSON_STRING, .read = read_case_model },
		{ .name = "model_relative_to", .kind = SY_JSON_STRING,
		  .read = read_case_relative_to },
		{ .name = "verify", .kind = SY_JSON_OBJECT, .read = read_verify },
	};
	struct sy_reading reading;
	struct sy_document d = { .ctx = &c->rig.ctx, .arena = &c->rig.arena,
				 .reading = &reading, .what = "the case" };

	sy_reading_init(&reading, UINT32_MAX);
	assert_int_equal(sy_document_read(&d, test_read_file(&c->rig.arena,
			 oms_path(&c->rig, "%s/config.json", folder)), members,
			 SY_N_ELEMS(members), c), SY_OK);
}

/* Verdicts that need the files as the case alters them. */
static bool needs_files(const char *folder)
{
	return strstr(folder, "extra-file") || strstr(folder, "missing-file") ||
	       strstr(folder, "tampered-content") || strstr(folder, "ignore-unsigned");
}

static bool passes_case(struct conformance *c, const char *folder, const char *assets)
{
	const char *model = sy_span_is(c->relative_to, "test_dir") ? folder : assets;
	struct oms_rig *rig = &c->rig;

	if (c->root.len > 0)
		oms_trust_roots(rig, oms_path(rig, "%s/%s", assets, c->root.data));
	if (c->key.len > 0 && access(oms_path(rig, "%s/%s", assets, c->key.data), R_OK) == 0)
		oms_trust_key(rig, oms_path(rig, "%s/%s", assets, c->key.data));
	(void)oms_verify(rig, test_read_file(&rig->arena,
					     oms_path(rig, "%s/bundle.sig", folder)));
	if (rig->result->verdict != SY_OMS_TRUSTED)
		return false;
	return oms_model_matches(rig, oms_path(rig, "%s/%s", model, c->model.data));
}

static void run_case(const char *folder, const char *assets, size_t *n, size_t *n_wrong)
{
	struct conformance c = { .root = { 0 } };
	bool passes, wanted;

	oms_rig_init(&c.rig);
	read_config(&c, folder);
	if (!sy_span_is(c.method, "sigstore")) {
		passes = passes_case(&c, folder, assets);
		wanted = !sy_span_is(c.expect, "fail");
		printf("%s %-24s %s\n", passes ? "pass" : "fail",
		       sy_oms_reason_name(c.rig.result->reading.reason),
		       strstr(folder, "verify/") + 7);
		*n_wrong += passes != wanted && !needs_files(folder);
		*n += 1;
	}
	oms_rig_free(&c.rig);
}

static void test_conformance(void **state)
{
	const char *corpus = test_corpus();
	size_t n = 0, n_wrong = 0;
	struct oms_rig rig;
	const char *root;
	glob_t found;

	(void)state;
	if (!corpus)
		skip();
	oms_rig_init(&rig);
	root = oms_path(&rig, "%s/oms/model-signing-conformance/test", corpus);
	assert_int_equal(glob(oms_path(&rig, "%s/test-cases/verify/*/*", root), 0, NULL,
			      &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_case(found.gl_pathv[i], oms_path(&rig, "%s/assets", root), &n, &n_wrong);
	globfree(&found);
	oms_rig_free(&rig);
	printf("%zu cases\n", n);
	assert_int_equal(n_wrong, 0);
	assert_true(n >= 36);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_keyless),
		cmocka_unit_test(test_conformance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
