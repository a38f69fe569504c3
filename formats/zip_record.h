/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records at the end of a ZIP archive, APPNOTE 4.3.14 to 4.3.16: each of a fixed
 * size that was read already, so taking them apart cannot fail.
 */
#ifndef SY_FORMATS_ZIP_RECORD_H
#define SY_FORMATS_ZIP_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/base/attr.h"

#define SY_ZIP_END_BYTES 22
#define SY_ZIP_END64_BYTES 56
#define SY_ZIP_LOCATOR_BYTES 20
#define SY_ZIP_COMMENT_BYTES_MAX 65535

/* What a record says; nothing of it was checked. */
struct sy_zip_record {
	uint64_t n_entries, dir_len, dir_off;
	uint16_t comment_len;
	bool is_split;		/* it speaks of several files */
};

/* Little-endian, of len <= 8 bytes. */
uint64_t sy_zip_le(const uint8_t *p, unsigned len);

/* Its signature was seen. */
void sy_zip_get_end(const uint8_t bytes[SY_ZIP_END_BYTES], struct sy_zip_record *record);

/* The short record says that the long one counts. */
bool sy_zip_wants_end64(const struct sy_zip_record *record);

/* False: it is none, and the record stays as it is. */
SY_MUST_CHECK bool sy_zip_get_end64(const uint8_t bytes[SY_ZIP_END64_BYTES],
				    struct sy_zip_record *record);

/* Where the long record lies, says the locator; false: it is none. */
SY_MUST_CHECK bool sy_zip_get_locator(const uint8_t bytes[SY_ZIP_LOCATOR_BYTES],
				      uint64_t *off);

#endif
