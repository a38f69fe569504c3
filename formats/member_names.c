/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at names byte by byte; never uses one as a path. */
#include "formats/member_names.h"

#include "verifier/base/text.h"
#include "verifier/base/utf8.h"

static bool leads_up(struct sy_span name)
{
	for (size_t start = 0, at = 0; at <= name.len; at++) {
		if (at < name.len && name.data[at] != '/' && name.data[at] != '\\')
			continue;
		if (sy_span_is(sy_span_slice(name, start, at - start), ".."))
			return true;
		start = at + 1;
	}
	return false;
}

static bool has_drive(struct sy_span name)
{
	return name.len >= 2 && name.data[1] == ':' &&
	       sy_ascii_lower(name.data[0]) >= 'a' && sy_ascii_lower(name.data[0]) <= 'z';
}

static bool has_byte(struct sy_span name, uint8_t byte)
{
	return name.len > 0 && memchr(name.data, byte, name.len);
}

const char *sy_member_name_escape(struct sy_span name)
{
	if (name.len == 0)
		return "is empty";
	if (name.data[0] == '/' || name.data[0] == '\\')
		return "begins at the root of the file system";
	if (leads_up(name))
		return "leads to the folder above";
	if (has_drive(name))
		return "names a drive";
	if (has_byte(name, '\\'))
		return "has a backslash, which is a folder on other systems";
	if (has_byte(name, 0))
		return "has a NUL, where other readers end it";
	return NULL;
}

const char *sy_member_name_odd(struct sy_span name)
{
	unsigned traits = sy_utf8_traits(name) & ~(unsigned)SY_UTF8_NOT_ASCII;

	if (traits & SY_UTF8_INVALID)
		return "has bytes that are not UTF-8";
	return traits ? "has characters that do not show" : NULL;
}

struct sy_span sy_member_name_base(struct sy_span name)
{
	size_t at = name.len;

	while (at > 0 && name.data[at - 1] != '/')
		at--;
	return sy_span_slice(name, at, name.len);
}
