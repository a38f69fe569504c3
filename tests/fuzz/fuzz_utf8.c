/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 and the escapers on any bytes.  What decodes encodes to the same bytes;
 * validity and traits of a text are those of its code points; and no escaper
 * lets anything out that is not fit to be seen.
 */
#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/text.h"
#include "verifier/base/utf8.h"

/* Decodes one by one; returns the offset of the first bad byte. */
static size_t check_points(struct sy_span bytes, unsigned *traits)
{
	size_t first_bad = bytes.len;

	*traits = 0;
	for (size_t at = 0; at < bytes.len;) {
		uint8_t again[4];
		uint32_t code;
		size_t len = sy_utf8_decode(sy_span_of(bytes.data + at,
						       bytes.len - at), &code);

		if (len == 0) {
			*traits |= SY_UTF8_INVALID | SY_UTF8_NOT_ASCII;
			first_bad = at < first_bad ? at : first_bad;
			at++;
			continue;
		}
		FUZZ_CHECK(len <= bytes.len - at);
		FUZZ_CHECK(code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
		FUZZ_CHECK(sy_utf8_encode(code, again) == len);
		FUZZ_CHECK(!memcmp(again, bytes.data + at, len));
		*traits |= sy_utf8_traits_of(code);
		at += len;
	}
	return first_bad;
}

static void check_fit(struct sy_span shown)
{
	FUZZ_CHECK(!(sy_utf8_traits(shown) & ~(unsigned)SY_UTF8_NOT_ASCII));
}

static void check_escapers(struct sy_span bytes)
{
	struct sy_buffer buffer;
	struct sy_context ctx;
	struct sy_text text;
	struct sy_out out;

	fuzz_faulty_context(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	sy_escape_terminal(&out, bytes);
	sy_escape_json(&out, bytes);
	sy_escape_xml(&out, bytes);
	sy_escape_github(&out, bytes, bytes.len % 2);
	FUZZ_CHECK(sy_out_flush(&out) == SY_OK ? out.n_written == buffer.len
					       : fuzz_is_disturbed());
	check_fit(sy_span_of(buffer.data, buffer.len));
	sy_buffer_free(&buffer);
	sy_text_init(&text);
	sy_text_name(&text, bytes);
	FUZZ_CHECK(!text.is_cut && text.len == strlen(text.data));
	check_fit(sy_text_span(&text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_span bytes = sy_span_of(data, len);
	unsigned traits;
	size_t first_bad = check_points(bytes, &traits), bad;

	FUZZ_CHECK(sy_utf8_valid(bytes, &bad) == (first_bad == len));
	FUZZ_CHECK(bad == first_bad);
	FUZZ_CHECK(sy_utf8_traits(bytes) == traits);
	check_escapers(bytes);
	return 0;
}
