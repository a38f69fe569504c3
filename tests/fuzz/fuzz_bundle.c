/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed things from strangers.  The first byte chooses: a bundle, whole; the
 * statement inside one; certificates, each behind two bytes of length.  A refusal
 * has its reason and sentence; nobody is trusted who was not named; a list that
 * is accepted can be written and reads back as the same list.
 */
#include "keys/base64.h"
#include "keys/oms.h"
#include "keys/pem.h"
#include "keys/statement.h"
#include "keys/statement_write.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"

static void check_reading(const struct sy_reading *reading, enum sy_status status)
{
	bool is_about_it = status == SY_FORMAT || status == SY_UNSUPPORTED;

	FUZZ_CHECK(status == SY_OK || is_about_it);
	FUZZ_CHECK(is_about_it == (reading->reason != SY_OMS_NONE));
	FUZZ_CHECK(is_about_it == (reading->sentence.len > 0));
	FUZZ_CHECK((reading->used & ~reading->granted) == 0);
}

static void check_bundle(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_oms_trust nobody = { .tolerated = UINT32_MAX };
	struct sy_oms_result *result;

	FUZZ_CHECK(sy_oms_verify(ctx, bytes, NULL, &result) == SY_OK);
	FUZZ_CHECK(result->verdict != SY_OMS_TRUSTED);
	FUZZ_CHECK((result->verdict == SY_OMS_UNTRUSTED) ==
		   (result->reading.reason == SY_OMS_NONE));
	FUZZ_CHECK(result->verdict != SY_OMS_REFUSED || !result->manifest);
	sy_oms_result_free(&result);
	FUZZ_CHECK(sy_oms_verify(ctx, bytes, &nobody, &result) == SY_OK);
	FUZZ_CHECK(result->verdict == SY_OMS_REFUSED ||
		   result->verdict == SY_OMS_UNDETERMINED);
	sy_oms_result_free(&result);
}

static void check_sorted(const struct sy_manifest *m)
{
	for (size_t i = 1; i < m->n_entries; i++) {
		const struct sy_manifest_entry *a = &m->entries[i - 1], *b = &m->entries[i];
		int order = sy_span_compare(a->name, b->name);

		FUZZ_CHECK(order < 0 || (order == 0 && a->end == b->start));
	}
	for (size_t i = 0; i < m->n_entries; i++) {
		struct sy_span name = m->entries[i].name;

		FUZZ_CHECK((name.len == 0) == m->is_single_file);
		FUZZ_CHECK(!sy_span_starts(name, "/") && !sy_span_starts(name, "../") &&
			   !sy_span_is(name, "..") && !sy_span_ends(name, "/.."));
	}
}

static void check_same(const struct sy_manifest *a, const struct sy_manifest *b)
{
	FUZZ_CHECK(a->n_entries == b->n_entries && a->n_ignored == b->n_ignored);
	for (size_t i = 0; i < a->n_entries; i++) {
		FUZZ_CHECK(sy_span_equal(a->entries[i].name, b->entries[i].name));
		FUZZ_CHECK(sy_digest_equal(&a->entries[i].digest, &b->entries[i].digest));
		FUZZ_CHECK(a->entries[i].start == b->entries[i].start &&
			   a->entries[i].end == b->entries[i].end);
	}
}

/* What the strict reader takes, the writer takes, and it is the same again. */
static void write_again(struct sy_context *ctx, const struct sy_manifest *m)
{
	struct sy_manifest *again = NULL;
	struct sy_reading reading;
	struct sy_buffer buffer;

	sy_buffer_init(&buffer, ctx);
	FUZZ_CHECK(sy_statement_write(&buffer, m, false) == SY_OK);
	sy_reading_init(&reading, SY_OMS_BIT(SY_OMS_TOLERATE_SINGLE_FILE_DOT));
	FUZZ_CHECK(sy_statement_read(ctx, sy_span_of(buffer.data, buffer.len), &reading,
				     &again) == SY_OK);
	check_same(m, again);
	sy_manifest_free(ctx, &again);
	sy_buffer_free(&buffer);
}

static void check_statement(struct sy_context *ctx, struct sy_span bytes)
{
	uint32_t under_ignored = SY_OMS_BIT(SY_OMS_TOLERATE_RESOURCE_UNDER_IGNORED);
	struct sy_manifest *manifest = NULL;
	struct sy_reading reading, strict;
	enum sy_status status;

	sy_reading_init(&reading, UINT32_MAX);
	status = sy_statement_read(ctx, bytes, &reading, &manifest);
	check_reading(&reading, status);
	FUZZ_CHECK((status == SY_OK) == (manifest != NULL));
	if (manifest) {
		check_sorted(manifest);
		if (!(reading.used & under_ignored))
			write_again(ctx, manifest);
	}
	sy_manifest_free(ctx, &manifest);
	/* With fewer tolerances never more. */
	sy_reading_init(&strict, SY_OMS_TOLERATED_STRICT);
	if (sy_statement_read(ctx, bytes, &strict, &manifest) == SY_OK)
		FUZZ_CHECK(status == SY_OK && reading.used == 0);
	sy_manifest_free(ctx, &manifest);
}

/* The first certificate as anchor, so that our own rules see whatever it is. */
static void add_anchor(struct sy_anchors *anchors, struct sy_context *ctx,
		       struct sy_arena *arena, struct sy_span der)
{
	size_t cap = SY_PEM_TEXT_MAX(der.len);
	char *text = sy_arena_alloc(arena, cap);
	enum sy_status status;

	FUZZ_CHECK(text);
	status = sy_anchors_add(anchors, sy_span_of(text, sy_pem_encode("CERTIFICATE", der,
									text, cap)));
	FUZZ_CHECK(status == SY_OK || status == SY_FORMAT);
	FUZZ_CHECK(status == SY_OK || ctx->error.text[0]);
	sy_error_clear(ctx);
}

static void check_chain(struct sy_context *ctx, struct sy_span bytes)
{
	const struct sy_chain_rules rules = { .time_rule = SY_CHAIN_LEAF_NOT_BEFORE };
	struct sy_span certificates[SY_CHAIN_DEPTH_MAX] = { { NULL, 0 } };
	struct sy_chain_leaf leaf = { .key = NULL };
	struct sy_anchors *anchors = NULL;
	struct sy_reading reading;
	struct sy_arena arena;
	enum sy_status status;
	size_t n = 0;

	sy_arena_init(&arena, ctx);
	sy_reading_init(&reading, UINT32_MAX);
	FUZZ_CHECK(sy_anchors_new(ctx, &anchors) == SY_OK);
	/* Two bytes of length in front of each. */
	while (bytes.len >= 2 && n < SY_CHAIN_DEPTH_MAX) {
		size_t len = (size_t)bytes.data[0] << 8 | bytes.data[1];

		certificates[n++] = sy_span_slice(bytes, 2, len);
		bytes = sy_span_slice(bytes, 2 + len, SIZE_MAX);
	}
	status = sy_chain_verify(&arena, anchors, certificates, n, &rules, &reading, &leaf);
	FUZZ_CHECK(status == SY_FORMAT);
	check_reading(&reading, status);
	sy_chain_leaf_free(&leaf);
	sy_reading_init(&reading, UINT32_MAX);
	if (n > 0)
		add_anchor(anchors, ctx, &arena, certificates[0]);
	status = sy_chain_verify(&arena, anchors, certificates, n, &rules, &reading, &leaf);
	check_reading(&reading, status);
	sy_chain_leaf_free(&leaf);
	sy_anchors_free(&anchors);
	sy_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sy_context ctx;
	struct sy_span bytes;

	if (len == 0)
		return 0;
	fuzz_context(&ctx);
	bytes = sy_span_of(data + 1, len - 1);
	switch (data[0] % 3) {
	case 0:
		check_bundle(&ctx, bytes);
		break;
	case 1:
		check_statement(&ctx, bytes);
		break;
	default:
		check_chain(&ctx, bytes);
	}
	FUZZ_CHECK(ctx.memory_used == 0 && ctx.error.status == SY_OK);
	return 0;
}
