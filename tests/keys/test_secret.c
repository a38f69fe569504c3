/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets from descriptors, the rules for passphrases, and what scrypt computes. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "keys/kdf.h"
#include "tests/support/support.h"

/* A descriptor that gives these bytes and then its end. */
static int give(const char *bytes, size_t len)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], bytes, len), (ssize_t)len);
	close(fds[1]);
	return fds[0];
}

static void test_read(void **state)
{
	struct sy_secret secret;
	struct sy_context ctx;
	int fd;

	(void)state;
	sy_context_init(&ctx);
	for (size_t max = 4; max <= 6; max++) {
		fd = give("12345", 5);
		assert_int_equal(sy_secret_read(&ctx, fd, max, &secret),
				 max < 5 ? SY_LIMIT : SY_OK);
		assert_true(max < 5 ? !secret.data
				    : sy_span_is(sy_secret_span(&secret), "12345"));
		sy_secret_free(&secret);
		sy_error_clear(&ctx);
		close(fd);
	}
	assert_int_equal(sy_secret_read(&ctx, -1, 5, &secret), SY_IO);
	assert_null(secret.data);
}

static void test_passphrase(void **state)
{
	static const struct { const char *bytes; size_t len; const char *is, *says; } cases[] = {
		{ "word\n", 5, "word", NULL }, { "word", 4, "word", NULL },
		{ "word\r\n", 6, "word", NULL }, { " two words \n", 12, " two words ", NULL },
		{ "word\r", 5, "word\r", NULL }, { "", 0, NULL, "empty" },
		{ "\n", 1, NULL, "empty" }, { "\r\n", 2, NULL, "empty" },
		{ "one\ntwo\n", 8, NULL, "more than one line" },
		{ "one\n\n", 5, NULL, "more than one line" },
		{ "o\0e\n", 4, NULL, "NUL" },
	};
	struct sy_secret secret;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		int fd = give(cases[i].bytes, cases[i].len);
		enum sy_status status = sy_passphrase_read(&ctx, fd, &secret);

		assert_int_equal(status, cases[i].is ? SY_OK : SY_FORMAT);
		if (cases[i].is)
			assert_true(sy_span_is(sy_secret_span(&secret), cases[i].is));
		else
			assert_non_null(strstr(ctx.error.text, cases[i].says));
		sy_secret_free(&secret);
		sy_error_clear(&ctx);
		close(fd);
	}
}

static void test_passphrase_length(void **state)
{
	char line[SY_PASSPHRASE_MAX + 3];
	struct sy_secret secret;
	struct sy_context ctx;
	int fd;

	(void)state;
	sy_context_init(&ctx);
	memset(line, 'x', sizeof(line));
	line[SY_PASSPHRASE_MAX] = '\r';
	line[SY_PASSPHRASE_MAX + 1] = '\n';
	fd = give(line, SY_PASSPHRASE_MAX + 2);
	assert_int_equal(sy_passphrase_read(&ctx, fd, &secret), SY_OK);
	assert_int_equal(secret.len, SY_PASSPHRASE_MAX);
	sy_secret_free(&secret);
	close(fd);
	line[SY_PASSPHRASE_MAX] = 'x';
	fd = give(line, SY_PASSPHRASE_MAX + 2);
	assert_int_equal(sy_passphrase_read(&ctx, fd, &secret), SY_FORMAT);
	close(fd);
	memset(line, 'x', sizeof(line));
	fd = give(line, sizeof(line));
	assert_int_equal(sy_passphrase_read(&ctx, fd, &secret), SY_LIMIT);
	assert_null(secret.data);
	close(fd);
}

/* RFC 7914, section 12, the second example; and the same by libsodium's limits. */
static void test_scrypt(void **state)
{
	static const uint8_t begins[] = { 0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00 };
	const struct sy_scrypt cost = { .n = 1024, .r = 8, .p = 16 };
	const struct sy_scrypt large = { .n = 16384, .r = 8, .p = 1 };
	const struct sy_kdf_limits limits = { .ops = 524288, .memory = 16777216 };
	uint8_t salt[32] = { 1 };
	struct sy_secret key, same;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	assert_int_equal(sy_kdf_scrypt(&ctx, &cost, sy_span_str("password"),
				       sy_span_str("NaCl"), 64, &key), SY_OK);
	assert_memory_equal(key.data, begins, sizeof(begins));
	sy_secret_free(&key);
	assert_int_equal(sy_kdf_scrypt(&ctx, &large, sy_span_str("p"),
				       sy_span_of(salt, sizeof(salt)), 64, &key), SY_OK);
	assert_int_equal(sy_kdf_by_limits(&ctx, &limits, sy_span_str("p"), salt, 64, &same),
			 SY_OK);
	assert_true(sy_span_equal(sy_secret_span(&key), sy_secret_span(&same)));
	sy_secret_free(&key);
	sy_secret_free(&same);
}

static void test_scrypt_refused(void **state)
{
	static const struct { struct sy_scrypt cost; enum sy_status status; } cases[] = {
		{ { 0, 8, 1 }, SY_FORMAT }, { { 1, 8, 1 }, SY_FORMAT },
		{ { 1023, 8, 1 }, SY_FORMAT }, { { 1024, 0, 1 }, SY_FORMAT },
		{ { 1024, 8, 0 }, SY_FORMAT }, { { UINT64_C(1) << 63, 8, 1 }, SY_LIMIT },
		{ { 1024, UINT64_C(1) << 54, 8 }, SY_LIMIT },
		{ { 2, 8, UINT64_C(1) << 32 }, SY_LIMIT },
		{ { 1048576, 8, 2 }, SY_LIMIT },
	};
	struct sy_context ctx;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		struct sy_secret key;

		sy_context_init(&ctx);
		assert_int_equal(sy_kdf_scrypt(&ctx, &cases[i].cost, sy_span_str("p"),
					       sy_span_str("s"), 32, &key), cases[i].status);
		assert_null(key.data);
	}
	sy_context_init(&ctx);
	assert_int_equal(sy_kdf_admit(&ctx, &(struct sy_scrypt){ 1048576, 8, 1 }), SY_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_passphrase),
		cmocka_unit_test(test_passphrase_length),
		cmocka_unit_test(test_scrypt),
		cmocka_unit_test(test_scrypt_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
