/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of bundles; see oms_rig.h. */
#include "tests/keys/oms_rig.h"

#include <stdio.h>
#include <unistd.h>

#include "verifier/digest/hasher.h"

void oms_rig_init(struct oms_rig *rig)
{
	*rig = (struct oms_rig){ .anchors = NULL };
	sy_context_init(&rig->ctx);
	sy_arena_init(&rig->arena, &rig->ctx);
	rig->trust.tolerated = sy_oms_tolerated_default();
	rig->trust.keys = (const struct sy_public_key *const *)rig->keys;
}

void oms_trust_nobody(struct oms_rig *rig)
{
	for (size_t i = 0; i < rig->trust.n_keys; i++)
		sy_public_key_free(&rig->keys[i]);
	sy_anchors_free(&rig->anchors);
	rig->trust.anchors = NULL;
	rig->trust.n_keys = 0;
}

void oms_rig_free(struct oms_rig *rig)
{
	oms_trust_nobody(rig);
	sy_oms_result_free(&rig->result);
	sy_arena_free(&rig->arena);
	assert_int_equal(rig->ctx.memory_used, 0);
}

void oms_trust_key(struct oms_rig *rig, const char *path)
{
	size_t n = rig->trust.n_keys;

	assert_true(n < SY_N_ELEMS(rig->keys));
	if (sy_public_key_read(&rig->ctx, test_read_file(&rig->arena, path),
			       &rig->keys[n]) != SY_OK)
		fail_msg("%s: %s", path, rig->ctx.error.text);
	rig->trust.n_keys++;
}

void oms_trust_roots(struct oms_rig *rig, const char *path)
{
	if (!rig->anchors)
		assert_int_equal(sy_anchors_new(&rig->ctx, &rig->anchors), SY_OK);
	if (sy_anchors_add(rig->anchors, test_read_file(&rig->arena, path)) != SY_OK)
		fail_msg("%s: %s", path, rig->ctx.error.text);
	rig->trust.anchors = rig->anchors;
}

static void assert_sound(const struct sy_oms_result *r)
{
	bool is_refused = r->verdict == SY_OMS_REFUSED;
	bool is_reasoned = is_refused || r->verdict == SY_OMS_UNDETERMINED;

	assert_int_equal(is_reasoned, r->reading.reason != SY_OMS_NONE);
	assert_int_equal(is_reasoned, r->reading.sentence.len > 0);
	assert_true(!is_refused || !r->manifest);
	assert_true((r->reading.used & ~r->reading.granted) == 0);
	if (r->verdict != SY_OMS_TRUSTED)
		return;
	assert_true(r->is_signature_checked && r->algorithm && r->key_id.len == 32);
	assert_non_null(r->manifest);
	assert_true(r->manifest->n_entries > 0);
}

static const char *verify(struct oms_rig *rig, struct sy_span bundle,
			  const struct sy_oms_trust *trust)
{
	sy_oms_result_free(&rig->result);
	if (sy_oms_verify(&rig->ctx, bundle, trust, &rig->result) != SY_OK)
		fail_msg("sy_oms_verify: %s", rig->ctx.error.text);
	assert_int_equal(rig->ctx.error.status, SY_OK);
	assert_sound(rig->result);
	return sy_oms_reason_name(rig->result->reading.reason);
}

const char *oms_verify(struct oms_rig *rig, struct sy_span bundle)
{
	return verify(rig, bundle, &rig->trust);
}

const char *oms_verify_untrusted(struct oms_rig *rig, struct sy_span bundle)
{
	const char *reason = verify(rig, bundle, NULL);

	assert_true(rig->result->verdict != SY_OMS_TRUSTED);
	return reason;
}

/* The file of an entry; a model that is one file has it by its own name, too. */
static const char *file_of(struct oms_rig *rig, const char *model, struct sy_span name)
{
	struct sy_span path = sy_span_str(model);
	const char *below = oms_path(rig, "%s/%.*s", model, (int)name.len,
				     name.len ? (const char *)name.data : "");

	if (name.len == 0)
		return model;
	return access(below, R_OK) != 0 && sy_span_ends(path, (const char *)name.data) ?
	       model : below;
}

bool oms_model_matches(struct oms_rig *rig, const char *model)
{
	const struct sy_manifest *m = rig->result->manifest;

	for (size_t i = 0; i < m->n_entries; i++) {
		const struct sy_manifest_entry *e = &m->entries[i];
		const char *path = file_of(rig, model, e->name);
		struct sy_span bytes;
		struct sy_digest digest;

		if (access(path, R_OK) != 0)
			return false;
		bytes = test_read_file(&rig->arena, path);
		if (e->end != UINT64_MAX) {
			if (e->end > bytes.len)
				return false;
			bytes = sy_span_slice(bytes, e->start, e->end - e->start);
		}
		assert_int_equal(sy_hash(&rig->ctx, m->algorithm, bytes, &digest), SY_OK);
		if (!sy_digest_equal(&digest, &e->digest))
			return false;
	}
	return true;
}

const char *oms_path(struct oms_rig *rig, const char *fmt, ...)
{
	char text[4096];
	va_list args;
	char *copy;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	assert_true(len > 0 && (size_t)len < sizeof(text));
	copy = sy_arena_str(&rig->arena, text);
	assert_non_null(copy);
	return copy;
}
