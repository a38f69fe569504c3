/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who vouches for the files of a run, and are they the ones that were vouched for:
 * the place where keys meet files.  Signatures are found and verified before
 * anything is read, files are compared once they are weighed, and then each file
 * gets its answers.  Internal to verifier/engine.
 */
#ifndef SY_ENGINE_VOUCH_H
#define SY_ENGINE_VOUCH_H

#include "keys/chain.h"
#include "verifier/digest/weigh.h"
#include "verifier/engine/policy.h"
#include "verifier/input/walk.h"

struct sy_check;
struct sy_vouch;

/* Paths are as named on the command line; all borrowed. */
struct sy_vouch_options {
	const char *const *signatures;	/* none: those that lie beside the model */
	size_t n_signatures;
	const char *const *keys;	/* files of public keys */
	size_t n_keys;
	const char *const *chains;	/* files of root certificates */
	size_t n_chains;
	const char *const *timestamp_chains;	/* files of authorities' root certificates */
	size_t n_timestamp_chains;
	enum sy_chain_time time_rule;
	const char *const *ignore;	/* paths in the model that may be unsigned */
	size_t n_ignore;
	bool ignores_unsigned;		/* any file may be */
};

/*
 * Reads the trust (of the options or the policy) and the signatures, and verifies
 * what can be verified without the files.  A key file that is none: SY_FORMAT and a
 * sentence; a signature that is none is a finding.
 */
SY_MUST_CHECK enum sy_status sy_vouch_open(struct sy_check *check,
					   const struct sy_vouch_options *options,
					   const struct sy_policy *policy,
					   struct sy_vouch **vouch);
void sy_vouch_free(struct sy_vouch **vouch);

/* Names of signatures of a directory, in it: "model.sig", "model.NAME.sig". */
bool sy_vouch_is_signature_name(const char *rel);

/* Is the entry a signature that is being used? */
bool sy_vouch_is_signature(const struct sy_vouch *vouch, size_t entry);
/* Or lies it where one would, whatever it is? */
bool sy_vouch_is_signature_place(const struct sy_vouch *vouch, size_t entry);
/* Is it in the list of a signature that was not refused? */
bool sy_vouch_is_listed(const struct sy_vouch *vouch, size_t entry);
bool sy_vouch_has_signature(const struct sy_vouch *vouch);

/* Digests of the whole file that comparing it takes, a mask; 0: none. */
unsigned sy_vouch_algorithms(const struct sy_vouch *vouch, size_t entry);

/*
 * Compares the weighed files with what was signed, answers authentic and intact
 * for each, and adds findings, notices and the report's rows of signatures.
 */
SY_MUST_CHECK enum sy_status sy_vouch_judge(struct sy_vouch *vouch);

/* The report's rows of signatures only; nothing is compared, and nobody trusted. */
SY_MUST_CHECK enum sy_status sy_vouch_list(struct sy_vouch *vouch);

/*
 * Writes what was accepted into the state file of the policy, if there is one; only
 * for a run that answered everything with yes.  NULL: nothing.
 */
SY_MUST_CHECK enum sy_status sy_vouch_remember(struct sy_vouch *vouch);

#endif
