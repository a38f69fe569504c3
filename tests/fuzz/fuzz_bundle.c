/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed things from strangers.  The first byte chooses: 0 a bundle, whole; 1 the
 * statement inside one; 2 certificates, each behind two bytes of length; 3 a file of
 * certificates; 4 and 5 a bundle or certificates behind whom to trust: a byte of
 * rules, two of length, and a file of roots, or of keys with NUL between them; 6 a
 * time-stamp behind roots and what it is over, each behind two bytes of length.  A
 * refusal has its reason and sentence; nobody is trusted who was not named; a list
 * that is accepted can be written and reads back as the same list.
 */
#include <string.h>

#include "keys/base64.h"
#include "keys/oms.h"
#include "keys/pem.h"
#include "keys/statement.h"
#include "keys/statement_write.h"
#include "keys/timestamp.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"

/* Each tolerance that was used is found by its name. */
static void check_names(uint32_t used)
{
	for (unsigned i = 0; i < SY_N_OMS_TOLERANCES; i++) {
		const char *name = sy_oms_tolerance_name((enum sy_oms_tolerance)i);
		enum sy_oms_tolerance found;

		if (!(used & SY_OMS_BIT(i)))
			continue;
		FUZZ_CHECK(sy_oms_tolerance_find(sy_span_str(name), &found) && found == i);
		FUZZ_CHECK(sy_oms_tolerance_text(found)[0]);
	}
}

static void check_reading(const struct sy_reading *reading, enum sy_status status)
{
	bool is_about_it = status == SY_FORMAT || status == SY_UNSUPPORTED;

	FUZZ_CHECK(status == SY_OK || is_about_it);
	FUZZ_CHECK(is_about_it == (reading->reason != SY_OMS_NONE));
	FUZZ_CHECK(is_about_it == (reading->sentence.len > 0));
	FUZZ_CHECK((reading->used & ~reading->granted) == 0);
	FUZZ_CHECK(sy_oms_reason_name(reading->reason)[0]);
	FUZZ_CHECK(sy_oms_reason_text(reading->reason)[0]);
	check_names(reading->used);
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

/* A file of certificates: as many are read for signing as are added to roots. */
static void check_file(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_anchors *anchors = NULL;
	struct sy_span *certificates;
	struct sy_arena arena;
	enum sy_status status;
	size_t n;

	sy_arena_init(&arena, ctx);
	FUZZ_CHECK(sy_anchors_new(ctx, &anchors) == SY_OK);
	status = sy_certificates_read(&arena, bytes, &certificates, &n);
	FUZZ_CHECK(status == SY_OK || (status == SY_FORMAT && ctx->error.text[0]));
	sy_error_clear(ctx);
	FUZZ_CHECK(sy_anchors_add(anchors, bytes) == status);
	FUZZ_CHECK(status != SY_OK || (n > 0 && sy_anchors_count(anchors) == n));
	sy_error_clear(ctx);
	sy_anchors_free(&anchors);
	sy_arena_free(&arena);
}

#define KEYS_MAX 4

/* Whom a seed says to trust. */
struct trusted {
	struct sy_oms_trust trust;
	struct sy_public_key *keys[KEYS_MAX];
	struct sy_anchors *anchors;
};

static void read_keys(struct sy_context *ctx, struct sy_span text, struct trusted *t)
{
	while (text.len > 0 && t->trust.n_keys < KEYS_MAX) {
		const uint8_t *nul = memchr(text.data, 0, text.len);
		size_t len = nul ? (size_t)(nul - text.data) : text.len;

		if (sy_public_key_read(ctx, sy_span_slice(text, 0, len),
				       &t->keys[t->trust.n_keys]) == SY_OK)
			t->trust.n_keys++;
		sy_error_clear(ctx);
		text = sy_span_slice(text, len + 1, SIZE_MAX);
	}
	t->trust.keys = (const struct sy_public_key *const *)t->keys;
}

static uint32_t tolerated_by(unsigned bits)
{
	return bits == 0 ? sy_oms_tolerated_default() :
	       bits == 1 ? SY_OMS_TOLERATED_STRICT : UINT32_MAX;
}

/* Takes the rules and the trust from the front of bytes. */
static void read_trust(struct sy_context *ctx, struct sy_span *bytes, struct trusted *t)
{
	size_t len = bytes->len > 3 ? (size_t)bytes->data[1] << 8 | bytes->data[2] : 0;
	unsigned rules = bytes->len ? bytes->data[0] : 0;
	struct sy_span text = sy_span_slice(*bytes, 3, len);

	*bytes = sy_span_slice(*bytes, 3 + len, SIZE_MAX);
	*t = (struct trusted){ .trust.tolerated = tolerated_by(rules & 3) };
	t->trust.chain = (struct sy_chain_rules){
		.time_rule = (enum sy_chain_time)((rules >> 2 & 3) % 3),
		.time = 1900000000,
		.purpose = (enum sy_chain_purpose)(rules >> 4 & 3),
	};
	FUZZ_CHECK(sy_anchors_new(ctx, &t->anchors) == SY_OK);
	if (sy_anchors_add(t->anchors, text) == SY_OK)
		t->trust.anchors = t->anchors;
	sy_error_clear(ctx);
	if (!t->trust.anchors)
		read_keys(ctx, text, t);
	if (rules & 64)
		t->trust.authorities = t->anchors;
}

static void free_trust(struct trusted *t)
{
	for (size_t i = 0; i < t->trust.n_keys; i++)
		sy_public_key_free(&t->keys[i]);
	sy_anchors_free(&t->anchors);
}

/* Trusted is only a checked signature of somebody named, over a list that is there. */
static void check_trusted(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_oms_result *result;
	struct trusted t;

	read_trust(ctx, &bytes, &t);
	FUZZ_CHECK(sy_oms_verify(ctx, bytes, &t.trust, &result) == SY_OK);
	FUZZ_CHECK(result->verdict != SY_OMS_UNTRUSTED && sy_oms_verdict_name(result->verdict));
	FUZZ_CHECK((result->verdict == SY_OMS_TRUSTED) == (result->reading.reason == SY_OMS_NONE));
	FUZZ_CHECK((result->reading.used & ~t.trust.tolerated) == 0);
	FUZZ_CHECK(result->timestamp == 0 || t.trust.anchors);
	if (result->verdict == SY_OMS_TRUSTED) {
		FUZZ_CHECK(result->manifest && result->is_signature_checked);
		FUZZ_CHECK(result->material == SY_BUNDLE_KEY ?
			   result->key_index < t.trust.n_keys :
			   result->material == SY_BUNDLE_CHAIN && t.trust.anchors);
	}
	sy_oms_result_free(&result);
	free_trust(&t);
}

static size_t split(struct sy_span bytes, struct sy_span certificates[SY_CHAIN_DEPTH_MAX + 1])
{
	size_t n = 0;

	while (bytes.len >= 2 && n <= SY_CHAIN_DEPTH_MAX) {
		size_t len = (size_t)bytes.data[0] << 8 | bytes.data[1];

		certificates[n++] = sy_span_slice(bytes, 2, len);
		bytes = sy_span_slice(bytes, 2 + len, SIZE_MAX);
	}
	return n;
}

/* With fewer tolerances never more, and nothing without roots. */
static void check_chain_trusted(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_span certificates[SY_CHAIN_DEPTH_MAX + 1];
	struct sy_chain_leaf leaf;
	struct sy_reading reading;
	struct sy_arena arena;
	struct trusted t;
	enum sy_status status;
	size_t n;

	read_trust(ctx, &bytes, &t);
	n = split(bytes, certificates);
	sy_arena_init(&arena, ctx);
	sy_reading_init(&reading, t.trust.tolerated);
	status = sy_chain_verify(&arena, t.anchors, certificates, n, &t.trust.chain, &reading,
				 &leaf);
	check_reading(&reading, status);
	FUZZ_CHECK(status != SY_OK || t.trust.anchors);
	FUZZ_CHECK(sy_chain_time_name(t.trust.chain.time_rule));
	sy_chain_leaf_free(&leaf);
	sy_reading_init(&reading, UINT32_MAX);
	if (status == SY_OK)
		FUZZ_CHECK(sy_chain_verify(&arena, t.anchors, certificates, n, &t.trust.chain,
					   &reading, &leaf) == SY_OK);
	if (status == SY_OK)
		sy_chain_leaf_free(&leaf);
	sy_arena_free(&arena);
	free_trust(&t);
}

static struct sy_span take(struct sy_span *bytes)
{
	size_t len = bytes->len >= 2 ? (size_t)bytes->data[0] << 8 | bytes->data[1] : 0;
	struct sy_span taken = sy_span_slice(*bytes, 2, len);

	*bytes = sy_span_slice(*bytes, 2 + len, SIZE_MAX);
	return taken;
}

/* One token, one time; over nothing else, and by nobody without roots. */
static void check_timestamp(struct sy_context *ctx, struct sy_span bytes)
{
	struct sy_span roots = take(&bytes), signature = take(&bytes);
	struct sy_anchors *anchors = NULL, *nobody = NULL;
	struct sy_reading reading;
	int64_t time, again;
	enum sy_status status;

	FUZZ_CHECK(sy_anchors_new(ctx, &anchors) == SY_OK);
	FUZZ_CHECK(sy_anchors_new(ctx, &nobody) == SY_OK);
	status = sy_anchors_add(anchors, roots);
	FUZZ_CHECK(status == SY_OK || status == SY_FORMAT);
	sy_error_clear(ctx);
	sy_reading_init(&reading, UINT32_MAX);
	status = sy_timestamp_verify(anchors, bytes, signature, &reading, &time);
	check_reading(&reading, status);
	if (status == SY_OK) {
		sy_reading_init(&reading, SY_OMS_TOLERATED_STRICT);
		FUZZ_CHECK(sy_timestamp_verify(anchors, bytes, signature, &reading, &again) ==
			   SY_OK && again == time);
		FUZZ_CHECK(sy_timestamp_verify(anchors, bytes, sy_span_str("another"), &reading,
					       &again) != SY_OK ||
			   sy_span_is(signature, "another"));
		sy_reading_init(&reading, UINT32_MAX);
		FUZZ_CHECK(sy_timestamp_verify(nobody, bytes, signature, &reading, &again) ==
			   SY_FORMAT);
	}
	sy_anchors_free(&anchors);
	sy_anchors_free(&nobody);
}

static void check_chain(struct sy_context *ctx, struct sy_span bytes)
{
	const struct sy_chain_rules rules = { .time_rule = SY_CHAIN_LEAF_NOT_BEFORE };
	struct sy_span certificates[SY_CHAIN_DEPTH_MAX + 1];
	struct sy_chain_leaf leaf = { .key = NULL };
	struct sy_anchors *anchors = NULL;
	struct sy_reading reading;
	struct sy_arena arena;
	enum sy_status status;
	size_t n = split(bytes, certificates);

	sy_arena_init(&arena, ctx);
	sy_reading_init(&reading, UINT32_MAX);
	FUZZ_CHECK(sy_anchors_new(ctx, &anchors) == SY_OK);
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
	switch (data[0] % 7) {
	case 0:
		check_bundle(&ctx, bytes);
		break;
	case 1:
		check_statement(&ctx, bytes);
		break;
	case 2:
		check_chain(&ctx, bytes);
		break;
	case 3:
		check_file(&ctx, bytes);
		break;
	case 4:
		check_trusted(&ctx, bytes);
		break;
	case 6:
		check_timestamp(&ctx, bytes);
		break;
	default:
		check_chain_trusted(&ctx, bytes);
	}
	FUZZ_CHECK(ctx.memory_used == 0 && ctx.error.status == SY_OK);
	return 0;
}
