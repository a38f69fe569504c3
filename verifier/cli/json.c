/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few lines of JSON on stdout, two spaces a level.  It parses nothing.
 */
#include "verifier/cli/json.h"

#include <stddef.h>
#include <string.h>

#include "verifier/cli/output.h"

/* Length of the valid UTF-8 character at s (RFC 3629); 0: there is none. */
static size_t utf8_len(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 :
		     s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (len >= 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
			 (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)))
		return 0;
	return len;
}

/*
 * The character of `len` valid bytes, where a terminal would obey it or not show
 * it: controls, and what turns or hides text.  0: it is an ordinary one.
 */
static unsigned odd_character(const unsigned char *s, size_t len)
{
	unsigned code = len == 1 ? s[0] : len == 2 ? (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu) :
			len == 3 ? (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu) : 0;
	bool is_odd = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
		      (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
		      (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;

	return is_odd ? code : 0;
}

static void put_character(const unsigned char *s, size_t len)
{
	unsigned odd = odd_character(s, len);

	if (len == 0)
		stdout_text("\xef\xbf\xbd");
	else if (*s == '"' || *s == '\\')
		stdout_printf("\\%c", *s);
	else if (odd)
		stdout_printf("\\u%04x", odd);
	else
		stdout_bytes(s, len);
}

/* True when every byte could be shown. */
static bool put_string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	bool is_valid = true;

	stdout_text("\"");
	while (*s) {
		size_t len = utf8_len(s);

		put_character(s, len);
		is_valid = is_valid && len;
		s += len ? len : 1;
	}
	stdout_text("\"");
	return is_valid;
}

static void begin_item(struct json *json, const char *key)
{
	if (json->has_items[json->depth])
		stdout_text(",");
	if (json->depth)
		stdout_printf("\n%*s", (int)(2 * json->depth), "");
	json->has_items[json->depth] = true;
	if (!key)
		return;
	put_string(key);
	stdout_text(": ");
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin_item(json, key);
	stdout_printf("%c", bracket);
	json->has_items[++json->depth] = false;
}

void json_close(struct json *json, char bracket)
{
	bool had_items = json->has_items[json->depth--];

	if (had_items)
		stdout_printf("\n%*s", (int)(2 * json->depth), "");
	stdout_printf(json->depth ? "%c" : "%c\n", bracket);
}

void json_text(struct json *json, const char *key, const char *value)
{
	begin_item(json, key);
	put_string(value);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin_item(json, key);
	stdout_printf("%llu", (unsigned long long)value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_item(json, key);
	stdout_text(value ? "true" : "false");
}

void json_path(struct json *json, const char *key, const char *value)
{
	begin_item(json, key);
	if (put_string(value))
		return;
	begin_item(json, NULL);
	stdout_printf("\"%s_hex\": \"", key);
	for (const unsigned char *s = (const unsigned char *)value; *s; s++)
		stdout_printf("%02x", *s);
	stdout_text("\"");
}
