/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and comments of minisign's and signify's files. */
#include "keys/lines.h"

#include "verifier/base/utf8.h"

bool sy_line_next(struct sy_span *rest, struct sy_span *line)
{
	const uint8_t *end;
	size_t len;

	*line = sy_span_of(NULL, 0);
	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	len = end ? (size_t)(end - rest->data) : rest->len;
	*line = sy_span_slice(*rest, 0, len);
	*rest = sy_span_slice(*rest, len + (end != NULL), rest->len);
	if (end && line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* minisign's rule.  What only deceives the eye is escaped where it is shown. */
static bool is_printable(struct sy_span text)
{
	while (text.len > 0) {
		uint32_t code;
		size_t len = sy_utf8_decode(text, &code);

		if (len == 0 ||
		    (code != '\t' && (sy_utf8_traits_of(code) & SY_UTF8_CONTROL)))
			return false;
		text = sy_span_slice(text, len, text.len);
	}
	return true;
}

bool sy_line_comment(struct sy_span line, const char *prefix, size_t max,
		     struct sy_span *text)
{
	*text = sy_span_of(NULL, 0);
	if (!sy_span_starts(line, prefix))
		return false;
	line = sy_span_slice(line, strlen(prefix), line.len);
	if (line.len > max || !is_printable(line))
		return false;
	*text = line;
	return true;
}
