/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in metadata: what they do to a terminal, and whether they look like
 * code or like an encoded program.  A few words and signatures, no evaluation;
 * one pass, whatever the text.
 */
#include "formats/names.h"

#include "formats/payload.h"
#include "verifier/base/utf8.h"

/* Words that describe nothing; each is looked for in lower case. */
static const struct {
	const char *word;
	bool is_call;		/* only where no name or '.' stands before it */
	bool is_program;	/* only where no name goes on behind it */
} words[] = {
	{ "$(cat ", false, false },
	{ "$(curl ", false, false },
	{ "$(id)", false, false },
	{ "$(sh ", false, false },
	{ "$(touch ", false, false },
	{ "$(wget ", false, false },
	{ "$(whoami)", false, false },
	{ "${jndi:", false, false },
	{ "/bin/bash", false, true },
	{ "/bin/sh", false, true },
	{ "<?php", false, false },
	{ "<embed ", false, false },
	{ "<iframe", false, false },
	{ "<object ", false, false },
	{ "<script", false, false },
	{ "<svg", false, true },
	{ "=cmd|", false, false },
	{ "__builtins__", false, false },
	{ "__class__.", false, false },
	{ "__globals__", false, false },
	{ "__import__", false, false },
	{ "__mro__", false, false },
	{ "__proto__", false, false },
	{ "__reduce__", false, false },
	{ "__subclasses__", false, false },
	{ "cmd.exe", false, false },
	{ "data:text/html", false, false },
	{ "eval(", true, false },
	{ "exec(", true, false },
	{ "importlib.import_module", false, false },
	{ "javascript:", false, false },
	{ "onerror=", false, false },
	{ "onload=", true, false },
	{ "os.popen(", false, false },
	{ "os.system(", false, false },
	{ "pickle.loads(", false, false },
	{ "powershell", false, false },
	{ "rm -rf ", false, false },
	{ "subprocess.", false, false },
	{ "vbscript:", false, false },
	{ "| bash", false, true },
	{ "| sh", false, true },
	{ "|bash", false, true },
	{ "|sh", false, true },
};

/* Bytes that begin a word, so that other places cost one look-up. */
static bool is_first(uint8_t lower)
{
	return strchr("$/<=_cdeijoprsv|", lower) && lower != 0;
}

static bool is_name_byte(uint8_t c)
{
	uint8_t lower = sy_ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || sy_is_digit(c) || c == '_' || c == '.';
}

static bool goes_on(struct sy_span rest, size_t len)
{
	return len < rest.len && is_name_byte(rest.data[len]);
}

static const char *word_at(struct sy_span text, size_t at)
{
	struct sy_span rest = sy_span_slice(text, at, text.len - at);

	for (size_t i = 0; i < SY_N_ELEMS(words); i++) {
		if (!sy_ascii_starts(rest, words[i].word))
			continue;
		if (words[i].is_call && at > 0 && is_name_byte(text.data[at - 1]))
			continue;
		if (words[i].is_program && goes_on(rest, strlen(words[i].word)))
			continue;
		return words[i].word;
	}
	return NULL;
}

static const char *find_word(struct sy_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *word = NULL;

		if (is_first(sy_ascii_lower(text.data[i])))
			word = word_at(text, i);
		if (word)
			return word;
	}
	return NULL;
}

#define BASE64_CHARS_MIN 16
#define BASE64_CHARS_MAX 128	/* decoded of one run: enough to tell */

/* Value of a base64 digit (also of the URL alphabet), or -1. */
static int digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (sy_is_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Whole groups of four digits; returns how many bytes they give. */
static size_t decode(struct sy_span run, uint8_t out[BASE64_CHARS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < run.len && i < BASE64_CHARS_MAX; i += 4) {
		uint32_t group = 0;
		size_t left = run.len - i < 4 ? run.len - i : 4;

		for (size_t k = 0; k < 4; k++)
			group = group << 6 |
				(k < left ? (uint32_t)digit(run.data[i + k]) : 0);
		for (size_t k = 0; k + 1 < left; k++)
			out[n++] = (uint8_t)(group >> (16 - 8 * k));
	}
	return n;
}

/* The first base64 run that decodes to a program or archive, or NULL. */
static const char *find_base64(struct sy_span text)
{
	uint8_t out[BASE64_CHARS_MAX];
	size_t start = 0;

	for (size_t i = 0; i <= text.len; i++) {
		struct sy_span run;
		const char *look;

		if (i < text.len && digit(text.data[i]) >= 0)
			continue;
		run = sy_span_slice(text, start, i - start);
		start = i + 1;
		if (run.len < BASE64_CHARS_MIN)
			continue;
		look = sy_looks_hidden(sy_span_of(out, decode(run, out)),
				       (uint64_t)run.len * 3 / 4);
		if (look)
			return look;
	}
	return NULL;
}

/* TAB, LF and CR are the ordinary things in a text that they are not in a key. */
static bool is_layout(uint32_t code)
{
	return code == '\t' || code == '\n' || code == '\r';
}

static unsigned text_traits(struct sy_span text, bool is_key)
{
	unsigned traits = 0;

	for (size_t i = 0; i < text.len;) {
		uint32_t code = text.data[i];
		size_t len = 1;

		if (code >= 0x80)
			len = sy_utf8_decode(sy_span_slice(text, i, 4), &code);
		i += len ? len : 1;
		if (len == 0)
			traits |= SY_UTF8_INVALID;
		else if (code < 0x20 ? is_key || !is_layout(code) : code >= 0x7f)
			traits |= sy_utf8_traits_of(code);
	}
	return traits;
}

static enum sy_status text_fact(struct sy_inspection *in, enum sy_rule rule,
				struct sy_span key, uint64_t off, const char *what,
				const char *which)
{
	struct sy_text text;

	sy_text_init(&text);
	if (sy_fact_is_wanted(in, rule)) {
		sy_text_add(&text, "the metadata of ");
		sy_text_name(&text, key);
		sy_text_addf(&text, " %s%s", what, which);
	}
	return sy_fact_text(in, rule, off, 0, key, &text);
}

enum sy_status sy_text_check(struct sy_inspection *in, const struct sy_text_rules *rules,
			     struct sy_span key, struct sy_span value, uint64_t off)
{
	unsigned traits = text_traits(value, rules->is_key);
	const char *hidden = sy_looks_hidden(value, value.len);
	const char *found = find_word(value);
	enum sy_status status = SY_OK;

	if (traits & SY_UTF8_CONTROL)
		status = text_fact(in, rules->control, key, off,
				   "has control characters", "");
	if (status == SY_OK && (traits & SY_UTF8_BIDI))
		status = text_fact(in, rules->bidi, key, off, "has characters that change "
				   "the direction of text", "");
	if (status == SY_OK && (traits & SY_UTF8_INVALID))
		status = text_fact(in, rules->invalid, key, off, "is not UTF-8", "");
	if (status == SY_OK && hidden)
		return text_fact(in, rules->suspicious, key, off, "begins like ", hidden);
	if (status == SY_OK && found)
		status = text_fact(in, rules->suspicious, key, off, "holds ", found);
	found = find_base64(value);
	if (status != SY_OK || !found)
		return status;
	return text_fact(in, rules->suspicious, key, off, "holds base64 text that decodes "
			 "to what looks like ", found);
}
