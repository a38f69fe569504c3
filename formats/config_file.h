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

/*
 * Ends a reading that sy_json_next ended with `status`: SY_FORMAT becomes a
 * fact of `rule` and SY_OK; anything else is passed on, with the place.
 */
SY_MUST_CHECK enum sy_status sy_config_broken(struct sy_inspection *in,
					      enum sy_rule rule,
					      const struct sy_json *json,
					      enum sy_status status);

/* The first byte that is not white space or a byte order mark; 0: none. */
uint8_t sy_config_first_byte(struct sy_span head);

/* True when the head could be text: no NUL in it. */
bool sy_config_is_texty(struct sy_span head);

#endif
