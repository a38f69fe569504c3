/* SPDX-License-Identifier: Apache-2.0 */
/* Signing for tests; see oms_signed.h. */
#include "tests/keys/oms_signed.h"

void oms_sample_init(struct oms_sample *sample)
{
	*sample = (struct oms_sample){
		.entries = {
			{ sy_span_str("config.json"), 0, UINT64_MAX,
			  { SY_SHA256, 32, { 1, 2, 3 } } },
			{ sy_span_str("w/\xe6\xa8\xa1 \"1\".bin"), 0, UINT64_MAX,
			  { SY_SHA256, 32, { 4, 5, 6 } } },
		},
		.ignored = { sy_span_str(".git"), sy_span_str("model.sig") },
	};
	sample->manifest = (struct sy_manifest){
		.entries = sample->entries, .n_entries = 2, .subject = sy_span_str("m"),
		.algorithm = SY_SHA256, .ignored = sample->ignored, .n_ignored = 2,
	};
}

struct sy_private_key *oms_signing_key(struct oms_rig *rig, const char *curve)
{
	const char *path = oms_path(rig, "%s/chain/signer-%s.key", test_vectors(), curve);
	struct sy_passphrase none = { .ask = NULL };
	struct sy_private_key *key;

	if (sy_private_key_read(&rig->ctx, test_read_file(&rig->arena, path), &none,
				&key) != SY_OK)
		fail_msg("%s: %s", path, rig->ctx.error.text);
	return key;
}

struct sy_span oms_sign(struct oms_rig *rig, const struct sy_manifest *manifest,
			const char *curve, const char *chain)
{
	struct sy_oms_signer signer = { .n_certificates = 0 };
	struct sy_private_key *key = oms_signing_key(rig, curve);
	struct sy_span *certificates, copy;
	struct sy_buffer out;

	signer.private_key = key;
	if (chain) {
		const char *path = oms_path(rig, "%s/chain/%s", test_vectors(), chain);

		assert_int_equal(sy_certificates_read(&rig->arena,
				 test_read_file(&rig->arena, path), &certificates,
				 &signer.n_certificates), SY_OK);
		signer.certificates = certificates;
	}
	sy_buffer_init(&out, &rig->ctx);
	if (sy_oms_write(manifest, false, &signer, &out) != SY_OK)
		fail_msg("sy_oms_write: %s", rig->ctx.error.text);
	assert_int_equal(sy_arena_copy(&rig->arena, sy_span_of(out.data, out.len), &copy),
			 SY_OK);
	sy_buffer_free(&out);
	sy_private_key_free(&key);
	return copy;
}

void oms_trust_signer(struct oms_rig *rig, const char *curve, const char *chain)
{
	oms_trust_nobody(rig);
	if (chain)
		oms_trust_roots(rig, oms_path(rig, "%s/chain/root.pem", test_vectors()));
	else
		oms_trust_key(rig, oms_path(rig, "%s/chain/signer-%s.pub", test_vectors(),
					    curve));
}
