/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BoringSSL's chain tests (hostile/boringssl/.../verify_certificate_chain_unittest):
 * each must-fail case with a plain trust anchor must be refused; the must-pass
 * cases that we refuse are listed here with the rule behind it.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "keys/chain.h"
#include "tests/keys/oms_rig.h"

/* Must-pass cases that are refused: by which reason, and by which rule of ours. */
static const struct {
	const char *name, *reason, *rule;
} stricter[] = {
	{ "expired-root/", "certificate-time", "a root has its time, too" },
	{ "intermediate-eku-any-and-clientauth/", "certificate-purpose", "strict: one purpose" },
	{ "intermediate-eku-clientauth/", "certificate-purpose", "strict: one purpose" },
	{ "intermediate-eku-server-gated-crypto/sha1", "certificate-algorithm", "no SHA-1" },
	{ "issuer-and-subject-not-byte-for-byte-equal/anchor", "certificate-key-weak",
	  "RSA from 2048 bits" },
	{ "issuer-and-subject-not-byte-for-byte-equal/target", "certificate-algorithm",
	  "no SHA-1" },
	{ "key-rollover/longrolloverchain", "certificate-untrusted",
	  "no self-signed certificate below the anchor" },
	{ "many-names/ok-all-types", "certificate-invalid",
	  "OpenSSL compares fewer names with constraints" },
	{ "non-self-signed-root/", "certificate-untrusted", "anchors are roots" },
	{ "root-basic-constraints-ca-false/", "certificate-constraint",
	  "a root keeps its constraints" },
	{ "root-eku-clientauth/", "certificate-purpose", "a root keeps its constraints" },
	{ "root-lacks-keycertsign-key-usage/", "certificate-constraint",
	  "a root keeps its constraints" },
	{ "target-eku-any/", "certificate-purpose", "the signer's purpose is stated" },
	{ "target-msapplicationpolicies-and-eku/", "certificate-extension",
	  "nothing critical that is not understood" },
	{ "target-not-end-entity/", "certificate-ca", "no authority as signer" },
	{ "violates-pathlen-1-from-root/", "certificate-constraint",
	  "a root keeps its constraints" },
};

struct chain_case {
	struct oms_rig *rig;
	const char *name;		/* "expired-target/not-after.test" */
	struct sy_span text;
	char chain[256], trust[64], time[32], purpose[64];
	bool must_fail;
};

/* The rest of the line behind `key`. */
static void field(struct sy_span text, const char *key, char *out, size_t cap)
{
	size_t at = sy_span_find(text, sy_span_str(key)), len = 0;

	out[0] = '\0';
	if (at == SIZE_MAX)
		return;
	text = sy_span_slice(text, at + strlen(key), SIZE_MAX);
	while (len < text.len && text.data[len] != '\n')
		len++;
	assert_true(len < cap);
	memcpy(out, text.data, len);
	out[len] = '\0';
}

/* "151102120000Z"; DEFAULT is the day that their driver uses. */
static int64_t time_of(const char *text)
{
	int v[6];
	struct tm tm = { .tm_isdst = 0 };

	if (!strcmp(text, "DEFAULT"))
		text = "211005120000Z";
	assert_int_equal(sscanf(text, "%2d%2d%2d%2d%2d%2dZ", &v[0], &v[1], &v[2], &v[3],
				&v[4], &v[5]), 6);
	tm.tm_year = v[0] + 100;
	tm.tm_mon = v[1] - 1;
	tm.tm_mday = v[2];
	tm.tm_hour = v[3];
	tm.tm_min = v[4];
	tm.tm_sec = v[5];
	return timegm(&tm);
}

static struct sy_chain_rules rules_of(const struct chain_case *c)
{
	struct sy_chain_rules rules = { .time_rule = SY_CHAIN_GIVEN,
					.time = time_of(c->time) };

	rules.purpose = strstr(c->purpose, "SERVER_AUTH") ? SY_CHAIN_SERVER :
			strstr(c->purpose, "CLIENT_AUTH") ? SY_CHAIN_CLIENT : SY_CHAIN_ANY;
	return rules;
}

/* The last certificate of the file is the anchor, the first the signer's. */
static bool is_accepted(struct chain_case *c, struct sy_reading *reading)
{
	struct sy_chain_rules rules = rules_of(c);
	struct sy_arena *arena = &c->rig->arena;
	struct sy_chain_leaf leaf = { .key = NULL };
	const char *slash = strrchr(c->name, '/');
	const char *path = oms_path(c->rig, "%.*s/%s", (int)(slash - c->name), c->name, c->chain);
	struct sy_span pem = test_read_file(arena, path), *certificates, root;
	struct sy_anchors *anchors;
	enum sy_status status;
	size_t n;

	sy_reading_init(reading, strstr(c->purpose, "STRICT") ? SY_OMS_TOLERATED_STRICT :
			sy_oms_tolerated_default());
	status = sy_certificates_read(arena, pem, &certificates, &n);
	if (status == SY_FORMAT) {
		sy_error_clear(&c->rig->ctx);
		(void)sy_refuse(reading, SY_OMS_CERTIFICATE_INVALID, "unreadable");
		return false;
	}
	assert_int_equal(status, SY_OK);
	root = pem;
	for (size_t at = 0; (at = sy_span_find(sy_span_slice(root, 1, SIZE_MAX),
			     sy_span_str("-----BEGIN"))) != SIZE_MAX;)
		root = sy_span_slice(root, at + 1, SIZE_MAX);
	assert_int_equal(sy_anchors_new(&c->rig->ctx, &anchors), SY_OK);
	assert_int_equal(sy_anchors_add(anchors, root), SY_OK);
	assert_int_equal(sy_anchors_count(anchors), 1);
	status = sy_chain_verify(arena, anchors, certificates, n - 1, &rules, reading, &leaf);
	assert_true(status == SY_OK || status == SY_FORMAT);
	assert_int_equal(status == SY_OK, reading->reason == SY_OMS_NONE);
	sy_chain_leaf_free(&leaf);
	sy_anchors_free(&anchors);
	return status == SY_OK;
}

static bool is_listed(const char *name, const char *reason)
{
	for (size_t i = 0; i < SY_N_ELEMS(stricter); i++) {
		if (strstr(name, stricter[i].name) && !strcmp(reason, stricter[i].reason))
			return true;
	}
	return false;
}

struct tally {
	size_t n_refused, n_accepted, n_stricter, n_false_accepts, n_surprises;
};

static void run_case(struct chain_case *c, struct tally *tally)
{
	struct sy_reading reading;
	bool is_good = is_accepted(c, &reading);
	const char *reason = sy_oms_reason_name(reading.reason);
	const char *name = strstr(c->name, "unittest/") + strlen("unittest/");

	if (c->must_fail) {
		tally->n_refused += !is_good;
		tally->n_false_accepts += is_good;
	} else {
		tally->n_accepted += is_good;
		tally->n_stricter += !is_good;
		tally->n_surprises += !is_good && !is_listed(name, reason);
	}
	if (is_good == c->must_fail)
		printf("%-15s %-26s %s: %s\n", is_good ? "FALSE ACCEPT" : "stricter", reason,
		       name, reading.sentence.data);
}

static void test_boringssl(void **state)
{
	const char *corpus = test_corpus();
	struct tally tally = { 0 };
	struct oms_rig rig;
	glob_t found;

	(void)state;
	if (!corpus)
		skip();
	oms_rig_init(&rig);
	assert_int_equal(glob(oms_path(&rig, "%s/hostile/boringssl/pki/testdata/"
				       "verify_certificate_chain_unittest/*/*.test", corpus),
			      0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct chain_case c = { .rig = &rig, .name = found.gl_pathv[i] };

		c.text = test_read_file(&rig.arena, c.name);
		field(c.text, "chain: ", c.chain, sizeof(c.chain));
		field(c.text, "last_cert_trust: ", c.trust, sizeof(c.trust));
		field(c.text, "utc_time: ", c.time, sizeof(c.time));
		field(c.text, "key_purpose: ", c.purpose, sizeof(c.purpose));
		c.must_fail = sy_span_find(c.text, sy_span_str("ERROR: ")) != SIZE_MAX;
		/* Purposes of two other ecosystems, and leaves trusted as such. */
		if (strcmp(c.trust, "TRUSTED_ANCHOR") != 0 || strstr(c.purpose, "C2PA") ||
		    strstr(c.purpose, "MLS"))
			continue;
		run_case(&c, &tally);
	}
	printf("must fail: %zu refused, %zu accepted; must pass: %zu accepted, %zu refused\n",
	       tally.n_refused, tally.n_false_accepts, tally.n_accepted, tally.n_stricter);
	globfree(&found);
	oms_rig_free(&rig);
	assert_int_equal(tally.n_false_accepts, 0);
	assert_int_equal(tally.n_surprises, 0);
	assert_int_equal(tally.n_refused, 68);	/* the 61, and 7 with too many names */
	assert_true(tally.n_accepted >= 49);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boringssl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
