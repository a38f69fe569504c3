/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of a worker however they are cut: a byte at a time, every prefix,
 * the largest frame there is, and with any byte changed.
 */
#include "tests/support/support.h"

#include <stdlib.h>

#include "verifier/engine/stream.h"

#define FILE_BYTES 100

static enum sy_status feed(struct sy_stream *stream, struct sy_span bytes,
			   size_t step)
{
	enum sy_status status = SY_OK;

	while (status == SY_OK && bytes.len) {
		size_t n = bytes.len < step ? bytes.len : step, len;
		uint8_t *room;

		assert_int_equal(sy_stream_room(stream, &room, &len), SY_OK);
		assert_true(len > 0);
		n = n < len ? n : len;
		memcpy(room, bytes.data, n);
		status = sy_stream_take(stream, n);
		bytes = sy_span_slice(bytes, n, SIZE_MAX);
	}
	return status;
}

/* One of each kind that has a place, a rule or a sum, then DONE. */
static void write_records(struct sy_buffer *buffer)
{
	const struct sy_record records[] = {
		{ .kind = SY_RECORD_ARTIFACT, .u.artifact = {
			.format = sy_span_str("f"), .summary = sy_span_str("s") } },
		{ .kind = SY_RECORD_EXTENT, .u.extent = { SY_EXTENT_DATA, 0, 60 } },
		{ .kind = SY_RECORD_EXTENT, .u.extent = { SY_EXTENT_DATA, 60, 40 } },
		{ .kind = SY_RECORD_TENSOR, .u.tensor = {
			.name = sy_span_str("weight"), .dtype = sy_span_str("F32"),
			.rank = 1, .shape = { 10 }, .off = 60, .len = 40 } },
		{ .kind = SY_RECORD_FACT, .u.fact = {
			.rule = 1, .off = 99, .len = 1,
			.detail = sy_span_str("a fact") } },
		{ .kind = SY_RECORD_MORE, .u.more = { 1, 7 } },
		{ .kind = SY_RECORD_DONE, .u.done = {
			.status = SY_LIMIT, .text = sy_span_str("so far") } },
	};
	struct sy_out out;

	sy_out_init(&out, sy_buffer_write, buffer);
	for (size_t i = 0; i < SY_N_ELEMS(records); i++)
		sy_record_encode(&out, &records[i]);
	assert_int_equal(sy_out_flush(&out), SY_OK);
}

struct fixture {
	struct sy_context ctx;
	struct sy_buffer bytes;
	struct test_sink sink;
	struct sy_stream stream;
};

static void set_up(struct fixture *f)
{
	sy_context_init(&f->ctx);
	sy_buffer_init(&f->bytes, &f->ctx);
	test_sink_init(&f->sink, &f->ctx);
	sy_stream_init(&f->stream, &f->ctx);
	sy_stream_reset(&f->stream, &f->sink.sink, FILE_BYTES);
}

static void tear_down(struct fixture *f)
{
	sy_stream_free(&f->stream);
	test_sink_free(&f->sink);
	sy_buffer_free(&f->bytes);
	assert_int_equal(f->ctx.memory_used, 0);
}

static void test_any_cut(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	write_records(&f.bytes);
	for (size_t step = 1; step <= f.bytes.len; step++) {
		size_t before = f.sink.n;

		sy_stream_reset(&f.stream, &f.sink.sink, FILE_BYTES);
		assert_int_equal(feed(&f.stream, sy_span_of(f.bytes.data,
							    f.bytes.len), step), SY_OK);
		assert_true(f.stream.is_done);
		assert_int_equal(f.stream.done_status, SY_LIMIT);
		assert_string_equal(f.stream.text, "so far");
		assert_int_equal(f.sink.n - before, 6);
	}
	tear_down(&f);
}

static void test_every_prefix(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	write_records(&f.bytes);
	for (size_t len = 0; len < f.bytes.len; len++) {
		sy_stream_reset(&f.stream, &f.sink.sink, FILE_BYTES);
		assert_int_equal(feed(&f.stream, sy_span_of(f.bytes.data, len), 64),
				 SY_OK);
		assert_false(f.stream.is_done);
	}
	tear_down(&f);
}

/* Never worse than a lie that is told, or another record that is valid. */
static void test_every_byte_changed(void **state)
{
	struct fixture f;
	size_t n_lies = 0;

	(void)state;
	set_up(&f);
	write_records(&f.bytes);
	for (size_t at = 0; at < f.bytes.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			enum sy_status status;

			f.bytes.data[at] ^= (uint8_t)(1u << bit);
			sy_stream_reset(&f.stream, &f.sink.sink, FILE_BYTES);
			status = feed(&f.stream,
				      sy_span_of(f.bytes.data, f.bytes.len), 4096);
			f.bytes.data[at] ^= (uint8_t)(1u << bit);
			assert_true(status == SY_OK || status == SY_WORKER);
			assert_true(status == SY_OK || f.stream.text[0]);
			n_lies += status == SY_WORKER;
		}
	}
	assert_true(n_lies > f.bytes.len);
	tear_down(&f);
}

/* A body of exactly SY_RECORD_BYTES_MAX passes; one byte more is a lie. */
static void test_largest_frame(void **state)
{
	uint8_t *name = calloc(1, SY_RECORD_BYTES_MAX + 1);
	struct sy_record record = { .kind = SY_RECORD_META };
	struct fixture f;
	struct sy_out out;

	(void)state;
	assert_non_null(name);
	set_up(&f);
	sy_out_init(&out, sy_buffer_write, &f.bytes);
	for (size_t more = 0; more < 2; more++) {
		record.u.meta.key = sy_span_of(NULL, 0);
		record.u.meta.key = sy_span_of(name, SY_RECORD_BYTES_MAX + more -
						     (size_t)sy_record_bytes(&record));
		assert_int_equal(sy_record_bytes(&record), SY_RECORD_BYTES_MAX + more);
		f.bytes.len = 0;
		sy_record_encode(&out, &record);
		assert_int_equal(sy_out_flush(&out), SY_OK);
		sy_stream_reset(&f.stream, &f.sink.sink, FILE_BYTES);
		assert_int_equal(feed(&f.stream,
				      sy_span_of(f.bytes.data, f.bytes.len), 70000),
				 more ? SY_WORKER : SY_OK);
	}
	assert_int_equal(f.sink.n, 1);
	free(name);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_largest_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
