/* SPDX-License-Identifier: Apache-2.0 */
/* Every codec on any bytes; the first byte chooses.  See format.h. */
#include "tests/fuzz/format.h"
#include "tests/fuzz/fuzz.h"

extern const struct sy_format sy_format_bzip2, sy_format_gzip, sy_format_lz4,
	sy_format_lzma, sy_format_xz, sy_format_zfile, sy_format_zlib, sy_format_zstd;

static const struct sy_format *const formats[] = {
	&sy_format_bzip2, &sy_format_gzip, &sy_format_lz4, &sy_format_lzma, &sy_format_xz,
	&sy_format_zlib, &sy_format_zstd, &sy_format_zfile,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > 0)
		fuzz_format(formats[data[0] % SY_N_ELEMS(formats)], "model.joblib",
			    sy_span_of(data + 1, len - 1));
	return 0;
}
