/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folds names as the least careful reader does, and finds what is then the same.
 * Looks nothing up: names are bytes here.
 */
#include "formats/member_twins.h"

#include <stdlib.h>

#include "verifier/base/text.h"
#include "verifier/input/listing.h"

/*
 * File systems take no longer ones.  Unicode forms of longer ones are not compared:
 * bringing marks into order takes the square of their number.
 */
#define COMPONENT_BYTES_MAX 255

static bool fits_file_systems(struct sy_span name)
{
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		len = name.data[i] == '/' ? 0 : len + 1;
		if (len > COMPONENT_BYTES_MAX)
			return false;
	}
	return true;
}

/* Up to a NUL, with one kind of slash and none at the end, without case, in NFC. */
static enum sy_status fold(struct sy_arena *arena, struct sy_span name, struct sy_span *folded)
{
	const uint8_t *end = name.len > 0 ? memchr(name.data, 0, name.len) : NULL;
	uint8_t *copy;

	if (end)
		name.len = (size_t)(end - name.data);
	while (name.len > 1 && (name.data[name.len - 1] == '/' || name.data[name.len - 1] == '\\'))
		name.len--;
	copy = sy_arena_alloc(arena, name.len);
	if (!copy)
		return sy_memory_status(arena->ctx);
	for (size_t i = 0; i < name.len; i++)
		copy[i] = name.data[i] == '\\' ? '/' : sy_ascii_lower(name.data[i]);
	*folded = sy_span_of(copy, name.len);
	return fits_file_systems(*folded) ? sy_fold(arena, *folded, folded) : SY_OK;
}

void sy_member_twins_init(struct sy_member_twins *twins, struct sy_arena *arena)
{
	*twins = (struct sy_member_twins){ .ctx = arena->ctx, .arena = arena };
	sy_set_init(&twins->seen, arena->ctx);
}

void sy_member_twins_free(struct sy_member_twins *twins)
{
	sy_set_free(&twins->seen);
	sy_release(twins->ctx, twins->names);
	twins->names = NULL;
	twins->n = twins->cap = 0;
}

enum sy_status sy_member_twins_add(struct sy_member_twins *twins,
				   const struct sy_member_twin *name, bool *is_new,
				   uint64_t *other)
{
	struct sy_member_twin *added;
	enum sy_status status = sy_grow(twins->ctx, &twins->names, &twins->cap, twins->n + 1,
					sizeof(*twins->names));

	*is_new = true;
	*other = 0;
	if (status != SY_OK)
		return status;
	added = &twins->names[twins->n];
	*added = *name;
	status = fold(twins->arena, name->name, &added->folded);
	if (status != SY_OK)
		return status;
	twins->n++;
	return sy_set_add(&twins->seen, added->folded, name->value, is_new, other);
}

/* A slash comes before all other bytes, so what is in a folder follows it at once. */
static int by_path(const void *a, const void *b)
{
	const struct sy_member_twin *p = a, *q = b;
	size_t len = p->folded.len < q->folded.len ? p->folded.len : q->folded.len;

	for (size_t i = 0; i < len; i++) {
		uint8_t u = p->folded.data[i], v = q->folded.data[i];

		if (u == v)
			continue;
		if (u == '/' || v == '/')
			return u == '/' ? -1 : 1;
		return u < v ? -1 : 1;
	}
	if (p->folded.len != q->folded.len)
		return p->folded.len < q->folded.len ? -1 : 1;
	if (p->is_folder != q->is_folder)
		return p->is_folder ? -1 : 1;
	return (p->value > q->value) - (p->value < q->value);
}

void sy_member_twins_sort(struct sy_member_twins *twins)
{
	if (twins->n > 1)
		qsort(twins->names, twins->n, sizeof(*twins->names), by_path);
}

static bool is_below(struct sy_span folder, struct sy_span name)
{
	return folder.len > 0 && name.len > folder.len && name.data[folder.len] == '/' &&
	       !memcmp(name.data, folder.data, folder.len);
}

bool sy_member_twins_next(const struct sy_member_twins *twins, size_t *at,
			  const struct sy_member_twin **file,
			  const struct sy_member_twin **inside)
{
	while (*at + 1 < twins->n) {
		*file = &twins->names[(*at)++];
		*inside = &twins->names[*at];
		if (!(*file)->is_folder && is_below((*file)->folded, (*inside)->folded))
			return true;
	}
	return false;
}
