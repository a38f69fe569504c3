/* SPDX-License-Identifier: Apache-2.0 */
/* Never reads anything itself, and believes nothing. */
#include "formats/zip_record.h"

#include <string.h>

uint64_t sy_zip_le(const uint8_t *p, unsigned len)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < len; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

void sy_zip_get_end(const uint8_t bytes[SY_ZIP_END_BYTES], struct sy_zip_record *record)
{
	const uint64_t disk = sy_zip_le(bytes + 4, 2), dir_disk = sy_zip_le(bytes + 6, 2);

	record->n_entries = sy_zip_le(bytes + 10, 2);
	record->dir_len = sy_zip_le(bytes + 12, 4);
	record->dir_off = sy_zip_le(bytes + 16, 4);
	record->comment_len = (uint16_t)sy_zip_le(bytes + 20, 2);
	record->is_split = disk != 0 || dir_disk != 0 ||
			   sy_zip_le(bytes + 8, 2) != record->n_entries;
}

bool sy_zip_wants_end64(const struct sy_zip_record *record)
{
	return record->n_entries == UINT16_MAX || record->dir_len == UINT32_MAX ||
	       record->dir_off == UINT32_MAX;
}

bool sy_zip_get_end64(const uint8_t bytes[SY_ZIP_END64_BYTES], struct sy_zip_record *record)
{
	const uint64_t disk = sy_zip_le(bytes + 16, 4), dir_disk = sy_zip_le(bytes + 20, 4);

	if (memcmp(bytes, "PK\6\6", 4))
		return false;
	record->n_entries = sy_zip_le(bytes + 32, 8);
	record->dir_len = sy_zip_le(bytes + 40, 8);
	record->dir_off = sy_zip_le(bytes + 48, 8);
	record->is_split = disk != 0 || dir_disk != 0 ||
			   sy_zip_le(bytes + 24, 8) != record->n_entries;
	return true;
}

bool sy_zip_get_locator(const uint8_t bytes[SY_ZIP_LOCATOR_BYTES], uint64_t *off)
{
	*off = sy_zip_le(bytes + 8, 8);
	return !memcmp(bytes, "PK\6\7", 4);
}
