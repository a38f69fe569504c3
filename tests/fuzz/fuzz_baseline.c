/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Earlier reports of any bytes: taken or refused with a sentence, within the
 * budget, and the same each time.
 */
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/report/baseline.h"

static enum sy_status parse(struct sy_span bytes, uint64_t memory)
{
	struct sy_baseline *baseline = NULL;
	struct sy_context ctx;
	enum sy_status status;

	fuzz_context(&ctx);
	ctx.limits.memory = memory;
	status = sy_baseline_parse(&ctx, bytes, &baseline);
	FUZZ_CHECK((status == SY_OK) == (baseline != NULL));
	FUZZ_CHECK(status == SY_OK || ctx.error.text[0]);
	sy_baseline_free(&baseline);
	FUZZ_CHECK(ctx.memory_used == 0);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_span bytes = sy_span_of(data, len);
	enum sy_status status = parse(bytes, 64 << 20);
	enum sy_status again = parse(bytes, 1 << 17);

	FUZZ_CHECK(status == SY_OK || status == SY_FORMAT || status == SY_LIMIT);
	FUZZ_CHECK(again == status || again == SY_LIMIT);
	return 0;
}
