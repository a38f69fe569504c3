/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in ZIP archives: what leads out of the archive, what cannot be shown, and
 * what is the same for some reader.
 */
#include "formats/zip.h"

#include "formats/member_names.h"
#include "formats/member_twins.h"

static enum sy_status check_name(struct sy_zip *zip, const struct sy_zip_entry *entry)
{
	const char *why = sy_member_name_escape(entry->name);
	const char *odd = sy_member_name_odd(entry->name);
	struct sy_text text;

	if (!why && !odd)
		return SY_OK;
	sy_text_init(&text);
	sy_text_name(&text, entry->name);
	if (why)
		return sy_zip_tell(zip, entry, SY_RULE_ZIP_NAME_ESCAPING, "%s %s", text.data,
				   why);
	return sy_zip_tell(zip, entry, SY_RULE_ZIP_NAME_INVALID, "%s %s", text.data, odd);
}

/* DOS and Unix keep in the attributes what others write as a slash. */
static bool is_folder(const struct sy_zip_entry *entry)
{
	bool by_attributes = (entry->attributes & 0x10) || entry->attributes >> 28 == 4;

	return sy_span_ends(entry->name, "/") || (by_attributes && entry->size == 0);
}

static enum sy_status check_twin(struct sy_zip *zip, struct sy_member_twins *twins, size_t i)
{
	const struct sy_zip_entry *entry = &zip->entries[i], *twin;
	const struct sy_member_twin name = { .name = entry->name, .value = i,
					     .is_folder = is_folder(entry) };
	struct sy_text text;
	uint64_t other;
	bool is_new;
	enum sy_status status = sy_member_twins_add(twins, &name, &is_new, &other);

	if (status != SY_OK || is_new)
		return status;
	twin = &zip->entries[other];
	if (twin->header_off == entry->header_off && entry->is_hidden != twin->is_hidden)
		return SY_OK;
	sy_text_init(&text);
	sy_text_name(&text, entry->name);
	sy_text_addf(&text, sy_span_equal(entry->name, twin->name)
		     ? " is there twice: with data at %llu and at %llu"
		     : " is the same name as another to readers that ignore case, NUL or "
		       "Unicode forms: with data at %llu and at %llu",
		     (unsigned long long)twin->data_off, (unsigned long long)entry->data_off);
	return sy_zip_tell(zip, entry, SY_RULE_ZIP_ENTRY_DUPLICATE, "%s", text.data);
}

static enum sy_status check_folders(struct sy_zip *zip, struct sy_member_twins *twins)
{
	const struct sy_member_twin *file, *inside;
	size_t at = 0;
	enum sy_status status = SY_OK;

	sy_member_twins_sort(twins);
	while (status == SY_OK && sy_member_twins_next(twins, &at, &file, &inside)) {
		struct sy_text text;

		sy_text_init(&text);
		sy_text_name(&text, file->name);
		sy_text_add(&text, " is a file, and the folder of ");
		sy_text_name(&text, inside->name);
		status = sy_zip_tell(zip, &zip->entries[file->value],
				     SY_RULE_ZIP_ENTRY_DUPLICATE, "%s", text.data);
	}
	return status;
}

enum sy_status sy_zip_check_names(struct sy_zip *zip)
{
	struct sy_member_twins twins;
	enum sy_status status = SY_OK;

	sy_member_twins_init(&twins, &zip->in->arena);
	for (size_t i = 0; i < zip->n && status == SY_OK; i++) {
		status = check_name(zip, &zip->entries[i]);
		if (status == SY_OK)
			status = check_twin(zip, &twins, i);
	}
	if (status == SY_OK)
		status = check_folders(zip, &twins);
	sy_member_twins_free(&twins);
	return status;
}
