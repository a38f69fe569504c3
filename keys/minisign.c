/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minisign's signature files, line by line:
 *
 *	untrusted comment: TEXT
 *	base64("Ed" or "ED", number[8], signature[64])
 *	trusted comment: TEXT
 *	base64(signature of signature[64] and TEXT)
 */
#include "keys/minisign.h"

#include "keys/base64.h"
#include "keys/lines.h"
#include "keys/scheme.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
#define BLOB_LEN 74u
#define SIGNATURE_LEN 64u

static enum sy_status malformed(struct sy_context *ctx, const char *what)
{
	return sy_fail(ctx, SY_FORMAT, "this is no minisign or signify signature: %s", what);
}

/*
 * A whole line.  All lines must end alike: a CR that comes or goes is a change
 * that nothing else would show.
 */
static bool next_line(struct sy_span *rest, bool *has_crlf, bool is_first,
		      struct sy_span *line)
{
	const struct sy_span before = *rest;
	bool is_crlf;

	/* A last line without LF is a line, but not a whole one. */
	if (!sy_line_next(rest, line) || line->len == before.len)
		return false;
	is_crlf = before.data[line->len] == '\r';
	if (!is_first && is_crlf != *has_crlf)
		return false;
	*has_crlf = is_crlf;
	return true;
}

/* The first two lines, which signify has as well. */
static enum sy_status parse_head(struct sy_context *ctx, struct sy_span *rest,
				 struct sy_minisign *s)
{
	uint8_t blob[BLOB_LEN];
	struct sy_span line, comment;

	*s = (struct sy_minisign){ 0 };
	if (!next_line(rest, &s->has_crlf, true, &line) ||
	    !sy_line_comment(line, UNTRUSTED, SY_MINISIGN_COMMENT_MAX, &comment))
		return malformed(ctx, "its first line is not a printable 'untrusted comment: '");
	if (!next_line(rest, &s->has_crlf, false, &line) ||
	    !sy_base64_decode_exactly(line, blob, sizeof(blob)))
		return malformed(ctx, "its second line is not 74 bytes in base64");
	if (blob[0] != 'E' || (blob[1] != 'd' && blob[1] != 'D'))
		return malformed(ctx, "its algorithm is neither Ed nor ED");
	s->is_hashed = blob[1] == 'D';
	memcpy(s->number, blob + 2, sizeof(s->number));
	memcpy(s->signature, blob + 10, sizeof(s->signature));
	return SY_OK;
}

enum sy_status sy_minisign_parse(struct sy_context *ctx, struct sy_span file,
				 struct sy_minisign *s)
{
	enum sy_status status = parse_head(ctx, &file, s);
	struct sy_span line;

	if (status != SY_OK)
		return status;
	if (!next_line(&file, &s->has_crlf, false, &line) ||
	    !sy_line_comment(line, TRUSTED, SY_MINISIGN_TRUSTED_MAX, &s->trusted))
		return malformed(ctx, "its third line is not a printable 'trusted comment: '");
	if (!next_line(&file, &s->has_crlf, false, &line) ||
	    !sy_base64_decode_exactly(line, s->global, sizeof(s->global)))
		return malformed(ctx, "its fourth line is not 64 bytes in base64");
	if (file.len > 0)
		return malformed(ctx, "more than its four lines");
	s->has_trusted = true;
	return SY_OK;
}

enum sy_status sy_signify_parse(struct sy_context *ctx, struct sy_span file,
				struct sy_minisign *s)
{
	enum sy_status status = parse_head(ctx, &file, s);

	if (status != SY_OK)
		return status;
	if (s->is_hashed)
		return malformed(ctx, "signify signs with the algorithm Ed");
	if (file.len > 0)
		return malformed(ctx, "more than the two lines that signify writes");
	return SY_OK;
}

const char *sy_minisign_result_text(enum sy_minisign_result result)
{
	switch (result) {
	case SY_MINISIGN_VALID: return "is valid";
	case SY_MINISIGN_OTHER_KEY: return "was made by another key";
	case SY_MINISIGN_BAD_SIGNATURE: return "does not match this file";
	case SY_MINISIGN_BAD_COMMENT: return "has a trusted comment that was changed";
	case SY_MINISIGN_AMBIGUOUS:
		return "is of minisign's older kind over 64 bytes, which could as well be the "
		       "digest of another file";
	}
	return "";
}

static bool is_of_key(const struct sy_minisign *s, const struct sy_public_key *key)
{
	uint8_t number[8];

	if (sy_public_key_kind(key) != SY_KEY_ED25519)
		return false;
	return !sy_public_key_number(key, number) || !memcmp(number, s->number, 8);
}

/* The message of the global signature; returns its length. */
static size_t put_global(const uint8_t *signature, struct sy_span trusted, uint8_t *message)
{
	memcpy(message, signature, SIGNATURE_LEN);
	if (trusted.len > 0)
		memcpy(message + SIGNATURE_LEN, trusted.data, trusted.len);
	return SIGNATURE_LEN + trusted.len;
}

static enum sy_status ask(struct sy_context *ctx, const struct sy_public_key *key,
			  struct sy_span message, const uint8_t *signature,
			  enum sy_minisign_result otherwise, enum sy_minisign_result *result)
{
	bool is_valid;
	enum sy_status status = sy_public_key_verify(ctx, key, SY_KEY_HASH_OF_CURVE, message,
						     sy_span_of(signature, SIGNATURE_LEN),
						     &is_valid);

	*result = status == SY_OK && is_valid ? SY_MINISIGN_VALID : otherwise;
	return status;
}

static enum sy_status message_of(struct sy_context *ctx, const struct sy_minisign *s,
				 const struct sy_minisign_subject *subject,
				 struct sy_span *message)
{
	const struct sy_digest *digest = subject->digest;

	*message = subject->content;
	if (s->is_hashed && (!digest || digest->algorithm != SY_BLAKE2B))
		return sy_fail(ctx, SY_USAGE, "this signature is over the BLAKE2b of the file");
	if (!s->is_hashed && !subject->has_content)
		return sy_fail(ctx, SY_USAGE, "this signature is over the file itself, not a "
			       "digest of it");
	if (s->is_hashed)
		*message = sy_span_of(digest->bytes, digest->len);
	return SY_OK;
}

enum sy_status sy_minisign_verify(struct sy_context *ctx, const struct sy_minisign *s,
				  const struct sy_public_key *key,
				  const struct sy_minisign_subject *subject,
				  enum sy_minisign_result *result)
{
	uint8_t global[SIGNATURE_LEN + SY_MINISIGN_TRUSTED_MAX];
	struct sy_span message;
	enum sy_status status = message_of(ctx, s, subject, &message);

	*result = SY_MINISIGN_OTHER_KEY;
	if (status != SY_OK || !is_of_key(s, key))
		return status;
	*result = SY_MINISIGN_AMBIGUOUS;
	if (!s->is_hashed && message.len == sy_algorithm_len(SY_BLAKE2B))
		return SY_OK;
	status = ask(ctx, key, message, s->signature, SY_MINISIGN_BAD_SIGNATURE, result);
	if (*result != SY_MINISIGN_VALID || !s->has_trusted)
		return status;
	return ask(ctx, key, sy_span_of(global, put_global(s->signature, s->trusted, global)),
		   s->global, SY_MINISIGN_BAD_COMMENT, result);
}

static void write_base64(struct sy_out *out, struct sy_span bytes)
{
	char text[SY_BASE64_ENCODED_LEN(BLOB_LEN) + 1];

	sy_base64_encode(bytes, text);
	sy_out_str(out, text);
	sy_out_str(out, "\n");
}

static void write_file(struct sy_out *out, const struct sy_private_key *key,
		       const uint8_t *signature, struct sy_span trusted, const uint8_t *global)
{
	uint8_t blob[BLOB_LEN] = { 'E', 'D' };

	sy_public_key_minisign_number(sy_private_key_public(key), blob + 2);
	memcpy(blob + 10, signature, SIGNATURE_LEN);
	sy_out_str(out, UNTRUSTED "signature by steelyard\n");
	write_base64(out, sy_span_of(blob, sizeof(blob)));
	sy_out_str(out, TRUSTED);
	sy_out_span(out, trusted);
	sy_out_str(out, "\n");
	write_base64(out, sy_span_of(global, SIGNATURE_LEN));
}

/* What cannot be read back is not written. */
static enum sy_status admit(struct sy_context *ctx, const struct sy_private_key *key,
			    const struct sy_digest *digest, struct sy_span trusted)
{
	struct sy_span text;

	if (sy_public_key_kind(sy_private_key_public(key)) != SY_KEY_ED25519)
		return sy_fail(ctx, SY_USAGE, "minisign signs with Ed25519 keys, and this one is "
			       "%s", sy_key_kind_name(
				       sy_public_key_kind(sy_private_key_public(key))));
	if (digest->algorithm != SY_BLAKE2B)
		return sy_fail(ctx, SY_USAGE, "minisign signs BLAKE2b");
	if (!sy_line_comment(trusted, "", SY_MINISIGN_TRUSTED_MAX, &text))
		return sy_fail(ctx, SY_USAGE, "a trusted comment is one line of at most %u bytes "
			       "of printable UTF-8", SY_MINISIGN_TRUSTED_MAX);
	return SY_OK;
}

enum sy_status sy_minisign_sign(struct sy_context *ctx, const struct sy_private_key *key,
				const struct sy_digest *digest, struct sy_span trusted,
				struct sy_out *out)
{
	uint8_t message[SIGNATURE_LEN + SY_MINISIGN_TRUSTED_MAX];
	uint8_t signature[SY_SIGNATURE_MAX], global[SY_SIGNATURE_MAX];
	enum sy_status status = admit(ctx, key, digest, trusted);
	size_t len;

	if (status == SY_OK)
		status = sy_private_key_sign(ctx, key, sy_span_of(digest->bytes, digest->len),
					     signature, &len);
	if (status != SY_OK)
		return status;
	len = put_global(signature, trusted, message);
	status = sy_private_key_sign(ctx, key, sy_span_of(message, len), global, &len);
	if (status != SY_OK)
		return status;
	write_file(out, key, signature, trusted, global);
	return out->status;
}
