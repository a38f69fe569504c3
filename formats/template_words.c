/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Word lists of the template scanner and the matcher over them.  Knows names
 * only; where a name stands is the scanner's business.
 */
#include "formats/template_words.h"

#include "verifier/base/attr.h"
#include "verifier/base/text.h"

/*
 * What stands between the two pairs of underscores.  Only names that lead from
 * a value towards modules, frames or builtins: __name__ or __len__ alone harm
 * nobody and appear in prompts about Python.
 */
static const char *const dunders[] = {
	"base", "bases", "builtins", "call", "class", "closure", "code",
	"delattr", "dict", "func", "getattr", "getattribute", "getitem",
	"globals", "import", "init", "init_subclass", "loader", "module",
	"mro", "new", "reduce", "reduce_ex", "self", "setattr", "spec",
	"subclasses", "wrapped",
};

static const char *const frames[] = {
	"Popen", "ag_code", "ag_frame", "co_code", "cr_code", "cr_frame", "f_back",
	"f_builtins", "f_code", "f_globals", "f_locals", "func_closure",
	"func_code", "func_globals", "gi_code", "gi_frame", "im_class",
	"im_func", "im_self", "mro", "popen", "tb_frame", "tb_next",
};

static const char *const imports[] = { "extends", "from", "import", "include" };

static const char *const globals[] = {
	"builtins", "cycler", "get_flashed_messages", "importlib", "joiner",
	"lipsum", "os", "posix", "request", "self", "subprocess", "sys",
	"url_for",
};

static const char *const python[] = {
	"breakpoint", "compile", "delattr", "eval", "exec", "execfile",
	"getattr", "globals", "importlib", "locals", "open", "setattr", "vars",
};

static bool is_one_of(struct sy_span name, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (sy_span_is(name, words[i]))
			return true;
	}
	return false;
}

bool sy_word_is_frame(struct sy_span name)
{
	return is_one_of(name, frames, SY_N_ELEMS(frames));
}

bool sy_word_is_import(struct sy_span name)
{
	return is_one_of(name, imports, SY_N_ELEMS(imports));
}

bool sy_word_is_global(struct sy_span name)
{
	return is_one_of(name, globals, SY_N_ELEMS(globals));
}

bool sy_word_is_python(struct sy_span name)
{
	return is_one_of(name, python, SY_N_ELEMS(python));
}

/* Compares the bytes with a word, forwards or backwards, ignoring case. */
static enum sy_word_kind compare(const uint8_t *at, const char *word, size_t len)
{
	bool forward = true, backward = true;

	if (memcmp(at, word, len) == 0)
		return SY_WORD_PLAIN;
	for (size_t i = 0; i < len && (forward || backward); i++) {
		uint8_t c = sy_ascii_lower(at[i]);

		forward = forward && c == (uint8_t)word[i];
		backward = backward && c == (uint8_t)word[len - 1 - i];
	}
	return forward || backward ? SY_WORD_ODD : SY_WORD_NONE;
}

/* A word ends in "x__", so nothing is compared anywhere else. */
static enum sy_word_kind word_at_end(const struct sy_word_tail *tail, size_t *word_len)
{
	const uint8_t *end = tail->bytes + SY_WORD_MAX;

	if (tail->len < 5 || end[-1] != '_' || end[-2] != '_' || end[-3] == '_')
		return SY_WORD_NONE;
	for (size_t i = 0; i < SY_N_ELEMS(dunders); i++) {
		size_t len = strlen(dunders[i]);
		const uint8_t *start = end - len - 4;
		enum sy_word_kind kind;

		if (len + 4 > tail->len || start[0] != '_' || start[1] != '_')
			continue;
		kind = compare(start + 2, dunders[i], len);
		*word_len = len + 4;
		if (kind != SY_WORD_NONE)
			return kind;
	}
	return SY_WORD_NONE;
}

enum sy_word_kind sy_word_step(struct sy_word_tail *tail, uint8_t c)
{
	enum sy_word_kind kind;
	size_t word_len = 0;

	memmove(tail->bytes, tail->bytes + 1, SY_WORD_MAX - 1);
	tail->bytes[SY_WORD_MAX - 1] = c;
	tail->len += tail->len < SY_WORD_MAX;
	tail->piece_len++;
	kind = word_at_end(tail, &word_len);
	if (kind == SY_WORD_NONE || word_len <= tail->piece_len)
		return kind;
	tail->n_crossing++;
	return SY_WORD_NONE;
}

void sy_word_seam(struct sy_word_tail *tail)
{
	tail->piece_len = 0;
	tail->n_crossing = 0;
}
