/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kind of key is made of, for the files of keys/ only: its name, the DER
 * that stands around its point, and its operations.  A new kind is one const
 * struct and one line of scheme.c.  RSA's "point" is its modulus and exponent.
 */
#ifndef SY_KEYS_SCHEME_H
#define SY_KEYS_SCHEME_H

#include "keys/key.h"

#define SY_SPKI_HEADER_MAX 26	/* bytes in front of the point */
#define SY_POINT_MAX 1044	/* RSA: 8,192 bits of modulus, 64 of exponent, as DER */
#define SY_SPKI_MAX (SY_SPKI_HEADER_MAX + SY_POINT_MAX)

/* The DER of a SubjectPublicKeyInfo (RFC 5480, 8410, 3279) up to its point. */
struct sy_spki_form {
	uint8_t header[SY_SPKI_HEADER_MAX];
	uint8_t header_len;
	uint8_t point_len;	/* bytes, to the end of the DER; or SY_POINT_SIZED */
};

/*
 * The point has no length of its own: the header tells it, in the bytes 2, 3
 * (of all that follows them) and in those before its last (of the BIT STRING).
 */
#define SY_POINT_SIZED 0

struct sy_scheme {
	enum sy_key_kind kind;
	const char *name;		/* "ecdsa-p256" */
	struct sy_spki_form spki;	/* as it is written */
	struct sy_spki_form compressed;	/* read as well; header_len 0: there is none */
	const char *group;		/* OpenSSL's name of the curve, or NULL */
	const char *digest;		/* OpenSSL's name of the hash that goes with it */
	size_t field;			/* bytes of a coordinate; 0: has none */

	/*
	 * Takes the point of one of the forms into the key: checks it, makes
	 * key->point and key->evp.  SY_FORMAT and a sentence when it is none.
	 */
	enum sy_status (*set_point)(struct sy_context *ctx, struct sy_public_key *key,
				    struct sy_span point);
	enum sy_status (*verify)(struct sy_context *ctx, const struct sy_public_key *key,
				 enum sy_key_hash hash, struct sy_span message,
				 struct sy_span signature, bool *is_valid);
};

struct sy_public_key {
	struct sy_context *ctx;
	const struct sy_scheme *scheme;
	uint8_t point[SY_POINT_MAX];	/* as in scheme->spki */
	size_t point_len;
	EVP_PKEY *evp;			/* ECDSA and RSA */
	bool has_number;
	uint8_t number[8];
	struct sy_digest id;		/* of the PEM text */
	struct sy_digest der_digest;	/* of the DER */
};

extern const struct sy_scheme sy_scheme_p256, sy_scheme_p384, sy_scheme_p521;
extern const struct sy_scheme sy_scheme_ed25519, sy_scheme_rsa;

const struct sy_scheme *sy_scheme_of(enum sy_key_kind kind);

/* Writes the header of a form in front of a point of that many bytes. */
void sy_spki_header(const struct sy_spki_form *form, size_t point_len,
		    uint8_t header[SY_SPKI_HEADER_MAX]);

/* The scheme and form of a DER document; NULL: none of ours. */
const struct sy_scheme *sy_scheme_of_spki(struct sy_span spki, struct sy_span *point);

/* Writes the DER of the key into der[SY_SPKI_MAX]; returns it. */
struct sy_span sy_public_key_spki(const struct sy_public_key *key, uint8_t *der);

/*
 * The number that minisign's files need: the key's, or one that follows from it
 * (the first bytes of the digest of its DER), so that all files of a key agree.
 */
void sy_public_key_minisign_number(const struct sy_public_key *key, uint8_t number[8]);

/*
 * A key of a scheme from its bare point; number may be NULL.  What every reader
 * ends in.
 */
SY_MUST_CHECK enum sy_status sy_public_key_make(struct sy_context *ctx,
						const struct sy_scheme *scheme,
						struct sy_span point,
						const uint8_t *number,
						struct sy_public_key **key);

#endif
