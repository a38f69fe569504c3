/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever fails while keys, signatures and bundles are read, verified and made: the
 * answer is the one without the fault, or none.  At every allocation of ours, over
 * the seeds and vectors of the fuzzers; and at every allocation of OpenSSL's for some.
 * Nobody becomes trusted, and no signature valid, because something failed.
 *
 * STEELYARD_FAULTS=all also lets OpenSSL fail once only, which takes minutes.
 */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "keys/minisign.h"
#include "keys/oms.h"
#include "keys/statement.h"
#include "tests/faults/sweep.h"
#include "tests/support/support.h"
#include "verifier/digest/hasher.h"

/* OpenSSL's allocations: counted, and failing as the context's do. */
static struct {
	enum fault fault;
	uint64_t at, n;
} openssl;

static bool openssl_fails(void)
{
	uint64_t n = openssl.n++;

	return openssl.fault == FAULT_MEMORY ? n >= openssl.at :
	       openssl.fault == FAULT_MEMORY_ONCE && n == openssl.at;
}

static void *openssl_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return openssl_fails() ? NULL : malloc(len);
}

static void *openssl_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return openssl_fails() ? NULL : realloc(p, len);
}

static void openssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static enum sy_status say(struct sy_context *ctx, void *user, struct sy_secret *passphrase)
{
	(void)user;
	return sy_secret_copy(ctx, sy_span_str("correct horse"), passphrase);
}

static struct sy_span take(struct sy_span *bytes)
{
	size_t len = bytes->len >= 2 ? (size_t)bytes->data[0] << 8 | bytes->data[1] : 0;
	struct sy_span taken = sy_span_slice(*bytes, 2, len);

	*bytes = sy_span_slice(*bytes, 2 + len, SIZE_MAX);
	return taken;
}

/* As fuzz_bundle reads it: a byte, rules, and roots or one key; SY_FORMAT: neither. */
static enum sy_status read_trust(struct sy_context *ctx, struct sy_span *file,
				 struct sy_anchors **anchors, struct sy_public_key **key)
{
	struct sy_span text;
	enum sy_status status;

	*key = NULL;
	*file = sy_span_slice(*file, 2, SIZE_MAX);
	text = take(file);
	status = sy_anchors_new(ctx, anchors);
	if (status == SY_OK)
		status = sy_anchors_add(*anchors, text);
	if (status != SY_FORMAT)
		return status;
	sy_error_clear(ctx);
	return sy_public_key_read(ctx, text, key);
}

static void run_bundle(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	struct sy_oms_trust trust = { .tolerated = sy_oms_tolerated_default() };
	SY_OWNED(sy_anchors_free) struct sy_anchors *anchors = NULL;
	SY_OWNED(sy_public_key_free) struct sy_public_key *key = NULL;
	SY_OWNED(sy_oms_result_free) struct sy_oms_result *result = NULL;
	const struct sy_public_key *keys[1];

	out->status = read_trust(ctx, &file, &anchors, &key);
	if (out->status != SY_OK)
		return;
	keys[0] = key;
	trust.keys = keys;
	trust.n_keys = key != NULL;
	trust.anchors = key ? NULL : anchors;
	out->status = sy_oms_verify(ctx, file, &trust, &result);
	if (out->status == SY_OK)
		out->is_good = result->verdict == SY_OMS_TRUSTED;
}

/* Its refusal is an answer, not a failure. */
static void settle(struct sweep_outcome *out, const struct sy_reading *reading)
{
	if (out->status == SY_OK)
		out->is_good = 1;
	else if (reading->reason != SY_OMS_NONE)
		out->status = SY_OK;
}

static void run_chain(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	const struct sy_chain_rules rules = { .time = 0 };
	SY_OWNED(sy_anchors_free) struct sy_anchors *anchors = NULL;
	SY_OWNED(sy_public_key_free) struct sy_public_key *key = NULL;
	struct sy_span der[SY_CHAIN_DEPTH_MAX];
	struct sy_chain_leaf leaf = { .key = NULL };
	struct sy_reading reading;
	struct sy_arena arena;
	size_t n = 0;

	out->status = read_trust(ctx, &file, &anchors, &key);
	if (out->status != SY_OK)
		return;
	while (file.len >= 2 && n < SY_CHAIN_DEPTH_MAX)
		der[n++] = take(&file);
	sy_arena_init(&arena, ctx);
	sy_reading_init(&reading, sy_oms_tolerated_default());
	out->status = sy_chain_verify(&arena, anchors, der, n, &rules, &reading, &leaf);
	settle(out, &reading);
	sy_chain_leaf_free(&leaf);
	sy_arena_free(&arena);
}

static void run_statement(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	struct sy_manifest *manifest;
	struct sy_reading reading;

	sy_reading_init(&reading, UINT32_MAX);
	out->status = sy_statement_read(ctx, sy_span_slice(file, 1, SIZE_MAX), &reading,
					&manifest);
	settle(out, &reading);
	sy_manifest_free(ctx, &manifest);
}

static void run_certificates(struct sy_context *ctx, struct sy_span file,
			     struct sweep_outcome *out)
{
	SY_OWNED(sy_anchors_free) struct sy_anchors *anchors = NULL;

	out->status = sy_anchors_new(ctx, &anchors);
	if (out->status == SY_OK)
		out->status = sy_anchors_add(anchors, sy_span_slice(file, 1, SIZE_MAX));
	out->is_good = out->status == SY_OK;
}

static void run_public(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	SY_OWNED(sy_public_key_free) struct sy_public_key *key = NULL, *copy = NULL;
	char text[SY_PUBLIC_KEY_TEXT_MAX];
	size_t len;

	out->status = sy_public_key_read(ctx, file, &key);
	if (out->status == SY_OK)
		out->status = sy_public_key_copy(ctx, key, &copy);
	if (out->status == SY_OK)
		out->status = sy_public_key_write(ctx, copy, SY_KEY_FILE_PEM, text, &len);
	out->is_good = out->status == SY_OK;
}

static void run_signed(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	SY_OWNED(sy_public_key_free) struct sy_public_key *key = NULL;
	struct sy_minisign_subject subject = { .has_content = true };
	enum sy_minisign_result result = SY_MINISIGN_BAD_SIGNATURE;
	struct sy_span text, signature;
	struct sy_minisign parsed;
	struct sy_digest digest;
	bool is_valid = false;

	file = sy_span_slice(file, 1, SIZE_MAX);
	text = take(&file);
	signature = take(&file);
	out->status = sy_public_key_read(ctx, text, &key);
	if (out->status == SY_OK)
		out->status = sy_hash(ctx, SY_BLAKE2B, file, &digest);
	if (out->status != SY_OK)
		return;
	subject.digest = &digest;
	subject.content = file;
	if (sy_minisign_parse(ctx, signature, &parsed) == SY_OK)
		out->status = sy_minisign_verify(ctx, &parsed, key, &subject, &result);
	else
		out->status = sy_public_key_verify(ctx, key, SY_KEY_HASH_OF_CURVE, file,
						   signature, &is_valid);
	out->is_good = is_valid || result == SY_MINISIGN_VALID;
}

static enum sy_status write_all(struct sy_context *ctx, const struct sy_private_key *key)
{
	enum sy_key_file form = sy_public_key_kind(sy_private_key_public(key)) ==
				SY_KEY_ED25519 ? SY_KEY_FILE_MINISIGN : SY_KEY_FILE_PEM;
	struct sy_secret text;
	enum sy_status status = sy_private_key_write(ctx, key, SY_KEY_FILE_PEM,
						     sy_span_str(""), &text);

	if (status == SY_OK)
		sy_secret_free(&text);
	if (status == SY_OK)
		status = sy_private_key_write(ctx, key, form, sy_span_str(""), &text);
	if (status == SY_OK)
		sy_secret_free(&text);
	return status;
}

/* What it signs by itself must verify: sy_private_key_sign promises that. */
static void run_private(struct sy_context *ctx, struct sy_span file, struct sweep_outcome *out)
{
	struct sy_passphrase passphrase = { .ask = say };
	SY_OWNED(sy_private_key_free) struct sy_private_key *key = NULL;
	uint8_t signature[SY_SIGNATURE_MAX];
	size_t len;

	out->status = sy_private_key_read(ctx, file, &passphrase, &key);
	if (out->status == SY_OK)
		out->status = sy_private_key_sign(ctx, key, sy_span_str("text"), signature,
						  &len);
	if (out->status == SY_OK)
		out->status = write_all(ctx, key);
	out->is_good = out->status == SY_OK;
}

/*
 * What OpenSSL makes of having no memory is never a yes.  Here and there it does not
 * say why it failed, and the answer is a refusal: at one point of five at most.
 */
static uint64_t try_openssl(sweep_fn *fn, const char *path, struct sy_span file)
{
	struct injector none = { .fault = FAULT_NONE };
	struct sweep_outcome plain, out;
	const char *which = getenv("STEELYARD_FAULTS");
	enum fault last = which && !strcmp(which, "all") ? FAULT_MEMORY_ONCE : FAULT_MEMORY;
	uint64_t points, n_silent = 0;

	sweep_run(fn, file, &none, &plain);
	openssl.n = 0;
	sweep_run(fn, file, &none, &plain);
	points = openssl.n;
	for (enum fault fault = FAULT_MEMORY; fault <= last; fault++) {
		for (uint64_t at = 0; at < points; at++) {
			openssl.fault = fault;
			openssl.at = at;
			openssl.n = 0;
			sweep_run(fn, file, &none, &out);
			openssl.fault = FAULT_NONE;
			n_silent += out.status != SY_NO_MEMORY &&
				    (out.status != plain.status || out.is_good != plain.is_good);
			if (out.is_good && !plain.is_good)
				sweep_wrong(path, fault, at, &out);
		}
	}
	if (n_silent > 4 && n_silent * 5 > points)
		print_error("%s: %llu of %llu points\n", path, (unsigned long long)n_silent,
			    (unsigned long long)points);
	assert_true(n_silent <= 4 || n_silent * 5 <= points);
	return points * (last - FAULT_MEMORY + 1);
}

static const struct {
	const char *pattern;
	sweep_fn *run;
} ours[] = {
	{ "fuzz/seeds/bundle/trusted-*", run_bundle },
	{ "fuzz/seeds/bundle/rooted-*", run_chain },
	{ "fuzz/seeds/bundle/*statement-*", run_statement },
	{ "fuzz/seeds/bundle/file-*", run_certificates },
	{ "vectors/keys/*.pub", run_public },
	{ "fuzz/seeds/keys/signed-*", run_signed },
	{ "vectors/keys/*.{key,sec}", run_private },
};

static const struct {
	const char *pattern;
	sweep_fn *run;
} theirs[] = {
	{ "fuzz/seeds/bundle/trusted-{key-p256,key-rsa,chain-p384,v02-1}", run_bundle },
	{ "fuzz/seeds/bundle/rooted-{accept-two-issuers,reject-certificate-signature.leaf}",
	  run_chain },
	{ "fuzz/seeds/bundle/file-two", run_certificates },
	{ "vectors/keys/accept-{p256-compressed,p521,rsa-2048}.pub", run_public },
	{ "fuzz/seeds/keys/signed-{p256,rsa-2048,p256-other-content}", run_signed },
	{ "vectors/keys/accept-{p256-quick,ed25519,p384-sec1}.key", run_private },
};

static void test_our_allocations(void **state)
{
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(ours); i++)
		n += sweep_over(ours[i].pattern, ours[i].run, sweep_faults);
	print_message("keys: %llu faults\n", (unsigned long long)n);
	assert_true(n > 1000);
}

static void test_allocations_of_openssl(void **state)
{
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(theirs); i++)
		n += sweep_over(theirs[i].pattern, theirs[i].run, try_openssl);
	print_message("keys in OpenSSL: %llu faults\n", (unsigned long long)n);
	assert_true(n > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_allocations),
		cmocka_unit_test(test_allocations_of_openssl),
	};

	if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
