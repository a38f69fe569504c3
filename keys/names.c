/* SPDX-License-Identifier: Apache-2.0 */
/* Names as text: components between slashes, and the colons of shards. */
#include "keys/names.h"

#include "verifier/base/text.h"

#define NAME_BYTES_MAX 4096	/* PATH_MAX: no file can have a longer one */

/* Takes the component up to the next slash (or the end) from `at`. */
static struct sy_span component(struct sy_span name, size_t at)
{
	const uint8_t *slash = at < name.len ?
		memchr(name.data + at, '/', name.len - at) : NULL;
	size_t end = slash ? (size_t)(slash - name.data) : name.len;

	return sy_span_slice(name, at, end - at);
}

static enum sy_name_kind fault_is(enum sy_name_kind kind, const char *what, const char **fault)
{
	*fault = what;
	return kind;
}

static enum sy_name_kind kind_of_components(struct sy_span name, const char **fault)
{
	*fault = NULL;
	for (size_t at = 0; at <= name.len;) {
		struct sy_span part = component(name, at);

		if (sy_span_is(part, ".."))
			return fault_is(SY_NAME_CLIMBING, "has '..' in it", fault);
		if (part.len == 0)
			*fault = "has an empty component";
		if (sy_span_is(part, "."))
			*fault = "has '.' in it";
		at += part.len + 1;
	}
	return *fault ? SY_NAME_LOOSE : SY_NAME_PLAIN;
}

enum sy_name_kind sy_name_kind(struct sy_span name, const char **fault)
{
	if (name.len == 0)
		return fault_is(SY_NAME_INVALID, "is empty", fault);
	if (name.data[0] == '/')
		return fault_is(SY_NAME_ABSOLUTE, "is absolute", fault);
	if (name.len > NAME_BYTES_MAX)
		return fault_is(SY_NAME_INVALID, "is longer than a path can be", fault);
	if (memchr(name.data, '\0', name.len))
		return fault_is(SY_NAME_INVALID, "has a NUL in it", fault);
	return kind_of_components(name, fault);
}

size_t sy_name_normalise(uint8_t *name, size_t len)
{
	struct sy_span all = sy_span_of(name, len);
	size_t out = 0;

	for (size_t at = 0; at <= len;) {
		struct sy_span part = component(all, at);

		at += part.len + 1;
		if (part.len == 0 || sy_span_is(part, "."))
			continue;
		if (out > 0)
			name[out++] = '/';
		memmove(name + out, part.data, part.len);
		out += part.len;
	}
	return out;
}

/* Cuts `s` at its last colon; false: it has none. */
static bool cut_last(struct sy_span *s, struct sy_span *tail)
{
	const uint8_t *colon = s->len ? memrchr(s->data, ':', s->len) : NULL;
	size_t at;

	if (!colon)
		return false;
	at = (size_t)(colon - s->data);
	*tail = sy_span_slice(*s, at + 1, s->len);
	*s = sy_span_slice(*s, 0, at);
	return true;
}

bool sy_name_split_shard(struct sy_span name, struct sy_span *path, uint64_t *start,
			 uint64_t *end)
{
	struct sy_span from, to;

	*path = name;
	*start = *end = 0;
	return cut_last(path, &to) && cut_last(path, &from) &&
	       sy_parse_u64(from, start) && sy_parse_u64(to, end);
}

bool sy_name_is_under(struct sy_span name, struct sy_span path)
{
	if (name.len < path.len || !sy_span_equal(sy_span_slice(name, 0, path.len), path))
		return false;
	return name.len == path.len || name.data[path.len] == '/';
}
