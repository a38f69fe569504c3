/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell-style matching of whole paths.  Iterative: there is one place to go
 * back to for the last `*` and one for the last `**`, which is enough, because
 * taking the shortest match of an earlier star never loses a match.
 */
#include "verifier/base/text.h"

#include "verifier/base/utf8.h"

struct glob {
	const char *pattern;
	size_t pattern_len;
	struct sy_span path;
	size_t p, at;			/* next of the pattern, of the path */
	bool has_star, has_any;
	size_t star_p, star_at;		/* after the last *, and where it ends */
	size_t any_p, any_at;		/* the same for ** */
	bool is_folders;		/* the last ** was a whole folder part */
};

/* Takes one character (a bad byte counts as one); the path must not be at its end. */
static uint32_t take_char(struct sy_span s, size_t *at)
{
	uint32_t code;
	size_t len = sy_utf8_decode(sy_span_slice(s, *at, 4), &code);

	if (len == 0)
		code = 0x110000u + s.data[*at];		/* no character is that */
	*at += len ? len : 1;
	return code;
}

/* Length of the set that starts at s.data[0] == '[', or 0 when it never ends. */
static size_t set_len(struct sy_span s)
{
	size_t i = 1;

	if (i < s.len && (s.data[i] == '!' || s.data[i] == '^'))
		i++;
	for (size_t first = i; i < s.len; i++) {
		if (s.data[i] == ']' && i > first)
			return i + 1;
	}
	return 0;
}

static bool is_in_set(struct sy_span set, uint32_t code)
{
	bool is_negated = set.data[1] == '!' || set.data[1] == '^';
	size_t last = set.len - 1;	/* the closing bracket */
	bool is_in = false;

	for (size_t i = is_negated ? 2 : 1; i < last;) {
		uint32_t low = take_char(set, &i);
		uint32_t high = low;

		if (i + 1 < last && set.data[i] == '-') {
			i++;
			high = take_char(set, &i);
		}
		if (code >= low && code <= high)
			is_in = true;
	}
	return is_in != is_negated && code != '/';
}

/* Matches one character of the path against the pattern; moves both on. */
static bool match_char(struct glob *g)
{
	struct sy_span rest = sy_span_of(g->pattern + g->p, g->pattern_len - g->p);
	size_t at = g->at, p = 0, set;
	uint32_t code;

	if (rest.len == 0 || at >= g->path.len)
		return false;
	code = take_char(g->path, &at);
	set = rest.data[0] == '[' ? set_len(rest) : 0;
	if (set) {
		if (!is_in_set(sy_span_of(rest.data, set), code))
			return false;
		p = set;
	} else if (rest.data[0] == '?') {
		if (code == '/')
			return false;
		p = 1;
	} else {
		p = rest.data[0] == '\\' && rest.len > 1;
		if (take_char(rest, &p) != code)
			return false;
	}
	g->p += p;
	g->at = at;
	return true;
}

/* Notes a star, or two, and goes on behind it with the shortest match. */
static void take_star(struct glob *g)
{
	const char *p = g->pattern + g->p;
	bool is_any = p[1] == '*';

	if (!is_any) {
		g->has_star = true;
		g->star_p = ++g->p;
		g->star_at = g->at;
		return;
	}
	g->is_folders = p[2] == '/' && (g->p == 0 || p[-1] == '/') &&
			(g->at == 0 || g->path.data[g->at - 1] == '/');
	g->p += g->is_folders ? 3 : 2;
	g->has_any = true;
	g->has_star = false;
	g->any_p = g->p;
	g->any_at = g->at;
}

/* Lets ** take one byte more, or one folder more when it stands for folders. */
static bool widen_any(struct glob *g)
{
	size_t at = g->any_at;

	if (!g->has_any || at >= g->path.len)
		return false;
	if (g->is_folders) {
		while (at < g->path.len && g->path.data[at] != '/')
			at++;
		if (at == g->path.len)
			return false;
	}
	g->any_at = at + 1;
	g->at = g->any_at;
	g->p = g->any_p;
	g->has_star = false;
	return true;
}

static bool go_back(struct glob *g)
{
	if (g->has_star && g->star_at < g->path.len &&
	    g->path.data[g->star_at] != '/') {
		g->at = ++g->star_at;
		g->p = g->star_p;
		return true;
	}
	return widen_any(g);
}

bool sy_glob_match(const char *pattern, struct sy_span path)
{
	struct glob g = { .pattern = pattern, .pattern_len = strlen(pattern),
			  .path = path };

	for (;;) {
		if (g.p == g.pattern_len && g.at == path.len)
			return true;
		if (pattern[g.p] == '*')
			take_star(&g);
		else if (!match_char(&g) && !go_back(&g))
			return false;
	}
}

/* Nothing, "." or "..": parts that no relative path has. */
static bool is_part_of_none(const char *part, size_t len)
{
	return len == 0 || (part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')));
}

static const char *fault_of_parts(const char *pattern)
{
	for (const char *part = pattern;; part++) {
		size_t len = strcspn(part, "/");

		if (is_part_of_none(part, len))
			return part == pattern && len == 0 ?
			       "begins with a slash: paths are relative" :
			       "has an empty part, '.' or '..', which no path has";
		part += len;
		if (!*part)
			return NULL;
	}
}

const char *sy_glob_fault(const char *pattern)
{
	size_t len = strlen(pattern);

	if (len == 0)
		return "is empty";
	for (size_t i = 0; i < len; i++) {
		size_t set = pattern[i] == '[' ?
			     set_len(sy_span_of(pattern + i, len - i)) : 0;

		if (pattern[i] == '[' && set == 0)
			return "has a '[' without its ']'";
		if (pattern[i] == '\\' && i + 1 == len)
			return "ends in a backslash";
		if (!strncmp(pattern + i, "***", 3))
			return "has three stars in a row";
		i += set ? set - 1 : pattern[i] == '\\';
	}
	return fault_of_parts(pattern);
}
