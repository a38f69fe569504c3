/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told from other ZIP archives by what it holds.  The first byte chooses
 * which, the rest is the file; see format.h.
 */
#include "tests/fuzz/format.h"
#include "tests/fuzz/fuzz.h"

extern const struct sy_format sy_format_dduf, sy_format_keras_zip, sy_format_npz,
	sy_format_torch_zip;

static const struct {
	const struct sy_format *format;
	const char *name;
} cases[] = {
	{ &sy_format_dduf, "pipe.dduf" },
	{ &sy_format_keras_zip, "model.keras" },
	{ &sy_format_npz, "model.npz" },
	{ &sy_format_torch_zip, "model.pt" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t choice = len > 0 ? data[0] % SY_N_ELEMS(cases) : 0;

	if (len > 0)
		fuzz_format(cases[choice].format, cases[choice].name,
			    sy_span_of(data + 1, len - 1));
	return 0;
}
