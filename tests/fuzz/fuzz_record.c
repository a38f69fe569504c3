/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record decoder on any bytes: what a worker process sends may be anything.
 * A frame body that decodes is exactly what encoding it gives again, so there
 * is one way to say each thing.
 */
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint64_t sizes[] = { 0, 1, 4096, UINT64_MAX };
	struct sy_span body = sy_span_of(data, len);
	struct sy_record record;
	struct sy_buffer buffer;
	struct sy_context ctx;
	struct sy_out out;
	uint64_t n_valid = 0;

	if (len > SY_RECORD_BYTES_MAX || !sy_record_decode(body, &record))
		return 0;
	/* What is inside a file is inside a larger one as well. */
	for (size_t i = 0; i < SY_N_ELEMS(sizes); i++) {
		bool is_valid = sy_record_valid(&record, sizes[i]);

		FUZZ_CHECK(is_valid || n_valid == 0);
		n_valid += is_valid;
	}
	fuzz_context(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	sy_record_encode(&out, &record);
	FUZZ_CHECK(sy_out_flush(&out) == SY_OK);
	FUZZ_CHECK(buffer.len == len + 4);
	FUZZ_CHECK(!memcmp(buffer.data + 4, data, len));
	for (unsigned i = 0; i < 4; i++)
		FUZZ_CHECK(buffer.data[i] == (uint8_t)(len >> 8 * i));
	sy_buffer_free(&buffer);
	return 0;
}
