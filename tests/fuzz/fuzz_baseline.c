/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Earlier reports of any bytes: taken or refused with a sentence, within the
 * budget, the same each time, and the same from a file.  What one suppresses in a
 * report stands in it.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/report/baseline.h"

/* An import, and seven more of its kind: their fingerprints are in make_more.py. */
static enum sy_status fill(struct sy_report *report)
{
	const struct sy_record_fact fact = { .rule = SY_RULE_PICKLE_IMPORT_DANGEROUS,
					     .off = SY_OFFSET_NONE,
					     .symbol = sy_span_str("posix.system") };
	const struct sy_digest digest = { .algorithm = SY_SHA256, .len = 32 };
	size_t at;
	enum sy_status status = sy_report_add_artifact(report, sy_span_str("m.pkl"), 9, &at);

	if (status == SY_OK)
		status = sy_report_add_digest(report, at, &digest);
	if (status == SY_OK)
		status = sy_report_add_finding(report, at, &fact);
	if (status == SY_OK)
		status = sy_report_add_more(report, at, fact.rule, 7);
	return status;
}

static bool has_print(struct sy_span bytes, const char *fingerprint)
{
	return memmem(bytes.data, bytes.len, fingerprint, strlen(fingerprint)) ||
	       memchr(bytes.data, '\\', bytes.len);
}

static void check_suppressed(const struct sy_artifact *a, struct sy_span bytes)
{
	FUZZ_CHECK(!a->findings->is_suppressed ||
		   has_print(bytes, a->findings->fingerprint));
	FUZZ_CHECK(!a->more->is_suppressed || has_print(bytes, a->more->fingerprint));
}

static void apply(struct sy_context *ctx, const struct sy_baseline *baseline,
		  struct sy_span bytes)
{
	struct sy_report *report = NULL;
	enum sy_status status = sy_report_new(ctx, &report);

	if (status == SY_OK)
		status = fill(report);
	if (status == SY_OK)
		status = sy_baseline_apply(baseline, report);
	FUZZ_CHECK(status == SY_OK || fuzz_is_fault_of(status));
	if (status == SY_OK)
		check_suppressed(&report->artifacts[0], bytes);
	sy_report_free(&report);
}

static enum sy_status parse(struct sy_span bytes, uint64_t memory)
{
	struct sy_baseline *baseline = NULL;
	struct sy_context ctx;
	enum sy_status status;

	fuzz_faulty_context(&ctx);
	if (memory < ctx.limits.memory)
		ctx.limits.memory = memory;
	status = sy_baseline_parse(&ctx, bytes, &baseline);
	FUZZ_CHECK((status == SY_OK) == (baseline != NULL));
	FUZZ_CHECK(status == SY_OK || ctx.error.text[0]);
	ctx.limits.memory = 64 << 20;
	if (baseline)
		apply(&ctx, baseline, bytes);
	sy_baseline_free(&baseline);
	FUZZ_CHECK(ctx.memory_used == 0);
	return status;
}

static enum sy_status read_file(struct sy_span bytes)
{
	int fd = memfd_create("baseline", MFD_CLOEXEC);
	struct sy_baseline *baseline;
	struct sy_context ctx;
	enum sy_status status;
	char path[32];

	FUZZ_CHECK(fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fuzz_faulty_context(&ctx);
	status = sy_baseline_read(&ctx, path, &baseline);
	FUZZ_CHECK((status == SY_OK) == (baseline != NULL));
	FUZZ_CHECK(status == SY_OK || ctx.error.text[0]);
	sy_baseline_free(&baseline);
	FUZZ_CHECK(ctx.memory_used == 0);
	close(fd);
	return status;
}

static bool is_answer(enum sy_status status)
{
	return status == SY_OK || status == SY_FORMAT || status == SY_LIMIT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_span bytes = sy_span_of(data, len);
	enum sy_status status = parse(bytes, 64 << 20);
	enum sy_status again = parse(bytes, 1 << 17), read = status;

	FUZZ_CHECK(is_answer(status) || fuzz_is_fault_of(status));
	FUZZ_CHECK(again == status || again == SY_LIMIT || fuzz_is_disturbed());
	/* A file for each input is too slow for a fuzzer. */
	if (fuzz_mode() != FUZZ_PLAIN)
		read = read_file(bytes);
	FUZZ_CHECK(read == status || fuzz_is_disturbed());
	return 0;
}
