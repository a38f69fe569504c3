/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of checksum lists.  Opens nothing. */
#include "verifier/engine/list.h"

#include "verifier/base/text.h"

/* Names of tagged lines: coreutils writes "SHA256 (f) = ", OpenSSL "SHA256(f)= ". */
static const struct {
	const char *tag, *link;
	enum sy_algorithm algorithm;
} tags[] = {
	{ "BLAKE2b (", ") = ", SY_BLAKE2B },
	{ "BLAKE2B-512(", ")= ", SY_BLAKE2B },
	{ "BLAKE3 (", ") = ", SY_BLAKE3 },
	{ "SHA256 (", ") = ", SY_SHA256 },
	{ "SHA256(", ")= ", SY_SHA256 },
	{ "SHA2-256(", ")= ", SY_SHA256 },
	{ "SHA512 (", ") = ", SY_SHA512 },
	{ "SHA512(", ")= ", SY_SHA512 },
	{ "SHA2-512(", ")= ", SY_SHA512 },
};

static void advance(struct sy_span *text, size_t n)
{
	*text = sy_span_slice(*text, n, text->len - n);
}

/* The name ends where the last possible link begins. */
static bool parse_tagged(struct sy_span text, struct sy_span *path,
			 struct sy_digest *digest)
{
	for (size_t i = 0; i < SY_N_ELEMS(tags); i++) {
		size_t hex = 2 * sy_algorithm_len(tags[i].algorithm);
		size_t head = strlen(tags[i].tag), link = strlen(tags[i].link);
		size_t end;

		if (!sy_span_starts(text, tags[i].tag) ||
		    text.len < head + link + hex + 1)
			continue;
		end = text.len - hex - link;
		if (!sy_span_is(sy_span_slice(text, end, link), tags[i].link))
			continue;
		*path = sy_span_slice(text, head, end - head);
		return sy_digest_parse(sy_span_slice(text, end + link, hex),
				       tags[i].algorithm, digest);
	}
	return false;
}

static size_t hex_digits(struct sy_span text)
{
	size_t n = 0;

	while (n < text.len &&
	       (sy_is_digit(text.data[n]) ||
		(sy_ascii_lower(text.data[n]) >= 'a' &&
		 sy_ascii_lower(text.data[n]) <= 'f')))
		n++;
	return n;
}

/* "hex  name", "hex *name", and BSD's "hex name". */
static bool parse_plain(struct sy_span text, enum sy_algorithm algorithm,
			struct sy_span *path, struct sy_digest *digest)
{
	size_t n = hex_digits(text);
	struct sy_span digits = sy_span_slice(text, 0, n);

	if (algorithm == SY_N_ALGORITHMS)
		algorithm = n == 2 * sy_algorithm_len(SY_SHA512) ? SY_SHA512
								 : SY_SHA256;
	if (text.len < n + 2 || text.data[n] != ' ')
		return false;
	advance(&text, n + 1);
	if (text.len > 1 && (text.data[0] == ' ' || text.data[0] == '*'))
		advance(&text, 1);
	*path = text;
	return sy_digest_parse(digits, algorithm, digest);
}

/* \n, \r and \\ in the name of a line that begins with a backslash. */
static bool unescape(struct sy_span from, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < from.len; i++) {
		uint8_t c = from.data[i];

		if (c == '\\') {
			if (++i == from.len)
				return false;
			c = from.data[i];
			if (c != 'n' && c != 'r' && c != '\\')
				return false;
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : '\\';
		}
		to[n++] = (char)c;
	}
	to[n] = 0;
	return true;
}

enum sy_status sy_list_line_parse(struct sy_arena *arena, struct sy_span text,
				  enum sy_algorithm algorithm,
				  struct sy_list_line *line, bool *is_line)
{
	struct sy_span path = { 0 };
	bool is_escaped;
	char *name;

	*line = (struct sy_list_line){ 0 };
	*is_line = false;
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		advance(&text, 1);
	is_escaped = sy_span_starts(text, "\\");
	if (is_escaped)
		advance(&text, 1);
	if (!parse_tagged(text, &path, &line->digest) &&
	    !parse_plain(text, algorithm, &path, &line->digest))
		return SY_OK;
	name = sy_arena_alloc(arena, path.len + 1);
	if (!name)
		return sy_memory_status(arena->ctx);
	memcpy(name, path.data, path.len);
	if (is_escaped && !unescape(path, name))
		return SY_OK;
	line->path = name;
	*is_line = path.len > 0 && !memchr(path.data, 0, path.len);
	return SY_OK;
}
