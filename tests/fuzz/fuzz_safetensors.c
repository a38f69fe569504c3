/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of safetensors, on any bytes; see format.h. */
#include "tests/fuzz/format.h"
#include "tests/fuzz/fuzz.h"

extern const struct sy_format sy_format_safetensors;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	fuzz_format(&sy_format_safetensors, "model.safetensors", sy_span_of(data, len));
	return 0;
}
