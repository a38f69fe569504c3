/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do with bytes under a name: content decides, the name is a claim.  One
 * decision for the files of a directory and the members of an archive, so that
 * nothing is judged more mildly for being packed.  Pure: reads nothing.
 */
#ifndef SY_FORMATS_CHOOSE_H
#define SY_FORMATS_CHOOSE_H

#include "formats/format.h"

struct sy_candidate {
	struct sy_span base;			/* last component of the name */
	uint64_t size;				/* bytes */
	const struct sy_format *content;	/* best bid; NULL: unknown */
	const struct sy_format *claimed;	/* by the name's suffix; NULL: none */
	bool is_weights_name;
	bool is_named;				/* by a person, or not at all: hides nothing */
	bool is_pickle_perhaps;			/* all that was seen of it is one opcode */
	uint64_t n_zip_entries;			/* of a ZIP that ends it; 0: none */
};

enum sy_choice_kind {
	SY_CHOICE_INSPECT,	/* by `format` */
	SY_CHOICE_EXAMINED,	/* the facts are all there is to say */
	SY_CHOICE_LISTED,	/* nothing executes or parses it: `note` */
	SY_CHOICE_UNEXAMINED	/* nothing of ours can read it; a fact says so */
};

#define SY_CHOICE_FACTS 2

struct sy_choice {
	enum sy_choice_kind kind;
	const struct sy_format *format;
	const char *note;
	size_t n_facts;
	struct {
		enum sy_rule rule;
		struct sy_text detail;
	} facts[SY_CHOICE_FACTS];
};

/* Lets every format bid on a probe. */
void sy_candidate_look(struct sy_candidate *candidate, const struct sy_probe *probe);

void sy_choose(const struct sy_candidate *candidate, struct sy_choice *choice);

#endif
