/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small signed model, through the whole engine: with each bit of each of its files
 * and of its signature turned, each byte left out or doubled, others put in, cut at
 * each place, and with each bit of its names turned, it is refused, all of them.
 * Signed by key, by certificate, and one file by minisign, of whose signature the text
 * of the first line is left alone: the format does not sign it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/support.h"
#include "verifier/include/steelyard.h"

#define BYTES_MAX 65536u

struct rig {
	char folder[256], model[300], path[400];	/* path: of what is changed */
	char trust[300];
	const char *judged;		/* what verify is asked about */
	bool is_chain;
	struct steelyard_session *session;
	uint8_t bytes[BYTES_MAX], copy[BYTES_MAX + 1];
	size_t len, n, n_undetermined;
	size_t free_from, free_to;	/* bytes that nothing protects */
};

static struct rig rig;

static void vector(char *path, size_t cap, const char *name)
{
	assert_true((size_t)snprintf(path, cap, "%s/%s", test_vectors(), name) < cap);
}

static int verify(void)
{
	const char *trust = rig.trust, *paths = rig.judged;
	struct steelyard_check_options options = {
		.size = sizeof(options), .ask = STEELYARD_ASK_VERIFY,
		.paths = &paths, .n_paths = 1, .jobs = 1,
	};
	struct steelyard_report *report = NULL;
	int code;

	if (rig.is_chain) {
		options.certificate_chains = &trust;
		options.n_certificate_chains = 1;
	} else {
		options.keys = &trust;
		options.n_keys = 1;
	}
	if (steelyard_check(rig.session, &options, &report) != 0)
		fail_msg("%s", steelyard_session_error(rig.session));
	code = steelyard_report_exit_code(report);
	steelyard_report_free(&report);
	return code;
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
	/* Cut last: some file systems wait for the disk where a file is emptied first. */
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	close(fd);
}

static void assert_refused(size_t len, const char *how, size_t at)
{
	int code;

	write_file(rig.path, rig.copy, len);
	code = verify();
	rig.n++;
	rig.n_undetermined += code == STEELYARD_UNDETERMINED;
	if (code != STEELYARD_FLAGGED && code != STEELYARD_UNDETERMINED)
		fail_msg("%s: %s at byte %zu: %d", rig.path, how, at, code);
}

static bool is_free(size_t at)
{
	return at >= rig.free_from && at < rig.free_to;
}

static void flip_bits(void)
{
	for (size_t bit = 0; bit < 8 * rig.len; bit++) {
		if (is_free(bit / 8))
			continue;
		memcpy(rig.copy, rig.bytes, rig.len);
		rig.copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(rig.len, "a bit turned", bit / 8);
	}
}

static void delete_and_cut(void)
{
	for (size_t i = 0; i < rig.len; i++) {
		memcpy(rig.copy, rig.bytes, i);
		assert_refused(i, "cut", i);
		if (is_free(i))
			continue;
		memcpy(rig.copy + i, rig.bytes + i + 1, rig.len - i - 1);
		assert_refused(rig.len - 1, "a byte left out", i);
	}
}

static void insert_bytes(void)
{
	for (size_t i = 0; i <= rig.len; i++) {
		const uint8_t values[] = { rig.bytes[i ? i - 1 : 0], 0, '\n' };

		if (is_free(i) || (rig.free_to > 0 && i == rig.free_to))
			continue;
		memcpy(rig.copy, rig.bytes, i);
		memcpy(rig.copy + i + 1, rig.bytes + i, rig.len - i);
		for (size_t k = 0; k < SY_N_ELEMS(values); k++) {
			rig.copy[i] = values[k];
			assert_refused(rig.len + 1, "a byte put in", i);
		}
	}
}

/* Every change to one file; it is as before at the end. */
static void tamper(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, rig.bytes, sizeof(rig.bytes));

	close(fd);
	assert_true(n >= 0 && (size_t)n < sizeof(rig.bytes));
	rig.len = (size_t)n;
	snprintf(rig.path, sizeof(rig.path), "%s", path);
	flip_bits();
	delete_and_cut();
	insert_bytes();
	write_file(path, rig.bytes, rig.len);
	assert_int_equal(verify(), STEELYARD_CLEAN);
}

/* A name with a bit turned is another name, or none at all. */
static void rename_file(const char *name)
{
	char from[400], to[400];

	snprintf(from, sizeof(from), "%s/%s", rig.model, name);
	for (size_t bit = 0; bit < 8 * strlen(name); bit++) {
		char *at = to + strlen(rig.model) + 1 + bit / 8;

		snprintf(to, sizeof(to), "%s/%s", rig.model, name);
		*at = (char)(*at ^ 1 << bit % 8);
		if (*at == 0 || *at == '/')
			continue;
		assert_int_equal(rename(from, to), 0);
		rig.n++;
		assert_int_equal(verify(), STEELYARD_FLAGGED);
		assert_int_equal(rename(to, from), 0);
	}
}

static void begin(const char *trust, bool is_chain)
{
	memset(&rig, 0, sizeof(rig));
	test_tmpdir(rig.folder, sizeof(rig.folder));
	snprintf(rig.model, sizeof(rig.model), "%s/m", rig.folder);
	assert_int_equal(mkdir(rig.model, 0755), 0);
	snprintf(rig.path, sizeof(rig.path), "%s/a.bin", rig.model);
	write_file(rig.path, (const uint8_t *)"\0\1weights\n\n\xff", 12);
	snprintf(rig.path, sizeof(rig.path), "%s/empty", rig.model);
	write_file(rig.path, NULL, 0);
	vector(rig.trust, sizeof(rig.trust), trust);
	rig.is_chain = is_chain;
	rig.judged = rig.model;
	rig.session = steelyard_session_new();
	assert_non_null(rig.session);
}

static void sign(struct steelyard_sign_options *options, const char *key)
{
	char path[300];

	vector(path, sizeof(path), key);
	options->size = sizeof(*options);
	options->path = rig.judged;
	options->key = path;
	if (steelyard_sign(rig.session, options, NULL, NULL) != 0)
		fail_msg("%s", steelyard_session_error(rig.session));
	assert_int_equal(verify(), STEELYARD_CLEAN);
}

static void tamper_model(void)
{
	char path[400];

	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { "a.bin", "empty", "model.sig" };

		snprintf(path, sizeof(path), "%s/%s", rig.model, names[i]);
		tamper(path);
		/* What is no file of the list is told apart from its signature. */
		rename_file(names[i]);
		if (i < 2)
			assert_int_equal(rig.n_undetermined, 0);
	}
}

static void end(void)
{
	printf("%zu changed copies refused, %zu of them as unknown kinds of signature\n", rig.n,
	       rig.n_undetermined);
	assert_true(rig.n_undetermined < 1000);
	steelyard_session_free(&rig.session);
	test_rmtree(rig.folder);
}

static void test_by_key(void **state)
{
	struct steelyard_sign_options options = { 0 };

	(void)state;
	begin("chain/signer-p256.pub", false);
	sign(&options, "chain/signer-p256.key");
	tamper_model();
	end();
}

/* The chain's file holds the signer's certificate first, then its issuer's. */
static void test_by_certificate(void **state)
{
	char chain[300];
	const char *issuers = chain;
	struct steelyard_sign_options options = {
		.certificate = chain, .certificate_chain = &issuers, .n_certificate_chain = 1,
	};

	(void)state;
	vector(chain, sizeof(chain), "chain/accept-p256.pem");
	begin("chain/root.pem", true);
	sign(&options, "chain/signer-p256.key");
	tamper_model();
	end();
}

static size_t length_of_line(const char *path)
{
	char line[1200] = "";
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	return strcspn(line, "\n");
}

static void test_by_minisign(void **state)
{
	static const char *const formats[] = { "minisign" };
	struct steelyard_sign_options options = { .formats = formats, .n_formats = 1 };
	char file[400], signature[420];

	(void)state;
	begin("keys/accept-minisign.pub", false);
	snprintf(file, sizeof(file), "%s/a.bin", rig.model);
	snprintf(signature, sizeof(signature), "%s.minisig", file);
	rig.judged = file;
	sign(&options, "keys/accept-minisign-plain.key");
	tamper(file);
	assert_int_equal(rig.n_undetermined, 0);
	rig.free_from = strlen("untrusted comment: ");
	rig.free_to = length_of_line(signature);
	tamper(signature);
	rename_file("a.bin.minisig");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_key),
		cmocka_unit_test(test_by_certificate),
		cmocka_unit_test(test_by_minisign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
