/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of one file in minisign's form (0.12) and in signify's.  Whoever
 * verifies brings the file's digest or, for the older kind, its content: nothing
 * is read here.
 *
 * minisign's first comment is not signed: it is checked for form and shown
 * nowhere.  The trusted one is signed together with the signature.
 */
#ifndef SY_KEYS_MINISIGN_H
#define SY_KEYS_MINISIGN_H

#include "keys/private_key.h"
#include "verifier/base/out.h"

#define SY_MINISIGN_COMMENT_MAX 1023u	/* bytes of text */
#define SY_MINISIGN_TRUSTED_MAX 8191u
/* No file of either kind is longer: a reader may stop there. */
#define SY_MINISIGN_FILE_MAX (SY_MINISIGN_COMMENT_MAX + SY_MINISIGN_TRUSTED_MAX + 512u)

struct sy_minisign {
	bool is_hashed;			/* over BLAKE2b-512 of the file, not the file */
	bool has_trusted;		/* false: signify's */
	bool has_crlf;			/* a tolerance: lines end in CR LF */
	uint8_t number[8];		/* of the key */
	uint8_t signature[64];
	uint8_t global[64];		/* over signature and trusted */
	struct sy_span trusted;		/* in the file that was parsed */
};

/*
 * Four lines, in minisign's form to the byte: canonical base64, printable
 * comments, one kind of line end, nothing after the last.  SY_FORMAT and a
 * sentence otherwise.
 */
SY_MUST_CHECK enum sy_status sy_minisign_parse(struct sy_context *ctx, struct sy_span file,
					       struct sy_minisign *signature);

/* signify's two lines, with the same strictness. */
SY_MUST_CHECK enum sy_status sy_signify_parse(struct sy_context *ctx, struct sy_span file,
					      struct sy_minisign *signature);

/* What was signed: one of the two is there, as signature->is_hashed says. */
struct sy_minisign_subject {
	const struct sy_digest *digest;	/* BLAKE2b-512 of the file, or NULL */
	bool has_content;
	struct sy_span content;		/* the whole file */
};

enum sy_minisign_result {
	SY_MINISIGN_VALID,
	SY_MINISIGN_OTHER_KEY,		/* made by a key of another kind or number */
	SY_MINISIGN_BAD_SIGNATURE,	/* not over this file by this key */
	SY_MINISIGN_BAD_COMMENT,	/* over the file; the trusted comment was changed */
	/*
	 * A file of 64 bytes with the older kind of signature: it cannot be told
	 * from the newer kind over the file that has these bytes as its digest.
	 */
	SY_MINISIGN_AMBIGUOUS
};

/* A sentence part for people: "is valid", "was made by another key", ... */
const char *sy_minisign_result_text(enum sy_minisign_result result);

/*
 * A key without a number (PEM) is not compared by number; the signature decides.
 * SY_USAGE: the subject lacks what the signature is over.
 */
SY_MUST_CHECK enum sy_status sy_minisign_verify(struct sy_context *ctx,
						const struct sy_minisign *signature,
						const struct sy_public_key *key,
						const struct sy_minisign_subject *subject,
						enum sy_minisign_result *result);

/*
 * Signs BLAKE2b-512 of a file with an Ed25519 key and writes the four lines.
 * The same key, digest and comment give the same bytes.  SY_USAGE: another kind
 * of key, or a comment that is not printable UTF-8 or too long.
 */
SY_MUST_CHECK enum sy_status sy_minisign_sign(struct sy_context *ctx,
					      const struct sy_private_key *key,
					      const struct sy_digest *digest,
					      struct sy_span trusted_comment,
					      struct sy_out *out);

#endif
