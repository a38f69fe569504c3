/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in ZIP archives: what leads out of the archive, what cannot be shown, and
 * what is the same for some reader (upper and lower case, backslashes).
 */
#include "formats/zip.h"

#include "formats/member_names.h"
#include "verifier/base/set.h"

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

/* As the least careful reader compares: up to a NUL, without case, one kind of slash. */
static enum sy_status fold(struct sy_zip *zip, struct sy_span name, struct sy_span *folded)
{
	const uint8_t *end = name.len > 0 ? memchr(name.data, 0, name.len) : NULL;
	uint8_t *copy;

	if (end)
		name.len = (size_t)(end - name.data);
	copy = sy_arena_alloc(&zip->in->arena, name.len);
	if (!copy)
		return sy_memory_status(zip->in->ctx);
	while (name.len > 1 && (name.data[name.len - 1] == '/' || name.data[name.len - 1] == '\\'))
		name.len--;
	for (size_t i = 0; i < name.len; i++)
		copy[i] = name.data[i] == '\\' ? '/' : sy_ascii_lower(name.data[i]);
	*folded = sy_span_of(copy, name.len);
	return SY_OK;
}

static enum sy_status check_twin(struct sy_zip *zip, struct sy_set *seen, size_t i)
{
	const struct sy_zip_entry *entry = &zip->entries[i], *twin;
	struct sy_span folded;
	struct sy_text text;
	uint64_t other;
	bool is_new;
	enum sy_status status = fold(zip, entry->name, &folded);

	if (status == SY_OK)
		status = sy_set_add(seen, folded, i, &is_new, &other);
	if (status != SY_OK || is_new)
		return status;
	twin = &zip->entries[other];
	if (twin->header_off == entry->header_off && entry->is_hidden != twin->is_hidden)
		return SY_OK;
	sy_text_init(&text);
	sy_text_name(&text, entry->name);
	sy_text_addf(&text, sy_span_equal(entry->name, twin->name)
		     ? " is there twice: with data at %llu and at %llu"
		     : " is the same name as another to readers that ignore case and NUL: "
		       "with data at %llu and at %llu",
		     (unsigned long long)twin->data_off, (unsigned long long)entry->data_off);
	return sy_zip_tell(zip, entry, SY_RULE_ZIP_ENTRY_DUPLICATE, "%s", text.data);
}

enum sy_status sy_zip_check_names(struct sy_zip *zip)
{
	struct sy_set seen;
	enum sy_status status = SY_OK;

	sy_set_init(&seen, zip->in->ctx);
	for (size_t i = 0; i < zip->n && status == SY_OK; i++) {
		status = check_name(zip, &zip->entries[i]);
		if (status == SY_OK)
			status = check_twin(zip, &seen, i);
	}
	sy_set_free(&seen);
	return status;
}
