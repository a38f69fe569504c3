/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record decoder on any bytes: what a worker process sends may be anything.
 * A frame body that decodes is exactly what encoding it gives again, so there
 * is one way to say each thing; and no shorter one says anything.
 */
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/record.h"

#define PREFIXES_MAX 256	/* bytes of a body whose every beginning is tried */

static void check_prefixes(struct sy_span body)
{
	struct sy_record record;

	for (size_t len = 0; len < body.len && body.len <= PREFIXES_MAX; len++)
		FUZZ_CHECK(!sy_record_decode(sy_span_of(body.data, len), &record));
}

/* What is inside a file is inside a larger one as well. */
static void check_places(const struct sy_record *record)
{
	static const uint64_t sizes[] = { 0, 1, 4096, UINT64_MAX };
	bool was_valid = false;

	for (size_t i = 0; i < SY_N_ELEMS(sizes); i++) {
		bool is_valid = sy_record_valid(record, sizes[i]);

		FUZZ_CHECK(is_valid || !was_valid);
		was_valid = is_valid;
	}
}

static void check_again(struct sy_span body, const struct sy_record *record)
{
	struct sy_buffer buffer;
	struct sy_context ctx;
	struct sy_out out;

	fuzz_faulty_context(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	sy_record_encode(&out, record);
	if (sy_out_flush(&out) == SY_OK) {
		FUZZ_CHECK(buffer.len == body.len + 4);
		FUZZ_CHECK(!memcmp(buffer.data + 4, body.data, body.len));
		for (unsigned i = 0; i < 4; i++)
			FUZZ_CHECK(buffer.data[i] == (uint8_t)(body.len >> 8 * i));
	} else {
		FUZZ_CHECK(fuzz_is_disturbed());
	}
	sy_buffer_free(&buffer);
	FUZZ_CHECK(ctx.memory_used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_span body = sy_span_of(data, len);
	struct sy_record record;

	if (len > SY_RECORD_BYTES_MAX || !sy_record_decode(body, &record))
		return 0;
	check_prefixes(body);
	check_places(&record);
	check_again(body, &record);
	return 0;
}
