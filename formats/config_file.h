/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all small text formats share: the whole file in memory within a limit,
 * and the sentence that says where a JSON document breaks.
 */
#ifndef SY_FORMATS_CONFIG_FILE_H
#define SY_FORMATS_CONFIG_FILE_H

#include "formats/format.h"
#include "verifier/base/json.h"

/*
 * The whole file, in the inspection's arena; one extent covers it.
 * SY_LIMIT beyond limits.config_bytes.
 */
SY_MUST_CHECK enum sy_status sy_config_read(struct sy_inspection *in,
					    struct sy_span *bytes);

/* A JSON document, and which rules speak when it is not a good one. */
struct sy_config_json {
	struct sy_inspection *in;
	struct sy_json *json;
	enum sy_rule broken, duplicate, nonfinite;
};

/*
 * Opens a document; Python's NaN and Infinity count as numbers.  Free with
 * sy_config_close.
 */
SY_MUST_CHECK enum sy_status sy_config_open(struct sy_config_json *config,
					    struct sy_span bytes);
void sy_config_close(struct sy_config_json *config);

/*
 * The next token, after stating what is wrong with it.  SY_FORMAT: the document
 * ends here, and a fact says why (sy_config_end makes SY_OK of it).
 */
SY_MUST_CHECK enum sy_status sy_config_next(struct sy_config_json *config,
					    struct sy_json_token *token);

/* Passes over the value that begins with `token` (a value, not a key). */
SY_MUST_CHECK enum sy_status sy_config_skip(struct sy_config_json *config,
					    const struct sy_json_token *token);

static inline enum sy_status sy_config_end(enum sy_status status)
{
	return status == SY_FORMAT ? SY_OK : status;
}

/* The first byte that is not white space or a byte order mark; 0: none. */
uint8_t sy_config_first_byte(struct sy_span head);

/* True when the head could be text: no NUL in it. */
bool sy_config_is_texty(struct sy_span head);

/*
 * The bid of a format that the name alone decides: `bits`, or 0 when the content
 * cannot be text.  Of an empty file the name is all there is, so it outbids
 * whoever bids on emptiness.
 */
unsigned sy_config_bid(const struct sy_probe *probe, unsigned bits);

#endif
