/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What any bytes under any name are taken for: the first line is the name, the rest
 * the content.  The best bid wins, whoever is named to inspect can, and what is
 * neither inspected nor listed with a note has a fact that says why.
 */
#include <string.h>

#include "formats/choose.h"
#include "formats/payload.h"
#include "tests/fuzz/fuzz.h"

static void check_bid(const struct sy_probe *probe)
{
	unsigned bits;
	const struct sy_format *best = sy_format_bid(probe, &bits);

	FUZZ_CHECK((best == NULL) == (bits == 0));
	FUZZ_CHECK(!best || best->bid(probe) == bits);
	for (size_t i = 0; sy_formats[i]; i++)
		FUZZ_CHECK(!sy_formats[i]->bid || sy_formats[i]->bid(probe) <= bits);
}

static void check_choice(const struct sy_candidate *candidate)
{
	struct sy_choice choice;

	sy_choose(candidate, &choice);
	FUZZ_CHECK(choice.n_facts <= SY_CHOICE_FACTS);
	switch (choice.kind) {
	case SY_CHOICE_INSPECT:
		FUZZ_CHECK(choice.format && choice.format->inspect);
		break;
	case SY_CHOICE_LISTED:
		FUZZ_CHECK(choice.note && choice.note[0]);
		break;
	case SY_CHOICE_EXAMINED:
	case SY_CHOICE_UNEXAMINED:
		FUZZ_CHECK(choice.n_facts > 0);
		break;
	}
	for (size_t i = 0; i < choice.n_facts; i++)
		FUZZ_CHECK(choice.facts[i].detail.len > 0);
}

static void look(const struct sy_probe *probe)
{
	struct sy_candidate candidate = { .base = probe->base, .size = probe->size };

	check_bid(probe);
	sy_candidate_look(&candidate, probe);
	check_choice(&candidate);
	candidate.is_named = true;
	check_choice(&candidate);
	/* A ZIP behind it never makes it milder. */
	candidate.n_zip_entries = 1;
	check_choice(&candidate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *line = len > 0 ? memchr(data, '\n', len) : NULL;
	size_t name = line ? (size_t)(line - data) : 0;
	struct sy_span bytes = line ? sy_span_of(line + 1, len - name - 1)
				    : sy_span_of(data, len);
	size_t tail = bytes.len > SY_PROBE_TAIL ? bytes.len - SY_PROBE_TAIL : 0;
	struct sy_probe probe = {
		.head = sy_span_slice(bytes, 0, SY_PROBE_HEAD),
		.tail = sy_span_slice(bytes, tail, SY_PROBE_TAIL),
		.size = bytes.len,
		.base = sy_span_of(data, name), .path = sy_span_of(data, name),
	};

	look(&probe);
	(void)sy_looks_like(probe.head);
	/* The same beginning of a file that goes on for long. */
	probe.size += (uint64_t)1 << 40;
	look(&probe);
	return 0;
}
