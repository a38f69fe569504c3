/* SPDX-License-Identifier: Apache-2.0 */
/* Values and positive integers in DER, and every other spelling of them. */
#include "keys/der.h"

#include "tests/support/support.h"

static uint8_t room[70000];

/* A value of `len` zeros behind the head. */
static bool takes(const char *head, size_t head_len, size_t len)
{
	struct sy_span content;
	struct sy_cursor c;

	memset(room, 0, sizeof(room));
	memcpy(room, head, head_len);
	sy_cursor_init(&c, sy_span_of(room, head_len + len), 0);
	if (!sy_der_get(&c, SY_DER_SEQUENCE, &content))
		return false;
	assert_int_equal(content.len, len);
	assert_int_equal(sy_cursor_left(&c), 0);
	return true;
}

static void test_lengths(void **state)
{
	(void)state;
	assert_true(takes("\x30\x00", 2, 0));
	assert_true(takes("\x30\x7f", 2, 127));
	assert_true(takes("\x30\x81\x80", 3, 128));
	assert_true(takes("\x30\x81\xff", 3, 255));
	assert_true(takes("\x30\x82\x01\x00", 4, 256));
	assert_true(takes("\x30\x82\xff\xff", 4, 65535));
	/* Longer than they need be, of no length, too long, another tag. */
	assert_false(takes("\x30\x81\x7f", 3, 127));
	assert_false(takes("\x30\x82\x00\xff", 4, 255));
	assert_false(takes("\x30\x80", 2, 2));
	assert_false(takes("\x30\x83\x00\x01\x00", 5, 256));
	assert_false(takes("\x30\x84\x00\x00\x01\x00", 6, 256));
	assert_false(takes("\x30\xff", 2, 127));
	assert_false(takes("\x31\x01", 2, 1));
	assert_false(takes("\x30\x02", 2, 1));
	assert_false(takes("\x30\x81", 2, 0));
	assert_false(takes("\x30\x82\x01", 3, 0));
	assert_false(takes("\x30", 1, 0));
	assert_false(takes("", 0, 0));
}

static bool is_positive(const char *bytes, size_t len, size_t n)
{
	struct sy_span number;
	struct sy_cursor c;

	sy_cursor_init(&c, sy_span_of(bytes, len), 0);
	if (!sy_der_get_positive(&c, &number))
		return false;
	assert_int_equal(number.len, n);
	assert_int_equal(number.data[0] != 0, 1);
	return true;
}

static void test_integers(void **state)
{
	(void)state;
	assert_true(is_positive("\x02\x01\x01", 3, 1));
	assert_true(is_positive("\x02\x01\x7f", 3, 1));
	assert_true(is_positive("\x02\x02\x00\x80", 4, 1));
	assert_true(is_positive("\x02\x03\x01\x00\x01", 5, 3));
	assert_false(is_positive("\x02\x00", 2, 0));
	assert_false(is_positive("\x02\x01\x00", 3, 1));
	assert_false(is_positive("\x02\x01\x80", 3, 1));
	assert_false(is_positive("\x02\x02\x00\x7f", 4, 1));
	assert_false(is_positive("\x02\x03\x00\x00\x80", 5, 1));
	assert_false(is_positive("\x02\x02\x01", 3, 1));
	assert_false(is_positive("\x03\x01\x01", 3, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
