/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fingerprints: what makes a finding the same finding next week.  Rule, content
 * and symbol; never path or offset, so that a renamed file keeps its
 * suppressions and changed content loses them.
 */
#include "verifier/base/text.h"
#include "verifier/digest/hasher.h"
#include "verifier/report/report.h"

static const char domain[] = "steelyard-finding/1";
static const char version[] = "v1:";

static void put_u64(struct sy_hasher *h, uint64_t v)
{
	uint8_t le[8];

	for (unsigned i = 0; i < sizeof(le); i++)
		le[i] = (uint8_t)(v >> (8 * i));
	sy_hasher_update(h, le, sizeof(le));
}

/* The length goes first, so that no two lists of fields read the same. */
static void put_span(struct sy_hasher *h, struct sy_span s)
{
	put_u64(h, s.len);
	if (s.len > 0)
		sy_hasher_update(h, s.data, s.len);
}

/* Content by its digest; where none was computed, by what is known for free. */
static void put_content(struct sy_hasher *h, const struct sy_artifact *a)
{
	const struct sy_digest *d = a->digests[SY_SHA256];

	if (d) {
		put_span(h, sy_span_str("sha256"));
		put_span(h, sy_span_of(d->bytes, d->len));
		return;
	}
	put_span(h, sy_span_str("size"));
	put_u64(h, a->size);
	put_span(h, a->format);
}

static void free_hasher(struct sy_hasher **hasher)
{
	if (*hasher)
		sy_hasher_free(hasher);
}

static enum sy_status compute(struct sy_report *report,
			      const struct sy_artifact *a, unsigned rule,
			      const char *kind, struct sy_span symbol,
			      char fingerprint[3 + 64 + 1])
{
	SY_OWNED(free_hasher) struct sy_hasher *h = NULL;
	enum sy_status status = sy_hasher_new(report->ctx, SY_SHA256, 0, &h);

	if (status != SY_OK)
		return status;
	put_span(h, sy_span_str(domain));
	put_span(h, sy_span_str(kind));
	put_span(h, sy_span_str(sy_rule_info(rule)->id));
	put_content(h, a);
	put_span(h, symbol);

	struct sy_digest digest;
	char hex[2 * SY_DIGEST_MAX + 1];

	status = sy_hasher_final(h, &digest);
	if (status != SY_OK)
		return status;
	sy_digest_hex(&digest, hex);
	memcpy(fingerprint, version, 3);
	memcpy(fingerprint + 3, hex, 64 + 1);
	return SY_OK;
}

/*
 * What lies beyond the cap has no symbols of its own.  Only a digest binds it:
 * a count alone would let one finding stand in for another.  The count is in it
 * all the same, so that what a later version finds beyond it is new.
 */
static enum sy_status fingerprint_more(struct sy_report *report,
				       const struct sy_artifact *a,
				       struct sy_more *m)
{
	if (m->n == 0 || m->fingerprint[0] || !a->digests[SY_SHA256])
		return SY_OK;

	struct sy_text total;

	sy_text_init(&total);
	sy_text_addf(&total, "%llu+%llu", (unsigned long long)m->n_kept,
		     (unsigned long long)m->n);
	return compute(report, a, m->rule, "more", sy_text_span(&total),
		       m->fingerprint);
}

static enum sy_status fingerprint_artifact(struct sy_report *report,
					   struct sy_artifact *a)
{
	enum sy_status status = SY_OK;

	for (struct sy_finding *f = a->findings; f && status == SY_OK; f = f->next) {
		if (!f->fingerprint[0])
			status = compute(report, a, f->rule, "finding", f->symbol,
					 f->fingerprint);
	}
	for (struct sy_more *m = a->more; m && status == SY_OK; m = m->next)
		status = fingerprint_more(report, a, m);
	return status;
}

enum sy_status sy_report_fingerprint(struct sy_report *report)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++)
		status = fingerprint_artifact(report, &report->artifacts[i]);
	return status;
}
